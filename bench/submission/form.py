"""What any record must keep to, before a word of it is used: sound names, texts and numbers."""

import re
from collections.abc import Iterator
from typing import Any

from bench.runs.records import Record

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
LONGEST = 300
"""Characters of a text; that of an error, say. A PNG is the one exception."""

LARGEST = 1e300
MOST_SEED = 2**63 - 1
MOST_ROWS = 100_000
MOST_DEPTH = 8


def faults(record: Record) -> Iterator[str]:
    """What is wrong with the form of a record, each as "key: why"."""
    yield from _names(record)
    for key, value in record.items():
        yield from _walk(key, value, depth=0)
    if not 0 <= record["seed"] <= MOST_SEED:
        yield f"seed: {record['seed']} is not between 0 and 2**63 - 1"
    yield from _budget(record.get("protocol") or {})
    for key in ("scores", "diagnostics", "losses"):
        rows = record[key]  # type: ignore[literal-required]
        if len(rows) > MOST_ROWS:
            yield f"{key}: {len(rows)} rows are more than the {MOST_ROWS} a run may leave"
        if not all(isinstance(row.get("step"), int | float) for row in rows):
            yield f"{key}: a row has no step"


def _names(record: Record) -> Iterator[str]:
    """Names become files and rows of tables: they are words, as gin's own files have them."""
    named = [(key, record[key]) for key in ("suite", "dataset", "architecture", "method")]
    named += [("setting", record["setting"])] + [("remedies", name) for name in record["remedies"]]
    for key, name in named:
        if not NAME.fullmatch(name):
            yield f"{key}: {_short(name)} is no name: use at most 64 of letters, digits, _ . and -"


def _walk(key: str, value: Any, depth: int) -> Iterator[str]:
    """Everything below a key: numbers finite, texts printable and short, nothing too deep."""
    if depth > MOST_DEPTH:
        yield f"{key}: it is nested more than {MOST_DEPTH} levels deep"
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _text(f"{key}: its key", name)
            yield from _walk(f"{key}.{_word(name)}", inner, depth + 1)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _walk(f"{key}[{index}]", inner, depth + 1)
    elif isinstance(value, str) and key != "samples.png":
        yield from _text(f"{key}:", value)
    elif isinstance(value, int | float) and not abs(value) <= LARGEST:
        yield f"{key}: it is not a finite number, or larger than {LARGEST:g}"


def _text(where: str, text: str) -> Iterator[str]:
    if len(text) > LONGEST:
        yield f"{where} a text of {len(text)} characters is longer than {LONGEST}"
    elif not text.isprintable():
        yield f"{where} {_short(text)} holds a character that cannot be printed"


def _budget(protocol: dict[str, Any]) -> Iterator[str]:
    for key in ("steps", "batch_size", "samples"):
        value = protocol.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            yield f"protocol.{key}: {value!r} is not a number from 1 on"


def _word(name: str) -> str:
    return name if name.isprintable() and len(name) <= LONGEST else _short(name)


def _short(text: str) -> str:
    """A text as a message may show it."""
    return ascii(text if len(text) <= 40 else f"{text[:40]}...")
