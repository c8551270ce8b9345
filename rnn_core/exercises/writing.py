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


def _caption_case(rng: np.random.Generator) -> dict[str, Any]:
    K, n_y = int(rng.integers(6, 9)), 11
    p = rng.random((K, n_y))
    words = rng.integers(1, n_y, size=K)
    words[K - 2 :] = 0  # END, then padding
    return {"p": p / p.sum(axis=1, keepdims=True), "words": words}


def _count(words: Array) -> int:
    """Return how many words there are up to the first END, which counts too."""
    return int((words == 0).argmax()) + 1


def _caption_log_p(p: Array, words: Array) -> Array:
    count = _count(words)
    return np.asarray(np.log(p[np.arange(count), words[:count]]).sum())


CAPTION_LOG_P = Exercise(
    _caption_log_p,
    _caption_case,
    [
        Slip(
            lambda p, words: np.log(p[np.arange(len(words)), words]).sum(),
            "the padding after END counts here too; the caption is over at END.",
            "padding counts",
        ),
        Slip(
            lambda p, words: np.log(p[np.arange(len(words)), words][words != 0]).sum(),
            "END is missing: that the caption stops here is part of what the network said.",
            "no END",
        ),
        Slip(
            lambda p, words: np.exp(_caption_log_p(p, words)),
            "this is the probability; take the log of each factor and add them up. (A product of "
            "many factors below 1 soon is too small for a float.)",
            "the probability",
        ),
        Slip(
            lambda p, words: -_caption_log_p(p, words),
            "this is the loss, -log p; the log probability itself is negative.",
            "the loss",
        ),
        Slip(
            lambda p, words: _caption_log_p(p, words) / ((words == 0).argmax() + 1),
            "this is the mean over the words; the log probability of the whole is the sum.",
            "the mean",
        ),
        Slip(
            lambda p, words: np.log(p.max(axis=1)[: (words == 0).argmax() + 1]).sum(),
            "this takes the most probable word of each step, whichever it is; take those given.",
            "the largest for the given",
        ),
        Slip(
            lambda p, words: p[np.arange(len(words)), words][: (words == 0).argmax() + 1].sum(),
            "these are probabilities added up; they multiply, so add up their logs.",
            "sum of probabilities",
        ),
        Slip(
            lambda p, words: np.log(p)[np.arange(len(words)), words],
            "these are the logs word by word, padding included; add up those that count.",
            "not added up, with padding",
        ),
        Slip(
            lambda p, words: np.log(p)[np.arange(len(words)), words][: _count(words)],
            "these are the logs word by word; add them up.",
            "not added up",
        ),
        Slip(
            lambda p, words: np.log(p[: _count(words), words[: _count(words)]]).sum(),
            "p[:n, words[:n]] takes every word from every row; give the rows as np.arange(n).",
            "every word from every row",
        ),
    ],
    "the result",
    "the log probability of a whole caption is the sum over its words, END included.",
    form="one number",
)


def _temperature_case(rng: np.random.Generator) -> dict[str, Any]:
    temperature = float(rng.choice([0.3, 0.6, 1.7, 2.5]))
    return {"y": 2 * rng.standard_normal(int(rng.integers(5, 9))), "temperature": temperature}


def _shares(y: Array) -> Array:
    p: Array = np.exp(y) / np.exp(y).sum()
    return p


TEMPERATURE = Exercise(
    lambda y, temperature: _shares(y / temperature),
    _temperature_case,
    [
        Slip(
            lambda y, temperature: _shares(y * temperature),
            "the logits are multiplied by the temperature; divide them, so that a high one makes "
            "them alike.",
            "multiplied",
        ),
        Slip(
            lambda y, temperature: _shares(y) / temperature,
            "the probabilities are divided, and no longer add up to 1; divide the logits, before "
            "the softmax.",
            "divided after the softmax",
        ),
        Slip(
            lambda y, temperature: _shares(y),
            "the temperature is not used, or cancels: divide the logits, before the exponential.",
            "no temperature",
        ),
        Slip(
            lambda y, temperature: np.exp(y / temperature),
            "these do not add up to 1 yet; divide by their sum.",
            "no sum",
        ),
        Slip(
            lambda y, temperature: y / temperature,
            "these are logits; take the softmax of them.",
            "no softmax",
        ),
        Slip(
            lambda y, temperature: _shares(_shares(y) / temperature),
            "the softmax is taken twice; divide the logits, then take it once.",
            "softmax twice",
        ),
        Slip(
            lambda y, temperature: _shares(y) ** (1 / temperature),
            "this is right but for the sum: these do not add up to 1 yet.",
            "power without sum",
        ),
        Slip(
            lambda y, temperature: np.exp(y / temperature) / np.exp(y).sum(),
            "the sum is that of the undivided logits; divide above and below.",
            "sum without temperature",
        ),
    ],
    "p",
    "low temperatures sharpen, high ones flatten, and 1 changes nothing.",
)


def _patches_case(rng: np.random.Generator) -> dict[str, Any]:
    B, K, n_p, n_v = 2, 3, 5, int(rng.integers(6, 8))
    return {
        "images": rng.standard_normal((B, K * n_p)),
        "Wp": rng.standard_normal((n_p, n_v)),
        "bp": rng.standard_normal(n_v),
    }


def _patch_vectors(images: Array, Wp: Array, bp: Array) -> Array:
    z: Array = images.reshape(len(images), -1, len(Wp)) @ Wp + bp
    return z


EMBED_PATCHES = Exercise(
    lambda images, Wp, bp: np.tanh(_patch_vectors(images, Wp, bp)).reshape(len(images), -1),
    _patches_case,
    [
        Slip(
            lambda images, Wp, bp: _patch_vectors(images, Wp, bp).reshape(len(images), -1),
            "tanh is missing.",
            "no tanh",
        ),
        Slip(
            lambda images, Wp, bp: np.tanh(_patch_vectors(images, Wp, bp)),
            "this has an axis for the patches left; put their vectors side by side, one row for "
            "each image.",
            "patches not joined",
        ),
        Slip(
            lambda images, Wp, bp: np.tanh(images.reshape(-1, len(Wp)) @ Wp + bp),
            "the vectors of an image stand below each other; put them side by side, one row for "
            "each image.",
            "below each other",
        ),
        Slip(
            lambda images, Wp, bp: np.tanh(_patch_vectors(images, Wp, bp)).sum(axis=1),
            "the patches are added up, so nobody can tell any more which digit stood where; put "
            "them side by side.",
            "patches summed",
        ),
        Slip(
            lambda images, Wp, bp: np.tanh(_patch_vectors(images, Wp, bp)).mean(axis=1),
            "the patches are averaged, so nobody can tell any more which digit stood where; put "
            "them side by side.",
            "patches averaged",
        ),
        Slip(
            lambda images, Wp, bp: np.tanh(
                images.reshape(len(images), len(Wp), -1).swapaxes(1, 2) @ Wp + bp
            ).reshape(len(images), -1),
            "the pixels of different patches are mixed: patch 1 is the first n_p numbers of a row.",
            "pixels mixed",
        ),
        Slip(
            lambda images, Wp, bp: np.tanh(_patch_vectors(images, Wp, 0 * bp)).reshape(
                len(images), -1
            ),
            "the bias bp is missing.",
            "no bias",
        ),
    ],
    "x_1",
    "one set of weights reads every patch; their places in x_1 tell the patches apart.",
    form="an array (B, K n_v)",
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
    begin: Begin, step: Step, *, keep_end: bool = False, old_word: bool = False, most: int = 30
) -> list[int]:
    y, state = begin()
    words: list[int] = []
    while len(words) < most:
        word = int(y.argmax())
        if word == 0:
            return [*words, 0] if keep_end else words
        words.append(word)
        try:
            y, state = step(words[0] if old_word else word, state)
        except IndexError:
            return words
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
