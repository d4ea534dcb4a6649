"""ganbench: which GAN stabilizer works, under which settings, at what cost, and how sure we are."""

__version__ = "0.1.0"
