"""The exercises on past and future: join the states of two cells, and answer k words late."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnn_core.exercises.exercise import Exercise, Slip
from rnn_core.parameters import Array


def _states_case(rng: np.random.Generator) -> dict[str, Any]:
    T, B, n_h = int(rng.integers(6, 9)), 4, 3
    lengths = rng.permutation([T, T - 1, T - 3, 2])
    a, r = rng.standard_normal((2, T, B, n_h))
    return {"a": a, "r": r, "lengths": lengths}


def _mask(a: Array, lengths: Array) -> Array:
    return (np.arange(len(a))[:, None] < lengths)[..., None]


def _turned(r: Array, lengths: Array) -> Array:
    """Return each sequence's own steps in reverse order, padding in place."""
    turned = r.copy()
    for b, n in enumerate(lengths):
        turned[:n, b] = r[:n, b][::-1]
    return turned


def _joined(a: Array, r: Array, lengths: Array) -> Array:
    return np.concatenate([a, r], axis=2) * _mask(a, lengths)


NOT_TURNED = (
    "the second cell's states are in the order in which it read: its first state belongs to the "
    "sentence's last word. Turn them back before joining."
)
PADDING_IN_FRONT = (
    "turning the whole array turns the padding too: a short sentence's states then stand beside "
    "the wrong words. Turn each sentence's own steps, [:n]."
)

BOTH_STATES = Exercise(
    lambda a, r, lengths: _joined(a, _turned(r, lengths), lengths),
    _states_case,
    [
        Slip(_joined, NOT_TURNED, "not turned back"),
        Slip(lambda a, r, lengths: np.concatenate([a, r], axis=2), NOT_TURNED),
        Slip(
            lambda a, r, lengths: np.concatenate([a, r[::-1]], axis=2),
            PADDING_IN_FRONT,
            "padding in front",
        ),
        Slip(lambda a, r, lengths: _joined(a, r[::-1], lengths), PADDING_IN_FRONT),
        Slip(
            lambda a, r, lengths: np.concatenate([a, _turned(r, lengths)], axis=2),
            "each state stands beside its word, but at the padding there are numbers too; they "
            "should be 0.",
            "padding not zero",
        ),
        Slip(
            lambda a, r, lengths: (a + _turned(r, lengths)) * _mask(a, lengths),
            "the states are added; they should stand side by side, 2 n_h numbers for each word, so "
            "that the readout can weigh them apart.",
            "added",
        ),
        Slip(
            lambda a, r, lengths: a + r[::-1],
            "the states are added, and the padding is turned with the rest; join them side by "
            "side, and turn each sentence's own steps.",
            "added with padding",
        ),
        Slip(
            lambda a, r, lengths: _joined(a, r[:, ::-1], lengths),
            "this reverses the second axis, the batch; time is the first.",
            "batch reversed",
        ),
        Slip(
            lambda a, r, lengths: _joined(a, r[..., ::-1], lengths),
            "this reverses the units of each state; time is the first axis.",
            "units reversed",
        ),
        Slip(
            lambda a, r, lengths: _joined(_turned(r, lengths), a, lengths),
            "the second cell's states come first; put a first.",
            "r first",
        ),
        Slip(
            lambda a, r, lengths: _joined(_turned(a, lengths), _turned(r, lengths), lengths),
            "a is turned as well; the first cell's states stand beside their words already.",
            "both turned",
        ),
        Slip(
            lambda a, r, lengths: _joined(_turned(a, lengths), r, lengths),
            "a is turned in place of r; it is the second cell that began at the end.",
            "a turned",
        ),
    ],
    "the result",
    "beside each word stand what came before it and what comes after it, padding or not.",
    over_time="the result",
)


def _delay_case(rng: np.random.Generator) -> dict[str, Any]:
    T, B, k = int(rng.integers(7, 10)), 5, int(rng.integers(2, 5))
    lengths = np.concatenate([[T], rng.integers(3, T, B - 1)])
    targets = np.where(np.arange(T)[:, None] < lengths, rng.integers(0, 2, (T, B)), -1)
    targets[0, 0] = 0
    return {"targets": targets, "k": k}


def _none(targets: Array, k: int, value: int = -1) -> Array:
    return np.full((k, targets.shape[1]), value)


def _delayed(targets: Array, k: int) -> Array:
    return np.concatenate([_none(targets, k), targets])


DELAY = Exercise(
    _delayed,
    _delay_case,
    [
        Slip(
            lambda targets, k: np.concatenate([targets, _none(targets, k)]),
            "the answers are still due at once: the k empty steps stand at the end; they should "
            "stand before the first answer.",
            "wrong end",
        ),
        Slip(
            lambda targets, k: np.roll(targets, k, axis=0),
            "np.roll carries the last k answers round to the first steps, where they are asked "
            "for words not yet read; put -1 there, and k steps more at the end.",
            "rolled round the end",
        ),
        Slip(
            lambda targets, k: np.roll(np.concatenate([targets, _none(targets, k)]), -k, axis=0),
            "the answers move the wrong way: they are due before the word is read.",
            "rolled too early",
        ),
        Slip(
            lambda targets, k: np.concatenate([targets[k:], _none(targets, k)]),
            "the answers move the wrong way, and the first k are lost; they should be due later, "
            "in T + k steps.",
            "too early",
        ),
        Slip(
            lambda targets, k: _delayed(targets, k)[: len(targets)],
            "the last k answers are cut off; the result should have T + k steps.",
            "cut off",
        ),
        Slip(
            lambda targets, k: np.concatenate([_none(targets, k, 0), targets]),
            "0 is a class: at the first k steps the network would be taught to answer it. No "
            "answer is due there: -1.",
            "zeros for none",
        ),
        Slip(
            lambda targets, k: np.maximum(_delayed(targets, k), 0),
            "every -1 became 0, which is a class: padding would be counted.",
            "padding counted",
        ),
        Slip(
            lambda targets, k: _delayed(targets, k + 1),
            "this is one step too late: k empty steps, then the answers.",
            "one too late",
        ),
        Slip(
            lambda targets, k: _delayed(targets, k - 1),
            "this is one step too early: k empty steps, then the answers.",
            "one too early",
        ),
        Slip(
            lambda targets, k: np.concatenate([np.repeat(targets[:1], k, axis=0), targets]),
            "the first answer is asked for k steps too early as well; no answer is due there: -1.",
            "first repeated",
        ),
        Slip(
            lambda targets, k: np.concatenate([_none(targets.T, k).T, targets], axis=1),
            "the empty entries stand beside the batch, as k sentences more; time is the first "
            "axis.",
            "along the batch",
        ),
    ],
    "the result",
    "each answer is due k steps after its word, and nothing is asked before.",
    over_time="the result",
)
