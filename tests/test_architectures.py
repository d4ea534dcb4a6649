"""The networks are those of AS-GAN's Tables 8-11 (arXiv:1912.09670), counted by hand."""

import pytest
import torch
from gan_factory import draw
from torch import nn

from architectures.dcgan import RESOLUTIONS, DCGANDiscriminator, DCGANGenerator
from architectures.mlp import MLPDiscriminator, MLPGenerator

LATENT = 100

# Kernels, then BatchNorm's weight and bias. The tables give 32 and 64; 16 and 128 have a block
# less and more; 8 is 16's around a base of 2x2.
GENERATOR_PARAMETERS = {
    8: 100 * 256 * 4 + 256 * 128 * 16 + 128 * 3 * 16 + 2 * (256 + 128),
    16: 100 * 256 * 16 + 256 * 128 * 16 + 128 * 3 * 16 + 2 * (256 + 128),
    32: 3_448_576,
    64: 12_658_432,
    128: 47_855_360,
}
DISCRIMINATOR_PARAMETERS = {
    8: 3 * 128 * 16 + 128 * 256 * 16 + 256 * 4 + 2 * 256,
    16: 3 * 128 * 16 + 128 * 256 * 16 + 256 * 16 + 2 * 256,
    32: 2_637_312,
    64: 11_036_160,
    128: 44_611_072,
}

GENERATOR_MAPS = {
    32: [(512, 4, 4), (256, 8, 8), (128, 16, 16), (3, 32, 32)],
    64: [(1024, 4, 4), (512, 8, 8), (256, 16, 16), (128, 32, 32), (3, 64, 64)],
}
DISCRIMINATOR_MAPS = {
    32: [(128, 16, 16), (256, 8, 8), (512, 4, 4), (1, 1, 1)],
    64: [(128, 32, 32), (256, 16, 16), (512, 8, 8), (1024, 4, 4), (1, 1, 1)],
}


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def convolutions(network: nn.Module) -> list[nn.Conv2d | nn.ConvTranspose2d]:
    return [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]


def maps(network: nn.Module, batch: torch.Tensor) -> list[tuple[int, ...]]:
    """The shapes that the convolutions put out."""
    shapes: list[tuple[int, ...]] = []
    for layer in convolutions(network):
        layer.register_forward_hook(lambda m, i, output: shapes.append(tuple(output.shape[1:])))
    network(batch)
    return shapes


def kinds(network: nn.Module) -> list[type[nn.Module]]:
    return [type(module) for module in network.layers]


@pytest.fixture
def _no_memory():
    with torch.device("meta"):
        yield


@pytest.mark.usefixtures("_no_memory")
@pytest.mark.parametrize("side", RESOLUTIONS)
def test_parameters_are_the_papers_count(side: int) -> None:
    assert count(DCGANGenerator((3, side, side), LATENT)) == GENERATOR_PARAMETERS[side]
    assert count(DCGANDiscriminator((3, side, side))) == DISCRIMINATOR_PARAMETERS[side]


@pytest.mark.usefixtures("_no_memory")
@pytest.mark.parametrize("side", [32, 64])
def test_every_layer_has_the_papers_output_shape(side: int) -> None:
    shape = (3, side, side)
    own = maps(DCGANGenerator(shape, LATENT), torch.zeros(2, LATENT))
    assert own == GENERATOR_MAPS[side]
    own = maps(DCGANDiscriminator(shape), torch.zeros(2, *shape))
    assert own == DISCRIMINATOR_MAPS[side]


@pytest.mark.usefixtures("_no_memory")
def test_kernels_and_strides_are_the_papers() -> None:
    for network, first in (
        (DCGANGenerator((3, 64, 64), LATENT), 0),
        (DCGANDiscriminator((3, 64, 64)), -1),
    ):
        layers = convolutions(network)
        assert {layer.kernel_size for layer in layers} == {(4, 4)}
        unstrided = layers.pop(first)
        assert (unstrided.stride, unstrided.padding) == ((1, 1), (0, 0))
        assert {(layer.stride, layer.padding) for layer in layers} == {((2, 2), (1, 1))}


@pytest.mark.usefixtures("_no_memory")
def test_blocks_are_in_the_papers_order() -> None:
    up = [nn.ConvTranspose2d, nn.BatchNorm2d, nn.ReLU]
    down = [nn.Conv2d, nn.BatchNorm2d, nn.LeakyReLU]
    assert kinds(DCGANGenerator((3, 32, 32), LATENT)) == [*up * 3, nn.ConvTranspose2d, nn.Tanh]
    discriminator = DCGANDiscriminator((3, 32, 32))
    first = [nn.Conv2d, nn.LeakyReLU]  # no norm
    assert kinds(discriminator) == [*first, *down * 2, nn.Conv2d, nn.Flatten]
    slopes = {m.negative_slope for m in discriminator.modules() if isinstance(m, nn.LeakyReLU)}
    assert slopes == {0.2}


@pytest.mark.usefixtures("_no_memory")
@pytest.mark.parametrize("side", RESOLUTIONS)
@pytest.mark.parametrize("norm", ["batch", "none"])
def test_no_convolution_has_a_bias(side: int, norm: str) -> None:
    shape = (1, side, side)
    generator = DCGANGenerator(shape, 8, width=2, norm=norm)
    for network in (generator, DCGANDiscriminator(shape, width=2, norm=norm)):
        assert all(layer.bias is None for layer in convolutions(network))


@pytest.mark.parametrize("side", RESOLUTIONS)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("norm", ["batch", "layer", "instance", "none"])
def test_images_go_round_at_every_resolution(side: int, channels: int, norm: str) -> None:
    shape = (channels, side, side)
    generator = DCGANGenerator(shape, 8, width=2, norm=norm)
    images = generator(draw(3, 8))
    assert images.shape == (3, *shape)
    assert images.abs().max() <= 1
    assert DCGANDiscriminator(shape, width=2, norm=norm)(images).shape == (3,)


def test_images_span_the_open_interval_of_tanh() -> None:
    generator = DCGANGenerator((3, 16, 16), 8, width=4, init_std=1.0)
    images = generator(draw(16, 8))
    assert images.abs().max() <= 1
    assert images.max() > 0.9
    assert images.min() < -0.9


def test_the_discriminator_puts_out_logits_and_not_probabilities() -> None:
    torch.manual_seed(0)
    logits = DCGANDiscriminator((1, 16, 16), width=8, init_std=0.5)(draw(32, 1, 16, 16))
    assert logits.min() < 0
    assert logits.max() > 1


@pytest.mark.parametrize("size", [1, 2])
def test_a_batch_of_one_keeps_its_dimension(size: int) -> None:
    assert DCGANDiscriminator((1, 8, 8), width=2)(torch.zeros(size, 1, 8, 8)).shape == (size,)
    assert MLPDiscriminator((2,))(torch.zeros(size, 2)).shape == (size,)


@pytest.mark.parametrize("std", [0.02, 0.1])
def test_kernels_start_normal_and_batch_norm_at_the_identity(std: float) -> None:
    torch.manual_seed(0)
    networks = [
        DCGANGenerator((3, 32, 32), LATENT, width=16, init_std=std),
        DCGANDiscriminator((3, 32, 32), width=16, init_std=std),
    ]
    for network in networks:
        for layer in convolutions(network):
            weights = layer.weight.detach().flatten()
            error = std / len(weights) ** 0.5
            assert abs(weights.mean().item()) < 5 * error
            assert abs(weights.std().item() - std) < 5 * error
            beyond = (weights.abs() > 2 * std).float().mean().item()
            assert beyond == pytest.approx(0.0455, abs=5 * (0.0455 / len(weights)) ** 0.5)
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                assert (module.weight == 1).all()
                assert (module.bias == 0).all()


def test_the_papers_standard_deviation_is_the_default() -> None:
    torch.manual_seed(0)
    weights = convolutions(DCGANDiscriminator((3, 32, 32), width=16))[1].weight
    assert weights.std().item() == pytest.approx(0.02, rel=0.05)


@pytest.mark.parametrize("norm", ["layer", "none"])
def test_without_batch_norm_a_logit_is_its_own_samples(norm: str) -> None:
    torch.manual_seed(0)
    images = draw(4, 3, 16, 16)
    network = DCGANDiscriminator((3, 16, 16), width=4, norm=norm, init_std=0.2)
    alone = torch.cat([network(image[None]) for image in images])
    assert torch.allclose(network(images), alone, atol=1e-5)


def test_layer_norm_covers_a_samples_features_together() -> None:
    network = DCGANDiscriminator((3, 16, 16), width=4, norm="layer")
    maps = draw(2, 8, 4, 4) + torch.arange(8.0)[:, None, None]
    normed = network.layers[3](maps)
    assert torch.allclose(normed.flatten(1).mean(1), torch.zeros(2), atol=1e-5)
    assert torch.allclose(normed.flatten(1).var(1, correction=0), torch.ones(2), atol=1e-3)
    assert normed.mean((2, 3)).abs().max() > 1  # no feature map by itself


@pytest.mark.parametrize("shape", [(3, 32, 16), (3, 28, 28), (3, 256, 256), (32, 32), (2,)])
def test_other_shapes_are_refused_with_the_valid_ones(shape: tuple[int, ...]) -> None:
    for build in (lambda: DCGANGenerator(shape, 8), lambda: DCGANDiscriminator(shape)):
        with pytest.raises(ValueError, match="8, 16, 32, 64, 128 pixels; use another") as refusal:
            build()
        assert str(refusal.value).startswith(f"shape {shape}")


def test_unknown_norms_are_refused_with_the_valid_ones() -> None:
    valid = "norm = 'bacth': valid are batch, layer, instance, none"
    for build in (
        lambda: DCGANGenerator((1, 8, 8), 8, norm="bacth"),
        lambda: DCGANDiscriminator((1, 8, 8), norm="bacth"),
    ):
        with pytest.raises(ValueError, match=valid):
            build()
    for build in (
        lambda: MLPGenerator((2,), 8, norm="instance"),
        lambda: MLPDiscriminator((2,), norm="instance"),
    ):
        with pytest.raises(ValueError, match="norm = 'instance': valid are batch, layer, none"):
            build()


def test_mlps_have_the_parameters_of_their_layers() -> None:
    assert count(MLPGenerator((2,), 16, width=8, depth=2)) == 17 * 8 + 9 * 8 + 9 * 2
    assert count(MLPDiscriminator((2,), width=8, depth=2)) == 3 * 8 + 9 * 8 + 9
    assert count(MLPDiscriminator((2,), width=8, depth=2, norm="batch")) == 105 + 2 * 16
    assert count(MLPGenerator((2,), 16, depth=0)) == 17 * 2
    assert count(MLPDiscriminator((2,), depth=0)) == 3


@pytest.mark.parametrize("shape", [(2,), (1, 8, 8)])
@pytest.mark.parametrize("norm", ["batch", "layer", "none"])
def test_mlps_take_any_shape(shape: tuple[int, ...], norm: str) -> None:
    samples = MLPGenerator(shape, 16, width=8, norm=norm)(draw(5, 16))
    assert samples.shape == (5, *shape)
    assert MLPDiscriminator(shape, width=8, norm=norm)(samples).shape == (5,)


def test_an_mlp_generator_is_not_bounded_to_the_images_range() -> None:
    torch.manual_seed(0)
    assert MLPGenerator((2,), 16)(100 * draw(64, 16)).abs().max() > 1
