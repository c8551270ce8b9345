"""How fast is one training step, beside PyTorch, min-char-rnn's way and the floor?

    python benchmarks/core.py [--quick]

One step is forward, loss, backward and Adam; many-to-many, outputs at every step, n_y = n_x.
Everything runs on one thread, interleaved in one process, and is measured in CPU time, so that
the ratios hold on a busy machine too: trust them, not the microseconds. Prints Markdown tables.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

# Before NumPy loads: two threads on a busy machine can be many times slower than one.
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"
os.environ["OMP_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

import rnn_core

try:
    import torch
except ImportError:
    torch = None
else:
    torch.set_num_threads(1)

Step = Callable[[], Any]
SIZES = ((1, 10, 8, 16), (1, 25, 65, 100), (16, 20, 32, 64), (32, 50, 65, 128), (64, 100, 128, 256))
RATE = 1e-3
MISSING = "no torch"


def make_batch(B: int, T: int, n_x: int, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs (T, B, n_x) and targets (T, B)."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((T, B, n_x)).astype(dtype)
    return x, rng.integers(0, n_x, (T, B))


CELLS = {"RNN": rnn_core.RNNCell, "GRU": rnn_core.GRUCell, "LSTM": rnn_core.LSTMCell}


def core_step(B: int, T: int, n_x: int, n_h: int, dtype: str, kind: str = "RNN") -> Step:
    """Return one training step of `rnn_core`."""
    x, targets = make_batch(B, T, n_x, dtype)
    model = rnn_core.SequenceModel(CELLS[kind](n_x, n_h, dtype=dtype), n_x)
    adam = rnn_core.Adam(RATE)

    def step() -> float:
        loss, gradients = model.loss_and_gradients(x, targets)
        adam.update(model.parameters.vector, gradients.vector)
        return loss

    return step


def torch_step(B: int, T: int, n_x: int, n_h: int, dtype: str, kind: str = "RNN") -> Step:
    """Return one training step of `torch.nn`'s layer, a linear readout and torch's Adam."""
    x, targets = make_batch(B, T, n_x, dtype)
    inputs, classes = torch.from_numpy(x), torch.from_numpy(targets).reshape(-1)
    rnn, readout = getattr(torch.nn, kind)(n_x, n_h), torch.nn.Linear(n_h, n_x)
    rnn.to(inputs.dtype), readout.to(inputs.dtype)
    adam = torch.optim.Adam([*rnn.parameters(), *readout.parameters()], lr=RATE)

    def step() -> float:
        adam.zero_grad()
        states, _ = rnn(inputs)
        y = readout(states).reshape(-1, n_x)
        loss = torch.nn.functional.cross_entropy(y, classes)
        loss.backward()
        adam.step()
        return loss.item()

    return step


def naive_step(B: int, T: int, n_x: int, n_h: int, dtype: str) -> Step:
    """Return one training step min-char-rnn's way.

    One sequence at a time, its steps in lists, every product a matrix with one column, the
    weight gradients added up step by step, one moment pair for each matrix.
    """
    x, targets = make_batch(B, T, n_x, dtype)
    rng = np.random.default_rng(0)
    Wxh = (rng.standard_normal((n_h, n_x)) / np.sqrt(n_x)).astype(dtype)
    Whh = np.linalg.qr(rng.standard_normal((n_h, n_h)))[0].astype(dtype)
    Why = (rng.standard_normal((n_x, n_h)) / np.sqrt(n_h)).astype(dtype)
    bh, by = np.zeros((n_h, 1), dtype), np.zeros((n_x, 1), dtype)
    weights = [Wxh, Whh, Why, bh, by]
    m, v = [np.zeros_like(w) for w in weights], [np.zeros_like(w) for w in weights]
    count = 0

    def sequence(b: int, dWxh: Any, dWhh: Any, dWhy: Any, dbh: Any, dby: Any) -> float:
        hs, ps, loss = {-1: np.zeros((n_h, 1), dtype)}, {}, 0.0
        for t in range(T):
            x_t = x[t, b][:, None]
            hs[t] = np.tanh(np.dot(Wxh, x_t) + np.dot(Whh, hs[t - 1]) + bh)
            y = np.dot(Why, hs[t]) + by
            e = np.exp(y - np.max(y))
            ps[t] = e / np.sum(e)
            loss += -np.log(ps[t][targets[t, b], 0])
        dh_next = np.zeros((n_h, 1), dtype)
        for t in reversed(range(T)):
            dy = ps[t] / (T * B)
            dy[targets[t, b]] -= 1 / (T * B)
            dWhy += np.dot(dy, hs[t].T)
            dby += dy
            dz = (1 - hs[t] * hs[t]) * (np.dot(Why.T, dy) + dh_next)
            dbh += dz
            dWxh += np.dot(dz, x[t, b][None, :])
            dWhh += np.dot(dz, hs[t - 1].T)
            dh_next = np.dot(Whh.T, dz)
        return loss

    def step() -> float:
        nonlocal count
        count += 1
        gradients = [np.zeros_like(w) for w in weights]
        loss = sum(sequence(b, *gradients) for b in range(B))
        for w, g, m_w, v_w in zip(weights, gradients, m, v, strict=True):
            m_w += 0.1 * (g - m_w)
            v_w += 0.001 * (g * g - v_w)
            m_hat, v_hat = m_w / (1 - 0.9**count), v_w / (1 - 0.999**count)
            w -= RATE * m_hat / (np.sqrt(v_hat) + 1e-8)
        return loss / (T * B)

    return step


def floor_step(B: int, T: int, n_x: int, n_h: int, dtype: str) -> Step:
    """Return what no NumPy code can leave out: the matrix products and the tanh, and no more.

    Into arrays that are there already; without biases, loss and Adam.
    """
    rng = np.random.default_rng(0)

    def room(*shape: int) -> np.ndarray:
        return (rng.standard_normal(shape) / np.sqrt(n_h)).astype(dtype)

    x, a, y, da, dz = (room(T, B, n) for n in (n_x, n_h, n_x, n_h, n_h))
    Wxh, W, Why = room(n_x, n_h), room(n_h, n_h), room(n_h, n_x)
    dWxh, dW, dWhy = room(n_x, n_h), room(n_h, n_h), room(n_h, n_x)
    product, dy = room(B, n_h), room(T, B, n_x)
    x_rows, a_rows, y_rows, da_rows, dz_rows, dy_rows = (
        array.reshape(T * B, -1) for array in (x, a, y, da, dz, dy)
    )

    def step() -> None:
        np.dot(x_rows, Wxh, out=a_rows)
        for a_t in a:
            np.dot(a_t, W, out=product)
            np.tanh(a_t, out=a_t)
        np.dot(a_rows, Why, out=y_rows)
        np.dot(dy_rows, Why.T, out=da_rows)
        for dz_t in dz:
            np.dot(dz_t, W.T, out=product)
        np.dot(x_rows.T, dz_rows, out=dWxh)
        np.dot(a_rows.T, dz_rows, out=dW)
        np.dot(a_rows.T, dy_rows, out=dWhy)

    return step


WAYS = {"rnn_core": core_step, "torch": torch_step, "min-char-rnn": naive_step, "floor": floor_step}


def measure(steps: Sequence[Step], rounds: int, block: float) -> np.ndarray:
    """Return the CPU seconds of one call of each of `steps`, `(rounds, len(steps))`.

    Each round takes every step in turn, in blocks of at least `block` seconds.
    """
    calls = []
    for step in steps:
        step()
        start, n = time.process_time(), 0
        while time.process_time() - start < block:
            step()
            n += 1
        calls.append(n + 1)
    seconds = np.empty((rounds, len(steps)))
    for row in seconds:
        for i, (step, n) in enumerate(zip(steps, calls, strict=True)):
            start = time.process_time()
            for _ in range(n):
                step()
            row[i] = (time.process_time() - start) / n
    return seconds


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def speed_table(dtype: str, sizes: Sequence[tuple[int, ...]], rounds: int, block: float) -> str:
    """Return the table of one type: times, and how many times slower the others are."""
    ways = [way for way in WAYS if way != "torch" or torch is not None]
    rows = []
    for size in sizes:
        seconds = measure([WAYS[way](*size, dtype) for way in ways], rounds, block)
        time_of = dict(zip(ways, seconds.T, strict=True))
        core = time_of["rnn_core"]

        def ratio(over: str, under: str, time_of: dict[str, np.ndarray] = time_of) -> str:
            if over not in time_of:
                return MISSING
            minimum = time_of[over].min() / time_of[under].min()
            return f"{minimum:.2f} ({np.median(time_of[over] / time_of[under]):.2f})"

        rows.append(
            [
                str(size),
                f"{core.min() * 1e6:.0f}",
                f"{np.median(core) * 1e6:.0f}",
                ratio("torch", "rnn_core"),
                ratio("min-char-rnn", "rnn_core"),
                ratio("rnn_core", "floor"),
            ]
        )
    head = [
        f"(B, T, n_x, n_h) {dtype}",
        "rnn_core µs, minimum",
        "median",
        "torch / rnn_core",
        "min-char-rnn / rnn_core",
        "rnn_core / floor",
    ]
    return table(head, rows)


def gates_table(dtype: str, sizes: Sequence[tuple[int, ...]], rounds: int, block: float) -> str:
    """Return the times of GRU and LSTM, and how many times slower torch's are."""
    rows = []
    for size in sizes:
        row = [str(size)]
        for kind in ("GRU", "LSTM"):
            steps = [core_step(*size, dtype, kind)]
            if torch is not None:
                steps.append(torch_step(*size, dtype, kind))
            seconds = measure(steps, rounds, block)
            core, theirs = seconds[:, 0], seconds[:, -1]
            ratio = f"{theirs.min() / core.min():.2f} ({np.median(theirs / core):.2f})"
            row += [f"{core.min() * 1e6:.0f}", MISSING if torch is None else ratio]
        rows.append(row)
    head = [f"(B, T, n_x, n_h) {dtype}"]
    for kind in ("GRU", "LSTM"):
        head += [f"{kind} µs, minimum", f"torch / rnn_core, {kind}"]
    return table(head, rows)


def length_table(lengths: Sequence[int], rounds: int, block: float) -> str:
    """Return time and memory against T, and the slope of the time in a log-log plot."""
    B, n_x, n_h = 16, 32, 64
    seconds = measure([core_step(B, T, n_x, n_h, "float64") for T in lengths], rounds, block).min(
        axis=0
    )
    slope = np.polyfit(np.log(lengths), np.log(seconds), 1)[0]
    rows = []
    for T, second in zip(lengths, seconds, strict=True):
        forward, backward = kept_bytes(B, T, n_x, n_h)
        unit = T * B * n_h * 8
        rows.append(
            [
                str(T),
                f"{second * 1e6:.0f}",
                f"{second * 1e6 / T:.1f}",
                f"{forward / unit:.2f}",
                f"{backward / unit:.2f}",
            ]
        )
    head = [
        f"T (B, n_x, n_h = {B}, {n_x}, {n_h})",
        "µs",
        "µs per step",
        "kept per step after forward, in B n_h 8 bytes",
        "after backward",
    ]
    return table(head, rows) + f"\n\nTime grows as T to the power of {slope:.2f} (1 is linear)."


def kept_bytes(B: int, T: int, n_x: int, n_h: int) -> tuple[int, int]:
    """Return the bytes of the arrays that a trace keeps, after forward and after backward."""
    x, targets = make_batch(B, T, n_x, "float64")
    model = rnn_core.SequenceModel(rnn_core.RNNCell(n_x, n_h), n_x)
    trace = model.forward(x)
    forward = _bytes(trace)
    _, dy = rnn_core.softmax_cross_entropy(trace.y, targets)
    model.backward(trace, dy)
    return forward, _bytes(trace)


def _bytes(trace: rnn_core.Trace) -> int:
    """Return the bytes of all arrays of a trace, each piece of memory counted once."""
    owners = {}
    for value in vars(trace).values():
        for array in value if isinstance(value, list) else [value]:
            while isinstance(array, np.ndarray):
                owners[id(array)] = array
                array = array.base
    return sum(array.nbytes for array in owners.values() if array.base is None)


def main() -> None:
    parser = argparse.ArgumentParser(description="One training step, timed.")
    parser.add_argument("--quick", action="store_true", help="the first sizes alone, few rounds")
    quick = parser.parse_args().quick
    rounds, block = (5, 0.004) if quick else (15, 0.01)
    sizes = SIZES[:2] if quick else SIZES
    lengths = (10, 20, 40) if quick else (25, 50, 100, 200, 400, 800)
    versions = [f"Python {platform.python_version()}", f"NumPy {np.__version__}"]
    versions.append(MISSING if torch is None else f"PyTorch {torch.__version__}")
    print(", ".join(versions) + "; one thread, CPU time.")
    print("Ratios are of the minima, in brackets the median of the rounds' own ratios.")
    for dtype in ("float64", "float32"):
        print("\n" + speed_table(dtype, sizes, rounds, block), flush=True)
    for dtype in ("float64", "float32"):
        print("\n" + gates_table(dtype, sizes, rounds, block), flush=True)
    print("\n" + length_table(lengths, rounds, block))


if __name__ == "__main__":
    main()
