"""The bidirectional network: proven gradients, and what each output can and cannot see."""

from __future__ import annotations

import numpy as np
import pytest

from rnn_core import (
    Bidirectional,
    GRUCell,
    LSTMCell,
    RNNCell,
    check_gradients,
    lengths_to_mask,
    unroll,
)


def make(kind=RNNCell, *, tokens: bool = False):
    rng = np.random.default_rng(4)
    model = Bidirectional(
        kind(3, 4, rng=rng), kind(3, 2, rng=rng), 5, n_tokens=6 if tokens else None
    )
    model.parameters.vector[:] += 0.3 * rng.standard_normal(model.parameters.vector.size)
    T, B = 6, 3
    x = rng.integers(0, 6, (T, B)) if tokens else rng.standard_normal((T, B, 3))
    return model, x, rng.integers(0, 5, (T, B)), lengths_to_mask([6, 2, 4], T)


@pytest.mark.parametrize("kind", [RNNCell, GRUCell, LSTMCell])
@pytest.mark.parametrize("tokens", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_gradients_agree_with_finite_differences(kind, tokens, masked):
    model, x, targets, mask = make(kind, tokens=tokens)
    mask = mask if masked else None
    _, gradients = model.loss_and_gradients(x, targets, mask)
    errors = check_gradients(
        lambda: model.loss_and_gradients(x, targets, mask)[0], model.parameters, gradients
    )
    assert max(errors.values()) < 1e-6, errors


def test_a_masked_batch_equals_its_sequences_alone():
    model, x, _, mask = make()
    together = model.forward(x, mask).y
    for b, length in enumerate(mask.sum(axis=0)):
        alone = model.forward(x[:length, b : b + 1]).y
        np.testing.assert_allclose(together[:length, b], alone[:, 0], rtol=1e-12)


def test_each_output_sees_both_past_and_future_and_each_cell_one_of_them():
    model, x, _, _ = make()
    changed = x.copy()
    changed[3] += 1.0
    one, two = model.forward(x), model.forward(changed)
    assert (np.abs(one.y - two.y).max(axis=(1, 2)) > 1e-6).all()
    np.testing.assert_array_equal(one.a[:3], two.a[:3])
    # The reverse cell counts its steps from the end: index 2 there is index 3 here.
    np.testing.assert_array_equal(one.reverse.a[:2], two.reverse.a[:2])
    np.testing.assert_array_equal(one.a, unroll(model.cell, x).a)


def test_it_agrees_with_pytorch():
    torch = pytest.importorskip("torch", reason='PyTorch is missing: pip install -e ".[dev]"')
    rng = np.random.default_rng(8)
    model = Bidirectional(RNNCell(3, 4, rng=rng), RNNCell(3, 4, rng=rng), 5, rng=rng)
    oracle = torch.nn.RNN(3, 4, bidirectional=True).double()
    x = rng.standard_normal((6, 2, 3))
    with torch.no_grad():
        for end, cell in (("", model.cell), ("_reverse", model.reverse)):
            cell.b = rng.standard_normal(4)
            getattr(oracle, f"weight_ih_l0{end}").copy_(torch.from_numpy(cell.Wxh.T))
            getattr(oracle, f"weight_hh_l0{end}").copy_(torch.from_numpy(cell.W.T))
            getattr(oracle, f"bias_ih_l0{end}").copy_(torch.from_numpy(cell.b))
            getattr(oracle, f"bias_hh_l0{end}").zero_()
    out, _ = oracle(torch.from_numpy(x))
    why, by = torch.from_numpy(model.readout.Why.copy()), torch.from_numpy(model.readout.by.copy())
    y = out @ why + by
    trace = model.forward(x)
    np.testing.assert_allclose(trace.y, y.detach().numpy(), rtol=1e-12)
    dy = rng.standard_normal(trace.y.shape)
    y.backward(torch.from_numpy(dy))
    gradients = model.backward(trace, dy)
    for prefix, end in (("", ""), ("reverse.", "_reverse")):
        for name, theirs in (("Wxh", "weight_ih_l0"), ("W", "weight_hh_l0"), ("b", "bias_ih_l0")):
            expected = getattr(oracle, theirs + end).grad.numpy().T
            np.testing.assert_allclose(gradients[prefix + name], expected, rtol=1e-10)


def test_cells_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="reverse has n_x = 2, expected 3"):
        Bidirectional(RNNCell(3, 4), RNNCell(2, 4), 5)
    with pytest.raises(TypeError, match="reverse is a int"):
        Bidirectional(RNNCell(3, 4), 3, 5)
    cell = RNNCell(3, 4)
    with pytest.raises(ValueError, match="already belongs to a model"):
        Bidirectional(cell, cell, 5)
