"""zCR: close latents are to give samples that differ, of which the discriminator says the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import gin
import torch
from torch import Tensor, nn

from methods.base import GAN, Incompatible, Logs, Method
from methods.remembering import Remembering


@gin.register
@dataclass
class ZCR(Method):
    """Latent consistency: z' = z + sigma n, with n standard normal, and both players' own terms.

    D's loss gets + lambda_dis E (f(G(z)) - f(G(z')))^2, which holds its logits together; G's gets
    - lambda_gen E (G(z) - G(z'))^2, a mean over samples and values, which pushes the samples apart.
    z is the latent of the very sample that the loss is about. Each term costs a pass through G, in
    train mode, and D's one through D.

    Source: Zhao, Singh, Lee, Zhang, Odena and Zhang 2021 (arXiv:2002.04724), Algorithm 2; values,
    and the mean over values, as in POSTECH-CVLab/PyTorch-StudioGAN (src/worker.py and
    src/configs/CIFAR10/BigGAN-Mod-ICR.yaml).

    Attributes:
        zcr_dis_weight: lambda_dis.
        zcr_gen_weight: lambda_gen.
        zcr_sigma: the size of the step between latents.
    """

    zcr_dis_weight: float = 20.0
    zcr_gen_weight: float = 0.5
    zcr_sigma: float = 0.05

    def __post_init__(self) -> None:
        """Checks the weights, of which a negative one would be the wrong sign."""
        super().__post_init__()
        self.refuse_negative("zcr_dis_weight", "zcr_gen_weight", "zcr_sigma")
        self._zcr_latents: dict[int, tuple[Tensor, Tensor]] = {}

    def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """The combined method's loss + lambda_dis E (f(G(z)) - f(G(z')))^2."""
        remembering = Remembering(gan.discriminator)
        loss = super().d_loss(replace(gan, discriminator=remembering), real, fake)
        gaps = remembering.of(fake) - gan.discriminator(self._zcr_moved(gan, fake))
        return loss + self.zcr_dis_weight * gaps.square().mean()

    def g_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """The combined method's loss - lambda_gen E (G(z) - G(z'))^2."""
        gaps = fake - self._zcr_moved(gan, fake)
        return super().g_loss(gan, real, fake) - self.zcr_gen_weight * gaps.square().mean()

    def step(self, gan: GAN, batches: Iterator[Tensor]) -> Logs:
        """The combined method's step, in which the latents of samples are remembered."""
        with self._zcr_watching(gan.generator):
            return super().step(gan, batches)

    def d_step(self, gan: GAN, real: Tensor) -> Logs:
        """The discriminator's step, likewise."""
        with self._zcr_watching(gan.generator):
            return super().d_step(gan, real)

    def g_step(self, gan: GAN, real: Tensor) -> Logs:
        """The generator's step, likewise."""
        with self._zcr_watching(gan.generator):
            return super().g_step(gan, real)

    def _zcr_moved(self, gan: GAN, fake: Tensor) -> Tensor:
        """G(z') for each of the samples G(z); with the generator's graph where they have it."""
        if fake.data_ptr() not in self._zcr_latents:
            raise Incompatible(
                "zCR asks for the latents of a loss's samples, and these are not as G made them; "
                "leave out what alters generated samples, such as GrownASGAN.attack_fakes"
            )
        latents, _ = self._zcr_latents[fake.data_ptr()]
        noise = gan.normal(latents)
        with torch.set_grad_enabled(fake.requires_grad):
            samples: Tensor = gan.generator(latents + self.zcr_sigma * noise)
        return samples

    @contextmanager
    def _zcr_watching(self, generator: nn.Module) -> Iterator[None]:
        """Remembers in the block which latents samples were made of, by the samples' memory."""

        def remember(network: nn.Module, inputs: tuple[Tensor], samples: Tensor) -> None:
            # With the samples, lest their memory become that of others in the meantime.
            self._zcr_latents[samples.data_ptr()] = inputs[0], samples.detach()

        hook = generator.register_forward_hook(remember)
        try:
            yield
        finally:
            hook.remove()
            self._zcr_latents.clear()
