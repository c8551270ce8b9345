"""Attention: a decoder that looks back at every state of the encoder, not at the last one alone."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from rnn_core.bptt import Trace, backpropagate, unroll
from rnn_core.cells import Cell, generator
from rnn_core.checks import check_real
from rnn_core.generators import EncoderDecoder, check_parts
from rnn_core.losses import softmax
from rnn_core.parameters import Array, Layer, Parameters


class Attended(NamedTuple):
    """What the steps of a decoder saw: q (B, K, n_h), alpha (B, K, T) and context (B, K, n_h)."""

    q: Array
    alpha: Array
    context: Array


def attend(q: Array, states: Array, mask: Array | None = None) -> Attended:
    """Blend the states for each query: softmax over s of q_t . a_s, then the weighted sum.

    alpha_ts = exp(q_t . a_s) / sum over s of exp(q_t . a_s), context_t = sum over s of alpha_ts a_s

    Shapes: q (B, K, n_h); states a_s (B, T, n_h); mask (B, T), false where a state is padding.
    Source: Luong, Pham and Manning, "Effective approaches to attention-based neural machine
    translation", EMNLP 2015, section 3.1.
    """
    scores = q @ states.swapaxes(1, 2)
    if mask is not None:
        scores = np.where(mask[:, None], scores, -np.inf)
    alpha = softmax(scores)
    return Attended(q, alpha, alpha @ states)


class LookBack(Layer):
    """What attention adds to an encoder-decoder: q_t = a_t @ Wq, y_t += context_t @ Wcy.

    Shapes: Wq (n_h, n_h), the identity at the start; Wcy (n_h, n_y).
    """

    Wq: Array
    Wcy: Array

    def __init__(self, n_h: int, n_y: int, rng: np.random.Generator, dtype: Any) -> None:
        self.bind(Parameters({"Wq": (n_h, n_h), "Wcy": (n_h, n_y)}, dtype))
        self.Wq = np.eye(n_h)
        self.Wcy = rng.standard_normal((n_h, n_y)) / np.sqrt(n_h)

    def forward(self, a: Array, states: Array, mask: Array | None) -> Attended:
        """Return what each decoder state a (K, B, n_h) sees of states (B, T, n_h)."""
        return attend(a.swapaxes(0, 1) @ self.Wq, states, mask)

    def backward(
        self, a: Array, states: Array, attended: Attended, dy: Array, gradients: Parameters
    ) -> tuple[Array, Array]:
        """Write the gradients by Wq and Wcy; return those by a and by the states."""
        (q, alpha, context), dy = attended, dy.swapaxes(0, 1)
        dcontext = dy @ self.Wcy.T
        dalpha = dcontext @ states.swapaxes(1, 2)
        # The softmax: each weight that grows makes all the others smaller.
        dscores = alpha * (dalpha - (dalpha * alpha).sum(axis=2, keepdims=True))
        dq = dscores @ states
        n_h, n_y = self.Wcy.shape
        np.dot(context.reshape(-1, n_h).T, dy.reshape(-1, n_y), out=gradients["Wcy"])
        np.dot(a.swapaxes(0, 1).reshape(-1, n_h).T, dq.reshape(-1, n_h), out=gradients["Wq"])
        dstates = alpha.swapaxes(1, 2) @ dcontext + dscores.swapaxes(1, 2) @ q
        return (dq @ self.Wq.T).swapaxes(0, 1), dstates


class Attention(EncoderDecoder):
    """An encoder-decoder whose every output reads a blend of all the encoder's states as well.

    q_t = a_t @ Wq, context_t = sum over s of alpha_ts a_s (see `attend`),
    y_t = a_t @ Why + context_t @ Wcy + by

    a_t are the states of the decoder, a_s those of the encoder. All else is as in
    `EncoderDecoder`; the trace also has `attended`.
    Source: Luong, Pham and Manning, EMNLP 2015, the score called "general" (there a layer with
    tanh stands before the readout).
    """

    def __init__(
        self,
        encoder: Cell,
        decoder: Cell,
        n_tokens: int,
        n_y: int,
        *,
        rng: np.random.Generator | int = 0,
    ) -> None:
        check_parts(encoder=(encoder, Cell), decoder=(decoder, Cell))
        rng = generator(rng)
        self.look_back = LookBack(decoder.n_h, n_y, rng, decoder.W.dtype)
        super().__init__(encoder, decoder, n_tokens, n_y, rng=rng)

    def layers(self) -> list[tuple[str, Layer]]:
        return [*super().layers(), ("", self.look_back)]

    def forward(self, x: Any, targets: Any, mask: Any = None) -> Trace:
        trace = super().forward(x, targets, mask)
        trace.attended = self.look_back.forward(trace.a, *_read(trace.encoder))
        trace.y += (trace.attended.context @ self.look_back.Wcy).swapaxes(0, 1)
        return trace

    def backward(self, trace: Trace, dy: Array) -> Parameters:
        gradients = self.parameters.like()
        trace.dy = dy = check_real("dy", dy, trace.y.shape, trace.y.dtype)
        states, _ = _read(trace.encoder)
        da, dstates = self.look_back.backward(trace.a, states, trace.attended, dy, gradients)
        da += self.readout.backward(trace.a, dy, gradients)
        backpropagate(trace, da, out=gradients)
        return self._read_backward(trace, dstates.swapaxes(0, 1), gradients)

    def begin(self, x: Any, mask: Any = None) -> tuple[Array, Any]:
        trace = self.forward(x, np.zeros((1, np.shape(x)[1]), int), mask)
        states, real = _read(trace.encoder)
        if real is None:
            real = np.ones(states.shape[:2], bool)
        return trace.y[0], (states, real, *(parts[-1] for parts in trace.states))

    def next(self, words: Any, state: Any) -> tuple[Array, Any]:
        states, real, *parts = state
        trace = unroll(self.cell, self.embedding.forward(np.asarray(words)[None]), tuple(parts))
        context = self.look_back.forward(trace.a, states, real).context[:, 0]
        y = self.readout.forward(trace.a[0]) + context @ self.look_back.Wcy
        return y, (states, real, *(parts[-1] for parts in trace.states))


def _read(encoder: Trace) -> tuple[Array, Array | None]:
    """Return what was read, batch first: the states (B, T, n_h) and the mask (B, T)."""
    return encoder.a.swapaxes(0, 1), None if encoder.mask is None else encoder.mask.T
