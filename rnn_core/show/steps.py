"""The main picture: one sequence through one cell, step by step, with every number of each step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnn_core.bptt import Trace
from rnn_core.layers import Readout
from rnn_core.losses import softmax
from rnn_core.models import SequenceModel
from rnn_core.parameters import Array
from rnn_core.show import svg
from rnn_core.show.parts import (
    arrow,
    at_step,
    hidden_node,
    input_node,
    output_node,
    weight_label,
)
from rnn_core.show.stepper import Frame, Stepper
from rnn_core.show.table import MOST_COLUMNS, Label, Table

WIDTH = 784
MOST_STEPS = 12
LABEL_WIDTH = 168


def step_through(
    trace: Trace,
    tokens: Sequence[str],
    *,
    readout: Readout | None = None,
    classes: Sequence[str] | None = None,
    sequence: int = 0,
) -> Stepper:
    """Return a stepper through one sequence of a trace: t = 0 (nothing read) to its last step.

    Each frame shows x_t, a_{t-1}, x_t @ Wxh, a_{t-1} @ W, b, their sum z_t and a_t; with a
    `readout` also y_t and, with the names of the `classes`, the probabilities softmax(y_t).
    Where the trace holds several sequences, `sequence` chooses one.
    Raises ValueError where the number of tokens or classes is wrong, or `sequence` out of range.
    """
    if not 0 <= sequence < trace.B:
        raise ValueError(f"sequence is {sequence}, expected 0 to {trace.B - 1}.")
    T = trace.T if trace.mask is None else int(trace.mask[:, sequence].sum())
    if len(tokens) != T:
        raise ValueError(f"tokens has {len(tokens)} entries, expected one for each of {T} steps.")
    if readout is not None and classes is not None and len(classes) != len(readout.by):
        raise ValueError(f"classes has {len(classes)} names, expected {len(readout.by)}.")
    run = _Run(trace, list(tokens), T, sequence, readout, classes)
    frames = [Frame(_picture(run, t), _sentence(run, t)) for t in range(T + 1)]
    return Stepper(frames, still=[T])


def read_sentence(
    model: SequenceModel, sentence: str, vocabulary: Any, classes: Sequence[str]
) -> Stepper:
    """Return a stepper through a model reading a sentence of its vocabulary.

    Raises ValueError where the sentence is empty or has a word the vocabulary lacks.
    """
    ids, _ = vocabulary.encode_batch([sentence])
    tokens = vocabulary.decode(ids[:, 0])
    return step_through(model.forward(ids), tokens, readout=model.readout, classes=classes)


class _Run:
    """One sequence of a trace, as the pictures need it."""

    def __init__(
        self,
        trace: Trace,
        tokens: list[str],
        T: int,
        b: int,
        readout: Readout | None,
        classes: Sequence[str] | None,
    ) -> None:
        self.trace, self.tokens, self.T, self.b = trace, tokens, T, b
        self.cell = trace.cell
        self.a: Array = trace.states[0][: T + 1, b]
        self.emits = np.zeros(trace.T + 1, bool)
        self.y: Array | None = None
        self.p: Array | None = None
        self.classes: Sequence[str] | None = None
        if readout is not None:
            # A trace of the cell alone emits nothing; then each output is only "if it were asked".
            self.emits[1:][getattr(trace, "emits", slice(0))] = True
            if trace.mask is not None and self.emits.sum() == 1:
                self.emits[[T, trace.T]] = True, T == trace.T
            self.y = readout.forward(self.a)
            self.p = softmax(self.y)
            self.classes = classes or [str(i + 1) for i in range(self.y.shape[-1])]

    def answer(self, t: int) -> str:
        """Return the most probable class after step t."""
        assert self.p is not None and self.classes is not None
        return str(self.classes[int(self.p[t].argmax())])


def _sentence(run: _Run, t: int) -> str:
    if t == 0:
        return (
            "t = 0: nothing is read yet; the state a_0 is all zeros."
            if not run.a[0].any()
            else ("t = 0: nothing is read yet; the state a_0 was handed in.")
        )
    before, after = run.a[t - 1], run.a[t]
    unit = int(np.abs(after - before).argmax())
    words = (
        f"t = {t} of {run.T}: reads {run.tokens[t - 1]!r}; a_{t} mixes x_{t} and a_{t - 1}; "
        f"unit {unit + 1} moves most, from {svg.number(before[unit])} to {svg.number(after[unit])}."
    )
    if run.p is None:
        return words
    asked = "It answers" if run.emits[t] else "Asked now, it would answer"
    return f"{words} {asked} {run.answer(t)} ({svg.number(100 * run.p[t].max(), 0)} %)."


def _picture(run: _Run, t: int) -> svg.Element:
    strip_height = 176 if run.y is not None else 136
    table = _table(run, t, strip_height + 14)
    return svg.picture(WIDTH, table.y + 4, _sentence(run, t), _strip(run, t), table.svg)


def _strip(run: _Run, t: int) -> svg.Element:
    """The unrolled network: read so far in full, the rest pale."""
    shown = min(run.T, MOST_STEPS)
    first = min(max(1, t - shown + 2), run.T - shown + 1)
    left, node = 64.0, 38.0
    pitch = (WIDTH - left - (24 if shown < run.T else 6)) / shown
    width = min(pitch - 14, 88.0)
    top = 4 if run.y is not None else -36
    y_out, y_hidden, y_in = top, top + 58, top + 140
    strip = svg.group(class_="rnn-strip")
    n = min(run.a.shape[1], 24)
    start = svg.group(
        hidden_node(4, y_hidden, 40, node, run.a[first - 1][:n], n),
        svg.text(
            24, y_hidden + node + 16, *svg.symbol("a", first - 1), class_="rnn-middle rnn-small"
        ),
        class_="rnn-now" if t == 0 else None,
    )
    strip.append(start)
    x_before = 44.0
    for s in range(first, first + shown):
        x = left + (s - first) * pitch + (pitch - width) / 2
        middle = x + width / 2
        known = s <= t
        step = at_step(s, t)
        step.append(arrow(x_before + 2, y_hidden + node / 2, x, y_hidden + node / 2, "rnn-past"))
        step.append(arrow(middle, y_in, middle, y_hidden + node + 1, "rnn-input"))
        step.append(input_node(x, y_in, width, 27, run.tokens[s - 1]))
        step.append(hidden_node(x, y_hidden, width, node, run.a[s][:n] if known else None, n))
        label = svg.symbol("a", s)
        step.append(svg.text(middle + 7, y_hidden + node + 16, *label, class_="rnn-small"))
        if run.y is not None and (run.emits[s] or s == t):
            maybe = not run.emits[s]
            words = run.answer(s) + ("?" if maybe else "") if known else ""
            step.append(arrow(middle, y_hidden, middle, y_out + 28, "rnn-output", maybe=maybe))
            step.append(output_node(x, y_out, width, 27, words, maybe=maybe))
        if s == t:
            step.append(weight_label(middle - 20, y_hidden + node + 33, "Wxh", "rnn-input"))
            step.append(weight_label((x_before + x) / 2, y_hidden - 5, "W", "rnn-past"))
            if run.y is not None:
                step.append(weight_label(middle + 20, y_hidden - 10, "Why", "rnn-output"))
        strip.append(step)
        x_before = x + width
    if first + shown <= run.T:
        strip.append(svg.text(x_before + 8, y_hidden + node / 2 + 5, svg.ELLIPSIS))
    return strip


def _table(run: _Run, t: int, top: float) -> Table:
    """Every number of step t, one column for each unit, from the inputs down to the answer."""
    cell, b = run.cell, run.b
    n_x, n_h = min(cell.n_x, MOST_COLUMNS), min(cell.n_h, MOST_COLUMNS)
    n_y = 0 if run.y is None else min(run.y.shape[1], MOST_COLUMNS)
    width = min(62.0, (WIDTH - LABEL_WIDTH - 6) / max(n_x, n_h, n_y))
    table = Table(top, LABEL_WIDTH, width)
    now, before = (str(t), t - 1) if t else ("t", f"t{svg.MINUS}1")
    x_t, a_t, z_t = (svg.symbol(name, now) for name in "xaz")
    a_before = svg.symbol("a", before)
    step = run.trace.step(t) if t else None

    def part(name: str) -> Array | None:
        return None if step is None else getattr(step, name)[b]

    table.row(x_t, part("x"), n_x, f"x_{t}", "rnn-input", outline=True, gap=10)
    table.row(a_before, part("a_prev"), n_h, f"a_{t - 1}", "rnn-hidden", outline=True, gap=6)
    table.unit_numbers(n_h)
    sums: list[tuple[Label, Array | None, str, str]] = [
        ([*svg.symbol("x", now), " @ Wxh"], part("from_x"), f"x_{t} @ Wxh", "rnn-input"),
        (["+ ", *svg.symbol("a", before), " @ W"], part("from_a"), f"a_{t - 1} @ W", "rnn-past"),
        (["+ b"], None if step is None else cell.b, "b", "rnn-muted"),
    ]
    for label, values, name, hue in sums:
        table.row(label, values, n_h, name, hue, scale=2.0)
    table.rule(n_h)
    table.row(["= ", *z_t], part("z"), n_h, f"z_{t}", "rnn-muted", scale=2.0, gap=7)
    function = getattr(cell, "activation", "gates")
    label = [*a_t, f" = {function}(", *svg.symbol("z", now), ")"] if t else svg.symbol("a", 0)
    table.row(label, run.a[t], n_h, f"a_{t}", "rnn-hidden", outline=True, gap=14)
    if run.y is not None and run.p is not None and run.classes is not None:
        y, p = (run.y[t], run.p[t]) if t else (None, None)
        label = [*svg.symbol("y", now), " = ", *svg.symbol("a", now), " @ Why + by"]
        table.row(label, y, n_y, f"y_{t}", "rnn-output", scale=4.0)
        label = ["softmax(", *svg.symbol("y", now), ")"]
        table.bars(label, p, run.classes, n_y, f"p_{t}", "rnn-output")
    if cell.n_h > n_h:
        table.note(f"units 1 to {n_h} of {cell.n_h} shown")
    return table
