"""Sentences with one tag per word: tokens, BIO tags, the entities they spell, and their score.

Conventions are those of CoNLL-2003: B- begins an entity, I- continues it, O is outside; 's and
punctuation marks are tokens of their own; nationalities and titles such as Mr are outside.
Source: Tjong Kim Sang and De Meulder, "Introduction to the CoNLL-2003 shared task", CoNLL 2003.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from rnn_core.parameters import Array

TYPES = ("PER", "LOC", "ORG")
TAGS = ("O", *(f"{part}-{kind}" for kind in TYPES for part in "BI"))

_TOKEN = re.compile(
    r"""
    [A-Z]\.(?:[A-Z]\.)+            # U.S.
  | [A-Z]\.(?=\s*[A-Z])            # the initial of a name: J. Novak
  | (?:Mr|Mrs|Ms|Dr|Prof|St|Ltd|Inc)\.(?=\s+\S)
  | '(?:s|re|ve|ll|d|m)\b          # the possessive 's is a word of its own
  | \d+(?:[.,:-]\d+)*
  | [^\W\d_]+(?:-\w+|'(?!(?:s|re|ve|ll|d|m)\b)\w+)*
  | \S
    """,
    re.VERBOSE,
)


class Sentence(NamedTuple):
    """Words and the tag of each."""

    words: tuple[str, ...]
    tags: tuple[str, ...]


class Span(NamedTuple):
    """An entity: words start to stop - 1 (the first word is 0), and its type."""

    start: int
    stop: int
    kind: str


class Score(NamedTuple):
    """Precision, recall and F1 of entities, as shares; a share of nothing counts as 0."""

    precision: float
    recall: float
    f1: float


def tokenise(text: str) -> list[str]:
    """Return the words and punctuation marks of a text; raise ValueError where there is none."""
    if not isinstance(text, str):
        raise TypeError(f"the text is a {type(text).__name__}, expected a string.")
    words = _TOKEN.findall(text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
    if not words:
        raise ValueError("the sentence is empty, expected at least one word.")
    return words


def spans(tags: Sequence[str]) -> list[Span]:
    """Return the entities that BIO tags spell, from left to right.

    An entity goes on as long as I- tags of its own type follow. An I- tag that continues nothing
    (after O, or after another type) begins an entity, as in the CoNLL evaluation.
    Raises ValueError for a tag that is none.
    """
    found, start, kind = [], 0, ""
    for i, tag in enumerate([*tags, "O"]):
        if tag not in TAGS:
            raise ValueError(f"tag {i + 1} is {tag!r}, expected one of {', '.join(TAGS)}.")
        goes_on = tag == f"I-{kind}"
        if kind and not goes_on:
            found.append(Span(start, i, kind))
            kind = ""
        if tag != "O" and not goes_on:
            start, kind = i, tag[2:]
    return found


def bio(length: int, entities: Iterable[Span]) -> list[str]:
    """Return the tags of a sentence of this length with these entities."""
    tags = ["O"] * length
    for start, stop, kind in entities:
        tags[start:stop] = [f"B-{kind}"] + [f"I-{kind}"] * (stop - start - 1)
    return tags


def entity_f1(expected: Sequence[Sequence[str]], found: Sequence[Sequence[str]]) -> Score:
    """Return the score of found tags: an entity counts where words and type are exactly right.

    precision = right / found, recall = right / expected, F1 = their harmonic mean.
    Raises ValueError unless both hold as many sentences, of the same lengths.
    """
    if len(expected) != len(found):
        raise ValueError(f"found has {len(found)} sentences, expected {len(expected)}.")
    true, said = set(), set()
    for number, (one, other) in enumerate(zip(expected, found, strict=True)):
        if len(one) != len(other):
            raise ValueError(
                f"sentence {number + 1} has {len(other)} tags in found, expected {len(one)}."
            )
        true |= {(number, span) for span in spans(one)}
        said |= {(number, span) for span in spans(other)}
    right = len(true & said)
    precision = right / len(said) if said else 0.0
    recall = right / len(true) if true else 0.0
    total = precision + recall
    return Score(precision, recall, 2 * precision * recall / total if total else 0.0)


def read_conll(text: str) -> list[Sentence]:
    """Return the sentences of a text with "word tag" on each line and blank lines between.

    Lines that start with "# " are comments. Raises ValueError, naming the line, where one has not
    two parts, a tag is none, or an I- tag continues nothing.
    """
    sentences: list[Sentence] = []
    words: list[str] = []
    tags: list[str] = []
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        if line.startswith("# "):
            continue
        if not line.strip():
            if words:
                sentences.append(Sentence(tuple(words), tuple(tags)))
            words, tags = [], []
            continue
        parts = line.split()
        if len(parts) != 2:
            raise ValueError(f"line {number} has {len(parts)} parts, expected a word and its tag.")
        word, tag = parts
        if tag not in TAGS:
            raise ValueError(
                f"line {number} has the tag {tag!r}, expected one of {', '.join(TAGS)}."
            )
        if tag.startswith("I-") and (not tags or tags[-1] not in (tag, f"B-{tag[2:]}")):
            raise ValueError(f"line {number} has {tag}, which continues no entity: expected B-.")
        words.append(word)
        tags.append(tag)
    return sentences


def write_conll(sentences: Iterable[Sentence]) -> str:
    """Return the text that `read_conll` reads."""
    return "\n".join(
        "".join(f"{word} {tag}\n" for word, tag in zip(*sentence, strict=True))
        for sentence in sentences
    )


_CAPITAL_ENDINGS = (
    ("ton", "ham", "ford", "burg", "burgh", "ville", "land", "shire", "stan", "bury"),
    ("ia",),
    ("son", "sen", "ez", "ov", "ova", "ski", "sky", "escu", "ini", "elli", "man"),
    ("ish", "ese", "ian", "ans", "ism", "ists"),
    ("a", "e", "i", "o", "u", "y"),
    ("s",),
)
"""Endings that look alike share a token: that of the first."""
_SMALL_ENDINGS = ("ing", "ed", "ly", "s", "er", "tion", "al", "ous", "y")


def look(word: str, first: bool = False) -> str:
    """Return the token for all words of this look: capitals, digits and the last letters.

    `first` says that the word begins the sentence, where a capital tells nothing.
    """
    letters = [letter for letter in word if letter.isalpha()]
    if any(letter.isdigit() for letter in word):
        if re.fullmatch(r"1\d{3}|20\d{2}", word):
            return "<year>"
        return "<Mixed>" if letters else "<digits>"
    if not letters:
        return "<mark>"
    if re.fullmatch(r"[A-Z]\.", word):
        return "<Initial>"
    if word.isupper() and len(letters) > 1:
        return "<CAPS>"
    within = word[1:] != word[1:].lower()
    if not word[0].isupper():
        ends = (f"<lower-{end}>" for end in _SMALL_ENDINGS if word.endswith(end))
        return "<Mixed>" if within else next(ends, "<lower>")
    capital = "Start" if first else "Cap"
    if "-" in word or "'" in word:
        return f"<{capital}-hyphen>"
    if within:
        return f"<{capital}-inside>"
    ends = (f"<{capital}-{group[0]}>" for group in _CAPITAL_ENDINGS if word.endswith(group))
    return next(ends, f"<{capital}>")


def looks() -> list[str]:
    """Return every token that `look` can give."""
    plain = ["<mark>", "<digits>", "<year>", "<Initial>", "<CAPS>", "<Mixed>", "<lower>"]
    endings = ["hyphen", "inside", *(group[0] for group in _CAPITAL_ENDINGS)]
    return [
        *plain,
        *(f"<lower-{end}>" for end in _SMALL_ENDINGS),
        *(f"<{capital}>" for capital in ("Cap", "Start")),
        *(f"<{capital}-{end}>" for capital in ("Cap", "Start") for end in endings),
    ]


def legal_path(p: Array) -> list[str]:
    """Return the most probable tags among the legal ones: I- only after B- or I- of its type.

    Shapes: p (T, 7), the probabilities of TAGS at each word. The words' probabilities are
    multiplied, and the best path is found from left to right.
    Source: Viterbi, "Error bounds for convolutional codes", IEEE Transactions on Information
    Theory 13 (1967).
    """
    log_p = np.log(np.maximum(p, 1e-300))
    best, back = np.where(_MAY_START, log_p[0], -np.inf), []
    for now in log_p[1:]:
        ways = best[:, None] + np.where(_MAY_FOLLOW, now, -np.inf)
        back.append(ways.argmax(axis=0))
        best = ways.max(axis=0)
    path = [int(best.argmax())]
    for before in reversed(back):
        path.append(int(before[path[-1]]))
    return [TAGS[i] for i in reversed(path)]


_MAY_START = np.array([not tag.startswith("I-") for tag in TAGS])
_MAY_FOLLOW = np.array(
    [[not new.startswith("I-") or old in (new, f"B-{new[2:]}") for new in TAGS] for old in TAGS]
)
