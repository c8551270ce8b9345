"""Recall the first letter after T steps: random letters that measure how far a memory reaches.

The first letter is one of A, B, C, D, all later ones are drawn from w, x, y, z and mean nothing.
After the last step the network names the first letter; a guess is right in 1 of 4. Test sequences
are drawn with another seed: for T above about 10 hardly any of them stands in training.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import product
from typing import NamedTuple

import numpy as np

from rnn_core.cells import Cell, GRUCell, LSTMCell, RNNCell, generator
from rnn_core.models import SequenceModel
from rnn_core.parameters import Array
from rnn_core.tasks.table import Row, trained
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
GATED_STARTS = ("GRU, bias 0", "GRU, bias 4", "LSTM, bias 1", "LSTM, bias 5")
"""The cell, and the bias of the gate that keeps its state: u in the GRU, f in the LSTM."""


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


def encode(words: str) -> Array:
    """Return a sequence of the letters as one-hot x (T, 1, 8); raise ValueError for another."""
    other = [letter for letter in words if letter not in LETTERS]
    if other or not words:
        given = f"the letter {other[0]!r} is unknown" if other else "the sequence is empty"
        raise ValueError(f"{given}, expected letters of {LETTERS}.")
    return np.eye(len(LETTERS))[[LETTERS.index(letter) for letter in words]][:, None]


def network(start: str, seed: int = 0, *, n_h: int = N_H) -> SequenceModel:
    """Return the untrained network with one of the STARTS, or a gated one: "GRU, bias 4".

    "small": entries of `W` normal, with a spectral radius of about 0.5. "orthogonal": all
    eigenvalues on the unit circle. "identity": `W` is the identity, `b` is zero, `Wxh` is small.
    "GRU" and "LSTM" take any number as the bias of their gate u or f; all else is as every gated
    cell starts.
    Source of the identity: Le, Jaitly and Hinton, "A simple way to initialize recurrent networks
    of rectified linear units", arXiv:1504.00941 (2015). Source of the bias: Gers, Schmidhuber and
    Cummins, "Learning to forget", Neural Computation 12 (2000).
    Raises ValueError for another start.
    """
    rng = np.random.default_rng(seed)
    cell = _gated(start, n_h, rng) if ", bias " in start else _plain(start, n_h, rng)
    return SequenceModel(cell, len(FIRST), many_to_one, rng=rng)


def _plain(start: str, n_h: int, rng: np.random.Generator) -> Cell:
    if start not in STARTS:
        known = ", ".join(map(repr, STARTS + GATED_STARTS))
        raise ValueError(f"start is {start!r}, expected one of {known}.")
    activation, _, kind = start.partition(", ")
    cell = RNNCell(len(LETTERS), n_h, activation=activation, rng=rng)  # W starts orthogonal
    if kind == "small":
        cell.W = 0.5 * rng.standard_normal((n_h, n_h)) / np.sqrt(n_h)
    if kind == "identity":
        cell.W, cell.Wxh = np.eye(n_h), 0.1 * cell.Wxh
    return cell


def _gated(start: str, n_h: int, rng: np.random.Generator) -> Cell:
    name, _, bias = start.partition(", bias ")
    kinds: dict[str, tuple[type[GRUCell | LSTMCell], str]]
    kinds = {"GRU": (GRUCell, "u"), "LSTM": (LSTMCell, "f")}
    try:
        (kind, gate), keep = kinds[name], float(bias)
    except (KeyError, ValueError):
        keep = np.nan
    if not np.isfinite(keep):
        known = ", ".join(map(repr, GATED_STARTS))
        raise ValueError(f"start is {start!r}, expected one such as {known}.")
    cell = kind(len(LETTERS), n_h, rng=rng)
    cell.b[cell.block(gate)] = keep
    return cell


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
    return _rows("recall the first letter (06)", STARTS, (10, 20, 40, 80), seeds)


def gated_rows(seeds: int) -> Iterator[Row]:
    """Yield the rows of notebook 13: how far back gates can recall, beside the plain cell."""
    starts = ("tanh, orthogonal", *GATED_STARTS)
    return _rows("recall the first letter (13)", starts, (20, 40, 60), seeds)


def _rows(task: str, starts: Iterable[str], lengths: Iterable[int], seeds: int) -> Iterator[Row]:
    for start, T in product(starts, lengths):

        def train_here(model: SequenceModel, seed: int, T: int = T) -> History:
            return train(model, T, seed)

        models, seconds = trained(partial(network, start), train_here, seeds)
        size, test = models[0].parameters.vector.size, draw(N_TEST, T, rng=1000 + T)
        found = [model.accuracy(*test) for model in models]
        yield Row(task, start, size, seconds, f"T = {T}", found, "25")
