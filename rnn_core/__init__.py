"""Recurrent neural networks, small enough to read: the cell, the two loops over time, the rest.

Read the files in this order: cells, bptt, wiring, layers, losses, models,
generators, decoding, training, gradcheck.
Importing this package loads NumPy and nothing else; pictures and sliders are in `rnn_core.show`.
"""

from rnn_core.bptt import Step, Trace, backpropagate, unroll
from rnn_core.cells import ACTIVATIONS, Cell, GRUCell, LSTMCell, RNNCell
from rnn_core.checks import lengths_to_mask
from rnn_core.generators import END, EncoderDecoder, Generator, OneToMany, until_end
from rnn_core.gradcheck import (
    check_gradients,
    numerical_gradient,
    relative_error,
    relative_error_by_step,
)
from rnn_core.layers import Embedding, InputLayer, PatchEmbedding, Readout
from rnn_core.losses import softmax, softmax_cross_entropy
from rnn_core.models import BagOfWords, Bidirectional, Model, SequenceModel
from rnn_core.parameters import Layer, Network, Parameters
from rnn_core.training import (
    GRID,
    SGD,
    Adam,
    Batch,
    Carried,
    History,
    clip,
    fit,
    minibatches,
    streams,
)
from rnn_core.wiring import (
    Wiring,
    many_to_many,
    many_to_many_unequal,
    many_to_one,
    one_to_many,
    one_to_one,
)

__all__ = [
    "ACTIVATIONS",
    "Adam",
    "BagOfWords",
    "Batch",
    "Bidirectional",
    "Carried",
    "Cell",
    "END",
    "Embedding",
    "EncoderDecoder",
    "GRID",
    "GRUCell",
    "Generator",
    "History",
    "InputLayer",
    "LSTMCell",
    "Layer",
    "Model",
    "Network",
    "OneToMany",
    "Parameters",
    "PatchEmbedding",
    "RNNCell",
    "Readout",
    "SGD",
    "SequenceModel",
    "Step",
    "Trace",
    "Wiring",
    "backpropagate",
    "check_gradients",
    "clip",
    "fit",
    "lengths_to_mask",
    "many_to_many",
    "many_to_many_unequal",
    "many_to_one",
    "minibatches",
    "numerical_gradient",
    "one_to_many",
    "one_to_one",
    "relative_error",
    "relative_error_by_step",
    "softmax",
    "softmax_cross_entropy",
    "streams",
    "unroll",
    "until_end",
]
