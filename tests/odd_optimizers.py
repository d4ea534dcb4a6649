"""Optimizers of a user's, each odd in its own way."""

import gin
import torch
from torch.optim import SGD


@gin.register
class Remembers(SGD):
    """Takes a number that no parameter group has."""

    def __init__(self, params, lr: float = 1e-3, remembered: float = 1.0):
        super().__init__(params, lr=lr)
        self.remembered = remembered


@gin.register
class Rateless(torch.optim.Optimizer):
    """Has no learning rate."""

    def __init__(self, params):
        super().__init__(params, {"pace": 1.0})

    def step(self, closure=None):
        pass


@gin.register
class NoOptimizer:
    """Is none."""

    def __init__(self, params):
        pass
