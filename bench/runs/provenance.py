"""Where a result comes from: versions, commit and device."""

import platform
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

import bench

LIBRARIES = ("torch", "torchvision", "torch-fidelity", "numpy")
"""What a result may depend on in its bits."""

CPUINFO = Path("/proc/cpuinfo")


def provenance(device: torch.device) -> dict[str, Any]:
    """What a record says of the software and the machine; nothing that names the host.

    The processor's model and the instructions that torch uses on it are there because sums round
    as they are vectorized: only where both are the same are results the same to the bit.
    """
    return {
        **software(),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "cpu": platform.machine(),
        "cpu_model": cpu_model(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
    }


def parts(provenance: dict[str, Any]) -> list[dict[str, Any]]:
    """The provenance of each part of a run: its own, and of the shorter runs that it went on from.

    Args:
        provenance: of a record that need not be trusted.
    """
    found = [provenance]
    while isinstance(before := found[-1].get("continued_from"), dict):
        known = before.get("provenance")
        found.append(known if isinstance(known, dict) else {})
    return found


def software() -> dict[str, Any]:
    """The versions of the suite, of Python and of ``LIBRARIES``, and the commit."""
    return {
        "ganbench": bench.__version__,
        "commit": commit(),
        "python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
    }


@cache
def cpu_model() -> str | None:
    """The processor's model as Linux calls it; None where the system does not say."""
    if not CPUINFO.is_file():
        return None
    lines = CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    fields = (line.partition(":") for line in lines)
    return next((value.strip() for key, _, value in fields if key.strip() == "model name"), None)


@cache
def commit() -> str | None:
    """The commit of the checkout that this package is imported from, "-dirty" if it was changed.

    None where the package is not in a git checkout, or git is not installed.
    """
    folder = Path(__file__).parents[2]
    if not (folder / ".git").exists():
        return None
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
