"""Tunes, note by note: a network that goes on from a title, or from a first note alone.

27 melodies in the public domain are learned and six are held out; all were written down by hand
(`data/melodies.txt`), in the subset of ABC notation that the file explains. A note is one word:
pitch and length together, such as "E3/2". What a network learns of 27 tunes is these tunes: played
from a title they come out note for note, and that is memory, not music. The held-out tunes show
what is left beyond it.
Source of the notation: the abc music standard 2.1 (2011), section 4, https://abcnotation.com/wiki.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rnn_core.cells import RNNCell
from rnn_core.checks import check_positive
from rnn_core.decoding import greedy, sample, sequences
from rnn_core.generators import OneToMany, until_end
from rnn_core.layers import Embedding
from rnn_core.losses import softmax
from rnn_core.parameters import Array
from rnn_core.tasks.table import Row, trained
from rnn_core.tasks.vocabulary import Vocabulary
from rnn_core.training import GRID, Adam, History, fit, minibatches

FILE = Path(__file__).with_name("data") / "melodies.txt"
END_WORD = "<end>"
N_X, N_H, STEPS, BATCH_SIZE, RATE = 16, 96, 600, 18, 3e-3
LONGEST = 80
RATE_OF_SOUND = 8000
"""Samples per second."""
_NOTE = re.compile(r"([_^]?)([A-Ga-g])([,']*)(\d*)(/\d+)?")
_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


class Tune(NamedTuple):
    """A melody: its title, where it comes from, and its notes."""

    title: str
    origin: str
    notes: tuple[str, ...]
    held_out: bool


@cache
def tunes() -> tuple[Tune, ...]:
    """Return all tunes, the held-out ones last."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return tuple(_tune(line) for line in lines if line and not line.startswith("#"))


def _tune(line: str) -> Tune:
    title, origin, notes = line.split(" | ", 2)
    held_out = title.startswith("held out: ")
    words = tuple(notes.replace("|", " ").split())
    for word in words:
        pitch(word)
    return Tune(title.removeprefix("held out: "), origin, words, held_out)


def pitch(note: str) -> int:
    """Return a note's pitch in semitones, 60 for middle C; raise ValueError where it is no note."""
    sign, letter, octaves, _, _ = _parts(note)
    up = 12 * (letter.islower() + octaves.count("'") - octaves.count(","))
    return 60 + _SEMITONES[letter.upper()] + {"": 0, "^": 1, "_": -1}[sign] + up


def beats(note: str) -> float:
    """Return a note's length in quarter notes; raise ValueError where it is no note."""
    _, _, _, times, divided = _parts(note)
    return float(times or 1) / float(divided[1:] if divided else 1)


def _parts(note: str) -> tuple[str, ...]:
    found = _NOTE.fullmatch(note)
    if found is None:
        raise ValueError(f"{note!r} is no note, expected one such as C, ^F, G,2 or e3/2.")
    return found.groups()


@cache
def vocabulary() -> Vocabulary:
    """Return the words that the network writes: END and every note of any tune."""
    notes = {note for tune in tunes() for note in tune.notes}
    return Vocabulary((END_WORD, *sorted(notes, key=lambda note: (pitch(note), beats(note)))))


def learned() -> tuple[Tune, ...]:
    """Return the tunes that training uses."""
    return tuple(tune for tune in tunes() if not tune.held_out)


@cache
def starts() -> Vocabulary:
    """Return what the network can be given: a title it learned, or a first note."""
    return Vocabulary((*(tune.title for tune in learned()), *vocabulary().words[1:]))


def encode(chosen: Sequence[Tune], *, by_title: bool) -> tuple[Array, Array]:
    """Return tunes as x (1, N), the start's number, and targets (K, N), the notes and END."""
    x = starts().encode([tune.title if by_title else tune.notes[0] for tune in chosen])
    targets, _ = vocabulary().encode_batch([*tune.notes, END_WORD] for tune in chosen)
    return np.array([x]), targets


def network(seed: int = 0, n_h: int = N_H) -> OneToMany:
    """Return the untrained network, with n_h units."""
    rng = np.random.default_rng(seed)
    source = Embedding(len(starts()), N_X, rng=rng)
    return OneToMany(source, RNNCell(N_X, n_h, rng=rng), len(vocabulary()), rng=rng)


def train(
    model: OneToMany,
    seed: int = 0,
    *,
    steps: int = STEPS,
    watch: Callable[[History, int], None] | None = None,
) -> History:
    """Train a network on every tune twice: from its title, and from its first note."""
    batches = minibatches(*_both(), size=BATCH_SIZE, rng=seed)
    return fit(model, batches, steps=steps, optimizer=Adam(RATE), grid=GRID, watch=watch)


def _both() -> tuple[Array, Array]:
    x, targets = encode(learned(), by_title=True)
    first, _ = encode(learned(), by_title=False)
    return np.concatenate([x, first], axis=1), np.concatenate([targets, targets], axis=1)


def note_perfect(model: OneToMany) -> list[str]:
    """Return the titles of the learned tunes that greedy decoding plays without a wrong note."""
    chosen = learned()
    x, _ = encode(chosen, by_title=True)
    played = sequences(greedy(model, x, LONGEST))
    decode = vocabulary().decode
    return [
        tune.title
        for tune, words in zip(chosen, played, strict=True)
        if tuple(decode(words)) == tune.notes
    ]


def play(
    model: OneToMany, start: str, *, temperature: float = 0.0, seed: int = 0
) -> tuple[str, ...]:
    """Return the notes that a network plays from a title or a first note.

    Temperature 0 is greedy. Raises ValueError for an unknown start or a negative temperature.
    """
    x = np.array([starts().encode([start])])
    if temperature == 0:
        words = greedy(model, x, LONGEST)
    else:
        check_positive("temperature", temperature)
        words = sample(model, x, LONGEST, temperature=temperature, rng=seed)
    return tuple(vocabulary().decode(sequences(words)[0]))


def bits_per_note(model: OneToMany, chosen: Sequence[Tune]) -> float:
    """Return the mean of -log2 p over the notes after the first, and END, given the first note."""
    x, targets = encode(chosen, by_title=False)
    p = softmax(model.forward(x, targets).y)
    at_target = np.take_along_axis(p, targets[..., None], axis=2)[..., 0]
    counts = until_end(targets)
    counts[0] = False
    return float(-np.log2(at_target[counts]).mean())


def n_gram_bits(n: int, chosen: Sequence[Tune]) -> float:
    """Return the same for counting: how often a note follows the n - 1 notes before it (n 1 or 2).

    The counts of a pair lean on those of the single note where they are few (half a count for
    each), those of the single note on an even guess.
    """
    words = [(*tune.notes, END_WORD) for tune in learned()]
    single = Counter(word for tune in words for word in tune[1:])
    pairs = Counter(pair for tune in words for pair in pairwise(tune))
    before = Counter(word for tune in words for word in tune[:-1])
    total = single.total()

    def p(word: str, last: str) -> float:
        alone = (single[word] + 0.5) / (total + 0.5 * len(vocabulary()))
        if n == 1:
            return alone
        few = 0.5 * len(vocabulary()) * 0.1
        return (pairs[last, word] + few * alone) / (before[last] + few)

    asked = [(*tune.notes, END_WORD) for tune in chosen]
    steps = [step for tune in asked for step in pairwise(tune)]
    return sum(-math.log2(p(word, last)) for last, word in steps) / len(steps)


class Checkpoint(NamedTuple):
    """How many updates, and the bits per note on the learned and on the held-out tunes."""

    steps: int
    learned: float
    held_out: float


def overfitting(
    seed: int = 0,
    *,
    n_h: int = N_H,
    steps: int = STEPS,
    every: int = 20,
    watch: Callable[[History, int], None] | None = None,
) -> tuple[OneToMany, list[Checkpoint]]:
    """Train a network, and measure it on both sets as it goes; return it with what was measured."""
    model = network(seed, n_h)
    held_out = [tune for tune in tunes() if tune.held_out]
    found: list[Checkpoint] = []

    def measure(history: History, total: int) -> None:
        if history.steps % every == 0 or history.steps == 1:
            point = Checkpoint(
                history.steps, bits_per_note(model, learned()), bits_per_note(model, held_out)
            )
            found.append(point)
        if watch is not None:
            watch(history, total)

    train(model, seed, steps=steps, watch=measure)
    return model, found


def origins(notes: Sequence[str], *, least: int = 4) -> list[str]:
    """Return for each note the learned tune that its surroundings come from, "" for none.

    A note belongs to the longest run of at least `least` notes around it that a learned tune has.
    """
    found = [""] * len(notes)
    longest = [0] * len(notes)
    for tune in learned():
        for start in range(len(notes)):
            for size in _runs(tune.notes, notes[start:], least):
                for i in range(start, start + size):
                    if size > longest[i]:
                        found[i], longest[i] = tune.title, size
    return found


def _runs(tune: Sequence[str], notes: Sequence[str], least: int) -> Iterator[int]:
    """Yield how many of the notes agree with the tune from each of its places on."""
    for place in range(len(tune)):
        size = 0
        while size < len(notes) and place + size < len(tune) and tune[place + size] == notes[size]:
            size += 1
        if size >= least:
            yield size


def synthesise(notes: Sequence[str], *, beats_per_minute: float = 150.0) -> Array:
    """Return the notes as sound (samples,) from -1 to 1, at RATE_OF_SOUND samples a second.

    Each note is a sum of four sines whose loudness falls, as of a string that is plucked.
    Raises ValueError where something is no note, or the tempo is not above 0.
    """
    check_positive("beats_per_minute", beats_per_minute)
    sounds = []
    for note in notes:
        t = np.arange(int(RATE_OF_SOUND * 60 / beats_per_minute * beats(note))) / RATE_OF_SOUND
        frequency = 440.0 * 2 ** ((pitch(note) - 69) / 12)
        wave = sum(
            np.sin(2 * np.pi * k * frequency * t) * np.exp(-(2.0 + 1.5 * k) * t) / k
            for k in range(1, 5)
        )
        # A short way in and out, so that no note clicks.
        edge = np.clip(np.minimum(t, t[-1] - t) / 0.008, 0, 1)
        sounds.append(0.5 * wave * edge)
    return np.concatenate(sounds) if sounds else np.zeros(0)


def rows(seeds: int) -> Iterator[Row]:
    """Yield the rows of notebook 08b: memory, and what is left of it on tunes never heard."""
    models, seconds = trained(network, train, seeds)
    size = models[0].parameters.vector.size
    found = [len(note_perfect(model)) / len(learned()) for model in models]
    test = "learned tunes note-perfect"
    yield Row("tunes from their title (08b)", "plain RNN", size, seconds, test, found, "memory")
