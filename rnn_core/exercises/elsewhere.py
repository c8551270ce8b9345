"""The exercises on the way to PyTorch, and on attention: weights under other names, and a blend."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np

from rnn_core.exercises.exercise import Case, Exercise, Slip
from rnn_core.losses import softmax
from rnn_core.parameters import Array


def _plain_case(rng: np.random.Generator) -> Case:
    n_x, n_h = 3, int(rng.integers(4, 8))
    return {
        "Wxh": rng.standard_normal((n_x, n_h)),
        "W": rng.standard_normal((n_h, n_h)),
        "b": rng.standard_normal(n_h),
    }


def _names(
    *,
    ih: Callable[[Array, Array], Array] = lambda Wxh, W: Wxh.T,
    hh: Callable[[Array, Array], Array] = lambda Wxh, W: W.T,
    shares: tuple[float, float] = (1.0, 0.0),
) -> Callable[..., dict[str, Array]]:
    """Return a program that hands the weights over, with any of its parts made otherwise."""

    def program(Wxh: Array, W: Array, b: Array) -> dict[str, Array]:
        return {
            "weight_ih_l0": ih(Wxh, W),
            "weight_hh_l0": hh(Wxh, W),
            "bias_ih_l0": shares[0] * b,
            "bias_hh_l0": shares[1] * b,
        }

    return program


TORCH_NAMES = Exercise(
    _names(),
    _plain_case,
    [
        Slip(
            _names(hh=lambda Wxh, W: W),
            "W is not transposed. No shape tells, since it is square: PyTorch would compute other "
            "states and say nothing.",
            "W not transposed",
        ),
        Slip(
            _names(ih=lambda Wxh, W: Wxh, hh=lambda Wxh, W: W),
            "nothing is transposed. PyTorch would refuse weight_ih_l0 by its shape, and take "
            "weight_hh_l0 without a word, since W is square.",
            "neither transposed",
        ),
        Slip(
            _names(ih=lambda Wxh, W: Wxh),
            "Wxh is not transposed: weight_ih_l0 is (n_h, n_x).",
            "Wxh not transposed",
        ),
        Slip(
            _names(ih=lambda Wxh, W: W.T, hh=lambda Wxh, W: Wxh.T),
            "ih and hh are exchanged: ih goes from the input, hh from the state before.",
            "ih and hh exchanged",
        ),
        Slip(
            _names(shares=(1.0, 1.0)),
            "the bias is there twice, and PyTorch adds the two: one of them must be zero.",
            "bias twice",
        ),
        Slip(
            _names(shares=(0.0, 1.0)),
            "the bias stands in bias_hh_l0. A plain cell computes the same states, but a GRU would "
            "not: put it into bias_ih_l0.",
            "bias in hh",
        ),
        Slip(
            _names(shares=(0.5, 0.5)),
            "half the bias stands in each place. A plain cell computes the same states, but a GRU "
            "would not: put all of it into bias_ih_l0.",
            "bias in halves",
        ),
    ],
    "the result",
    "rows become columns, so both matrices are transposed, and one of the two biases stays zero.",
    in_order=True,
)


def _blocks_case(rng: np.random.Generator) -> Case:
    return {"Wxh": rng.standard_normal((3, 4 * int(rng.integers(4, 8))))}


def _ordered(order: str, *, transposed: bool = True) -> Callable[[Array], Array]:
    def program(Wxh: Array) -> Array:
        blocks = dict(zip("oifg", np.split(Wxh, 4, axis=1), strict=True))
        columns = np.hstack([blocks[name] for name in order])
        return columns.T if transposed else columns

    return program


def _wrong_orders() -> list[Slip]:
    slips = []
    for order in ("".join(found) for found in permutations("oifg")):
        if order != "ifgo":
            ours = " (that is our order)" if order == "oifg" else ""
            words = (
                f"the blocks come out as {', '.join(order)}{ours}; PyTorch reads them as "
                "i, f, g, o."
            )
            slips.append(Slip(_ordered(order), words, f"order {order}"))
    return slips


TORCH_BLOCKS = Exercise(
    _ordered("ifgo"),
    _blocks_case,
    [
        *_wrong_orders(),
        Slip(
            _ordered("ifgo", transposed=False),
            "the order is right, and the matrix is not transposed: weight_ih_l0 is (4 n_h, n_x).",
            "not transposed",
        ),
        Slip(
            _ordered("oifg", transposed=False),
            "this is Wxh as it was: the blocks need another order, and the whole a transpose.",
            "as it was",
        ),
        Slip(
            lambda Wxh: np.vstack([np.split(Wxh, 4, axis=1)[k] for k in (1, 2, 3, 0)]),
            "the blocks stand below each other, but each is still (n_x, n_h): transpose each of "
            "them, or put them side by side and transpose the whole.",
            "blocks not transposed",
        ),
    ],
    "weight_ih_l0",
    "the same four blocks of columns, in PyTorch's order and as rows.",
)


def _attend_case(rng: np.random.Generator) -> Case:
    K, T, n_h = 4, int(rng.integers(6, 9)), 3
    return {"q": rng.standard_normal((K, n_h)), "states": rng.standard_normal((T, n_h))}


def _attend(weigh: Callable[[Array], Array]) -> Callable[[Array, Array], Any]:
    """Return a blend of the states whose weights are made of the scores in this way."""
    return lambda q, states: weigh(q @ states.T) @ states


ATTEND = Exercise(
    _attend(softmax),
    _attend_case,
    [
        Slip(
            _attend(lambda scores: softmax(scores.T).T),
            "the softmax goes over the queries: here the shares of one state add up to 1. They "
            "should add up to 1 for each query, over the states: the last axis of q @ states.T.",
            "softmax over the queries",
        ),
        Slip(
            _attend(lambda scores: np.exp(scores) / np.exp(scores).sum()),
            "all shares together add up to 1; they should add up to 1 for each query.",
            "softmax over everything",
        ),
        Slip(
            _attend(lambda scores: scores),
            "there is no softmax: the scores themselves are no shares, some are below 0.",
            "no softmax",
        ),
        Slip(
            _attend(np.exp),
            "the shares are exp(score), and do not add up to 1 yet; softmax divides by their sum.",
            "exp without the sum",
        ),
        Slip(
            _attend(lambda scores: np.eye(scores.shape[1])[scores.argmax(axis=1)]),
            "this takes the state of the largest score alone; the context is a blend of all. (A "
            "maximum has no useful gradient: the others could never learn.)",
            "the maximum for the blend",
        ),
        Slip(
            lambda q, states: softmax(q @ states.T),
            "these are the shares alpha; blend the states by them.",
            "shares alone",
        ),
        Slip(
            lambda q, states: (q @ states.T) @ softmax(states),
            "the softmax goes over the states' own numbers; it belongs on the scores, "
            "q @ states.T.",
            "softmax of the states",
        ),
        Slip(
            lambda q, states: q @ states.T,
            "these are the scores; the softmax and the blend are still to come.",
            "scores alone",
        ),
        Slip(
            _attend(lambda scores: np.full(scores.shape, 1 / scores.shape[1])),
            "this is the mean of the states, whatever the query: the scores are not used.",
            "the mean",
        ),
        Slip(
            lambda q, states: softmax(q @ states.T / np.sqrt(q.shape[1])) @ states,
            "the scores are divided by the root of n_h, as in the Transformer; here they are not.",
            "divided by the root",
        ),
        Slip(
            lambda q, states: q + softmax(q @ states.T) @ states,
            "the query is added to the blend; the context is the blend alone.",
            "query added",
        ),
    ],
    "context",
    "a score for each state, shares that add up to 1, and the blend.",
)
