"""Orthogonal regularization: the filters of each of G's layers are pushed apart."""

from dataclasses import dataclass

import gin
import torch
from torch import Tensor

from methods.base import GAN, Incompatible, Method
from methods.layers import matrix, weighted_layers


@gin.register
@dataclass
class OrthoReg(Method):
    """Adds beta/2 sum ||W W^T * (1 - I)||^2 over G's layers to G's loss, whatever that is.

    W has a row for each feature that a layer gives. Rows are to be orthogonal, of any length: the
    diagonal is left out. Biases, gains and embeddings have no part in it. By W its gradient is
    2 beta (W W^T * (1 - I)) W, as the authors' public code adds it to G's (ajbrock/BigGAN-PyTorch,
    utils.py): half of that of the paper's beta ||.||^2. That code takes the first axis of any
    weight for its rows; here a transposed convolution's rows are its outputs too.

    Source: Brock, Donahue and Simonyan 2019 (arXiv:1809.11096), section 3.1.

    Attributes:
        ortho_weight: beta.
    """

    ortho_weight: float = 1e-4

    def check(self, gan: GAN) -> None:
        """Refuses a generator that has nothing to make orthogonal."""
        super().check(gan)
        if not weighted_layers(gan.generator):
            raise Incompatible(
                "OrthoReg acts on G's linear and convolutional layers, and G has none; use another "
                "architecture, or leave ortho_reg out"
            )

    def g_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """The combined method's loss + beta/2 sum ||W W^T * (1 - I)||^2."""
        overlaps = [overlap(matrix(layer)) for layer in weighted_layers(gan.generator)]
        penalty = self.ortho_weight / 2 * torch.stack(overlaps).sum()
        return super().g_loss(gan, real, fake) + penalty

    def __post_init__(self) -> None:
        """Checks the weight."""
        super().__post_init__()
        self.refuse_negative("ortho_weight")


def overlap(rows: Tensor) -> Tensor:
    """The sum of all squared inner products of two different rows of (n, d), each pair twice."""
    products = rows @ rows.T
    return (products - products.diag().diag()).square().sum()
