"""Every notebook as a learner meets it: opened in JupyterLab, run, and stepped by arrow keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from store_notebooks import NOTEBOOKS

if TYPE_CHECKING:
    from jupyterlab_driver import JupyterLab, Stepper
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


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_and_every_stepper_steps(lab: JupyterLab, browser: Browser, name: str) -> None:
    with lab.open(browser, name) as notebook:
        assert notebook.errors() == [], "as stored, before anything has run"
        notebook.run_all()
        assert notebook.errors() == []
        for stepper in notebook.steppers():
            walk(stepper)
        assert notebook.console_errors == []


def test_a_stepper_works_without_a_kernel(lab: JupyterLab, browser: Browser) -> None:
    with lab.open(browser, "00_start_here.ipynb") as notebook:
        notebook.run_all()
        steppers = notebook.steppers()
        assert steppers, "the first notebook shows a stepper"
        notebook.shut_down_kernel()
        for stepper in steppers:
            walk(stepper)
