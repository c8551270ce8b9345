"""The way back: one sequence forward and then backward, with both gradients that meet at a_t."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from rnn_core.bptt import Trace
from rnn_core.cells import ACTIVATIONS, RNNCell
from rnn_core.losses import softmax
from rnn_core.parameters import Array
from rnn_core.show import svg
from rnn_core.show.parts import (
    CELL_HEIGHT,
    arrow,
    hidden_node,
    input_node,
    mini_cells,
    number_grid,
    output_node,
    weight_label,
)
from rnn_core.show.stepper import Frame, Stepper
from rnn_core.show.table import Table

WIDTH = 784
MOST_STEPS, MOST_UNITS = 7, 4
LABEL_WIDTH, COLUMN, GRID_COLUMN = 158, 57.0, 54.0
OUT_HEIGHT = 38.0
Y_OUT, Y_STATE, Y_GRADIENT, Y_IN, Y_TABLE = 4.0, 78.0, 138.0, 206.0, 252.0


def forward_and_back(
    trace: Trace, tokens: Sequence[str], targets: Sequence[int], classes: Sequence[str]
) -> Stepper:
    """Return a stepper from t = 1 forward to T, and from T backward to t = 1.

    Each frame shows the step's numbers and the sums dWxh, dW, db, dWhy, dby so far. The trace has
    one sequence (B = 1) through a plain cell, an output at every step, and its gradients.
    Raises ValueError where the trace is another one, too long or too wide for the picture, or the
    tokens, targets or classes do not fit; TypeError for a cell with gates.
    """
    walk = _Walk(trace, tokens, targets, classes)
    frames = [Frame(_picture(walk, place), _sentence(walk, place)) for place in walk.places]
    for before, after in pairwise(frames):
        svg.light_up_changes(before.picture, after.picture)
    return Stepper(frames, label="press", still=[walk.T + 2 if walk.T > 1 else 2])


class _Walk:
    """The arrays of the walk, one entry for each t = 1 ... T behind a first one for t = 0."""

    def __init__(
        self, trace: Trace, tokens: Sequence[str], targets: Sequence[int], classes: Sequence[str]
    ) -> None:
        if not isinstance(trace.cell, RNNCell):
            raise TypeError(f"the cell is {type(trace.cell).__name__}, expected RNNCell.")
        trace._require_backward()
        T, cell = trace.T, trace.cell
        _check_sizes(trace, len(tokens), len(targets), len(classes))
        self.T, self.cell, self.trace = T, cell, trace
        self.tokens, self.targets, self.classes = list(tokens), list(targets), list(classes)
        self.places = range(2 * T + 1)
        self.a = trace.states[0][:, 0]
        self.y, self.p, self.dy = (
            np.concatenate([q[:1, 0], q[:, 0]]) for q in (trace.y, softmax(trace.y), trace.dy)
        )
        self.slope = np.empty_like(self.a)
        ACTIVATIONS[trace.cell.activation].slope(self.a, self.slope)
        self.sums = self._sums()
        self.scale = {name: _scale(total) for name, total in self.sums[1].items()}
        self.da_scale = _scale(np.stack([trace.da, trace.da_from_y, trace.dz]))

    def _sums(self) -> list[dict[str, Array]]:
        """Return the sums after the backward step t, at place t; the last place holds zeros."""
        names = {"dWxh": "Wxh", "dW": "W", "db": "b"}
        total = {name: np.zeros_like(self.cell.parameters[q]) for name, q in names.items()}
        n_h, n_y = self.a.shape[1], self.dy.shape[1]
        total |= {"dWhy": np.zeros((n_h, n_y)), "dby": np.zeros(n_y)}
        sums = [total]
        for t in range(self.T, 0, -1):
            step = self.trace.step(t)
            own = {name: getattr(step, name) for name in names}
            own |= {"dWhy": np.outer(self.a[t], self.dy[t]), "dby": self.dy[t]}
            total = {name: total[name] + own[name] for name in total}
            sums.append(total)
        return [total, *reversed(sums)]

    def at(self, place: int) -> tuple[int, bool]:
        """Return the step at a place of the slider, and whether the walk is on its way back."""
        return (place, False) if place <= self.T else (2 * self.T + 1 - place, True)

    def p_target(self, t: int) -> float:
        """Return the probability that step t gave to its target."""
        return float(self.p[t, self.targets[t - 1]])


def _check_sizes(trace: Trace, tokens: int, targets: int, classes: int) -> None:
    if trace.B != 1 or trace.mask is not None:
        raise ValueError(f"the trace has {trace.B} sequences, expected one, without padding.")
    if len(trace.y) != trace.T:
        raise ValueError(f"{len(trace.y)} steps emit, expected all {trace.T}.")
    for name, given, most in (
        ("T", trace.T, MOST_STEPS),
        ("n_x", trace.cell.n_x, MOST_UNITS),
        ("n_h", trace.cell.n_h, MOST_UNITS),
        ("n_y", trace.y.shape[-1], 2),
    ):
        if given > most:
            raise ValueError(f"{name} is {given}, expected at most {most}: the picture is full.")
    for name, given, needed in (
        ("tokens", tokens, trace.T),
        ("targets", targets, trace.T),
        ("classes", classes, trace.y.shape[-1]),
    ):
        if given != needed:
            raise ValueError(f"{name} has {given} entries, expected {needed}.")


def _scale(values: Array) -> float:
    return float(np.abs(values).max()) or 1.0


def _sentence(walk: _Walk, place: int) -> str:
    t, back = walk.at(place)
    if t == 0:
        return "Nothing is read yet. The next presses walk forward, then back."
    if not back:
        asked = walk.classes[walk.targets[t - 1]]
        percent, loss = 100 * walk.p_target(t), -np.log(walk.p_target(t))
        return (
            f"Forward, t = {t} of {walk.T}: reads {walk.tokens[t - 1]!r}; {asked!r} would be right "
            f"and gets {percent:.0f} %, a loss of {loss:.2f}."
        )
    step = walk.trace.step(t)
    from_y, following, da, dz = (
        f"{np.linalg.norm(q):.3f}" for q in (step.da_from_y, step.da_from_next, step.da, step.dz)
    )
    arrive = (
        f"a gradient of length {from_y} arrives from y_{t}, and none from a later step: a_{t} is "
        "the last state"
        if t == walk.T
        else f"gradients of length {from_y} from y_{t} and {following} from step {t + 1} meet at "
        f"a_{t}; their sum da_{t} has length {da}"
    )
    end = "" if t > 1 else " The sums are complete."
    return (
        f"Backward, t = {t}: {arrive}. The slope leaves dz_{t} with {dz}; "
        f"a_{t - 1}.T @ dz_{t} is added to dW.{end}"
    )


def _picture(walk: _Walk, place: int) -> svg.Element:
    t, back = walk.at(place)
    table = _table(walk, t, back)
    sums, foot = _sums_so_far(walk, t, back)
    height = max(table.y, foot) + 2
    for box in table.svg.iter("rect"):
        if box.get("fill") == "none":
            # An empty cell is to be seen before its number comes.
            box.attrib["style"] = "stroke-opacity: .6"
    return svg.picture(
        WIDTH, height, _sentence(walk, place), *_strip(walk, t, back), table.svg, sums
    )


def _strip(walk: _Walk, t: int, back: bool) -> list[svg.Element]:
    """The states run along the upper lane to the right, the gradients along the lower one back."""
    lane = svg.group(
        _lane_words(Y_OUT + 23, "outputs"),
        _lane_words(Y_STATE - 22, "forward"),
        _lane_words(Y_GRADIENT + 50, "backward") if back else None,
        _lane_words(Y_IN + 17, "inputs"),
    )
    start = svg.group(hidden_node(4, Y_STATE, 48, 36, walk.a[0], walk.a.shape[1]))
    start.append(svg.text(20, Y_STATE - 6, *svg.symbol("a", 0), class_="rnn-small"))
    steps = [_step(walk, s, t, back) for s in range(1, walk.T + 1)]
    if back and t == 1:
        steps.append(_gradient_node(4, 48, walk.trace.da_0[0] / walk.da_scale, 0, "da"))
        steps.append(
            arrow(_right(walk, 1), Y_GRADIENT + 17, 55, Y_GRADIENT + 17, "rnn-past", maybe=True)
        )
    return [lane, start, *steps]


def _lane_words(y: float, words: str) -> svg.Element:
    return svg.text(2, y, words, class_="rnn-small rnn-quiet")


def _pitch(walk: _Walk) -> float:
    return (WIDTH - 68.0) / walk.T


def _left(walk: _Walk, s: int) -> float:
    """Return where the column of step s begins."""
    return 70.0 + (s - 1) * _pitch(walk)


def _node_width(walk: _Walk) -> float:
    return min(58.0, 0.44 * _pitch(walk) - 4)


def _right(walk: _Walk, s: int) -> float:
    """Return where the gradient of step s begins, in the right half of its column."""
    return _left(walk, s) + _pitch(walk) - _node_width(walk) - 10


def _step(walk: _Walk, s: int, t: int, back: bool) -> svg.Element:
    """One column: what was computed forward on its left, what comes back on its right."""
    read, now = back or s <= t, s == t
    x, right, node = _left(walk, s), _right(walk, s), _node_width(walk)
    width, middle = right + node - x, x + node / 2
    n = walk.a.shape[1]
    before = 52.0 if s == 1 else _left(walk, s - 1) + node
    column = svg.group(data_t=s)
    forward = svg.group(class_="rnn-now" if now and not back else None)
    state = svg.group(class_=None if read else "rnn-quiet")
    state.append(arrow(before + 2, Y_STATE + 18, x, Y_STATE + 18, "rnn-past"))
    state.append(arrow(middle - 14, Y_IN, middle - 14, Y_STATE + 37, "rnn-input"))
    state.append(arrow(middle, Y_STATE, middle, Y_OUT + OUT_HEIGHT + 1, "rnn-output"))
    state.append(hidden_node(x, Y_STATE, node, 36, walk.a[s] if read else None, n))
    state.append(svg.text(middle - 4, Y_STATE + 51, *svg.symbol("a", s), class_="rnn-small"))
    forward.append(state)
    forward.append(input_node(x, Y_IN, width, 27, walk.tokens[s - 1]))
    forward.append(_output(walk, s, x, width, read))
    column.append(forward)
    if back and s >= t:
        column.append(_arrivals(walk, s, now))
    return column


def _output(walk: _Walk, s: int, x: float, width: float, read: bool) -> svg.Element:
    """The output of step s: its target in words and, once it is computed, what that gets."""
    target = svg.fit_text(f"target: {walk.classes[walk.targets[s - 1]]}", width - 14, 12)
    middle = x + width / 2
    words = svg.text(middle, Y_OUT + 15, target, class_="rnn-middle rnn-small")
    box = svg.group(output_node(x, Y_OUT, width, OUT_HEIGHT, ""), words)
    if read:
        percent = f"{100 * walk.p_target(s):.0f} %"
        box.append(svg.text(middle, Y_OUT + 31, percent, class_="rnn-middle", font_size=13))
    return box


def _arrivals(walk: _Walk, s: int, now: bool) -> svg.Element:
    """The gradient at a_s, the two arrows that bring it and the one to where it meets the input."""
    right, node = _right(walk, s), _node_width(walk)
    middle, y = right + node / 2, Y_GRADIENT + 17
    part = svg.group(class_="rnn-now" if now else None)
    part.append(
        arrow(middle, Y_OUT + OUT_HEIGHT + 1, middle, Y_GRADIENT - 1, "rnn-output", maybe=True)
    )
    if s < walk.T:
        part.append(arrow(_right(walk, s + 1) - 2, y, right + node + 2, y, "rnn-past", maybe=True))
    part.append(arrow(middle, Y_GRADIENT + 35, middle, Y_IN - 1, "rnn-input", maybe=True))
    part.append(_gradient_node(right, node, walk.trace.da[s - 1, 0] / walk.da_scale, s, "da"))
    if now:
        part.append(weight_label(middle + 26, Y_STATE - 8, "Why.T", "rnn-output"))
        part.append(weight_label(middle - 29, Y_IN - 8, "dWxh", "rnn-input"))
        if s < walk.T:
            # Between the input's arrow and the gradient of step s + 1.
            between = (_left(walk, s + 1) + node / 2 - 14 + _right(walk, s + 1)) / 2
            part.append(weight_label(between, y - 8, "slope,", "rnn-past"))
            part.append(weight_label(between, y + 17, "W.T", "rnn-past"))
    return part


def _gradient_node(x: float, width: float, values: Array, t: int, name: str) -> svg.Element:
    y = Y_GRADIENT
    return svg.group(
        svg.rect(x, y, width, 34, rx=11, class_="rnn-node rnn-maybe"),
        mini_cells(x + 7, y + 8, width - 14, 18, values, len(values)),
        svg.text(x + width / 2 - 4, y - 7, *svg.symbol(name, t), class_="rnn-small rnn-end"),
        class_="rnn-hidden",
    )


def _table(walk: _Walk, t: int, back: bool) -> Table:
    """Every number of step t: the forward pass in the upper rows, the way back below."""
    table = Table(Y_TABLE, LABEL_WIDTH, COLUMN, digits=3)
    n_h, n_y = walk.a.shape[1], walk.dy.shape[1]
    now, before, after = (str(t), t - 1, t + 1) if t else ("t", f"t{svg.MINUS}1", "t+1")
    step = walk.trace.step(t) if t else None

    def part(name: str) -> Array | None:
        return getattr(step, name)[0] if step is not None and back else None

    a_before, a_t, p = (walk.a[t - 1], walk.a[t], walk.p[t]) if t else (None, None, None)
    table.row(svg.symbol("a", before), a_before, n_h, f"a_{t - 1}", "rnn-hidden", gap=4)
    table.row(svg.symbol("a", now), a_t, n_h, f"a_{t}", "rnn-hidden", outline=True, gap=9)
    _heads(table, walk.classes)
    label = ["softmax(", *svg.symbol("y", now), ")"]
    table.row(label, p, n_y, f"p_{t}", "rnn-output")
    scale = walk.da_scale
    dy = walk.dy[t] if back else None
    table.row(svg.symbol("dy", now), dy, n_y, f"dy_{t}", "rnn-output", scale=scale, gap=9)
    label = [*svg.symbol("dy", now), " @ Why.T"]
    table.row(label, part("da_from_y"), n_h, f"da_{t} from y_{t}", "rnn-output", scale=scale)
    label = ["+ ", *svg.symbol("dz", after), " @ W.T"] if t < walk.T else ["+ 0: last step"]
    name = f"da_{t} from step {t + 1}"
    table.row(label, part("da_from_next"), n_h, name, "rnn-past", scale=scale)
    table.rule(n_h)
    table.row(["= ", *svg.symbol("da", now)], part("da"), n_h, f"da_{t}", "rnn-hidden", scale=scale)
    slope = walk.slope[t] if back else None
    label = ["× ", *_slope_words(walk.cell.activation, now)]
    table.row(label, slope, n_h, f"slope at z_{t}", "rnn-muted")
    table.rule(n_h)
    table.row(["= ", *svg.symbol("dz", now)], part("dz"), n_h, f"dz_{t}", "rnn-hidden", scale=scale)
    return table


def _heads(table: Table, classes: Sequence[str]) -> None:
    """Add the names of the classes, above the rows with one number for each."""
    for i, name in enumerate(classes):
        middle = table.label_width + i * COLUMN + (COLUMN - 3) / 2
        words = svg.fit_text(name, COLUMN - 3, 12)
        table.svg.append(svg.text(middle, table.y + 10, words, class_="rnn-middle rnn-small"))
    table.y += 15


def _slope_words(activation: str, t: str) -> list[svg.Element | str]:
    """Return the slope of an activation, written with the state where that is possible."""
    a_t = svg.symbol("a", t)
    if activation == "tanh":
        return [f"(1 {svg.MINUS} ", *a_t, "\N{SUPERSCRIPT TWO})"]
    if activation == "sigmoid":
        return [*a_t, f" (1 {svg.MINUS} ", *svg.symbol("a", t), ")"]
    return [f"slope of {activation}"]


def _sums_so_far(walk: _Walk, t: int, back: bool) -> tuple[svg.Element, float]:
    """Return the growing sums, what the steps so far add to each gradient, and their foot."""
    sums = walk.sums[t if back else walk.T + 1]
    group, foot = svg.group(class_="rnn-sums"), 0.0
    x_left = WIDTH - 2 - GRID_COLUMN * (walk.a.shape[1] + walk.dy.shape[1]) - 16
    x_right = x_left + GRID_COLUMN * walk.a.shape[1] + 16
    for x, names in ((x_left, ("dWxh", "dW", "db")), (x_right, ("dWhy", "dby"))):
        y = Y_TABLE
        for name in names:
            hue = {"dWxh": "rnn-input", "dW": "rnn-past", "dWhy": "rnn-output"}.get(name)
            hue = hue or ("rnn-output" if name == "dby" else "rnn-muted")
            values = np.atleast_2d(sums[name])
            group.append(weight_label(x + 18, y + 11, name, hue))
            group.append(number_grid(x, y + 17, GRID_COLUMN, values, name, scale=walk.scale[name]))
            y += 17 + len(values) * (CELL_HEIGHT + 2) + 7
        foot = max(foot, y)
    return group, foot
