"""The stop button ends a training between two updates, and the next cell goes on from there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from store_notebooks import KERNELSPEC

if TYPE_CHECKING:
    from jupyterlab_driver import JupyterLab
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

CELLS = (
    """
import numpy as np
from rnn_core import Adam, fit, minibatches, show
from rnn_core.tasks import word_order

model = word_order.rnn()
data = word_order.encode(word_order.splits()["train"])
batches = minibatches(*data, size=32)
history = fit(model, batches, steps=10**7, decay=False, watch=show.TrainingBar())
print("stopped:", history.interrupted, "after some:", history.steps > 0)
""",
    """
done = history.steps
history = fit(model, batches, steps=done + 50, decay=False, history=history)
print("went on:", history.steps == done + 50, "to the end:", not history.interrupted)
""",
)


def test_it_stops_and_goes_on(lab: JupyterLab, browser: Browser) -> None:
    cells = [new_code_cell(source.strip()) for source in CELLS]
    notebook = new_notebook(cells=cells, metadata={"kernelspec": KERNELSPEC})
    nbformat.write(notebook, lab.folder / "stop.ipynb")
    with lab.open(browser, "stop.ipynb") as opened:
        page = opened.page
        page.evaluate(
            "() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); return null; }"
        )
        # The training is under way when the bar says a number of steps.
        page.wait_for_function(
            "() => /step [1-9]\\d* of/.test(document.body.textContent)", timeout=60_000
        )
        opened.command("notebook:interrupt-kernel")
        page.wait_for_function(
            "() => document.body.textContent.includes('to the end:')"
            " && document.body.textContent.includes('went on: True')",
            timeout=60_000,
        )
        text = page.locator(".jp-Notebook").inner_text()
        assert "stopped: True after some: True" in text
        assert "went on: True to the end: True" in text
        assert opened.errors() == []
