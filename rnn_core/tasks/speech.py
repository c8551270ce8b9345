"""Which sound is which digit? Strings of one to four spoken digits, "four seven one".

The recordings are generated: `tools/make_spoken_digits.py` had free speech synthesisers speak the
ten digits in 48 voices. 39 are those of eSpeak NG, which computes a voice from scratch (a GPL
program, whose output its licence does not cover); seven of Flite (rms, slt, awb and kal, some of
them twice, at two speeds) and two of Festival (ked) are built from recordings of real speakers by
Carnegie Mellon University and the University of Edinburgh, under licences like BSD. Nine voices
are held out. A score on them says how a network does on new synthetic voices; what it makes of
people is another matter, and `python -m rnn_core.tasks.speech FOLDER` measures it on recordings
such as the Free Spoken Digit Dataset (https://github.com/Jakobovski/free-spoken-digit-dataset).
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rnn_core.cells import RNNCell
from rnn_core.ctc import ctc
from rnn_core.decoding import best_path, error_rate
from rnn_core.models import Bidirectional, Model, SequenceModel
from rnn_core.parameters import Array
from rnn_core.tasks.sound import SoundError, unpack
from rnn_core.tasks.table import Row, trained
from rnn_core.tasks.voices import (
    N_X,
    Heard,
    RoughStrings,
    Speaker,
    hear,
    load_recordings,
    say,
    strings,
)
from rnn_core.training import GRID, Adam, Batch, History, fit

FILE = Path(__file__).with_name("data") / "spoken_digits.npz"
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
CLASSES = ("-", *(str(digit) for digit in range(10)))
"""What the classes stand for: class 0 is the blank, class d + 1 the digit d."""

N_H, STEPS, RATE = 64, 1100, 7e-3
STEPS_RECORDED = 2500
"""People differ more than synthetic voices do: with their recordings, training takes longer."""
CURRICULUM = ((0.2, 1), (0.4, 2), (1.0, 4))
"""Up to this share of the training, strings have at most so many digits."""
BATCH_SIZES = {1: 48, 2: 32, 3: 24, 4: 20}
"""How many strings are in a batch, by their number of digits."""
NATURAL, RECORDED = 2.0, 12.0
"""How often a voice built from recordings, or a person, is drawn for one of eSpeak NG."""


@cache
def all_voices() -> dict[str, Speaker]:
    """Return the 48 synthetic voices by name, each with one recording of each digit."""
    with np.load(FILE) as file:
        names, lengths, codes = (file[name] for name in ("voices", "lengths", "codes"))
    sounds = unpack(codes, lengths.ravel())
    return {str(name): [[s] for s in sounds[10 * i : 10 * i + 10]] for i, name in enumerate(names)}


def splits() -> dict[str, list[str]]:
    """Return the names of the voices "train" and "held out"."""
    names = list(all_voices())
    espeak = [name for name in names if name.startswith("espeak")]
    held_out = [*espeak[3::5], "flite rms"]
    return {"train": [name for name in names if name not in held_out], "held out": held_out}


def network(seed: int = 0) -> Bidirectional:
    """Return the untrained network: two plain cells, one from each end, and CTC as the loss."""
    rng = np.random.default_rng(seed)
    return Bidirectional(_cell(rng), _cell(rng), len(CLASSES), rng=rng, loss=ctc)


def left_to_right(seed: int = 0) -> SequenceModel:
    """Return the untrained network that hears only the past."""
    rng = np.random.default_rng(seed)
    return SequenceModel(_cell(rng), len(CLASSES), rng=rng, loss=ctc)


def _cell(rng: np.random.Generator) -> RNNCell:
    cell = RNNCell(N_X, N_H, rng=rng)
    cell.W *= 0.7  # a state that forgets within a word, not within a step
    return cell


def lessons(
    seed: int = 0, recorded: Sequence[Speaker] = (), *, steps: int = STEPS
) -> Iterator[Batch]:
    """Yield the batches of a training: single digits first, then longer strings.

    `recorded` are speakers to learn from beside the synthetic voices.
    """
    names = splits()["train"]
    weights = [1.0 if name.startswith("espeak") else NATURAL for name in names]
    speakers = _voices("train")
    supply = RoughStrings(
        [*speakers, *recorded],
        [*weights, *[RECORDED] * len(recorded)],
        np.random.default_rng(1000 + seed),
    )
    for step in range(steps):
        longest = next(digits for share, digits in CURRICULUM if step < share * steps)
        size = int(supply.rng.integers(1, longest + 1))
        yield Batch(*supply.draw(BATCH_SIZES[size], size))


def train(
    model: Model,
    seed: int = 0,
    *,
    recorded: Sequence[Speaker] = (),
    steps: int = STEPS,
    watch: Callable[[History, int], None] | None = None,
) -> History:
    """Train a network by the recipe of this task and return what happened."""
    batches = lessons(seed, recorded, steps=steps)
    return fit(model, batches, steps=steps, optimizer=Adam(RATE), grid=GRID, watch=watch)


@cache
def test_strings(split: str = "held out", n: int = 300) -> Heard:
    """Return n strings of the voices of a split, always the same."""
    return strings(_voices(split), n, rng=2000)


def written(model: Model, x: Array, mask: Array | None = None) -> list[list[int]]:
    """Return the digits that a network hears in each string: the best path, collapsed."""
    return [[k - 1 for k in classes] for classes in best_path(model.forward(x, mask).y, mask)]


def digit_errors(model: Model, heard: Heard) -> float:
    """Return the insertions, deletions and substitutions, as a share of the digits spoken."""
    targets = [(column[column > 0] - 1).tolist() for column in heard.targets.T]
    return error_rate(written(model, heard.x, heard.mask), targets)


def nearest_template(heard: Heard, templates: Heard) -> float:
    """Return the share of single digits that are not those of the most similar template.

    The honest rival without a network: each recording holds one digit, and is compared with every
    template by dynamic time warping, the cheapest way to lay one along the other.
    Source: Sakoe and Chiba, IEEE Transactions on Acoustics, Speech, and Signal Processing 26
    (1978).
    """
    wrong = 0
    for b, length in enumerate(heard.mask.sum(axis=0)):
        distance = _warped_distance(heard.x[:length, b], templates)
        wrong += int(templates.targets[0, distance.argmin()] != heard.targets[0, b])
    return wrong / heard.mask.shape[1]


def _warped_distance(x: Array, templates: Heard) -> Array:
    """Return how far (T, N_X) is from each of N templates, for each step of the way, (N,)."""
    T, N = templates.mask.shape
    squares = (x * x).sum(axis=1)[:, None, None] + (templates.x**2).sum(axis=2)
    cost = np.sqrt(np.maximum(squares - 2 * np.tensordot(x, templates.x, (1, 2)), 0.0))
    total = np.full((T + 1, N), np.inf)
    total[0] = 0.0
    for step in cost:
        before, total = total, np.full((T + 1, N), np.inf)
        for t in range(1, T + 1):
            total[t] = step[t - 1] + np.minimum(np.minimum(before[t], before[t - 1]), total[t - 1])
    lengths = templates.mask.sum(axis=0)
    found: Array = total[lengths, np.arange(N)] / (len(x) + lengths)
    return found


def _single_digits(speakers: Iterable[Speaker]) -> Heard:
    """Return every recording of some speakers as a string of its own."""
    takes = [(d, take) for speaker in speakers for d in range(10) for take in speaker[d]]
    sounds = [say([[take]] * 10, [d], rng=i) for i, (d, take) in enumerate(takes)]
    return hear(sounds, [[d] for d, _ in takes])


@cache
def single_digits(split: str) -> Heard:
    """Return every recording of the voices of a split as a string of its own."""
    return _single_digits(_voices(split))


def _voices(split: str) -> list[Speaker]:
    return [all_voices()[name] for name in splits()[split]]


def rows(seeds: int) -> Iterator[Row]:
    """Yield the rows of notebook 11b: digits right on held-out voices, left to right and both."""
    tests, templates = (single_digits(split) for split in ("held out", "train"))
    baseline = nearest_template(tests, templates)
    rival = f"{100 * (1 - baseline):.1f} nearest template, digits cut out by hand"
    builds: dict[str, Callable[[int], Model]] = {
        "plain RNN": left_to_right,
        "bidirectional plain RNN": network,
    }
    for name, build in builds.items():
        models, seconds = trained(build, train, seeds)
        found = [1 - digit_errors(model, test_strings()) for model in models]
        size = models[0].parameters.vector.size
        yield Row("spoken digits (11b)", name, size, seconds, "held-out voices", found, rival)


class Person(NamedTuple):
    """Digit errors on one speaker: of the nearest template, and of networks from several starts.

    `alone` are those trained on the synthetic voices alone, `joined` those trained on these and
    on all the other people in the folder, but never on the speaker who is tested; `own` are
    trained on every second recording of this speaker too, and tested on the rest.
    """

    name: str
    template: float
    alone: list[float]
    joined: list[float]
    own: list[float]


def people(folder: str | Path, seeds: int) -> Iterator[Person]:
    """Yield what becomes of each speaker in a folder.

    `joined` is empty for a single speaker, `own` where some digit was recorded only once.
    """
    recorded = load_recordings(folder)
    heard = {name: strings([speaker], 300, rng=3000) for name, speaker in recorded.items()}
    trained = [network(seed) for seed in range(seeds)]
    for seed, model in enumerate(trained):
        train(model, seed)
    for name, speaker in recorded.items():
        others = [other for other in recorded.values() if other is not speaker]
        known, new = ([takes[start::2] for takes in speaker] for start in (0, 1))
        joined = _with_recordings(others, heard[name], seeds) if others else []
        own = []
        if all(new):
            own = _with_recordings([*others, known], strings([new], 300, rng=3000), seeds)
        template = nearest_template(_single_digits([speaker]), single_digits("train"))
        alone = [digit_errors(model, heard[name]) for model in trained]
        yield Person(name, template, alone, joined, own)


def _with_recordings(recorded: Sequence[Speaker], test: Heard, seeds: int) -> list[float]:
    """Return the digit errors of networks trained on the synthetic voices and on people."""
    errors = []
    for seed in range(seeds):
        model = network(seed)
        train(model, seed, recorded=recorded, steps=STEPS_RECORDED)
        errors.append(digit_errors(model, test))
    return errors


def main() -> None:
    """Print what networks make of the people in a folder."""
    parser = argparse.ArgumentParser(description="Measure digit errors on recordings of people.")
    parser.add_argument("folder", help="WAV files named {digit}_{speaker}_{number}.wav")
    parser.add_argument("--seeds", type=int, default=5, help="how many starts (default 5)")
    options = parser.parse_args()
    print(f"Digit errors in per cent, median of {options.seeds} starts [worst].\n")
    print("| speaker | nearest template | network | and other speakers | and the speaker's own |")
    print("|---|---|---|---|---|")
    try:
        for name, template, *found in people(options.folder, options.seeds):
            scores = " | ".join(_percent(shares) for shares in ([template], *found))
            print(f"| {name} | {scores} |", flush=True)
    except SoundError as error:
        sys.exit(str(error))


def _percent(shares: list[float]) -> str:
    if not shares:
        return "-"
    median = f"{100 * statistics.median(shares):.1f}"
    return median if len(shares) == 1 else f"{median} [{100 * max(shares):.1f}]"


if __name__ == "__main__":
    main()
