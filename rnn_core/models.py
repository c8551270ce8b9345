"""Networks made of the parts: a cell unrolled in a wiring, read both ways, or a bag of words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from rnn_core.bptt import Trace, backpropagate, unroll
from rnn_core.cells import Cell, RNNCell, generator
from rnn_core.checks import as_array, check_ids, check_mask, check_real, check_shape
from rnn_core.layers import Embedding, Readout
from rnn_core.losses import check_loss, softmax_cross_entropy
from rnn_core.parameters import Array, Layer, Network, Parameters
from rnn_core.wiring import Wiring, many_to_many, one_to_one

Loss = Callable[[Array, Any, Any], tuple[float, Array]]
"""Takes y (K, B, n_y), targets, a mask (K, B) or None; returns the loss and its gradient by y."""


class Model(Network):
    """What every network can do with a batch, once it can run forward and backward."""

    loss: Loss = staticmethod(softmax_cross_entropy)

    def forward(self, x: Any, mask: Any = None, a_0: Any = None) -> Trace:
        """Run: the trace's `y` (K, B, n_y) holds the logits of the K steps that emit."""
        raise NotImplementedError

    def backward(self, trace: Trace, dy: Array) -> Parameters:
        """Return the gradients by every parameter, given the gradient by the trace's `y`."""
        raise NotImplementedError

    def loss_and_gradients(
        self, x: Any, targets: Any, mask: Any = None, a_0: Any = None
    ) -> tuple[float, Parameters]:
        """Return the loss, the mean over the real outputs in nats, and its gradients.

        targets (K, B) holds a class for each emitting step, or (B,) where one step emits; another
        `loss` than cross-entropy may take others.
        Raises TypeError or ValueError where an argument does not fit, FloatingPointError where
        the loss is no number any more.
        """
        return self.loss_and_gradients_of(self.forward(x, mask, a_0), targets)

    def loss_and_gradients_of(self, trace: Trace, targets: Any) -> tuple[float, Parameters]:
        """Do the same for a run that was made already."""
        loss, dy = self.loss(trace.y, *_scored(trace, targets))
        return check_loss(loss), self.backward(trace, dy)

    def predict(self, x: Any, mask: Any = None) -> Array:
        """Return the most probable class of each emitting step, `(K, B)`."""
        classes: Array = self.forward(x, mask).y.argmax(axis=-1)
        return classes

    def accuracy(self, x: Any, targets: Any, mask: Any = None) -> float:
        """Return the share of real outputs (no padding) whose most probable class is the target.

        Raises TypeError or ValueError where an argument does not fit.
        """
        trace = self.forward(x, mask)
        expected, weights = _scored(trace, targets)
        expected = check_ids("targets", expected, trace.y.shape[:-1], trace.y.shape[-1])
        return float(np.average(trace.y.argmax(axis=-1) == expected, weights=weights))


class SequenceModel(Model):
    """A cell unrolled in one of the wirings, with the readout `Why` at the steps that emit.

    a_t = cell(x_t, a_{t-1}), y_t = a_t @ Why + by

    `wiring` is a function of T (`many_to_one`, ...); `loss` is what training minimises, the mean
    cross-entropy unless another is given (such as `rnn_core.ctc.ctc`). With `n_tokens` the model
    embeds integer tokens (T, B); without, it takes x (T, B, n_x). `mask` (T, B) is false where a
    shorter sequence is padded: padding counts neither in the loss nor in the accuracy, and where
    only the last step emits, each sequence emits from its own last state.
    """

    def __init__(
        self,
        cell: Cell,
        n_y: int,
        wiring: Callable[[int], Wiring] = many_to_many,
        *,
        n_tokens: int | None = None,
        loss: Loss = softmax_cross_entropy,
        rng: np.random.Generator | int = 0,
    ) -> None:
        if not isinstance(cell, Cell):
            raise TypeError(f"cell is a {type(cell).__name__}, expected a Cell such as RNNCell.")
        if not callable(wiring):
            raise TypeError(
                f"wiring is a {type(wiring).__name__}, expected a function such as many_to_one."
            )
        rng, dtype = generator(rng), cell.W.dtype
        self.cell, self.wiring, self.loss = cell, wiring, loss
        self.readout = Readout(cell.n_h, n_y, rng=rng, dtype=dtype)
        self.embedding = (
            None if n_tokens is None else Embedding(n_tokens, cell.n_x, rng=rng, dtype=dtype)
        )
        self.join()

    def layers(self) -> list[tuple[str, Layer]]:
        parts: list[tuple[str, Layer]] = [("", self.cell), ("", self.readout)]
        return parts if self.embedding is None else [("", self.embedding), *parts]

    def forward(self, x: Any, mask: Any = None, a_0: Any = None) -> Trace:
        """Unroll and read out: the trace's `y` (K, B, n_y) holds the logits of the emitting steps.

        Raises TypeError or ValueError where x, mask or a_0 does not fit.
        """
        inputs = as_array("x", x) if self.embedding is None else self.embedding.forward(x)
        return self._run(inputs, mask, a_0, x)

    def _run(self, inputs: Array, mask: Any, a_0: Any, tokens: Any) -> Trace:
        T = len(check_shape("x", inputs, ("T", "B", self.cell.n_x)))
        wiring = self.wiring(T)
        if wiring.T != T:
            raise ValueError(f"wiring({T}) has {wiring.T} steps, expected {T} as in x.")
        if not all(wiring.reads):
            inputs = check_real("x", inputs, inputs.shape, self.cell.W.dtype)
            inputs = inputs * _column(wiring.reads)
        trace = unroll(self.cell, inputs, a_0, mask)
        trace.tokens = tokens
        trace.emits = wiring.emitting
        trace.y = self.readout.forward(trace.a[trace.emits])
        return trace

    def backward(self, trace: Trace, dy: Array) -> Parameters:
        """Return the gradients by every parameter, given the gradient by the trace's `y`.

        Raises TypeError or ValueError where dy does not fit.
        """
        gradients = self.parameters.like()
        trace.dy = dy = check_real("dy", dy, trace.y.shape, trace.y.dtype)
        da = self.readout.backward(trace.a[trace.emits], dy, gradients)
        if len(da) < trace.T:
            at_emitting, da = da, np.zeros_like(trace.a)
            da[trace.emits] = at_emitting
        backpropagate(trace, da, out=gradients)
        if self.embedding is not None:
            self._embedding_backward(self.embedding, trace, gradients)
        return gradients

    def begin(self, x: Any, mask: Any = None) -> tuple[Array, Any]:
        """Read x from a_0 = 0; return the logits of its last step, (B, n_y), and the state."""
        trace = self.forward(x, mask)
        return trace.y[-1], trace.a_T

    def next(self, words: Any, state: Any) -> tuple[Array, Any]:
        """Read one token more for each sequence, (B,); return the logits and the state."""
        trace = self.forward(np.asarray(words)[None], a_0=state)
        return trace.y[-1], trace.a_T

    def _embedding_backward(
        self, embedding: Embedding, trace: Trace, gradients: Parameters
    ) -> None:
        # A step that reads no input passes no gradient to the token that stands there.
        dx = trace.dx * _column(self.wiring(trace.T).reads)
        embedding.backward(trace.tokens, dx, gradients)


class BagOfWords(SequenceModel):
    """The approach without order: average the word vectors, then one hidden layer and a readout.

    v = (counts / length) @ E, a = tanh(v @ Wxh + b), y = a @ Why + by

    Shapes: tokens and mask (T, B), counts (B, n_tokens), v (B, n_x), y (1, B, n_y). The counts
    are all it sees of a sentence: the order of the words is gone before the first product.
    Source: Iyyer et al., "Deep unordered composition rivals syntactic methods", ACL 2015.
    """

    embedding: Embedding

    def __init__(
        self,
        n_tokens: int,
        n_x: int,
        n_h: int,
        n_y: int,
        *,
        rng: np.random.Generator | int = 0,
        dtype: DTypeLike = np.float64,
    ) -> None:
        rng = generator(rng)
        cell = RNNCell(n_x, n_h, rng=rng, dtype=dtype)
        super().__init__(cell, n_y, one_to_one, n_tokens=n_tokens, rng=rng)

    def counts(self, tokens: Any, mask: Any = None) -> Array:
        """Return how often each word stands in each sentence, `(B, n_tokens)`.

        Raises TypeError or ValueError where tokens or mask does not fit.
        """
        n_tokens = len(self.embedding.E)
        tokens = check_ids("tokens", tokens, ("T", "B"), n_tokens)
        T, B = tokens.shape
        mask = check_mask(mask, T, B)
        real = np.ones((T, B), bool) if mask is None else mask
        column = np.broadcast_to(np.arange(B) * n_tokens, (T, B))
        flat = np.bincount((tokens + column)[real], minlength=B * n_tokens)
        return flat.reshape(B, n_tokens)

    def forward(self, x: Any, mask: Any = None, a_0: Any = None) -> Trace:
        counts = self.counts(x, mask)
        shares = (counts / counts.sum(axis=1, keepdims=True)).astype(self.cell.W.dtype)
        return self._run((shares @ self.embedding.E)[None], None, a_0, shares)

    def _embedding_backward(
        self, embedding: Embedding, trace: Trace, gradients: Parameters
    ) -> None:
        np.dot(trace.tokens.T, trace.dx[0], out=gradients["E"])


def _column(flags: tuple[bool, ...]) -> Array:
    """Return one flag per step as an array (T, 1, 1), to multiply (T, B, n) with."""
    return np.reshape(flags, (-1, 1, 1))


def _scored(trace: Trace, targets: Any) -> tuple[Array, Array | None]:
    """Return targets of the shape (K, B), and the mask that leaves padding out."""
    K = len(trace.y)
    targets = as_array("targets", targets)
    if K == 1:
        return targets.reshape(1, -1) if targets.ndim == 1 else targets, None
    return targets, None if trace.mask is None else trace.mask[trace.emits]


class Bidirectional(Model):
    """Two cells read the sequence, one from each end; each step's output sees both states.

    y_t = [a_t from the left, a_t from the right] @ Why + by

    The second cell's parameters are named "reverse.Wxh", "reverse.W", "reverse.b"; `Why` has one
    row for each unit of both. Takes x (T, B, n_x), or with `n_tokens` tokens (T, B), and emits at
    every step; `mask` as in `SequenceModel`. The trace is that of the first cell, with that of the
    second as its `reverse`, whose steps count from each sequence's own end.
    Source: Schuster and Paliwal, "Bidirectional recurrent neural networks", IEEE Transactions on
    Signal Processing 45 (1997).
    """

    def __init__(
        self,
        cell: Cell,
        reverse: Cell,
        n_y: int,
        *,
        n_tokens: int | None = None,
        loss: Loss = softmax_cross_entropy,
        rng: np.random.Generator | int = 0,
    ) -> None:
        for name, given in (("cell", cell), ("reverse", reverse)):
            if not isinstance(given, Cell):
                raise TypeError(f"{name} is a {type(given).__name__}, expected a Cell.")
        if reverse.n_x != cell.n_x:
            raise ValueError(f"reverse has n_x = {reverse.n_x}, expected {cell.n_x} as in cell.")
        rng, dtype = generator(rng), cell.W.dtype
        self.cell, self.reverse, self.loss = cell, reverse, loss
        self.readout = Readout(cell.n_h + reverse.n_h, n_y, rng=rng, dtype=dtype)
        self.embedding = (
            None if n_tokens is None else Embedding(n_tokens, cell.n_x, rng=rng, dtype=dtype)
        )
        self.join()

    def layers(self) -> list[tuple[str, Layer]]:
        parts: list[tuple[str, Layer]] = [
            ("", self.cell),
            ("reverse.", self.reverse),
            ("", self.readout),
        ]
        return parts if self.embedding is None else [("", self.embedding), *parts]

    def forward(self, x: Any, mask: Any = None, a_0: Any = None) -> Trace:
        """Unroll both cells and read out, `y` (T, B, n_y); `a_0` is the first cell's.

        Raises TypeError or ValueError where x, mask or a_0 does not fit.
        """
        inputs = as_array("x", x) if self.embedding is None else self.embedding.forward(x)
        trace = unroll(self.cell, inputs, a_0, mask)
        trace.tokens, trace.emits = x, slice(trace.T)
        trace.reverse = unroll(self.reverse, _turned(trace.x, trace.mask), mask=mask)
        trace.y = self.readout.forward(self._states(trace))
        return trace

    def _states(self, trace: Trace) -> Array:
        return np.concatenate([trace.a, _turned(trace.reverse.a, trace.mask)], axis=2)

    def backward(self, trace: Trace, dy: Array) -> Parameters:
        """Return the gradients by every parameter, given the gradient by the trace's `y`.

        Raises TypeError or ValueError where dy does not fit.
        """
        gradients, n_h = self.parameters.like(), self.cell.n_h
        trace.dy = dy = check_real("dy", dy, trace.y.shape, trace.y.dtype)
        da = self.readout.backward(self._states(trace), dy, gradients)
        backpropagate(trace, da[..., :n_h], out=gradients)
        part = gradients.part(list(self.reverse.parameters), prefix="reverse.")
        backpropagate(trace.reverse, _turned(da[..., n_h:], trace.mask), out=part)
        if self.embedding is not None:
            dx = trace.dx + _turned(trace.reverse.dx, trace.mask)
            self.embedding.backward(trace.tokens, dx, gradients)
        return gradients


def _turned(array: Array, mask: Array | None) -> Array:
    """Return (T, B, n) with each sequence's real steps in reverse order; padding stays in place."""
    if mask is None:
        return array[::-1]
    T, B = mask.shape
    t = np.arange(T)[:, None]
    return array[np.where(mask, mask.sum(axis=0) - 1 - t, t), np.arange(B)]
