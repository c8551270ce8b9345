"""The same cells in PyTorch: which weight goes where there, and a layer that holds them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np

from rnn_core.cells import Cell, GatedCell, RNNCell
from rnn_core.parameters import Array

TORCH_ORDER = {"GRUCell": "run", "LSTMCell": "ifgo"}
"""In which order PyTorch keeps the blocks of a gated cell, in our names (its z is our u)."""


def torch_weights(cell: Cell, arrays: Mapping[str, Array] | None = None) -> dict[str, Array]:
    """Return a cell's weights under PyTorch's names, in its shapes and its order of blocks.

    `arrays` are others of the same names in place of the weights, such as their gradients.
    Shapes: weight_ih_l0 (k n_h, n_x), weight_hh_l0 (k n_h, n_h), bias_ih_l0 (k n_h,). PyTorch
    adds a second bias, bias_hh_l0, which is to be zero.
    """
    arrays = cell.parameters if arrays is None else arrays
    columns: Any = slice(None)
    if isinstance(cell, GatedCell):
        order = TORCH_ORDER[type(cell).__name__]
        columns = np.concatenate([np.r_[cell.block(name)] for name in order])
    names = {"weight_ih_l0": "Wxh", "weight_hh_l0": "W", "bias_ih_l0": "b"}
    return {theirs: arrays[ours][..., columns].T.copy() for theirs, ours in names.items()}


def to_torch(cell: Cell) -> Any:
    """Return a `torch.nn.RNN`, `GRU` or `LSTM` of one layer that holds a copy of the weights.

    It takes x (T, B, n_x) and gives the same states. Raises ImportError where PyTorch is not
    installed, ValueError for a plain cell whose activation PyTorch has not.
    """
    try:
        torch = import_module("torch")
    except ImportError:
        raise ImportError(
            "PyTorch is not installed, which to_torch needs; run: python -m pip install torch"
        ) from None
    options: dict[str, Any] = {"dtype": getattr(torch, str(cell.W.dtype))}
    if isinstance(cell, RNNCell):
        if cell.activation not in ("tanh", "relu"):
            raise ValueError(
                f"activation is {cell.activation!r}, expected 'tanh' or 'relu': torch.nn.RNN has "
                "no other."
            )
        options["nonlinearity"] = cell.activation
    kind = getattr(torch.nn, type(cell).__name__.removesuffix("Cell"))
    layer = kind(cell.n_x, cell.n_h, **options)
    weights = {name: torch.tensor(array) for name, array in torch_weights(cell).items()}
    layer.load_state_dict({**weights, "bias_hh_l0": torch.zeros_like(weights["bias_ih_l0"])})
    return layer
