"""Every control of every picture that the kernel redraws, after the whole notebook has run.

Cells share their names: a later cell may rebind one that an earlier picture still uses.
"""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from ipywidgets import Button, Dropdown, FloatSlider, IntSlider, Text

from rnn_core.show import Explore

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))


def run(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Explore]:
    """Run a notebook's code in this process and return the pictures with controls it made."""
    made: list[Explore] = []
    make = Explore.__init__

    def note(self: Explore, *arguments: Any, **named: Any) -> None:
        make(self, *arguments, **named)
        made.append(self)

    monkeypatch.setattr(Explore, "__init__", note)
    names: dict[str, Any] = {}
    with redirect_stdout(io.StringIO()):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                exec(cell.source, names)
    return made


def values(control: Any, rng: np.random.Generator) -> list[Any]:
    """Return what to set a control to: its ends, some values between, and what it had."""
    if isinstance(control, IntSlider | FloatSlider):
        between = rng.uniform(control.min, control.max, 3)
        kind = int if isinstance(control, IntSlider) else float
        return [control.min, control.max, *map(kind, between), control.value]
    if isinstance(control, Dropdown):
        return [*control.options, control.value]
    return []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_control_draws_at_its_ends_and_between(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    for place, picture in enumerate(run(path, monkeypatch), start=1):
        seen = {picture.result.value}
        for name, control in picture.controls.items():
            where = f"{path.stem}, picture {place}, {name}"
            if isinstance(control, Text):
                control.value = control.value + " "
                continue
            if isinstance(control, Button):
                control.click()
            for value in values(control, rng):
                control.value = value
                shown = picture.result.value
                assert 'class="rnn-frame"' in shown, f"{where} = {value!r}: {shown}"
                seen.add(shown)
        assert len(seen) > 1 or all(isinstance(c, Text) for c in picture.controls.values())
