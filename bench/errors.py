"""The one kind of error that is the user's to mend, and how it suggests a remedy."""

from collections.abc import Iterable
from difflib import get_close_matches


class Unwritable(Exception):
    """Nothing can be written any more: a full disk, say. What was written before is kept."""


class UsageError(Exception):
    """Bad input: the message is one sentence that says what is wrong and what would be right."""


def nearest(name: str, valid: Iterable[str]) -> str:
    """Returns a clause that names the valid name closest to ``name``, or all of them.

    Example: ``nearest("as_gam", ["as_gan", "vanilla"])`` gives ``did you mean 'as_gan'?``.
    """
    choices = sorted(set(valid))
    lowered = {choice.lower(): choice for choice in choices}
    close = get_close_matches(name.lower(), lowered, n=1, cutoff=0.5)
    if close:
        return f"did you mean {lowered[close[0]]!r}?"
    return "valid: " + (", ".join(choices) if choices else "none")
