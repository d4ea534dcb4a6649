"""What the rows of a page have in common, and what each method has of its own."""

from collections import defaultdict
from typing import Any

from bench.identity import canonical
from bench.report import recipes
from bench.report.document import (
    Block,
    Field,
    Folded,
    Heading,
    Pairs,
    Paragraph,
    Row,
    Table,
    filled,
)
from bench.results.board import Board


def section(board: Board) -> list[Block]:
    """All that the scores of a page depend on."""
    return [
        Heading("Protocol"),
        Paragraph(
            "In a setting all rows have the same conditions, and differ in the method alone"
            f"{', but for what recipes bring' if recipes.bringing(board) else ''}."
        ),
        Folded("The conditions", _conditions(board)),
        Folded("What each method has of its own", [_methods(board)]),
        Folded("The data, the judge and its scores", [Pairs(_scoring(board))]),
    ]


def flatten(value: Any, prefix: str = "") -> dict[str, str]:
    """Nested mappings as dotted names, sorted, values as JSON (text without its quotes)."""
    if not isinstance(value, dict):
        return {prefix: value if isinstance(value, str) else canonical(value)}
    found: dict[str, str] = {}
    for key in sorted(value):
        found |= flatten(value[key], f"{prefix}.{key}" if prefix else key)
    return found


def _scoring(board: Board) -> dict[str, str]:
    """The protocol of the scores, without a batch that not all rows have."""
    found = flatten(board.protocol or {})
    own = any(record.identity.batch != 1 for record in board.records)
    return {key: text for key, text in found.items() if not (own and key == "batch_size")}


def _decided(board: Board) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """What all runs of a board share, and what each setting decides otherwise."""
    by_setting = {record.setting: dict(record.identity.conditions) for record in board.records}
    every = list(by_setting.values())
    shared = {key: text for key, text in every[0].items() if all(o.get(key) == text for o in every)}
    decided = {
        setting: {key: text for key, text in found.items() if key not in shared}
        for setting, found in sorted(by_setting.items())
    }
    return shared, {setting: found for setting, found in decided.items() if found}


def _conditions(board: Board) -> list[Block]:
    shared, decided = _decided(board)
    rows = [
        Row(
            {
                "setting": Field(setting),
                "decides": Field("; ".join(f"{key} = {text}" for key, text in found.items())),
            },
            {"setting": [setting]},
        )
        for setting, found in decided.items()
    ]
    return [Pairs(shared), *filled(Table(rows))]


def _methods(board: Board) -> Table:
    """What each method has otherwise than the conditions."""
    alike: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (method, setting), runs in sorted(board.cells.items()):
        own = "; ".join(f"{key} = {text}" for key, text in runs[0].identity.method)
        alike[method, own].append(setting)
    rows = []
    for (method, own), settings in alike.items():
        fields = {"method": Field(method), "has": Field(own)}
        if len(board.settings) > 1:
            fields["settings"] = Field(", ".join(settings))
        rows.append(Row(fields, {"method": [method], "setting": settings}))
    return Table(rows)
