"""Losses gathered on the device and read once an interval, with the step that went wrong first."""

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from methods.base import Logs


class Diverged(Exception):
    """Training produced a number that is not finite.

    Attributes:
        step: the first step that is known to have.
    """

    def __init__(self, step: int, reason: str) -> None:
        super().__init__(reason)
        self.step = step


class LossMeter:
    """Keeps each step's logs on the device; reading them waits for the device once."""

    def __init__(self, step: int) -> None:
        self._first = step + 1
        self._logs: list[Logs] = []

    def add(self, logs: Logs) -> None:
        """Keeps the logs of one more step."""
        self._logs.append(logs)

    def read(self) -> dict[str, float | None]:
        """Summarises the interval and empties the meter.

        Returns:
            Each log's mean and standard deviation (``_std``) over the interval's steps, and the
            lag-1 autocorrelation of the discriminator's loss (``d_loss_autocorrelation``).

        Raises:
            Diverged: if any log of any step is not finite.
        """
        names = list(self._logs[0])
        table = torch.stack([torch.stack([logs[name] for name in names]) for logs in self._logs])
        values = table.double().cpu().numpy()
        bad = np.argwhere(~np.isfinite(values))
        if len(bad):
            row, column = bad[0]
            step = self._first + int(row)
            raise Diverged(step, f"{names[column]} is {values[row, column]} at step {step}")
        self._first += len(self._logs)
        self._logs.clear()
        summary: dict[str, float | None] = {"step": self._first - 1}
        for name, column in zip(names, values.T, strict=True):
            summary |= {name: float(column.mean()), f"{name}_std": float(column.std())}
        if "d_loss" in names:
            summary["d_loss_autocorrelation"] = _autocorrelation(values[:, names.index("d_loss")])
        return summary


def require_finite(tensors: Iterable[Tensor], what: str, step: int) -> None:
    """Checks tensors on the device, and waits for it once.

    Raises:
        Diverged: if any value is not finite.
    """
    if not bool(torch.stack([tensor.isfinite().all() for tensor in tensors]).all()):
        raise Diverged(step, f"{what} are not finite at step {step}")


def _autocorrelation(series: np.ndarray) -> float | None:
    """Lag-1 autocorrelation; None for a constant or too short series."""
    centred = series - series.mean()
    variance = float(centred @ centred)
    if len(series) < 3 or variance == 0:
        return None
    return float(centred[1:] @ centred[:-1]) / variance
