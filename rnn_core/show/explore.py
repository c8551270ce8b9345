"""Controls whose picture the kernel computes anew: for what frames cannot be made ahead.

Each change makes one frame and puts it into one HTML widget, so that a thousand changes leave
nothing behind. What stands otherwise than before the change lights up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from html import escape
from types import MappingProxyType
from typing import Any

import ipywidgets as widgets

from rnn_core.show import pages, svg
from rnn_core.show.live import FULL_WIDTH, LiveBox
from rnn_core.show.stepper import Frame
from rnn_core.show.stills import still_of

_STYLE = {"description_width": "110px"}
EXPECTED = (ValueError, TypeError, FloatingPointError)
"""What a drawing raises on purpose: its words are a sentence for the learner."""


def slider(low: float, high: float, value: float, step: float | None = None) -> widgets.Widget:
    """Return a slider: of whole numbers where low, high and value are, else of steps of 0.05.

    Raises ValueError unless low < high and value is between them.
    """
    if not (low < high and low <= value <= high):
        raise ValueError(f"the slider goes from {low} to {high} at {value}, expected low < high.")
    whole = step is None and all(isinstance(number, int) for number in (low, high, value))
    kind = widgets.IntSlider if whole else widgets.FloatSlider
    return kind(
        value=value,
        min=low,
        max=high,
        step=step or (1 if whole else 0.05),
        style=_STYLE,
        layout=widgets.Layout(width="min(460px, 96%)"),
        readout_format="d" if whole else ".2f",
    )


def choice(*options: str) -> widgets.Widget:
    """Return a drop-down list of these options, the first one chosen."""
    width = max(280, 140 + 8 * max((len(option) for option in options), default=0))
    layout = widgets.Layout(width=f"min({width}px, 96%)")
    return widgets.Dropdown(options=options, style=_STYLE, layout=layout)


def button() -> widgets.Widget:
    """Return a button: it has no value, but pressing it draws anew (see `Explore.settle`)."""
    return widgets.Button(layout=widgets.Layout(width="140px"))


def text_box(words: str) -> widgets.Widget:
    """Return a box to type in."""
    return widgets.Text(
        value=words,
        continuous_update=True,
        style=_STYLE,
        layout=widgets.Layout(width="min(640px, 96%)"),
    )


def text_area(words: str, *, rows: int = 8, width: int = 340) -> widgets.Widget:
    """Return a box of several lines to type in, in letters of equal width."""
    area = widgets.Textarea(
        value=words,
        rows=rows,
        style=_STYLE,
        layout=widgets.Layout(width=f"min({width}px, 96%)", height=f"{rows * 19 + 14}px"),
    )
    area.add_class("rnn-monospace")
    return area


class Explore(LiveBox):
    """Labelled controls above the frame that `draw` makes of their values.

    `draw` takes one argument for each control, by the control's name (blanks become underscores),
    and returns a `Frame`; what it raises is shown in place of the picture, and the controls stay
    as they are. `compact` sets
    many small controls side by side, in as many columns as the page has room for.
    Raises ValueError where there is no control, and what `draw` raises for the first values.
    """

    def __init__(
        self,
        draw: Callable[..., Frame],
        controls: Mapping[str, widgets.Widget],
        *,
        compact: bool = False,
    ) -> None:
        if not controls:
            raise ValueError("controls is empty, expected a name and a widget for each control.")
        self._draw = draw
        self.controls = {label.replace(" ", "_"): control for label, control in controls.items()}
        self.result = widgets.HTML(layout=FULL_WIDTH)
        self._settling = False
        for name, (label, control) in zip(self.controls, controls.items(), strict=True):
            control.description = label
            if isinstance(control, widgets.Button):
                control.on_click(partial(self._update, name))
            else:
                control.observe(partial(self._update, name), names="value")
        # What the first values raise is the author's mistake, and is raised.
        self.frame = draw(**self.values)
        self.result.value = self.frame.html()
        above = [_grid(list(controls.values()))] if compact else list(controls.values())
        super().__init__([*above, self.result], "rnn-explore")

    @property
    def values(self) -> dict[str, Any]:
        """The value of each control by its name; a button has none."""
        return {
            name: control.value
            for name, control in self.controls.items()
            if not isinstance(control, widgets.Button)
        }

    def settle(self, changed: str) -> None:
        """Set controls that depend on the one that changed; a subclass may say how.

        It is called once for each change, before the drawing; what it sets draws nothing itself.
        """

    def _update(self, name: str, _: Any) -> None:
        if self._settling:
            return
        try:
            self._settling = True
            self.settle(name)
        finally:
            self._settling = False
        try:
            frame = self._draw(**self.values)
        except Exception as error:
            # What a callback raises would end in a log that no learner reads.
            kind = "" if isinstance(error, EXPECTED) else f"{type(error).__name__}: "
            words = escape(f"{kind}{error}")
            self.result.value = f'<p class="rnn-answer rnn-wrong">{words}</p>'
            return
        svg.light_up_changes(self.frame.picture, frame.picture)
        self.frame = frame
        self.result.value = frame.html()

    def stored(self) -> dict[str, str]:
        return still_of([self.frame.picture], self.frame.sentence).bundle()

    def page(self) -> str:
        names = [name for name, control in self.controls.items() if len(_positions(control)) > 1]
        if not names:
            return self.frame.html()
        if len(names) == 2:
            one, other = names
            rows = [self._frames(other, {one: value}) for value in _positions(self.controls[one])]
            return pages.moving_together(self._on_a_page(one), self._on_a_page(other), rows)
        return pages.moving([self._on_a_page(name, self._frames(name)) for name in names])

    def _on_a_page(self, name: str, frames: Sequence[str] = ()) -> pages.Control:
        """Return a control as a page has it: at fewer positions, with the frame of each."""
        control = self.controls[name]
        values = _positions(control)
        words = [f"{value:.2f}" if isinstance(value, float) else str(value) for value in values]
        return pages.Control(control.description, words, frames, values.index(control.value))

    def _frames(self, name: str, fixed: Mapping[str, Any] = MappingProxyType({})) -> list[str]:
        """Move one control through its positions, others fixed; then put all back."""
        before, frames = self.values, []
        for value in _positions(self.controls[name]):
            present = {**before, **fixed, name: value}
            for other in (*fixed, name):
                self.controls[other].value = present[other]
            frames.append(_quiet(self.result.value, present == before))
        for other, value in before.items():
            self.controls[other].value = value
        return frames


def _quiet(frame: str, present: bool) -> str:
    """Return a frame without its sound, unless it is the one shown first: sound is large."""
    return frame if present else re.sub("<audio.*?</audio>", "", frame, flags=re.DOTALL)


def _positions(control: widgets.Widget) -> list[Any]:
    """Return the values that a page offers of a slider or a list, the present one among them."""
    if isinstance(control, widgets.Dropdown):
        options = list(control.options)
        kept = pages.some(range(len(options)), options.index(control.value))
        return [options[place] for place in kept]
    if isinstance(control, widgets.IntSlider | widgets.FloatSlider):
        steps = round((control.max - control.min) / control.step)
        now = round((control.value - control.min) / control.step)
        between = [control.min + place * control.step for place in range(steps + 1)]
        between[now] = control.value
        return [between[place] for place in pages.some(range(steps + 1), now)]
    return []


def _grid(controls: Sequence[widgets.Widget]) -> widgets.GridBox:
    for control in controls:
        control.layout.width = "auto"
        if not isinstance(control, widgets.Button):
            control.style.description_width = "72px"
    columns = "repeat(auto-fill, minmax(240px, 1fr))"
    layout = widgets.Layout(grid_template_columns=columns, grid_gap="0 14px", max_width="860px")
    return widgets.GridBox(controls, layout=layout)
