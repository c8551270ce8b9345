"""The crucial properties once more, on settings that Hypothesis makes up."""

from __future__ import annotations

import os

import numpy as np
import pytest
from helpers import ACTIVATIONS, fill

import rnn_core

hypothesis = pytest.importorskip(
    "hypothesis", reason="Hypothesis makes up these settings (pip install hypothesis)."
)
given, settings, st = hypothesis.given, hypothesis.settings, hypothesis.strategies

# In CI the same examples each time: a red build must be about the change.
steady = settings(deadline=None, max_examples=60, derandomize=bool(os.environ.get("CI")))
TINY = {"rtol": 1e-10, "atol": 1e-11}


@st.composite
def runs(draw):
    """Draw a cell, a padded batch and gradients that arrive: sizes from 1 up, any lengths."""
    T, B, n_x, n_h = (draw(st.integers(1, top)) for top in (7, 5, 4, 6))
    lengths = draw(st.lists(st.integers(1, T), min_size=B, max_size=B))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    cell = rnn_core.RNNCell(n_x, n_h, activation=draw(st.sampled_from(ACTIVATIONS)))
    fill(cell.parameters, rng)
    mask = rnn_core.lengths_to_mask(lengths, T)
    x, a_0 = rng.standard_normal((T, B, n_x)), rng.standard_normal((B, n_h))
    return cell, x, a_0, mask, rng.standard_normal((T, B, n_h)), rng.standard_normal((B, n_h))


def finished(cell, x, a_0, mask, da, da_T):
    trace = rnn_core.unroll(cell, x, a_0, mask)
    return trace, rnn_core.backpropagate(trace, da, da_T)


@steady
@given(runs())
def test_a_padded_batch_is_its_sequences_one_by_one(run):
    cell, x, a_0, mask, da, da_T = run
    trace, gradients = finished(*run)
    total = np.zeros_like(gradients.vector)
    for b, length in enumerate(mask.sum(axis=0)):
        one = slice(b, b + 1)
        # What arrives at the padding arrives at the last real state, which was handed on.
        at_last = da_T[one] + da[length:, one].sum(axis=0)
        alone, own = finished(cell, x[:length, one], a_0[one], None, da[:length, one], at_last)
        np.testing.assert_allclose(trace.a[:length, one], alone.a, **TINY)
        np.testing.assert_allclose(trace.a_T[one], alone.a_T, **TINY)
        np.testing.assert_allclose(trace.dx[:length, one], alone.dx, **TINY)
        np.testing.assert_allclose(trace.da_0[one], alone.da_0, **TINY)
        assert not trace.dx[length:, one].any()
        total += own.vector
    np.testing.assert_allclose(gradients.vector, total, **TINY)


@steady
@given(runs(), st.data())
def test_a_split_run_is_the_whole(run, data):
    cell, x, a_0, _, da, da_T = run
    if len(x) == 1:
        x, da = np.concatenate([x, x]), np.concatenate([da, -da])
    cut = data.draw(st.integers(1, len(x) - 1))
    whole, gradients = finished(cell, x, a_0, None, da, da_T)
    early = rnn_core.unroll(cell, x[:cut], a_0)
    late, after = finished(cell, x[cut:], early.a_T, None, da[cut:], da_T)
    before = rnn_core.backpropagate(early, da[:cut], late.da_0)
    np.testing.assert_allclose(before.vector + after.vector, gradients.vector, **TINY)
    np.testing.assert_allclose(early.da_0, whole.da_0, **TINY)


@steady
@given(runs())
def test_single_steps_add_up(run):
    trace, gradients = finished(*run)
    for name in ("Wxh", "W", "b"):
        summands = [getattr(trace.step(t), "d" + name) for t in range(1, trace.T + 1)]
        np.testing.assert_allclose(sum(summands), gradients[name], **TINY)


@steady
@given(runs(), st.floats(-3, 3), st.floats(-3, 3))
def test_backpropagation_is_linear_in_what_arrives(run, p, q):
    cell, x, a_0, mask, da, da_T = run
    other = np.random.default_rng(0).standard_normal(da.shape)
    _, first = finished(*run)
    _, second = finished(cell, x, a_0, mask, other, None)
    _, mixed = finished(cell, x, a_0, mask, p * da + q * other, p * da_T)
    np.testing.assert_allclose(mixed.vector, p * first.vector + q * second.vector, **TINY)


@steady
@given(
    st.integers(1, 6),
    st.integers(2, 5),
    st.floats(-1e4, 1e4),
    st.integers(0, 2**32 - 1),
)
def test_a_constant_added_to_all_logits_changes_no_loss(n, n_y, constant, seed):
    rng = np.random.default_rng(seed)
    y, targets = rng.standard_normal((n, n_y)), rng.integers(0, n_y, n)
    loss, dy = rnn_core.softmax_cross_entropy(y, targets)
    moved, moved_dy = rnn_core.softmax_cross_entropy(y + constant, targets)
    assert abs(moved - loss) < 1e-9
    np.testing.assert_allclose(moved_dy, dy, atol=1e-9)
    np.testing.assert_allclose(dy.sum(axis=-1), 0.0, atol=1e-15)


@steady
@given(st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=6), min_size=1, max_size=4))
def test_a_bag_is_the_same_for_any_order(sentences):
    model = rnn_core.BagOfWords(6, 3, 4, 2)
    T = max(map(len, sentences))
    mask = rnn_core.lengths_to_mask([len(s) for s in sentences], T)
    tokens = np.array([s + [0] * (T - len(s)) for s in sentences]).T
    backwards = np.array([s[::-1] + [5] * (T - len(s)) for s in sentences]).T
    np.testing.assert_array_equal(model.counts(tokens, mask), model.counts(backwards, mask))
    np.testing.assert_array_equal(model.forward(tokens, mask).y, model.forward(backwards, mask).y)
