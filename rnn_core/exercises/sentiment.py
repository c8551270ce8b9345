"""The exercises on many-to-one: padding and masks, and what each word did to the answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnn_core.exercises.exercise import Exercise, Slip
from rnn_core.parameters import Array


def _mask_case(rng: np.random.Generator) -> tuple[Array, Array]:
    """Return states (T, B, n_h) and a mask (T, B): one full sequence, the others shorter."""
    T, B, n_h = int(rng.integers(6, 9)), 5, 3
    lengths = np.concatenate([[T], rng.integers(2, T, B - 1)])
    mask = np.arange(T)[:, None] < rng.permutation(lengths)
    return rng.standard_normal((T, B, n_h)), mask


def _last_case(rng: np.random.Generator) -> dict[str, Any]:
    a, mask = _mask_case(rng)
    return {"a": a, "mask": mask}


def _last(a: Array, mask: Array) -> Array:
    return a[mask.sum(axis=0) - 1, np.arange(a.shape[1])]


LAST_STATES = Exercise(
    _last,
    _last_case,
    [
        Slip(
            lambda a, mask: a[-1],
            "this takes step T of every sequence; for the shorter ones that is padding. Count each "
            "sequence's own words.",
            "step T",
        ),
        Slip(
            lambda a, mask: a[np.minimum(mask.sum(axis=0), len(a) - 1), np.arange(a.shape[1])],
            "this is one step too late: the n-th word has the index n - 1.",
            "one too late",
        ),
        Slip(
            lambda a, mask: a[mask.sum(axis=0) - 2, np.arange(a.shape[1])],
            "this is one step too early: the n-th word has the index n - 1.",
            "one too early",
        ),
        Slip(
            lambda a, mask: a[0],
            "this takes the first state; the answer is read from the last.",
            "first state",
        ),
        Slip(
            lambda a, mask: (a * mask[..., None]).sum(axis=0) / mask.sum(axis=0)[:, None],
            "this is the mean over the real steps; take the last of them alone.",
            "mean",
        ),
        Slip(
            lambda a, mask: (a * mask[..., None]).sum(axis=0),
            "this adds up the real states; take the last of them alone.",
            "sum",
        ),
        Slip(
            lambda a, mask: a.mean(axis=0),
            "this is the mean over all steps, padding too; take each sequence's last real state.",
            "mean with padding",
        ),
        Slip(
            lambda a, mask: (a * mask[..., None])[-1],
            "this sets the padding to zero but still takes step T of every sequence.",
            "masked step T",
        ),
        Slip(
            lambda a, mask: a[mask.sum(axis=0) - 1],
            "this takes all sequences at each of these steps: pair the steps with the sequences, "
            "a[steps, np.arange(B)].",
            "not paired",
        ),
    ],
    "last",
    "each review answers from its own last word, however long its neighbours are.",
)


def _weights_case(rng: np.random.Generator) -> dict[str, Any]:
    _, mask = _mask_case(rng)
    return {"mask": mask, "early": float(rng.uniform(0.1, 0.5))}


def _weights(mask: Array, early: float) -> Array:
    weights = np.where(mask, early, 0.0)
    weights[mask.sum(axis=0) - 1, np.arange(mask.shape[1])] = 1.0
    return weights


def _weights_at(mask: Array, early: float, step: Array | int, padding: float = 0.0) -> Array:
    """Return the weights with the 1 at other steps, and another weight for padding."""
    weights = np.where(mask, early, padding)
    weights[step, np.arange(mask.shape[1])] = 1.0
    return weights


WORD_WEIGHTS = Exercise(
    _weights,
    _weights_case,
    [
        Slip(
            lambda mask, early: np.where(mask, early, 0.0),
            "every real word has the weight early; each review's last word should have 1.",
            "no last word",
        ),
        Slip(
            lambda mask, early: _weights_at(mask, early, -1),
            "the 1 stands at step T of every review; put it at each review's own last word.",
            "step T",
        ),
        Slip(
            lambda mask, early: _weights_at(mask, early, mask.sum(axis=0) - 1, early),
            "padding has a weight too; it should have 0, or the network is taught to answer to "
            "nothing.",
            "padding counts",
        ),
        Slip(
            lambda mask, early: _weights_at(
                mask, early, np.minimum(mask.sum(axis=0), len(mask) - 1)
            ),
            "the 1 is one step too late: the n-th word has the index n - 1.",
            "one too late",
        ),
        Slip(
            lambda mask, early: mask.astype(float),
            "every real word has the weight 1; those before the last should have early.",
            "all one",
        ),
        Slip(
            lambda mask, early: _weights_at(mask, early, 0),
            "the 1 stands at the first word; put it at each review's last.",
            "first word",
        ),
        Slip(
            lambda mask, early: _weights(mask, 0.0),
            "the last words are right, but the real words before them should have early.",
            "only the last",
        ),
    ],
    "weights",
    "the last answer counts in full, the others a little, padding not at all.",
)


def _saliency_case(rng: np.random.Generator) -> dict[str, Any]:
    T, n_x = int(rng.integers(5, 8)), 4
    return {"x": rng.standard_normal((T, n_x)), "dx": rng.standard_normal((T, n_x))}


SALIENCY = Exercise(
    lambda x, dx: (x * dx).sum(axis=1),
    _saliency_case,
    [
        Slip(
            lambda x, dx: dx.sum(axis=1),
            "this adds up the gradient alone; multiply it by x_t, entry by entry, before the sum.",
            "without x",
        ),
        Slip(
            lambda x, dx: x.sum(axis=1),
            "this adds up the inputs alone; the gradient is missing.",
            "without dx",
        ),
        Slip(
            lambda x, dx: np.linalg.norm(dx, axis=1),
            "this is the length of the gradient: it tells how much a word matters, not which way. "
            "Take the product with x_t.",
            "norm",
        ),
        Slip(
            lambda x, dx: np.abs(x * dx).sum(axis=1),
            "the sum of absolute values has lost its sign, and with it praise and blame.",
            "absolute",
        ),
        Slip(
            lambda x, dx: np.abs((x * dx).sum(axis=1)),
            "the absolute value has lost its sign, and with it praise and blame.",
            "absolute of the sum",
        ),
        Slip(
            lambda x, dx: (x * dx).mean(axis=1),
            "this is the mean over the entries of x_t; the effects of its entries add up.",
            "mean for sum",
        ),
        Slip(
            lambda x, dx: (x * dx).sum(axis=0),
            "the sum runs over the words: one number for each word is wanted, so sum over axis 1.",
            "wrong axis",
        ),
        Slip(
            lambda x, dx: x * dx,
            "these are n_x numbers for each word; add them up to one.",
            "not added",
        ),
        Slip(
            lambda x, dx: x @ dx.T,
            "this multiplies every word with the gradient of every word; each needs its own alone.",
            "all with all",
        ),
        Slip(
            lambda x, dx: (x * dx).sum(),
            "this is one number for the whole review; keep the words apart, sum over axis 1.",
            "one number",
        ),
        Slip(
            lambda x, dx: -(x * dx).sum(axis=1),
            "the sign is turned round: a positive number should speak for praise.",
            "sign",
        ),
    ],
    "effect",
    "one number for each word: how much of the difference it accounts for, seen from here.",
    over_time="effect",
)
