"""The exercises on vanishing and exploding: the way back through the states, and clipping."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

import numpy as np

from rnn_core.exercises.exercise import Exercise, Slip
from rnn_core.parameters import Array


def _back_case(rng: np.random.Generator) -> dict[str, Any]:
    T, B, n_h = int(rng.integers(5, 8)), 2, int(rng.integers(3, 5))
    return {
        "da_T": rng.standard_normal((B, n_h)),
        "slopes": rng.uniform(0.2, 1.0, (T, B, n_h)),
        "W": rng.standard_normal((n_h, n_h)),
    }


def _way_back(da_T: Array, slopes: Array, W: Array) -> Array:
    da = [da_T]
    for slope in slopes[:0:-1]:
        da.append((da[-1] * slope) @ W.T)
    return np.stack(da[::-1])


_NO_SLOPE = (
    "the slopes are not used: da_t must be multiplied by the slope at t before the product "
    "with W.T."
)
_SLOPES: dict[str, tuple[Callable[[Array], Array], str]] = {
    "missing slope": (np.ones_like, _NO_SLOPE),
    "slope of the slope": (
        lambda slopes: 1 - slopes**2,
        "the slopes are already 1 - a_t^2 (f'(z_t)): use them as they are.",
    ),
    "slope of the wrong step": (
        lambda slopes: np.roll(slopes, 1, axis=0),
        "each step uses the slope of the step before it: the way from a_t to a_{t-1} needs the "
        "slope at t, slopes[t - 1] in code.",
    ),
    "slopes in the wrong order": (
        lambda slopes: slopes[::-1],
        "the slopes are taken from the first step on; the way back begins with the last one.",
    ),
    "slopes in the wrong order, from the second on": (
        lambda slopes: np.concatenate([slopes[:1], slopes[:0:-1]]),
        "the slopes are taken from the front, slopes[1] first; the way back begins with the last "
        "one.",
    ),
}
_EXTENTS: dict[str, tuple[Callable[[Array], Array], str]] = {
    "one step too far": (
        lambda da: da,
        "there are T + 1 entries: the walk goes on to da_0; stop at da_1.",
    ),
    "shifted by one": (
        lambda da: da[:-1],
        "these are da_0 to da_{T-1}: append da_T itself before the first product.",
    ),
    "without da_T": (
        lambda da: da[1:-1],
        "da_T itself is missing: it is the last of the T entries.",
    ),
    "first only": (
        lambda da: da[1],
        "this is only da_1; return da_1 to da_T, stacked, (T, B, n_h).",
    ),
    "da_0 only": (
        lambda da: da[0],
        "this is only da_0, one step too far; return da_1 to da_T, stacked, (T, B, n_h).",
    ),
}
_TRANSPOSE = "W is not transposed: forward, a_{t-1} @ W; on the way back, @ W.T."
_AFTER = (
    "the slope is multiplied after the product with W.T; the slope of step t comes first, then W.T."
)
_ORDER = "the order is reversed: you found da_T first, but da_1 belongs first."
_KINDS = {
    **{name: ("slope", words) for name, (_, words) in _SLOPES.items()},
    **{name: ("extent", words) for name, (_, words) in _EXTENTS.items()},
    "missing transpose": ("matrix", _TRANSPOSE),
    "slope after the product": ("place", _AFTER),
    "wrong order": ("order", _ORDER),
}
"""The faults of a walk back, each with the part that it spoils and its words."""


def _faulty(*faults: str) -> Callable[..., Array]:
    """Return the walk back with these faults, each of another kind."""

    def program(da_T: Array, slopes: Array, W: Array) -> Array:
        back = W if "missing transpose" in faults else W.T
        for name in set(faults) & set(_SLOPES):
            slopes = _SLOPES[name][0](slopes)
        da = [da_T]
        for slope in slopes[::-1]:
            after = "slope after the product" in faults
            da.append((da[-1] @ back) * slope if after else (da[-1] * slope) @ back)
        extents = [_EXTENTS[name][0] for name in _EXTENTS if name in faults]
        found = extents[0](np.stack(da[::-1])) if extents else np.stack(da[-2::-1])
        return found[::-1] if "wrong order" in faults else found

    return program


def _together() -> Iterator[tuple[str, ...]]:
    """Yield the pairs of faults that can be made together, and those with the order on top."""
    for one, two in combinations(_KINDS, 2):
        kinds = {_KINDS[one][0], _KINDS[two][0]}
        no_place = {one, two} == {"missing slope", "slope after the product"}
        single = bool({one, two} & {"first only", "da_0 only"})
        if len(kinds) == 2 and not no_place and not (single and "order" in kinds):
            yield one, two
            if not single and "order" not in kinds:
                yield one, two, "wrong order"


def _listed(faults: tuple[str, ...]) -> str:
    numbered = zip(("First", "Second", "Third"), faults, strict=False)
    count = "two" if len(faults) == 2 else "three"
    return f"{count} things. " + " ".join(f"{n}: {_KINDS[fault][1]}" for n, fault in numbered)


def _slope_product(da_T: Array, slopes: Array, W: Array) -> Array:
    da = [da_T]
    for slope in slopes[:0:-1]:
        da.append(da[-1] * (slope @ W.T))
    return np.stack(da[::-1])


WAY_BACK = Exercise(
    _way_back,
    _back_case,
    [
        *(Slip(_faulty(name), words, name) for name, (_, words) in _KINDS.items()),
        Slip(
            lambda da_T, slopes, W: np.stack([*((da_T * slopes[1:]) @ W.T), da_T]),
            "every step starts from da_T again: the gradient just found must go into the next "
            "product.",
            "not carried on",
        ),
        Slip(
            lambda da_T, slopes, W: (da_T * slopes) @ W.T,
            "every step starts from da_T again, and da_T itself is missing; walk back step by "
            "step.",
            "all at once",
        ),
        Slip(
            lambda da_T, slopes, W: np.concatenate(
                [0 * slopes[:1], _way_back(da_T, slopes, W)[1:]]
            ),
            "da_1 stayed zero: the walk stops one step early.",
            "one step too short",
        ),
        Slip(
            lambda da_T, slopes, W: np.concatenate(
                [_way_back(da_T, slopes, W)[:-1], _faulty("da_0 only")(da_T, slopes, W)[None]]
            ),
            "the last entry was overwritten: in Python da[t - 1] at t = 0 is da[-1]; stop the walk "
            "at da_1.",
            "wrapped around",
        ),
        *(
            Slip(
                lambda da_T, slopes, W, turn=turn: _slope_product(da_T, slopes, W)[::turn],
                "W.T meets the slope alone: multiply da_t by the slope first, in brackets, then @ "
                f"W.T.{also}",
                "slope meets W.T alone",
            )
            for turn, also in ((1, ""), (-1, " And the order is reversed: da_1 belongs first."))
        ),
        *(Slip(_faulty(*names), _listed(names), ", ".join(names)) for names in _together()),
    ],
    "da",
    "each step back is one product with the slope and with W.T. Many small factors vanish, many "
    "large ones explode.",
    over_time="da",
    backward=True,
)


def _clip_case(rng: np.random.Generator) -> dict[str, Any]:
    gradient = rng.standard_normal((3, 4))
    # Far above the threshold or below it, in turn: one of them alone would hide half of the slips.
    above = bool(rng.integers(0, 2))
    norm = float(np.linalg.norm(gradient))
    return {
        "gradient": gradient,
        "max_norm": norm * float(rng.uniform(0.1, 0.25) if above else rng.uniform(1.5, 3.0)),
    }


def _clip_by_norm(gradient: Array, max_norm: float) -> Array:
    norm = np.linalg.norm(gradient)
    return gradient * (max_norm / norm) if norm > max_norm else gradient


def _clip_by(norm: float, gradient: Array, max_norm: float) -> Array:
    return gradient * (max_norm / norm) if norm > max_norm else gradient


def _long_ones(change: Callable[[Array, float], Array]) -> Callable[..., Array]:
    """Return the clipping that changes long gradients otherwise, and leaves short ones."""

    def program(gradient: Array, max_norm: float) -> Array:
        long = np.linalg.norm(gradient) > max_norm
        return change(gradient, max_norm) if long else gradient

    return program


_TIMES = "the gradient is multiplied by max_norm; the factor that makes it as long as max_norm is"
_DIVIDED = "the gradient is divided by max_norm; the factor that makes it as long as max_norm is"
_SHORT = "a short gradient stays as it is."
_LONG_FACTOR = "max_norm / norm, for long gradients only."


CLIP_BY_NORM = Exercise(
    _clip_by_norm,
    _clip_case,
    [
        Slip(
            lambda gradient, max_norm: np.clip(gradient, -max_norm, max_norm),
            "each entry is clipped by itself, which bends the direction; shorten the whole "
            "gradient by one factor.",
            "entry by entry",
        ),
        Slip(
            lambda gradient, max_norm: gradient * (max_norm / np.linalg.norm(gradient)),
            "short gradients are stretched to max_norm; change only those that are longer.",
            "always scaled",
        ),
        Slip(
            lambda gradient, max_norm: _clip_by(float((gradient**2).sum()), gradient, max_norm),
            "this uses the squared norm; the length is the square root of the sum of squares.",
            "squared norm",
        ),
        Slip(
            lambda gradient, max_norm: _clip_by(float(np.abs(gradient).sum()), gradient, max_norm),
            "this uses the sum of the absolute values; the length is the square root of the sum of "
            "squares.",
            "sum of absolute values",
        ),
        Slip(
            lambda gradient, max_norm: _clip_by(float(np.abs(gradient).max()), gradient, max_norm),
            "this compares the largest entry with max_norm; compare the length of the whole "
            "gradient.",
            "largest entry",
        ),
        Slip(
            lambda gradient, max_norm: (
                gradient / np.linalg.norm(gradient)
                if np.linalg.norm(gradient) > max_norm
                else gradient
            ),
            "a long gradient is shortened to length 1; it should keep the length max_norm.",
            "length 1",
        ),
        Slip(
            lambda gradient, max_norm: (
                gradient * (np.linalg.norm(gradient) / max_norm)
                if np.linalg.norm(gradient) > max_norm
                else gradient
            ),
            "the factor is upside down: long gradients get longer. It is max_norm / norm.",
            "factor upside down",
        ),
        Slip(
            lambda gradient, max_norm: (
                np.zeros_like(gradient) if np.linalg.norm(gradient) > max_norm else gradient
            ),
            "a long gradient is thrown away; it should be shortened, in the same direction.",
            "thrown away",
        ),
        Slip(
            lambda gradient, max_norm: (
                gradient * (max_norm / np.linalg.norm(gradient))
                if np.linalg.norm(gradient) < max_norm
                else gradient
            ),
            "short gradients are stretched, and long ones stay as they are: the comparison is the "
            "wrong way round, or max stands in place of min.",
            "wrong comparison",
        ),
        Slip(
            lambda gradient, max_norm: gradient,
            "long gradients come back as long as they were.",
            "not clipped",
        ),
        Slip(
            lambda gradient, max_norm: gradient * max_norm,
            f"{_TIMES} {_LONG_FACTOR}",
            "times max_norm",
        ),
        Slip(_long_ones(lambda g, c: g * c), f"{_TIMES} max_norm / norm.", "long times max_norm"),
        Slip(
            lambda gradient, max_norm: gradient / max_norm,
            f"{_DIVIDED} {_LONG_FACTOR}",
            "divided by max_norm",
        ),
        Slip(
            _long_ones(lambda g, c: g / c),
            f"{_DIVIDED} max_norm / norm.",
            "long divided by max_norm",
        ),
        Slip(
            lambda gradient, max_norm: gradient / np.linalg.norm(gradient),
            f"every gradient gets the length 1; a long one should get max_norm, and {_SHORT}",
            "always length 1",
        ),
        Slip(
            lambda gradient, max_norm: gradient * (np.linalg.norm(gradient) / max_norm),
            "the factor is upside down, and short gradients are changed too: it is max_norm / norm "
            "for long ones only.",
            "always upside down",
        ),
        *(
            Slip(
                lambda gradient, max_norm, axis=axis: (
                    gradient
                    * np.minimum(1, max_norm / np.linalg.norm(gradient, axis=axis, keepdims=True))
                ),
                f"each {part} is clipped by its own length, which bends the direction; take the "
                "norm of the whole gradient, without axis.",
                f"{part} by {part}",
            )
            for axis, part in ((1, "row"), (0, "column"))
        ),
        *(
            Slip(
                lambda gradient, max_norm, axis=axis: (
                    gradient * max_norm / np.linalg.norm(gradient, axis=axis, keepdims=True)
                ),
                f"each {part} gets the length max_norm; take the norm of the whole gradient, "
                f"without axis, and {_SHORT}",
                f"always {part} by {part}",
            )
            for axis, part in ((1, "row"), (0, "column"))
        ),
        Slip(
            lambda gradient, max_norm: np.minimum(gradient, max_norm),
            "only single entries above max_norm are cut, each by itself; shorten the whole "
            "gradient by one factor.",
            "entries cut from above",
        ),
        Slip(
            lambda gradient, max_norm: _clip_by(
                float(np.linalg.norm(gradient, 2)), gradient, max_norm
            ),
            "for a matrix, norm(gradient, 2) is the most that it can stretch a vector; leave out "
            "the 2 to get the square root of the sum of squares.",
            "matrix norm",
        ),
        Slip(
            lambda gradient, max_norm: _clip_by(
                float(np.sqrt((gradient**2).mean())), gradient, max_norm
            ),
            "this uses the root of the mean of the squares; the length is the square root of "
            "their sum.",
            "mean for sum",
        ),
        Slip(
            lambda gradient, max_norm: min(1.0, max_norm / float(np.linalg.norm(gradient))),
            "this is the factor alone; return the gradient times it.",
            "factor alone",
        ),
        Slip(
            lambda gradient, max_norm: min(max_norm, float(np.linalg.norm(gradient))),
            "this is the length that the result should have; return the gradient with this length.",
            "clipped length alone",
        ),
        Slip(
            lambda gradient, max_norm: (
                gradient * min(1.0, float(np.linalg.norm(gradient)) / max_norm)
            ),
            "the factor is upside down: short gradients get shorter, and long ones stay as they "
            "are. It is max_norm / norm.",
            "upside down under min",
        ),
        Slip(
            lambda gradient, max_norm: np.linalg.norm(gradient),
            "this is the length alone; return the gradient, shortened if it is longer than "
            "max_norm.",
            "length alone",
        ),
        Slip(
            _long_ones(lambda g, c: np.full_like(g, c)),
            "every entry of a long gradient becomes max_norm; the length should, and the "
            "direction stay.",
            "every entry max_norm",
        ),
        Slip(
            _long_ones(lambda g, c: g - c),
            "max_norm is subtracted from every entry, which bends the direction; multiply by one "
            "factor.",
            "subtracted",
        ),
    ],
    "the result",
    "the direction stays, the length is at most max_norm. It is a brake: it can't make anything "
    "longer.",
    always="a long gradient must be returned shortened, a short gradient as it is.",
)
