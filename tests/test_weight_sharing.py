"""Tied and untied weights: their gradients agree; what is drawn of them is what was computed."""

from __future__ import annotations

import copy
import re

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances
from test_step_pictures import numbers_on_screen

from rnn_core import RNNCell, SequenceModel, check_gradients, many_to_many, many_to_one, show
from rnn_core.cells import GRUCell
from rnn_core.show import Frame
from rnn_core.tasks import motif
from rnn_core.untied import Untied

T, B = 5, 3
WIRINGS = {"each step": many_to_many, "the last": many_to_one}


def make(wiring=many_to_many, cell=RNNCell):
    rng = np.random.default_rng(8)
    model = SequenceModel(cell(2, 3, rng=rng), 4, wiring, rng=rng)
    model.cell.b = rng.standard_normal(model.cell.b.shape)
    targets = rng.integers(0, 4, (T, B))
    return model, rng.standard_normal((T, B, 2)), targets if wiring is many_to_many else targets[0]


def matrices(frame: Frame) -> dict[str, dict[tuple[int, int], float]]:
    """Return every matrix of a frame by its name, read from the cells' tooltips."""
    found: dict[str, dict[tuple[int, int], float]] = {}
    for title in frame.picture.iter("title"):
        match = re.fullmatch(r"(.+)\[(\d+), (\d+)\] = (\S+)", title.text or "")
        if match:
            place = int(match[2]), int(match[3])
            found.setdefault(match[1], {})[place] = float(match[4])
    return found


def as_shown(values: np.ndarray) -> dict[tuple[int, int], float]:
    return {(i + 1, j + 1): float(values[i, j]) for i, j in np.ndindex(values.shape)}


@pytest.mark.parametrize("wiring", WIRINGS.values(), ids=WIRINGS)
@pytest.mark.parametrize("cell", [RNNCell, GRUCell])
def test_equal_copies_have_the_summands_of_the_tied_gradient(wiring, cell) -> None:
    model, x, targets = make(wiring, cell)
    loss, tied = model.loss_and_gradients(x, targets)
    untied_loss, by_copy = Untied(model, T).loss_and_gradients(x, targets)
    assert untied_loss == pytest.approx(loss, abs=1e-12)
    for name in model.cell.parameters:
        total = sum(by_copy[f"{t}.{name}"] for t in range(1, T + 1))
        np.testing.assert_allclose(total, tied[name], rtol=0, atol=1e-12)
    for name in ("Why", "by"):
        np.testing.assert_allclose(by_copy[name], tied[name], rtol=0, atol=1e-12)


def test_each_copy_s_gradient_is_the_step_s_summand() -> None:
    model, x, _ = make()
    trace = model.forward(x)
    dy = np.random.default_rng(0).standard_normal(trace.y.shape)
    model.backward(trace, dy)
    copies = Untied(model, T)
    gradients = copies.parameters.like()
    copies.backward(copies.forward(x), trace.da_from_y, gradients)
    for t in range(1, T + 1):
        for name in ("Wxh", "W", "b"):
            summand = getattr(trace.step(t), "d" + name)
            np.testing.assert_allclose(gradients[f"{t}.{name}"], summand, rtol=0, atol=1e-12)


@pytest.mark.parametrize("wiring", WIRINGS.values(), ids=WIRINGS)
def test_gradients_of_unequal_copies_are_those_measured(wiring) -> None:
    model, x, targets = make(wiring)
    copies = Untied(model, T)
    copies.parameters.vector[:] += np.random.default_rng(1).standard_normal(
        copies.parameters.vector.size
    )
    gradients = copies.loss_and_gradients(x, targets)[1]
    errors = check_gradients(
        lambda: copies.loss_and_gradients(x, targets)[0], copies.parameters, gradients
    )
    # a_0 is zero, and with it the gradient of the first W.
    assert not gradients["1.W"].any()
    assert max(error for name, error in errors.items() if name != "1.W") < 1e-6


def test_tied_updates_keep_the_copies_equal_and_equal_to_the_tied_model() -> None:
    model, x, targets = make()
    copies, one = Untied(model, T), copy.deepcopy(model)
    for _ in range(5):
        _, gradients = copies.loss_and_gradients(x, targets)
        copies.tie(gradients)
        copies.parameters.vector[:] -= 0.5 * gradients.vector
        one.parameters.vector[:] -= 0.5 * one.loss_and_gradients(x, targets)[1].vector
    for cell in copies.cells:
        np.testing.assert_array_equal(cell.parameters.vector, copies.cells[0].parameters.vector)
        np.testing.assert_allclose(cell.W, one.cell.W, rtol=0, atol=1e-12)


def test_the_model_is_left_alone_and_a_shorter_sequence_uses_the_first_copies() -> None:
    model, x, _ = make()
    before = model.parameters.vector.copy()
    copies = Untied(model, T)
    copies.parameters.vector[:] += 1
    np.testing.assert_array_equal(model.parameters.vector, before)
    np.testing.assert_array_equal(copies.predict(x[:2]), copies.predict(x)[:2])


def test_untied_refuses_what_it_cannot_do() -> None:
    model, x, targets = make()
    copies = Untied(model, 3)
    with pytest.raises(ValueError, match=r"x has 5 steps, expected at most 3: .* for step 4"):
        copies.forward(x)
    with pytest.raises(ValueError, match="mask is given"):
        copies.loss_and_gradients(x[:3], targets[:3], np.ones((3, B), bool))
    with pytest.raises(ValueError, match="embeds tokens"):
        Untied(SequenceModel(RNNCell(2, 3), 2, n_tokens=5), 3)
    with pytest.raises(ValueError, match="T is 0"):
        Untied(model, 0)


def test_motif_stands_where_it_may_and_is_marked() -> None:
    for ends, length in ((motif.EARLY, 10), ((9, 10), 10), (None, 30)):
        data = motif.draw(200, ends, T=length, rng=3)
        assert data.x.shape == (length, 200, 4)
        for i in range(200):
            text = motif.words(data, i)
            marked = (np.flatnonzero(data.targets[:, i]) + 1).tolist()
            assert marked == [t for t in range(2, length + 1) if text[t - 2 : t] == "ab"]
            assert ends is None or set(marked) <= set(ends)
            np.testing.assert_array_equal(motif.encode(text)[:, 0], data.x[:, i])
    with pytest.raises(ValueError, match="expected numbers from 2 to 10"):
        motif.draw(5, (1, 2))
    with pytest.raises(ValueError, match="expected letters from a, b, c, d"):
        motif.encode("abx")
    with pytest.raises(ValueError, match="the text is ''"):
        motif.encode("")


def test_tied_knows_the_motif_everywhere_and_untied_where_it_was() -> None:
    test = motif.draw(1000, rng=5)
    for network, late in ((motif.tied(4), 1.0), (motif.untied(4), 0.0)):
        motif.train(network, 4)
        right, wrong = motif.noticed(network, test)
        assert right[1:5].min() > 0.98
        assert right[5:] == pytest.approx([late] * 5, abs=0.02)
        assert wrong.max() < 0.02


@pytest.mark.parametrize("shape", [(4, 3, 3), (3, 2, 5), (5, 4, 3), (1, 1, 1)])
def test_summands_on_screen_are_those_given_and_add_up(shape: tuple[int, ...]) -> None:
    by_step = np.random.default_rng(2).standard_normal(shape)
    tied = by_step.sum(axis=0)
    stepper = show.copies.summands(by_step, tied)
    assert len(stepper.frames) == len(by_step) + 1
    for t, frame in enumerate(stepper.frames):
        shown = matrices(frame)
        for s in range(1, len(by_step) + 1):
            assert shown[f"dW {s}"] == as_shown(by_step[s - 1])
        assert shown[f"sum of {t} of {len(by_step)}"] == as_shown(by_step[:t].sum(axis=0))
        assert shown["tied dW"] == as_shown(tied)
    assert "below 1e-12" in stepper.frames[-1].sentence
    assert "below 1e-12" not in stepper.frames[0].sentence


def test_copies_on_screen_are_those_given() -> None:
    rng = np.random.default_rng(6)
    apart, together = rng.standard_normal((4, 3, 2, 5)), rng.standard_normal((4, 1, 2, 5))
    together = np.repeat(together, 3, axis=1)
    stepper = show.copies.drifting(apart, together)
    for n, frame in enumerate(stepper.frames):
        shown = matrices(frame)
        for s in range(1, 4):
            assert shown[f"each copy by its own gradient, W {s}"] == as_shown(apart[n, s - 1])
            key = f"all copies by the sum of the gradients, W {s}"
            assert shown[key] == as_shown(together[n, s - 1])
        assert f"{np.ptp(apart[n], axis=0).max():.4f}" in frame.sentence
        assert "differ by 0.0000." in frame.sentence


@pytest.mark.parametrize(("T_shown", "n_h"), [(1, 2), (10, 12), (100, 64), (37, 5)])
def test_counts_on_screen_are_the_numbers_of_weights(T_shown: int, n_h: int) -> None:
    cell = RNNCell(4, n_h)
    frame = show.copies.weight_counts(cell.parameters.vector.size, T_shown)
    shown = numbers_on_screen(frame)
    assert shown["tied"][T_shown] == cell.parameters.vector.size
    untied = Untied(SequenceModel(cell, 2), T_shown)
    of_cells = sum(copy.parameters.vector.size for copy in untied.cells)
    assert shown["untied"][T_shown] == of_cells
    assert f"{of_cells:,}" in frame.sentence


def test_pictures_of_copies_refuse_what_does_not_fit() -> None:
    one = np.zeros((4, 3, 3))
    for call, words in (
        (lambda: show.copies.summands(np.zeros((9, 3, 3)), np.zeros((3, 3))), "picture is full"),
        (lambda: show.copies.summands(one, np.zeros((3, 2))), "tied has the shape (3, 2)"),
        (lambda: show.copies.drifting(one[None], one[None, :2]), "expected the same"),
        (lambda: show.copies.drifting(one, one), "expected the same"),
        (lambda: show.copies.weight_counts(10, 0), "T is 0, expected 1 to 100"),
    ):
        with pytest.raises(ValueError, match=re.escape(words)):
            call()


def test_a_thousand_counts_leave_no_widget_behind() -> None:
    controls = {"T": show.slider(1, 100, 10), "n_h": show.slider(2, 64, 12)}
    box = show.Explore(
        lambda T, n_h: show.copies.weight_counts(RNNCell(4, n_h).parameters.vector.size, T),
        controls,
    )
    before = len(_instances)
    for number in range(1000):
        controls[("T", "n_h")[number % 2]].value = 2 + number % 60
    assert len(_instances) == before
    assert box.frame.sentence.startswith("T = ")
