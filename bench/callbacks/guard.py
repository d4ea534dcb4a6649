"""Keeps what a callback does to global state from the run that it listens to."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

MODES: tuple[tuple[Callable[[], Any], Callable[[Any], object]], ...] = (
    (torch.is_grad_enabled, torch.set_grad_enabled),
    (torch.get_default_dtype, torch.set_default_dtype),
    (torch.are_deterministic_algorithms_enabled, torch.use_deterministic_algorithms),
    (torch.get_num_threads, torch.set_num_threads),
)
"""What reads and what sets each mode of torch on which a result may depend."""


@contextmanager
def undisturbed(gpus: Sequence[int] = ()) -> Iterator[None]:
    """Puts back, after the block, every random stream and mode that all code shares.

    Args:
        gpus: whose streams training draws from.
    """
    modes = [read() for read, _ in MODES]
    python, numpy = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(gpus):
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)
            for (read, write), before in zip(MODES, modes, strict=True):
                if read() != before:
                    write(before)
