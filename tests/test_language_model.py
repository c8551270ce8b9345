"""The language model: pieces of a text, carried state, what counting does, pictures of text."""

from __future__ import annotations

import re
import shutil
import signal
import zipfile
from collections import Counter, defaultdict
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances
from test_step_pictures import numbers_on_screen

from rnn_core import (
    Adam,
    Bidirectional,
    Carried,
    GRUCell,
    LSTMCell,
    RNNCell,
    SequenceModel,
    fit,
    numerical_gradient,
    relative_error,
    show,
    softmax,
    softmax_cross_entropy,
    streams,
)
from rnn_core.contributions import contributions
from rnn_core.tasks import source_code
from rnn_core.tasks.source_code import decode, encode
from rnn_core.tasks.table import Row

TEXT = encode("while True:\n    past = present\n    present = future\n" * 4)


def small(kind: type = RNNCell, seed: int = 0) -> SequenceModel:
    n = len(source_code.CHARACTERS)
    rng = np.random.default_rng(seed)
    return SequenceModel(kind(4, 6, rng=rng), n, n_tokens=n, rng=rng)


# ------------------------------------------------------------------------ pieces and carried state


@pytest.mark.parametrize(("N", "T", "B"), [(50, 7, 3), (51, 5, 4), (10, 12, 2), (5, 3, 5)])
def test_each_reader_goes_on_where_it_stopped_round_and_round(N: int, T: int, B: int) -> None:
    tokens = np.random.default_rng(0).permutation(N)
    pieces = list(islice(streams(tokens, T=T, B=B), 2 + 2 * N // T))
    x, targets = (np.concatenate([piece[i] for piece in pieces]) for i in (0, 1))
    assert all(piece.x.shape == piece.targets.shape == (T, B) for piece in pieces)
    for b in range(B):
        start = b * N // B
        expected = np.resize(np.roll(tokens, -start), len(x) + 1)
        np.testing.assert_array_equal(x[:, b], expected[:-1])
        np.testing.assert_array_equal(targets[:, b], expected[1:])


@pytest.mark.parametrize(
    ("tokens", "T", "B", "error", "words"),
    [
        ([1, 2], 3, 3, ValueError, "tokens has 2 entries, expected at least B = 3"),
        ([1.0, 2.0], 3, 1, TypeError, "expected integers"),
        ([[1, 2]], 3, 1, ValueError, r"expected \(N,\)"),
        ([1, 2], 0, 1, ValueError, "T is 0"),
        ([1, 2], 1, 1.5, TypeError, "B is 1.5"),
    ],
)
def test_streams_refuse(tokens: Any, T: Any, B: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        next(streams(tokens, T=T, B=B))


@pytest.mark.parametrize("kind", [RNNCell, GRUCell, LSTMCell])
def test_carried_states_are_those_of_one_long_run(kind: type) -> None:
    model, pieces = small(kind), list(islice(streams(TEXT, T=5, B=3), 4))
    carried, losses = Carried(model), []
    for piece in pieces:
        losses.append(carried.loss_and_gradients(*piece)[0])
    whole = model.forward(np.concatenate([piece.x for piece in pieces]))
    for mine, last in zip(np.atleast_3d(carried.a_0), np.atleast_3d(whole.a_T), strict=True):
        np.testing.assert_allclose(mine, last, rtol=0, atol=1e-12)
    targets = np.concatenate([piece.targets for piece in pieces])
    loss, _ = softmax_cross_entropy(whole.y, targets)
    assert np.mean(losses) == pytest.approx(loss, abs=1e-12)


def test_the_gradient_of_a_piece_ends_at_its_first_step() -> None:
    model, (first, second) = small(), islice(streams(TEXT, T=5, B=3), 2)
    carried = Carried(model)
    carried.loss_and_gradients(*first)
    a_0 = carried.a_0.copy()
    _, gradients = carried.loss_and_gradients(*second)
    for name, array in model.parameters.items():
        measured = numerical_gradient(
            lambda: softmax_cross_entropy(model.forward(second.x, a_0=a_0).y, second.targets)[0],
            array,
        )
        assert relative_error(gradients[name], measured) < 1e-6, name


def test_carried_pieces_have_the_gradient_that_truncation_leaves() -> None:
    # Notebook 05: the blocks of the triangle in which the loss and the use are in the same piece.
    model, T = small(), 4
    pieces = list(islice(streams(TEXT, T=T, B=1), 3))
    carried = Carried(model)
    found = sum(carried.loss_and_gradients(*piece)[1]["W"] for piece in pieces) / len(pieces)
    x, targets = (np.concatenate([piece[i] for piece in pieces]) for i in (0, 1))
    trace = model.forward(x)
    model.backward(trace, softmax_cross_entropy(trace.y, targets)[1])
    blocks, piece = contributions(trace), np.arange(len(x)) // T
    kept = piece[:, None] == piece[None, :]
    np.testing.assert_allclose(found, blocks[kept].sum(axis=0), rtol=0, atol=1e-12)
    assert not np.allclose(found, blocks.sum(axis=(0, 1)), rtol=0, atol=1e-6)


def test_training_with_a_carried_state_can_be_stopped_and_resumed() -> None:
    def train(stop_at: int) -> np.ndarray:
        model, pieces = small(), streams(TEXT, T=5, B=3)
        carried = Carried(model)

        def stop(history: Any, steps: int) -> None:
            if history.steps == stop_at:
                signal.raise_signal(signal.SIGINT)

        history = fit(carried, pieces, steps=12, optimizer=Adam(1e-2), watch=stop)
        assert history.interrupted == (stop_at > 0)
        fit(carried, pieces, steps=12, history=history)
        return model.parameters.vector

    np.testing.assert_array_equal(train(5), train(0))


def test_only_a_model_with_one_direction_carries_its_state() -> None:
    cells = RNNCell(3, 4), RNNCell(3, 4)
    with pytest.raises(TypeError, match="model is a Bidirectional, expected a SequenceModel"):
        Carried(Bidirectional(*cells, 2))


# ------------------------------------------------------------------------------------- the text


def test_learned_and_held_out_modules_are_different_and_large_enough() -> None:
    assert not set(source_code.LEARNED) & set(source_code.HELD_OUT)
    assert 500_000 < len(source_code.learned()) < 900_000
    assert 80_000 < len(source_code.held_out()) < 200_000
    for tokens in (source_code.learned(), source_code.held_out()):
        assert (tokens == 0).mean() < 0.001  # hardly any unknown characters


def test_characters_go_there_and_back() -> None:
    assert len(set(source_code.CHARACTERS)) == len(source_code.CHARACTERS) == 97
    text = "def f(x):\n    return '~'\n"
    assert decode(encode(text)) == text
    assert decode(encode("a\tb\N{GREEK SMALL LETTER PI}")) == f"a b{source_code.UNKNOWN}"
    assert encode("").shape == (0,)


def test_source_is_read_from_folders_and_zip_files(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("whole = 1\n")
    (tmp_path / "package" / "part.py").write_text("'\xe9'\n", "utf-8")
    packed = str(shutil.make_archive(str(tmp_path / "library"), "zip", tmp_path, "package"))
    assert zipfile.is_zipfile(packed)
    for folder in (str(tmp_path), packed):
        assert source_code.read("package", [folder]) == "whole = 1\n"
        assert source_code.read("package.part", [folder]) == "'\xe9'\n"


@pytest.mark.parametrize("module", ["nothing", "package.nothing", "nothing.part", "builtins"])
def test_a_missing_source_is_named(module: str, tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    words = re.escape(f"the source of the module {module} is not in {tmp_path}, expected it there")
    with pytest.raises(FileNotFoundError, match=words):
        source_code.read(module, [str(tmp_path)])


# ----------------------------------------------------------------------------- models and baselines


def test_bits_are_those_of_the_softmax() -> None:
    model, tokens = small(), TEXT[:60]
    bits = source_code.bits(model, tokens)
    x = np.concatenate([encode("\n"), tokens[:-1]])[:, None]
    p = softmax(model.forward(x).y[:, 0])
    np.testing.assert_allclose(bits, -np.log2(p[np.arange(60), tokens]), rtol=0, atol=1e-12)


@pytest.mark.parametrize("N", [61, 600])
def test_several_readers_score_each_character_once(N: int) -> None:
    model, tokens = small(LSTMCell), np.resize(TEXT, N)
    together = source_code.bits(model, tokens, readers=4)
    share = -(-N // 4)
    apart = [source_code.bits(model, tokens[start : start + share]) for start in range(0, N, share)]
    np.testing.assert_allclose(together, np.concatenate(apart), rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", [RNNCell, LSTMCell])
def test_states_of_a_long_text_are_those_of_one_run(kind: type) -> None:
    model, tokens = small(kind), np.resize(TEXT, 2 * source_code.PIECE + 9)
    expected = model.forward(tokens[:, None]).a[:, 0]
    np.testing.assert_allclose(source_code.states(model, tokens), expected, rtol=0, atol=1e-12)


def test_an_empty_text_is_refused() -> None:
    with pytest.raises(ValueError, match="the text is empty"):
        source_code.bits(small(), encode(""))
    with pytest.raises(ValueError, match="the text is empty"):
        show.characters.surprise("", [])


def test_n_grams_are_probabilities_and_equal_a_plain_count(monkeypatch: Any) -> None:
    monkeypatch.setattr(source_code, "learned", lambda: TEXT)
    n_y = len(source_code.CHARACTERS)
    for n in (1, 2, 4):
        sums = sum(
            2 ** -source_code.n_gram_bits(n, np.append(encode("past"), k))[-1] for k in range(n_y)
        )
        assert sums == pytest.approx(1, abs=1e-9)
    follow: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
    padded = [1, 1, *TEXT.tolist()]
    for k in (0, 1, 2):
        for i in range(2, len(padded)):
            follow[tuple(padded[i - k : i])][padded[i]] += 1

    def p(past: list[int], token: int) -> float:
        lower = p(past[1:], token) if past else 1 / n_y
        seen = follow[tuple(past)]
        if not seen:
            return lower
        return (seen[token] + len(seen) * lower) / (seen.total() + len(seen))

    asked = encode("a past\n  Z")
    padded = [1, 1, *asked.tolist()]
    expected = [-np.log2(p(padded[i : i + 2], padded[i + 2])) for i in range(len(asked))]
    np.testing.assert_allclose(source_code.n_gram_bits(3, asked), expected, rtol=1e-12)


def test_longer_counts_cost_less_until_they_are_too_rare() -> None:
    few, more, many = (source_code.n_gram_bits(n).mean() for n in (1, 2, 4))
    assert 5 > few > 4 > more > many
    assert 1.5 < source_code.zlib_bits() < many
    assert source_code.zlib_bits() < source_code.zlib_bits(given=False)


def test_a_short_training_is_better_than_single_characters() -> None:
    model = source_code.network("plain RNN", n_h=48)
    before = source_code.bits_per_character(model)
    source_code.train(model, steps=120)
    assert before > 6
    assert source_code.bits_per_character(model) < source_code.n_gram_bits(1).mean()


def test_every_kind_can_be_made_and_trained() -> None:
    for kind in source_code.KINDS:
        model = source_code.network(kind, n_h=5)
        history = source_code.train(model, steps=2)
        assert history.steps == 2
        assert decode(encode(source_code.write(model, "", 7))) == source_code.write(model, "", 7)
    with pytest.raises(ValueError, match="kind is 'Elman', expected one of 'plain RNN'"):
        source_code.network("Elman")


def test_writing_is_greedy_at_zero_and_drawn_above() -> None:
    model = small()
    assert source_code.write(model, "def", 9, temperature=0) == source_code.write(
        model, "def", 9, temperature=0, draw=5
    )
    drawn = {source_code.write(model, "def", 20, draw=draw) for draw in range(3)}
    assert len(drawn) == 3 and {len(text) for text in drawn} == {20}
    with pytest.raises(ValueError, match="temperature is -1"):
        source_code.write(model, "def", 9, temperature=-1)


def test_structure_of_a_program() -> None:
    source = "if a:\n    f('(x', [1])  # (no\n"
    found = source_code.structure(source)
    spelled = {
        name: "".join(c for c, yes in zip(source, marked, strict=True) if yes)
        for name, marked in found._asdict().items()
    }
    assert spelled == {
        "indentation": "    ",
        "string": "'(x'",
        "comment": "# (no",
        "brackets": "('(x', [1]",
    }
    with pytest.raises(ValueError, match="the text is no Python"):
        source_code.structure("f(\n")


def test_structure_of_the_held_out_text_fits_it() -> None:
    text = decode(source_code.held_out())
    found = source_code.structure(text)
    for marked in found:
        assert marked.shape == (len(text),)
        assert 0.02 < marked.mean() < 0.6
    opening = np.array([c in "([{" for c in text]) & ~found.string & ~found.comment
    assert found.brackets[opening].all()


def test_probe_finds_what_is_there_and_nothing_else() -> None:
    rng = np.random.default_rng(0)
    a, marked = rng.standard_normal((4000, 7)), rng.random(4000) < 0.2
    planted = a.copy()
    planted[:, 4] += 3 * marked
    halves = [slice(2000), slice(2000, None)]
    nothing, there = ([(array[part], marked[part]) for part in halves] for array in (a, planted))
    assert abs(source_code.probe(*nothing) - 0.5) < 0.06
    assert source_code.probe(*there) > 0.9
    number, score = source_code.best_unit(*there)
    assert number == 5 and score > 0.9
    planted[:, 4] *= -1
    assert source_code.best_unit(*there)[0] == 5  # whichever way it goes
    # Written out for one unit: the mean of the shares found right on both sides.
    learn, test = there
    middle = (learn[0][learn[1], 4].mean() + learn[0][~learn[1], 4].mean()) / 2
    says = test[0][:, 4] < middle
    assert source_code.best_unit(*there)[1] == pytest.approx(
        (says[test[1]].mean() + (~says[~test[1]]).mean()) / 2
    )


def test_a_row_of_bits_calls_the_largest_the_worst() -> None:
    row = Row("task", "model", 10, [1.0, 2.0, 3.0], "test", [2.4, 2.5, 2.9], "2.8", "bits")
    assert str(row) == "| task | model | 10 | 2.0 | test | 2.50 [2.90] bits | 2.8 |"
    share = Row("task", "model", 10, [1.0], "test", [0.9], "50")
    assert str(share) == "| task | model | 10 | 1.0 | test | 90.0 [90.0] | 50 |"


# ------------------------------------------------------------------------------------- pictures

CODE = "for <b> in x:\n    print('&amp;', \"é\")\n\n" + "y" * 100


def code_letters(frame: show.Frame) -> str:
    """Return the characters of the code in a picture from left to right and down."""
    letters = []
    for group in frame.picture.iter("g"):
        if "rnn-code" in group.attrib.get("class", ""):
            for node in group:
                xs = [float(x) for x in node.attrib["x"].split()]
                assert len(xs) == len(node.text or "")
                assert all(0 <= x < 784 for x in xs)
                letters += [
                    (float(node.attrib["y"]), x, c)
                    for x, c in zip(xs, node.text or "", strict=True)
                ]
    return "".join(c for _, _, c in sorted(letters))


@pytest.mark.parametrize("given", [0, 5])
def test_surprise_shows_every_character_and_its_bits(given: int) -> None:
    bits = np.random.default_rng(0).uniform(0, 12, len(CODE))
    frame = show.characters.surprise(CODE, bits, "reader <i>", given=given)
    shown = numbers_on_screen(frame)["bits"]
    assert list(shown.values()) == bits[given:].tolist()
    assert code_letters(frame) == CODE.replace("\n", "↵").replace(" ", "")
    mean = f"{bits[given:].mean():.2f} bits each"
    assert mean in frame.sentence and frame.sentence.startswith("reader <i>: ")
    assert "<i>" not in frame.html() and "<b>" not in frame.html()
    assert float(frame.picture.attrib["viewBox"].split()[3]) > 20 * 5


def test_unit_shows_its_values_and_compares_two_kinds() -> None:
    rng = np.random.default_rng(1)
    a, marked = rng.uniform(-1, 1, len(CODE)), rng.random(len(CODE)) < 0.3
    frame = show.characters.unit(CODE, a, 7, marked, "in brackets")
    assert list(numbers_on_screen(frame)["unit 7"].values()) == a.tolist()
    lines = [node for node in frame.picture.iter("line") if node.attrib["class"] == "rnn-arrow"]
    assert len(lines) == marked.sum()
    inside, outside = (f"{a[m].mean():.2f}".replace("-", "−") for m in (marked, ~marked))
    assert f"mean in brackets (underlined) {inside}, elsewhere {outside}" in frame.sentence
    nowhere = show.characters.unit(CODE, a, 7, np.zeros(len(CODE), bool), "in brackets")
    assert "(underlined) none" in nowhere.sentence


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: show.characters.surprise("abc", [1.0]), r"bits has the shape \(1,\), expected"),
        (lambda: show.characters.surprise("a" * 5000, []), "the text has 5000 characters"),
        (lambda: show.characters.unit("ab", [0, 0], 1, [True]), "marked has the shape"),
        (lambda: show.characters.leans_on("abc", np.ones((3, 3)), np.ones((2, 9)), "abc"), "shape"),
        (lambda: show.characters.leans_on("a", np.ones((0, 0)), np.ones((0, 3)), "abc"), "text of"),
        (lambda: show.characters.compared({}), "bits is empty"),
        (lambda: show.characters.samples([]), "frames is empty"),
    ],
)
def test_what_does_not_fit_is_refused(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


def leaning(model: SequenceModel, line: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the lengths of the gradients and p, one run for each step."""
    tokens = encode(line)
    T, n_y = len(tokens) - 1, len(source_code.CHARACTERS)
    lengths, p = np.zeros((T, T)), np.zeros((T, n_y))
    for t in range(T):
        trace = model.forward(tokens[:-1, None])
        p[t] = softmax(trace.y[t, 0])
        dy = np.zeros_like(trace.y)
        dy[t, 0] = np.eye(n_y)[tokens[t + 1]] - p[t]
        model.backward(trace, dy)
        lengths[:, t] = np.linalg.norm(trace.dx[:, 0], axis=1)
    return lengths, p


def test_leaning_shows_the_shares_and_the_guess() -> None:
    model, line = small(LSTMCell), "x = f(y)\n  z"
    lengths, p = leaning(model, line)
    stepper = show.characters.leans_on(line, lengths, p, source_code.CHARACTERS)
    assert len(stepper.frames) == len(line)
    assert stepper.frames[0].sentence == "t = 0: nothing is read yet of the 12 characters."
    for t, frame in enumerate(stepper.frames[1:]):
        share = lengths[:, t] / lengths[:, t].sum()
        shown = numbers_on_screen(frame)
        assert list(shown["share"].values()) == share[: t + 1].tolist()
        back = shown["share by distance"]
        assert [back[d] for d in range(t + 1)] == share[t::-1].tolist()
        assert sum(shown["share"].values()) == pytest.approx(1)
        titles = [node.text or "" for node in frame.picture.iter("title")]
        bars = [title for title in titles if title.startswith("p(")]
        values = [float(title.rpartition(" = ")[2]) for title in bars]
        assert values == sorted(p[t], reverse=True)[:5]
        assert frame.sentence.startswith(f"t = {t + 1}: reads ")
        assert code_letters(frame) == line.replace("\n", "↵").replace(" ", "")


def test_the_gradient_by_an_input_is_what_a_nudge_changes() -> None:
    model, line = small(), "a = b[c]"
    lengths, _ = leaning(model, line)
    tokens, t = encode(line), 5
    x = model.embedding.forward(tokens[:-1, None])
    cell, readout = model.cell, model.readout

    def log_p() -> float:
        a = np.zeros((1, cell.n_h))
        for x_t in x[: t + 1]:
            a = np.tanh(x_t @ cell.Wxh + a @ cell.W + cell.b)
        y = (a @ readout.Why + readout.by)[0]
        return float(y[tokens[t + 1]] - np.log(np.exp(y).sum()))

    measured = np.linalg.norm(numerical_gradient(log_p, x)[:, 0], axis=1)
    np.testing.assert_allclose(lengths[:, t], measured, rtol=1e-5, atol=1e-9)


def test_it_writes_at_the_start_and_at_each_tenth() -> None:
    model, texts = small(), iter(f"<text {i}>" for i in range(100))
    bar = show.characters.WritingBar(lambda: next(texts))
    bar._shown = True  # no page to show it on
    fit(Carried(model), streams(TEXT, T=3, B=2), steps=40, watch=bar)
    assert [sample.steps for sample in bar.samples] == [1, *range(4, 41, 4)]
    assert bar.samples[-1].text == "<text 10>"
    assert "&lt;text 10&gt;" in bar.written.value
    stepper = show.characters.samples(bar.samples)
    assert len(stepper.frames) == 11
    assert stepper.frames[0].sentence == "After 1 update it writes: '<text 0>'."
    assert code_letters(stepper.frames[3]) == "<text3>"


def test_bars_are_sorted_and_say_their_numbers() -> None:
    still = show.characters.compared({"a": 2.0, "<b>": 4.5, "c": 3.0}, ours=["a"])
    assert still.alt == "Bits per held-out character: <b> 4.50, c 3.00, a 2.00."
    assert "<b>" not in str(still.bundle()["text/html"])


def test_a_thousand_moves_leave_no_widget_behind() -> None:
    def draw(temperature: float, draw: int) -> show.Frame:
        return show.characters.surprise("abc", [temperature, draw, 1.0])

    controls = {"temperature": show.slider(0.0, 1.5, 0.5), "draw": show.slider(1, 30, 1)}
    box = show.Explore(draw, controls)
    before, rng = len(_instances), np.random.default_rng(0)
    for _ in range(500):
        controls["temperature"].value = rng.uniform(0, 1.5)
        controls["draw"].value = int(rng.integers(1, 31))
    assert len(_instances) == before
    assert 'class="rnn-frame"' in box.result.value
