"""The documents in Python: the page on the API, and the notebook, run as who copies them would."""

import ast
import inspect
import json
import re
from pathlib import Path

import pytest

import ganbench

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
NOTEBOOK = DOCS / "tutorial.ipynb"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WRITE = re.compile(r"%%writefile (\S+)\n(.*)", re.DOTALL)


def code_cells():
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def source(cell):
    return "".join(cell["source"])


def written():
    """The files that the notebook writes, by name."""
    found = [WRITE.fullmatch(source(cell)) for cell in code_cells()]
    return dict(match.groups() for match in found if match)


def test_the_page_on_the_api_runs_from_the_first_block_to_the_last(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall((DOCS / "python.md").read_text(encoding="utf-8"))
    assert len(blocks) >= 6
    names = {}
    for block in blocks:
        exec(compile(block, "docs/python.md", "exec"), names)
    assert (names["pictures"].shape, names["gan"].step) == ((16, 1, 8, 8), 99)
    assert names["found"]["scores"]["fid"] == names["record"]["scores"][-1]["fid"]
    assert set(names["records"]["method"]) == {"vanilla", "as_gan"}
    assert names["conclusion"].page in names["pages"]


def test_what_the_notebook_writes_is_a_method_and_a_suite_of_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in written().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    plan = ganbench.plan("ring.gin", seeds=1)
    ganbench.check(plan)
    assert [run.method for run in plan.runs] == ["vanilla", "smoothed", "r1"]


def calls(texts):
    """The calls of functions of ganbench's."""
    trees = [ast.parse(text) for text in texts]
    found = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in found if re.fullmatch(r"ganbench(\.\w+)+", ast.unparse(call.func))]


def test_the_notebook_and_the_readme_call_what_there_is():
    blocks = BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    readme = calls(block for block in blocks if "import ganbench" in block)
    notebook = calls(text for text in map(source, code_cells()) if text[0] != "%")
    for found in (readme, notebook):
        assert {"ganbench.plan", "ganbench.run"} <= {ast.unparse(call.func) for call in found}
    for call in readme + notebook:
        function = eval(ast.unparse(call.func), {"ganbench": ganbench})
        keywords = {keyword.arg: None for keyword in call.keywords}
        inspect.signature(function).bind(*call.args, **keywords)


def test_the_notebook_was_run_from_top_to_bottom_and_names_no_place():
    cells = code_cells()
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert {output["output_type"] for output in outputs} == {
        "display_data",
        "execute_result",
        "stream",
    }
    assert any("image/png" in output.get("data", {}) for output in outputs)
    for output in outputs:
        output.get("data", {}).pop("image/png", None)
    assert not re.search(r"/(root|home|tmp|usr|work)\b|/\w+/\w+/\w+/", json.dumps(outputs))


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_the_notebook_runs(tmp_path):
    nbformat, nbclient = (pytest.importorskip(name) for name in ("nbformat", "nbclient"))
    notebook = nbformat.read(NOTEBOOK, 4)
    resources = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, timeout=600, resources=resources).execute()
    assert (tmp_path / "tutorial" / "runs" / "pages" / "ring" / "README.md").is_file()
