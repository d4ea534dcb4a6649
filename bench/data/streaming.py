"""Batches of data that is larger than what a device should hold: fetched ahead by threads."""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import torch
from torch import Tensor

from bench.data.dataset import decode
from bench.data.loader import Loader

AHEAD = 4
"""Batches that are fetched before they are asked for."""


class StreamingLoader(Loader):
    """The same batches as a ``Loader``'s, of data that stays where it is: on the disk, say.

    Threads gather the next batches, one each, so that the disk's delays overlap: in page-locked
    memory where a GPU is to copy them from. Only what is being fetched takes memory, and the order
    of an epoch: 8 bytes a sample.
    """

    def __init__(self, data: Tensor, batch_size: int, seed: int, device: torch.device):
        """Starts nothing before the first batch.

        Args:
            data: uint8 (N, C, H, W) or float32 (N, 2), in memory or mapped into it.
            batch_size: samples a batch.
            seed: the run's seed.
            device: where the batches are needed.

        Raises:
            UsageError: a batch holds no sample, or more than there are.
        """
        super().__init__(data, batch_size, seed)
        self._device = device
        self._fetched: deque[tuple[int, Future[Tensor]]] = deque()
        cuda = device.type == "cuda"
        # Each thread has a current GPU of its own, which is the first unless it is set.
        prepare = partial(torch.cuda.set_device, device) if cuda else None
        self._threads = ThreadPoolExecutor(AHEAD, "data", prepare)
        self._gather = partial(_gather, data, cuda)

    def __next__(self) -> Tensor:
        while self._fetched and self._fetched[0][0] != self.position:
            self._fetched.popleft()  # of where it stood before it was set to another position
        for position in range(self.position + len(self._fetched), self.position + AHEAD + 1):
            samples = self.indices(position)
            self._fetched.append((position, self._threads.submit(self._gather, samples)))
        self.position += 1
        batch = self._fetched.popleft()[1].result()
        return decode(batch.to(self._device, non_blocking=True))


def make_loader(
    data: Tensor, batch_size: int, seed: int, device: torch.device, resident_bytes: float
) -> Loader:
    """A loader of data that lives on the device where it fits, and is streamed where not.

    The batches are the same.

    Args:
        data: uint8 (N, C, H, W) or float32 (N, 2), in memory or mapped into it.
        batch_size: samples a batch.
        seed: the run's seed.
        device: where the batches are needed.
        resident_bytes: what the device may hold of it.

    Raises:
        UsageError: a batch holds no sample, or more than there are.
    """
    if data.nbytes <= resident_bytes:
        return Loader(data.to(device), batch_size, seed)
    return StreamingLoader(data, batch_size, seed, device)


def _gather(data: Tensor, pinned: bool, samples: Tensor) -> Tensor:
    batch = torch.empty((len(samples), *data.shape[1:]), dtype=data.dtype, pin_memory=pinned)
    return torch.index_select(data, 0, samples, out=batch)
