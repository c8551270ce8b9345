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
        elif cell.cell_type == "markdown" and _heads(cell):
            kinds.append("slide")
            used = height
        elif used + height + _needed_by(cells, place) > ROOM:
            kinds.append("subslide")
            used = height
        else:
            kinds.append("-")
            used += height
    return kinds


def _needed_by(cells: list[NotebookNode], place: int) -> float:
    """Return the height of the cell that prose leads to: both are to stand on one slide."""
    following = cells[place + 1] if place + 1 < len(cells) else None
    if cells[place].cell_type != "markdown" or following is None or _is_help(following):
        return 0.0
    return _height(following) if following.cell_type == "code" else 0.0


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
    """Return the places of checks, of the stubs before them, and of what asks for them."""
    code = [place for place, cell in enumerate(cells) if cell.cell_type == "code"]
    found: set[int] = set()
    for before, place in pairwise(code):
        if ".check(" in cells[place].source and _says(cells[place], "Not attempted"):
            found |= {before, place}
            asks = before - 1
            if asks >= 0 and cells[asks].cell_type == "markdown" and not _heads(cells[asks]):
                found.add(asks)
    return found


def _heads(cell: NotebookNode) -> bool:
    return re.search(HEADING, cell.source) is not None


def _is_help(cell: NotebookNode) -> bool:
    if cell.cell_type == "markdown":
        return "<details>" in cell.source
    lines = cell.source.splitlines()
    return all(line.startswith(("import ", "from ")) for line in lines if line.strip())


def _says(cell: NotebookNode, words: str) -> bool:
    return any(
        words in str(output.get("data", {}).get("text/plain", "")) for output in cell.outputs
    )
