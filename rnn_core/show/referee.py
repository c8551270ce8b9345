"""The gradient check as a picture: one bar for each gradient, and the line it must stay below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from rnn_core.show import svg
from rnn_core.show.stepper import Frame

BOUND = 1e-6
"""A correct gradient's relative error is below this."""

WIDTH, LEFT, RIGHT, ROW = 784.0, 96.0, 648.0, 34.0
_LOWEST, _HIGHEST = 1e-13, 1.0
_TICKS = {10.0**power: f"1e{svg.MINUS}{-power}" for power in (-12, -9, -6, -3)} | {1.0: "1"}
_PRINT = {"font_size": 13}


def gradient_check(errors: Mapping[str, float]) -> Frame:
    """Return a frame with the relative error of each gradient, by the parameter's name.

    Raises ValueError where there is none.
    """
    if not errors:
        raise ValueError("errors is empty, expected the relative error of each gradient.")
    rows = [_row(f"d{name}", float(error)) for name, error in errors.items()]
    return _bars(
        rows, BOUND, ("left of the line is rounding", "right of it is a mistake"), _sentence(errors)
    )


def line_up(errors: Mapping[str, float], bound: float, setting: str) -> Frame:
    """Return a frame with the largest error of each program, by its name, and a check's bound.

    The program "correct" must stay left of the bound and all others right of it. `setting` says
    in words what the check runs on. Raises ValueError where there is no program or the bound is
    not above 0.
    """
    if not errors:
        raise ValueError("errors is empty, expected the largest error of each program.")
    if not bound > 0:
        raise ValueError(f"bound is {bound}, expected a number above 0.")
    rows = []
    for name, error in errors.items():
        convicted, guilty = not error < bound, name != "correct"
        words = (
            ("convicted" if guilty else "convicted!")
            if convicted
            else ("goes free" if guilty else "free, rightly")
        )
        sign = "\N{CHECK MARK}" if convicted == guilty else "\N{MULTIPLICATION X}"
        hue = "rnn-input" if convicted == guilty else "rnn-wrong"
        rows.append(_Row(name, float(error), f"{sign} {words}", hue))
    free = [name for name, error in errors.items() if error < bound and name != "correct"]
    sentence = f"{setting}: {_free(free)}"
    if "correct" in errors and not errors["correct"] < bound:
        sentence += " The correct program is convicted too."
    return _bars(rows, bound, ("free", "convicted"), sentence)


def _free(names: list[str]) -> str:
    if not names:
        return "no wrong program goes free."
    return f"{', '.join(names)} {'goes' if len(names) == 1 else 'go'} free."


class _Row(NamedTuple):
    """One bar: its name, the error, the verdict beside it, and the hue of both."""

    name: str
    error: float
    words: str
    hue: str


def _bars(rows: list[_Row], bound: float, sides: tuple[str, str], sentence: str) -> Frame:
    """Return the bars with the line that they are measured by, and what its two sides mean."""
    foot = 30.0 + ROW * len(rows)
    line = svg.element("line", x1=_x(bound), y1=6, x2=_x(bound), y2=foot, class_="rnn-rule")
    line.attrib["style"] = "stroke-width: 2.4"
    children = [
        svg.text(_x(bound) - 10, 17, sides[0], class_="rnn-end", **_PRINT),
        svg.text(_x(bound) + 10, 17, sides[1], **_PRINT),
        *_axis(foot),
        *(_bar(30.0 + ROW * place, row) for place, row in enumerate(rows)),
        line,
    ]
    return Frame(svg.picture(WIDTH, foot + 42, sentence, *children), sentence)


def _axis(y: float) -> list[svg.Element]:
    """The scale below the bars: a tick for every thousand."""
    axis = [svg.element("line", x1=LEFT, y1=y, x2=RIGHT, y2=y, class_="rnn-rule")]
    for tick, words in _TICKS.items():
        x = _x(tick)
        axis.append(svg.element("line", x1=x, y1=y, x2=x, y2=y + 6, class_="rnn-rule"))
        axis.append(svg.text(x, y + 20, words, class_="rnn-middle", **_PRINT))
    words = "each tick: a thousand times more; 1 is as wrong as can be"
    axis.append(svg.text(RIGHT, y + 38, words, class_="rnn-end", **_PRINT))
    axis.append(svg.text(LEFT - 12, y + 20, "error", class_="rnn-end", **_PRINT))
    return axis


def _x(error: float) -> float:
    """Return the place of an error on the logarithmic scale."""
    shown = min(max(error, _LOWEST), _HIGHEST) if np.isfinite(error) else _HIGHEST
    share = np.log10(shown / _LOWEST) / np.log10(_HIGHEST / _LOWEST)
    return float(LEFT + (RIGHT - LEFT) * share)


def _row(name: str, error: float) -> _Row:
    right = error < BOUND
    words = "\N{CHECK MARK} agrees" if right else f"\N{MULTIPLICATION X} off by {svg.number(error)}"
    return _Row(name, error, words, "rnn-input" if right else "rnn-wrong")


def _bar(y: float, row: _Row) -> svg.Element:
    width = max(_x(row.error) - LEFT, 3.0)
    bar = svg.rect(LEFT, y, width, ROW - 10, rx=3, class_="rnn-bar")
    title = svg.element("title", f"error of {row.name} = {row.error!r}")
    group = svg.group(title, bar, class_=row.hue)
    group.append(svg.text(LEFT - 12, y + 17, row.name, class_="rnn-end rnn-bold"))
    group.append(svg.text(RIGHT + 10, y + 17, row.words))
    return group


def _sentence(errors: Mapping[str, float]) -> str:
    wrong = {f"d{name}": error for name, error in errors.items() if not error < BOUND}
    right = ", ".join(f"d{name}" for name in errors if f"d{name}" not in wrong)
    if not wrong:
        return f"The referee agrees with every gradient: {right} (relative error below 0.000001)."
    words = ", ".join(f"{name} ({error:.2f})" for name, error in wrong.items())
    return f"The referee disagrees with {words}, and agrees with {right or 'none'}."
