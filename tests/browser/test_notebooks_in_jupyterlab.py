"""Every notebook as a learner meets it: opened in JupyterLab, run, every slider moved by keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from store_notebooks import NOTEBOOKS

if TYPE_CHECKING:
    from jupyterlab_driver import JupyterLab, OpenNotebook, Stepper
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

NAMES = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))


def walk(stepper: Stepper) -> None:
    """Step from first to last; `step` itself fails where the picture does not change."""
    frame = stepper.go_to(stepper.first)
    assert stepper.last > stepper.first, f"{stepper.name} has only one position"
    assert frame.sentence, f"{stepper.name} has no visible sentence at {stepper.first}"
    for position in range(stepper.first + 1, stepper.last + 1):
        frame = stepper.step("ArrowRight")
        assert stepper.position == position
        assert frame.sentence, f"{stepper.name} has no visible sentence at {position}"


def move_the_sliders(notebook: OpenNotebook) -> None:
    """Press keys on every slider whose picture the kernel draws; none may answer with an error."""
    for place, picture in enumerate(notebook.page.query_selector_all(".rnn-explore"), start=1):
        handles = picture.query_selector_all(".noUi-handle")
        before = picture.query_selector(".rnn-frame").inner_html()
        for handle in handles:
            for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
                handle.focus()
                notebook.page.keyboard.press(key)
        if not handles:
            continue
        try:
            notebook.page.wait_for_function(
                "([root, before]) => root.querySelector('.rnn-frame')?.innerHTML !== before",
                arg=[picture, before],
                timeout=10_000,
            )
        finally:
            # An error would stand in the frame's place.
            frame = picture.query_selector(".rnn-frame")
            assert frame is not None, f"picture {place}: {picture.inner_text()}"


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_and_every_stepper_steps(lab: JupyterLab, browser: Browser, name: str) -> None:
    with lab.open(browser, name) as notebook:
        assert notebook.errors() == [], "as stored, before anything has run"
        notebook.run_all()
        assert notebook.errors() == []
        for stepper in notebook.steppers():
            walk(stepper)
        move_the_sliders(notebook)
        assert notebook.console_errors == []


def test_a_stepper_works_without_a_kernel(lab: JupyterLab, browser: Browser) -> None:
    with lab.open(browser, "00_start_here.ipynb") as notebook:
        notebook.run_all()
        steppers = notebook.steppers()
        assert steppers, "the first notebook shows a stepper"
        notebook.shut_down_kernel()
        for stepper in steppers:
            walk(stepper)
