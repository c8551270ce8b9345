"""Program text in colours: what each character costs, what it leans on, what one unit does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

import ipywidgets as widgets
import numpy as np

from rnn_core.parameters import Array
from rnn_core.show import svg
from rnn_core.show.live import FULL_WIDTH
from rnn_core.show.parts import heat, probability_bars
from rnn_core.show.stepper import Frame, Stepper
from rnn_core.show.steps import WIDTH
from rnn_core.show.stills import Still, still_of
from rnn_core.show.training_bar import TrainingBar
from rnn_core.training import History

COLUMNS, ADVANCE, LINE = 88, 8.8, 20.0
MOST_CHARACTERS = 2000
MOST_STEPS = 160
"""More characters than this have no frame each."""
DEAR = 8.0
"""Bits at which a character has its full colour."""
BEST = 5
LEANING_TOP = 26.0
LINE_END = "\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}"


class Place(NamedTuple):
    """Where a character is drawn."""

    row: int
    column: int


def _places(text: str, most: int = MOST_CHARACTERS) -> list[Place]:
    """Return the place of each character; lines longer than COLUMNS go on in the next row."""
    if not text:
        raise ValueError("the text is empty, expected at least one character.")
    if len(text) > most:
        raise ValueError(f"the text has {len(text)} characters, expected at most {most} here.")
    found, row, column = [], 0, 0
    for character in text:
        if column == COLUMNS:
            row, column = row + 1, 0
        found.append(Place(row, column))
        row, column = (row + 1, 0) if character == "\n" else (row, column + 1)
    return found


def _height(places: Sequence[Place]) -> float:
    return LINE * (places[-1].row + 1)


def _check_one_each(name: str, values: Any, text: str) -> Array:
    array = np.asarray(values, float)
    if array.shape != (len(text),):
        raise ValueError(
            f"{name} has the shape {array.shape}, expected ({len(text)},): one for each character."
        )
    return array


def _letters(text: str, places: Sequence[Place], top: float, class_: str = "") -> svg.Element:
    """Return the characters at their places, one `<text>` for each row."""
    rows: dict[int, list[tuple[float, str]]] = {}
    for character, (row, column) in zip(text, places, strict=True):
        if character != " ":
            shown = LINE_END if character == "\n" else character
            rows.setdefault(row, []).append((ADVANCE * column + 1, shown))
    group = svg.group(class_=f"rnn-code {class_}".strip())
    for row, letters in rows.items():
        xs = " ".join(f"{x:.4g}" for x, _ in letters)
        words = "".join(letter for _, letter in letters)
        group.append(svg.element("text", words, x=xs, y=top + LINE * row + 15))
    return group


def _grounds(
    places: Sequence[Place], values: Array, scale: float, name: str, top: float
) -> svg.Element:
    """Return a coloured ground for each character, with all digits in its tooltip."""
    group = svg.group(class_="rnn-grounds")
    for i, (place, value) in enumerate(zip(places, values, strict=True), start=1):
        x, y = ADVANCE * place.column, top + LINE * place.row
        box = svg.rect(x, y, ADVANCE, LINE - 2, **heat(float(value), scale))
        title = svg.element("title", f"{name}[{i}] = {float(value)!r}")
        group.append(svg.group(title, box))
    return group


def _key(words: str, scale: float, *, signed: bool, unit: str) -> svg.Element:
    """Return the colours' meaning as a row of small boxes, at the top of the picture."""
    marks = np.linspace(-scale if signed else 0.0, scale, 5)
    group = svg.group(svg.text(0, 15, words, class_="rnn-small"))
    pitch = 62.0
    left = WIDTH - 5 * pitch - 30
    for i, value in enumerate(marks):
        x = left + pitch * i
        group.append(svg.rect(x, 4, 20, 14, class_="rnn-cell", **heat(float(value), scale)))
        digits = 0 if scale > 1 else 1
        group.append(svg.text(x + 24, 16, svg.number(float(value), digits), class_="rnn-small"))
    group.append(svg.text(left + pitch * 5 - 8, 16, unit, class_="rnn-small"))
    return group


_UNSEEN = {" ": "blank", "\n": "line end"}


def visible(character: str) -> str:
    """Return a character as a bar can be labelled: the blank and the end of a line in words."""
    return _UNSEEN.get(character, character)


def named(character: str) -> str:
    """Return a character as a sentence names it: 'x', a blank, a line end."""
    return f"a {_UNSEEN[character]}" if character in _UNSEEN else repr(character)


def surprise(
    text: str, bits: Any, who: str = "the network", *, given: int = 0, first_line: int = 1
) -> Frame:
    """Return a frame: each character in the colour of what it cost, -log2 of its probability.

    bits (N,) holds one number for each character of the text; `who` says whose they are. The
    first `given` characters were not written by it, and stand there without a colour;
    `first_line` is the number of the text's first line where it is a part of a longer one.
    Raises ValueError where the text is empty or too long, or the numbers do not fit.
    """
    places, bits = _places(text), _check_one_each("bits", bits, text)
    counted = bits[given:]
    sentence = f"{who}: {len(counted)} characters"
    if len(counted):
        i = given + int(counted.argmax())
        sentence += (
            f" at {svg.number(float(counted.mean()))} bits each; the dearest is "
            f"{named(text[i])} in line {first_line + text.count(chr(10), 0, i)}, "
            f"{svg.number(float(bits[i]), 1)} bits"
        )
    top = 28.0
    shown = np.where(np.arange(len(text)) < given, 0.0, bits)
    key = _key("what each character cost", DEAR, signed=False, unit="bits")
    grounds = _grounds(places[given:], shown[given:], DEAR, "bits", top)
    parts = [key, grounds, _letters(text, places, top)]
    return Frame(svg.picture(WIDTH, top + _height(places) + 4, sentence, *parts), sentence + ".")


def unit(text: str, a: Any, number: int, marked: Any = None, mark: str = "marked") -> Frame:
    """Return a frame: a text in the colours of one unit, after each character was read.

    a (N,) holds the unit's values, `number` counts from 1. `marked` (N,) are true where a line
    stands under the character; the sentence compares the unit there and elsewhere.
    Raises ValueError where the text is empty or too long, or the numbers do not fit.
    """
    places, a = _places(text), _check_one_each("a", a, text)
    top = 28.0
    sentence = f"Unit {number}: from {svg.number(float(a.min()))} to {svg.number(float(a.max()))}"
    lines = svg.group(class_="rnn-hidden")
    if marked is not None:
        inside = _check_one_each("marked", marked, text).astype(bool)
        means = [
            svg.number(float(a[where].mean())) if where.any() else "none"
            for where in (inside, ~inside)
        ]
        sentence += f"; mean {mark} (underlined) {means[0]}, elsewhere {means[1]}"
        for place in (place for place, yes in zip(places, inside, strict=True) if yes):
            x, y = ADVANCE * place.column, top + LINE * (place.row + 1) - 2
            line = svg.element("line", x1=x, y1=y, x2=x + ADVANCE, y2=y, class_="rnn-arrow")
            lines.append(line)
    key = _key(f"unit {number} after each character", 1.0, signed=True, unit="")
    grounds = _grounds(places, a, 1.0, f"unit {number}", top)
    parts = [key, grounds, _letters(text, places, top), lines]
    return Frame(svg.picture(WIDTH, top + _height(places) + 6, sentence, *parts), sentence + ".")


def leans_on(text: str, lengths: Any, p: Any, characters: Sequence[str]) -> Stepper:
    """Return a stepper through a text: what the prediction after each character leans on.

    lengths (T, T): entry [s, t] is how much the prediction after character t depends on character
    s (nothing for s > t); p (T, n_y) are the predictions, `characters` the names of the classes.
    The last character of the text is only predicted: T is one less than the text is long.
    Raises ValueError where the text is too short or too long, or the sizes do not fit.
    """
    T = len(text) - 1
    places = _places(text, MOST_STEPS)
    lengths, p = np.asarray(lengths), np.asarray(p)
    if lengths.shape != (T, T) or p.shape != (T, len(characters)) or T < 1:
        raise ValueError(
            f"lengths has the shape {lengths.shape} and p {p.shape}, expected ({T}, {T}) and "
            f"({T}, {len(characters)}) for a text of {len(text)} characters."
        )
    frames = [_leaning(text, places, lengths[:, t], p[t], characters, t) for t in range(T)]
    return Stepper([_nothing_read(text, places), *frames], still=[2 * T // 3], milliseconds=700)


def _nothing_read(text: str, places: Sequence[Place]) -> Frame:
    sentence = f"t = 0: nothing is read yet of the {len(text)} characters."
    height = _below_text(places) + BEST * 20 + 36
    letters = _letters(text, places, LEANING_TOP, "rnn-later")
    return Frame(svg.picture(WIDTH, height, sentence, letters), sentence)


def _below_text(places: Sequence[Place]) -> float:
    return LEANING_TOP + _height(places)


def _leaning(
    text: str,
    places: Sequence[Place],
    lengths: Array,
    p: Array,
    characters: Sequence[str],
    t: int,
) -> Frame:
    share = lengths / (lengths.sum() or 1.0)
    first = int(share[: t + 1].argmax())
    order = np.argsort(-p, kind="stable")[:BEST]
    target = list(characters).index(text[t + 1])
    where = f"{t - first} back" if t > first else "just read"
    near = 100 * float(share[max(0, t - 3) : t + 1].sum())
    sentence = (
        f"t = {t + 1}: reads {named(text[t])} and expects "
        f"{named(characters[int(order[0])])} ({svg.number(100 * float(p[order[0]]), 0)} %); "
        f"{named(text[t + 1])} comes ({svg.number(100 * float(p[target]), 0)} %). It leans "
        f"most on {named(text[first])}, {where}; the last four characters have "
        f"{svg.number(near, 0)} %."
    )
    top, scale = LEANING_TOP, max(float(share.max()), 1e-12)
    foot = _below_text(places)
    here, after = places[t], places[t + 1]
    frame_of = [
        svg.rect(
            ADVANCE * place.column - 0.5, top + LINE * place.row - 1, ADVANCE + 1, LINE, **look
        )
        for place, look in (
            (here, {"class_": "rnn-chosen", "fill": "none"}),
            (after, {"class_": "rnn-cell rnn-maybe", "fill": "none"}),
        )
    ]
    names = [visible(characters[int(k)]) for k in order]
    marked = order.tolist().index(target) if target in order else None
    parts = [
        svg.text(0, 15, "how much the prediction depends on each character", class_="rnn-small"),
        _grounds(places[: t + 1], share[: t + 1], scale, "share", top),
        _letters(text[: t + 1], places[: t + 1], top),
        _letters(text[t + 1 :], places[t + 1 :], top, "rnn-later"),
        *frame_of,
        svg.text(0, foot + 22, "what comes next", class_="rnn-small"),
        probability_bars(0, foot + 28, 380, names, p[order], marked=marked, label_width=70),
        _by_distance(share[t::-1], 420, foot + 14),
    ]
    return Frame(svg.picture(WIDTH, foot + 28 + BEST * 20 + 8, sentence, *parts), sentence)


def _by_distance(share: Array, x: float, y: float) -> svg.Element:
    """Return one bar for each distance back, from 0 on the left."""
    shown, height, foot = share[:30], 84.0, y + 104.0
    most = max(float(shown.max()), 1e-12)
    group = svg.group(
        svg.text(x, y + 8, "the same by distance, in characters back", class_="rnn-small")
    )
    bars = svg.group(class_="rnn-input")
    for back, value in enumerate(shown):
        tall = height * float(value) / most
        title = svg.element("title", f"share by distance[{back}] = {float(value)!r}")
        box = svg.rect(x + 12 * back, foot - tall, 10, tall, class_="rnn-bar")
        bars.append(svg.group(title, box))
    group.append(bars)
    group.append(svg.element("line", x1=x, y1=foot, x2=x + 360, y2=foot, class_="rnn-rule"))
    for back in (0, 5, 10, 20, 29):
        group.append(
            svg.text(x + 12 * back + 5, foot + 14, str(back), class_="rnn-middle rnn-small")
        )
    return group


class Sample(NamedTuple):
    """What a network wrote after so many updates."""

    steps: int
    text: str


class WritingBar(TrainingBar):
    """A progress bar for `fit(..., watch=...)` under which the network writes as it learns.

    `write` returns a text; it is asked before the first tenth, and at each tenth, of the updates.
    The texts are kept in `samples`. (The first is asked for after one update.)
    """

    def __init__(self, write: Callable[[], str]) -> None:
        super().__init__()
        self.write, self.samples = write, list[Sample]()
        self.written = widgets.HTML(layout=FULL_WIDTH)
        self.box.children = (*self.box.children, self.written)

    def __call__(self, history: History, steps: int) -> None:
        """Take note of a step, and let the network write where it is time."""
        super().__call__(history, steps)
        tenth = max(1, steps // 10)
        if history.steps == 1 or history.steps % tenth == 0:
            self.samples.append(Sample(history.steps, self.write()))
            self.written.value = f'<pre class="rnn-written">{escape(self.samples[-1].text)}</pre>'


def samples(found: Sequence[Sample]) -> Stepper:
    """Return a stepper through what a network wrote as it learned.

    Raises ValueError where there is no sample, or one is empty.
    """
    return Stepper(
        [_sample(sample) for sample in found],
        label="sample",
        still=sorted({0, len(found) // 2, len(found) - 1}) if found else None,
        milliseconds=1500,
    )


def _sample(sample: Sample) -> Frame:
    places = _places(sample.text)
    first = sample.text.strip().partition("\n")[0]
    sentence = (
        f"After {sample.steps} update{'s' * (sample.steps > 1)} it writes: "
        f"{svg.fit_text(first, 420, 14)!r}."
    )
    picture = svg.picture(
        WIDTH, max(_height(places), 9 * LINE) + 8, sentence, _letters(sample.text, places, 0.0)
    )
    return Frame(picture, sentence)


def compared(bits: Mapping[str, float], *, ours: Sequence[str] = ()) -> Still:
    """Return a still: one bar for each name, its length the bits per character; less is better.

    The names in `ours` are those of networks, and get the colour of their states.
    Raises ValueError where there is nothing to compare.
    """
    if not bits:
        raise ValueError("bits is empty, expected a name and a number for each bar.")
    order = sorted(bits, key=lambda name: -bits[name])
    alt = "Bits per held-out character: " + ", ".join(f"{n} {bits[n]:.2f}" for n in order) + "."
    most, left = max(bits.values()), 150.0
    parts = []
    for i, name in enumerate(order):
        y, wide = 8 + 26.0 * i, (WIDTH - left - 70) * bits[name] / most
        hue = "rnn-hidden" if name in ours else "rnn-muted"
        weight = "rnn-bold" if name in ours else ""
        label = svg.text(left - 10, y + 15, name, class_=f"rnn-end {weight}".strip())
        bar = svg.rect(left, y, wide, 20, class_="rnn-bar")
        if name not in ours:
            bar.attrib["fill-opacity"], bar.attrib["style"] = "0.3", "fill-opacity: .3"
        value = svg.text(left + wide + 8, y + 15, svg.number(bits[name]), class_=weight or None)
        parts.append(svg.group(label, bar, value, class_=hue))
    return still_of([svg.picture(WIDTH, 26.0 * len(order) + 12, alt, *parts)], alt)
