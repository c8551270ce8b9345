"""Tunes as a piano roll: what was played, what the next note could be, and where it comes from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnn_core.decoding import greedy
from rnn_core.generators import END, Generator
from rnn_core.losses import softmax
from rnn_core.parameters import Array
from rnn_core.show import svg
from rnn_core.show.audio import heard, player
from rnn_core.show.parts import probability_bars
from rnn_core.show.stepper import Frame, Stepper
from rnn_core.show.steps import WIDTH
from rnn_core.show.writing import units
from rnn_core.tasks.melodies import RATE_OF_SOUND, beats, origins, pitch, synthesise

LEFT, HIGH = 34.0, 150.0
LOWEST, HIGHEST = 52, 82
HUES = ("#9467bd", "#d55e00", "#009e73", "#2b8ccf", "#b58900", "#cc79a7")
BEST = 6


def played(notes: Sequence[str], *, name: str = "", tempo: float = 150.0) -> Frame:
    """Return a frame: the notes as a piano roll in the colours of their tunes, with their sound.

    A colour stands for the learned tune that four notes or more in a row come from. `name` begins
    the sentence below: what is played, and how.
    """
    found = origins(notes)
    order = list(dict.fromkeys(title for title in found if title))
    names = ", then ".join(order) if order else "no learned tune"
    sentence = f"{name}{': ' if name else ''}{len(notes)} notes: {names}."
    hues = {title: HUES[i % len(HUES)] for i, title in enumerate(order)}
    roll = _roll(notes, [hues.get(title) for title in found], len(notes), 26 + 18 * _lines(order))
    frame = Frame(
        svg.picture(
            WIDTH, 26 + 18 * _lines(order) + HIGH + 24, sentence, *_legend(order, hues), *roll
        ),
        sentence,
    )
    sound = synthesise(notes, beats_per_minute=tempo)
    label = f"{len(sound) / RATE_OF_SOUND:.1f} seconds of music"
    return heard(frame, player(sound, RATE_OF_SOUND, label, sample_width=2))


def _lines(order: Sequence[str]) -> int:
    return max(1, -(-len(order) // 4))


def _legend(order: Sequence[str], hues: dict[str, str]) -> list[svg.Element]:
    parts = []
    for i, title in enumerate(order):
        x, y = LEFT + (i % 4) * 186.0, 8.0 + (i // 4) * 18
        box = svg.rect(x, y, 12, 10, rx=2, fill=hues[title])
        words = svg.fit_text(title, 165, 12)
        parts.append(svg.group(box, svg.text(x + 17, y + 10, words, class_="rnn-small")))
    return parts


def note_by_note(model: Generator, x: Array, words: Sequence[str], *, longest: int = 70) -> Stepper:
    """Return a stepper: the tune that a network plays greedily, one note a frame.

    x (1, 1) is what it starts from; `words` are the notes' names, of which the first is END. Each
    frame shows the notes so far, the state, and the most probable next notes.
    """
    written = greedy(model, x, longest)
    trace = model.forward(x, written)
    p = softmax(trace.y[:, 0])
    notes = [words[int(word)] for word in written[:, 0] if word != END]
    frames = []
    for t in range(len(written) + 1):
        sentence = _sentence(t, len(written), notes, p, words)
        parts = _roll(notes, [None] * len(notes), min(t, len(notes)), 10.0)
        if t:
            best = np.argsort(-p[t - 1], kind="stable")[:BEST]
            names = [words[int(i)] for i in best]
            parts.append(svg.text(420, 196, "note " + str(t), class_="rnn-small"))
            parts.append(probability_bars(400, 204, 380, names, p[t - 1][best], label_width=70))
            parts.append(svg.text(LEFT, 196, *svg.symbol("a", t), class_="rnn-small"))
            parts.append(units(LEFT, 204, 330, 108, trace.a[t - 1, 0], f"a_{t}"))
        frames.append(Frame(svg.picture(WIDTH, 336, sentence, *parts), sentence))
    return Stepper(frames, milliseconds=400)


def _sentence(t: int, T: int, notes: Sequence[str], p: Array, words: Sequence[str]) -> str:
    if t == 0:
        return "t = 0: nothing is played yet."
    best = np.argsort(-p[t - 1], kind="stable")[:2]
    first, second = (words[int(i)] for i in best)
    share = 100 * p[t - 1][best]
    reads = "reads what it was given" if t == 1 else f"reads its own note {notes[t - 2]}"
    return (
        f"t = {t} of {T}: {reads} and plays {first} ({svg.number(share[0], 0)} %); next comes "
        f"{second} ({svg.number(share[1], 0)} %)."
    )


def _roll(
    notes: Sequence[str], hues: Sequence[str | None], known: int, top: float
) -> list[svg.Element]:
    """Notes as bars: time to the right, pitch upward; only the first `known` are drawn."""
    total = max(1.0, sum(map(beats, notes)))
    width = min(24.0, (WIDTH - LEFT - 8) / total)
    semitone = HIGH / (HIGHEST - LOWEST)
    parts = []
    for p, name in ((60, "C"), (67, "G"), (72, "c"), (79, "g")):
        y = top + (HIGHEST - p) * semitone
        line = svg.element("line", x1=LEFT, x2=WIDTH - 8.0, y1=y, y2=y, class_="rnn-cell")
        parts.append(svg.group(line, svg.text(LEFT - 8, y + 4, name, class_="rnn-end rnn-small")))
    x = LEFT
    for i, (note, hue) in enumerate(zip(notes, hues, strict=True)):
        long = width * beats(note)
        y = top + (HIGHEST - pitch(note)) * semitone - 4
        fill = {"fill": hue} if hue else {"fill": "currentColor", "fill_opacity": "0.45"}
        bar = svg.rect(x + 0.5, y, max(1.5, long - 1), 8, rx=2, **fill)
        if i < known:
            title = svg.element("title", f"note {i + 1}: {note}")
            now = "rnn-now" if i == known - 1 else None
            parts.append(svg.group(title, bar, class_=now, data_note=i + 1))
        x += long
    return parts
