"""The exercises on CTC: what a path spells, and one step of the sum over all paths."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnn_core.exercises.exercise import Exercise, Slip
from rnn_core.parameters import Array


def _path_case(rng: np.random.Generator) -> dict[str, Any]:
    # Each path has all that matters: blanks at both ends, a run, and a digit twice around blanks.
    one, two, three = (rng.permutation(9)[:3] + 1).tolist()
    runs = [0, one, 0, two, 0, two, three, one, 0]
    lengths = rng.integers(1, 4, len(runs))
    lengths[6] = 2 + rng.integers(2)
    return {"path": np.repeat(runs, lengths)}


def _collapse(path: Array) -> Array:
    first = np.concatenate([[True], path[1:] != path[:-1]])
    return path[first & (path != 0)]


def _merged(path: Array) -> Array:
    return path[np.concatenate([[True], path[1:] != path[:-1]])]


def _each_once(path: Array) -> Array:
    return np.array(list(dict.fromkeys(path.tolist())))


COLLAPSE = Exercise(
    _collapse,
    _path_case,
    [
        Slip(
            lambda path: _merged(path[path != 0]),
            "the blanks are dropped before the repeats are merged, so a digit that was written "
            "twice with a blank between melts into one; merge first.",
            "blanks first",
        ),
        Slip(
            lambda path: path[path != 0],
            "the blanks are gone, but a digit that lasts several steps is written several times; "
            "merge repeats first.",
            "no merging",
        ),
        Slip(
            _merged,
            "the repeats are merged, but the blanks are still there; drop every 0.",
            "blanks kept",
        ),
        Slip(
            lambda path: _each_once(path[path != 0]),
            "each digit is kept once; a digit may come again, after a blank or another digit.",
            "each once",
        ),
        Slip(
            lambda path: np.unique(path[path != 0]),
            "each digit is kept once and sorted; a digit may come again, and their order counts.",
            "sorted",
        ),
        Slip(
            _each_once,
            "each class is kept once, the blank too; merge neighbours only, then drop the blanks.",
            "each once, blank kept",
        ),
        Slip(
            lambda path: _collapse(path)[1:],
            "the first digit is missing: a run also begins where the path begins.",
            "without the first",
        ),
        Slip(
            lambda path: _collapse(path)[::-1],
            "the digits come out in reverse order.",
            "reversed",
        ),
        Slip(
            lambda path: (path != 0) & np.concatenate([[True], path[1:] != path[:-1]]),
            "these are the places to keep, true or false; use them as an index into path.",
            "the mask itself",
        ),
        Slip(
            lambda path: np.flatnonzero(
                (path != 0) & np.concatenate([[True], path[1:] != path[:-1]])
            ),
            "these are the steps at which a digit is written; return the digits that stand there.",
            "the places",
        ),
        Slip(
            lambda path: path,
            "the path is as it was: merge what repeats, then drop the blanks.",
            "unchanged",
        ),
    ],
    "the result",
    "merge, then drop. The blank between two equal digits is what keeps them apart.",
)


def _alpha_case(rng: np.random.Generator) -> dict[str, Any]:
    one, two, three = (rng.permutation(5)[:3] + 1).tolist()
    labels = np.array([0, one, 0, two, 0, two, 0, three, 0])
    p_t = rng.uniform(0.05, 1.0, 7)
    return {
        "alpha": rng.uniform(0.1, 1.0, len(labels)),
        "labels": labels,
        "p_t": p_t / p_t.sum(),
    }


def _next_alpha(
    alpha: Array,
    labels: Array,
    p_t: Array,
    *,
    stay: bool = True,
    step: bool = True,
    jump: str = "right",
) -> Array:
    """The step with each of its three ways on or off; `jump` may also be "never" or too often."""
    total = np.zeros(len(alpha))
    if stay:
        total += alpha
    if step:
        total[1:] += alpha[:-1]
    allowed = {
        "right": (labels[2:] != 0) & (labels[2:] != labels[:-2]),
        "never": np.zeros(len(labels) - 2, bool),
        "always": np.ones(len(labels) - 2, bool),
        "over equal digits": labels[2:] != 0,
        "from blank to blank": labels[2:] == 0,
    }[jump]
    total[2:] += allowed * alpha[:-2]
    return total * p_t[labels]


_JUMPS = {
    "never": "two places at once is never taken: a path may jump over the blank between two digits "
    "that differ.",
    "always": "every place is reached by a jump over one; only a digit may be, and only if the "
    "digit two places before is another one.",
    "over equal digits": "a jump leads from a digit to an equal one; without the blank between "
    "them, the two would be merged.",
    "from blank to blank": "the jump leads from blank to blank, over a digit that would not be "
    "written; it must lead from digit to digit.",
}

NEXT_ALPHA = Exercise(
    _next_alpha,
    _alpha_case,
    [
        *(
            Slip(lambda jump=jump, **case: _next_alpha(**case, jump=jump), words, f"jump: {jump}")
            for jump, words in _JUMPS.items()
        ),
        Slip(
            lambda **case: _next_alpha(**case, stay=False),
            "no path stays where it is: add alpha[s] itself.",
            "no staying",
        ),
        Slip(
            lambda **case: _next_alpha(**case, step=False),
            "no path moves on by one place: add alpha[s - 1].",
            "no step",
        ),
        Slip(
            lambda **case: _next_alpha(**case, step=False, jump="never"),
            "every path stays where it is: add alpha[s - 1], and where it is allowed alpha[s - 2].",
            "only staying",
        ),
        Slip(
            lambda alpha, labels, p_t: _next_alpha(alpha, labels, np.ones_like(p_t)),
            "the sum of what arrives is right, but the probability of the class that stands at "
            "each place, p_t[labels], is not multiplied in.",
            "without p_t",
        ),
        Slip(
            lambda alpha, labels, p_t: _next_alpha(alpha[::-1], labels[::-1], p_t)[::-1],
            "the paths walk from right to left: place s is reached from s, s - 1 and s - 2.",
            "backwards",
        ),
        Slip(
            lambda alpha, labels, p_t: (
                alpha * p_t[labels] + (_next_alpha(alpha, labels, np.ones_like(p_t)) - alpha)
            ),
            "p_t[labels] multiplies alpha[s] alone; it belongs to the whole sum.",
            "p_t on one summand",
        ),
    ],
    "the result",
    "three ways lead to a place: stay, one on, or over the blank between two different digits.",
)
