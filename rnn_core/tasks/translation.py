"""Translation from English to French: sentences of a small grammar, and numbers up to 9,999.

The sentences and numbers are generated (`english_french.py`), so a score near 100 % says that a
network has learned this grammar, not French. Two tests are harder than the one drawn like the
training data: "new pairs", with an adjective and a noun that never met in training, and "by hand",
fifty sentences within the vocabulary that were written by hand and never used for tuning; about a
third of them have forms that the grammar never makes.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rnn_core.cells import Cell, GRUCell, RNNCell
from rnn_core.decoding import beam, greedy, sequences
from rnn_core.generators import EncoderDecoder
from rnn_core.parameters import Array
from rnn_core.tasks.english_french import (
    Pair,
    english_number,
    french_number,
    sentences,
    word_by_word,
)
from rnn_core.tasks.table import Row, trained
from rnn_core.tasks.vocabulary import Vocabulary
from rnn_core.training import GRID, Adam, Batch, History, fit, minibatches
from rnn_core.wiring import Wiring, many_to_many_unequal

BY_HAND = Path(__file__).with_name("data") / "translation_by_hand.tsv"
END_WORD = "<end>"
LONGEST = 40
"""Decoding stops after this many words; no sentence of three clauses needs more."""


class Encoded(NamedTuple):
    """Pairs as arrays: x (T, N), targets (K, N) closed and padded by END, mask (T, N) of x."""

    x: Array
    targets: Array
    mask: Array


@dataclass(frozen=True)
class Translation:
    """A set of pairs with the vocabularies of both languages, and the recipe that learns them."""

    name: str
    splits: dict[str, list[Pair]]
    source: Vocabulary
    target: Vocabulary
    cell: Callable[..., Cell]
    n_h: int
    steps: int
    rate: float
    by_length: bool = False
    chained: type[EncoderDecoder] = EncoderDecoder

    def encode(self, pairs: Sequence[Pair]) -> Encoded:
        """Return pairs as arrays; raise ValueError where a word is unknown."""
        x, mask = self.source.encode_batch([pair.english for pair in pairs])
        targets, _ = self.target.encode_batch([f"{pair.french} {END_WORD}" for pair in pairs])
        return Encoded(x, targets, mask)

    def network(self, seed: int = 0) -> EncoderDecoder:
        """Return the untrained network."""
        rng = np.random.default_rng(seed)
        encoder, decoder = (self.cell(N_X, self.n_h, rng=rng) for _ in range(2))
        return self.chained(encoder, decoder, len(self.source), len(self.target), rng=rng)

    def train(
        self,
        model: EncoderDecoder,
        seed: int = 0,
        *,
        steps: int | None = None,
        history: History | None = None,
        watch: Callable[[History, int], None] | None = None,
    ) -> History:
        """Train a network on "train" by the recipe of this task, and return what happened."""
        pairs = self.encode(self.splits["train"])
        data = minibatches(*pairs, size=BATCH_SIZE, rng=seed, by_length=self.by_length)
        return fit(
            model,
            map(_trimmed, data),
            steps=steps or self.steps,
            optimizer=None if history else Adam(self.rate),
            grid=GRID,
            history=history,
            watch=watch,
        )

    def translate(
        self, model: EncoderDecoder, texts: Sequence[str], *, width: int = 1
    ) -> list[str]:
        """Return the French for each English text: greedy, or by a beam of this width.

        Raises ValueError where there is no text, or a word is unknown.
        """
        x, mask = self.source.encode_batch(texts)
        if width == 1:
            found = sequences(greedy(model, x, LONGEST, mask))
        else:
            best = [
                hypotheses[0].words for hypotheses in beam(model, x, LONGEST, mask, width=width)
            ]
            found = [[word for word in words if word] for words in best]
        return [" ".join(self.target.decode(words)) for words in found]

    def exact(self, model: EncoderDecoder, pairs: Sequence[Pair], *, width: int = 1) -> float:
        """Return the share of pairs whose translation is right in every word."""
        said = self.translate(model, [pair.english for pair in pairs], width=width)
        return exact(said, [pair.french for pair in pairs])


N_X, BATCH_SIZE = 16, 24


def _trimmed(batch: Batch) -> Batch:
    """Return a batch without the steps at its end that are padding in every sequence."""
    assert batch.mask is not None
    T = int(batch.mask.sum(axis=0).max())
    K = int((batch.targets != 0).sum(axis=0).max()) + 1
    return Batch(batch.x[:T], batch.targets[:K], batch.mask[:T])


def exact(said: Sequence[str], expected: Sequence[str]) -> float:
    """Return the share of translations that are right in every word."""
    return sum(map(str.__eq__, said, expected)) / len(expected)


def bleu(said: Sequence[str], expected: Sequence[str]) -> float:
    """Return the corpus BLEU of translations, 0 to 1, each with one reference.

    exp(min(0, 1 - r / c)) * (p_1 p_2 p_3 p_4)^(1/4), where p_n is the share of the translations'
    n-grams that their references have, c and r are the total lengths of the two.
    Source: Papineni, Roukos, Ward and Zhu, "BLEU: a method for automatic evaluation of machine
    translation", ACL 2002. Raises ValueError where the numbers of texts differ.
    """
    if len(said) != len(expected):
        raise ValueError(f"said has {len(said)} texts, expected {len(expected)}.")
    pairs = [(one.split(), other.split()) for one, other in zip(said, expected, strict=True)]
    c, r = sum(len(one) for one, _ in pairs), sum(len(other) for _, other in pairs)
    total = 0.0
    for n in range(1, 5):
        grams = [(_grams(one, n), _grams(other, n)) for one, other in pairs]
        found = sum((one & other).total() for one, other in grams)
        tried = sum(one.total() for one, _ in grams)
        if not found:
            return 0.0
        total += math.log(found / tried) / 4
    return math.exp(min(0.0, 1 - r / c) + total)


def _grams(words: list[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(words[i:] for i in range(n)), strict=False))


def in_print(french: str) -> str:
    """Return French tokens as they are printed: l' ami becomes l'ami."""
    return french.replace("' ", "'")


@cache
def grammar() -> Translation:
    """Return the sentences: "train", "new sentences", "new pairs" and "by hand"."""
    by_hand = _read(BY_HAND)
    drawn = sentences(N_TRAIN + N_TEST, np.random.default_rng(0))
    splits = {
        "train": [pair for pair in drawn[N_TEST:] if pair not in by_hand],
        "new sentences": drawn[:N_TEST],
        "new pairs": sentences(N_TEST, np.random.default_rng(1), held_out=True),
        "by hand": by_hand,
    }
    source = sorted({word for pair in splits["train"] for word in pair.english.split()})
    target = sorted({word for pair in splits["train"] for word in pair.french.split()})
    return Translation(
        "sentences",
        splits,
        Vocabulary(source),
        Vocabulary((END_WORD, *target)),
        GRUCell,
        n_h=96,
        steps=2500,
        rate=7e-3,
        by_length=True,
    )


N_TRAIN, N_TEST = 15_000, 400


def _read(path: Path) -> list[Pair]:
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [Pair(english, french) for english, french in rows]


@cache
def numbers() -> Translation:
    """Return the number words: "train" (5,000 of the 10,000) and "new numbers" (1,000)."""
    order = np.random.default_rng(0).permutation(10_000)
    pairs = [number_words(int(n)) for n in order]
    source = sorted({word for pair in pairs for word in pair.english.split()})
    target = sorted({word for pair in pairs for word in pair.french.split()})
    return Translation(
        "numbers",
        {"train": pairs[1000:6000], "new numbers": pairs[:1000]},
        Vocabulary(source),
        Vocabulary((END_WORD, *target)),
        RNNCell,
        n_h=96,
        steps=2000,
        rate=3e-3,
    )


def wiring(T_in: int, T_out: int) -> Wiring:
    """Return the wiring that these networks run in: read T_in words, then write T_out."""
    return many_to_many_unequal(T_in, T_out, feedback=True)


def number_words(n: int) -> Pair:
    """Return the words of a number in both languages; raise ValueError unless 0 <= n <= 9999."""
    return Pair(english_number(n), french_number(n))


def beam_example(task: Translation, model: EncoderDecoder, *, width: int = 4) -> int:
    """Return the number of a new sentence that a beam gets right and greedy decoding does not.

    Raises ValueError where there is none.
    """
    pairs = task.splits["new sentences"]
    english = [pair.english for pair in pairs]
    one, other = task.translate(model, english), task.translate(model, english, width=width)
    for number, (first, best, pair) in enumerate(zip(one, other, pairs, strict=True)):
        if best == pair.french != first:
            return number
    raise ValueError(f"no sentence is right by a beam of {width} alone.")


def rows(seeds: int) -> Iterator[Row]:
    """Yield the rows of notebook 11a: exact translations, beside a dictionary's."""
    for task, name in ((grammar(), "GRU encoder-decoder"), (numbers(), "plain encoder-decoder")):
        models, seconds = trained(task.network, task.train, seeds)
        size = models[0].parameters.vector.size
        for test, pairs in list(task.splits.items())[1:]:
            expected = [pair.french for pair in pairs]
            dictionary = exact([word_by_word(pair.english) for pair in pairs], expected)
            baseline = f"word by word {100 * dictionary:.1f}"
            found = [task.exact(model, pairs) for model in models]
            yield Row("English to French (11a)", name, size, seconds, test, found, baseline)
