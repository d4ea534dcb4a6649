"""A run's losses, scores, diagnostics and pictures for TensorBoard, while it goes on."""

from torch import Tensor

from bench.callbacks.base import Callback, Start
from bench.data.tiles import tiled
from bench.errors import UsageError
from bench.missing import Numbers
from bench.runs.records import Record

try:
    from torch.utils.tensorboard import SummaryWriter
except ImportError as error:
    raise UsageError(
        "--callbacks tensorboard needs TensorBoard: pip install 'ganbench[tensorboard]'"
    ) from error

FOLDER = "tensorboard"
"""Of the event files, in the run's folder."""


class TensorBoard(Callback):
    """Writes event files, of which ``tensorboard --logdir runs`` shows all runs beside each other.

    Scalars are called ``losses/d_loss``, ``scores/fid``, ``diagnostics/d_real`` and so on; they
    are those of the record, in TensorBoard's own precision, float32. What an earlier process told
    after the checkpoint from which a run goes on is purged.
    """

    def started(self, start: Start) -> None:
        """Opens an event file, and writes the rows of before if there is none of them yet."""
        folder = start.folder / FOLDER
        known = folder.is_dir()
        self._writer = SummaryWriter(str(folder), purge_step=start.step + 1 if known else None)
        if not known:
            for kind in ("losses", "scores", "diagnostics"):
                for row in getattr(start, kind):
                    self._scalars(kind, row)
        self._writer.flush()

    def logged(self, losses: Numbers) -> None:
        """Adds the losses."""
        self._scalars("losses", losses)
        self._writer.flush()

    def evaluated(self, scores: Numbers, diagnostics: Numbers, samples: Tensor) -> None:
        """Adds the scores, the diagnostics, and a picture of samples where they are pictures."""
        self._scalars("scores", scores)
        self._scalars("diagnostics", diagnostics)
        if samples.dim() == 4:
            self._writer.add_image("samples", tiled(samples), int(scores["step"] or 0))
        self._writer.flush()

    def finished(self, record: Record) -> None:
        """Closes the file."""
        self._writer.close()

    def _scalars(self, kind: str, row: Numbers) -> None:
        step = int(row["step"] or 0)
        for name, value in row.items():
            if name != "step" and value is not None:
                self._writer.add_scalar(f"{kind}/{name}", value, step)
