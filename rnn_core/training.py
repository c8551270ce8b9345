"""Learning: SGD and Adam, clipping, mini-batches, and `fit`, which can be stopped and resumed."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, NamedTuple, Protocol

import numpy as np

from rnn_core.cells import generator
from rnn_core.checks import (
    as_array,
    check_mask,
    check_number,
    check_positive,
    check_shape,
    check_size,
    shape_text,
)
from rnn_core.models import SequenceModel
from rnn_core.parameters import Array, Parameters

GRID = 2.0**-20
"""About a millionth: far above what machines differ in, far below what a weight needs."""


class Batch(NamedTuple):
    """What `loss_and_gradients` takes: x (T, B, ...), targets (B,) or (K, B), mask (T, B)."""

    x: Array
    targets: Array
    mask: Array | None = None


class Trainable(Protocol):
    """What `fit` can train."""

    parameters: Parameters

    def loss_and_gradients(
        self, x: Any, targets: Any, mask: Any = None
    ) -> tuple[float, Parameters]:
        """Return the loss of a batch and its gradients."""


class Optimizer(Protocol):
    """A rule that turns gradients into a change of the weights; `rate` is its learning rate."""

    rate: float

    def update(self, weights: Array, gradient: Array, scale: float = 1.0) -> None:
        """Change the flat `weights` in place, at `scale` times the learning rate."""


class SGD:
    """Gradient descent: weights -= rate * gradient. Raises ValueError unless rate is above 0."""

    def __init__(self, rate: float) -> None:
        self.rate = check_positive("rate", rate)

    def update(self, weights: Array, gradient: Array, scale: float = 1.0) -> None:
        """Change the flat `weights` in place, at `scale` times the learning rate."""
        weights -= (self.rate * scale) * gradient


class Adam:
    """Adam: steps of about `rate` for each weight, whatever the size of its gradient.

    m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2, both starting at zero;
    weights -= rate * m_hat / (sqrt(v_hat) + eps), m_hat = m / (1 - beta1^n), v_hat likewise;
    with `weight_decay`, also weights -= rate * weight_decay * weights.

    Source: Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1;
    Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2.
    Raises TypeError or ValueError unless rate and eps are above 0, the betas in [0, 1) and
    weight_decay at least 0.
    """

    def __init__(
        self,
        rate: float = 3e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        self.rate, self.eps = check_positive("rate", rate), check_positive("eps", eps)
        for name, beta in (("beta1", beta1), ("beta2", beta2)):
            check_number(name, beta)
            if not 0 <= beta < 1:
                raise ValueError(f"{name} is {beta}, expected at least 0 and below 1.")
        if not 0 <= weight_decay < np.inf:
            raise ValueError(f"weight_decay is {weight_decay}, expected a finite number >= 0.")
        self.beta1, self.beta2, self.weight_decay = beta1, beta2, weight_decay
        self.n = 0
        self.m = self.v = self.scratch = np.empty(0)

    def update(self, weights: Array, gradient: Array, scale: float = 1.0) -> None:
        """Change the flat `weights` in place, at `scale` times the learning rate."""
        if self.n == 0:
            self.m, self.v = np.zeros_like(weights), np.zeros_like(weights)
            self.scratch = np.empty_like(weights)
        elif weights.shape != self.m.shape:
            raise ValueError(
                f"weights has {weights.size} numbers, expected {self.m.size}: this optimizer has "
                "trained another model."
            )
        self.n += 1
        m, v, scratch = self.m, self.v, self.scratch
        m *= self.beta1
        m += np.multiply(gradient, 1 - self.beta1, out=scratch)
        v *= self.beta2
        np.multiply(gradient, gradient, out=scratch)
        scratch *= 1 - self.beta2
        v += scratch
        # The two corrections for the start at zero, folded into the rate and eps.
        root = np.sqrt(1 - self.beta2**self.n)
        np.sqrt(v, out=scratch)
        scratch += self.eps * root
        np.divide(m, scratch, out=scratch)
        scratch *= self.rate * scale * root / (1 - self.beta1**self.n)
        if self.weight_decay:
            scratch += (self.rate * scale * self.weight_decay) * weights
        weights -= scratch


def clip(gradient: Array, max_norm: float) -> float:
    """Shorten the gradient in place to at most `max_norm` and return the norm it had.

    Source: Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural
    networks", ICML 2013, algorithm 1. Raises ValueError unless max_norm is above 0.
    """
    check_positive("max_norm", max_norm)
    norm = float(np.sqrt(gradient.dot(gradient)))
    if norm > max_norm:
        gradient *= max_norm / norm
    return norm


def minibatches(
    x: Array,
    targets: Array,
    mask: Array | None = None,
    *,
    size: int,
    rng: np.random.Generator | int = 0,
    by_length: bool = False,
) -> Iterator[Batch]:
    """Yield mini-batches for ever; each pass takes every sequence once, in a new order.

    Shapes: x (T, N, ...), targets (N,) or (K, N), mask (T, N); size is at most N, and the last
    batch of a pass is smaller where size does not divide N. With `by_length`, a batch holds
    sequences of about the same length, so that little of it is padding.
    Raises TypeError or ValueError where the numbers of sequences disagree.
    """
    x, targets = as_array("x", x), as_array("targets", targets)
    if x.ndim < 2:
        raise ValueError(f"x has the shape {shape_text(x.shape)}, expected (T, N) or (T, N, n_x).")
    T, N = x.shape[:2]
    if targets.ndim not in (1, 2) or targets.shape[-1] != N:
        raise ValueError(
            f"targets has the shape {shape_text(targets.shape)}, expected ({N},) or (K, {N}) "
            f"for the {N} sequences in x."
        )
    mask = check_mask(mask, T, N)
    if check_size("size", size) > N:
        raise ValueError(f"size is {size}, expected at most the {N} sequences in x.")
    lengths = mask.sum(axis=0) if by_length and mask is not None else None
    return _endless(x, targets, mask, size, generator(rng), lengths)


POOL = 20
"""How many batches are drawn at once and sorted by length among themselves."""


def _endless(
    x: Array,
    targets: Array,
    mask: Array | None,
    size: int,
    rng: np.random.Generator,
    lengths: Array | None,
) -> Iterator[Batch]:
    while True:
        order = rng.permutation(x.shape[1])
        starts = np.arange(0, len(order), size)
        if lengths is not None:
            for start in range(0, len(order), POOL * size):
                pool = order[start : start + POOL * size]
                pool[:] = pool[np.argsort(lengths[pool], kind="stable")]
            rng.shuffle(starts)
        for start in starts.tolist():
            chosen = order[start : start + size]
            some = None if mask is None else mask[:, chosen]
            yield Batch(x[:, chosen], targets[..., chosen], some)


def streams(tokens: Any, *, T: int, B: int) -> Iterator[Batch]:
    """Yield pieces of one long text for ever, in which each sequence goes on where it ended.

    B readers stand at equal distances in the text; each reads T tokens a batch, round and round,
    and its target is always the next token. tokens (N,); x and targets (T, B).
    Raises TypeError or ValueError unless tokens are at least B integers, and T, B at least 1.
    """
    check_size("T", T), check_size("B", B)
    text = check_shape("tokens", as_array("tokens", tokens), ("N",))
    if text.dtype.kind not in "iu":
        raise TypeError(f"tokens holds {text.dtype} values, expected integers.")
    if len(text) < B:
        raise ValueError(f"tokens has {len(text)} entries, expected at least B = {B}.")
    places = np.arange(T + 1)[:, None] + np.arange(B) * len(text) // B
    while True:
        piece = text[places % len(text)]
        yield Batch(piece[:-1], piece[1:])
        places += T


class Carried:
    """A model for `fit` that starts each batch in the state in which the one before ended.

    The state goes on from batch to batch, the gradient does not: it stops at the first step of
    each batch (truncated BPTT). Takes batches such as those of `streams`, in which each sequence
    goes on where it ended; `a_0` is the state to go on from, None (zeros) before the first.
    Source: Williams and Peng, "An efficient gradient-based algorithm for on-line training of
    recurrent network trajectories", Neural Computation 2 (1990).
    """

    def __init__(self, model: SequenceModel) -> None:
        if not isinstance(model, SequenceModel):
            raise TypeError(f"model is a {type(model).__name__}, expected a SequenceModel.")
        self.model, self.parameters = model, model.parameters
        self.a_0: Any = None

    def loss_and_gradients(
        self, x: Any, targets: Any, mask: Any = None
    ) -> tuple[float, Parameters]:
        """Return the loss and its gradients, and keep the last state for the next batch.

        Raises TypeError or ValueError where an argument does not fit, FloatingPointError where
        the loss is no number any more.
        """
        trace = self.model.forward(x, mask, self.a_0)
        self.a_0 = trace.a_T
        return self.model.loss_and_gradients_of(trace, targets)


@dataclass
class History:
    """What happened in training; `fit` takes it back to go on where it stopped."""

    optimizer: Optimizer
    losses: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    """The gradient's norm at each step, before clipping."""
    seconds: float = 0.0
    interrupted: bool = False

    @property
    def steps(self) -> int:
        """How many updates were made."""
        return len(self.losses)


def fit(
    model: Trainable,
    batches: Iterator[Batch],
    *,
    steps: int,
    optimizer: Optimizer | None = None,
    max_norm: float = 1.0,
    decay: bool = True,
    grid: float | None = None,
    history: History | None = None,
    watch: Callable[[History, int], None] | None = None,
) -> History:
    """Train until `steps` updates are made and return what happened.

    Each update takes the next batch, its gradient clipped to `max_norm`, and (with `decay`) a
    rate that falls in a straight line to zero at the last step. With `grid`, the weights are
    rounded to multiples of it after each update: machines differ in the last digits of a product,
    training can blow such a difference up to any size, and rounding wipes it out in time; with
    GRID they all train the same network. Matrix products run on one thread (see `one_thread`).
    `watch(history, steps)` is called after each update.
    The stop button (an interrupt) ends it after the update under way; calling
    `fit` again with the returned `history` goes on exactly as if it had not been stopped.
    Raises FloatingPointError, with the weights as before that step, where loss or gradient stops
    being a number; TypeError or ValueError where an argument does not fit.
    """
    check_size("steps", steps)
    check_positive("max_norm", max_norm)
    if grid is not None:
        check_positive("grid", grid)
    if not isinstance(batches, Iterator):
        raise TypeError(
            f"batches is a {type(batches).__name__}, expected an iterator such as minibatches(...)."
        )
    if history is None:
        history = History(Adam() if optimizer is None else optimizer)
    elif optimizer not in (None, history.optimizer):
        raise ValueError("optimizer is a new one, expected none: the history goes on with its own.")
    optimizer, weights = history.optimizer, model.parameters.vector
    history.interrupted = False
    start = time.perf_counter() - history.seconds
    # Numbers too large are an error below, and need no warnings on the way.
    quiet = np.errstate(over="ignore", invalid="ignore")
    with _StopButton() as stop_button, one_thread(), quiet:
        while history.steps < steps and not stop_button.pressed:
            batch = next(batches, None)
            if batch is None:
                raise ValueError(f"batches ended after {history.steps}, expected {steps} of them.")
            loss, gradients = model.loss_and_gradients(*batch)
            norm = clip(gradients.vector, max_norm)
            if not (np.isfinite(loss) and np.isfinite(norm)):
                raise FloatingPointError(
                    f"step {history.steps + 1} has loss {loss} and gradient norm {norm}, expected "
                    f"finite numbers: lower the learning rate (it is {optimizer.rate})."
                )
            scale = 1 - history.steps / steps if decay else 1.0
            optimizer.update(weights, gradients.vector, scale)
            if grid is not None:
                np.multiply(np.rint(weights / grid), grid, out=weights)
            history.losses.append(loss)
            history.norms.append(norm)
            history.seconds = time.perf_counter() - start
            if watch is not None:
                watch(history, steps)
        history.interrupted = history.steps < steps
    return history


def one_thread() -> AbstractContextManager[Any]:
    """Return a context in which matrix products run on one thread.

    The matrices here are small: several threads spend more time waiting for each other than they
    save, and on a busy machine training takes many times longer. Without threadpoolctl installed
    nothing changes.
    """
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return nullcontext()
    limits: AbstractContextManager[Any] = threadpool_limits(limits=1, user_api="blas")
    return limits


class _StopButton:
    """Turn an interrupt into a flag, so that no update is left half done; a second one raises."""

    def __init__(self) -> None:
        self.pressed = False
        # Python allows signal handlers in the main thread alone; elsewhere an interrupt raises.
        self._available = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> _StopButton:
        if self._available:
            self._before = signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(self, *_: object) -> None:
        if self._available:
            signal.signal(signal.SIGINT, self._before)

    def _press(self, number: int, frame: FrameType | None) -> None:
        if self.pressed:
            raise KeyboardInterrupt
        self.pressed = True
