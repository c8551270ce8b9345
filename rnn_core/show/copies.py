"""Copies of the same weights side by side: their gradients, their sum, and how they drift apart."""

from __future__ import annotations

import numpy as np

from rnn_core.parameters import Array
from rnn_core.show import svg
from rnn_core.show.parts import CELL_HEIGHT, number_grid
from rnn_core.show.plot import Plot
from rnn_core.show.stepper import Frame, Stepper

WIDTH = 784.0
MOST_COLUMNS = 15
"""So many columns of numbers fit side by side."""


def summands(by_step: Array, tied: Array, name: str = "dW") -> Stepper:
    """Return a stepper that adds up the gradients of the copies, one more at each position.

    Shapes: by_step (T, n, m), the gradient of each step's copy; tied (n, m), that of the shared
    weights. Raises ValueError where the shapes disagree or T * m is too wide for the picture.
    """
    _check(by_step, name)
    if by_step.shape[1:] != tied.shape:
        raise ValueError(f"tied has the shape {tied.shape}, expected {by_step.shape[1:]}.")
    frames = [_sum_frame(by_step, tied, name, t) for t in range(len(by_step) + 1)]
    return Stepper(frames, label="added", still=[len(by_step)])


def _check(copies: Array, name: str) -> None:
    if copies.ndim != 3 or copies.shape[0] * copies.shape[2] > MOST_COLUMNS:
        raise ValueError(
            f"{name} has the shape {copies.shape}, expected (T, n, m) with T * m at most "
            f"{MOST_COLUMNS}: the picture is full."
        )


def _sum_frame(by_step: Array, tied: Array, name: str, t: int) -> Frame:
    T, n, m = by_step.shape
    scale = float(np.abs(by_step).max()) or 1.0
    row = _row_of_grids(by_step, name, 0.0, scale, lambda s: f"{name}, copy {s}", shown=t)
    top = 40.0 + n * (CELL_HEIGHT + 2) + 24
    column, pitch = _column(T, m), WIDTH / T
    total = by_step[:t].sum(axis=0)
    scale = float(np.abs(tied).max()) or 1.0
    parts: list[svg.Element] = [row]
    for x, values, words in (
        (10.0, total, f"sum of {t} of {T}"),
        (10.0 + pitch, tied, f"tied {name}"),
    ):
        label = svg.text(x, top + 12, words, class_="rnn-label", font_size=13)
        grid = number_grid(x, top + 20, column, values, words, scale=scale, digits=2)
        parts.append(svg.group(label, grid, class_="rnn-past"))
    off = float(np.abs(total - tied).max())
    said = "below 1e-12" if off < 1e-12 else svg.number(off, 4)
    words = f"largest difference: {said}"
    middle = top + 20 + n * (CELL_HEIGHT + 2) / 2
    parts.append(svg.text(20 + 2 * pitch, middle + 4, words, class_="rnn-bold"))
    sentence = _sum_sentence(by_step, name, t, said)
    height = top + 28 + n * (CELL_HEIGHT + 2)
    return Frame(svg.picture(WIDTH, height, sentence, *parts), sentence)


def _sum_sentence(by_step: Array, name: str, t: int, off: str) -> str:
    T = len(by_step)
    if t == 0:
        return f"No copy is added yet: the sum is zero, and the tied {name} is {off} away."
    length = float(np.linalg.norm(by_step[t - 1]))
    nothing = " (it multiplies a_0, which is zero)" if length == 0 else ""
    words = f"Copy {t} of {T} adds a gradient of length {length:.4f}{nothing}; "
    return words + f"the largest difference between the sum and the tied {name} is {off}."


def _column(T: int, m: int) -> float:
    return min(50.0, (WIDTH / T - 18) / m)


def _row_of_grids(
    copies: Array,
    name: str,
    top: float,
    scale: float,
    title: object,
    *,
    shown: int | None = None,
) -> svg.Element:
    """T matrices from left to right, those after `shown` pale."""
    T, n, m = copies.shape
    group, column, pitch = svg.group(), _column(T, m), WIDTH / T
    for s in range(1, T + 1):
        x = 10.0 + (s - 1) * pitch
        words = title(s) if callable(title) else str(title)
        pale = shown is not None and s > shown
        label = svg.text(x, top + 12, words, class_="rnn-label", font_size=13)
        grid = number_grid(x, top + 22, column, copies[s - 1], f"{name} {s}", scale=scale, digits=2)
        box = svg.rect(
            x - 6, top + 17, m * column + 9, n * (CELL_HEIGHT + 2) + 8, rx=8, class_="rnn-node"
        )
        box.attrib["style"] = "fill: none"
        one = svg.group(label, box, grid, class_="rnn-past" + (" rnn-later" if pale else ""))
        group.append(one)
        if shown is not None and s < T:
            sign = {"class_": "rnn-middle rnn-bold", "font_size": 20}
            middle = top + 28 + n * (CELL_HEIGHT + 2) / 2
            group.append(svg.text(x + (m * column + pitch) / 2, middle, "+", **sign))
    return group


def drifting(apart: Array, together: Array, name: str = "W") -> Stepper:
    """Return a stepper over updates: copies that follow their own gradients, and those tied.

    Shapes: apart and together (N + 1, T, n, m), the copies before the first update and after each
    of N. Raises ValueError where the shapes disagree or T * m is too wide for the picture.
    """
    if apart.shape != together.shape or apart.ndim != 4:
        raise ValueError(
            f"apart has the shape {apart.shape} and together {together.shape}, expected the same "
            "(updates + 1, T, n, m)."
        )
    _check(apart[0], name)
    frames = [
        _drift_frame(a, b, name, n) for n, (a, b) in enumerate(zip(apart, together, strict=True))
    ]
    return Stepper(frames, label="updates", still=[len(frames) - 1], milliseconds=500)


def spread(copies: Array) -> float:
    """Return the largest difference between two copies, at the entry where they differ most."""
    return float(np.ptp(copies, axis=0).max())


def _drift_frame(apart: Array, together: Array, name: str, n: int) -> Frame:
    height = apart.shape[1] * (CELL_HEIGHT + 2)
    parts: list[svg.Element] = []
    top = 0.0
    for words, copies in (
        ("each copy by its own gradient", apart),
        ("all copies by the sum of the gradients", together),
    ):
        style = "rnn-bold"
        line = f"{words}: they differ by up to {spread(copies):.4f}"
        parts.append(svg.text(4, top + 14, line, class_=style))
        key = f"{words}, {name}"
        parts.append(
            _row_of_grids(copies, key, top + 24, 1.0, lambda s: f"{name}, copy of step {s}")
        )
        top += height + 74
    sentence = (
        f"After {n} update{'' if n == 1 else 's'}: copies that follow their own gradients differ "
        f"by up to {spread(apart):.4f}; copies that all follow the sum differ by "
        f"{spread(together):.4f}."
    )
    return Frame(svg.picture(WIDTH, top - 12, sentence, *parts), sentence)


def weight_counts(tied: int, T: int, most_steps: int = 100) -> Frame:
    """Return a frame: the weights of one shared cell and of T copies of it, drawn against T.

    Raises ValueError where T is not 1 to most_steps.
    """
    if not 1 <= T <= most_steps:
        raise ValueError(f"T is {T}, expected 1 to {most_steps}.")
    untied, most = T * tied, most_steps * tied
    plot = Plot((74.0, 26.0, 560.0, 200.0), (0, most_steps), (0, most))
    ticks = [round(most * share) for share in (0, 0.25, 0.5, 0.75, 1)]
    plot.ticks(range(0, most_steps + 1, 20), ticks, "T")
    plot.curve([1, most_steps], [tied, most], "rnn-wrong")
    plot.curve([1, most_steps], [tied, tied], "rnn-past")
    plot.curve([T], [untied], "rnn-wrong", name="untied", radius=6)
    plot.curve([T], [tied], "rnn-past", name="tied", radius=6)
    plot.words(642, 30, "untied", "rnn-wrong")
    plot.words(642, 228, "tied", "rnn-past")
    _number_beside(plot, T, untied, "rnn-wrong", above=True)
    _number_beside(plot, T, tied, "rnn-past", above=False)
    plot.words(74, 16, "weights of the cell (Wxh, W and b)", "rnn-muted")
    sentence = (
        f"T = {T}: one shared cell has {tied:,} weights, and a copy for each step makes "
        f"{untied:,} of them, {T} times as many."
    )
    return Frame(svg.picture(WIDTH, 264, sentence, plot.svg), sentence)


def _number_beside(plot: Plot, T: int, value: int, hue: str, *, above: bool) -> None:
    """Write a number beside its dot: left of it above the rising line, or right of it below."""
    (x, y), foot = plot.place(T, value), plot.top + plot.height
    words, room, right = f"{value:,}", 66.0, False
    if above:
        x = max(x - 10, plot.left + room)
        y = min(y - 4, foot - 28 if x <= plot.left + room else y - 4)
    else:
        right = x + room < plot.left + plot.width
        x, y = (max(x + 10, plot.left + room) if right else x - 10), y - 5
    label = {"class_": "rnn-label" if right else "rnn-label rnn-end", "font_size": 13}
    plot.svg.append(svg.group(svg.text(x, y, words, **label), class_=hue))
