"""The loss over two weights as a map of bands, with the way of gradient descent on it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from rnn_core.parameters import Array
from rnn_core.show import palette, svg
from rnn_core.show.stepper import Frame

LEVELS = (0.03, 0.1, 0.3, 1, 3, 6, 10, 15, 20, 25, 30, 40, 100, 1e3, 1e4, 1e5)
"""Where one band of the map ends and the next, darker one begins."""

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
        self.bands = np.digitize(loss(up, across), LEVELS)[::-1]
        self._ground = self._paths()

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
        start = svg.element(
            "circle", cx=points[0][0], cy=points[0][1], r=7, class_="rnn-way", stroke_width=3
        )
        frame = svg.rect(LEFT, TOP, _MAP_WIDTH, _MAP_HEIGHT, fill="none", class_="rnn-rule")
        clip = svg.element("clipPath", svg.rect(LEFT, TOP, _MAP_WIDTH, _MAP_HEIGHT), id="rnn-map")
        goal = self._goal()
        parts = [clip, *self._ground, *self._axes(), frame, line, *dots, start, goal, _legend()]
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


def _shade(band: int) -> str:
    return f"{0.04 + 0.9 * band / len(LEVELS):.2f}"


def _dot(x: float, y: float, radius: float) -> svg.Element:
    return svg.element("circle", cx=x, cy=y, r=radius, class_="rnn-dot", clip_path="url(#rnn-map)")


def _legend() -> svg.Element:
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
    foot = y + (len(LEVELS) + 1) * height + 24
    for place, words in enumerate(("○ start", "● end", "+ Wxh = W = 1")):
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
