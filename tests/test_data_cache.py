"""The cache holds the pictures' very bytes, whoever builds it and however often it is killed."""

import json
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest
import torch
from pictures_factory import Drawn, Generated, folder_of, levels, noise
from PIL import Image

from bench.cli import main
from bench.data import building, reporting
from bench.data.building import CHUNK
from bench.data.dataset import Dataset
from bench.data.image_folder import ImageFolder
from bench.data.listing import _fingerprint, fingerprint
from bench.errors import UsageError


@pytest.fixture
def generated(tmp_path):
    return Generated(cache=str(tmp_path / "cache"))


def test_the_cache_holds_the_pictures_in_their_order(generated) -> None:
    assert generated.training().shape == (600, 3, 8, 8)
    for split, first in ((generated.training(), 0), (generated.evaluation(), 600)):
        for i in (0, 30, len(split) - 1):
            assert np.array_equal(split[i].numpy(), levels(noise(first + i, 8, 8)))


def test_the_checksum_is_that_of_the_bytes_and_is_not_computed_again(generated) -> None:
    assert generated.checksum() == Dataset.checksum(generated)
    header = next(Path(generated.cache).rglob("header.json"))
    assert generated.checksum() == json.loads(header.read_text())["checksum"]
    header.write_text(header.read_text().replace(generated.checksum(), "0" * 64))
    assert generated.checksum() == "0" * 64


def test_it_is_built_once(generated, monkeypatch) -> None:
    generated.training()
    monkeypatch.setattr(Drawn, "since", None)
    assert len(generated.training()) == 600
    assert len(generated.evaluation()) == 60


def test_another_form_has_a_cache_of_its_own(generated, tmp_path) -> None:
    grey = Generated(cache=generated.cache, channels=1)
    assert grey.training().shape == (600, 1, 8, 8)
    assert generated.training().shape == (600, 3, 8, 8)
    assert grey.checksum() != generated.checksum()


class Stop(BaseException):
    """What no code may catch."""


def test_an_interrupted_build_goes_on_where_it_was(generated, tmp_path, monkeypatch) -> None:
    whole = Generated(cache=str(tmp_path / "whole"))
    original, opened = Drawn.since, []

    def interrupted(self, start):
        for picture in original(self, start):
            if self.first == 0 and picture.name == "noise 550":
                raise Stop
            yield picture

    def counted(self, start):
        opened.append((self.first, start))
        return original(self, start)

    monkeypatch.setattr(Drawn, "since", interrupted)
    with pytest.raises(Stop):
        generated.training()
    with next(Path(generated.cache).rglob("training-*")).open("ab") as file:
        file.write(b"written, but not yet counted")
    monkeypatch.setattr(Drawn, "since", counted)
    assert generated.checksum() == Dataset.checksum(generated)
    assert opened == [(0, 550 // CHUNK * CHUNK), (600, 0)]
    assert generated.checksum() == whole.checksum()


PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["ganbench", "bench.engines.worker"])  # as all others of a session


def build_and_tell(cache: str, kill_at: str | None, pipe: Connection) -> None:
    """Builds in a process of its own; sends the pictures that it decoded, and the checksum."""
    original, decoded = Drawn.since, []

    def since(self, start):
        for picture in original(self, start):
            if picture.name == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            decoded.append((self.first, picture.name))
            yield picture

    Drawn.since = since
    data = Generated(cache=cache, pictures=3000)
    data.training()
    pipe.send((decoded, data.checksum()))


def builder(cache: Path, kill_at: str | None = None):
    ours, theirs = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=build_and_tell, args=(str(cache), kill_at, theirs))
    process.start()
    theirs.close()
    return process, ours


def test_two_processes_finish_what_a_killed_one_began(tmp_path) -> None:
    killed, pipe = builder(tmp_path, kill_at="noise 1300")
    killed.join()
    pipe.close()
    assert killed.exitcode == -signal.SIGKILL
    both = [builder(tmp_path), builder(tmp_path)]
    decoded, checksums = zip(*(pipe.recv() for _, pipe in both), strict=True)
    for process, pipe in both:
        process.join()
        pipe.close()
    pictures = [picture for some in decoded for picture in some]
    assert len(pictures) == len(set(pictures)) == 3000 + 300 - 1300 // CHUNK * CHUNK
    expected = Generated(cache=str(tmp_path / "whole"), pictures=3000).checksum()
    assert checksums == (expected, expected)


@pytest.mark.parametrize("damage", ["truncated", "gone", "no header", "torn header"])
def test_a_damaged_cache_is_built_anew(generated, damage) -> None:
    checksum = generated.checksum()
    header = next(Path(generated.cache).rglob("header.json"))
    pictures = next(Path(generated.cache).rglob("training-*"))
    if damage == "truncated":
        os.truncate(pictures, 1000)
    elif damage == "gone":
        pictures.unlink()
    elif damage == "no header":
        header.unlink()
    else:
        header.write_text(header.read_text()[:50])
    assert generated.checksum() == Dataset.checksum(generated) == checksum
    assert len(list(header.parent.glob("*.uint8"))) == 2


def test_what_an_abandoned_build_has_left_goes_before_room_is_asked_for(
    generated, monkeypatch
) -> None:
    generated.training()
    header = next(Path(generated.cache).rglob("header.json"))
    header.unlink()
    (header.parent / "training-0123abcd.uint8").write_bytes(b"of a build whose source has changed")
    monkeypatch.setattr(building, "_require_space", lambda *_: left.extend(header.parent.iterdir()))
    left: list[Path] = []
    generated.training()
    assert [path.name for path in left] == ["lock"]


def test_a_cache_that_cannot_be_read_is_said_to(generated) -> None:
    header = generated.opened().folder / "header.json"
    content = header.read_bytes()
    header.unlink()
    header.mkdir()
    with pytest.raises(UsageError, match=f"^{header} cannot be read .*delete {header.parent}"):
        generated.training()
    header.rmdir()
    header.write_bytes(content)
    cache = generated.opened()
    pictures = next(header.parent.glob("training-*"))
    pictures.unlink()
    with pytest.raises(UsageError, match=f"^{pictures} cannot be read .*built anew"):
        cache.samples("training")


def test_a_cache_below_a_file_is_refused(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"file/generated-\w+ \(Not a directory\): make room"):
        Generated(cache=str(tmp_path / "file")).training()


def test_an_altered_byte_is_found_by_those_who_ask(generated) -> None:
    assert generated.opened().intact()
    pictures = next(Path(generated.cache).rglob("training-*"))
    content = bytearray(pictures.read_bytes())
    content[12345] ^= 1
    pictures.write_bytes(content)
    assert not generated.opened().intact()


@pytest.fixture
def folder(tmp_path):
    return ImageFolder(
        size=8, root=str(folder_of(tmp_path / "in", 40)), cache=str(tmp_path / "cache")
    )


def test_a_changed_source_is_decoded_anew_and_a_missing_one_is_not_needed(folder) -> None:
    first = folder.checksum()
    mapped = folder.training()
    copy = mapped.clone()
    noise(99, 8, 8).save(Path(folder.root) / "a" / "new.png")
    assert folder.checksum() != first
    assert len(folder.training()) + len(folder.evaluation()) == 41
    assert torch.equal(mapped, copy)  # a run under way keeps what it has
    second = folder.checksum()
    Path(folder.root).rename(Path(folder.root).with_name("elsewhere"))
    assert folder.checksum() == second


def decoded(folder) -> str:
    """The checksum that ``ganbench data`` prints, in a process of its own."""
    command = [sys.executable, "-m", "ganbench", "data", "image_folder"]
    for name in ("root", "cache"):
        command += ["--gin_bindings", f"ImageFolder.{name} = {getattr(folder, name)!r}"]
    command += ["--gin_bindings", "ImageFolder.size = 8"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("checksum"))
    return line


def test_a_picture_that_is_overwritten_is_decoded_anew_by_the_next_process(folder) -> None:
    first = f"checksum: {folder.checksum()}"
    picture = Path(folder.root) / "a" / "0.png"
    before = picture.parent.stat().st_mtime_ns
    noise(99, 9, 9).save(picture)
    assert picture.parent.stat().st_mtime_ns == before  # the folder does not tell
    second = decoded(folder)
    assert second != first

    Path(folder.root).rename(Path(folder.root).with_name("elsewhere"))
    assert decoded(folder) == second  # what is gone has not changed


def test_a_fingerprint_follows_the_size_and_the_time_of_each_picture(tmp_path) -> None:
    """Each alone tells; within a process the folder is asked once, so the memory is cleared."""

    def now() -> str:
        _fingerprint.cache_clear()
        return fingerprint(tmp_path)

    picture = tmp_path / "0.png"
    picture.write_bytes(b"one")
    os.utime(picture, ns=(1, 1))
    first = now()
    picture.write_bytes(b"three")
    os.utime(picture, ns=(1, 1))
    longer = now()
    os.utime(picture, ns=(1, 2))
    assert len({first, longer, now()}) == 3
    (tmp_path / ".DS_Store").write_bytes(b"x")
    (tmp_path / "notes.txt").write_bytes(b"x")
    os.utime(picture, ns=(1, 1))
    assert now() == longer
    (tmp_path / "1.png").symlink_to("nowhere")
    (tmp_path / "sub").mkdir()
    assert now() != longer


def test_the_header_holds_one_stamp_a_folder_however_many_pictures(folder) -> None:
    folder.training()
    header = json.loads(next(Path(folder.cache).rglob("header.json")).read_text())
    assert set(header["stamps"]) == {".", "a", "b"}
    assert all(len(stamp) == 64 for stamp in header["stamps"].values())


def test_a_header_of_times_alone_is_of_use_where_its_source_is_gone(folder) -> None:
    """As headers were written before they held hashes of folders."""
    first = folder.checksum()
    header = next(Path(folder.cache).rglob("header.json"))
    old = json.loads(header.read_text())
    old["stamps"] = dict.fromkeys(old["stamps"], 12345)
    header.write_text(json.dumps(old))
    Path(folder.root).rename(Path(folder.root).with_name("elsewhere"))
    assert folder.checksum() == first
    assert json.loads(header.read_text()) == old


def splits_of(tmp_path: Path, n: int, *, skip_bad: bool = False) -> ImageFolder:
    """Pictures with a folder for each split."""
    for split in ("train", "test"):
        folder_of(tmp_path / "in" / split, n)
    return ImageFolder(
        size=8,
        root=str(tmp_path / "in"),
        cache=str(tmp_path / "cache"),
        training_folder="train",
        evaluation_folder="test",
        skip_bad=skip_bad,
    )


def test_what_is_left_of_a_source_is_not_needed(tmp_path) -> None:
    data = splits_of(tmp_path, 6)
    checksum = data.checksum()
    shutil.rmtree(tmp_path / "in" / "train")
    assert data.checksum() == checksum


def test_pictures_that_come_while_another_process_is_waited_for_are_not_missed(
    folder, monkeypatch
) -> None:
    alone = building.alone

    def waiting(lock, others):
        noise(99, 8, 8).save(Path(folder.root) / "a" / "new.png")
        return alone(lock, others)

    monkeypatch.setattr(building, "alone", waiting)
    assert len(folder.training()) + len(folder.evaluation()) == 41


def test_a_source_that_gives_fewer_pictures_than_it_has_is_damaged(generated, monkeypatch) -> None:
    original = Drawn.since

    def fewer(self, start):
        yield from islice(original(self, start), 590)

    monkeypatch.setattr(Drawn, "since", fewer)
    with pytest.raises(UsageError, match="gave 590 of its 600 training pictures: it is damaged"):
        generated.training()


def test_a_split_of_bad_pictures_alone_is_refused(tmp_path) -> None:
    data = splits_of(tmp_path, 4, skip_bad=True)
    for path in (tmp_path / "in" / "test").rglob("*.png"):
        path.write_bytes(b"")
    with pytest.raises(UsageError, match=r"none of its 4 evaluation pictures .* can be used"):
        data.training()


def test_a_picture_that_pillow_warns_of_is_read_in_silence(folder, monkeypatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40)  # it warns from here to twice as many
    assert len(folder.training()) + len(folder.evaluation()) == 40


def test_a_bad_picture_is_named_and_left_out_only_where_asked(folder) -> None:
    bad = Path(folder.root) / "a" / "2.png"
    bad.write_bytes(bad.read_bytes()[:60])
    with pytest.raises(UsageError, match=f"^data = image_folder: {bad} cannot be used .*skip_bad"):
        folder.training()

    asked = ImageFolder(size=8, root=folder.root, cache=folder.cache, skip_bad=True)
    assert len(asked.training()) + len(asked.evaluation()) == 39
    assert asked.checksum() == Dataset.checksum(asked)
    with pytest.raises(
        UsageError, match=f"1 bad pictures were left out .* {bad}: bind ImageFolder"
    ):
        folder.training()


def test_a_disk_without_room_is_found_before_any_work(tmp_path) -> None:
    huge = Generated(cache=str(tmp_path), pictures=10**9, size=10**4)
    with pytest.raises(UsageError, match=r"takes another 330\.0 PB.*GANBENCH_CACHE"):
        huge.training()
    small = Generated(cache=str(tmp_path), pictures=10**12, size=1)
    with pytest.raises(UsageError, match=r"takes another 3\.3 TB"):
        small.training()


def test_a_disk_that_fills_up_is_said_to_and_what_is_written_counts(generated) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, limits[1]))
    try:
        with pytest.raises(UsageError, match=r"cannot be written to .*GANBENCH_CACHE"):
            generated.training()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert generated.checksum() == Dataset.checksum(generated)


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"size": 0}, "size = 0: it must be at least 1"),
        ({"channels": 4}, "channels = 4: valid are 1 and 3"),
        ({"crop": -1}, "crop = -1"),
    ],
)
def test_a_form_that_no_picture_can_have_is_refused(form, problem) -> None:
    with pytest.raises(ValueError, match=problem):
        Generated(**form)


def test_lines_tell_how_the_work_goes_on_where_there_is_no_terminal(capsys, monkeypatch) -> None:
    monkeypatch.setattr(reporting, "PLAIN_INTERVAL", 0.0)
    with reporting.reporting("decoding", 10, 2000) as report:
        report(90)
    assert capsys.readouterr().err.splitlines() == ["decoding 1,990 pictures", "decoding 100/2,000"]


def test_the_command_builds_and_verifies(folder, capsys) -> None:
    bindings = [f'ImageFolder.root="{folder.root}"', f'ImageFolder.cache="{folder.cache}"']
    command = ["data", "image_folder", "--verify", "--gin_bindings", "ImageFolder.size=8"]
    command += [word for binding in bindings for word in ("--gin_bindings", binding)]
    assert main(command) == 0
    out = capsys.readouterr().out
    assert "training: 36 samples of 3 x 8 x 8\nevaluation: 4 samples" in out
    assert f"checksum: {folder.checksum()}" in out

    pictures = next(Path(folder.cache).rglob("training-*"))
    pictures.write_bytes(bytes(pictures.stat().st_size))
    assert main(command) == 1
    assert "damaged: delete " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["imagefolder"], "no dataset named 'imagefolder'; did you mean 'image_folder'"),
        (["cifar10", "--gin_bindings", "CIFAR10.sise = 3"], "did you mean 'size'"),
        (["cifar10", "--gin_bindings", "g_width = 3"], "nothing uses the macro 'g_width'"),
        (["cifar10", "--gin_bindings", "CIFAR10.size = 0"], "size = 0: it must be at least 1"),
    ],
)
def test_the_command_refuses_what_is_misspelt(words, problem, capsys) -> None:
    assert main(["data", *words]) == 2
    assert problem in capsys.readouterr().err
