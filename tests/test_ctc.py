"""CTC against every path by brute force, against PyTorch and against finite differences."""

from __future__ import annotations

from itertools import groupby, product

import numpy as np
import pytest

from rnn_core import check_gradients, lengths_to_mask
from rnn_core.ctc import ctc
from rnn_core.decoding import best_path

CASES = [
    # T, n_y, targets, lengths
    (3, 3, [[1]], [3]),
    (5, 3, [[1, 2], [2, 2], [1]], [5, 4, 1]),
    (6, 4, [[1, 1, 2], [3, 2, 1], [2, 2, 2]], [6, 3, 5]),
    (7, 5, [[4, 4, 4, 4], [1, 2]], [7, 6]),
]


def case(T, n_y, targets, lengths):
    rng = np.random.default_rng(T)
    return 2 * rng.standard_normal((T, len(targets), n_y)), targets, lengths_to_mask(lengths, T)


def spell(path):
    return [k for k, _ in groupby(path) if k != 0]


@pytest.mark.parametrize("given", CASES, ids=str)
def test_loss_is_the_sum_over_every_path(given):
    y, targets, mask = case(*given)
    p = np.exp(y) / np.exp(y).sum(axis=2, keepdims=True)
    losses = []
    for b, target in enumerate(targets):
        steps = int(mask[:, b].sum())
        total = sum(
            np.prod([p[t, b, k] for t, k in enumerate(path)])
            for path in product(range(y.shape[2]), repeat=steps)
            if spell(path) == target
        )
        losses.append(-np.log(total))
    np.testing.assert_allclose(ctc(y, targets, mask)[0], np.mean(losses), rtol=1e-12)


@pytest.mark.parametrize("given", CASES, ids=str)
def test_gradient_agrees_with_finite_differences(given):
    y, targets, mask = case(*given)
    _, dy = ctc(y, targets, mask)
    errors = check_gradients(lambda: ctc(y, targets, mask)[0], {"y": y}, {"y": dy})
    assert errors["y"] < 1e-8
    assert not dy[~mask].any()


@pytest.mark.parametrize("given", [*CASES, (60, 11, [[3, 3, 1, 9] * 5, [10]], [60, 50])], ids=str)
def test_loss_and_gradient_agree_with_pytorch(given):
    torch = pytest.importorskip("torch", reason='PyTorch is missing: pip install -e ".[dev]"')
    y, targets, mask = case(*given)
    logits = torch.from_numpy(y).requires_grad_()
    flat = torch.tensor([k for target in targets for k in target])
    loss = torch.nn.functional.ctc_loss(
        logits.log_softmax(2),
        flat,
        torch.tensor(mask.sum(axis=0)),
        torch.tensor([len(target) for target in targets]),
        reduction="sum",
    ) / len(targets)
    loss.backward()
    ours, dy = ctc(y, targets, mask)
    np.testing.assert_allclose(ours, loss.item(), rtol=1e-12)
    np.testing.assert_allclose(dy, logits.grad.numpy(), rtol=1e-10, atol=1e-13)


def test_padding_changes_nothing():
    y, targets, mask = case(*CASES[2])
    changed = np.where(mask[:, :, None], y, 7.0)
    assert ctc(y, targets, mask)[0] == ctc(changed, targets, mask)[0]
    np.testing.assert_array_equal(ctc(y, targets, mask)[1], ctc(changed, targets, mask)[1])
    assert best_path(y, mask) == best_path(changed, mask)


def test_best_path_merges_repeats_and_drops_blanks():
    path = np.array([[1, 1, 0, 1, 2, 2, 0], [0, 3, 3, 0, 0, 3, 3]]).T
    y = np.eye(4)[path]
    assert best_path(y) == [[1, 1, 2], [3, 3]]
    assert best_path(y, lengths_to_mask([7, 3], 7)) == [[1, 1, 2], [3]]


def test_extreme_logits_stay_finite():
    y = np.full((6, 1, 4), -1e3)
    y[:, 0, 2] = 1e3
    loss, dy = ctc(y, [[1, 2, 3]])
    assert np.isfinite(loss) and np.isfinite(dy).all()


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        ([[1]], "targets holds 1 sequences, expected 2"),
        ([[1], [0]], r"targets\[1\] holds 0, the blank, expected 1 to 2"),
        ([[1], [3]], r"targets\[1\] holds 3, expected integers from 0 to 2"),
        ([[1], []], r"targets\[1\]"),
        ([[1, 1, 1], [1]], r"targets\[0\] needs 5 steps, expected at most 4"),
    ],
)
def test_targets_that_do_not_fit_get_one_sentence(targets, words):
    with pytest.raises((ValueError, TypeError), match=words):
        ctc(np.zeros((4, 2, 3)), targets)
