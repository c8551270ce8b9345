"""Recall the first letter after T steps: random letters that measure how far a memory reaches.

The first letter is one of A, B, C, D, all later ones are drawn from w, x, y, z and mean nothing.
After the last step the network names the first letter; a guess is right in 1 of 4. Test sequences
are drawn with another seed: for T above about 10 hardly any of them stands in training.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from rnn_core.cells import RNNCell, generator
from rnn_core.models import SequenceModel
from rnn_core.parameters import Array
from rnn_core.tasks.table import Row, processor_seconds
from rnn_core.training import GRID, Adam, History, fit, minibatches
from rnn_core.wiring import many_to_one

FIRST, LATER = "ABCD", "wxyz"
LETTERS = FIRST + LATER
CHANCE = 1 / len(FIRST)
N_H = 24
N_TRAIN, N_TEST = 4000, 1000
STEPS, BATCH_SIZE, RATE = 500, 16, 3e-3
STARTS = ("tanh, small", "tanh, orthogonal", "relu, identity")
"""The activation, and how `W` begins; "relu, identity" is the IRNN of Le, Jaitly and Hinton."""


class Data(NamedTuple):
    """Sequences x (T, N, 8) of one-hot letters; targets (N,): the first letter, 0 to 3."""

    x: Array
    targets: Array


def draw(n: int, T: int, rng: np.random.Generator | int = 0) -> Data:
    """Return n random sequences of T letters with their first letters."""
    rng = generator(rng)
    letters = rng.integers(len(FIRST), len(LETTERS), (T, n))
    letters[0] = rng.integers(0, len(FIRST), n)
    return Data(np.eye(len(LETTERS))[letters], letters[0])


def words(data: Data, number: int) -> str:
    """Return one sequence as letters."""
    return "".join(LETTERS[i] for i in data.x[:, number].argmax(axis=-1))


def network(start: str, seed: int = 0) -> SequenceModel:
    """Return the untrained network with one of the STARTS.

    "small": entries of `W` normal, with a spectral radius of about 0.5. "orthogonal": all
    eigenvalues on the unit circle. "identity": `W` is the identity, `b` is zero, `Wxh` is small.
    Source of the last: Le, Jaitly and Hinton, "A simple way to initialize recurrent networks of
    rectified linear units", arXiv:1504.00941 (2015).
    Raises ValueError for another start.
    """
    if start not in STARTS:
        raise ValueError(f"start is {start!r}, expected one of {', '.join(map(repr, STARTS))}.")
    activation, _, kind = start.partition(", ")
    rng = np.random.default_rng(seed)
    cell = RNNCell(len(LETTERS), N_H, activation=activation, rng=rng)  # W starts orthogonal
    if kind == "small":
        cell.W = 0.5 * rng.standard_normal((N_H, N_H)) / np.sqrt(N_H)
    if kind == "identity":
        cell.W, cell.Wxh = np.eye(N_H), 0.1 * cell.Wxh
    return SequenceModel(cell, len(FIRST), many_to_one, rng=rng)


def train(
    model: SequenceModel,
    T: int,
    seed: int = 0,
    *,
    steps: int = STEPS,
    rate: float = RATE,
    watch: Callable[[History, int], None] | None = None,
) -> History:
    """Train a network to recall over T steps, and return what happened."""
    batches = minibatches(*draw(N_TRAIN, T, rng=seed), size=BATCH_SIZE, rng=seed)
    return fit(model, batches, steps=steps, optimizer=Adam(rate), grid=GRID, watch=watch)


def scores(
    start: str,
    lengths: Iterable[int],
    seeds: Iterable[int] = range(3),
    *,
    steps: int = STEPS,
    rate: float = RATE,
    watch: Callable[[History, int], None] | None = None,
) -> dict[int, list[float]]:
    """Train once for each length T and seed; return the shares recalled, one list for each T."""
    found: dict[int, list[float]] = {}
    seeds = list(seeds)
    for T in lengths:
        test = draw(N_TEST, T, rng=1000 + T)
        found[T] = []
        for seed in seeds:
            model = network(start, seed)
            train(model, T, seed, steps=steps, rate=rate, watch=watch)
            found[T].append(model.accuracy(*test))
    return found


def rows(seeds: int) -> Iterator[Row]:
    """Yield the rows of notebook 06: how far back each start can recall."""
    for start in STARTS:
        size = network(start).parameters.vector.size
        for T in (10, 20, 40, 80):
            seconds, found = [], []
            test = draw(N_TEST, T, rng=1000 + T)
            for seed in range(seeds):
                model = network(start, seed)
                seconds.append(processor_seconds(partial(train, model, T, seed)))
                found.append(model.accuracy(*test))
            yield Row("recall the first letter (06)", start, size, seconds, f"T = {T}", found, "25")
