"""Has "ab" just ended? Random letters in which "ab" stands early in training, later in the test.

At each step the network says whether the last two letters were "ab". The letters are random and
uniform but for one rule: "ab" occurs at the places given and nowhere else. The task has no use
of its own; it asks one thing: is what was learned at one place known at another? `at_all`
makes of the same sequences a harder task with one answer at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from rnn_core.cells import RNNCell, generator
from rnn_core.models import SequenceModel
from rnn_core.parameters import Array
from rnn_core.tasks.table import Row, trained
from rnn_core.training import GRID, Adam, History, Trainable, fit, minibatches
from rnn_core.untied import Untied
from rnn_core.wiring import Wiring, many_to_many, many_to_one

LETTERS = "abcd"
T, N_H = 10, 12
EARLY = (2, 3, 4, 5)
"""The steps at which "ab" ends in training."""
N_TRAIN, N_TEST = 2000, 2000
STEPS, BATCH_SIZE = 1000, 32


class Data(NamedTuple):
    """Sequences x (T, N, 4) of one-hot letters; targets (T, N): 1 where "ab" has just ended."""

    x: Array
    targets: Array


def draw(
    n: int,
    ends: Iterable[int] | None = None,
    *,
    T: int = T,
    rng: np.random.Generator | int = 0,
) -> Data:
    """Return n sequences of T random letters in which "ab" ends at the steps `ends` alone.

    Without `ends`, it may end at every step, 2 to T. Raises ValueError for an end elsewhere.
    """
    rng = generator(rng)
    allowed = np.zeros(T + 1, bool)
    ends = list(range(2, T + 1) if ends is None else ends)
    if not ends or min(ends) < 2 or max(ends) > T:
        raise ValueError(f"ends are {ends}, expected numbers from 2 to {T}.")
    allowed[ends] = True
    letters = rng.integers(0, len(LETTERS), (T, n))
    while (bad := (_ends(letters) & ~allowed[1:, None]).any(axis=0)).any():
        letters[:, bad] = rng.integers(0, len(LETTERS), (T, int(bad.sum())))
    return Data(np.eye(len(LETTERS))[letters], _ends(letters).astype(int))


def _ends(letters: Array) -> Array:
    """Return (T, n): true where this letter is b and the one before was a."""
    ends = np.zeros(letters.shape, bool)
    ends[1:] = (letters[:-1] == 0) & (letters[1:] == 1)
    return ends


def encode(text: str) -> Array:
    """Return the letters of a text as x (T, 1, 4); raise ValueError for a letter but a to d."""
    unknown = sorted(set(text) - set(LETTERS))
    if unknown or not text:
        raise ValueError(f"the text is {text!r}, expected letters from {', '.join(LETTERS)} alone.")
    x: Array = np.eye(len(LETTERS))[[LETTERS.index(letter) for letter in text]][:, None]
    return x


def words(data: Data, number: int) -> str:
    """Return one sequence as letters."""
    return "".join(LETTERS[i] for i in data.x[:, number].argmax(axis=-1))


def at_all(data: Data) -> tuple[Array, Array]:
    """Return x and one target for each sequence, (N,): 1 where "ab" occurs at all."""
    return data.x, data.targets.max(axis=0)


def tied(seed: int = 0, wiring: Callable[[int], Wiring] = many_to_many) -> SequenceModel:
    """Return the untrained recurrent network, by default with an answer at every step."""
    rng = np.random.default_rng(seed)
    return SequenceModel(RNNCell(len(LETTERS), N_H, rng=rng), 2, wiring, rng=rng)


def judge(seed: int = 0) -> SequenceModel:
    """Return the untrained network for `at_all`: one answer, after the last step."""
    return tied(seed, many_to_one)


def untied(seed: int = 0) -> Untied:
    """Return T copies of the untrained network, equal to `tied` with the same seed."""
    return Untied(tied(seed), T)


def train(
    model: Trainable,
    seed: int = 0,
    *,
    data: tuple[Array, Array] | None = None,
    steps: int = STEPS,
    watch: Callable[[History, int], None] | None = None,
) -> History:
    """Train a network by the recipe of this task, on early motifs unless other data are given."""
    data = draw(N_TRAIN, EARLY, rng=seed) if data is None else data
    batches = minibatches(*data, size=BATCH_SIZE, rng=seed)
    return fit(model, batches, steps=steps, optimizer=Adam(1e-2), grid=GRID, watch=watch)


def noticed(model: SequenceModel | Untied, data: Data) -> tuple[Array, Array]:
    """Return by step, (T,): the share of "ab" that was noticed, and the share of false alarms.

    Where no "ab" ends at a step, its share is nan.
    """
    said, true = model.predict(data.x) == 1, data.targets == 1
    with np.errstate(invalid="ignore"):
        right = (said & true).sum(axis=1) / true.sum(axis=1)
        wrong = (said & ~true).sum(axis=1) / (~true).sum(axis=1)
    return right, wrong


def rows(seeds: int) -> Iterator[Row]:
    """Yield the rows of notebook 04: a pattern learned early, tested early and late."""
    builds: dict[str, Callable[[int], SequenceModel | Untied]] = {
        "tied (plain RNN)": tied,
        "untied copies": untied,
    }
    tests = {"steps 2 to 5": range(2, 6), "steps 6 to 10": range(6, 11)}
    for name, build in builds.items():
        models, seconds = trained(build, train, seeds)
        size = models[0].parameters.vector.size
        for test, ends in tests.items():
            seen = [noticed(model, draw(N_TEST, ends, rng=1000))[0] for model in models]
            found = [float(right[[end - 1 for end in ends]].min()) for right in seen]
            task = '"ab" noticed, trained on steps 2 to 5 (04)'
            yield Row(task, name, size, seconds, test, found, "0 for always no")
