"""Pictures that move on a page without kernel and widgets: slides, or a file to hand out.

After `begin()` the outputs of cells hold this form: frames under a plain range input of HTML.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from rnn_core.show import palette

MOST_POSITIONS = 9
"""A control with more positions keeps so many of them on a page, at even distances."""

_STATE = {"on": False}


def begin() -> None:
    """Let every picture that is shown from now on take the form for pages."""
    _STATE["on"] = True


def end() -> None:
    """Let pictures be widgets again."""
    _STATE["on"] = False


def are_on() -> bool:
    """Return whether pictures take the form for pages."""
    return _STATE["on"]


class Control(NamedTuple):
    """A control of a picture: its label, the values in words, the frames' markup, the first one."""

    label: str
    values: Sequence[str]
    frames: Sequence[str]
    first: int = 0


# Hides all frames of the picture but one, and puts the other controls back to where they began.
_MOVE = (
    "const page = this.closest('.rnn-page'), place = +this.dataset.start + +this.value;"
    "[...page.querySelector('.rnn-frames').children].forEach((f, i) => f.hidden = i != place);"
    "page.querySelectorAll('input').forEach(other => {"
    "if (other != this) other.value = other.defaultValue;"
    "other.nextElementSibling.textContent = JSON.parse(other.dataset.values)[other.value]; })"
)


def moving(controls: Sequence[Control]) -> str:
    """Return the markup of a picture with its controls; the first frame of the first one is seen.

    Raises ValueError where there is no control, or one has no frame.
    """
    if not controls or not all(control.frames for control in controls):
        raise ValueError("controls is empty or has one without frames, expected at least one.")
    rows: list[str] = []
    frames: list[str] = []
    for control in controls:
        rows.append(_row(control, start=len(frames)))
        frames += control.frames
    seen = controls[0].first
    shown = "".join(
        f"<div{'' if place == seen else ' hidden'}>{frame}</div>"
        for place, frame in enumerate(frames)
    )
    note = (
        '<p class="rnn-page-note">Here one control moves at a time; in the notebook all do.</p>'
        if len(controls) > 1
        else ""
    )
    return (
        f'<div class="rnn-page"><style>{palette.LIVE_STYLE}</style>{"".join(rows)}{note}'
        f'<div class="rnn-frames">{shown}</div></div>'
    )


def _row(control: Control, start: int) -> str:
    values = json.dumps(list(control.values))
    label = escape(control.label)
    return (
        f'<div class="rnn-page-row"><label>{label} '
        f'<input type="range" min="0" max="{len(control.frames) - 1}" value="{control.first}" '
        f'aria-label="{label}" data-start="{start}" data-values="{escape(values)}" '
        f'oninput="{escape(_MOVE)}">'
        f"<output>{escape(control.values[control.first])}</output></label></div>"
    )


def some(positions: Sequence[int], keep: int) -> list[int]:
    """Return at most MOST_POSITIONS of the positions, evenly, with both ends and `keep` in it."""
    if len(positions) <= MOST_POSITIONS:
        return list(positions)
    gap = (len(positions) - 1) / (MOST_POSITIONS - 1)
    chosen = {positions[round(i * gap)] for i in range(MOST_POSITIONS)}
    return sorted(chosen | {keep})
