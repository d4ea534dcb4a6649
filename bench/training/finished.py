"""A finished run, opened again: its record, its networks, and samples as its scores saw them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from bench.config.facts import first_line
from bench.data.dataset import encode
from bench.errors import UsageError
from bench.runs import checkpoint, records
from bench.runs.folder import CHECKPOINT, owner
from bench.runs.records import RECORD, SCORED, Record
from bench.streams import seeded
from bench.training.build import build
from bench.training.experiment import Experiment
from bench.training.recalled import Recalled, recall
from bench.training.sampling import fixed_latents, generate
from methods.base import GAN


@dataclass(frozen=True)
class Finished:
    """A run that has come to its end.

    Attributes:
        folder: of the run.
        record: what it left.
        recalled: the parts that it was made of, and their config.
        gan: its networks as the last checkpoint has them, in eval mode.
        generator: the one that its scores are of, in eval mode: that of ``gan``, or what its method
            evaluates in its place. Maps latents (N, latent_dim) to samples, pictures in [-1, 1].
    """

    folder: Path
    record: Record = field(repr=False)
    recalled: Recalled = field(repr=False)
    gan: GAN = field(repr=False)
    generator: nn.Module = field(repr=False)

    @property
    def experiment(self) -> Experiment:
        """The parts that it was made of."""
        return self.recalled.experiment

    @property
    def discriminator(self) -> nn.Module:
        """Maps samples to logits (N,)."""
        return cast(nn.Module, self.gan.discriminator)

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return self.gan.latent_stream.device

    @property
    def draws_its_own(self) -> bool:
        """Whether ``latents`` are those of the run's scores: a GPU draws others than a CPU."""
        trained_on = self.record["provenance"].get("device")
        return (trained_on == "cpu") == (self.device.type == "cpu")

    def latents(self, n: int, seed: int | None = None) -> Tensor:
        """The first ``n`` fixed evaluation latents, (n, latent_dim).

        Args:
            n: how many.
            seed: of another run; None for those that this run's own scores are of.

        Raises:
            UsageError: ``n`` is no number of latents.
        """
        if not isinstance(n, int) or n < 0:
            raise UsageError(f"n = {n!r}: it must be a whole number, 0 or more")
        return fixed_latents(self.gan, self.record["seed"] if seed is None else seed, n)

    def generate(self, latents: Tensor) -> Tensor:
        """Samples of latents, in the run's own protocol; the same latents give the same.

        Args:
            latents: (n, latent_dim). Where the run's generator is scored with BatchNorm's
                statistics of the batch, a sample depends on the others of its 500.

        Returns:
            (n, ...) of the data's shape: pictures in [-1, 1], or points.

        Raises:
            UsageError: latents of another shape.
        """
        if latents.ndim != 2 or latents.shape[1] != self.experiment.latent_dim:
            raise UsageError(
                f"latents have the shape {tuple(latents.shape)}: this generator's have "
                f"(n, {self.experiment.latent_dim})"
            )
        with seeded(self.record["seed"], "evaluation"):
            return generate(
                self.generator, latents.to(self.device, torch.float32), self.experiment.batch_norm
            )

    def sample(self, n: int, seed: int | None = None) -> Tensor:
        """Samples of the fixed latents as a judge sees them.

        Returns:
            uint8 (n, C, H, W), or points as floats (n, 2), on the CPU.
        """
        return encode(self.generate(self.latents(n, seed))).cpu()


def open_run(
    folder: Path | str, device: torch.device | str | None = "cpu", suite: str | None = None
) -> Finished:
    """Opens a run that was trained to its end.

    A folder need not be trusted: of it the record and the checkpoint are read, as data.

    Args:
        folder: as ``ganbench run`` leaves it.
        device: where the networks are to be; None for one like the run's, if there is one here,
            so that its latents are its own.
        suite: the path of the suite's gin file; only needed where it imports what the networks
            are made of, and it must be trusted.

    Raises:
        UsageError: there is no record, the run failed or diverged, its checkpoint is missing or
            damaged, or its networks are not known here.
    """
    folder = Path(folder)
    path = folder / RECORD
    if not path.is_file():
        raise UsageError(
            f"{folder}: there is no {RECORD} in it; name the folder of a run that has ended"
        )
    record = records.read(path)
    if record["status"] not in SCORED:
        why = record["reason"]
        raise UsageError(f"{folder}: the run {record['status']} ({why}), and has no end to open")
    found = at_checkpoint(
        folder, record, recall(record, suite), torch.device(device or _like(record))
    )
    if found.gan.step != record["step"]:
        raise UsageError(
            f"{folder / CHECKPOINT} is of step {found.gan.step}, and the run ended at step "
            f"{record['step']}; run it again"
        )
    return found


def _like(record: Record) -> str:
    """A device on which the run's own latents can be drawn, as far as there is one."""
    on_gpu = record["provenance"].get("device") != "cpu"
    return "cuda" if on_gpu and torch.cuda.is_available() else "cpu"


def at_checkpoint(
    folder: Path, record: Record, recalled: Recalled, device: torch.device
) -> Finished:
    """A run as its last checkpoint has it, however it ended.

    Args:
        folder: of the run.
        record: what it left.
        recalled: see ``recall``.
        device: where the networks are to be.

    Raises:
        UsageError: there is no checkpoint, it is damaged, or fits other networks.
    """
    path = folder / CHECKPOINT
    seed, method = record["seed"], recalled.experiment.method
    try:
        state = checkpoint.load(path, owner(record["key"], seed))
    except FileNotFoundError:
        raise UsageError(
            f"{path} is missing: it holds a run's networks, which are needed"
        ) from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except checkpoint.Damaged as damage:
        raise UsageError(f"{damage}; run it again") from damage
    try:
        gan = build(recalled.experiment, seed, device)
        discriminator = cast(nn.Module, gan.discriminator)
        gan.generator.load_state_dict(state["generator"])
        discriminator.load_state_dict(state["discriminator"])
        method.load_state_dict(state["method"])
        gan.step = state["history"]["step"]
        generator = method.evaluated(gan)
    except (LookupError, RuntimeError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(
            f"{path} does not fit the run's networks as they are here: {first_line(error)}"
        ) from error
    for network in (gan.generator, discriminator, generator):
        network.eval()
    return Finished(folder, record, recalled, gan, generator)
