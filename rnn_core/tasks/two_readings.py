"""Person or not? Words such as "Teddy" or "May", whose reading another word decides.

The sentences come from a small grammar written for this project; all that can be made of it are
made. Each holds one word with two readings, and one word that decides it, which stands before it
("we remember aunt May ...") or 1, 2, 3 or 6 words after it ("May cards ...", "May the painter ...",
"May of all songs ...", "May was the best of all singers ..."; one word later, the ending tells as
well: "May cards are ..."). Nothing between the two gives it
away: with each word and each wording, persons and things are equally frequent. So a network that
has not read the deciding word is right in exactly half of the sentences, whatever it says.

Held out are pairs within each wording: there, each word with two readings lacks 20 % of its
deciding words, "Roosevelt" and "bears" right after "Teddy" among them. Another wording may hold
the same pair. A score says that known parts are put together in a new way; it says nothing about
any other English.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np

from rnn_core.cells import Cell, LSTMCell, RNNCell, generator
from rnn_core.checks import lengths_to_mask
from rnn_core.losses import softmax, softmax_cross_entropy
from rnn_core.models import Bidirectional, Model, SequenceModel
from rnn_core.parameters import Array
from rnn_core.tasks.table import Row, trained
from rnn_core.tasks.vocabulary import Vocabulary
from rnn_core.training import GRID, Adam, History, fit, minibatches

DOUBLE = (
    *("Teddy", "Rose", "May", "Jordan", "Paris", "Grace", "Hope", "Ruby"),
    *("Amber", "Ginger", "Daisy", "Lily", "Jade", "April", "June", "Joy"),
)
"""Words with two readings: a person's name, or something else."""
TAGS = ("other", "person")

_SINGULAR = (
    *("was late again", "was not there", "came first", "made us smile"),
    *("was loved by all", "pleased the children"),
)
_BEST = ("by far", "that year", "in town", "we think", "once more", "last night")
_REMEMBER = ("very well", "from school", "with love", "to this day", "and smile", "from home")


class Wording(NamedTuple):
    """A way to say it: where the deciding word stands (`after` words later, 0 for before).

    {x} is the word with two readings, {d} the deciding word; `person` and `thing` hold the five
    deciding words of each reading with the ends of the sentence that go with them.
    """

    after: int
    frame: str
    person: tuple[str, ...]
    thing: tuple[str, ...]
    person_ends: tuple[str, ...]
    thing_ends: tuple[str, ...]


WORDINGS = (
    Wording(
        0,
        "we remember {d} {x}",
        ("aunt", "doctor", "judge", "captain", "nurse"),
        ("the song", "the film", "the book", "the boat", "the bear"),
        _REMEMBER,
        _REMEMBER,
    ),
    Wording(
        1,
        "{x} {d}",
        ("Roosevelt", "Miller", "Larsen", "Silva", "Okafor"),
        ("bears", "posters", "cards", "songs", "cakes"),
        ("was president", "was late again", "lost a key", "laughed", "lives in town", "came first"),
        (
            "are on sale",
            "are sold out",
            "cost too much",
            "came in a box",
            "made us smile",
            "sell well",
        ),
    ),
    Wording(
        2,
        "{x} the {d}",
        ("painter", "baker", "singer", "doctor", "teacher"),
        ("bear", "song", "film", "book", "boat"),
        _SINGULAR,
        _SINGULAR,
    ),
    Wording(
        3,
        "{x} of all {d}",
        ("people", "painters", "singers", "doctors", "teachers"),
        ("songs", "films", "books", "boats", "bears"),
        _SINGULAR,
        _SINGULAR,
    ),
    Wording(
        6,
        "{x} was the best of all {d}",
        ("bakers", "painters", "singers", "doctors", "teachers"),
        ("songs", "films", "books", "boats", "bears"),
        _BEST,
        _BEST,
    ),
)
SILENCE = "<silence>"
"""What is heard before the first word and after the last one."""

N_X, N_H = 16, 32
STEPS, BATCH_SIZE, RATE = 400, 64, 1e-2
DELAYS = tuple(range(7))
LONGEST = 12
"""Where a text that a network writes is cut off; no sentence of the grammar is as long."""


class Example(NamedTuple):
    """A sentence with its tags; its word with two readings, and how many words later it is decided.

    `after` is 0 where the deciding word stands before it.
    """

    words: tuple[str, ...]
    tags: tuple[str, ...]
    place: int
    after: int


class Encoded(NamedTuple):
    """Sentences as arrays (T, N): tokens, targets (1 for a person) and the mask of real words."""

    tokens: Array
    targets: Array
    mask: Array


@cache
def splits() -> dict[str, list[Example]]:
    """Return the sentences "train" and "held out"."""
    found: dict[str, list[Example]] = {"train": [], "held out": []}
    for number, wording in enumerate(WORDINGS):
        for i, x in enumerate(DOUBLE):
            for j in range(5):
                # Each word with two readings lacks one deciding word of each reading in training.
                part = "held out" if j == (i + 2 * (number - 1)) % 5 else "train"
                found[part] += _sentences(wording, x, j)
    return found


def _sentences(wording: Wording, x: str, j: int) -> Iterator[Example]:
    # A family name, which follows at once, belongs to the person.
    persons = {x, wording.person[j]} if wording.after == 1 else {x}
    nobody: set[str] = set()
    kinds = (
        (wording.person[j], wording.person_ends, persons),
        (wording.thing[j], wording.thing_ends, nobody),
    )
    for decider, ends, named in kinds:
        for end in ends:
            words = f"{wording.frame} {end}".format(x=x, d=decider).split()
            tags = tuple("person" if word in named else "other" for word in words)
            yield Example(tuple(words), tags, words.index(x), wording.after)


@cache
def vocabulary() -> Vocabulary:
    """Return the silence and all words, those with two readings first."""
    words = [word for some in splits().values() for example in some for word in example.words]
    return Vocabulary(dict.fromkeys((SILENCE, *DOUBLE, *words)))


def encode(examples: Sequence[Example]) -> Encoded:
    """Return examples as arrays; raise ValueError where there is none, or a word is unknown."""
    tokens, mask = vocabulary().encode_batch([example.words for example in examples])
    targets = np.zeros_like(tokens)
    for b, example in enumerate(examples):
        targets[: len(example.tags), b] = [TAGS.index(tag) for tag in example.tags]
    return Encoded(tokens, targets, mask)


def place_of(words: Sequence[str]) -> int:
    """Return where the first word with two readings stands; raise ValueError where none does."""
    for place, word in enumerate(words):
        if word.lower() in {double.lower() for double in DOUBLE}:
            return place
    raise ValueError(
        f"the sentence {' '.join(words)!r} has no word with two readings, expected one of "
        f"{', '.join(DOUBLE)}."
    )


def answers_due(y: Array, targets: Any, weights: Any = None) -> tuple[float, Array]:
    """Return the mean cross-entropy over the steps where an answer is due, and its gradient by y.

    targets (T, B) holds a class, or -1 where no answer is due yet, or none any more.
    """
    targets = np.asarray(targets)
    due = targets >= 0
    return softmax_cross_entropy(y, np.where(due, targets, 0), due.astype(y.dtype))


def left_to_right(seed: int = 0, cell: type[Cell] = RNNCell) -> SequenceModel:
    """Return the untrained tagger that reads once, from the left."""
    rng = np.random.default_rng(seed)
    return SequenceModel(
        cell(N_X, N_H, rng=rng), len(TAGS), n_tokens=len(vocabulary()), loss=answers_due, rng=rng
    )


def both_ways(seed: int = 0) -> Bidirectional:
    """Return the untrained tagger that reads from both sides, each cell as large as the other's."""
    rng = np.random.default_rng(seed)
    cells = RNNCell(N_X, N_H, rng=rng), RNNCell(N_X, N_H, rng=rng)
    return Bidirectional(*cells, len(TAGS), n_tokens=len(vocabulary()), rng=rng)


@cache
def _with_cut_ones() -> Encoded:
    """The training set, each sentence once whole and once cut off after a random word."""
    tokens, targets, mask = encode(splits()["train"])
    lengths = mask.sum(axis=0)
    cut = generator(0).integers(1, lengths + 1)
    both = lengths_to_mask(np.concatenate([lengths, cut]), len(tokens))
    return Encoded(np.tile(tokens, 2) * both, np.tile(targets, 2) * both, both)


def delayed(encoded: Encoded, k: int) -> tuple[Array, Array]:
    """Return tokens and targets (T + k, N) where the answer to each word is due k words later.

    After its words a sentence goes on with silence; where no answer is due, the target is -1.
    """
    tokens, targets, mask = encoded
    silence, none = np.zeros((k, tokens.shape[1]), int), np.full((k, tokens.shape[1]), -1)
    asked = np.where(mask, targets, -1)
    return np.concatenate([tokens, silence]), np.concatenate([none, asked])


def train(
    model: Model,
    seed: int = 0,
    *,
    k: int = 0,
    steps: int = STEPS,
    watch: Callable[[History, int], None] | None = None,
) -> History:
    """Train a tagger, one that reads once to answer k words late, and return what happened."""
    data = _with_cut_ones()
    arrays = data if isinstance(model, Bidirectional) else delayed(data, k)
    batches = minibatches(*arrays, size=BATCH_SIZE, rng=seed)
    return fit(model, batches, steps=steps, optimizer=Adam(RATE), grid=GRID, watch=watch)


def p_person(model: Model, sentences: Sequence[Sequence[str]], k: int = 0) -> list[Array]:
    """Return for each sentence of words how probable a person is at each word, (T,).

    Raises ValueError where there is no sentence, one is empty, or a word is unknown.
    """
    tokens, mask = vocabulary().encode_batch(sentences)
    if isinstance(model, Bidirectional):
        p = softmax(model.forward(tokens, mask).y)
    else:
        silence = np.zeros((k, tokens.shape[1]), int)
        p = softmax(model.forward(np.concatenate([tokens, silence])).y)[k:]
    return [p[: len(words), b, 1] for b, words in enumerate(sentences)]


def as_uncovered(model: Model, words: Sequence[str], place: int, k: int = 0) -> list[float | None]:
    """Return how probable a person is at `place` after 1, 2, ... words: None where nothing is due.

    A network that reads once answers k words late, or when the sentence has ended, and never
    again; one that reads both ways answers anew from all words so far.
    Raises ValueError where a word is unknown.
    """
    ids, T = vocabulary().encode(words), len(words)
    found: list[float | None] = [None] * T
    for s in range(min(place + 1 + k, T), T + 1):
        tokens = np.zeros((T + k, 1), int)
        tokens[:s, 0] = ids[:s]
        mask = np.arange(T)[:, None] < s if isinstance(model, Bidirectional) else None
        found[s - 1] = float(softmax(model.forward(tokens, mask).y)[place + k, 0, 1])
    return found


def right_at(model: Model, examples: Sequence[Example], k: int = 0) -> Array:
    """Return for each example whether its word with two readings gets its tag, (N,)."""
    p = p_person(model, [example.words for example in examples], k)
    said = [p[b][example.place] > 0.5 for b, example in enumerate(examples)]
    return np.array(
        [
            yes == (example.tags[example.place] == "person")
            for yes, example in zip(said, examples, strict=True)
        ]
    )


def future_decides(split: str = "held out") -> list[Example]:
    """Return the sentences that are decided after their word with two readings."""
    return [example for example in splits()[split] if example.after]


def past_decides(split: str = "held out") -> list[Example]:
    """Return the sentences that are decided before it."""
    return [example for example in splits()[split] if not example.after]


def best_possible(examples: Sequence[Example], k: int) -> float:
    """Return the share right of a reader who knows these very sentences and reads k words ahead.

    At each beginning it gives the more frequent answer: no network that sees k words of the future
    can do better on them.
    """
    counts: Counter[tuple[tuple[str, ...], str]] = Counter()
    for words, tags, place, _ in examples:
        counts[words[: place + k + 1], tags[place]] += 1
    most: Counter[tuple[str, ...]] = Counter()
    for (start, _), count in counts.items():
        most[start] = max(most[start], count)
    return most.total() / len(examples)


# The same sentences as texts to go on with: what is the next word?


def writer(seed: int = 0) -> SequenceModel:
    """Return the untrained network that predicts the next word from the words so far."""
    rng = np.random.default_rng(seed)
    n = len(vocabulary())
    return SequenceModel(RNNCell(N_X, N_H, rng=rng), n, n_tokens=n, rng=rng)


def cheat(seed: int = 0) -> Bidirectional:
    """Return the untrained network that predicts the next word from the whole sentence."""
    rng = np.random.default_rng(seed)
    n = len(vocabulary())
    cells = RNNCell(N_X, N_H, rng=rng), RNNCell(N_X, N_H, rng=rng)
    return Bidirectional(*cells, n, n_tokens=n, rng=rng)


class _Outputs(NamedTuple):
    y: Array


class WordPairs:
    """The baseline of the writers: it counts which word follows which in training, and no more.

    A pair that training lacks counts as a tenth of one seen: near the best for held-out sentences.
    """

    def __init__(self) -> None:
        tokens, targets, mask = next_words(splits()["train"])
        counts = np.full((len(vocabulary()),) * 2, 0.1)
        np.add.at(counts, (tokens[mask], targets[mask]), 1)
        self.log_p = np.log(counts / counts.sum(axis=1, keepdims=True))

    def forward(self, x: Any, mask: Any = None) -> _Outputs:
        """Return log p of the word after each of the tokens x (T, B), (T, B, n_y)."""
        return _Outputs(self.log_p[x])


def next_words(examples: Sequence[Example]) -> Encoded:
    """Return silence and the words as tokens, the words and silence as targets, and the mask."""
    words, _, mask = encode(examples)
    silence = np.zeros((1, words.shape[1]), int)
    real = lengths_to_mask(mask.sum(axis=0) + 1, len(words) + 1)
    return Encoded(np.concatenate([silence, words]), np.concatenate([words, silence]), real)


def train_writer(
    model: Model,
    seed: int = 0,
    *,
    steps: int = STEPS,
    watch: Callable[[History, int], None] | None = None,
) -> History:
    """Train a network to predict the next word, and return what happened."""
    batches = minibatches(*next_words(splits()["train"]), size=BATCH_SIZE, rng=seed)
    return fit(model, batches, steps=steps, optimizer=Adam(RATE), grid=GRID, watch=watch)


def bits(model: Model | WordPairs, examples: Sequence[Example]) -> float:
    """Return the mean of -log2 p(next word), whole sentences being given to the network."""
    tokens, targets, mask = next_words(examples)
    return _bits(softmax(model.forward(tokens, mask).y), targets, mask)


def bits_from_the_past(model: Model | WordPairs, examples: Sequence[Example]) -> float:
    """Return the same, the network being given the words so far and nothing else."""
    tokens, targets, mask = next_words(examples)
    y = [model.forward(tokens[: t + 1]).y[-1] for t in range(len(tokens))]
    return _bits(softmax(np.stack(y)), targets, mask)


def _bits(p: Array, targets: Array, mask: Array) -> float:
    at_target = np.take_along_axis(p, targets[..., None], axis=2)[..., 0]
    return float(-np.log2(at_target[mask]).mean())


def fewest_bits(examples: Sequence[Example]) -> float:
    """Return the fewest bits per word that the words so far allow on these very sentences.

    It is the entropy of the next word given all words before it, counted in the examples: who gets
    below has seen more than the past.
    """
    nexts: Counter[tuple[str, ...]] = Counter()
    for example in examples:
        words = (*example.words, SILENCE)
        for t in range(len(words)):
            nexts[words[: t + 1]] += 1
    starts: Counter[tuple[str, ...]] = Counter()
    for words, count in nexts.items():
        starts[words[:-1]] += count
    each = [count * np.log2(starts[words[:-1]] / count) for words, count in nexts.items()]
    return float(sum(each) / nexts.total())


def write(model: Model | WordPairs, n: int, rng: np.random.Generator | int = 0) -> list[list[str]]:
    """Return n texts that a network writes word by word: each is drawn from p and then read.

    The network is given the words so far, and its last output counts: the next word is not there
    yet. A text ends with silence, or after LONGEST words.
    """
    rng = generator(rng)
    words = np.zeros((1, n), int)
    for _ in range(LONGEST):
        y = model.forward(words).y[-1]
        # The largest of logits with Gumbel noise is a draw from softmax(y).
        drawn = (y + rng.gumbel(size=y.shape)).argmax(axis=1)
        ended = (words[1:] == 0).any(axis=0)
        words = np.concatenate([words, np.where(ended, 0, drawn)[None]])
    return [vocabulary().decode(column[column > 0]) for column in words.T]


def grammatical(written: Sequence[Sequence[str]]) -> float:
    """Return the share of these sentences of words that the grammar makes."""
    every = {example.words for some in splits().values() for example in some}
    return sum(tuple(words) in every for words in written) / len(written)


def rows(seeds: int) -> Iterator[Row]:
    """Yield the rows of notebook 12: what reading once, waiting and reading both ways can know."""
    task, tests = "person or not? (12)", {"future decides": future_decides()}
    networks: dict[str, tuple[Callable[[int], Model], int]] = {
        "plain RNN, left to right": (left_to_right, 0),
        "LSTM, left to right": (partial(left_to_right, cell=LSTMCell), 0),
        "bidirectional plain RNN": (both_ways, 0),
    }
    for k in DELAYS[1:]:
        networks[f"plain RNN, {k} word{'s' if k > 1 else ''} late"] = (left_to_right, k)
    tests["past decides"] = past_decides()
    for name, (build, k) in networks.items():
        models, seconds = trained(build, partial(train, k=k), seeds)
        for test, examples in tests.items():
            found = [float(right_at(model, examples, k).mean()) for model in models]
            ahead = LONGEST if isinstance(models[0], Bidirectional) else k
            best = f"best possible {100 * best_possible(examples, ahead):.1f}"
            yield Row(task, name, models[0].parameters.vector.size, seconds, test, found, best)
    yield from _writer_rows(seeds)


def _writer_rows(seeds: int) -> Iterator[Row]:
    table = f"word pairs {100 * grammatical(write(WordPairs(), 500)):.1f}"
    kinds: dict[str, Callable[[int], Model]] = {
        "plain RNN, left to right": writer,
        "bidirectional plain RNN": cheat,
    }
    for name, build in kinds.items():
        models, seconds = trained(build, train_writer, seeds)
        found = [grammatical(write(model, 500)) for model in models]
        size = models[0].parameters.vector.size
        test = "sentences it writes that the grammar makes"
        yield Row("write the next word (12)", name, size, seconds, test, found, table)
