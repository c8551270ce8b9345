"""Gates in pictures and exercises: what stands on the screen is what the core computed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances
from test_step_pictures import numbers_on_screen

from rnn_core import GRUCell, LSTMCell, RNNCell, exercises, show, unroll
from rnn_core.exercises import GRU_STEP, LSTM_STEP
from rnn_core.show import gates, svg
from rnn_core.tasks import memory

CELLS = [RNNCell, GRUCell, LSTMCell]
GATED = {GRUCell: "ru", LSTMCell: "oif"}


def run(kind: Any, T: int, n_h: int = 4, seed: int = 3) -> Any:
    rng = np.random.default_rng(seed)
    cell = kind(3, n_h, rng=rng)
    cell.b = rng.standard_normal(cell.b.shape)
    start = tuple(rng.standard_normal((1, n_h)) for _ in kind.state_names)
    return unroll(cell, rng.standard_normal((T, 1, 3)), start)


def inside(frame: show.Frame) -> None:
    """Fail where a shape or the start of a text lies outside of the picture."""
    _, _, width, height = (float(v) for v in frame.picture.attrib["viewBox"].split())
    for box in frame.picture.iter("rect"):
        x, y, w, h = (float(box.attrib[name]) for name in ("x", "y", "width", "height"))
        assert min(x, y, w, h) >= -4
        assert x + w <= width
        assert y + h <= height
    for shape in frame.picture.iter("polygon"):
        assert all(0 <= float(p.split(",")[0]) <= width for p in shape.attrib["points"].split())
    for text in frame.picture.iter("text"):
        assert 0 <= float(text.attrib["x"]) <= width
        assert 0 <= float(text.attrib["y"]) <= height


@pytest.mark.parametrize("kind", CELLS)
def test_flows_make_the_state(kind: Any) -> None:
    trace = run(kind, 7)
    flow = gates.flows(trace)
    new = {
        RNNCell: trace.a,
        GRUCell: trace.gates[..., 8:],
        LSTMCell: trace.gates[..., 12:],
    }[kind]
    state = flow.kept * flow.before + flow.written * new
    np.testing.assert_allclose(flow.state, state, rtol=0, atol=1e-12)
    if flow.shown is not None:
        np.testing.assert_allclose(trace.a, flow.shown * np.tanh(flow.state), rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", GATED)
@pytest.mark.parametrize("value", [0.0, 0.05, 0.5, 0.87, 1.0])
def test_a_gate_by_hand_has_its_value_and_leaves_the_other_units_alone(
    kind: Any, value: float
) -> None:
    trace = run(kind, 3)
    cell, start = trace.cell, tuple(states[0] for states in trace.states)
    for name in GATED[kind]:
        changed = unroll(gates.by_hand(cell, 2, **{name: value}), trace.x, start)
        block = cell.block(name)
        np.testing.assert_allclose(changed.gates[..., block][..., 1], value, rtol=0, atol=1e-12)
        # In the first step all else is as it was, but for the n that r makes.
        others = np.arange(cell.b.size) % 4 != 1 if name == "r" else np.ones(cell.b.size, bool)
        others[block.start + 1] = False
        first, before = changed.gates[0][:, others], trace.gates[0][:, others]
        np.testing.assert_allclose(first, before, rtol=0, atol=1e-12)
    if value in (0.0, 1.0):
        keep = "u" if kind is GRUCell else "f"
        changed = unroll(gates.by_hand(cell, 2, **{keep: value}), trace.x, start)
        assert (changed.gates[..., cell.block(keep)][..., 1] == value).all()


@pytest.mark.parametrize(
    ("unit", "given", "words"),
    [
        (0, {"u": 0.5}, "unit is 0, expected 1 to 4"),
        (5, {"u": 0.5}, "unit is 5, expected 1 to 4"),
        (1, {"u": 1.5}, "u is 1.5, expected a gate's name"),
        (1, {"n": 0.5}, "n is 0.5, expected a gate's name"),
        (1, {"f": 0.5}, "name is 'f', expected one of r, u, n"),
    ],
)
def test_bad_gates_by_hand(unit: int, given: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        gates.by_hand(GRUCell(3, 4), unit, **given)


@pytest.mark.parametrize("kind", GATED)
@pytest.mark.parametrize("unit", [1, 4])
def test_numbers_of_one_step_are_the_core_s(kind: Any, unit: int) -> None:
    trace = run(kind, 2)
    frame = gates.one_step(trace, unit)
    shown, flow, j = numbers_on_screen(frame), gates.flows(trace), unit - 1
    inside(frame)
    assert shown["keeps_2"][unit] == flow.kept[1, 0, j]
    assert shown["writes_2"][unit] == flow.written[1, 0, j]
    state = "c" if kind is LSTMCell else "a"
    assert list(shown[f"{state}_2"].values()) == flow.state[1, 0].tolist()
    assert shown[f"{state}_1"][unit] == flow.before[1, 0, j]
    for name in trace.cell.block_names:
        block = trace.gates[1, 0, trace.cell.block(name)]
        assert list(shown[f"{name}_2"].values()) == block.tolist()
    if kind is GRUCell:
        assert list(shown["a_1 @ W"].values()) == trace.past_n[1, 0].tolist()
        total = [shown["u_2 * a_1"][k] + shown["(1 - u_2) * n_2"][k] for k in range(1, 5)]
    else:
        assert shown["shows_2"][unit] == flow.shown[1, 0, j]
        assert list(shown["a_2"].values()) == trace.a[1, 0].tolist()
        assert list(shown["tanh(c_2)"].values()) == trace.tanh_c[1, 0].tolist()
        total = [shown["f_2 * c_1"][k] + shown["i_2 * g_2"][k] for k in range(1, 5)]
    np.testing.assert_allclose(total, flow.state[1, 0], rtol=0, atol=1e-12)
    assert f"keeps {svg.number(flow.kept[1, 0, j])}" in frame.sentence


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("T", [1, 5, 20])
def test_the_path_of_the_state_is_the_core_s(kind: Any, T: int) -> None:
    trace = run(kind, T)
    words = ("abcde" * 4)[:T]
    frame = gates.path(trace, words, [1, 3], answers=["A"] * T)
    shown, flow = numbers_on_screen(frame), gates.flows(trace)
    inside(frame)
    state = "c" if kind is LSTMCell else "a"
    for t in range(1, T + 1):
        for unit in (1, 3):
            assert shown[f"keeps_{t}"][unit] == flow.kept[t - 1, 0, unit - 1]
            assert shown[f"writes_{t}"][unit] == flow.written[t - 1, 0, unit - 1]
            assert shown[f"{state}_{t}"][unit] == flow.state[t - 1, 0, unit - 1]
    left = flow.kept[1:, 0, 2].prod()
    assert frame.sentence.endswith(f"unit 3 {svg.number(left)}.")


@pytest.mark.parametrize("kind", GATED)
def test_every_frame_of_the_stepper_shows_its_step(kind: Any) -> None:
    trace = run(kind, 6)
    stepper = gates.step_through(trace, "uvwxyz", ["one", "two", "<b>", "four"])
    flow = gates.flows(trace)
    assert len(stepper.frames) == 7
    assert "nothing is read yet" in stepper.frames[0].sentence
    for t, frame in enumerate(stepper.frames):
        inside(frame)
        shown = numbers_on_screen(frame)
        steps = {int(name[6:]) for name in shown if name.startswith("keeps_")}
        assert steps == set(range(1, t + 1))
        for name in trace.cell.block_names if t else ():
            block = trace.gates[t - 1, 0, trace.cell.block(name)]
            assert list(shown[f"{name}_{t}"].values()) == block.tolist()
        if t:
            value = svg.number(flow.state[t - 1, 0, 3])
            assert f"t = {t} of 6 reads {'uvwxyz'[t - 1]!r}" in frame.sentence
            assert f"_{t} = {value}" in frame.sentence
        assert "<b>" not in svg.to_string(frame.picture)
    assert len({frame.html() for frame in stepper.frames}) == 7


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"T": 21}, "T is 21, expected at most 20"),
        ({"units": [1, 2, 3, 4, 5]}, "the number of units is 5, expected at most 4"),
        ({"units": [0]}, "unit is 0, expected 1 to 6"),
        ({"tokens": "ab"}, "tokens has 2 entries, expected 3"),
        ({"names": ["a", "b"]}, "names has 2 entries, expected 1"),
        ({"answers": "A"}, "answers has 1 entries, expected 3"),
    ],
)
def test_a_path_that_does_not_fit(change: dict[str, Any], words: str) -> None:
    given: dict[str, Any] = {"T": 3, "units": [1], "tokens": "abc", **change}
    trace = run(GRUCell, given.pop("T"), n_h=6)
    with pytest.raises(ValueError, match=re.escape(words)):
        gates.path(trace, given.pop("tokens"), given.pop("units"), **given)


def test_a_step_that_does_not_fit() -> None:
    with pytest.raises(TypeError, match="the cell is RNNCell, expected GRUCell or LSTMCell"):
        gates.one_step(run(RNNCell, 2), 1)
    with pytest.raises(ValueError, match="unit is 5, expected 1 to 4"):
        gates.one_step(run(GRUCell, 2), 5)
    with pytest.raises(ValueError, match="units is 5, expected at most 4"):
        gates.one_step(run(GRUCell, 2, n_h=5), 1)
    with pytest.raises(ValueError, match="B is 2, expected at most 1"):
        gates.one_step(unroll(GRUCell(3, 4), np.zeros((2, 2, 3))), 1)


@pytest.mark.parametrize("f", [0.5, 0.9, 1.0])
@pytest.mark.parametrize("T", [1, 9, 200])
def test_shares_on_screen(f: float, T: int) -> None:
    shares = [f**T, *((1 - f) * f ** (T - s) for s in range(1, T + 1))]
    frame = gates.made_of(shares, f)
    inside(frame)
    shown = numbers_on_screen(frame)
    assert shown["share of c_0"] == {0: shares[0]}
    assert list(shown.get("share of g", {}).values()) == shares[1:]
    assert f"f = {f:.2f}, T = {T}" in frame.sentence


@pytest.mark.parametrize("T", [2, 13, 80])
def test_lengths_on_screen(T: int) -> None:
    left = {"one": np.logspace(-20, 0, T), "two": np.logspace(3, 0, T)}
    frame = gates.way_back(left, {"alone": np.ones(T)}, "Bias 1.0")
    shown = numbers_on_screen(frame)
    for name, values in left.items():
        assert list(shown[name].values()) == values.tolist()
    assert frame.sentence.startswith(f"Bias 1.0: from t = {T} back to t = 1")
    for networks in ({}, dict.fromkeys("abcd", np.ones(T))):
        with pytest.raises(ValueError, match=r"networks, expected one to three"):
            gates.way_back(networks, {}, "")


def test_a_thousand_moves_leave_no_widget_behind() -> None:
    trace = run(LSTMCell, 1)
    start = tuple(states[0] for states in trace.states)

    def draw(unit: int, **values: float) -> show.Frame:
        return gates.one_step(unroll(gates.by_hand(trace.cell, unit, **values), trace.x, start), 1)

    controls = {"unit": show.slider(1, 4, 1)}
    controls |= {name: show.slider(0.0, 1.0, 0.5) for name in "oif"}
    box = show.Explore(draw, controls)
    before, rng = len(_instances), np.random.default_rng(0)
    for name in rng.choice(list(controls), 1000):
        control = controls[str(name)]
        control.value = type(control.value)(rng.uniform(control.min, control.max))
    assert len(_instances) == before
    assert box.frame.sentence.startswith("Unit 1, ")


@pytest.mark.parametrize(
    ("exercise", "kind"), [(GRU_STEP, GRUCell), (LSTM_STEP, LSTMCell)], ids=["GRU", "LSTM"]
)
def test_the_reference_of_the_exercise_is_the_core_s_step(
    exercise: exercises.Exercise, kind: Any
) -> None:
    case = exercise.case(np.random.default_rng(1))
    (_, n_x), (B, n_h) = case["x_t"].shape, case["a_prev"].shape
    assert len({B, n_x, n_h, case["b"].size}) == 4
    cell = kind(n_x, n_h)
    cell.Wxh, cell.W, cell.b = case["Wxh"], case["W"], case["b"]
    start = tuple(case[name + "_prev"] for name in kind.state_names)
    trace = unroll(cell, case["x_t"][None], start)
    answer = exercise.reference(**case)
    answer = answer if isinstance(answer, Mapping) else {"a_t": answer}
    for name in kind.state_names:
        np.testing.assert_allclose(answer[f"{name}_t"], getattr(trace, name)[0], rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("order ofig", "the blocks are swapped: this reads them as o, f, i, g"),
        ("order ifgo", "that is PyTorch's order"),
        ("missing forget gate", "nothing is ever forgotten"),
        ("tanh of c forgotten", "tanh of c_t is forgotten"),
    ],
)
def test_the_usual_slips_have_their_names(name: str, words: str) -> None:
    verdict = LSTM_STEP.check(LSTM_STEP.wrong_programs[name])
    assert verdict.name == name
    assert words in verdict.words


def test_a_wrong_c_is_named_though_a_is_missing() -> None:
    slip = LSTM_STEP.wrong_programs["missing forget gate"]
    verdict = LSTM_STEP.check(lambda **case: {"c_t": slip(**case)["c_t"], "a_t": None})
    assert verdict.name == "missing forget gate"
    assert verdict.words.endswith("Then look at a_t, which needs a change too.")


def test_the_bias_goes_to_the_gate_that_keeps() -> None:
    for start, gate, bias in (("GRU, bias 4", "u", 4.0), ("LSTM, bias -1.5", "f", -1.5)):
        cell = memory.network(start, 2).cell
        block = cell.block(gate)
        assert (cell.b[block] == bias).all()
        assert np.delete(cell.b, np.r_[block]).tolist() == [0.0] * (cell.b.size - cell.n_h)
    assert memory.network("tanh, orthogonal", n_h=44).cell.n_h == 44


@pytest.mark.parametrize("start", ["GRU", "GRU, bias x", "GRU, bias nan", "RNN, bias 1"])
def test_unknown_gated_starts(start: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"start is {start!r}, expected one")):
        memory.network(start)


def test_letters_become_a_sequence_and_back() -> None:
    data = memory.draw(3, 9, rng=1)
    for i in range(3):
        np.testing.assert_array_equal(memory.encode(memory.words(data, i))[:, 0], data.x[:, i])
    with pytest.raises(ValueError, match="the letter 'Q' is unknown, expected letters of ABCDw"):
        memory.encode("AwQ")
    with pytest.raises(ValueError, match="the sequence is empty"):
        memory.encode("")


def test_open_gates_recall_where_the_plain_cell_guesses() -> None:
    plain = memory.scores("tanh, orthogonal", [40], seeds=[1])[40][0]
    gated = memory.scores("GRU, bias 4", [40], seeds=[1])[40][0]
    assert plain < 0.35
    assert gated > 0.98
