"""The triangle over time: what the loss at t owes to the use of the weights at k; and its cuts."""

from __future__ import annotations

import numpy as np

from rnn_core.bptt import Trace
from rnn_core.parameters import Array
from rnn_core.show import svg
from rnn_core.show.parts import CELL_HEIGHT, arrow, heat, hidden_node, number_grid
from rnn_core.show.stepper import Frame

WIDTH = 784.0
LABELS = 64.0
HUES = {"Wxh": "rnn-input", "W": "rnn-past", "b": "rnn-muted"}


def triangle(blocks: Array, name: str, t: int, k: int) -> Frame:
    """Return a frame with the length of every block, their sums, and block (t, k) in full.

    Shapes: blocks (T, T, ...), what `contributions` returns for the parameter `name`.
    Raises ValueError where t or k is not 1 to T.
    """
    T = len(blocks)
    for symbol, value in (("t", t), ("k", k)):
        if not 1 <= value <= T:
            raise ValueError(f"{symbol} is {value}, expected 1 to T = {T}.")
    lengths = _lengths(blocks)
    cell = min(56.0, 300.0 / T)
    scale = float(lengths.max()) or 1.0
    top = 44.0
    middle = LABELS + T * cell / 2
    parts = [svg.text(middle, 14, f"{name} used at k", class_="rnn-middle rnn-small rnn-bold")]
    parts += [svg.text(2, 32, "loss at t", class_="rnn-small rnn-bold")]
    for i in range(T):
        place = LABELS + i * cell + cell / 2
        parts.append(svg.text(place, 34, str(i + 1), class_="rnn-middle rnn-small"))
        y = top + i * (CELL_HEIGHT + 2)
        parts.append(svg.text(LABELS - 10, y + 17, str(i + 1), class_="rnn-end rnn-small"))
        for j in range(T):
            box = (LABELS + j * cell, y, cell - 3)
            parts.append(_block(*box, lengths[i, j] if j <= i else None, i, j, scale))
    parts += _sums(blocks, name, cell, top, scale)
    x, y = LABELS + (k - 1) * cell, top + (t - 1) * (CELL_HEIGHT + 2)
    picked = svg.rect(x - 2, y - 2, cell + 1, CELL_HEIGHT + 4, rx=5, class_="rnn-node")
    picked.attrib["style"] = "fill: none; stroke-width: 3"
    parts.append(svg.group(picked, class_=HUES[name]))
    values = np.atleast_2d(blocks[t - 1, k - 1])
    left = LABELS + (T + 1) * cell + 56
    parts += _one_block(left, top, values, name, t, k, scale)
    height = top + max((T + 1) * (CELL_HEIGHT + 2) + 30, len(values) * (CELL_HEIGHT + 2) + 10)
    sentence = _sentence(lengths, name, t, k)
    return Frame(svg.picture(WIDTH, height, sentence, *parts), sentence)


def _lengths(blocks: Array) -> Array:
    return np.sqrt((blocks.reshape(*blocks.shape[:2], -1) ** 2).sum(axis=-1))


def _block(
    x: float, y: float, width: float, value: float | None, i: int, j: int, scale: float
) -> svg.Element:
    if value is None:
        middle = svg.text(x + width / 2, y + 16, "·", class_="rnn-middle rnn-quiet")
        return svg.group(middle, class_="rnn-quiet")
    shown = svg.number(float(value), 3)
    return svg.group(
        svg.element("title", f"length of the block t = {i + 1}, k = {j + 1} = {float(value)!r}"),
        svg.rect(x, y, width, CELL_HEIGHT, rx=3, class_="rnn-cell", **heat(float(value), scale)),
        svg.text(x + width / 2, y + 17, shown, class_="rnn-middle", font_size=13),
    )


def _sums(blocks: Array, name: str, cell: float, top: float, scale: float) -> list[svg.Element]:
    """The lengths of the row sums, the column sums and the sum of all, beside the triangle."""
    T = len(blocks)
    right, bottom = LABELS + T * cell + 10, top + T * (CELL_HEIGHT + 2) + 8
    group = svg.group(class_="rnn-sums")
    whole = blocks.sum(axis=(0, 1))
    by_row, by_column = blocks.sum(axis=1), blocks.sum(axis=0)
    for i in range(T):
        y, x = top + i * (CELL_HEIGHT + 2), LABELS + i * cell
        for left, at, block, words in (
            (right, y, by_row[i], f"length of the sum of row {i + 1}"),
            (x, bottom, by_column[i], f"length of the sum of column {i + 1}"),
        ):
            group.append(_sum(left, at, cell - 3, float(np.linalg.norm(block)), words))
    total = _sum(right, bottom, cell - 3, float(np.linalg.norm(whole)), f"length of d{name}")
    total.attrib["class"] = "rnn-bold"
    group.append(total)
    for line, words in enumerate(("length of", "the sum")):
        head = svg.text(right + cell / 2, 20 + 14 * line, words, class_="rnn-middle rnn-small")
        foot = svg.text(LABELS - 8, bottom + 10 + 14 * line, words, class_="rnn-end rnn-small")
        group.extend([head, foot])
    words = f"d{name}"
    group.append(svg.text(right + cell / 2, bottom + 40, words, class_="rnn-middle rnn-small"))
    return [group]


def _sum(x: float, y: float, width: float, value: float, words: str) -> svg.Element:
    return svg.group(
        svg.element("title", f"{words} = {value!r}"),
        svg.rect(x, y, width, CELL_HEIGHT, rx=3, class_="rnn-cell", fill="none"),
        svg.text(x + width / 2, y + 17, svg.number(value, 3), class_="rnn-middle", font_size=13),
    )


def _one_block(
    left: float, top: float, values: Array, name: str, t: int, k: int, scale: float
) -> list[svg.Element]:
    column = min(54.0, (WIDTH - left) / values.shape[1])
    words = f"loss at {t}, {name} used at {k}:"
    label = svg.text(left, 14, words, class_="rnn-label rnn-small")
    # Named without t and k, so that what differs from the block before lights up.
    grid = number_grid(left, top, column, values, f"block of d{name}", scale=scale / 2)
    shape = svg.text(left, 34, "all its numbers", class_="rnn-small rnn-quiet")
    return [svg.group(label, class_=HUES[name]), shape, grid]


def _sentence(lengths: Array, name: str, t: int, k: int) -> str:
    if k > t:
        return (
            f"The loss at t = {t} owes nothing to {name} at k = {k}: that step comes later, and "
            "the block is zero."
        )
    steps = "no step back" if k == t else f"{t - k} step{'s' if t - k > 1 else ''} back"
    return (
        f"The loss at t = {t} reaches {name} as used at k = {k}, {steps}: the block has length "
        f"{lengths[t - 1, k - 1]:.4f}. All blocks together are d{name}."
    )


def truncation(trace: Trace, lengths: Array, k: int, cosine: float, share: float) -> Frame:
    """Return a frame: the states carried on, the gradient cut after every k steps, and what stays.

    `lengths` (T, T) are those of the blocks; `cosine` is between the truncated and the true
    gradient, `share` the length of the truncated one over that of the true one.
    Raises ValueError unless k is 1 to T.
    """
    T = trace.T
    if not 1 <= k <= T:
        raise ValueError(f"k is {k}, expected 1 to T = {T}.")
    kept = _kept(T, k)
    pairs, all_pairs = int(kept.sum()), T * (T + 1) // 2
    cuts = -(-T // k) - 1
    sentence = (
        f"k = {k}: the states are the same as without a cut; the way back is cut at {cuts} "
        f"place{'' if cuts == 1 else 's'}. {pairs} of {all_pairs} blocks stay; cosine with the "
        f"true gradient {cosine:.3f}, length {share:.3f} of it."
    )
    zeros = not trace.a_prev[0].any()
    measures = [("cosine", cosine), ("length", share), ("blocks kept", pairs / all_pairs)]
    parts = [
        _lanes(trace, k),
        _small_triangle(lengths, kept, 128.0, zeros),
        _measures(measures, 160.0),
    ]
    return Frame(svg.picture(WIDTH, 150.0 + 17 * T, sentence, *parts), sentence)


def _kept(T: int, k: int) -> Array:
    """Return (T, T): true where the loss at t and the use at k lie in the same piece."""
    piece = np.arange(T) // k
    return np.tril(piece[:, None] == piece[None, :])


def _lanes(trace: Trace, k: int) -> svg.Element:
    """Upper lane: the states, carried through. Lower lane: the gradients, cut between pieces."""
    T = trace.T
    left, pitch = 70.0, (WIDTH - 84.0) / T
    node, n = min(36.0, pitch - 16), min(trace.cell.n_h, 4)
    group = svg.group(
        svg.text(2, 28, "states", class_="rnn-small rnn-quiet"),
        svg.text(2, 84, "gradients", class_="rnn-small rnn-quiet"),
    )
    for s in range(1, T + 1):
        x = left + (s - 1) * pitch + pitch - node
        group.append(arrow(x - pitch + node + 2, 23, x - 1, 23, "rnn-past"))
        group.append(hidden_node(x, 8, node, 30, trace.a[s - 1, 0][:n], n))
        group.append(svg.text(x + node / 2, 58, str(s), class_="rnn-middle rnn-small rnn-quiet"))
        box = svg.rect(x, 66, node, 28, rx=9, class_="rnn-node rnn-maybe")
        label = svg.text(x + node / 2, 84, *svg.symbol("da", s), class_="rnn-middle rnn-small")
        group.append(svg.group(box, label, class_="rnn-hidden"))
        if s == 1:
            continue
        if (s - 1) % k:
            group.append(arrow(x - 2, 80, x - pitch + node + 2, 80, "rnn-past", maybe=True))
        else:
            middle = x - (pitch - node) / 2
            bar = svg.element("line", x1=middle, y1=62, x2=middle, y2=98, class_="rnn-arrow")
            group.append(
                svg.group(bar, svg.element("title", f"cut before {s}"), class_="rnn-wrong")
            )
    return group


def _small_triangle(lengths: Array, kept: Array, top: float, a_0_is_zeros: bool) -> svg.Element:
    """The blocks: filled where they are kept, dashed where they are lost, "0" where all zeros."""
    T, side = len(lengths), 16.0
    left, scale = 120.0, float(lengths.max()) or 1.0
    group = svg.group(
        svg.text(2, top + 12, "loss at t,", class_="rnn-small"),
        svg.text(2, top + 28, "weights at k", class_="rnn-small"),
    )
    for i in range(T):
        y, x = top + i * (side + 1), left + i * (side + 6) + (side + 4) / 2
        foot = top + T * (side + 1) + 12
        group.append(svg.text(left - 6, y + 12, str(i + 1), class_="rnn-end rnn-small"))
        group.append(svg.text(x, foot, str(i + 1), class_="rnn-middle rnn-small"))
        for j in range(i + 1):
            box = (left + j * (side + 6), y, side + 4, side - 1)
            group.append(_small_block(box, float(lengths[i, j]), bool(kept[i, j]), i, j, scale))
    if a_0_is_zeros and (kept & (lengths == 0)).any():
        words = ["0: kept, but zero since ", *svg.symbol("a", 0), " is zeros"]
        group.append(svg.text(left + 3 * (side + 6), top + 12, *words, class_="rnn-small"))
    return group


def _small_block(
    box: tuple[float, float, float, float], length: float, kept: bool, i: int, j: int, scale: float
) -> svg.Element:
    state = "kept" if kept else "lost"
    title = svg.element("title", f"t = {i + 1}, k = {j + 1}, {state}: {length:.4g}")
    if not kept:
        return svg.group(title, svg.rect(*box, class_="rnn-cell rnn-maybe", fill="none"))
    group = svg.group(title, svg.rect(*box, class_="rnn-cell", **heat(length, scale)))
    if length == 0:
        x, y = box[0] + box[2] / 2, box[1] + 12
        group.append(svg.text(x, y, "0", class_="rnn-middle rnn-small"))
    return group


def _measures(measures: list[tuple[str, float]], top: float) -> svg.Element:
    """Bars from 0 to 1.5, with a line at 1: what the true gradient has."""
    left, width, most = 520.0, 180.0, 1.5
    group = svg.group(class_="rnn-past")
    for place, (name, value) in enumerate(measures):
        y = top + 34 * place
        length = width * min(max(value, 0.0), most) / most
        group.append(svg.text(left - 10, y + 16, name, class_="rnn-end", font_size=13))
        group.append(
            svg.group(
                svg.element("title", f"{name} = {float(value)!r}"),
                svg.rect(left, y, width, 22, rx=3, class_="rnn-cell", fill="none"),
                svg.rect(left, y, length, 22, rx=3, class_="rnn-bar"),
                svg.text(left + width + 8, y + 16, svg.number(value, 3)),
            )
        )
    one, foot = left + width / most, top + 34 * len(measures) - 6
    group.append(svg.element("line", x1=one, y1=top - 6, x2=one, y2=foot, class_="rnn-rule"))
    group.append(svg.text(one, foot + 14, "1: no cut", class_="rnn-middle rnn-small"))
    return group
