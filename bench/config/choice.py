"""What a caller chooses of a suite by name and number, beside gin bindings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from numbers import Integral

from bench.config.statements import Binding, Layer

BINDS = {
    "methods": ("Suite", "methods"),
    "settings": ("Suite", "settings"),
    "seeds": ("Suite", "seeds"),
    "steps": ("Experiment", "steps"),
}
"""The selector and the parameter that each choice binds."""


@dataclass(frozen=True)
class Choice:
    """Rows of a suite, its seeds and its budget; None leaves it to the suite.

    Each is the same as a binding, and overrides all others. Methods, settings and seeds choose runs
    of the suite's own board; another number of steps makes a board of its own.

    Attributes:
        methods: names of methods, or of groups of them.
        settings: names of settings.
        seeds: how many, counted from 0, or the seeds themselves.
        steps: generator steps of a run.
    """

    methods: Sequence[str] | None = None
    settings: Sequence[str] | None = None
    seeds: int | Sequence[int] | None = None
    steps: int | None = None

    def layer(self) -> Layer:
        """What is chosen as bindings, each in the place of its option."""
        chosen = {field.name: getattr(self, field.name) for field in fields(self)}
        return Layer(
            tuple(
                Binding("", *BINDS[name], _literal(value), f"--{name}")
                for name, value in chosen.items()
                if value is not None
            ),
            (),
        )


AS_IT_IS = Choice()
"""The whole of a suite."""


def _literal(value: object) -> object:
    """A value as gin would have read it; NumPy's numbers, too."""
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [*map(_literal, value)]
    return int(value) if isinstance(value, Integral) and not isinstance(value, bool) else value
