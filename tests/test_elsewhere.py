"""The same network elsewhere: weights in PyTorch, dictated numbers, attention and its pictures."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import fill, tooltips
from ipywidgets.widgets.widget import _instances

from rnn_core import (
    EncoderDecoder,
    GRUCell,
    LSTMCell,
    RNNCell,
    backpropagate,
    check_gradients,
    elsewhere,
    relative_error,
    show,
    softmax,
    unroll,
)
from rnn_core.attention import Attention, attend
from rnn_core.decoding import beam, greedy
from rnn_core.exercises import ATTEND, TORCH_BLOCKS, TORCH_NAMES
from rnn_core.show import svg
from rnn_core.tasks import dictation
from rnn_core.tasks.dictation import digits_of, german_pair, number_words

CELLS = [RNNCell, GRUCell, LSTMCell]
NOTEBOOK = Path(__file__).resolve().parents[1] / "notebooks" / "15b_elsewhere.ipynb"


def random_cell(kind, n_x=3, n_h=5, **options):
    cell = kind(n_x, n_h, **options)
    fill(cell.parameters, np.random.default_rng(1))
    return cell


# --------------------------------------------------------------------------------------- PyTorch


@pytest.mark.parametrize(
    ("kind", "options"),
    [*((kind, {}) for kind in CELLS), (RNNCell, {"activation": "relu"})],
)
def test_pytorch_computes_the_same_states_and_gradients(kind, options):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle (pip install torch).")
    cell, rng = random_cell(kind, **options), np.random.default_rng(2)
    x, da = rng.standard_normal((7, 2, 3)), rng.standard_normal((7, 2, 5))
    trace = unroll(cell, x)
    gradients = backpropagate(trace, da)
    layer = elsewhere.to_torch(cell)
    output, last = layer(torch.tensor(x))
    assert output.dtype == torch.float64
    assert relative_error(trace.a, output.detach().numpy()) < 1e-10
    h_n = last[0] if kind is LSTMCell else last
    assert relative_error(trace.a[-1], h_n[0].detach().numpy()) < 1e-10
    (output * torch.tensor(da)).sum().backward()
    for name, ours in elsewhere.torch_weights(cell, gradients).items():
        assert relative_error(ours, getattr(layer, name).grad.numpy()) < 1e-10, name


def test_the_layer_holds_a_copy_and_float32_stays_float32():
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle (pip install torch).")
    cell = RNNCell(3, 5, dtype=np.float32)
    layer = elsewhere.to_torch(cell)
    assert layer.weight_hh_l0.dtype == torch.float32
    before = layer.weight_hh_l0.detach().numpy().copy()
    cell.W = np.zeros((5, 5))
    np.testing.assert_array_equal(layer.weight_hh_l0.detach().numpy(), before)


@pytest.mark.parametrize("activation", ["sigmoid", "identity"])
def test_an_activation_that_pytorch_has_not_is_refused(activation):
    pytest.importorskip("torch", reason="PyTorch is the oracle (pip install torch).")
    with pytest.raises(ValueError, match=f"activation is '{activation}', expected 'tanh'"):
        elsewhere.to_torch(RNNCell(3, 5, activation=activation))


def test_without_pytorch_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r"not installed.*run: python -m pip install torch"):
        elsewhere.to_torch(RNNCell(3, 5))


def test_weights_are_handed_over_as_in_the_exercises():
    cell = random_cell(RNNCell)
    expected = TORCH_NAMES.reference(cell.Wxh, cell.W, cell.b)
    assert not expected.pop("bias_hh_l0").any()
    for name, array in elsewhere.torch_weights(cell).items():
        np.testing.assert_array_equal(array, expected.pop(name))
    assert not expected
    lstm = random_cell(LSTMCell)
    given = elsewhere.torch_weights(lstm)["weight_ih_l0"]
    np.testing.assert_array_equal(given, TORCH_BLOCKS.reference(lstm.Wxh))


def test_two_mistakes_are_both_named():
    def program(Wxh, W, b):
        return {"weight_ih_l0": Wxh.T, "weight_hh_l0": W, "bias_ih_l0": b, "bias_hh_l0": b}

    verdict = TORCH_NAMES.check(program)
    assert verdict.name == "W not transposed"
    assert verdict.words.endswith("Then look at bias_hh_l0, which needs a change too.")


SCRIPT = """
import json, sys
sys.modules["torch"] = None
cells = json.loads(sys.stdin.read())
space = {}
for source in cells:
    print("cell", flush=True)
    exec(source, space)
"""


def test_the_notebook_runs_without_pytorch_and_prints_the_same():
    """Up to the first training that is not about PyTorch; cells that may differ are marked."""
    cells = [
        c for c in json.loads(NOTEBOOK.read_text("utf-8"))["cells"] if c["cell_type"] == "code"
    ]
    stop = next(i for i, c in enumerate(cells) if "dictation.task" in "".join(c["source"]))
    cells = cells[:stop]
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input=json.dumps(["".join(cell["source"]) for cell in cells]),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    printed = result.stdout.split("cell\n")[1:]
    assert any("PyTorch is not installed" in text for text in printed)
    for cell, text in zip(cells, printed, strict=True):
        if "nbval-ignore-output" not in cell["metadata"].get("tags", []):
            streams = [o for o in cell["outputs"] if o["output_type"] == "stream"]
            # The training bar says what it is: there is no page to show it on.
            text = re.sub(r"^_Bar\(.*\n", "", text)
            assert text == "".join("".join(o["text"]) for o in streams)


# ------------------------------------------------------------------------------ dictated numbers


@pytest.mark.parametrize(
    ("digits", "english", "german"),
    [
        ("71", "seven one", "einund siebzig"),
        ("05", "zero five", "null fünf"),
        ("00", "zero zero", "null null"),
        ("10", "one zero", "zehn"),
        ("1112", "one one one two", "elf zwölf"),
        ("16", "one six", "sech zehn"),
        ("1718", "one seven one eight", "sieb zehn acht zehn"),
        ("66", "six six", "sechsund sechzig"),
        ("77 30", "seven seven three zero", "siebenund siebzig dreißig"),
        ("9920", "nine nine two zero", "neunund neunzig zwanzig"),
    ],
)
def test_number_words(digits, english, german):
    assert number_words(digits_of(digits)) == (english, german)


def test_the_hundred_pairs_are_all_said_differently():
    assert len({" ".join(german_pair(*divmod(n, 10))) for n in range(100)}) == 100


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("7a1-", "the number has '-', 'a', expected digits alone"),
        ("123", "expected an even count of digits"),
        ("", "expected an even count of digits"),
    ],
)
def test_what_is_no_number_is_refused(text, words):
    with pytest.raises(ValueError, match=words):
        number_words(digits_of(text))


def test_splits_hold_what_they_promise():
    splits = dictation.task().splits
    train = set(splits["train"])
    assert len(splits["train"]) > 7900
    for length in dictation.LENGTHS:
        pairs = splits[f"{length} digits"]
        assert len(pairs) == dictation.N_TEST
        assert all(len(pair.english.split()) == length for pair in pairs)
        assert train.isdisjoint(pairs) == (length > 2)
    assert sum(len(pair.english.split()) == 2 for pair in train) == 100
    by_length = dictation.baseline_by_length()
    assert 0.02 < by_length[2] < 0.25
    assert by_length[10] == 0.0


def test_attention_reaches_what_one_state_does_not_hold():
    shares = {}
    for attention in (False, True):
        task = dictation.task(24, attention=attention, cell=RNNCell)
        model = task.network(1)
        task.train(model, 1, steps=400)
        shares[attention] = dictation.exact_by_length(task, model)
    assert shares[False][6] < 0.1
    assert shares[True][6] > 0.5


# --------------------------------------------------------------------------------------- attention

TOKENS = np.array([[1, 2, 3], [4, 0, 2], [2, 3, 0], [1, 4, 0]])
MASK = np.array([[1, 1, 1], [1, 1, 1], [1, 1, 0], [1, 1, 0]], bool)
TARGETS = np.array([[1, 2, 3], [2, 0, 1], [3, 0, 4], [0, 0, 0]])


def reader(kind=GRUCell):
    model = Attention(kind(3, 5), kind(4, 5), 5, 6, rng=0)
    fill(model.parameters, np.random.default_rng(3))
    return model


@pytest.mark.parametrize(("kind", "mask"), [(GRUCell, None), *((kind, MASK) for kind in CELLS)])
def test_every_gradient_agrees_with_finite_differences(kind, mask):
    model, data = reader(kind), (TOKENS, TARGETS, mask)
    _, gradients = model.loss_and_gradients(*data)
    errors = check_gradients(
        lambda: model.loss_and_gradients(*data)[0], model.parameters, gradients
    )
    assert set(errors) >= {"Wq", "Wcy", "encoder.W", "W", "Why"}
    assert max(errors.values()) < 1e-6, errors
    assert all(gradients[name].any() for name in gradients)


def test_attend_is_the_exercise_for_every_sequence():
    rng = np.random.default_rng(0)
    q, states = rng.standard_normal((2, 4, 3)), rng.standard_normal((2, 7, 3))
    context = attend(q, states).context
    for b in range(2):
        np.testing.assert_allclose(context[b], ATTEND.reference(q[b], states[b]), rtol=1e-12)


def test_padding_gets_no_share_and_changes_nothing():
    model = reader()
    trace = model.forward(TOKENS, TARGETS, MASK)
    alpha = trace.attended.alpha
    assert not alpha[2, :, 2:].any()
    np.testing.assert_allclose(alpha.sum(axis=2), 1)
    alone = model.forward(TOKENS[:2, 2:], TARGETS[:, 2:])
    np.testing.assert_allclose(alone.y[:, 0], trace.y[:, 2], rtol=1e-12)


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("mask", [None, MASK])
def test_writing_step_by_step_is_the_run_as_a_whole(kind, mask):
    model = reader(kind)
    written = greedy(model, TOKENS, 6, mask, end=None)
    y = model.forward(TOKENS, written, mask).y
    np.testing.assert_array_equal(y.argmax(axis=2), written)
    for b, found in enumerate(beam(model, TOKENS, 6, mask, width=1)):
        expected = greedy(model, TOKENS, 6, mask)[:, b].tolist()
        assert found[0].words == expected[: len(found[0].words)]
    assert len(beam(model, TOKENS, 6, mask, width=3)[0]) == 3


def test_without_its_readout_it_is_the_plain_encoder_decoder():
    model = reader()
    model.Wcy = np.zeros_like(model.Wcy)
    plain = EncoderDecoder(GRUCell(3, 5), GRUCell(4, 5), 5, 6)
    for name in plain.parameters:
        plain.parameters[name] = model.parameters[name]
    expected = plain.forward(TOKENS, TARGETS, MASK).y
    np.testing.assert_allclose(model.forward(TOKENS, TARGETS, MASK).y, expected, rtol=1e-12)
    with pytest.raises(TypeError, match="encoder is a str, expected a Cell"):
        Attention("cell", GRUCell(4, 5), 5, 6)


# --------------------------------------------------------------------------------------- pictures


def test_states_side_by_side_are_those_given():
    rng = np.random.default_rng(0)
    ours = rng.standard_normal((4, 10))
    others = {"theirs there": ours + 1e-9, "wrong": ours + rng.standard_normal((4, 10))}
    frames = show.elsewhere.side_by_side(ours, others, ["a", "b", "<c>", "d"]).frames
    assert len(frames) == 5
    for t, frame in enumerate(frames[1:], start=1):
        shown = tooltips(frame.picture)
        for i in range(10):
            assert shown[f"here {t}[{i + 1}]"] == ours[t - 1, i]
            for name, states in others.items():
                assert shown[f"{name} {t}[{i + 1}]"] == states[t - 1, i]
                assert shown[f"{name} off {t}[{i + 1}]"] == states[t - 1, i] - ours[t - 1, i]
        off = np.abs(others["wrong"] - ours)[t - 1]
        assert "theirs: the same within 1e-6; wrong: off by up to" in frame.sentence
        assert f"{off.max():.2f} (unit {off.argmax() + 1})" in frame.sentence
    assert "&lt;c&gt;" in svg.to_string(frames[3].picture)
    with pytest.raises(ValueError, match="'x' has the shape"):
        show.elsewhere.side_by_side(ours, {"x": ours[:2]}, list("abcd"))
    with pytest.raises(ValueError, match="there are 3 tokens, expected 4"):
        show.elsewhere.side_by_side(ours, {}, list("abc"))


STATES = np.array([[1.5, 0.6], [0.2, 1.4], [-1.4, 0.3], [0.5, -1.3]])
WORDS = ["seven", "one", "zero", "four"]


def test_shares_on_screen_are_those_of_the_core():
    rng = np.random.default_rng(1)
    for q in (np.zeros(2), np.array([6.0, 0]), np.array([0, -6.0]), *rng.uniform(-4, 4, (40, 2))):
        frame = show.attention.blend(q, STATES, WORDS)
        shown, alpha = tooltips(frame.picture), softmax(STATES @ q)
        for s in range(4):
            assert shown[f"alpha[{s + 1}]"] == pytest.approx(alpha[s], rel=1e-12)
            assert shown[f"score[{s + 1}]"] == pytest.approx(STATES[s] @ q, abs=1e-12)
            assert shown[f"context[{s // 2 + 1}]"] == pytest.approx((alpha @ STATES)[s // 2])
        assert f"looks at {WORDS[alpha.argmax()]!r}" in frame.sentence
        _, _, width, height = (float(v) for v in frame.picture.attrib["viewBox"].split())
        for text in frame.picture.iter("text"):
            assert 0 <= float(text.attrib["x"]) <= width
            assert 0 <= float(text.attrib["y"]) <= height


def test_looks_on_screen_are_those_of_the_trace():
    task = dictation.task(8, attention=True)
    model = task.network(0)
    task.train(model, 0, steps=100)
    pair = number_words(digits_of("715 204"))
    looks = show.attention.follow(model, pair.english, task.source, task.target)
    x, mask = task.source.encode_batch([pair.english])
    trace = model.forward(x, [[task.target.ids[word]] for word in looks.writes], mask)
    np.testing.assert_allclose(looks.alpha, trace.attended.alpha[0], rtol=1e-12)
    assert looks.writes == task.target.decode(trace.y[:, 0].argmax(axis=1))
    frames = show.attention.looks_back(looks).frames
    assert len(frames) == len(looks.writes) + 1
    assert frames[0].sentence == "6 words are read; nothing is written yet."
    for k, frame in enumerate(frames):
        shown = tooltips(frame.picture)
        assert len(shown) == 6 * k
        for row in range(1, k + 1):
            for s in range(6):
                assert shown[f"alpha_{row}[{s + 1}]"] == looks.alpha[row - 1, s]
    right = " ".join(looks.writes[:-1])
    if looks.writes[-1] == "<end>":
        assert show.attention.looked(looks, 1, right).sentence.endswith("The whole is right.")
    assert "Right would be 'elf'." in show.attention.looked(looks, 1, "elf").sentence
    with pytest.raises(ValueError, match="16 words to read, expected at most 14"):
        show.attention.follow(model, "one two " * 8, task.source, task.target)


def test_a_thousand_queries_leave_no_widget_behind():
    def draw(angle, length):
        q = length * np.array([np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))])
        return show.attention.blend(q, STATES, WORDS)

    controls = {"angle": show.slider(0, 360, 60), "length": show.slider(0.0, 6.0, 1.5)}
    box = show.Explore(draw, controls)
    before, rng = len(_instances), np.random.default_rng(0)
    for _ in range(500):  # two moves each
        controls["angle"].value = int(rng.integers(0, 361))
        controls["length"].value = float(rng.uniform(0, 6))
    assert len(_instances) == before
    assert re.match(r"Query \(.+\) looks at", box.frame.sentence)
