"""Gin files of other packages: what is broken is named, and hides nothing else."""

import pytest

from bench.cli import main
from bench.config.catalogue import Catalogue

METHOD = """
from dataclasses import dataclass
import gin
from methods.base import Method

@gin.register
@dataclass
class {name}(Method):
    def g_step(self, gan, real):
        {body}
"""


@pytest.fixture
def offer(tmp_path, monkeypatch):
    """Installs a package as its metadata has it: a function of package, module and group."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(package, module, group="ganbench.trees"):
        info = tmp_path / f"{package.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{group}]\ntrick = {module}\n")
        return tmp_path

    return install


def write(folder, module, code="", **files):
    """A package with methods of its own: the text of each gin file by its name."""
    (folder / module).mkdir(parents=True)
    (folder / module / "__init__.py").write_text(code)
    for name, text in files.items():
        methods = folder / module / "gin" / "methods"
        methods.mkdir(parents=True, exist_ok=True)
        (methods / f"{name}.gin").write_text(text)


def complaint(capsys):
    """The sentence that ``list`` prints, and whoever asks for the method; ours are listed."""
    assert main(["list", "methods"]) == 1
    listed = capsys.readouterr()
    assert "as_gan_repo" in listed.out
    assert "trick" not in Catalogue.of().available("methods")
    sentence = listed.err.removeprefix("ganbench: ")
    assert sentence.count("\n") == 1
    assert main(["conform", "trick"]) == 2
    refused = capsys.readouterr().err
    assert "named 'trick'" in refused
    assert refused.endswith(sentence)
    return sentence


@pytest.mark.parametrize(
    ("module", "code", "reason"),
    [
        ("gan_tricks_absent", None, "module gan_tricks_absent cannot be found"),
        ("gan_tricks_raising.inner", "raise RuntimeError('no licence')", "no licence"),
        ("gan_tricks_treeless", "", "there is no folder gin in "),
    ],
)
def test_a_package_without_a_tree_is_named(offer, capsys, module, code, reason):
    folder = offer("gan-tricks", module)
    if code is not None:
        write(folder, module.partition(".")[0], code)
    sentence = complaint(capsys)
    assert sentence.startswith("the package gan-tricks offers gin files, but ")
    assert reason in sentence


def test_a_single_file_is_no_package_and_takes_no_folder_beside_it(offer, capsys):
    folder = offer("gan-tricks", "gan_tricks_single")
    (folder / "gan_tricks_single.py").touch()
    (folder / "gin" / "methods").mkdir(parents=True)
    (folder / "gin" / "methods" / "trick.gin").write_text("# Anybody's.\n")
    assert "gan_tricks_single is a single file" in complaint(capsys)


def test_who_still_offers_methods_by_the_former_entry_point_is_told_the_new_one(offer, capsys):
    folder = offer("gan-tricks", "gan_tricks_former", group="ganbench.methods")
    write(folder, "gan_tricks_former")
    (folder / "gan_tricks_former" / "trick.gin").write_text("# A trick.\n")
    sentence = complaint(capsys)
    assert "the package gan-tricks offers the method 'trick'" in sentence
    assert "the entry point group ganbench.methods, which is no longer read" in sentence
    assert "gin/methods" in sentence
    assert "in the group ganbench.trees" in sentence


def test_a_module_that_raises_is_named_with_its_gin_files_line(offer, capsys):
    folder = offer("gan-tricks", "gan_tricks_wrong")
    write(folder, "gan_tricks_wrong", "1 / 0", trick="# A trick.\nimport gan_tricks_wrong\n")
    assert main(["conform", "trick"]) == 2
    error = capsys.readouterr().err
    assert "trick.gin:2: cannot import gan_tricks_wrong: ZeroDivisionError" in error
    assert main(["list", "methods"]) == 0


def test_a_name_of_ours_cannot_be_taken_in_silence(offer, capsys):
    folder = offer("gan-tricks", "gan_tricks_vanilla")
    write(folder, "gan_tricks_vanilla", vanilla="# Not vanilla.\n", trick="# A trick.\n")
    assert main(["list", "methods"]) == 1
    listed = capsys.readouterr()
    assert "several methods are named 'vanilla': " in listed.err
    assert str(folder / "gan_tricks_vanilla" / "gin" / "methods" / "vanilla.gin") in listed.err
    assert "Not vanilla" not in listed.out
    assert "A trick" in listed.out
    assert main(["conform", "vanilla"]) == 2
    assert "NAME: several methods are named 'vanilla': " in capsys.readouterr().err


def test_two_packages_with_one_name_are_both_named(offer, capsys):
    for package, module in (("gan-tricks-b", "gan_b"), ("gan-tricks-a", "gan_a")):
        write(offer(package, module), module, trick=f"# By {module}.\n")
    assert main(["list", "methods"]) == 1
    listed = capsys.readouterr()
    assert "By gan_" not in listed.out
    assert "gan_a/gin/methods/trick.gin and " in listed.err
    assert "gan_b/gin/methods/trick.gin; rename one" in listed.err


def test_the_list_says_which_package_a_name_comes_from(offer, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    write(offer("gan-tricks", "gan_tricks_fine"), "gan_tricks_fine", trick="# A trick.\n")
    assert main(["list", "methods"]) == 0
    rows = [line.split(maxsplit=2) for line in capsys.readouterr().out.splitlines()]
    assert ["trick", "gan-tricks", "A trick."] in [[word.strip() for word in row] for row in rows]
    assert ["vanilla", "ganbench"] in [row[:2] for row in rows]


@pytest.mark.parametrize(
    ("name", "body", "fault"),
    [
        ("Leaky", "gan.discriminator(real).sum().backward(); return super().g_step(gan, real)", ""),
        ("Broken", "return {'g_loss': real.nosuch}", "nosuch"),
    ],
    ids=["leaky", "broken"],
)
def test_conform_says_what_is_wrong_and_exits_with_1(offer, capsys, name, body, fault):
    module, method = f"gan_{name.lower()}", name.lower()
    write(
        offer("gan-tricks", module),
        module,
        METHOD.format(name=name, body=body),
        **{method: f"# {name}.\nimport {module}\nExperiment.method = @{name}()\n"},
    )
    assert main(["conform", method]) == 1
    printed = capsys.readouterr().out.splitlines()
    assert printed[1] == "tried on ring with mlp"
    lines = dict(line.split(": ", 1) for line in printed[2:])
    assert lines["builds without memory"] == "ok"
    if fault:
        assert fault in lines["trains"]
        assert f"{module}/__init__.py:10)" in lines["trains"]
    else:
        assert lines["trains"] == "ok"
        assert lines["leaves the other player alone"] == "g_step left a gradient in D"


def test_conform_answers_an_unknown_method_with_the_nearest(capsys):
    assert main(["conform", "vanila"]) == 2
    assert "did you mean 'vanilla'?" in capsys.readouterr().err
