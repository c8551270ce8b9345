"""What must hold for any numbers: batching, splitting, padding, sharing, causality, copies."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from helpers import (
    ACTIVATIONS,
    GRID,
    MASKS,
    SHAPES,
    Case,
    assert_correct,
    bag_run,
    cell_run,
    make_mask,
    model_run,
)

import rnn_core

TINY = {"rtol": 1e-12, "atol": 1e-13}
F = {
    "tanh": np.tanh,
    "relu": lambda z: np.where(z > 0, z, 0),
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "identity": lambda z: z,
}
SLOPE = {
    "tanh": lambda z: 1 / np.cosh(z) ** 2,
    "relu": lambda z: (z > 0).astype(float),
    "sigmoid": lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2,
    "identity": lambda z: np.ones_like(z),
}


def run(case):
    """Return a finished trace with its gradients."""
    cell, x, a_0, mask, da, da_T = cell_run(case)
    trace = rnn_core.unroll(cell, x, a_0, mask)
    return trace, rnn_core.backpropagate(trace, da, da_T), da, da_T


def close(a, b):
    np.testing.assert_allclose(a, b, **TINY)


# --- batches and splits ----------------------------------------------------------------------


@pytest.mark.parametrize("case", [c for c in GRID if c.shape[1] > 1][::3], ids=str)
def test_a_batch_is_its_sequences_one_by_one(case):
    cell, x, a_0, mask, da, da_T = cell_run(case)
    trace = rnn_core.unroll(cell, x, a_0, mask)
    gradients = rnn_core.backpropagate(trace, da, da_T)
    total = gradients.like()
    for b in range(case.shape[1]):
        one = slice(b, b + 1)
        alone = rnn_core.unroll(cell, x[:, one], a_0[one], None if mask is None else mask[:, one])
        total.vector += rnn_core.backpropagate(alone, da[:, one], da_T[one]).vector
        close(alone.a, trace.a[:, one])
        close(alone.dx, trace.dx[:, one])
        close(alone.da_0, trace.da_0[one])
    close(total.vector, gradients.vector)


def assert_split_equals_whole(case, cut):
    cell, x, a_0, _, da, da_T = cell_run(case)
    whole = rnn_core.unroll(cell, x, a_0)
    gradients = rnn_core.backpropagate(whole, da, da_T)
    early = rnn_core.unroll(cell, x[:cut], a_0)
    late = rnn_core.unroll(cell, x[cut:], early.a_T)
    close(np.concatenate([early.a, late.a]), whole.a)
    # The gradient crosses the cut as the state did, the other way round.
    total = rnn_core.backpropagate(late, da[cut:], da_T).vector
    total = total + rnn_core.backpropagate(early, da[:cut], late.da_0).vector
    close(total, gradients.vector)
    close(np.concatenate([early.dx, late.dx]), whole.dx)
    close(early.da_0, whole.da_0)


@pytest.mark.parametrize("cut", [1, 3, 5])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_sequence_split_with_its_state_handed_on_is_the_whole(activation, cut):
    assert_split_equals_whole(Case((6, 4, 5, 3), "none", activation), cut)


# --- padding ---------------------------------------------------------------------------------


@pytest.mark.parametrize("wiring", ["many_to_one", "many_to_many", "many_to_many_unequal"])
@pytest.mark.parametrize("tokens", [False, True], ids=["x", "tokens"])
def test_what_stands_in_the_padding_changes_nothing(wiring, tokens):
    model, x, targets, mask, a_0 = model_run(wiring, tokens=tokens, mask="ragged")
    before = model.loss_and_gradients(x, targets, mask, a_0)
    accuracy = model.accuracy(x, targets, mask)
    other, others = x.copy(), targets.copy()
    other[~mask] = 7 - x[~mask] if tokens else 1e9
    if targets.ndim == 2:
        emitted = mask[model.wiring(len(x)).emitting]
        others[~emitted] = 6 - targets[~emitted]
    after = model.loss_and_gradients(other, others, mask, a_0)
    assert after[0] == before[0]
    np.testing.assert_array_equal(after[1].vector, before[1].vector)
    assert model.accuracy(other, others, mask) == accuracy


@pytest.mark.parametrize("wiring", ["many_to_one", "many_to_many"])
@pytest.mark.parametrize("tokens", [False, True], ids=["x", "tokens"])
def test_more_padding_changes_nothing(wiring, tokens):
    model, x, targets, mask, a_0 = model_run(wiring, tokens=tokens, mask="ragged")
    T = len(x)
    longer_x = np.concatenate([x, x[:2]])
    longer_mask = np.concatenate([mask, np.zeros((2, mask.shape[1]), bool)])
    longer = targets if targets.ndim == 1 else np.concatenate([targets, targets[:2]])
    loss, gradients = model.loss_and_gradients(x, targets, mask, a_0)
    padded_loss, padded = model.loss_and_gradients(longer_x, longer, longer_mask, a_0)
    assert padded_loss == pytest.approx(loss, rel=1e-13)
    close(padded.vector, gradients.vector)
    assert model.accuracy(longer_x, longer, longer_mask) == model.accuracy(x, targets, mask)
    trace = model.forward(longer_x, longer_mask, a_0)
    close(trace.a_T, model.forward(x, mask, a_0).a_T)
    np.testing.assert_array_equal(trace.a[T:], np.broadcast_to(trace.a_T, trace.a[T:].shape))


def test_a_padded_batch_is_its_sequences_without_padding():
    model, x, targets, mask, a_0 = model_run("many_to_many", tokens=True, mask="short")
    loss, gradients = model.loss_and_gradients(x, targets, mask, a_0)
    total, mean = np.zeros_like(gradients.vector), 0.0
    for b, length in enumerate(mask.sum(axis=0)):
        one = slice(b, b + 1)
        value, gradient = model.loss_and_gradients(
            x[:length, one], targets[:length, one], None, a_0[one]
        )
        mean += value * length / mask.sum()
        total += gradient.vector * length / mask.sum()
    assert mean == pytest.approx(loss, rel=1e-13)
    close(total, gradients.vector)


def test_accuracy_leaves_padding_out():
    model, x, _, mask, _ = model_run("many_to_many", tokens=True, mask="ragged")
    targets = model.predict(x, mask)
    assert model.accuracy(x, targets, mask) == 1.0
    targets[~mask] = (targets[~mask] + 1) % 7
    assert model.accuracy(x, targets, mask) == 1.0
    targets[0, 0] = (targets[0, 0] + 1) % 7
    assert model.accuracy(x, targets, mask) == pytest.approx(1 - 1 / mask.sum())


def test_each_sequence_emits_from_its_own_last_state():
    model, x, _, mask, a_0 = model_run("many_to_one", tokens=False, mask="short")
    y = model.forward(x, mask, a_0).y
    for b, length in enumerate(mask.sum(axis=0)):
        alone = model.forward(x[:length, b : b + 1], None, a_0[b : b + 1])
        close(y[0, b], alone.y[0, 0])


# --- single steps ----------------------------------------------------------------------------


@pytest.mark.parametrize("case", GRID[::2], ids=str)
def test_contributions_of_single_steps_add_up_to_the_gradients(case):
    trace, gradients, _, _ = run(case)
    steps = [trace.step(t) for t in range(1, trace.T + 1)]
    for name in ("Wxh", "W", "b"):
        close(sum(getattr(step, "d" + name) for step in steps), gradients[name])
        if case.mask == "none":
            assert all(abs(getattr(step, "d" + name)).max() > 1e-6 for step in steps)


@pytest.mark.parametrize("case", GRID[::2], ids=str)
def test_two_gradients_meet_at_each_state(case):
    trace, _, da, da_T = run(case)
    real = np.ones((trace.T, trace.B), bool) if trace.mask is None else trace.mask
    for t in range(1, trace.T + 1):
        step = trace.step(t)
        close(step.da_from_y + step.da_from_next, step.da)
        # From its own output and from the padding after it, which hands its state on.
        own = np.where(real[t - 1][:, None], da[t - 1], 0.0)
        last = real[t - 1] & (~real[t] if t < trace.T else True)
        own[last] += (da[t:] * ~real[t:, :, None]).sum(axis=0)[last]
        close(step.da_from_y, own)
        arrives = np.where(last[:, None], da_T, 0.0)
        if t < trace.T:
            arrives += trace.step(t + 1).dz @ trace.cell.W.T
        close(step.da_from_next, arrives)


@pytest.mark.parametrize("case", GRID[::2], ids=str)
def test_the_equation_of_each_step(case):
    trace, _, _, _ = run(case)
    real = np.ones((trace.T, trace.B), bool) if trace.mask is None else trace.mask
    for t in range(1, trace.T + 1):
        step, here = trace.step(t), real[t - 1]
        close(step.z, step.from_x + step.from_a + trace.cell.b)
        close(F[case.activation](step.z)[here], step.a[here])
        close((step.da * SLOPE[case.activation](step.z))[here], step.dz[here])
        np.testing.assert_array_equal(step.a[~here], step.a_prev[~here])
        assert not step.dz[~here].any() and not step.da[~here].any()
        if t > 1:
            np.testing.assert_array_equal(step.a_prev, trace.step(t - 1).a)


def test_single_steps_are_views_and_not_copies():
    trace, _, _, _ = run(GRID[0])
    step = trace.step(2)
    assert np.shares_memory(step.a, trace.a) and np.shares_memory(step.a_prev, trace.a)
    assert np.shares_memory(step.x, trace.x) and np.shares_memory(step.dz, trace.dz)
    assert np.shares_memory(step.da, trace.da)


# --- time ------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_an_input_never_influences_an_earlier_state(activation):
    cell, x, a_0, _, _, _ = cell_run(Case((5, 2, 3, 4), "none", activation))
    before = rnn_core.unroll(cell, x, a_0).a
    for t in range(5):
        changed = x.copy()
        changed[t] += 0.5
        after = rnn_core.unroll(cell, changed, a_0).a
        np.testing.assert_array_equal(after[:t], before[:t])
        assert abs(after[t:] - before[t:]).max(axis=(1, 2)).min() > 1e-6


@pytest.mark.parametrize("t", range(1, 6))
def test_the_gradient_of_one_output_stops_at_its_own_step(t):
    cell, x, a_0, _, da, _ = cell_run(Case((5, 2, 3, 4), "none", "tanh"))
    da[np.arange(5) != t - 1] = 0.0
    trace = rnn_core.unroll(cell, x, a_0)
    rnn_core.backpropagate(trace, da)
    assert not trace.dx[t:].any() and trace.dx[:t].all()


def test_many_to_one_sees_the_last_state_alone():
    model, x, targets, _, a_0 = model_run("many_to_one", tokens=False)
    trace = model.forward(x, None, a_0)
    close(trace.y[0], trace.a_T @ model.Why + model.by)
    loss, dy = rnn_core.softmax_cross_entropy(trace.y, targets[None])
    model.backward(trace, dy)
    assert not trace.da_from_y[:-1].any() and trace.da_from_y[-1].all()
    assert loss == model.loss_and_gradients(x, targets, None, a_0)[0]


def test_a_step_that_does_not_read_ignores_its_input():
    model, x, _, _, a_0 = model_run("one_to_many", tokens=False)
    changed = x.copy()
    changed[1:] = 100.0
    np.testing.assert_array_equal(
        model.forward(changed, None, a_0).y, model.forward(x, None, a_0).y
    )
    changed[0] += 0.1
    assert (model.forward(changed, None, a_0).y != model.forward(x, None, a_0).y).any()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_one_step_from_a_state_of_zeros_leaves_W_without_gradient(activation):
    cell, x, a_0, _, da, _ = cell_run(Case((3, 2, 4, 5), "none", activation))
    trace = rnn_core.unroll(cell, x[:1])
    gradients = rnn_core.backpropagate(trace, da[:1])
    assert not gradients["W"].any() and gradients["Wxh"].any()
    trace = rnn_core.unroll(cell, x[:1], a_0)
    assert rnn_core.backpropagate(trace, da[:1])["W"].any()


def test_the_initial_state_is_zero_unless_given():
    cell, x, _, _, _, _ = cell_run(GRID[0])
    zeros = rnn_core.unroll(cell, x, np.zeros((x.shape[1], cell.n_h)))
    np.testing.assert_array_equal(rnn_core.unroll(cell, x).a, zeros.a)
    assert not rnn_core.unroll(cell, x).a_prev[0].any()


# --- the same weights at every step ----------------------------------------------------------


def untied(case):
    """Return the gradients of T copies of the weights, one per step, computed naively.

    One sequence at a time, one product of vectors at a time, no mask, no batch: an oracle that
    shares no line and no idea of speed with the package.
    """
    cell, x, a_0, _, da, da_T = cell_run(case)
    T, B, n_x, n_h = case.shape
    copies = [(cell.Wxh.copy(), cell.W.copy(), cell.b.copy()) for _ in range(T)]
    sums = [(np.zeros((n_x, n_h)), np.zeros((n_h, n_h)), np.zeros(n_h)) for _ in range(T)]
    for b in range(B):
        states, before = [a_0[b]], []
        for t in range(T):
            Wxh, W, bias = copies[t]
            z = [
                sum(x[t, b, i] * Wxh[i, j] for i in range(n_x))
                + sum(states[-1][i] * W[i, j] for i in range(n_h))
                + bias[j]
                for j in range(n_h)
            ]
            before.append(np.array(z))
            states.append(F[case.activation](before[-1]))
        arrives = da_T[b]
        for t in range(T - 1, -1, -1):
            _, W, _ = copies[t]
            dz = (da[t, b] + arrives) * SLOPE[case.activation](before[t])
            sums[t][0][...] += np.outer(x[t, b], dz)
            sums[t][1][...] += np.outer(states[t], dz)
            sums[t][2][...] += dz
            arrives = np.array([sum(dz[j] * W[i, j] for j in range(n_h)) for i in range(n_h)])
    return sums


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("shape", SHAPES[:3])
def test_tied_gradient_is_the_sum_over_untied_copies(shape, activation):
    case = Case(shape, "none", activation)
    trace, gradients, _, _ = run(case)
    copies = untied(case)
    for i, name in enumerate(("Wxh", "W", "b")):
        close(gradients[name], sum(copy[i] for copy in copies))
        for t, step_copy in enumerate(copies, start=1):
            close(getattr(trace.step(t), "d" + name), step_copy[i])


# --- bag of words ----------------------------------------------------------------------------


def test_the_same_words_in_another_order_are_the_same_bag():
    model, tokens, targets, _, _ = bag_run("none")
    rng = np.random.default_rng(0)
    shuffled = np.stack([rng.permutation(column) for column in tokens.T], axis=1)
    assert (shuffled != tokens).any()
    np.testing.assert_array_equal(model.counts(shuffled), model.counts(tokens))
    np.testing.assert_array_equal(model.forward(shuffled).y, model.forward(tokens).y)
    loss, gradients = model.loss_and_gradients(tokens, targets)
    other_loss, other = model.loss_and_gradients(shuffled, targets)
    assert other_loss == loss
    np.testing.assert_array_equal(other.vector, gradients.vector)


def test_a_bag_counts_real_words_only():
    model, tokens, targets, mask, _ = bag_run("ragged")
    expected = np.zeros((tokens.shape[1], 5), int)
    for t, b in np.argwhere(mask):
        expected[b, tokens[t, b]] += 1
    np.testing.assert_array_equal(model.counts(tokens, mask), expected)
    other = tokens.copy()
    other[~mask] = 4 - tokens[~mask]
    loss, gradients = model.loss_and_gradients(tokens, targets, mask)
    assert model.loss_and_gradients(other, targets, mask)[0] == loss
    np.testing.assert_array_equal(
        model.loss_and_gradients(other, targets, mask)[1].vector, gradients.vector
    )


def test_an_rnn_does_not_see_permuted_sentences_as_equal():
    model, tokens, _, _, _ = model_run("many_to_one", tokens=True)
    swapped = tokens[[1, 0, *range(2, len(tokens))]]
    assert (swapped != tokens).any()
    assert abs(model.forward(swapped).y - model.forward(tokens).y).max() > 1e-3


# --- weights, copies, types ------------------------------------------------------------------


def views_one_vector(network):
    return all(np.shares_memory(a, network.parameters.vector) for a in network.parameters.values())


MAKE = {
    "cell": lambda: rnn_core.RNNCell(3, 4, activation="relu", rng=1),
    "readout": lambda: rnn_core.Readout(3, 4, rng=1),
    "model": lambda: rnn_core.SequenceModel(rnn_core.RNNCell(3, 4, rng=1), 5, n_tokens=6),
    "bag": lambda: rnn_core.BagOfWords(6, 3, 4, 5, rng=1),
}


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))], ids=["deepcopy", "pickle"]
)
@pytest.mark.parametrize("kind", MAKE)
def test_copies_have_a_vector_of_their_own_which_their_weights_view(kind, copied):
    original = MAKE[kind]()
    other = copied(original)
    np.testing.assert_array_equal(other.parameters.vector, original.parameters.vector)
    assert list(other.parameters) == list(original.parameters)
    assert not np.shares_memory(other.parameters.vector, original.parameters.vector)
    assert views_one_vector(other)
    before = original.parameters.vector.copy()
    other.parameters.vector[:] = 0.25
    for name in other.parameters:
        assert (getattr(other, name) == 0.25).all()
    np.testing.assert_array_equal(original.parameters.vector, before)


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))], ids=["deepcopy", "pickle"]
)
def test_a_copied_model_computes_and_trains_like_the_original(copied):
    model, x, targets, mask, a_0 = model_run("many_to_one", tokens=True, mask="ragged")
    model.wiring = rnn_core.many_to_one
    other = copied(model)
    loss, gradients = model.loss_and_gradients(x, targets, mask, a_0)
    other_loss, other_gradients = other.loss_and_gradients(x, targets, mask, a_0)
    assert other_loss == loss
    np.testing.assert_array_equal(other_gradients.vector, gradients.vector)
    # Training writes into the vector; the parts must see it.
    rnn_core.SGD(0.5).update(other.parameters.vector, other_gradients.vector)
    assert np.shares_memory(other.cell.W, other.parameters.vector)
    assert other.loss_and_gradients(x, targets, mask, a_0)[0] < loss
    assert model.loss_and_gradients(x, targets, mask, a_0)[0] == loss


def test_assigning_weights_copies_them_into_the_vector():
    model = MAKE["model"]()
    values = np.full((4, 4), 0.5)
    model.cell.W = values
    assert (model.parameters["W"] == 0.5).all() and (model.W == 0.5).all()
    values[:] = 7.0
    assert (model.cell.W == 0.5).all()
    model.Why = np.ones((4, 5))
    assert (model.readout.Why == 1.0).all()
    model.cell.b += 2.0
    assert (model.parameters["b"] == 2.0).all()
    assert views_one_vector(model) and views_one_vector(model.cell)
    model.parameters.vector[:] = 0.0
    assert not any(getattr(model, name).any() for name in ("E", "Wxh", "W", "b", "Why", "by"))


def test_joining_a_model_keeps_the_weights():
    cell = rnn_core.RNNCell(3, 4, rng=1)
    W, Wxh = cell.W.copy(), cell.Wxh.copy()
    model = rnn_core.SequenceModel(cell, 5)
    np.testing.assert_array_equal(model.W, W)
    np.testing.assert_array_equal(model.Wxh, Wxh)
    assert model.parameters.vector.size == 3 * 4 + 4 * 4 + 4 + 4 * 5 + 5


def test_a_cell_joins_one_model_only():
    cell = rnn_core.RNNCell(3, 4, rng=1)
    first = rnn_core.SequenceModel(cell, 5)
    with pytest.raises(ValueError, match="RNNCell already belongs to a model"):
        rnn_core.SequenceModel(cell, 6)
    assert np.shares_memory(cell.W, first.parameters.vector)
    second = rnn_core.SequenceModel(copy.deepcopy(cell), 6)
    second.parameters.vector[:] = 0.0
    assert first.parameters.vector.any()


def test_float32_stays_float32():
    x = np.random.default_rng(0).standard_normal((4, 3, 2))
    cell = rnn_core.RNNCell(2, 5, dtype=np.float32)
    mask = make_mask("ragged", 4, 3)
    trace = rnn_core.unroll(cell, x, np.ones((3, 5)), mask)
    gradients = rnn_core.backpropagate(trace, np.ones((4, 3, 5)), np.ones((3, 5)))
    step = trace.step(2)
    arrays = [trace.x, trace.a, trace.a_T, trace.da, trace.dz, trace.dx, trace.da_0]
    arrays += [step.z, step.dW, step.dWxh, step.db, gradients.vector, *gradients.values()]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


@pytest.mark.parametrize("kind", ["x", "tokens", "one_to_many", "bag"])
def test_models_in_float32_stay_float32(kind):
    rng = np.random.default_rng(0)
    wiring = rnn_core.one_to_many if kind == "one_to_many" else rnn_core.many_to_many
    if kind == "bag":
        model = rnn_core.BagOfWords(6, 3, 4, 5, dtype=np.float32)
    else:
        cell = rnn_core.RNNCell(3, 4, dtype=np.float32)
        model = rnn_core.SequenceModel(cell, 5, wiring, n_tokens=6 if kind == "tokens" else None)
    x = rng.integers(0, 6, (4, 2)) if kind in ("tokens", "bag") else rng.standard_normal((4, 2, 3))
    mask = make_mask("ragged", 4, 2)
    targets = rng.integers(0, 5, 2 if kind == "bag" else (4, 2))
    trace = model.forward(x, mask)
    _, gradients = model.loss_and_gradients(x, targets, mask)
    optimizer = rnn_core.Adam()
    optimizer.update(model.parameters.vector, gradients.vector)
    arrays = [trace.x, trace.a, trace.y, gradients.vector, model.parameters.vector]
    arrays += [optimizer.m, optimizer.v, rnn_core.softmax(trace.y)]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


def test_float32_gradients_are_those_of_float64_rounded():
    run64 = model_run("many_to_many", tokens=True, mask="ragged")
    model32 = rnn_core.SequenceModel(
        rnn_core.RNNCell(4, 6, dtype=np.float32), 7, rnn_core.many_to_many, n_tokens=8
    )
    model32.parameters.vector[:] = run64.model.parameters.vector
    loss, gradients = run64.model.loss_and_gradients(*run64[1:])
    loss32, gradients32 = model32.loss_and_gradients(*run64[1:])
    assert loss32 == pytest.approx(loss, rel=1e-5)
    assert_correct(
        {n: rnn_core.relative_error(gradients32[n], gradients[n]) for n in gradients}, 1e-5
    )


@pytest.mark.parametrize("kind", MAKE)
def test_the_same_seed_gives_the_same_weights(kind):
    first, second = MAKE[kind]().parameters.vector, MAKE[kind]().parameters.vector
    np.testing.assert_array_equal(first, second)


def test_another_seed_gives_other_weights():
    cells = [rnn_core.RNNCell(3, 4, rng=seed) for seed in (0, 1)]
    cells.append(rnn_core.RNNCell(3, 4, rng=np.random.default_rng(2)))
    W = [cell.W for cell in cells]
    assert (W[0] != W[1]).any() and (W[0] != W[2]).any()
    np.testing.assert_array_equal(W[0], rnn_core.RNNCell(3, 4, rng=np.random.default_rng(0)).W)


def test_W_starts_orthogonal_and_biases_at_zero():
    cell = rnn_core.RNNCell(3, 6)
    np.testing.assert_allclose(cell.W @ cell.W.T, np.eye(6), atol=1e-14)
    assert not cell.b.any()


def test_a_run_leaves_its_inputs_as_they_were():
    model, x, targets, mask, a_0 = model_run("with gaps", tokens=False, mask="ragged")
    before = [copy.deepcopy(array) for array in (x, targets, mask, a_0)]
    weights = model.parameters.vector.copy()
    model.loss_and_gradients(x, targets, mask, a_0)
    for array, old in zip((x, targets, mask, a_0), before, strict=True):
        np.testing.assert_array_equal(array, old)
    np.testing.assert_array_equal(model.parameters.vector, weights)


def test_backpropagating_twice_gives_the_same_gradients():
    cell, x, a_0, mask, da, da_T = cell_run(Case((5, 2, 3, 4), "ragged", "tanh"))
    trace = rnn_core.unroll(cell, x, a_0, mask)
    first = rnn_core.backpropagate(trace, da, da_T)
    kept = da.copy()
    second = rnn_core.backpropagate(trace, da, da_T)
    np.testing.assert_array_equal(first.vector, second.vector)
    np.testing.assert_array_equal(da, kept)


@pytest.mark.parametrize("mask", MASKS)
def test_inputs_of_any_memory_layout_give_the_same(mask):
    cell, x, a_0, mask, da, da_T = cell_run(Case((5, 2, 3, 4), mask, "tanh"))
    trace = rnn_core.unroll(cell, x, a_0, mask)
    gradients = rnn_core.backpropagate(trace, da, da_T)
    odd = rnn_core.unroll(
        cell, np.asfortranarray(x), a_0.tolist(), None if mask is None else mask.tolist()
    )
    wide = np.repeat(da, 2, axis=2)[:, :, ::2]
    others = rnn_core.backpropagate(odd, wide, np.asfortranarray(da_T))
    close(odd.a, trace.a)
    close(others.vector, gradients.vector)


def test_a_misspelt_weight_does_not_go_unseen() -> None:
    cell = rnn_core.RNNCell(2, 3)
    with pytest.raises(AttributeError, match="RNNCell has no Whh, expected one of Wxh, W, b"):
        cell.Whh = np.eye(3)


def test_the_answer_s_gradient_stands_at_each_sequence_s_own_last_step() -> None:
    rng = np.random.default_rng(11)
    cell = rnn_core.RNNCell(3, 5, rng=rng)
    model = rnn_core.SequenceModel(cell, 4, rnn_core.many_to_one, rng=rng)
    x, lengths = rng.standard_normal((6, 3, 3)), [6, 2, 4]
    trace = model.forward(x, rnn_core.lengths_to_mask(lengths, 6))
    dy = rng.standard_normal(trace.y.shape)
    model.backward(trace, dy)
    for b, last in enumerate(lengths):
        expected = np.zeros((6, 5))
        expected[last - 1] = dy[0, b] @ model.readout.Why.T
        np.testing.assert_allclose(trace.da_from_y[:, b], expected, rtol=1e-12)
        from_next = [trace.step(t).da_from_next[b] for t in range(1, 7)]
        assert not np.any(from_next[last - 1 :])
        assert np.all(from_next[last - 2])
