"""What several test files share: random settings that hide no bug, and one gradient check.

The check takes the package as an argument, so that it can referee `rnn_core` itself as well as
copies of it with a bug planted in (test_bptt_mutants.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

import rnn_core

BOUND = 1e-6
"""Largest relative error between a correct gradient and finite differences."""

ACTIVATIONS = ("tanh", "relu", "sigmoid", "identity")

# (T, B, n_x, n_h): T at least 3, and no two sizes alike, so that no shape fits by accident.
SHAPES = ((3, 2, 4, 5), (4, 3, 2, 6), (5, 2, 3, 4), (6, 4, 5, 3), (7, 1, 2, 3))
MASKS = ("none", "ragged", "short")


class Case(NamedTuple):
    """One point of the grid of settings."""

    shape: tuple[int, int, int, int]
    mask: str
    activation: str

    def __str__(self) -> str:
        return "-".join([*map(str, self.shape), self.mask, self.activation])


GRID = [Case(shape, mask, f) for shape in SHAPES for mask in MASKS for f in ACTIVATIONS]


def make_mask(kind: str, T: int, B: int) -> Any:
    """Return no mask; one of unequal lengths; or one with a sequence of a single step."""
    if kind == "none":
        return None
    shortest = 1 if kind == "short" else 2
    lengths = np.linspace(T, shortest, B).round().astype(int) if B > 1 else np.array([shortest])
    return rnn_core.lengths_to_mask(lengths, T)


def fill(parameters: Mapping[str, Any], rng: np.random.Generator) -> None:
    """Make every weight and every bias random and of order 1."""
    for array in parameters.values():
        array[...] = rng.uniform(-0.9, 0.9, array.shape)


def random_cell(core: ModuleType, case: Case, rng: np.random.Generator) -> Any:
    """Return a cell with random weights and biases."""
    _, _, n_x, n_h = case.shape
    cell = core.RNNCell(n_x, n_h, activation=case.activation)
    fill(cell.parameters, rng)
    return cell


class CellRun(NamedTuple):
    """A cell with everything that goes into one run forward and one back."""

    cell: Any
    x: Any
    a_0: Any
    mask: Any
    da: Any
    da_T: Any


def cell_run(case: Case, core: ModuleType = rnn_core) -> CellRun:
    """Return a run with random numbers everywhere; for relu one that is not near the kink."""
    T, B, n_x, n_h = case.shape
    for seed in range(100):
        rng = np.random.default_rng(seed)
        cell = random_cell(core, case, rng)
        x, a_0 = rng.standard_normal((T, B, n_x)), rng.standard_normal((B, n_h))
        mask = make_mask(case.mask, T, B)
        da, da_T = rng.standard_normal((T, B, n_h)), rng.standard_normal((B, n_h))
        trace = core.unroll(cell, x, a_0, mask)
        z = trace.x @ cell.Wxh + trace.a_prev @ cell.W + cell.b
        if case.activation != "relu" or abs(z).min() > 1e-3:
            return CellRun(cell, x, a_0, mask, da, da_T)
    raise AssertionError(f"no setting away from the kink for {case}")


def cell_errors(case: Case, core: ModuleType = rnn_core) -> dict[str, float]:
    """Return the relative error of each gradient of one cell, by finite differences.

    The loss weighs every state, and the last one once more: L = sum(da * a) + sum(da_T * a_T).
    """
    cell, x, a_0, mask, da, da_T = cell_run(case, core)

    def loss() -> float:
        trace = core.unroll(cell, x, a_0, mask)
        return float((da * trace.a).sum() + (da_T * trace.a_T).sum())

    trace = core.unroll(cell, x, a_0, mask)
    gradients = {**core.backpropagate(trace, da, da_T), "x": trace.dx, "a_0": trace.da_0}
    return rnn_core.check_gradients(loss, {**cell.parameters, "x": x, "a_0": a_0}, gradients)


WIRINGS: dict[str, Callable[[ModuleType], Any]] = {
    "one_to_many": lambda core: core.one_to_many,
    "many_to_one": lambda core: core.many_to_one,
    "many_to_many": lambda core: core.many_to_many,
    "many_to_many_unequal": lambda core: lambda T: core.many_to_many_unequal(2, T - 2),
    "with gaps": lambda core: (
        lambda T: core.Wiring(
            "gaps", tuple(t % 3 != 1 for t in range(T)), tuple(t % 2 == 0 for t in range(T))
        )
    ),
}


class ModelRun(NamedTuple):
    """A model with a batch."""

    model: Any
    x: Any
    targets: Any
    mask: Any
    a_0: Any


def model_run(
    wiring: str,
    *,
    tokens: bool,
    mask: str = "none",
    shape: tuple[int, int, int, int] = (5, 3, 4, 6),
    activation: str = "tanh",
    core: ModuleType = rnn_core,
) -> ModelRun:
    """Return a model and a batch with random numbers everywhere; tokens repeat."""
    T, B, n_x, n_h = shape
    n_y, n_tokens = 7, 8
    rng = np.random.default_rng(1)
    cell = core.RNNCell(n_x, n_h, activation=activation)
    model = core.SequenceModel(
        cell, n_y, WIRINGS[wiring](core), n_tokens=n_tokens if tokens else None
    )
    fill(model.parameters, rng)
    x = rng.integers(0, n_tokens, (T, B)) if tokens else rng.standard_normal((T, B, n_x))
    a_0 = rng.standard_normal((B, n_h))
    K = len(np.flatnonzero(model.wiring(T).emits))
    targets = rng.integers(0, n_y, B if K == 1 else (K, B))
    return ModelRun(model, x, targets, make_mask(mask, T, B), a_0)


def model_errors(run: ModelRun) -> dict[str, float]:
    """Return the relative error of each gradient of a model's loss, by finite differences.

    Without tokens the gradient by x is checked at the steps that read it.
    """
    model, x, targets, mask, a_0 = run

    def forward() -> tuple[Any, float, Any]:
        # Scored by hand: each real output counts the same, padding not at all.
        trace = model.forward(x, mask, a_0)
        K, B = trace.y.shape[:-1]
        real = None if mask is None or K == 1 else mask[trace.emits].astype(float)
        return trace, *rnn_core.softmax_cross_entropy(trace.y, np.reshape(targets, (K, B)), real)

    value, gradients = model.loss_and_gradients(x, targets, mask, a_0)
    trace, loss, dy = forward()
    assert value == loss
    arrays, computed = dict(model.parameters), dict(gradients)
    if a_0 is not None:
        model.backward(trace, dy)
        arrays["a_0"], computed["a_0"] = a_0, trace.da_0
        if model.embedding is None:
            reads = np.reshape(model.wiring(len(x)).reads, (-1, 1, 1))
            arrays["x"], computed["x"] = x, trace.dx * reads
    return rnn_core.check_gradients(lambda: forward()[1], arrays, computed)


def bag_run(mask: str = "ragged", core: ModuleType = rnn_core) -> ModelRun:
    """Return a bag of words and a batch in which words repeat."""
    T, B, n_tokens, n_x, n_h, n_y = 6, 3, 5, 4, 7, 2
    rng = np.random.default_rng(2)
    model = core.BagOfWords(n_tokens, n_x, n_h, n_y)
    fill(model.parameters, rng)
    tokens, targets = rng.integers(0, n_tokens, (T, B)), rng.integers(0, n_y, B)
    return ModelRun(model, tokens, targets, make_mask(mask, T, B), None)


def assert_correct(errors: Mapping[str, float], bound: float = BOUND) -> None:
    """Fail with the names of the gradients that are wrong, and by how much."""
    wrong = {name: error for name, error in errors.items() if not error < bound}
    assert errors and not wrong, f"relative errors above {bound}: {wrong}"


def tooltips(picture: Any) -> dict[str, float]:
    """Return the numbers of a picture by name, as its tooltips "name = value" tell them."""
    titles = "\n".join(node.text or "" for node in picture.iter("title"))
    return {name: float(value) for name, value in re.findall(r"^(.+) = (\S+)$", titles, re.M)}
