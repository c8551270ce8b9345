"""Folded and unrolled: one cell with a loop, and the same cell written down once for each step."""

from __future__ import annotations

from collections.abc import Sequence

from rnn_core.bptt import Trace
from rnn_core.cells import RNNCell
from rnn_core.checks import check_size, shape_text
from rnn_core.show import svg
from rnn_core.show.parts import CELL_HEIGHT, arrow, at_step, hidden_node, input_node, number_row
from rnn_core.show.stepper import Frame, Stepper
from rnn_core.show.steps import WIDTH

MOST_STEPS, MOST_UNITS = 9, 15
"""What folded_and_unrolled has room for."""
COLUMN, PER_ROW = 48, 5
CHAIN = 312.0
Y_CELL, Y_INPUT = 84.0, 214.0
MOST = 20
"""How far the sizes of network_size go."""


def folded_and_unrolled(trace: Trace, tokens: Sequence[str], *, sequence: int = 0) -> Stepper:
    """Return a stepper: the cell with its loop beside the chain of its copies, one marker.

    Where the trace holds several sequences, `sequence` chooses one.
    Raises ValueError where there are more than 9 steps or 15 units, or another number of tokens.
    """
    for name, size, most in (("T", trace.T, MOST_STEPS), ("n_h", trace.cell.n_h, MOST_UNITS)):
        if size > most:
            raise ValueError(f"{name} is {size}, expected at most {most} in this picture.")
    if len(tokens) != trace.T:
        raise ValueError(f"tokens has {len(tokens)} entries, expected one for each of {trace.T}.")
    if not 0 <= sequence < trace.B:
        raise ValueError(f"sequence is {sequence}, expected 0 to {trace.B - 1}.")
    frames = []
    for t in range(trace.T + 1):
        sentence = _where(t, trace.T, tokens)
        parts = [*_folded(trace, tokens, t, sequence), *_chain(trace, tokens, t, sequence)]
        frames.append(Frame(svg.picture(WIDTH, Y_INPUT + 36, sentence, *parts), sentence))
    return Stepper(frames, still=[min(3, trace.T)])


def _where(t: int, T: int, tokens: Sequence[str]) -> str:
    if t == 0:
        return f"t = 0: nothing is read yet; the loop will run {T} times, the chain has {T} copies."
    again = "it has run once" if t == 1 else f"it has run {t} times"
    return (
        f"t = {t} of {T}: reads {tokens[t - 1]!r}. Folded, the cell is where it always is and "
        f"{again}; unrolled, we stand at copy {t}. The numbers of a_{t} are the same."
    )


def _folded(trace: Trace, tokens: Sequence[str], t: int, b: int) -> list[svg.Element]:
    """The cell in its loop, with the numbers of the present state in it."""
    n, left = trace.cell.n_h, 30.0
    rows = -(-n // PER_ROW)
    width, height = min(n, PER_ROW) * COLUMN + 13.0, rows * (CELL_HEIGHT + 2) + 14.0
    right, middle, y = left + width, left + width / 2, Y_CELL + height / 2
    a = trace.states[0][t, b]
    box = svg.rect(left, Y_CELL, width, height, rx=11, class_="rnn-node")
    cells = svg.group()
    for row in range(rows):
        part = a[row * PER_ROW : (row + 1) * PER_ROW]
        top, start = Y_CELL + 8 + row * (CELL_HEIGHT + 2), row * PER_ROW + 1
        cells.append(number_row(left + 8, top, COLUMN, part, len(part), f"a_{t}", start=start))
    loop = f"M{right:.1f} {y:.1f} h10 q10 0 10 -10 V52 q0 -10 -10 -10 H{left - 10:.1f} "
    loop += f"q-10 0 -10 10 V{y - 10:.1f} q0 10 10 10"
    past = svg.group(svg.element("path", d=loop, class_="rnn-arrow"), class_="rnn-past")
    now = str(t) if t else "t"
    word = tokens[t - 1] if t else svg.ELLIPSIS
    label = svg.text(middle, 36, "W", class_="rnn-label rnn-middle", font_size=13)
    state = svg.text(right - 4, Y_CELL + height + 19, *svg.symbol("a", t), class_="rnn-end")
    return [
        svg.text(left - 20, 15, "folded: one cell, one loop", class_="rnn-bold"),
        past,
        svg.group(label, class_="rnn-past"),
        arrow(left - 9, y, left - 1, y, "rnn-past"),
        svg.group(box, class_="rnn-hidden rnn-now"),
        cells,
        state,
        arrow(middle, Y_INPUT, middle, Y_CELL + height + 1, "rnn-input"),
        _name(middle - 24, (Y_INPUT + Y_CELL + height) / 2 + 5, "Wxh"),
        input_node(middle - 50, Y_INPUT, 100, 27, word),
        svg.text(middle + 58, Y_INPUT + 18, *svg.symbol("x", now), class_="rnn-small"),
        _marker(left + 3, Y_CELL - 12, t),
    ]


def _chain(trace: Trace, tokens: Sequence[str], t: int, b: int) -> list[svg.Element]:
    """The copies of the cell from left to right: read so far in full, the rest pale."""
    n, node = trace.cell.n_h, 42.0
    a = trace.states[0][:, b]
    pitch = (WIDTH - 6 - CHAIN - 44) / trace.T
    width = min(pitch - 14, 88.0)
    y = Y_CELL + 10
    start = hidden_node(CHAIN, y, 40, node, a[0], n)
    parts = [
        svg.text(CHAIN, 15, "unrolled: the same cell, once for each step", class_="rnn-bold"),
        svg.group(start, class_="rnn-now" if t == 0 else None),
        svg.text(CHAIN + 20, y + node + 16, *svg.symbol("a", 0), class_="rnn-middle rnn-small"),
    ]
    before, at = CHAIN + 40, CHAIN + 20
    for s in range(1, trace.T + 1):
        x = CHAIN + 44 + (s - 1) * pitch + (pitch - width) / 2
        middle, known = x + width / 2, s <= t
        step = at_step(s, t)
        step.append(arrow(before + 2, y + node / 2, x, y + node / 2, "rnn-past"))
        step.append(arrow(middle, Y_INPUT, middle, y + node + 1, "rnn-input"))
        step.append(hidden_node(x, y, width, node, a[s] if known else None, n))
        step.append(input_node(x, Y_INPUT, width, 27, tokens[s - 1]))
        label = svg.text(middle + 7, y + node + 16, *svg.symbol("a", s), class_="rnn-small")
        step.append(label)
        if s == t:
            at = middle
            step.append(_name(middle - 20, y + node + 36, "Wxh"))
            over = svg.text((before + x) / 2, y - 4, "W", class_="rnn-label rnn-middle rnn-small")
            step.append(svg.group(over, class_="rnn-past"))
        parts.append(step)
        before = x + width
    return [*parts, _marker(at, y - 18, t)]


def _name(x: float, y: float, name: str) -> svg.Element:
    label = svg.text(x, y, name, class_="rnn-label rnn-middle rnn-small")
    return svg.group(label, class_="rnn-input")


def _marker(x: float, y: float, t: int) -> svg.Element:
    """Here we are: a disc with the number of the step."""
    disc = svg.element("circle", cx=x, cy=y, r=12.0, class_="rnn-marker")
    number = svg.text(x, y + 5, str(t), class_="rnn-middle rnn-bold", style="fill: #1b1b1b")
    return svg.group(disc, number, class_="rnn-here", data_t=t)


def network_size(T: int, n_x: int, n_h: int) -> Frame:
    """Return a frame: the chain of T copies of a cell, and below it how many weights it has.

    Raises TypeError or ValueError unless each is an integer from 1 to 20.
    """
    for name, size in (("T", T), ("n_x", n_x), ("n_h", n_h)):
        if check_size(name, size) > MOST:
            raise ValueError(f"{name} is {size}, expected at most {MOST} in this picture.")
    arrays = RNNCell(n_x, n_h).parameters
    total = arrays.vector.size
    sentence = (
        f"T = {T}, n_x = {n_x}, n_h = {n_h}: the picture has {T} "
        f"cop{'y' if T == 1 else 'ies'} of the cell, and the cell has {total:,} weights, "
        f"each used {T} time{'' if T == 1 else 's'} in one sequence."
    )
    parts = _plain_chain(T, n_x, n_h)
    top = 232.0
    for name, array in arrays.items():
        parts.append(_count_bar(top, name, array.shape, array.size))
        top += 32
    total_label = svg.text(188, top + 17, "all", class_="rnn-end rnn-bold")
    words = svg.text(196, top + 17, f"{total:,}", class_="rnn-bold")
    parts.append(svg.group(svg.element("title", f"weights = {total}"), total_label, words))
    return Frame(svg.picture(WIDTH, top + 28, sentence, *parts), sentence)


def _plain_chain(T: int, n_x: int, n_h: int) -> list[svg.Element]:
    """T copies side by side; a box has one stripe for each unit, or each number of the input."""
    pitch = (WIDTH - 30) / MOST
    width, foot, y_x = 24.0, 110.0, 150.0
    parts = []
    for s in range(1, T + 1):
        x = 24 + (s - 1) * pitch
        middle = x + width / 2
        start = x - (pitch - width) if s > 1 else 2.0
        parts += [
            arrow(start, foot - 8, x, foot - 8, "rnn-past"),
            arrow(middle, y_x, middle, foot + 2, "rnn-input"),
            _stripes(x, foot - 4 * n_h - 4, width, n_h, "rnn-hidden", rx=6),
            _stripes(x, y_x, width, n_x, "rnn-input", rx=0, height=3),
        ]
    last = 24 + (T - 1) * pitch + width / 2
    parts.append(svg.text(last, foot - 4 * n_h - 12, f"T = {T}", class_="rnn-middle rnn-bold"))
    return parts


def _stripes(
    x: float, y: float, width: float, n: int, hue: str, *, rx: float, height: float = 4
) -> svg.Element:
    lines = " ".join(f"M{x + 5:.1f} {y + 4 + i * height:.1f} h{width - 10:.1f}" for i in range(n))
    box = svg.rect(x, y, width, n * height + 4, rx=rx, class_="rnn-node")
    return svg.group(box, svg.element("path", d=lines, class_="rnn-arrow"), class_=hue)


def _count_bar(top: float, name: str, shape: tuple[int, ...], size: int) -> svg.Element:
    hue = {"Wxh": "rnn-input", "W": "rnn-past"}.get(name, "rnn-muted")
    width = max(2.0, 520.0 * size / MOST**2)
    words = svg.text(188, top + 17, f"{name}  {shape_text(shape)}", class_="rnn-label rnn-end")
    return svg.group(
        svg.element("title", f"weights in {name} = {size}"),
        svg.rect(196, top, width, CELL_HEIGHT, class_="rnn-bar"),
        words,
        svg.text(204 + width, top + 17, f"{size:,}"),
        class_=hue,
    )
