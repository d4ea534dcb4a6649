"""Augmentation of D's input: what it does to a picture, and who passes through it."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from gan_factory import (
    LATENT,
    Quadratic,
    changed,
    default_dtype,
    discriminator,
    draw,
    linear,
    make_gan,
    random_state,
    sgd,
    sigmoid,
    watch,
)
from scipy import ndimage
from torch import Tensor, nn
from torch.autograd import gradcheck, gradgradcheck

from bench.config.catalogue import Catalogue
from bench.config.plan import make_plan
from bench.conformance import toys
from bench.data.loader import Loader
from bench.errors import UsageError
from bench.training.build import build
from bench.training.preflight import preflight
from methods import ada
from methods.ada import ADA
from methods.as_gan import ASGAN
from methods.augmented import Augmented
from methods.base import GAN, Incompatible, Method
from methods.combine import combine
from methods.cr import CR
from methods.diffaugment import POLICIES, DiffAugment
from methods.instance_noise import InstanceNoise
from methods.lecam import LeCam
from methods.pictures import cut_out, flipped, mirrored, shifted, zeros
from methods.r1 import R1
from methods.simultaneous import Simultaneous
from methods.unrolled import Unrolled

pytestmark = pytest.mark.usefixtures("_float64")

SHAPE = (3, 4, 8)
N, LR = 5, 0.1


def pictures_gan(weight: Tensor | None = None, shape: Sequence[int] = SHAPE) -> GAN:
    """A linear G of pictures, and a linear D where there is a weight; else a quadratic one."""
    size = math.prod(shape)
    own = nn.Sequential(nn.Linear(LATENT, size, bias=False), nn.Unflatten(1, tuple(shape)))
    with torch.no_grad():
        own[0].weight.copy_(draw(size, LATENT, seed=3))
    critic = Quadratic(0.2) if weight is None else linear(weight)
    gan = make_gan(own, critic, g_optimizer=sgd(LR), d_optimizer=sgd(LR))
    return replace(gan, shape=tuple(shape))


class Drawn:
    """The method's stream once more, for arithmetic of a test's own."""

    def __init__(self) -> None:
        self.stream = torch.Generator().manual_seed(1)

    def uniform(self, low: float, high: float) -> np.ndarray:
        drawn = torch.rand((N, 1, 1, 1), generator=self.stream).numpy().ravel()
        return low + (high - low) * drawn

    def whole(self, low: int, high: int) -> np.ndarray:
        shape = (N, 1, 1, 1)
        return torch.randint(low, high + 1, shape, generator=self.stream).numpy().ravel()

    def normal(self, shape: Sequence[int]) -> np.ndarray:
        return torch.randn(tuple(shape), generator=self.stream).numpy()


def diffaugmented(drawn: Drawn):
    """DiffAugment of ``N`` pictures by loops over pixels, as a function of a batch."""
    _, height, width = SHAPE
    brightness, saturation = drawn.uniform(-0.5, 0.5), drawn.uniform(0, 2)
    contrast = drawn.uniform(0.5, 1.5)
    down, right = drawn.whole(0, 0), drawn.whole(-1, 1)  # an eighth of 4 is no pixel
    top, left = drawn.whole(0, 4), drawn.whole(0, 8)  # the middles of 2 by 4 pixels

    def transform(batch: np.ndarray) -> np.ndarray:
        result = np.zeros_like(batch)
        for i, x in enumerate(batch):
            x = x + brightness[i]
            x = x.mean(0) + saturation[i] * (x - x.mean(0))
            x = x.mean() + contrast[i] * (x - x.mean())
            for row in range(height):
                for column in range(width):
                    source = row - down[i], column - right[i]
                    cut = 0 <= row - (top[i] - 1) < 2 and 0 <= column - (left[i] - 2) < 4
                    if 0 <= source[0] < height and 0 <= source[1] < width and not cut:
                        result[i, :, row, column] = x[:, source[0], source[1]]
        return result

    return transform


def noised(drawn: Drawn):
    noise = drawn.normal((N, *SHAPE))
    return lambda batch: batch + 0.3 * noise


@pytest.mark.parametrize(
    ("method", "transformation"),
    [(DiffAugment(), diffaugmented), (InstanceNoise(instance_sigma=0.3), noised)],
)
def test_a_whole_step_is_the_one_computed_by_hand(method: Method, transformation) -> None:
    """T on real and fake in D's loss and on fakes in G's, new draws each; G's gradient is by T."""
    weight = draw(*SHAPE, seed=9) / 10
    gan = pictures_gan(weight)
    real = draw(N, *SHAPE)
    w, x = weight.numpy().ravel(), real.numpy()
    own = gan.generator[0].weight.detach().numpy().copy()
    latents = torch.Generator().manual_seed(0)
    first, second = (torch.randn(N, LATENT, generator=latents).numpy() for _ in range(2))
    drawn = Drawn()
    on_real, on_fake, on_g = (transformation(drawn) for _ in range(3))

    def samples(z: np.ndarray) -> np.ndarray:
        return (z @ own.T).reshape(N, *SHAPE)

    r, f = (t(batch).reshape(N, -1) for t, batch in ((on_real, x), (on_fake, samples(first))))
    slopes = (-sigmoid(-(r @ w)) @ r + sigmoid(f @ w) @ f) / N
    stepped = w - LR * slopes
    fake = samples(second)
    scores = on_g(fake).reshape(N, -1) @ stepped
    some = range(0, w.size, 7)
    gradient = []
    for k in some:  # T is affine, so that a difference is its derivative
        shift = np.zeros((N, w.size))
        shift[:, k] = 1
        moved = on_g(fake + shift.reshape(fake.shape)).reshape(N, -1) @ stepped
        gradient.append((-sigmoid(-scores) * (moved - scores)) @ second / N)
    method.step(gan, iter([real]))
    (layer,) = gan.discriminator.parameters()
    assert np.allclose(layer.detach().numpy()[0], stepped, rtol=1e-9)
    after = gan.generator[0].weight.detach().numpy()
    assert np.allclose(after[some], own[some] - LR * np.array(gradient), rtol=1e-8, atol=1e-12)


# --- transformations


@pytest.mark.parametrize("method", [DiffAugment(), ADA(adaptive_start=0.7), InstanceNoise()])
def test_an_augmentation_draws_from_the_methods_stream_alone_and_is_differentiable_twice(
    method: Augmented,
) -> None:
    gan, real = pictures_gan(), draw(2, 3, 3, 4).requires_grad_()
    before = random_state(gan)
    method.augment(gan, real)
    assert changed(before, random_state(gan)) == {"noise"}

    def transform(batch: Tensor) -> Tensor:
        gan.noise.manual_seed(5)
        return method.augment(gan, batch).sin()

    assert gradcheck(transform, (real,))
    assert gradgradcheck(transform, (real,))


@pytest.mark.parametrize(
    "method",
    [
        *(DiffAugment(diffaugment_policy=[name]) for name in POLICIES),
        ADA(adaptive_start=1.0),
        InstanceNoise(),
    ],
)
def test_each_sample_and_each_batch_has_a_draw_of_its_own(method: Augmented) -> None:
    gan = pictures_gan()
    same = draw(1, *SHAPE).expand(40, *SHAPE)
    first, second = method.augment(gan, same), method.augment(gan, same)
    assert len(first.flatten(1).unique(dim=0)) > 2
    assert not torch.equal(first, second)


def test_color_has_the_published_ranges() -> None:
    """Of a picture of two colours each law can be read from three numbers."""
    gan, n = pictures_gan(), 4000
    picture = torch.zeros(SHAPE)
    picture[0, :, :4], picture[1, :, 4:] = 0.6, 0.6
    batch = DiffAugment(diffaugment_policy=["color"]).augment(gan, picture.expand(n, *SHAPE))
    brightness = batch.mean((1, 2, 3)) - picture.mean()
    assert -0.5 <= brightness.min() < -0.49
    assert 0.49 < brightness.max() < 0.5
    spread = (batch[:, 0, 0, 0] - batch[:, 1, 0, 0]) / 0.6  # saturation times contrast
    assert 0 <= spread.min() < 0.01
    assert 2.8 < spread.max() < 3
    assert spread.mean().item() == pytest.approx(1, abs=0.03)
    grey = torch.linspace(-1, 1, 32).view(1, 4, 8).expand(n, *SHAPE)
    contrast = DiffAugment(diffaugment_policy=["color"]).augment(gan, grey)
    factors = (contrast[:, 0, 3, 7] - contrast[:, 0, 0, 0]) / 2
    assert 0.5 <= factors.min() < 0.51
    assert 1.49 < factors.max() < 1.5


@pytest.mark.parametrize(("border", "mode"), [(zeros, "constant"), (mirrored, "reflect")])
def test_a_shift_by_whole_pixels_is_numpys_and_never_wraps_around(border, mode: str) -> None:
    gan, n = pictures_gan(), 300
    picture = draw(3, 8, 16)
    padded = np.pad(picture.numpy(), ((0, 0), (1, 1), (2, 2)), mode=mode)
    possible = {
        padded[:, 1 - down : 9 - down, 2 - right : 18 - right].tobytes()
        for down in (-1, 0, 1)
        for right in (-2, -1, 0, 1, 2)
    }
    found = shifted(gan, picture.expand(n, 3, 8, 16), 0.125, border)
    assert {x.numpy().tobytes() for x in found} == possible


def test_a_flip_is_of_columns_and_of_half_the_pictures() -> None:
    gan, picture = pictures_gan(), draw(*SHAPE)
    found = flipped(gan, picture.expand(400, *SHAPE))
    mirrors = (found == picture.flip(2)).flatten(1).all(1)
    assert (mirrors | (found == picture).flatten(1).all(1)).all()
    assert mirrors.float().mean().item() == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize(("size", "share", "length"), [(8, 0.5, 4), (6, 0.5, 3), (8, 0.25, 2)])
def test_a_cutout_is_a_square_of_its_size_whose_middle_may_be_anywhere(
    size: int, share: float, length: int
) -> None:
    gan, n = pictures_gan(), 3000
    cut = cut_out(gan, torch.ones(n, 3, size, size), share) == 0
    assert (cut == cut[:, :1]).all()
    rows, columns = cut[:, 0].any(2).sum(1), cut[:, 0].any(1).sum(1)
    assert torch.equal(cut[:, 0].sum((1, 2)), rows * columns)
    assert rows.max() == columns.max() == length
    middles = size + 1 - length % 2
    inside = (size - length + 1) / middles
    assert (rows == length).float().mean().item() == pytest.approx(inside, abs=0.04)
    expected = np.zeros(size)
    for first in range(-(length // 2), middles - length // 2):
        expected[max(first, 0) : first + length] += 1 / middles
    found = cut[:, 0].any(2).float().mean(0).numpy()
    assert np.allclose(found, expected, atol=0.04)


# --- ADA's pipeline


class Scripted:
    """Draws that a test decides: by default those at which nothing changes."""

    def __init__(self, n: int, uniform=(), normal=(), choice=()) -> None:
        self.p, self.any = torch.tensor(0.0), torch.ones(n, dtype=torch.bool)
        self._n = n
        self._left = {"uniform": list(uniform), "normal": list(normal), "choice": list(choice)}

    def _next(self, kind: str, k: int) -> Tensor:
        left = self._left[kind]
        values = torch.as_tensor(left.pop(0) if left else 0.0, dtype=torch.float64)
        return values.reshape(-1, 1).expand(k, self._n)

    def uniform(self, k: int = 1, p: Tensor | None = None) -> Tensor:
        return self._next("uniform", k)

    def normal(self, k: int = 1) -> Tensor:
        return self._next("normal", k)

    def choice(self, options: int) -> Tensor:
        return self._next("choice", 1)


def test_blitting_is_numpys_of_whole_pixels() -> None:
    x = draw(1, 3, 8, 8)
    own = x.numpy()[0]
    flip = ada._resampled(x, Scripted(1, choice=[1.0]))
    assert np.allclose(flip[0], own[:, :, ::-1], atol=1e-12)
    turns = [ada._resampled(x, Scripted(1, choice=[0.0, float(k)]))[0] for k in (1, 2, 3)]
    rotated = [np.rot90(own, k, (1, 2)) for k in (1, 2, 3)]
    assert np.allclose(turns[1], rotated[1], atol=1e-12)
    quarters = {tuple(np.round(t, 9).ravel()) for t in (turns[0].numpy(), turns[2].numpy())}
    assert quarters == {tuple(np.round(t, 9).ravel()) for t in (rotated[0], rotated[2])}
    moved = ada._resampled(x, Scripted(1, uniform=[[0.9, -0.6]]))  # .9 and .6 of an eighth of 8
    padded = np.pad(own, ((0, 0), (1, 1), (1, 1)), mode="reflect")
    assert np.allclose(moved[0], padded[:, 0:8, 2:10], atol=1e-12)
    wide = ada._resampled(draw(1, 1, 8, 32), Scripted(1, uniform=[[0.3, 0.4]]))
    expected = np.pad(draw(1, 1, 8, 32).numpy()[0], ((0, 0), (0, 0), (0, 1)), mode="reflect")
    assert np.allclose(wide[0], expected[:, :, 1:], atol=1e-12)


def test_geometry_is_one_bilinear_resampling_by_the_product_of_all_maps() -> None:
    """Against scipy, which goes from a pixel of the result to where it comes from as well."""
    height, width = 8, 10
    x = draw(1, 3, height, width)
    zoom, before, stretch, after, dx, dy = 0.7, 0.31, -0.9, -0.12, 0.6, -0.8

    def turn(half_turns: float) -> np.ndarray:
        c, s = math.cos(math.pi * half_turns), math.sin(math.pi * half_turns)
        return np.array([[c, -s], [s, c]])

    scale = 2 ** (0.2 * stretch)
    linear_part = 2 ** (0.2 * zoom) * turn(before) @ np.diag([scale, 1 / scale]) @ turn(after)
    offset = linear_part @ [dx * width / 8, dy * height / 8]
    exchanged = linear_part[::-1, ::-1]  # scipy counts rows first
    middle = np.array([(height - 1) / 2, (width - 1) / 2])
    shift = middle + offset[::-1] - exchanged @ middle
    expected = [
        ndimage.affine_transform(channel, exchanged, shift, order=1, mode="mirror")
        for channel in x.numpy()[0]
    ]
    draws = Scripted(1, uniform=[[0, 0], before, after], normal=[zoom, stretch, [dx, dy]])
    assert np.allclose(ada._resampled(x, draws)[0], expected, atol=1e-9)


@pytest.mark.parametrize("channels", [1, 3])
def test_color_is_the_product_of_the_published_matrices(channels: int) -> None:
    """Of homogeneous colours, with v the axis of greys; grey pictures stand for three channels."""
    x = draw(1, channels, 4, 5)
    b, c, s, hue = 0.8, -1.2, 0.7, 0.4
    v = np.array([1, 1, 1, 0]) / math.sqrt(3)
    across = np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])
    along, angle = np.outer(v[:3], v[:3]), math.pi * hue
    hues = np.eye(4)
    hues[:3, :3] = (
        math.cos(angle) * np.eye(3) + math.sin(angle) * across + (1 - math.cos(angle)) * along
    )
    brightness = np.eye(4)
    brightness[:3, 3] = 0.2 * b
    contrast = np.diag([2 ** (0.5 * c)] * 3 + [1])
    flip = np.eye(4) - 2 * np.outer(v, v)
    saturation = np.outer(v, v) + (np.eye(4) - np.outer(v, v)) * 2**s
    saturation[3, 3] = 1
    matrix = saturation @ hues @ flip @ contrast @ brightness
    colors = np.concatenate([np.broadcast_to(x.numpy()[0], (3, 4, 5)), np.ones((1, 4, 5))])
    expected = np.einsum("ij,jhw->ihw", matrix, colors)[:channels]
    found = ada._recolored(x, Scripted(1, normal=[b, c, s], choice=[1.0], uniform=[hue]))
    assert np.allclose(found[0], expected, atol=1e-12)


def test_every_transformation_of_ada_has_the_chance_p() -> None:
    gan, n, p = pictures_gan(), 20000, 0.3
    draws = ada._Draws(gan, torch.zeros(n, 1, 1, 1), torch.tensor(p))
    for drawn in (draws.uniform(2), draws.normal()):
        assert (drawn != 0).double().mean().item() == pytest.approx(p, abs=0.015)
    both = draws.uniform(2)
    assert torch.equal(both[0] == 0, both[1] == 0)
    assert not torch.equal(both[0], both[1])
    assert both.min() < -0.99
    assert both.max() > 0.99
    fours = draws.choice(4).flatten().long().bincount(minlength=4).double() / n
    assert fours.tolist() == pytest.approx([1 - p * 3 / 4, *[p / 4] * 3], abs=0.015)
    either = 1 - (1 - draws.p).sqrt()
    one, other = (draws.uniform(p=either) != 0 for _ in range(2))
    assert (one | other).double().mean().item() == pytest.approx(p, abs=0.015)


def test_ada_at_p_0_leaves_every_picture_bit_for_bit_and_at_p_1_none() -> None:
    gan, x = pictures_gan(), draw(50, *SHAPE)
    assert torch.equal(ADA(adaptive_start=0.0).augment(gan, x), x)
    changed_ones = (ADA(adaptive_start=1.0).augment(gan, x) != x).flatten(1).any(1)
    assert changed_ones.all()


# --- what passes through it


def seen_by(gan: GAN) -> list[Tensor]:
    """The batches that D's first layer is given, augmentations included."""
    assert isinstance(gan.discriminator, nn.Module)
    return watch(next(gan.discriminator.children(), gan.discriminator))


class Marked(Augmented):
    """Adds 100 to all, so that whatever D sees in a step tells by its size how often it passed."""

    def augment(self, gan: GAN, batch: Tensor) -> Tensor:
        return super().augment(gan, batch) + 100


def marks(method: Method) -> list[int]:
    """How often each batch of one step was augmented before D saw it."""
    weight = draw(*SHAPE, seed=9) / 1000
    gan = pictures_gan(weight)
    method.check(gan)
    seen = seen_by(gan)
    real = [draw(N, *SHAPE, seed=seed) for seed in range(method.d_steps)]
    method.step(gan, iter(real))
    return [round(batch.mean().item() / 100) for batch in seen]


@pytest.mark.parametrize(
    ("methods", "passes"),
    [
        ([Marked()], 3),
        ([Marked(), R1()], 4),
        ([R1(), Marked()], 4),
        ([Marked(), LeCam(lecam_start=0)], 3),
        ([LeCam(lecam_start=0), Marked()], 3),
        ([Marked(), ASGAN()], 5),
        ([ASGAN(rescore_fake=False), Marked()], 4),
        ([Marked(), Unrolled(k=2)], 7),
        ([Unrolled(k=2), Marked()], 7),
        ([Marked(), Simultaneous()], 3),
        ([Marked(), CR()], 4),
        ([CR(), Marked()], 4),
    ],
)
def test_every_pass_of_a_step_is_augmented_once_in_either_order(
    methods: list[Method], passes: int
) -> None:
    assert marks(combine(methods)) == [1] * passes


def test_augmentations_stack_each_once() -> None:
    stacked = combine([InstanceNoise(instance_sigma=1e-3), Marked()])
    assert marks(stacked) == [1] * 3
    gan, x = pictures_gan(), draw(N, *SHAPE)
    noise = stacked.augment(gan, x) - x - 100
    assert noise.std().item() == pytest.approx(1e-3, rel=0.1)


def test_where_a_step_would_be_lost_the_order_is_refused() -> None:
    with pytest.raises(Incompatible, match=r"name Marked before Simultaneous in combine"):
        combine([Simultaneous(), Marked()]).check(pictures_gan())


def test_outside_of_a_step_d_is_bare_even_after_one_that_failed() -> None:
    gan = pictures_gan(draw(*SHAPE) / 100)
    real = draw(N, *SHAPE)
    before = gan.discriminator(real)
    frozen = replace(gan, d_optimizer=sgd(0.0)(list(gan.discriminator.parameters())))
    Marked().step(frozen, iter([real]))
    assert torch.equal(gan.discriminator(real), before)
    with pytest.raises(RuntimeError):
        Marked().step(frozen, iter([real[:, :1]]))
    assert torch.equal(gan.discriminator(real), before)


def test_r1_penalises_d_of_t_as_a_function_of_the_picture() -> None:
    """Of f(T x) = w . T x the gradient is T' w, to which pixels that are cut out add nothing."""
    weight = draw(*SHAPE, seed=9)
    gan = pictures_gan(weight)
    real = draw(N, *SHAPE)
    method = combine([DiffAugment(diffaugment_policy=["cutout"]), R1(gamma=2.0)])
    drawn = Drawn()
    kept = []
    for _ in range(3):  # real, fake, and the penalty's own
        top, left = drawn.whole(0, 4), drawn.whole(0, 8)
        mask = np.ones((N, *SHAPE))
        for i in range(N):
            mask[i, :, max(top[i] - 1, 0) : top[i] + 1, max(left[i] - 2, 0) : left[i] + 2] = 0
        kept.append(mask.reshape(N, -1))
    w = weight.numpy().ravel()
    fake = gan.generator(torch.randn(N, LATENT, generator=torch.Generator().manual_seed(0)))
    x, g = (batch.detach().numpy().reshape(N, -1) for batch in (real, fake))
    x, g = x * kept[0], g * kept[1]
    slope = (-sigmoid(-(x @ w)) @ x + sigmoid(g @ w) @ g) / N + 2 * (kept[2].mean(0) * w)
    method.step(gan, iter([real]))
    (layer,) = gan.discriminator.parameters()
    assert np.allclose(layer.detach().numpy()[0], w - LR * slope, rtol=1e-9)


def test_as_gans_gradient_is_that_of_d_of_t_and_x_hat_passes_through_t() -> None:
    weight = draw(*SHAPE, seed=9)
    gan = pictures_gan(weight)
    real = draw(N, *SHAPE)
    seen = watch(gan.discriminator)  # before T
    method = combine([DiffAugment(diffaugment_policy=["cutout"]), ASGAN(epsilon=0.1)])
    logs = method.step(gan, iter([real]))
    drawn = Drawn()
    top, left = drawn.whole(0, 4), drawn.whole(0, 8)
    x_hat = seen[2]
    for i in range(N):
        moved = (x_hat[i] - real[i]).abs() > 0.05
        cut = torch.zeros(SHAPE, dtype=torch.bool)
        cut[:, max(top[i] - 1, 0) : top[i] + 1, max(left[i] - 2, 0) : left[i] + 2] = True
        assert torch.equal(moved, ~cut)
    assert 0 < logs["zero_signs"] < 1


# --- with every method


@pytest.mark.slow
@pytest.mark.parametrize("name", Catalogue.of().available("methods"))
def test_the_setting_augments_all_that_d_sees_in_a_step_of_every_method(name, monkeypatch) -> None:
    with default_dtype(torch.float32):
        toy = replace(toys.PICTURES, method=name, include=("settings/diffaugment.gin",))
        run = toy.run()
        parts = toys.experiment(run)
        gan = build(parts, run.seed, torch.device("cpu"))
        assert isinstance(parts.method, DiffAugment)
        outer, augmented = [], []
        original = DiffAugment.augment

        def counted(self, gan: GAN, batch: Tensor) -> Tensor:
            augmented.append(len(batch))
            return original(self, gan, batch)

        monkeypatch.setattr(DiffAugment, "augment", counted)
        gan.discriminator.register_forward_pre_hook(
            lambda module, inputs: outer.append(len(inputs[0]))
        )
        logs = parts.method.step(gan, Loader(parts.data.training(), parts.batch_size, run.seed))
    assert augmented == outer
    assert len(outer) >= 3
    assert all(value.isfinite() for value in logs.values())


@pytest.mark.parametrize("setting", ["diffaugment", "ada"])
def test_on_points_a_setting_for_pictures_is_refused_before_any_work(setting, toy_suite) -> None:
    toy_suite.write_text(toy_suite.read_text() + f'Suite.settings = ["{setting}"]\n')
    with pytest.raises(UsageError, match=r"alters pictures.*\(2,\).*instance_noise"):
        preflight(make_plan(str(toy_suite)))
    toy_suite.write_text(toy_suite.read_text().replace(setting, "instance_noise"))
    preflight(make_plan(str(toy_suite)))


@pytest.mark.parametrize("method", [DiffAugment(), ADA(), CR()])
def test_points_are_refused_with_the_remedy(method: Method) -> None:
    gan = replace(make_gan(nn.Linear(3, 2), discriminator()), shape=(2,))
    with pytest.raises(Incompatible, match=r"pictures .*\(2,\): choose a data set"):
        method.check(gan)
    method.check(pictures_gan())


def test_ada_refuses_pictures_of_two_channels() -> None:
    with pytest.raises(Incompatible, match="1 or 3 channels, and a picture here has 2"):
        ADA().check(pictures_gan(shape=(2, 4, 4)))
    ADA().check(pictures_gan(shape=(1, 4, 4)))


@pytest.mark.parametrize(
    ("kind", "options", "complaint"),
    [
        (DiffAugment, {"diffaugment_policy": ["colour"]}, "'colour': valid are color, translation"),
        (DiffAugment, {"diffaugment_cutout": 1.5}, r"diffaugment_cutout = 1.5: .*\[0, 1\]"),
        (DiffAugment, {"diffaugment_translation": -0.1}, "diffaugment_translation = -0.1"),
        (InstanceNoise, {"instance_sigma": -1.0}, "instance_sigma = -1.0: .* negative"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(kind: type, options, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        kind(**options)
