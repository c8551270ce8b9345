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
    frames: Sequence[str] = ()
    first: int = 0


# Hides all frames of the picture but one. In a grid the frame's place follows from all controls;
# elsewhere the other controls go back to where they began.
_MOVE = (
    "const page = this.closest('.rnn-page'), all = [...page.querySelectorAll('input')];"
    "if (!page.dataset.grid) all.forEach(c => { if (c != this) c.value = c.defaultValue; });"
    "const place = page.dataset.grid ? all.reduce((sum, c) => sum + c.value * c.dataset.step, 0)"
    " : +this.dataset.step + +this.value;"
    "[...page.querySelector('.rnn-frames').children].forEach((f, i) => f.hidden = i != place);"
    "all.forEach(c => c.nextElementSibling.textContent = JSON.parse(c.dataset.values)[c.value]);"
)
_NOTE = '<p class="rnn-page-note">Here one control moves at a time; in the notebook all do.</p>'


def moving(controls: Sequence[Control]) -> str:
    """Return the markup of a picture with its controls; the first frame of the first one is seen.

    Raises ValueError where there is no control, or one has no frame.
    """
    if not controls or not all(control.frames for control in controls):
        raise ValueError("controls is empty or has one without frames, expected at least one.")
    rows: list[str] = []
    frames: list[str] = []
    for control in controls:
        rows.append(_row(control, step=len(frames)))
        frames += control.frames
    note = _NOTE if len(controls) > 1 else ""
    return _page("".join(rows) + note, frames, controls[0].first)


def moving_together(one: Control, other: Control, frames: Sequence[Sequence[str]]) -> str:
    """Return the markup of a picture whose two controls move together: frames[one][other].

    The frames of the controls themselves are not used. Raises ValueError where they do not fit.
    """
    if [len(row) for row in frames] != [len(other.values)] * len(one.values):
        raise ValueError(f"frames has {len(frames)} rows, expected {len(one.values)} full ones.")
    rows = _row(one, step=len(other.values)) + _row(other, step=1)
    seen = one.first * len(other.values) + other.first
    return _page(rows, [frame for row in frames for frame in row], seen, grid=True)


def _page(rows: str, frames: Sequence[str], seen: int, *, grid: bool = False) -> str:
    shown = "".join(
        f"<div{'' if place == seen else ' hidden'}>{frame}</div>"
        for place, frame in enumerate(frames)
    )
    return (
        f'<div class="rnn-page"{" data-grid=1" if grid else ""}><style>{palette.LIVE_STYLE}</style>'
        f'{rows}<div class="rnn-frames">{shown}</div></div>'
    )


def _row(control: Control, step: int) -> str:
    values = json.dumps(list(control.values))
    label = escape(control.label)
    return (
        f'<div class="rnn-page-row"><label>{label} '
        f'<input type="range" min="0" max="{len(control.values) - 1}" value="{control.first}" '
        f'aria-label="{label}" data-step="{step}" data-values="{escape(values)}" '
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
