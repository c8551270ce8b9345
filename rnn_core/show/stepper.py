"""A slider through frames that were all made beforehand: no kernel in the loop.

The frames lie in a `Stack` whose selected index the browser links to the slider, so a key press
shows the next frame at once, and goes on doing so in a page without a kernel.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import ipywidgets as widgets

from rnn_core.show import pages, svg
from rnn_core.show.live import FULL_WIDTH, LiveBox
from rnn_core.show.stills import still_of


class Frame(NamedTuple):
    """One position of the slider: a picture, and the sentence that says what happened here."""

    picture: svg.Element
    sentence: str

    def html(self) -> str:
        """Return the markup of both."""
        return (
            f'<div class="rnn-frame">{svg.to_string(self.picture)}'
            f'<p class="rnn-sentence">{escape(self.sentence)}</p></div>'
        )


class Stepper(LiveBox):
    """Frames under a slider with a play button; the arrow keys move the slider.

    Where no widget can run, it shows a still of a few frames (`still`, their numbers) instead.
    Raises ValueError where there is no frame or a number is none of a frame.
    """

    def __init__(
        self,
        frames: Sequence[Frame],
        *,
        label: str = "t",
        still: Sequence[int] | None = None,
        milliseconds: int = 1200,
    ) -> None:
        last = len(frames) - 1
        if last < 0:
            raise ValueError("frames is empty, expected at least one.")
        self.frames = tuple(frames)
        self._still = tuple(still) if still is not None else (last,)
        for number in self._still:
            if not 0 <= number <= last:
                raise ValueError(f"still holds {number}, expected frames 0 to {last}.")
        self.slider = widgets.IntSlider(
            min=0,
            max=last,
            description=label,
            style={"description_width": "initial"},
            layout=widgets.Layout(width="min(460px, 60%)"),
        )
        play = widgets.Play(min=0, max=last, interval=milliseconds, tooltip="play")
        self.stack = widgets.Stack(
            [widgets.HTML(frame.html(), layout=FULL_WIDTH) for frame in frames],
            selected_index=0,
            layout=FULL_WIDTH,
        )
        widgets.jslink((play, "value"), (self.slider, "value"))
        widgets.jslink((self.slider, "value"), (self.stack, "selected_index"))
        super().__init__([widgets.HBox([play, self.slider]), self.stack], "rnn-stepper")

    @property
    def alt(self) -> str:
        """What the still picture shows, in words."""
        return " ".join(self.frames[number].sentence for number in self._still)

    def stored(self) -> dict[str, str]:
        return still_of([self.frames[number].picture for number in self._still], self.alt).bundle()

    def page(self) -> str:
        frames = [frame.html() for frame in self.frames]
        values = [str(place) for place in range(len(frames))]
        return pages.moving([pages.Control(self.slider.description, values, frames)])
