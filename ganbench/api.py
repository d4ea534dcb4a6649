"""The names that ``ganbench`` offers; it imports this module when one of them is asked for."""

from bench.callbacks.base import Callback, Start
from bench.config.plan import Plan
from bench.config.run import Run
from bench.engines.choose import Where
from bench.errors import UsageError
from bench.report.suite import Conclusion
from bench.runs.records import Record
from bench.scores import scoring
from bench.streams import stream
from bench.training import finished
from bench.training.finished import Finished
from ganbench import statistics
from ganbench.experiments import check, plan, run, train
from ganbench.plugins import conform, conformance
from ganbench.results import curves, records, report
from ganbench.terms import in_python
from methods.base import GAN, Incompatible, Method

open_run = in_python(finished.open_run)
score = in_python(scoring.score)

__all__ = [
    "GAN",
    "Callback",
    "Conclusion",
    "Finished",
    "Incompatible",
    "Method",
    "Plan",
    "Record",
    "Run",
    "Start",
    "UsageError",
    "Where",
    "check",
    "conform",
    "conformance",
    "curves",
    "open_run",
    "plan",
    "records",
    "report",
    "run",
    "score",
    "statistics",
    "stream",
    "train",
]
