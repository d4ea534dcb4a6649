"""A generator alone, as a file that anyone can open: its weights, and what to build around them."""

import json
from typing import Any

from safetensors.torch import save

import bench
from bench.config.compose import ROOT_CONFIGURABLE
from bench.config.contents import Contents, within
from bench.config.registry import attribute, resolve
from bench.config.restated import said
from bench.runs.checkpoint import apart
from bench.runs.records import identity
from bench.training.finished import Finished

SCHEMA = "1"
"""Of the metadata."""

LABELS = ("suite", "dataset", "architecture", "method", "setting", "id", "key", "status")
"""What of a record the metadata have as it is."""

SLOT = "generator"


def exported(run: Finished) -> bytes:
    """The weights of a run's generator as a safetensors file, with metadata.

    The tensors are called as in the generator's ``state_dict()``. docs/checkpoints.md has the
    metadata.
    """
    experiment, record = run.experiment, run.record
    metadata = {
        "schema": SCHEMA,
        "ganbench": bench.__version__,
        **{label: str(record[label]) for label in LABELS},  # type: ignore[literal-required]
        "seed": str(record["seed"]),
        "step": str(run.gan.step),
        "shape": json.dumps(list(experiment.data.shape)),
        "latent_dim": str(experiment.latent_dim),
        "batch_norm": experiment.batch_norm,
        "gin": run.recalled.composition.below(SLOT),
        **_called(within(said(identity(record), SLOT), SLOT)),
    }
    return save(apart(run.generator.state_dict()), metadata)


def _called(found: Contents) -> dict[str, str]:
    """The class or function that made the generator, and its arguments where all are plain."""
    name = found[f"{ROOT_CONFIGURABLE}.{SLOT}"].strip("@()")
    selector = resolve(name, SLOT)
    made_by = f"{attribute(selector, '__module__')}.{attribute(selector, '__qualname__')}"
    arguments: dict[str, Any] = {}
    for key, text in found.items():
        owner, _, parameter = key.rpartition(".")
        if owner == ROOT_CONFIGURABLE:
            continue
        try:
            arguments[parameter] = json.loads(text)
        except ValueError:  # it is made of other parts, which gin alone can say
            return {SLOT: made_by}
    return {SLOT: made_by, "arguments": json.dumps(arguments)}
