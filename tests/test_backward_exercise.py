"""The check of the backward loop: every slip by its own name on every shape, nothing breaks it."""

from __future__ import annotations

import inspect
import json
import re
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnn_core import RNNCell, SequenceModel, many_to_many, softmax_cross_entropy
from rnn_core.exercises import BACKWARD, Verdict, __main__, backward, gradient_errors

SHAPES = [*__main__.SHAPES, (5, 3, 1, 2, 4)]
SLIPS = [
    pytest.param(slip, id=f"{slip.name}-{number}") for number, slip in enumerate(BACKWARD.slips)
]
NAMES = ("dz", "dWhy", "dby", "dWxh", "dW", "db", "da_0")


def cases(shape: tuple[int, ...], n: int = 2) -> list[dict[str, Any]]:
    return [backward.case(shape, np.random.default_rng(seed)) for seed in range(n)]  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_reference_equals_the_core(shape: tuple[int, int, int, int, int]) -> None:
    T, B, n_x, n_h, n_y = shape
    rng = np.random.default_rng(4)
    model = SequenceModel(RNNCell(n_x, n_h, rng=rng), n_y, many_to_many, rng=rng)
    model.cell.b, model.readout.by = rng.standard_normal(n_h), rng.standard_normal(n_y)
    x, a_0 = rng.standard_normal((T, B, n_x)), rng.standard_normal((B, n_h))
    trace = model.forward(x, a_0=a_0)
    _, dy = softmax_cross_entropy(trace.y, rng.integers(0, n_y, (T, B)))
    expected = model.backward(trace, dy)
    found = BACKWARD.reference(
        x=x, a=trace.a, a_0=a_0, dy=dy, Wxh=model.cell.Wxh, W=model.cell.W, Why=model.readout.Why
    )
    for name, gradient in expected.items():
        np.testing.assert_allclose(found["d" + name], gradient, rtol=0, atol=1e-12)
    np.testing.assert_allclose(found["dz"], trace.dz, rtol=0, atol=1e-12)
    np.testing.assert_allclose(found["da_0"], trace.da_0, rtol=0, atol=1e-12)


def test_the_walk_without_a_slip_is_the_reference() -> None:
    for case in cases(SHAPES[0]):
        right, walked = BACKWARD.reference(**case), backward._with()(**case)
        assert right.keys() == walked.keys() == set(NAMES)
        for name in right:
            np.testing.assert_allclose(walked[name], right[name], rtol=0, atol=1e-12)


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_gets_its_name_on_every_shape(slip: Any) -> None:
    found = {shape: BACKWARD.check(slip.program, cases(shape, 1)).name for shape in SHAPES}
    assert found == dict.fromkeys(SHAPES, slip.name)


def test_all_slips_that_the_course_promises_are_there() -> None:
    promised = (
        "no gradient from step t+1, no gradient from y_t, missing transpose of W, missing tanh', "
        "tanh' of the wrong step, a_t for a_{t-1}, = for +=, loop in the wrong direction, "
        "wrong batch reduction, missing bias gradient, gradient of a_0 wrong"
    )
    assert set(promised.split(", ")) <= {slip.name for slip in BACKWARD.slips}


SOURCE = textwrap.dedent(inspect.getsource(backward.backward))
EDITS = [
    ("dy[t] @ Why.T + from_next", "dy[t] @ Why.T", "no gradient from step t+1"),
    ("from_next = dz[t] @ W.T", "pass", "no gradient from step t+1"),
    (
        "dy[t] @ Why.T + from_next",
        "(dy[t] @ Why.T if t == len(x) - 1 else 0) + from_next",
        "no gradient from y_t",
    ),
    ("dz[t] @ W.T", "dz[t] @ W", "missing transpose of W"),
    ("dz[t] = da * (1 - a[t] * a[t])", "dz[t] = da", "missing tanh'"),
    ("1 - a[t] * a[t]", "1 - a_prev * a_prev", "tanh' of the wrong step"),
    ("1 - a[t] * a[t]", "1 - a[t - 1] ** 2", "tanh' of the wrong step"),
    ("1 - a[t] * a[t]", "1 - a[t]", "another slope than tanh'"),
    ("da = dy[t] @ Why.T + from_next", "da = dy[t] @ Why.T", "no gradient from step t+1"),
    (
        "dz[t] = da * (1 - a[t] * a[t])",
        "dz[t] = dy[t] @ Why.T + from_next * (1 - a[t] * a[t])",
        "tanh' on one arrival only",
    ),
    ("from_next = dz[t] @ W.T", "from_next = da @ W.T", "da_t passed on in place of dz_t"),
    ("a_prev.T @ dz[t]", "a[t].T @ dz[t]", "a_t for a_{t-1}"),
    ("a[t - 1] if t > 0 else a_0", "a[t - 1]", "wrong state before the first step"),
    ("a_prev.T @ dz[t]", "dz[t].T @ a_prev", "dW transposed"),
    ("dW += ", "dW = ", "= for +="),
    ("dWxh += ", "dWxh = ", "= for +="),
    ("db += ", "db = ", "= for +="),
    ("dWhy += ", "dWhy = ", "= for +="),
    ("dby += ", "dby = ", "= for +="),
    ("+=", "=", "= for +="),
    ("reversed(range(len(x)))", "range(len(x))", "loop in the wrong direction"),
    ("reversed(range(len(x)))", "range(len(x) - 1, 0, -1)", "loop stops before the first step"),
    ("db += dz[t].sum(axis=0)", "db += dz[t].mean(axis=0)", "wrong batch reduction"),
    ("db += dz[t].sum(axis=0)", "db += dz[t][0]", "wrong batch reduction"),
    ("a_prev.T @ dz[t]", "a_prev[:1].T @ dz[t][:1]", "wrong batch reduction"),
    ("a_prev.T @ dz[t]", "a_prev.T @ dz[t] / len(a_0)", "wrong batch reduction"),
    ("a_prev.T @ dz[t]", "a_prev.T @ dz[t] / len(x)", "mean over time for sum"),
    ("db += dz[t].sum(axis=0)", "pass", "missing bias gradient"),
    ("dby += dy[t].sum(axis=0)", "pass", "missing bias gradient"),
    ("dW += a_prev.T @ dz[t]", "pass", "a result never filled"),
    ("dWhy += a[t].T @ dy[t]", "pass", "a result never filled"),
    ('"dz": dz', '"dz": np.zeros_like(dz)', "a result never filled"),
    ('"da_0": from_next', '"da_0": np.zeros_like(a_0)', "gradient of a_0 wrong"),
    ('"da_0": from_next', '"da_0": dz[0]', "gradient of a_0 wrong"),
    ('"da_0": from_next', '"da_0": None', "gradient of a_0 wrong"),
    ('"da_0": from_next', '"da_0": da', "gradient of a_0 wrong"),
]


def edited(old: str, new: str) -> Callable[..., Any]:
    """Return the reference with a piece of its text exchanged, as a learner would write it."""
    assert old in SOURCE, old
    scope: dict[str, Any] = {"np": np, "Array": Any, "Gradients": Any}
    exec(SOURCE.replace(old, new), scope)
    return scope["backward"]


@pytest.mark.parametrize(("old", "new", "name"), EDITS)
def test_a_learner_s_slip_gets_its_name(old: str, new: str, name: str) -> None:
    assert BACKWARD.check(edited(old, new)).name == name
    for shape in SHAPES[::5]:
        assert BACKWARD.check(edited(old, new), cases(shape, 1)).name == name, shape


def test_words_say_which_results_a_slip_spoiled() -> None:
    words = BACKWARD.check(edited("dW += ", "dW = ")).words
    assert "in dW stands only" in words
    words = BACKWARD.check(edited("+=", "=")).words
    assert "dWhy, dby, dWxh, dW and db" in words


def test_an_unknown_mistake_says_what_is_wrong_from_which_step_and_how_far() -> None:
    program = edited("dz[t] = da", "dz[t] = da * (0.9 if t == 1 else 1.0)")
    verdict = BACKWARD.check(program, cases((5, 2, 3, 4, 6)))
    assert verdict.name == ""
    assert "dz, dWxh, dW, db and da_0 are wrong, dWhy and dby right." in verdict.words
    # Walking backward, t = 5, 4 and 3 are right; t = 1 is wrong too, as a consequence.
    assert "through 5 steps, dz is first wrong at t = 2: off by 0.053." in verdict.words
    assert "Farthest off is" in verdict.words
    only = BACKWARD.check(edited("dby += dy[t].sum(axis=0)", "dby += 2.5 * dy[t].sum(axis=0)"))
    assert "dby is wrong, dz, dWhy, dWxh, dW, db and da_0 right." in only.words


def test_results_are_boxes_with_a_sign_and_the_error() -> None:
    verdict = BACKWARD.check(edited("dW += ", "dW = "))
    assert [result.name for result in verdict.results] == list(NAMES)
    assert [result.name for result in verdict.results if not result.right] == ["dW"]
    html = verdict._repr_mimebundle_()["text/html"]
    assert html.count("\N{CHECK MARK}") == 6
    assert re.search("\N{MULTIPLICATION X} dW <small>off by \\d", html)
    right = BACKWARD.check(BACKWARD.reference)._repr_mimebundle_()
    assert right["text/html"].count("\N{CHECK MARK}") == 7
    assert str(right["text/plain"]).startswith("Correct: ")


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError


def fail() -> None:
    raise Unspeakable


def returning(**changed: Any) -> Callable[..., Any]:
    return lambda **case: {**BACKWARD.reference(**case), **changed}


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (lambda **_: 1 / 0, "ZeroDivisionError"),
        (lambda **_: sys.exit("bye"), "SystemExit"),
        (lambda **_: fail(), "it can't say why"),
        (lambda **_: "text", "returns a str, expected a dict with dz, dWhy"),
        (lambda **case: tuple(BACKWARD.reference(**case).values()), "returns a tuple"),
        (lambda **_: np.zeros(3), "returns an array"),
        (returning(dW="text"), "dW holds <U4 values"),
        (returning(dW=[[1.0], [1.0, 2.0]]), "dW has rows of unequal lengths"),
        (returning(dW=np.zeros((2, 2, 2))), "dW has the shape (2, 2, 2), expected"),
        (returning(dW=None), "dW stayed zero"),
        (returning(dW=object()), "dW holds object values"),
        (returning(dW=1j), "dW holds complex128 values"),
        (returning(dz=np.nan), "dz has the shape (), expected"),
        (lambda: 1, "TypeError"),
        (3, "not a function"),
    ],
)
def test_nothing_a_function_does_breaks_the_check(program: Any, words: str) -> None:
    verdict = BACKWARD.check(program)
    assert verdict.state == "not yet"
    assert words in verdict.words
    assert verdict._repr_mimebundle_()["text/html"]


def test_nan_is_wrong_and_shown() -> None:
    verdict = BACKWARD.check(
        lambda **case: {k: v * np.nan for k, v in BACKWARD.reference(**case).items()}
    )
    assert verdict.state == "not yet"
    assert not any(result.right for result in verdict.results)


@pytest.mark.parametrize("name", ["x", "a", "a_0", "dy", "Wxh", "W", "Why"])
def test_changed_arguments_are_named(name: str) -> None:
    def spoil(**case: Any) -> Any:
        answer = BACKWARD.reference(**case)
        case[name] += 1
        return answer

    assert f"changes its argument {name}" in BACKWARD.check(spoil).words


def test_a_function_that_reuses_its_arrays_is_judged_by_what_it_returned() -> None:
    kept: dict[str, Any] = {}

    def reuse(**case: Any) -> Any:
        kept.update(BACKWARD.reference(**case))
        return kept

    assert BACKWARD.check(reuse).state == "correct"


@pytest.mark.parametrize("nothing", [None, ..., {}, {"dW": None}])
def test_untouched_stub_is_not_attempted(nothing: Any) -> None:
    assert BACKWARD.check(lambda **_: nothing).state == "not attempted"
    zeros = BACKWARD.check(lambda **case: {k: 0 * v for k, v in BACKWARD.reference(**case).items()})
    assert zeros.state == "not attempted"


def test_the_table_of_names_has_no_wrong_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(__main__, "SHAPES", __main__.SHAPES[:1])
    assert __main__.main() == 0
    table = capsys.readouterr().out
    assert table.endswith(" on 1 shapes: 0 wrong names\n")
    assert "WRONG" not in table


def model(T: int, B: int) -> tuple[SequenceModel, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    made = SequenceModel(RNNCell(3, 4, rng=rng), 2, many_to_many, rng=rng)
    return made, rng.standard_normal((T, B, 3)), rng.integers(0, 2, (T, B))


def test_the_referee_clears_the_reference_and_convicts_the_slips() -> None:
    made, x, targets = model(4, 3)
    assert max(gradient_errors(BACKWARD.reference, made, x, targets).values()) < 1e-6
    # These cannot be seen where a_0 is zeros and its gradient is not asked for.
    unseen = {"gradient of a_0 wrong", "wrong state before the first step"}
    for name, program in BACKWARD.wrong_programs.items():
        worst = max(gradient_errors(program, made, x, targets).values())
        assert worst > 1e-3 or name in unseen, name


@pytest.mark.parametrize(
    "name", ["no gradient from step t+1", "missing transpose of W", "= for +="]
)
def test_one_step_hides_what_three_show(name: str) -> None:
    program = BACKWARD.wrong_programs[name]
    assert max(gradient_errors(program, *model(1, 2)).values()) < 1e-6
    assert max(gradient_errors(program, *model(3, 2)).values()) > 1e-2


def test_the_notebook_s_stub_is_not_attempted_and_its_answer_correct() -> None:
    path = Path(__file__).parent.parent / "notebooks" / "05_bptt.ipynb"
    sources = ["".join(cell["source"]) for cell in json.loads(path.read_text("utf-8"))["cells"]]
    stub = next(source for source in sources if source.startswith("def backward("))
    answer = next(
        match for source in sources if (match := re.search("<pre>(.*)</pre>", source, re.S))
    )
    place = "    # your loop here, about ten lines\n"
    assert place in stub
    for text, state in (
        (stub, "not attempted"),
        (stub.replace(place, textwrap.indent(answer[1], "    ") + "\n"), "correct"),
    ):
        scope: dict[str, Any] = {"np": np}
        exec(text, scope)
        assert BACKWARD.check(scope["backward"]).state == state


def test_verdict_without_results_has_no_boxes() -> None:
    assert "<span" not in Verdict("not yet", "words")._repr_mimebundle_()["text/html"]
