"""Slides from the notebooks, for the projector: what moves in a notebook moves on its slides.

Each notebook is executed once, with its pictures in the form that needs no kernel, and written by
nbconvert as one HTML file for reveal.js, which is copied beside it: nothing comes from a network.
A slide keeps the heading, the first paragraph, the formulas and what is set in bold; the whole
prose is in the speaker's notes (press S).
"""

from __future__ import annotations

import copy
import re
import sys
from collections.abc import Iterator
from html import escape
from importlib.util import find_spec
from pathlib import Path

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from slide_types import HEADING, slide_types  # noqa: E402
from store_notebooks import NotebookError, execute, notebook_paths, read  # noqa: E402

__all__ = ["MISSING", "NotebookError", "copy_reveal", "notebook_paths", "slides"]

BEGIN = "from rnn_core.show import pages\npages.begin()"
REVEAL = ("dist/reveal.js", "dist/reveal.css", "dist/theme/white.css", "plugin/notes/notes.js")
MISSING = "it is not installed; run: python -m pip install -e '.[teaching]'"


def slides(path: Path) -> str:
    """Execute a notebook and return its slides as HTML.

    Raises NotebookError where a cell fails, ImportError where a package is missing.
    """
    stored = read(path)
    stored.cells = [part for cell in stored.cells for part in _at_headings(cell)]
    kinds = slide_types(stored.cells)
    stored.cells.insert(0, nbformat.v4.new_code_cell(BEGIN))
    executed = execute(stored, path)
    executed.cells = [
        slide
        for cell, kind in zip(executed.cells[1:], kinds, strict=True)
        for slide in _on_slides(cell, kind)
    ]
    for cell in executed.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                raise NotebookError(f"{path.name}: a cell raises {output.ename}: {output.evalue}.")
    return _html(executed, path.stem)


def _at_headings(cell: NotebookNode) -> list[NotebookNode]:
    """Return a cell of prose in parts, so that each heading begins one."""
    if cell.cell_type != "markdown":
        return [cell]
    parts = re.split(rf"(?={HEADING.pattern})", cell.source, flags=re.MULTILINE)
    return [
        nbformat.v4.new_markdown_cell(part.strip(), metadata=cell.metadata)
        for part in parts
        if part.strip()
    ]


def _on_slides(cell: NotebookNode, kind: str) -> Iterator[NotebookNode]:
    """Yield a cell as it stands on the slide, and its notes."""
    cell = copy.deepcopy(cell)
    cell.metadata = {"slideshow": {"slide_type": kind}}
    if cell.cell_type == "markdown" and kind != "skip":
        whole, short = cell.source, headline(cell.source)
        cell.source = with_mathml(short)
        yield cell
        if short != whole:
            notes = nbformat.v4.new_markdown_cell(with_mathml(whole))
            notes.metadata = {"slideshow": {"slide_type": "notes"}}
            yield notes
        return
    if cell.cell_type == "code":
        cell.outputs = [output for output in cell.outputs if not _is_a_bar(output)]
        cell.metadata["tags"] = ["hide-input"] if _is_a_picture(cell) else []
    yield cell


def _is_a_bar(output: NotebookNode) -> bool:
    return "A progress bar" in str(output.get("data", {}).get("text/plain", ""))


def _is_a_picture(cell: NotebookNode) -> bool:
    return any("text/html" in output.get("data", {}) for output in cell.outputs)


def headline(source: str) -> str:
    """Return what a slide keeps of a cell's prose: the rest is for the speaker's notes.

    It keeps headings, the first paragraph, lists, formulas on their own lines, and paragraphs
    with something in bold.
    """
    blocks = re.split(r"\n\s*\n", source.strip())
    kept, prose = [], 0
    for block in blocks:
        is_text = not block.startswith(("#", "$$", "|", "- ", "1. "))
        prose += is_text
        if not is_text or prose == 1 or "**" in block:
            kept.append(block)
    return "\n\n".join(kept)


def with_mathml(source: str) -> str:
    """Return Markdown with its formulas as MathML, which browsers draw without a script.

    Raises ImportError where latex2mathml is missing.
    """
    from latex2mathml.converter import convert

    def block(match: re.Match[str]) -> str:
        return "\n" + convert(match[1].strip(), display="block") + "\n"

    parts = re.split(r"(```.*?```|`[^`]*`)", source, flags=re.S)
    for place in range(0, len(parts), 2):
        text = re.sub(r"\$\$(.+?)\$\$", block, parts[place], flags=re.S)
        parts[place] = re.sub(r"\$([^$\n]+?)\$", lambda match: convert(match[1]), text)
    return "".join(parts)


def _html(notebook: NotebookNode, name: str) -> str:
    from nbconvert import SlidesExporter
    from nbconvert.preprocessors import TagRemovePreprocessor
    from traitlets.config import Config

    config = Config()
    config.TagRemovePreprocessor.remove_input_tags = {"hide-input"}
    exporter = SlidesExporter(
        config=config,
        template_name="rnn_slides",
        extra_template_basedirs=[str(Path(__file__).parent / "templates")],
        reveal_url_prefix="reveal",
    )
    exporter.register_preprocessor(TagRemovePreprocessor(config=config), enabled=True)
    resources = {"metadata": {"name": escape(name)}}
    body: str = exporter.from_notebook_node(notebook, resources)[0]
    return body


def copy_reveal(folder: Path) -> None:
    """Copy what slides need of reveal.js beside them.

    Raises ImportError where sphinx-revealjs, the package that brings it, is missing.
    """
    spec = find_spec("sphinx_revealjs")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError(f"slides need sphinx-revealjs, but {MISSING}")
    source = Path(spec.submodule_search_locations[0]) / "_static" / "revealjs"
    for name in REVEAL:
        target = folder / "reveal" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((source / name).read_bytes())
