"""Every notebook runs from top to bottom and is kept without outputs."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
# What each has written at its end.
WRITES = {
    "01-first-map": "index.html",
    "02-sources": "intake.html",
    "03-composite": "account.json",
    "04-delineation": "neighbors.svg",
}


def test_what_each_notebook_writes_is_known():
    assert [path.stem for path in NOTEBOOKS] == sorted(WRITES)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path):
    notebook = nbformat.read(path, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": path.parent}}
    )
    client.execute()
    last = notebook.cells[-1].outputs[-1]["data"]["text/plain"]
    assert WRITES[path.stem] in last
