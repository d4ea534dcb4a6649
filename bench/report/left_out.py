"""What is said of records that stand on no row: how many, what they have otherwise, the remedy."""

from collections import defaultdict

from bench.report import commands
from bench.report.document import Block, Bullets, Code, Paragraph
from bench.report.markdown import escape
from bench.results.board import Board, LeftOut
from bench.wording import plural

MOST = 6
"""Parameters that are named of one group; the rest are counted."""


def section(board: Board) -> list[Block]:
    """The words on a page; none where nothing was left out."""
    if not board.left_out:
        return []
    text = (
        f"Left out: {plural(len(board.left_out), 'record')} of this suite that are other runs than "
        "those shown, which no table may mix in. They have otherwise:"
    )
    blocks: list[Block] = [Paragraph(text), Bullets([escape(line) for line in groups(board)])]
    command = completing(board, board.reference, board.runs)
    if command:
        again = "This command, from this folder, runs them as what is shown here:"
        blocks += [Paragraph(again), Code([command], "sh")]
    return blocks


def groups(board: Board) -> list[str]:
    """A line for each group of records that differ alike from what the page shows."""
    alike: dict[tuple[str, ...], list[LeftOut]] = defaultdict(list)
    for one in board.left_out:
        alike[one.why].append(one)
    return [_line(why, found) for why, found in sorted(alike.items())]


def completing(board: Board, reference: str, out: str | None) -> str:
    """The command that runs again, as what the page shows, all that was left out and is not there.

    Empty where all of it is.

    Args:
        board: with what was left out.
        reference: the suite's name, or its file.
        out: the runs folder, where it is not the usual one.
    """
    if not board.missing:
        return ""
    entries = [*board.records, *board.missing]
    methods, settings, seeds = (
        sorted({getattr(entry, name) for entry in entries})
        for name in ("method", "setting", "seed")
    )
    chosen = {"methods": methods, "settings": settings, "seeds": seeds}
    return commands.run(reference, board.overrides, chosen, out)


def _line(why: tuple[str, ...], found: list[LeftOut]) -> str:
    methods = ", ".join(sorted({one.entry.method for one in found}))
    settings = ", ".join(sorted({one.entry.setting for one in found}))
    more = [f"and {plural(len(why) - MOST, 'more parameter')}"] if len(why) > MOST else []
    reasons = "; ".join([*why[:MOST], *more])
    return f"{plural(len(found), 'record')} of {methods} ({settings}): {reasons}"
