"""Pictures of every form come out as 8-bit pixels, upright, square, and not aliased."""

import io

import numpy as np
import pytest
from pictures_factory import levels, noise
from PIL import Image

from bench.data.pictures import BadPicture, Picture, read, square, upright


def stored(image: Image.Image, form: str, **options) -> Image.Image:
    """The picture as it is read back from a file."""
    file = io.BytesIO()
    image.save(file, form, **options)
    return Image.open(file)


def test_a_colour_picture_stays_as_it_is_and_grey_becomes_three_equal_colours() -> None:
    colour = noise(0)
    assert np.array_equal(levels(upright(stored(colour, "PNG"), 3)), levels(colour))
    grey = colour.convert("L")
    assert np.array_equal(levels(upright(stored(grey, "PNG"), 3)), np.repeat(levels(grey), 3, 0))
    assert np.array_equal(levels(upright(stored(grey, "PNG"), 1)), levels(grey))
    assert np.array_equal(levels(upright(stored(colour, "PNG"), 1)), levels(grey))


def test_a_bitmap_becomes_black_and_white() -> None:
    bits = Image.fromarray(np.eye(8) > 0)
    assert bits.mode == "1"
    assert np.array_equal(levels(upright(stored(bits, "PNG"), 1))[0], 255 * np.eye(8))


def test_a_palettes_colours_are_looked_up() -> None:
    palette = noise(0).quantize(16)
    assert np.array_equal(
        levels(upright(stored(palette, "PNG"), 3)), levels(palette.convert("RGB"))
    )


def test_what_is_transparent_shows_white_and_not_what_hides_there() -> None:
    hidden = Image.new("RGBA", (4, 4), (200, 10, 10, 0))
    assert (levels(upright(stored(hidden, "PNG"), 3)) == 255).all()

    half = Image.new("RGBA", (4, 4), (0, 0, 0, 51))  # a fifth black over four fifths white
    assert (levels(upright(stored(half, "PNG"), 3)) == 204).all()

    grey = Image.new("LA", (4, 4), (0, 51))
    assert (levels(upright(stored(grey, "PNG"), 1)) == 204).all()


@pytest.mark.parametrize("mode", ["P", "L", "RGB"])
def test_a_transparent_colour_shows_white_too(mode: str) -> None:
    image = Image.new("L", (4, 4), 0).convert(mode)
    image.paste(image.getpixel((0, 0)), (0, 0, 4, 4))
    read_back = stored(image, "PNG", transparency=image.getpixel((0, 0)))
    assert "transparency" in read_back.info
    assert (levels(upright(read_back, 3)) == 255).all()


def test_a_cmyk_jpeg_gets_the_colours_it_shows() -> None:
    shown = Image.new("RGB", (16, 16), (250, 20, 30))
    pixels = levels(upright(stored(shown.convert("CMYK"), "JPEG", quality=100), 3))
    assert np.abs(pixels - np.array([250, 20, 30]).reshape(3, 1, 1)).max() <= 2


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_sixteen_bits_are_rounded_to_eight_and_not_clipped(form: str) -> None:
    deep = np.array([[0, 128, 129, 257], [32768, 65406, 65407, 65535]], dtype=np.uint16)
    pixels = levels(upright(stored(Image.fromarray(deep), form), 3))
    expected = np.floor(deep.astype(float) * 255 / 65535 + 0.5)
    assert np.array_equal(pixels, np.repeat(expected[None], 3, 0))


def test_a_transparent_level_of_sixteen_bits_shows_white() -> None:
    deep = Image.fromarray(np.array([[0, 257], [514, 65535]], dtype=np.uint16))
    pixels = levels(upright(stored(deep, "PNG", transparency=257), 1))
    assert pixels.tolist() == [[[0, 255], [2, 255]]]


@pytest.mark.parametrize("dtype", [np.float32, np.int32])
def test_levels_of_unknown_range_are_refused(dtype: type) -> None:
    image = stored(Image.fromarray(np.full((4, 4), -1, dtype)), "TIFF")
    with pytest.raises(BadPicture, match="no known range"):
        upright(image, 3)


@pytest.mark.parametrize(
    ("orientation", "turn"),
    [
        (3, Image.Transpose.ROTATE_180),
        (6, Image.Transpose.ROTATE_270),
        (8, Image.Transpose.ROTATE_90),
        (2, Image.Transpose.FLIP_LEFT_RIGHT),
    ],
)
@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_picture_is_turned_as_its_exif_says(form, orientation, turn) -> None:
    image = noise(0, 24, 16)
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = upright(stored(image, form, exif=exif), 3)
    assert np.array_equal(levels(turned), levels(stored(image, form).transpose(turn)))


def test_the_middle_is_cut_out_and_resized_only_if_it_must_be() -> None:
    image = noise(0, 178, 218)
    face = levels(square(image, 178, 178))
    assert np.array_equal(face, levels(image)[:, 20:198])
    assert levels(square(image, 108, 108))[0, 0, 0] == levels(image)[0, 55, 35]
    assert square(image, None, 64).size == (64, 64)
    assert np.array_equal(levels(square(image.transpose(2), None, 64))[0].shape, (64, 64))


def test_resizing_antialiases() -> None:
    stripes = np.zeros((64, 64), np.uint8)
    stripes[:, ::2] = 255
    small = levels(square(Image.fromarray(stripes), None, 8))
    assert np.abs(small.astype(int) - 127).max() <= 8  # every eighth column alone is all 255


def test_a_picture_smaller_than_its_crop_is_refused() -> None:
    with pytest.raises(BadPicture, match="100 x 218 pixels hold no square of 178"):
        square(noise(0, 100, 218), 178, 64)


def broken(content: bytes) -> Picture:
    return Picture("it", lambda: Image.open(io.BytesIO(content)))


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_truncated_and_corrupt_files_are_bad_pictures(form: str) -> None:
    file = io.BytesIO()
    noise(0).save(file, form)
    whole = file.getvalue()
    assert read(broken(whole), lambda image: image.convert("RGB")).shape == (3, 32, 32)
    for content in (b"", b"no picture at all", whole[:20], whole[: len(whole) // 2]):
        with pytest.raises(BadPicture, match=r".") as error:
            read(broken(content), lambda image: image.convert("RGB"))
        assert "BytesIO" not in str(error.value)


def test_whatever_pillow_raises_is_a_bad_picture() -> None:
    content = b"DDS " + bytes([124]) + bytes(200)
    with pytest.raises(BadPicture, match="Unknown pixel format") as error:
        read(broken(content), lambda image: image)
    assert isinstance(error.value.__cause__, NotImplementedError)


def test_a_missing_file_is_a_bad_picture(tmp_path) -> None:
    with pytest.raises(BadPicture, match="No such file"):
        read(Picture("it", lambda: Image.open(tmp_path / "gone.png")), lambda image: image)
