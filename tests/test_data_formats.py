"""Each data set is read from the files it is published as, and says which of them is wrong."""

import gc
import gzip
import hashlib
import io
import os
import pickle
import shutil
import sys
from pathlib import Path

import lmdb
import numpy as np
import pytest
from pictures_factory import folder_of, idx, levels, noise, write_mnist
from PIL import Image
from torchvision import datasets
from web_server import serving

from bench.config.catalogue import Catalogue
from bench.data.celeba import CelebA
from bench.data.cifar10 import CIFAR10
from bench.data.image_folder import ImageFolder
from bench.data.imagenet import ImageNet
from bench.data.lsun import LSUN
from bench.data.mnist import MNIST, StackedMNIST
from bench.errors import UsageError


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty data folder, where everything is looked for."""
    monkeypatch.setenv("GANBENCH_DATA", str(tmp_path))
    monkeypatch.delenv("GANBENCH_CACHE", raising=False)
    return tmp_path


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


def refused(data, *words: str) -> None:
    """Loading fails with one sentence that holds the words."""
    with pytest.raises(UsageError) as error:
        data.training()
    message = str(error.value)
    assert message.startswith(f"data = {data.name}: ")
    assert "\n" not in message
    for word in words:
        assert word in message


@pytest.fixture
def cifar10(home, monkeypatch):
    """Six pictures in the official format; torchvision expects their md5."""
    folder = home / "cifar-10-batches-py"
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(256, size=(6, 3072), dtype=np.uint8)

    def write(name, content):
        (folder / name).write_bytes(pickle.dumps(content))
        return [name, md5(folder / name)]

    batches = [
        write(f"data_batch_{i + 1}", {"data": pixels[i : i + 1], "labels": [i]}) for i in range(5)
    ]
    monkeypatch.setattr(datasets.CIFAR10, "train_list", batches)
    test = write("test_batch", {"data": pixels[5:], "labels": [5]})
    monkeypatch.setattr(datasets.CIFAR10, "test_list", [test])
    meta = write("batches.meta", {"label_names": list("abcdef")})
    expected = {"filename": meta[0], "key": "label_names", "md5": meta[1]}
    monkeypatch.setattr(datasets.CIFAR10, "meta", expected)
    return pixels.reshape(6, 3, 32, 32)


def test_cifar10_is_read_from_its_pickles_red_first(cifar10) -> None:
    assert np.array_equal(CIFAR10().training().numpy(), cifar10[:5])
    assert np.array_equal(CIFAR10().evaluation().numpy(), cifar10[5:])


def test_cifar10_has_the_classes_of_its_pickles(cifar10) -> None:
    pictures, classes = CIFAR10().labelled("training")
    assert np.array_equal(pictures.numpy(), cifar10[:5])
    assert classes.tolist() == [0, 1, 2, 3, 4]
    assert CIFAR10().labelled("evaluation")[1].tolist() == [5]


def test_cifar10_says_which_file_is_missing_or_damaged(cifar10, home) -> None:
    batch = home / "cifar-10-batches-py" / "data_batch_3"
    content = batch.read_bytes()
    batch.write_bytes(content[:-1])
    refused(CIFAR10(), f"{batch} is damaged", "md5", "delete it", datasets.CIFAR10.url)
    batch.unlink()
    refused(CIFAR10(), f"{batch} is missing", "CIFAR10.download = True", "GANBENCH_DATA")


def test_a_pickle_with_another_md5_is_never_loaded(cifar10, home) -> None:
    class Trap:
        def __reduce__(self):
            return (open, (str(home / "sprung"), "w"))

    (home / "cifar-10-batches-py" / "batches.meta").write_bytes(pickle.dumps(Trap()))
    refused(CIFAR10(), "batches.meta is damaged")
    assert not (home / "sprung").exists()


@pytest.fixture
def mnist(home):
    """Seven digits to train on and five to test."""
    rng = np.random.default_rng(0)
    digits = {
        name: rng.integers(256, size=(n, 28, 28), dtype=np.uint8)
        for name, n in (("train", 7), ("t10k", 5))
    }
    write_mnist(home, {name: (found, np.arange(len(found))) for name, found in digits.items()})
    return digits


def test_mnist_is_read_from_its_idx_files_and_framed(mnist) -> None:
    for pictures, digits in (
        (MNIST().training(), mnist["train"]),
        (MNIST().evaluation(), mnist["t10k"]),
    ):
        framed = np.pad(digits, ((0, 0), (2, 2), (2, 2)))
        assert np.array_equal(pictures.numpy(), framed[:, None])
    assert np.array_equal(MNIST(size=28).training().numpy(), mnist["train"][:, None])


def test_mnist_knows_its_digits_by_their_labels(mnist) -> None:
    pictures, labels = MNIST().labelled("evaluation")
    assert np.array_equal(pictures[:, 0, 2:-2, 2:-2].numpy(), mnist["t10k"])
    assert labels.tolist() == list(range(5))
    assert len(MNIST().labelled("training")[1]) == 7
    assert not MNIST.mirrors


def test_stacked_mnist_holds_digits_of_its_own_split_in_each_colour(mnist) -> None:
    data = StackedMNIST(triples=200, evaluation_triples=100)
    for pictures, split, n in (
        (data.training(), "train", 200),
        (data.evaluation(), "t10k", 100),
    ):
        assert pictures.shape == (n, 3, 32, 32)
        channels = pictures[:, :, 2:-2, 2:-2].reshape(-1, 28 * 28).numpy()
        found = {channel.tobytes() for channel in channels}
        assert found == {digit.tobytes() for digit in mnist[split]}
        triples = {picture.numpy().tobytes() for picture in pictures}
        assert len(triples) > n / 2


@pytest.mark.parametrize(
    "file", ["train-images-idx3-ubyte", "t10k-images-idx3-ubyte", "train-labels-idx1-ubyte"]
)
def test_mnist_says_which_file_is_missing_or_damaged(mnist, home, file) -> None:
    path = home / "MNIST" / "raw" / file
    content = path.read_bytes()
    other_type = b"\0\0\x0a" + content[3:]  # which IDX does not know
    for damaged in (content[:-1], content[:3], b"", gzip.compress(content), other_type):
        path.write_bytes(damaged)
        refused(MNIST(), f"{path} is damaged", "delete it")
    path.unlink()
    refused(MNIST(), f"{path} is missing", "MNIST.download = True")


def test_mnist_says_which_files_do_not_belong_together(mnist, home) -> None:
    folder = home / "MNIST" / "raw"
    labels = folder / "t10k-labels-idx1-ubyte"
    labels.write_bytes(idx(np.zeros(4, np.uint8)))
    refused(MNIST(), f"{labels} has 4 labels for 5 digits", "delete it and t10k-images-idx3-ubyte")
    digits = folder / "t10k-images-idx3-ubyte"
    digits.write_bytes(idx(np.zeros((4, 32, 32), np.uint8)))
    refused(MNIST(), f"{digits} holds pictures that are not 28 x 28")


@pytest.mark.parametrize("parameter", ["triples", "evaluation_triples"])
def test_stacked_mnist_needs_a_triple(parameter) -> None:
    with pytest.raises(ValueError, match=f"^{parameter} = 0: it must be at least 1"):
        StackedMNIST(**{parameter: 0})


@pytest.mark.parametrize("form", [{"size": 24}, {"size": 33}, {"crop": 20}])
def test_mnist_refuses_forms_that_would_cut_a_digit(form) -> None:
    with pytest.raises(ValueError, match=next(iter(form))):
        MNIST(**form)


@pytest.fixture
def celeba(home, monkeypatch):
    """Six faces: three to train on, one to validate, two to test."""
    folder = home / "celeba"
    pictures = folder / "img_align_celeba"
    pictures.mkdir(parents=True)
    files = [f"{i:06d}.jpg" for i in range(1, 7)]
    for i, file in enumerate(files):
        noise(i, 178, 218).save(pictures / file, quality=95)
    rows = {
        "list_eval_partition.txt": ["0", "2", "0", "1", "2", "0"],
        "identity_CelebA.txt": ["5", "6", "7", "8", "9", "10"],
        "list_bbox_celeba.txt": ["95  71 226 313"] * 6,
        "list_landmarks_align_celeba.txt": ["69  109  106  113   77  142   73  152  108  154"] * 6,
        "list_attr_celeba.txt": [" ".join(["-1", " 1"] * 20)] * 6,
    }
    headers = {
        "list_bbox_celeba.txt": "6\nimage_id x_1 y_1 width height\n",
        "list_landmarks_align_celeba.txt": "6\nlefteye_x lefteye_y righteye_x righteye_y nose_x "
        "nose_y leftmouth_x leftmouth_y rightmouth_x rightmouth_y\n",
        "list_attr_celeba.txt": "6\n" + " ".join(f"attribute_{i}" for i in range(40)) + "\n",
    }
    for name, values in rows.items():
        lines = "".join(f"{file} {value}\n" for file, value in zip(files, values, strict=True))
        (folder / name).write_text(headers.get(name, "") + lines)
    expected = [("", "", "img_align_celeba.zip")] + [("", md5(folder / n), n) for n in rows]
    monkeypatch.setattr(datasets.CelebA, "file_list", expected)
    return pictures


def test_celeba_follows_the_official_partition_and_crops_the_middle(celeba) -> None:
    data = CelebA(size=178)
    for split, members in ((data.training(), (1, 3, 6)), (data.evaluation(), (2, 5))):
        assert len(split) == len(members)
        for picture, number in zip(split, members, strict=True):
            face = levels(Image.open(celeba / f"{number:06d}.jpg"))
            assert np.array_equal(picture.numpy(), face[:, 20:198])


def test_celeba_is_the_square_resized_with_antialiasing(celeba) -> None:
    face = Image.open(celeba / "000001.jpg").crop((0, 20, 178, 198))
    for size in (64, 128):
        expected = levels(face.resize((size, size), Image.Resampling.LANCZOS))
        assert np.array_equal(CelebA(size=size).training()[0].numpy(), expected)


def test_celeba_says_which_file_is_missing_or_damaged(celeba, home) -> None:
    face = celeba / "000003.jpg"
    content = face.read_bytes()
    face.write_bytes(content[:1000])
    refused(CelebA(), f"{face} cannot be used", "truncated", "CelebA.skip_bad = True")
    face.unlink()
    refused(CelebA(), f"{face} cannot be used (No such file or directory)")
    partition = home / "celeba" / "list_eval_partition.txt"
    partition.write_text(partition.read_text()[:-5])
    refused(CelebA(), f"{partition} is damaged", "mmlab.ie.cuhk.edu.hk")
    partition.unlink()
    refused(CelebA(), f"{partition} is missing")
    shutil.rmtree(celeba)
    partition.write_text("")


@pytest.fixture
def lsun(home):
    """Twelve bedrooms in an LMDB, by keys that are no numbers; returns them in their order."""
    path = home / "lsun" / "bedroom_train_lmdb"
    path.mkdir(parents=True)
    rooms = {}
    with lmdb.open(str(path), map_size=2**24) as database, database.begin(write=True) as view:
        for i in range(12):
            file = io.BytesIO()
            noise(i, 341 if i % 2 else 256, 256).save(file, "WEBP" if i % 3 else "JPEG")
            key = hashlib.sha1(str(i).encode()).hexdigest().encode()
            rooms[key] = file.getvalue()
            view.put(key, rooms[key])
    return path, [rooms[key] for key in sorted(rooms)]


def test_lsun_is_read_from_its_lmdb_and_the_first_are_held_out(lsun) -> None:
    _, rooms = lsun
    data = LSUN(held_out=4, size=256)
    for split, members in ((data.evaluation(), rooms[:4]), (data.training(), rooms[4:])):
        assert len(split) == len(members)
        for picture, content in zip(split, members, strict=True):
            room = levels(Image.open(io.BytesIO(content)).convert("RGB"))
            left = (room.shape[2] - 256) // 2
            assert np.array_equal(picture.numpy(), room[:, :, left : left + 256])


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # torchvision does not close its pickle
def test_lsun_has_torchvisions_pictures_in_its_order(lsun, home, monkeypatch) -> None:
    monkeypatch.chdir(home)  # where torchvision leaves a pickle
    reference = datasets.LSUN(str(home / "lsun"), ["bedroom_train"])
    rooms = [reference[i][0] for i in range(len(reference))]
    reference.dbs[0].env.close()
    for picture, room in zip(LSUN(held_out=4).training(), rooms[4:], strict=True):
        left = (room.width - 256) // 2
        expected = room.crop((left, 0, left + 256, 256)).resize((64, 64), Image.Resampling.LANCZOS)
        assert np.array_equal(picture.numpy(), levels(expected))


def test_lsun_leaves_no_file_but_the_cache(lsun, home, monkeypatch) -> None:
    elsewhere = home / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    LSUN(held_out=4).training()
    assert not list(elsewhere.iterdir())
    assert sorted(path.name for path in home.iterdir()) == ["cache", "elsewhere", "lsun"]


def test_lsun_names_the_entry_that_is_no_picture(lsun) -> None:
    path, _ = lsun
    key = b"f" * 40
    with lmdb.open(str(path), map_size=2**24) as database, database.begin(write=True) as view:
        view.put(key, b"no picture")
    refused(LSUN(held_out=4), f"{key.decode()} in {path} cannot be used", "LSUN.skip_bad = True")
    assert len(LSUN(held_out=4, skip_bad=True).training()) == 8


def test_lsun_says_what_is_wrong_with_its_database(lsun, monkeypatch) -> None:
    path, _ = lsun
    data = path / "data.mdb"
    whole = data.read_bytes()
    data.write_bytes(whole[: len(whole) // 2])
    refused(LSUN(held_out=4), f"{data} is damaged, it has {len(whole) // 2} bytes of")
    data.write_bytes(b"no database " * 2000)
    refused(LSUN(held_out=4), f"{data} is damaged", "MDB_INVALID")
    data.unlink()
    refused(LSUN(held_out=4), f"{data} is missing", "fyu/lsun")
    data.mkdir()
    refused(LSUN(held_out=4), f"{data} cannot be read (Is a directory): make it readable")
    data.rmdir()
    data.write_bytes(whole)
    with pytest.raises(
        UsageError, match="held_out = 12: it must be at least 1, and fewer than the"
    ):
        LSUN(held_out=12).training()
    monkeypatch.setitem(sys.modules, "lmdb", None)
    with pytest.raises(UsageError, match=r"pip install 'ganbench\[lsun\]'"):
        LSUN(held_out=4).training()


def test_imagenet_is_read_from_its_class_folders(home) -> None:
    for split, seeds in (("train", range(6)), ("val", range(6, 9))):
        for i in seeds:
            path = home / "imagenet" / split / f"n0000000{i % 3}" / f"{i}.JPEG"
            path.parent.mkdir(parents=True, exist_ok=True)
            noise(i, 96, 80).save(path)
    data = ImageNet()
    assert data.training().shape == (6, 3, 64, 64)
    assert data.evaluation().shape == (3, 3, 64, 64)
    expected = {
        levels(Image.open(path).crop((8, 0, 88, 80)).resize((64, 64), 1)).tobytes()
        for path in (home / "imagenet" / "train").rglob("*.JPEG")
    }
    assert {picture.numpy().tobytes() for picture in data.training()} == expected


def test_imagenet_says_where_its_archives_are(home) -> None:
    (home / "imagenet" / "train").mkdir(parents=True)
    refused(ImageNet(), f"{home / 'imagenet' / 'train'} holds no picture", "image-net.org")
    noise(0).save(home / "imagenet" / "train" / "0.png")
    refused(ImageNet(), f"{home / 'imagenet' / 'val'} is missing", "ILSVRC2012_img_train.tar")


def test_a_folder_is_split_by_hash_whatever_its_subfolders(home) -> None:
    folder_of(home / "faces", 200)
    data = ImageFolder(name="faces", size=8)
    training, evaluation = data.training(), data.evaluation()
    assert (len(training), len(evaluation)) == (180, 20)
    found = {picture.numpy().tobytes() for split in (training, evaluation) for picture in split}
    assert found == {levels(noise(i, 8, 8)).tobytes() for i in range(200)}
    # Files 0, 2, ... are in folder a: a prefix that were one folder's would have all of one kind.
    prefix = {picture.numpy().tobytes() for picture in training[:40]}
    even = {levels(noise(i, 8, 8)).tobytes() for i in range(0, 200, 2)}
    assert 8 < len(prefix & even) < 32


def test_a_folder_has_its_own_evaluation_pictures_where_it_says_so(home) -> None:
    folder_of(home / "jpegs" / "train", 5)
    folder_of(home / "jpegs" / "test", 3, first_seed=5)
    data = ImageFolder(name="jpegs", size=8, training_folder="train", evaluation_folder="test")
    for split, seeds in ((data.training(), range(5)), (data.evaluation(), range(5, 8))):
        expected = {levels(noise(i, 8, 8)).tobytes() for i in seeds}
        assert {picture.numpy().tobytes() for picture in split} == expected


def test_a_folders_classes_are_its_subfolders(home) -> None:
    folder_of(home / "birds" / "train", 6)
    folder_of(home / "birds" / "test", 4, first_seed=6)
    data = ImageFolder(
        name="birds", size=8, training_folder="train", evaluation_folder="test", skip_bad=True
    )
    (home / "birds" / "train" / "a" / "bad.png").write_bytes(b"no picture")
    for split, first, n in (("training", 0, 6), ("evaluation", 6, 4)):
        pictures, classes = data.labelled(split)
        labels = {levels(noise(first + i, 8, 8)).tobytes(): i % 2 for i in range(n)}
        assert len(pictures) == n
        assert classes.tolist() == [labels[picture.numpy().tobytes()] for picture in pictures]


def test_a_folder_without_classes_has_no_labels(home) -> None:
    folder_of(home / "birds", 40)
    data = ImageFolder(name="birds", size=8)
    assert set(data.labelled("evaluation")[1].tolist()) <= {0, 1}
    noise(50, 8, 8).save(home / "birds" / "stray.png")
    with pytest.raises(UsageError, match=r"stray\.png is in no subfolder"):
        data.labelled("training")


def test_a_class_that_only_evaluation_pictures_have_is_refused(home) -> None:
    folder_of(home / "birds" / "train", 4)
    folder_of(home / "birds" / "test", 4, first_seed=4)
    (home / "birds" / "test" / "a").rename(home / "birds" / "test" / "c")
    data = ImageFolder(name="birds", size=8, training_folder="train", evaluation_folder="test")
    with pytest.raises(UsageError, match="have a class 'c', which no training picture has"):
        data.labelled("evaluation")


def test_hidden_and_other_files_are_no_pictures(home) -> None:
    folder = folder_of(home / "image_folder", 20)
    (folder / "a" / "._0.png").write_bytes(b"what a Mac leaves")
    (folder / ".thumbnails").mkdir()
    noise(9).save(folder / ".thumbnails" / "0.png")
    (folder / "a" / "labels.txt").write_text("0")
    data = ImageFolder(size=8)
    assert len(data.training()) + len(data.evaluation()) == 20


def test_a_linked_folder_counts(home) -> None:
    folder_of(home / "store", 10)
    (home / "image_folder").mkdir()
    (home / "image_folder" / "linked").symlink_to(home / "store")
    assert len(ImageFolder(size=8).training()) == 9


@pytest.mark.parametrize("target", [".", "a"])
def test_a_folder_that_is_reached_twice_is_refused(home, target) -> None:
    folder = folder_of(home / "image_folder", 10)
    (folder / "b" / "link").symlink_to(folder / target)
    refused(ImageFolder(size=8), f"{folder / 'b' / 'link'}", "are one folder", "remove the link")


def test_a_folder_that_is_in_both_splits_is_refused(home) -> None:
    folder = folder_of(home / "birds" / "train", 10)
    (home / "birds" / "test").symlink_to(folder)
    data = ImageFolder(name="birds", size=8, training_folder="train", evaluation_folder="test")
    refused(data, f"{home / 'birds' / 'test'} and {folder} are one folder")


def test_a_folder_that_holds_the_cache_is_refused(home) -> None:
    folder_of(home, 10)
    refused(ImageFolder(root=str(home)), f"{home} holds the cache {home / 'cache'}", "CACHE")


@pytest.mark.skipif(sys.platform == "darwin", reason="no such name can be made there")
def test_a_name_that_is_not_in_utf8_is_refused(home) -> None:
    folder = folder_of(home / "image_folder", 10)
    for old in ("0.png", ""):
        path = os.path.join(os.fsencode(folder / "a"), os.fsencode(old))
        os.rename(path.rstrip(b"/"), path.rstrip(b"/") + b"\xe9.png")
        refused(ImageFolder(size=8), r"\udce9.png", "is not in UTF-8: rename it")
        shutil.rmtree(folder)
        folder_of(folder, 10)


def test_a_name_of_two_lines_makes_one_sentence(home) -> None:
    folder = folder_of(home / "image_folder", 10)
    (folder / "a" / "two\nlines.png").write_bytes(b"")
    refused(ImageFolder(size=8), f"{folder / 'a' / 'two lines.png'} cannot be used")


def test_a_folder_says_what_it_lacks(home) -> None:
    refused(ImageFolder(), f"{home / 'image_folder'} is missing", "ImageFolder.root")
    assert not (home / "cache").exists()
    (home / "image_folder").mkdir()
    refused(ImageFolder(), "holds no picture (.jpg, .jpeg, .png,")
    noise(0).save(home / "image_folder" / "0.png")
    refused(ImageFolder(), "held_out = 0.1 of the 1 pictures", "leaves 0 to score against")
    refused(ImageFolder(held_out=0.9), "held_out = 0.9 of the 1 pictures", "leaves 1 to score")


@pytest.mark.parametrize(("training", "evaluation"), [(".", "test"), ("a", "a"), ("a/b", "a")])
def test_folders_that_overlap_are_refused(training, evaluation) -> None:
    with pytest.raises(ValueError, match=f"evaluation_folder = '{evaluation}'"):
        ImageFolder(training_folder=training, evaluation_folder=evaluation)


@pytest.mark.parametrize("parameter", ["training_folder", "evaluation_folder"])
def test_a_folder_that_is_not_below_the_root_is_refused(parameter) -> None:
    with pytest.raises(ValueError, match=f"{parameter} = '/other': it must be relative to root"):
        ImageFolder(**{parameter: "/other"})


ARCHIVE = os.environ.get("CIFAR10_JPEG", "")
"""Path of an archive with the pictures of ``cifar10_jpeg``."""


@pytest.mark.slow
@pytest.mark.skipif(not ARCHIVE, reason="$CIFAR10_JPEG does not say where the archive is")
def test_the_jpeg_copy_of_cifar10_is_a_folder_of_pictures(home) -> None:
    shutil.unpack_archive(ARCHIVE, home / "cifar10_jpeg", filter="data")
    data = ImageFolder(
        name="cifar10_jpeg", size=32, training_folder="train", evaluation_folder="test"
    )
    assert data.training().shape == (50_000, 3, 32, 32)
    assert data.evaluation().shape == (10_000, 3, 32, 32)


PUBLISHED = ("celeba64", "celeba128", "cifar10", "cifar10_jpeg", "image_folder", "imagenet64")
PUBLISHED += ("lsun_bedroom64", "mnist", "stacked_mnist")


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_gin_file_gives_the_data_set_of_its_name(name, capsys, monkeypatch) -> None:
    from bench.cli import main

    assert name in Catalogue.of().available("datasets")
    assert main(["data", name]) == 2
    assert f"data = {name}: " in capsys.readouterr().err


@pytest.fixture
def server():
    with serving() as running:
        yield running
    gc.collect()  # urllib leaves open what a server has broken off


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "HTTP Error 404: Not Found"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "File not found or corrupted"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", "File not found or corrupted"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello", "IncompleteRead"),
        (b"no HTTP\r\n\r\n", "no HTTP"),
        (b"", "Remote end closed connection"),
    ],
)
def test_a_download_that_fails_says_why_and_what_to_do(server, monkeypatch, answer, reason) -> None:
    server.answer = answer
    archive = f"{server.url}cifar.tar.gz"
    monkeypatch.setattr(datasets.CIFAR10, "url", archive)
    refused(CIFAR10(download=True), "the download failed", reason, f"unpack {archive}")
    if "corrupted" not in reason:
        monkeypatch.setattr(datasets.MNIST, "mirrors", [server.url])
        refused(MNIST(download=True), "the download failed", reason, "unpack the four files")
