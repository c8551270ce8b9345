"""Rows of numbers under each other, one column for each unit: a sum is read from the top down."""

from __future__ import annotations

from collections.abc import Sequence

from rnn_core.parameters import Array
from rnn_core.show import svg
from rnn_core.show.parts import CELL_HEIGHT, number_row

MOST_COLUMNS = 12
"""More units than this do not fit side by side; the rest is counted in a line below."""
BAR_HEIGHT = 46.0

Label = list[svg.Element | str]


class Table:
    """A table that grows downward from `top`; `svg` is its group, `y` where the next row goes."""

    def __init__(
        self, top: float, label_width: float, column_width: float, *, digits: int = 2
    ) -> None:
        self.y, self.label_width, self.column_width = top, label_width, column_width
        self.digits = digits
        self.svg = svg.group(class_="rnn-table")

    def row(
        self,
        label: Label,
        values: Array | None,
        n: int,
        name: str,
        hue: str,
        *,
        scale: float = 1.0,
        outline: bool = False,
        gap: float = 3.0,
    ) -> None:
        """Add a labelled row of n numbers, empty cells where `values` is None."""
        self._label(label, self.y + 17, hue)
        self.svg.append(
            number_row(
                self.label_width,
                self.y,
                self.column_width,
                values,
                n,
                name,
                scale=scale,
                outline=hue if outline else None,
                digits=self.digits,
            )
        )
        self.y += CELL_HEIGHT + gap

    def unit_numbers(self, n: int, names: Sequence[str] | None = None) -> None:
        """Add the numbers of the units, 1 to n, or their names."""
        style = "rnn-small rnn-quiet"
        label = svg.text(self.label_width - 12, self.y + 11, "unit", class_=f"rnn-end {style}")
        self.svg.append(label)
        for i in range(n):
            words = svg.fit_text(names[i], self.column_width, 12) if names else str(i + 1)
            number = svg.text(self._middle(i), self.y + 11, words, class_=f"rnn-middle {style}")
            self.svg.append(number)
        self.y += 17

    def rule(self, n: int) -> None:
        """Add the line under a sum."""
        right = self.label_width + n * self.column_width
        self.svg.append(
            svg.element("line", x1=20, y1=self.y, x2=right, y2=self.y, class_="rnn-rule")
        )
        self.y += 4

    def bars(
        self, label: Label, p: Array | None, classes: Sequence[str], n: int, name: str, hue: str
    ) -> None:
        """Add probabilities as columns with the names of the classes below."""
        top, width = self.y + 17, self.column_width
        foot = top + BAR_HEIGHT
        best = -1 if p is None else int(p.argmax())
        self._label(label, foot - 4, hue)
        group = svg.group(class_=hue)
        for i in range(n):
            if p is not None:
                height = BAR_HEIGHT * float(p[i])
                percent = f"{svg.number(100 * float(p[i]), 0)} %"
                left = self.label_width + i * width + 4
                group.append(
                    svg.group(
                        svg.element("title", f"{name}[{i + 1}] = {float(p[i])!r}"),
                        svg.rect(left, foot - height, width - 11, height, class_="rnn-bar"),
                        svg.text(
                            self._middle(i),
                            foot - height - 4,
                            percent,
                            class_="rnn-middle rnn-small",
                        ),
                    )
                )
            weight = " rnn-bold" if i == best else ""
            words = svg.fit_text(str(classes[i]), width, 12)
            group.append(
                svg.text(self._middle(i), foot + 16, words, class_=f"rnn-middle rnn-small{weight}")
            )
        right = self.label_width + n * width - 3
        group.append(
            svg.element("line", x1=self.label_width, y1=foot, x2=right, y2=foot, class_="rnn-rule")
        )
        self.svg.append(group)
        self.y = foot + 25

    def note(self, words: str) -> None:
        """Add a line of small text."""
        self.svg.append(
            svg.text(self.label_width, self.y + 10, words, class_="rnn-small rnn-quiet")
        )
        self.y += 20

    def _label(self, label: Label, y: float, hue: str) -> None:
        text = svg.text(self.label_width - 12, y, *label, class_="rnn-label rnn-end", font_size=13)
        self.svg.append(svg.group(text, class_=hue))

    def _middle(self, i: int) -> float:
        return self.label_width + i * self.column_width + (self.column_width - 3) / 2
