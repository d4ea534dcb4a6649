"""Groups of methods: who is in them, in which order, and how a suite names them."""

import ast
import re
from pathlib import Path

import pytest

from bench.cli import main
from bench.config.catalogue import Catalogue
from bench.config.choice import Choice
from bench.config.groups import Methods
from bench.config.plan import make_plan
from bench.errors import UsageError


def written(group):
    """The members of a group of ganbench's own, read from their gin files without gin."""
    found = []
    for path in (Path(__file__).parents[1] / "gin" / "methods").glob("*.gin"):
        said = dict(re.findall(r"^Group\.(\w+) = (.*)$", path.read_text(), re.MULTILINE))
        if group in ast.literal_eval(said.get("names", "[]")):
            found.append((int(said["place"]), path.stem))
    return [name for _, name in sorted(found)]


EVERY = written("proven")
"""The rows of the pages of the mixtures, in the order in which they run."""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Writes methods of the user's own: a function of names and texts."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "gin" / "methods"
    folder.mkdir(parents=True)

    def write(**texts):
        for name, text in texts.items():
            (folder / f"{name}.gin").write_text(f'# {name}.\ninclude "methods/hinge.gin"\n{text}\n')

    return write


@pytest.fixture
def methods(toy_suite):
    """The methods of the toy suite with another value of ``Suite.methods``."""
    text = toy_suite.read_text().replace("ASGAN.epsilon = 0.1\n", "")

    def planned(value, *lines):
        chosen = text.replace('["vanilla", "as_gan"]', value)
        toy_suite.write_text("\n".join([chosen, *lines, ""]))
        return list(dict.fromkeys(run.method for run in make_plan(str(toy_suite)).runs))

    return planned


def known():
    return Methods(Catalogue.of())


def test_our_suites_have_their_rows_in_the_order_of_the_published_pages():
    assert known().chosen(["proven"], "") == EVERY
    assert EVERY[:6] == ["vanilla", "minimax", "as_gan", "as_gan_repo", "as_gan_pgd", "as_gan_l2"]
    pictures = written("augmentations")
    assert pictures == ["diffaugment", "ada", "cr", "bcr", "icr"]
    for suite, expected in (
        ("ring", EVERY),
        ("stacked_digits", EVERY + pictures),
        ("stability", [*EVERY, *pictures, "simultaneous"]),
    ):
        runs = make_plan(suite, gin_bindings=["Suite.seeds = 1"]).runs
        assert list(dict.fromkeys(run.method for run in runs)) == expected


def test_all_is_every_method_but_the_rows_of_the_sweep_and_recipes():
    rest = set(Catalogue.of().available("methods")) - set(known().chosen(["all"], ""))
    sweep = {f"as_gan_epsilon_{epsilon}" for epsilon in ("0.2", "0.5", "2", "3", "4")}
    assert rest == sweep | {*known().groups["recipes"]}


def test_members_stand_where_their_group_is_named_and_each_once(methods):
    assert methods('["hinge", "spectral_norms", "vanilla"]') == [
        *("hinge", "spectral_norm", "spectral_reg", "sn_gan", "sn_as_gan", "vanilla")
    ]
    assert methods('["sn_gan", "spectral_norms"]') == [
        *("sn_gan", "spectral_norm", "spectral_reg", "sn_as_gan")
    ]
    assert methods('"hinge"') == ["hinge"]


def test_a_binding_of_the_command_line_may_be_a_group(toy_suite):
    text = toy_suite.read_text().replace("ASGAN.epsilon = 0.1\n", "")
    toy_suite.write_text(text)
    plan = make_plan(str(toy_suite), gin_bindings=['Suite.methods = "all"'])
    assert [run.method for run in plan.runs] == known().chosen(["all"], "")
    assert plan.runs[0].overrides == ()


def test_a_method_of_ones_own_is_in_the_groups_that_it_says(own, methods):
    own(
        mine='Group.names = ["proven", "ours"]',
        other='Group.names = ["ours"]\nGroup.place = 5',
        alone="Group.names = []",
        silent="",
    )
    assert methods('"ours"') == ["other", "mine"]
    assert known().chosen(["proven"], "") == [*EVERY, "mine"]
    everyone = known().chosen(["all"], "")
    assert {"mine", "other", "silent"} <= set(everyone)
    assert "alone" not in everyone
    assert everyone[:2] == ["other", "vanilla"]


def test_who_includes_a_method_is_not_in_its_groups(own):
    own(mine='include "methods/vanilla.gin"')
    assert "mine" not in known().chosen(["proven"], "")


def test_a_suites_kept_file_has_the_methods_that_its_groups_stood_for(own, toy_suite, methods):
    own(mine='Group.names = ["ours"]')
    methods('["vanilla", "ours"]')
    assert "Suite.methods = ['vanilla', 'mine']\n" in make_plan(str(toy_suite)).suite_file


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ('["provn"]', "no method named 'provn', and no group of methods; did you mean 'proven'?"),
        ('"spectral_norn"', "did you mean 'spectral_norm'?"),
        ('["proven", "proven"]', "Suite.methods must name at least one, and each once"),
        ("[]", "Suite.methods must name at least one, and each once"),
        ('["vanilla", "hinge", "both"]', "'both' is a method, gin/methods/both.gin, and a group"),
    ],
)
def test_a_name_that_is_none_or_two_things_is_refused_with_its_line(own, methods, value, complaint):
    own(both="", mine='Group.names = ["both"]')
    with pytest.raises(UsageError) as refused:
        methods(value)
    assert "toy.gin:4: " in str(refused.value)
    assert complaint in str(refused.value)


def test_a_clash_of_names_is_refused_by_each_group_that_has_it(own, methods):
    own(hinge="Hinge.d_steps = 2")
    assert "hinge" not in methods('"spectral_norms"')
    with pytest.raises(UsageError, match="several methods are named 'hinge'"):
        methods('"proven"')


def test_a_clash_is_where_the_name_is_asked_for_whatever_rows_are_chosen(own, toy_suite, methods):
    own(hinge="Hinge.d_steps = 2")
    with pytest.raises(UsageError, match="several methods are named 'hinge'"):
        methods('"proven"')
    with pytest.raises(UsageError) as refused:
        make_plan(str(toy_suite), choice=Choice(methods=["vanilla"]))
    assert "toy.gin:4: several methods are named 'hinge': " in str(refused.value)


def test_a_method_whose_file_cannot_be_read_hides_no_other(own, caplog):
    own(broken="Group.names = [", mine='Group.names = ["ours"]')
    assert known().chosen(["ours"], "") == ["mine"]
    assert "gin/methods/broken.gin:" in caplog.text


def test_the_list_has_the_groups(own, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    own(mine='Group.names = ["ours"]', other='Group.names = ["ours"]')
    assert main(["list", "methods"]) == 0
    rows = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert ["ours", "mine, other"] in [[word.strip() for word in row] for row in rows]


# --- remedies


def norms(suite):
    return {run.method: run.remedies for run in make_plan(str(suite)).runs}


def test_a_remedy_goes_to_a_whole_group_and_a_methods_own_stands_before_it(own, toy_suite, methods):
    own(mine='include "methods/r1.gin"\nGroup.names = ["gradient_penalties"]')
    methods(
        '["vanilla", "gradient_penalties"]',
        "d_norm = 'batch'",
        'Suite.remedies = {"gradient_penalties": ["layer_norm_d"], "r2": ["no_bn_d"]}',
    )
    found = norms(toy_suite)
    assert found.pop("vanilla") == ()
    assert found.pop("r2") == ("no_bn_d",)
    assert set(found.values()) == {("layer_norm_d",)}
    assert {"mine", "dragan", "wgan_gp"} <= found.keys()


def test_a_remedy_for_no_method_is_refused(methods):
    with pytest.raises(UsageError, match=r"toy.gin:1\d: no method named 'wgan_gq', and no group"):
        methods('["vanilla"]', 'Suite.remedies = {"wgan_gq": ["layer_norm_d"]}')


# --- rows that would be the same


def test_settings_that_an_override_makes_the_same_are_refused(capsys):
    assert main(["run", "quick", "--gin_bindings", "d_norm = 'none'"]) == 2
    message = capsys.readouterr().err
    assert "the settings standard and no_bn_d make the same run of vanilla" in message
    assert message.startswith("ganbench: ")
    assert message.count("\n") == 1
    one = ["d_norm = 'none'", 'Suite.settings = ["no_bn_d"]']
    assert make_plan("quick", gin_bindings=one, extra=[]).runs


def test_methods_that_are_the_same_may_stand_side_by_side(own, methods):
    own(one="", two="")
    assert methods('["one", "two"]') == ["one", "two"]
