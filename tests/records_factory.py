"""Synthetic records that look like real ones, with a known truth behind them."""

import base64
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bench.identity import Identity, scoring
from bench.labels import board_of, run_id
from bench.runs.records import Record, write

METRICS = {
    "fid": {"label": "FID (digits-cnn, 2k)", "better": "lower"},
    "recall": {"label": "recall (digits-cnn, 2k)", "better": "higher"},
}
PROTOCOL: dict[str, Any] = {
    "data": {"name": "digits", "checksum": "ab12", "shape": [1, 8, 8], "training_samples": 1348},
    "judge": {"name": "digits-cnn", "sha256": "cd34", "algorithm": 1},
    "samples": 2000,
    "reference_samples": 449,
    "batch_norm": "running",
    "headline": "fid",
    "metrics": METRICS,
    "steps": 600,
    "batch_size": 64,
}
EVERY, STEPS = 60, 600
PARTS = ("conditions", "setting_bindings", "method_bindings")


def record(
    method: str = "vanilla",
    setting: str = "standard",
    seed: int = 0,
    *,
    last: float = 10.0,
    status: str = "completed",
    end: int = STEPS,
    finished: str = "2026-01-02T03:04:05+00:00",
    **changes: Any,
) -> Record:
    """A run whose score falls from 200 to exactly ``last`` at step ``end``."""
    per_step = 4 if method == "as_gan" else 3
    steps = np.arange(EVERY, end + 1, EVERY)
    decay = np.exp(-(steps - EVERY) / 90.0)
    shape = (decay - decay[-1:]) / (1 - decay[-1:]) if len(steps) > 1 else np.zeros(1)
    fid = last + (200.0 - last) * shape
    scores = [
        {
            "step": int(step),
            "d_gradients": per_step * int(step),
            "seconds": 0.01 * per_step * float(step),
            "fid": float(score),
            "recall": float(1 / (1 + score / 50)),
        }
        for step, score in zip(steps, fid, strict=False)
    ]
    made: dict[str, Any] = {
        "schema": 2,
        "suite": "quick",
        "overrides": [],
        "dataset": "digits",
        "architecture": "dcgan",
        "method": method,
        "setting": setting,
        "remedies": [],
        "seed": seed,
        "status": status,
        "reason": None if status == "completed" else "d_loss is not finite",
        "step": end,
        "protocol": PROTOCOL,
        "floors": {"fid": 0.9, "recall": 0.97},
        "scores": scores,
        "diagnostics": [{"step": int(step), "d_real": 0.7, "d_fake": 0.3} for step in steps],
        "losses": [{"step": int(step), "d_loss": 1.3, "g_loss": 0.9} for step in steps],
        "cost": {
            "g_steps": end,
            "d_gradients": per_step * end,
            "seconds": 0.01 * per_step * end,
            "peak_memory_bytes": 12_345_678,
            "images_per_second": 6400 / per_step,
        },
        "samples": digits(seed) if status == "completed" else None,
        "provenance": {
            "ganbench": "0.1.0",
            "commit": "0123abc",
            "python": "3.11.7",
            "torch": "2.11.0",
            "device": "cpu",
            "cpu": "x86_64",
            "threads": 1,
            "started": "2026-01-02T03:00:00+00:00",
            "finished": finished,
        },
    }
    return identified(made | changes)


def identified(made: dict[str, Any]) -> Record:
    """A record with the identity that its names and protocol make, but for what it has already.

    A setting decides a parameter of that name; methods differ in what they are.
    """
    protocol = made["protocol"] or PROTOCOL
    decided = {} if made["setting"] == "standard" else {"Experiment.setting": made["setting"]}
    conditions = {"Experiment.steps": str(protocol["steps"]), **scoring(protocol), **decided}
    parts = {
        "conditions": conditions,
        "setting_bindings": decided,
        "method_bindings": {"Experiment.method": f"@{made['method']}()"},
    } | {name: made[name] for name in PARTS if name in made}
    key = Identity.of(*(parts[name] for name in PARTS)).key
    board = board_of(made["suite"], made["overrides"], made.get("search", False))
    name = run_id(board, made["method"], made["setting"], made["seed"], key)
    return {"id": name, "key": key} | parts | made  # type: ignore[return-value]


def suite(
    truth: dict[str, float],
    settings: tuple[str, ...] = ("standard",),
    seeds: int = 3,
    spread: float = 0.1,
) -> list[Record]:
    """Runs of each method around its true score, log-normal with ``spread`` between seeds."""
    rng = np.random.default_rng(0)
    return [
        record(method, setting, seed, last=score * float(np.exp(spread * rng.standard_normal())))
        for method, score in truth.items()
        for setting in settings
        for seed in range(seeds)
    ]


def saved(found: Iterable[Record], folder: Path) -> list[Path]:
    """The records in files of their own, as runs leave them."""
    paths = []
    for index, one in enumerate(found):
        paths.append(folder / str(index) / "record.json")
        write(paths[-1], one)
    return paths


def digits(seed: int) -> dict[str, str]:
    """A grid of 8 x 8 images of 8 x 8 pixels with a pixel between them."""
    rng = np.random.default_rng(seed)
    grid = np.zeros((73, 73), dtype=np.uint8)
    for row in range(8):
        for column in range(8):
            image = rng.integers(0, 256, (8, 8))
            grid[9 * row + 1 : 9 * row + 9, 9 * column + 1 : 9 * column + 9] = image
    file = BytesIO()
    Image.fromarray(grid).save(file, format="PNG")
    return {"kind": "images", "png": base64.b64encode(file.getvalue()).decode()}


def ring(seed: int, modes: int = 8, n: int = 400) -> dict[str, Any]:
    """Points around a ring of Gaussians."""
    rng = np.random.default_rng(seed)
    angle = 2 * np.pi * rng.integers(0, modes, n) / 8
    points = np.stack([np.cos(angle), np.sin(angle)], 1) + 0.03 * rng.standard_normal((n, 2))
    return {"kind": "points", "values": points.round(4).tolist()}
