"""The referee of all exercises: try a learner's function on random cases and say what is wrong.

It knows each exercise's usual slips as programs of their own: a wrong answer that equals a slip's
answer on every case is called by the slip's name.
"""

from __future__ import annotations

import copy
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal, NamedTuple

import numpy as np

from rnn_core.checks import shape_text
from rnn_core.gradcheck import relative_error
from rnn_core.parameters import Array

SEEDS = range(5)
RIGHT, WRONG, NEUTRAL = "#009e73", "#e07b00", "#808080"

Case = dict[str, Any]
Answer = dict[str, Array]


class Slip(NamedTuple):
    """A usual mistake: the program that makes it, the words that explain it, and its short name.

    In the words, `{wrong}` stands for the names of the results that came out wrong. A slip that is
    made in a single line (`partly`) may spoil some of the program's results and leave the others.
    """

    program: Callable[..., Any]
    words: str
    name: str = ""
    partly: bool = False


class Result(NamedTuple):
    """One of the things a function returns: its name, whether it is right, its relative error."""

    name: str
    right: bool
    error: float


@dataclass(frozen=True)
class Verdict:
    """What the check found; a cell that ends with it shows it, with one box for each result."""

    state: Literal["not attempted", "not yet", "correct"]
    words: str
    name: str = ""
    results: tuple[Result, ...] = ()

    def __str__(self) -> str:
        return f"{self.state.capitalize()}: {self.words}"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        colour = {"correct": RIGHT, "not yet": WRONG}.get(self.state, NEUTRAL)
        boxes = "".join(_box(result) for result in self.results)
        html = (
            f'<div style="border-left: 4px solid {colour}; padding: 8px 12px; margin: 4px 0">'
            f"<b>{self.state.capitalize()}</b>: {escape(self.words)}"
            f"{boxes and f'<div>{boxes}</div>'}</div>"
        )
        return {"text/plain": str(self), "text/html": html}


def _box(result: Result) -> str:
    colour, line, sign, off = (RIGHT, "solid", "\N{CHECK MARK}", "")
    if not result.right:
        colour, line, sign = WRONG, "dashed", "\N{MULTIPLICATION X}"
        off = f" <small>off by {result.error:.2g}</small>"
    return (
        f'<span style="display: inline-block; border: 2px {line} {colour}; border-radius: 5px; '
        f'padding: 1px 9px; margin: 6px 6px 0 0">{sign} {escape(result.name)}{off}</span>'
    )


class Exercise:
    """A function to write: its reference, random cases to try it on, and its usual slips.

    `case` takes a generator and returns the arguments; all sizes in a case differ, so that a
    wrong axis shows as a wrong shape. `result` names what the function returns; a reference that
    returns a dict has several results, by its names. `over_time` is the result whose first axis
    is time: an unknown mistake gets its first wrong step, walking forward or `backward`.
    """

    def __init__(
        self,
        reference: Callable[..., Any],
        case: Callable[[np.random.Generator], Case],
        slips: Sequence[Slip],
        result: str,
        praise: str,
        *,
        over_time: str | None = None,
        backward: bool = False,
    ) -> None:
        self.reference, self.case, self.slips = reference, case, tuple(slips)
        self.result, self.praise = result, praise
        self.over_time, self.backward = over_time, backward

    @property
    def wrong_programs(self) -> dict[str, Callable[..., Any]]:
        """The first program of each slip by the slip's name."""
        programs: dict[str, Callable[..., Any]] = {}
        for slip in self.slips:
            if slip.name:
                programs.setdefault(slip.name, slip.program)
        return programs

    def check(self, function: object, cases: Sequence[Case] | None = None) -> Verdict:
        """Return the verdict on a learner's function; nothing that it does raises here.

        `cases` are the arguments to try it on, five random ones unless given.
        """
        if not callable(function):
            return Verdict("not yet", f"this is {type(function).__name__}, not a function.")
        if cases is None:
            cases = [self.case(np.random.default_rng(seed)) for seed in SEEDS]
        expected = [self._named(self.reference(**copy.deepcopy(case))) for case in cases]
        answers: list[dict[str, Any]] = []
        for case, right in zip(cases, expected, strict=True):
            answer = _call(function, case)
            if isinstance(answer, Verdict):
                return answer
            given = self._by_name(answer, right)
            if isinstance(given, Verdict):
                return given
            answers.append(given)
        return self._judge(answers, expected, cases)

    def _named(self, answer: Any) -> dict[str, Any]:
        return dict(answer) if isinstance(answer, Mapping) else {self.result: answer}

    def _by_name(self, answer: Any, right: Answer) -> dict[str, Any] | Verdict:
        """Return the answer's results by name, as arrays where they hold numbers."""
        if answer is None or answer is Ellipsis:
            return Verdict("not attempted", "the function returns nothing yet.")
        several = self.result not in right
        if several and not isinstance(answer, Mapping):
            return Verdict(
                "not yet",
                f"the function returns {_a(type(answer).__name__)}, expected a dict with "
                f"{_and(list(right))}.",
            )
        # A copy: a function may give the same array again and fill it with other numbers.
        named = {name: _as_array(self._named(answer).get(name)) for name in right}
        if several and all(_untouched(value) for value in named.values()):
            return Verdict("not attempted", "all that the function returns is still zero.")
        return named

    def _judge(
        self, answers: list[dict[str, Any]], expected: list[Answer], cases: Sequence[Case]
    ) -> Verdict:
        wrong = [
            name
            for name in expected[0]
            if not all(_close(a[name], e[name]) for a, e in zip(answers, expected, strict=True))
        ]
        results = tuple(
            Result(name, name not in wrong, _largest_error(name, answers, expected))
            for name in (expected[0] if len(expected[0]) > 1 else ())
        )
        if not wrong:
            return Verdict("correct", self.praise, results=results)
        slip = self._slip(answers, cases, wrong)
        if slip is not None:
            words = slip.words.replace("{wrong}", _and(wrong))
            return Verdict("not yet", words, slip.name, results)
        for answer, right in zip(answers, expected, strict=True):
            for name in right:
                problem = _wrong_form(name, answer[name], right[name])
                if problem:
                    return Verdict("not yet", problem, results=results)
        say = self._several_differ if results else self._first_difference
        return Verdict("not yet", say(answers, expected, wrong), results=results)

    def _slip(
        self, answers: list[dict[str, Any]], cases: Sequence[Case], wrong: list[str]
    ) -> Slip | None:
        """Return the slip whose results are the answers on every case, or None.

        Where several agree with the wrong results, it is the one that agrees with most of the rest.
        """
        best, most = None, 0
        for slip in self.slips:
            try:
                agree = self._agree(slip, answers, cases, wrong)
            except Exception:
                # A slip that does not even run on these shapes is not the learner's.
                continue
            if agree > most:
                best, most = slip, agree
            if most == len(answers[0]):
                break
        return best

    def _agree(
        self, slip: Slip, answers: list[dict[str, Any]], cases: Sequence[Case], wrong: list[str]
    ) -> int:
        """Return how many results equal the slip's on every case, 0 where they do not suffice."""
        names = set(answers[0])
        equal = names
        for case, answer in zip(cases, answers, strict=True):
            spoiled = self._named(slip.program(**copy.deepcopy(case)))
            # Nothing at all is taken as zeros: what is left out was never added up.
            equal = {
                name
                for name in equal
                if _close(_zeros_for_none(answer[name], spoiled[name]), np.asarray(spoiled[name]))
            }
            if not equal.issuperset(wrong if slip.partly else names):
                return 0
        return len(equal)

    def _first_difference(
        self, answers: list[dict[str, Any]], expected: list[Answer], wrong: list[str]
    ) -> str:
        answer, right = _first_wrong(answers, expected, wrong[0])
        differ = ~np.isclose(answer, right, rtol=1e-7, atol=1e-9)
        first = tuple(int(i) for i in np.argwhere(differ)[0])
        place = ", ".join(str(i) for i in first)
        step = f" (t = {first[0] + 1})" if self.over_time == wrong[0] else ""
        return (
            f"{int(differ.sum())} of {differ.size} numbers differ; the first is "
            f"{self.result}[{place}]{step}: it is {float(answer[first]):.6g}, "
            f"expected {float(right[first]):.6g}."
        )

    def _several_differ(
        self, answers: list[dict[str, Any]], expected: list[Answer], wrong: list[str]
    ) -> str:
        right = [name for name in expected[0] if name not in wrong]
        words = f"{_and(wrong)} {'is' if len(wrong) == 1 else 'are'} wrong"
        words += f", {_and(right)} right." if right else "."
        if self.over_time in wrong:
            words += " " + self._first_step(*_first_wrong(answers, expected, self.over_time))
        worst = max(wrong, key=lambda name: _largest_error(name, answers, expected))
        error = _largest_error(worst, answers, expected)
        return f"{words} Farthest off is {worst}, with a relative error of {error:.2g}."

    def _first_step(self, answer: Array, right: Array) -> str:
        """Say at which step the result over time goes wrong first, in the order of the walk."""
        differ = [not _close(a, r) for a, r in zip(answer, right, strict=True)]
        steps = [t + 1 for t, wrong in enumerate(differ) if wrong]
        first, way = (steps[-1], "backward") if self.backward else (steps[0], "forward")
        return (
            f"Walking {way} through {len(differ)} steps, {self.over_time} is first wrong at "
            f"t = {first}: off by {relative_error(answer[first - 1], right[first - 1]):.2g}."
        )


def _call(function: Callable[..., Any], case: Case) -> Any:
    """Return what the function makes of a case, or the verdict where it raises or spoils it."""
    given = copy.deepcopy(case)
    try:
        with np.errstate(all="ignore"):
            answer = function(**given)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Verdict("not yet", _raised(error))
    changed = [name for name in case if not np.array_equal(case[name], given[name])]
    if changed:
        return Verdict("not yet", f"your function changes its argument {changed[0]} in place.")
    return answer


def _as_array(value: Any) -> Any:
    """Return numbers as a new array, None where there is nothing, else what stands in the way."""
    if value is None or value is Ellipsis:
        return None
    try:
        array = np.array(value)
    except Exception:
        return "has rows of unequal lengths, expected one array."
    if array.dtype.kind not in "fiub":
        return f"holds {array.dtype} values, expected real numbers."
    return array


def _wrong_form(name: str, value: Any, right: Array) -> str | None:
    if value is None:
        return f"{name} is missing from what the function returns."
    if isinstance(value, str):
        return f"{name} {value}"
    if value.shape != right.shape:
        return (
            f"{name} has the shape {shape_text(value.shape)}, expected {shape_text(right.shape)}."
        )
    return None


def _first_wrong(
    answers: list[dict[str, Any]], expected: list[Answer], name: str
) -> tuple[Array, Array]:
    return next(
        (answer[name], right[name])
        for answer, right in zip(answers, expected, strict=True)
        if not _close(answer[name], right[name])
    )


def _largest_error(name: str, answers: list[dict[str, Any]], expected: list[Answer]) -> float:
    """Return the largest relative error over the cases, 1 where the form is wrong."""
    errors = [
        relative_error(answer[name], right[name])
        if isinstance(answer[name], np.ndarray) and answer[name].shape == right[name].shape
        else 1.0
        for answer, right in zip(answers, expected, strict=True)
    ]
    return float(np.nan_to_num(errors, nan=1.0).max())


def _zeros_for_none(value: Any, like: Any) -> Any:
    return np.zeros_like(like) if value is None else value


def _untouched(value: Any) -> bool:
    return value is None or (isinstance(value, np.ndarray) and not value.any())


def _close(answer: Any, right: Array) -> bool:
    return (
        isinstance(answer, np.ndarray)
        and answer.shape == right.shape
        and bool(np.allclose(answer, right, rtol=1e-7, atol=1e-9))
    )


def _and(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _a(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _raised(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[1:]
    line = f" in the line `{frames[0].line}`" if frames and frames[0].line else ""
    try:
        words = str(error)
    except Exception:
        words = "(it can't say why)"
    return f"your function raises {type(error).__name__}{line}: {words}"
