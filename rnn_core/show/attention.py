"""Looking back: how much each state of what was read counts for one word that is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rnn_core.attention import Attention, attend
from rnn_core.decoding import greedy
from rnn_core.parameters import Array
from rnn_core.show import svg
from rnn_core.show.parts import arrow, input_node, output_node
from rnn_core.show.plot import Plot
from rnn_core.show.stepper import Frame, Stepper
from rnn_core.show.steps import WIDTH
from rnn_core.tasks.translation import END_WORD
from rnn_core.tasks.vocabulary import Vocabulary

PLANE, REACH = 300.0, 2.2
"""The side of the plane in the picture, and how far its axes go."""
ROW = 26.0
MOST_WORDS = 14


def blend(q: Array, states: Array, words: Sequence[str]) -> Frame:
    """Return a frame: a query and states of two numbers in the plane, shares, and the context.

    q (2,), states (T, 2). A purple circle is a state, the larger the more it counts; the orange
    arrow is the query, shortened at the edge; the diamond is the context.
    """
    attended = attend(q[None, None], states[None])
    alpha, context = attended.alpha[0, 0], attended.context[0, 0]
    first, second = np.argsort(-alpha, kind="stable")[:2]
    sentence = (
        f"Query ({svg.number(q[0])}, {svg.number(q[1])}) looks at {words[first]!r} "
        f"({_percent(alpha[first])} %), then at {words[second]!r} ({_percent(alpha[second])} %); "
        f"the context is ({svg.number(context[0])}, {svg.number(context[1])})."
    )
    plane = _plane(q, states, alpha, context)
    table = _shares(states @ q, alpha, words, len(states))
    return Frame(svg.picture(WIDTH, PLANE + 12, sentence, plane, table), sentence)


def _plane(q: Array, states: Array, alpha: Array, context: Array) -> svg.Element:
    plot = Plot((6.0, 6.0, PLANE, PLANE), (-REACH, REACH), (-REACH, REACH))
    for one, other in (((-REACH, 0), (REACH, 0)), ((0, -REACH), (0, REACH))):
        (x1, y1), (x2, y2) = plot.place(*one), plot.place(*other)
        plot.svg.append(svg.element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_="rnn-cell"))
    cx, cy = plot.place(*context)
    for state, share in zip(states, alpha, strict=True):
        x, y = plot.place(*state)
        line = svg.element("line", x1=x, y1=y, x2=cx, y2=cy, class_="rnn-arrow")
        line.attrib["stroke-opacity"] = f"{share:.2f}"
        plot.svg.append(svg.group(line, class_="rnn-hidden"))
    for s, (state, share) in enumerate(zip(states, alpha, strict=True), start=1):
        x, y = plot.place(*state)
        circle = svg.element("circle", cx=x, cy=y, r=7 + 13 * float(share), class_="rnn-node")
        away = 26 if state[1] < 0 else -24
        label = svg.text(x, y + away, *svg.symbol("a", s), class_="rnn-middle", font_size=13)
        plot.svg.append(svg.group(circle, label, class_="rnn-hidden"))
    length = float(np.abs(q).max())
    if length > 0.05:
        tip = q * min(1.0, (REACH - 0.1) / length)
        plot.svg.append(arrow(*plot.place(0, 0), *plot.place(*tip), "rnn-query"))
        x, y = plot.place(*(0.3 * tip))
        # Beside the arrow, at a right angle to it.
        right, up = 13 * tip / np.hypot(*tip)
        label = svg.text(float(x - up), float(y - right + 5), "q", class_="rnn-label rnn-middle")
        plot.svg.append(svg.group(label, class_="rnn-query"))
    corners = ((cx, cy - 9), (cx + 9, cy), (cx, cy + 9), (cx - 9, cy))
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    title = svg.element(
        "title", "\n".join(f"context[{i}] = {c!r}" for i, c in enumerate(context.tolist(), start=1))
    )
    plot.svg.append(svg.element("polygon", title, points=points, class_="rnn-marker"))
    return plot.svg


def _shares(scores: Array, alpha: Array, words: Sequence[str], T: int) -> svg.Element:
    """A line for each state: its word, its score and its share as a bar."""
    left, pitch = PLANE + 34, min(46.0, (PLANE - 40) / T)
    table = svg.group(class_="rnn-hidden")
    for x, words_above in ((left + 128, "score"), (left + 168, "share")):
        table.append(svg.text(x, 26, words_above, class_="rnn-small rnn-quiet"))
    for s, word in enumerate(words, start=1):
        y, share, score = 38 + (s - 1) * pitch, float(alpha[s - 1]), float(scores[s - 1])
        table.append(svg.text(left, y + 18, *svg.symbol("a", s), font_size=13))
        table.append(input_node(left + 26, y, 84, ROW, word))
        number = svg.text(left + 160, y + 18, svg.number(score), class_="rnn-end", font_size=13)
        table.append(svg.group(svg.element("title", f"score[{s}] = {score!r}"), number))
        bar = svg.rect(left + 168, y + 3, max(1.0, 210 * share), ROW - 6, class_="rnn-bar")
        words_beside = svg.text(left + 174 + 210 * share, y + 18, f"{_percent(share)} %")
        words_beside.attrib["font-size"] = "13"
        title = svg.element("title", f"alpha[{s}] = {share!r}")
        table.append(svg.group(title, bar, words_beside))
    note = "the diamond: the context, all states blended by their shares"
    table.append(svg.text(left, 58 + T * pitch, note, class_="rnn-small"))
    return table


class Looks(NamedTuple):
    """What a translator read and wrote, and how much each word written looked at each word read."""

    reads: list[str]
    writes: list[str]
    alpha: Array
    """(K, T), one row for each word written."""


def follow(model: Attention, text: str, source: Vocabulary, target: Vocabulary) -> Looks:
    """Let a network translate a text greedily, and return where it looked.

    Raises ValueError where a word is unknown, or there are too many to draw.
    """
    x, mask = source.encode_batch([text])
    if len(x) > MOST_WORDS:
        raise ValueError(f"there are {len(x)} words to read, expected at most {MOST_WORDS}.")
    written = greedy(model, x, MOST_WORDS, mask)
    trace = model.forward(x, written, mask)
    return Looks(source.decode(x[:, 0]), target.decode(written[:, 0]), trace.attended.alpha[0])


def looks_back(looks: Looks) -> Stepper:
    """Return a stepper through the words written: how much each looked at each word read."""
    K = len(looks.writes)
    return Stepper([looked(looks, k) for k in range(K + 1)], label="word", still=[K])


def looked(looks: Looks, k: int, right: str | None = None) -> Frame:
    """Return a frame: the first k words written, and where each one looked.

    With `right`, the right translation, the sentence also says whether this is it.
    """
    reads, writes, alpha = looks
    sentence = f"{len(reads)} words are read; nothing is written yet."
    if k:
        order = np.argsort(-alpha[k - 1], kind="stable")[:2]
        first, second = (f"{reads[s]!r} ({_percent(alpha[k - 1, s])} %)" for s in order)
        sentence = (
            f"Word {k} of {len(writes)}: writes {writes[k - 1]!r} and looks most at word "
            f"{order[0] + 1}, {first}, then at {second}."
        )
    if right is not None:
        wrong = writes != [*right.split(), END_WORD]
        sentence += f" Right would be {right!r}." if wrong else " The whole is right."
    left, width = 116.0, min(66.0, (WIDTH - 120) / len(reads))
    parts: list[svg.Element] = []
    for s, word in enumerate(reads):
        parts.append(input_node(left + s * width, 6, width - 5, ROW, word))
    for row, word in enumerate(writes, start=1):
        y = 42 + (row - 1) * (ROW + 3)
        style = "rnn-now" if row == k else None if row < k else "rnn-later"
        line = svg.group(output_node(4, y, 104, ROW, word if row <= k else ""), class_=style)
        for s in range(len(reads)):
            line.append(_share(left + s * width, y, width - 5, row, s, alpha if row <= k else None))
        parts.append(line)
    height = 42 + len(writes) * (ROW + 3) + 6
    return Frame(svg.picture(WIDTH, height, sentence, *parts), sentence)


def _share(x: float, y: float, width: float, row: int, s: int, alpha: Array | None) -> svg.Element:
    """One square of the matrix, filled by its share; empty where nothing is written yet."""
    if alpha is None:
        return svg.rect(x, y, width, ROW, rx=3, class_="rnn-cell", fill="none")
    share = float(alpha[row - 1, s])
    box = svg.rect(x, y, width, ROW, rx=3, class_="rnn-cell", fill="#9467bd")
    box.attrib["fill-opacity"] = f"{0.75 * share:.2f}"
    title = svg.element("title", f"alpha_{row}[{s + 1}] = {share!r}")
    words = f"{_percent(share)}" if share >= 0.005 else ""
    label = svg.text(x + width / 2, y + 18, words, class_="rnn-middle", font_size=13)
    return svg.group(title, box, label)


def _percent(share: float) -> str:
    return svg.number(100 * float(share), 0)
