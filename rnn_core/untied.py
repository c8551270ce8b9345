"""The network that recurrence replaces: a copy of the weights of its own for every step.

It is made of the same pieces, the step, the two loops (each over a single step) and the readout,
so that nothing but the sharing differs.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from rnn_core.bptt import Trace, backpropagate, unroll
from rnn_core.checks import as_array, check_shape, check_size
from rnn_core.losses import softmax_cross_entropy
from rnn_core.models import SequenceModel
from rnn_core.parameters import Array, Layer, Network, Parameters


class Untied(Network):
    """A model whose every step has a cell of its own: T copies of the model's cell, one readout.

    a_t = cell_t(x_t, a_{t-1}), y_t = a_t @ Why + by

    All copies start equal to the model's cell. `cells[t - 1]` is the copy of step t; among the
    `parameters` and the gradients its weights are called "1.W", "2.W", ...
    Raises ValueError where the model embeds tokens, or T is below 1.
    """

    def __init__(self, model: SequenceModel, T: int) -> None:
        if model.embedding is not None:
            raise ValueError("the model embeds tokens, expected one that takes x (T, B, n_x).")
        self.wiring = model.wiring
        self.cells = [copy.deepcopy(model.cell) for _ in range(check_size("T", T))]
        self.readout = copy.deepcopy(model.readout)
        self.join()

    def layers(self) -> list[tuple[str, Layer]]:
        steps: list[tuple[str, Layer]] = [(f"{t}.", cell) for t, cell in enumerate(self.cells, 1)]
        return [*steps, ("", self.readout)]

    def forward(self, x: Any) -> list[Trace]:
        """Return a trace of one single step for each step of x (T, B, n_x).

        Raises TypeError or ValueError where x does not fit, or has more steps than copies.
        """
        T = len(check_shape("x", as_array("x", x), ("T", "B", self.cells[0].n_x)))
        if len(self.cells) < T:
            raise ValueError(
                f"x has {T} steps, expected at most {len(self.cells)}: "
                f"there are no weights for step {len(self.cells) + 1}."
            )
        traces: list[Trace] = []
        for t, cell in enumerate(self.cells[:T]):
            traces.append(unroll(cell, x[t : t + 1], traces[-1].a_T if traces else None))
        return traces

    def backward(self, traces: list[Trace], da: Array, gradients: Parameters) -> None:
        """Write the gradients of every copy; da (T, B, n_h) reaches each a_t from its output."""
        from_next = None
        for t, trace in reversed(list(enumerate(traces, 1))):
            own = gradients.part(list(trace.cell.parameters), prefix=f"{t}.")
            backpropagate(trace, da[t - 1 : t], from_next, out=own)
            from_next = trace.da_0

    def tie(self, gradients: Parameters) -> None:
        """Replace every copy's gradient by the sum over the copies: so they take equal steps."""
        for name in self.cells[0].parameters:
            each = [gradients[f"{t}.{name}"] for t in range(1, len(self.cells) + 1)]
            total = np.sum(each, axis=0)
            for gradient in each:
                gradient[...] = total

    def _outputs(self, traces: list[Trace]) -> tuple[Array, slice | Array, Array]:
        """Return the states (T, B, n_h), which of them emit, and the logits (K, B, n_y)."""
        a = np.concatenate([trace.a for trace in traces])
        emits = self.wiring(len(traces)).emitting
        return a, emits, self.readout.forward(a[emits])

    def loss_and_gradients(
        self, x: Any, targets: Any, mask: None = None
    ) -> tuple[float, Parameters]:
        """Return the mean cross-entropy in nats over the outputs, and its gradients.

        targets (K, B) holds a class for each emitting step, or (B,) where one step emits.
        Raises TypeError or ValueError where x or targets does not fit, or there is a mask.
        """
        if mask is not None:
            raise ValueError("mask is given, expected None: sequences of one length.")
        traces = self.forward(x)
        a, emits, y = self._outputs(traces)
        loss, dy = softmax_cross_entropy(y, as_array("targets", targets).reshape(y.shape[:-1]))
        gradients, da = self.parameters.like(), np.zeros_like(a)
        da[emits] = self.readout.backward(a[emits], dy, gradients)
        self.backward(traces, da, gradients)
        return loss, gradients

    def predict(self, x: Any) -> Array:
        """Return the most probable class of each emitting step, `(K, B)`."""
        classes: Array = self._outputs(self.forward(x))[2].argmax(axis=-1)
        return classes
