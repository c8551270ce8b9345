"""Tags for every word: entities as underlined words, and how sure a network is of each tag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from rnn_core.parameters import Array
from rnn_core.show import svg
from rnn_core.show.stepper import Frame, Stepper
from rnn_core.show.steps import WIDTH
from rnn_core.tasks.tagging import TAGS, TYPES, legal_path, spans

HUES = {"PER": "#d55e00", "LOC": "#3a9bd9", "ORG": "#cc79a7"}
"""A colour for each type, none of them that of an input, a state or an output."""
MOST_IN_LINE, MOST_WORDS = 11, 33
BAR = 46.0
_LEFT = 8.0


class Reading(NamedTuple):
    """What a network makes of a sentence after t words: (t, 7) probabilities for each t."""

    name: str
    after: list[Array]


def flip(
    sentences: Sequence[Sequence[str]],
    tagged: Mapping[str, Sequence[Sequence[str]]],
    *,
    tokens: Sequence[Sequence[str]] | None = None,
) -> Stepper:
    """Return a stepper through sentences, each with the entities that each tagger found in it.

    `tagged` maps a tagger's name to its tags of every sentence; `tokens` are what a network sees.
    Raises ValueError where there is no sentence, or the lengths disagree.
    """
    frames = [
        entities(
            words,
            {name: tags[number] for name, tags in tagged.items()},
            tokens=None if tokens is None else tokens[number],
        )
        for number, words in enumerate(sentences)
    ]
    return Stepper(frames, label="sentence", still=[0])


def entities(
    words: Sequence[str],
    tagged: Mapping[str, Sequence[str]],
    *,
    tokens: Sequence[str] | None = None,
) -> Frame:
    """Return a frame: the words, each tag below its word, and a line under each entity.

    Raises ValueError where a tagger has not one tag for each word, or there are too many words.
    """
    for name, tags in tagged.items():
        if len(tags) != len(words):
            raise ValueError(f"{name} has {len(tags)} tags, expected {len(words)}.")
    said = [f"{name}: {found(words, tags)}" for name, tags in tagged.items()]
    sentence = "; ".join(said) + "."
    y, parts = 6.0, []
    for line in _lines(words):
        if tokens is not None:
            parts.append(_row(line, [tokens[i] for i in line], y + 14, "rnn-small rnn-quiet"))
            y += 20
        parts.append(_row(line, [words[i] for i in line], y + 16, "rnn-bold"))
        y += 24
        for name, tags in tagged.items():
            parts.append(svg.text(_LEFT, y + 12, name, class_="rnn-small rnn-quiet"))
            y += 16
            parts.append(_underlined(line, tags, y))
            y += 26
        y += 10
    return Frame(svg.picture(WIDTH, y, sentence, *parts), sentence)


def beliefs(words: Sequence[str], by_name: Mapping[str, Array], said: str = "") -> Frame:
    """Return a frame: over each word a bar of the types' probabilities, under it the tags.

    `by_name` maps a network's name to its probabilities of TAGS, (t, 7), for the first t words;
    the later words are pale. The tags are the most probable legal ones.
    Raises ValueError where there are more probabilities than words, or too many words.
    """
    read = max((len(p) for p in by_name.values()), default=0)
    if read > len(words):
        raise ValueError(f"there are probabilities for {read} words, expected {len(words)}.")
    tagged = {name: _tags(p) for name, p in by_name.items()}
    sentence = said or "; ".join(f"{n}: {found(words, tags)}" for n, tags in tagged.items()) + "."
    y, parts = 4.0, [_legend()]
    for line in _lines(words):
        y += 22
        for name, p in by_name.items():
            parts.append(svg.text(_LEFT, y + 12, name, class_="rnn-small rnn-bold"))
            y += 20
            parts.append(_bars(line, p, y, name, words))
            y += BAR + 6
            parts.append(_underlined(line, tagged[name], y))
            y += 28
        parts.append(_words_read(line, words, read, y + 12))
        y += 26
    return Frame(svg.picture(WIDTH, y, sentence, *parts), sentence)


def as_it_reads(words: Sequence[str], *readings: Reading) -> Stepper:
    """Return a stepper: after each word, what each network believes of all words so far.

    Raises ValueError unless each reading has probabilities after 1, 2, ... words.
    """
    for reading in readings:
        lengths = [len(p) for p in reading.after]
        if lengths != list(range(1, len(words) + 1)):
            raise ValueError(
                f"{reading.name} has probabilities of {lengths} words, expected 1 to {len(words)}."
            )
    frames = []
    for t in range(len(words) + 1):
        now = {r.name: r.after[t - 1] if t else np.zeros((0, len(TAGS))) for r in readings}
        frames.append(beliefs(words, now, _what_changed(words, t, readings)))
    return Stepper(frames, still=[1, len(words)])


def found(words: Sequence[str], tags: Sequence[str]) -> str:
    """Return the entities of a sentence in words."""
    some = [f"{' '.join(words[i:j])} ({kind})" for i, j, kind in spans(tags)]
    return ", ".join(some) or "no entity"


def _what_changed(words: Sequence[str], t: int, readings: Sequence[Reading]) -> str:
    if t == 0:
        return "t = 0: nothing is read yet."
    said = f"t = {t} of {len(words)}: {words[t - 1]!r} is read."
    for name, after in readings:
        new = _tags(after[t - 1])
        old = _tags(after[t - 2]) if t > 1 else []
        changed = [i for i in range(t - 1) if old[i] != new[i]]
        if t == len(words):
            said += f" {name}: {found(words, new)}."
        elif changed:
            i = changed[0]
            said += f" {name}: {new[t - 1]}, and {words[i]!r} turns from {old[i]} to {new[i]}."
        else:
            said += f" {name}: {new[t - 1]}, earlier tags as they were."
    return said


def _tags(p: Array) -> list[str]:
    return legal_path(p) if len(p) else []


def _lines(words: Sequence[str]) -> list[range]:
    """Break a sentence into lines of about equal numbers of words."""
    if not 1 <= len(words) <= MOST_WORDS:
        raise ValueError(
            f"the sentence has {len(words)} words and marks, expected 1 to {MOST_WORDS}."
        )
    n = -(-len(words) // MOST_IN_LINE)
    size = -(-len(words) // n)
    return [range(start, min(start + size, len(words))) for start in range(0, len(words), size)]


def _pitch(line: range) -> float:
    return min(92.0, (WIDTH - 2 * _LEFT) / len(line))


def _x(line: range, i: int) -> float:
    return _LEFT + (i - line.start) * _pitch(line)


def _row(line: range, words: Sequence[str], y: float, style: str) -> svg.Element:
    row = svg.group()
    for i, word in zip(line, words, strict=True):
        row.append(_word(line, i, word, y, style))
    return row


def _word(line: range, i: int, word: str, y: float, style: str) -> svg.Element:
    width = _pitch(line) - 5
    size = 13 if svg.text_width(word, 13) <= width else 11
    shown = svg.text(
        _x(line, i) + width / 2,
        y,
        svg.fit_text(word, width, size),
        class_=f"rnn-middle {style}",
        font_size=size,
    )
    return svg.group(svg.element("title", word), shown)


def _words_read(line: range, words: Sequence[str], read: int, y: float) -> svg.Element:
    row = svg.group()
    for i in line:
        style = "rnn-bold" if i == read - 1 else ("" if i < read else "rnn-later")
        row.append(_word(line, i, words[i], y, style))
    return row


def _underlined(line: range, tags: Sequence[str], y: float) -> svg.Element:
    """The entities of this line as bars in their colour, with the tags below; O is a dot."""
    group = svg.group()
    for start, stop, kind in spans(tags):
        a, b = max(start, line.start), min(stop, line.stop)
        if a < b:
            left, right = _x(line, a) + 1, _x(line, b) - 6
            bar = svg.rect(left, y, right - left, 5, rx=2.5, fill=HUES[kind])
            group.append(svg.group(svg.element("title", f"{kind} from word {start + 1}"), bar))
    for i in line:
        if i < len(tags):
            shown = tags[i] if tags[i] != "O" else "\N{MIDDLE DOT}"
            middle = _x(line, i) + (_pitch(line) - 5) / 2
            title = svg.element("title", f"tag {i + 1}: {tags[i]}")
            mark = svg.text(middle, y + 18, shown, class_="rnn-middle rnn-small")
            group.append(svg.group(title, mark))
    return group


def _bars(line: range, p: Array, y: float, name: str, words: Sequence[str]) -> svg.Element:
    """For each word one box, filled from the foot with the probabilities of the three types."""
    group = svg.group()
    width = _pitch(line) - 5
    for i in line:
        x = _x(line, i)
        box = svg.rect(x, y, width, BAR, rx=3, class_="rnn-cell", fill="none")
        if i >= len(p):
            group.append(svg.group(box, class_="rnn-later"))
            continue
        group.append(box)
        foot = y + BAR
        for kind in TYPES:
            share = float(sum(p[i, TAGS.index(f"{part}-{kind}")] for part in "BI"))
            height = BAR * share
            foot -= height
            title = f"{name}, word {i + 1} ({words[i]}), {kind} = {share!r}"
            fill = svg.rect(x, foot, width, height, fill=HUES[kind], fill_opacity="0.85")
            group.append(svg.group(svg.element("title", title), fill))
    return group


def _legend() -> svg.Element:
    group = svg.group(class_="rnn-small")
    x = _LEFT
    for kind, meaning in zip(TYPES, ("person", "place", "organisation"), strict=True):
        group.append(svg.rect(x, 4, 13, 13, rx=2, fill=HUES[kind]))
        words = f"{kind} {meaning}"
        group.append(svg.text(x + 18, 15, words, class_="rnn-small"))
        x += 40 + svg.text_width(words, 12)
    group.append(svg.rect(x, 4, 13, 13, rx=2, class_="rnn-cell", fill="none"))
    group.append(svg.text(x + 18, 15, "empty: O, no entity", class_="rnn-small"))
    return group
