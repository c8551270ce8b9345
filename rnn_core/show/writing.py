"""A network that writes, word by word: what it has read, its state, and what it writes next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from rnn_core.bptt import Trace
from rnn_core.decoding import Hypothesis, greedy
from rnn_core.generators import END, EncoderDecoder, Generator
from rnn_core.losses import softmax
from rnn_core.parameters import Array
from rnn_core.show import svg
from rnn_core.show.digits import pixels
from rnn_core.show.parts import (
    arrow,
    at_step,
    heat,
    input_node,
    named_state,
    output_node,
    probability_bars,
)
from rnn_core.show.stepper import Frame, Stepper
from rnn_core.show.steps import WIDTH

MOST_WORDS = 14
NODE, STATE = 25.0, 28.0
IMAGE = 120.0
"""How wide the image is that a network reads; how high depends on it."""
BEST = 6
"""How many of the next words have a bar."""


class _Run(NamedTuple):
    """One sequence as the pictures need it; step 0 of the writing is before its first word."""

    reads: list[str]
    image: Array | None
    encoder: Trace | None
    trace: Trace
    p: Array
    fed: list[str]
    said: list[str]
    words: Sequence[str]


def word_by_word(
    model: Generator,
    x: Any,
    words: Sequence[str],
    *,
    reads: Sequence[str] = (),
    image: Array | None = None,
    mask: Any = None,
    targets: Any = None,
    longest: int = MOST_WORDS,
) -> Stepper:
    """Return a stepper through a network that reads one x and writes, one step a frame.

    x holds one sequence, `reads` the words that stand for its tokens, or `image` the picture that
    it is (H, W). `words` are the classes' names. The network writes greedily, each step reading
    its own last word; with `targets` (K,) it reads those instead (teacher forcing).
    Raises ValueError where x holds several sequences, or there are too many words to draw.
    """
    if np.shape(x)[1] != 1:
        raise ValueError(f"x holds {np.shape(x)[1]} sequences, expected one.")
    longest = min(longest, MOST_WORDS)
    fed = greedy(model, x, longest, mask) if targets is None else np.reshape(targets, (-1, 1))
    if max(len(fed), len(reads)) > MOST_WORDS:
        raise ValueError(f"there are {len(fed)} words, expected at most {MOST_WORDS} to draw.")
    trace = model.forward(x, fed, mask)
    p = softmax(trace.y[:, 0])
    run = _Run(
        list(reads),
        image,
        trace.encoder if isinstance(model, EncoderDecoder) else None,
        trace,
        p,
        [words[int(word)] for word in fed[:, 0]],
        [words[int(row.argmax())] for row in p],
        words,
    )
    T = len(reads)
    return Stepper([_frame(run, t) for t in range(T + trace.T + 1)])


def _frame(run: _Run, t: int) -> Frame:
    T = len(run.reads)
    reading, k = min(t, T), max(0, t - T)
    sentence = _sentence(run, t, reading, k)
    top = 24.0
    parts: list[svg.Element] = []
    if run.reads:
        parts += _encoder(run, reading, k)
        top = 134.0
    parts += _decoder(run, k, top, finished=reading == T)
    y = top + 2 * NODE + STATE + 60
    parts += _below(run, t, reading, k, y)
    return Frame(svg.picture(WIDTH, y + BEST * 20 + 12, sentence, *parts), sentence)


def _sentence(run: _Run, t: int, reading: int, k: int) -> str:
    T = len(run.reads)
    if t == 0:
        what = f"{T} words to read" if T else "an input to read"
        return f"t = 0: {what}; nothing is written yet."
    if k == 0:
        handed = f"; a_{T} is all that the decoder will get" if reading == T else ""
        return f"t = {t}: the encoder reads {run.reads[t - 1]!r}{handed}."
    if k == 1:
        reads = "starts from a_0 = a_" + str(T) + " of the encoder" if T else "reads the input"
    else:
        forced = "" if run.fed[k - 2] == run.said[k - 2] else f", not its own {run.said[k - 2]!r}"
        reads = f"reads {run.fed[k - 2]!r}{forced}"
    order = np.argsort(-run.p[k - 1])
    best, next_best = (run.words[int(i)] for i in order[:2])
    first, second = 100 * run.p[k - 1][order[:2]]
    return (
        f"word {k}: {reads} and writes {best!r} ({svg.number(first, 0)} %); next comes "
        f"{next_best!r} ({svg.number(second, 0)} %)."
    )


def _encoder(run: _Run, reading: int, k: int) -> list[svg.Element]:
    """The row that reads, from left to right."""
    T = len(run.reads)
    pitch = min(84.0, (WIDTH - 90.0) / max(T, 1))
    parts = [svg.text(2, 14, "encoder", class_="rnn-small rnn-quiet")]
    y = 22.0
    for s in range(1, T + 1):
        x = 6 + (s - 1) * pitch
        step = at_step(s, reading if k == 0 else T + 1)
        if s > 1:
            step.append(arrow(x - 8, y + STATE / 2, x, y + STATE / 2, "rnn-past"))
        step.append(named_state(x, y, pitch - 8, STATE, "a", s))
        middle = x + (pitch - 8) / 2
        step.append(arrow(middle, y + STATE + 20, middle, y + STATE, "rnn-input"))
        step.append(input_node(x, y + STATE + 20, pitch - 8, NODE, run.reads[s - 1]))
        parts.append(step)
    return parts


def _decoder(run: _Run, k: int, top: float, *, finished: bool) -> list[svg.Element]:
    """The row that writes: each later step reads the word before it."""
    K = run.trace.T
    left = IMAGE + 24 if run.image is not None else 40.0
    pitch = min(84.0, (WIDTH - left - 4) / K)
    y_state = top + NODE + 18
    y_input = y_state + STATE + 18
    parts: list[svg.Element] = []
    if run.reads:
        # The state that is handed over: from the end of the upper row to the start of this one.
        end = 6 + len(run.reads) * min(84.0, (WIDTH - 90.0) / len(run.reads)) - 8
        y, y_first = 22.0 + STATE / 2, y_state + STATE / 2
        way = f"M{end:.1f} {y:.1f} h14 V{top - 8:.1f} H14 V{y_first:.1f} H{left - 8:.1f}"
        down = svg.element("path", d=way, class_="rnn-arrow")
        tip = arrow(left - 9, y_first, left, y_first, "rnn-past")
        parts.append(svg.group(down, tip, class_="rnn-past" if finished else "rnn-past rnn-later"))
        parts.append(svg.text(left, top - 12, "decoder", class_="rnn-small rnn-quiet"))
    elif run.image is not None:
        high = IMAGE * run.image.shape[0] / run.image.shape[1]
        parts.append(pixels(4, y_input + NODE - high, high, run.image))
    for s in range(1, K + 1):
        x = left + (s - 1) * pitch
        width, middle = pitch - 8, x + (pitch - 8) / 2
        step = at_step(s, k)
        if s > 1:
            step.append(arrow(x - 8, y_state + STATE / 2, x, y_state + STATE / 2, "rnn-past"))
            forced = run.fed[s - 2] != run.said[s - 2]
            step.append(arrow(middle, y_input, middle, y_state + STATE, "rnn-input"))
            word = run.fed[s - 2] if s <= k else ""
            node = input_node if forced and s <= k else output_node
            extra = {"maybe": True} if node is output_node else {}
            step.append(node(x, y_input, width, NODE, word, **extra))
        elif run.image is not None:
            step.append(arrow(IMAGE + 7, y_input + 4, x + 4, y_state + STATE - 2, "rnn-input"))
        step.append(named_state(x, y_state, width, STATE, "a", s))
        step.append(arrow(middle, y_state, middle, top + NODE, "rnn-output"))
        said = run.said[s - 1] if s <= k else ""
        step.append(output_node(x, top, width, NODE, said))
        parts.append(step)
    return parts


def _below(run: _Run, t: int, reading: int, k: int, y: float) -> list[svg.Element]:
    """The state of this step in full, and the most probable next words."""
    trace, step, name = run.trace, k, f"a_{k}"
    if k == 0 and run.encoder is not None:
        trace, step, name = run.encoder, reading, f"a_{reading}"
    if t == 0:
        return []
    who = "" if run.encoder is None else " of the decoder" if k else " of the encoder"
    parts = [
        svg.text(2, y - 8, *svg.symbol("a", step), class_="rnn-small"),
        svg.text(20, y - 8, f"{who}, all {trace.cell.n_h} units", class_="rnn-small"),
        units(2, y, 380, 6 * 18.0, trace.states[0][step, 0], name),
    ]
    if k == 0:
        return parts
    order = np.argsort(-run.p[k - 1], kind="stable")[:BEST]
    names = [run.words[int(i)] for i in order]
    parts.append(svg.text(420, y - 8, "the next word", class_="rnn-small"))
    bars = probability_bars(400, y, 380, names, run.p[k - 1][order], label_width=110)
    return [*parts, bars]


def units(x: float, y: float, width: float, height: float, a: Array, name: str) -> svg.Element:
    """All units of a state as squares, each with its number in the tooltip."""
    columns = 16 if len(a) > 48 else 12
    rows = -(-len(a) // columns)
    w, h = width / columns, min(18.0, height / rows)
    cells = svg.group(class_="rnn-hidden")
    for i, value in enumerate(a):
        left, top = x + (i % columns) * w, y + (i // columns) * h
        box = svg.rect(left, top, w - 1, h - 1, class_="rnn-cell", **heat(float(value), 1.0))
        title = svg.element("title", f"{name}[{i + 1}] = {float(value)!r}")
        cells.append(svg.group(title, box))
    return cells


def hypotheses(
    found: Sequence[Hypothesis], words: Sequence[str], *, right: Sequence[int] = ()
) -> Frame:
    """Return a frame: what a beam ended with, each with its probability; a tick marks `right`."""
    texts = [" ".join(words[word] for word in one.words if word != END) for one in found]
    p = np.exp([one.log_p for one in found])
    wanted = " ".join(words[word] for word in right if word != END)
    marked = texts.index(wanted) if wanted in texts else None
    tick = (
        "" if not wanted else ", the right one" if marked == 0 else ", which is not the right one"
    )
    sentence = (
        f"The beam of width {len(found)} ends with {texts[0]!r} first "
        f"({svg.number(100 * p[0], 0)} %){tick}."
    )
    bars = probability_bars(0, 6, WIDTH, texts, p, marked=marked, label_width=500, height=24)
    return Frame(svg.picture(WIDTH, 24 * len(found) + 14, sentence, bars), sentence)
