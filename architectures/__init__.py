"""Generators and discriminators. They know nothing of methods, and methods nothing of them.

A generator is built as ``G(shape, latent_dim)`` and maps latents (N, latent_dim) to samples
(N, *shape); a discriminator is built as ``D(shape)`` and maps samples to logits (N,).
"""
