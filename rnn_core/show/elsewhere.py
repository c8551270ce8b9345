"""One network computed twice, here and elsewhere: the states of both, and how far they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rnn_core.parameters import Array
from rnn_core.show import svg
from rnn_core.show.parts import input_node
from rnn_core.show.stepper import Frame, Stepper
from rnn_core.show.steps import WIDTH
from rnn_core.show.table import MOST_COLUMNS, Table

LABEL_WIDTH = 176.0
MOST_TOKENS = 12


def side_by_side(ours: Array, others: Mapping[str, Array], tokens: Sequence[str]) -> Stepper:
    """Return a stepper: the state of each step as computed here, and as computed by others.

    ours and each of the others are (T, n_h), the states of one sequence of T tokens; the first of
    the others is "theirs" in the sentence, whatever its name. Before t = 1 stands a_0 = 0.
    Raises ValueError where one has another shape, or there are too many tokens to draw.
    """
    T, n_h = ours.shape
    if len(tokens) != T or T > MOST_TOKENS:
        raise ValueError(f"there are {len(tokens)} tokens, expected {T}, at most {MOST_TOKENS}.")
    for name, states in others.items():
        if states.shape != ours.shape:
            raise ValueError(f"{name!r} has the shape {states.shape}, expected ({T}, {n_h}).")
    ours, others = _from_zero(ours), {name: _from_zero(a) for name, a in others.items()}
    return Stepper([_frame(t, ours, others, tokens) for t in range(T + 1)], still=[T])


def _from_zero(states: Array) -> Array:
    """Return the states with a_0 = 0 before them."""
    return np.concatenate([np.zeros_like(states[:1]), states])


def _frame(t: int, ours: Array, others: Mapping[str, Array], tokens: Sequence[str]) -> Frame:
    n = min(ours.shape[1], MOST_COLUMNS)
    reads = f"reads {tokens[t - 1]!r}" if t else "nothing is read yet"
    said = [
        _said("theirs" if place == 0 else name, states[t] - ours[t])
        for place, (name, states) in enumerate(others.items())
    ]
    sentence = f"t = {t}: {reads}; {'; '.join(said)}."
    table = Table(50, LABEL_WIDTH, min(62.0, (WIDTH - LABEL_WIDTH - 4) / n))
    table.unit_numbers(n)
    table.row(["here: ", *svg.symbol("a", t)], ours[t], n, f"here {t}", "rnn-hidden", gap=14)
    for name, states in others.items():
        theirs, difference = states[t], states[t] - ours[t]
        table.row([name], theirs, n, f"{name} {t}", "rnn-hidden")
        table.row(["difference"], difference, n, f"{name} off {t}", "rnn-muted", gap=14)
    picture = svg.picture(WIDTH, table.y - 4, sentence, _tokens(t, tokens), table.svg)
    return Frame(picture, sentence)


def _said(name: str, difference: Array) -> str:
    off = np.abs(difference)
    unit = int(off.argmax())
    if off[unit] < 1e-6:
        return f"{name}: the same within 1e-6"
    return f"{name}: off by up to {svg.number(off[unit])} (unit {unit + 1})"


def _tokens(t: int, tokens: Sequence[str]) -> svg.Element:
    pitch = min(90.0, (WIDTH - 8) / len(tokens))
    row = svg.group()
    for s, token in enumerate(tokens, start=1):
        style = "rnn-now" if s == t else None if s < t else "rnn-later"
        node = input_node(4 + (s - 1) * pitch, 6, pitch - 6, 27, token)
        row.append(svg.group(node, class_=style))
    return row
