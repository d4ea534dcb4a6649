"""What some rows bring beside a method: recipes, which are compared as wholes."""

import re
from collections import defaultdict
from collections.abc import Mapping

from bench.report.document import Block, Field, Heading, Paragraph, Row, Table, valued
from bench.report.markdown import escape
from bench.report.tables import per_step
from bench.results.board import Board
from bench.results.results import Results
from bench.wording import NOTHING, plural

SUITE = "(the suite)"
"""Stands in place of a row's name where the table tells what the others have."""

TITLE = "What recipes bring"

WORDS = {
    "g_optimizer": "optimizers",
    "d_optimizer": "optimizers",
    "batch_size": "batches",
    "accumulation": "accumulation",
    "max_norm": "bounds on gradients",
    "lr_factor": "factors of learning rates",
    "also": "further methods",
}
"""What a row may bring, in words; anything else is called as gin calls it."""

ITS_DEFAULT = "its default"
"""Stands for an argument that nothing binds, or that is bound to what it is without."""

PLAYERS = ("g_optimizer", "d_optimizer")
ALIKE = ("fused", "foreach", "capturable")
"""Parameters of optimizers that say how, and not what, they compute."""

_CALL = re.compile(r"@([\w.]+)(?:\(\))?")

Said = Mapping[str, str]
"""Parameters and their values, as an identity has them."""


def bringing(board: Board) -> list[str]:
    """The rows that bring more than a method, in the board's order."""
    there = {method for (method, _), runs in board.cells.items() if runs[0].identity.brings}
    return [method for method in board.methods if method in there]


def sentence(board: Board) -> str:
    """Which rows are compared as wholes; empty where none is."""
    rows = bringing(board)
    if not rows:
        return ""
    brought = {part for record in board.records for part in record.identity.brings}
    words = ", ".join(sorted({WORDS.get(part, part) for part in brought}))
    return (
        f"Recipes are compared as wholes: {', '.join(rows)} "
        f"{'brings' if len(rows) == 1 else 'bring'} more than a method ({words}), and what tells "
        "such a row from others need not be the method."
    )


def notice(board: Board) -> str:
    """The same in Markdown, for the first lines of a page."""
    told = escape(sentence(board))
    return f"**{told}** *{TITLE}*, below, has what each trains with." if told else ""


def section(results: Results) -> list[Block]:
    """What each recipe trains with, beside what the suite has; nothing where there is none."""
    rows = bringing(results.board)
    if not rows:
        return []
    return [
        Heading(TITLE),
        Paragraph(
            f"{plural(len(rows), 'row')} with optimizers, batches or schedules of "
            f"{'its' if len(rows) == 1 else 'their'} own. All rows share data, judge and the "
            "number of generator steps. *D gradients* are counted in batches of the suite's size "
            "on the whole page, so that larger batches cost more."
        ),
        table(results),
    ]


def table(results: Results) -> Table:
    """What the suite, and each row that brings more than a method, trains with."""
    board = results.board
    alike: dict[tuple[tuple[str, str], ...], list[tuple[str, str]]] = defaultdict(list)
    others = {part for record in board.records for part in record.identity.brings}
    columns = sorted(others - {*PLAYERS, "batch_size"})
    for (method, setting), entries in sorted(board.cells.items()):
        identity = entries[0].identity
        if identity.brings:
            theirs = _texts(SUITE, dict(identity.conditions), columns)
            alike[theirs].append((SUITE, setting))
            alike[_texts(method, identity.said, columns)].append((method, setting))
    rows = []
    for texts, cells in sorted(alike.items(), key=lambda item: item[1][0][0] != SUITE):
        method, settings = cells[0][0], sorted({setting for _, setting in cells})
        fields = {name: Field(text) for name, text in texts}
        if len(board.settings) > 1:
            fields["settings"] = Field(", ".join(settings))
        if method != SUITE:
            runs = results.of(method)
            there = runs[runs["setting"].isin(settings)]
            fields["D gradients / G step"] = valued(per_step(there))
        rows.append(Row(fields, {"method": [] if method == SUITE else [method]}))
    return Table(rows, rest="left")


def _texts(row: str, said: Said, others: list[str]) -> tuple[tuple[str, str], ...]:
    """The fields of a row: its name, and in which columns it says what."""
    optimizers = [_call(said, part, without=("lr", *ALIKE)) for part in PLAYERS]
    rates = [_argument(said, part, "lr") for part in PLAYERS]
    return (
        ("row", row),
        ("method", NOTHING if row == SUITE else _call(said, "method")),
        ("optimizer", _both(*optimizers)),
        ("learning rate", _both(*rates)),
        ("batch", said.get("Experiment.batch_size", NOTHING)),
        *((part, _call(said, part)) for part in others),
    )


def _both(generator: str, discriminator: str) -> str:
    """What the players have, once where it is the same."""
    alike = generator == discriminator
    return generator if alike else f"G: {generator}; D: {discriminator}"


def _call(said: Said, part: str, without: tuple[str, ...] = ()) -> str:
    """What stands in a part of ``Experiment``, with its arguments."""
    return _shown(said, said.get(f"Experiment.{part}", NOTHING), part, without)


def _argument(said: Said, part: str, name: str) -> str:
    """One argument of what stands in a part of ``Experiment``."""
    found = _CALL.fullmatch(said.get(f"Experiment.{part}", NOTHING))
    text = said.get(f"{part}/{found[1]}.{name}") if found else None
    return ITS_DEFAULT if text is None else _shown(said, text, f"{part}/{name}")


def _shown(said: Said, text: str, slot: str, without: tuple[str, ...] = ()) -> str:
    """A value, with arguments in place of references: ``cosine(start=0.1, end=0)``."""
    if text.startswith("[") and "@" in text:
        items = enumerate(text[1:-1].split(", "))
        return f"[{', '.join(_shown(said, item, f'{slot}[{i}]') for i, item in items)}]"
    found = _CALL.fullmatch(text)
    if not found:
        return text
    before = f"{slot}/{found[1]}."
    names = [key.removeprefix(before) for key in sorted(said) if key.startswith(before)]
    arguments = ", ".join(
        f"{name}={_shown(said, said[f'{before}{name}'], f'{slot}/{name}')}"
        for name in names
        if name not in without
    )
    return f"{found[1]}({arguments})" if arguments else found[1]
