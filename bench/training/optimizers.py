"""The optimizers that a gin file can bind to a player: ``@generator/Adam`` and the like.

All of torch's that step by a gradient alone. LBFGS evaluates the loss again in its step, and
SparseAdam takes gradients that no network here gives.
"""

import gin
from torch import optim

for name in optim.__all__:
    optimizer = getattr(optim, name)
    if isinstance(optimizer, type) and name not in ("Optimizer", "LBFGS", "SparseAdam"):
        gin.external_configurable(optimizer, module="torch.optim")
