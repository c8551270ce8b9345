"""A network of one unit on three steps, small enough for pencil and paper.

Without an activation every number is whole; with tanh they are rounded to two digits by hand.
The loss is L = sum over t of (y_t - target_t)^2 / 2, so dy_t = y_t - target_t.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from rnn_core.bptt import Trace
from rnn_core.cells import RNNCell
from rnn_core.models import SequenceModel
from rnn_core.parameters import Array, Parameters

T = 3


class Sheet(NamedTuple):
    """What is given: the activation, the inputs, the targets and the three weights."""

    activation: str
    x: tuple[float, float, float]
    targets: tuple[float, float, float]
    Wxh: float
    W: float
    Why: float


WHOLE = Sheet("identity", x=(1, 1, -1), targets=(3, 8, 14), Wxh=1, W=2, Why=3)
TANH = Sheet("tanh", x=(1, 1, -1), targets=(1, 1, 0), Wxh=0.5, W=1, Why=2)


class Run(NamedTuple):
    """A sheet computed: the trace with its gradients, the gradients by the weights, the loss."""

    trace: Trace
    gradients: Parameters
    loss: float


def network(sheet: Sheet) -> SequenceModel:
    """Return the network of a sheet: n_x = n_h = n_y = 1, biases zero, an output at every step."""
    model = SequenceModel(RNNCell(1, 1, activation=sheet.activation), 1)
    model.cell.Wxh[:], model.cell.W[:] = sheet.Wxh, sheet.W
    model.readout.Why[:] = sheet.Why
    return model


def run(sheet: Sheet) -> Run:
    """Return the forward and the backward pass of a sheet, from a_0 = 0."""
    model = network(sheet)
    trace = model.forward(_over_time(sheet.x))
    dy = trace.y - _over_time(sheet.targets)
    return Run(trace, model.backward(trace, dy), float((dy**2).sum() / 2))


def _over_time(values: tuple[float, float, float]) -> Array:
    return np.array(values, float).reshape(T, 1, 1)


def numbers(sheet: Sheet) -> dict[str, float]:
    """Return every number that is to be filled in, by its name, in the order of the work."""
    trace, gradients, loss = run(sheet)
    found: dict[str, float] = {}
    tanh = sheet.activation == "tanh"
    for t in range(1, T + 1):
        step = trace.step(t)
        if tanh:
            found[f"z_{t}"] = float(step.z[0, 0])
        found[f"a_{t}"] = float(step.a[0, 0])
        found[f"y_{t}"] = float(trace.y[t - 1, 0, 0])
    found["L"] = loss
    for t in range(T, 0, -1):
        step = trace.step(t)
        found[f"dy_{t}"] = float(trace.dy[t - 1, 0, 0])
        found[f"da_{t}"] = float(step.da[0, 0])
        if tanh:
            found[f"dz_{t}"] = float(step.dz[0, 0])
    for name in ("Why", "Wxh", "W"):
        found[f"d{name}"] = float(gradients[name][0, 0])
    return found


def given(sheet: Sheet) -> dict[str, float]:
    """Return the numbers that stand on the sheet from the start, by name."""
    found = {"Wxh": float(sheet.Wxh), "W": float(sheet.W), "Why": float(sheet.Why), "a_0": 0.0}
    for t in range(1, T + 1):
        found |= {f"x_{t}": float(sheet.x[t - 1]), f"target_{t}": float(sheet.targets[t - 1])}
    return found


def by_rule(sheet: Sheet, name: str, known: Mapping[str, float]) -> float:
    """Return what a number should be if those before it are `known`, right or wrong.

    One rule for each kind of number, in floats: what a person does by hand.
    Raises KeyError where a number is missing that it is made of.
    """
    q = given(sheet) | dict(known)
    tanh = sheet.activation == "tanh"
    kind, _, step = name.partition("_")
    t = int(step or 0)
    dz = "dz" if tanh else "da"
    steps = range(1, T + 1)
    if kind == "z" or (kind == "a" and not tanh):
        return q[f"x_{t}"] * q["Wxh"] + q[f"a_{t - 1}"] * q["W"]
    if kind == "a":
        return math.tanh(q[f"z_{t}"])
    if kind == "y":
        return q[f"a_{t}"] * q["Why"]
    if kind == "L":
        return sum((q[f"y_{s}"] - q[f"target_{s}"]) ** 2 for s in steps) / 2
    if kind == "dy":
        return q[f"y_{t}"] - q[f"target_{t}"]
    if kind == "da":
        from_next = q[f"{dz}_{t + 1}"] * q["W"] if t < T else 0.0
        return q[f"dy_{t}"] * q["Why"] + from_next
    if kind == "dz":
        return q[f"da_{t}"] * (1 - q[f"a_{t}"] ** 2)
    if kind == "dWhy":
        return sum(q[f"a_{s}"] * q[f"dy_{s}"] for s in steps)
    if kind == "dWxh":
        return sum(q[f"x_{s}"] * q[f"{dz}_{s}"] for s in steps)
    return sum(q[f"a_{s - 1}"] * q[f"{dz}_{s}"] for s in steps)
