"""The case file of a wrong backward loop: the evidence, its walk beside the correct one, its lines.

The evidence is a table of gradient errors by parameter and T, and the curve of a training. The
walk shows what both loops compute in each pass. The lines are the choices of a question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ipywidgets as widgets
import numpy as np

from rnn_core.parameters import Array
from rnn_core.show import svg
from rnn_core.show.live import FULL_WIDTH, LiveBox
from rnn_core.show.parts import CELL_HEIGHT, number_row
from rnn_core.show.plot import Plot
from rnn_core.show.question import Question
from rnn_core.show.referee import BOUND
from rnn_core.show.stepper import Frame, Stepper
from rnn_core.show.stills import still_of

WIDTH = 784.0
CELL = 46.0
LABEL = 62.0
NUMBER = 76.0

Errors = Mapping[int, Mapping[str, float]]
"""The relative error of each parameter's gradient, for each T."""


class CaseFile(LiveBox):
    """The evidence against a program, its walk beside the correct one, and the question.

    Works without a kernel.
    """

    def __init__(self, evidence: Frame, walk: Stepper, accusation: Question | None = None) -> None:
        self.evidence, self.walk, self.accusation = evidence, walk, accusation
        parts = [widgets.HTML(evidence.html(), layout=FULL_WIDTH), walk]
        if accusation is not None:
            accusation.add_class("rnn-code")
            parts.append(accusation)
        super().__init__(parts, "rnn-case")

    def stored(self) -> dict[str, str]:
        # The walk's first pass in words: as pictures, six walks would make a notebook too large.
        still = still_of([self.evidence.picture], self.alt)
        if self.accusation is None:
            return still.bundle()
        question = self.accusation.stored()
        return {
            "text/plain": f"{self.alt} {question['text/plain']}",
            "text/html": still.html() + question["text/html"],
        }

    def page(self) -> str:
        question = "" if self.accusation is None else self.accusation.page()
        left, right = self.evidence.html() + question, self.walk.page()
        return f'<div class="rnn-columns"><div>{left}</div><div>{right}</div></div>'

    @property
    def alt(self) -> str:
        """What the pictures show, in words."""
        return f"{self.evidence.sentence} {self.walk.frames[1].sentence}"


def evidence(name: str, errors: Errors, losses: Mapping[str, Sequence[float]]) -> Frame:
    """Return the table of errors, and beside it the smoothed losses of up to two trainings.

    Raises ValueError where there is no error.
    """
    if not errors:
        raise ValueError("errors is empty, expected the errors for at least one T.")
    table = _table(errors)
    sentence = f"Program {name}: {_summary(errors)}"
    height = 44 + len(next(iter(errors.values()))) * (CELL_HEIGHT + 4) + 22
    children = [table]
    if losses:
        ends = [f"{who} at {_end(values):.2f}" for who, values in losses.items()]
        sentence += f" The loss in training ends: {', '.join(ends)}."
        children.append(_curves(losses, height))
    return Frame(svg.picture(WIDTH, height, sentence, *children), sentence)


def _table(errors: Errors) -> svg.Element:
    group = svg.group(class_="rnn-grid")
    group.append(svg.text(LABEL - 8, 36, "T =", class_="rnn-end rnn-small"))
    heading = "error of each gradient"
    group.append(svg.text(LABEL, 14, heading, class_="rnn-bold", font_size=13))
    parameters = list(next(iter(errors.values())))
    for i, T in enumerate(errors):
        middle = LABEL + i * CELL + (CELL - 4) / 2
        group.append(svg.text(middle, 36, str(T), class_="rnn-middle rnn-small"))
    for row, parameter in enumerate(parameters):
        y = 44 + row * (CELL_HEIGHT + 4)
        label = svg.text(LABEL - 8, y + 17, f"d{parameter}", class_="rnn-end", font_size=13)
        group.append(label)
        for i, (T, found) in enumerate(errors.items()):
            title = f"error of d{parameter} at T = {T}"
            group.append(_error_cell(LABEL + i * CELL, y, found[parameter], title))
    return group


def _error_cell(x: float, y: float, error: float, title: str) -> svg.Element:
    right = error < BOUND
    words = "\N{CHECK MARK}" if right else (f"{error:.2f}" if error >= 0.005 else f"{error:.0e}")
    strength = 0.12 if right else 0.25 + 0.5 * min(error, 1.0)
    box = svg.rect(x, y, CELL - 4, CELL_HEIGHT, rx=3, class_="rnn-bar")
    box.attrib["style"] = f"fill-opacity: {strength:.2f}"
    return svg.group(
        svg.element("title", f"{title} = {error!r}"),
        box,
        svg.text(x + (CELL - 4) / 2, y + 17, words, class_="rnn-middle", font_size=13),
        class_="rnn-input" if right else "rnn-wrong",
    )


def _curves(losses: Mapping[str, Sequence[float]], height: float) -> svg.Element:
    updates = max(len(values) for values in losses.values())
    plot = Plot((506.0, 26.0, 250.0, height - 70.0), (0, updates), (0.0, 1.0))
    plot.ticks((0, updates), (0, 0.5, 1), "updates of training")
    plot.svg.append(svg.text(506, 14, "loss in training", class_="rnn-bold", font_size=13))
    hues = ("rnn-muted", "rnn-wrong")
    for place, ((name, values), hue) in enumerate(zip(losses.items(), hues, strict=False)):
        xs, ys = _smooth(np.asarray(values))
        plot.curve(xs, ys, hue, dashed=place == 0)
        words = f"{'- - ' if place == 0 else '— '}{name}"
        plot.words(640.0, 46.0 + 18 * place, words, hue)
    return plot.svg


def _end(losses: Sequence[float]) -> float:
    """Return the mean of the last twentieth of the losses."""
    return float(np.mean(losses[-max(1, len(losses) // 20) :]))


def _smooth(losses: Array, points: int = 60) -> tuple[Array, Array]:
    """Return about so many points of the curve, each the mean over its part of the updates."""
    parts = np.array_split(losses, min(points, len(losses)))
    ends = np.cumsum([len(part) for part in parts])
    return ends, np.array([part.mean() for part in parts])


def _summary(errors: Errors) -> str:
    """Say from which T on which gradient is wrong."""
    first: dict[str, int] = {}
    for T, found in errors.items():
        for parameter, error in found.items():
            if not error < BOUND:
                first.setdefault(f"d{parameter}", T)
    if not first:
        return "every gradient agrees with the measured one at every T."
    by_T: dict[int, list[str]] = {}
    for name, T in first.items():
        by_T.setdefault(T, []).append(name)
    said = [f"{', '.join(names)} from T = {T} on" for T, names in sorted(by_T.items())]
    right = [f"d{q}" for q in next(iter(errors.values())) if f"d{q}" not in first]
    fine = f"; never wrong: {', '.join(right)}" if right else ""
    return f"wrong: {'; '.join(said)}{fine}."


def side_by_side(
    name: str, correct: Sequence[Mapping[str, Array]], tried: Sequence[Mapping[str, Array]]
) -> Stepper:
    """Return a stepper through the passes of two backward loops, from step T down to step 1.

    Each pass holds what it computed by name, arrays (1, n) or (m, n), in the order of computing;
    "from_next" is what it hands on to the step before. Numbers that differ have a frame.
    Raises ValueError where the two do not have the same passes.
    """
    if len(correct) != len(tried) or not correct:
        raise ValueError(
            f"the program made {len(tried)} passes, expected {len(correct)} as the correct one."
        )
    T = len(correct)
    scale = {
        q: max(float(np.abs(done[q]).max()) for done in (*correct, *tried)) or 1.0
        for q in correct[0]
    }
    words = f"No step is walked yet. The passes go from step {T} down to step 1."
    frames = [Frame(_passes(name, T, correct[0], None, scale, words), words)]
    for place, (right, other) in enumerate(zip(correct, tried, strict=True)):
        t = T - place
        words = _what_differs(name, t, T, right, other)
        frames.append(Frame(_passes(name, t, right, other, scale, words), words))
    return Stepper(frames, label="pass", still=[1])


def differ(right: Array, other: Array) -> Array:
    """Return where two arrays differ by more than rounding."""
    apart: Array = ~np.isclose(right, other, rtol=1e-9, atol=1e-12)
    return apart


def _title(name: str, t: int) -> list[svg.Element | str]:
    if name == "from_next":
        return [f"to step {t - 1}"] if t > 1 else ["to ", *svg.symbol("a", 0)]
    return svg.symbol(name, t) if name in ("da", "dz") else [name]


def _passes(
    name: str,
    t: int,
    right: Mapping[str, Array],
    other: Mapping[str, Array] | None,
    scale: Mapping[str, float],
    sentence: str,
) -> svg.Element:
    """Return the numbers of one pass of both, empty cells where `other` is None: not walked yet."""
    left, beside = 78.0, 78.0 + 4 * NUMBER + 46.0
    parts, y = [], 26.0
    for x, whose in ((left, "the correct program"), (beside, f"program {name}")):
        parts.append(svg.text(x, 16, whose, class_="rnn-bold", font_size=13))
    for quantity, values in right.items():
        label = svg.text(left - 10, y + 17, *_title(quantity, t), class_="rnn-end", font_size=13)
        parts.append(label)
        correct = np.atleast_2d(values)
        tried = None if other is None else np.atleast_2d(other[quantity])
        n = correct.shape[1]
        for i in range(len(correct)):
            number = i + 1 if len(correct) > 1 else None
            for x, matrix, whose in ((left, correct, ""), (beside, tried, f" of {name}")):
                row = None if tried is None or matrix is None else matrix[i]
                title = f"{quantity}_{t}{whose}"
                parts.append(
                    number_row(
                        x,
                        y,
                        NUMBER,
                        row,
                        n,
                        title,
                        scale=scale[quantity],
                        digits=3,
                        row_number=number,
                    )
                )
            if tried is not None:
                parts.append(_frames_round(beside, y, differ(correct[i], tried[i])))
            y += CELL_HEIGHT + 2
        y += 7
    return svg.picture(WIDTH, y, sentence, *parts)


def _frames_round(x: float, y: float, apart: Array) -> svg.Element:
    """Return a frame round each number that differs, in the hue of a mistake."""
    group = svg.group(class_="rnn-wrong")
    for i in np.flatnonzero(apart):
        box = svg.rect(
            x + float(i) * NUMBER, y, NUMBER - 3, CELL_HEIGHT, rx=3, class_="rnn-node rnn-maybe"
        )
        box.attrib["style"] = "fill: none; stroke-width: 2.4"
        group.append(box)
    return group


def _what_differs(
    name: str, t: int, T: int, right: Mapping[str, Array], other: Mapping[str, Array]
) -> str:
    words = {"from_next": "what goes on to the step before"}
    apart = [q for q in right if differ(right[q], other[q]).any()]
    same = [words.get(q, q) for q in right if q not in apart]
    where = f"Step {t}, pass {T - t + 1} of {T}"
    if not apart:
        return f"{where}: {name} and the correct program have computed the same so far."
    differing = ", ".join(words.get(q, q) for q in apart)
    agreeing = f"; the same: {', '.join(same)}" if same else ""
    return f"{where}: different in {name}: {differing}{agreeing}."
