"""Small GANs whose every number is known, and ways to see all that a step changes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import SGD, Optimizer

from methods.base import GAN

DIM, LATENT = 4, 3

Optimizers = Callable[[list[nn.Parameter]], Optimizer]


@contextmanager
def default_dtype(dtype: torch.dtype) -> Iterator[None]:
    """Networks, latents and noise of ``dtype``."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def sgd(lr: float) -> Optimizers:
    return lambda parameters: SGD(parameters, lr=lr)


PLAIN_SGD = sgd(0.1)


def make_gan(
    generator: nn.Module,
    discriminator: nn.Module,
    g_optimizer: Optimizers = PLAIN_SGD,
    d_optimizer: Optimizers = PLAIN_SGD,
    latent_dim: int = LATENT,
    seed: int = 0,
) -> GAN:
    """A GAN of these networks; its streams depend on ``seed`` alone."""
    return GAN(
        generator=generator,
        discriminator=discriminator,
        g_optimizer=g_optimizer(list(generator.parameters())),
        d_optimizer=d_optimizer(list(discriminator.parameters())),
        latent_dim=latent_dim,
        latent_stream=torch.Generator().manual_seed(seed),
        noise=torch.Generator().manual_seed(seed + 1),
    )


def generator(seed: int = 0, dim: int = DIM) -> nn.Sequential:
    """Smooth, so that finite differences are exact to second order."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(LATENT, 5), nn.Tanh(), nn.Linear(5, dim))


def discriminator(seed: int = 1, norm: str = "none", dim: int = DIM) -> nn.Sequential:
    """Smooth as well; ``norm`` is "none" or "batch"."""
    normal = nn.BatchNorm1d(6) if norm == "batch" else nn.Identity()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Linear(dim, 6), normal, nn.Softplus(), nn.Linear(6, 1), nn.Flatten(0)
        )


def linear(weight: Tensor, bias: float | None = None) -> nn.Sequential:
    """f(x) = weight . x + bias; the weight has the shape of one sample."""
    layer = nn.Linear(weight.numel(), 1, bias=bias is not None)
    with torch.no_grad():
        layer.weight.copy_(weight.flatten())
        if bias is not None:
            layer.bias.fill_(bias)
    return nn.Sequential(nn.Flatten(), layer, nn.Flatten(0))


class Quadratic(nn.Module):
    """f(x) = a |x|^2 / 2, whose gradient is a x."""

    def __init__(self, a: float) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.tensor(a))

    def forward(self, x: Tensor) -> Tensor:
        return self.a * x.flatten(1).square().sum(1) / 2


def draw(*shape: int, seed: int = 7) -> Tensor:
    """Standard normal numbers, the same in every run."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def weight_of(length: float, shape: tuple[int, ...]) -> Tensor:
    """Of this shape, and of this Euclidean norm over all of it."""
    weight = draw(*shape)
    return weight * (length / weight.norm())


def fakes_of(gan: GAN, n: int) -> Tensor:
    """The samples that the first step of a GAN of seed 0 will draw; its stream stays put."""
    with torch.no_grad():
        stream = torch.Generator().manual_seed(0)
        return gan.generator(torch.randn(n, LATENT, generator=stream))


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def watch(network: nn.Module) -> list[Tensor]:
    """The batches that ``network`` is given from now on, as they come."""
    seen: list[Tensor] = []
    network.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    return seen


def other_batch(seen: list[Tensor], real: Tensor, fake: Tensor) -> Tensor:
    """The one batch of ``seen`` that is neither ``real`` nor ``fake``."""
    (other,) = (batch for batch in seen if batch is not real and batch is not fake)
    return other


def shares_of_real(between: Tensor, real: Tensor, fake: Tensor) -> Tensor:
    """Alpha of ``between`` = alpha real + (1 - alpha) fake: a row a sample, a column a value."""
    return (((between - fake) * (real - fake)) / (real - fake).square()).detach().flatten(1)


def optimizer_state(optimizer: Optimizer) -> dict[str, Tensor]:
    return {
        f"{index}.{name}": torch.as_tensor(value).clone()
        for index, state in optimizer.state_dict()["state"].items()
        for name, value in state.items()
        if value is not None
    }


def discriminator_state(gan: GAN) -> dict[str, Tensor]:
    """All of D's: weights, buffers, and its optimizer's."""
    assert isinstance(gan.discriminator, nn.Module)
    return {
        **{f"D.{name}": value.clone() for name, value in gan.discriminator.state_dict().items()},
        **{f"optimizer.{name}": value for name, value in optimizer_state(gan.d_optimizer).items()},
    }


def generator_state(gan: GAN) -> dict[str, Tensor]:
    """All of G's: weights, buffers, and its optimizer's."""
    return {
        **{f"G.{name}": value.clone() for name, value in gan.generator.state_dict().items()},
        **{f"optimizer.{name}": value for name, value in optimizer_state(gan.g_optimizer).items()},
    }


def random_state(gan: GAN) -> dict[str, Tensor]:
    """Where every random stream stands, torch's global one included."""
    return {
        "latents": gan.latent_stream.get_state(),
        "noise": gan.noise.get_state(),
        "global": torch.get_rng_state(),
    }


def changed(before: dict[str, Tensor], after: dict[str, Tensor]) -> set[str]:
    """The names whose values are not bit for bit the same, or that only one side has."""
    names = set(before) ^ set(after)
    return names | {
        name for name in before.keys() & after.keys() if not torch.equal(before[name], after[name])
    }
