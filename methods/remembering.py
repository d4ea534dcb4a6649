"""A discriminator that remembers its logits, for terms about what it has said already."""

from collections.abc import Callable

from torch import Tensor


class Remembering:
    """Calls a discriminator and keeps what it says, so that no batch passes through it twice."""

    def __init__(self, discriminator: Callable[[Tensor], Tensor]) -> None:
        self._discriminator = discriminator
        self._logits: dict[int, Tensor] = {}

    def __call__(self, batch: Tensor) -> Tensor:
        """The logits of a batch."""
        logits = self._discriminator(batch)
        self._logits.setdefault(batch.data_ptr(), logits)
        return logits

    def of(self, batch: Tensor) -> Tensor:
        """The first logits of a batch, or of one that shares its memory, such as a detached one."""
        return self._logits[batch.data_ptr()]
