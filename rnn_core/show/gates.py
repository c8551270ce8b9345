"""Gates in pictures: what a state is made of, what each step keeps and writes, what comes back."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from rnn_core.bptt import Trace
from rnn_core.cells import GatedCell, GRUCell, LSTMCell
from rnn_core.parameters import Array
from rnn_core.show import svg
from rnn_core.show.parts import heat, input_node, output_node
from rnn_core.show.plot import Plot, short, step_ticks
from rnn_core.show.stepper import Frame, Stepper
from rnn_core.show.table import Label, Table

WIDTH = 784.0
MOST_STEPS, MOST_UNITS = 20, 4
LABEL_WIDTH, COLUMN = 176.0, 58.0
NODE_HEIGHT, FLOW_HEIGHT, ROW_HEIGHT = 26.0, 15.0, 76.0
PATH_LEFT, NODE_SHARE = 112.0, 0.56
WAY_BACK = (1e-15, 1e3)
"""What the axis of the gradient's length spans."""

C = TypeVar("C", bound=GatedCell)


class Flows(NamedTuple):
    """What each step does with the state (T, B, n_h): shares from 0 to 1, and the state itself.

    `shown` is None where the whole state is shown, as in the plain cell and the GRU.
    """

    kept: Array
    written: Array
    shown: Array | None
    state: Array
    before: Array


def flows(trace: Trace) -> Flows:
    """Return the shares that each step keeps, writes and shows, and the state that is kept.

    kept and written are u and 1 - u in the GRU, f and i in the LSTM, whose kept state is c; the
    plain cell keeps 0 and writes 1.
    """
    cell = trace.cell
    if isinstance(cell, LSTMCell):
        o, i, f = (trace.gates[..., cell.block(name)] for name in "oif")
        return Flows(f, i, o, trace.c, trace.c_prev)
    if isinstance(cell, GRUCell):
        u = trace.gates[..., cell.block("u")]
        return Flows(u, 1 - u, None, trace.a, trace.a_prev)
    return Flows(np.zeros_like(trace.a), np.ones_like(trace.a), None, trace.a, trace.a_prev)


def by_hand(cell: C, unit: int, **gates: float) -> C:
    """Return a copy of the cell in which gates of one unit (from 1) have a fixed value.

    The gate's weights become zero, and its bias log(value / (1 - value)), whose sigmoid is the
    value. Raises ValueError for a unit or a gate that the cell has not, or no value in [0, 1].
    """
    if not 1 <= unit <= cell.n_h:
        raise ValueError(f"unit is {unit}, expected 1 to {cell.n_h}.")
    cell = copy.deepcopy(cell)
    for name, value in gates.items():
        column = cell.block(name).start + unit - 1
        if name == cell.block_names[-1] or not 0 <= value <= 1:
            raise ValueError(f"{name} is {value}, expected a gate's name and a value from 0 to 1.")
        cell.Wxh[:, column] = cell.W[:, column] = 0.0
        with np.errstate(divide="ignore"):
            bias = np.log(value) - np.log1p(-value)
        # At 40 the sigmoid is 1 to the last digit, at -40 it is 0.
        cell.b[column] = np.clip(bias, -40.0, 40.0)
    return cell


def made_of(shares: Sequence[float], f: float) -> Frame:
    """Return a frame: the share that c_0 and each written number has in c_T, as bars.

    `shares` has T + 1 entries: that of c_0 first, then those of g_1 to g_T.
    """
    T = len(shares) - 1
    sentence = (
        f"f = {f:.2f}, T = {T}: of c_0, {short(shares[0])} is left in c_{T}; the newest number "
        f"written, g_{T}, has a share of {short(shares[-1])}, and all shares add up to "
        f"{sum(shares):.2f}."
    )
    left, foot, height = 50.0, 186.0, 150.0
    pitch = (WIDTH - left - 20) / (T + 1)
    bars = svg.group()
    for s, share in enumerate(shares):
        name = "c_0" if s == 0 else "g"
        at, size = left + s * pitch, height * float(share)
        bar = svg.rect(at, foot - size, pitch - min(3.0, pitch / 4), size, class_="rnn-bar")
        title = svg.element("title", f"share of {name}[{s}] = {float(share)!r}")
        bars.append(svg.group(title, bar, class_="rnn-past" if s == 0 else "rnn-input"))
    for value in (0.0, 0.5, 1.0):
        y = foot - height * value
        bars.append(svg.text(left - 8, y + 4, f"{value:g}", class_="rnn-end rnn-small"))
        bars.append(svg.element("line", x1=left, y1=y, x2=WIDTH - 20, y2=y, class_="rnn-cell"))
    for s in [0, *step_ticks(T)[1:]]:
        label = svg.symbol("c" if s == 0 else "g", s)
        x = left + (s + 0.5) * pitch
        bars.append(svg.text(x, foot + 18, *label, class_="rnn-middle rnn-small"))
    words = f"share in c_{T}"
    legend = [
        svg.group(svg.text(left, 22, words, class_="rnn-label", font_size=13), class_="rnn-muted"),
        svg.group(svg.text(170, 22, "■ c_0", class_="rnn-label", font_size=13), class_="rnn-past"),
        svg.group(
            svg.text(230, 22, "■ what was written", class_="rnn-label", font_size=13),
            class_="rnn-input",
        ),
    ]
    return Frame(svg.picture(WIDTH, 214, sentence, bars, *legend), sentence)


def one_step(trace: Trace, unit: int) -> Frame:
    """Return a frame: the numbers of a gated cell's last step, and the chosen unit as a pipe.

    The trace has one sequence (B = 1) through at most four units.
    Raises ValueError where it has more, or for a unit that it has not; TypeError for a cell
    without gates.
    """
    _check(trace, range(1, trace.cell.n_h + 1))
    if not isinstance(trace.cell, GatedCell):
        raise TypeError(f"the cell is {type(trace.cell).__name__}, expected GRUCell or LSTMCell.")
    if not 1 <= unit <= trace.cell.n_h:
        raise ValueError(f"unit is {unit}, expected 1 to {trace.cell.n_h}.")
    T, flow = trace.T, flows(trace)
    table = _numbers(trace, T, 8.0, None)
    sentence = _step_sentence(trace, flow, unit)
    pipe = _Pipe(flow, unit - 1, 500.0, 176.0, 66.0, NODE_HEIGHT * 2.2)
    part = svg.group(pipe.state(T - 1, 0), pipe.step(T, 1, words=True))
    heading = svg.text(500, 72, f"unit {unit}", class_="rnn-label")
    part.append(svg.group(heading, class_="rnn-past"))
    return Frame(svg.picture(WIDTH, table.y + 4, sentence, table.svg, part), sentence)


def _step_sentence(trace: Trace, flow: Flows, unit: int) -> str:
    j, t = unit - 1, trace.T - 1
    kept, written, before, after = (
        svg.number(q[t, 0, j], 2) for q in (flow.kept, flow.written, flow.before, flow.state)
    )
    cell = trace.cell
    assert isinstance(cell, GatedCell)
    gate = {name: trace.gates[t, 0, cell.block(name)][j] for name in cell.block_names}
    if flow.shown is None:
        return (
            f"Unit {unit}, r = {gate['r']:.2f} and u = {kept}: it keeps {kept} of {before} and "
            f"writes {written} of n = {svg.number(gate['n'])}, which makes a_t = {after}."
        )
    a_t = svg.number(trace.a[t, 0, j])
    return (
        f"Unit {unit}, o = {gate['o']:.2f}, i = {written}, f = {kept}: it keeps {kept} of {before} "
        f"and writes {written} of g = {svg.number(gate['g'])}, which makes c_t = {after}; it shows "
        f"{gate['o']:.2f} of tanh(c_t) = {svg.number(trace.tanh_c[t, 0, j])}: a_t = {a_t}."
    )


def step_through(
    trace: Trace, tokens: Sequence[str], names: Sequence[str] | None = None
) -> Stepper:
    """Return a stepper along the path of the state: t = 0 (nothing read) to the last step.

    The trace has one sequence (B = 1) of at most 20 steps through at most four units, which may
    have `names`. Raises ValueError where something does not fit.
    """
    units = range(1, trace.cell.n_h + 1)
    frames = [path(trace, tokens, units, names=names, t=t) for t in range(trace.T + 1)]
    return Stepper(frames, still=[trace.T])


def path(
    trace: Trace,
    tokens: Sequence[str],
    units: Sequence[int],
    *,
    names: Sequence[str] | None = None,
    answers: Sequence[str] | None = None,
    t: int | None = None,
) -> Frame:
    """Return a frame: the path of some units (numbers from 1) through a sequence, as pipes.

    The pipe from a state to the next is as wide as the share that is kept, the one from below as
    the share that is written, the one above (LSTM) as the share that is shown. With `answers`, an
    output stands above each step. With `t`, later steps stay empty, and the numbers of step t
    stand below. Raises ValueError where something does not fit.
    """
    _check(trace, units)
    for name, given, needed in (
        ("tokens", tokens, trace.T),
        ("names", names, len(units)),
        ("answers", answers, trace.T),
    ):
        if given is not None and len(given) != needed:
            raise ValueError(f"{name} has {len(given)} entries, expected {needed}.")
    flow, names = flows(trace), list(names or (f"unit {unit}" for unit in units))
    if answers is None:
        sentence = _path_sentence(flow, tokens, units, names, trace.T if t is None else t)
    else:
        sentence = _answer_sentence(flow, tokens, units, names, answers)
    pitch = min(92.0, (WIDTH - PATH_LEFT - 8) / (trace.T + NODE_SHARE))
    drawing, top = svg.group(), 40.0 if answers is None else 62.0
    chosen = flow.state[:, 0, [unit - 1 for unit in units]]
    scale = float(np.abs(chosen).max()) or 1.0
    last = trace.T if t is None else t
    for row, (unit, name) in enumerate(zip(units, names, strict=True)):
        y = top + row * ROW_HEIGHT + NODE_HEIGHT / 2
        width = NODE_SHARE * pitch
        pipe = _Pipe(flow, unit - 1, PATH_LEFT, y, width, NODE_HEIGHT, pitch, scale)
        label = svg.text(6, y + 5, svg.fit_text(name, PATH_LEFT - 20, 13), font_size=13)
        drawing.append(label)
        drawing.append(pipe.state(0, 0))
        for s in range(1, last + 1):
            drawing.append(svg.group(pipe.step(s, s), class_="rnn-now" if s == t else None))
    y = top + len(units) * ROW_HEIGHT - 24
    for s, token in enumerate(tokens, 1):
        x = PATH_LEFT + s * pitch
        known = s <= last
        box = input_node(x - 2, y, NODE_SHARE * pitch + 4, 25, token)
        drawing.append(svg.group(box, class_=None if known else "rnn-later"))
        if answers is not None:
            drawing.append(output_node(x - 5, 2, NODE_SHARE * pitch + 10, 25, answers[s - 1]))
    if t is None:
        return Frame(svg.picture(WIDTH, y + 32, sentence, drawing), sentence)
    column = min(150.0, (WIDTH - LABEL_WIDTH - 6) / len(names))
    table = _numbers(trace, t, y + 44, names, column)
    return Frame(svg.picture(WIDTH, table.y + 4, sentence, drawing, table.svg), sentence)


def _check(trace: Trace, units: Sequence[int]) -> None:
    for name, given, most in (
        ("B", trace.B, 1),
        ("T", trace.T, MOST_STEPS),
        ("the number of units", len(units), MOST_UNITS),
    ):
        if given > most:
            raise ValueError(f"{name} is {given}, expected at most {most}: the picture is full.")
    for unit in units:
        if not 1 <= unit <= trace.cell.n_h:
            raise ValueError(f"unit is {unit}, expected 1 to {trace.cell.n_h}.")


def _path_sentence(
    flow: Flows, tokens: Sequence[str], units: Sequence[int], names: Sequence[str], t: int
) -> str:
    state = "c" if flow.shown is not None else "a"
    if t == 0:
        return "t = 0: nothing is read yet; every state is 0."
    said = []
    for unit, name in zip(units, names, strict=True):
        kept, written, value = (
            svg.number(q[t - 1, 0, unit - 1]) for q in (flow.kept, flow.written, flow.state)
        )
        said.append(f"{name} keeps {kept}, writes {written}, {state}_{t} = {value}")
        if flow.shown is not None:
            said[-1] += f", shows {svg.number(flow.shown[t - 1, 0, unit - 1])}"
    return f"t = {t} of {len(tokens)} reads {tokens[t - 1]!r}: {'; '.join(said)}."


def _answer_sentence(
    flow: Flows,
    tokens: Sequence[str],
    units: Sequence[int],
    names: Sequence[str],
    answers: Sequence[str],
) -> str:
    shares = flow.kept[1:, 0].prod(axis=0)
    said = ", ".join(
        f"{name} {svg.number(shares[unit - 1])}" for unit, name in zip(units, names, strict=True)
    )
    return (
        f"Reads {''.join(tokens)!r} and answers {answers[-1]}. Of the state after step 1, the "
        f"keeping gates alone would leave at the end: {said}."
    )


class _Pipe:
    """One unit drawn from left to right: at place s its state, a pipe to it from place s - 1."""

    def __init__(
        self,
        flow: Flows,
        j: int,
        left: float,
        middle: float,
        width: float,
        height: float,
        pitch: float = 180.0,
        scale: float = 1.0,
    ) -> None:
        self.left, self.middle, self.width, self.height = left, middle, width, height
        self.pitch, self.scale, self.unit = pitch, scale, j + 1
        self.kept, self.written = flow.kept[:, 0, j], flow.written[:, 0, j]
        self.shown = None if flow.shown is None else flow.shown[:, 0, j]
        self.values = np.concatenate([flow.before[:1, 0, j], flow.state[:, 0, j]])
        self.name = "a" if flow.shown is None else "c"

    def state(self, t: int, place: int) -> svg.Element:
        """Return the state after step t as a rounded box, with its number where there is room."""
        x, value = self.left + place * self.pitch, float(self.values[t])
        box = (x, self.middle - self.height / 2, self.width, self.height)
        # The title is not the first child: so many numbers would all light up at once.
        title = svg.element("title", f"{self.name}_{t}[{self.unit}] = {value!r}")
        style = heat(value, self.scale)
        group = svg.group(svg.rect(*box, rx=7, class_="rnn-cell", **style), title)
        if self.width >= 26:
            words = svg.number(value, 1 if self.width < 38 else 2)
            size = 12 if self.width < 40 else 13
            at = (x + self.width / 2, self.middle + 5)
            group.append(svg.text(*at, words, class_="rnn-middle", font_size=size))
        outline = svg.rect(*box, rx=7, class_="rnn-node", style="fill: none")
        return svg.group(group, svg.group(outline, class_="rnn-hidden"))

    def step(self, t: int, place: int, *, words: bool = False) -> svg.Element:
        """Return step t: what it keeps, writes and shows, and the state that it makes."""
        x, w, h = self.left + place * self.pitch, self.width, self.height
        reach = FLOW_HEIGHT * h / NODE_HEIGHT
        start = x - self.pitch + w
        kept, written = float(self.kept[t - 1]), float(self.written[t - 1])
        half = h * kept / 2
        whole = (start + 2, self.middle - h / 2, x - start - 4, h)
        part = (start + 2, self.middle - half, x - start - 4, 2 * half)
        below = self.middle + h / 2 + 3
        group = svg.group(
            self._flow("keeps", t, kept, whole, part, "rnn-past"),
            self._across("writes", t, written, x, below, reach, "rnn-input"),
            self.state(t, place),
        )
        above = self.middle - h / 2 - 3 - reach
        if self.shown is not None:
            shown = float(self.shown[t - 1])
            group.append(self._across("shows", t, shown, x, above, reach, "rnn-output"))
        if words:
            said = [
                ((start + x) / 2, self.middle + h / 2 + 18, f"keeps {kept:.2f}", "rnn-past"),
                (x + w / 2, below + reach + 16, f"writes {written:.2f}", "rnn-input"),
            ]
            if self.shown is not None:
                said.append((x + w / 2, above - 8, f"shows {shown:.2f}", "rnn-output"))
            for at, y, text, hue in said:
                label = svg.text(at, y, text, class_="rnn-label rnn-middle", font_size=13)
                group.append(svg.group(label, class_=hue))
        return group

    def _across(
        self, name: str, t: int, share: float, x: float, y: float, reach: float, hue: str
    ) -> svg.Element:
        whole = (x, y, self.width, reach)
        part = (x + self.width * (1 - share) / 2, y, self.width * share, reach)
        return self._flow(name, t, share, whole, part, hue)

    def _flow(
        self,
        name: str,
        t: int,
        share: float,
        whole: tuple[float, float, float, float],
        part: tuple[float, float, float, float],
        hue: str,
    ) -> svg.Element:
        """Return a pipe: the part that is open, in the pale outline of the whole."""
        title = svg.element("title", f"{name}_{t}[{self.unit}] = {share!r}")
        return svg.group(
            svg.rect(*whole, class_="rnn-cell", fill="none"),
            title,
            svg.rect(*part, class_="rnn-bar") if share >= 0.005 else None,
            class_=hue,
        )


class _Row(NamedTuple):
    """One row of a step's numbers: its label, its name in the tooltips, its values, its hue."""

    label: Label
    name: str
    values: Array | None
    hue: str = "rnn-muted"
    outline: bool = False
    sum_above: bool = False


def _numbers(
    trace: Trace, t: int, top: float, names: Sequence[str] | None, column: float = COLUMN
) -> Table:
    """Return every number of step t, one column for each unit; empty cells at t = 0."""
    n = trace.cell.n_h
    table = Table(top, LABEL_WIDTH, column)
    table.unit_numbers(n, names)
    for row in _lstm_rows(trace, t) if isinstance(trace.cell, LSTMCell) else _gru_rows(trace, t):
        if row.sum_above:
            table.rule(n)
        gap = 8.0 if row.outline else 3.0
        table.row(row.label, row.values, n, row.name, row.hue, outline=row.outline, gap=gap)
    return table


def _gates(trace: Trace, t: int) -> tuple[dict[str, Array | None], int | str, int | str]:
    """Return the blocks of step t by name, None at t = 0, and what to call t and t - 1."""
    cell = trace.cell
    assert isinstance(cell, GatedCell)
    if t == 0:
        return dict.fromkeys(cell.block_names), "t", f"t{svg.MINUS}1"
    gates = trace.gates[t - 1, 0]
    return {name: gates[cell.block(name)] for name in cell.block_names}, t, t - 1


def _at(trace: Trace, t: int, *names: str) -> list[Array | None]:
    return [None if t == 0 else getattr(trace, name)[t - 1, 0] for name in names]


def _product(left: Array | None, right: Array | None) -> Array | None:
    return None if left is None or right is None else left * right


def _lstm_rows(trace: Trace, t: int) -> list[_Row]:
    gates, now, before = _gates(trace, t)
    c, c_prev, tanh_c, a = _at(trace, t, "c", "c_prev", "tanh_c", "a")
    kept, written = _product(gates["f"], c_prev), _product(gates["i"], gates["g"])
    return [
        _Row(_label("c", before), f"c_{before}", c_prev, "rnn-hidden", outline=True),
        _Row(_label("f", now, "  keeps"), f"f_{now}", gates["f"], "rnn-past"),
        _Row(_label("i", now, "  writes"), f"i_{now}", gates["i"], "rnn-input"),
        _Row(_label("g", now), f"g_{now}", gates["g"]),
        _Row(_label("f", now, " * ", "c", before), f"f_{now} * c_{before}", kept, "rnn-past"),
        _Row(_label("+ ", "i", now, " * ", "g", now), f"i_{now} * g_{now}", written, "rnn-input"),
        _Row(_label("= ", "c", now), f"c_{now}", c, "rnn-hidden", outline=True, sum_above=True),
        _Row(_label("o", now, "  shows"), f"o_{now}", gates["o"], "rnn-output"),
        _Row(_label("tanh(", "c", now, ")"), f"tanh(c_{now})", tanh_c),
        _Row(
            _label("a", now, " = ", "o", now, " * tanh(", "c", now, ")"),
            f"a_{now}",
            a,
            "rnn-hidden",
            outline=True,
        ),
    ]


def _gru_rows(trace: Trace, t: int) -> list[_Row]:
    gates, now, before = _gates(trace, t)
    a, a_prev, past = _at(trace, t, "a", "a_prev", "past_n")
    r, u, n = (gates[name] for name in "run")
    hidden, kept = _product(r, past), _product(u, a_prev)
    written = _product(None if u is None else 1 - u, n)
    minus = svg.MINUS
    return [
        _Row(_label("a", before), f"a_{before}", a_prev, "rnn-hidden", outline=True),
        _Row(_label("r", now), f"r_{now}", gates["r"]),
        _Row(_label("a", before, " @ W, block n"), f"a_{before} @ W", past),
        _Row(_label("r", now, " * (", "a", before, " @ W)"), f"r_{now} * (a_{before} @ W)", hidden),
        _Row(_label("n", now), f"n_{now}", gates["n"]),
        _Row(_label("u", now, "  keeps"), f"u_{now}", gates["u"], "rnn-past"),
        _Row(_label("u", now, " * ", "a", before), f"u_{now} * a_{before}", kept, "rnn-past"),
        _Row(
            _label(f"+ (1 {minus} ", "u", now, ") * ", "n", now),
            f"(1 - u_{now}) * n_{now}",
            written,
            "rnn-input",
        ),
        _Row(_label("= ", "a", now), f"a_{now}", a, "rnn-hidden", outline=True, sum_above=True),
    ]


def _label(*parts: str | int) -> Label:
    """Return words with symbols among them: a single letter takes what follows as its index."""
    label: Label = []
    words = iter(parts)
    for part in words:
        if isinstance(part, str) and len(part) == 1 and part.isalpha():
            label += svg.symbol(part, next(words))
        else:
            label.append(str(part))
    return label


def way_back(left: Mapping[str, Array], factors: Mapping[str, Array], controls: str) -> Frame:
    """Return a frame: what is left of the gradient at each step, for up to three networks.

    `left` holds the lengths by step, (T,), as shares of that at step T; `factors`, drawn in
    grey, the same for a gate alone. `controls` is what the sentence begins with.
    Raises ValueError where there are other than one to three networks.
    """
    if not 1 <= len(left) <= 3:
        raise ValueError(f"left has {len(left)} networks, expected one to three.")
    T = len(next(iter(left.values())))
    plot = Plot((62.0, 52.0, 706.0, 220.0), (1, T), WAY_BACK, log=True)
    powers = [10.0**e for e in range(-15, 4, 3)]
    plot.ticks(step_ticks(T), powers, "t")
    times, said, x = range(1, T + 1), [], 62.0
    for name, values in factors.items():
        plot.curve(times, values, "rnn-muted", dashed=True)
        plot.words(x, 40, f"- - {name}", "rnn-muted")
        x += 40 + svg.text_width(name, 13)
    x = 62.0
    for (name, values), hue, sign in zip(
        left.items(), ("rnn-muted", "rnn-past", "rnn-wrong"), "●●○", strict=False
    ):
        hollow = sign == "○"
        plot.curve(times, values, hue, name=name, radius=4.6 if hollow else 2.8, hollow=hollow)
        plot.words(x, 20, f"{sign} {name}", hue)
        x += 60 + svg.text_width(name, 13)
        said.append(f"{name} {short(float(values[0]))}")
    sentence = f"{controls}: from t = {T} back to t = 1 is left {', '.join(said)}."
    return Frame(svg.picture(WIDTH, 312, sentence, plot.svg), sentence)
