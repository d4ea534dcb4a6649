"""AS-GAN with the wrong sign: x_hat moves to where D is surer of it."""

from methods import as_gan

as_gan.DIRECTIONS["gradient"] = lambda gan, gradient: -gradient.sign()
