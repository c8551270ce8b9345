"""Networks that write: each step reads the word that the step before it wrote.

In training the word before is the target's (teacher forcing); in use it is the network's own
choice, which `rnn_core.decoding` makes. Both kinds run in the loops of every other network.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rnn_core.bptt import Trace, backpropagate, unroll
from rnn_core.cells import Cell, generator
from rnn_core.checks import as_array, check_ids, check_real, check_shape
from rnn_core.layers import Embedding, InputLayer, Readout
from rnn_core.losses import check_loss, softmax_cross_entropy
from rnn_core.parameters import Array, Layer, Network, Parameters

END = 0
"""The class that ends a sequence; what stands after the first one is padding."""


def until_end(words: Any) -> Array:
    """Return the mask (K, B) of the words that count: up to the first END, which counts too."""
    words = check_shape("words", as_array("words", words), ("K", "B"))
    mask: Array = np.ones(words.shape, bool)
    mask[1:] = np.logical_and.accumulate(words[:-1] != END)
    return mask


class Generator(Network):
    """What every writing network can do: x_t = E[word_{t-1}], y_t = a_t @ Why + by.

    x_1 and a_0 come from what is read. The words are classes 0 ... n_y - 1, of which 0 is END.
    """

    cell: Cell
    embedding: Embedding
    readout: Readout

    def forward(self, x: Any, targets: Any, mask: Any = None) -> Trace:
        """Write with the word before taken from `targets` (K, B); the trace's `y` is (K, B, n_y).

        Raises TypeError or ValueError where an argument does not fit.
        """
        raise NotImplementedError

    def backward(self, trace: Trace, dy: Array) -> Parameters:
        """Return the gradients by every parameter, given the gradient by the trace's `y`.

        Raises TypeError or ValueError where dy does not fit.
        """
        raise NotImplementedError

    def begin(self, x: Any, mask: Any = None) -> tuple[Array, Any]:
        """Read x; return the logits of the first word, (B, n_y), and the state after them."""
        B = np.shape(x)[1]
        trace = self.forward(x, np.zeros((1, B), int), mask)
        return trace.y[0], trace.a_T

    def next(self, words: Any, state: Any) -> tuple[Array, Any]:
        """Read the words just written, (B,); return the logits of the next, and the state."""
        trace = unroll(self.cell, self.embedding.forward(np.asarray(words)[None]), state)
        return self.readout.forward(trace.a[0]), trace.a_T

    def loss_and_gradients(
        self, x: Any, targets: Any, mask: Any = None
    ) -> tuple[float, Parameters]:
        """Return the mean cross-entropy in nats over the words up to END, and its gradients.

        targets (K, B), each sequence closed by END and padded with it; mask as in `forward`.
        Raises TypeError or ValueError where an argument does not fit, FloatingPointError where
        the loss is no number any more.
        """
        trace = self.forward(x, targets, mask)
        loss, dy = softmax_cross_entropy(trace.y, targets, until_end(targets))
        return check_loss(loss), self.backward(trace, dy)

    def _write(self, x_1: Array, a_0: Any, targets: Any) -> Trace:
        B = x_1.shape[1]
        targets = check_ids("targets", targets, ("K", B), self.readout.by.size)
        x = np.concatenate([x_1, self.embedding.forward(targets)[:-1]])
        trace = unroll(self.cell, x, a_0)
        trace.tokens, trace.emits = targets[:-1], slice(trace.T)
        trace.y = self.readout.forward(trace.a)
        return trace

    def _write_backward(self, trace: Trace, dy: Array) -> Parameters:
        gradients = self.parameters.like()
        trace.dy = dy = check_real("dy", dy, trace.y.shape, trace.y.dtype)
        backpropagate(trace, self.readout.backward(trace.a, dy, gradients), out=gradients)
        return gradients


class OneToMany(Generator):
    """One input, read at the first step; every later step reads the word before it.

    x_1 = source(x), a_0 = 0, x_t = E[word_{t-1}], y_t = a_t @ Why + by

    Takes x (1, B, ...), whatever `source` reads: images for a `PatchEmbedding`, tokens for an
    `Embedding`. The source's parameters are named "source.Wp" and so on.
    Source: Vinyals, Toshev, Bengio and Erhan, "Show and tell: a neural image caption generator",
    CVPR 2015, section 3.1.
    """

    def __init__(
        self,
        source: InputLayer,
        cell: Cell,
        n_y: int,
        *,
        rng: np.random.Generator | int = 0,
    ) -> None:
        check_parts(source=(source, InputLayer), cell=(cell, Cell))
        rng, dtype = generator(rng), cell.W.dtype
        self.source, self.cell = source, cell
        self.embedding = Embedding(n_y, cell.n_x, rng=rng, dtype=dtype)
        self.readout = Readout(cell.n_h, n_y, rng=rng, dtype=dtype)
        self.join()

    def layers(self) -> list[tuple[str, Layer]]:
        return [
            ("source.", self.source),
            ("", self.embedding),
            ("", self.cell),
            ("", self.readout),
        ]

    def forward(self, x: Any, targets: Any, mask: Any = None) -> Trace:
        x_1 = self.source.forward(x)
        if len(x_1) != 1 or x_1.shape[2] != self.cell.n_x:
            raise ValueError(
                f"x becomes vectors of the shape {x_1.shape}, expected (1, B, {self.cell.n_x}): "
                "one step, as wide as the cell's n_x."
            )
        trace = self._write(x_1, None, targets)
        trace.given = x
        return trace

    def backward(self, trace: Trace, dy: Array) -> Parameters:
        gradients = self._write_backward(trace, dy)
        dx = trace.dx
        part = gradients.part(list(self.source.parameters), prefix="source.")
        self.source.backward(trace.given, dx[:1], part)
        self.embedding.backward(trace.tokens, dx[1:], gradients)
        return gradients


class EncoderDecoder(Generator):
    """Two networks chained by the state: one reads a sequence, the other writes one.

    a_0 = the encoder's last state, x_1 = E[END], x_t = E[word_{t-1}], y_t = a_t @ Why + by

    Takes tokens x (T, B) with a mask (T, B) where sequences are padded. The encoder's parameters
    are named "encoder.E", "encoder.Wxh" and so on. The trace is the decoder's, with that of the
    encoder as its `encoder`.
    Source: Sutskever, Vinyals and Le, "Sequence to sequence learning with neural networks",
    NeurIPS 2014, section 2.
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
        if (type(encoder), encoder.n_h) != (type(decoder), decoder.n_h):
            raise ValueError(
                f"decoder is a {type(decoder).__name__} with n_h = {decoder.n_h}, expected a "
                f"{type(encoder).__name__} with n_h = {encoder.n_h} as the encoder: it takes over "
                "the encoder's state."
            )
        rng, dtype = generator(rng), encoder.W.dtype
        self.encoder, self.cell = encoder, decoder
        self.encoder_embedding = Embedding(n_tokens, encoder.n_x, rng=rng, dtype=dtype)
        self.embedding = Embedding(n_y, decoder.n_x, rng=rng, dtype=dtype)
        self.readout = Readout(decoder.n_h, n_y, rng=rng, dtype=dtype)
        self.join()

    def layers(self) -> list[tuple[str, Layer]]:
        return [
            ("encoder.", self.encoder_embedding),
            ("encoder.", self.encoder),
            ("", self.embedding),
            ("", self.cell),
            ("", self.readout),
        ]

    def forward(self, x: Any, targets: Any, mask: Any = None) -> Trace:
        encoder = unroll(self.encoder, self.encoder_embedding.forward(x), mask=mask)
        encoder.tokens = np.asarray(x)
        x_1 = np.broadcast_to(self.embedding.E[END], (1, encoder.B, self.cell.n_x))
        trace = self._write(x_1, encoder.a_T, targets)
        trace.encoder = encoder
        return trace

    def backward(self, trace: Trace, dy: Array) -> Parameters:
        gradients = self._write_backward(trace, dy)
        # No output stands at the encoder's steps: all its gradient comes back through the state.
        return self._read_backward(trace, np.zeros_like(trace.encoder.a), gradients)

    def _read_backward(self, trace: Trace, da: Array, gradients: Parameters) -> Parameters:
        """Go on from the decoder's walk back; da (T, B, n_h) reached the encoder's states."""
        first = np.full((1, trace.B), END)
        self.embedding.backward(np.concatenate([first, trace.tokens]), trace.dx, gradients)
        encoder = trace.encoder
        part = gradients.part(list(self.encoder.parameters), prefix="encoder.")
        backpropagate(encoder, da, da_T=trace.da_0, out=part)
        part = gradients.part(["E"], prefix="encoder.")
        self.encoder_embedding.backward(encoder.tokens, encoder.dx, part)
        return gradients


def check_parts(**parts: tuple[object, type]) -> None:
    """Raise TypeError unless each part, given by its name, is of the type beside it."""
    for name, (given, expected) in parts.items():
        if not isinstance(given, expected):
            raise TypeError(f"{name} is a {type(given).__name__}, expected a {expected.__name__}.")
