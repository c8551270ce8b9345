"""The checks: every reference is accepted, every slip is called by its own name, nothing breaks."""

from __future__ import annotations

import re
import sys
from collections import Counter
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
    assert re.search("numbers differ; the first is|Farthest off is|is .+, expected", verdict.words)


@each_of_one_result
@pytest.mark.parametrize(
    ("program", "words"),
    [
        (lambda **_: 1 / 0, "ZeroDivisionError"),
        (lambda **_: sys.exit("bye"), "SystemExit"),
        (lambda **_: "text", "the function returns a str, expected "),
        (lambda **_: [[1.0], [1.0, 2.0]], "rows of unequal lengths"),
        (lambda **_: np.zeros((7, 7, 7, 7)), "has the shape (7, 7, 7, 7), expected"),
        (lambda: 1, "TypeError"),
        (3, "not a function"),
        (lambda **_: object(), "expected real numbers"),
        (lambda **_: [np.nan], "has the shape"),
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
        for value in case.values():
            if isinstance(value, np.ndarray):
                value[...] = 0  # booleans cannot be doubled
                break
        return answer

    case = exercise.case(np.random.default_rng(0))
    if any(isinstance(value, np.ndarray) for value in case.values()):
        assert "changes its argument" in exercise.check(spoil).words
    else:
        assert exercise.check(spoil).state == "correct"  # functions only: nothing to change


@each
def test_nan_is_wrong(exercise: Exercise) -> None:
    verdict = exercise.check(changing(exercise, lambda answer: answer * np.nan))
    assert verdict.state == "not yet"


def test_verdict_is_shown_as_text() -> None:
    shown = exercises.Verdict("not yet", "<b>")._repr_mimebundle_()
    assert shown["text/plain"] == "Not yet: <b>"
    assert "&lt;b&gt;" in shown["text/html"]


MULTIPLIED = "a matrix product meets the sizes"


@pytest.mark.parametrize(
    ("name", "program", "words"),
    [
        ("NEXT_STATE", lambda x_t, a_prev, Wxh, W, b: np.tanh(Wxh @ x_t), MULTIPLIED),
        (
            "NEXT_STATE",
            lambda x_t, a_prev, Wxh, W, b: np.tanh(x_t @ Wxh + a_prev @ Wxh),
            "the sizes 6 and 3 in `a_prev @ Wxh`. Shapes here: a_prev (2, 6), Wxh (3, 6); `A @ B` "
            "needs the last size of A to equal the first size of B.",
        ),
        ("NEXT_STATE", lambda x_t, a_prev, Wxh, W, b: np.dot(Wxh, x_t), MULTIPLIED),
        (
            "NEXT_STATE",
            lambda x_t, a_prev, Wxh, W, b: np.tanh(x_t @ Wxh + a_prev * W + b),
            "the shapes of (2, 6) and (6, 6) do not fit together in `a_prev * W`. Shapes "
            "here: a_prev (2, 6), W (6, 6);",
        ),
        ("NEXT_STATE", lambda x_t, **_: 3.0 @ x_t, "`@` meets a single number"),
        (
            "ALL_STATES",
            lambda x, a_0, Wxh, W, b: [W @ x_t for x_t in x],
            "(the last but one, where B has three)",
        ),
        ("ALL_STATES", lambda x, **_: [None] * len(x), "still holds None"),
        ("ALL_STATES", lambda x, **_: (x_t for x_t in x), "returns a generator, expected one"),
        (
            "CLIP_BY_NORM",
            lambda gradient, max_norm: (
                gradient if np.linalg.norm(gradient, axis=1) > max_norm else 0
            ),
            "need one number or one yes or no",
        ),
        (
            "FORWARD_STEP",
            lambda **_: {"a": np.ones(3), "y": np.ones(3)},
            "the dict has a and y, expected a_t and y_t there.",
        ),
        (
            "BAG_OF_WORDS",
            lambda tokens, n_tokens: Counter(tokens),
            "the function returns a Counter, expected an array of n_tokens counts.",
        ),
        (
            "TIED_GRADIENT",
            lambda dWxh_by_step: dWxh_by_step.sum,
            "returns a function, expected one array of real numbers: the brackets () of a call",
        ),
    ],
)
def test_first_errors_get_plain_words(name: str, program: Callable[..., Any], words: str) -> None:
    verdict = EXERCISES[name].check(program)
    assert verdict.state == "not yet"
    assert words in verdict.words
    assert not re.search("gufunc|core dimension|remapped", verdict.words)


@each
def test_nothing_for_some_inputs_only_is_a_mistake(exercise: Exercise) -> None:
    for given in (1, 2):
        calls = iter(range(1000))

        def program(calls: Any = calls, given: int = given, **case: Any) -> Any:
            return exercise.reference(**case) if next(calls) % 3 < given else None

        verdict = exercise.check(program)
        assert verdict.state == "not yet"
        assert verdict.words.startswith("your function returns nothing for some inputs: ")


def test_clipping_without_else_is_told_what_to_return() -> None:
    def program(gradient: np.ndarray, max_norm: float) -> Any:
        norm = np.linalg.norm(gradient)
        if norm > max_norm:
            return gradient * (max_norm / norm)
        return None

    words = exercises.CLIP_BY_NORM.check(program).words
    assert "returns nothing for some inputs" in words
    assert "a short gradient as it is." in words


@pytest.mark.parametrize(("empty", "words"), [(None, "empty or zero"), (0.0, "empty or zero")])
def test_a_stub_with_two_results_is_not_attempted(empty: object, words: str) -> None:
    verdict = exercises.FORWARD_STEP.check(lambda **_: {"a_t": empty, "y_t": empty})
    assert verdict.state == "not attempted"
    assert words in verdict.words


def test_the_first_of_two_mistakes_is_named_and_the_second_announced() -> None:
    slip = exercises.FORWARD_STEP.wrong_programs["missing bias"]
    for y_t in (None, 7.0):
        verdict = exercises.FORWARD_STEP.check(lambda y_t=y_t, **case: {**slip(**case), "y_t": y_t})
        assert verdict.name == "missing bias"
        assert verdict.words.endswith("Then look at y_t, which needs a change too.")
