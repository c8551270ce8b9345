"""The layers around the cell: word vectors before it, the readout after it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from rnn_core.cells import generator
from rnn_core.checks import check_ids, check_real, check_size
from rnn_core.parameters import Array, Layer, Parameters


class InputLayer(Layer):
    """A layer that turns what is read, tokens or images (T, B, ...), into vectors x (T, B, n_x)."""

    def forward(self, given: Any) -> Array:
        """Return the vectors x."""
        raise NotImplementedError

    def backward(self, given: Array, dx: Array, gradients: Parameters) -> None:
        """Write the gradients by the layer's weights, given the gradient by x."""
        raise NotImplementedError


class Embedding(InputLayer):
    """A learned vector for each token: x_t = E[token_t].

    Shapes: tokens (T, B) of integers 0 ... n_tokens - 1; E (n_tokens, n_x); x (T, B, n_x).
    `E` starts normal with deviation 0.3: words begin nearly alike, so that what is learned of one
    serves the others until they must differ.
    Source: Bengio et al., "A neural probabilistic language model", JMLR 3 (2003).
    """

    E: Array

    def __init__(
        self,
        n_tokens: int,
        n_x: int,
        *,
        rng: np.random.Generator | int = 0,
        dtype: DTypeLike = np.float64,
    ) -> None:
        shape = check_size("n_tokens", n_tokens), check_size("n_x", n_x)
        self.bind(Parameters({"E": shape}, dtype))
        self.E = 0.3 * generator(rng).standard_normal(shape)

    def forward(self, given: Any) -> Array:
        """Return the vectors; raise TypeError or ValueError for anything but known token ids."""
        x: Array = self.E[check_ids("tokens", given, ("T", "B"), len(self.E))]
        return x

    def backward(self, given: Array, dx: Array, gradients: Parameters) -> None:
        """Write the gradient by E: the sum of dx over the places where each token stands."""
        dE = gradients["E"]
        # A product with the one-hot tokens adds up repeated tokens, and is fast (np.add.at is not);
        # only the tokens that occur get a row, so a large vocabulary costs nothing.
        present, place = np.unique(np.asarray(given).reshape(-1), return_inverse=True)
        one_hot = np.zeros((present.size, place.size), dE.dtype)
        one_hot[place, np.arange(place.size)] = 1.0
        dE[...] = 0.0
        dE[present] = one_hot.dot(dx.reshape(place.size, -1))


class Readout(Layer):
    """The output layer, the same at every step: y_t = a_t @ Why + by.

    Shapes: a (..., n_h), y (..., n_y), Why (n_h, n_y), by (n_y,). The y are logits.
    """

    Why: Array
    by: Array

    def __init__(
        self,
        n_h: int,
        n_y: int,
        *,
        rng: np.random.Generator | int = 0,
        dtype: DTypeLike = np.float64,
    ) -> None:
        n_h, n_y = check_size("n_h", n_h), check_size("n_y", n_y)
        self.bind(Parameters({"Why": (n_h, n_y), "by": (n_y,)}, dtype))
        self.Why = generator(rng).standard_normal((n_h, n_y)) / np.sqrt(n_h)

    def forward(self, a: Array) -> Array:
        """Return the logits y."""
        y = a.reshape(-1, a.shape[-1]).dot(self.Why)
        y += self.by
        return y.reshape(*a.shape[:-1], -1)

    def backward(self, a: Array, dy: Array, gradients: Parameters) -> Array:
        """Write the gradients by Why and by, and return the gradient by a."""
        dy_rows = dy.reshape(-1, dy.shape[-1])
        np.dot(a.reshape(-1, a.shape[-1]).T, dy_rows, out=gradients["Why"])
        dy_rows.sum(axis=0, out=gradients["by"])
        return dy_rows.dot(self.Why.T).reshape(a.shape)


class PatchEmbedding(InputLayer):
    """One vector for an image made of patches, each read by the same weights.

    x_t = [tanh(patch_1 @ Wp + bp), ..., tanh(patch_K @ Wp + bp)]

    Shapes: images (T, B, K n_p), the patches side by side; Wp (n_p, n_v), bp (n_v,);
    x (T, B, K n_v), so n_x = K n_v. A whole image is one patch, K = 1.
    Source: Dosovitskiy et al., "An image is worth 16x16 words", ICLR 2021, section 3.1 (there
    without tanh).
    """

    Wp: Array
    bp: Array

    def __init__(
        self,
        n_p: int,
        n_v: int,
        *,
        rng: np.random.Generator | int = 0,
        dtype: DTypeLike = np.float64,
    ) -> None:
        n_p, n_v = check_size("n_p", n_p), check_size("n_v", n_v)
        self.bind(Parameters({"Wp": (n_p, n_v), "bp": (n_v,)}, dtype))
        self.Wp = generator(rng).standard_normal((n_p, n_v)) / np.sqrt(n_p)

    def forward(self, given: Any) -> Array:
        """Return the vectors x; raise ValueError unless the images are made of whole patches."""
        images = check_real("images", given, ("T", "B", "K n_p"), self.Wp.dtype)
        if images.shape[2] % len(self.Wp):
            raise ValueError(
                f"images has rows of {images.shape[2]} numbers, expected a multiple of "
                f"n_p = {len(self.Wp)}."
            )
        v = np.tanh(self._patches(images) @ self.Wp + self.bp)
        return v.reshape(*images.shape[:2], -1)

    def backward(self, given: Array, dx: Array, gradients: Parameters) -> None:
        """Write the gradients by Wp and bp: a sum over the patches, which share them."""
        v = self.forward(given)
        dz = (dx * (1 - v * v)).reshape(-1, self.Wp.shape[1])
        np.dot(self._patches(given).T, dz, out=gradients["Wp"])
        dz.sum(axis=0, out=gradients["bp"])

    def _patches(self, images: Array) -> Array:
        return np.asarray(images, self.Wp.dtype).reshape(-1, len(self.Wp))
