"""The referee of all exercises: try a learner's function on random cases and say what is wrong.

It knows each exercise's usual slips as programs of their own: a wrong answer that equals a slip's
answer on every case is called by the slip's name.
"""

from __future__ import annotations

import copy
import linecache
import re
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
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
    """One of the things a function returns: its name, whether it is right, its relative error.

    The error is NaN where there is none to speak of.
    """

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
        off = "" if np.isnan(result.error) else f" <small>off by {result.error:.2g}</small>"
    return (
        f'<span style="display: inline-block; border: 2px {line} {colour}; border-radius: 5px; '
        f'padding: 1px 9px; margin: 6px 6px 0 0">{sign} {escape(result.name)}{off}</span>'
    )


class Exercise:
    """A function to write: its reference, random cases to try it on, and its usual slips.

    `case` takes a generator and returns the arguments; all sizes in a case differ, so that a
    wrong axis shows as a wrong shape. `result` names what the function returns; a reference that
    returns a dict has several results, by its names. `over_time` is the result whose first axis
    is time: an unknown mistake gets its first wrong step, walking forward or `backward`. `form`
    says what a function with one result returns, and `always` what it must return where it
    returned nothing. With `in_order`, each result is made from the one before: a slip in the first
    wrong one is named, whatever the later ones are.
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
        form: str = "one array of real numbers",
        always: str = "every way through it must end in a return.",
        in_order: bool = False,
    ) -> None:
        self.reference, self.case, self.slips = reference, case, tuple(slips)
        self.result, self.praise = result, praise
        self.over_time, self.backward = over_time, backward
        self.form, self.always, self.in_order = form, always, in_order

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
            if _nothing(answer):
                answers.append({})
                continue
            given = self._by_name(answer, right)
            if isinstance(given, Verdict):
                return given
            answers.append(given)
        return self._unfinished(answers) or self._judge(answers, expected, cases)

    def _unfinished(self, answers: list[dict[str, Any]]) -> Verdict | None:
        """Return the verdict on answers that are not there, or not all, None if all are there."""
        if not any(answers):
            return Verdict("not attempted", "the function returns nothing yet.")
        if not all(answers):
            words = f"your function returns nothing for some inputs: {self.always}"
            return Verdict("not yet", words)
        several = self.result not in answers[0]
        if several and all(_untouched(value) for a in answers for value in a.values()):
            return Verdict("not attempted", "what the function returns is still empty or zero.")
        return None

    def _named(self, answer: Any) -> dict[str, Any]:
        return dict(answer) if isinstance(answer, Mapping) else {self.result: answer}

    def _by_name(self, answer: Any, right: Answer) -> dict[str, Any] | Verdict:
        """Return the answer's results by name, as arrays where they hold numbers."""
        several = self.result not in right
        expected = f"a dict with {_and(list(right))}" if several else self.form
        if several != isinstance(answer, Mapping) or _not_an_array(answer):
            call = ": the brackets () of a call are missing" if callable(answer) else ""
            return Verdict(
                "not yet",
                f"the function returns {_a(type(answer).__name__)}, expected {expected}{call}.",
            )
        if several:
            missing = [name for name in right if name not in answer]
            others = [str(name) for name in answer if name not in right]
            if missing and others:
                words = f"the dict has {_and(others)}, expected {_and(missing)} there."
                return Verdict("not yet", words)
        # A copy: a function may give the same array again and fill it with other numbers.
        return {name: _as_array(self._named(answer).get(name)) for name in right}

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
        if self.in_order and len(wrong) > 1:
            slip = self._slip([{wrong[0]: a[wrong[0]]} for a in answers], cases, wrong[:1])
            if slip is not None:
                words = f"{slip.words} Then look at {_and(wrong[1:])}, which needs a change too."
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
        if not answer.ndim:
            return f"{self.result} is {float(answer):.6g}, expected {float(right):.6g}."
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
        return Verdict("not yet", raised(error, given))
    changed = [name for name in case if not np.array_equal(case[name], given[name])]
    if changed:
        return Verdict(
            "not yet",
            f"your function changes its argument {changed[0]} in place; make a new array.",
        )
    return answer


def _as_array(value: Any) -> Any:
    """Return numbers as a new array, None where there is nothing, else what stands in the way."""
    if _nothing(value):
        return None
    try:
        array = np.array(value)
    except Exception:
        return "has rows of unequal lengths, expected one array."
    if array.dtype.kind == "O" and any(_nothing(entry) for entry in array.flat):
        return "still holds None, expected real numbers."
    if array.dtype.kind not in "fiub":
        return f"holds {array.dtype} values, expected real numbers."
    return array


def _wrong_form(name: str, value: Any, right: Array) -> str | None:
    if value is None:
        return f"{name} is None or missing in what the function returns."
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


def _nothing(value: Any) -> bool:
    return value is None or value is Ellipsis


def _not_an_array(answer: Any) -> bool:
    """Return whether this is text, a set, a function or an iterator, which holds no array."""
    kinds = (str, bytes, set, frozenset, Iterator)
    return isinstance(answer, kinds) or (callable(answer) and not hasattr(answer, "__array__"))


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
    plain = {"ndarray": "array", "builtin_function_or_method": "function", "ufunc": "function"}.get(
        name, name
    )
    return f"{'an' if plain[0] in 'aeiou' else 'a'} {plain}"


def raised(error: BaseException, given: Case) -> str:
    """Say in one sentence what a learner's function raised, and in which line."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    line = frames[0].line if frames and frames[0].line else ""
    place = f" in the line `{line}`" if line else ""
    try:
        words = str(error)
    except Exception:
        words = "(it can't say why)"
    if isinstance(error, ValueError) and frames:
        piece = _piece(frames[0])
        words = _plainly(words, piece, _shapes(error, (piece, line), given))
    return f"your function raises {type(error).__name__}{place}: {words}"


def _piece(frame: traceback.FrameSummary) -> str:
    """Return the expression that raised, as it stands in the source, or nothing."""
    first, last = frame.lineno, frame.end_lineno
    if first is None or last is None or frame.colno is None or frame.end_colno is None:
        return ""
    lines = [linecache.getline(frame.filename, n).encode() for n in range(first, last + 1)]
    # The columns are counted in bytes; the end first, since both may be in the same line.
    lines[-1] = lines[-1][: frame.end_colno]
    lines[0] = lines[0][frame.colno :]
    return " ".join(b"".join(lines).decode(errors="ignore").split())


def _shapes(error: BaseException, places: tuple[str, ...], given: Case) -> str:
    """Return the shapes of the arrays in the first place that names two, or of all arguments."""
    # The first frame is the one that called; the second is the learner's.
    frame = error.__traceback__ and error.__traceback__.tb_next
    known = {**given, **(frame.tb_frame.f_locals if frame else {})}
    arrays = {name: value for name, value in known.items() if isinstance(value, np.ndarray)}
    found = [dict.fromkeys(re.findall(r"[^\W\d]\w*", place)) for place in places]
    named = [[name for name in names if name in arrays] for names in found]
    arguments = [name for name in given if name in arrays]
    names = next((names for names in named if len(names) > 1), arguments)
    return ", ".join(f"{name} {shape_text(arrays[name].shape)}" for name in names)


def _plainly(words: str, piece: str, shapes: str) -> str:
    """Return NumPy's words on shapes that do not fit as plain ones with the shapes, or as they are.

    Its own words on a matrix product speak of core dimensions and signatures.
    """
    place = f" in `{piece}`" if re.search("[@*/+(-]", piece) else ""
    sizes = re.search(r"size (\d+) is different from (\d+)", words)
    dot = re.search(r"not aligned: (\d+) .*!= (\d+) ", words)
    if sizes or dot:
        last, first = (sizes[2], sizes[1]) if sizes else (dot[1], dot[2]) if dot else ("", "")
        deep = " (the last but one, where B has three)" if re.search(r"\d, \d+, \d", shapes) else ""
        return (
            f"a matrix product meets the sizes {last} and {first}{place}. Shapes here: {shapes}; "
            f"`A @ B` needs the last size of A to equal the first size of B{deep}."
        )
    if "not have enough dimensions" in words:
        return f"`@` meets a single number{place}, but needs arrays. Shapes here: {shapes}."
    if "broadcast" in words:
        single = re.search(r"(?<!\*)\*(?!\*)", piece)
        product = " `*` goes entry by entry; a matrix product is `@`." if single else ""
        found = [shape_text(shape) for shape in _shapes_in(words)]
        of = f" of {_and(found)}" if len(found) > 1 and "remapped" not in words else ""
        return (
            f"the shapes{of} do not fit together{place}. Shapes here: {shapes}; entry by entry, "
            "two arrays need equal sizes, compared from the last size on, where a 1 fits "
            f"any.{product}"
        )
    if "truth value of an array" in words:
        return "`if`, `min` and `max` need one number or one yes or no; here they meet an array."
    return words


def _shapes_in(words: str) -> list[tuple[int, ...]]:
    """Return the shapes that NumPy's words name, such as (2,3) and (4,)."""
    found = re.findall(r"\((\d+(?:,\d+)*),?\)", words)
    return [tuple(int(size) for size in shape.split(",")) for shape in found]
