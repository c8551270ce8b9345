"""The exercises on vanishing and exploding: the way back through the states, and clipping."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnn_core.exercises.exercise import Exercise, Slip
from rnn_core.parameters import Array


def _back_case(rng: np.random.Generator) -> dict[str, Any]:
    T, B, n_h = int(rng.integers(5, 8)), 2, int(rng.integers(3, 5))
    return {
        "da_T": rng.standard_normal((B, n_h)),
        "slopes": rng.uniform(0.2, 1.0, (T, B, n_h)),
        "W": rng.standard_normal((n_h, n_h)),
    }


def _way_back(da_T: Array, slopes: Array, W: Array) -> Array:
    da = [da_T]
    for slope in slopes[:0:-1]:
        da.append((da[-1] * slope) @ W.T)
    return np.stack(da[::-1])


def _slope_after(da_T: Array, slopes: Array, W: Array) -> Array:
    da = [da_T]
    for slope in slopes[:0:-1]:
        da.append((da[-1] @ W.T) * slope)
    return np.stack(da[::-1])


def _one_step_too_far(da_T: Array, slopes: Array, W: Array) -> Array:
    da = [da_T]
    for slope in slopes[::-1]:
        da.append((da[-1] * slope) @ W.T)
    return np.stack(da[::-1])


WAY_BACK = Exercise(
    _way_back,
    _back_case,
    [
        Slip(
            lambda da_T, slopes, W: _way_back(da_T, slopes, W.T),
            "W is not transposed: forward, a_{t-1} @ W; on the way back, @ W.T.",
            "missing transpose",
        ),
        Slip(
            lambda da_T, slopes, W: _way_back(da_T, np.ones_like(slopes), W),
            "the slopes are not used: da_t must be multiplied by the slope at t before the product "
            "with W.T.",
            "missing slope",
        ),
        Slip(
            _slope_after,
            "the slope is multiplied after the product with W.T; the slope of step t comes first, "
            "then W.T.",
            "slope after the product",
        ),
        Slip(
            lambda da_T, slopes, W: _way_back(da_T, np.roll(slopes, 1, axis=0), W),
            "each step uses the slope of the step before it: the way from a_t to a_{t-1} needs the "
            "slope at t, slopes[t - 1] in code.",
            "slope of the wrong step",
        ),
        Slip(
            lambda da_T, slopes, W: _way_back(da_T, slopes[::-1], W),
            "the slopes are taken from the first step on; the way back begins with the last one.",
            "slopes in the wrong order",
        ),
        Slip(
            lambda da_T, slopes, W: _way_back(da_T, slopes, W)[::-1],
            "the order is reversed: you found da_T first, but da_1 belongs first.",
            "wrong order",
        ),
        Slip(
            lambda da_T, slopes, W: _way_back(da_T, slopes, W)[0],
            "this is only da_1; return da_1 to da_T, stacked, (T, B, n_h).",
            "first only",
        ),
        Slip(
            _one_step_too_far,
            "there are T + 1 entries: the walk goes on to da_0; stop at da_1.",
            "one step too far",
        ),
        Slip(
            lambda da_T, slopes, W: _one_step_too_far(da_T, slopes, W)[:-1],
            "these are da_0 to da_{T-1}: append da_T itself before the first product.",
            "shifted by one",
        ),
    ],
    "da",
    "each step back is one product with the slope and with W.T. Many small factors vanish, many "
    "large ones explode.",
    over_time="da",
    backward=True,
)


def _clip_case(rng: np.random.Generator) -> dict[str, Any]:
    gradient = rng.standard_normal((3, 4))
    # Far above the threshold or below it, in turn: one of them alone would hide half of the slips.
    above = bool(rng.integers(0, 2))
    norm = float(np.linalg.norm(gradient))
    return {
        "gradient": gradient,
        "max_norm": norm * float(rng.uniform(0.3, 0.6) if above else rng.uniform(1.5, 3.0)),
    }


def _clip_by_norm(gradient: Array, max_norm: float) -> Array:
    norm = np.linalg.norm(gradient)
    return gradient * (max_norm / norm) if norm > max_norm else gradient


def _clip_by(norm: float, gradient: Array, max_norm: float) -> Array:
    return gradient * (max_norm / norm) if norm > max_norm else gradient


CLIP_BY_NORM = Exercise(
    _clip_by_norm,
    _clip_case,
    [
        Slip(
            lambda gradient, max_norm: np.clip(gradient, -max_norm, max_norm),
            "each entry is clipped by itself, which bends the direction; shorten the whole "
            "gradient by one factor.",
            "entry by entry",
        ),
        Slip(
            lambda gradient, max_norm: gradient * (max_norm / np.linalg.norm(gradient)),
            "short gradients are stretched to max_norm; change only those that are longer.",
            "always scaled",
        ),
        Slip(
            lambda gradient, max_norm: _clip_by(float((gradient**2).sum()), gradient, max_norm),
            "this uses the squared norm; the length is the square root of the sum of squares.",
            "squared norm",
        ),
        Slip(
            lambda gradient, max_norm: _clip_by(float(np.abs(gradient).sum()), gradient, max_norm),
            "this uses the sum of the absolute values; the length is the square root of the sum of "
            "squares.",
            "sum of absolute values",
        ),
        Slip(
            lambda gradient, max_norm: _clip_by(float(np.abs(gradient).max()), gradient, max_norm),
            "this compares the largest entry with max_norm; compare the length of the whole "
            "gradient.",
            "largest entry",
        ),
        Slip(
            lambda gradient, max_norm: (
                gradient / np.linalg.norm(gradient)
                if np.linalg.norm(gradient) > max_norm
                else gradient
            ),
            "a long gradient is shortened to length 1; it should keep the length max_norm.",
            "length 1",
        ),
        Slip(
            lambda gradient, max_norm: (
                gradient * (np.linalg.norm(gradient) / max_norm)
                if np.linalg.norm(gradient) > max_norm
                else gradient
            ),
            "the factor is upside down: long gradients get longer. It is max_norm / norm.",
            "factor upside down",
        ),
        Slip(
            lambda gradient, max_norm: (
                np.zeros_like(gradient) if np.linalg.norm(gradient) > max_norm else gradient
            ),
            "a long gradient is thrown away; it should be shortened, in the same direction.",
            "thrown away",
        ),
        Slip(
            lambda gradient, max_norm: (
                gradient * (max_norm / np.linalg.norm(gradient))
                if np.linalg.norm(gradient) < max_norm
                else gradient
            ),
            "the comparison is the wrong way round: it stretches short gradients and leaves long "
            "ones as they are.",
            "wrong comparison",
        ),
        Slip(
            lambda gradient, max_norm: gradient,
            "long gradients come back as long as they were.",
            "not clipped",
        ),
    ],
    "the result",
    "the direction stays, the length is at most max_norm. It is a brake: it can't make anything "
    "longer.",
)
