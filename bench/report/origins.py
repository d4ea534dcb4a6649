"""Where a leaderboard's numbers come from, and the commands that give them again."""

import shlex
from typing import Any

import pandas as pd

from bench.identity import canonical
from bench.labels import file_name
from bench.report import commands, markdown
from bench.report.markdown import escape
from bench.results.board import Board
from bench.results.entry import ORIGINS, unpacked
from bench.results.results import Results
from bench.wording import NOTHING


def origins(board: Board) -> dict[str, str]:
    """What the runs ran on and with, each value that occurs."""
    seen = [unpacked(text) for text in {record.origin for record in board.records}]
    found = {key: _joined({one[key] for one in seen}) for key in ORIGINS}
    judged = flatten(board.protocol or {})
    keys = {record.identity.key for record in board.records}
    times = [record.finished for record in board.records]
    return found | {
        "judge": judged.get("judge.sha256", NOTHING),
        "data": judged.get("data.checksum", NOTHING),
        "configurations": f"{len(keys)}, each run's key in records.csv",
        "seeds": _ranges({record.seed for record in board.records}),
        "finished": f"{min(times).date()} to {max(times).date()}",
    }


def conditions(board: Board) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """What all runs of a board share, and what each setting decides otherwise."""
    by_setting = {record.setting: dict(record.identity.conditions) for record in board.records}
    every = list(by_setting.values())
    shared = {key: text for key, text in every[0].items() if all(o.get(key) == text for o in every)}
    decided = {
        setting: {key: text for key, text in found.items() if key not in shared}
        for setting, found in sorted(by_setting.items())
    }
    return shared, {setting: found for setting, found in decided.items() if found}


def reproduce(results: Results) -> str:
    """The commands that run the suite again, one of its rows, or a single run."""
    board = results.board
    seeds = {"seeds": sorted(map(int, results.runs["seed"].unique()))}
    start = commands.run(board.reference, board.overrides, seeds)
    rows = [
        commands.run(board.reference, board.overrides, seeds | {"methods": [method]})
        for method in results.methods
    ]
    suite = [] if board.suite_file is None else ["--suite", board.reference]
    record = f"records/{file_name(board.records[0].id)}"
    one = shlex.join(["ganbench", "reproduce", record, *suite])
    return "\n\n".join(
        [
            "From this folder:",
            markdown.code([start], "sh"),
            "One run, and whether it comes out the same:",
            markdown.code([one], "sh"),
            markdown.folded("One row", markdown.code(rows, "sh")),
        ]
    )


def names(board: Board) -> str:
    """The data sets and architectures of a board, as Markdown."""
    kinds = ({r.dataset for r in board.records}, {r.architecture for r in board.records})
    return ", ".join(escape(", ".join(sorted(kind))) for kind in kinds)


def flatten(value: Any, prefix: str = "") -> dict[str, str]:
    """Nested mappings as dotted names, sorted, values as JSON (text without its quotes)."""
    if not isinstance(value, dict):
        return {prefix: value if isinstance(value, str) else canonical(value)}
    found: dict[str, str] = {}
    for key in sorted(value):
        found |= flatten(value[key], f"{prefix}.{key}" if prefix else key)
    return found


def two_columns(pairs: dict[str, str]) -> pd.DataFrame:
    """Names and values as a table."""
    return pd.DataFrame({"": list(pairs), "value": list(pairs.values())})


def _joined(values: set[Any]) -> str:
    return ", ".join(sorted(str(value) for value in values if value is not None)) or NOTHING


def _ranges(seeds: set[int]) -> str:
    """``0-9, 12``."""
    parts: list[list[int]] = []
    for seed in sorted(seeds):
        if parts and seed == parts[-1][-1] + 1:
            parts[-1] = [parts[-1][0], seed]
        else:
            parts.append([seed])
    return ", ".join("-".join(map(str, part)) for part in parts)
