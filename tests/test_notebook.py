"""The documents in Python: the page on the API, and the notebook, run as who copies them would."""

import ast
import inspect
import json
import re
from pathlib import Path

import pytest

import ganbench

DOCS = Path(__file__).parents[1] / "docs"
NOTEBOOK = DOCS / "tutorial.ipynb"
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
    text = (DOCS / "python.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 6
    names = {}
    for block in blocks:
        exec(compile(block, "docs/python.md", "exec"), names)
    assert (names["pictures"].shape, names["gan"].step) == ((16, 1, 8, 8), 99)
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


def test_the_notebook_calls_what_there_is():
    calls = [
        node
        for text in map(source, code_cells())
        if text[0] != "%"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and re.fullmatch(r"ganbench(\.\w+)+", ast.unparse(node.func))
    ]
    assert {"ganbench.train", "ganbench.run"} <= {ast.unparse(call.func) for call in calls}
    for call in calls:
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
