"""Every gradient against finite differences, over shapes, masks, activations and wirings."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import (
    ACTIVATIONS,
    GRID,
    MASKS,
    WIRINGS,
    Case,
    assert_correct,
    bag_run,
    cell_errors,
    cell_run,
    make_mask,
    model_errors,
    model_run,
)

import rnn_core


def test_the_grid_has_at_least_60_combinations_that_hide_nothing():
    assert len(set(GRID)) >= 60
    for case in GRID:
        T, B, n_x, n_h = case.shape
        assert T >= 3 and len({T, B, n_x, n_h}) == 4
        mask = make_mask(case.mask, T, B)
        assert (mask is None) == (case.mask == "none")
        assert mask is None or not mask.all()


@pytest.mark.parametrize("case", GRID, ids=str)
def test_cell_gradients_agree_with_finite_differences(case):
    errors = cell_errors(case)
    assert set(errors) == {"Wxh", "W", "b", "x", "a_0"}
    assert_correct(errors)


@pytest.mark.parametrize("case", GRID[::7], ids=str)
def test_no_gradient_of_the_grid_is_zero(case):
    # Two zeros agree, so a check on zeros would check nothing.
    cell, x, a_0, mask, da, da_T = cell_run(case)
    trace = rnn_core.unroll(cell, x, a_0, mask)
    gradients = rnn_core.backpropagate(trace, da, da_T)
    for gradient in [*gradients.values(), trace.dx, trace.da_0]:
        assert abs(gradient).max() > 0.05


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradient_that_arrives_at_the_last_state_alone(activation, mask):
    case = Case((5, 2, 3, 4), mask, activation)
    cell, x, a_0, mask, da, da_T = cell_run(case)
    da[:] = 0.0

    def loss():
        return float((da_T * rnn_core.unroll(cell, x, a_0, mask).a_T).sum())

    trace = rnn_core.unroll(cell, x, a_0, mask)
    gradients = {**rnn_core.backpropagate(trace, da, da_T), "x": trace.dx, "a_0": trace.da_0}
    arrays = {**cell.parameters, "x": x, "a_0": a_0}
    assert_correct(rnn_core.check_gradients(loss, arrays, gradients))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradient_at_each_state_is_what_a_nudge_of_that_state_does(activation):
    cell, x, a_0, _, da, da_T = cell_run(Case((5, 2, 3, 4), "none", activation))
    trace = rnn_core.unroll(cell, x, a_0)
    rnn_core.backpropagate(trace, da, da_T)
    for t in range(1, trace.T):
        a_t = trace.a[t - 1].copy()

        def loss(a_t=a_t, t=t):
            rest = rnn_core.unroll(cell, x[t:], a_t)
            return float(
                (da[t - 1] * a_t).sum() + (da[t:] * rest.a).sum() + (da_T * rest.a_T).sum()
            )

        measured = rnn_core.numerical_gradient(loss, a_t)
        assert rnn_core.relative_error(trace.step(t).da, measured) < 1e-6


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("tokens", [False, True], ids=["x", "tokens"])
@pytest.mark.parametrize("wiring", WIRINGS)
def test_model_gradients_agree_with_finite_differences(wiring, tokens, mask):
    errors = model_errors(model_run(wiring, tokens=tokens, mask=mask))
    assert set(errors) >= {"Wxh", "W", "b", "Why", "by", "a_0", "E" if tokens else "x"}
    assert_correct(errors)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_model_gradients_with_every_activation(activation):
    run = model_run("many_to_many", tokens=True, mask="ragged", activation=activation)
    assert_correct(model_errors(run))


def test_one_to_one_gradients_agree_with_finite_differences():
    rng = np.random.default_rng(3)
    model = rnn_core.SequenceModel(rnn_core.RNNCell(4, 5), 3, rnn_core.one_to_one)
    model.parameters.vector[:] = rng.uniform(-0.9, 0.9, model.parameters.vector.size)
    x, a_0 = rng.standard_normal((1, 6, 4)), rng.standard_normal((6, 5))
    targets = rng.integers(0, 3, 6)

    def loss():
        return model.loss_and_gradients(x, targets, None, a_0)[0]

    _, gradients = model.loss_and_gradients(x, targets, None, a_0)
    assert abs(gradients["W"]).max() > 0.01
    assert_correct(rnn_core.check_gradients(loss, model.parameters, gradients))


@pytest.mark.parametrize("mask", MASKS)
def test_bag_of_words_gradients_agree_with_finite_differences(mask):
    run = bag_run(mask)
    errors = model_errors(run)
    # There is one step from a state of zeros, so W does nothing and its gradient is zero.
    assert not run.model.loss_and_gradients(*run[1:4])[1]["W"].any()
    assert_correct(errors)
