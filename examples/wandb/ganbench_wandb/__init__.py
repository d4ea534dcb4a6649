"""Runs of ganbench in Weights & Biases, as they go on."""

from typing import Any

import wandb
from torch import Tensor

from bench.data.tiles import tiled
from bench.missing import Numbers
from ganbench import Callback, Record, Start


class WandB(Callback):
    """Logs each run as one of W&B's, of the same name; those of a cell are a group.

    Where it logs to is W&B's own affair: ``WANDB_PROJECT``, ``WANDB_MODE=offline`` and so on. A run
    that is killed and goes on repeats what it told after its checkpoint; W&B keeps the first.
    """

    def started(self, start: Start) -> None:
        """Begins W&B's run, or takes it up again."""
        about = start.run
        self._run = wandb.init(
            id=about["id"].replace("/", "."),
            name=about["id"],
            group=f"{about['suite']}, {about['method']}, {about['setting']}",
            config={key: about[key] for key in ("method", "setting", "seed", "conditions")},
            dir=start.folder,
            resume="allow",
            settings=wandb.Settings(console="off"),
        )

    def logged(self, losses: Numbers) -> None:
        """Logs the losses."""
        self._log("losses", losses)

    def evaluated(self, scores: Numbers, diagnostics: Numbers, samples: Tensor) -> None:
        """Logs the scores, the diagnostics, and a picture of samples where they are pictures."""
        self._log("scores", scores)
        self._log("diagnostics", diagnostics)
        if samples.dim() == 4:
            picture = wandb.Image(tiled(samples).permute(1, 2, 0).numpy())
            self._run.log({"samples": picture}, step=scores["step"])

    def finished(self, record: Record) -> None:
        """Ends W&B's run."""
        self._run.summary["status"] = record["status"]
        self._run.finish(exit_code=int(record["status"] == "failed"))

    def _log(self, kind: str, row: Numbers) -> None:
        values: dict[str, Any] = {f"{kind}/{name}": value for name, value in row.items()}
        step = values.pop(f"{kind}/step")
        self._run.log({name: v for name, v in values.items() if v is not None}, step=step)
