"""Writes leaderboards: one folder each, with its pages, its figures and the records behind them."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from filelock import FileLock

from bench.errors import UsageError
from bench.files import put
from bench.labels import file_name
from bench.report import theory
from bench.report.figures import cost_figure, steps_figure
from bench.report.html import index_html
from bench.report.markdown import to_markdown
from bench.report.overview import SUMMARY, Summary, overview, packed, read_summary, summary
from bench.report.page import page
from bench.report.portraits import portraits
from bench.report.profiles import profile_figure
from bench.report.samples import sample_grid
from bench.report.style import svg
from bench.results.board import Board, label_of, sort
from bench.results.entry import read_entry
from bench.results.frame import csv
from bench.results.kept import keep
from bench.results.results import Results
from bench.runs import records
from bench.waiting import alone
from bench.wording import plural

PAGE = "README.md"
WEB_PAGE = "index.html"
TABLE = "records.csv"
RECORDS = "records"
LOCK = ".lock"
ABOVE = "../.."
"""The way from a page's folder to the runs folder that its pages are below."""

FIGURES = ("curves.svg", "cost.svg", "profiles.svg", "samples.png", theory.TRAJECTORIES)


def build(files: Iterable[Path], out: Path, free: bool = False) -> list[Path]:
    """Writes a leaderboard for each suite (and set of overrides) in the records' ``files``.

    Every file is a function of the records alone: the same records in any order, or read back
    from the folders written here, give the same bytes. Folders of other suites are left as they
    are. The overview has a row for each folder in ``out``.

    Args:
        files: of the records.
        out: the folder of leaderboards.
        free: whether it is the runs folder's own, where all can be written anew.

    Returns:
        The pages, one a leaderboard written, and the overview above them last.

    Raises:
        UsageError: a file is not a valid record, or a folder would lose one; nothing was written.
    """
    with _alone(out):
        boards = sort(map(read_entry, sorted({path.resolve() for path in files})))
        if free:
            return _write([replace(board, runs=ABOVE) for board in boards], out, None)
        return _write(boards, out, set())


def update(files: Iterable[Path], out: Path) -> list[Path]:
    """Adds records to the leaderboards that they belong to, and touches no other.

    The result is that of ``build`` with these records and all that the leaderboards keep, for
    the price of the leaderboards concerned.

    Raises:
        UsageError: as ``build``.
    """
    with _alone(out):
        entries = {path: read_entry(path) for path in sorted({path.resolve() for path in files})}
        for label in {label_of(one) for one in entries.values()} | _without_summary(out):
            for path in records.find(out / label / RECORDS):
                entries.setdefault(path, read_entry(path))
        return _write(sort(entries.values()), out, set())


def show(board: Board, out: Path, elsewhere: Collection[str] | None) -> Path:
    """Writes one leaderboard, and its row in the overview.

    Args:
        board: what stands on it.
        out: the folder of leaderboards.
        elsewhere: digests of records that its folder may lose; None for any.

    Returns:
        Its page.

    Raises:
        UsageError: its folder would lose a record.
    """
    with _alone(out):
        return _write([board], out, elsewhere)[0]


def lost(folder: Path, kept: Collection[str]) -> list[Path]:
    """The records with a result in a leaderboard's folder whose digests are not among these."""
    return [
        path
        for path in sorted((folder / RECORDS).glob("*.json"))
        if sha256(path.read_bytes()).hexdigest() not in kept and records.ending(path)[1] != "failed"
    ]


def announce(row: Summary, out: Path) -> Path:
    """Gives a folder of ``out`` that is no leaderboard its row in the overview.

    Returns:
        The overview.
    """
    with _alone(out):
        put(out / row.label / SUMMARY, packed(row))
        return _overview(out)


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Makes the folder, and keeps other commands from writing to it in the meantime."""
    out.mkdir(parents=True, exist_ok=True)
    with alone(FileLock(out / LOCK), f"another command that writes pages to {out}"):
        yield


def _without_summary(out: Path) -> set[str]:
    """The leaderboards that the overview could not tell of."""
    folders = (path.parent for path in out.glob(f"*/{RECORDS}"))
    return {folder.name for folder in folders if not (folder / SUMMARY).exists()}


def _write(boards: list[Board], out: Path, elsewhere: Collection[str] | None) -> list[Path]:
    for board in boards:
        folder = out / board.label
        kept = {record.digest for record in board.records}
        going = [] if elsewhere is None else lost(folder, kept.union(elsewhere))
        if going:
            raise UsageError(
                f"{folder} would lose {plural(len(going), 'record')}, the first "
                f"{going[0].name}, which the new page does not show; write the page elsewhere, or "
                "let them go with ganbench publish --replace"
            )
    pages = [_leaderboard(board, out / board.label) for board in boards]
    return [*pages, _overview(out)]


def _overview(out: Path) -> Path:
    rows = [read_summary(path) for path in out.glob(f"*/{SUMMARY}")]
    put(out / PAGE, to_markdown(overview(rows)).encode())
    return out / PAGE


def _leaderboard(board: Board, folder: Path) -> Path:
    results = Results(board)
    figures = _figures(results)
    blocks = page(results, figures)
    _keep(board, folder / RECORDS)
    for name in FIGURES:
        if name in figures:
            put(folder / name, figures[name])
        else:
            (folder / name).unlink(missing_ok=True)
    if board.suite_file is not None:
        put(folder / f"{board.suite}.gin", board.suite_file)
    keep(folder, board.users_files)
    put(folder / TABLE, csv(results.runs))
    put(folder / WEB_PAGE, index_html(results, blocks, figures).encode())
    put(folder / PAGE, to_markdown(blocks).encode())
    put(folder / SUMMARY, packed(summary(results, WEB_PAGE)))
    return folder / PAGE


def _keep(board: Board, copies: Path) -> None:
    """Makes the folder hold the files of the board's records, and no others."""
    named = {copies / file_name(record.id): record for record in board.records}
    for path, record in named.items():
        if record.path != path.resolve():
            put(path, record.load())
    for stale in set(copies.glob("*.json")) - named.keys():
        stale.unlink()


def _figures(results: Results) -> dict[str, bytes]:
    board = results.board
    if theory.has_theory(board):
        return {theory.TRAJECTORIES: svg(portraits(board))}
    drawn = {
        "curves.svg": steps_figure(board),
        "cost.svg": cost_figure(board),
        "profiles.svg": profile_figure(results),
    }
    pictures = {name: svg(figure) for name, figure in drawn.items() if figure is not None}
    samples = sample_grid(board)
    return pictures | ({} if samples is None else {"samples.png": samples})
