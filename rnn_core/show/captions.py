"""Images with captions: some of the data, and the caption that a network writes for one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnn_core.decoding import greedy
from rnn_core.generators import END, Generator
from rnn_core.losses import softmax
from rnn_core.parameters import Array
from rnn_core.show import svg
from rnn_core.show.digits import pixels
from rnn_core.show.parts import output_node
from rnn_core.show.stepper import Frame
from rnn_core.show.steps import WIDTH


def some(images: Sequence[Array], texts: Sequence[str], *, columns: int = 3) -> Frame:
    """Return a frame: images side by side, each with its caption below."""
    pitch, high = WIDTH / columns, 76.0
    parts = []
    for k, (image, words) in enumerate(zip(images, texts, strict=True)):
        x, y = 4 + (k % columns) * pitch, 4 + (k // columns) * (high + 32)
        parts.append(pixels(x, y, high, image))
        shown = svg.fit_text(words, pitch - 8, 13)
        parts.append(svg.text(x, y + high + 18, shown, font_size=13))
    rows = -(-len(images) // columns)
    sentence = f"{len(images)} images with their captions: {'; '.join(texts)}."
    return Frame(svg.picture(WIDTH, rows * (high + 32) + 4, sentence, *parts), sentence)


def caption(
    model: Generator, x: Array, image: Array, words: Sequence[str], longest: int, right: str
) -> Frame:
    """Return a frame: an image, the caption that the network writes, how probable each word is.

    x holds the one image as the network reads it; `right` is the caption that it should have.
    """
    written = greedy(model, x, longest)
    p = softmax(model.forward(x, written).y[:, 0])
    said = [words[int(word)] for word in written[:, 0] if word != END]
    whole = float(np.prod([row[int(word)] for row, word in zip(p, written[:, 0], strict=True)]))
    verdict = "right" if " ".join(said) == right else f"it should be {right!r}"
    sentence = f"It writes {' '.join(said)!r} (probability {whole:.2f}): {verdict}."
    high = 96.0
    parts = [pixels(4, 6, high, image)]
    pitch = min(92.0, (WIDTH - 10) / len(p))
    for k, (row, word) in enumerate(zip(p, written[:, 0], strict=True)):
        chosen = float(row[int(word)])
        left, top = 4 + k * pitch, high + 26
        bar = svg.rect(left, top + 32, max(1.0, (pitch - 8) * chosen), 12, class_="rnn-bar")
        parts.append(
            svg.group(
                svg.element("title", f"p({words[int(word)]}) at word {k + 1} = {chosen!r}"),
                output_node(left, top, pitch - 8, 25, words[int(word)]),
                svg.group(bar, class_="rnn-output"),
                svg.text(left, top + 60, f"{100 * chosen:.0f} %", class_="rnn-small"),
            )
        )
    return Frame(svg.picture(WIDTH, high + 96, sentence, *parts), sentence)
