"""The two loops over time: `unroll` forward, `backpropagate` backward; and the `Trace` between.

One pair of loops serves every cell: what one step computes is the cell's own business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rnn_core.cells import Cell
from rnn_core.checks import check_mask, check_real, check_size
from rnn_core.parameters import Array, Parameters


class Trace:
    """Every array of one run over time, aligned by step: `x[t]`, `a_prev[t]`, `a[t]`, `dz[t]`.

    Forward: `x` (T, B, n_x); `a` and `a_prev` (T, B, n_h), two views of one array of T + 1
    states whose first is a_0; `gates` (T, B, k n_h), for the plain cell the same memory as `a`.
    After `backpropagate`: `dz` (T, B, k n_h), the gradient before the nonlinearity; `da_from_y`
    (T, B, n_h), what reached a_t from its own output; `da` and `da_prev` (T, B, n_h), the whole
    gradient at each state (zero where `mask` is false: no step was computed there).
    A model adds `tokens` (what it embedded), `emits` (which steps emit), `y` and later `dy`
    (one entry for each of those). `mask` (T, B) is None where no sequence is padded.
    """

    a: Array
    a_prev: Array
    da: Array
    da_prev: Array
    da_from_y: Array
    dz: Array
    y: Array
    dy: Array
    emits: slice | Array
    tokens: Any
    given: Any
    reverse: Trace
    encoder: Trace
    attended: Any

    if TYPE_CHECKING:
        # The arrays that a cell names: its further states, and what it saves for the way back.
        def __getattr__(self, name: str) -> Array: ...

    def __init__(self, cell: Cell, x: Array, mask: Array | None) -> None:
        T, B, _ = x.shape
        self.cell, self.x, self.mask = cell, x, mask
        self.T, self.B = T, B
        self.states = [self._over_time(name) for name in cell.state_names]
        self.gates = self.a if cell.n_blocks == 1 else self._empty(T, cell.n_blocks)
        for name in cell.saved_names:
            setattr(self, name, self._empty(T))
        self.dstates: list[Array] = []

    def prepare_backward(self) -> None:
        """Make room for the gradients."""
        self.dstates = [self._over_time("d" + name) for name in self.cell.state_names]
        self.dz = self._empty(self.T, self.cell.n_blocks)

    def _empty(self, steps: int, blocks: int = 1) -> Array:
        return np.empty((steps, self.B, blocks * self.cell.n_h), self.cell.W.dtype)

    def _over_time(self, name: str) -> Array:
        states = self._empty(self.T + 1)
        setattr(self, name, states[1:])
        setattr(self, name + "_prev", states[:-1])
        return states

    @property
    def a_T(self) -> Any:
        """The last state in the form `unroll` takes as a_0: an array, or a tuple of the parts."""
        return _one_or_all([states[-1] for states in self.states])

    @property
    def da_0(self) -> Any:
        """The gradient by a_0, in the form of a_0 (after `backpropagate`)."""
        self._require_backward()
        return _one_or_all([dstates[0] for dstates in self.dstates])

    @property
    def dx(self) -> Array:
        """The gradient by x, dx_t = dz_t @ Wxh.T, `(T, B, n_x)` (after `backpropagate`)."""
        self._require_backward()
        return _rows(self.dz).dot(self.cell.Wxh.T).reshape(self.x.shape)

    def step(self, t: int) -> Step:
        """Return step t = 1 ... T; raise ValueError for another t."""
        check_size("t", t)
        if t > self.T:
            raise ValueError(f"t is {t}, expected 1 to T = {self.T}.")
        return Step(self, t)

    def _require_backward(self) -> None:
        if not self.dstates:
            raise ValueError("this trace has no gradients yet; call backpropagate on it first.")


class Step:
    """One step of a trace as cheap views: its own arrays, and what it adds to the gradients.

    `dWxh`, `dW` and `db` are this step's own summands: over all steps they add up to the
    gradients that `backpropagate` returns.
    """

    def __init__(self, trace: Trace, t: int) -> None:
        self.trace, self.t = trace, t
        self.x, self.a_prev, self.a = trace.x[t - 1], trace.a_prev[t - 1], trace.a[t - 1]

    @property
    def from_x(self) -> Array:
        """x_t @ Wxh, `(B, k n_h)`."""
        return self.x @ self.trace.cell.Wxh

    @property
    def from_a(self) -> Array:
        """a_{t-1} @ W, `(B, k n_h)`."""
        return self.a_prev @ self.trace.cell.W

    @property
    def z(self) -> Array:
        """x_t @ Wxh + a_{t-1} @ W + b, `(B, k n_h)`."""
        return self.from_x + self.from_a + self.trace.cell.b

    @property
    def da(self) -> Array:
        """The whole gradient at a_t: what arrives from y_t and what arrives from step t + 1."""
        self.trace._require_backward()
        return self.trace.da[self.t - 1]

    @property
    def da_from_y(self) -> Array:
        """The part of da_t that arrives from its own output y_t."""
        self.trace._require_backward()
        return self.trace.da_from_y[self.t - 1]

    @property
    def da_from_next(self) -> Array:
        """The part of da_t that arrives from step t + 1: dz_{t+1} @ W.T for the plain cell."""
        return self.da - self.da_from_y

    @property
    def dz(self) -> Array:
        """The gradient before the nonlinearity."""
        self.trace._require_backward()
        return self.trace.dz[self.t - 1]

    @property
    def dWxh(self) -> Array:
        """This step's summand of dWxh: x_t.T @ dz_t."""
        return self.x.T @ self.dz

    @property
    def dW(self) -> Array:
        """This step's summand of dW: a_{t-1}.T @ dz_t."""
        self.trace._require_backward()
        return self.a_prev.T @ self.trace.cell.dz_at_W(self.trace)[self.t - 1]

    @property
    def db(self) -> Array:
        """This step's summand of db: dz_t summed over the batch."""
        return self.dz.sum(axis=0)


def unroll(cell: Cell, x: Any, a_0: Any = None, mask: Any = None) -> Trace:
    """Run the cell over a sequence from left to right and return the trace.

    a_t = cell(x_t, a_{t-1}) for t = 1 ... T

    Shapes: x (T, B, n_x); a_0 (B, n_h), zeros unless given (a tuple where the state has several
    parts); mask (T, B), false where a shorter sequence is padded: there the state is handed on
    unchanged, so that the last state is each sequence's own.
    Raises TypeError or ValueError where a shape, a type or a number is wrong.
    Source: Goodfellow, Bengio and Courville, Deep Learning, section 10.1.
    """
    x = check_real("x", x, ("T", "B", cell.n_x), cell.W.dtype)
    T, B, _ = x.shape
    trace = Trace(cell, x, check_mask(mask, T, B))
    for states, start in zip(trace.states, _parts("a_0", a_0, cell, B), strict=True):
        states[0] = start
    # What does not recur is one product for all steps.
    np.dot(_rows(x), cell.Wxh, out=_rows(trace.gates))
    trace.gates += cell.b
    if trace.mask is None:
        for t in range(T):
            cell.forward(trace, t)
        return trace
    for t, real in enumerate(trace.mask[:, :, None]):
        cell.forward(trace, t)
        for states in trace.states:
            np.copyto(states[t + 1], states[t], where=~real)
    return trace


def backpropagate(
    trace: Trace, da: Any, da_T: Any = None, out: Parameters | None = None
) -> Parameters:
    """Walk the trace from right to left and return the gradients by `Wxh`, `W` and `b`.

    dL/da_t = (from y_t) da[t] + (from step t + 1) dz_{t+1} @ W.T
    dL/dW = sum over t of a_{t-1}.T @ dz_t, and dL/dWxh, dL/db likewise

    Shapes: da (T, B, n_h), the gradient that reaches each a_t from its own output; da_T, of the
    form of `trace.a_T`, a gradient that reaches the last state from elsewhere, none unless given.
    The gradients are written into `out`, new ones unless given.
    Fills the trace's `dz`, `da` (now the whole gradient), `da_0` and `dx`.
    Raises TypeError or ValueError where a shape, a type or a number is wrong.
    Source: Werbos, "Backpropagation through time", Proceedings of the IEEE 78 (1990);
    Goodfellow, Bengio and Courville, Deep Learning, section 10.2.2.
    """
    cell = trace.cell
    da = check_real("da", da, trace.a.shape, cell.W.dtype)
    last = _parts("da_T", da_T, cell, trace.B)
    trace.prepare_backward()
    for dstates, arrives in zip(trace.dstates, last, strict=True):
        dstates[:-1] = 0.0
        dstates[-1] = arrives
    trace.da_prev[1:] = da[:-1]
    trace.da[-1] += da[-1]
    if trace.mask is not None:
        da = da.copy()
        for gradient in (da, *(dstates[1:] for dstates in trace.dstates)):
            _move_to_real_steps(gradient, trace.mask)
    trace.da_from_y = da
    cell.slopes(trace)
    for t in reversed(range(trace.T)):
        cell.backward(trace, t)
    # The sum over time of each step's x_t.T @ dz_t *is* one product of the stacked steps.
    gradients = cell.parameters.like() if out is None else out
    dz = _rows(trace.dz)
    np.dot(_rows(trace.x).T, dz, out=gradients["Wxh"])
    np.dot(_rows(trace.a_prev).T, _rows(cell.dz_at_W(trace)), out=gradients["W"])
    dz.sum(axis=0, out=gradients["b"])
    return gradients


def _move_to_real_steps(da: Array, mask: Array) -> None:
    """Move what reaches a padded step, whose state was handed on, to the step it came from."""
    for t in reversed(range(1, len(da))):
        padded = ~mask[t]
        da[t - 1][padded] += da[t][padded]
        da[t][padded] = 0.0


def _rows(array: Array) -> Array:
    """Stack the steps: (T, B, n) to (T * B, n), without a copy."""
    return array.reshape(-1, array.shape[-1])


def _one_or_all(parts: list[Array]) -> Any:
    return parts[0] if len(parts) == 1 else tuple(parts)


def _parts(name: str, state: Any, cell: Cell, B: int) -> list[Any]:
    """Return a state's parts as checked arrays (B, n_h), zeros where none is given."""
    names = cell.state_names
    if state is None:
        return [0.0] * len(names)
    given = state if isinstance(state, tuple) else (state,)
    if len(given) != len(names):
        raise ValueError(
            f"{name} has {len(given)} parts, expected {len(names)} ({', '.join(names)})."
        )
    return [check_real(name, part, (B, cell.n_h), cell.W.dtype) for part in given]
