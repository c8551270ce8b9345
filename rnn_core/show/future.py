"""What the words to come can change: a sentence uncovered word by word, and answers that wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rnn_core.parameters import Array
from rnn_core.show import svg
from rnn_core.show.parts import arrow, input_node, output_node
from rnn_core.show.stepper import Frame, Stepper
from rnn_core.show.steps import WIDTH

MOST_WORDS = 12
_LEFT = 8.0
_NAME, _END = 206.0, 132.0
"""Room for the name of a network before its track, and for its answer behind it."""


class Sentence(NamedTuple):
    """A sentence, the place of the word in question, and what each network says of that word.

    `answers` maps a network's name to p(person) after 1, 2, ... words, None where nothing yet.
    """

    words: Sequence[str]
    place: int
    answers: Mapping[str, Sequence[float | None]]


def uncover(*sentences: Sentence) -> Stepper:
    """Return a stepper that uncovers all sentences word by word, over what each network says.

    Raises ValueError where there is no sentence, one has more than 12 words, or a network has not
    one answer for each number of words.
    """
    longest = max((len(sentence.words) for sentence in sentences), default=0)
    frames = [uncovered(seen, *sentences) for seen in range(longest + 1)]
    return Stepper(frames, label="words", still=[1, min(2, longest)])


def uncovered(seen: int, *sentences: Sentence) -> Frame:
    """Return a frame: each sentence with its first `seen` words uncovered, and what is said then.

    On the track of each network the middle is 50 %, the right end "surely a person"; pale marks
    are its answers after fewer words. A sentence that is shorter is uncovered as a whole.
    Raises ValueError as `uncover`, and where seen is below 0.
    """
    if seen < 0:
        raise ValueError(f"seen is {seen}, expected at least 0.")
    if not sentences:
        raise ValueError("there is no sentence, expected at least one.")
    for words, _, answers in sentences:
        if not 1 <= len(words) <= MOST_WORDS:
            raise ValueError(
                f"the sentence has {len(words)} words, expected 1 to {MOST_WORDS} here."
            )
        for name, p in answers.items():
            if len(p) != len(words):
                raise ValueError(f"{name} has {len(p)} answers, expected {len(words)}.")
    said = " ".join(_said(sentence, seen) for sentence in sentences)
    parts, y = [], 4.0
    for number, sentence in enumerate(sentences, start=1):
        parts.append(_word_row(sentence, seen, y))
        y += 40
        for name, p in sentence.answers.items():
            label = f"{name}, sentence {number}" if len(sentences) > 1 else name
            parts.append(_track(name, p[: min(seen, len(sentence.words))], label, y))
            y += 29
        parts.append(_ends(y))
        y += 34
    return Frame(svg.picture(WIDTH, y - 12, said, *parts), said)


def _said(sentence: Sentence, seen: int) -> str:
    words, place, answers = sentence
    seen = min(seen, len(words))
    if seen == 0:
        return f"Nothing of {len(words)} words is uncovered."
    read = f"{' '.join(words[:seen])}{' ...' if seen < len(words) else ''}"
    each = []
    for name, p in answers.items():
        now, before = p[seen - 1], p[seen - 2] if seen > 1 else None
        if now is None:
            each.append(f"{name}: nothing yet")
            continue
        new = f"{name}: {_percent(now)} %"
        if before is not None and _percent(before) != _percent(now):
            new += f" (before: {_percent(before)} %)"
        each.append(new)
    return f"{read!r}: is {words[place]!r} a person? {'; '.join(each)}."


def _percent(p: float) -> str:
    return svg.number(100 * p, 0)


def _word_row(sentence: Sentence, seen: int, y: float) -> svg.Element:
    words, place, _ = sentence
    pitch = min(112.0, (WIDTH - 2 * _LEFT) / len(words))
    row = svg.group()
    for i, word in enumerate(words):
        x = _LEFT + i * pitch
        if i < seen:
            style = "rnn-now" if i == place else None
            row.append(svg.group(input_node(x, y, pitch - 6, 28, word), class_=style))
            continue
        box = svg.rect(x, y, pitch - 6, 28, class_="rnn-cell", fill="none", stroke_dasharray="4 3")
        mark = svg.text(x + pitch / 2 - 3, y + 19, "?", class_="rnn-middle rnn-quiet")
        row.append(svg.group(box, mark))
    return row


def _track(name: str, said: Sequence[float | None], label: str, y: float) -> svg.Element:
    """A network's last answer as a bar from the middle of a track, its earlier ones as ticks."""
    left, width = _LEFT + _NAME, WIDTH - 2 * _LEFT - _NAME - _END
    middle, top = left + width / 2, y + 4
    shown_name = svg.text(left - 10, y + 18, name, class_="rnn-end", font_size=13)
    ground = svg.rect(left, top, width, 20, rx=3, class_="rnn-cell", fill="none")
    half = svg.element("line", x1=middle, y1=top - 2, x2=middle, y2=top + 22, class_="rnn-rule")
    group = svg.group(shown_name, ground, class_="rnn-output")
    now = said[-1] if said else None
    if now is not None:
        x = left + width * now
        group.append(
            svg.group(
                svg.element("title", f"{label}: p(person) = {now!r}"),
                svg.rect(min(x, middle) - 1.5, top + 1, abs(x - middle) + 3, 18, class_="rnn-bar"),
            )
        )
    for p in said[:-1]:
        if p is not None:
            x = left + width * p
            tick = svg.element("line", x1=x, y1=top + 2, x2=x, y2=top + 18, class_="rnn-cell")
            tick.attrib["style"] = "stroke-opacity: .6; stroke-width: 2"
            group.append(tick)
    group.append(half)
    shown = "no answer yet" if now is None else f"person {_percent(now)} %"
    style = "rnn-quiet" if now is None else "rnn-bold"
    group.append(svg.text(left + width + 10, y + 18, shown, class_=style, font_size=13))
    return group


def _ends(y: float) -> svg.Element:
    left, width = _LEFT + _NAME, WIDTH - 2 * _LEFT - _NAME - _END
    return svg.group(
        svg.text(left, y + 12, "surely not a person", class_="rnn-small"),
        svg.text(left + width / 2, y + 12, "50 %", class_="rnn-small rnn-middle"),
        svg.text(left + width, y + 12, "surely a person", class_="rnn-small rnn-end"),
    )


def answers_late(words: Sequence[str], p: Array, place: int, k: int) -> Frame:
    """Return a frame: a network that reads once and answers k words late, step by step.

    p (T,) is how probable a person is at each word, which the network says k steps after it has
    read the word; the way from the word at `place` to its answer is marked.
    Raises ValueError where there are more than 12 words, another number of answers, or k is
    below 0 or above 6.
    """
    T = len(words)
    if not 1 <= T <= MOST_WORDS or len(p) != T:
        raise ValueError(
            f"there are {T} words and {len(p)} answers, expected as many of each, 1 to "
            f"{MOST_WORDS}."
        )
    if not 0 <= k <= 6:
        raise ValueError(f"k is {k}, expected 0 to 6.")
    now = place + k
    read = f"{words[now]!r} has been read" if now < T else "the sentence has ended"
    sentence = (
        f"k = {k}: the answer about {words[place]!r} comes at step {now + 1}, when {read}: person "
        f"{_percent(float(p[place]))} %. The answer to the last word comes at step {T + k}."
    )
    pitch = min(74.0, (WIDTH - 78.0) / (T + k))
    steps = [_late_step(words, p, place, k, s, 70 + s * pitch, pitch) for s in range(T + k)]
    x_word, x_answer = (70 + (s + 0.5) * pitch - 3 for s in (place, now))
    way = svg.element(
        "path",
        d=f"M{x_word:.1f} 176 V135 H{x_answer:.1f} V95",
        class_="rnn-way",
        style="stroke-width: 5; stroke-opacity: .75",
    )
    labels = [
        svg.text(62, y, name, class_="rnn-end rnn-small rnn-quiet")
        for y, name in ((86, "person %"), (139, "state"), (191, "reads"))
    ]
    return Frame(svg.picture(WIDTH, 268, sentence, *labels, *steps, way), sentence)


def _late_step(
    words: Sequence[str], p: Array, place: int, k: int, s: int, x: float, pitch: float
) -> svg.Element:
    """Step s + 1: what it reads below, its state, and above the answer that is due, if any."""
    T, width = len(words), pitch - 6
    middle, i = x + width / 2, s - k
    step = svg.group()
    if s:
        step.append(arrow(x - 6, 135, x, 135, "rnn-past"))
    box = svg.rect(x, 122, width, 26, rx=10, class_="rnn-node")
    step.append(svg.group(box, class_="rnn-hidden"))
    if s < T:
        node = input_node(x, 176, width, 22, "")
        node[0].text = words[s]
        word = _slanted(middle + 5, 212, words[s], "rnn-end", bold=s == place)
        pale = None
    else:
        node = svg.rect(x, 176, width, 22, class_="rnn-cell", fill="none", stroke_dasharray="4 3")
        word = _slanted(middle + 5, 212, "silence", "rnn-end")
        pale = "rnn-quiet"
    step.append(svg.group(arrow(middle, 176, middle, 148, "rnn-input"), node, word, class_=pale))
    if i >= 0:
        due = svg.group(
            svg.element("title", f"word {i + 1} ({words[i]}): p(person) = {float(p[i])!r}"),
            arrow(middle, 122, middle, 95, "rnn-output"),
            output_node(x, 70, width, 25, _percent(float(p[i]))),
            _slanted(middle - 4, 64, words[i], None, bold=i == place),
            class_="rnn-now" if i == place else None,
        )
        step.append(due)
    return step


def _slanted(x: float, y: float, word: str, end: str | None, *, bold: bool = False) -> svg.Element:
    return svg.text(
        x,
        y,
        svg.fit_text(word, 84, 13),
        font_size=13,
        class_=" ".join(filter(None, (end, "rnn-bold" if bold else None))) or None,
        transform=f"rotate(-40 {x:.1f} {y:.1f})",
    )
