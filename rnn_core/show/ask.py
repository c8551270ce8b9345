"""Text boxes whose answer is computed anew as one types: the learner's own words go in here."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets as widgets

from rnn_core.show.live import FULL_WIDTH, LiveBox
from rnn_core.show.stepper import Frame
from rnn_core.show.stills import still_of


class Ask(LiveBox):
    """Labelled text boxes above the frame that `answer` makes of their texts.

    `answer` takes one string for each box and returns a `Frame`; what it raises as ValueError or
    TypeError is shown as its sentence in place of the picture, and the text stays as typed.
    Raises ValueError unless there is at least one box, and what `answer` raises on the first texts.
    """

    def __init__(self, answer: Callable[..., Frame], boxes: dict[str, str]) -> None:
        if not boxes:
            raise ValueError("boxes is empty, expected a label and a text for each box.")
        self._answer = answer
        self.boxes = [
            widgets.Text(
                value=value,
                description=label,
                continuous_update=True,
                layout=widgets.Layout(width="min(640px, 96%)"),
                style={"description_width": "90px"},
            )
            for label, value in boxes.items()
        ]
        self.result = widgets.HTML(layout=FULL_WIDTH)
        for box in self.boxes:
            box.observe(self._update, names="value")
        super().__init__([*self.boxes, self.result], "rnn-ask-box")
        self.frame = answer(*boxes.values())
        self.result.value = self.frame.html()

    def _update(self, _: Any = None) -> None:
        try:
            self.frame = self._answer(*(box.value for box in self.boxes))
            self.result.value = self.frame.html()
        except (ValueError, TypeError) as error:
            self.result.value = f'<p class="rnn-answer rnn-wrong">{escape(str(error))}</p>'

    def stored(self) -> dict[str, str]:
        return still_of([self.frame.picture], self.frame.sentence).bundle()
