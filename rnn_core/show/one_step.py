"""One step under the magnifying glass: every number of its vectors and matrices in one picture."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from rnn_core.bptt import Step, unroll
from rnn_core.cells import ACTIVATIONS, RNNCell
from rnn_core.checks import check_real, shape_text
from rnn_core.layers import Readout
from rnn_core.losses import softmax
from rnn_core.parameters import Array
from rnn_core.show import explore, svg
from rnn_core.show.explore import Explore
from rnn_core.show.parts import CELL_HEIGHT, arrow, number_grid, number_row
from rnn_core.show.plot import Plot
from rnn_core.show.stepper import Frame, Stepper

WIDTH, COLUMN = 784, 50
LEFT, MIDDLE, RIGHT = 10, 246, 474
"""Where the vectors, the matrices and the sums stand."""
MOST_UNITS = 4
PITCH = CELL_HEIGHT + 2
STEP = 0.1
"""How far a press of an arrow key moves a slider."""
BEFORE = f"t{svg.MINUS}1"
A_BEFORE = f"a_{{{BEFORE}}}"
MATRICES = ("Wxh", "W", "b", "Why", "by")
HUES = {"Wxh": "rnn-input", "W": "rnn-past", "b": "rnn-muted", "Why": "rnn-output"}


class Weight(NamedTuple):
    """One weight by its array and its place, counted from 1; a bias has one row."""

    array: str
    row: int
    column: int

    def __str__(self) -> str:
        row = f"{self.row}, " if self.array in ("Wxh", "W", "Why") else ""
        return f"{self.array}[{row}{self.column}]"


class _Numbers(NamedTuple):
    """Everything one step computes."""

    cell: RNNCell
    readout: Readout
    step: Step
    y: Array
    p: Array

    @property
    def weights(self) -> dict[str, Array]:
        """Every weight array as a matrix; a bias is a row."""
        arrays = {**self.cell.parameters, **self.readout.parameters}
        return {name: np.atleast_2d(array) for name, array in arrays.items()}


def cell_step(
    cell: RNNCell, readout: Readout, x_t: Any, a_prev: Any, chosen: Weight | None = None
) -> Frame:
    """Return the picture of one step: each product, the sum z_t, the state a_t, the output y_t.

    Shapes: x_t (n_x,), a_prev (n_h,). `chosen` is a weight to be marked and told about.
    Raises ValueError where a shape is wrong or a size is more than 4.
    """
    numbers = _compute(cell, readout, x_t, a_prev)
    sentence = _sentence(numbers, chosen)
    return Frame(_picture(numbers, chosen, sentence), sentence)


def one_matrix_at_a_time(cell: RNNCell, readout: Readout, x_t: Any, a_prev: Any) -> Stepper:
    """Return a stepper through the same step with all weights zero but one array's, then all.

    Raises ValueError where a shape is wrong or a size is more than 4.
    """
    frames = []
    for names in (("Wxh",), ("W",), ("b",), ("Why", "by"), MATRICES):
        alone, alone_out = copy.deepcopy(cell), copy.deepcopy(readout)
        for layer in (alone, alone_out):
            for name in set(layer.parameters) - set(names):
                layer.parameters[name] = np.zeros_like(layer.parameters[name])
        numbers = _compute(alone, alone_out, x_t, a_prev)
        sentence = _role(names, numbers)
        frames.append(Frame(_picture(numbers, None, sentence), sentence))
    return Stepper(frames, label="part", still=[1], milliseconds=3000)


class StepExplorer(Explore):
    """One step whose every weight, input and activation can be changed.

    It works on copies of its own, `cell` and `readout`: what is changed here stays here, and can
    be used from there. Choosing a weight puts the slider at that weight's present value.
    Shapes: x_t (n_x,), a_prev (n_h,). Raises ValueError where one is wrong or a size exceeds 4.
    """

    def __init__(self, cell: RNNCell, readout: Readout, x_t: Any, a_prev: Any) -> None:
        self.cell, self.readout = copy.deepcopy(cell), copy.deepcopy(readout)
        self._start = cell.parameters.vector.copy(), readout.parameters.vector.copy()
        self._x = check_real("x_t", x_t, (cell.n_x,), np.dtype(np.float64)).copy()
        self._x_start, self._activation = self._x.copy(), cell.activation
        self._a_prev = a_prev
        largest = max(float(np.abs(vector).max()) for vector in self._start)
        limit, reach = (float(max(4.0, np.ceil(v))) for v in (largest, np.abs(self._x).max()))
        controls = {
            "matrix": explore.choice(*MATRICES),
            "row": explore.choice("1"),
            "column": explore.choice("1"),
            "weight": explore.slider(-limit, limit, 0.0, STEP),
            "activation": explore.choice(*ACTIVATIONS),
            "reset": explore.button(),
        }
        for i, value in enumerate(self._x):
            controls[_entry(i)] = explore.slider(-reach, reach, float(value), STEP)
        self.controls = controls
        controls["matrix"].value = "W"
        controls["activation"].value = cell.activation
        self._offer_places()
        super().__init__(self._draw, controls, compact=True)

    @property
    def chosen(self) -> Weight:
        """The weight that the slider moves."""
        places = (int(self.controls[name].value) for name in ("row", "column"))
        return Weight(self.controls["matrix"].value, *places)

    def settle(self, changed: str) -> None:
        """Keep the weight's slider and the chosen weight together, and put all back on reset."""
        if changed == "weight":
            _follow(*self._chosen_array(), self.controls["weight"].value)
        elif changed == "reset":
            self.cell.parameters.vector[:], self.readout.parameters.vector[:] = self._start
            self._x[:] = self._x_start
            self.controls["activation"].value = self._activation
            for i, value in enumerate(self._x):
                self.controls[_entry(i)].value = float(value)
        elif changed == "matrix":
            self._offer_places()
        if changed in ("reset", "row", "column"):
            self._show_weight()
        for i in range(len(self._x)):
            if changed == _entry(i):
                _follow(self._x, (i,), self.controls[changed].value)

    def _offer_places(self) -> None:
        """Offer the rows and columns that the chosen matrix has; keep the place where it can be."""
        array, _ = self._chosen_array()
        for name, size in zip(("row", "column"), array.shape, strict=True):
            control = self.controls[name]
            before = int(control.value)
            control.options = [str(i + 1) for i in range(size)]
            control.value = str(min(before, size))
        self._show_weight()

    def _chosen_array(self) -> tuple[Array, tuple[int, int]]:
        name, row, column = self.chosen
        layer = self.cell if name in self.cell.parameters else self.readout
        return np.atleast_2d(layer.parameters[name]), (row - 1, column - 1)

    def _show_weight(self) -> None:
        array, place = self._chosen_array()
        self.controls["weight"].value = float(array[place])

    def _draw(self, **values: Any) -> Frame:
        self.cell.activation = values["activation"]
        return cell_step(self.cell, self.readout, self._x, self._a_prev, self.chosen)


def _follow(array: Array, place: tuple[int, ...], value: float) -> None:
    """Write a slider's value, unless it only rounds the number that is there already.

    A page moves a slider to the nearest of its steps as soon as it is shown, and says so.
    """
    if abs(value - array[place]) >= STEP / 2:
        array[place] = round(value, 6)


def _entry(i: int) -> str:
    return f"x_t[{i + 1}]"


def _compute(cell: RNNCell, readout: Readout, x_t: Any, a_prev: Any) -> _Numbers:
    n_y = len(readout.by)
    for name, size in (("n_x", cell.n_x), ("n_h", cell.n_h), ("n_y", n_y)):
        if size > MOST_UNITS:
            raise ValueError(f"{name} is {size}, expected at most {MOST_UNITS} in this picture.")
    if len(readout.Why) != cell.n_h:
        shape = shape_text(readout.Why.shape)
        raise ValueError(f"Why has the shape {shape}, expected {cell.n_h} rows, one for a unit.")
    x_t = check_real("x_t", x_t, (cell.n_x,), cell.W.dtype)
    a_prev = check_real("a_prev", a_prev, (cell.n_h,), cell.W.dtype)
    step = unroll(cell, x_t[None, None], a_0=a_prev[None]).step(1)
    y = readout.forward(step.a)[0]
    return _Numbers(cell, readout, step, y, softmax(y))


# ---------------------------------------------------------------- the sentences


def _sentence(numbers: _Numbers, chosen: Weight | None) -> str:
    step, f = numbers.step, numbers.cell.activation
    if chosen is None:
        moved = int(np.abs(step.z[0]).argmax())
        return f"The largest sum is that of unit {moved + 1}: {_activated(step, moved, f)}."
    name, row, column = chosen
    value = float(numbers.weights[name][row - 1, column - 1])
    is_now, unit = f"{chosen} is {_say(value)}", column - 1
    if name in ("Wxh", "W"):
        source = step.x if name == "Wxh" else step.a_prev
        entry = float(source[0, row - 1])
        start = f"entry {row} of x_t" if name == "Wxh" else f"unit {row} of the old state"
        way = f"it takes {start}, {_say(entry)}, to unit {column} and adds {_say(entry * value)}"
        return f"{is_now}: {way}. There {_activated(step, unit, f)}."
    if name == "b":
        way = f"unit {column} gets it whatever is read and whatever was before"
        return f"{is_now}: {way}. There {_activated(step, unit, f)}."
    y = f"y_t[{column}] = {_say(numbers.y[unit])}"
    if name == "by":
        return f"{is_now}: it is added to output {column}, whatever the state. There {y}."
    entry = float(step.a[0, row - 1])
    way = f"it takes unit {row} of a_t, {_say(entry)}, to output {column} and adds "
    way += _say(entry * value)
    return f"{is_now}: {way}. There {y}; the state is as it was."


def _activated(step: Step, unit: int, f: str) -> str:
    z, a = step.z[0, unit], step.a[0, unit]
    return f"z_t[{unit + 1}] = {_say(z)}, and a_t[{unit + 1}] = {f}({_say(z)}) = {_say(a)}"


def _role(names: Sequence[str], numbers: _Numbers) -> str:
    a_t = "a_t = " + _vector(numbers.step.a[0])
    return {
        "Wxh": f"Only Wxh: the state is made of x_t alone, {a_t}; whatever was before is lost.",
        "W": f"Only W: the state is made of the old state alone, {a_t}; x_t is not heard.",
        "b": f"Only b: the state is {a_t}, whatever is read and whatever was before.",
        "Why": f"Only Why and by: the sum is 0 and {a_t}, so y_t = {_vector(numbers.y)}; "
        "Why can read a state, not make one.",
    }.get(names[0] if len(names) < 3 else "", f"All together: {a_t}, y_t = {_vector(numbers.y)}.")


def _vector(values: Array) -> str:
    return f"[{', '.join(_say(value) for value in values)}]"


def _say(value: float) -> str:
    return svg.number(float(value))


# ---------------------------------------------------------------- the picture


def _picture(numbers: _Numbers, chosen: Weight | None, sentence: str) -> svg.Element:
    step, weights = numbers.step, numbers.weights
    parts: list[svg.Element] = []
    x_rows, h_rows = len(weights["Wxh"]), len(weights["W"])
    top = 24.0
    y_x = _product(parts, top, svg.symbol("x", "t"), "x_t", step.x[0], "Wxh", numbers, chosen)
    top += x_rows * PITCH + 34
    before = svg.symbol("a", BEFORE)
    y_a = _product(parts, top, before, A_BEFORE, step.a_prev[0], "W", numbers, chosen)
    y_b = top + h_rows * PITCH + 10
    x_words, a_words = [*svg.symbol("x", "t"), " @ Wxh"], ["+ ", *svg.symbol("a", BEFORE), " @ W"]
    _result(parts, y_x, x_words, step.from_x[0], "x_t @ Wxh", "rnn-input")
    _result(parts, y_a, a_words, step.from_a[0], f"{A_BEFORE} @ W", "rnn-past")
    _bias(parts, y_b, "b", numbers, chosen)
    y_z, y_state = y_b + PITCH + 8, y_b + 2 * PITCH + 44
    _rule(parts, y_b + PITCH + 3, numbers.cell.n_h)
    _result(parts, y_z, ["= ", *svg.symbol("z", "t")], step.z[0], "z_t", "rnn-muted")
    state = [*svg.symbol("a", "t"), f" = f({svg.ELLIPSIS})"]
    _result(parts, y_state, state, step.a[0], "a_t", "rnn-hidden", framed=True)
    _activation(parts, y_b + 4, y_z, y_state, numbers)
    top = y_state + PITCH + 38
    y_y = _product(parts, top, svg.symbol("a", "t"), "a_t", step.a[0], "Why", numbers, chosen)
    words = [*svg.symbol("a", "t"), " @ Why"]
    n_y = len(numbers.y)
    _result(parts, top, words, step.a[0] @ weights["Why"], "a_t @ Why", "rnn-output")
    _bias(parts, top + PITCH + 2, "by", numbers, chosen)
    _rule(parts, top + 2 * PITCH + 5, n_y)
    y_out = top + 2 * PITCH + 10
    words = ["= ", *svg.symbol("y", "t")]
    _result(parts, y_out, words, numbers.y, "y_t", "rnn-output", framed=True)
    _result(parts, y_out + PITCH + 8, ["softmax(", *svg.symbol("y", "t"), ")"], numbers.p, "p_t")
    height = max(y_out + 2 * PITCH + 14, y_y + h_rows * PITCH / 2 + 20)
    return svg.picture(WIDTH, height, sentence, *parts)


def _product(
    parts: list[svg.Element],
    top: float,
    symbol: list[svg.Element | str],
    name: str,
    vector: Array,
    matrix: str,
    numbers: _Numbers,
    chosen: Weight | None,
) -> float:
    """Draw row times matrix, each with its shape; return where the row, and the result, stand."""
    weights, hue = numbers.weights[matrix], HUES[matrix]
    n = len(vector)
    y = top + (n * PITCH - CELL_HEIGHT) / 2
    source = "rnn-input" if matrix == "Wxh" else "rnn-hidden"
    parts += [number_row(LEFT, y, COLUMN, vector, n, name, outline=source)]
    parts += [_caption(LEFT, y - 9, symbol, (1, n), source)]
    parts += [number_grid(MIDDLE, top, COLUMN, weights, matrix, digits=2)]
    parts += [_frame(top, weights, hue)]
    parts += [_caption(MIDDLE, top - 9, [matrix], weights.shape, hue)]
    parts += [_sign(MIDDLE - 16, y, "@")]
    if chosen is not None and chosen.array == matrix:
        left = MIDDLE + (chosen.column - 1) * COLUMN
        parts.append(_ring(left, top + (chosen.row - 1) * PITCH))
    edge = MIDDLE + weights.shape[1] * COLUMN
    parts.append(arrow(edge + 3, y + 12, RIGHT - 6, y + 12, hue))
    return y


def _result(
    parts: list[svg.Element],
    y: float,
    words: list[svg.Element | str],
    values: Array,
    name: str,
    hue: str = "rnn-output",
    *,
    framed: bool = False,
) -> None:
    """Draw a row of the right column, its name behind it."""
    n, outline = len(values), hue if framed else None
    scale = 1.0 if name in ("a_t", "p_t") else 2.0
    parts.append(number_row(RIGHT, y, COLUMN, values, n, name, scale=scale, outline=outline))
    label = svg.text(RIGHT + n * COLUMN + 8, y + 17, *words, class_="rnn-label", font_size=13)
    parts.append(svg.group(label, class_=hue))


def _bias(
    parts: list[svg.Element], y: float, name: str, numbers: _Numbers, chosen: Weight | None
) -> None:
    values = numbers.weights[name][0]
    hue = "rnn-muted" if name == "b" else "rnn-output"
    _result(parts, y, [f"+ {name}  ", *_shape_label((len(values),))], values, name, hue)
    if chosen is not None and chosen.array == name:
        parts.append(_ring(RIGHT + (chosen.column - 1) * COLUMN, y))


def _rule(parts: list[svg.Element], y: float, n: int) -> None:
    line = svg.element("line", x1=RIGHT - 4, y1=y, x2=RIGHT + n * COLUMN, y2=y, class_="rnn-rule")
    parts.append(line)


def _frame(top: float, weights: Array, hue: str) -> svg.Element:
    rows, columns = weights.shape
    width, height = columns * COLUMN + 5, rows * PITCH + 4
    box = svg.rect(MIDDLE - 4, top - 3, width, height, rx=2, class_="rnn-node", style="fill: none")
    return svg.group(box, class_=hue)


def _ring(x: float, y: float) -> svg.Element:
    return svg.rect(
        x - 1.5, y - 1.5, COLUMN, CELL_HEIGHT + 3, rx=4, class_="rnn-chosen", style="fill: none"
    )


def _caption(
    x: float, y: float, symbol: list[svg.Element | str], shape: tuple[int, ...], hue: str
) -> svg.Element:
    label = svg.text(x, y, *symbol, "  ", *_shape_label(shape), class_="rnn-label", font_size=13)
    return svg.group(label, class_=hue)


def _shape_label(shape: tuple[int, ...]) -> list[svg.Element]:
    return [svg.element("tspan", shape_text(shape), font_weight="400", font_size="12")]


def _sign(x: float, y: float, sign: str) -> svg.Element:
    return svg.text(x, y + 17, sign, class_="rnn-middle rnn-bold")


def _activation(
    parts: list[svg.Element], top: float, y_z: float, y_state: float, numbers: _Numbers
) -> None:
    """Draw the curve of f with one dot for each unit, and the arrow from z_t to a_t."""
    cell, step = numbers.cell, numbers.step
    reach, most = 3.0, 1.25 if cell.activation in ("tanh", "sigmoid") else 3.0
    middle = RIGHT + cell.n_h * COLUMN / 2
    parts.append(arrow(middle, y_z + CELL_HEIGHT + 3, middle, y_state - 4, "rnn-hidden"))
    words = svg.text(middle + 10, y_state - 12, f"f = {cell.activation}", class_="rnn-small")
    parts.append(words)
    plot = Plot((float(MIDDLE), top, 196.0, 100.0), (-reach, reach), (-most, most))
    for start, end in (((-reach, 0.0), (reach, 0.0)), ((0.0, -most), (0.0, most))):
        (x1, y1), (x2, y2) = plot.place(*start), plot.place(*end)
        plot.svg.append(svg.element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_="rnn-cell"))
    z = np.linspace(-reach, reach, 61)
    a = np.empty_like(z)
    ACTIVATIONS[cell.activation].apply(z, out=a)
    plot.curve(z, a, "rnn-hidden")
    plot.words(LEFT, top + 20, f"a = {cell.activation}(z)", "rnn-hidden")
    note = f"one dot a unit, z from {svg.MINUS}3 to 3"
    plot.svg.append(svg.text(LEFT, top + 40, note, class_="rnn-small rnn-quiet"))
    dots = svg.group(class_="rnn-hidden")
    for z_i, a_i in zip(step.z[0], step.a[0], strict=True):
        x, y = plot.place(float(z_i), float(a_i))
        dots.append(svg.element("circle", cx=x, cy=y, r=4.5, class_="rnn-head"))
    parts += [plot.svg, dots]
