"""Digits: images as pixels, what a network makes of one, and one read row by row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rnn_core.losses import softmax
from rnn_core.models import SequenceModel
from rnn_core.parameters import Array
from rnn_core.show import svg
from rnn_core.show.parts import arrow, hidden_node, probability_bars
from rnn_core.show.stepper import Frame, Stepper
from rnn_core.show.steps import WIDTH

IMAGE = 176.0
"""How wide and high the one image of a picture is."""


def pixels(
    x: float, y: float, size: float, image: Array, *, rows: int | None = None
) -> svg.Element:
    """Return an image `size` high, 0 (paper) to 1 (ink), of which only `rows` rows are seen."""
    n = len(image)
    side = size / n
    width = side * image.shape[1]
    known = n if rows is None else rows
    drawn = svg.group(class_="rnn-image")
    for i, row in enumerate(image[:known]):
        for j, ink in enumerate(row):
            if ink > 0:
                drawn.append(
                    svg.rect(
                        x + j * side,
                        y + i * side,
                        side,
                        side,
                        fill="currentColor",
                        fill_opacity=f"{float(ink):.2f}",
                    )
                )
    if known < n:
        covered = svg.rect(
            x,
            y + known * side,
            width,
            size - known * side,
            fill="currentColor",
            fill_opacity="0.12",
        )
        drawn.append(covered)
    drawn.append(svg.rect(x, y, width, size, class_="rnn-cell", fill="none"))
    return drawn


def some(images: Array, labels: Sequence[int] | Array, *, columns: int = 10) -> Frame:
    """Return a frame: images side by side, each with its label below."""
    pitch = (WIDTH - 10) / columns
    size = min(64.0, pitch - 12)
    parts = []
    for k, (image, label) in enumerate(zip(images, labels, strict=True)):
        x, y = 5 + (k % columns) * pitch, 6 + (k // columns) * (size + 28)
        parts.append(pixels(x, y, size, image))
        parts.append(svg.text(x + size / 2, y + size + 17, str(label), class_="rnn-middle"))
    rows = -(-len(images) // columns)
    sentence = f"{len(images)} images with their labels: {', '.join(map(str, labels))}."
    return Frame(svg.picture(WIDTH, rows * (size + 28) + 8, sentence, *parts), sentence)


def answer(
    model: SequenceModel,
    image: Array,
    form: Callable[[Array], Array],
    classes: Sequence[str],
    *,
    label: int | None = None,
    name: str = "this image",
) -> Frame:
    """Return a frame: an image, the network's last state, and the probability of each class.

    `form` makes a batch of images into the network's input x.
    """
    trace = model.forward(form(image[None]))
    p = softmax(trace.y[-1, 0])
    said = int(p.argmax())
    verdict = ""
    if label is not None:
        verdict = ", and so it is" if said == label else f", but it is {classes[label]}"
    sentence = (
        f"{name.capitalize()}: the network says {classes[said]} "
        f"({svg.number(100 * p[said], 0)} %){verdict}."
    )
    n_h = trace.cell.n_h
    middle = 12 + IMAGE / 2
    parts = [
        pixels(6, 12, IMAGE, image),
        arrow(6 + IMAGE + 4, middle, 262, middle, "rnn-input"),
        hidden_node(264, middle - 38, 150, 76, trace.a[-1, 0], n_h),
        svg.text(339, middle + 58, *svg.symbol("a", trace.T), class_="rnn-middle rnn-small"),
        arrow(416, middle, 470, middle, "rnn-output"),
        probability_bars(478, 4, 296, classes, p, marked=label),
    ]
    return Frame(svg.picture(WIDTH, 212, sentence, *parts), sentence)


def by_rows(
    model: SequenceModel, image: Array, x: Array, classes: Sequence[str], label: int
) -> Stepper:
    """Return a stepper: the image uncovered row by row, the state, and the answer so far.

    `x` (T, 1, n_x) is the image as the network reads it, one row a step.
    """
    trace = model.forward(x)
    p = softmax(model.readout.forward(trace.states[0][:, 0]))
    asked = np.zeros(trace.T + 1, bool)
    asked[1:][trace.emits] = True
    frames = []
    for t in range(trace.T + 1):
        sentence = _row_sentence(t, trace.T, p[t], classes, label, bool(asked[t]))
        frames.append(
            Frame(_row_picture(trace, image, p[t], classes, label, t, sentence), sentence)
        )
    return Stepper(frames)


def _row_sentence(t: int, T: int, p: Array, classes: Sequence[str], label: int, asked: bool) -> str:
    if t == 0:
        return "t = 0: the image is covered, and the state a_0 is all zeros."
    said = int(p.argmax())
    says = "it answers" if asked else "asked now, it would answer"
    verdict = "right" if said == label else f"it is {classes[label]}"
    return (
        f"t = {t} of {T}: row {t} is read; {says} {classes[said]} "
        f"({svg.number(100 * p[said], 0)} %): {verdict}."
    )


def _row_picture(
    trace: Any, image: Array, p: Array, classes: Sequence[str], label: int, t: int, sentence: str
) -> svg.Element:
    n_h, T = trace.cell.n_h, trace.T
    side = IMAGE / T
    state = trace.states[0][t, 0]
    parts = [pixels(6, 12, IMAGE, image, rows=t)]
    if t:
        y = 12 + (t - 0.5) * side
        row = svg.rect(4, 12 + (t - 1) * side - 1, IMAGE + 4, side + 2, class_="rnn-node")
        row.attrib["style"] = "fill: none"
        parts.append(svg.group(row, class_="rnn-input rnn-now"))
        parts.append(arrow(6 + IMAGE + 6, y, 262, 100, "rnn-input"))
        parts.append(svg.text(224, min(y, 100) - 8, *svg.symbol("x", t), class_="rnn-small"))
    parts += [
        hidden_node(264, 62, 150, 76, state if t else None, n_h),
        svg.text(339, 158, *svg.symbol("a", t), class_="rnn-middle rnn-small"),
        arrow(416, 100, 470, 100, "rnn-output"),
        probability_bars(478, 4, 296, classes, p, marked=label),
    ]
    return svg.picture(WIDTH, 212, sentence, *parts)
