"""From probabilities to words: greedy, sampled and beam decoding, and the best path of CTC.

A network that writes offers `begin(x, mask)` and `next(words, state)`; what is chosen from the
logits in between is decided here, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from rnn_core.cells import generator
from rnn_core.checks import check_mask, check_positive, check_real, check_size
from rnn_core.generators import END
from rnn_core.losses import softmax
from rnn_core.parameters import Array


class Writer(Protocol):
    """What decoding needs of a network: a `Generator`, or a `SequenceModel` over tokens."""

    def begin(self, x: Any, mask: Any = None) -> tuple[Array, Any]:
        """Read x; return the logits of the next word, (B, n_y), and the state."""

    def next(self, words: Any, state: Any) -> tuple[Array, Any]:
        """Read the words just written, (B,); return the logits of the next, and the state."""


def greedy(model: Writer, x: Any, K: int, mask: Any = None, *, end: int | None = END) -> Array:
    """Write the most probable word at each step, at most K; return the words (K', B).

    After `end` a sequence holds nothing but `end`, and K' <= K is where the last one ends; with
    end=None all go on to K. Raises TypeError or ValueError where an argument does not fit.
    """
    return _write(model, x, K, mask, end, lambda y: y.argmax(axis=1))


def sample(
    model: Writer,
    x: Any,
    K: int,
    mask: Any = None,
    *,
    temperature: float = 1.0,
    rng: np.random.Generator | int = 0,
    end: int | None = END,
) -> Array:
    """Draw each word from p = softmax(y / temperature); otherwise as `greedy`.

    Temperature 1 draws from what the network believes; towards 0 it becomes greedy decoding.
    Raises TypeError or ValueError where an argument does not fit.
    """
    check_positive("temperature", temperature)
    rng = generator(rng)

    def choose(y: Array) -> Array:
        below = softmax(y / temperature).cumsum(axis=1)
        # A draw lies below the last entry, whatever rounding made of the sum.
        draws = rng.random(len(y)) * below[:, -1]
        words: Array = (below <= draws[:, None]).sum(axis=1)
        return words

    return _write(model, x, K, mask, end, choose)


def _write(
    model: Writer,
    x: Any,
    K: int,
    mask: Any,
    end: int | None,
    choose: Callable[[Array], Array],
) -> Array:
    check_size("K", K)
    y, state = model.begin(x, mask)
    written: list[Array] = []
    ended = np.zeros(len(y), bool)
    while True:
        words = choose(y)
        if end is not None:
            words = np.where(ended, end, words)
            ended |= words == end
        written.append(words)
        if len(written) == K or ended.all():
            return np.stack(written)
        y, state = model.next(words, state)


class Hypothesis(NamedTuple):
    """A sequence of words, END included where it was reached, and its log probability in nats."""

    words: list[int]
    log_p: float


def beam(
    model: Writer, x: Any, K: int, mask: Any = None, *, width: int = 4
) -> list[list[Hypothesis]]:
    """Keep the `width` most probable beginnings at each step; return them for each sequence.

    Each list is sorted, the most probable first. A beginning that ended is kept as it is; one that
    reaches K words stops there. Width 1 is greedy decoding; a width as large as the number of all
    beginnings finds the most probable sequence of all.
    Raises TypeError or ValueError where an argument does not fit.
    Source: Sutskever, Vinyals and Le, NeurIPS 2014, section 3.2.
    """
    check_size("K", K), check_size("width", width)
    y, state = model.begin(x, mask)
    B, n_y = y.shape
    each = np.arange(B)
    words = np.zeros((0, B, 1), int)
    log_p = np.zeros((B, 1))
    ended = np.zeros((B, 1), bool)
    while True:
        steps = (y - np.logaddexp.reduce(y, axis=1, keepdims=True)).reshape(B, -1, n_y)
        # A sequence that ended goes on in one way, with END again, at no cost.
        steps = np.where(ended[:, :, None], np.where(np.arange(n_y) == END, 0.0, -np.inf), steps)
        total = (log_p[:, :, None] + steps).reshape(B, -1)
        best = np.argsort(-total, axis=1, kind="stable")[:, :width]
        parent, word = best // n_y, best % n_y
        words = np.concatenate([words[:, each[:, None], parent], word[None]])
        log_p = np.take_along_axis(total, best, axis=1)
        ended = np.take_along_axis(ended, parent, axis=1) | (word == END)
        if len(words) == K or ended.all():
            break
        chosen = (each[:, None] * (total.shape[1] // n_y) + parent).reshape(-1)
        y, state = model.next(word.reshape(-1), _rows(state, chosen))
    return [
        [
            Hypothesis(_until_end(words[:, b, i]), float(log_p[b, i]))
            for i in range(words.shape[2])
            if np.isfinite(log_p[b, i])
        ]
        for b in range(B)
    ]


def _rows(state: Any, chosen: Array) -> Any:
    if isinstance(state, tuple):
        return tuple(part[chosen] for part in state)
    return state[chosen]


def _until_end(words: Array) -> list[int]:
    found = [int(word) for word in words]
    return found[: found.index(END) + 1] if END in found else found


def sequences(words: Array) -> list[list[int]]:
    """Return the columns of words (K, B) as lists, each cut before its first END."""
    columns = [_until_end(column) for column in np.asarray(words).T]
    return [column[:-1] if column and column[-1] == END else column for column in columns]


def best_path(y: Array, mask: Any = None) -> list[list[int]]:
    """Return the classes that the most probable path spells: repeats merged, blanks dropped.

    y (T, B, n_y); one list for each sequence. Raises TypeError or ValueError where y or mask does
    not fit.
    """
    y = check_real("y", y, ("T", "B", "n_y"))
    T, B, _ = y.shape
    real = check_mask(mask, T, B)
    path = y.argmax(axis=2)
    if real is not None:
        path = np.where(real, path, 0)
    news = np.ones((T, B), bool)
    news[1:] = path[1:] != path[:-1]
    kept = news & (path != 0)
    return [[int(k) for k in path[kept[:, b], b]] for b in range(B)]


def edit_distance(one: Sequence[Any], other: Sequence[Any]) -> int:
    """Return how many insertions, deletions and substitutions turn one sequence into the other.

    Source: Levenshtein, "Binary codes capable of correcting deletions, insertions, and reversals",
    Soviet Physics Doklady 10 (1966).
    """
    row = list(range(len(other) + 1))
    for i, mine in enumerate(one, start=1):
        before, row[0] = row[0], i
        for j, theirs in enumerate(other, start=1):
            substituted = before + (mine != theirs)
            before = row[j]
            row[j] = min(substituted, before + 1, row[j - 1] + 1)
    return row[-1]


def error_rate(written: Sequence[Sequence[Any]], targets: Sequence[Sequence[Any]]) -> float:
    """Return the edits that turn what was written into the targets, over the targets' length.

    Raises ValueError where the numbers of sequences differ, or the targets hold no word.
    """
    if len(written) != len(targets):
        raise ValueError(f"written has {len(written)} sequences, expected {len(targets)}.")
    total = sum(map(len, targets))
    if not total:
        raise ValueError("targets holds no word, expected at least one.")
    return sum(map(edit_distance, written, targets)) / total
