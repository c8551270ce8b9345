"""Two sentences as bags of words: the counts of every word, one row for each sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rnn_core.parameters import Array
from rnn_core.show import svg
from rnn_core.show.stepper import Frame

ROW_HEIGHT, TOP, LEFT = 30, 22, 12


def compare(
    sentences: Sequence[str],
    counts: Array,
    words: Sequence[str],
    answers: Mapping[str, Sequence[str]] | None = None,
) -> Frame:
    """Return a frame: for each sentence its words, its counts, and what each network answers.

    counts (B, n_tokens); only the words that stand in some sentence get a column. `answers` maps
    the name of a network to its answers, one for each sentence.
    Raises ValueError unless there is one row of counts for each sentence.
    """
    if len(sentences) != len(counts):
        raise ValueError(f"counts has {len(counts)} rows, expected {len(sentences)}.")
    present = [int(i) for i in np.flatnonzero(np.asarray(counts).any(axis=0))]
    width = 784.0
    column = min(84.0, (width - LEFT) / len(present))
    parts: list[svg.Element] = []
    y = 0.0
    for number, (sentence, row) in enumerate(zip(sentences, counts, strict=True)):
        y += TOP
        parts.append(
            svg.text(
                LEFT,
                y,
                svg.fit_text(f"{number + 1}. {sentence}", width - 24, 15),
                class_="rnn-bold",
                font_size=15,
            )
        )
        y += 10
        for place, i in enumerate(present):
            parts.append(
                _count(
                    LEFT + place * column,
                    y,
                    column - 4,
                    f"sentence {number + 1}",
                    words[i],
                    int(row[i]),
                )
            )
        y += ROW_HEIGHT + 26
        for name, said in (answers or {}).items():
            answer = svg.element("tspan", said[number], font_weight="700")
            parts.append(svg.text(LEFT, y + 6, f"{name}: ", answer))
            y += 22
        y += 6
    same = len(counts) > 1 and all((row == counts[0]).all() for row in counts[1:])
    sentence = _sentence(len(sentences), same, answers or {})
    return Frame(svg.picture(width, y, sentence, *parts), sentence)


def _count(x: float, y: float, width: float, sentence: str, word: str, count: int) -> svg.Element:
    size = 13 if svg.text_width(word, 13) <= width else 10
    box = svg.rect(x, y, width, ROW_HEIGHT - 4, class_="rnn-node" + ("" if count else " rnn-maybe"))
    shown = svg.text(x + width / 2, y + 18, str(count), class_="rnn-middle rnn-bold")
    label = svg.text(
        x + width / 2,
        y + ROW_HEIGHT + 10,
        svg.fit_text(word, width, size),
        class_="rnn-middle rnn-quiet",
        font_size=size,
    )
    title = svg.element("title", f"{sentence}, {word} = {count}")
    return svg.group(title, box, shown, label, class_="rnn-input")


def _sentence(n: int, same: bool, answers: Mapping[str, Sequence[str]]) -> str:
    words = (
        "The bags are equal: every word has the same count."
        if same
        else "The bags differ: some word has another count."
    )
    for number in range(n if answers else 0):
        said = ", ".join(f"{name}: {answer[number]}" for name, answer in answers.items())
        words += f" Sentence {number + 1}: {said}."
    return words
