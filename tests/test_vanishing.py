"""The way back in pictures: lengths, eigenvalues and sums on the screen are the core's."""

from __future__ import annotations

import re

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances
from test_step_pictures import numbers_on_screen

from rnn_core import RNNCell, backpropagate, show, unroll
from rnn_core.exercises import CLIP_BY_NORM, WAY_BACK
from rnn_core.exercises.exercise import SEEDS
from rnn_core.show.plot import Plot, short
from rnn_core.tasks import memory


def run(radius: float, activation: str, T: int):
    rng = np.random.default_rng(3)
    cell = RNNCell(3, 6, activation=activation, rng=rng)
    cell.W = radius * rng.standard_normal((6, 6)) / np.sqrt(6)
    trace = unroll(cell, rng.standard_normal((T, 1, 3)))
    da = np.zeros_like(trace.a)
    da[-1] = rng.standard_normal((1, 6))
    return trace, backpropagate(trace, da)


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "identity"])
@pytest.mark.parametrize("radius", [0.0, 0.1, 0.5, 1.0, 1.6])
@pytest.mark.parametrize(("T", "max_norm"), [(2, 0.1), (13, 5.0), (60, 1.0)])
def test_lengths_on_screen_are_the_core_s(
    activation: str, radius: float, T: int, max_norm: float
) -> None:
    trace, gradients = run(radius, activation, T)
    frame = show.vanishing.look_back(trace, gradients, max_norm)
    shown = numbers_on_screen(frame)
    total = np.linalg.norm(gradients["W"])
    factor = min(1.0, max_norm / total) if total else 1.0
    for t in range(1, T + 1):
        step = trace.step(t)
        assert shown["|da_t|"][t] == np.linalg.norm(step.da)
        assert shown["|dW_t|"][t] == np.linalg.norm(step.dW)
        if t > 1:
            clipped = shown["|dW_t| clipped"][t]
            assert clipped == pytest.approx(factor * np.linalg.norm(step.dW), rel=1e-12)
    assert shown["|dW|"][1] == total
    assert shown["|dW| clipped"][1] == pytest.approx(min(total, max_norm), rel=1e-12)
    eigenvalues = list(shown["size of eigenvalue"].values())
    np.testing.assert_allclose(eigenvalues, np.abs(np.linalg.eigvals(trace.cell.W)), rtol=1e-9)
    assert short(total) in frame.sentence
    assert ("clipped to" in frame.sentence) == (factor < 1)


def test_everything_stays_inside_the_picture() -> None:
    for activation, radius in (("identity", 1.6), ("sigmoid", 0.1), ("relu", 0.0)):
        frame = show.vanishing.look_back(*run(radius, activation, 60), 0.1)
        _, _, width, height = (float(v) for v in frame.picture.attrib["viewBox"].split())
        for circle in frame.picture.iter("circle"):
            assert 0 <= float(circle.attrib["cx"]) <= width
            assert 0 <= float(circle.attrib["cy"]) <= height
        for box in frame.picture.iter("rect"):
            assert float(box.attrib["y"]) >= 0
            assert float(box.attrib["height"]) >= 0


@pytest.mark.parametrize(("diagonal", "corner"), [(0, 10), (0, 0), (1.5, 10), (0.5, 3), (1, 0)])
def test_norms_of_the_powers_are_those_of_numpy(diagonal: float, corner: float) -> None:
    W = np.array([[diagonal, corner], [0.0, diagonal]])
    frame = show.vanishing.powers(W)
    shown = numbers_on_screen(frame)["norm of W to the power"]
    for n in range(41):
        norm = np.linalg.norm(np.linalg.matrix_power(W, n), 2)
        assert shown[n] == pytest.approx(norm, rel=1e-9, abs=1e-12)
    assert f"spectral radius {diagonal:.2f}" in frame.sentence


def test_cliff_says_where_the_way_ends() -> None:
    ws, losses = [0.5, 1.0, 1.2], [2.0, 0.5, 4e7]
    frame = show.vanishing.cliff(ws, losses, [(1.15, 5e5), (-5000.0, np.inf)], None)
    assert "update 1 throws W to −5000.0, off the picture" in frame.sentence
    assert "loss at W[1.15] = 500000.0" in [title.text for title in frame.picture.iter("title")]
    frame = show.vanishing.cliff(ws, losses, [(1.15, 5e5), (1.14, 3e5)], 100)
    assert "clipped at 100: after 1 update W = 1.140" in frame.sentence
    titles = [title.text for title in frame.picture.iter("title")]
    assert "loss at W[1.14] = 300000.0" in titles


def test_a_thousand_looks_back_leave_no_widget_behind() -> None:
    controls = {
        "radius": show.slider(0.1, 1.6, 0.5),
        "activation": show.choice("tanh", "relu", "sigmoid", "identity"),
        "T": show.slider(2, 12, 8),
    }

    def draw(radius: float, activation: str, T: int) -> show.Frame:
        return show.vanishing.look_back(*run(radius, activation, T), 1.0)

    box = show.Explore(draw, controls)
    before, rng = len(_instances), np.random.default_rng(0)
    for _ in range(1000):
        name = rng.choice(list(controls))
        control = controls[str(name)]
        if name == "activation":
            control.value = str(rng.choice(control.options))
        else:
            control.value = type(control.value)(rng.uniform(control.min, control.max))
    assert len(_instances) == before
    assert box.frame.sentence.startswith("Spectral radius")


def test_plot_draws_what_lies_outside_at_the_edge() -> None:
    plot = Plot((10.0, 20.0, 100.0, 50.0), (0, 10), (1e-3, 1e3), log=True)
    assert plot.place(5, 1.0) == (60.0, 45.0)
    assert plot.place(20, 1e9) == (110.0, 20.0)
    assert plot.place(-1, 0.0) == (10.0, 70.0)
    assert plot.place(0, np.inf) == (10.0, 20.0)


@pytest.mark.parametrize(
    ("value", "words"), [(0.0, "0"), (0.4321, "0.432"), (12.13, "12.1"), (3e-9, "3.00e−09")]
)
def test_short_numbers(value: float, words: str) -> None:
    assert short(value) == words


def test_cases_of_the_clipping_have_long_and_short_gradients() -> None:
    cases = [CLIP_BY_NORM.case(np.random.default_rng(seed)) for seed in SEEDS]
    assert {bool(np.linalg.norm(c["gradient"]) > c["max_norm"]) for c in cases} == {True, False}


def test_way_back_is_that_of_the_core() -> None:
    trace, _ = run(0.9, "tanh", 7)
    found = WAY_BACK.reference(trace.da[-1], 1 - trace.a**2, trace.cell.W)
    np.testing.assert_allclose(found, trace.da, rtol=1e-10, atol=0)


def test_an_unknown_way_back_gets_its_first_wrong_step() -> None:
    def half(da_T, slopes, W):
        da = WAY_BACK.reference(da_T, slopes, W)
        da[2] *= 0.5
        return da

    assert "da[2, 0, 0] (t = 3)" in WAY_BACK.check(half).words


def test_memory_task_asks_for_the_first_letter() -> None:
    data = memory.draw(50, 7, rng=2)
    for i in range(50):
        text = memory.words(data, i)
        assert text[0] == memory.FIRST[data.targets[i]]
        assert set(text[1:]) <= set(memory.LATER)
    with pytest.raises(ValueError, match="start is 'big', expected one of"):
        memory.network("big")


def test_starts_are_what_they_are_called() -> None:
    sizes = {
        start: np.abs(np.linalg.eigvals(memory.network(start, 3).cell.W)) for start in memory.STARTS
    }
    assert 0.35 < sizes["tanh, small"].max() < 0.7
    np.testing.assert_allclose(sizes["tanh, orthogonal"], 1, rtol=1e-9)
    np.testing.assert_array_equal(memory.network("relu, identity").cell.W, np.eye(memory.N_H))


def test_memory_falls_with_the_distance() -> None:
    near, far = memory.scores("tanh, small", [5, 20], seeds=[1]).values()
    assert near[0] > 0.98
    assert far[0] < 0.35
    assert memory.scores("relu, identity", [20], seeds=[1])[20][0] > 0.98


def test_score_curves_say_the_scores() -> None:
    still = show.score_curves({"a": {2: [0.5, 0.7], 4: 1.0}}, x_name="T", y_name="right (%)")
    assert re.search(r"right \(%\) at T = 2, 4\. a: 60 %, 100 %\.", still.alt)
    with pytest.raises(ValueError, match="scores is empty"):
        show.score_curves({}, x_name="T", y_name="right")
    with pytest.raises(ValueError, match="'b' has scores at"):
        show.score_curves({"a": {1: 0.5}, "b": {2: 0.5}}, x_name="T", y_name="right")
