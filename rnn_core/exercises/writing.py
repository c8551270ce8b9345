"""The exercises on networks that write: what a decoder reads, which words count, the loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rnn_core.exercises.exercise import Exercise, Slip
from rnn_core.generators import until_end
from rnn_core.parameters import Array


def _targets(rng: np.random.Generator) -> Array:
    """Return targets (K, B) of unequal lengths, closed and padded by END = 0."""
    K, B = int(rng.integers(6, 9)), 4
    targets = rng.integers(1, 20, size=(K, B))
    for b, length in enumerate(rng.permutation([2, 3, K - 2, K - 1])):
        targets[length:, b] = 0
    return targets


def _decoder_inputs(targets: Array) -> Array:
    read = np.zeros_like(targets)
    read[1:] = targets[:-1]
    return read


def _cut(targets: Array) -> Array:
    return targets[:-1]


DECODER_INPUTS = Exercise(
    _decoder_inputs,
    lambda rng: {"targets": _targets(rng)},
    [
        Slip(
            lambda targets: targets,
            "each step reads the very word that it shall write. That is cheating: it would learn "
            "to copy, and in use there is nothing to copy. Step t reads word t-1.",
            "reads the answer",
        ),
        Slip(
            lambda targets: np.concatenate([targets[1:], targets[:1] * 0]),
            "this shifts the wrong way: step t reads word t+1, which is not written yet.",
            "shifted the wrong way",
        ),
        Slip(
            lambda targets: np.roll(targets, -1, axis=0),
            "this shifts the wrong way: step t reads word t+1, which is not written yet.",
            "rolled the wrong way",
        ),
        Slip(
            lambda targets: np.roll(targets, 1),
            "np.roll without an axis mixes the sentences; time is axis 0.",
            "rolled without an axis",
        ),
        Slip(
            _cut,
            "the first step is missing: it reads END, a row of zeros, and the result has as many "
            "rows as the targets.",
            "no first step",
        ),
        Slip(
            lambda targets: np.concatenate([targets[:1] * 0, targets]),
            "this has one row too many: the last word is never read, for nothing is written after "
            "it.",
            "one row too many",
        ),
        Slip(
            lambda targets: np.concatenate([targets[:, :1] * 0, targets[:, :-1]], axis=1),
            "this shifts along the batch, so each sentence reads its neighbour; time is axis 0.",
            "shifted along the batch",
        ),
    ],
    "the result",
    "step 1 reads END, step t the right word t-1. That is teacher forcing.",
    over_time="the result",
)


def _up_to_end(targets: Array) -> Array:
    return until_end(targets).astype(int)


WORDS_THAT_COUNT = Exercise(
    _up_to_end,
    lambda rng: {"targets": _targets(rng)},
    [
        Slip(
            lambda targets: (targets != 0).astype(int),
            "END itself is missing: a network that is never asked for END never learns to stop.",
            "END does not count",
        ),
        Slip(
            lambda targets: np.ones_like(targets),
            "here every entry counts, the padding too: the network is graded on END after END.",
            "padding counts",
        ),
        Slip(
            lambda targets: (targets == 0).astype(int),
            "this marks END and the padding; what counts are the words up to END.",
            "upside down",
        ),
        Slip(
            lambda targets: np.eye(len(targets), dtype=int)[(targets == 0).argmax(axis=0)].T,
            "this marks END alone; the words before it count too.",
            "END alone",
        ),
    ],
    "the result",
    "the words up to END and END itself, and nothing after it.",
    over_time="the result",
)


def _toy(rng: np.random.Generator) -> dict[str, Any]:
    """Return a network of numbers: what it says depends on the word read and on the state."""
    n = 7
    table = rng.permuted(np.tile(np.arange(n), (n, n, 1)), axis=2)
    # END is most probable only at the state that comes after a few words.
    table[..., 0] = -1
    length = int(rng.integers(4, 7))
    table[length - 1 :, :, 0] = 100

    def begin() -> tuple[Array, int]:
        return table[0, 0].astype(float), 0

    def step(word: int, state: int) -> tuple[Array, int]:
        return table[state + 1, int(word)].astype(float), state + 1

    return {"begin": begin, "step": step}


Begin = Callable[[], tuple[Array, int]]
Step = Callable[[int, int], tuple[Array, int]]


def _loop(
    begin: Begin,
    step: Step,
    *,
    keep_end: bool = False,
    least: bool = False,
    old_word: bool = False,
    old_state: bool = False,
    most: int = 30,
) -> list[int]:
    y, state = begin()
    first_state = state
    words: list[int] = []
    while len(words) < most:
        word = int(y.argmin() if least else y.argmax())
        if word == 0:
            return [*words, 0] if keep_end else words
        words.append(word)
        read = words[0] if old_word else word
        try:
            y, new = step(read, first_state if old_state else state)
        except IndexError:
            return words
        state = new
    return words


GREEDY = Exercise(
    lambda begin, step: np.array(_loop(begin, step)),
    _toy,
    [
        Slip(
            lambda begin, step: np.array(_loop(begin, step, keep_end=True)),
            "END stands at the end of your list; it says stop, and is no word.",
            "END kept",
        ),
        Slip(
            lambda begin, step: np.array(_loop(begin, step, old_word=True)),
            "every step reads the first word again; read the word that was written last.",
            "reads the first word",
        ),
        Slip(
            lambda begin, step: np.array(_loop(begin, step)[:-1]),
            "the last word before END is missing.",
            "stops a word early",
        ),
        Slip(
            lambda begin, step: np.array(_loop(begin, step)[1:]),
            "the first word is missing: `begin` already returns the logits for it.",
            "skips the first word",
        ),
        Slip(
            lambda begin, step: np.array(_loop(begin, step)[:1]),
            "this is the first word alone; go on until END comes.",
            "one word",
        ),
    ],
    "the result",
    "choose, stop at END, read what was chosen, go on: the loop that writes.",
    form="a list of word numbers",
)
