"""Discriminators that no training can work with; a gin file imports this module by name."""

from math import prod

import gin
import torch
from torch import nn


@gin.register
class OddDiscriminator(nn.Module):
    """Linear, and wrong in one way."""

    def __init__(self, shape, fault="none"):
        super().__init__()
        if fault == "building":
            raise KeyError("no such layer")
        self.fault = fault
        self.linear = nn.Linear(prod(shape), 1)
        if fault == "empty":
            self.extra = nn.Parameter(torch.zeros(0, 3))

    def forward(self, samples):
        logits = self.linear(samples.flatten(1))
        if self.fault == "raises":
            raise RuntimeError("two\nlines")
        if self.fault == "shape":
            return logits
        if self.fault == "pair":
            return logits.flatten(), logits
        if self.fault == "nan":
            return logits.flatten() * float("nan")
        return logits.flatten() + torch.rand(()) * 0
