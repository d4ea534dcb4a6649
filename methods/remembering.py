"""A discriminator that remembers, for terms of a loss about what D has just said."""

from collections.abc import Callable

from torch import Tensor


class Remembering:
    """A discriminator that keeps its logits, so that no batch passes through it twice."""

    def __init__(self, discriminator: Callable[[Tensor], Tensor]) -> None:
        self._discriminator = discriminator
        # With the batch itself, lest its memory become that of another in the meantime.
        self._kept: dict[int, tuple[Tensor, Tensor]] = {}

    def __call__(self, batch: Tensor) -> Tensor:
        """The logits of a batch, (N, ...), by a pass through D."""
        logits, kept = self.read(batch)
        self._kept.setdefault(batch.data_ptr(), (batch, kept))
        return logits

    def of(self, batch: Tensor) -> Tensor:
        """The first logits of a batch, or of one that shares its memory, such as a detached one.

        Where a loss has shown D something else in the batch's place, these are of a pass of
        their own. A subclass may have kept something else in place of logits.
        """
        if batch.data_ptr() not in self._kept:
            self(batch)
        return self._kept[batch.data_ptr()][1]

    def read(self, batch: Tensor) -> tuple[Tensor, Tensor]:
        """The logits of a batch, and what is kept of it."""
        logits = self._discriminator(batch)
        return logits, logits
