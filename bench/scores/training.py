"""Trains the classifier that judges a data set, on a split that no score is compared with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from bench.data.dataset import decode
from bench.data.labelled import Labelled
from bench.data.reporting import reporting
from bench.scores.frozen import BATCH, freeze
from bench.scores.network import NETWORKS, Classifier
from bench.streams import stream

SEED = 0
SMOOTHING = 0.1


@dataclass(frozen=True)
class Recipe:
    """A network and how long it learns.

    Attributes:
        network: a name of ``NETWORKS``.
        width: of the network.
        features: dimension of the feature layer.
        epochs: passes over the pictures.
        batch: pictures a step.
        peak_rate: the highest learning rate of the cycle.
        shift: pixels that a picture is moved by along each axis, at most.
    """

    network: str
    width: int
    features: int
    epochs: int
    batch: int
    peak_rate: float
    shift: int


FEW_PIXELS = Recipe("DenseClassifier", 16, 32, epochs=120, batch=64, peak_rate=4e-3, shift=1)
MANY_PIXELS = Recipe("ConvClassifier", 24, 64, epochs=8, batch=128, peak_rate=5e-3, shift=2)


def recipe_for(data: Labelled) -> Recipe:
    """The recipe for pictures of that size."""
    return FEW_PIXELS if data.shape[-1] < 16 else MANY_PIXELS


def train(data: Labelled, command: str, folder: Path) -> tuple[Path, float]:
    """Trains, tests and freezes the judge "NAME-cnn" of a data set.

    On one processor the weights come out the same to the bit each time; another may round
    otherwise.

    Args:
        data: trained on in its judge's split, tested in its evaluation split.
        command: what the user typed, for the description.
        folder: where to write.

    Returns:
        The path of its description, and its accuracy on the evaluation split.
    """
    recipe = recipe_for(data)
    pictures, labels = data.labelled(data.judge_split)
    architecture = {
        "channels": data.shape[0],
        "size": data.shape[-1],
        "width": recipe.width,
        "features": recipe.features,
        "classes": int(labels.max()) + 1,
    }
    network = fit(recipe, architecture, pictures, labels, data.mirrors)
    accuracy = accuracy_of(network, *data.labelled("evaluation"))
    description = {
        "name": f"{data.name}-cnn",
        "command": command,
        "seed": SEED,
        "torch": torch.__version__.split("+")[0],
        "data": {
            "name": data.name,
            "split": data.judge_split,
            "pictures": len(pictures),
            "sha256": digest(pictures, labels),
        },
        "accuracy": round(accuracy, 4),
        "network": recipe.network,
    }
    return freeze(network, architecture, description, folder), accuracy


def digest(pictures: Tensor, labels: Tensor) -> str:
    """The sha256 of the bytes of pictures, then of their labels."""
    found = sha256(pictures.numpy().tobytes())
    found.update(labels.numpy().tobytes())
    return found.hexdigest()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keeps torch to one thread: sums over several round according to their number."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@_one_thread()
def fit(
    recipe: Recipe, architecture: dict[str, int], pictures: Tensor, labels: Tensor, mirrors: bool
) -> Classifier:
    """Trains with AdamW, a one-cycle rate, smoothed labels, shifts, and mirror images if they fit.

    Args:
        recipe: the network's name and how long it learns.
        architecture: the arguments it is built with.
        pictures: uint8 (N, C, size, size).
        labels: int64 (N,).
        mirrors: whether every other picture, by chance, is mirrored.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        network = NETWORKS[recipe.network](**architecture)
    noise = stream(SEED, "judge")
    batches = len(pictures) // recipe.batch
    optimizer = torch.optim.AdamW(network.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.peak_rate, total_steps=recipe.epochs * batches
    )
    total = recipe.epochs * batches * recipe.batch
    with reporting("judge: training on", 0, total) as report:
        for _ in range(recipe.epochs):
            order = torch.randperm(len(pictures), generator=noise)
            for chosen in order[: batches * recipe.batch].view(batches, recipe.batch):
                moved = _moved(pictures[chosen], recipe.shift, noise)
                seen = _mirrored(moved, noise) if mirrors else moved
                logits = network(decode(seen))[1]
                loss = F.cross_entropy(logits, labels[chosen], label_smoothing=SMOOTHING)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                report(recipe.batch)
    return network.eval()


@torch.no_grad()
def accuracy_of(network: Classifier, pictures: Tensor, labels: Tensor) -> float:
    """The share of uint8 pictures (N, C, size, size) that the network labels right."""
    logits = torch.cat([network(decode(part))[1] for part in pictures.split(BATCH)])
    return (logits.argmax(dim=1) == labels).float().mean().item()


def _moved(pictures: Tensor, reach: int, noise: torch.Generator) -> Tensor:
    """Moves half of the pictures by up to ``reach`` pixels along each axis, filled in with black.

    In memory the colours of a pixel come to lie side by side, which convolutions are fastest on.
    """
    n, size = len(pictures), pictures.shape[-1]
    move = torch.randint(-reach, reach + 1, (2, n), generator=noise)
    move *= torch.randint(2, (n,), generator=noise)
    rows, columns = reach + move[:, :, None] + torch.arange(size)
    padded = F.pad(pictures, (reach,) * 4).permute(0, 2, 3, 1)
    moved = padded[torch.arange(n)[:, None, None], rows[:, :, None], columns[:, None]]
    return moved.permute(0, 3, 1, 2)


def _mirrored(pictures: Tensor, noise: torch.Generator) -> Tensor:
    chosen = torch.randint(2, (len(pictures), 1, 1, 1), generator=noise).bool()
    return torch.where(chosen, pictures.flip(3), pictures)
