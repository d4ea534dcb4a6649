"""What runs are called becomes files: names that no file can have are refused with the plan."""

from dataclasses import replace

import pytest

from bench.config.filenames import MOST_BYTES, require_length
from bench.config.plan import make_plan
from bench.errors import UsageError
from bench.labels import file_name


def renamed(suite, name):
    return suite.rename(suite.with_name(f"{name}.gin"))


def refusal(suite):
    with pytest.raises(UsageError) as caught:
        make_plan(str(suite))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "name", ["README.md", "records", "runs", "search", "Leaderboards", ".mine", "-x", " ", "a\nb"]
)
def test_a_suite_is_not_called_after_what_lies_beside_it(toy_suite, name):
    message = refusal(renamed(toy_suite, name))
    assert repr(name) in message
    assert "a suite is called as its gin file" in message


@pytest.mark.parametrize("name", ["quick-search", "quick-search-epsilon"])
def test_a_suite_is_not_called_like_the_search_of_another(toy_suite, name):
    assert f"'{name}' has -search in it" in refusal(renamed(toy_suite, name))


def test_a_suite_may_be_about_searches(toy_suite):
    assert make_plan(str(renamed(toy_suite, "my-searches"))).name == "my-searches"


@pytest.mark.parametrize("letter", ["a", "é"])
def test_the_longest_name_of_a_suite_that_its_files_can_have(toy_suite, letter):
    """The message says it; the names made of it fit, and one letter more is refused."""
    bytes_each = len(letter.encode())
    too_long = renamed(toy_suite, letter * (240 // bytes_each))
    message = refusal(too_long)
    assert "the suite " in message
    most = int(message.split("something of ")[1].split()[0])
    longest = letter * (most // bytes_each)
    suite = renamed(too_long, longest)
    for run in make_plan(str(suite)).runs:
        for one in (run, replace(run, search=True)):
            for part in (*one.id.split("/"), file_name(one.id)):
                assert len(part.encode()) <= MOST_BYTES
    assert "the suite " in refusal(renamed(suite, longest + letter))


def test_the_longest_part_is_blamed():
    parts = {"suite": "s", "method": "m" * 150, "setting": "t" * 100}
    with pytest.raises(UsageError, match=r"the method 'm+' has 150 bytes.* of 145 or fewer"):
        require_length("here", "x" * 260, parts)
    require_length("here", "x" * 255, parts)
