"""A verdict that grows along a review: praise after each word, what each did, where words lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnn_core.losses import softmax
from rnn_core.models import SequenceModel
from rnn_core.parameters import Array
from rnn_core.show import svg
from rnn_core.show.parts import arrow, hidden_node, input_node, output_node
from rnn_core.show.plot import Plot
from rnn_core.show.stepper import Frame, Stepper
from rnn_core.show.steps import WIDTH

MOST_WORDS = 30
LEFT, RIGHT, TOP, CURVE, WORDS = 62.0, 12.0, 12.0, 132.0, 74.0
"""The box of the curve, and the room for the slanted words under it."""


class _Reading:
    """One review as the pictures need it: p[t] is how probable praise is after t words."""

    def __init__(self, model: SequenceModel, tokens: Any, words: Sequence[str]) -> None:
        if np.shape(tokens) != (len(words), 1):
            raise ValueError(
                f"tokens has the shape {np.shape(tokens)}, expected ({len(words)}, 1): one review, "
                "with a token for each word."
            )
        if len(words) > MOST_WORDS:
            raise ValueError(
                f"the review has {len(words)} words and marks, expected at most {MOST_WORDS} here."
            )
        trace = model.forward(tokens)
        self.words, self.T = list(words), len(words)
        self.a = trace.states[0][:, 0]
        self.p = softmax(model.readout.forward(self.a))[:, 1]

    def verdict(self, t: int) -> str:
        """Return "praise 93 %" or "blame 80 %", whichever is more probable after t words."""
        p = float(self.p[t])
        return f"praise {100 * p:.0f} %" if p >= 0.5 else f"blame {100 * (1 - p):.0f} %"


def read(model: SequenceModel, tokens: Any, words: Sequence[str]) -> Stepper:
    """Return a stepper: the probability of praise after each word, and the state behind it.

    tokens (T, 1) is what the network reads, `words` (T) what stands under the curve.
    Raises ValueError where there are more than 30 words, or their numbers differ.
    """
    reading = _Reading(model, tokens, words)
    return Stepper([_frame(reading, t) for t in range(reading.T + 1)], milliseconds=900)


def which_words(
    model: SequenceModel, tokens: Any, words: Sequence[str], effects: Array, name: str = "effect"
) -> Frame:
    """Return a frame: the whole curve, and under each word a bar, up where it speaks for praise.

    effects (T,) holds one number for each word. Raises ValueError as `read`, and where there are
    other than T effects.
    """
    reading = _Reading(model, tokens, words)
    if np.shape(effects) != (reading.T,):
        raise ValueError(
            f"effects has the shape {np.shape(effects)}, expected ({reading.T},), one for a word."
        )
    best, worst = int(np.argmax(effects)), int(np.argmin(effects))
    sentence = (
        f"The network ends at {reading.verdict(reading.T)}. Most for praise speaks "
        f"{words[best]!r} (word {best + 1}, {svg.number(effects[best])}), most for blame "
        f"{words[worst]!r} (word {worst + 1}, {svg.number(effects[worst])})."
    )
    y = TOP + CURVE + WORDS + 8
    bars = _bars(reading, effects, y, name)
    return Frame(svg.picture(WIDTH, y + 98, sentence, _curve(reading, reading.T), bars), sentence)


def _frame(reading: _Reading, t: int) -> Frame:
    if t == 0:
        sentence = f"t = 0: nothing is read yet; asked now, it would say {reading.verdict(0)}."
    else:
        before, after = (svg.number(100 * float(p), 0) for p in reading.p[t - 1 : t + 1])
        moves = "rises" if reading.p[t] > reading.p[t - 1] else "falls"
        change = f"{moves} from {before} to {after}" if before != after else f"stays at {after}"
        sentence = f"t = {t} of {reading.T}: reads {reading.words[t - 1]!r}; praise {change} %."
        if t == reading.T:
            sentence += f" This was the last word: the answer is {reading.verdict(t)}."
    y = TOP + CURVE + WORDS + 16
    n = reading.a.shape[1]
    word = reading.words[t - 1] if t else ""
    middle = y + 21
    row = svg.group(
        input_node(LEFT, y + 7, 110, 28, word),
        arrow(LEFT + 112, middle, LEFT + 166, middle, "rnn-input"),
        hidden_node(LEFT + 168, y, 330, 42, reading.a[t], n),
        arrow(LEFT + 500, middle, LEFT + 554, middle, "rnn-output", maybe=t < reading.T),
        output_node(LEFT + 556, y + 6, 148, 30, reading.verdict(t), maybe=t < reading.T),
        svg.text(
            LEFT + 333, y + 60, *svg.symbol("a", t), f", {n} units", class_="rnn-middle rnn-small"
        ),
        class_="rnn-now",
    )
    return Frame(svg.picture(WIDTH, y + 68, sentence, _curve(reading, t), row), sentence)


def _column(T: int, t: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (t + 0.5) / (T + 1)


def _curve(reading: _Reading, t: int) -> svg.Element:
    """The probability of praise up to step t, over all the words."""
    T = reading.T
    box = (LEFT, TOP, WIDTH - LEFT - RIGHT, CURVE)
    plot = Plot(box, (-0.5, T + 0.5), (0.0, 1.0))
    for p, label in ((1.0, "praise"), (0.5, "50 %"), (0.0, "blame")):
        y = plot.place(0, p)[1]
        line = svg.element("line", x1=LEFT, y1=y, x2=WIDTH - RIGHT, y2=y, class_="rnn-cell")
        plot.svg.append(line)
        plot.svg.append(svg.text(LEFT - 6, y + 4, label, class_="rnn-end rnn-small"))
    plot.curve(range(t + 1), reading.p[: t + 1], "rnn-output", name="p(praise)", radius=4.5)
    for s, word in enumerate(reading.words, start=1):
        x, y = _column(T, s) + 5, TOP + CURVE + 13
        state = "rnn-later" if s > t else "rnn-bold" if s == t else None
        plot.svg.append(
            svg.text(
                x,
                y,
                svg.fit_text(word, 92, 13),
                font_size=13,
                class_=f"rnn-end {state or ''}".strip(),
                transform=f"rotate(-40 {x:.1f} {y:.1f})",
            )
        )
    return plot.svg


def _bars(reading: _Reading, effects: Array, y: float, name: str) -> svg.Element:
    """One bar for each word: up and orange for praise, down and blue for blame."""
    half, zero = 40.0, y + 44
    most = max(float(np.abs(effects).max()), 1e-12)
    width = min(26.0, 0.7 * (_column(reading.T, 2) - _column(reading.T, 1)))
    line = svg.element("line", x1=LEFT, y1=zero, x2=WIDTH - RIGHT, y2=zero, class_="rnn-rule")
    bars = svg.group(line, svg.text(LEFT - 6, zero + 4, name, class_="rnn-end rnn-small"))
    for s, effect in enumerate(effects, start=1):
        height = max(0.5, half * abs(float(effect)) / most)
        top = zero - height if effect > 0 else zero
        bars.append(
            svg.group(
                svg.element("title", f"{name}[{s}] = {float(effect)!r}"),
                svg.rect(
                    _column(reading.T, s) - width / 2,
                    top,
                    width,
                    height,
                    class_="rnn-plus" if effect > 0 else "rnn-minus",
                ),
            )
        )
    return bars


def word_map(
    points: Sequence[Array],
    words: Sequence[str],
    praise: Sequence[bool],
    steps: Sequence[int],
    *,
    named: Sequence[str] = (),
) -> Stepper:
    """Return a stepper through training: where each word lies on two axes after so many updates.

    points: one array (n, 2) for each entry of `steps`; `praise` tells the two kinds of words
    apart, `named` are the words that get their name, the others a dot.
    Raises ValueError where these numbers disagree.
    """
    if len(points) != len(steps) or any(np.shape(p) != (len(words), 2) for p in points):
        raise ValueError(
            f"points has {len(points)} arrays, expected {len(steps)} of the shape "
            f"({len(words)}, 2)."
        )
    if len(praise) != len(words):
        raise ValueError(f"praise has {len(praise)} flags, expected one for {len(words)} words.")
    reach = [1.08 * float(np.abs(np.stack(list(points))[..., axis]).max()) for axis in (0, 1)]
    frames = [
        _map(at, words, praise, step, reach, frozenset(named))
        for at, step in zip(points, steps, strict=True)
    ]
    return Stepper(frames, label="snapshot", still=[0, len(frames) - 1], milliseconds=700)


def _map(
    at: Array,
    words: Sequence[str],
    praise: Sequence[bool],
    step: int,
    reach: Sequence[float],
    named: frozenset[str],
) -> Frame:
    plot = Plot((20, 26, WIDTH - 40, 330), (-reach[0], reach[0]), (-reach[1], reach[1]))
    right = sum((x > 0) == good for (x, _), good in zip(at, praise, strict=True))
    sentence = (
        f"After {step} updates: {right} of {len(words)} words lie on their own side of the middle, "
        "praise right and blame left."
    )
    x, top = plot.place(0, 0)[0], 26
    rule = svg.element("line", x1=x, y1=top, x2=x, y2=top + 330, class_="rnn-rule")
    plot.svg.append(rule)
    names = svg.group()
    taken: list[tuple[float, float]] = []
    for word, (across, up), good in zip(words, at, praise, strict=True):
        px, py = plot.place(float(across), float(up))
        title = svg.element("title", f"{word} = ({float(across)!r}, {float(up)!r})")
        kind = "rnn-plus" if good else "rnn-minus"
        # Two shapes, so that the kinds differ without their colours.
        mark = (
            svg.element("circle", cx=px, cy=py, r=3.6, class_=kind)
            if good
            else svg.rect(px - 3.2, py - 3.2, 6.4, 6.4, class_=kind)
        )
        plot.svg.append(svg.group(title, mark))
        # A name that would lie on another one is left to the tooltip.
        free = all(abs(px - x) > 70 or abs(py - y) > 13 for x, y in taken)
        if word in named and free:
            taken.append((px, py))
            names.append(svg.text(px + 6, py + 4, word, class_="rnn-small"))
    plot.svg.append(names)
    key = svg.group(
        svg.element("circle", cx=34, cy=12, r=4.5, class_="rnn-plus"),
        svg.text(44, 17, "a word of praise", font_size=13),
        svg.rect(176, 8, 8, 8, class_="rnn-minus"),
        svg.text(190, 17, "a word of blame", font_size=13),
        svg.text(WIDTH - 20, 17, f"after {step} updates", class_="rnn-end", font_size=13),
    )
    return Frame(svg.picture(WIDTH, 366, sentence, plot.svg, key), sentence)
