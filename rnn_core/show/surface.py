"""The loss over two weights as a map of bands, with the way of gradient descent on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from rnn_core.parameters import Array
from rnn_core.show import palette, svg
from rnn_core.show.stepper import Frame

LEVELS = (0.03, 0.1, 0.3, 1, 3, 6, 10, 15, 20, 25, 30, 40, 100, 1e3, 1e4, 1e5)
"""Where one band of the map ends and the next, darker one begins."""

LINES = {10: 0.42, 100: 0.27, 1000: 0.15, 10_000: 0.05}
"""The losses with a line of their own, and how far down the map each bears its label."""

WIDTH, HEIGHT, LEFT, TOP = 784.0, 432.0, 52.0, 12.0
_MAP_WIDTH, _MAP_HEIGHT = 600.0, 372.0


class LossMap:
    """A map of a loss over W (to the right) and Wxh (upward); drawn once, used for every way.

    `loss` takes the values of Wxh (m,) and of W (n,) and returns the losses (m, n).
    """

    def __init__(
        self,
        loss: Callable[[Array, Array], Array],
        W: tuple[float, float] = (-1.5, 1.5),
        Wxh: tuple[float, float] = (-0.5, 3.0),
        cells: tuple[int, int] = (120, 62),
    ) -> None:
        self.W, self.Wxh = W, Wxh
        columns, rows = cells
        # The loss in the middle of each cell.
        across = W[0] + (np.arange(columns) + 0.5) * (W[1] - W[0]) / columns
        up = Wxh[0] + (np.arange(rows) + 0.5) * (Wxh[1] - Wxh[0]) / rows
        losses = loss(up, across)[::-1]
        self.bands = np.digitize(losses, LEVELS)
        self._ground = [*self._paths(), *self._lines(losses)]

    def way(self, weights: Array, losses: Array, gradients: Array) -> Frame:
        """Return the map with the way of a descent on it, from the circle to the dot.

        Shapes: weights (n + 1, 2), each (Wxh, W); losses (n,) and gradients (n, 2), those before
        each update.
        """
        inside = [self._inside(*pair) for pair in weights]
        points = [self._place(*pair) for pair in weights]
        sentence = _sentence(weights, losses, gradients, inside[-1])
        line = svg.element(
            "polyline",
            points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points),
            class_="rnn-way",
            clip_path="url(#rnn-map)",
        )
        dots = [_dot(x, y, 2.4) for x, y in points[1:-1]]
        if inside[-1]:
            dots.append(_dot(*points[-1], 6.0))
        else:
            dots.extend(_exit(points, inside))
        start = svg.element(
            "circle", cx=points[0][0], cy=points[0][1], r=7, class_="rnn-way", stroke_width=3
        )
        frame = svg.rect(LEFT, TOP, _MAP_WIDTH, _MAP_HEIGHT, fill="none", class_="rnn-rule")
        clip = svg.element("clipPath", svg.rect(LEFT, TOP, _MAP_WIDTH, _MAP_HEIGHT), id="rnn-map")
        goal = self._goal()
        parts = [
            clip,
            *self._ground,
            *self._axes(),
            frame,
            line,
            *dots,
            start,
            goal,
            _legend(inside[-1]),
        ]
        return Frame(svg.picture(WIDTH, HEIGHT, sentence, *parts), sentence)

    def _inside(self, Wxh: float, W: float) -> bool:
        return self.Wxh[0] <= Wxh <= self.Wxh[1] and self.W[0] <= W <= self.W[1]

    def _place(self, Wxh: float, W: float) -> tuple[float, float]:
        x = LEFT + _MAP_WIDTH * (W - self.W[0]) / (self.W[1] - self.W[0])
        y = TOP + _MAP_HEIGHT * (self.Wxh[1] - Wxh) / (self.Wxh[1] - self.Wxh[0])
        # A jump off the map is drawn in its direction, at a length a picture can hold.
        return float(np.clip(x, -2000, 3000)), float(np.clip(y, -2000, 3000))

    def _paths(self) -> list[svg.Element]:
        """One path for each band, of runs of cells: a tenth of the size of single cells."""
        rows, columns = self.bands.shape
        w, h = _MAP_WIDTH / columns, _MAP_HEIGHT / rows
        runs: dict[int, list[str]] = {}
        for i, row in enumerate(self.bands):
            edges = np.flatnonzero(np.diff(row, prepend=-1, append=-1))
            for start, stop in pairwise(edges):
                x, y, length = LEFT + start * w, TOP + i * h, (stop - start) * w
                run = f"M{x:g} {y:g}h{length:g}v{h + 0.3:g}h-{length:g}z"
                runs.setdefault(int(row[start]), []).append(run)
        return [
            svg.element("path", d="".join(parts), fill=palette.NEGATIVE, fill_opacity=_shade(band))
            for band, parts in sorted(runs.items())
        ]

    def _lines(self, losses: Array) -> list[svg.Element]:
        """A line with its loss for each of LINES: where they crowd, the ground is steep."""
        rows, columns = losses.shape
        w, h = _MAP_WIDTH / columns, _MAP_HEIGHT / rows
        parts: list[svg.Element] = []
        for level, down in LINES.items():
            height = np.log(np.maximum(losses, 1e-12) / level)
            ends = _contour(height) * np.array([w, h])
            ends += np.array([LEFT + w / 2, TOP + h / 2])
            d = "".join(f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" for (x1, y1), (x2, y2) in ends)
            line = svg.element("path", d=d, class_="rnn-rule", fill="none")
            line.attrib["style"] = "stroke-opacity: .85"
            parts.append(line)
            row = int(down * rows)
            words = f"{level:,}"
            half = svg.text_width(words, 12) / 2 + 2
            for column in np.flatnonzero(np.diff(height[row] < 0)):
                x = float(np.clip(LEFT + (column + 1) * w, LEFT + half, LEFT + _MAP_WIDTH - half))
                parts.append(_over_the_map(x, TOP + (row + 0.5) * h + 4, words))
        return parts

    def _axes(self) -> list[svg.Element]:
        parts = []
        for W in np.arange(np.ceil(self.W[0]), self.W[1] + 0.01):
            x = self._place(self.Wxh[0], float(W))[0]
            words = svg.number(float(W), 0)
            parts.append(svg.text(x, TOP + _MAP_HEIGHT + 18, words, class_="rnn-middle rnn-small"))
        for Wxh in np.arange(np.ceil(self.Wxh[0]), self.Wxh[1] + 0.01):
            y = self._place(float(Wxh), self.W[0])[1]
            words = svg.number(float(Wxh), 0)
            parts.append(svg.text(LEFT - 8, y + 5, words, class_="rnn-end rnn-small"))
        middle = LEFT + _MAP_WIDTH / 2
        foot = TOP + _MAP_HEIGHT + 40
        label = svg.text(middle, foot, "W", class_="rnn-label rnn-middle")
        parts.append(svg.group(label, class_="rnn-past"))
        label = svg.text(4, self._place(1.5, 0.0)[1] + 5, "Wxh", class_="rnn-label")
        parts.append(svg.group(label, class_="rnn-input"))
        return parts

    def _goal(self) -> svg.Element:
        x, y = self._place(1.0, 1.0)
        cross = f"M{x - 6:g} {y:g}h12M{x:g} {y - 6:g}v12"
        return svg.group(
            svg.element("title", "the solution: Wxh = 1, W = 1"),
            svg.element("path", d=cross, class_="rnn-goal"),
        )


def _contour(height: Array) -> Array:
    """Return the segments (n, 2, 2) of the line at height 0, each end as (column, row).

    Shapes: height (rows, columns). Each square of four neighbours is cut along its diagonal; a
    straight line crosses two sides of each half.
    """
    rows, columns = height.shape
    i, j = (q.ravel() for q in np.mgrid[: rows - 1, : columns - 1])
    halves = []
    for third in ((1, 0), (0, 1)):
        corners = [(i, j), (i + 1, j + 1), (i + third[0], j + third[1])]
        ends, crossed = [], []
        for (i_1, j_1), (i_2, j_2) in (
            (corners[p], corners[q]) for p, q in ((0, 1), (1, 2), (2, 0))
        ):
            from_, to = height[i_1, j_1], height[i_2, j_2]
            crossed.append((from_ < 0) != (to < 0))
            share = from_ / np.where(crossed[-1], from_ - to, 1.0)
            ends.append(np.stack([j_1 + share * (j_2 - j_1), i_1 + share * (i_2 - i_1)], axis=-1))
        chosen = np.stack(crossed, axis=1)
        halves.append(np.stack(ends, axis=1)[chosen].reshape(-1, 2, 2))
    return np.concatenate(halves)


def _over_the_map(x: float, y: float, words: str) -> svg.Element:
    """Words around x, with a rim in the colour of the ground."""
    text = svg.text(x, y, words, class_="rnn-middle rnn-small rnn-bold")
    text.attrib["style"] = "paint-order: stroke; stroke: var(--rnn-ground); stroke-width: 3.5px"
    return text


def _exit(points: Sequence[tuple[float, float]], inside: Sequence[bool]) -> list[svg.Element]:
    """The arrow and the words at the border, where the way left the map for good."""
    last = max((i for i, here in enumerate(inside) if here), default=-1)
    if last < 0:
        return []
    (x, y), (x_next, y_next) = points[last], points[last + 1]
    dx, dy = x_next - x, y_next - y
    right, foot = LEFT + _MAP_WIDTH, TOP + _MAP_HEIGHT
    shares = [((right if dx > 0 else LEFT) - x) / dx] if dx else []
    shares += [((foot if dy > 0 else TOP) - y) / dy] if dy else []
    share = min(1.0, *shares)
    x, y, length = x + share * dx, y + share * dy, float(np.hypot(dx, dy))
    dx, dy = 14 * dx / length, 14 * dy / length
    corners = ((x, y), (x - dx - dy / 2, y - dy + dx / 2), (x - dx + dy / 2, y - dy - dx / 2))
    head = svg.element(
        "polygon", points=" ".join(f"{px:.1f},{py:.1f}" for px, py in corners), class_="rnn-dot"
    )
    # Ahead of the line or on its other side, so that the words do not lie on it.
    beside = x + (62 if dx > 0 else -62) if min(y - TOP, foot - y) < 1 else x
    side = 10 if min(y - TOP, foot - y) < 1 else 28 if dy > 0 else -20
    x_words = float(np.clip(beside, LEFT + 54, right - 54))
    words = _over_the_map(x_words, float(np.clip(y + side, TOP + 20, foot - 8)), "left the map")
    return [head, words]


def _shade(band: int) -> str:
    return f"{0.04 + 0.9 * band / len(LEVELS):.2f}"


def _dot(x: float, y: float, radius: float) -> svg.Element:
    return svg.element("circle", cx=x, cy=y, r=radius, class_="rnn-dot", clip_path="url(#rnn-map)")


def _legend(on_the_map: bool) -> svg.Element:
    """The shades beside the map, with the loss at which some of them begin."""
    x, y = LEFT + _MAP_WIDTH + 24, TOP + 22
    group = svg.group(svg.text(x, TOP + 11, "loss", class_="rnn-small rnn-bold"))
    height = 16.0
    for place, band in enumerate(range(len(LEVELS), -1, -1)):
        top = y + place * height
        group.append(svg.rect(x, top, 26, height, fill=palette.NEGATIVE, fill_opacity=_shade(band)))
        if band:
            words = f"{LEVELS[band - 1]:,g}" if LEVELS[band - 1] < 1e5 else "100,000"
            group.append(svg.text(x + 34, top + height + 4, words, class_="rnn-small"))
    end = "● end" if on_the_map else "▲ left the map"
    foot = y + (len(LEVELS) + 1) * height + 24
    for place, words in enumerate(("○ start", end, "+ Wxh = W = 1")):
        group.append(svg.text(x, foot + place * 19, words, class_="rnn-small"))
    return group


def _sentence(weights: Array, losses: Array, gradients: Array, on_the_map: bool) -> str:
    (Wxh, W), (Wxh_end, W_end), n = weights[0], weights[-1], len(losses)
    lengths = np.linalg.norm(gradients, axis=1)
    start = (
        f"From Wxh = {Wxh:.2f}, W = {W:.2f}, loss {losses[0]:.2f} and a gradient of length "
        f"{lengths[0]:.1f}:"
    )
    if on_the_map:
        return (
            f"{start} {n} updates lead to Wxh = {Wxh_end:.2f}, W = {W_end:.2f}; the loss before "
            f"the last is {losses[-1]:.2f}, the longest gradient on the way {lengths.max():,.1f}."
        )
    return (
        f"{start} update {n} meets a gradient of length {lengths[-1]:,.0f} and throws the weights "
        f"off the map, to Wxh = {Wxh_end:,.1f}, W = {W_end:,.1f}."
    )
