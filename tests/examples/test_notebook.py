"""The notebook in examples/ runs in a kernel, and shows what it names."""

import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "examples" / "notebook.ipynb"


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """The outputs of each cell of code, by its source."""
    folder = tmp_path_factory.mktemp("notebook")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)  # none is kept in the repository
    places = {name: str(folder) for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR")}
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": folder}})
    client.execute(env=os.environ | places)
    return {cell.source: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}


def shown(cells, name):
    """What the cell that ends with a name gave out."""
    (outputs,) = (outputs for source, outputs in cells.items() if source.splitlines()[-1] == name)
    return outputs


@pytest.mark.parametrize("name", ["model", "run", "run.parameters", "circuit", "recording"])
def test_each_object_shows_itself_as_html_and_as_text(name, cells):
    data = shown(cells, name)[-1].data
    assert "<table" in data["text/html"]
    assert len(data["text/html"]) < 20_000
    assert len(data["text/plain"]) < 400


def test_a_training_shows_one_bar_and_nothing_else(cells):
    bar, result = shown(cells, "run")
    assert re.search(r'<progress value="(\d+)" max="\1"', bar.data["text/html"])
    assert re.search(r"epoch 3/3, batch \d+/\d+ validation accuracy \d\d\.\d\d %", bar.data["text/html"])
    assert "Run(digits-mlp" in result.data["text/plain"]


def test_the_page_of_the_recording_is_inside_a_frame_of_its_own(cells):
    data = shown(cells, "ds.view.show(recording)")[-1].data
    assert data["text/html"].startswith('<iframe srcdoc="&lt;!DOCTYPE html&gt;')
    assert 'sandbox="allow-scripts allow-downloads"' in data["text/html"]
    assert data["text/plain"].startswith("Frame(the page of a recording, ")


def test_no_cell_writes_to_the_standard_streams(cells):
    assert [output for outputs in cells.values() for output in outputs if output.output_type == "stream"] == []
