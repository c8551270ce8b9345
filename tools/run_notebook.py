"""Run a notebook's code in this process and hand over the pictures with controls that it makes."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import nbformat

from rnn_core.show import Explore


def pictures_with_controls(path: Path) -> list[Explore]:
    """Return every `Explore` of a notebook, from top to bottom, after all its cells have run.

    Raises what a cell raises.
    """
    made: list[Explore] = []
    make = Explore.__init__

    def note(self: Explore, *arguments: Any, **named: Any) -> None:
        make(self, *arguments, **named)
        made.append(self)

    names: dict[str, Any] = {}
    with patch.object(Explore, "__init__", note), redirect_stdout(io.StringIO()):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                exec(cell.source, names)
    return made
