"""Whether cores are better spent on several runs or on threads within one."""

import multiprocessing
import time
from multiprocessing.connection import Connection

import torch

from bench.config.run import Run
from bench.speed.trainer import WARM_UP, measured_trainer
from ganbench.pinned import call

TRAIN = "bench.speed.parallel:train"
"""What a process calls; see ``ganbench.pinned.call``."""


def throughput(run: Run, steps: int, processes: int, threads: int) -> float:
    """Generator steps a second of so many processes together, each training the same run.

    All start stepping at once, after each has warmed up.
    """
    context = multiprocessing.get_context("spawn")
    pipes, workers = [], []
    for _ in range(processes):
        ours, theirs = context.Pipe()
        worker = context.Process(target=call, args=(TRAIN, run, steps, threads, theirs))
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


def train(run: Run, steps: int, threads: int, pipe: Connection) -> None:
    """A process's work: it warms up, waits for the word, and trains."""
    torch.set_num_threads(threads)
    trainer = measured_trainer(run, device="cpu")
    trainer.advance(WARM_UP, lambda progress: None)
    pipe.send("ready")
    pipe.recv()
    trainer.advance(WARM_UP + steps, lambda progress: None)
    pipe.send("done")
