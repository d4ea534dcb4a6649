"""A discriminator that remembers, for terms of a loss about what D has just said."""

from collections.abc import Callable

from torch import Tensor


class Remembering:
    """A discriminator that keeps its logits, so that no batch passes through it twice."""

    def __init__(self, discriminator: Callable[[Tensor], Tensor]) -> None:
        self._discriminator = discriminator
        self._logits: dict[int, Tensor] = {}

    def __call__(self, batch: Tensor) -> Tensor:
        """The logits of a batch, (N, ...), by a pass through D."""
        logits = self._discriminator(batch)
        self._logits.setdefault(batch.data_ptr(), logits)
        return logits

    def of(self, batch: Tensor) -> Tensor:
        """The first logits of a batch, or of one that shares its memory, such as a detached one.

        Where a loss has shown D something else in the batch's place, these are of a pass of
        their own.
        """
        known = self._logits.get(batch.data_ptr())
        return self(batch) if known is None else known
