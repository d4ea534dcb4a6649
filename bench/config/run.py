"""One run: a cell of a suite at one seed, with the whole of its config."""

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from bench.config.bound import modules
from bench.errors import UsageError
from bench.identity import Identity
from bench.labels import Cell, board_of, run_id


@dataclass(frozen=True)
class Run:
    """All that decides a run's result.

    Attributes:
        suite: the suite's name.
        dataset, architecture: what its data and networks are called.
        method, setting: names of gin files.
        seed: from which every random stream is derived.
        remedies: settings applied to this method that changed its config.
        overrides: bindings from the command line that changed the suite.
        config: the composed gin config, which the worker loads.
        identity: what it is by content; a sentence that says why it is not known, where its data
            or its judge are not here.
        control_of: the method whose control this run's is, if it is one.
        search: whether it ran to choose hyper-parameters, so that no leaderboard may show it.
        homes: folders in which modules that the config imports may be, beside the usual ones; where
            they are decides nothing, and no record says it.
    """

    suite: str
    dataset: str
    architecture: str
    method: str
    setting: str
    seed: int
    remedies: tuple[str, ...]
    overrides: tuple[str, ...]
    config: str = field(repr=False)
    identity: Identity | str = field(repr=False)
    control_of: str | None = None
    search: bool = False
    homes: tuple[str, ...] = field(default=(), compare=False, repr=False)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the config's text, in hex: a plan finds its composition by it."""
        return hashlib.sha256(self.config.encode()).hexdigest()

    @property
    def known(self) -> Identity:
        """Its identity.

        Raises:
            UsageError: its data or its judge are not here.
        """
        if isinstance(self.identity, str):
            raise UsageError(self.identity)
        return self.identity

    @property
    def key(self) -> str:
        """What tells it from any other run, but for its seed."""
        return self.known.key

    @property
    def cell(self) -> Cell:
        """Where it is in its suite."""
        return self.method, self.setting

    @property
    def modules(self) -> list[str]:
        """The modules that the config imports."""
        return modules(self.config)

    @property
    def board(self) -> str:
        """The folder of all runs that may stand on its page, under the runs folder."""
        return board_of(self.suite, self.overrides, self.search)

    @property
    def id(self) -> str:
        """The run's name, and its folder under the runs folder."""
        return run_id(self.board, self.method, self.setting, self.seed, self.key)

    @property
    def label(self) -> str:
        """The run's name on a screen."""
        parts = [self.method, self.setting, f"seed {self.seed}"]
        return " · ".join([*parts, *(self.overrides if self.search else ())])

    def folder(self, out: str | Path) -> Path:
        """The run's folder under the runs folder ``out``."""
        return Path(out) / self.id

    def description(self) -> dict[str, Any]:
        """What the run's record says of it."""
        identity = self.known
        described: dict[str, Any] = {
            "id": self.id,
            "suite": self.suite,
            "overrides": list(self.overrides),
            "dataset": self.dataset,
            "architecture": self.architecture,
            "method": self.method,
            "control_of": self.control_of,
            "setting": self.setting,
            "remedies": list(self.remedies),
            "seed": self.seed,
            "key": self.key,
            "conditions": dict(identity.conditions),
            "setting_bindings": dict(identity.setting),
            "method_bindings": dict(identity.method),
        }
        if self.search:
            described["search"] = True
        return json.loads(json.dumps(described))
