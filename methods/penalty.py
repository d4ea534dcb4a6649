"""Per-sample input gradients of the discriminator, which gradient penalties are made of."""

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from methods.base import GAN, Incompatible


def input_gradients(gan: GAN, inputs: Tensor) -> Tensor:
    """The gradient of each sample's logit with respect to that sample, itself differentiable.

    Args:
        gan: whose discriminator is differentiated.
        inputs: (N, ...), detached here: a penalty reaches the generator through no path of ours.

    Returns:
        The gradients, flattened to (N, d).
    """
    inputs = inputs.detach().requires_grad_()
    logits = gan.discriminator(inputs)
    (gradients,) = torch.autograd.grad(logits.sum(), inputs, create_graph=True)
    return gradients.flatten(1)


def norms(gradients: Tensor) -> Tensor:
    """The L2 norm of each row of (N, d), shape (N,), with gradient 0 and not NaN at the origin."""
    return torch.linalg.vector_norm(gradients, dim=1)


def refuse_batch_norm(gan: GAN, method: str) -> None:
    """Refuses a discriminator in which one sample's logit depends on the others.

    Behind BatchNorm the gradient of the summed logits is not each sample's own: followed by a
    linear layer it is exactly zero, and the penalty is a constant.

    Raises:
        Incompatible: with the remedy in the message.
    """
    if not isinstance(gan.discriminator, nn.Module):
        return
    for name, module in gan.discriminator.named_modules():
        if isinstance(module, _BatchNorm):
            raise Incompatible(
                f"{method} penalises each sample's own gradient, which BatchNorm in D ({name}) "
                'mixes across the batch; bind d_norm = "layer" or d_norm = "none", or name the '
                "setting layer_norm_d under Suite.remedies"
            )
