"""Softmax and its loss at the edges of arithmetic, the gradient check itself, and the wirings."""

from __future__ import annotations

import numpy as np
import pytest

import rnn_core

# --- softmax and cross-entropy -----------------------------------------------------------------


def test_softmax_gives_probabilities_along_the_last_axis():
    y = np.random.default_rng(0).standard_normal((4, 3, 5))
    p = rnn_core.softmax(y)
    np.testing.assert_allclose(p, np.exp(y) / np.exp(y).sum(axis=-1, keepdims=True), rtol=1e-14)
    np.testing.assert_allclose(p.sum(axis=-1), 1.0, rtol=1e-14)


def test_softmax_takes_a_list():
    np.testing.assert_allclose(rnn_core.softmax([0.0, np.log(3.0)]), [0.25, 0.75])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_huge_logits_overflow_nowhere(dtype):
    y = np.array([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4], [1e4, 1e4, -1e4]], dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        p = rnn_core.softmax(y)
        loss, dy = rnn_core.softmax_cross_entropy(y, [1, 2, 0])
    np.testing.assert_allclose(p, [[1, 0, 0], [1 / 3] * 3, [0.5, 0.5, 0]], rtol=1e-6)
    assert loss == pytest.approx((2e4 + np.log(3) + np.log(2)) / 3, rel=1e-6)
    np.testing.assert_allclose(3 * dy[0], [1, -1, 0], atol=1e-6)


def test_loss_is_the_mean_of_the_surprise_and_leaves_its_inputs_alone():
    rng = np.random.default_rng(1)
    y, targets = rng.standard_normal((4, 3, 5)), rng.integers(0, 5, (4, 3))
    kept, p = y.copy(), rnn_core.softmax(y)
    loss, dy = rnn_core.softmax_cross_entropy(y, targets)
    expected = [-np.log(p[i][targets[i]]) for i in np.ndindex(4, 3)]
    assert loss == pytest.approx(np.mean(expected), rel=1e-13)
    np.testing.assert_array_equal(y, kept)
    assert dy.shape == y.shape and not np.shares_memory(dy, y)


@pytest.mark.parametrize("weighted", [False, True])
def test_gradient_of_the_loss_agrees_with_finite_differences(weighted):
    rng = np.random.default_rng(2)
    y, targets = rng.standard_normal((3, 2, 4)), rng.integers(0, 4, (3, 2))
    weights = np.array([[0.5, 0.0], [2.0, 1.0], [0.1, 0.7]]) if weighted else None
    _, dy = rnn_core.softmax_cross_entropy(y, targets, weights)
    measured = rnn_core.numerical_gradient(
        lambda: rnn_core.softmax_cross_entropy(y, targets, weights)[0], y
    )
    assert rnn_core.relative_error(dy, measured) < 1e-9
    if weighted:
        assert not dy[0, 1].any()


def test_weights_count_by_their_share():
    rng = np.random.default_rng(3)
    y, targets = rng.standard_normal((4, 3)), rng.integers(0, 3, 4)
    weights = np.array([1.0, 0.0, 2.0, 1.0])
    loss, dy = rnn_core.softmax_cross_entropy(y, targets, weights)
    twice, dy_twice = rnn_core.softmax_cross_entropy(y[[0, 2, 2, 3]], targets[[0, 2, 2, 3]])
    assert loss == pytest.approx(twice, rel=1e-14)
    np.testing.assert_allclose(dy[2], dy_twice[1] + dy_twice[2], rtol=1e-13)
    scaled, _ = rnn_core.softmax_cross_entropy(y, targets, 100 * weights)
    assert scaled == pytest.approx(loss, rel=1e-14)


# --- the referee itself ----------------------------------------------------------------------


def quadratic():
    """Return w, the loss w.A.w, and its true gradient."""
    rng = np.random.default_rng(4)
    A, w = rng.standard_normal((4, 4)), rng.standard_normal(4)
    return w, lambda: float(w @ A @ w), (A + A.T) @ w


def test_a_correct_gradient_has_a_tiny_error():
    w, loss, gradient = quadratic()
    assert rnn_core.check_gradients(loss, {"w": w}, {"w": gradient})["w"] < 1e-9


@pytest.mark.parametrize(
    ("spoil", "least"),
    [
        (lambda g: 2 * g, 0.3),
        (lambda g: -g, 0.99),
        (lambda g: 0 * g, 0.99),
        (lambda g: g * (1 + 1e-4), 1e-5),
        (lambda g: np.where(np.arange(4) == 2, 0, g), 1e-2),
    ],
    ids=["doubled", "negated", "zero", "off by 1e-4", "one entry lost"],
)
def test_a_wrong_gradient_has_a_large_error(spoil, least):
    w, loss, gradient = quadratic()
    assert rnn_core.check_gradients(loss, {"w": w}, {"w": spoil(gradient)})["w"] > least


def test_a_gradient_that_is_no_number_does_not_pass():
    w, loss, gradient = quadratic()
    gradient[1] = np.nan
    assert not rnn_core.check_gradients(loss, {"w": w}, {"w": gradient})["w"] < 1e-6


def test_each_name_has_its_own_error():
    w, loss, gradient = quadratic()
    other = np.ones((2, 3))
    errors = rnn_core.check_gradients(
        lambda: loss() + float((other**2).sum()),
        {"w": w, "other": other},
        {"w": gradient, "other": other},
    )
    assert errors["w"] < 1e-9 and errors["other"] == pytest.approx(1 / 3, rel=1e-6)
    with pytest.raises(KeyError, match="other"):
        rnn_core.check_gradients(loss, {"other": other}, {"w": gradient})


def test_the_array_is_left_as_it_was():
    w, loss, _ = quadratic()
    kept = w.copy()
    rnn_core.numerical_gradient(loss, w)
    np.testing.assert_array_equal(w, kept)


def test_the_array_is_left_as_it_was_even_if_the_loss_raises():
    w, _, _ = quadratic()
    kept, calls = w.copy(), []

    def loss():
        calls.append(1)
        if len(calls) == 4:
            raise RuntimeError("no loss today")
        return 0.0

    with pytest.raises(RuntimeError, match="no loss today"):
        rnn_core.numerical_gradient(loss, w)
    np.testing.assert_array_equal(w, kept)


def test_numerical_gradient_nudges_views_in_place():
    whole = np.arange(12.0).reshape(3, 4)
    part = whole[:, ::2]
    gradient = rnn_core.numerical_gradient(lambda: float((whole**2).sum()), part)
    np.testing.assert_allclose(gradient, 2 * part, atol=1e-8)


def test_relative_error_is_0_where_equal_and_1_at_the_worst():
    a = np.array([3.0, 4.0])
    assert rnn_core.relative_error(a, a) == 0.0
    assert rnn_core.relative_error(a, -a) == 1.0
    assert rnn_core.relative_error(a, 0 * a) == 1.0
    assert rnn_core.relative_error(0 * a, 0 * a) == 0.0
    assert rnn_core.relative_error(a, 3 * a) == pytest.approx(0.5)


def test_relative_error_by_step_names_the_wrong_step():
    measured = np.random.default_rng(5).standard_normal((4, 2, 3))
    computed = measured.copy()
    computed[2] *= -1
    np.testing.assert_allclose(rnn_core.relative_error_by_step(computed, measured), [0, 0, 1, 0])


# --- wirings ---------------------------------------------------------------------------------

Y, N = True, False


@pytest.mark.parametrize(
    ("wiring", "reads", "emits", "emitting"),
    [
        (rnn_core.one_to_one(), (Y,), (Y,), [0]),
        (rnn_core.one_to_many(3), (Y, N, N), (Y, Y, Y), [0, 1, 2]),
        (rnn_core.many_to_one(3), (Y, Y, Y), (N, N, Y), [2]),
        (rnn_core.many_to_many(3), (Y, Y, Y), (Y, Y, Y), [0, 1, 2]),
        (rnn_core.many_to_many_unequal(3, 2), (Y, Y, Y, N, N), (N, N, N, Y, Y), [3, 4]),
        (rnn_core.Wiring("gaps", (Y, Y, Y), (Y, N, Y)), (Y, Y, Y), (Y, N, Y), [0, 2]),
    ],
    ids=lambda value: value.name if isinstance(value, rnn_core.Wiring) else "",
)
def test_which_steps_read_and_which_emit(wiring, reads, emits, emitting):
    assert (wiring.reads, wiring.emits, wiring.T) == (reads, emits, len(reads))
    np.testing.assert_array_equal(np.arange(wiring.T)[wiring.emitting], emitting)
    gaps = wiring.name == "gaps"
    assert isinstance(wiring.emitting, np.ndarray if gaps else slice)


@pytest.mark.parametrize(
    "make", [rnn_core.one_to_many, rnn_core.many_to_one, rnn_core.many_to_many]
)
def test_one_step_is_a_sequence_too(make):
    assert make(1).reads == make(1).emits == (True,)


def test_a_model_emits_where_its_wiring_says():
    def wiring(T):
        return rnn_core.Wiring("gaps", (Y,) * T, tuple(t % 2 == 0 for t in range(T)))

    model = rnn_core.SequenceModel(rnn_core.RNNCell(2, 3), 4, wiring)
    trace = model.forward(np.random.default_rng(6).standard_normal((5, 2, 2)))
    np.testing.assert_allclose(trace.y, trace.a[[0, 2, 4]] @ model.Why + model.by, rtol=1e-13)
