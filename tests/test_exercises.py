"""The checks: every reference is accepted, every slip is called by its own name, nothing breaks."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from rnn_core import exercises
from rnn_core.exercises import Exercise

EXERCISES = {name: value for name, value in vars(exercises).items() if isinstance(value, Exercise)}
SLIPS = [
    pytest.param(exercise, slip, id=f"{name}-{number}")
    for name, exercise in EXERCISES.items()
    for number, slip in enumerate(exercise.slips)
]
each = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
SINGLE = {
    name: exercise
    for name, exercise in EXERCISES.items()
    if not isinstance(
        exercise.reference(**exercise.case(np.random.default_rng(0))),
        Mapping,
    )
}
each_of_one_result = pytest.mark.parametrize("exercise", SINGLE.values(), ids=SINGLE)


def changing(exercise: Exercise, change: Callable[[Any], Any]) -> Callable[..., Any]:
    """Return the reference with every result changed."""

    def program(**case: Any) -> Any:
        answer = exercise.reference(**case)
        if isinstance(answer, Mapping):
            return {name: change(value) for name, value in answer.items()}
        return change(answer)

    return program


@each
def test_reference_is_accepted(exercise: Exercise) -> None:
    verdict = exercise.check(exercise.reference)
    assert verdict.state == "correct"
    assert verdict.words == exercise.praise


@pytest.mark.parametrize(("exercise", "slip"), SLIPS)
def test_slip_gets_its_own_name(exercise: Exercise, slip: exercises.Slip) -> None:
    verdict = exercise.check(slip.program)
    words = re.escape(slip.words).replace(re.escape("{wrong}"), ".+")
    assert verdict.state == "not yet"
    assert re.fullmatch(words, verdict.words)


@each
@pytest.mark.parametrize("nothing", [None, ...])
def test_untouched_stub_is_not_attempted(exercise: Exercise, nothing: object) -> None:
    assert exercise.check(lambda **_: nothing).state == "not attempted"


@each
def test_an_unknown_mistake_says_how_many_numbers_differ_and_where(exercise: Exercise) -> None:
    verdict = exercise.check(changing(exercise, lambda answer: answer * 1.5 + 0.25))
    assert verdict.state == "not yet"
    assert re.search("numbers differ; the first is|Farthest off is", verdict.words)


@each_of_one_result
@pytest.mark.parametrize(
    ("program", "words"),
    [
        (lambda **_: 1 / 0, "ZeroDivisionError"),
        (lambda **_: sys.exit("bye"), "SystemExit"),
        (lambda **_: "text", "expected real numbers"),
        (lambda **_: [[1.0], [1.0, 2.0]], "rows of unequal lengths"),
        (lambda **_: np.zeros((7, 7, 7, 7)), "has the shape (7, 7, 7, 7), expected"),
        (lambda: 1, "TypeError"),
        (3, "not a function"),
        (lambda **_: object(), "expected real numbers"),
        (lambda **_: np.nan, "has the shape"),
    ],
)
def test_nothing_a_function_does_breaks_the_check(
    exercise: Exercise, program: object, words: str
) -> None:
    verdict = exercise.check(program)  # type: ignore[arg-type]
    assert verdict.state == "not yet"
    assert words in verdict.words


@each
def test_changed_arguments_are_named(exercise: Exercise) -> None:
    def spoil(**case: np.ndarray) -> np.ndarray:
        answer = exercise.reference(**case)
        name = next(name for name, value in case.items() if isinstance(value, np.ndarray))
        case[name] *= 2
        return answer

    verdict = exercise.check(spoil)
    assert "changes its argument" in verdict.words


@each
def test_nan_is_wrong(exercise: Exercise) -> None:
    verdict = exercise.check(changing(exercise, lambda answer: answer * np.nan))
    assert verdict.state == "not yet"


def test_verdict_is_shown_as_text() -> None:
    shown = exercises.Verdict("not yet", "<b>")._repr_mimebundle_()
    assert shown["text/plain"] == "Not yet: <b>"
    assert "&lt;b&gt;" in shown["text/html"]
