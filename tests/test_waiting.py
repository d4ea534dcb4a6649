"""What is waited for is said where it takes long, and not where it does not."""

import os
import pty
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from filelock import FileLock

from bench import waiting as words
from bench.waiting import alone, waiting


@pytest.fixture
def _impatient(monkeypatch):
    monkeypatch.setattr(words, "MOMENT", 0.0)


@pytest.mark.usefixtures("_impatient")
def test_a_long_wait_is_one_line_on_standard_error(capsys):
    said = threading.Event()
    write = words.CONSOLE.print
    words.CONSOLE.print = lambda *line, **how: (write(*line, **how), said.set())
    try:
        with waiting("reading [data]"):
            assert said.wait(60)
    finally:
        del words.CONSOLE.print
    captured = capsys.readouterr()
    assert captured.err == "reading [data]\n"
    assert captured.out == ""


def test_a_short_one_is_none(capsys):
    with waiting("nothing much"):
        pass
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("_impatient")
def test_a_lock_that_others_have_is_waited_for_and_is_free_afterwards(tmp_path):
    path, taken, released = tmp_path / "lock", threading.Event(), threading.Event()

    def other():
        with FileLock(path):
            taken.set()
            released.wait(60)

    thread = threading.Thread(target=other)
    thread.start()
    taken.wait(60)
    threading.Timer(0.05, released.set).start()
    with alone(FileLock(path), "another command"):
        assert released.is_set()
    thread.join()
    FileLock(path, timeout=0).acquire().lock.release()


def test_a_terminal_has_a_spinner_and_what_is_printed_meanwhile_goes_where_it_would():
    program = """
import time
from bench import waiting
waiting.GLANCE = 0.0
with waiting.waiting("composing the runs"):
    time.sleep(0.3)
    print("a result")
"""
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm"},
        cwd=Path(__file__).parents[1],
        check=True,
    )
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert done.stdout == b"a result\n"
    assert "composing the runs" in shown
    assert "a result" not in shown
