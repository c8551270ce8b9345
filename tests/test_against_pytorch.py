"""The same numbers as PyTorch's, as an independent oracle: outputs, losses, gradients, updates."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import ACTIVATIONS, GRID, Case, cell_run, fill

import rnn_core

torch = pytest.importorskip(
    "torch", reason="PyTorch is the oracle of these tests (pip install torch); nothing needs it."
)

# The aim is 1e-10; two correct float64 computations differ by some 1e-15.
BOUND = 1e-12
N_Y = 4


def tensor(array, grad=False):
    return torch.tensor(array, dtype=torch.float64, requires_grad=grad)


def error(ours, theirs):
    return rnn_core.relative_error(ours, theirs.detach().numpy())


class Oracle:
    """The same cell and readout in PyTorch, with every gradient on its own leaf."""

    def __init__(self, cell, Why, by, x, a_0):
        # torch.nn.RNN keeps its matrices transposed, and a second bias that adds nothing new.
        self.rnn = None
        if cell.activation in ("tanh", "relu"):
            self.rnn = torch.nn.RNN(
                cell.n_x, cell.n_h, nonlinearity=cell.activation, dtype=torch.float64
            )
            with torch.no_grad():
                self.rnn.weight_ih_l0.copy_(tensor(cell.Wxh.T))
                self.rnn.weight_hh_l0.copy_(tensor(cell.W.T))
                self.rnn.bias_ih_l0.copy_(tensor(cell.b))
                self.rnn.bias_hh_l0.zero_()
        else:
            self.f = {"sigmoid": torch.sigmoid, "identity": lambda z: z}[cell.activation]
            self.Wxh, self.W, self.b = (tensor(w, True) for w in (cell.Wxh, cell.W, cell.b))
        self.Why, self.by = tensor(Why, True), tensor(by, True)
        self.x, self.a_0 = tensor(x, True), tensor(a_0, True)

    def states(self, mask):
        """Return every real state (T, B, n_h), zero at padding, and each sequence's last one."""
        if self.rnn is None:
            return self._loop(mask)
        if mask is None:
            a, last = self.rnn(self.x, self.a_0[None])
            return a, last[0]
        lengths = torch.tensor(mask.sum(axis=0))
        packed = torch.nn.utils.rnn.pack_padded_sequence(self.x, lengths, enforce_sorted=False)
        packed, last = self.rnn(packed, self.a_0[None])
        a, _ = torch.nn.utils.rnn.pad_packed_sequence(packed, total_length=len(mask))
        return a, last[0]

    def _loop(self, mask):
        a, states = self.a_0, []
        for t, x_t in enumerate(self.x):
            new = self.f(x_t @ self.Wxh + a @ self.W + self.b)
            if mask is None:
                a = new
                states.append(a)
            else:
                real = torch.tensor(mask[t])[:, None]
                a = torch.where(real, new, a)
                states.append(torch.where(real, new, 0.0))
        return torch.stack(states), a

    def gradients(self):
        named = {"Why": self.Why.grad, "by": self.by.grad, "x": self.x.grad, "a_0": self.a_0.grad}
        if self.rnn is None:
            return {**named, "Wxh": self.Wxh.grad, "W": self.W.grad, "b": self.b.grad}
        return {
            **named,
            "Wxh": self.rnn.weight_ih_l0.grad.T,
            "W": self.rnn.weight_hh_l0.grad.T,
            "b": self.rnn.bias_ih_l0.grad,
        }


def both(case):
    """Return our trace and gradients, and PyTorch's states, loss and gradients.

    L = cross-entropy of the real outputs, weighted, + sum(da_T * a_T).
    """
    cell, x, a_0, mask, _, da_T = cell_run(case)
    T, B, _, n_h = case.shape
    rng = np.random.default_rng(7)
    readout = rnn_core.Readout(n_h, N_Y)
    fill(readout.parameters, rng)
    targets, weights = rng.integers(0, N_Y, (T, B)), rng.uniform(0.2, 2.0, (T, B))
    if mask is not None:
        weights = weights * mask

    trace = rnn_core.unroll(cell, x, a_0, mask)
    y = readout.forward(trace.a)
    value, dy = rnn_core.softmax_cross_entropy(y, targets, weights)
    loss = value + float((da_T * trace.a_T).sum())
    ours = readout.parameters.like()
    da = readout.backward(trace.a, dy, ours)
    ours = {**ours, **rnn_core.backpropagate(trace, da, da_T), "x": trace.dx, "a_0": trace.da_0}

    oracle = Oracle(cell, readout.Why, readout.by, x, a_0)
    a, last = oracle.states(mask)
    logits = a @ oracle.Why + oracle.by
    each = torch.nn.functional.cross_entropy(
        logits.reshape(-1, N_Y), torch.tensor(targets.reshape(-1)), reduction="none"
    )
    w = tensor(weights.reshape(-1))
    their_loss = (each * w).sum() / w.sum() + (tensor(da_T) * last).sum()
    their_loss.backward()
    real = np.ones((T, B), bool) if mask is None else mask
    return (trace, y, loss, ours), (a, last, logits, their_loss, oracle.gradients()), real


def test_the_grid_has_at_least_60_combinations():
    assert len(set(GRID)) >= 60


@pytest.mark.parametrize("case", GRID, ids=str)
def test_states_outputs_loss_and_gradients_agree(case):
    (trace, y, loss, ours), (a, last, logits, their_loss, theirs), real = both(case)
    assert error(trace.a[real], a[real]) < BOUND
    assert error(trace.a_T, last) < BOUND
    assert error(y[real], logits[real]) < BOUND
    assert loss == pytest.approx(their_loss.item(), rel=BOUND)
    assert set(ours) == set(theirs) == {"Wxh", "W", "b", "Why", "by", "x", "a_0"}
    for name, gradient in theirs.items():
        assert abs(gradient).max() > 1e-3, name
        assert error(ours[name], gradient) < BOUND, name


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_longer_sequences_and_larger_batches_agree_too(activation):
    case = Case((20, 17, 5, 7), "ragged", activation)
    (_, _, loss, ours), (_, _, _, their_loss, theirs), _ = both(case)
    assert loss == pytest.approx(their_loss.item(), rel=BOUND)
    for name, gradient in theirs.items():
        assert error(ours[name], gradient) < BOUND, name


@pytest.mark.parametrize("weighted", [False, True])
def test_cross_entropy_agrees(weighted):
    rng = np.random.default_rng(1)
    y, targets = 5 * rng.standard_normal((4, 3, 6)), rng.integers(0, 6, (4, 3))
    weights = rng.uniform(0, 2, (4, 3)) * (rng.random((4, 3)) > 0.3) if weighted else None
    loss, dy = rnn_core.softmax_cross_entropy(y, targets, weights)
    logits = tensor(y, True)
    each = torch.nn.functional.cross_entropy(
        logits.reshape(-1, 6), torch.tensor(targets).reshape(-1), reduction="none"
    )
    w = torch.ones(12, dtype=torch.float64) if weights is None else tensor(weights).reshape(-1)
    theirs = (each * w).sum() / w.sum()
    theirs.backward()
    assert loss == pytest.approx(theirs.item(), rel=BOUND)
    assert error(dy, logits.grad) < BOUND


OPTIMIZERS = {
    "sgd": (lambda: rnn_core.SGD(0.1), lambda p: torch.optim.SGD(p, lr=0.1)),
    "adam": (lambda: rnn_core.Adam(0.01), lambda p: torch.optim.Adam(p, lr=0.01)),
    "adam with other numbers": (
        lambda: rnn_core.Adam(0.02, beta1=0.7, beta2=0.95, eps=1e-3),
        lambda p: torch.optim.Adam(p, lr=0.02, betas=(0.7, 0.95), eps=1e-3),
    ),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_updates_agree_over_several_steps(name):
    rng = np.random.default_rng(2)
    ours, theirs = OPTIMIZERS[name][0](), rng.standard_normal(11)
    weights, parameter = theirs.copy(), torch.nn.Parameter(tensor(theirs))
    optimizer = OPTIMIZERS[name][1]([parameter])
    for step in range(12):
        # From huge to tiny gradients, and one of exactly zero.
        gradient = rng.standard_normal(11) * 10.0 ** (3 - step)
        gradient[0] = 0.0
        ours.update(weights, gradient)
        parameter.grad = tensor(gradient)
        optimizer.step()
        assert error(weights, parameter) < BOUND


def test_updates_agree_with_a_falling_rate():
    rng = np.random.default_rng(3)
    weights = rng.standard_normal(5)
    parameter, ours = torch.nn.Parameter(tensor(weights)), rnn_core.Adam(0.05)
    optimizer = torch.optim.Adam([parameter], lr=0.05)
    for step in range(6):
        gradient, scale = rng.standard_normal(5), 1 - step / 6
        ours.update(weights, gradient, scale)
        optimizer.param_groups[0]["lr"] = 0.05 * scale
        parameter.grad = tensor(gradient)
        optimizer.step()
    assert error(weights, parameter) < BOUND


@pytest.mark.parametrize("max_norm", [0.5, 1.0, 100.0])
def test_clipping_agrees(max_norm):
    gradient = np.random.default_rng(4).standard_normal(9)
    parameter = torch.nn.Parameter(torch.zeros(9, dtype=torch.float64))
    parameter.grad = tensor(gradient)
    theirs = torch.nn.utils.clip_grad_norm_([parameter], max_norm)
    assert rnn_core.clip(gradient, max_norm) == pytest.approx(theirs.item(), rel=BOUND)
    # PyTorch divides by norm + 1e-6.
    assert error(gradient, parameter.grad) < 1e-6


def test_training_agrees_over_ten_updates():
    T, B, n_x, n_h, n_y = 6, 4, 3, 5, 2
    rng = np.random.default_rng(5)
    model = rnn_core.SequenceModel(rnn_core.RNNCell(n_x, n_h), n_y)
    fill(model.parameters, rng)
    x, targets = rng.standard_normal((T, B, n_x)), rng.integers(0, n_y, (T, B))
    rnn, linear = torch.nn.RNN(n_x, n_h).double(), torch.nn.Linear(n_h, n_y).double()
    with torch.no_grad():
        for theirs, ours in zip(
            [*rnn.parameters(), *linear.parameters()],
            [model.Wxh.T, model.W.T, model.b, 0 * model.b, model.Why.T, model.by],
            strict=True,
        ):
            theirs.copy_(tensor(ours))
    # The second bias would double the first one's steps.
    trained = [p for name, p in rnn.named_parameters() if name != "bias_hh_l0"]
    trained += list(linear.parameters())
    optimizer, losses = torch.optim.Adam(trained, lr=0.01), []
    for step in range(10):
        optimizer.zero_grad()
        logits = linear(rnn(tensor(x))[0])
        loss = torch.nn.functional.cross_entropy(
            logits.reshape(-1, n_y), torch.tensor(targets).reshape(-1)
        )
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1e9)
        optimizer.param_groups[0]["lr"] = 0.01 * (1 - step / 10)
        optimizer.step()
        losses.append(loss.item())
    history = rnn_core.fit(
        model,
        rnn_core.minibatches(x, targets, size=B),
        steps=10,
        optimizer=rnn_core.Adam(0.01),
        max_norm=1e9,
    )
    assert history.losses == pytest.approx(losses, rel=1e-11)
    assert error(model.W, rnn.weight_hh_l0.T) < 1e-11
    assert error(model.Why, linear.weight.T) < 1e-11
