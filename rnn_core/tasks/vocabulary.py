"""Words to integers and back, with one clear sentence where a word is unknown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

import numpy as np

from rnn_core.checks import lengths_to_mask
from rnn_core.parameters import Array


class Vocabulary:
    """The words a network knows, numbered in this order.

    Raises ValueError where there is no word, or one stands twice.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self.words = tuple(words)
        self.ids = {word: i for i, word in enumerate(self.words)}
        if not self.words or len(self.ids) < len(self.words):
            raise ValueError(f"words has {len(self.words)} entries, expected different ones.")

    def __len__(self) -> int:
        return len(self.words)

    def encode(self, sentence: str | Sequence[str]) -> list[int]:
        """Return the ids of the words of a sentence (split at blanks) or list.

        Raises ValueError for an empty sentence or an unknown word, naming the nearest known ones.
        """
        words = sentence.split() if isinstance(sentence, str) else list(sentence)
        if not words:
            raise ValueError("the sentence is empty, expected at least one word.")
        return [self._id(word) for word in words]

    def encode_batch(self, sentences: Iterable[str | Sequence[str]]) -> tuple[Array, Array]:
        """Return ids `(T, B)`, padded at the end with 0, and the mask `(T, B)` of the real words.

        Raises ValueError where there is no sentence, or one is empty or has an unknown word.
        """
        rows = [self.encode(sentence) for sentence in sentences]
        if not rows:
            raise ValueError("sentences is empty, expected at least one.")
        T = max(len(row) for row in rows)
        tokens = np.zeros((T, len(rows)), int)
        for b, row in enumerate(rows):
            tokens[: len(row), b] = row
        return tokens, lengths_to_mask([len(row) for row in rows], T)

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Return the words of these ids; raise ValueError for an id that is no word's."""
        found = [int(i) for i in ids]
        for i in found:
            if not 0 <= i < len(self):
                raise ValueError(f"the id {i} is no word's, expected 0 to {len(self) - 1}.")
        return [self.words[i] for i in found]

    def _id(self, word: str) -> int:
        if word in self.ids:
            return self.ids[word]
        by_lower = {known.lower(): known for known in self.words}
        if word.lower() in by_lower:
            return self.ids[by_lower[word.lower()]]
        near = get_close_matches(word, self.words, n=3, cutoff=0.5)
        known = f"near it are {', '.join(near)}" if near else f"it knows {', '.join(self.words)}"
        raise ValueError(f"{word!r} is no word of this network's vocabulary; {known}.")
