"""What to minimise: each loss returns its value and its gradient together."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnn_core.checks import as_array, check_ids, check_real
from rnn_core.parameters import Array


def softmax(y: Array) -> Array:
    """Return the probabilities p = exp(y) / sum exp(y) along the last axis."""
    y = as_array("y", y)
    p = np.exp(y - y.max(axis=-1, keepdims=True))
    p /= p.sum(axis=-1, keepdims=True)
    return p


def softmax_cross_entropy(y: Array, targets: Any, weights: Any = None) -> tuple[float, Array]:
    """Return the weighted mean of -log p[target] in nats, and its gradient by the logits y.

    L = sum_i w_i (log sum_j exp(y_ij) - y_i,target) / sum_i w_i
    dL/dy_ij = w_i (p_ij - [j = target_i]) / sum_i w_i

    Shapes: y (..., n_y); targets (...) of integers 0 ... n_y - 1; weights (...) of numbers >= 0,
    all 1 unless given (0 for padding).
    Raises TypeError or ValueError where y, targets or weights do not fit.
    Source: Goodfellow, Bengio and Courville, Deep Learning, section 6.2.2.3.
    """
    y = as_array("y", y)
    if y.dtype.kind != "f":
        raise TypeError(f"y holds {y.dtype} values, expected floating-point numbers.")
    n_y = y.shape[-1]
    rows = y.reshape(-1, n_y)
    targets = check_ids("targets", targets, y.shape[:-1], n_y).reshape(-1)
    each = np.arange(len(rows))
    p = rows - rows.max(axis=1, keepdims=True)
    at_target = p[each, targets]
    np.exp(p, out=p)
    total = p.sum(axis=1)
    losses = np.log(total) - at_target
    if weights is None:
        w = np.full(len(rows), 1.0 / len(rows), y.dtype)
    else:
        w = check_real("weights", weights, y.shape[:-1], y.dtype).reshape(-1)
        if w.min() < 0 or w.max() == 0:
            raise ValueError(
                f"weights go from {w.min()} to {w.max()}, expected none below 0 and one above."
            )
        w = w / w.sum()
    p *= (w / total)[:, None]
    p[each, targets] -= w
    return float(losses @ w), p.reshape(y.shape)


def check_loss(loss: float) -> float:
    """Return the loss; raise FloatingPointError where it is no finite number any more."""
    if not np.isfinite(loss):
        raise FloatingPointError(
            f"the loss is {loss}, expected a finite number: lower the learning rate."
        )
    return loss
