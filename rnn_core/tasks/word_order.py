"""Who is stronger? Sentences that compare two people, with a question only word order answers.

"Bob is stronger than Tom who is stronger ?" has the answer "Bob". Every sentence has a twin with
the two names exchanged: the same words, so the same bag, and the other answer. All sentences are
generated from a small grammar of twelve forms; nothing here is natural text, and a score near
100 % says only that a network has learned this grammar. The question always repeats the
comparative of the statement: a network trained on it cannot know what "who is weaker ?" would ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, product
from typing import NamedTuple

import numpy as np

from rnn_core.cells import RNNCell
from rnn_core.models import BagOfWords, SequenceModel
from rnn_core.parameters import Array
from rnn_core.tasks.table import Row, trained
from rnn_core.tasks.vocabulary import Vocabulary
from rnn_core.training import GRID, Adam, History, fit, minibatches
from rnn_core.wiring import many_to_one

NAMES = ("Bob", "Tom", "Ann", "Eva", "Max", "Joe", "Sue", "Kim")
COMPARATIVES = (
    *("stronger", "weaker", "taller", "shorter", "older", "younger", "faster", "slower"),
)
VERBS = ("is", "was")
ADVERBS = ("", "much ", "far ")
ORDERS = ("{x} {verb} {adverb}{adj} than {y}", "compared to {y} {x} {verb} {adverb}{adj}")

HELD_OUT_PAIRS = (("Bob", "Tom"), ("Ann", "Eva"), ("Max", "Joe"), ("Sue", "Kim"))
"""Names that never meet in a training sentence."""
HELD_OUT_FORMS = (
    (ORDERS[0], "was", "much "),
    (ORDERS[1], "is", "much "),
    (ORDERS[1], "was", "far "),
)
"""Forms that no training sentence has, though each of their words and orders occurs in others."""

VOCABULARY = Vocabulary(
    (*NAMES, *COMPARATIVES, *VERBS, "much", "far", "than", "compared", "to", "who", "?")
)

STEPS, BATCH_SIZE = 3000, 32
N_X, N_H = 4, 10


class Example(NamedTuple):
    """A sentence with its question, and the name that answers it."""

    text: str
    answer: str


class Encoded(NamedTuple):
    """Examples as arrays: tokens (T, N), targets (N,) as indices into NAMES, mask (T, N)."""

    tokens: Array
    targets: Array
    mask: Array


def question(statement: str) -> str:
    """Return a statement with its question; raise ValueError if it has no known comparative."""
    for word in statement.split():
        if word in COMPARATIVES:
            return f"{statement} who is {word} ?"
    raise ValueError(
        f"the statement {statement!r} has no comparative, "
        f"expected one of {', '.join(COMPARATIVES)}."
    )


def swap_names(text: str) -> str:
    """Return the twin of a sentence: the first two names exchanged, every other word in place.

    Raises ValueError unless it has at least two names.
    """
    words = text.split()
    places = [i for i, word in enumerate(words) if word in NAMES][:2]
    if len(places) < 2:
        raise ValueError(
            f"the sentence {text!r} has {len(places)} names, expected two of {', '.join(NAMES)}."
        )
    i, j = places
    words[i], words[j] = words[j], words[i]
    return " ".join(words)


def splits() -> dict[str, list[Example]]:
    """Return "train" and three held-out sets: new pairs, new forms, and both new at once."""
    held = {frozenset(pair) for pair in HELD_OUT_PAIRS}
    known_pairs = [pair for pair in combinations(NAMES, 2) if frozenset(pair) not in held]
    forms = list(product(ORDERS, VERBS, ADVERBS))
    known_forms = [form for form in forms if form not in HELD_OUT_FORMS]
    new_pairs, new_forms = list(HELD_OUT_PAIRS), list(HELD_OUT_FORMS)
    return {
        "train": _examples(known_forms, known_pairs),
        "new pairs": _examples(known_forms, new_pairs),
        "new forms": _examples(new_forms, known_pairs),
        "new pairs in new forms": _examples(new_forms, new_pairs),
    }


def _examples(forms: list[tuple[str, str, str]], pairs: list[tuple[str, str]]) -> list[Example]:
    found = []
    for (order, verb, adverb), pair, adj in product(forms, pairs, COMPARATIVES):
        for x, y in (pair, pair[::-1]):
            statement = order.format(x=x, y=y, verb=verb, adverb=adverb, adj=adj)
            found.append(Example(question(statement), x))
    return found


def encode(examples: Sequence[Example]) -> Encoded:
    """Return examples as arrays; raise ValueError where there is none, or a word is unknown."""
    tokens, mask = VOCABULARY.encode_batch(example.text for example in examples)
    targets = np.array([NAMES.index(example.answer) for example in examples])
    return Encoded(tokens, targets, mask)


def rnn(seed: int = 0) -> SequenceModel:
    """Return the untrained recurrent network: it reads word by word and answers at the end."""
    rng = np.random.default_rng(seed)
    cell = RNNCell(N_X, N_H, rng=rng)
    return SequenceModel(cell, len(NAMES), many_to_one, n_tokens=len(VOCABULARY), rng=rng)


def bag(seed: int = 0) -> BagOfWords:
    """Return the untrained bag of words, with layers of the same sizes as `rnn`."""
    return BagOfWords(len(VOCABULARY), N_X, N_H, len(NAMES), rng=seed)


def train(
    model: SequenceModel,
    seed: int = 0,
    *,
    steps: int = STEPS,
    watch: Callable[[History, int], None] | None = None,
) -> History:
    """Train either model on the training set by the same recipe, and return what happened."""
    batches = minibatches(*encode(splits()["train"]), size=BATCH_SIZE, rng=seed)
    optimizer = Adam(1e-2, weight_decay=0.1)
    return fit(model, batches, steps=steps, optimizer=optimizer, grid=GRID, watch=watch)


def answers(model: SequenceModel, texts: Sequence[str]) -> list[str]:
    """Return the name that a model answers to each text, a statement with its question.

    Raises ValueError where there is no text, or a word is unknown.
    """
    tokens, mask = VOCABULARY.encode_batch(texts)
    return [NAMES[i] for i in model.predict(tokens, mask)[0]]


def both_twins_right(model: SequenceModel, examples: Sequence[Example]) -> float:
    """Return the share of examples where a model is right on the sentence and on its twin."""
    texts = [example.text for example in examples]
    here, there = answers(model, texts), answers(model, [swap_names(text) for text in texts])
    right = [
        one == example.answer and other == answer_to_twin(example)
        for one, other, example in zip(here, there, examples, strict=True)
    ]
    return sum(right) / len(right)


def answer_to_twin(example: Example) -> str:
    """Return the answer to the sentence with its names exchanged: the other name in it."""
    one, other = [word for word in example.text.split() if word in NAMES][:2]
    return other if example.answer == one else one


def rows(seeds: int) -> Iterator[Row]:
    """Yield the rows of notebook 01: the bag of words beside the recurrent network."""
    held_out = splits()
    data = {name: encode(examples) for name, examples in held_out.items()}
    for name, build in (("bag of words", bag), ("plain RNN", rnn)):
        models, seconds = trained(build, train, seeds)
        size = models[0].parameters.vector.size
        if name == "bag of words":
            size -= models[0].cell.W.size  # it has no past, so W is never used
        scores = {
            split: [model.accuracy(*data[split]) for model in models]
            for split in ("new pairs", "new forms")
        }
        scores["both twins"] = [both_twins_right(m, held_out["new pairs"]) for m in models]
        for test, found in scores.items():
            chance = "0 for any bag" if test == "both twins" else "at most 50 for any bag"
            yield Row("who is stronger? (01)", name, size, seconds, test, found, chance)
