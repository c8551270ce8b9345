"""The sheet for pencil and paper: its numbers, its picture, and the check of what was filled in."""

from __future__ import annotations

from typing import Any

import pytest

from rnn_core import show
from rnn_core.exercises import check_sheet
from rnn_core.gradcheck import numerical_gradient, relative_error
from rnn_core.tasks.on_paper import TANH, WHOLE, Sheet, by_rule, network, numbers, run

SHEETS = [WHOLE, TANH, Sheet("tanh", (0.3, -1, 2), (0, 0.5, 1), Wxh=-0.7, W=1.3, Why=0.4)]


@pytest.mark.parametrize("sheet", SHEETS)
def test_the_rules_by_hand_give_the_package_s_numbers(sheet: Sheet) -> None:
    known = numbers(sheet)
    for name, value in known.items():
        assert by_rule(sheet, name, known) == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("sheet", SHEETS)
def test_the_gradients_are_measured_ones(sheet: Sheet) -> None:
    for name, start in (("Wxh", sheet.Wxh), ("W", sheet.W), ("Why", sheet.Why)):
        weight = network(sheet).parameters[name].copy()
        assert weight.item() == start

        def loss(name: str = name, weight: Any = weight) -> float:
            return run(sheet._replace(**{name: weight.item()})).loss

        measured = numerical_gradient(loss, weight)
        assert relative_error(run(sheet).gradients[name], measured) < 1e-8


def test_the_first_sheet_needs_no_calculator() -> None:
    assert all(value == round(value) for value in numbers(WHOLE).values())
    gradients = [numbers(WHOLE)[name] for name in ("dWhy", "dWxh", "dW")]
    assert gradients == [8, 24, 18]


def titles(frame: show.Frame) -> list[str]:
    """Return the tooltips of a frame's boxes."""
    return [node.text or "" for group in frame.picture.iter("g") for node in group.iter("title")]


@pytest.mark.parametrize("sheet", SHEETS)
def test_each_press_fills_in_one_box_with_its_number(sheet: Sheet) -> None:
    stepper, known = show.on_paper.box_by_box(sheet), numbers(sheet)
    assert len(stepper.frames) == 1 + len(known)
    for place, (name, value) in enumerate(known.items(), start=1):
        frame = stepper.frames[place]
        title = f"{name} = {value!r}"
        assert title in titles(frame) and title not in titles(stepper.frames[place - 1])
        assert frame.sentence.startswith(f"{name} = ")
        sign = show.on_paper.equals(sheet)
        assert frame.sentence.endswith(f"{sign} {show.on_paper.shown(value)}")


def test_a_right_sheet_is_correct_whole_or_rounded() -> None:
    assert check_sheet(WHOLE, numbers(WHOLE)).state == "correct"
    rounded = {name: round(value, 2) for name, value in numbers(TANH).items()}
    assert check_sheet(TANH, rounded).state == "correct"
    assert check_sheet(WHOLE, dict.fromkeys(numbers(WHOLE))).state == "not attempted"


@pytest.mark.parametrize(
    ("sheet", "name", "value", "words"),
    [
        (WHOLE, "da_2", 3, "the part from y_2 alone"),
        (WHOLE, "da_2", 6, "the part from step 3 alone"),
        (WHOLE, "da_1", 9, "passes W"),
        (WHOLE, "da_3", 1, "back through Why"),
        (WHOLE, "dW", 60, "W met the state before"),
        (WHOLE, "dW", 9, "the summand of one step alone"),
        (WHOLE, "dWhy", 3, "the summand of step 2 alone"),
        (TANH, "a_1", 0.5, "tanh is missing"),
        (TANH, "da_1", 1.74, "is dz, after the slope, not da"),
        (WHOLE, "dWxh", 8, "the mean"),
        (WHOLE, "L", 2, "the ½ is missing"),
        (WHOLE, "y_2", 4, "The rule is y_2 = a_2 · Why."),
        (TANH, "dz_2", numbers(TANH)["da_2"], "The slope is missing"),
    ],
)
def test_a_usual_slip_is_named(sheet: Sheet, name: str, value: float, words: str) -> None:
    verdict = check_sheet(sheet, {**numbers(sheet), name: value})
    assert verdict.state == "not yet" and verdict.words.startswith(f"{name} is ")
    assert words in verdict.words


def test_what_follows_from_a_slip_is_not_marked_again() -> None:
    mine = numbers(WHOLE) | {"a_2": 4.0}
    for name in list(mine)[list(mine).index("a_2") + 1 :]:
        mine[name] = by_rule(WHOLE, name, mine)
    verdict = check_sheet(WHOLE, mine)
    assert [result.name for result in verdict.results if not result.right] == ["a_2"]


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([1, 2], "of type list, expected a dict"),
        ({"a_9": 1}, "'a_9' is no box of the sheet"),
        ({"a_1": "one"}, "a_1 is 'one', expected a number"),
        ({"a_1": float("nan")}, "a_1 is nan, expected a number"),
        ({"a_1": 1}, "15 boxes are empty, the next one is y_1"),
    ],
)
def test_a_sheet_that_cannot_be_judged_is_told_why(answers: Any, words: str) -> None:
    verdict = check_sheet(WHOLE, answers)
    assert verdict.state == "not yet" and words in verdict.words
