"""GRU and LSTM against PyTorch and finite differences: states, every gradient, masks included."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from rnn_core import (
    GRUCell,
    LSTMCell,
    SequenceModel,
    backpropagate,
    check_gradients,
    lengths_to_mask,
    many_to_one,
    unroll,
)

SHAPES = [(3, 1, 2, 4), (4, 3, 5, 2), (5, 2, 3, 6), (7, 4, 6, 5), (9, 5, 1, 3)]
MASKS = ["none", "ragged"]
CELLS = [GRUCell, LSTMCell]
# Where our blocks stand in PyTorch's order.
ORDER = {"GRUCell": "run", "LSTMCell": "ifgo"}


def case(kind, shape, mask):
    T, B, n_x, n_h = shape
    rng = np.random.default_rng(sum(shape))
    cell = kind(n_x, n_h, rng=rng)
    cell.b = rng.standard_normal(cell.b.shape)
    states = len(kind.state_names)
    given = {
        "x": rng.standard_normal((T, B, n_x)),
        "a_0": tuple(rng.standard_normal((B, n_h)) for _ in range(states)),
        "da": rng.standard_normal((T, B, n_h)),
        "da_T": tuple(rng.standard_normal((B, n_h)) for _ in range(states)),
    }
    lengths = np.full(B, T) if mask == "none" else rng.integers(1, T + 1, B)
    return cell, given, lengths


def run(cell, given, lengths):
    T = len(given["x"])
    trace = unroll(cell, given["x"], given["a_0"], lengths_to_mask(lengths, T))
    gradients = dict(backpropagate(trace, given["da"], given["da_T"]))
    da_0 = trace.da_0 if isinstance(trace.da_0, tuple) else (trace.da_0,)
    gradients |= {
        "x": trace.dx,
        **{f"{n}_0": d for n, d in zip(cell.state_names, da_0, strict=True)},
    }
    return trace, gradients


@pytest.mark.parametrize(("kind", "shape", "mask"), list(product(CELLS, SHAPES, MASKS)))
def test_gradients_agree_with_finite_differences(kind, shape, mask):
    cell, given, lengths = case(kind, shape, mask)
    _, gradients = run(cell, given, lengths)

    def loss():
        trace = unroll(cell, given["x"], given["a_0"], lengths_to_mask(lengths, len(given["x"])))
        last = sum(np.sum(s[-1] * d) for s, d in zip(trace.states, given["da_T"], strict=True))
        return float(np.sum(trace.a * given["da"]) + last)

    starts = dict(zip((f"{n}_0" for n in cell.state_names), given["a_0"], strict=True))
    arrays = {**cell.parameters, "x": given["x"], **starts}
    errors = check_gradients(loss, arrays, gradients)
    assert max(errors.values()) < 1e-6, errors


@pytest.mark.parametrize(("kind", "shape", "mask"), list(product(CELLS, SHAPES, MASKS)))
def test_states_and_gradients_agree_with_pytorch(kind, shape, mask):
    torch = pytest.importorskip("torch", reason='PyTorch is missing: pip install -e ".[dev]"')
    cell, given, lengths = case(kind, shape, mask)
    trace, gradients = run(cell, given, lengths)
    T, _, n_x, n_h = shape

    def theirs(array):
        """Return our columns as PyTorch's rows, block by block in its order."""
        return np.concatenate([array[..., cell.block(name)].T for name in ORDER[kind.__name__]])

    oracle = getattr(torch.nn, kind.__name__.removesuffix("Cell"))(n_x, n_h).double()
    with torch.no_grad():
        oracle.weight_ih_l0.copy_(torch.from_numpy(theirs(cell.Wxh)))
        oracle.weight_hh_l0.copy_(torch.from_numpy(theirs(cell.W)))
        oracle.bias_ih_l0.copy_(torch.from_numpy(theirs(cell.b)))
        oracle.bias_hh_l0.zero_()
    x = torch.from_numpy(given["x"]).requires_grad_()
    starts = [torch.from_numpy(part[None]).requires_grad_() for part in given["a_0"]]
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
    out, last = oracle(packed, starts[0] if len(starts) == 1 else tuple(starts))
    out, _ = torch.nn.utils.rnn.pad_packed_sequence(out, total_length=T)
    last = [last] if len(starts) == 1 else list(last)
    real = lengths_to_mask(lengths, T)
    np.testing.assert_allclose(trace.a[real], out.detach().numpy()[real], rtol=1e-10, atol=1e-12)
    for ours, part in zip(trace.states, last, strict=True):
        np.testing.assert_allclose(ours[-1], part.detach().numpy()[0], rtol=1e-10, atol=1e-12)
    # A padded step shows the state handed on; what reaches it reaches that last state.
    da = np.where(real[:, :, None], given["da"], 0.0)
    beyond = np.where(real[:, :, None], 0.0, given["da"]).sum(axis=0)
    loss = (out * torch.from_numpy(da)).sum() + (last[0][0] * torch.from_numpy(beyond)).sum()
    for part, d in zip(last, given["da_T"], strict=True):
        loss = loss + (part[0] * torch.from_numpy(d)).sum()
    loss.backward()
    expected = {
        "Wxh": oracle.weight_ih_l0.grad,
        "W": oracle.weight_hh_l0.grad,
        "b": oracle.bias_ih_l0.grad,
        "x": x.grad,
        **{f"{n}_0": s.grad[0] for n, s in zip(cell.state_names, starts, strict=True)},
    }
    for name, value in expected.items():
        ours = theirs(gradients[name]) if name in cell.parameters else gradients[name]
        np.testing.assert_allclose(ours, value.numpy(), rtol=1e-10, atol=1e-11, err_msg=name)


@pytest.mark.parametrize("kind", CELLS)
def test_a_model_of_gated_cells_has_right_gradients(kind):
    rng = np.random.default_rng(5)
    model = SequenceModel(kind(3, 4, rng=rng), 5, many_to_one, n_tokens=7, rng=rng)
    tokens, targets = rng.integers(0, 7, (6, 2)), rng.integers(0, 5, 2)
    mask = lengths_to_mask([6, 3], 6)
    _, gradients = model.loss_and_gradients(tokens, targets, mask)
    errors = check_gradients(
        lambda: model.loss_and_gradients(tokens, targets, mask)[0], model.parameters, gradients
    )
    assert max(errors.values()) < 1e-6, errors


@pytest.mark.parametrize("kind", CELLS)
def test_the_state_goes_on_where_it_stopped(kind):
    cell, given, _ = case(kind, (6, 2, 3, 4), "none")
    whole = unroll(cell, given["x"], given["a_0"])
    second = unroll(cell, given["x"][4:], unroll(cell, given["x"][:4], given["a_0"]).a_T)
    np.testing.assert_allclose(second.a, whole.a[4:], rtol=1e-13)


def test_open_forget_gate_keeps_what_is_stored():
    cell = LSTMCell(2, 3)
    cell.W, cell.Wxh = np.zeros((3, 12)), np.zeros((2, 12))
    cell.b[cell.block("f")], cell.b[cell.block("i")] = 50.0, -50.0
    c_0 = np.array([[0.3, -1.2, 2.0]])
    trace = unroll(cell, np.ones((20, 1, 2)), (np.zeros((1, 3)), c_0))
    np.testing.assert_allclose(trace.c[-1], c_0, rtol=1e-12)


def test_blocks_are_named_and_unknown_names_refused():
    cell = GRUCell(2, 3)
    assert [cell.block(name) for name in "run"] == [slice(0, 3), slice(3, 6), slice(6, 9)]
    with pytest.raises(ValueError, match="name is 'z', expected one of r, u, n"):
        cell.block("z")
    with pytest.raises(ValueError, match="a_0 has 1 parts, expected 2"):
        unroll(LSTMCell(2, 3), np.zeros((3, 1, 2)), np.zeros((1, 3)))
