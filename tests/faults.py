"""Methods that go wrong on purpose; a gin file imports this module by name."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import gin
from torch import Tensor

from methods.base import GAN, Logs, Method


@dataclass
class Fault(Method):
    """Goes wrong at the start of step 4 once for each file in the folder ``times``.

    The files, unlike a binding, can change between two attempts at the same run.
    """

    times: str = ""

    def step(self, gan: GAN, batches) -> Logs:
        left = sorted(Path(self.times).iterdir()) if gan.step == 3 else []
        if left:
            left[0].unlink()
            self.go_wrong()
        return super().step(gan, batches)

    def go_wrong(self) -> None:
        raise NotImplementedError


@gin.register
@dataclass
class Explodes(Fault):
    def go_wrong(self) -> None:
        raise RuntimeError("the loss went for a walk")


@gin.register
@dataclass
class Dies(Fault):
    def go_wrong(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


@gin.register
@dataclass
class Exits(Fault):
    def go_wrong(self) -> None:
        raise SystemExit(3)


@gin.register
@dataclass
class Hangs(Fault):
    def go_wrong(self) -> None:
        time.sleep(3600)


@gin.register
@dataclass
class RunsOutOfMemory(Fault):
    def go_wrong(self) -> None:
        bytearray(1 << 62)


@gin.register
@dataclass
class SamplesNaN(Method):
    """Its generator turns to NaN in step 5, of which no loss tells."""

    def g_step(self, gan: GAN, real: Tensor) -> Logs:
        logs = super().g_step(gan, real)
        if gan.step == 4:
            for parameter in gan.generator.parameters():
                parameter.data.fill_(float("nan"))
        return logs


@gin.register
@dataclass
class Preempted(Fault):
    """Is told, as SLURM does on submitit's behalf, that its place is wanted back."""

    def go_wrong(self) -> None:
        os.kill(os.getpid(), signal.SIGUSR2)
