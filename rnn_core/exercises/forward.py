"""The exercises on the way forward: a bag of words, one step of the cell, the loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rnn_core.exercises.exercise import SEEDS, Case, Exercise, Slip, Verdict
from rnn_core.losses import softmax
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
        Slip(
            _present,
            "this says whether a word stands in the sentence, not how often (`counts[tokens] += 1` "
            "adds only one 1 to a word that stands there twice).",
        ),
        Slip(
            lambda tokens, n_tokens: tokens,
            "this is the sentence itself, order and all, not the counts of its words.",
        ),
        Slip(
            lambda tokens, n_tokens: _bag_of_words(tokens, n_tokens) / len(tokens),
            "these are shares, the counts divided by the length; return the counts.",
        ),
        Slip(
            lambda tokens, n_tokens: np.eye(n_tokens)[tokens],
            "this is one row for each word of the sentence, with a single 1: sum over the words.",
        ),
        Slip(
            lambda tokens, n_tokens: np.eye(n_tokens)[tokens].sum(axis=1),
            "this sums each word's row, which always gives 1; sum over the words, axis 0.",
        ),
        Slip(
            lambda tokens, n_tokens: np.unique(tokens, return_counts=True)[1],
            "these are the counts of the words that occur, without the zeros; every word of the "
            "vocabulary needs its entry.",
        ),
        Slip(
            lambda tokens, n_tokens: np.unique(tokens, return_counts=True),
            "these are the words that occur and their counts; return the counts alone, with a 0 "
            "for every other word of the vocabulary.",
        ),
        Slip(
            lambda tokens, n_tokens: np.unique(tokens),
            "these are the different words of the sentence, not how often each occurs.",
        ),
        Slip(
            lambda tokens, n_tokens: np.sort(tokens),
            "this is the sentence with its words sorted, not their counts.",
        ),
        Slip(
            lambda tokens, n_tokens: _bag_of_words(tokens, n_tokens)[tokens],
            "this is one count for each place in the sentence; return one for each word of the "
            "vocabulary.",
        ),
        Slip(
            lambda tokens, n_tokens: np.arange(n_tokens) * _bag_of_words(tokens, n_tokens),
            "this adds up the words' numbers; each occurrence counts 1, whatever its number.",
        ),
        Slip(
            lambda tokens, n_tokens: np.append(_bag_of_words(tokens, n_tokens)[1:], 0),
            "the counts are shifted by one place: the words' numbers begin with 0.",
        ),
        Slip(
            lambda tokens, n_tokens: np.histogram(tokens, n_tokens)[0],
            "np.histogram cuts the range from the smallest to the largest number into bins; count "
            "each word's number for itself.",
        ),
    ],
    "the result",
    "the counts are all that is left of the sentence. Shuffle the words, and nothing changes.",
    form="an array of n_tokens counts",
)


def _weights(rng: np.random.Generator, n_x: int, n_h: int) -> Case:
    return {
        "Wxh": rng.standard_normal((n_x, n_h)),
        "W": rng.standard_normal((n_h, n_h)),
        "b": rng.standard_normal(n_h),
    }


def _step_case(rng: np.random.Generator) -> dict[str, Any]:
    B, n_x, n_h = 2, 3, int(rng.integers(4, 7))
    return {
        "x_t": rng.standard_normal((B, n_x)),
        "a_prev": rng.standard_normal((B, n_h)),
        **_weights(rng, n_x, n_h),
    }


def _next_state(x_t: Array, a_prev: Array, Wxh: Array, W: Array, b: Array) -> Array:
    a_t: Array = np.tanh(x_t @ Wxh + a_prev @ W + b)
    return a_t


_PARTS = "tanh is taken of each part; it belongs around the whole sum."
_INPUT_PART = "tanh is taken of the input's part only; it belongs around the whole sum."
_PAST_PART = "tanh is taken of the past's part only; it belongs around the whole sum."
_BIAS_OUTSIDE = "the bias b is added outside of tanh; it belongs into the sum."


def sigmoid(z: Array) -> Array:
    """Return 1 / (1 + exp(-z)), entry by entry."""
    return np.asarray(1 / (1 + np.exp(-z)))


_STATE_SLIPS: list[tuple[str, str, Callable[..., Array]]] = [
    (
        "tanh of the input only",
        _INPUT_PART,
        lambda x_t, a_prev, Wxh, W, b: np.tanh(x_t @ Wxh) + a_prev @ W + b,
    ),
    (
        "tanh of the input and b only",
        _INPUT_PART,
        lambda x_t, a_prev, Wxh, W, b: np.tanh(x_t @ Wxh + b) + a_prev @ W,
    ),
    (
        "tanh of the past only",
        _PAST_PART,
        lambda x_t, a_prev, Wxh, W, b: x_t @ Wxh + np.tanh(a_prev @ W) + b,
    ),
    (
        "tanh of the past and b only",
        _PAST_PART,
        lambda x_t, a_prev, Wxh, W, b: x_t @ Wxh + np.tanh(a_prev @ W + b),
    ),
    (
        "tanh of each of two parts",
        _PARTS,
        lambda x_t, a_prev, Wxh, W, b: np.tanh(x_t @ Wxh + b) + np.tanh(a_prev @ W),
    ),
    (
        "tanh of each of two parts, b with the past",
        _PARTS,
        lambda x_t, a_prev, Wxh, W, b: np.tanh(x_t @ Wxh) + np.tanh(a_prev @ W + b),
    ),
    (
        "tanh of each of three parts",
        _PARTS,
        lambda x_t, a_prev, Wxh, W, b: np.tanh(x_t @ Wxh) + np.tanh(a_prev @ W) + np.tanh(b),
    ),
    (
        "bias outside of tanh",
        _BIAS_OUTSIDE,
        lambda x_t, a_prev, Wxh, W, b: np.tanh(x_t @ Wxh + a_prev @ W) + b,
    ),
    (
        "bias subtracted",
        "the bias b is subtracted; add it.",
        lambda x_t, a_prev, Wxh, W, b: np.tanh(x_t @ Wxh + a_prev @ W - b),
    ),
    (
        "another activation",
        "this is the sigmoid; the activation of this cell is np.tanh.",
        lambda x_t, a_prev, Wxh, W, b: sigmoid(x_t @ Wxh + a_prev @ W + b),
    ),
    (
        "no activation and no bias",
        "two things are missing: the bias b in the sum, and tanh around the sum.",
        lambda x_t, a_prev, Wxh, W, b: x_t @ Wxh + a_prev @ W,
    ),
    (
        "W transposed and no bias",
        "two things: W is transposed (the past enters as a_prev @ W), and the bias b is missing.",
        lambda x_t, a_prev, Wxh, W, b: np.tanh(x_t @ Wxh + a_prev @ W.T),
    ),
    (
        "old state added again",
        "the old state is added once more; it enters only through W, inside the sum.",
        lambda x_t, a_prev, Wxh, W, b: a_prev + np.tanh(x_t @ Wxh + a_prev @ W + b),
    ),
    (
        "input alone, without bias",
        "the old state a_prev and the bias b are not used: this network has no memory.",
        lambda x_t, a_prev, Wxh, W, b: np.tanh(x_t @ Wxh),
    ),
]
"""Further slips in one state, each with its name, as both exercises on one step know them."""


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
            _PARTS,
        ),
        *(Slip(program, words, name) for name, words, program in _STATE_SLIPS),
    ],
    "a_t",
    "this one line is the whole cell. Everything else is calling it again.",
)


class _SquareFirst(Exercise):
    """An exercise tried first where n_x = n_h: swapped, `Wxh` and `W` raise nothing there."""

    def check(self, function: object, cases: Sequence[Case] | None = None) -> Verdict:
        if cases is None:
            squares = [_forward_case(np.random.default_rng(seed), n_h=4) for seed in SEEDS]
            verdict = super().check(function, squares)
            if verdict.state != "correct":
                return verdict
        return super().check(function, cases)


def _forward_case(rng: np.random.Generator, n_h: int = 6) -> Case:
    B, n_x, n_y = 3, 4, int(rng.choice([2, 5]))
    return {
        "x_t": rng.standard_normal((B, n_x)),
        "a_prev": rng.standard_normal((B, n_h)),
        **_weights(rng, n_x, n_h),
        "Why": rng.standard_normal((n_h, n_y)),
        "by": rng.standard_normal(n_y),
    }


def _forward_step(
    x_t: Array, a_prev: Array, Wxh: Array, W: Array, b: Array, Why: Array, by: Array
) -> dict[str, Array]:
    a_t = _next_state(x_t, a_prev, Wxh, W, b)
    return {"a_t": a_t, "y_t": a_t @ Why + by}


def _from_state(state: Callable[..., Array]) -> Callable[..., dict[str, Array]]:
    """Return the step whose state is wrong, and whose output is read from that state."""

    def program(Why: Array, by: Array, **case: Array) -> dict[str, Array]:
        a_t = state(**case)
        return {"a_t": a_t, "y_t": a_t @ Why + by}

    return program


def _with_output(output: Callable[..., Array]) -> Callable[..., dict[str, Array]]:
    """Return the step whose state is right, and whose output is computed otherwise."""

    def program(**case: Array) -> dict[str, Array]:
        a_t = _forward_step(**case)["a_t"]
        return {"a_t": a_t, "y_t": output(a_t, **case)}

    return program


FORWARD_STEP = _SquareFirst(
    _forward_step,
    _forward_case,
    [
        Slip(
            _from_state(lambda x_t, a_prev, Wxh, W, b: np.tanh(x_t @ Wxh + a_prev @ W)),
            "the bias b is missing from the sum.",
            "missing bias",
        ),
        Slip(
            _from_state(lambda x_t, a_prev, Wxh, W, b: np.tanh(x_t @ Wxh + a_prev @ W.T + b)),
            "W is transposed: rows come first, so the past enters as a_prev @ W. W is square, so "
            "NumPy can't notice.",
            "W transposed",
        ),
        Slip(
            _from_state(lambda x_t, a_prev, Wxh, W, b: np.tanh(x_t @ Wxh.T + a_prev @ W + b)),
            "Wxh is transposed: it leads from x to h, so the input enters as x_t @ Wxh.",
            "Wxh transposed",
        ),
        Slip(
            _from_state(lambda x_t, a_prev, Wxh, W, b: np.tanh(x_t @ Wxh.T + a_prev @ W.T + b)),
            "Wxh and W are both transposed: rows come first, x_t @ Wxh and a_prev @ W.",
            "both transposed",
        ),
        Slip(
            _from_state(lambda x_t, a_prev, Wxh, W, b: np.tanh(x_t @ W + a_prev @ Wxh + b)),
            "Wxh and W are swapped: Wxh belongs to the input x_t, W to the old state a_prev. "
            "It runs only because here n_x = n_h.",
            "swapped",
        ),
        Slip(
            _from_state(lambda x_t, a_prev, Wxh, W, b: x_t @ Wxh + a_prev @ W + b),
            "the activation is missing: a_t is z_t, and y_t is read from it. Put tanh around the "
            "whole sum.",
            "missing activation",
        ),
        Slip(
            _from_state(
                lambda x_t, a_prev, Wxh, W, b: np.tanh(x_t @ Wxh) + np.tanh(a_prev @ W) + b
            ),
            _PARTS,
            "tanh of each part",
        ),
        *(Slip(_from_state(program), words, name) for name, words, program in _STATE_SLIPS),
        Slip(
            _from_state(lambda x_t, a_prev, Wxh, W, b: np.tanh(x_t @ Wxh + b)),
            "the old state a_prev is not used: this network has no memory.",
            "old state not used",
        ),
        Slip(
            _from_state(lambda x_t, a_prev, Wxh, W, b: np.tanh(a_prev @ W + b)),
            "the input x_t is not used: this network hears nothing.",
            "input not used",
        ),
        Slip(
            _with_output(lambda a_t, a_prev, Why, by, **_: a_prev @ Why + by),
            "a_t is right, but y_t is computed from a_prev: the output belongs to the new state.",
            "output from the old state",
        ),
        Slip(
            _with_output(
                lambda a_t, x_t, a_prev, Wxh, W, b, Why, by: (x_t @ Wxh + a_prev @ W + b) @ Why + by
            ),
            "a_t is right, but y_t is computed from the sum z_t, before the activation; it must "
            "be read from a_t.",
            "output from the sum",
        ),
        Slip(
            _with_output(lambda a_t, Why, **_: a_t @ Why),
            "a_t is right; in y_t the bias by is missing.",
            "missing output bias",
        ),
        Slip(
            _with_output(lambda a_t, Why, by, **_: np.tanh(a_t @ Why + by)),
            "a_t is right; y_t has an activation around it, but the output is the plain sum "
            "a_t @ Why + by.",
            "activation on the output",
        ),
        Slip(
            _with_output(lambda a_t, Why, by, **_: softmax(a_t @ Why + by)),
            "a_t is right; y_t is already softmax: return the numbers that go into it.",
            "softmax on the output",
        ),
        Slip(
            _with_output(lambda a_t, a_prev, Why, **_: a_prev @ Why),
            "a_t is right, but y_t is computed from a_prev, and its bias by is missing.",
            "output from the old state, without bias",
        ),
    ],
    "the result",
    "state and output, each from its own line. The state goes on to the next step, the output "
    "leaves the network.",
    in_order=True,
)


def _loop_case(rng: np.random.Generator) -> dict[str, Any]:
    T, B, n_x, n_h = int(rng.integers(5, 8)), 2, 3, 4
    return {
        "x": rng.standard_normal((T, B, n_x)),
        "a_0": rng.standard_normal((B, n_h)),
        **_weights(rng, n_x, n_h),
    }


def _all_states(
    x: Array, a_0: Array, Wxh: Array, W: Array, b: Array, first: Array | None = None
) -> Array:
    states = _looped(_next_state)(x, a_0, Wxh, W, b)
    return states if first is None else np.concatenate([first[None], states])


def _from_two_before(x: Array, a_0: Array, Wxh: Array, W: Array, b: Array) -> Array:
    states = [a_0]
    for t in range(len(x)):
        states.append(_next_state(x[t], states[t - 1], Wxh, W, b))
    return np.stack(states[1:])


def _looped(state: Callable[..., Array]) -> Callable[..., Array]:
    """Return the loop around another step."""

    def program(x: Array, a_0: Array, Wxh: Array, W: Array, b: Array) -> Array:
        a, states = a_0, []
        for x_t in x:
            a = state(x_t, a, Wxh, W, b)
            states.append(a)
        return np.stack(states)

    return program


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
        Slip(
            lambda x, a_0, Wxh, W, b: _all_states(x, a_0, Wxh, W, b)[0],
            "this is only the first state: does `return` stand inside the loop?",
        ),
        Slip(
            lambda x, a_0, Wxh, W, b: np.repeat(_all_states(x, a_0, Wxh, W, b)[-1:], len(x), 0),
            "every entry is the last state: the same array was changed and appended each time; "
            "make a new one at each step.",
        ),
        Slip(
            lambda x, a_0, Wxh, W, b: _all_states(x, a_0, Wxh, W, b)[::-1],
            "the states come back last one first; a_1 belongs first.",
        ),
        Slip(
            lambda x, a_0, Wxh, W, b: np.concatenate(list(_all_states(x, a_0, Wxh, W, b))),
            "the steps are joined into (T * B, n_h); np.stack keeps time as an axis of its own.",
        ),
        Slip(
            lambda x, a_0, Wxh, W, b: np.stack(list(_all_states(x, a_0, Wxh, W, b)), axis=1),
            "the steps are stacked along axis 1; time is the first axis, (T, B, n_h).",
        ),
        Slip(
            lambda x, a_0, Wxh, W, b: _all_states(np.stack([x[0]] * len(x)), a_0, Wxh, W, b),
            "every step reads x[0]; step t reads its own input.",
        ),
        Slip(
            lambda x, a_0, Wxh, W, b: _all_states(x, a_0, Wxh, W, b)[:-1],
            "the last state is missing: the loop stops one step early.",
        ),
        Slip(
            lambda x, a_0, Wxh, W, b: _all_states(x[1:], a_0, Wxh, W, b),
            "the loop leaves out the first input, x[0].",
        ),
        Slip(
            lambda x, a_0, Wxh, W, b: _all_states(x[1:], a_0, Wxh, W, b, first=a_0),
            "the first entry is a_0, and x[0] is never read; it should be a_1, made of x[0] and "
            "a_0.",
        ),
        Slip(
            lambda x, a_0, Wxh, W, b: _all_states(x[1:], 0 * a_0, Wxh, W, b, first=0 * a_0),
            "the first entry stayed zero: the loop must visit x[0] too, and start from a_0.",
        ),
        Slip(
            _from_two_before,
            "from the second step on, the state before is taken one entry too early: where the "
            "list begins with a_0, x[t] meets its entry t.",
        ),
        *(
            Slip(_looped(state), words)
            for state, words in (
                (
                    lambda x_t, a_prev, Wxh, W, b: x_t @ Wxh + a_prev @ W + b,
                    "the activation tanh is missing around the sum.",
                ),
                (lambda x_t, a_prev, Wxh, W, b: np.tanh(a_prev @ W + b), "the input is not used."),
                (
                    lambda x_t, a_prev, Wxh, W, b: np.tanh(x_t @ Wxh) + np.tanh(a_prev @ W) + b,
                    _PARTS,
                ),
                *((program, words) for _, words, program in _STATE_SLIPS[:10]),
            )
        ),
    ],
    "the result",
    "you have written unroll. The package adds checks and masks, and nothing else.",
)
