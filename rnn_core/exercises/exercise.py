"""The referee of all exercises: try a learner's function on random cases and say what is wrong.

It knows each exercise's usual slips as programs of their own: a wrong answer that equals a slip's
answer on every case is called by the slip's name.
"""

from __future__ import annotations

import copy
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal, NamedTuple

import numpy as np

from rnn_core.checks import shape_text
from rnn_core.parameters import Array

SEEDS = range(5)


class Slip(NamedTuple):
    """A usual mistake: the program that makes it, and the words that name it."""

    program: Callable[..., Any]
    words: str


@dataclass(frozen=True)
class Verdict:
    """What the check found; a cell that ends with it shows it."""

    state: Literal["not attempted", "not yet", "correct"]
    words: str

    def __str__(self) -> str:
        return f"{self.state.capitalize()}: {self.words}"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        colour = {"correct": "#009e73", "not yet": "#e07b00"}.get(self.state, "#808080")
        html = (
            f'<p style="border-left: 4px solid {colour}; padding: 8px 12px; margin: 4px 0">'
            f"<b>{self.state.capitalize()}</b>: {escape(self.words)}</p>"
        )
        return {"text/plain": str(self), "text/html": html}


class Exercise:
    """A function to write: its reference, random cases to try it on, and its usual slips.

    `case` takes a generator and returns the arguments; all sizes in a case differ, so that a
    wrong axis shows as a wrong shape. `result` names what the function returns.
    """

    def __init__(
        self,
        reference: Callable[..., Array],
        case: Callable[[np.random.Generator], dict[str, Any]],
        slips: Sequence[Slip],
        result: str,
        praise: str,
    ) -> None:
        self.reference, self.case, self.slips = reference, case, tuple(slips)
        self.result, self.praise = result, praise

    def check(self, function: object) -> Verdict:
        """Return the verdict on a learner's function; nothing that it does raises here."""
        if not callable(function):
            return Verdict("not yet", f"this is {type(function).__name__}, not a function.")
        cases = [self.case(np.random.default_rng(seed)) for seed in SEEDS]
        expected = [self.reference(**copy.deepcopy(case)) for case in cases]
        answers = []
        for case, right in zip(cases, expected, strict=True):
            given = copy.deepcopy(case)
            try:
                answer = function(**given)
            except (Exception, SystemExit) as error:
                return Verdict("not yet", _raised(error))
            if answer is None or answer is Ellipsis:
                return Verdict("not attempted", "the function returns nothing yet.")
            changed = [name for name in case if not np.array_equal(case[name], given[name])]
            if changed:
                return Verdict(
                    "not yet", f"your function changes its argument {changed[0]} in place."
                )
            wrong_form = self._wrong_form(answer, right)
            if wrong_form:
                return Verdict("not yet", self._slip(function, cases) or wrong_form)
            answers.append(np.asarray(answer))
        if all(_close(answer, right) for answer, right in zip(answers, expected, strict=True)):
            return Verdict("correct", self.praise)
        return Verdict(
            "not yet", self._slip(function, cases) or self._first_difference(answers, expected)
        )

    def _wrong_form(self, answer: Any, right: Array) -> str | None:
        try:
            array = np.asarray(answer)
        except ValueError:
            return f"{self.result} has rows of unequal lengths, expected one array."
        if array.dtype.kind not in "fiub":
            return f"{self.result} holds {array.dtype} values, expected real numbers."
        if array.shape != right.shape:
            return (
                f"{self.result} has the shape {shape_text(array.shape)}, "
                f"expected {shape_text(right.shape)}."
            )
        return None

    def _slip(self, function: Callable[..., Any], cases: list[dict[str, Any]]) -> str | None:
        """Return the words of the slip whose answers equal the function's on every case."""
        for slip in self.slips:
            try:
                if all(
                    _close(
                        np.asarray(function(**copy.deepcopy(case))),
                        np.asarray(slip.program(**copy.deepcopy(case))),
                    )
                    for case in cases
                ):
                    return slip.words
            except Exception:
                # A slip that does not even run on these shapes is not the learner's.
                continue
        return None

    def _first_difference(self, answers: list[Array], expected: list[Array]) -> str:
        answer, right = next(
            (a, r) for a, r in zip(answers, expected, strict=True) if not _close(a, r)
        )
        wrong = ~np.isclose(answer, right, rtol=1e-7, atol=1e-9)
        first = tuple(int(i) for i in np.argwhere(wrong)[0])
        place = ", ".join(str(i) for i in first)
        return (
            f"{int(wrong.sum())} of {wrong.size} numbers differ; the first is "
            f"{self.result}[{place}]: it is {float(answer[first]):.6g}, "
            f"expected {float(right[first]):.6g}."
        )


def _close(answer: Array, right: Array) -> bool:
    return answer.shape == right.shape and bool(np.allclose(answer, right, rtol=1e-7, atol=1e-9))


def _raised(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[1:]
    line = f" in the line `{frames[0].line}`" if frames and frames[0].line else ""
    return f"your function raises {type(error).__name__}{line}: {error}"
