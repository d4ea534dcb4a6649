"""What a screen says of all runs: how many, since when, and for how long."""

import io
import re
from collections import Counter
from dataclasses import replace

import pytest
from rich.console import Console

from bench.config.choice import Choice
from bench.config.plan import make_plan
from bench.engines.screen import LiveScreen, PlainScreen, screen
from bench.engines.whole import ALL, Rest, Whole
from bench.runs.progress import Progress
from bench.wording import clock, duration

STARTER = "a process to start"
RECORD = {"status": "completed", "scores": [], "reason": None}


@pytest.fixture
def runs(toy_suite):
    """Three of each method, vanilla's first."""
    return make_plan(str(toy_suite), choice=Choice(seeds=3)).runs


class Time:
    """A clock that is set by hand."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def whole(time, runs):
    made = Whole(time)
    made.expect(runs, STARTER, ALL)
    return made


def at(step):
    return Progress(step, 100)


def go(whole, run, begin=0):
    whole.started(run)
    whole.progressed(run, at(begin))


def test_nothing_is_told_before_a_pace_is_known(whole, time, runs):
    assert whole.text == "0:00 elapsed, waiting for a process to start"
    time.now += 5
    go(whole, runs[0])
    assert whole.remaining is None
    assert whole.text == "0:05 elapsed"


def test_time_is_told_from_steps_and_not_from_runs_that_have_ended(whole, time, runs):
    go(whole, runs[0])
    time.now += 10
    whole.progressed(runs[0], at(25))
    # A run takes 40 s, a quarter of one of six is done, and they go on one after the other.
    assert whole.remaining == pytest.approx(5.75 * 40)
    assert whole.text == "0:10 elapsed, about 3:50 left"


def test_runs_side_by_side_share_the_time(whole, time, runs):
    for run in runs[:2]:
        go(whole, run)
    time.now += 20
    for run in runs[:2]:
        whole.progressed(run, at(50))
    assert whole.remaining == pytest.approx((2 * 0.5 + 4) * 40 / 2)


def test_each_method_has_its_own_pace(whole, time, runs):
    vanilla, as_gan = runs[:3], runs[3:]
    for run in vanilla:
        go(whole, run)
        time.now += 10
        whole.progressed(run, at(100))
        whole.settled(run)
    go(whole, as_gan[0])
    time.now += 20
    whole.progressed(as_gan[0], at(50))
    assert whole.remaining == pytest.approx(2.5 * 40)
    assert (whole.over, whole.total) == (3, 6)


def test_steps_of_a_checkpoint_are_nobodys_pace(whole, time, runs):
    go(whole, runs[0], begin=80)
    time.now += 10
    whole.progressed(runs[0], at(90))
    assert whole.remaining == pytest.approx(100 * (0.1 + 5))


def test_the_last_run_takes_its_time_though_others_were_side_by_side(whole, time, runs):
    for run in runs:
        go(whole, run)
    time.now += 50
    for run in runs:
        whole.progressed(run, at(50))
    for run in runs[:5]:
        whole.settled(run)
    assert whole.remaining == pytest.approx(50)


def test_a_run_that_is_tried_again_goes_on_and_one_that_others_have_is_theirs(whole, time, runs):
    for run in runs[2:]:
        whole.given_away(run)
    go(whole, runs[0])
    time.now += 10
    whole.progressed(runs[0], at(50))
    whole.interrupted(runs[0])
    go(whole, runs[0], begin=40)  # its checkpoint's step
    time.now += 2
    whole.progressed(runs[0], at(50))
    # 12 s for 60 of 100 steps
    assert whole.remaining == pytest.approx(20 * (0.5 + 1))
    whole.settled(runs[0])
    assert whole.over == 1


def test_runs_that_come_later_count_in_the_total_and_in_the_time(whole, time, runs):
    whole.expect(runs[:2], STARTER, Rest("1 of 3 trials", 8, Counter(as_gan=4)))
    assert (whole.over, whole.total, whole.title) == (2, 8, "1 of 3 trials")
    go(whole, runs[0])
    time.now += 10
    whole.progressed(runs[0], at(100))
    whole.settled(runs[0])
    assert whole.remaining == pytest.approx(5 * 10)


def console(**how):
    return Console(file=io.StringIO(), width=80, color_system=None, **how)


def test_at_80_columns_the_whole_has_a_line_of_its_own_and_all_of_it(runs):
    shown = console(force_terminal=True)
    with LiveScreen(shown) as view:
        rest = Rest("296 of 1,200 trials", 36_000, Counter(as_gan=27_000))
        view.expect(runs, STARTER, rest)
        for run in runs[:3]:
            of_trial = replace(run, search=True, overrides=("ASGAN.epsilon = 0.0625", "lr = 0.1"))
            view.started(of_trial)
            for step in (0, 1000, 2000):
                view.progressed(of_trial, Progress(step, 100_000, 0.693, 12_345.0))
        page = console(force_terminal=True)
        page.print(view._live.renderable)
    lines = page.file.getvalue().splitlines()
    assert len(lines) == 4
    assert all(len(line) <= 80 for line in lines)
    assert lines[0].startswith("296 of 1,200 trials ━")
    assert re.search(r" 8994/36000 0:00 elapsed, about [\d:]+ left$", lines[0].rstrip())
    assert all("2000/100000" in line and " left" in line for line in lines[1:])


def test_plain_lines_count_and_tell_the_time(runs):
    shown = console()
    view = screen(shown)
    assert isinstance(view, PlainScreen)
    with view:
        view.expect(runs, STARTER)
        view.started(runs[0])
        view.progressed(runs[0], at(0))
        view.progressed(runs[0], at(100))
        view.finished(runs[0], RECORD)
    last = shown.file.getvalue().splitlines()[-1]
    assert re.fullmatch(rf"\[1/6\] {runs[0].label}: completed; 0:00 elapsed, about 0:00 left", last)


@pytest.mark.parametrize(
    ("seconds", "text", "words"),
    [
        (0.2, "0:00", "1 s"),
        (59, "0:59", "59 s"),
        (83, "1:23", "1 min"),
        (3723, "1:02:03", "1 h 2 min"),
        (7200, "2:00:00", "2 h"),
        (5 * 86_400, "120:00:00", "5 days"),
    ],
)
def test_times_are_read_at_a_glance(seconds, text, words):
    assert clock(seconds) == text
    assert duration(seconds) == words
