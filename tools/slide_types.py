"""Which cell of a notebook begins a slide: the metadata that JupyterLab and nbconvert read.

A heading begins a slide; what follows goes on downward from it. What only helps to work alone
(imports, exercises, hints) is left out. A tag "slide-skip" leaves a cell out too.
"""

from __future__ import annotations

import re
from itertools import pairwise

from nbformat import NotebookNode

HEADING = re.compile(r"^#+ ", re.MULTILINE)
SKIP_TAG = "slide-skip"
Kind = str
"""One of nbconvert's: "slide", "subslide", "-" (goes on), "skip"."""


ROOM = 700
"""About how many pixels of height a slide has."""


def slide_types(cells: list[NotebookNode]) -> list[Kind]:
    """Return the kind of each cell, by its source, its outputs and what is on the slide before."""
    kinds: list[Kind] = []
    used = 0.0
    exercises = _exercise_cells(cells)
    for place, cell in enumerate(cells):
        height = _height(cell)
        if SKIP_TAG in cell.metadata.get("tags", []) or place in exercises or _is_help(cell):
            kinds.append("skip")
        elif cell.cell_type == "markdown":
            kinds.append("slide" if re.search(HEADING, cell.source) else "subslide")
            used = height
        elif used + height > ROOM:
            kinds.append("subslide")
            used = height
        else:
            kinds.append("-")
            used += height
    return kinds


def _height(cell: NotebookNode) -> float:
    """Return about how many pixels a cell takes on a slide; a picture's code is not shown."""
    if cell.cell_type == "markdown":
        return 50 + 32 * len(cell.source[:600]) / 95
    shown = 0.0
    for output in cell.get("outputs", []):
        text = str(output.get("data", {}).get("text/plain", "")) or str(output.get("text", ""))
        if text.startswith("Question:"):
            return 80 + 44 * (1 + text.count(" / "))
        if "text/html" in output.get("data", {}):
            return 500
        shown += 24 * len(text.splitlines())
    return 30 + 24 * len(cell.source.splitlines()) + shown


def _exercise_cells(cells: list[NotebookNode]) -> set[int]:
    """Return the places of checks, and of the stubs right before them."""
    code = [place for place, cell in enumerate(cells) if cell.cell_type == "code"]
    found: set[int] = set()
    for before, place in pairwise(code):
        if ".check(" in cells[place].source and _says(cells[place], "Not attempted"):
            found |= {before, place}
    return found


def _is_help(cell: NotebookNode) -> bool:
    if cell.cell_type == "markdown":
        return "<details>" in cell.source
    lines = cell.source.splitlines()
    return all(line.startswith(("import ", "from ")) for line in lines if line.strip())


def _says(cell: NotebookNode, words: str) -> bool:
    return any(
        words in str(output.get("data", {}).get("text/plain", "")) for output in cell.outputs
    )
