"""Minibatch standard deviation: D sees how much the samples of a batch differ."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import gin
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.instancenorm import _InstanceNorm

from methods.base import GAN, Incompatible, Method
from methods.layers import weighted_layers


@gin.register
@dataclass
class MinibatchStddev(Method):
    """A channel of D's last hidden layer says how much its inputs vary within a group of samples.

    The standard deviation of each input feature at each place over the group, averaged over both,
    is one number for the group, and a constant channel more for the layer. The layer's weights for
    it start at 0, so that D starts as any other method's does. Where D has no hidden layer, or a
    normalization behind it that would subtract the channel again (BatchNorm, instance norm), it is
    the last layer's. It is part of D: whoever looks at D sees it. Samples of a group depend on each
    other, so that a penalty on a sample's gradient, where one is combined with it, is on that of
    its group's summed logits, as in the published networks with WGAN-GP.

    Source: Karras et al. 2018 (arXiv:1710.10196), section 3, and their public code
    (tkarras/progressive_growing_of_gans, networks.py): groups of 4, made of samples that lie as far
    apart in the batch as there are groups, before the last block, of a convolution and two linear
    layers. Here no more than two layers follow.

    Attributes:
        stddev_group: samples in a group, as many as divide the batch.
    """

    stddev_group: int = 4

    fixed: ClassVar[tuple[str, ...]] = ("stddev_group",)

    def make_discriminator(
        self, architecture: Callable[[Sequence[int]], nn.Module], shape: Sequence[int]
    ) -> nn.Module:
        """The architecture's own D, with a wider last hidden layer."""
        network = super().make_discriminator(architecture, shape)
        _widen(_place(network), self.stddev_group)
        return network

    def check(self, gan: GAN) -> None:
        """Refuses a batch without whole groups."""
        super().check(gan)
        together = getattr(gan.discriminator, "samples_per_logit", 1)
        part = gan.batch_size // gan.accumulation // together
        if part % self.stddev_group:
            raise Incompatible(
                f"groups of stddev_group = {self.stddev_group} do not divide the {part} that pass "
                "through D at once; bind MinibatchStddev.stddev_group or Experiment.batch_size to "
                "fit"
            )

    def __post_init__(self) -> None:
        """Checks the size of a group."""
        super().__post_init__()
        if self.stddev_group < 2:
            raise ValueError(f"stddev_group = {self.stddev_group}: it must be at least 2")


def deviation(features: Tensor, group: int) -> Tensor:
    """The mean standard deviation within each sample's group, (N, 1, ...) for features (N, C, ...).

    Where ``group`` does not divide the batch, its groups are the largest smaller ones that do.
    """
    n = len(features)
    size = max(size for size in range(1, group + 1) if n % size == 0)
    groups = features.unflatten(0, (size, n // size))
    variance = (groups - groups.mean(0)).square().mean(0)
    spread = (variance + 1e-8).sqrt().flatten(1).mean(1)
    return spread.repeat(size).view(n, *[1] * (features.dim() - 1)).expand_as(features[:, :1])


def _place(network: nn.Module) -> nn.Module:
    """The layer that gets the channel."""
    layers, modules = weighted_layers(network), list(network.modules())
    if not layers:
        raise Incompatible(
            "MinibatchStddev adds a channel to a linear or convolutional layer of D, and D has "
            "none; name another architecture or another method"
        )
    hidden, last = layers[-2:][0], layers[-1]
    behind = modules[modules.index(hidden) :]
    subtracted = any(isinstance(module, _BatchNorm | _InstanceNorm) for module in behind)
    return last if subtracted else hidden


def _widen(layer: Any, group: int) -> None:
    """Gives a layer one more input, which it computes of the others, with weights of 0."""
    if getattr(layer, "groups", 1) > 1:
        raise Incompatible(
            "MinibatchStddev adds a channel to a layer of D that is a convolution in "
            f"{layer.groups} groups; name another architecture or another method"
        )
    weight = layer.weight.detach()
    channel = torch.zeros_like(weight[:, :1])
    layer.weight = nn.Parameter(torch.cat([weight, channel], dim=1))
    layer.register_forward_pre_hook(partial(_append, group))


def _append(group: int, layer: nn.Module, inputs: tuple[Tensor]) -> Tensor:
    (features,) = inputs
    return torch.cat([features, deviation(features, group)], dim=1)
