"""The pieces that every picture is made of: number cells, nodes, arrows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnn_core.parameters import Array
from rnn_core.show import palette, svg

CELL_HEIGHT = 24


def heat(value: float, scale: float) -> dict[str, Any]:
    """Return fill attributes for a signed number: hue by sign, strength by size, full at scale."""
    strength = min(1.0, abs(value) / scale) ** 0.8
    hue = palette.POSITIVE if value > 0 else palette.NEGATIVE
    return {"fill": hue, "fill_opacity": f"{0.72 * strength:.2f}"}


def number_row(
    x: float,
    y: float,
    width: float,
    values: Array | None,
    n: int,
    name: str,
    *,
    scale: float = 1.0,
    outline: str | None = None,
    digits: int = 2,
    row_number: int | None = None,
    start: int = 1,
) -> svg.Element:
    """Return a row of n cells with their numbers; each cell's tooltip tells all its digits.

    With `values` None the cells stay empty: not computed yet. `outline` is a hue's class;
    `row_number` is the first index where the row is one of a matrix, `start` the number of the
    first cell.
    """
    first = "" if row_number is None else f"{row_number}, "
    size = None if digits < 3 else 13
    row = svg.group(class_="rnn-row")
    for i in range(n):
        left = x + i * width
        if values is None:
            box = svg.rect(left, y, width - 3, CELL_HEIGHT, rx=3, class_="rnn-cell", fill="none")
            row.append(svg.group(box, class_="rnn-quiet"))
            continue
        value = float(values[i])
        middle = left + (width - 3) / 2
        row.append(
            svg.group(
                svg.element("title", f"{name}[{first}{i + start}] = {value!r}"),
                svg.rect(
                    left, y, width - 3, CELL_HEIGHT, rx=3, class_="rnn-cell", **heat(value, scale)
                ),
                svg.text(
                    middle, y + 17, svg.number(value, digits), class_="rnn-middle", font_size=size
                ),
            )
        )
    if outline is not None:
        row.append(
            svg.rect(
                x - 4,
                y - 3,
                n * width + 5,
                CELL_HEIGHT + 6,
                rx=9,
                class_=f"rnn-node {outline}",
                style="fill: none",
            )
        )
    return row


def number_grid(
    x: float,
    y: float,
    width: float,
    values: Array,
    name: str,
    *,
    scale: float = 1.0,
    digits: int = 3,
) -> svg.Element:
    """Return a matrix as rows of numbers; the tooltip of a cell is name[row, column]."""
    grid = svg.group(class_="rnn-grid")
    for i, row in enumerate(values):
        grid.append(
            number_row(
                x,
                y + i * (CELL_HEIGHT + 2),
                width,
                row,
                len(row),
                name,
                scale=scale,
                digits=digits,
                row_number=i + 1,
            )
        )
    return grid


def mini_cells(
    x: float, y: float, width: float, height: float, values: Array | None, n: int
) -> svg.Element:
    """Return a state as small squares without numbers, in two rows where there are many."""
    rows = 1 if n <= 6 else 2
    columns = -(-n // rows)
    w, h = width / columns, height / rows
    cells = svg.group()
    for i in range(n):
        fill = {"fill": "none"} if values is None else heat(float(values[i]), 1.0)
        cells.append(
            svg.rect(
                x + (i % columns) * w,
                y + (i // columns) * h,
                w - 1,
                h - 1,
                class_="rnn-cell",
                **fill,
            )
        )
    return cells


def arrow(
    x1: float, y1: float, x2: float, y2: float, hue: str, *, maybe: bool = False
) -> svg.Element:
    """Return a straight arrow in a hue; dashed where it is only possible (`maybe`)."""
    length = float(np.hypot(x2 - x1, y2 - y1))
    dx, dy = (x2 - x1) / length, (y2 - y1) / length
    tip, size = 7.0, 4.0
    bx, by = x2 - tip * dx, y2 - tip * dy
    line = svg.element(
        "line",
        x1=float(x1),
        y1=float(y1),
        x2=bx,
        y2=by,
        class_="rnn-arrow rnn-maybe" if maybe else "rnn-arrow",
    )
    points = [(x2, y2), (bx - size * dy, by + size * dx), (bx + size * dy, by - size * dx)]
    head = svg.element(
        "polygon", points=" ".join(f"{px:.1f},{py:.1f}" for px, py in points), class_="rnn-head"
    )
    return svg.group(line, head, class_=hue)


def weight_label(x: float, y: float, name: str, hue: str) -> svg.Element:
    """Return the name of weights in their hue, centred at x, for beside an arrow."""
    label = svg.text(x, y, name, class_="rnn-label rnn-middle rnn-small")
    return svg.group(label, class_=hue)


def input_node(x: float, y: float, width: float, height: float, words: str) -> svg.Element:
    """Return an input: a square-cornered box with its token."""
    return svg.group(
        svg.element("title", words),
        svg.rect(x, y, width, height, class_="rnn-node"),
        _centred(x + width / 2, y + height / 2, words, width - 6),
        class_="rnn-input",
    )


def output_node(
    x: float, y: float, width: float, height: float, words: str, *, maybe: bool = False
) -> svg.Element:
    """Return an output: a box with pointed ends; dashed where nothing asks for it (`maybe`)."""
    tip, middle = 9, y + height / 2
    corners: Sequence[tuple[float, float]] = (
        (x, middle),
        (x + tip, y),
        (x + width - tip, y),
        (x + width, middle),
        (x + width - tip, y + height),
        (x + tip, y + height),
    )
    return svg.group(
        svg.element("title", words),
        svg.element(
            "polygon",
            points=" ".join(f"{px:.1f},{py:.1f}" for px, py in corners),
            class_="rnn-node rnn-maybe" if maybe else "rnn-node",
        ),
        _centred(x + width / 2, middle, words, width - 12),
        class_="rnn-output",
    )


def hidden_node(
    x: float, y: float, width: float, height: float, values: Array | None, n: int
) -> svg.Element:
    """Return a hidden state: a rounded box of small squares."""
    return svg.group(
        svg.rect(x, y, width, height, rx=11, class_="rnn-node"),
        mini_cells(x + 7, y + 7, width - 14, height - 14, values, n),
        class_="rnn-hidden",
    )


def named_state(x: float, y: float, width: float, height: float, name: str, s: int) -> svg.Element:
    """Return a hidden state as a rounded box with its symbol, such as a_3, without numbers."""
    box = svg.rect(x, y, width, height, rx=11, class_="rnn-node")
    middle = x + width / 2
    symbol = svg.symbol(name, s)
    label = svg.text(middle, y + height / 2 + 4, *symbol, class_="rnn-middle", font_size=13)
    return svg.group(box, label, class_="rnn-hidden")


def at_step(s: int, now: int) -> svg.Element:
    """Return an empty group for step s of a picture at step `now`: bold there, pale later."""
    return svg.group(class_="rnn-now" if s == now else (None if s < now else "rnn-later"), data_t=s)


def _centred(x: float, y: float, words: str, width: float) -> svg.Element:
    """Return words around a point: smaller where they are long, cut where that is not enough."""
    size = 13 if svg.text_width(words, 13) <= width else 11
    return svg.text(
        x, y + 0.37 * size, svg.fit_text(words, width, size), class_="rnn-middle", font_size=size
    )


def probability_bars(
    x: float,
    y: float,
    width: float,
    classes: Sequence[str],
    p: Array,
    *,
    marked: int | None = None,
    height: float = 20,
    label_width: float = 26,
) -> svg.Element:
    """Return one bar for each class under the other, the most probable one in bold.

    A tick before its name marks the class `marked`, the right one. The tooltip of a bar tells all
    digits of p.
    """
    bars = svg.group(class_="rnn-output")
    most = int(p.argmax())
    room = width - label_width - 74
    for k, (name, probability) in enumerate(zip(classes, p, strict=True)):
        top = y + k * height
        weight = "rnn-bold" if k == most else None
        base = top + 0.72 * height
        tick = None
        if k == marked:
            tick = svg.text(x, base, "\N{CHECK MARK}", class_="rnn-bold")
        bar = svg.rect(
            x + label_width + 14,
            top + 2,
            max(1.0, room * float(probability)),
            height - 5,
            class_="rnn-bar",
        )
        percent = svg.number(100 * float(probability), 0) + " %"
        bars.append(
            svg.group(
                svg.element("title", f"p({name}) = {float(probability)!r}"),
                tick,
                svg.text(x + label_width + 8, base, name, class_=f"rnn-end {weight or ''}".strip()),
                bar,
                svg.text(
                    x + label_width + 20 + room * float(probability), base, percent, class_=weight
                ),
            )
        )
    return bars
