"""Every control of every picture that the kernel redraws, after the whole notebook has run.

Cells share their names: a later cell may rebind one that an earlier picture still uses.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ipywidgets import Button, Dropdown, FloatSlider, IntSlider, Text
from run_notebook import pictures_with_controls

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))


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
    path: Path,
) -> None:
    rng = np.random.default_rng(0)
    for place, picture in enumerate(pictures_with_controls(path), start=1):
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
