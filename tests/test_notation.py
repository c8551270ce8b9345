"""NOTATION.md is the contract: its shapes are the code's, and notebook 00 has its card."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from rnn_core import RNNCell, SequenceModel

ROOT = Path(__file__).parent.parent
SIZES = {"T": 5, "B": 3, "n_x": 4, "n_h": 6, "n_y": 2, "n_tokens": 7}


def card(text: str) -> dict[str, str]:
    """Return the shape of each symbol in a Markdown table of symbols."""
    rows = re.findall(r"^\| (`.+?) \| *(.*?) *\| .+ \|$", text, flags=re.MULTILINE)
    shapes: dict[str, str] = {}
    for symbols, given in rows:
        names = re.findall(r"`(\w+)`", symbols)
        found = re.findall(r"`(\([^`]*\))`", given)
        for name, shape in zip(names, found or [""] * len(names), strict=False):
            shapes[name] = shape
    return shapes


CONTRACT = card((ROOT / "NOTATION.md").read_text(encoding="utf-8").split("## Equations")[0])


def shape(name: str) -> tuple[int, ...]:
    return tuple(SIZES[size] for size in re.findall(r"\w+", CONTRACT[name]))


def test_shapes_in_the_code_are_those_of_the_contract() -> None:
    rng = np.random.default_rng(0)
    cell = RNNCell(SIZES["n_x"], SIZES["n_h"], rng=rng)
    model = SequenceModel(cell, SIZES["n_y"], n_tokens=SIZES["n_tokens"], rng=rng)
    for name, array in model.parameters.items():
        assert array.shape == shape(name), name
    T, B = SIZES["T"], SIZES["B"]
    tokens = rng.integers(0, SIZES["n_tokens"], (T, B))
    trace = model.forward(tokens, mask=np.ones((T, B), bool))
    loss, _ = model.loss_and_gradients(tokens, rng.integers(0, SIZES["n_y"], (T, B)))
    assert np.ndim(loss) == 0
    model.backward(trace, np.ones_like(trace.y))
    step = trace.step(3)
    for name, array in {
        "x_t": step.x,
        "a_t": step.a,
        "a_0": trace.states[0][0],
        "z_t": step.z,
        "dz_t": step.dz,
        "y_t": trace.y[2],
    }.items():
        assert array.shape == shape(name), name
    assert len(trace.x) == len(trace.a) == len(trace.y) == T


def test_notebook_00_has_the_same_card() -> None:
    notebook = json.loads((ROOT / "notebooks" / "00_start_here.ipynb").read_text("utf-8"))
    text = "\n\n".join(
        "".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown"
    )
    on_card = {name: found for name, found in card(text).items() if name in CONTRACT}
    assert len(on_card) >= 15
    assert on_card == {name: CONTRACT[name] for name in on_card}
