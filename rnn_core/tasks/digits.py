"""Which digit is it? 1,797 real handwritten digits, 8 x 8 pixels, from 13 people.

Source: E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine
Learning Repository (1998), https://doi.org/10.24432/C50P49, licence CC BY 4.0; here its test set,
as scikit-learn distributes it. `tools/make_digits.py` makes the file.

The test set "new images" is drawn at random, so the people who wrote it wrote training images
too. "later images" are the last 360 of the file, none of which takes part in training or in the
random draw: neighbours in the file look alike, so these are the harder and more honest test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rnn_core.cells import RNNCell
from rnn_core.checks import check_real
from rnn_core.losses import softmax_cross_entropy
from rnn_core.models import SequenceModel
from rnn_core.parameters import Array
from rnn_core.tasks.table import Row, trained
from rnn_core.training import GRID, Adam, History, fit, minibatches
from rnn_core.wiring import many_to_many, many_to_one, one_to_one

FILE = Path(__file__).with_name("data") / "digits.npz"
SIDE, N_CLASSES = 8, 10
CLASSES = tuple(str(digit) for digit in range(N_CLASSES))
N_LATER, N_NEW = 360, 300

N_H, STEPS = 32, 1200
N_H_ROWS, STEPS_ROWS = 48, 1500
BATCH_SIZE, RATE = 32, 1e-2
EARLY_WEIGHT = 0.05
"""How much the answer after each row but the last counts in the loss of `EarlyAnswers`."""


class Digits(NamedTuple):
    """Images (N, 8, 8) from 0 (paper) to 1 (ink), and their labels (N,)."""

    images: Array
    labels: Array


@cache
def splits() -> dict[str, Digits]:
    """Return "train" (1,137), "new images" (300, drawn at random) and "later images" (360)."""
    with np.load(FILE) as file:
        images, labels = file["images"] / 16.0, file["labels"].astype(int)
    first = len(labels) - N_LATER
    order = np.random.default_rng(0).permutation(first)
    chosen = {
        "train": order[: first - N_NEW],
        "new images": order[first - N_NEW :],
        "later images": np.arange(first, len(labels)),
    }
    return {name: Digits(images[index], labels[index]) for name, index in chosen.items()}


def whole(images: Any) -> Array:
    """Return images (N, 8, 8) as sequences of one step, `(1, N, 64)`: all pixels at once."""
    return check_real("images", images, ("N", SIDE, SIDE)).reshape(1, -1, SIDE * SIDE)


def by_rows(images: Any) -> Array:
    """Return images (N, 8, 8) as sequences of eight steps, `(8, N, 8)`: x_t is row t."""
    return np.ascontiguousarray(check_real("images", images, ("N", SIDE, SIDE)).swapaxes(0, 1))


def classifier(seed: int = 0, *, activation: str = "tanh") -> SequenceModel:
    """Return the untrained one-to-one network: all pixels in, one class out."""
    rng = np.random.default_rng(seed)
    cell = RNNCell(SIDE * SIDE, N_H, activation=activation, rng=rng)
    return SequenceModel(cell, N_CLASSES, one_to_one, rng=rng)


def row_reader(seed: int = 0) -> SequenceModel:
    """Return the untrained many-to-one network: it reads row by row and answers at the end."""
    rng = np.random.default_rng(seed)
    return SequenceModel(RNNCell(SIDE, N_H_ROWS, rng=rng), N_CLASSES, many_to_one, rng=rng)


class EarlyAnswers(SequenceModel):
    """The same network, but it answers after every row, and the early answers count a little.

    The loss weighs each row's answer with 0.05 and the last one's with 1.
    """

    def __init__(self, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        cell = RNNCell(SIDE, N_H_ROWS, rng=rng)
        super().__init__(cell, N_CLASSES, many_to_many, loss=_last_counts_most, rng=rng)


def _last_counts_most(y: Array, targets: Any, mask: Any) -> tuple[float, Array]:
    weights = np.full(y.shape[:2], EARLY_WEIGHT)
    weights[-1] = 1.0
    return softmax_cross_entropy(y, targets, weights)


def train(
    model: SequenceModel,
    seed: int = 0,
    *,
    steps: int | None = None,
    watch: Callable[[History, int], None] | None = None,
) -> History:
    """Train any of the networks here on the training images by the recipe of this task."""
    images, labels = splits()["train"]
    pixels = model.cell.n_x == SIDE * SIDE
    targets = np.tile(labels, (SIDE, 1)) if isinstance(model, EarlyAnswers) else labels
    x = whole(images) if pixels else by_rows(images)
    batches = minibatches(x, targets, size=BATCH_SIZE, rng=seed)
    optimizer = Adam(RATE, weight_decay=0.0 if pixels else 0.1)
    steps = steps or (STEPS if pixels else STEPS_ROWS)
    return fit(model, batches, steps=steps, optimizer=optimizer, grid=GRID, watch=watch)


def accuracy_by_row(model: EarlyAnswers, digits: Digits) -> Array:
    """Return the share of images answered right after each row, `(8,)`."""
    right: Array = model.predict(by_rows(digits.images)) == digits.labels
    return right.mean(axis=1)


def nearest_image(images: Any) -> Array:
    """Return the label of the training image that is nearest to each image, `(N,)`."""
    known = splits()["train"]
    x, y = whole(images)[0], whole(known.images)[0]
    distances = (x * x).sum(axis=1)[:, None] - 2 * x @ y.T + (y * y).sum(axis=1)
    labels: Array = known.labels[distances.argmin(axis=1)]
    return labels


def parse(drawing: str) -> Array:
    """Return a drawing in characters as an image (8, 8): # is ink, + half, anything else paper.

    Raises ValueError where there is no ink, or the ink is wider or higher than 8.
    """
    lines = drawing.splitlines()
    found = [(i, j, c) for i, line in enumerate(lines) for j, c in enumerate(line) if c in "#+"]
    if not found:
        raise ValueError("the drawing has no ink, expected some # or +.")
    top, left = min(i for i, _, _ in found), min(j for _, j, _ in found)
    high, wide = max(i for i, _, _ in found) - top + 1, max(j for _, j, _ in found) - left + 1
    if high > SIDE or wide > SIDE:
        raise ValueError(f"the drawing is {high} x {wide}, expected at most {SIDE} x {SIDE}.")
    image = np.zeros((SIDE, SIDE))
    for i, j, c in found:
        # In the middle, as the digits of the training set are.
        row, column = i - top + (SIDE - high) // 2, j - left + (SIDE - wide) // 2
        image[row, column] = 1.0 if c == "#" else 0.5
    return image


def rows(seeds: int) -> Iterator[Row]:
    """Yield the rows of notebook 07: all pixels at once beside row by row."""
    tests = ("new images", "later images")
    linear = [classifier(seed, activation="identity") for seed in range(seeds)]
    for seed, model in enumerate(linear):
        train(model, seed)
    baselines = {}
    for test in tests:
        images, labels = splits()[test]
        plain = np.median([model.accuracy(whole(images), labels) for model in linear])
        near = (nearest_image(images) == labels).mean()
        baselines[test] = f"linear {100 * plain:.1f}, nearest image {100 * near:.1f}"
    for name, build, form in (
        ("one-to-one (T = 1)", classifier, whole),
        ("plain RNN, row by row", row_reader, by_rows),
    ):
        models, seconds = trained(build, train, seeds)
        size = models[0].parameters.vector.size
        if form is whole:
            size -= models[0].cell.W.size  # no past, so W is never used
        for test in tests:
            images, labels = splits()[test]
            found = [model.accuracy(form(images), labels) for model in models]
            yield Row("digits (07)", name, size, seconds, test, found, baselines[test])
