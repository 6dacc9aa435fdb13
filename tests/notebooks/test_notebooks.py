"""The notebooks run from the first cell to the last, on a company made for them; what is kept of them is their text."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SECONDS = 600  # for one cell; notebook 1 imports a large export where it is told of one
MACHINE = re.compile(r"(/home/|/Users/|/root|/tmp|/work|/var/|[A-Z]:\\|https?://)")


def read(path: Path) -> Any:
    import nbformat

    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)
    return notebook


def run(path: Path, kernel: Any) -> list[Any]:
    """Run a notebook in a kernel that is emptied first; its outputs."""
    import nbformat
    from nbclient import NotebookClient

    notebook = read(path)
    emptied = nbformat.v4.new_code_cell("%reset -f")  # type: ignore[no-untyped-call]
    notebook.cells.insert(0, emptied)
    client = NotebookClient(notebook, km=kernel, timeout=SECONDS)
    try:
        client.execute()
    finally:
        if client.kc is not None:
            client.kc.stop_channels()
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


@pytest.fixture
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One kernel for all notebooks: this interpreter with ipykernel's own specification, and nothing of this person's.

    They share it so that the platform is imported once, and the workspace so that the company is made once.
    """
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import KernelManager

    home = tmp_path_factory.mktemp("notebooks")
    places = {
        "RAPPORT_HOME": str(home / "var"),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTHONPATH": str(ROOT),
    }
    manager = KernelManager(
        kernel_name="python3",
        kernel_spec_manager=KernelSpecManager(kernel_dirs=[]),
        connection_file=str(home / "kernel.json"),
    )
    assert manager.format_kernel_cmd()[0] == sys.executable
    manager.start_kernel(env=os.environ | places, cwd=str(ROOT / "notebooks"))
    yield manager
    manager.shutdown_kernel(now=True)


def test_there_are_six_from_records_to_models() -> None:
    numbers = [path.name[:3] for path in NOTEBOOKS]
    assert numbers == ["01_", "02_", "03_", "04_", "05_", "06_"]
    assert (NOTEBOOKS[0].stem, NOTEBOOKS[-1].stem) == ("01_records", "06_models")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_text_that_is_shown_on_every_machine_alike(path: Path) -> None:
    notebook = read(path)
    assert notebook.metadata.kernelspec.name == "python3"
    assert 8 <= len(notebook.cells) <= 20
    assert notebook.cells[0].cell_type == "markdown"
    assert notebook.cells[0].source.startswith(f"# {int(path.name[:2])} · ")
    for cell in notebook.cells:
        assert not cell.metadata, "metadata of a cell are a machine's"
        assert not MACHINE.search(cell.source), cell.source
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
    assert any("assert " in cell.source for cell in notebook.cells), "it asserts what it tells"


@pytest.mark.slow
def test_each_runs_and_what_it_asserts_holds(kernel: Any, subtests: pytest.Subtests) -> None:
    for path in NOTEBOOKS:  # in one test, so that tests side by side do not make a kernel and a company each
        with subtests.test(path.stem):
            outputs = run(path, kernel)
            said = [item.text for item in outputs if item.output_type == "stream" and item.name == "stderr"]
            assert said == []
            assert any("image/png" in item.get("data", {}) for item in outputs), "a story has pictures"
