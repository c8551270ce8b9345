"""One step of recurrence: each cell's equation forward and its derivative on one screen.

A cell knows nothing of time. It reads and writes step t of a `Trace` (bptt.py), whose arrays are
aligned: `trace.a[t]` is a_t where `trace.x[t]` is x_t, and `trace.a_prev[t]` is a_{t-1}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from rnn_core.checks import check_size
from rnn_core.parameters import Array, Layer, Parameters

if TYPE_CHECKING:
    from rnn_core.bptt import Trace


class Activation(NamedTuple):
    """The nonlinearity a = f(z), with its slope f'(z) written in terms of a."""

    name: str
    apply: Callable[..., Any]
    slope: Callable[..., Any]

    def __reduce__(self) -> tuple[Any, ...]:
        # A saved cell keeps the name: functions without one cannot be pickled.
        return activation_named, (self.name,)


def _sigmoid(z: Array, out: Array) -> None:
    # 1 / (1 + e^-z) = (1 + tanh(z / 2)) / 2, the form that cannot overflow.
    np.multiply(z, 0.5, out=out)
    np.tanh(out, out=out)
    out += 1.0
    out *= 0.5


def _tanh_slope(a: Array, out: Array) -> None:
    np.multiply(a, a, out=out)
    np.subtract(1.0, out, out=out)


def _relu(z: Array, out: Array) -> None:
    np.maximum(z, 0.0, out=out)


def _relu_slope(a: Array, out: Array) -> None:
    out[...] = a > 0


def _sigmoid_slope(a: Array, out: Array) -> None:
    np.subtract(1.0, a, out=out)
    out *= a


def _identity(z: Array, out: Array) -> None:
    out[...] = z


def _identity_slope(a: Array, out: Array) -> None:
    out[...] = 1.0


ACTIVATIONS = {
    f.name: f
    for f in (
        Activation("tanh", np.tanh, _tanh_slope),
        Activation("relu", _relu, _relu_slope),
        Activation("sigmoid", _sigmoid, _sigmoid_slope),
        Activation("identity", _identity, _identity_slope),
    )
}


def activation_named(name: str) -> Activation:
    """Return one of "tanh", "relu", "sigmoid", "identity"; raise ValueError for another name."""
    if not isinstance(name, str) or name not in ACTIVATIONS:
        names = ", ".join(repr(known) for known in ACTIVATIONS)
        raise ValueError(f"activation is {name!r}, expected one of {names}.")
    return ACTIVATIONS[name]


def generator(rng: np.random.Generator | int) -> np.random.Generator:
    """Return the generator itself, or a new one with this seed.

    Raises TypeError where it is neither, ValueError for a seed below 0.
    """
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, bool) or not isinstance(rng, int | np.integer):
        raise TypeError(f"rng is {rng!r}, expected an integer or a numpy.random.Generator.")
    if rng < 0:
        raise ValueError(f"rng is {rng}, expected a seed of at least 0.")
    return np.random.default_rng(rng)


def orthogonal(n: int, rng: np.random.Generator) -> Array:
    """Return a random orthogonal matrix `(n, n)`: as `W`, it neither shrinks nor stretches a."""
    q, r = np.linalg.qr(rng.standard_normal((n, n)))
    result: Array = q * np.sign(np.diag(r))
    return result


class Cell(Layer):
    """What every cell has: `Wxh` (n_x, k n_h), `W` (n_h, k n_h) and `b` (k n_h,), k = `n_blocks`.

    `Wxh` starts normal with deviation 1 / sqrt(n_x), each block of `W` orthogonal, `b` zero.
    Raises TypeError or ValueError where a size is no integer of at least 1.
    """

    n_blocks: ClassVar[int] = 1
    """Blocks of n_h columns in `Wxh`, `W` and `b`: one, or one for each gate."""
    state_names: ClassVar[tuple[str, ...]] = ("a",)
    """What goes from step to step; the first, `a`, is what the rest of the network sees."""
    saved_names: ClassVar[tuple[str, ...]] = ()
    """Further arrays (T, B, n_h) that the step backward needs from the step forward."""

    Wxh: Array
    W: Array
    b: Array

    def __init__(
        self,
        n_x: int,
        n_h: int,
        *,
        rng: np.random.Generator | int = 0,
        dtype: DTypeLike = np.float64,
    ) -> None:
        self.n_x, self.n_h = check_size("n_x", n_x), check_size("n_h", n_h)
        rng, width = generator(rng), self.n_blocks * n_h
        shapes = {"Wxh": (n_x, width), "W": (n_h, width), "b": (width,)}
        self.bind(Parameters(shapes, dtype))
        self.Wxh = rng.standard_normal((n_x, width)) / np.sqrt(n_x)
        self.W = np.hstack([orthogonal(n_h, rng) for _ in range(self.n_blocks)])

    def forward(self, trace: Trace, t: int) -> None:
        """Compute step t; on entry `trace.gates[t]` holds x_t @ Wxh + b."""
        raise NotImplementedError

    def slopes(self, trace: Trace) -> None:
        """Before the loop backward: fill `trace.dz` with what all steps can know at once."""

    def backward(self, trace: Trace, t: int) -> None:
        """Turn `trace.da[t]` (complete) into `trace.dz[t]`, and add to `trace.da_prev[t]`."""
        raise NotImplementedError

    def dz_at_W(self, trace: Trace) -> Array:
        """Return the gradient by a_{t-1} @ W over time; it is dz, where nothing lies between."""
        return trace.dz


class RNNCell(Cell):
    """The plain recurrent cell, also called the Elman cell.

    a_t = activation(x_t @ Wxh + a_{t-1} @ W + b)

    Shapes: x_t (B, n_x), a_t (B, n_h), Wxh (n_x, n_h), W (n_h, n_h), b (n_h,).
    Source: Elman, "Finding structure in time", Cognitive Science 14 (1990);
    Goodfellow, Bengio and Courville, Deep Learning, equations 10.8 and 10.9.
    Raises ValueError for an activation other than "tanh", "relu", "sigmoid", "identity".
    """

    def __init__(
        self,
        n_x: int,
        n_h: int,
        *,
        activation: str = "tanh",
        rng: np.random.Generator | int = 0,
        dtype: DTypeLike = np.float64,
    ) -> None:
        self.activation = activation
        super().__init__(n_x, n_h, rng=rng, dtype=dtype)

    @property
    def activation(self) -> str:
        """The name of the nonlinearity."""
        return self._f.name

    @activation.setter
    def activation(self, name: str) -> None:
        self._f = activation_named(name)

    def forward(self, trace: Trace, t: int) -> None:
        a = trace.a[t]  # with one block, gates *is* a: it holds x_t @ Wxh + b
        a += trace.a_prev[t].dot(self.W)
        self._f.apply(a, out=a)

    def slopes(self, trace: Trace) -> None:
        self._f.slope(trace.a, out=trace.dz)

    def backward(self, trace: Trace, t: int) -> None:
        dz = trace.dz[t]  # it holds the slope f'(z_t)
        dz *= trace.da[t]
        trace.da_prev[t] += dz.dot(self.W.T)


class GatedCell(Cell):
    """What GRU and LSTM share: blocks of columns, one for each gate and one for the candidate.

    The gates pass through a sigmoid, the candidate, always the last block, through tanh.
    """

    block_names: ClassVar[tuple[str, ...]]
    """The blocks of `Wxh`, `W` and `b` from left to right."""

    def block(self, name: str) -> slice:
        """Return the columns of a block: `cell.b[cell.block("f")] = 1.0`.

        Raises ValueError for a name that is no block's.
        """
        if name not in self.block_names:
            raise ValueError(f"name is {name!r}, expected one of {', '.join(self.block_names)}.")
        start = self.block_names.index(name) * self.n_h
        return slice(start, start + self.n_h)

    def slopes(self, trace: Trace) -> None:
        n = (self.n_blocks - 1) * self.n_h
        _sigmoid_slope(trace.gates[..., :n], out=trace.dz[..., :n])
        _tanh_slope(trace.gates[..., n:], out=trace.dz[..., n:])


def _blocks(array: Array, k: int) -> Array:
    """Return the k blocks of columns of (B, k n) as views, (k, B, n)."""
    return array.reshape(len(array), k, -1).swapaxes(0, 1)


class GRUCell(GatedCell):
    """The gated recurrent unit: a gate u that keeps the old state, a gate r that hides it.

    r, u = sigmoid(x_t @ Wxh + a_{t-1} @ W + b), blocks r and u
    n = tanh(x_t @ Wxh + b + r * (a_{t-1} @ W)), block n
    a_t = u * a_{t-1} + (1 - u) * n

    Shapes: x_t (B, n_x), a_t (B, n_h), Wxh (n_x, 3 n_h), W (n_h, 3 n_h), b (3 n_h,).
    Source: Cho et al., "Learning phrase representations using RNN encoder-decoder", EMNLP 2014,
    with the reset after the product, as in `torch.nn.GRU` (whose second bias is left out here).
    """

    n_blocks = 3
    block_names = ("r", "u", "n")
    saved_names = ("past_n",)

    past_n: Array

    def forward(self, trace: Trace, t: int) -> None:
        a_prev, gates, n_h = trace.a_prev[t], trace.gates[t], self.n_h
        past = a_prev.dot(self.W)
        trace.past_n[t] = past[:, 2 * n_h :]
        gates[:, : 2 * n_h] += past[:, : 2 * n_h]
        _sigmoid(gates[:, : 2 * n_h], out=gates[:, : 2 * n_h])
        r, u, n = _blocks(gates, 3)
        n += r * trace.past_n[t]
        np.tanh(n, out=n)
        np.add(n, u * (a_prev - n), out=trace.a[t])

    def backward(self, trace: Trace, t: int) -> None:
        da, a_prev, past_n = trace.da[t], trace.a_prev[t], trace.past_n[t]
        r, u, n = _blocks(trace.gates[t], 3)
        dr, du, dn = _blocks(trace.dz[t], 3)  # they hold the slopes
        du *= da * (a_prev - n)
        dn *= da * (1 - u)
        dr *= dn * past_n
        trace.da_prev[t] += da * u + self._at_W(trace.dz[t], r).dot(self.W.T)

    def _at_W(self, dz: Array, r: Array) -> Array:
        at_W = dz.copy()
        at_W[..., 2 * self.n_h :] *= r
        return at_W

    def dz_at_W(self, trace: Trace) -> Array:
        return self._at_W(trace.dz, trace.gates[..., : self.n_h])


class LSTMCell(GatedCell):
    """Long short-term memory: a second state c that is kept by f, written by i, shown by o.

    o, i, f = sigmoid(x_t @ Wxh + a_{t-1} @ W + b), blocks o, i and f
    g = tanh(x_t @ Wxh + a_{t-1} @ W + b), block g
    c_t = f * c_{t-1} + i * g
    a_t = o * tanh(c_t)

    Shapes: x_t (B, n_x), a_t and c_t (B, n_h), Wxh (n_x, 4 n_h), W (n_h, 4 n_h), b (4 n_h,).
    The state is the pair (a, c).
    Source: Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation 9 (1997);
    the forget gate f: Gers, Schmidhuber and Cummins, Neural Computation 12 (2000).
    """

    n_blocks = 4
    block_names = ("o", "i", "f", "g")
    state_names = ("a", "c")
    saved_names = ("tanh_c",)

    def forward(self, trace: Trace, t: int) -> None:
        gates, c, tanh_c = trace.gates[t], trace.c[t], trace.tanh_c[t]
        gates += trace.a_prev[t].dot(self.W)
        _sigmoid(gates[:, : 3 * self.n_h], out=gates[:, : 3 * self.n_h])
        np.tanh(gates[:, 3 * self.n_h :], out=gates[:, 3 * self.n_h :])
        o, i, f, g = _blocks(gates, 4)
        np.multiply(f, trace.c_prev[t], out=c)
        c += i * g
        np.tanh(c, out=tanh_c)
        np.multiply(o, tanh_c, out=trace.a[t])

    def backward(self, trace: Trace, t: int) -> None:
        da, dc, tanh_c = trace.da[t], trace.dc[t], trace.tanh_c[t]
        o, i, f, g = _blocks(trace.gates[t], 4)
        do, di, df, dg = _blocks(trace.dz[t], 4)  # they hold the slopes
        dc += da * o * (1 - tanh_c * tanh_c)
        do *= da * tanh_c
        di *= dc * g
        df *= dc * trace.c_prev[t]
        dg *= dc * i
        trace.dc_prev[t] += dc * f
        trace.da_prev[t] += trace.dz[t].dot(self.W.T)
