"""Sequences of zeros and ones with their sum: a task for a linear network of two weights.

The network a_t = x_t Wxh + a_{t-1} W with one unit, no activation and no bias solves it exactly
with Wxh = W = 1, and its loss can be drawn as a surface over the two weights.
Idea: Peter Roelants, "How to implement a recurrent neural network" (2015).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rnn_core.bptt import backpropagate, unroll
from rnn_core.cells import RNNCell, generator
from rnn_core.checks import check_positive, check_size
from rnn_core.parameters import Array

FAR = 5.0
"""A weight beyond this has left every map: its loss is astronomical."""


class Data(NamedTuple):
    """Sequences x (T, B, 1) of zeros and ones, and their sums, targets (B, 1)."""

    x: Array
    targets: Array


class Descent(NamedTuple):
    """A way downhill: the weights (Wxh, W) before each update and after the last, (n + 1, 2).

    `losses` (n,) and `gradients` (n, 2) are those before each update.
    """

    weights: Array
    losses: Array
    gradients: Array


def data(T: int = 10, B: int = 20, rng: np.random.Generator | int = 0) -> Data:
    """Return random sequences with their sums; raise ValueError where a size is below 1."""
    size = check_size("T", T), check_size("B", B), 1
    x = generator(rng).integers(0, 2, size).astype(float)
    return Data(x, x.sum(axis=0))


def network(Wxh: float, W: float) -> RNNCell:
    """Return the cell of two weights."""
    cell = RNNCell(1, 1, activation="identity")
    cell.Wxh, cell.W = np.array([[Wxh]]), np.array([[W]])
    return cell


def loss_and_gradients(cell: RNNCell, some: Data) -> tuple[float, float, float]:
    """Return L, the mean squared error of the last state, with dL/dWxh and dL/dW."""
    trace = unroll(cell, some.x)
    error = trace.a[-1] - some.targets
    da = np.zeros_like(trace.a)
    da[-1] = 2 * error / error.size
    gradients = backpropagate(trace, da)
    return float((error**2).mean()), float(gradients["Wxh"][0, 0]), float(gradients["W"][0, 0])


def surface(some: Data, Wxh: Array, W: Array) -> Array:
    """Return the loss at every pair of weights, `(len(Wxh), len(W))`: the same recurrence."""
    a = np.zeros((len(Wxh), len(W), some.x.shape[1]))
    for x_t in some.x[:, :, 0]:
        a = x_t * Wxh[:, None, None] + a * W[None, :, None]
    return ((a - some.targets[:, 0]) ** 2).mean(axis=-1)


def descend(some: Data, Wxh: float, W: float, *, rate: float, steps: int = 100) -> Descent:
    """Return the way of gradient descent from a start; it ends early where a weight passes FAR.

    Raises ValueError unless rate is above 0 and steps at least 1.
    """
    check_positive("rate", rate)
    weights, gradients = [(Wxh, W)], []
    for _ in range(check_size("steps", steps)):
        loss, dWxh, dW = loss_and_gradients(network(*weights[-1]), some)
        gradients.append((loss, dWxh, dW))
        weights.append((weights[-1][0] - rate * dWxh, weights[-1][1] - rate * dW))
        if max(map(abs, weights[-1])) > FAR:
            break
    losses, *slopes = np.array(gradients).T
    return Descent(np.array(weights), losses, np.array(slopes).T)
