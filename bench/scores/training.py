"""Trains the classifier that judges digits, on a split of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from bench.data.dataset import decode
from bench.data.digits import labelled_digits
from bench.scores.frozen import freeze
from bench.scores.network import Classifier
from bench.training.streams import stream

ARCHITECTURE = {"size": 8, "width": 16, "features": 32, "classes": 10}
SEED = 0
EPOCHS = 120
BATCH = 64
PEAK_RATE = 4e-3
SMOOTHING = 0.1


def train_digits(folder: Path) -> tuple[Path, float]:
    """Trains, tests and freezes the judge "digits-cnn".

    On one processor the weights come out the same to the bit each time; another may round
    otherwise.

    Returns:
        The path of its description, and its accuracy on the evaluation split.
    """
    pictures, labels = labelled_digits("judge")
    network = fit(pictures, labels, EPOCHS)
    accuracy = accuracy_of(network, *labelled_digits("evaluation"))
    digest = sha256(pictures.numpy().tobytes() + labels.numpy().tobytes())
    description = {
        "name": "digits-cnn",
        "command": "ganbench judge train digits",
        "seed": SEED,
        "torch": torch.__version__.split("+")[0],
        "data": {
            "split": "the judge's split of digits",
            "pictures": len(pictures),
            "sha256": digest.hexdigest(),
        },
        "accuracy": round(accuracy, 4),
    }
    return freeze(network, ARCHITECTURE, description, folder), accuracy


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
def fit(pictures: Tensor, labels: Tensor, epochs: int) -> Classifier:
    """Trains with AdamW, a one-cycle rate, smoothed labels and shifts by a pixel.

    Args:
        pictures: uint8 (N, 1, size, size).
        labels: int64 (N,).
        epochs: passes over the pictures.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        network = Classifier(**ARCHITECTURE)
    noise = stream(SEED, "judge")
    inputs = decode(pictures)
    batches = len(inputs) // BATCH
    optimizer = torch.optim.AdamW(network.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, PEAK_RATE, total_steps=epochs * batches
    )
    for _ in range(epochs):
        order = torch.randperm(len(inputs), generator=noise)
        for chosen in order[: batches * BATCH].view(batches, BATCH):
            logits = network(_jitter(inputs[chosen], noise))[1]
            loss = F.cross_entropy(logits, labels[chosen], label_smoothing=SMOOTHING)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return network.eval()


@torch.no_grad()
def accuracy_of(network: Classifier, pictures: Tensor, labels: Tensor) -> float:
    """The share of uint8 pictures (N, 1, size, size) that the network labels right."""
    predicted = network(decode(pictures))[1].argmax(dim=1)
    return (predicted == labels).float().mean().item()


def _jitter(pictures: Tensor, noise: torch.Generator) -> Tensor:
    """Moves half of the pictures by up to a pixel along each axis, filling in with black."""
    n, size = len(pictures), pictures.shape[-1]
    move = torch.randint(-1, 2, (2, n), generator=noise) * torch.randint(2, (n,), generator=noise)
    rows, columns = 1 + move[:, :, None] + torch.arange(size)
    padded = F.pad(pictures, (1, 1, 1, 1), value=-1.0).squeeze(1)
    moved = padded[torch.arange(n)[:, None, None], rows[:, :, None], columns[:, None]]
    return moved.unsqueeze(1)
