"""The gradient check as a picture: one bar for each gradient, and the line it must stay below."""

from __future__ import annotations

from collections.abc import Mapping

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
    parts, y = [], 30.0
    for name, error in errors.items():
        parts.append(_row(y, f"d{name}", float(error)))
        y += ROW
    line = svg.element("line", x1=_x(BOUND), y1=6, x2=_x(BOUND), y2=y, class_="rnn-rule")
    line.attrib["style"] = "stroke-width: 2.4"
    sides = [
        svg.text(_x(BOUND) - 10, 17, "left of the line is rounding", class_="rnn-end", **_PRINT),
        svg.text(_x(BOUND) + 10, 17, "right of it is a mistake", **_PRINT),
    ]
    sentence = _sentence(errors)
    children = [*sides, *_axis(y), *parts, line]
    return Frame(svg.picture(WIDTH, y + 42, sentence, *children), sentence)


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


def _row(y: float, name: str, error: float) -> svg.Element:
    right = error < BOUND
    words = "\N{CHECK MARK} agrees" if right else f"\N{MULTIPLICATION X} off by {svg.number(error)}"
    hue = "rnn-input" if right else "rnn-wrong"
    bar = svg.rect(LEFT, y, max(_x(error) - LEFT, 3.0), ROW - 10, rx=3, class_="rnn-bar")
    row = svg.group(svg.element("title", f"error of {name} = {error!r}"), bar, class_=hue)
    row.append(svg.text(LEFT - 12, y + 17, name, class_="rnn-end rnn-bold"))
    row.append(svg.text(RIGHT + 10, y + 17, words))
    return row


def _sentence(errors: Mapping[str, float]) -> str:
    wrong = {f"d{name}": error for name, error in errors.items() if not error < BOUND}
    right = ", ".join(f"d{name}" for name in errors if f"d{name}" not in wrong)
    if not wrong:
        return f"The referee agrees with every gradient: {right} (relative error below 0.000001)."
    words = ", ".join(f"{name} ({error:.2f})" for name, error in wrong.items())
    return f"The referee disagrees with {words}, and agrees with {right or 'none'}."
