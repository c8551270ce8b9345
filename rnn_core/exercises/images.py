"""The exercises on images: one answer from all pixels, and an image as a sequence."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnn_core.exercises.exercise import Exercise, Slip
from rnn_core.parameters import Array


def _classify_case(rng: np.random.Generator) -> dict[str, Any]:
    N, n_x, n_h, n_y = 23, 7, int(rng.integers(4, 7)), 11
    return {
        "x": rng.standard_normal((N, n_x)),
        "Wxh": rng.standard_normal((n_x, n_h)),
        "b": 2 * rng.standard_normal(n_h),
        "Why": rng.standard_normal((n_h, n_y)),
        "by": 2 * rng.standard_normal(n_y),
    }


def _logits(x: Array, Wxh: Array, b: Array, Why: Array, by: Array) -> Array:
    y: Array = np.tanh(x @ Wxh + b) @ Why + by
    return y


def _softmax(y: Array) -> Array:
    p: Array = np.exp(y) / np.exp(y).sum(axis=1, keepdims=True)
    return p


CLASSIFY = Exercise(
    lambda **case: _logits(**case).argmax(axis=1),
    _classify_case,
    [
        Slip(
            lambda **case: _logits(**case).argmax(axis=0),
            "this asks for each class which image has most of it; ask for each image: axis 1.",
            "argmax over the images",
        ),
        Slip(
            lambda **case: _logits(**case).argmax(),
            "this is one number, the place of the largest logit of all; every image needs its own: "
            "axis 1.",
            "no axis",
        ),
        Slip(
            lambda **case: _logits(**case),
            "these are the logits y; return which of them is the largest in each row.",
            "the logits",
        ),
        Slip(
            lambda x, Wxh, b, Why, by: np.tanh(x @ Wxh + b).argmax(axis=1),
            "this is the largest unit of the state; the classes are in y = a @ Why + by.",
            "argmax of the state",
        ),
        Slip(
            lambda **case: _softmax(_logits(**case)),
            "these are the probabilities; return which of them is the largest in each row.",
            "the probabilities",
        ),
        Slip(
            lambda **case: _logits(**case).max(axis=1),
            "this is the largest logit of each image; return its class, the place where it stands.",
            "max for argmax",
        ),
        Slip(
            lambda x, Wxh, b, Why, by: ((x @ Wxh + b) @ Why + by).argmax(axis=1),
            "tanh is missing: without it the two products are one, and the network is linear.",
            "no tanh",
        ),
        Slip(
            lambda x, Wxh, b, Why, by: (np.tanh(x @ Wxh) @ Why + by).argmax(axis=1),
            "the bias b is missing in the sum under tanh.",
            "no b",
        ),
        Slip(
            lambda x, Wxh, b, Why, by: (np.tanh(x @ Wxh + b) @ Why).argmax(axis=1),
            "the bias by is missing in the output.",
            "no by",
        ),
        Slip(
            lambda x, Wxh, b, Why, by: (np.tanh(x @ Wxh) @ Why).argmax(axis=1),
            "both biases are missing, b under tanh and by in the output.",
            "no biases",
        ),
        Slip(
            lambda x, Wxh, b, Why, by: np.tanh(np.tanh(x @ Wxh + b) @ Why + by),
            "the outputs are logits, without a tanh; return which is the largest in each row.",
            "tanh of the output",
        ),
    ],
    "the result",
    "that is the whole one-to-one network; W and a_0 were not needed.",
    form="an array of N class numbers",
)


def _rows_case(rng: np.random.Generator) -> dict[str, Any]:
    return {"images": rng.standard_normal((int(rng.integers(5, 7)), 3, 4))}


AS_ROWS = Exercise(
    lambda images: images.swapaxes(0, 1),
    _rows_case,
    [
        Slip(
            lambda images: images.transpose(2, 0, 1),
            "x[t] holds the columns of the images here; step t shall read row t.",
            "columns",
        ),
        Slip(
            lambda images: images.reshape(images.shape[1], images.shape[0], images.shape[2]),
            "the shape is right, but reshape keeps the order of the numbers in memory: x[0] holds "
            "several rows of the first images, not the first row of each. Exchange axes 0 and 1.",
            "reshape for swapaxes",
        ),
        Slip(
            lambda images: images.T,
            "images.T turns all three axes round, (columns, rows, N); exchange only the first two.",
            "all axes turned",
        ),
        Slip(
            lambda images: images,
            "this is still images first; time comes first here, (T, N, n_x).",
            "images first",
        ),
        Slip(
            lambda images: images.swapaxes(1, 2),
            "this exchanges rows and columns within each image; time has to come first.",
            "images transposed",
        ),
        Slip(
            lambda images: images.swapaxes(0, 1)[::-1],
            "the last row comes first here; step 1 reads the top row.",
            "from below",
        ),
    ],
    "x",
    "x[t] is now row t of every image: one image is a sequence of rows.",
    over_time="x",
)
