"""The exercises on the way forward: a bag of words, and one step of the cell."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnn_core.exercises.exercise import Exercise, Slip
from rnn_core.parameters import Array


def _bag_case(rng: np.random.Generator) -> dict[str, Any]:
    n_tokens = int(rng.integers(7, 12))
    # The last words of the vocabulary are left out, so that the length of the counts matters.
    return {
        "tokens": rng.integers(0, n_tokens - 2, size=int(rng.integers(5, 9))),
        "n_tokens": n_tokens,
    }


def _bag_of_words(tokens: Array, n_tokens: int) -> Array:
    return np.bincount(tokens, minlength=n_tokens)


def _present(tokens: Array, n_tokens: int) -> Array:
    return np.isin(np.arange(n_tokens), tokens).astype(int)


BAG_OF_WORDS = Exercise(
    _bag_of_words,
    _bag_case,
    [
        Slip(
            lambda tokens, n_tokens: np.bincount(tokens),
            "the counts end at the largest word of this sentence; a vector must have n_tokens "
            "entries, whatever the sentence.",
        ),
        Slip(_present, "this says whether a word stands in the sentence, not how often."),
        Slip(
            lambda tokens, n_tokens: tokens,
            "this is the sentence itself, order and all, not the counts of its words.",
        ),
        Slip(
            lambda tokens, n_tokens: _bag_of_words(tokens, n_tokens) / len(tokens),
            "these are shares, the counts divided by the length; return the counts.",
        ),
    ],
    "the result",
    "the counts are all that is left of the sentence. Shuffle the words, and nothing changes.",
)


def _step_case(rng: np.random.Generator) -> dict[str, Any]:
    B, n_x, n_h = 2, 3, int(rng.integers(4, 7))
    return {
        "x_t": rng.standard_normal((B, n_x)),
        "a_prev": rng.standard_normal((B, n_h)),
        "Wxh": rng.standard_normal((n_x, n_h)),
        "W": rng.standard_normal((n_h, n_h)),
        "b": rng.standard_normal(n_h),
    }


def _next_state(x_t: Array, a_prev: Array, Wxh: Array, W: Array, b: Array) -> Array:
    a_t: Array = np.tanh(x_t @ Wxh + a_prev @ W + b)
    return a_t


NEXT_STATE = Exercise(
    _next_state,
    _step_case,
    [
        Slip(
            lambda x_t, a_prev, Wxh, W, b: np.tanh(x_t @ Wxh + a_prev @ W),
            "the bias b is missing from the sum.",
        ),
        Slip(
            lambda x_t, a_prev, Wxh, W, b: np.tanh(x_t @ Wxh + a_prev @ W.T + b),
            "W is transposed: rows come first, so the past enters as a_prev @ W.",
        ),
        Slip(
            lambda x_t, a_prev, Wxh, W, b: x_t @ Wxh + a_prev @ W + b,
            "this is z_t; the activation tanh is missing.",
        ),
        Slip(
            lambda x_t, a_prev, Wxh, W, b: np.tanh(x_t @ Wxh + b),
            "the old state a_prev is not used: this network has no memory.",
        ),
        Slip(
            lambda x_t, a_prev, Wxh, W, b: np.tanh(a_prev @ W + b),
            "the input x_t is not used: this network hears nothing.",
        ),
        Slip(
            lambda x_t, a_prev, Wxh, W, b: np.tanh(x_t @ Wxh) + np.tanh(a_prev @ W) + b,
            "tanh is taken of each part; it belongs around the whole sum.",
        ),
    ],
    "a_t",
    "this one line is the whole cell. Everything else is calling it again.",
)


def _loop_case(rng: np.random.Generator) -> dict[str, Any]:
    T, B, n_x, n_h = int(rng.integers(5, 8)), 2, 3, 4
    return {
        "x": rng.standard_normal((T, B, n_x)),
        "a_0": rng.standard_normal((B, n_h)),
        "Wxh": rng.standard_normal((n_x, n_h)),
        "W": rng.standard_normal((n_h, n_h)),
        "b": rng.standard_normal(n_h),
    }


def _all_states(x: Array, a_0: Array, Wxh: Array, W: Array, b: Array) -> Array:
    a, states = a_0, []
    for x_t in x:
        a = _next_state(x_t, a, Wxh, W, b)
        states.append(a)
    return np.stack(states)


ALL_STATES = Exercise(
    _all_states,
    _loop_case,
    [
        Slip(
            lambda x, a_0, Wxh, W, b: _all_states(x, np.zeros_like(a_0), Wxh, W, b),
            "the loop starts from zeros; it must start from a_0.",
        ),
        Slip(
            lambda x, a_0, Wxh, W, b: np.stack([_next_state(x_t, a_0, Wxh, W, b) for x_t in x]),
            "every step starts from a_0 again: the new state must become the old one of the "
            "next step.",
        ),
        Slip(
            lambda x, a_0, Wxh, W, b: np.tanh(x @ Wxh + b),
            "the past is not used: each state must also mix in the state before.",
        ),
        Slip(
            lambda x, a_0, Wxh, W, b: _all_states(x[::-1], a_0, Wxh, W, b),
            "the sequence is read from its end; start with x[0].",
        ),
        Slip(
            lambda x, a_0, Wxh, W, b: np.concatenate([a_0[None], _all_states(x, a_0, Wxh, W, b)]),
            "a_0 is among the states; return a_1 to a_T, one for each input.",
        ),
        Slip(
            lambda x, a_0, Wxh, W, b: np.concatenate(
                [a_0[None], _all_states(x, a_0, Wxh, W, b)[:-1]]
            ),
            "these are a_0 to a_{T-1}: append the state after it is updated, not before.",
        ),
        Slip(
            lambda x, a_0, Wxh, W, b: _all_states(x, a_0, Wxh, W, b)[-1],
            "this is only the last state; return all of them, stacked.",
        ),
        Slip(
            lambda x, a_0, Wxh, W, b: _all_states(x, a_0, Wxh, W, np.zeros_like(b)),
            "the bias b is missing from the sum.",
        ),
        Slip(
            lambda x, a_0, Wxh, W, b: _all_states(x, a_0, Wxh, W.T, b),
            "W is transposed: rows come first, so the past enters as a @ W.",
        ),
    ],
    "the result",
    "you have written unroll. The package adds checks and masks, and nothing else.",
)
