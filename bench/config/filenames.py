"""Names that become files and folders: refused where no file can be called so."""

from collections.abc import Iterable, Mapping
from itertools import product

from bench.errors import UsageError

MOST_BYTES = 255
"""Of a file's name, on every file system in common use."""

RESERVED = ("readme.md", "index.html", "records", "runs", "search", "pages", "leaderboards")
"""What lies beside the folders of suites, in small letters: some systems do not tell them apart."""

SEARCHED = "-search"
"""After a suite's name: the folder of a search's runs, and, with its space's name, of its page."""

_DIGEST = "0123456789ab"


def require_file_names(
    where: str, suite: str, methods: Iterable[str], settings: Iterable[str], seeds: Iterable[int]
) -> None:
    """Checks what a suite's runs, and the files of their records, are called after.

    Args:
        where: the suite's gin file.
        suite: its name, as all the others without folders.
        methods: of its runs.
        settings: of its runs.
        seeds: of its runs.

    Raises:
        UsageError: which name cannot be used, and why.
    """
    _require_sane(where, suite)
    for method, setting, seed in product(methods, settings, seeds):
        parts = {"suite": suite, "method": method, "setting": setting, "seed": str(seed)}
        record = f"{suite}{SEARCHED}.{method}.{setting}.seed-{seed}-{_DIGEST}-{_DIGEST}.json"
        require_length(where, record, parts)


def require_length(where: str, file: str, parts: Mapping[str, str]) -> None:
    """Checks the length of a file's name.

    Args:
        where: the file that asks for it.
        file: its name.
        parts: the names that it is made of, by what each is called.

    Raises:
        UsageError: it is too long; says the longest of its parts, and how long that may be.
    """
    excess = len(file.encode()) - MOST_BYTES
    if excess > 0:
        kind, name = max(parts.items(), key=lambda part: len(part[1].encode()))
        length = len(name.encode())
        raise UsageError(
            f"{where}: the {kind} {name!r} has {length} bytes, too many for the names of its "
            f"files: call it something of {max(1, length - excess)} or fewer"
        )


def _require_sane(where: str, suite: str) -> None:
    problem = None
    if not suite.isprintable():
        problem = "has a character that cannot be printed"
    elif not suite.strip() or suite[0] in ".-":
        problem = "is empty, or begins with a dot or a dash"
    elif suite.lower() in RESERVED:
        problem = "is what another file beside the suites' folders is called"
    elif f"{SEARCHED}-" in f"{suite}-":
        problem = f"has {SEARCHED} in it, as the folders of searches do"
    if problem is not None:
        raise UsageError(f"{where}: a suite is called as its gin file, and {suite!r} {problem}")
