"""The exercises on weight sharing: one gradient for tied copies, and one update for all of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnn_core.exercises.exercise import Exercise, Slip
from rnn_core.parameters import Array


def _summands_case(rng: np.random.Generator) -> dict[str, Any]:
    # T, n_x and n_h all differ, so that a sum over the wrong axis shows as a wrong shape.
    T, n_x, n_h = int(rng.integers(5, 8)), 3, 4
    return {"dWxh_by_step": rng.standard_normal((T, n_x, n_h))}


TIED_GRADIENT = Exercise(
    lambda dWxh_by_step: dWxh_by_step.sum(axis=0),
    _summands_case,
    [
        Slip(
            lambda dWxh_by_step: dWxh_by_step.mean(axis=0),
            "this is the mean over the steps. The same weight acts at every step, and the effects "
            "of changing it add up: take the sum.",
            "mean for sum",
        ),
        Slip(
            lambda dWxh_by_step: dWxh_by_step[-1],
            "this is the last step's gradient alone; the weight was used at every step, so every "
            "step's counts.",
            "last step only",
        ),
        Slip(
            lambda dWxh_by_step: dWxh_by_step[0],
            "this is the first step's gradient alone; the weight was used at every step, so every "
            "step's counts.",
            "first step only",
        ),
        Slip(
            lambda dWxh_by_step: dWxh_by_step,
            "these are still T gradients; there is one Wxh, so its gradient has the shape of Wxh.",
            "not added",
        ),
        Slip(
            lambda dWxh_by_step: dWxh_by_step.sum(axis=1),
            "the sum runs over the rows of each gradient; time is the first axis, axis 0.",
            "wrong axis",
        ),
        Slip(
            lambda dWxh_by_step: dWxh_by_step.sum(axis=(1, 2)),
            "this adds up all entries of each gradient; add entry by entry over the steps, axis 0.",
            "one number a step",
        ),
        Slip(
            lambda dWxh_by_step: np.prod(dWxh_by_step, axis=0),
            "this is the product over the steps; effects of the same weight add up.",
            "product for sum",
        ),
        Slip(
            lambda dWxh_by_step: dWxh_by_step.sum(),
            "this adds up all entries of all gradients; add entry by entry over the steps, axis 0.",
            "one number",
        ),
        Slip(
            lambda dWxh_by_step: dWxh_by_step.sum(axis=2),
            "the sum runs over the columns of each gradient; time is the first axis, axis 0.",
            "last axis",
        ),
        Slip(
            lambda dWxh_by_step: dWxh_by_step.cumsum(axis=0),
            "this is a running sum: only its last entry is the sum.",
            "running sum",
        ),
        Slip(
            lambda dWxh_by_step: dWxh_by_step.sum(axis=0, keepdims=True),
            "the sum is right, but a length-1 axis is left over: without keepdims it is gone.",
            "keepdims",
        ),
        Slip(
            lambda dWxh_by_step: dWxh_by_step[1:].sum(axis=0),
            "the first step's gradient is left out of the sum.",
            "without the first step",
        ),
        Slip(
            lambda dWxh_by_step: dWxh_by_step[:-1].sum(axis=0),
            "the last step's gradient is left out of the sum.",
            "without the last step",
        ),
        Slip(
            lambda dWxh_by_step: dWxh_by_step.mean(),
            "this is the mean of all entries of all gradients; add entry by entry over the steps, "
            "axis 0.",
            "mean of everything",
        ),
        Slip(
            lambda dWxh_by_step: dWxh_by_step.max(axis=0),
            "this is the largest over the steps; the effects at all steps add up.",
            "largest for sum",
        ),
        Slip(
            lambda dWxh_by_step: dWxh_by_step.sum(axis=0).T,
            "the sum is right, but transposed; the gradient has the shape of Wxh.",
            "transposed",
        ),
        Slip(
            lambda dWxh_by_step: -dWxh_by_step.sum(axis=0),
            "the sign is turned round: this is the step downhill, not the gradient.",
            "sign",
        ),
    ],
    "dWxh",
    "one weight used T times gets the sum of T gradients. That is all that weight sharing does to "
    "backpropagation.",
)


def _update_case(rng: np.random.Generator) -> dict[str, Any]:
    T, n_h = int(rng.integers(5, 8)), 4
    return {
        "copies": np.repeat(rng.standard_normal((1, n_h, n_h)), T, axis=0),
        "gradients": rng.standard_normal((T, n_h, n_h)),
        "rate": float(rng.uniform(0.1, 0.6)),
    }


def _update(copies: Array, gradients: Array, rate: float) -> Array:
    return copies - rate * gradients.sum(axis=0)


UPDATE_COPIES = Exercise(
    _update,
    _update_case,
    [
        Slip(
            lambda copies, gradients, rate: copies - rate * gradients,
            "each copy follows its own gradient, so the copies are no longer equal: all must take "
            "the same step, along the sum.",
            "separately",
        ),
        Slip(
            lambda copies, gradients, rate: copies - rate * gradients.mean(axis=0),
            "the copies stay equal, but the step is the mean: it is T times too short. Take the "
            "sum.",
            "mean for sum",
        ),
        Slip(
            lambda copies, gradients, rate: copies + rate * gradients.sum(axis=0),
            "the step goes uphill: subtract rate times the gradient.",
            "uphill",
        ),
        Slip(
            lambda copies, gradients, rate: copies - gradients.sum(axis=0),
            "the learning rate is missing: the step is rate times the sum.",
            "no rate",
        ),
        Slip(
            lambda copies, gradients, rate: copies - rate * gradients[-1],
            "all copies follow the last step's gradient alone; add up those of all steps.",
            "last step only",
        ),
        Slip(
            lambda copies, gradients, rate: copies - rate * gradients[0],
            "all copies follow the first step's gradient alone; add up those of all steps.",
            "first step only",
        ),
        Slip(
            lambda copies, gradients, rate: copies[0] - rate * gradients.sum(axis=0),
            "the step is right, but this is one copy; return all T of them, (T, n_h, n_h).",
            "one copy",
        ),
        Slip(
            lambda copies, gradients, rate: copies - rate * gradients.cumsum(axis=0),
            "each copy gets the gradients up to its own step; every copy must get the sum of all.",
            "running sum",
        ),
        Slip(
            lambda copies, gradients, rate: copies,
            "the copies are as before: take the step, and return the new copies.",
            "no step",
        ),
        Slip(
            lambda copies, gradients, rate: copies - rate * gradients.sum(),
            "this adds up all entries of all gradients to one number; add entry by entry over the "
            "steps, axis 0.",
            "one number",
        ),
        Slip(
            lambda copies, gradients, rate: copies - rate * gradients.sum(axis=1, keepdims=True),
            "the sum runs over the rows of each gradient; time is the first axis, axis 0.",
            "rows",
        ),
        Slip(
            lambda copies, gradients, rate: copies - rate * gradients.sum(axis=2, keepdims=True),
            "the sum runs over the columns of each gradient; time is the first axis, axis 0.",
            "columns",
        ),
        Slip(
            lambda copies, gradients, rate: (
                copies - rate * gradients.sum(axis=(1, 2), keepdims=True)
            ),
            "each copy gets the sum of all entries of its own gradient; add entry by entry over "
            "the steps, axis 0.",
            "one number a step",
        ),
        Slip(
            lambda copies, gradients, rate: copies + rate * gradients,
            "two things: the step goes uphill, so subtract; and each copy follows its own "
            "gradient, where all must follow the sum.",
            "separately, uphill",
        ),
        Slip(
            lambda copies, gradients, rate: copies - gradients,
            "two things: the learning rate is missing, and each copy follows its own gradient, "
            "where all must follow the sum.",
            "separately, no rate",
        ),
        Slip(
            lambda copies, gradients, rate: rate * gradients.sum(axis=0),
            "this is the step alone; subtract it from the copies.",
            "step alone",
        ),
        Slip(
            lambda copies, gradients, rate: gradients.sum(axis=0),
            "this is the tied gradient; subtract rate times it from the copies.",
            "gradient alone",
        ),
        Slip(
            lambda copies, gradients, rate: (copies - rate * gradients).mean(axis=0),
            "this is one matrix, and it moved along the mean; return all T copies, each moved "
            "along the sum.",
            "mean of the copies",
        ),
        Slip(
            lambda copies, gradients, rate: copies - rate * gradients.mean(),
            "this is the mean of all entries of all gradients; add entry by entry over the "
            "steps, axis 0.",
            "mean of everything",
        ),
        Slip(
            lambda copies, gradients, rate: copies - gradients.sum(axis=0) / rate,
            "the sum is divided by the rate; multiply.",
            "divided by the rate",
        ),
        Slip(
            lambda copies, gradients, rate: rate * gradients.sum(axis=0) - copies,
            "the difference is turned round: it is the copies minus the step.",
            "turned round",
        ),
        Slip(
            lambda copies, gradients, rate: (copies - rate * gradients).sum(axis=0),
            "the sum is taken over the copies, not over the gradients: sum the gradients alone.",
            "sum of the copies",
        ),
    ],
    "the result",
    "the copies began equal and took the same step, so they are still equal: one set of weights, "
    "written down T times.",
)
