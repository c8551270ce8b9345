"""Notebook 02: the numbers of one step, the weights behind the sliders, the step's slips."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

from rnn_core import ACTIVATIONS, Readout, RNNCell, exercises, show, softmax, unroll
from rnn_core.exercises import FORWARD_STEP
from rnn_core.show import Frame, StepExplorer
from rnn_core.show.one_step import A_BEFORE, Weight

SIZES = [(3, 4, 2), (1, 1, 1), (4, 2, 4), (2, 3, 1)]


def numbers_on_screen(frame: Frame) -> dict[tuple[str, str], float]:
    """Return every number of a frame by its name and place, read from the cells' tooltips."""
    found: dict[tuple[str, str], float] = {}
    for title in frame.picture.iterfind(".//g/title"):
        match = re.fullmatch(r"(.+)\[([\d, ]+)\] = (\S+)", title.text or "")
        if match:
            place = match[1], match[2]
            # What stands in the picture twice says the same twice.
            assert found.setdefault(place, float(match[3])) == float(match[3])
    return found


def make(n_x: int = 3, n_h: int = 4, n_y: int = 2, activation: str = "tanh") -> tuple[Any, ...]:
    rng = np.random.default_rng(5)
    cell = RNNCell(n_x, n_h, activation=activation, rng=rng)
    readout = Readout(n_h, n_y, rng=rng)
    cell.b, readout.by = rng.standard_normal(n_h), rng.standard_normal(n_y)
    return cell, readout, rng.standard_normal(n_x), rng.standard_normal(n_h)


def expected_numbers(cell: RNNCell, readout: Readout, x_t: Any, a_prev: Any) -> dict[str, Any]:
    step = unroll(cell, np.reshape(x_t, (1, 1, -1)), np.reshape(a_prev, (1, -1))).step(1)
    y = readout.forward(step.a)[0]
    return {
        "x_t": step.x[0],
        A_BEFORE: step.a_prev[0],
        **cell.parameters,
        **readout.parameters,
        "x_t @ Wxh": step.from_x[0],
        f"{A_BEFORE} @ W": step.from_a[0],
        "z_t": step.z[0],
        "a_t": step.a[0],
        "a_t @ Why": step.a[0] @ readout.Why,
        "y_t": y,
        "p_t": softmax(y),
    }


def assert_shown(frame: Frame, expected: dict[str, Any]) -> None:
    shown = numbers_on_screen(frame)
    assert {name for name, _ in shown} == expected.keys()
    for name, values in expected.items():
        for place, value in np.ndenumerate(values):
            index = ", ".join(str(i + 1) for i in place)
            assert shown[name, index] == pytest.approx(value, rel=1e-12, abs=1e-12), name
    assert len(shown) == sum(np.size(values) for values in expected.values())


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("sizes", SIZES)
def test_every_number_of_the_step_is_the_core_s(
    activation: str, sizes: tuple[int, int, int]
) -> None:
    arguments = make(*sizes, activation)
    assert_shown(show.cell_step(*arguments), expected_numbers(*arguments))


def inside(frame: Frame) -> None:
    width, height = map(float, frame.picture.attrib["viewBox"].split()[2:])
    for box in frame.picture.iter("rect"):
        assert 0 <= float(box.attrib["x"]) <= width - float(box.attrib["width"])
        assert 0 <= float(box.attrib["y"]) <= height - float(box.attrib["height"])


@pytest.mark.parametrize("sizes", SIZES)
def test_the_picture_has_room_for_every_size(sizes: tuple[int, int, int]) -> None:
    inside(show.cell_step(*make(*sizes)))


def test_one_matrix_at_a_time_leaves_one_array_and_does_not_touch_the_cell() -> None:
    cell, readout, x_t, a_prev = make()
    before = cell.parameters.vector.copy(), readout.parameters.vector.copy()
    stepper = show.one_matrix_at_a_time(cell, readout, x_t, a_prev)
    for frame, names in zip(
        stepper.frames, (["Wxh"], ["W"], ["b"], ["Why", "by"], None), strict=True
    ):
        shown = numbers_on_screen(frame)
        weights = {**cell.parameters, **readout.parameters}
        left = {name for (name, _), value in shown.items() if name in weights and value != 0}
        assert left == set(names or weights)
    np.testing.assert_array_equal(before[0], cell.parameters.vector)
    np.testing.assert_array_equal(before[1], readout.parameters.vector)
    assert len({frame.sentence for frame in stepper.frames}) == 5


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ({"n_x": 5}, "n_x is 5, expected at most 4"),
        ({"n_h": 5}, "n_h is 5, expected at most 4"),
        ({"n_y": 6}, "n_y is 6, expected at most 4"),
    ],
)
def test_a_cell_that_does_not_fit_gets_one_sentence(sizes: dict[str, int], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        show.cell_step(*make(**sizes))


def test_wrong_arguments_get_one_sentence() -> None:
    cell, readout, x_t, a_prev = make()
    with pytest.raises(ValueError, match=r"x_t has the shape \(2,\)"):
        show.cell_step(cell, readout, x_t[:2], a_prev)
    with pytest.raises(ValueError, match=r"a_prev has the shape \(3,\)"):
        StepExplorer(cell, readout, x_t, a_prev[:3])
    with pytest.raises(ValueError, match="Why has the shape"):
        show.cell_step(cell, Readout(3, 2), x_t, a_prev)


# ---------------------------------------------------------------- the explorer


def explorer() -> StepExplorer:
    return StepExplorer(*make())


def assert_true_to_its_cell(box: StepExplorer) -> None:
    a_prev = make()[3]
    x_t = [numbers_on_screen(box.frame)["x_t", str(i + 1)] for i in range(box.cell.n_x)]
    assert_shown(box.frame, expected_numbers(box.cell, box.readout, x_t, a_prev))
    assert str(box.chosen) in box.frame.sentence


@pytest.mark.parametrize("matrix", ["Wxh", "W", "b", "Why", "by"])
def test_every_weight_can_be_chosen_and_moved(matrix: str) -> None:
    box = explorer()
    box.controls["matrix"].value = matrix
    layer = box.cell if matrix in box.cell.parameters else box.readout
    array = np.atleast_2d(layer.parameters[matrix])
    assert [len(box.controls[name].options) for name in ("row", "column")] == list(array.shape)
    slider = box.controls["weight"]
    for row, column in np.ndindex(array.shape):
        box.controls["row"].value, box.controls["column"].value = str(row + 1), str(column + 1)
        assert box.chosen == Weight(matrix, row + 1, column + 1)
        assert slider.value == array[row, column]
        others = array.copy()
        for value in (slider.min, slider.max, 0.3):
            slider.value = value
            assert array[row, column] == value
            assert_true_to_its_cell(box)
        others[row, column] = 0.3
        np.testing.assert_array_equal(array, others)


def test_choosing_never_changes_a_weight_nor_does_rounding_by_the_page() -> None:
    box = explorer()
    before = box.cell.parameters.vector.copy(), box.readout.parameters.vector.copy()
    for matrix in ("Why", "Wxh", "b", "by", "W"):
        box.controls["matrix"].value = matrix
        # The page puts the slider on the nearest of its steps, and tells the kernel.
        box.controls["weight"].value = round(box.controls["weight"].value, 1) + 1e-16
        box.controls["x_t[1]"].value = round(box.controls["x_t[1]"].value, 1)
    np.testing.assert_array_equal(before[0], box.cell.parameters.vector)
    np.testing.assert_array_equal(before[1], box.readout.parameters.vector)
    assert numbers_on_screen(box.frame)["x_t", "1"] == make()[2][0]


def test_changed_weights_stay_in_the_explorer_and_reset_puts_them_back() -> None:
    cell, readout, x_t, a_prev = make()
    untouched = cell.parameters.vector.copy()
    first, second = (StepExplorer(cell, readout, x_t, a_prev) for _ in range(2))
    start = first.frame.html()
    first.controls["weight"].value = 2.5
    first.controls["row"].value = "3"
    first.controls["weight"].value = -1.5
    first.controls["x_t[2]"].value = -2.0
    first.controls["activation"].value = "relu"
    assert (first.cell.W[0, 0], first.cell.W[2, 0]) == (2.5, -1.5)
    first.controls["row"].value = "1"
    assert first.controls["weight"].value == 2.5
    np.testing.assert_array_equal(cell.parameters.vector, untouched)
    assert second.frame.html() == start
    first.controls["reset"].click()
    assert first.controls["weight"].value == cell.W[0, 0]
    assert first.controls["x_t[2]"].value == x_t[1]
    np.testing.assert_array_equal(first.cell.parameters.vector, untouched)
    assert numbers_on_screen(first.frame) == numbers_on_screen(second.frame)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activation_and_inputs_are_the_core_s(activation: str) -> None:
    box = explorer()
    box.controls["activation"].value = activation
    for i in range(3):
        slider = box.controls[f"x_t[{i + 1}]"]
        for value in (slider.min, slider.max, 0.7):
            slider.value = value
            assert numbers_on_screen(box.frame)["x_t", str(i + 1)] == value
            assert_true_to_its_cell(box)


def test_what_a_weight_touches_lights_up_and_nothing_else() -> None:
    box = explorer()
    box.controls["matrix"].value = "Why"
    box.controls["weight"].value = 2.0
    lit = [
        node[0].text.rpartition(" = ")[0]
        for node in box.frame.picture.iter("g")
        if "rnn-changed" in node.get("class", "")
    ]
    assert lit == ["Why[1, 1]", "a_t @ Why[1]", "y_t[1]", "p_t[1]", "p_t[2]"]


def test_a_thousand_moves_leave_no_widget_behind() -> None:
    box = explorer()
    before = len(_instances)
    for number in range(1000):
        if number % 10 == 0:
            box.controls["matrix"].value = ("W", "Why", "b")[number // 10 % 3]
        box.controls["weight"].value = number % 30 / 10 - 1.5
    assert len(_instances) == before


# ---------------------------------------------------------------- source and chart


def test_source_is_the_file_s_and_is_shown_as_text() -> None:
    shown = show.source(RNNCell)
    assert str(shown).startswith("class RNNCell(Cell):")
    assert "self._f.apply(a, out=a)" in str(shown)
    bundle = shown._repr_mimebundle_()
    assert bundle["text/plain"] == str(shown)
    assert "rnn-source" in bundle["text/html"]
    inner = show.source(RNNCell.forward)
    assert str(inner).startswith("def forward(self, trace: Trace, t: int)")
    with pytest.raises(TypeError, match="a value of type int, expected a class or a function"):
        show.source(3)
    html = type(shown)("x = '<script>'").html()
    assert "<script" not in html


def test_source_without_pygments_is_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "jupyterlab_pygments", None)
    html = show.source(RNNCell).html()
    assert html.startswith('<div class="rnn-source"><pre>class RNNCell')
    assert "f&#x27;(z_t)" in html


def test_activation_chart_says_the_largest_slopes() -> None:
    still = show.activation_curves()
    assert still.alt.endswith("tanh 1, relu 1, sigmoid 0.25, identity 1.")


# ---------------------------------------------------------------- the forward step


@pytest.mark.parametrize("slip", FORWARD_STEP.slips, ids=lambda slip: slip.name)
def test_each_slip_of_the_forward_step_gets_its_name(slip: exercises.Slip) -> None:
    verdict = FORWARD_STEP.check(slip.program)
    assert (verdict.state, verdict.name, verdict.words) == ("not yet", slip.name, slip.words)


def test_slips_of_the_forward_step_have_names_of_their_own() -> None:
    assert len({slip.name for slip in FORWARD_STEP.slips}) == len(FORWARD_STEP.slips) >= 10


def test_a_state_updated_in_place_is_named() -> None:
    def in_place(a_prev: Any, **case: Any) -> dict[str, Any]:
        answer = FORWARD_STEP.reference(a_prev=a_prev, **case)
        a_prev[:] = answer["a_t"]
        return answer

    assert "changes its argument a_prev in place" in FORWARD_STEP.check(in_place).words


def test_a_step_that_works_for_square_inputs_alone_is_not_accepted() -> None:
    def square(x_t: Any, a_prev: Any, Wxh: Any, W: Any, **rest: Any) -> dict[str, Any]:
        if x_t.shape == a_prev.shape:
            return FORWARD_STEP.reference(x_t, a_prev, Wxh, W, **rest)
        raise ValueError("shapes do not fit")

    assert "shapes do not fit" in FORWARD_STEP.check(square).words


@pytest.mark.parametrize("weights", [(2.0, 2.0, 0.0), (5.0, 2.0, -0.2)])
def test_the_latches_of_the_answer_never_forget(weights: tuple[float, float, float]) -> None:
    latch = RNNCell(1, 1)
    latch.parameters.vector[:] = weights
    bits = np.array([0, 0, 1, 0, 0, 0, 1, 0] + 92 * [0.0])[:, None, None]
    seen = np.maximum.accumulate(bits[:, 0, 0]) == 1
    np.testing.assert_array_equal(unroll(latch, bits).a[:, 0, 0] > 0.5, seen)
