"""Methods of other packages: one that is broken is named, and hides no other."""

import logging

import pytest

from bench.cli import main
from bench.config import names

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
    """Installs a package as its metadata has it: a function of package, method and module."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(package, method, module):
        info = tmp_path / f"{package.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[ganbench.methods]\n{method} = {module}\n")
        return tmp_path

    return install


def write(folder, module, method, code="", gin=""):
    (folder / module).mkdir(parents=True)
    (folder / module / "__init__.py").write_text(code)
    if gin:
        (folder / module / f"{method}.gin").write_text(gin)


def complaint(capsys, method):
    """The sentence that ``list`` and ``conform`` print; ours are listed nevertheless."""
    assert main(["list", "methods"]) == 0
    listed = capsys.readouterr()
    assert "as_gan_repo" in listed.out
    assert method not in names.available("methods")
    assert main(["conform", method]) == 2
    refused = capsys.readouterr().err
    sentence = listed.err.removeprefix("ganbench: ignored: ")
    assert refused == f"ganbench: METHOD: {sentence}"
    assert sentence.count("\n") == 1
    return sentence


def test_a_package_without_its_module_is_named(offer, capsys):
    offer("gan-tricks", "trick", "gan_tricks_absent")
    sentence = complaint(capsys, "trick")
    assert "package gan-tricks offers the method 'trick'" in sentence
    assert "module gan_tricks_absent cannot be found" in sentence


def test_a_package_without_its_gin_file_is_named(offer, capsys):
    write(offer("gan-tricks", "trick", "gan_tricks_ginless"), "gan_tricks_ginless", "trick")
    sentence = complaint(capsys, "trick")
    assert "package gan-tricks" in sentence
    assert "has no trick.gin" in sentence


def test_a_package_that_raises_while_its_module_is_looked_for_is_named(offer, capsys):
    folder = offer("gan-tricks", "trick", "gan_tricks_raising.method")
    write(folder, "gan_tricks_raising", "trick", code="raise RuntimeError('no licence')")
    sentence = complaint(capsys, "trick")
    assert "package gan-tricks" in sentence
    assert "no licence" in sentence


def test_a_module_that_raises_is_named_with_its_gin_files_line(offer, capsys):
    folder = offer("gan-tricks", "trick", "gan_tricks_wrong")
    write(folder, "gan_tricks_wrong", "trick", "1 / 0", "# A trick.\nimport gan_tricks_wrong\n")
    assert main(["conform", "trick"]) == 2
    error = capsys.readouterr().err
    assert "trick.gin:2: cannot import gan_tricks_wrong: ZeroDivisionError" in error
    assert main(["list", "methods"]) == 0


def test_a_name_of_ours_cannot_be_taken(offer, capsys, caplog):
    folder = offer("gan-tricks", "vanilla", "gan_tricks_vanilla")
    write(folder, "gan_tricks_vanilla", "vanilla", gin="# Not vanilla.\n")
    assert main(["list", "methods"]) == 0
    listed = capsys.readouterr()
    assert "package gan-tricks offers the method 'vanilla', but ganbench has one" in listed.err
    assert "Not vanilla" not in listed.out
    with caplog.at_level(logging.WARNING):
        assert names.find("methods", "vanilla", "METHOD").is_relative_to(names.ROOT)
    assert "package gan-tricks" in caplog.text


def test_of_two_packages_with_one_name_the_first_by_name_is_used(offer, capsys):
    for package, module in (("gan-tricks-b", "gan_b"), ("gan-tricks-a", "gan_a")):
        write(offer(package, "trick", module), module, "trick", gin=f"# By {module}.\n")
    assert main(["list", "methods"]) == 0
    listed = capsys.readouterr()
    assert "By gan_a." in listed.out
    assert "package gan-tricks-b" in listed.err


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
        offer("gan-tricks", method, module),
        module,
        method,
        METHOD.format(name=name, body=body),
        f"# {name}.\nimport {module}\nExperiment.method = @{name}()\n",
    )
    assert main(["conform", method]) == 1
    lines = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())
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
