"""The loop. It names no method: its body is ``method.step(gan, batches)``."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch import Tensor, nn

from bench.data.dataset import decode, encode
from bench.data.streaming import make_loader
from bench.missing import Numbers, without_nan
from bench.runs.progress import Progress
from bench.scores.judge import Judge
from bench.streams import seeded, stream
from bench.training.build import build
from bench.training.cost import PassCounter
from bench.training.diagnostics import diagnose
from bench.training.experiment import Experiment
from bench.training.losses import LossMeter, require_finite
from bench.training.sampling import fixed_latents, generate
from bench.training.scheduled import Scheduled


@dataclass
class History:
    """What a run has to show so far, in JSON's types.

    ``seconds`` are of training alone: the process's own on the CPU, the wall's on a GPU.
    ``continued_from`` is the shorter run that the first steps were done for, if they were.
    """

    step: int = 0
    seconds: float = 0.0
    d_samples: int = 0
    scores: list[Numbers] = field(default_factory=list)
    diagnostics: list[Numbers] = field(default_factory=list)
    losses: list[Numbers] = field(default_factory=list)
    continued_from: dict[str, Any] | None = None


class Trainer:
    """One run in progress: everything that a checkpoint holds, and the way forward.

    Args:
        experiment: the parts of the run.
        seed: from which every random stream is derived.
        judge: of the samples, already on the device.
    """

    def __init__(self, experiment: Experiment, seed: int, judge: Judge) -> None:
        self.experiment = experiment
        self.seed = seed
        self.judge = judge
        self.device = experiment.torch_device()
        self.gan = build(experiment, seed, self.device)
        self.scheduled = Scheduled(experiment, self.gan.g_optimizer, self.gan.d_optimizer)
        self.scheduled.set(0)
        data = experiment.data.training()
        self.batches = make_loader(
            data, experiment.batch_size, seed, self.device, experiment.resident_gigabytes * 1e9
        )
        d_steps = experiment.method.d_steps
        self.gan.steps_per_epoch = max(1, self.batches.batches_per_epoch // d_steps)
        self.history = History()
        self._probe = decode(data[: experiment.batch_size].to(self.device))
        self.gpus = [self.device.index or 0] if self.device.type == "cuda" else []
        self._global_streams: list[Tensor] = []
        # What else runs on shared processors must not count; a GPU's work shows on the wall only.
        self._clock = time.perf_counter if self.gpus else time.process_time

    def train(
        self, listen: Callable[[Progress], None], save: Callable[[dict[str, Any]], None]
    ) -> None:
        """Trains from where the run stands to its end, scoring on the way.

        Args:
            listen: told of progress at the start, at every reading of the losses and every score.
            save: given the state after every evaluation.

        Raises:
            Diverged: as soon as a loss, a weight or a sample is found not finite; the history
                keeps everything up to there.
        """
        with torch.random.fork_rng(self.gpus):
            self._set_global_streams()
            listen(self._progress())
            for until in self.experiment.evaluation_steps:
                if until <= self.history.step:
                    continue
                self.advance(until, listen)
                self.evaluate()
                listen(self._progress())
                save(self.state_dict())

    def advance(self, until: int, listen: Callable[[Progress], None]) -> None:
        """Trains up to the step ``until``, without scoring."""
        experiment, gan, history = self.experiment, self.gan, self.history
        counter = PassCounter(history.d_samples)
        meter = LossMeter(history.step)
        discriminator = cast(nn.Module, gan.discriminator)
        with counter.counting(discriminator):
            began, started, spent = history.step, time.perf_counter(), self._clock()
            while history.step < until:
                self.scheduled.set(history.step)
                meter.add(experiment.method.step(gan, self.batches))
                gan.step = history.step = history.step + 1
                if history.step % experiment.log_every and history.step < until:
                    continue
                row = meter.read() | self.scheduled.values(history.step - 1)
                require_finite(gan.generator.parameters(), "weights of G", history.step)
                require_finite(discriminator.parameters(), "weights of D", history.step)
                history.seconds += self._clock() - spent
                history.d_samples = counter.samples
                history.losses.append(row)
                images = (history.step - began) * experiment.batch_size
                rate = images / max(time.perf_counter() - started, 1e-9)
                listen(self._progress(row.get("d_loss"), rate))
                began, started, spent = history.step, time.perf_counter(), self._clock()

    def _progress(self, loss: float | None = None, rate: float | None = None) -> Progress:
        history = self.history
        return Progress(history.step, self.experiment.steps, loss, rate, list(history.scores))

    def evaluate(self) -> None:
        """Scores samples of fixed latents, and probes D; leaves no trace but in the history."""
        with seeded(self.seed, "evaluation"):
            samples = self.samples(self.judge.samples)
            require_finite([samples], "generated samples", self.history.step)
            scores = self.judge.score(encode(samples))
            probe = diagnose(
                self.gan,
                self._probe,
                samples[: len(self._probe)],
                self.experiment.probe_epsilon,
            )
        at: Numbers = {"step": self.history.step}
        cost: Numbers = {"d_gradients": self.d_gradients, "seconds": self.history.seconds}
        self.history.scores.append(at | cost | without_nan(scores))
        self.history.diagnostics.append(at | without_nan(probe))

    def samples(self, n: int) -> Tensor:
        """Generates from the run's fixed evaluation latents, (n, ...) on the device."""
        latents = fixed_latents(self.gan, self.seed, n)
        generator = self.experiment.method.evaluated(self.gan)
        return generate(generator, latents, self.experiment.batch_norm)

    @property
    def d_gradients(self) -> float:
        """Batches differentiated through D so far."""
        return self.history.d_samples / self.experiment.batch_size

    def state_dict(self) -> dict[str, Any]:
        """All that training changes; with it a run goes on as if it had never stopped.

        As torch's own it is not a copy: further training changes what it holds.
        """
        return {
            "generator": self.gan.generator.state_dict(),
            "discriminator": cast(nn.Module, self.gan.discriminator).state_dict(),
            "g_optimizer": self.gan.g_optimizer.state_dict(),
            "d_optimizer": self.gan.d_optimizer.state_dict(),
            "method": self.experiment.method.state_dict(),
            "batches": self.batches.position,
            "latents": self.gan.latent_stream.get_state(),
            "noise": self.gan.noise.get_state(),
            "global": torch.get_rng_state(),
            "global_gpus": [torch.cuda.get_rng_state(gpu) for gpu in self.gpus],
            "history": dict(vars(self.history)),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores what ``state_dict`` returned, for a trainer built from the same run."""
        self.gan.generator.load_state_dict(state["generator"])
        cast(nn.Module, self.gan.discriminator).load_state_dict(state["discriminator"])
        self.gan.g_optimizer.load_state_dict(state["g_optimizer"])
        self.gan.d_optimizer.load_state_dict(state["d_optimizer"])
        self.experiment.method.load_state_dict(state["method"])
        self.batches.position = state["batches"]
        self.gan.latent_stream.set_state(state["latents"])
        self.gan.noise.set_state(state["noise"])
        self._global_streams = [state["global"], *state["global_gpus"]]
        self.history = History(**state["history"])
        self.gan.step = self.history.step

    def _set_global_streams(self) -> None:
        """Sets torch's global streams, from which library code (dropout, say) may draw."""
        torch.manual_seed(stream(self.seed, "global").initial_seed())
        if self._global_streams:
            torch.set_rng_state(self._global_streams[0])
            for gpu, state in zip(self.gpus, self._global_streams[1:], strict=True):
                torch.cuda.set_rng_state(state, gpu)
