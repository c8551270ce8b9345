"""Training: it learns, it can be stopped and resumed without a trace, it never half-updates."""

from __future__ import annotations

import itertools
import signal
import threading
from types import SimpleNamespace

import numpy as np
import pytest

import rnn_core

T, N, N_X, N_H, N_Y = 5, 12, 3, 8, 2


def data():
    """Return sequences whose class is the sign of the first input's sum: memory is needed."""
    x = np.random.default_rng(0).standard_normal((T, N, N_X))
    return x, (x[0].sum(axis=-1) > 0).astype(int)


def new_model(activation="tanh"):
    cell = rnn_core.RNNCell(N_X, N_H, activation=activation, rng=1)
    return rnn_core.SequenceModel(cell, N_Y, rnn_core.many_to_one, rng=2)


def new_batches(size=4):
    return rnn_core.minibatches(*data(), size=size, rng=3)


class Plain:
    """A model whose gradient is what the test says."""

    def __init__(self, weights, gradients, losses=None):
        self.parameters = rnn_core.Parameters({"w": (len(weights),)})
        self.parameters["w"] = weights
        self.answers = zip(losses or itertools.repeat(1.0), itertools.cycle(gradients))

    def loss_and_gradients(self, x, targets, mask=None):
        loss, gradient = next(self.answers)
        result = self.parameters.like()
        result.vector[:] = gradient
        return loss, result


def no_data():
    return itertools.repeat(rnn_core.Batch(np.zeros(1), np.zeros(1)))


# --- learning --------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "identity"])
def test_training_reduces_the_loss_and_learns_the_classes(activation):
    model = new_model(activation)
    before = model.accuracy(*data())
    history = rnn_core.fit(model, new_batches(), steps=200, optimizer=rnn_core.Adam(0.05))
    assert np.mean(history.losses[-10:]) < 0.3 * np.mean(history.losses[:10])
    assert model.accuracy(*data()) == 1.0 > before
    assert history.steps == len(history.norms) == 200
    assert not history.interrupted


def test_training_twice_gives_the_same_weights():
    models = [new_model(), new_model()]
    losses = [rnn_core.fit(model, new_batches(), steps=20).losses for model in models]
    assert losses[0] == losses[1]
    np.testing.assert_array_equal(models[0].parameters.vector, models[1].parameters.vector)


def test_history_holds_each_loss_and_each_norm_before_clipping():
    gradients = [[3.0, 4.0], [0.3, 0.4]]
    model = Plain([0.0, 0.0], gradients, losses=[2.0, 1.5, 1.0])
    history = rnn_core.fit(
        model, no_data(), steps=3, optimizer=rnn_core.SGD(1.0), max_norm=1.0, decay=False
    )
    assert history.losses == [2.0, 1.5, 1.0]
    assert history.norms == pytest.approx([5.0, 0.5, 5.0])
    # Two clipped steps of norm 1 and one of 0.5, all in one direction.
    np.testing.assert_allclose(model.parameters.vector, [-2.5 * 0.6, -2.5 * 0.8])


def test_the_rate_falls_in_a_straight_line_to_zero():
    scales = []

    class Watched(rnn_core.SGD):
        def update(self, weights, gradient, scale=1.0):
            scales.append(scale)

    model = Plain([0.0], [[1.0]])
    rnn_core.fit(model, no_data(), steps=5, optimizer=Watched(1.0))
    assert scales == pytest.approx([1.0, 0.8, 0.6, 0.4, 0.2])
    scales.clear()
    rnn_core.fit(model, no_data(), steps=3, optimizer=Watched(1.0), decay=False)
    assert scales == [1.0, 1.0, 1.0]


def test_seconds_count_training_alone(monkeypatch):
    # A clock that moves by one second each time it is read.
    clock = itertools.count()
    monkeypatch.setattr(
        rnn_core.training, "time", SimpleNamespace(perf_counter=lambda: float(next(clock)))
    )
    seen = []
    model, batches = new_model(), new_batches()
    history = rnn_core.fit(model, batches, steps=3, watch=lambda h, _: seen.append(h.seconds))
    assert seen == [1.0, 2.0, 3.0] and history.seconds == 3.0
    for _ in range(1000):
        next(clock)
    rnn_core.fit(model, batches, steps=5, history=history)
    assert history.seconds == 5.0


def test_watch_is_called_after_each_update():
    calls = []
    rnn_core.fit(
        new_model(), new_batches(), steps=4, watch=lambda h, steps: calls.append((h.steps, steps))
    )
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_an_error_in_watch_comes_out_and_the_history_survives():
    history = rnn_core.History(rnn_core.Adam())

    def watch(history, steps):
        if history.steps == 3:
            raise RuntimeError("drawing failed")

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(RuntimeError, match="drawing failed"):
        rnn_core.fit(new_model(), new_batches(), steps=9, history=history, watch=watch)
    assert history.steps == 3
    assert signal.getsignal(signal.SIGINT) is before


# --- the stop button -------------------------------------------------------------------------


def stop_at(step, times=1):
    def watch(history, steps):
        if history.steps == step:
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)

    return watch


@pytest.mark.parametrize("optimizer", [rnn_core.Adam, lambda: rnn_core.SGD(0.1)])
def test_interrupted_and_resumed_is_bit_for_bit_the_uninterrupted_run(optimizer):
    whole, stopped = new_model(), new_model()
    expected = rnn_core.fit(whole, new_batches(), steps=30, optimizer=optimizer())
    batches = new_batches()
    history = rnn_core.fit(stopped, batches, steps=30, optimizer=optimizer(), watch=stop_at(11))
    assert history.steps == 11 and history.interrupted
    assert history.losses == expected.losses[:11]
    assert (stopped.parameters.vector != whole.parameters.vector).any()
    again = rnn_core.fit(stopped, batches, steps=30, history=history)
    assert again is history and history.steps == 30 and not history.interrupted
    assert history.losses == expected.losses and history.norms == expected.norms
    np.testing.assert_array_equal(stopped.parameters.vector, whole.parameters.vector)


def test_interrupt_in_the_middle_of_an_update_waits_for_its_end():
    weights_at_interrupt = []

    class Interrupting(rnn_core.Adam):
        def update(self, weights, gradient, scale=1.0):
            if self.n == 2:
                weights_at_interrupt.append(weights.copy())
                signal.raise_signal(signal.SIGINT)
            super().update(weights, gradient, scale)

    model, reference = new_model(), new_model()
    history = rnn_core.fit(model, new_batches(), steps=9, optimizer=Interrupting(), decay=False)
    assert history.steps == 3 and history.interrupted
    assert (model.parameters.vector != weights_at_interrupt[0]).any()
    rnn_core.fit(reference, new_batches(), steps=3, optimizer=rnn_core.Adam(), decay=False)
    np.testing.assert_array_equal(model.parameters.vector, reference.parameters.vector)


def test_a_second_interrupt_raises():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        rnn_core.fit(new_model(), new_batches(), steps=9, watch=stop_at(2, times=2))
    assert signal.getsignal(signal.SIGINT) is before


def test_the_interrupt_handler_of_before_is_back_after_training():
    before = signal.getsignal(signal.SIGINT)
    inside = []
    rnn_core.fit(
        new_model(),
        new_batches(),
        steps=2,
        watch=lambda *_: inside.append(signal.getsignal(signal.SIGINT)),
    )
    assert inside[0] is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_at_the_last_update_is_no_interruption():
    history = rnn_core.fit(new_model(), new_batches(), steps=4, watch=stop_at(4))
    assert history.steps == 4 and not history.interrupted


def test_training_works_outside_the_main_thread():
    results = []
    model, reference = new_model(), new_model()
    thread = threading.Thread(
        target=lambda: results.append(rnn_core.fit(model, new_batches(), steps=5))
    )
    thread.start()
    thread.join(timeout=60)
    assert results and results[0].steps == 5
    rnn_core.fit(reference, new_batches(), steps=5)
    np.testing.assert_array_equal(model.parameters.vector, reference.parameters.vector)


def test_going_on_with_another_optimizer_is_refused():
    model, batches = new_model(), new_batches()
    history = rnn_core.fit(model, batches, steps=3, optimizer=rnn_core.Adam())
    weights = model.parameters.vector.copy()
    with pytest.raises(ValueError, match=r"optimizer .* expected none"):
        rnn_core.fit(model, batches, steps=6, optimizer=rnn_core.Adam(), history=history)
    np.testing.assert_array_equal(model.parameters.vector, weights)
    rnn_core.fit(model, batches, steps=6, optimizer=history.optimizer, history=history)
    assert history.steps == 6


def test_going_on_with_another_model_is_refused():
    history = rnn_core.fit(new_model(), new_batches(), steps=3)
    other = rnn_core.SequenceModel(rnn_core.RNNCell(N_X, N_H + 1), N_Y, rnn_core.many_to_one)
    weights, m = other.parameters.vector.copy(), history.optimizer.m.copy()
    with pytest.raises(ValueError, match=r"^weights has \d+ numbers, expected \d+: .* model\.$"):
        rnn_core.fit(other, new_batches(), steps=6, history=history)
    np.testing.assert_array_equal(other.parameters.vector, weights)
    np.testing.assert_array_equal(history.optimizer.m, m)
    assert history.steps == 3 and history.optimizer.n == 3


def test_a_history_that_is_complete_trains_no_more():
    model, batches = new_model(), new_batches()
    history = rnn_core.fit(model, batches, steps=3)
    weights = model.parameters.vector.copy()
    assert rnn_core.fit(model, batches, steps=3, history=history).steps == 3
    np.testing.assert_array_equal(model.parameters.vector, weights)


# --- numbers that are none -------------------------------------------------------------------


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["loss", "gradient"])
def test_a_number_that_is_none_raises_and_leaves_weights_and_optimizer(where, bad):
    good = [0.1, -0.2]
    gradients = [good, good, [bad, 0.1] if where == "gradient" else good]
    losses = [1.0, 0.9, bad if where == "loss" else 0.8]
    model, history = Plain([1.0, 2.0], gradients, losses), rnn_core.History(rnn_core.Adam())
    kept = []
    with pytest.raises(FloatingPointError, match=r"^step 3 has loss .* learning rate .*\.$"):
        rnn_core.fit(
            model,
            no_data(),
            steps=9,
            history=history,
            watch=lambda *_: kept.append(model.parameters.vector.copy()),
        )
    assert history.steps == 2 and history.optimizer.n == 2
    np.testing.assert_array_equal(model.parameters.vector, kept[-1])


@pytest.mark.parametrize("activation", ["identity", "relu"])
def test_a_rate_far_too_high_ends_in_a_clear_error_and_finite_weights(activation):
    # One mighty step after the other: states, logits and loss overflow.
    model, kept = new_model(activation), []
    with pytest.raises(FloatingPointError, match=r"lower the learning rate"):
        rnn_core.fit(
            model,
            new_batches(),
            steps=200,
            optimizer=rnn_core.SGD(1e90),
            decay=False,
            watch=lambda *_: kept.append(model.parameters.vector.copy()),
        )
    np.testing.assert_array_equal(model.parameters.vector, kept[-1])
    assert np.isfinite(kept[-1]).all()


# --- mini-batches ----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 3, 4, 5, 12])
def test_each_pass_takes_each_sequence_once_in_a_new_order(size):
    # Every number says which sequence it belongs to.
    x = np.arange(N) + 100.0 * np.arange(T)[:, None]
    batches = rnn_core.minibatches(x[:, :, None], np.arange(N), size=size, rng=0)
    orders = []
    for _ in range(3):
        taken = []
        for batch in itertools.islice(batches, -(-N // size)):
            np.testing.assert_array_equal(batch.x[:, :, 0], x[:, batch.targets])
            assert batch.mask is None
            taken += batch.targets.tolist()
        assert sorted(taken) == list(range(N))
        orders.append(taken)
    assert orders[0] != orders[1] != orders[2]


def test_masks_and_targets_of_every_step_go_with_their_sequence():
    lengths = np.arange(N) % T + 1
    x = np.broadcast_to(np.arange(N), (T, N))
    targets = np.arange(N) + 100 * np.arange(T)[:, None]
    mask = rnn_core.lengths_to_mask(lengths, T)
    batch = next(rnn_core.minibatches(x, targets, mask, size=5, rng=1))
    chosen = batch.x[0]
    np.testing.assert_array_equal(batch.targets, targets[:, chosen])
    np.testing.assert_array_equal(batch.mask, mask[:, chosen])


def test_the_seed_decides_the_order():
    orders = [
        next(rnn_core.minibatches(np.zeros((T, N, 1)), np.arange(N), size=N, rng=seed)).targets
        for seed in (0, 0, 1)
    ]
    assert (orders[0] == orders[1]).all() and (orders[0] != orders[2]).any()


# --- the rules -------------------------------------------------------------------------------


def test_clip_shortens_long_gradients_only_and_keeps_their_direction():
    gradient = np.array([3.0, -4.0])
    assert rnn_core.clip(gradient, 10.0) == 5.0
    np.testing.assert_array_equal(gradient, [3.0, -4.0])
    assert rnn_core.clip(gradient, 1.0) == 5.0
    np.testing.assert_allclose(gradient, [0.6, -0.8])
    zero = np.zeros(3)
    assert rnn_core.clip(zero, 1.0) == 0.0 and not zero.any()


def test_the_first_step_of_adam_is_as_long_as_its_rate():
    weights = np.zeros(4)
    rnn_core.Adam(0.01).update(weights, np.array([1e3, -1e-3, 2.0, 0.0]))
    np.testing.assert_allclose(weights, [-0.01, 0.01, -0.01, 0.0], rtol=1e-4)


def test_adam_is_the_published_algorithm():
    rng, adam = np.random.default_rng(0), rnn_core.Adam(0.1, beta1=0.8, beta2=0.9, eps=1e-4)
    weights = rng.standard_normal(5)
    expected, m, v = weights.copy(), np.zeros(5), np.zeros(5)
    for n in range(1, 7):
        g = rng.standard_normal(5)
        kept = g.copy()
        adam.update(weights, g, scale=0.5)
        np.testing.assert_array_equal(g, kept)
        m, v = 0.8 * m + 0.2 * g, 0.9 * v + 0.1 * g * g
        m_hat, v_hat = m / (1 - 0.8**n), v / (1 - 0.9**n)
        expected = expected - 0.5 * 0.1 * m_hat / (np.sqrt(v_hat) + 1e-4)
        np.testing.assert_allclose(weights, expected, rtol=1e-12)
    assert adam.n == 6
    np.testing.assert_allclose(adam.m, m, rtol=1e-12)
    np.testing.assert_allclose(adam.v, v, rtol=1e-12)


def test_two_adams_share_nothing():
    first, second = rnn_core.Adam(), rnn_core.Adam()
    first.update(np.zeros(3), np.ones(3))
    assert second.n == 0 and second.m.size == 0


def test_training_runs_on_one_thread_and_gives_the_others_back():
    threadpoolctl = pytest.importorskip("threadpoolctl")

    def threads() -> set[int]:
        pools = threadpoolctl.threadpool_info()
        return {pool["num_threads"] for pool in pools if pool["user_api"] == "blas"}

    model = rnn_core.SequenceModel(rnn_core.RNNCell(3, 4), 5)
    rng = np.random.default_rng(0)
    data = rng.standard_normal((4, 6, 3)), rng.integers(0, 5, (4, 6))
    seen = []
    with threadpoolctl.threadpool_limits(limits=2, user_api="blas"):
        before = threads()
        batches = rnn_core.minibatches(*data, size=3)
        rnn_core.fit(model, batches, steps=2, watch=lambda *_: seen.append(threads()))
        assert threads() == before
    assert seen == [{1}, {1}]


def test_batches_by_length_hold_every_sequence_once_and_little_padding():
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 30, size=400)
    x = np.broadcast_to(np.arange(400), (30, 400))
    mask = rnn_core.lengths_to_mask(lengths, 30)

    def one_pass(**options: bool) -> tuple[list[int], int]:
        batches = rnn_core.minibatches(x, np.arange(400), mask, size=16, rng=1, **options)
        first = list(itertools.islice(batches, 25))
        steps = sum(int(batch.mask.sum(axis=0).max()) for batch in first)
        return [int(i) for batch in first for i in batch.x[0]], steps

    by_length, short = one_pass(by_length=True)
    as_drawn, long = one_pass()
    assert sorted(by_length) == sorted(as_drawn) == list(range(400))
    assert short < 0.7 * long
