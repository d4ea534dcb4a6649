"""Every gin block of the README and the guides is composed for real, as who copies it would."""

import ast
import re
from pathlib import Path

import pytest

from bench.config.catalogue import Catalogue
from bench.config.plan import make_plan
from bench.errors import UsageError
from bench.search.space import read_space
from bench.search.task import Source, prepare
from bench.training.preflight import preflight

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
DOCUMENTS += sorted(ROOT.glob("examples/**/*.md"))


def is_python(block):
    """Whether it defines something; what gin reads may be Python's grammar as well, or not."""
    try:
        tree = ast.parse(block)
    except SyntaxError:
        return False
    code = ast.FunctionDef | ast.ClassDef | ast.ImportFrom | ast.Call
    return any(isinstance(node, code) for node in ast.walk(tree))


def blocks():
    """Each gin block, called after where it stands."""
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for match in re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            line = text.count("\n", 0, match.start()) + 2
            if not is_python(match[1]):
                yield pytest.param(match[1], id=f"{document.relative_to(ROOT)}:{line}")


def compose(block, folder, suite, offer):
    """Does with a block what it is for: a space, a suite, a method, or overrides."""
    path = folder / "block.gin"
    path.write_text(block, encoding="utf-8")
    if re.search(r"^Search\.", block, re.MULTILINE):
        assert prepare(read_space(str(path), Catalogue.of()), Source("quick"))
    elif re.search(r"^Suite\.", block, re.MULTILINE):
        preflight(make_plan(str(path)))
    elif re.search(r"^Experiment\.method = ", block, re.MULTILINE):
        alone = [f'Suite.methods = ["{offer("of_a_guide", block)}"]']
        preflight(make_plan(str(suite), gin_bindings=alone))
    else:
        alone = ['Suite.methods = ["vanilla"]']
        preflight(make_plan(str(suite), [str(path)], alone))


@pytest.fixture
def suite(toy_suite):
    """The toy suite, without what only one method has."""
    toy_suite.write_text(toy_suite.read_text().replace("ASGAN.epsilon = 0.1\n", ""))
    return toy_suite


@pytest.mark.parametrize("block", list(blocks()))
@pytest.mark.usefixtures("full_pacgan")
def test_a_block_can_be_used_as_it_stands(block, tmp_path, suite, offer):
    compose(block, tmp_path, suite, offer)


def test_the_blocks_are_found():
    documents = {parameter.id.rsplit(":", 1)[0] for parameter in blocks()}
    assert {"README.md", "examples/pacgan/README.md"} <= documents


@pytest.mark.parametrize(
    "block",
    [
        'Suite.dataset = "ring"\nSuite.architecture = "mlp"\nSuite.methods = ["vanila"]\n',
        'Search.log_uniform = {"ASGAN.epsilom": [1e-3, 1e-1]}\n',
        'Search.log_uniform = {"ASGAN.epsilon": [1e-3]}\n',
        "Experiment.stepz = 3\n",
        "RMSprop.lr = 1e-3\n",
    ],
)
def test_a_wrong_block_would_be_noticed(block, tmp_path, suite, offer):
    assert not is_python(block)
    with pytest.raises(UsageError):
        compose(block, tmp_path, suite, offer)
