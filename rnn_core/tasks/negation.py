"""Short phrases of praise and blame that "not" turns round: "i am not at all rude" is praise.

All phrases are generated from a small grammar of eighteen words, one to seven of them to a phrase:
who ("i am"), a turn ("very", "not", "not at all"), one of six adjectives, and when ("today").
Three in five phrases are turned round by "not", so no single word tells the class. The split
is random: a score near 100 % says that a network has learned this grammar, and nothing of English.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import NamedTuple

import numpy as np

from rnn_core.cells import RNNCell
from rnn_core.models import Model, SequenceModel
from rnn_core.parameters import Array
from rnn_core.tasks.table import Row, trained
from rnn_core.tasks.vocabulary import Vocabulary
from rnn_core.training import GRID, SGD, History, fit, minibatches
from rnn_core.wiring import many_to_one

CLASSES = ("blame", "praise")
PRAISE, BLAME = ("good", "kind", "happy"), ("bad", "rude", "sad")
WHO, WHEN = ("", "i am", "this is", "it was"), ("", "today", "again")
TURNS = ("", "very", "not", "not very", "not at all")
_OTHERS = ("i", "am", "this", "is", "it", "was", "very", "not", "at", "all", "today", "again")
VOCABULARY = Vocabulary((*PRAISE, *BLAME, *_OTHERS))

N_TRAIN, N_H = 150, 6
STEPS, BATCH_SIZE, RATE = 3000, 8, 0.2


class Phrase(NamedTuple):
    """A phrase and its class, 0 for blame and 1 for praise."""

    text: str
    target: int


class Encoded(NamedTuple):
    """Phrases as arrays: one-hot words x (T, N, n_x), targets (N,), mask (T, N)."""

    x: Array
    targets: Array
    mask: Array


def phrases() -> list[Phrase]:
    """Return every phrase of the grammar."""
    found = []
    for who, turn, adjective, when in product(WHO, TURNS, PRAISE + BLAME, WHEN):
        text = " ".join(f"{who} {turn} {adjective} {when}".split())
        found.append(Phrase(text, int((adjective in PRAISE) != turn.startswith("not"))))
    return found


def splits() -> dict[str, list[Phrase]]:
    """Return "train" and "test": all phrases, in an order drawn once."""
    everything = phrases()
    order = np.random.default_rng(0).permutation(len(everything))
    drawn = [everything[i] for i in order]
    return {"train": drawn[:N_TRAIN], "test": drawn[N_TRAIN:]}


def encode(some: list[Phrase]) -> Encoded:
    """Return phrases as arrays; raise ValueError where there is none, or a word is unknown."""
    tokens, mask = VOCABULARY.encode_batch(phrase.text for phrase in some)
    return Encoded(one_hot(tokens), np.array([phrase.target for phrase in some]), mask)


def one_hot(tokens: Array) -> Array:
    """Return tokens (T, N) as one-hot vectors (T, N, n_x)."""
    return np.asarray(np.eye(len(VOCABULARY))[tokens])


def cell(seed: int = 0) -> RNNCell:
    """Return the untrained cell."""
    return RNNCell(len(VOCABULARY), N_H, rng=seed)


def rnn(seed: int = 0) -> SequenceModel:
    """Return the untrained network: it reads word by word and answers at the end."""
    return SequenceModel(cell(seed), len(CLASSES), many_to_one, rng=seed)


def train(
    model: Model,
    seed: int = 0,
    *,
    steps: int = STEPS,
    watch: Callable[[History, int], None] | None = None,
) -> History:
    """Train a network on the training phrases, and return what happened."""
    batches = minibatches(*encode(splits()["train"]), size=BATCH_SIZE, rng=seed)
    optimizer = SGD(RATE)
    return fit(model, batches, steps=steps, optimizer=optimizer, grid=GRID, watch=watch)


def rows(seeds: int) -> Iterator[Row]:
    """Yield the row of notebook 14: the network with the correct gradient."""
    models, seconds = trained(rnn, train, seeds)
    test, size = encode(splits()["test"]), models[0].parameters.vector.size
    found = [model.accuracy(*test) for model in models]
    yield Row(
        '"not" turns praise round (14)', "plain RNN", size, seconds, "new phrases", found, "50"
    )
