"""The page of one leaderboard, in the order in which it is read."""

from collections.abc import Collection

from bench.report import left_out, origins, protocol, ranking, recipes, theory
from bench.report.document import Block, Heading, Paragraph, paragraphs
from bench.report.markdown import escape
from bench.results.board import Board
from bench.results.results import Results
from bench.wording import plural


def page(results: Results, figures: Collection[str]) -> list[Block]:
    """The page of one leaderboard.

    Args:
        results: what its records say.
        figures: names of the picture files that lie beside it.
    """
    board = results.board
    told = theory.has_theory(board)
    return [
        Heading(board.label, 1),
        *_introduction(results),
        *left_out.section(board),
        *(theory.section(board) if told else ranking.sections(results, figures)),
        *recipes.section(results),
        *protocol.section(board),
        *origins.sections(results),
    ]


def _introduction(results: Results) -> list[Block]:
    board = results.board
    ends = results.runs["failure"].value_counts()
    how = ", ".join(f"{ends[end]} {end}" for end in sorted(ends.index))
    counts = (
        f"{plural(len(results.methods), 'method')}, {plural(len(results.settings), 'setting')}, "
        f"{plural(len(board.records), 'run')}{f', of which {how}' if how else ''}."
    )
    text = f"Suite {escape(board.suite)} on {_names(board)}: {counts}"
    return [
        Paragraph(text),
        *paragraphs(recipes.notice(board)),
        *origins.overridden(board.overrides),
    ]


def _names(board: Board) -> str:
    """The data sets and architectures of a board, as Markdown."""
    kinds = ({r.dataset for r in board.records}, {r.architecture for r in board.records})
    return ", ".join(escape(", ".join(sorted(kind))) for kind in kinds)
