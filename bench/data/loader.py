"""Batches of samples, in an order that only the seed decides."""

from collections.abc import Iterator

import torch
from torch import Tensor

from bench.data.dataset import decode
from bench.errors import UsageError
from bench.streams import stream


class Loader(Iterator[Tensor]):
    """An endless iterator of decoded batches; an epoch's last, partial batch is dropped.

    Which samples make up batch number ``position`` depends on the seed alone: every method sees
    the same order, on every device, and a run resumes by setting ``position``.

    Attributes:
        position: batches drawn so far.
        batches_per_epoch: batches that one pass over the data gives.
    """

    def __init__(self, data: Tensor, batch_size: int, seed: int):
        """Keeps the samples where they are.

        Args:
            data: uint8 (N, C, H, W) or float32 (N, 2), on the device that trains.
            batch_size: samples a batch.
            seed: the run's seed.

        Raises:
            UsageError: a batch holds no sample, or more than there are.
        """
        if not 1 <= batch_size <= len(data):
            raise UsageError(
                f"batch_size = {batch_size} does not fit the data: "
                f"choose between 1 and its {len(data)} samples"
            )
        self.position = 0
        self.batches_per_epoch = len(data) // batch_size
        self._data = data
        self._batch_size = batch_size
        self._seed = seed
        self._epoch = -1
        self._order = torch.empty(0, dtype=torch.long)

    def __next__(self) -> Tensor:
        samples = self.indices(self.position)
        self.position += 1
        return decode(self._data.index_select(0, samples))

    def indices(self, position: int) -> Tensor:
        """Which samples make up batch number ``position``: int64 (batch_size,), where they are."""
        epoch, batch = divmod(position, self.batches_per_epoch)
        if epoch != self._epoch:
            order = torch.randperm(len(self._data), generator=stream(self._seed, "data", epoch))
            self._order = order.to(self._data.device)
            self._epoch = epoch
        start = batch * self._batch_size
        return self._order[start : start + self._batch_size]
