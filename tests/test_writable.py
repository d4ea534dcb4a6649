"""Places that cannot be written to are refused before any work, and nothing is left behind.

Tests may run as root, who may write anywhere: a file stands in the way, or it is /proc.
"""

from pathlib import Path

import pytest
from pictures_factory import folder_of

from bench.cli import main
from bench.config.plan import make_plan
from bench.data.image_folder import ImageFolder
from bench.errors import UsageError
from bench.scores.thumbnails import ThumbnailJudge
from bench.writable import require_no_file, require_writable, require_writable_file


@pytest.fixture(params=["a file in the way", "a system's folder"])
def nowhere(request, tmp_path):
    """A folder that cannot be made."""
    (tmp_path / "file").write_text("kept")
    return tmp_path / "file" / "in" if "file" in request.param else Path("/proc/ganbench/in")


def refused(capsys, *words):
    """The one line with which a command refuses."""
    assert main([str(word) for word in words]) == 2
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1
    return printed.err


def test_a_folder_that_need_not_be_there_is_not_made(tmp_path, nowhere):
    require_writable("--out", tmp_path / "a" / "b")
    require_writable_file("--out", tmp_path / "a" / "b.png")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    with pytest.raises(UsageError, match=r"^--out .*cannot write there"):
        require_writable("--out", nowhere)
    with pytest.raises(UsageError, match=r"^--out .*cannot write there"):
        require_writable_file("--out", tmp_path)  # a folder
    with pytest.raises(UsageError, match="it is a file"):
        require_no_file("--out", tmp_path / "file" / "in")


@pytest.mark.parametrize("option", ["--out", "--leaderboards"])
def test_run_and_search_ask_before_work(toy_suite, tmp_path, nowhere, option, capsys):
    places = {"--out": tmp_path / "runs", "--leaderboards": tmp_path / "boards"} | {option: nowhere}
    words = [word for place in places.items() for word in place]
    for command in (["run"], ["search", "--space", "epsilon"]):
        assert f"{option} {nowhere}" in refused(capsys, *command, toy_suite, *words)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "toy.gin"]


def test_a_file_where_a_run_has_its_folder_is_found(toy_suite, tmp_path, capsys):
    where = ["--out", tmp_path / "runs", "--leaderboards", tmp_path / "boards"]
    run = make_plan(str(toy_suite)).runs[-1]
    blocking = run.folder(tmp_path / "runs").parent
    blocking.parent.mkdir(parents=True)
    blocking.write_text("kept")
    assert f"--out {blocking}: it is a file" in refused(capsys, "run", toy_suite, *where)
    assert blocking.read_text() == "kept"
    assert not list(tmp_path.rglob("record.json"))


def test_a_folder_of_locks_that_cannot_be_made_is_found(toy_suite, tmp_path, capsys):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "search").write_text("kept")
    where = ["--out", tmp_path / "runs", "--leaderboards", tmp_path / "boards"]
    message = refused(capsys, "search", toy_suite, "--space", "epsilon", *where)
    assert f"--out {tmp_path / 'runs' / 'search'}" in message


def test_storage_is_opened_before_work(toy_suite, tmp_path, nowhere, capsys):
    where = ["--out", tmp_path / "runs", "--leaderboards", tmp_path / "boards"]
    for place in (nowhere / "journal.log", tmp_path):
        words = ["search", toy_suite, "--space", "epsilon", *where, "--storage", place]
        assert f"--storage {place}" in refused(capsys, *words)
    assert not list(tmp_path.rglob("record.json"))


@pytest.mark.parametrize("option", ["--markdown", "--junit"])
def test_check_asks_before_work(toy_suite, tmp_path, nowhere, option, capsys):
    words = ["check", toy_suite, "--baseline", tmp_path / "nosuch.csv", "--runs", tmp_path / "runs"]
    for place in (nowhere / "verdict", tmp_path):
        assert f"{option} {place.parent if place != tmp_path else place}" in refused(
            capsys, *words, option, place
        )
    assert "--runs" in refused(capsys, *words[:4], "--runs", nowhere)


def test_the_others_ask_before_work(tmp_path, nowhere, request, capsys):
    boards = request.config.rootpath / "leaderboards"
    assert f"--out {nowhere}" in refused(capsys, "report", "--runs", boards, "--out", nowhere)
    assert f"--out {nowhere}" in refused(capsys, "judge", "train", "digits", "--out", nowhere)
    picture = nowhere / "samples.png"
    assert f"--out {nowhere}" in refused(capsys, "figure", "samples", boards, "--out", picture)
    folder = tmp_path / "folder.png"
    folder.mkdir()
    assert f"--out {folder}" in refused(capsys, "figure", "samples", boards, "--out", folder)


def test_a_cache_that_cannot_be_written_is_named(tmp_path, nowhere, monkeypatch):
    root = str(folder_of(tmp_path / "in", 12))
    with pytest.raises(UsageError, match=r"its cache cannot be written to .*GANBENCH_CACHE"):
        ImageFolder(size=8, root=root, cache=str(nowhere)).training()
    monkeypatch.setenv("GANBENCH_CACHE", str(nowhere))
    with pytest.raises(UsageError, match=r"its cache cannot be written to .*GANBENCH_CACHE"):
        ImageFolder(size=8, root=root).training()


def test_a_cache_that_is_there_need_not_be_writable(tmp_path):
    """It is only read; a lock is taken where it has to be built alone."""
    data = ImageFolder(size=8, root=str(folder_of(tmp_path / "in", 60)), cache=str(tmp_path / "c"))
    data.training()
    for path in (tmp_path / "c").rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    assert ThumbnailJudge(data).samples == 200


def test_a_folder_of_downloads_that_cannot_be_made_is_named(tmp_path, nowhere, monkeypatch, capsys):
    monkeypatch.setenv("GANBENCH_DATA", str(nowhere))
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "cache"))
    download = ["--gin_bindings", "CIFAR10.download = True"]
    message = refused(capsys, "data", "cifar10", *download)
    assert "the download failed" in message
    assert str(nowhere.parent) in message
