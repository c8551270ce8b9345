"""A progress bar with the loss as it falls, for `fit(..., watch=TrainingBar())`."""

from __future__ import annotations

import time

import ipywidgets as widgets
import numpy as np
from IPython.display import display

from rnn_core.show.live import LiveBox
from rnn_core.training import History

SECONDS_BETWEEN_UPDATES = 0.1


class TrainingBar:
    """Shows itself at the first step, then the steps made, the loss, and the seconds so far.

    The loss shown is the mean over the last fiftieth of the steps: a single mini-batch jumps about.
    """

    def __init__(self) -> None:
        self.bar = widgets.IntProgress(layout=widgets.Layout(width="min(300px, 40%)"))
        self.words = widgets.HTML()
        self.box = _Bar([widgets.HBox([self.bar, self.words])], "rnn-training-bar")
        self._shown, self._updated = False, 0.0

    def __call__(self, history: History, steps: int) -> None:
        """Take note of a step; the page is updated ten times a second at most."""
        if not self._shown:
            self.bar.max = steps
            display(self.box)
            self._shown = True
        now = time.perf_counter()
        if history.steps < steps and now - self._updated < SECONDS_BETWEEN_UPDATES:
            return
        self._updated = now
        loss = np.mean(history.losses[-max(1, steps // 50) :])
        self.bar.value = history.steps
        self.words.value = (
            f"step {history.steps} of {steps}, loss {loss:.3f}, {history.seconds:.1f} s"
        )


class _Bar(LiveBox):
    """Stored and compared without its numbers: seconds differ from run to run."""

    def stored(self) -> dict[str, str]:
        return {"text/plain": "A progress bar: the training runs."}
