"""Connectionist temporal classification: a loss for outputs that are shorter than the input.

The network emits a class or a blank (class 0) at every step; which step says what is left open.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnn_core.checks import check_ids, check_mask, check_real
from rnn_core.parameters import Array


def ctc(y: Any, targets: Any, mask: Any = None) -> tuple[float, Array]:
    """Return the mean over the batch of -log p(targets) in nats, and its gradient by the logits y.

    p(targets) sums over every path, a class for each step, that spells the targets once repeats
    are merged and blanks dropped.
    dL/dy_t = (softmax(y_t) - the share of each class in these paths at t) / B

    Shapes: y (T, B, n_y); targets: B sequences of classes 1 ... n_y - 1, or one array
    (S, B), padded with 0 at the end; mask (T, B), padding last.
    Raises TypeError or ValueError where targets or mask do not fit, or where a sequence has fewer
    steps than its targets need (one each, and a blank between two that are equal).
    Source: Graves, Fernandez, Gomez and Schmidhuber, "Connectionist temporal classification:
    labelling unsegmented sequence data with recurrent neural networks", ICML 2006, section 4.
    """
    y = check_real("y", y, ("T", "B", "n_y"))
    T, B, n_y = y.shape
    real = check_mask(mask, T, B)
    steps = np.full(B, T) if real is None else real.sum(axis=0)
    labels, sizes = _with_blanks(_sequences(targets), steps, n_y)
    log_p = y - y.max(axis=2, keepdims=True)
    log_p -= np.log(np.exp(log_p).sum(axis=2, keepdims=True))
    each = np.arange(B)
    at_labels = log_p[:, each[:, None], labels]  # (T, B, S)
    outside = np.arange(labels.shape[1]) >= sizes[:, None]
    at_labels[:, outside] = -np.inf
    ahead = _log_paths(at_labels, labels)
    # Backward is forward over both axes reversed, each sequence from its own end.
    flip_t = np.where(np.arange(T)[:, None] < steps, steps - 1 - np.arange(T)[:, None], 0)
    place = np.arange(labels.shape[1])
    flip_s = np.where(~outside, sizes[:, None] - 1 - place, place)
    turned = at_labels[flip_t[:, :, None], each[:, None], flip_s]
    back = _log_paths(turned, labels[each[:, None], flip_s])
    back = back[flip_t[:, :, None], each[:, None], flip_s]
    with np.errstate(invalid="ignore"):
        # Both counted step t itself. Outside the targets this is -inf - -inf.
        through = np.where(outside, -np.inf, ahead + back - at_labels)
    log_total = np.logaddexp.reduce(ahead[steps - 1, each][each[:, None], _ends(sizes)], axis=1)
    share = np.exp(through - log_total[:, None])
    dy = np.exp(log_p)
    for s in range(labels.shape[1]):
        dy[:, each, labels[:, s]] -= share[:, :, s]
    dy /= B
    if real is not None:
        dy[~real] = 0.0
    return float(-log_total.mean()), dy


def _ends(sizes: Array) -> Array:
    """Return the two places where a path may end, the last class and the blank after it, (B, 2)."""
    return np.stack([sizes - 2, sizes - 1], axis=1)


def _log_paths(at_labels: Array, labels: Array) -> Array:
    """Return the log probability of all path beginnings that stand at each label at each step."""
    # A path may jump over the blank between two classes that differ.
    jump = np.zeros(labels.shape, bool)
    jump[:, 2:] = (labels[:, 2:] != 0) & (labels[:, 2:] != labels[:, :-2])
    total = np.full(at_labels.shape, -np.inf)
    total[0, :, :2] = at_labels[0, :, :2]
    for before, now, emitted in zip(total[:-1], total[1:], at_labels[1:], strict=True):
        now[:] = before
        now[:, 1:] = np.logaddexp(now[:, 1:], before[:, :-1])
        now[:, 2:] = np.where(jump[:, 2:], np.logaddexp(now[:, 2:], before[:, :-2]), now[:, 2:])
        now += emitted
    return total


def _sequences(targets: Any) -> Sequence[Sequence[int]]:
    """Return one sequence of classes for each column of an array (S, B), without its padding."""
    if not (isinstance(targets, np.ndarray) and targets.ndim == 2):
        return list(targets)
    real = targets != 0
    if (real[1:] & ~real[:-1]).any():
        t, b = np.argwhere(real[1:] & ~real[:-1])[0]
        raise ValueError(
            f"targets[{t + 1}, {b}] is {targets[t + 1, b]} after a 0, expected the padding last."
        )
    return [column[:n] for column, n in zip(targets.T, real.sum(axis=0), strict=True)]


def _with_blanks(targets: Sequence[Sequence[int]], steps: Array, n_y: int) -> tuple[Array, Array]:
    """Return the classes with a blank before, between and after them, (B, S), and the sizes."""
    B = len(steps)
    if len(targets) != B:
        raise ValueError(f"targets holds {len(targets)} sequences, expected {B} as in y.")
    sizes = np.array([2 * len(target) + 1 for target in targets])
    labels = np.zeros((B, sizes.max()), int)
    for b, target in enumerate(targets):
        classes = check_ids(f"targets[{b}]", target, ("S",), n_y)
        if not classes.all():
            raise ValueError(f"targets[{b}] holds 0, the blank, expected 1 to {n_y - 1}.")
        needed = len(classes) + int((classes[1:] == classes[:-1]).sum())
        if needed > steps[b]:
            raise ValueError(f"targets[{b}] needs {needed} steps, expected at most {steps[b]}.")
        labels[b, 1 : sizes[b] : 2] = classes
    return labels, sizes
