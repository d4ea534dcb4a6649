"""One run: a cell of a suite at one seed, with the whole of its config."""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Run:
    """All that decides a run's result.

    Attributes:
        suite: the suite's name.
        dataset, architecture, method, setting: names of gin files.
        seed: from which every random stream is derived.
        remedies: settings applied to this method that changed its config.
        overrides: bindings and gin files given on the command line.
        config: the composed gin config, which the worker loads.
        control_of: the method whose control this run's is, if it is one.
        search: whether it ran to choose hyper-parameters, so that no leaderboard may show it.
    """

    suite: str
    dataset: str
    architecture: str
    method: str
    setting: str
    seed: int
    remedies: tuple[str, ...]
    overrides: tuple[str, ...]
    config: str
    control_of: str | None = None
    search: bool = False

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the config, in hex."""
        return hashlib.sha256(self.config.encode()).hexdigest()

    @property
    def modules(self) -> list[str]:
        """The modules that the config imports."""
        words = (line.split() for line in self.config.splitlines())
        return [line[1] for line in words if line[:1] == ["import"]]

    @property
    def id(self) -> str:
        """The run's name, and its folder under the runs folder."""
        suite = f"{self.suite}-search" if self.search else self.suite
        cell = f"{suite}/{self.method}/{self.setting}"
        return f"{cell}/seed-{self.seed}-{self.digest[:8]}"

    @property
    def label(self) -> str:
        """The run's name on a screen."""
        parts = [self.method, self.setting, f"seed {self.seed}"]
        return " · ".join([*parts, *(self.overrides if self.search else ())])

    def folder(self, out: Path) -> Path:
        """The run's folder under the runs folder ``out``."""
        return out / self.id

    def description(self) -> dict[str, Any]:
        """What the run's record says of it."""
        described = asdict(self)
        del described["config"]
        if not self.search:
            del described["search"]
        described |= {"id": self.id, "config_digest": self.digest}
        return json.loads(json.dumps(described))
