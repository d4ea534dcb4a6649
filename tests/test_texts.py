"""Text files in other encodings than UTF-8, and what is no file at all."""

import json

import pytest

from bench.cli import main
from bench.config.catalogue import Catalogue
from bench.config.plan import make_plan
from bench.errors import UsageError
from bench.gate.outcomes import read_baseline
from bench.scores.frozen import FOLDER, FrozenClassifier
from bench.search.space import read_space

BOM = b"\xef\xbb\xbf"


def refusal(call, *words):
    with pytest.raises(UsageError) as caught:
        call(*words)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def foreign(text):
    """A text in three encodings that are not UTF-8, with the line that shows it."""
    return [
        (text.encode() + b"# caf\xe9\n", text.count("\n") + 1),
        (text.encode("utf-16"), 1),
        (text.encode("utf-16-le"), 1),
    ]


@pytest.mark.parametrize("which", range(3))
def test_a_gin_file_of_any_use_that_is_not_utf8_is_named_with_its_line(toy_suite, tmp_path, which):
    plain = toy_suite.read_text()
    data, line = foreign(plain)[which]
    toy_suite.write_bytes(data)
    assert refusal(make_plan, str(toy_suite)).startswith(f"{toy_suite}:{line}: ")

    other = tmp_path / "other.gin"
    data, line = foreign("g_width = 9\n")[which]
    other.write_bytes(data)
    toy_suite.write_text(plain)
    assert f"{other}:{line}: " in refusal(make_plan, str(toy_suite), [str(other)])
    toy_suite.write_text(plain + "include 'other.gin'\n")
    assert f"{other}:{line}: " in refusal(make_plan, str(toy_suite))
    assert f"{other}:{line}: " in refusal(read_space, str(other), Catalogue.of())


def test_a_byte_order_mark_is_read_over(toy_suite, tmp_path):
    plain = make_plan(str(toy_suite)).runs
    toy_suite.write_bytes(BOM + toy_suite.read_bytes())
    other = tmp_path / "other.gin"
    other.write_bytes(BOM + b"g_width = 8\n")
    assert [run.digest for run in make_plan(str(toy_suite), [str(other)]).runs] == [
        run.digest for run in plain
    ]


def test_what_is_no_file_is_said_to_be_none(toy_suite, tmp_path):
    folder = tmp_path / "folder.gin"
    folder.mkdir()
    for words in ((str(folder),), (str(toy_suite), [str(folder)])):
        assert "is a folder" in refusal(make_plan, *words)
    for name in ("x" * 300 + ".gin", "x\0.gin"):
        assert "there is no file" in refusal(make_plan, name)
        assert "there is no file" in refusal(make_plan, str(toy_suite), [name])
    for name in ("folder.gin", "x" * 300):
        toy_suite.write_text(f"include '{name}'\n")
        assert "toy.gin:1: there is no file" in refusal(make_plan, str(toy_suite))


def test_what_gin_cannot_read_is_one_short_line(toy_suite):
    plain = toy_suite.read_text()
    line = plain.count("\n") + 1
    for odd in ("g_width = " + "(" * 5000, "g_width = {[1]: 2}", "g_width = " + "9" * 5000):
        toy_suite.write_text(plain + odd + "\n")
        message = refusal(make_plan, str(toy_suite))
        assert f"toy.gin:{line}: gin cannot read this" in message
        assert len(message) < 600


def test_a_baseline_that_is_not_utf8_is_named_and_a_byte_order_mark_read_over(request, tmp_path):
    table = request.config.rootpath / "leaderboards" / "quick" / "records.csv"
    copy = tmp_path / "records.csv"
    copy.write_bytes(BOM + table.read_bytes())
    assert read_baseline(copy, "quick").runs.equals(read_baseline(table, "quick").runs)
    copy.write_bytes(table.read_bytes() + b"\xe9\n")
    assert str(copy) in refusal(read_baseline, copy, "quick")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"\xff\xfe{", "UTF-8"),
        (b"{", "describes no judge"),
        (b"[]", "describes no judge"),
        (b"{}", "name"),
    ],
)
def test_a_judges_description_that_is_none_is_named(tmp_path, content, complaint):
    path = tmp_path / "judge.json"
    path.write_bytes(content)
    message = refusal(FrozenClassifier, str(path))
    assert str(path) in message
    assert complaint in message


def test_a_judges_network_and_weights_must_be_there(tmp_path):
    described = json.loads((FOLDER / "digits-cnn.json").read_text())
    path = tmp_path / "judge.json"
    path.write_text(json.dumps(described))
    assert "judge.safetensors cannot be read" in refusal(FrozenClassifier, str(path))
    path.write_text(json.dumps(described | {"network": "DenseClasifier"}))
    assert "did you mean 'DenseClassifier'?" in refusal(FrozenClassifier, str(path))


def test_a_record_that_is_not_utf8_is_named(tmp_path, capsys):
    path = tmp_path / "record.json"
    path.write_bytes(b'{"suite": "caf\xe9"}')
    assert main(["reproduce", str(path)]) == 2
    err = capsys.readouterr().err
    assert str(path) in err
    assert err.count("\n") == 1
