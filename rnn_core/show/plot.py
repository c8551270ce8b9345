"""Axes drawn as SVG, linear or by powers of ten: curves that a slider redraws in milliseconds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnn_core.parameters import Array
from rnn_core.show import svg

_SUPERSCRIPTS = str.maketrans("-0123456789", "\N{SUPERSCRIPT MINUS}⁰¹²³⁴⁵⁶⁷⁸⁹")


class Plot:
    """A box with two axes at (left, top); `svg` is its group, and `place` maps numbers into it.

    With `log`, y goes by powers of ten. What lies outside is drawn at the edge of the box.
    """

    def __init__(
        self,
        box: tuple[float, float, float, float],
        x: tuple[float, float],
        y: tuple[float, float],
        *,
        log: bool = False,
    ) -> None:
        self.left, self.top, self.width, self.height = box
        self.x, self.y, self.log = x, y, log
        ground = svg.rect(*box, fill="none", class_="rnn-cell")
        self.svg = svg.group(ground, class_="rnn-plot")

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return the point of the picture that stands for (x, y)."""
        (x_low, x_high), (low, high) = self.x, self.y
        if self.log:
            y, low, high = (float(np.log10(max(v, 1e-300))) for v in (y, low, high))
        across = min(max((x - x_low) / (x_high - x_low), 0.0), 1.0)
        up = min(max((y - low) / (high - low), 0.0), 1.0)
        return self.left + across * self.width, self.top + (1 - up) * self.height

    def ticks(self, xs: Sequence[float], ys: Sequence[float], x_name: str, digits: int = 0) -> None:
        """Label the axes at these numbers; x_name stands below."""
        foot = self.top + self.height
        for x in xs:
            words = svg.number(x, digits)
            at = self.place(x, self.y[0])[0]
            self.svg.append(svg.text(at, foot + 16, words, class_="rnn-middle rnn-small"))
        for y in ys:
            words = f"{y:,g}"
            if self.log:
                power = str(round(np.log10(y))).translate(_SUPERSCRIPTS)
                # The lowest line also holds what is smaller, down to 0.
                words = f"{'≤ ' if y <= self.y[0] else ''}10{power}"
            at = self.place(self.x[0], y)[1]
            right = self.left + self.width
            self.svg.append(svg.text(self.left - 6, at + 4, words, class_="rnn-end rnn-small"))
            line = svg.element("line", x1=self.left, y1=at, x2=right, y2=at, class_="rnn-cell")
            self.svg.append(line)
        middle = self.left + self.width / 2
        self.svg.append(svg.text(middle, foot + 33, x_name, class_="rnn-middle rnn-small"))

    def curve(
        self,
        xs: Sequence[float] | Array,
        ys: Sequence[float] | Array,
        hue: str,
        *,
        name: str | None = None,
        dashed: bool = False,
        radius: float = 3.0,
        hollow: bool = False,
    ) -> None:
        """Draw a curve; with a name, also a dot for each point, whose tooltip is name[x] = y.

        Hollow dots are rings: they leave what lies below them to be seen.
        """
        points = [self.place(float(x), float(y)) for x, y in zip(xs, ys, strict=True)]
        line = svg.element(
            "polyline",
            points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points),
            class_="rnn-arrow rnn-maybe" if dashed else "rnn-arrow",
        )
        group = svg.group(line, class_=hue)
        for x, y, (px, py) in zip(xs, ys, points, strict=True) if name else ():
            title = svg.element("title", f"{name}[{float(x):g}] = {float(y)!r}")
            dot = svg.element("circle", title, cx=px, cy=py, r=radius, class_="rnn-head")
            if hollow:
                dot.attrib |= {"class": "rnn-node", "style": "fill: none"}
            group.append(dot)
        self.svg.append(group)

    def words(self, x: float, y: float, words: str, hue: str) -> None:
        """Write words at a point of the picture, in the hue of a curve."""
        label = svg.text(x, y, words, class_="rnn-label", font_size=13)
        self.svg.append(svg.group(label, class_=hue))


def short(value: float) -> str:
    """Return a number of any size in few signs, with a real minus sign: 0.43, 12.1, 3.1e−09."""
    words = f"{value:.2e}" if value and not 0.01 <= abs(value) < 1e4 else f"{value:.3g}"
    return words.replace("-", svg.MINUS)


def step_ticks(T: int) -> list[int]:
    """Return the steps of 1 to T to label on an axis: the first, and about every tenth."""
    gap = next(gap for gap in (1, 2, 5, 10, 20, 50, 100) if T / gap <= 12)
    return sorted({1, *range(gap, T + 1, gap)} - ({gap} if gap == 2 else set()))
