"""Per-sample input gradients of the discriminator, which gradient penalties are made of.

Each costs a pass of its own through D, on inputs cut from any graph: the other player, and the
gradient of D's loss at the real samples, know nothing of it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from methods.base import GAN, Incompatible, Method


@dataclass
class PerSample(Method):
    """What a method inherits from that takes each logit for its sample's alone.

    Not a method by itself.
    """

    def check(self, gan: GAN) -> None:
        """Refuses BatchNorm in the discriminator, and one that judges samples together."""
        super().check(gan)
        refuse_batch_norm(gan, type(self).__name__)


def as_input(batch: Tensor) -> Tensor:
    """A batch (N, ...) as an input of its own to differentiate by, on the batch's graph if any.

    What else was made of the batch, such as a virtual discriminator's weights, is not made of this.
    """
    return batch.view_as(batch) if batch.requires_grad else batch.detach().requires_grad_()


def input_gradients(gan: GAN, inputs: Tensor) -> Tensor:
    """The gradient of each sample's logit with respect to that sample, itself differentiable.

    Args:
        gan: whose discriminator is differentiated.
        inputs: (N, ...), detached here: a penalty reaches the generator through no path of ours.

    Returns:
        The gradients, flattened to (N, d).
    """
    return logits_and_gradients(gan.discriminator, inputs.detach().requires_grad_())[1]


def logits_and_gradients(
    discriminator: Callable[[Tensor], Tensor], inputs: Tensor
) -> tuple[Tensor, Tensor]:
    """The logits (N,) of samples that require a gradient, and their gradients as (N, d).

    Raises:
        Incompatible: if D gives other than one logit a sample.
    """
    logits = discriminator(inputs)
    if len(logits) != len(inputs):
        raise Incompatible(
            f"a gradient penalty takes one logit a sample, and D gives {len(logits)} for "
            f"{len(inputs)}: a discriminator that judges samples together cannot be penalised so"
        )
    (gradients,) = torch.autograd.grad(logits.sum(), inputs, create_graph=True)
    return logits, gradients.flatten(1)


def norms(gradients: Tensor) -> Tensor:
    """The L2 norm of each row of (N, d), shape (N,), with gradient 0 and not NaN at the origin."""
    return torch.linalg.vector_norm(gradients, dim=1)


def squares(gradients: Tensor) -> Tensor:
    """The squared L2 norm of each row of (N, d), shape (N,)."""
    return gradients.square().sum(1)


def mean_square(gan: GAN, inputs: Tensor) -> Tensor:
    """E ||grad f||^2, summed over all of a sample's values: of (N, ...), a scalar."""
    return squares(input_gradients(gan, inputs)).mean()


def per_sample_uniform(gan: GAN, batch: Tensor) -> Tensor:
    """One number from U[0, 1) a sample, shaped (N, 1, ...) to go with a batch (N, ...)."""
    shape = (len(batch),) + (1,) * (batch.dim() - 1)
    return torch.rand(shape, generator=gan.noise, device=batch.device)


def interpolates(gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
    """A point on the line between each real and its fake sample, of their shape (N, ...)."""
    return torch.lerp(fake, real, per_sample_uniform(gan, real))


def gradients_between(gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
    """``input_gradients`` at ``interpolates``."""
    return input_gradients(gan, interpolates(gan, real, fake))


def refuse_batch_norm(gan: GAN, method: str, does: str = "penalises") -> None:
    """Refuses a discriminator in which one sample's logit depends on the others.

    Behind BatchNorm the gradient of the summed logits is not each sample's own: followed by a
    linear layer it is exactly zero, and the penalty is a constant.

    Args:
        gan: whose discriminator it is.
        method: its name, for the message.
        does: what it does with the gradient, for the message too.

    Raises:
        Incompatible: with the remedy in the message.
    """
    together = getattr(gan.discriminator, "samples_per_logit", 1)
    if together > 1:
        raise Incompatible(
            f"{method} {does} each sample's own gradient, and D here judges {together} samples "
            "together; leave one of the two methods out"
        )
    if not isinstance(gan.discriminator, nn.Module):
        return
    for name, module in gan.discriminator.named_modules():
        if isinstance(module, _BatchNorm):
            raise Incompatible(
                f"{method} {does} each sample's own gradient, which BatchNorm in D ({name}) "
                'mixes across the batch; bind d_norm = "layer" or d_norm = "none", or name the '
                "setting layer_norm_d under Suite.remedies"
            )
