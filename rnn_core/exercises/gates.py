"""The exercises on gates: one step of the LSTM, and one of the GRU."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np

from rnn_core.exercises.exercise import Case, Exercise, Slip
from rnn_core.exercises.forward import sigmoid
from rnn_core.parameters import Array


def _case(rng: np.random.Generator, blocks: int) -> Case:
    B, n_x, n_h = 2, 3, int(rng.integers(4, 7))
    return {
        "x_t": rng.standard_normal((B, n_x)),
        "a_prev": rng.standard_normal((B, n_h)),
        "Wxh": rng.standard_normal((n_x, blocks * n_h)),
        "W": rng.standard_normal((n_h, blocks * n_h)),
        "b": rng.standard_normal(blocks * n_h),
    }


def _lstm_case(rng: np.random.Generator) -> Case:
    case = _case(rng, 4)
    # Larger than the sums of a trained network, so that tanh(c) and c differ plainly.
    case["c_prev"] = 1.5 * rng.standard_normal(case["a_prev"].shape)
    return {name: case[name] for name in ("x_t", "a_prev", "c_prev", "Wxh", "W", "b")}


def _lstm(
    *,
    order: str = "oifg",
    gate: Callable[[Array], Array] = sigmoid,
    candidate: Callable[[Array], Array] = np.tanh,
    sums: Callable[..., Array] = lambda x_t, a_prev, c_prev, Wxh, W, b: x_t @ Wxh + a_prev @ W + b,
    keep: Callable[..., Array] = lambda o, i, f, g, c_prev, a_prev: f * c_prev + i * g,
    show: Callable[..., Array] = lambda o, c_t, c_prev, g: o * np.tanh(c_t),
) -> Callable[..., dict[str, Array]]:
    """Return a step of the LSTM, with any of its parts made otherwise."""

    def program(
        x_t: Array, a_prev: Array, c_prev: Array, Wxh: Array, W: Array, b: Array
    ) -> dict[str, Array]:
        z = np.split(sums(x_t, a_prev, c_prev, Wxh, W, b), 4, axis=1)
        part = dict(zip(order, z, strict=True))
        o, i, f = (gate(part[name]) for name in "oif")
        g = candidate(part["g"])
        c_t = keep(o, i, f, g, c_prev, a_prev)
        return {"c_t": c_t, "a_t": show(o, c_t, c_prev, g)}

    return program


def _same(z: Array) -> Array:
    return z


def _turned(program: Callable[..., dict[str, Array]]) -> Callable[..., dict[str, Array]]:
    def turned(**case: Any) -> dict[str, Array]:
        answer = program(**case)
        return {"c_t": answer["a_t"], "a_t": answer["c_t"]}

    return turned


def _gate_slips(make: Callable[[Callable[[Array], Array]], Callable[..., Any]]) -> list[Slip]:
    """Return one slip for each wrong activation of the gates."""
    return [
        Slip(
            make(np.tanh),
            "the gates pass through tanh; a gate is a share from 0 to 1, so it is a sigmoid.",
            "gates through tanh",
        ),
        Slip(
            make(_same),
            "the gates are bare sums; a gate is a share from 0 to 1: sigmoid of the sum.",
            "gates without sigmoid",
        ),
    ]


def _order_slips(blocks: str, make: Callable[[str], Callable[..., Any]]) -> list[Slip]:
    """Return one slip for each wrong order of the blocks."""
    elsewhere = {"ifgo": " (that is PyTorch's order)", "urn": " (that is Keras's order)"}
    slips = []
    for found in ("".join(order) for order in permutations(blocks)):
        if found != blocks:
            words = (
                f"the blocks are swapped: this reads them as {', '.join(found)}"
                f"{elsewhere.get(found, '')}; here they stand as {', '.join(blocks)}."
            )
            slips.append(Slip(make(found), words, f"order {found}"))
    return slips


LSTM_STEP = Exercise(
    _lstm(),
    _lstm_case,
    [
        Slip(
            _lstm(keep=lambda o, i, f, g, c_prev, a_prev: c_prev + i * g),
            "the forget gate is missing: the old c is kept whole, and nothing is ever forgotten. "
            "Multiply c_prev by f.",
            "missing forget gate",
        ),
        Slip(
            _lstm(keep=lambda o, i, f, g, c_prev, a_prev: f * c_prev + g),
            "the input gate is missing: g is written whole. Multiply g by i.",
            "missing input gate",
        ),
        Slip(
            _lstm(keep=lambda o, i, f, g, c_prev, a_prev: c_prev + g),
            "the gates f and i are missing in c_t: multiply c_prev by f, and g by i.",
            "missing forget and input gates",
        ),
        Slip(
            _lstm(keep=lambda o, i, f, g, c_prev, a_prev: i * g),
            "the old c is not used: this cell keeps nothing. Add f * c_prev.",
            "old c not used",
        ),
        Slip(
            _lstm(keep=lambda o, i, f, g, c_prev, a_prev: f * c_prev + (1 - f) * g),
            "g is written with 1 - f, as in the GRU; the LSTM has a gate of its own for it, i.",
            "written with 1 - f",
        ),
        Slip(
            _lstm(keep=lambda o, i, f, g, c_prev, a_prev: (1 - f) * c_prev + i * g),
            "the old c is multiplied by 1 - f; f is the share that is kept: f * c_prev.",
            "forget gate the other way round",
        ),
        Slip(
            _lstm(keep=lambda o, i, f, g, c_prev, a_prev: f * a_prev + i * g),
            "f multiplies a_prev; what is kept is the other state, c_prev.",
            "a_prev kept",
        ),
        Slip(
            _lstm(keep=lambda o, i, f, g, c_prev, a_prev: np.tanh(f * c_prev + i * g)),
            "tanh is taken of c_t itself; c_t is the plain sum f * c_prev + i * g, and tanh comes "
            "in only where a_t is made.",
            "tanh around c_t",
        ),
        Slip(
            _lstm(show=lambda o, c_t, c_prev, g: o * c_t),
            "c_t is right; tanh of c_t is forgotten in a_t, which is o * tanh(c_t).",
            "tanh of c forgotten",
        ),
        Slip(
            _lstm(show=lambda o, c_t, c_prev, g: np.tanh(c_t)),
            "c_t is right; the output gate is missing in a_t, which is o * tanh(c_t).",
            "missing output gate",
        ),
        Slip(
            _lstm(show=lambda o, c_t, c_prev, g: c_t),
            "c_t is right, but a_t is c_t itself; it is o * tanh(c_t).",
            "a_t is c_t",
        ),
        Slip(
            _lstm(show=lambda o, c_t, c_prev, g: o * np.tanh(c_prev)),
            "c_t is right, but a_t is made of the old c_prev; it shows the new c_t.",
            "shows the old c",
        ),
        Slip(
            _lstm(show=lambda o, c_t, c_prev, g: np.tanh(o * c_t)),
            "c_t is right; in a_t the gate stands inside tanh, and belongs outside: o * tanh(c_t).",
            "output gate inside tanh",
        ),
        Slip(
            _lstm(show=lambda o, c_t, c_prev, g: o * sigmoid(c_t)),
            "c_t is right; in a_t it passes through a sigmoid, and should pass through tanh.",
            "sigmoid of c",
        ),
        Slip(
            _lstm(show=lambda o, c_t, c_prev, g: o * g),
            "c_t is right, but a_t shows g, the candidate; it shows the state: o * tanh(c_t).",
            "shows the candidate",
        ),
        Slip(
            _lstm(show=lambda o, c_t, c_prev, g: o * np.tanh(g)),
            "c_t is right, but a_t is made of g; it shows the new state: o * tanh(c_t).",
            "tanh of the candidate shown",
        ),
        Slip(
            _turned(_lstm()),
            "c_t and a_t stand under each other's names.",
            "names swapped",
        ),
        Slip(
            _lstm(candidate=sigmoid),
            "g passes through a sigmoid like the gates; it is what is written, and passes through "
            "tanh.",
            "candidate through a sigmoid",
        ),
        Slip(
            _lstm(candidate=_same),
            "g is the bare sum; it passes through tanh.",
            "candidate without tanh",
        ),
        *_gate_slips(lambda gate: _lstm(gate=gate)),
        Slip(
            _lstm(gate=_same, candidate=_same),
            "the activations are missing: sigmoid for o, i and f, tanh for g.",
            "missing activations",
        ),
        Slip(
            _lstm(sums=lambda x_t, a_prev, c_prev, Wxh, W, b: x_t @ Wxh + a_prev @ W),
            "the bias b is missing from the sum.",
            "missing bias",
        ),
        Slip(
            _lstm(sums=lambda x_t, a_prev, c_prev, Wxh, W, b: x_t @ Wxh + c_prev @ W + b),
            "the gates look at c_prev; they look at what was shown, a_prev @ W.",
            "gates look at c_prev",
        ),
        Slip(
            _lstm(
                sums=lambda x_t, a_prev, c_prev, Wxh, W, b: x_t @ Wxh + c_prev @ W + b,
                keep=lambda o, i, f, g, c_prev, a_prev: f * a_prev + i * g,
            ),
            "a_prev and c_prev are swapped: a_prev enters the sum, c_prev is kept by f.",
            "a_prev and c_prev swapped",
        ),
        Slip(
            _lstm(sums=lambda x_t, a_prev, c_prev, Wxh, W, b: x_t @ Wxh + b),
            "a_prev is not used: each gate looks at the input and at the state shown before.",
            "a_prev not used",
        ),
        Slip(
            _lstm(sums=lambda x_t, a_prev, c_prev, Wxh, W, b: a_prev @ W + b),
            "the input x_t is not used: this cell hears nothing.",
            "input not used",
        ),
        *_order_slips("oifg", lambda order: _lstm(order=order)),
    ],
    "the result",
    "two lines make a memory: c_t is kept and written to, a_t is what is shown of it.",
    in_order=True,
)


def _gru(
    *,
    order: str = "run",
    gate: Callable[[Array], Array] = sigmoid,
    candidate: Callable[..., Array] = lambda x_n, past_n, b_n, r: np.tanh(x_n + b_n + r * past_n),
    blend: Callable[..., Array] = lambda u, n, a_prev, r: u * a_prev + (1 - u) * n,
    bias: float = 1.0,
    before: bool = False,
) -> Callable[..., Array]:
    """Return a step of the GRU, with any of its parts made otherwise; `before` the product."""

    def program(x_t: Array, a_prev: Array, Wxh: Array, W: Array, b: Array) -> Array:
        x, past = (
            dict(zip(order, np.split(q, 3, axis=1), strict=True)) for q in (x_t @ Wxh, a_prev @ W)
        )
        b_of = dict(zip(order, np.split(bias * b, 3), strict=True))
        r, u = (gate(x[name] + past[name] + b_of[name]) for name in "ru")
        if before:
            past["n"] = (r * a_prev) @ np.split(W, 3, axis=1)[order.index("n")]
            n = np.tanh(x["n"] + b_of["n"] + past["n"])
        else:
            n = candidate(x["n"], past["n"], b_of["n"], r)
        return np.asarray(blend(u, n, a_prev, r))

    return program


GRU_STEP = Exercise(
    _gru(),
    lambda rng: _case(rng, 3),
    [
        Slip(
            _gru(blend=lambda u, n, a_prev, r: (1 - u) * a_prev + u * n),
            "u and 1 - u are swapped: here u is the share of the old state that is kept (some "
            "papers write it the other way round).",
            "u and 1 - u swapped",
        ),
        Slip(
            _gru(before=True),
            "the reset comes before the product, (r * a_prev) @ W, as Cho's paper has it; here it "
            "comes after: r * (a_prev @ W).",
            "reset before the product",
        ),
        Slip(
            _gru(blend=lambda u, n, a_prev, r: u * r * a_prev + (1 - u) * n),
            "r is applied to the kept state as well; it hides the past from n only.",
            "reset on the kept state",
        ),
        Slip(
            _gru(
                candidate=lambda x_n, past_n, b_n, r: np.tanh(x_n + b_n + past_n),
                blend=lambda u, n, a_prev, r: u * r * a_prev + (1 - u) * n,
            ),
            "r is applied to the kept state; it belongs into n: r * (a_prev @ W).",
            "reset on the kept state only",
        ),
        Slip(
            _gru(candidate=lambda x_n, past_n, b_n, r: np.tanh(x_n + r * past_n)),
            "the bias b is missing in n; it is added there too, outside the reset.",
            "bias missing in n",
        ),
        Slip(
            _gru(candidate=lambda x_n, past_n, b_n, r: np.tanh(x_n + b_n + past_n)),
            "the reset gate r is not used: in n it multiplies a_prev @ W.",
            "missing reset",
        ),
        Slip(
            _gru(candidate=lambda x_n, past_n, b_n, r: np.tanh(r * (x_n + b_n + past_n))),
            "r multiplies the whole sum in n; it multiplies the past's part alone.",
            "reset on the whole sum",
        ),
        Slip(
            _gru(candidate=lambda x_n, past_n, b_n, r: np.tanh(r * x_n + b_n + past_n)),
            "r multiplies the input's part in n; it multiplies the past's part.",
            "reset on the input",
        ),
        Slip(
            _gru(candidate=lambda x_n, past_n, b_n, r: np.tanh(x_n + r * (past_n + b_n))),
            "b stands inside the reset in n; it is added outside (PyTorch has a second bias for "
            "the inside).",
            "bias inside the reset",
        ),
        Slip(
            _gru(candidate=lambda x_n, past_n, b_n, r: x_n + b_n + r * past_n),
            "n is the bare sum; it passes through tanh.",
            "candidate without tanh",
        ),
        Slip(
            _gru(candidate=lambda x_n, past_n, b_n, r: sigmoid(x_n + b_n + r * past_n)),
            "n passes through a sigmoid like the gates; it passes through tanh.",
            "candidate through a sigmoid",
        ),
        *_gate_slips(lambda gate: _gru(gate=gate)),
        Slip(
            _gru(blend=lambda u, n, a_prev, r: u * a_prev + n),
            "n is written whole; only the share 1 - u of it is written.",
            "written whole",
        ),
        Slip(
            _gru(blend=lambda u, n, a_prev, r: a_prev + (1 - u) * n),
            "the old state is kept whole; only the share u of it is kept.",
            "kept whole",
        ),
        Slip(
            _gru(blend=lambda u, n, a_prev, r: n),
            "this is n, what could be written; a_t blends it with the old state: "
            "u * a_prev + (1 - u) * n.",
            "candidate alone",
        ),
        Slip(
            _gru(blend=lambda u, n, a_prev, r: (1 - u) * n),
            "the old state is not kept: add u * a_prev.",
            "nothing kept",
        ),
        Slip(_gru(bias=0.0), "the bias b is missing from the sums.", "missing bias"),
        *_order_slips("run", lambda order: _gru(order=order)),
    ],
    "a_t",
    "a blend of old and new, with a share for each unit at each step. At u = 1 the unit stays "
    "exactly as it is.",
)
