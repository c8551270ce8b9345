"""How the gradient shrinks or grows on its way back, and beside it what is left of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnn_core.bptt import Trace
from rnn_core.parameters import Array, Parameters
from rnn_core.show import svg
from rnn_core.show.parts import arrow, number_grid
from rnn_core.show.plot import Plot, short, step_ticks
from rnn_core.show.stepper import Frame

WIDTH = 784.0
DECADES = (1e-18, 1e12)
DECADE_TICKS = (1e-18, 1e-12, 1e-6, 1.0, 1e6, 1e12)
LARGEST_EIGENVALUE = 1.7
"""How far the picture of the eigenvalues reaches."""


def look_back(trace: Trace, gradients: Parameters, max_norm: float) -> Frame:
    """Return a frame: eigenvalues of W, |da_t| over t, each step's summand of dW, and the whole.

    `gradients` are those that `backpropagate` returned for the trace, before clipping; `max_norm`
    is where the gradient with respect to W is clipped.
    """
    T = trace.T
    da = np.array([np.linalg.norm(trace.step(t).da) for t in range(1, T + 1)])
    summands = np.array([np.linalg.norm(trace.step(t).dW) for t in range(1, T + 1)])
    total = float(np.linalg.norm(gradients["W"]))
    factor = min(1.0, max_norm / total) if total else 1.0
    W, dy = trace.cell.W, 270.0
    sentence = _look_back_sentence(W, da, summands, total, factor)
    parts = [eigenvalues(W, 110.0, 118.0, 62.0), _over_time(da, factor * summands)]
    parts += _bars(summands, total, factor, dy)
    return Frame(svg.picture(WIDTH, dy + 148, sentence, *parts), sentence)


def _look_back_sentence(W: Array, da: Array, summands: Array, total: float, factor: float) -> str:
    T, radius = len(da), float(np.abs(np.linalg.eigvals(W)).max())
    clipped = f"clipped to {short(factor * total)}" if factor < 1 else "below the clip threshold"
    return (
        f"Spectral radius {radius:.2f}: from t = {T} back to t = 1 the length of da_t goes from "
        f"{short(da[-1])} to {short(da[0])}. Step 2 adds {short(summands[1])} to dW and step {T} "
        f"adds {short(summands[-1])}; the whole dW has length {short(total)}, {clipped}."
    )


def eigenvalues(W: Array, x: float, y: float, unit: float) -> svg.Element:
    """Return the eigenvalues of W around (x, y) with the unit circle, whose radius is `unit`."""
    reach = LARGEST_EIGENVALUE * unit
    group = svg.group(
        svg.element("line", x1=x - reach, y1=y, x2=x + reach, y2=y, class_="rnn-cell"),
        svg.element("line", x1=x, y1=y - reach, x2=x, y2=y + reach, class_="rnn-cell"),
        svg.element("circle", cx=x, cy=y, r=unit, fill="none", class_="rnn-rule"),
        svg.text(x + unit + 5, y - 5, "1", class_="rnn-small"),
        svg.text(x + reach + 22, y + 15, "real part", class_="rnn-small rnn-end"),
        svg.text(x + 5, y - reach + 10, "imaginary part", class_="rnn-small"),
        svg.text(x, y + reach + 18, "eigenvalues of W", class_="rnn-small rnn-middle"),
        class_="rnn-past",
    )
    for i, value in enumerate(np.linalg.eigvals(W), 1):
        px = float(np.clip(value.real, -LARGEST_EIGENVALUE, LARGEST_EIGENVALUE))
        py = float(np.clip(value.imag, -LARGEST_EIGENVALUE, LARGEST_EIGENVALUE))
        title = svg.element("title", f"size of eigenvalue[{i}] = {float(abs(value))!r}")
        dot = {"cx": x + unit * px, "cy": y - unit * py, "r": 4.5, "class_": "rnn-head"}
        group.append(svg.element("circle", title, **dot))
    return group


def _over_time(da: Array, clipped: Array) -> svg.Element:
    T = len(da)
    plot = Plot((300.0, 30.0, 470.0, 190.0), (1, T), DECADES, log=True)
    plot.ticks(step_ticks(T), DECADE_TICKS, "t")
    times = range(1, T + 1)
    # The first summand is made with a_0 = 0 and has no length at all; a logarithm can't show it.
    # The two often lie upon each other: rings of the second around the dots of the first.
    style: dict[str, Any] = {
        "name": "|dW_t| clipped",
        "dashed": True,
        "radius": 5.0,
        "hollow": True,
    }
    plot.curve(times, da, "rnn-hidden", name="|da_t|", radius=2.6)
    plot.curve(times[1:], clipped[1:], "rnn-wrong", **style)
    plot.words(300, 20, "● length of da_t", "rnn-hidden")
    plot.words(430, 20, "○ what step t adds to dW, after clipping", "rnn-wrong")
    return plot.svg


def _bars(summands: Array, total: float, factor: float, top: float) -> list[svg.Element]:
    """The summands side by side on a plain axis, the whole dW beside them before and after."""
    left, width, height = 20.0, 560.0, 92.0
    foot, T = top + 30 + height, len(summands)
    highest = max(float(summands.max()), total) or 1.0
    pitch = width / T
    group = svg.group(class_="rnn-past")
    for i, value in enumerate(summands):
        bar = _bar(left + i * pitch, foot, pitch - min(3.0, pitch / 4), height, value / highest)
        bar.append(svg.element("title", f"|dW_t|[{i + 1}] = {float(value)!r}"))
        group.append(bar)
    top_bar = int(summands.argmax())
    x, y = left + (top_bar + 0.5) * pitch, foot - height * summands[top_bar] / highest - 5
    words = short(float(summands[top_bar]))
    group.append(svg.text(x, y, words, class_="rnn-middle", font_size=13))
    for x, name, value in (
        (624.0, "|dW|", total),
        (708.0, "|dW| clipped", factor * total),
    ):
        bar = _bar(x, foot, 56.0, height, value / highest)
        bar.append(svg.element("title", f"{name}[1] = {float(value)!r}"))
        at = foot - height * value / highest - 5
        number = svg.text(x + 28, at, short(value), class_="rnn-middle", font_size=13)
        words = "whole dW" if x < 700 else "clipped"
        label = svg.text(x + 28, foot + 17, words, class_="rnn-middle rnn-small")
        group.extend([bar, number, label])
    words = "length of what each step adds to dW (plain axis)"
    rule = svg.element("line", x1=left, y1=foot, x2=WIDTH - 8, y2=foot, class_="rnn-rule")
    heading = svg.text(left, top + 8, words, class_="rnn-label", font_size=13)
    labels = [
        svg.text(left + (t - 0.5) * pitch, foot + 17, str(t), class_="rnn-middle rnn-small")
        for t in step_ticks(T)
    ]
    return [group, rule, svg.group(heading, class_="rnn-past"), *labels]


def _bar(x: float, foot: float, width: float, height: float, share: float) -> svg.Element:
    return svg.rect(x, foot - height * share, width, height * share, class_="rnn-bar")


def powers(W: Array, n: int = 40) -> Frame:
    """Return a frame: W (2, 2), its eigenvalues, and the norm of W, W @ W, ... up to n factors."""
    product, norms = np.eye(len(W)), []
    for _ in range(n + 1):
        norms.append(float(np.linalg.norm(product, 2)))
        product = product @ W
    radius = float(np.abs(np.linalg.eigvals(W)).max())
    sentence = (
        f"W has norm {norms[1]:.2f} and spectral radius {radius:.2f}. The largest norm of a power "
        f"is {short(max(norms))}, and that of {n} factors is {short(norms[-1])}."
    )
    plot = Plot((470.0, 30.0, 300.0, 190.0), (0, n), DECADES, log=True)
    plot.ticks(range(0, n + 1, max(1, n // 8)), DECADE_TICKS, "factors n")
    plot.curve(range(n + 1), norms, "rnn-past", name="norm of W to the power", radius=2.8)
    plot.words(470, 20, "norm of W @ W @ ... @ W", "rnn-past")
    name = svg.text(20, 76, "W", class_="rnn-label")
    grid = number_grid(20, 86, 70, W, "W", scale=10.0, digits=2)
    parts = [svg.group(name, class_="rnn-past"), grid, eigenvalues(W, 300.0, 118.0, 62.0), plot.svg]
    return Frame(svg.picture(WIDTH, 262, sentence, *parts), sentence)


def cliff(
    weights: Sequence[float] | Array,
    losses: Sequence[float] | Array,
    way: Sequence[tuple[float, float]],
    clipped_to: float | None,
) -> Frame:
    """Return a frame: the loss over one weight, and a descent on it.

    `way` holds the weight and the loss after each update, the start first; what leaves the
    picture ends it. `clipped_to` is the clip threshold, None where there is none.
    """
    plot = Plot((70.0, 30.0, 690.0, 230.0), (weights[0], weights[-1]), (1e-9, 1e9), log=True)
    plot.ticks(
        np.arange(0.5, weights[-1] + 0.01, 0.1).tolist(),
        [10.0**e for e in range(-9, 10, 3)],
        "W",
        1,
    )
    plot.curve(weights, losses, "rnn-muted")
    inside = [(w, loss) for w, loss in way if weights[0] <= w <= weights[-1]]
    if inside:
        ws, found = [w for w, _ in inside], [loss for _, loss in inside]
        plot.curve(ws, found, "rnn-wrong", name="loss at W", radius=4.0)
        start = plot.place(*way[0])
        ring = svg.element("circle", cx=start[0], cy=start[1], r=8, class_="rnn-way")
        plot.svg.append(ring)
    if way[-1] not in inside:
        x, y = plot.place(*way[-2])
        edge = plot.left + (plot.width if way[-1][0] > weights[-1] else 0.0)
        plot.svg.append(arrow(x, y, edge, y, "rnn-wrong", maybe=True))
    plot.words(70, 20, "loss", "rnn-muted")
    plot.words(130, 20, "○ start  ● updates", "rnn-wrong")
    sentence = _cliff_sentence(way, len(inside) == len(way), clipped_to)
    return Frame(svg.picture(WIDTH, 302, sentence, plot.svg), sentence)


def _cliff_sentence(
    way: Sequence[tuple[float, float]], stayed: bool, clipped_to: float | None
) -> str:
    (start, before), (end, after) = way[0], way[-1]
    how = "without clipping" if clipped_to is None else f"clipped at {clipped_to:g}"
    words = f"From W = {svg.number(start)}, a loss of {short(before)}, {how}: "
    if not stayed:
        return f"{words}update {len(way) - 1} throws W to {svg.number(end, 1)}, off the picture."
    updates = "1 update" if len(way) == 2 else f"{len(way) - 1} updates"
    return f"{words}after {updates} W = {svg.number(end, 3)} and the loss is {short(after)}."
