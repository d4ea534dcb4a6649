"""How folders and files are named; names are for people, and never tell what is the same."""

import hashlib
import re
from collections.abc import Sequence

from bench.identity import canonical

Cell = tuple[str, str]
"""A method and a setting, of which a suite has one run a seed."""


def label(suite: str, overrides: Sequence[str] = ()) -> str:
    """The suite's name, and a digest of the overrides where there are any; safe as a folder."""
    name = slug(suite)
    return f"{name}-{_digest(canonical(list(overrides)))}" if overrides else name


def board_of(suite: str, overrides: Sequence[str], search: bool) -> str:
    """The folder of all runs that may stand on one page; a search's are not on a suite's."""
    return f"{label(suite)}-search" if search else label(suite, overrides)


def run_id(board: str, method: str, setting: str, seed: int, key: str) -> str:
    """The name of a run: its labels, its seed, and how its key begins."""
    return f"{board}/{method}/{setting}/seed-{seed}-{key[:12]}"


def slug(name: str) -> str:
    """``name`` as a file name: the same where it is safe, else cleaned and made unique."""
    clean = re.sub(r"[^A-Za-z0-9._-]+", "_", name).lstrip(".")
    return name if name and clean == name else f"{clean}-{_digest(name)}"


def file_name(id: str) -> str:
    """The name of a record's file in its leaderboard."""
    return f"{slug(id.replace('/', '.'))}.json"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:6]
