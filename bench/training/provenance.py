"""Where a result comes from: versions, commit and device."""

import platform
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

import bench


def provenance(device: torch.device) -> dict[str, Any]:
    """What a record says of the software and the machine; nothing that names the host."""
    return {
        "ganbench": bench.__version__,
        "commit": commit(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "torchvision", "torch-fidelity", "numpy")},
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "cpu": platform.machine(),
        "threads": torch.get_num_threads(),
    }


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
