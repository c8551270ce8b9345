"""The six wrong programs of notebook 14, their case files, and the check of the learner's check."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnn_core import RNNCell, SequenceModel, exercises, many_to_one, show
from rnn_core.exercises import BACKWARD, CORRECT, IS_WRONG, SUSPECTS, ByProgram, Suspect
from rnn_core.exercises.backward import case
from rnn_core.exercises.suspects import HIDDEN, all_lines, correct_text
from rnn_core.show.case_file import differ, evidence, side_by_side
from rnn_core.tasks import negation

EVERYONE = {**SUSPECTS, **HIDDEN}
SHAPE = (5, 3, 2, 6, 4)


def test_the_correct_program_is_the_reference() -> None:
    arguments = case(SHAPE, np.random.default_rng(0))
    right, found = BACKWARD.reference(**arguments), CORRECT(**arguments)
    assert right.keys() == found.keys()
    assert all(np.array_equal(right[name], found[name]) for name in right)


@pytest.mark.parametrize("name", EVERYONE)
def test_each_differs_from_the_correct_one_in_one_line_that_can_be_accused(name: str) -> None:
    pairs = zip(correct_text().splitlines(), EVERYONE[name].text.splitlines(), strict=True)
    changed = [(right.strip(), wrong.strip()) for right, wrong in pairs if right != wrong]
    assert changed == [(EVERYONE[name].right, EVERYONE[name].wrong)]
    assert EVERYONE[name].right in [line.code for line in all_lines()]


def test_the_lines_to_accuse_are_the_loop_s() -> None:
    loop = [line.strip() for line in correct_text().splitlines()]
    start = loop.index(all_lines()[0].code)
    assert [line.code for line in all_lines()] == loop[start : start + len(all_lines())]


@pytest.mark.parametrize("name", EVERYONE)
def test_each_is_the_slip_that_the_exercise_of_notebook_05_names(name: str) -> None:
    assert BACKWARD.check(EVERYONE[name]).name == EVERYONE[name].slip
    assert BACKWARD.check(CORRECT).state == "correct"


@pytest.mark.parametrize("name", EVERYONE)
def test_the_rule_convicts_each_and_frees_the_correct_one(name: str) -> None:
    errors = exercises.line_up(exercises.setting(3, 2))
    assert errors[name] > 1e-2
    assert errors["correct"] < 1e-6


def test_the_easiest_setting_lets_five_go() -> None:
    errors = exercises.line_up(exercises.setting(1, 1, zeros=True))
    assert {name for name, error in errors.items() if error < 1e-6} == {"correct", *"BCFGH"}


def test_small_weights_and_a_wide_bound_hide_what_goes_through_them() -> None:
    errors = exercises.line_up(exercises.setting(4, 3, scale=1e-3))
    assert {name for name, error in errors.items() if error < 1e-2} == {"correct", "C", "F"}


@pytest.mark.parametrize("name", SUSPECTS)
def test_the_first_thing_that_differs_is_what_the_wrong_line_computes(name: str) -> None:
    arguments = case((4, 1, 3, 4, 2), np.random.default_rng(1))
    computed = re.match(r"(\w+)", SUSPECTS[name].right)
    assert computed
    for right, other in zip(
        CORRECT.walk(**arguments), SUSPECTS[name].walk(**arguments), strict=True
    ):
        apart = [quantity for quantity in right if differ(right[quantity], other[quantity]).any()]
        if apart:
            assert apart[0] == computed[1]
            return
    raise AssertionError("no pass differs")


def test_a_walk_holds_what_the_loop_computes() -> None:
    arguments = case((4, 2, 3, 5, 6), np.random.default_rng(2))
    passes, result = CORRECT.walk(**arguments), CORRECT(**arguments)
    assert len(passes) == 4
    for done, dz in zip(passes, result["dz"][::-1], strict=True):
        assert np.array_equal(done["dz"], dz)
    for sum_ in ("dWxh", "dW", "db"):
        assert np.array_equal(passes[-1][sum_], result[sum_])
    assert np.array_equal(passes[-1]["from_next"], result["da_0"])


@pytest.mark.parametrize("name", SUSPECTS)
def test_the_case_file_shows_the_errors_and_the_walk(name: str) -> None:
    file = exercises.case_file(name)
    titles = [node.text or "" for node in file.evidence.picture.iter("title")]
    for T in (1, 3, 9):
        found = exercises.gradient_errors(SUSPECTS[name], *exercises.setting(T, 2))
        for parameter, error in found.items():
            assert f"error of d{parameter} at T = {T} = {error!r}" in titles
    assert len(file.walk.frames) == 5
    assert file.accusation is not None
    assert file.accusation.right.strip() == SUSPECTS[name].wrong
    assert len(file.accusation.choices) == len(all_lines())
    plain = file.stored()["text/plain"]
    assert f"Program {name}: wrong: " in plain and "<img alt=" in file.stored()["text/html"]


def test_the_walk_s_numbers_are_the_programs_own() -> None:
    arguments = case((4, 1, 3, 4, 2), np.random.default_rng(1))
    walks = CORRECT.walk(**arguments), SUSPECTS["E"].walk(**arguments)
    frames = side_by_side("E", *walks).frames
    for place, (right, other) in enumerate(zip(*walks, strict=True)):
        titles = {node.text for node in frames[place + 1].picture.iter("title")}
        t = 4 - place
        assert f"dz_{t}[2] = {float(right['dz'][0, 1])!r}" in titles
        assert f"dz_{t} of E[2] = {float(other['dz'][0, 1])!r}" in titles
        assert f"dW_{t} of E[3, 1] = {float(other['dW'][2, 0])!r}" in titles


def test_training_by_the_correct_program_is_the_package_s() -> None:
    data = negation.encode(negation.splits()["train"])
    own = ByProgram(CORRECT, negation.cell(2), 2, rng=2)
    package = SequenceModel(negation.cell(2), 2, many_to_one, rng=2)
    loss, gradients = own.loss_and_gradients(*data)
    expected, others = package.loss_and_gradients(*data)
    assert loss == pytest.approx(expected, rel=1e-12)
    for name in others:
        assert np.allclose(gradients[name], others[name], rtol=0, atol=1e-12), name
    assert own.accuracy(*data) == package.accuracy(*data)


def test_phrases_are_the_grammar_s_and_the_splits_share_none() -> None:
    splits = {name: {p.text for p in phrases} for name, phrases in negation.splits().items()}
    assert len(splits["train"]) == negation.N_TRAIN
    assert not splits["train"] & splits["test"]
    assert splits["train"] | splits["test"] == {p.text for p in negation.phrases()}
    praise = {p.text: p.target for p in negation.phrases()}
    assert praise["i am not at all rude"] == 1 and praise["this is not very kind today"] == 0
    assert sum(praise.values()) == len(praise) / 2


def test_the_network_learns_the_phrases() -> None:
    model = negation.rnn(1)
    negation.train(model, 1)
    assert model.accuracy(*negation.encode(negation.splits()["test"])) > 0.95


def by(T: int, B: int, bound: float = 1e-6, **kind: Any) -> Any:
    return lambda program: (
        max(exercises.gradient_errors(program, *exercises.setting(T, B, **kind)).values()) > bound
    )


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (by(1, 2), "With T = 1"),
        (by(4, 1), "G goes free. G counts one sequence"),
        (by(4, 2, zeros=True), "H goes free. H takes a_0 for zeros"),
        (by(4, 2, 1e-2, scale=1e-3), "C and F go free. Is each gradient"),
        (by(4, 2, 1e-13), "everybody is convicted"),
        (by(4, 3, 0.9), "nobody is convicted"),
        (by(4, 3, 0.5), "Is each gradient judged by itself"),
        (lambda program: program is CORRECT, "the correct program is convicted"),
        (lambda program: 0.3, "of type float, expected True or False"),
        (lambda program: 1 / 0, "ZeroDivisionError"),
        (3, "this is int, not a function"),
    ],
)
def test_a_poor_check_is_told_what_it_cannot_see(check: Any, words: str) -> None:
    verdict = IS_WRONG.check(check)
    assert verdict.state == "not yet"
    assert words in verdict.words


def test_the_notebook_s_stub_is_not_attempted_and_its_answer_correct() -> None:
    path = Path(__file__).parent.parent / "notebooks" / "14_find_the_bug.ipynb"
    sources = ["".join(cell["source"]) for cell in json.loads(path.read_text("utf-8"))["cells"]]
    stub = next(source for source in sources if source.startswith("def is_wrong("))
    answer = next(
        match for source in sources if (match := re.search("<pre>(.*)</pre>", source, re.S))
    )
    text = answer[1].replace("&gt;", ">")
    for code, state in (
        (stub, "not attempted"),
        (stub.replace("    return None", textwrap.indent(text, "    ")), "correct"),
    ):
        names = {"np": np, "exercises": exercises, "SequenceModel": SequenceModel}
        scope: dict[str, Any] = {**names, "RNNCell": RNNCell}
        exec(code, scope)
        assert IS_WRONG.check(scope["is_wrong"]).state == state


def test_mistakes_are_told_in_words() -> None:
    with pytest.raises(ValueError, match="program is 'Z', expected one of A, B, C, D, E, F"):
        exercises.case_file("Z")
    with pytest.raises(ValueError, match="right is 'dz = da', expected a line of the correct loop"):
        Suspect("mine", "dz = da", "dz = 2 * da")
    with pytest.raises(ValueError, match="errors is empty"):
        evidence("A", {}, {})
    with pytest.raises(ValueError, match="made 0 passes, expected 1"):
        side_by_side("A", [{}], [])
    with pytest.raises(ValueError, match="bound is 0, expected a number above 0"):
        show.line_up({"A": 1.0}, 0, "T = 1")
    with pytest.raises(ValueError, match="errors is empty"):
        show.line_up({}, 1e-6, "T = 1")


def test_the_line_up_marks_who_is_judged_wrongly() -> None:
    frame = show.line_up({"correct": 1e-3, "A": 1e-9, "B": 0.5}, 1e-6, "T = 1")
    assert frame.sentence == "T = 1: A goes free. The correct program is convicted too."
    words = [node.text or "" for node in frame.picture.iter("text")]
    for mark in ("\N{MULTIPLICATION X} convicted!", "\N{MULTIPLICATION X} goes free"):
        assert mark in words


def test_your_own_program_gets_a_file_without_a_question() -> None:
    line = "da = dy[t] @ Why.T + from_next"
    file = exercises.case_file(Suspect("mine", line, line.replace("from", "0.9 * from")))
    assert file.accusation is None
    assert "wrong: dWxh, dW, db from T = 2 on" in file.stored()["text/plain"]
