"""Writes leaderboards: one folder each, with its page, its figures and the records behind them."""

from collections.abc import Iterable
from pathlib import Path

from bench import records as files
from bench.records import Record
from bench.report import oracles
from bench.report.figures import cost_figure, steps_figure, svg
from bench.report.page import overview, page
from bench.report.samples import sample_grid
from bench.report.selection import Board, boards, slug

PAGE = "README.md"
FIGURES = ("curves.svg", "cost.svg", "samples.png", "courses.svg")


def build(records: Iterable[Record], out: Path) -> list[Path]:
    """Writes a leaderboard for each suite (and set of overrides) in ``records``.

    Every file is a function of the records alone: the same records in any order, or read back
    from the folders written here, give the same bytes. A folder written to afterwards holds
    these records and figures and no others; folders of other suites are left as they are, and
    missing from the overview.

    Returns:
        The pages, one a leaderboard, and the overview above them last.
    """
    found = boards(records)
    pages = [_build(board, out / board.label) for board in found]
    out.mkdir(parents=True, exist_ok=True)
    above = out / PAGE
    above.write_text(overview(found), encoding="utf-8", newline="\n")
    return [*pages, above]


def _build(board: Board, folder: Path) -> Path:
    copies = folder / "records"
    named = {f"{slug(r['id'].replace('/', '.'))}.json": r for r in board.everything}
    for name, record in named.items():
        files.write(copies / name, record)
    for stale in set(copies.glob("*.json")) - {copies / name for name in named}:
        stale.unlink()
    figures = _figures(board)
    for name in FIGURES:
        if name in figures:
            (folder / name).write_bytes(figures[name])
        else:
            (folder / name).unlink(missing_ok=True)
    readme = folder / PAGE
    readme.write_text(page(board, figures), encoding="utf-8", newline="\n")
    return readme


def _figures(board: Board) -> dict[str, bytes]:
    if oracles.has_oracle(board):
        return {"courses.svg": svg(oracles.portraits(board))}
    curves, cost, samples = steps_figure(board), cost_figure(board), sample_grid(board)
    drawn = {
        "curves.svg": svg(curves) if curves else None,
        "cost.svg": svg(cost) if cost else None,
        "samples.png": samples,
    }
    return {name: data for name, data in drawn.items() if data is not None}
