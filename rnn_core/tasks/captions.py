"""Captions of images made of real handwritten digits: numbers in words, and scenes of two digits.

"numbers": two or three digits side by side, with the number's English words as the caption.
"scenes": two digits in a 2 x 2 grid, with a caption such as "a one to the left of an eight".
The images are composed of the digits of `digits.py`; the captions are made by rules, so this is a
test of principle, not of describing photographs. In "new images" the digits are images that
training never used; in "new numbers" and "new pairs" so is what the caption says: a fifth of the
numbers, and of the pairs of digits, have no caption in training.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np

from rnn_core.cells import RNNCell
from rnn_core.checks import check_size
from rnn_core.decoding import greedy, sequences
from rnn_core.generators import OneToMany
from rnn_core.layers import PatchEmbedding
from rnn_core.parameters import Array
from rnn_core.tasks import digits
from rnn_core.tasks.english_french import english_number
from rnn_core.tasks.table import Row, trained
from rnn_core.tasks.vocabulary import Vocabulary
from rnn_core.training import GRID, Adam, Batch, History, fit

END_WORD = "<end>"
PIXELS = digits.SIDE * digits.SIDE
N_V, BATCH_SIZE, NOISE = 24, 32, 0.2
"""Numbers for each patch; images in a batch; the noise on each pixel in training."""
N_TEST, N_KNOWN = 600, 4000
"""Images in a test, and captioned images that the baseline looks among."""

LAYOUTS = (
    (0, 1, "to the left of"),
    (0, 2, "above"),
    (0, 3, "above and to the left of"),
    (1, 2, "above and to the right of"),
    (1, 3, "above"),
    (2, 3, "to the left of"),
)
"""The cells of the first and the second digit in the 2 x 2 grid, and how the first one lies."""
BLANK = -1
DIGIT_NAMES = tuple(english_number(digit) for digit in range(digits.N_CLASSES))


class Captioned(NamedTuple):
    """Images as x (1, N, K 64), their patches side by side, and the words, targets (K, N)."""

    x: Array
    targets: Array


@dataclass(frozen=True)
class Captions:
    """What can be drawn and said: `meanings` (M, K) digits by patch, BLANK for none; M captions."""

    name: str
    meanings: Array
    captions: tuple[str, ...]
    held_out: Array
    vocabulary: Vocabulary
    n_h: int
    steps: int
    rate: float
    weight_decay: float
    columns: int
    """How many patches stand side by side in the image."""

    @property
    def new(self) -> str:
        """The name of the test whose captions are new."""
        return "new " + ("numbers" if self.name == "numbers" else "pairs")

    @cached_property
    def targets(self) -> Array:
        """Every caption as words, `(K, M)`, closed and padded by END."""
        words, _ = self.vocabulary.encode_batch(f"{text} {END_WORD}" for text in self.captions)
        return words

    def draw(self, which: Array, images: str, rng: np.random.Generator) -> Captioned:
        """Draw one image for each meaning in `which` (N,), of the digits of the split `images`."""
        patches, start, count = _by_class(images)
        meant = self.meanings[which]
        chosen = start[meant] + (rng.random(meant.shape) * count[meant]).astype(int)
        # BLANK, as an index, has picked some digit: it is wiped out.
        x = patches[chosen] * (meant != BLANK)[..., None]
        return Captioned(x.reshape(1, len(which), -1), self.targets[:, which])

    def test(self, split: str) -> Captioned:
        """Return 600 images of the test "new images", or of `new`, whose captions are new too."""
        known = np.flatnonzero(~self.held_out)
        meanings = {"new images": known, self.new: np.flatnonzero(self.held_out)}[split]
        rng = np.random.default_rng(99)
        return self.draw(meanings[rng.integers(len(meanings), size=N_TEST)], "new images", rng)

    def network(self, seed: int = 0) -> OneToMany:
        """Return the untrained network."""
        rng = np.random.default_rng(seed)
        source = PatchEmbedding(PIXELS, N_V, rng=rng)
        cell = RNNCell(self.meanings.shape[1] * N_V, self.n_h, rng=rng)
        return OneToMany(source, cell, len(self.vocabulary), rng=rng)

    def train(
        self,
        model: OneToMany,
        seed: int = 0,
        *,
        steps: int | None = None,
        watch: Callable[[History, int], None] | None = None,
    ) -> History:
        """Train a network on new compositions of the training images, and return what happened."""
        return fit(
            model,
            self._batches(np.random.default_rng(seed)),
            steps=steps or self.steps,
            optimizer=Adam(self.rate, weight_decay=self.weight_decay),
            grid=GRID,
            watch=watch,
        )

    def _batches(self, rng: np.random.Generator) -> Iterator[Batch]:
        known = np.flatnonzero(~self.held_out)
        while True:
            which = known[rng.integers(len(known), size=BATCH_SIZE)]
            x, targets = self.draw(which, "train", rng)
            yield Batch(x + NOISE * rng.standard_normal(x.shape), targets)

    def write(self, model: OneToMany, x: Array) -> list[str]:
        """Return the caption that the network writes for each image."""
        return self.texts(greedy(model, x, len(self.targets)))

    def texts(self, words: Array) -> list[str]:
        """Return words (K, N) as texts."""
        return [" ".join(self.vocabulary.decode(column)) for column in sequences(words)]

    def exact(self, model: OneToMany, data: Captioned) -> float:
        """Return the share of captions that are right in every word."""
        pairs = zip(self.write(model, data.x), self.texts(data.targets), strict=True)
        return float(np.mean([said == right for said, right in pairs]))

    def nearest_caption(self, data: Captioned) -> float:
        """Return the share that is right if the caption of the nearest known image is taken."""
        rng = np.random.default_rng(7)
        known = np.flatnonzero(~self.held_out)
        which = known[rng.integers(len(known), size=N_KNOWN)]
        y = self.draw(which, "train", rng).x[0]
        x = data.x[0]
        distances = (y * y).sum(axis=1) - 2 * x @ y.T
        nearest = which[distances.argmin(axis=1)]
        return float((self.targets[:, nearest] == data.targets).all(axis=0).mean())

    def image(self, x: Array) -> Array:
        """Return one image (K 64,) as pixels, its patches where they stand."""
        rows = x.reshape(-1, self.columns, digits.SIDE, digits.SIDE)
        return rows.swapaxes(1, 2).reshape(-1, self.columns * digits.SIDE)


@cache
def _by_class(images: str) -> tuple[Array, Array, Array]:
    """Return the images of a split sorted by class, (N, 64), where each class starts, its count."""
    split = digits.splits()[images]
    order = np.argsort(split.labels, kind="stable")
    count = np.bincount(split.labels, minlength=digits.N_CLASSES)
    return split.images[order].reshape(-1, PIXELS), np.cumsum(count) - count, count


def _vocabulary(captions: tuple[str, ...]) -> Vocabulary:
    words = {word for caption in captions for word in caption.split()}
    return Vocabulary((END_WORD, *sorted(words)))


@cache
def numbers() -> Captions:
    """Return the numbers 10 to 999, of which 198 have no caption in training."""
    found = np.arange(10, 1000)
    meanings = np.stack([found // 100, found // 10 % 10, found % 10], axis=1)
    meanings[found < 100, 0] = BLANK
    held_out = np.zeros(len(found), bool)
    held_out[np.random.default_rng(0).permutation(len(found))[:198]] = True
    captions = tuple(english_number(int(n)) for n in found)
    return Captions(
        "numbers",
        meanings,
        captions,
        held_out,
        _vocabulary(captions),
        n_h=64,
        steps=5000,
        rate=1e-2,
        weight_decay=0.1,
        columns=3,
    )


@cache
def scenes() -> Captions:
    """Return the scenes of two digits in six layouts; 20 of the 100 pairs are held out."""
    pairs = np.random.default_rng(0).permutation(100)
    unseen = {int(pair) for pair in pairs[:20]}
    meanings, captions, held_out = [], [], []
    for one, other, lies in LAYOUTS:
        for pair in range(100):
            first, second = divmod(pair, 10)
            cells = [BLANK] * 4
            cells[one], cells[other] = first, second
            meanings.append(cells)
            captions.append(f"{_a(first)} {lies} {_a(second)}")
            held_out.append(pair in unseen)
    return Captions(
        "scenes",
        np.array(meanings),
        tuple(captions),
        np.array(held_out),
        _vocabulary(tuple(captions)),
        n_h=96,
        steps=5000,
        rate=5e-3,
        weight_decay=0.05,
        columns=2,
    )


def _a(digit: int) -> str:
    return f"{'an' if digit == 8 else 'a'} {DIGIT_NAMES[digit]}"


def of_number(n: int) -> int:
    """Return where a number stands among the meanings; raise ValueError unless 10 <= n <= 999."""
    if not 10 <= check_size("n", n) <= 999:
        raise ValueError(f"n is {n}, expected 10 to 999.")
    return n - 10


def of_scene(layout: int, first: int, second: int) -> int:
    """Return where a scene stands among the meanings; raise ValueError where there is none such."""
    for name, value, most in (("layout", layout, 5), ("first", first, 9), ("second", second, 9)):
        if not 0 <= value <= most:
            raise ValueError(f"{name} is {value}, expected 0 to {most}.")
    return 100 * layout + 10 * first + second


def rows(seeds: int) -> Iterator[Row]:
    """Yield the rows of notebook 08a: captions right in every word."""
    for task in (numbers(), scenes()):
        models, seconds = trained(task.network, task.train, seeds)
        size = models[0].parameters.vector.size
        for split in ("new images", task.new):
            data = task.test(split)
            found = [task.exact(model, data) for model in models]
            baseline = f"nearest image {100 * task.nearest_caption(data):.1f}"
            name = f"captions of {task.name} (08a)"
            yield Row(name, "plain RNN", size, seconds, split, found, baseline)
