"""Whose loss, through which use: the gradient by the shared weights as a triangle over time."""

from __future__ import annotations

import copy

import numpy as np

from rnn_core.bptt import Trace, backpropagate
from rnn_core.parameters import Array


def contributions(trace: Trace, name: str = "W") -> Array:
    """Return what the loss at each step owes to the use of the weights at each step.

    Entry [t - 1, k - 1] is the gradient of the loss at step t alone by the copy of `Wxh`, `W` or
    `b` that step k uses, an array of that parameter's shape: zero where k > t. The rows added up
    are the summands of the steps (`trace.step(k).dW`), and all of them the gradient. Needs the
    gradients by the outputs in the trace (`da_from_y`), and leaves the trace as it is.
    Raises ValueError for another name, or where the trace has no gradients yet.
    """
    if name not in ("Wxh", "W", "b"):
        raise ValueError(f"name is {name!r}, expected 'Wxh', 'W' or 'b'.")
    trace._require_backward()
    one = copy.copy(trace)  # the same forward pass, room of its own for the gradients
    result = np.zeros((trace.T, trace.T, *trace.cell.parameters[name].shape), trace.a.dtype)
    for t in range(trace.T):
        alone = np.zeros_like(trace.da_from_y)
        alone[t] = trace.da_from_y[t]
        backpropagate(one, alone)
        for k in range(t + 1):
            result[t, k] = getattr(one.step(k + 1), "d" + name)
    return result
