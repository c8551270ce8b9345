"""The sheet filled in by hand, checked number by number, each by the numbers before it.

A number that follows by its rule from wrong ones is not marked again: one slip counts once.
"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real

import numpy as np

from rnn_core.exercises.exercise import Result, Verdict
from rnn_core.show.on_paper import rule, shown
from rnn_core.tasks.on_paper import Sheet, T, by_rule, given, numbers

ROUNDING = 0.02
"""How far a number may be off where it is computed with two digits."""


def check_sheet(sheet: Sheet, answers: object) -> Verdict:
    """Return the verdict on the numbers of a sheet, by name; None for those not yet there."""
    right = numbers(sheet)
    if not isinstance(answers, Mapping):
        kind = type(answers).__name__
        return Verdict("not yet", f"the answers are of type {kind}, expected a dict of numbers.")
    unknown = [str(name) for name in answers if name not in right]
    if unknown:
        words = f"{unknown[0]!r} is no box of the sheet, expected names such as a_1, da_3 or dW."
        return Verdict("not yet", words)
    for name, value in answers.items():
        if value is not None and not (isinstance(value, Real) and np.isfinite(float(value))):
            return Verdict("not yet", f"{name} is {value!r}, expected a number.")
    filled = {name: float(answers[name]) for name in right if answers.get(name) is not None}
    if not filled:
        return Verdict("not attempted", "every box is still empty.")
    return _judge(sheet, filled, right)


def _judge(sheet: Sheet, filled: dict[str, float], right: dict[str, float]) -> Verdict:
    follows = {name: _follows(sheet, name, filled, right) for name in filled}
    results = tuple(Result(name, ok, np.nan) for name, ok in follows.items())
    wrong = [name for name, ok in follows.items() if not ok]
    if wrong:
        words = f"{wrong[0]} is {shown(filled[wrong[0]])}. {_slip(sheet, wrong[0], filled, right)}"
        return Verdict("not yet", words, results=results)
    missing = [name for name in right if name not in filled]
    if missing:
        boxes = "1 box is" if len(missing) == 1 else f"{len(missing)} boxes are"
        words = f"right so far; {boxes} empty, the next one is {missing[0]}."
        return Verdict("not yet", words, results=results)
    praise = "every number is right: forward, backward, and the three sums over time."
    return Verdict("correct", praise, results=results)


def _before(filled: Mapping[str, float], right: Mapping[str, float]) -> dict[str, float]:
    """Return the learner's numbers, and the right ones where a box is empty."""
    return {**right, **filled}


def _near(sheet: Sheet, one: float, other: float) -> bool:
    by_hand = sheet.activation != "identity"
    return abs(one - other) <= (ROUNDING + 0.02 * abs(other) if by_hand else 1e-9)


def _follows(
    sheet: Sheet, name: str, filled: Mapping[str, float], right: Mapping[str, float]
) -> bool:
    return _near(sheet, filled[name], by_rule(sheet, name, _before(filled, right)))


def _slip(sheet: Sheet, name: str, filled: Mapping[str, float], right: Mapping[str, float]) -> str:
    """Say which usual slip gives this number, or else by which rule it is to be computed."""
    q = given(sheet) | _before(filled, right)
    kind, _, step = name.partition("_")
    t = int(step or 0)
    dz = "dz" if sheet.activation == "tanh" else "da"
    found: dict[str, float] = {}
    if kind == "a" and sheet.activation == "tanh":
        found["tanh is missing: a is tanh of z."] = q[f"z_{t}"]
    if kind == "da" and t < T:
        own, later = q[f"dy_{t}"] * q["Why"], q[f"{dz}_{t + 1}"] * q["W"]
        found[f"That is the part from y_{t} alone: a_{t} also made a_{t + 1}."] = own
        found[f"That is the part from step {t + 1} alone: a_{t} also made y_{t}."] = later
        forgotten = own + q[f"{dz}_{t + 1}"]
        found["On its way back through time the gradient passes W, as the state did."] = forgotten
        if sheet.activation == "tanh":
            words = f"What goes back from step {t + 1} is dz, after the slope, not da."
            found[words] = own + q[f"da_{t + 1}"] * q["W"]
    if kind == "da":
        own = q[f"dy_{t}"] + (q[f"{dz}_{t + 1}"] * q["W"] if t < T else 0.0)
        found["dy has to come back through Why."] = own
    if kind == "dz":
        found["The slope is missing: 1 - a², with the state of the same step."] = q[f"da_{t}"]
        slope_before = q[f"da_{t}"] * (1 - q[f"a_{t - 1}"] ** 2)
        found["That is the slope of the step before."] = slope_before
    if kind == "dW":
        met_new = sum(q[f"a_{s}"] * q[f"{dz}_{s}"] for s in range(1, T + 1))
        found["W met the state before: a_{t-1} goes with the gradient of step t."] = met_new
    if kind in ("dW", "dWxh", "dWhy"):
        before = kind == "dW"
        met, gradient = ("a", "dy") if kind == "dWhy" else ("a" if before else "x", dz)
        # Two summands may be equal: then nothing says which of the steps it is.
        parts = [q[f"{met}_{s - before}"] * q[f"{gradient}_{s}"] for s in range(1, T + 1)]
        for s, one in enumerate(parts, start=1):
            whose = "one step" if parts.count(one) > 1 else f"step {s}"
            found[f"That is the summand of {whose} alone: all three add up."] = one
        found["That is the mean: the summands add up."] = (
            by_rule(sheet, name, _before(filled, right)) / T
        )
    if kind == "L":
        found["Half of it: the ½ is missing."] = 2 * by_rule(sheet, "L", _before(filled, right))
    for words, value in found.items():
        if _near(sheet, filled[name], value):
            return words
    return f"The rule is {name} = {rule(sheet, name)}."
