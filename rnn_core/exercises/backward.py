"""The exercise on the way back: the whole backward loop, and what usually goes wrong in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from rnn_core.bptt import Trace
from rnn_core.exercises.exercise import Exercise, Slip
from rnn_core.gradcheck import numerical_gradient, relative_error
from rnn_core.losses import softmax_cross_entropy
from rnn_core.models import SequenceModel
from rnn_core.parameters import Array

Gradients = dict[str, Array]


def _case(rng: np.random.Generator) -> dict[str, Any]:
    # All sizes differ, whatever is drawn: T 5 to 8, B 2, n_x 3, n_h 9 to 11, n_y 4.
    return case((int(rng.integers(5, 9)), 2, 3, int(rng.integers(9, 12)), 4), rng)


def case(shape: tuple[int, int, int, int, int], rng: np.random.Generator) -> dict[str, Any]:
    """Return random arguments of order 1 for the sizes (T, B, n_x, n_h, n_y); the states fit."""
    T, B, n_x, n_h, n_y = shape
    x, a_0 = rng.standard_normal((T, B, n_x)), np.tanh(rng.standard_normal((B, n_h)))
    Wxh, W = rng.standard_normal((n_x, n_h)), rng.standard_normal((n_h, n_h)) / np.sqrt(n_h)
    b, a, a_t = rng.standard_normal(n_h), np.empty((T, B, n_h)), a_0
    for t in range(T):
        a[t] = a_t = np.tanh(x[t] @ Wxh + a_t @ W + b)
    Why, dy = rng.standard_normal((n_h, n_y)), rng.standard_normal((T, B, n_y))
    return {"x": x, "a": a, "a_0": a_0, "dy": dy, "Wxh": Wxh, "W": W, "Why": Why}


def backward(
    x: Array, a: Array, a_0: Array, dy: Array, Wxh: Array, W: Array, Why: Array
) -> Gradients:
    """Return the gradients by every parameter and by a_0, and dz (T, B, n_h), for tanh.

    da_t = dy_t @ Why.T + dz_{t+1} @ W.T, dz_t = da_t * (1 - a_t * a_t)

    Shapes: x (T, B, n_x), a (T, B, n_h), a_0 (B, n_h), dy (T, B, n_y).
    """
    dWxh, dW, db = np.zeros_like(Wxh), np.zeros_like(W), np.zeros(W.shape[1])
    dWhy, dby, dz = np.zeros_like(Why), np.zeros(Why.shape[1]), np.zeros_like(a)
    from_next = np.zeros_like(a_0)
    for t in reversed(range(len(x))):
        a_prev = a[t - 1] if t > 0 else a_0
        da = dy[t] @ Why.T + from_next
        dz[t] = da * (1 - a[t] * a[t])
        dWxh += x[t].T @ dz[t]
        dW += a_prev.T @ dz[t]
        db += dz[t].sum(axis=0)
        dWhy += a[t].T @ dy[t]
        dby += dy[t].sum(axis=0)
        from_next = dz[t] @ W.T
    sums = {"dWhy": dWhy, "dby": dby, "dWxh": dWxh, "dW": dW, "db": db}
    return {"dz": dz, **sums, "da_0": from_next}


def gradient_errors(
    program: Callable[..., Gradients],
    model: SequenceModel,
    x: Array,
    targets: Array,
    a_0: Array | None = None,
) -> dict[str, float]:
    """Return the relative error of each parameter's gradient that a backward loop finds.

    `program` takes the arguments of `backward`; a_0 is zeros unless given, and every step of the
    model emits.
    """
    return errors_of_all({"": program}, model, x, targets, a_0)[""]


def errors_of_all(
    programs: Mapping[str, Callable[..., Gradients]],
    model: SequenceModel,
    x: Array,
    targets: Array,
    a_0: Array | None = None,
) -> dict[str, dict[str, float]]:
    """Return the same for several programs by their names; the gradients are measured once."""
    a_0 = np.zeros((x.shape[1], model.cell.n_h)) if a_0 is None else a_0
    trace = model.forward(x, a_0=a_0)
    _, dy = softmax_cross_entropy(trace.y, targets)

    def loss() -> float:
        return softmax_cross_entropy(model.forward(x, a_0=a_0).y, targets)[0]

    measured = {q: numerical_gradient(loss, array) for q, array in model.parameters.items()}
    given = arguments(model, trace, dy)
    found = {name: program(**given) for name, program in programs.items()}
    return {
        name: {q: relative_error(gradients[f"d{q}"], measured[q]) for q in measured}
        for name, gradients in found.items()
    }


def arguments(model: SequenceModel, trace: Trace, dy: Array) -> dict[str, Array]:
    """Return what `backward` takes, from a run of a model and the gradient by its outputs."""
    weights = {"Wxh": model.cell.Wxh, "W": model.cell.W, "Why": model.readout.Why}
    return {"x": trace.x, "a": trace.a, "a_0": trace.a_prev[0], "dy": dy, **weights}


class _Walk:
    """The same loop with every term as a method, so that a slip can put another in its place."""

    def __init__(
        self, x: Array, a: Array, a_0: Array, dy: Array, Wxh: Array, W: Array, Why: Array
    ) -> None:
        self.T, self.B, _ = a.shape
        self.W, self.Why = W, Why
        # Index t is step t in all three; entry 0 of x and dy is never used.
        self.a = np.concatenate([a_0[None], a])
        self.x, self.dy = np.concatenate([x[:1], x]), np.concatenate([dy[:1], dy])

    def order(self) -> Iterable[int]:
        return range(self.T, 0, -1)

    def from_y(self, t: int) -> Array:
        return self.dy[t] @ self.Why.T

    def meet(self, t: int, from_y: Array, from_next: Array) -> Array:
        return from_y + from_next

    def slope(self, t: int) -> Any:
        return 1 - self.a[t] ** 2

    def before_activation(self, t: int, from_y: Array, from_next: Array) -> Array:
        return self.meet(t, from_y, from_next) * self.slope(t)

    def pass_on(self, t: int, da: Array, dz: Array) -> Array:
        return dz @ self.W.T

    def before(self, t: int) -> Array:
        return self.a[t - 1]

    def summands(self, t: int, dz: Array, rows: slice = slice(None)) -> Gradients:
        x, a_prev, a = self.x[t][rows], self.before(t)[rows], self.a[t][rows]
        dz, dy = dz[rows], self.dy[t][rows]
        sums = {"dWhy": a.T @ dy, "dby": dy.sum(axis=0)}
        return {**sums, "dWxh": x.T @ dz, "dW": a_prev.T @ dz, "db": dz.sum(axis=0)}

    def add(self, total: Array, summand: Array) -> Array:
        return total + summand

    def gradient_of_a_0(self, dz: Array, da: Array, passed_on: Array) -> Array:
        return passed_on

    def finish(self, gradients: Gradients) -> Gradients:
        return gradients

    def run(self) -> Gradients:
        dz, from_next = np.zeros_like(self.a), np.zeros_like(self.a[0])
        sums: Gradients = {}
        for t in self.order():
            from_y = self.from_y(t)
            da = self.meet(t, from_y, from_next)
            dz[t] = self.before_activation(t, from_y, from_next)
            from_next = self.pass_on(t, da, dz[t])
            for name, summand in self.summands(t, dz[t]).items():
                sums[name] = self.add(sums.get(name, np.zeros_like(summand)), summand)
        da_0 = self.gradient_of_a_0(dz[1], da, from_next)
        return self.finish({"dz": dz[1:], **sums, "da_0": da_0})


def _with(**terms: Callable[..., Any]) -> Callable[..., Gradients]:
    """Return the loop as a program, with these terms in place of its own."""
    kind = type("_Slip", (_Walk,), terms)

    def program(**arguments: Array) -> Gradients:
        gradients: Gradients = kind(**arguments).run()
        return gradients

    return program


def _only_last_output(walk: _Walk, t: int, from_y: Array, from_next: Array) -> Array:
    return from_y if t == walk.T else from_next


def _scaled(*names: str, by: Callable[[_Walk], float]) -> Callable[..., Gradients]:
    """Return the loop whose results of these names come out multiplied."""

    def finish(walk: _Walk, gradients: Gradients) -> Gradients:
        factors = {name: by(walk) if name in names else 1.0 for name in gradients}
        return {name: factors[name] * value for name, value in gradients.items()}

    return _with(finish=finish)


def _slips(
    name: str, words: str, *programs: Callable[..., Gradients], partly: bool = False
) -> list[Slip]:
    """Return the forms that one slip can take, all with the same name and words."""
    return [Slip(program, words, name, partly) for program in programs]


_ALL = ("dz", "dWhy", "dby", "dWxh", "dW", "db", "da_0")
_SUMS = _ALL[1:-1]

SLIPS = [
    *_slips(
        "no gradient from step t+1",
        "no gradient from step t + 1: a_t also feeds the next state, so two gradients meet there, "
        "da_t = dy_t @ Why.T + dz_{t+1} @ W.T.",
        _with(meet=lambda walk, t, from_y, from_next: from_y),
        _with(pass_on=lambda walk, t, da, dz: np.zeros_like(dz)),
    ),
    *_slips(
        "no gradient from y_t",
        "no gradient from y_t: every step has an output, and each a_t gets dy_t @ Why.T from its "
        "own, beside what arrives from step t + 1.",
        _with(meet=_only_last_output),
        _with(meet=lambda walk, t, from_y, from_next: from_next),
        _with(meet=lambda walk, t, from_y, from_next: from_y if t == 1 else from_next),
    ),
    *_slips(
        "missing transpose of W",
        "W is not transposed on the way back: a_t went forward through W, so its gradient comes "
        "back through W.T. W is square, so no shape told you.",
        _with(pass_on=lambda walk, t, da, dz: dz @ walk.W),
    ),
    *_slips(
        "missing tanh'",
        "the slope of tanh is missing: dz_t = da_t * (1 - a_t * a_t).",
        _with(slope=lambda walk, t: 1.0),
    ),
    *_slips(
        "tanh' of the wrong step",
        "tanh' is taken at the wrong step: the slope that belongs to dz_t is 1 - a_t * a_t, of the "
        "same t.",
        _with(slope=lambda walk, t: 1 - walk.a[t - 1] ** 2),
        _with(slope=lambda walk, t: 1 - walk.a[t - 1 if t > 1 else walk.T] ** 2),
        _with(slope=lambda walk, t: 1 - walk.a[min(t + 1, walk.T)] ** 2),
        _with(slope=lambda walk, t: 1 - walk.a[t + 1 if t < walk.T else 1] ** 2),
        _with(slope=lambda walk, t: 1 - walk.a[walk.T] ** 2),
    ),
    *_slips(
        "another slope than tanh'",
        "this is not the slope of tanh: written with the state that tanh made, it is "
        "1 - a_t * a_t.",
        _with(slope=lambda walk, t: 1 - walk.a[t]),
        _with(slope=lambda walk, t: 1 - np.tanh(walk.a[t]) ** 2),
        _with(slope=lambda walk, t: walk.a[t] * (1 - walk.a[t])),
        _with(slope=lambda walk, t: walk.a[t] ** 2 - 1),
    ),
    *_slips(
        "tanh' on one arrival only",
        "the slope reaches only one of the two arrivals: add them first, in brackets, then "
        "multiply by 1 - a_t * a_t.",
        _with(before_activation=lambda walk, t, y, following: y + following * walk.slope(t)),
        _with(before_activation=lambda walk, t, y, following: y * walk.slope(t) + following),
    ),
    *_slips(
        "da_t passed on in place of dz_t",
        "what goes on to step t - 1 is da_t; it must pass the slope first: dz_t @ W.T.",
        _with(pass_on=lambda walk, t, da, dz: da @ walk.W.T),
    ),
    *_slips(
        "a_t for a_{t-1}",
        "dW pairs dz_t with a_t; it was a_{t-1} that met W at step t: a_{t-1}.T @ dz_t.",
        _with(before=lambda walk, t: walk.a[t]),
    ),
    *_slips(
        "wrong state before the first step",
        "at t = 1 the state before is a_0. In Python a[t - 1] at t = 0 is a[-1], the last state, "
        "and no error tells you.",
        _with(before=lambda walk, t: walk.a[t - 1 if t > 1 else walk.T]),
        _with(before=lambda walk, t: walk.a[t - 1] if t > 1 else np.zeros_like(walk.a[0])),
        _with(before=lambda walk, t: walk.a[max(t - 1, 1)]),
    ),
    *_slips(
        "dW transposed",
        "dW is transposed: dW[i, j] belongs to the weight from unit i to unit j, so it is "
        "a_{t-1}.T @ dz_t. W is square, so no shape told you.",
        _with(finish=lambda walk, gradients: {**gradients, "dW": gradients["dW"].T}),
    ),
    *_slips(
        "= for +=",
        "= in place of +=: in {wrong} stands only what the last pass of the loop put there. The "
        "same weights serve every step, so the steps' summands add up.",
        _with(add=lambda walk, total, summand: summand),
        partly=True,
    ),
    *_slips(
        "loop in the wrong direction",
        "the loop runs from t = 1 to T; the error travels the other way: start at t = T, where "
        "nothing arrives from behind.",
        _with(order=lambda walk: range(1, walk.T + 1)),
        _with(
            order=lambda walk: range(1, walk.T + 1),
            gradient_of_a_0=lambda walk, dz, da, passed_on: dz @ walk.W.T,
        ),
    ),
    *_slips(
        "loop stops before the first step",
        "the loop leaves a step out: it must visit every t from T down to 1, t = 0 in Python "
        "included.",
        _with(order=lambda walk: range(walk.T, 1, -1)),
        _with(order=lambda walk: range(walk.T - 1, 0, -1)),
    ),
    *_slips(
        "wrong batch reduction",
        "the sequences of the batch are not summed in {wrong}: add up all of them. Where the loss "
        "is a mean, dy has been divided already.",
        _scaled(*_SUMS, by=lambda walk: 1 / walk.B),
        _scaled(*_ALL, by=lambda walk: 1 / walk.B),
        _with(summands=lambda walk, t, dz: _Walk.summands(walk, t, dz, slice(0, 1))),
        _with(summands=lambda walk, t, dz: _Walk.summands(walk, t, dz, slice(-1, None))),
        partly=True,
    ),
    *_slips(
        "mean over time for sum",
        "in {wrong} stands a mean over the steps; their summands add up and are not divided by T.",
        _scaled(*_SUMS, by=lambda walk: 1 / walk.T),
        _scaled(*_SUMS, by=lambda walk: 1 / (walk.T * walk.B)),
        partly=True,
    ),
    *_slips(
        "missing bias gradient",
        "the gradient of a bias is missing: {wrong} stayed zero. A bias meets a constant 1, so its "
        "gradient is the sum over time and batch of dz_t (for b) or dy_t (for by).",
        _scaled("db", "dby", by=lambda walk: 0.0),
        partly=True,
    ),
    *_slips(
        "gradient of a_0 wrong",
        "the gradient of a_0 is wrong: no output reads a_0, and it feeds step 1 alone, so "
        "da_0 = dz_1 @ W.T.",
        _with(gradient_of_a_0=lambda walk, dz, da, passed_on: np.zeros_like(passed_on)),
        _with(gradient_of_a_0=lambda walk, dz, da, passed_on: dz),
        _with(gradient_of_a_0=lambda walk, dz, da, passed_on: da),
        _with(gradient_of_a_0=lambda walk, dz, da, passed_on: dz @ walk.W),
        _with(gradient_of_a_0=lambda walk, dz, da, passed_on: da @ walk.W.T),
        _with(gradient_of_a_0=lambda walk, dz, da, passed_on: passed_on * (1 - walk.a[0] ** 2)),
        _with(gradient_of_a_0=lambda walk, dz, da, passed_on: passed_on + walk.from_y(1)),
    ),
    *_slips(
        "a result never filled",
        "{wrong} stayed zero: nothing in the loop writes to it, or it is not returned.",
        _scaled("dz", "dWhy", "dWxh", "dW", by=lambda walk: 0.0),
        partly=True,
    ),
]

BACKWARD = Exercise(
    backward,
    _case,
    SLIPS,
    "the gradients",
    "you have written backpropagation through time. In the package the sums are one matrix "
    "product each, after the loop; nothing else differs.",
    over_time="dz",
    backward=True,
)
