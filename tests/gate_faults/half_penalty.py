"""The gradient penalties of WGAN-GP and DRAGAN at half their weight."""

from methods.dragan import DRAGAN
from methods.wgan_gp import WGANGP


def _halve(method, name):
    check = method.__post_init__

    def halved(self):
        check(self)
        setattr(self, name, getattr(self, name) / 2)

    method.__post_init__ = halved


_halve(WGANGP, "penalty")
_halve(DRAGAN, "dragan_weight")
