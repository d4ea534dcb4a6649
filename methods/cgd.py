"""Competitive gradient descent: each player's step answers the step that the other will take."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import gin
import torch
from torch import Tensor
from torch.optim import SGD, Adam, Optimizer

from methods.base import GAN, Incompatible, Logs, parameters_of
from methods.game import losses
from methods.simultaneous import Simultaneous


@gin.register
@dataclass
class CGD(Simultaneous):
    """Both players step to the Nash equilibrium of the bilinear game that theirs is nearby.

    For losses f(x, y) of the one and g(x, y) of the other, steps dx = -a s and dy = -b t, where

        s = grad_x f + D_xy f dy,    t = grad_y g + D_yx g dx,

    so that (1 - D_xy f b D_yx g a) s = grad_x f - D_xy f b grad_y g. It is solved by products with
    the mixed second derivatives. Where f = -g and a = b = eta, it is (1 + eta^2 D_xy f D_yx f); for
    other losses, such as the non-saturating ones, the matrix is neither symmetric nor positive, so
    that conjugate gradients, which the paper and the authors' code use for zero-sum games, do not
    apply: the solver is GMRES, as their code advises and uses there (devzhk/cgds-package,
    gmres_acgd.py), from 0 in every step.

    a and b are what the players' optimizers multiply a gradient by: SGD its learning rate, and
    Adam its learning rate over the root of its second moments. An optimizer steps down the plain
    gradient, as ever, and what competition adds, -a (s - grad_x f), comes on top. With SGD that is
    CGD; with Adam(betas = (0, 0.99), lr = 1e-3, eps = 1e-5) it is ACGD, in its reference values;
    with other betas, the plain gradient alone has momentum.

    Each player solves for its own step, on its own batch of latents, G first: twice the public
    code's products, since there one solution serves both, and G's moments have moved in D's turn.

    Source: Schaefer and Anandkumar 2019 (arXiv:1905.12103), section 2, the update of CGD for two
    losses; ACGD: Schaefer, Zheng and Anandkumar 2020 (arXiv:1910.05852).

    Attributes:
        cgd_iterations: of the solver at most, each with a product by either matrix.
        cgd_tolerance: the residual, as a share of the right side, at which it stops.
    """

    cgd_iterations: int = 10
    cgd_tolerance: float = 1e-5

    accumulates: ClassVar[bool] = False
    differentiates: ClassVar[bool] = True

    def check(self, gan: GAN) -> None:
        """Refuses optimizers whose next step is not a known multiple of the gradient."""
        super().check(gan)
        for player, optimizer in (("d", gan.d_optimizer), ("g", gan.g_optimizer)):
            _check(player, optimizer)

    def d_step(self, gan: GAN, real: Tensor) -> Logs:
        """Moves the discriminator in answer to the step that the generator will take."""
        d_loss, g_loss = losses(self, gan, real)
        self._answer((gan.d_optimizer, d_loss), (gan.g_optimizer, g_loss))
        return {"d_loss": d_loss.detach()}

    def g_step(self, gan: GAN, real: Tensor) -> Logs:
        """Moves the generator in answer to the step that the discriminator will take."""
        d_loss, g_loss = losses(self, gan, real)
        self._answer((gan.g_optimizer, g_loss), (gan.d_optimizer, d_loss))
        return {"g_loss": g_loss.detach()}

    def __post_init__(self) -> None:
        """Checks when the solver stops."""
        super().__post_init__()
        if self.cgd_iterations < 1:
            raise ValueError(f"cgd_iterations = {self.cgd_iterations}: the solver takes at least 1")
        if self.cgd_tolerance < 0:
            raise ValueError(f"cgd_tolerance = {self.cgd_tolerance}: it is 0 or more")

    def _answer(self, own: tuple[Optimizer, Tensor], other: tuple[Optimizer, Tensor]) -> None:
        """Steps with the first player, each being an optimizer and its loss."""
        (x_optimizer, f), (y_optimizer, g) = own, other
        x, y = parameters_of(x_optimizer), parameters_of(y_optimizer)
        f_x, f_y = _slopes(f, x, y)
        g_x, g_y = _slopes(g, x, y)
        a, b = _rates(x_optimizer, f_x), _rates(y_optimizer, g_y)
        plain = _flat(f_x).detach()

        def mixed(dy: Tensor) -> Tensor:
            """D_xy f dy."""
            return _product(f_y, dy, x)

        def product(s: Tensor) -> Tensor:
            return s - mixed(b * _product(g_x, a * s, y))

        right = plain - mixed(b * _flat(g_y))
        solution = gmres(product, right, self.cgd_iterations, self.cgd_tolerance)
        for parameter, slope in zip(x, f_x, strict=True):
            parameter.grad = slope.detach()
        x_optimizer.step()
        with torch.no_grad():
            for parameter, more in zip(x, _parted(a * (solution - plain), x), strict=True):
                parameter -= more


@torch.no_grad()
def gmres(
    product: Callable[[Tensor], Tensor], right: Tensor, iterations: int, tolerance: float
) -> Tensor:
    """Solves A s = b: of the Krylov space's vectors, that with the smallest residual.

    Source: Saad and Schultz 1986, Algorithm 3, with every vector made orthogonal twice.

    Args:
        product: A times a vector.
        right: b, a vector (n,).
        iterations: the largest dimension of the space.
        tolerance: of the residual's length, as a share of b's.
    """
    length = float(right.norm())
    if not 0 < length < float("inf"):
        return right
    basis = right[None] / length
    projected = torch.zeros(iterations + 1, iterations, dtype=torch.float64)
    target = torch.zeros(iterations + 1, 1, dtype=torch.float64)
    target[0] = length
    for last in range(iterations):
        with torch.enable_grad():
            vector = product(basis[last])
        along = basis @ vector
        vector = vector - along @ basis
        again = basis @ vector
        vector = vector - again @ basis
        across = vector.norm()
        column = torch.cat([along + again, across[None]]).double().cpu()
        if not column.isfinite().all():
            return torch.full_like(right, float("nan"))
        projected[: last + 2, last] = column
        known = projected[: last + 2, : last + 1]
        weights = torch.linalg.lstsq(known, target[: last + 2], driver="gelsd").solution
        residual = float((known @ weights - target[: last + 2]).norm())
        exhausted = column[-1] <= 10 * torch.finfo(right.dtype).eps * column.norm()
        if residual <= tolerance * length or exhausted:
            break
        basis = torch.cat([basis, vector[None] / across])
    return weights.flatten().to(basis) @ basis[: len(weights)]


def _check(player: str, optimizer: Optimizer) -> None:
    if type(optimizer) not in (SGD, Adam):
        raise Incompatible(
            f"CGD foresees no step of {type(optimizer).__name__}; bind "
            f"Experiment.{player}_optimizer to SGD or Adam"
        )
    for group in optimizer.param_groups:
        for option in ("momentum", "amsgrad", "maximize", "max_norm"):
            if group.get(option):
                raise Incompatible(
                    f"CGD foresees no step with {option} = {group[option]}; leave {option} of "
                    f"Experiment.{player}_optimizer at its default"
                )


def _rates(optimizer: Optimizer, gradients: Sequence[Tensor]) -> Tensor:
    """What the optimizer will multiply each value of a gradient by, flat, momentum left aside."""
    groups = [group for group in optimizer.param_groups for _ in group["params"]]
    states = [optimizer.state.get(parameter, {}) for parameter in parameters_of(optimizer)]
    return _flat(map(_rate, groups, states, gradients)).detach()


def _rate(group: dict[str, Any], state: dict[str, Any], gradient: Tensor) -> Tensor:
    if "betas" not in group:
        return torch.full_like(gradient, group["lr"])
    decay = group["betas"][1]
    count = torch.as_tensor(state.get("step", 0), dtype=torch.float64) + 1
    second = decay * state.get("exp_avg_sq", 0.0) + (1 - decay) * gradient.square()
    bias = (1 - decay**count).to(gradient)
    return group["lr"] / ((second / bias).sqrt() + group["eps"])


def _slopes(
    loss: Tensor, x: Sequence[Tensor], y: Sequence[Tensor]
) -> tuple[Sequence[Tensor], Sequence[Tensor]]:
    """The loss's gradients by x and by y, themselves differentiable."""
    found = torch.autograd.grad(
        loss, [*x, *y], create_graph=True, allow_unused=True, materialize_grads=True
    )
    return found[: len(x)], found[len(x) :]


def _product(slopes: Iterable[Tensor], vector: Tensor, by: Sequence[Tensor]) -> Tensor:
    """The gradient of <slopes, vector> by other parameters, flat."""
    along = torch.dot(_flat(slopes), vector.detach())
    found = torch.autograd.grad(
        along, by, retain_graph=True, allow_unused=True, materialize_grads=True
    )
    return _flat(found)


def _flat(tensors: Iterable[Tensor]) -> Tensor:
    return torch.cat([tensor.flatten() for tensor in tensors])


def _parted(vector: Tensor, like: Sequence[Tensor]) -> list[Tensor]:
    """A flat vector in the shapes of parameters."""
    parts = vector.split([parameter.numel() for parameter in like])
    return [part.view_as(parameter) for part, parameter in zip(parts, like, strict=True)]
