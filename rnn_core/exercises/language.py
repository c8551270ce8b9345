"""The exercises on the language model: what a character costs, and the pieces of a long text."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnn_core.exercises.exercise import Exercise, Slip
from rnn_core.parameters import Array


def _bits_case(rng: np.random.Generator) -> dict[str, Any]:
    T, n_y = int(rng.integers(5, 9)), 4
    p = rng.dirichlet(np.ones(n_y), T)
    return {"p": p, "targets": rng.integers(0, n_y, T)}


def _at_targets(p: Array, targets: Array) -> Array:
    return p[np.arange(len(targets)), targets]


BITS_PER_CHARACTER = Exercise(
    lambda p, targets: -np.log2(_at_targets(p, targets)).mean(),
    _bits_case,
    [
        Slip(
            lambda p, targets: -np.log(_at_targets(p, targets)).mean(),
            "these are nats, from the natural logarithm; bits need the logarithm to base 2.",
            "nats",
        ),
        Slip(
            lambda p, targets: -np.log10(_at_targets(p, targets)).mean(),
            "this is the logarithm to base 10; bits need base 2.",
            "base 10",
        ),
        Slip(
            lambda p, targets: -np.log2(_at_targets(p, targets)).sum(),
            "this is the cost of the whole text; per character means the mean, not the sum.",
            "sum for mean",
        ),
        Slip(
            lambda p, targets: np.log2(_at_targets(p, targets)).mean(),
            "the sign is turned round: the logarithm of a probability is negative, its cost is "
            "not.",
            "sign",
        ),
        Slip(
            lambda p, targets: -np.log2(_at_targets(p, targets)),
            "this is the cost of each character; take the mean of them.",
            "not averaged",
        ),
        Slip(
            lambda p, targets: -np.log2(p).mean(),
            "this averages over all characters that could have come; only the one that came counts "
            "(its number is in targets).",
            "all classes",
        ),
        Slip(
            lambda p, targets: -np.log2(p.max(axis=1)).mean(),
            "this is the cost of the character the network likes best; the one that came counts.",
            "best class",
        ),
        Slip(
            lambda p, targets: -np.log2(_at_targets(p, targets).mean()),
            "the mean is taken of the probabilities; take the logarithm first, then the mean.",
            "mean before the logarithm",
        ),
        Slip(
            lambda p, targets: -(p * np.log2(p)).sum(axis=1).mean(),
            "this is the entropy, what the network expects to pay; targets are not used.",
            "entropy",
        ),
        Slip(
            lambda p, targets: 2 ** -np.log2(_at_targets(p, targets)).mean(),
            "this is the perplexity, 2 to the power of what is asked for.",
            "perplexity",
        ),
        Slip(
            lambda p, targets: -np.log2(p[:, targets]).mean(),
            "this takes all targets at each step: pair the steps with them, "
            "p[np.arange(len(targets)), targets].",
            "not paired",
        ),
        Slip(
            lambda p, targets: (-np.log2(p) * np.eye(p.shape[1])[targets]).mean(),
            "this divides by T times n_y; divide by the number of steps, T.",
            "mean over everything",
        ),
        Slip(
            lambda p, targets: -np.log2(p[targets]).mean(),
            "p[targets] takes whole rows; take one number from each row, "
            "p[np.arange(len(targets)), targets].",
            "rows",
        ),
        Slip(
            lambda p, targets: _at_targets(p, targets).mean(),
            "this is the mean probability; the cost is -log2 of it, character by character.",
            "no logarithm",
        ),
    ],
    "bits",
    "that is the cost of a text: the better the guess, the fewer bits.",
    form="one number",
)


def _piece_case(rng: np.random.Generator) -> dict[str, Any]:
    """Return a text of B equal parts, and a piece of T steps that does not reach their end."""
    T, B, k = int(rng.integers(3, 5)), int(rng.integers(5, 7)), int(rng.integers(1, 3))
    n = T * (k + 1) + int(rng.integers(1, T))
    return {"tokens": rng.permutation(B * n), "T": T, "B": B, "k": k}


def _piece(tokens: Array, T: int, B: int, k: int, *, shift: int = 1) -> dict[str, Array]:
    readers = tokens.reshape(B, -1).T
    return {
        "x": readers[k * T : (k + 1) * T],
        "targets": readers[k * T + shift : (k + 1) * T + shift],
    }


def _interleaved(tokens: Array, T: int, B: int, k: int) -> dict[str, Array]:
    readers = tokens.reshape(-1, B)
    return {"x": readers[k * T : (k + 1) * T], "targets": readers[k * T + 1 : (k + 1) * T + 1]}


def _jumping(tokens: Array, T: int, B: int, k: int) -> dict[str, Array]:
    start = k * T * B
    x, targets = (tokens[s : s + T * B].reshape(B, T).T for s in (start, start + 1))
    return {"x": x, "targets": targets}


def _jumping_flat(tokens: Array, T: int, B: int, k: int) -> dict[str, Array]:
    start = k * T * B
    x, targets = (tokens[s : s + T * B].reshape(T, B) for s in (start, start + 1))
    return {"x": x, "targets": targets}


def _turned_round(tokens: Array, T: int, B: int, k: int) -> dict[str, Array]:
    x = _piece(tokens, T, B, k)["x"]
    return {"x": x, "targets": np.roll(x, -1, axis=0)}


def _overlapping(tokens: Array, T: int, B: int, k: int) -> dict[str, Array]:
    readers = tokens.reshape(B, -1).T
    return {"x": readers[k : k + T], "targets": readers[k + 1 : k + 1 + T]}


def _first_piece(tokens: Array, T: int, B: int, k: int) -> dict[str, Array]:
    return _piece(tokens, T, B, 0)


def _batch_first(tokens: Array, T: int, B: int, k: int) -> dict[str, Array]:
    return {name: value.T for name, value in _piece(tokens, T, B, k).items()}


def _turned_piece(tokens: Array, T: int, B: int, k: int) -> dict[str, Array]:
    return {name: value.T.reshape(T, B) for name, value in _piece(tokens, T, B, k).items()}


def _not_shifted(tokens: Array, T: int, B: int, k: int) -> dict[str, Array]:
    return _piece(tokens, T, B, k, shift=0)


def _shifted_back(tokens: Array, T: int, B: int, k: int) -> dict[str, Array]:
    return _piece(tokens, T, B, k, shift=-1)


NEXT_PIECE = Exercise(
    _piece,
    _piece_case,
    [
        Slip(
            _not_shifted,
            "the targets are the characters just read: a network learns to copy that at once. The "
            "target is the next character, one place further on.",
            "targets not shifted",
        ),
        Slip(
            _shifted_back,
            "the targets are the characters before the ones read; the next ones are one place "
            "further on.",
            "targets shifted back",
        ),
        Slip(
            _interleaved,
            "every reader gets each B-th character of the text: the text is cut along the wrong "
            "axis. Cut it into B rows of consecutive characters first, then turn it.",
            "wrong axis",
        ),
        Slip(
            _jumping,
            "a reader does not go on where its last piece ended: it jumps over the others' pieces, "
            "and the state it carries belongs to another place. Give each reader its own part of "
            "the text.",
            "state does not go on",
        ),
        Slip(
            _jumping_flat,
            "a reader does not go on where its last piece ended, and its characters are not "
            "consecutive. Give each reader its own part of the text: B rows, then turned.",
            "flat pieces",
        ),
        Slip(
            _turned_round,
            "the last target is the piece's own first character; the next one stands in the text: "
            "take the targets from each reader's part, one place further on.",
            "targets rolled",
        ),
        Slip(
            _overlapping,
            "this piece starts k characters further on; each piece is T long, so start at k T.",
            "overlapping pieces",
        ),
        Slip(
            _first_piece,
            "this is the first piece for every k; piece k starts k T characters further on.",
            "always the first",
        ),
        Slip(
            _batch_first,
            "time comes first here: (T, B), one column for each reader.",
            "batch first",
        ),
        Slip(
            _turned_piece,
            "the shape is right and the characters are mixed: turning (B, T) into (T, B) takes .T, "
            "a reshape does something else.",
            "reshape for turning",
        ),
    ],
    "the piece",
    "each reader goes on where it stopped, and the target is always the next character.",
    over_time="x",
)
