"""Random streams: one torch generator a purpose, each derived from the run's seed."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

import torch


def stream(
    seed: int, purpose: str, index: int = 0, device: torch.device | str = "cpu"
) -> torch.Generator:
    """Returns the generator of ``purpose`` at ``seed``; no two purposes share a stream.

    Args:
        seed: the run's seed.
        purpose: what is drawn: "init", "data", "latents", "noise", "evaluation", ...
        index: tells streams of one purpose apart, such as the epoch of a permutation.
        device: where the numbers are drawn. The same seed gives other numbers on another device.
    """
    digest = sha256(f"{seed}/{purpose}/{index}".encode()).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(digest[:8], "big", signed=True))


@contextmanager
def seeded(seed: int, purpose: str) -> Iterator[None]:
    """Gives library code that draws from torch's global stream one of its own, on the CPU.

    The global stream is as it was afterwards.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(stream(seed, purpose).initial_seed())
        yield
