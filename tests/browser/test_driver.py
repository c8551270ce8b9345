"""The driver itself: a driver that saw nothing wrong would make every browser test pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from store_notebooks import KERNELSPEC

if TYPE_CHECKING:
    from jupyterlab_driver import JupyterLab
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

# The smallest thing that keeps the stepper's contract: class names, slider, one visible frame.
MAKE_STEPPER = """
import ipywidgets as widgets

def stepper(radii, sentence="t"):
    picture = '<svg width="90" height="60"><circle cx="45" cy="30" r="{}"/></svg>'
    words = f'<p class="rnn-sentence">{sentence}</p>'
    frames = [
        widgets.HTML(f'<div class="rnn-frame">{picture.format(r)}{words}</div>') for r in radii
    ]
    stack = widgets.Stack(frames, selected_index=0)
    slider = widgets.IntSlider(0, 0, len(radii) - 1)
    widgets.jslink((slider, "value"), (stack, "selected_index"))
    box = widgets.VBox([slider, stack])
    box.add_class("rnn-stepper")
    return box
"""


def write(lab: JupyterLab, name: str, *sources: str) -> None:
    cells = [new_code_cell(source) for source in sources]
    cells.append(new_markdown_cell("A long end.\n\n" * 60))
    notebook = new_notebook(cells=cells, metadata={"kernelspec": KERNELSPEC})
    nbformat.write(notebook, lab.folder / name)


def test_it_sees_what_is_wrong(
    lab: JupyterLab, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyterlab_driver.STEP_SECONDS", 1)
    write(
        lab,
        "wrong.ipynb",
        MAKE_STEPPER,
        "stepper([5, 9, 9])",
        "stepper([5, 9], sentence='')",
        "widgets.VBox([stepper([5, 9]), stepper([5, 9])]).add_class('rnn-stepper')",
        "import sys; print('a murmur', file=sys.stderr)",
        'from IPython.display import HTML; HTML(\'<img src="data:image/png;base64,AA" alt="a">\')',
        "1 / 0",
        "'never reached'",
    )
    with lab.open(browser, "wrong.ipynb") as notebook:
        notebook.run_all()
        murmur, error, image, unrun = notebook.errors()
        assert murmur.startswith("cell 5 shows an error or text on stderr: a murmur")
        assert error.startswith("cell 7 shows") and "ZeroDivisionError" in error
        assert image == "cell 6 shows a broken image: a"
        assert unrun == "cell 8 has not run"

        same, mute, double, *_ = notebook.steppers()
        same.step("ArrowRight")
        with pytest.raises(AssertionError, match="the same picture at 1 and at 2"):
            same.step("ArrowRight")
        with pytest.raises(AssertionError, match="stays at 2 when ArrowRight"):
            same.step("ArrowRight")
        assert mute.frame().sentence == ""
        with pytest.raises(AssertionError, match="2 frames at once"):
            double.frame()


def test_it_takes_pictures_of_the_whole_notebook(lab: JupyterLab, browser: Browser) -> None:
    write(lab, "long.ipynb", MAKE_STEPPER, "stepper([5, 9, 12])")
    with lab.open(browser, "long.ipynb", width=700, theme="dark") as notebook:
        notebook.run_all()
        (stepper,) = notebook.steppers()
        assert 'r="12"' in stepper.go_to(2).picture
        assert 'r="9"' in stepper.go_to(1).picture
        pictures = list(notebook.screenshots(piece_height=700))
        heights = [int.from_bytes(picture[20:24], "big") for picture in pictures]
        assert len(heights) > 1
        assert set(heights[:-1]) == {700} and 0 < heights[-1] <= 700
        assert notebook.console_errors == []


def test_a_notebook_that_is_not_there_is_named(lab: JupyterLab, browser: Browser) -> None:
    with pytest.raises(FileNotFoundError, match=r"no notebook 99_none\.ipynb"):
        lab.open(browser, "99_none.ipynb")
