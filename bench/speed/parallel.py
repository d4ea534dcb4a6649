"""Whether cores are better spent on several runs or on threads within one."""

import multiprocessing
import time
from multiprocessing.connection import Connection

import gin
import torch

from bench.config.compose import load
from bench.config.run import Run
from bench.training.experiment import Experiment
from bench.training.trainer import Trainer

WARM_UP = 5


def throughput(run: Run, steps: int, processes: int, threads: int) -> float:
    """Generator steps a second of so many processes together, each training the same run.

    All start stepping at once, after each has warmed up.
    """
    context = multiprocessing.get_context("spawn")
    pipes, workers = [], []
    for _ in range(processes):
        ours, theirs = context.Pipe()
        worker = context.Process(target=_train, args=(run.config, run.seed, steps, threads, theirs))
        worker.start()
        pipes.append(ours)
        workers.append(worker)
    for pipe in pipes:
        pipe.recv()
    started = time.perf_counter()
    for pipe in pipes:
        pipe.send("go")
    for pipe in pipes:
        pipe.recv()
    elapsed = time.perf_counter() - started
    for worker in workers:
        worker.join()
    return processes * steps / elapsed


def _train(config: str, seed: int, steps: int, threads: int, pipe: Connection) -> None:
    torch.set_num_threads(threads)
    load(config)
    experiment: Experiment = gin.get_configurable("Experiment")(steps=WARM_UP + steps, device="cpu")
    trainer = Trainer(experiment, seed, experiment.judge(experiment.data))
    trainer.advance(WARM_UP, lambda progress: None)
    pipe.send("ready")
    pipe.recv()
    trainer.advance(WARM_UP + steps, lambda progress: None)
    pipe.send("done")
