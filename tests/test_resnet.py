"""The networks are those of AS-GAN's Tables 4-7 (arXiv:1912.09670), counted by hand."""

import pytest
import torch
from gan_factory import draw
from torch import nn
from torch.nn import functional as F

from architectures.resnet import Block, ResNetDiscriminator, ResNetGenerator

WIDTH, LATENT = 256, 100
CONVOLUTION = WIDTH * WIDTH * 9 + WIDTH
NORM = 2 * WIDTH
BLOCK = 2 * CONVOLUTION + 2 * NORM
FIRST = (3 * WIDTH * 9 + WIDTH) + NORM + CONVOLUTION + (3 * WIDTH + WIDTH)
GENERATOR = LATENT * WIDTH * 16 + WIDTH * 16 + WIDTH * 3 * 9 + 3
DISCRIMINATOR = FIRST + WIDTH + 1


def maps(network, batch):
    """The shapes that the blocks put out."""
    shapes = []
    for module in network.modules():
        if isinstance(module, Block):
            module.register_forward_hook(
                lambda m, i, output: shapes.append(tuple(output.shape[1:]))
            )
    network(batch)
    return shapes


@pytest.mark.parametrize(("side", "blocks"), [(32, 3), (64, 4)])
def test_parameters_and_maps_are_those_of_the_tables(side, blocks):
    generator = ResNetGenerator((3, side, side), LATENT)
    discriminator = ResNetDiscriminator((3, side, side))
    assert sum(p.numel() for p in generator.parameters()) == GENERATOR + blocks * BLOCK
    assert sum(p.numel() for p in discriminator.parameters()) == DISCRIMINATOR + blocks * BLOCK
    small = ResNetGenerator((3, side, side), 5, width=4), ResNetDiscriminator((3, side, side), 4)
    sides = [4 * 2**level for level in range(1, blocks + 1)]
    assert maps(small[0], torch.randn(2, 5)) == [(4, s, s) for s in sides]
    down = [side // 2**level for level in range(1, blocks + 2)]
    assert down[-1] == 2
    assert maps(small[1], torch.randn(2, 3, side, side)) == [(4, s, s) for s in down]


def test_a_batch_becomes_pictures_and_pictures_become_logits():
    generator, discriminator = (
        ResNetGenerator((1, 32, 32), 5, 4),
        ResNetDiscriminator((1, 32, 32), 4),
    )
    pictures = generator(draw(6, 5))
    assert pictures.shape == (6, 1, 32, 32)
    assert pictures.abs().max() <= 1
    assert discriminator(pictures).shape == (6,)


def test_a_block_is_the_sum_the_paper_writes_down():
    torch.manual_seed(0)
    block = Block(3, 5, "batch", nn.AvgPool2d(2))
    norm, _, _, first, second_norm, _, second = block.residue
    x = torch.randn(4, 3, 8, 8)
    h = F.relu(F.batch_norm(x, None, None, norm.weight, norm.bias, training=True))
    h = F.conv2d(F.avg_pool2d(h, 2), first.weight, first.bias, padding=1)
    h = F.relu(F.batch_norm(h, None, None, second_norm.weight, second_norm.bias, training=True))
    h = F.conv2d(h, second.weight, second.bias, padding=1)
    skip = F.conv2d(F.avg_pool2d(x, 2), block.skip[1].weight, block.skip[1].bias)
    assert torch.allclose(block(x), h + skip, atol=1e-5)


def test_a_block_of_zero_weights_is_its_resampled_input():
    block = Block(4, 4, "none", nn.Upsample(scale_factor=2, mode="bilinear"))
    for parameter in block.parameters():
        nn.init.zeros_(parameter)
    x = torch.randn(2, 4, 4, 4)
    assert torch.equal(block(x), F.interpolate(x, scale_factor=2.0, mode="bilinear"))


def test_maps_grow_by_bilinear_interpolation_and_shrink_by_averages():
    x = torch.randn(2, 4, 8, 8)
    grown = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
    ups, downs = (
        [block for block in network.layers if isinstance(block, Block)]
        for network in (ResNetGenerator((3, 32, 32), 5, 4), ResNetDiscriminator((4, 32, 32), 4))
    )
    for blocks, expected in ((ups, grown), (downs, F.avg_pool2d(x, 2))):
        for block in blocks:
            (inside,) = (m for m in block.residue if isinstance(m, nn.Upsample | nn.AvgPool2d))
            assert torch.equal(inside(x), expected)
            assert torch.equal(block.skip(x), expected)


def test_weights_are_xavier_uniform_and_biases_zero():
    torch.manual_seed(0)
    network = ResNetDiscriminator((3, 32, 32), 64)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            fan_in, fan_out = (
                module.weight[0].numel(),
                len(module.weight) * module.kernel_size[0] ** 2,
            )
            bound = (6 / (fan_in + fan_out)) ** 0.5
            assert module.weight.abs().max() <= bound
            assert module.weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.1)
            assert not module.bias.any()


def test_head_adds_one_norm_before_the_last_convolution():
    plain, headed = (ResNetGenerator((3, 32, 32), 5, 4, head=head) for head in (False, True))
    assert isinstance(plain.layers[-3], Block)
    assert isinstance(headed.layers[-4], nn.BatchNorm2d)
    assert len(headed.layers) == len(plain.layers) + 2


@pytest.mark.parametrize("norm", ["batch", "layer", "instance", "none"])
def test_each_norm_stands_where_it_is_asked_for(norm):
    wanted = {"batch": nn.BatchNorm2d, "layer": nn.GroupNorm, "instance": nn.InstanceNorm2d}
    network = ResNetDiscriminator((3, 32, 32), 4, norm)
    found = [m for m in network.modules() if isinstance(m, tuple(wanted.values()))]
    assert [type(m) for m in found] == [wanted[norm]] * 7 if norm in wanted else not found


@pytest.mark.parametrize("shape", [(3, 16, 16), (3, 32, 64), (2,)])
def test_other_shapes_are_refused_with_a_way_out(shape):
    for make in (lambda: ResNetGenerator(shape, 5), lambda: ResNetDiscriminator(shape)):
        with pytest.raises(ValueError, match="dcgan"):
            make()
