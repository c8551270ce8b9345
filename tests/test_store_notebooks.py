"""The tool that stores notebooks: it changes nothing twice, and refuses or reports each slip."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
import store_notebooks
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from store_notebooks import NotebookError, check, main, store

PIXEL = "iVBORw0KGgo="
PICTURE = f"""
from IPython.display import HTML
HTML('<img alt="one grey pixel" src="data:image/png;base64,{PIXEL}">')
"""
WIDGETS = """
import ipywidgets
from IPython.display import display
out = ipywidgets.Output()
with out:
    print("caught")
display(ipywidgets.IntSlider(description="t"))
"""


def write(path: Path, *sources: str) -> Path:
    cells = [new_markdown_cell("# Why α_t?"), *map(new_code_cell, sources)]
    cells[-1].metadata = {"tags": ["exercise"], "collapsed": True}
    notebook = new_notebook(cells=cells, metadata={"title": "left over from an editor"})
    nbformat.write(notebook, path)
    return path


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stored") / "04_some_lesson.ipynb"
    printing = "for t in (1, 2):\n    print(f'a_{t} = {t / 3:.4f}', flush=True)"
    write(path, printing, PICTURE, WIDGETS, "6 * 7")
    assert store(path)
    return path


@pytest.fixture
def edit(stored: Path, tmp_path: Path) -> Callable[[Callable[[NotebookNode], object]], list[str]]:
    """Change a copy of the stored notebook, and return what the check says about it."""

    def change_and_check(change: Callable[[NotebookNode], object]) -> list[str]:
        path = Path(shutil.copy(stored, tmp_path))
        notebook = nbformat.read(path, as_version=4)
        change(notebook)
        nbformat.write(notebook, path)
        return check(path)

    return change_and_check


def test_what_is_stored_passes_and_storing_again_changes_no_byte(stored: Path) -> None:
    before = stored.read_bytes()
    assert check(stored) == []
    assert not store(stored)
    assert stored.read_bytes() == before


def test_what_is_stored_is_canonical(stored: Path) -> None:
    text = stored.read_bytes().decode("utf-8")
    assert "\r" not in text and text.endswith("}\n") and "α" in text
    assert '\n "cells": [\n  {\n' in text, "indented by one"
    notebook = nbformat.read(stored, as_version=4)
    nbformat.validate(notebook)
    assert [cell.id for cell in notebook.cells] == [f"04-some-lesson-00{n}" for n in range(1, 6)]
    assert set(notebook.metadata) == {"kernelspec", "language_info", "rnn_core"}
    _, printing, picture, widgets, answer = notebook.cells
    assert [cell.execution_count for cell in notebook.cells[1:]] == [1, 2, 3, 4]
    assert [output.text for output in printing.outputs] == ["a_1 = 0.3333\na_2 = 0.6667\n"]
    assert set(picture.outputs[0].data) == {"text/html", "text/plain"}
    caught, slider = widgets.outputs
    assert caught.text == "caught\n", "as strict nbval will see it"
    assert set(slider.data) == {"text/plain"}, "the view needs a model that is not stored"
    assert answer.outputs[0].execution_count == 4
    assert answer.metadata == {"slideshow": {"slide_type": "-"}, "tags": ["exercise"]}


def test_an_output_that_was_nothing_but_a_view_is_left_out() -> None:
    view = new_output("display_data", data={store_notebooks.WIDGET_VIEW: {"model_id": "1"}})
    cell = new_code_cell("w", outputs=[view], execution_count=1)
    text = store_notebooks.canonical(new_notebook(cells=[cell]), "n", None)
    assert nbformat.reads(text, as_version=4).cells[0].outputs == []


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("raise ValueError('T must be 1 or more')", "raises ValueError: T must be 1 or more"),
        ("import sys\nprint('hm', file=sys.stderr)", "writes to stderr: hm"),
        ("import warnings\nwarnings.warn('old')", "writes to stderr: "),
        ("import os\nos._exit(1)", "kills the kernel"),
        ("import time\ntime.sleep(30)", "runs longer than 3 s"),
        ("print('x' * 300_000)", "300,000 are allowed"),
        ("print(1);", "ends with a semicolon"),
        ("from IPython.display import SVG\nSVG('<svg/>')", "shows image/svg+xml without an alt"),
    ],
    ids=["raises", "stderr", "warns", "dies", "hangs", "too big", "semicolon", "picture"],
)
def test_storing_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    source: str,
    sentence: str,
) -> None:
    if "sleep" in source:
        monkeypatch.setattr(store_notebooks, "CELL_SECONDS", 3)
    path = write(tmp_path / "refused.ipynb", "print('fine')", source)
    before = path.read_bytes()
    assert main([str(path)]) == 1
    first, *_ = capsys.readouterr().err.splitlines()
    assert "refused.ipynb" in first and sentence in first
    assert "cell 3" in first or "bytes" in first
    assert path.read_bytes() == before


def set_outputs(*outputs: NotebookNode) -> Callable[[NotebookNode], None]:
    def change(notebook: NotebookNode) -> None:
        notebook.cells[1].outputs = list(outputs)

    return change


def html(text: str) -> NotebookNode:
    return new_output("display_data", data={"text/html": text})


def strip_everything(notebook: NotebookNode) -> None:
    for cell in notebook.cells[1:]:
        cell.outputs, cell.execution_count = [], None


CHANGES: dict[str, tuple[Callable[[NotebookNode], object], str]] = {
    "a source": (
        lambda notebook: notebook.cells[1].update(source="print(2)"),
        "its cells were changed after it was stored",
    ),
    "a tag": (
        lambda notebook: notebook.cells[1].metadata.update(tags=["raises-exception"]),
        "its cells were changed after it was stored",
    ),
    "one cell less": (
        lambda notebook: notebook.cells.pop(0),
        "its cells were changed after it was stored",
    ),
    "an editor's metadata": (
        lambda notebook: notebook.metadata.language_info.update(version="3.12.1"),
        "it is not in the canonical form",
    ),
    "an id": (
        lambda notebook: notebook.cells[1].update(id="another"),
        "it is not in the canonical form",
    ),
    "run in another order": (
        lambda notebook: notebook.cells[1].update(execution_count=9),
        "it is not in the canonical form",
    ),
    "a count": (
        lambda notebook: notebook.cells[1].update(execution_count=None),
        "never executed: cell 2",
    ),
    "no outputs": (strip_everything, "no cell has an output"),
    "widget state": (
        lambda notebook: notebook.metadata.update(widgets={}),
        "widget state is stored",
    ),
    "a widget's view": (
        set_outputs(new_output("display_data", data={store_notebooks.WIDGET_VIEW: {}})),
        "the view of a widget that is gone is stored in cell 2",
    ),
    "a long cell": (
        lambda notebook: notebook.cells[1].update(source="\n".join(["print(1)"] * 16)),
        "cell 2 has 16 lines of code where 15 are allowed",
    ),
    "an empty cell": (
        lambda notebook: notebook.cells[1].update(source="\n"),
        "cell 2 is empty",
    ),
    "a semicolon": (
        lambda notebook: notebook.cells[1].update(source="plot();\n"),
        "cell 2 ends with a semicolon",
    ),
    "a big output": (
        set_outputs(new_output("stream", name="stdout", text="x" * 300_000)),
        "bytes where 300,000 are allowed",
    ),
    "a png": (
        set_outputs(new_output("display_data", data={"image/png": PIXEL})),
        "cell 2 shows image/png without an alt text",
    ),
    "an svg": (
        set_outputs(new_output("display_data", data={"image/svg+xml": "<svg/>"})),
        "cell 2 shows image/svg+xml without an alt text",
    ),
    "an img with no alt": (
        set_outputs(html("<p><img src='a.png'></p>")),
        "cell 2 shows an <img> without an alt text",
    ),
    "an img with a blank alt": (
        set_outputs(html("<img src='a.png' alt=' '/>")),
        "cell 2 shows an <img> without an alt text",
    ),
    "an inline svg": (
        set_outputs(html("<div><svg></svg></div>")),
        "cell 2 shows an inline <svg>",
    ),
    "an error": (
        set_outputs(new_output("error", ename="KeyError", evalue="'q'", traceback=[])),
        "cell 2 raises KeyError: 'q'",
    ),
    "stderr": (
        set_outputs(new_output("stream", name="stderr", text="careful\n")),
        "cell 2 writes to stderr: careful",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_by_hand_is_reported(
    edit: Callable[[Callable[[NotebookNode], object]], list[str]], name: str
) -> None:
    change, sentence = CHANGES[name]
    problems = edit(change)
    assert any(sentence in problem for problem in problems)
    for problem in problems:
        assert "04_some_lesson.ipynb: " in problem
        assert "run python tools/store_notebooks.py " in problem
        assert problem.endswith("04_some_lesson.ipynb.") and "\n" not in problem


def test_windows_line_ends_are_reported(stored: Path, tmp_path: Path) -> None:
    path = tmp_path / stored.name
    path.write_bytes(stored.read_bytes().replace(b"\n", b"\r\n"))
    assert ["not in the canonical form" in problem for problem in check(path)] == [True]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "cannot be read as a notebook"),
        (b"[1]", "cannot be read as a notebook"),
        (b"\xff", "cannot be read as a notebook"),
        (b'{"nbformat": 4, "nbformat_minor": 5}', "cannot be read as a notebook"),
        (b'{"nbformat": 3}', "has notebook format 3"),
    ],
)
def test_what_is_no_notebook_is_named(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "odd.ipynb"
    path.write_bytes(content)
    with pytest.raises(NotebookError, match=rf"odd\.ipynb {reason}"):
        check(path)


def test_the_command_checks_a_folder_and_says_so_by_its_exit_code(
    stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--check", str(stored.parent)]) == 0
    write(tmp_path / "raw.ipynb", "print(1)")
    assert main(["--check", str(stored.parent), str(tmp_path)]) == 1
    assert "raw.ipynb: never executed: cell 2; run python" in capsys.readouterr().err
    assert main([str(tmp_path / "nowhere")]) == 1
    assert "nowhere is no notebook and no folder of notebooks." in capsys.readouterr().err
