"""The optimizers that a gin file can bind to a player: ``@generator/Adam`` and the like."""

import gin
from torch.optim import SGD, Adam, AdamW, RMSprop

for optimizer in (Adam, AdamW, RMSprop, SGD):
    gin.external_configurable(optimizer, module="torch.optim")
