"""Notebook 05's pictures show the core's numbers, at every position of every control."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

from rnn_core import (
    GRUCell,
    LSTMCell,
    RNNCell,
    SequenceModel,
    Trace,
    backpropagate,
    check_gradients,
    lengths_to_mask,
    many_to_one,
    softmax,
    softmax_cross_entropy,
    unroll,
)
from rnn_core.contributions import contributions
from rnn_core.show import (
    Explore,
    Frame,
    LossMap,
    choice,
    forward_and_back,
    gradient_check,
    slider,
    triangle,
    truncation,
)
from rnn_core.tasks import summing

WORDS, KINDS = list("abcde"), ["noun", "verb"]


def walked(T: int = 5, B: int = 1, activation: str = "tanh", n_h: int = 4) -> Any:
    """Return a model, its trace with gradients, the targets and the gradients."""
    rng = np.random.default_rng(2)
    model = SequenceModel(RNNCell(3, n_h, activation=activation, rng=rng), 2, rng=rng)
    model.cell.b, model.readout.by = rng.standard_normal(n_h), rng.standard_normal(2)
    trace = model.forward(rng.standard_normal((T, B, 3)), a_0=rng.standard_normal((B, n_h)))
    targets = rng.integers(0, 2, (T, B))
    _, dy = softmax_cross_entropy(trace.y, targets)
    return model, trace, targets, model.backward(trace, dy)


def on_screen(frame: Frame) -> dict[str, np.ndarray]:
    """Return every array of a frame by its name, read from the tooltips."""
    found: dict[str, dict[tuple[int, ...], float]] = {}
    for title in frame.picture.iter("title"):
        match = re.fullmatch(r"(.+)\[([\d, ]+)\] = (\S+)", title.text or "")
        if match:
            index = tuple(int(i) - 1 for i in match[2].split(","))
            found.setdefault(match[1], {})[index] = float(match[3])
    arrays = {}
    for name, values in found.items():
        arrays[name] = np.full(np.max(list(values), axis=0) + 1, np.nan)
        for index, value in values.items():
            arrays[name][index] = value
    return arrays


def one_number(frame: Frame, name: str) -> float:
    titles = [title.text or "" for title in frame.picture.iter("title")]
    return float(next(words for words in titles if words.startswith(f"{name} = ")).split(" = ")[-1])


# ------------------------------------------------------------------- forward and then backward


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "identity"])
def test_every_number_of_the_way_back_is_the_core_s(activation: str) -> None:
    _, trace, targets, gradients = walked(activation=activation)
    stepper = forward_and_back(trace, WORDS, targets[:, 0], KINDS)
    assert len(stepper.frames) == 11
    names = {"dWxh": "Wxh", "dW": "W", "db": "b"}
    for place in range(6, 11):
        t = 11 - place
        step, shown = trace.step(t), on_screen(stepper.frames[place])
        later = [trace.step(s) for s in range(t, 6)]
        states, dy = trace.states[0][t:, 0], trace.dy[t - 1 :, 0]
        expected = {
            f"a_{t - 1}": step.a_prev[0],
            f"a_{t}": step.a[0],
            f"p_{t}": softmax(trace.y[t - 1, 0]),
            f"dy_{t}": trace.dy[t - 1, 0],
            f"da_{t} from y_{t}": step.da_from_y[0],
            f"da_{t} from step {t + 1}": step.da_from_next[0],
            f"da_{t}": step.da[0],
            f"dz_{t}": step.dz[0],
            **{name: sum(getattr(s, name) for s in later) for name in names},
            "dWhy": states[: len(dy)].T @ dy,
            "dby": dy.sum(axis=0)[None],
        }
        slope = shown.pop(f"slope at z_{t}")
        np.testing.assert_allclose(slope * step.da[0], step.dz[0], rtol=0, atol=1e-12)
        assert shown.keys() == expected.keys()
        for name, values in expected.items():
            wanted = np.atleast_2d(values) if name in ("db", "dby") else values
            np.testing.assert_allclose(shown[name], wanted, rtol=0, atol=1e-12, err_msg=name)
    last = on_screen(stepper.frames[-1])
    for name, gradient in gradients.items():
        shown_gradient = last["d" + name].reshape(gradient.shape)
        np.testing.assert_allclose(shown_gradient, gradient, rtol=0, atol=1e-12)


def test_forward_frames_show_no_gradient_and_sums_of_zero() -> None:
    _, trace, targets, _ = walked()
    stepper = forward_and_back(trace, WORDS, targets[:, 0], KINDS)
    for t in range(6):
        shown = on_screen(stepper.frames[t])
        sums = {name: shown.pop(name) for name in ("dWxh", "dW", "db", "dWhy", "dby")}
        assert not any(total.any() for total in sums.values())
        assert not any(name.startswith("d") for name in shown)
    probability = softmax(trace.y[2, 0])[targets[2, 0]]
    assert f"a loss of {-np.log(probability):.2f}" in stepper.frames[3].sentence


def test_frames_differ_and_have_one_size_and_what_grew_lights_up() -> None:
    _, trace, targets, _ = walked()
    frames = forward_and_back(trace, WORDS, targets[:, 0], KINDS).frames
    assert len({frame.sentence for frame in frames}) == 11
    assert len({frame.picture.attrib["viewBox"] for frame in frames}) == 1
    for frame in frames[1:6]:
        assert not any("rnn-changed" in node.get("class", "") for node in frame.picture.iter())
    lit = [n[0].text for n in frames[7].picture.iter("g") if "rnn-changed" in n.get("class", "")]
    assert {(words or "").partition("[")[0] for words in lit} == {
        "dWxh",
        "dW",
        "db",
        "dWhy",
        "dby",
    }


def test_the_words_name_targets_classes_and_what_the_way_back_passes() -> None:
    _, trace, targets, _ = walked()
    frames = forward_and_back(trace, WORDS, targets[:, 0], KINDS).frames
    words = [["".join(text.itertext()) for text in f.picture.iter("text")] for f in frames]
    for shown in words:
        assert [text for text in shown if text.startswith("target: ")] == [
            f"target: {KINDS[target]}" for target in targets[:, 0]
        ]
        assert {"noun", "verb"} <= set(shown)
    assert [sum(text.endswith(" %") for text in shown) for shown in words[:6]] == [*range(6)]
    assert not {"slope,", "W.T"} & set(words[6])
    assert all({"slope,", "W.T", "dWxh"} <= set(shown) for shown in words[7:])


@pytest.mark.parametrize(
    ("activation", "words"),
    [("tanh", "× (1 − a²)"), ("sigmoid", "× a (1 − a)"), ("relu", "× slope of relu")],
)
def test_the_slope_is_written_with_the_state(activation: str, words: str) -> None:
    _, trace, targets, _ = walked(activation=activation)
    frame = forward_and_back(trace, WORDS, targets[:, 0], KINDS).frames[8]
    shown = {"".join(text.itertext()) for text in frame.picture.iter("text")}
    assert words in {text.replace("3\N{ZERO WIDTH SPACE}", "") for text in shown}


@pytest.mark.parametrize("T", [1, 2, 7])
def test_any_length_fits_the_picture(T: int) -> None:
    _, trace, targets, _ = walked(T)
    stepper = forward_and_back(trace, ["word"] * T, targets[:, 0], KINDS)
    assert len(stepper.frames) == 2 * T + 1
    for frame in stepper.frames:
        width, height = (float(n) for n in frame.picture.attrib["viewBox"].split()[2:])
        for box in frame.picture.iter("rect"):
            x, y, w, h = (float(box.attrib[name]) for name in ("x", "y", "width", "height"))
            assert x >= 0 and y >= 0 and x + w <= width + 1 and y + h <= height + 1


def test_text_of_a_learner_is_text() -> None:
    _, trace, targets, _ = walked()
    evil = "<script>alert(1)</script>"
    stepper = forward_and_back(trace, [evil] * 5, targets[:, 0], [evil, evil])
    html = "".join(child.value for child in stepper.stack.children) + stepper.stored()["text/html"]
    assert "<script" not in html


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"tokens": list("ab")}, ValueError, "tokens has 2 entries, expected 5"),
        ({"targets": [0]}, ValueError, "targets has 1 entries, expected 5"),
        ({"classes": ["a"]}, ValueError, "classes has 1 entries, expected 2"),
        ({"trace": walked(B=2)[1]}, ValueError, "the trace has 2 sequences"),
        ({"trace": walked(T=8)[1]}, ValueError, "T is 8, expected at most 7"),
        ({"trace": walked(n_h=5)[1]}, ValueError, "n_h is 5, expected at most 4"),
        ({"trace": unroll(GRUCell(3, 4), np.ones((5, 1, 3)))}, TypeError, "the cell is GRUCell"),
        ({"trace": unroll(RNNCell(3, 4), np.ones((5, 1, 3)))}, ValueError, "no gradients yet"),
    ],
)
def test_what_the_walk_cannot_show_gets_one_sentence(
    change: dict[str, Any], error: type[Exception], words: str
) -> None:
    _, trace, targets, _ = walked()
    given = {"trace": trace, "tokens": WORDS, "targets": targets[:, 0], "classes": KINDS}
    with pytest.raises(error, match=re.escape(words)):
        forward_and_back(**{**given, **change})


def test_a_wiring_that_emits_once_is_refused() -> None:
    model = SequenceModel(RNNCell(3, 4), 2, many_to_one)
    trace = model.forward(np.ones((5, 1, 3)))
    model.backward(trace, np.ones_like(trace.y))
    with pytest.raises(ValueError, match="1 steps emit, expected all 5"):
        forward_and_back(trace, WORDS, [0] * 5, KINDS)


# ----------------------------------------------------------------------------------- the triangle


@pytest.mark.parametrize("make", [RNNCell, GRUCell, LSTMCell])
@pytest.mark.parametrize("name", ["Wxh", "W", "b"])
@pytest.mark.parametrize("masked", [False, True])
def test_rows_columns_and_the_whole_triangle_are_the_core_s(
    make: Callable[..., Any], name: str, masked: bool
) -> None:
    rng = np.random.default_rng(3)
    cell, x, da = (
        make(3, 4, rng=rng),
        rng.standard_normal((5, 2, 3)),
        rng.standard_normal((5, 2, 4)),
    )
    mask = lengths_to_mask([5, 3], 5) if masked else None
    if mask is not None:
        da *= mask[:, :, None]  # no output, no gradient
    trace = unroll(cell, x, mask=mask)
    gradients = backpropagate(trace, da)
    before = trace.dz.copy(), trace.da.copy()
    blocks = contributions(trace, name)
    assert np.array_equal(trace.dz, before[0]) and np.array_equal(trace.da, before[1])
    np.testing.assert_allclose(blocks.sum(axis=(0, 1)), gradients[name], rtol=0, atol=1e-10)
    for t in range(5):
        own = getattr(trace.step(t + 1), "d" + name)
        np.testing.assert_allclose(blocks[:, t].sum(axis=0), own, rtol=0, atol=1e-10)
        assert not blocks[t, t + 1 :].any()
        alone = np.zeros_like(da)
        alone[t] = da[t]
        row = backpropagate(unroll(cell, x, mask=mask), alone)[name]
        np.testing.assert_allclose(blocks[t].sum(axis=0), row, rtol=0, atol=1e-10)


def test_contributions_refuse_another_name_and_a_trace_without_gradients() -> None:
    trace = walked()[1]
    with pytest.raises(ValueError, match="name is 'Why', expected 'Wxh', 'W' or 'b'"):
        contributions(trace, "Why")
    with pytest.raises(ValueError, match="no gradients yet"):
        contributions(unroll(trace.cell, trace.x))


@pytest.mark.parametrize("name", ["Wxh", "W", "b"])
def test_every_block_on_screen_is_the_core_s(name: str) -> None:
    _, trace, _, gradients = walked()
    blocks = contributions(trace, name)
    for t in range(1, 6):
        for k in range(1, 6):
            frame = triangle(blocks, name, t, k)
            block = on_screen(frame)[f"block of d{name}"].reshape(blocks.shape[2:])
            np.testing.assert_array_equal(block, blocks[t - 1, k - 1])
            assert ("owes nothing" in frame.sentence) == (k > t)
            if k <= t:
                length = one_number(frame, f"length of the block t = {t}, k = {k}")
                assert length == pytest.approx(np.linalg.norm(block))
            row = one_number(frame, f"length of the sum of row {t}")
            assert row == pytest.approx(np.linalg.norm(blocks[t - 1].sum(axis=0)))
            column = one_number(frame, f"length of the sum of column {k}")
            assert column == pytest.approx(np.linalg.norm(getattr(trace.step(k), "d" + name)))
    whole = one_number(frame, f"length of d{name}")
    assert whole == pytest.approx(np.linalg.norm(gradients[name]))
    for t, k in ((0, 1), (6, 1), (1, 0), (1, 6)):
        with pytest.raises(ValueError, match="expected 1 to T = 5"):
            triangle(blocks, name, t, k)


# ------------------------------------------------------------------------------------- truncation


def truncated(trace: Trace, k: int) -> np.ndarray:
    dW, a = np.zeros_like(trace.cell.W), trace.a_prev[0]
    for start in range(0, trace.T, k):
        piece = unroll(trace.cell, trace.x[start : start + k], a)
        dW += backpropagate(piece, trace.da_from_y[start : start + k])["W"]
        a = piece.a_T
    return dW


@pytest.mark.parametrize("k", range(1, 7))
def test_pieces_keep_exactly_the_blocks_that_the_picture_fills(k: int) -> None:
    _, trace, _, _ = walked(6)
    blocks = contributions(trace)
    frame = truncation(trace, np.linalg.norm(blocks.reshape(6, 6, -1), axis=2), k, 0.5, 0.25)
    titles = [title.text or "" for title in frame.picture.iter("title")]
    kept = np.zeros((6, 6))
    for words in titles:
        match = re.match(r"t = (\d+), k = (\d+), kept: ", words)
        if match:
            kept[int(match[1]) - 1, int(match[2]) - 1] = 1
    by_blocks = (kept[:, :, None, None] * blocks).sum(axis=(0, 1))
    np.testing.assert_allclose(by_blocks, truncated(trace, k), rtol=0, atol=1e-12)
    cuts = sum(words.startswith("cut before") for words in titles)
    assert f"cut at {cuts} place" in frame.sentence and cuts == -(-6 // k) - 1
    assert f"{int(kept.sum())} of 21 blocks" in frame.sentence
    assert (one_number(frame, "cosine"), one_number(frame, "length")) == (0.5, 0.25)


def test_kept_blocks_of_zeros_are_told_from_lost_ones() -> None:
    for a_0, zeros in ((None, 3), (np.ones((1, 4)), 0)):
        model, trace, targets, _ = walked(6)
        trace = model.forward(trace.x, a_0=a_0)
        model.backward(trace, softmax_cross_entropy(trace.y, targets)[1])
        lengths = np.linalg.norm(contributions(trace).reshape(6, 6, -1), axis=2)
        frame = truncation(trace, lengths, 3, 0.9, 1.4)
        words = ["".join(text.itertext()) for text in frame.picture.iter("text")]
        assert words.count("0") == zeros
        assert any(text.startswith("0: kept, but zero") for text in words) == bool(zeros)


def test_a_longer_truncated_gradient_has_a_longer_bar() -> None:
    trace, lengths = walked(6)[1], np.ones((6, 6))

    def bar(share: float) -> float:
        frame = truncation(trace, lengths, 3, 0.9, share)
        row = next(
            g for g in frame.picture.iter("g") if len(g) and g[0].text == f"length = {share!r}"
        )
        return float(row[2].attrib["width"])

    assert bar(1.4) == pytest.approx(1.4 * bar(1.0), abs=0.1)


def test_truncation_refuses_a_k_that_is_no_piece() -> None:
    trace = walked()[1]
    for k in (0, 6):
        with pytest.raises(ValueError, match="expected 1 to T = 5"):
            truncation(trace, np.ones((5, 5)), k, 1.0, 1.0)


# ------------------------------------------------------------------------------------ the referee


def test_bars_show_the_errors_and_the_sentence_names_the_wrong() -> None:
    errors = {"Wxh": 3e-11, "W": 0.53, "b": 0.0, "Why": float("nan")}
    frame = gradient_check(errors)
    assert one_number(frame, "error of dW") == 0.53
    assert frame.sentence == (
        "The referee disagrees with dW (0.53), dWhy (nan), and agrees with dWxh, db."
    )
    text = "".join(frame.picture.itertext())
    assert text.count("\N{CHECK MARK}") == text.count("\N{MULTIPLICATION X}") == 2
    assert "agrees with every gradient" in gradient_check({"W": 1e-9}).sentence
    with pytest.raises(ValueError, match="errors is empty"):
        gradient_check({})


def test_the_axis_of_the_referee_has_a_tick_for_every_thousand() -> None:
    texts = {"".join(t.itertext()): t for t in gradient_check({"W": 1e-9}).picture.iter("text")}
    ticks = [float(texts[w].attrib["x"]) for w in ("1e−12", "1e−9", "1e−6", "1e−3", "1")]
    np.testing.assert_allclose(np.diff(ticks), np.diff(ticks)[0], atol=0.2)


# ---------------------------------------------------------------------------------- two weights


@pytest.mark.parametrize("weights", [(0.2, 0.1), (0.9, 1.0), (0.7, -0.8), (1.1, 1.2)])
def test_the_network_of_two_weights_has_the_measured_gradient(weights: tuple[float, float]) -> None:
    data, cell = summing.data(6, 5, rng=1), summing.network(*weights)
    loss, dWxh, dW = summing.loss_and_gradients(cell, data)
    assert loss == pytest.approx(
        summing.surface(data, np.array([weights[0]]), np.array([weights[1]]))[0, 0]
    )
    errors = check_gradients(
        lambda: summing.loss_and_gradients(cell, data)[0],
        {"Wxh": cell.Wxh, "W": cell.W},
        {"Wxh": np.array([[dWxh]]), "W": np.array([[dW]])},
    )
    assert max(errors.values()) < 1e-6
    assert summing.loss_and_gradients(summing.network(1.0, 1.0), data) == (0, 0, 0)


def test_the_way_on_the_map_is_the_descent() -> None:
    data = summing.data()
    loss_map = LossMap(lambda Wxh, W: summing.surface(data, Wxh, W))
    for start, rate in (((0.2, 0.0), 0.001), ((2.0, -0.5), 0.003)):
        way = summing.descend(data, *start, rate=rate)
        assert len(way.weights) == len(way.losses) + 1 == 101
        np.testing.assert_allclose(way.weights[1:], way.weights[:-1] - rate * way.gradients)
        frame = loss_map.way(*way)
        line = next(frame.picture.iter("polyline")).attrib["points"].split()
        assert len(line) == 101
        assert f"lead to Wxh = {way.weights[-1][0]:.2f}" in frame.sentence
    fallen = summing.descend(data, 0.3, 1.2, rate=0.005)
    assert abs(fallen.weights[-1]).max() > summing.FAR
    frame = loss_map.way(*fallen)
    assert "throws the weights off the map" in frame.sentence
    assert "left the map" in {text.text for text in frame.picture.iter("text")}
    assert "● end" not in frame.html()


def test_the_lines_of_the_map_lie_where_the_loss_has_their_value() -> None:
    data = summing.data()
    loss_map = LossMap(lambda Wxh, W: summing.surface(data, Wxh, W))
    picture = loss_map.way(*summing.descend(data, 0.2, 0.0, rate=0.001)).picture
    paths = [p for p in picture.iter("path") if p.get("class") == "rnn-rule"]
    words = [text.text for text in picture.iter("text")]
    left, right = (loss_map._place(0.0, W)[0] for W in loss_map.W)
    top, foot = (loss_map._place(Wxh, 0.0)[1] for Wxh in loss_map.Wxh[::-1])
    for level, path in zip((10, 100, 1000, 10_000), paths, strict=True):
        assert f"{level:,}" in words
        places = np.array(re.findall(r"[ML]([\d.]+) ([\d.]+)", path.attrib["d"]), dtype=float)
        W = loss_map.W[0] + (places[:, 0] - left) / (right - left) * np.ptp(loss_map.W)
        Wxh = loss_map.Wxh[1] - (places[:, 1] - top) / (foot - top) * np.ptp(loss_map.Wxh)
        loss = [summing.surface(data, Wxh[i : i + 1], W[i : i + 1])[0, 0] for i in range(len(W))]
        assert len(loss) > 20 and abs(np.log(np.array(loss) / level)).max() < 0.15


@pytest.mark.parametrize("rate", [0.001, 0.003, 0.005, 0.01])
def test_no_start_and_no_rate_breaks_the_map(rate: float) -> None:
    data = summing.data()
    loss_map = LossMap(lambda Wxh, W: summing.surface(data, Wxh, W))
    for Wxh in (-0.4, 0.2, 2.9):
        for W in (-1.4, 0.0, 0.9, 1.4):
            frame = loss_map.way(*summing.descend(data, Wxh, W, rate=rate))
            assert "nan" not in frame.html() and "inf" not in frame.html()


def test_summing_refuses_what_it_cannot_use() -> None:
    data = summing.data()
    with pytest.raises(ValueError, match="rate"):
        summing.descend(data, 0.0, 0.0, rate=0.0)
    with pytest.raises(ValueError, match="T"):
        summing.data(T=0)


# ------------------------------------------------------------------------------- a thousand moves


def test_a_thousand_moves_leave_no_widget_behind() -> None:
    blocks = contributions(walked()[1])
    box = Explore(
        lambda weights, t, k: triangle(blocks, weights, t, k),
        {"weights": choice("W"), "t": slider(1, 5, 4), "k": slider(1, 5, 2)},
    )
    before = len(_instances)
    for number in range(1000):
        box.controls["tk"[number % 2]].value = 1 + number % 5
    assert len(_instances) == before
    assert "rnn-changed" in box.result.value
