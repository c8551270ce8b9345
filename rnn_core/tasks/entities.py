"""Who, where, what? A tag for every word: persons, places and organisations in sentences.

All text was written by hand for this project; no sentence is meant to be true. There are frames
("{person} lives in {city} .") and parts of frames, which seeded code fills with names from lists,
and free sentences. Three tests ask three things, all with names that stand in no training sentence
(but for the last, which keeps to no list):

- "new combinations": a subject and a predicate that training has, but never together;
- "new wording": frames that training has not, though some have relatives there;
- "free": sentences by another hand, `entities_free.txt`, on which nothing was ever chosen.

The first two were looked at while data and recipe were made; the last is the honest one. The first
says whether the task was learned, the last what it is worth on English.

Words that the network does not know it sees by their look alone: `<Cap-ton>`, `<lower-ing>`
(`tagging.look`). In training, known words are replaced by their look at random, so that it learns
to use what stands around a name.
Source of that: Kiperwasser and Goldberg, "Simple and accurate dependency parsing using
bidirectional LSTM feature representations", TACL 4 (2016).
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rnn_core.cells import RNNCell
from rnn_core.checks import lengths_to_mask
from rnn_core.losses import softmax
from rnn_core.models import Bidirectional, Model, SequenceModel
from rnn_core.parameters import Array
from rnn_core.tasks.table import Row, trained
from rnn_core.tasks.tagging import (
    TAGS,
    Score,
    Sentence,
    Span,
    bio,
    entity_f1,
    legal_path,
    look,
    looks,
    read_conll,
    spans,
    tokenise,
)
from rnn_core.tasks.vocabulary import Vocabulary
from rnn_core.training import GRID, Adam, Batch, History, fit
from rnn_core.wiring import many_to_many, one_to_one

KINDS = {
    **dict.fromkeys(("full", "first", "family"), "PER"),
    **dict.fromkeys(("city", "country", "lake", "river", "street"), "LOC"),
    **dict.fromkeys(("company", "club", "school", "body", "abbreviation"), "ORG"),
}
"""The type of each kind of name; "full" is a first and a family name. Other slots are no entity."""
MIXED = {
    "person": ("full", "full", "first", "family"),
    "place": ("city", "city", "country"),
    "organisation": ("company", "club", "school", "abbreviation"),
}
"""Slots that names of several kinds fill."""
SUBJECTS = ("person", "company", "team", "place")
PERSON_SIGNS = {"his", "her", "he", "she", "smiled", "man", "told"}
"""Where one stands in a frame with {both}, a name such as Washington is a person there."""

FILLS, N_COMPOSED, FREE_COPIES = 24, 6000, 8
JOINED = 0.5
CONJUNCTIONS = (", and", ", but", "because", "while", "and", ";", "when", ".")
LONGEST = 30

N_X, N_H = 32, 48
STEPS, BATCH_SIZE, RATE = 1200, 64, 1e-2
NAMES_REPLACED, NATIONALITIES_REPLACED, CAPITALS_REPLACED = 0.4, 0.3, 0.03
RARE, RARE_AT_START = 5.0, 1.0


def data_file(name: str) -> str:
    """Return the text of a file in the folder `data`."""
    return Path(__file__).with_name("data").joinpath(name).read_text(encoding="utf-8")


@cache
def names() -> dict[str, dict[str, list[str]]]:
    """Return the lists of names by kind, each with "train" and "held_out"."""
    return tomllib.loads(data_file("entities_names.toml"))


@cache
def frames() -> dict[str, list[str]]:
    """Return the frames "train" and "held out", and the "parts: ..." of composed ones."""
    found: dict[str, list[str]] = {}
    for line in data_file("entities_frames.txt").splitlines():
        if line.startswith("## "):
            lines = found.setdefault(line[3:], [])
        elif line.strip() and not line.startswith("#"):
            lines.append(line)
    return found


class _Names:
    """Draws names of one part ("train" or "held_out"): each list in turn, newly shuffled."""

    def __init__(self, part: str, rng: np.random.Generator) -> None:
        self.part, self.rng = part, rng
        self.decks: dict[str, list[str]] = {}

    def draw(self, kind: str) -> str:
        if kind == "full":
            return f"{self.draw('first')} {self.draw('family')}"
        deck = self.decks.setdefault(kind, [])
        if not deck:
            known = names()[kind][self.part]
            deck.extend(known[i] for i in self.rng.permutation(len(known)))
        return deck.pop()

    def fill(self, frame: str) -> Sentence:
        """Return the frame with a name in each slot."""
        words: list[str] = []
        entities = []
        for word in frame.split():
            if not word.startswith("{"):
                words.append(word)
                continue
            kind = word[1:-1]
            if kind in MIXED:
                kind = MIXED[kind][self.rng.integers(len(MIXED[kind]))]
            name = tokenise(self.draw(kind))
            type_ = KINDS.get(kind)
            if kind == "both":
                type_ = "PER" if PERSON_SIGNS.intersection(frame.split()) else "LOC"
            if type_ is not None:
                entities.append(Span(len(words), len(words) + len(name), type_))
            words.extend(name)
        return Sentence(tuple(words), tuple(bio(len(words), entities)))


def pairs(part: str) -> list[tuple[str, str]]:
    """Return the pairs of subject and predicate of composed frames; every fourth is held out."""
    parts = frames()
    every = [
        (subject, predicate)
        for kind in SUBJECTS
        for subject in parts[f"parts: {kind}"]
        for predicate in parts[f"parts: {kind} does"]
    ]
    order = np.random.default_rng(11).permutation(len(every))
    n = len(every) // 4
    return [every[i] for i in (order[:n] if part == "held_out" else order[n:])]


def _composed(part: str, n: int, rng: np.random.Generator) -> list[Sentence]:
    parts, chosen, source = frames(), pairs(part), _Names(part, rng)
    openings, closings = parts["parts: opening"], parts["parts: closing"]
    found = []
    for _ in range(n):
        frame = " ".join(chosen[rng.integers(len(chosen))])
        if rng.random() < 0.4:
            frame = f"{openings[rng.integers(len(openings))]} {frame}"
        if rng.random() < 0.4:
            frame = f"{frame} {closings[rng.integers(len(closings))]}"
        frame = frame[0].upper() + frame[1:] + " ."
        found.append(source.fill(frame.replace(", ,", ",")))
    return found


def _filled(part: str, times: int, rng: np.random.Generator) -> list[Sentence]:
    source = _Names(part, rng)
    wording = frames()[part.replace("_", " ")]
    return [source.fill(frame) for frame in wording for _ in range(times)]


@cache
def splits() -> dict[str, list[Sentence]]:
    """Return "train", "new combinations", "new wording" and "free"; no sentence stands twice."""
    rng = np.random.default_rng(1)
    free = read_conll(data_file("entities_train.txt"))
    train = _filled("train", FILLS, rng) + _composed("train", N_COMPOSED, rng) + free
    rng = np.random.default_rng(2)
    found = {
        "train": train,
        "new combinations": _composed("held_out", 400, rng),
        "new wording": _filled("held_out", 10, rng),
        "free": read_conll(data_file("entities_free.txt")),
    }
    return {name: list(dict.fromkeys(sentences)) for name, sentences in found.items()}


@cache
def written() -> list[Sentence]:
    """Return the free sentences of the training set."""
    return read_conll(data_file("entities_train.txt"))


class _Known(NamedTuple):
    """The words of the training set: how often each stands, which are names, and which listed."""

    counts: Counter[str]
    names: set[str]
    listed: set[str]
    vocabulary: Vocabulary


@cache
def _known() -> _Known:
    counts: Counter[str] = Counter()
    listed = {
        word for kind in names().values() for name in kind["train"] for word in tokenise(name)
    }
    found = {
        word for kind in KINDS if kind != "full" for name in names()[kind]["train"]
        for word in tokenise(name) if word[0].isupper()
    }  # fmt: skip
    lines = [line for part, some in frames().items() if part != "held out" for line in some]
    for line in lines:
        words = enumerate(line.split())
        counts.update([w.lower() if i == 0 else w for i, w in words if not w.startswith("{")])
    for sentence in written():
        for i, (word, tag) in enumerate(zip(*sentence, strict=True)):
            counts[word.lower() if i == 0 and tag == "O" else word] += 1
            if tag != "O" and word[0].isupper():
                found.add(word)
    often = {word for word, count in counts.items() if count > 1}
    return _Known(counts, found, listed, Vocabulary([*looks(), *sorted(often | listed)]))


def vocabulary() -> Vocabulary:
    """Return the tokens of the network: all looks, then the words that it knows."""
    return _known().vocabulary


def tokens_of(words: Sequence[str]) -> list[str]:
    """Return the token that stands for each word: the word itself if known, else its look.

    A capital at the start of a sentence says nothing, so the first word is tried in small letters.
    """
    return [_token(word, i == 0) for i, word in enumerate(words)]


@cache
def _token(word: str, first: bool) -> str:
    ids = vocabulary().ids
    if first and word.lower() in ids:
        return word.lower()
    return word if word in ids else look(word, first)


@cache
def _in_training(word: str, first: bool) -> tuple[int, float]:
    """Return the id of a word's look, and how often training puts it in the word's place."""
    known, token = _known(), _token(word, first)
    rare = RARE_AT_START if first else RARE
    chance = rare / (rare + known.counts[token])
    if token in known.names:
        chance = NAMES_REPLACED
    elif word in names()["nationality"]["train"]:
        chance = NATIONALITIES_REPLACED
    elif word in known.listed or (token[0].isupper() and not first):
        chance = CAPITALS_REPLACED
    return vocabulary().ids[look(word, first)], chance


class Encoded(NamedTuple):
    """Sentences as arrays: tokens (T, N), targets (T, N) as indices into TAGS, mask (T, N)."""

    tokens: Array
    targets: Array
    mask: Array


def encode(sentences: Sequence[Sentence]) -> Encoded:
    """Return sentences as arrays; raise ValueError where there is none, or one has no word."""
    tokens, mask = vocabulary().encode_batch([tokens_of(s.words) for s in sentences])
    return Encoded(tokens, _padded([[TAGS.index(tag) for tag in s.tags] for s in sentences]), mask)


def _padded(rows: Sequence[Sequence[float]], dtype: type = int) -> Array:
    array: Array = np.zeros((max(map(len, rows)), len(rows)), dtype)
    for b, row in enumerate(rows):
        array[: len(row), b] = row
    return array


def bidirectional(seed: int = 0) -> Bidirectional:
    """Return the untrained network that reads from both ends."""
    rng = np.random.default_rng(seed)
    cell, reverse = RNNCell(N_X, N_H, rng=rng), RNNCell(N_X, N_H, rng=rng)
    for one in (cell, reverse):
        one.W = 0.3 * one.W  # a short memory at first: what counts for a word stands near it
    n_tokens = len(vocabulary())
    return Bidirectional(cell, reverse, len(TAGS), n_tokens=n_tokens, rng=rng)


def left_to_right(seed: int = 0) -> SequenceModel:
    """Return the untrained network that reads once, with one cell like the other's two."""
    rng = np.random.default_rng(seed)
    cell = RNNCell(N_X, N_H, rng=rng)
    cell.W = 0.3 * cell.W
    return SequenceModel(cell, len(TAGS), many_to_many, n_tokens=len(vocabulary()), rng=rng)


def token_alone(seed: int = 0) -> SequenceModel:
    """Return the untrained network that sees one word at a time and nothing around it: T = 1."""
    rng = np.random.default_rng(seed)
    cell = RNNCell(N_X, N_H, rng=rng)
    return SequenceModel(cell, len(TAGS), one_to_one, n_tokens=len(vocabulary()), rng=rng)


NETWORKS: dict[str, Callable[[int], SequenceModel | Bidirectional]] = {
    "the token alone": token_alone,
    "left to right": left_to_right,
    "bidirectional": bidirectional,
}


def train(
    model: Model,
    seed: int = 0,
    *,
    steps: int = STEPS,
    watch: Callable[[History, int], None] | None = None,
) -> History:
    """Train a network by the recipe of this task, and return what happened."""
    batches = _batches(_corpus(seed), seed)
    if _alone(model):
        batches = (_one_by_one(batch) for batch in batches)
    return fit(model, batches, steps=steps, optimizer=Adam(RATE), grid=GRID, watch=watch)


def _training_sentences(seed: int) -> list[Sentence]:
    """Return the training set with the free sentences several times, half of it joined in pairs."""
    rng = np.random.default_rng(seed)
    plain = splits()["train"] + written() * (FREE_COPIES - 1)
    others, chosen = rng.integers(0, len(plain), len(plain)), rng.random(len(plain)) < JOINED
    found = []
    for sentence, other, join in zip(plain, others, chosen, strict=True):
        joined = _joined(sentence, plain[other], rng) if join else sentence
        found.append(joined if len(joined.words) <= LONGEST else sentence)
    return found


def _joined(one: Sentence, other: Sentence, rng: np.random.Generator) -> Sentence:
    """Return two sentences as one, so that no sentence can be learned as a whole."""
    between = tuple(CONJUNCTIONS[rng.integers(len(CONJUNCTIONS))].split())
    end = len(one.words) - (one.words[-1] in {".", "?", "!"})
    first = other.words[0]
    if other.tags[0] == "O" and between != (".",) and first.lower() in vocabulary().ids:
        first = first.lower()
    return Sentence(
        (*one.words[:end], *between, first, *other.words[1:]),
        (*one.tags[:end], *["O"] * len(between), *other.tags),
    )


class _Corpus(NamedTuple):
    """The training sentences as arrays (T, N): tokens, their looks, and how often these come."""

    tokens: Array
    looks: Array
    chances: Array
    targets: Array
    lengths: Array


@lru_cache(maxsize=1)
def _corpus(seed: int) -> _Corpus:
    sentences = _training_sentences(seed)
    tokens, targets, mask = encode(sentences)
    seen = [[_in_training(word, i == 0) for i, word in enumerate(s.words)] for s in sentences]
    instead = _padded([[look_id for look_id, _ in row] for row in seen])
    chances = _padded([[chance for _, chance in row] for row in seen], float)
    return _Corpus(tokens, instead, chances, targets, mask.sum(axis=0))


def _batches(corpus: _Corpus, seed: int) -> Iterator[Batch]:
    """Yield batches of about equal lengths for ever, words newly replaced by looks in each."""
    rng = np.random.default_rng(seed)
    tokens, instead, chances, targets, lengths = corpus
    while True:
        for chosen in _of_like_length(lengths, rng):
            T = int(lengths[chosen].max())
            swap = rng.random((T, len(chosen))) < chances[:T, chosen]
            mixed = np.where(swap, instead[:T, chosen], tokens[:T, chosen])
            yield Batch(mixed, targets[:T, chosen], lengths_to_mask(lengths[chosen], T))


def _of_like_length(lengths: Array, rng: np.random.Generator) -> Iterator[Array]:
    """Yield one pass of batches: sorted by length within pools, so that little is padding."""
    pool = 16 * BATCH_SIZE
    order = rng.permutation(len(lengths))
    for start in range(0, len(order) - BATCH_SIZE + 1, pool):
        some = order[start : start + pool]
        some = some[np.argsort(lengths[some], kind="stable")]
        stops = range(0, len(some) - BATCH_SIZE + 1, BATCH_SIZE)
        for place in rng.permutation(stops):
            yield some[place : place + BATCH_SIZE]


def _alone(model: Model) -> bool:
    return isinstance(model, SequenceModel) and model.wiring is one_to_one


def _one_by_one(batch: Batch) -> Batch:
    """Return a batch of single words: x (1, n), targets (1, n)."""
    assert batch.mask is not None
    return Batch(batch.x[batch.mask][None], batch.targets[batch.mask][None])


def probabilities(model: Model, sentences: Sequence[Sequence[str]]) -> list[Array]:
    """Return for each sentence of words the probabilities of the tags, (T, 7).

    Raises ValueError where there is no sentence, or one has no word.
    """
    tokens, mask = vocabulary().encode_batch([tokens_of(words) for words in sentences])
    if _alone(model):
        p = np.zeros((*tokens.shape, len(TAGS)))
        p[mask] = softmax(model.forward(tokens[mask][None]).y[0])
    else:
        p = softmax(model.forward(tokens, mask).y)
    return [p[: len(words), b] for b, words in enumerate(sentences)]


def tag(model: Model, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the most probable legal tags of each sentence of words (`tagging.legal_path`)."""
    return [legal_path(p) for p in probabilities(model, sentences)]


def score(model: Model, sentences: Sequence[Sentence]) -> Score:
    """Return precision, recall and F1 of a network's entities."""
    return entity_f1([s.tags for s in sentences], tag(model, [s.words for s in sentences]))


def accuracy(expected: Sequence[Sequence[str]], found: Sequence[Sequence[str]]) -> float:
    """Return the share of words with the right tag."""
    right = [a == b for one, other in zip(expected, found, strict=True)
             for a, b in zip(one, other, strict=True)]  # fmt: skip
    return sum(right) / len(right)


@cache
def dictionary() -> dict[tuple[str, ...], str]:
    """Return every name of the training set, as its words, with its most frequent type."""
    counts: dict[tuple[str, ...], Counter[str]] = {}
    for sentence in splits()["train"]:
        for start, stop, kind in spans(sentence.tags):
            counts.setdefault(sentence.words[start:stop], Counter())[kind] += 1
    for kind, some in names().items():
        for name in some["train"] if kind in KINDS else ():
            counts.setdefault(tuple(tokenise(name)), Counter())[KINDS[kind]] += 1
    return {name: max(sorted(kinds), key=kinds.__getitem__) for name, kinds in counts.items()}


def look_up(words: Sequence[str]) -> list[str]:
    """Return the dictionary's tags: at each word, it takes the longest name that begins there."""
    known, entities, i = dictionary(), [], 0
    longest = max(map(len, known))
    while i < len(words):
        lengths = range(min(longest, len(words) - i), 0, -1)
        fits = (n for n in lengths if tuple(words[i : i + n]) in known)
        n = next(fits, 0)
        if n:
            entities.append(Span(i, i + n, known[tuple(words[i : i + n])]))
        i += max(n, 1)
    return bio(len(words), entities)


def undecided() -> list[Sentence]:
    """Return the held-out sentences whose first word is a person or a place, as later words say."""
    known = {name for part in names()["both"].values() for name in part}
    return [s for s in splits()["new wording"] if s.words[0] in known]


def rows(seeds: int) -> Iterator[Row]:
    """Yield the rows of notebook 10: three networks on three tests, beside the dictionary."""
    tests = {name: some for name, some in splits().items() if name != "train"}
    tests["first word alone undecided"] = undecided()
    baselines = {}
    for test, sentences in tests.items():
        said = [look_up(s.words) for s in sentences]
        f1 = entity_f1([s.tags for s in sentences], said).f1
        baselines[test] = f"dictionary {100 * f1:.1f}"
    for name, build in NETWORKS.items():
        models, seconds = trained(build, train, seeds)
        size = models[0].parameters.vector.size
        for test, sentences in tests.items():
            found = [score(model, sentences).f1 for model in models]
            yield Row("named entities, F1 (10)", name, size, seconds, test, found, baselines[test])
