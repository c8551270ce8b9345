"""Execute the course's notebooks and store them in one canonical form, or check that this was done.

    python tools/store_notebooks.py                            # all of notebooks/
    python tools/store_notebooks.py notebooks/03_unrolling.ipynb
    python tools/store_notebooks.py --check                    # executes nothing

A stored notebook holds its text outputs and still pictures, and nothing that differs from one
machine or one run to the next: storing it twice changes no byte. Its metadata keeps a fingerprint
of the sources that its outputs came from, so that a change by hand is seen without executing.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
import sys
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import nbformat
from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from slide_types import slide_types

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
COMMAND = "python tools/store_notebooks.py"

MAX_BYTES = 300_000
MAX_CODE_LINES = 15
CELL_SECONDS = 60  # as strict nbval allows in the tests

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
# The file format: this minor version is the first whose cells have ids.
FORMAT = {"nbformat": 4, "nbformat_minor": 5}
KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
OUR_METADATA = "rnn_core"


class NotebookError(Exception):
    """A notebook cannot be read or executed; the message is one sentence that names it."""


# ---------------------------------------------------------------- reading and the canonical form


def shown(path: Path) -> str:
    """Return a path as a person would type it from here."""
    path = path.resolve()
    here = Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()


def read(path: Path) -> NotebookNode:
    """Read a notebook file; raises NotebookError if it is none."""
    try:
        text = path.read_text(encoding="utf-8")
        version = dict(json.loads(text)).get("nbformat")
        if version != FORMAT["nbformat"]:
            raise NotebookError(
                f"{shown(path)} has notebook format {version}; "
                f"save it in format {FORMAT['nbformat']} from JupyterLab first."
            )
        notebook: NotebookNode = nbformat.reads(text, as_version=nbformat.NO_CONVERT)
        nbformat.validate(notebook)
    except (OSError, ValueError, TypeError, nbformat.ValidationError) as error:
        reason = str(error).partition("\n")[0]
        raise NotebookError(f"{shown(path)} cannot be read as a notebook: {reason}.") from error
    return notebook


def fingerprint(notebook: NotebookNode) -> str:
    """Return the SHA-256 of everything that a person writes: kinds of cells, sources, tags."""
    written = [
        [cell.cell_type, cell.source, cell.metadata.get("tags", [])] for cell in notebook.cells
    ]
    return hashlib.sha256(json.dumps(written).encode("utf-8")).hexdigest()


def recorded_fingerprint(notebook: NotebookNode) -> str | None:
    """Return the fingerprint that the last storing wrote, or None."""
    ours = notebook.metadata.get(OUR_METADATA, {})
    return ours.get("sources_sha256") if isinstance(ours, dict) else None


def _canonical_outputs(outputs: list[NotebookNode], count: int) -> list[NotebookNode]:
    kept: list[NotebookNode] = []
    for output in copy.deepcopy(outputs):
        if output.output_type == "stream":
            if kept and kept[-1].output_type == "stream" and kept[-1].name == output.name:
                kept[-1].text += output.text
                continue
        elif output.output_type in ("display_data", "execute_result"):
            # The id of a model that lives in no file: it would show as "Error displaying widget".
            output.data.pop(WIDGET_VIEW, None)
            output.metadata.pop(WIDGET_VIEW, None)
            if not output.data:
                continue
            if output.output_type == "execute_result":
                output.execution_count = count
        kept.append(output)
    return kept


def canonical(notebook: NotebookNode, name: str, recorded: str | None) -> str:
    """Return the text of the file that stores a notebook, given its name and its fingerprint."""
    prefix = name.replace("_", "-")[:60]
    cells = []
    count = 0
    kinds = slide_types(notebook.cells)
    for number, (cell, kind) in enumerate(zip(notebook.cells, kinds, strict=True), start=1):
        metadata = {"slideshow": {"slide_type": kind}}
        if tags := cell.metadata.get("tags"):
            metadata["tags"] = tags
        stored = {
            "cell_type": cell.cell_type,
            "id": f"{prefix}-{number:03d}",
            "metadata": metadata,
            "source": cell.source,
        }
        if cell.get("attachments"):
            stored["attachments"] = cell.attachments
        if cell.cell_type == "code":
            count += 1
            stored["execution_count"] = count
            stored["outputs"] = _canonical_outputs(cell.outputs, count)
        cells.append(stored)
    about = {
        "kernelspec": KERNELSPEC,
        "language_info": {"name": "python"},
        OUR_METADATA: {"sources_sha256": recorded},
    }
    node = nbformat.from_dict({**FORMAT, "cells": cells, "metadata": about})
    # nbformat sorts the keys, indents by one and keeps every letter as it is.
    text: str = nbformat.writes(node)
    return text + "\n"


# ------------------------------------------------------------------ the rules for what is stored


class _PictureFinder(HTMLParser):
    """Collects what is wrong with the pictures in an HTML output."""

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Judge one tag; HTMLParser calls this."""
        if tag == "img" and not (dict(attrs).get("alt") or "").strip():
            self.problems.append("shows an <img> without an alt text")
        elif tag == "svg":
            self.problems.append(
                "shows an inline <svg>, which nobody sees before running the notebook "
                "(put it into an <img> with an alt text)"
            )


def _output_problems(output: NotebookNode) -> Iterator[str]:
    if output.output_type == "error":
        yield f"raises {output.ename}: {output.evalue}".partition("\n")[0]
    elif output.output_type == "stream" and output.name == "stderr":
        yield f"writes to stderr: {output.text.strip()}".partition("\n")[0]
    elif output.output_type in ("display_data", "execute_result"):
        for kind in output.data:
            if kind.startswith("image/"):
                yield f"shows {kind} without an alt text (show text/html with an <img alt=...>)"
        finder = _PictureFinder()
        finder.feed(output.data.get("text/html", ""))
        yield from finder.problems


def _source_problems(source: str) -> Iterator[str]:
    if not source.strip():
        yield "is empty (delete it)"
    lines = len(source.splitlines())
    if lines > MAX_CODE_LINES:
        yield f"has {lines} lines of code where {MAX_CODE_LINES} are allowed (split it)"
    if source.rstrip().endswith(";"):
        yield "ends with a semicolon, which hides its value from the reader (delete it)"


def rule_problems(notebook: NotebookNode) -> list[str]:
    """Return one clause, "cell 7 ...", for each rule that the cells or their outputs break."""
    problems = []
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type != "code":
            continue
        found = [*_source_problems(cell.source)]
        for output in cell.outputs:
            found += _output_problems(output)
        problems += [f"cell {number} {problem}" for problem in found]
    return problems


def _size_problems(text: str) -> Iterator[str]:
    size = len(text.encode("utf-8"))
    if size > MAX_BYTES:
        yield f"it takes {size:,} bytes where {MAX_BYTES:,} are allowed"


# -------------------------------------------------------------------------- executing and storing


class _ThisPython(KernelSpecManager):
    """Offers the Python that runs this script, whatever kernels the user has installed."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the specification of this Python's kernel."""
        return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict())


def execute(notebook: NotebookNode, path: Path) -> NotebookNode:
    """Return a copy of the notebook with fresh outputs; it stops at the first cell that raises.

    Raises NotebookError if a cell takes too long or the kernel dies.
    """
    fresh = copy.deepcopy(notebook)
    for cell in fresh.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    current = 0

    def note_cell(cell: NotebookNode, cell_index: int) -> None:
        nonlocal current
        current = cell_index + 1

    client = NotebookClient(
        fresh,
        km=AsyncKernelManager(kernel_spec_manager=_ThisPython()),
        resources={"metadata": {"path": str(path.parent)}},
        timeout=CELL_SECONDS,
        store_widget_state=False,
        on_cell_start=note_cell,
    )
    # Without a model of the Output widget, what is printed inside one stays in the cell, where
    # strict nbval finds it too.
    client.comm_open_handlers = {}
    try:
        client.execute(cleanup_kc=True)
    except CellExecutionError:
        pass  # The error is now an output, and the rules name it.
    except CellTimeoutError as error:
        raise NotebookError(
            f"{shown(path)}, cell {current} runs longer than {CELL_SECONDS} s."
        ) from error
    except DeadKernelError as error:
        raise NotebookError(f"{shown(path)}, cell {current} kills the kernel.") from error
    return fresh


def store(path: Path) -> bool:
    """Execute one notebook and write it back; return whether the file changed.

    Raises NotebookError, and leaves the file as it is, if what comes out may not be stored.
    """
    executed = execute(read(path), path)
    # Outputs are judged as they will be stored: without the widgets' views.
    text = canonical(executed, path.stem, fingerprint(executed))
    problems = [*rule_problems(nbformat.reads(text, as_version=4)), *_size_problems(text)]
    if problems:
        sentences = [f"{shown(path)}: {problem}." for problem in problems]
        raise NotebookError("\n".join([*sentences, f"{shown(path)} was left as it is."]))
    if path.read_bytes() == text.encode("utf-8"):
        return False
    path.write_text(text, encoding="utf-8", newline="\n")
    return True


# --------------------------------------------------------------------------------------- checking


def _cells(numbers: list[int]) -> str:
    return f"cell{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"


def check(path: Path) -> list[str]:
    """Return one sentence for each reason why a file is not what `store` would have written.

    Executes nothing. Raises NotebookError if the file cannot be read as a notebook.
    """
    notebook = read(path)
    text = path.read_bytes().decode("utf-8")
    recorded = recorded_fingerprint(notebook)
    to_mend = [*rule_problems(notebook), *_size_problems(text)]
    code = [(n, cell) for n, cell in enumerate(notebook.cells, 1) if cell.cell_type == "code"]
    unrun = [number for number, cell in code if cell.execution_count is None]
    with_view = [
        number
        for number, cell in code
        if any(WIDGET_VIEW in output.get("data", {}) for output in cell.outputs)
    ]
    stale = []
    if unrun:
        stale.append(f"never executed: {_cells(unrun)}")
    if with_view:
        stale.append(f"the view of a widget that is gone is stored in {_cells(with_view)}")
    if not any(cell.get("outputs") for cell in notebook.cells):
        stale.append("no cell has an output, so that strict nbval would check nothing")
    if "widgets" in notebook.metadata:
        stale.append("widget state is stored in it")
    if recorded != fingerprint(notebook):
        stale.append("its cells were changed after it was stored")
    if not stale and text != canonical(notebook, path.stem, recorded):
        stale.append("it is not in the canonical form")
    command = f"{COMMAND} {shown(path)}"
    return [
        *(f"{shown(path)}: {problem}; mend that, then run {command}." for problem in to_mend),
        *(f"{shown(path)}: {problem}; run {command}." for problem in stale),
    ]


# -------------------------------------------------------------------------------------- the command


def notebook_paths(arguments: list[Path]) -> list[Path]:
    """Return the notebooks that the arguments mean: themselves, or those directly in a folder.

    Raises NotebookError for an argument that is neither a notebook nor a folder of notebooks.
    """
    paths: list[Path] = []
    for argument in arguments or [NOTEBOOKS]:
        found = sorted(argument.glob("*.ipynb")) if argument.is_dir() else [argument]
        if not found or not all(path.suffix == ".ipynb" and path.is_file() for path in found):
            raise NotebookError(f"{shown(argument)} is no notebook and no folder of notebooks.")
        paths += found
    return paths


def _store_and_report(path: Path) -> None:
    started = time.perf_counter()
    state = "stored" if store(path) else "unchanged"
    seconds, size = time.perf_counter() - started, path.stat().st_size
    print(f"{shown(path)}: {state}, {size:,} bytes, {seconds:.1f} s")


def main(arguments: list[str] | None = None) -> int:
    """Run the command with the arguments given, or the command line's; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("paths", type=Path, nargs="*", help="notebooks or folders of notebooks")
    parser.add_argument("--check", action="store_true", help="execute nothing, only check")
    options = parser.parse_args(arguments)
    problems: list[str] = []
    try:
        paths = notebook_paths(options.paths)
    except NotebookError as error:
        paths, problems = [], [str(error)]
    for path in paths:
        try:
            if options.check:
                problems += check(path)
            else:
                _store_and_report(path)
        except NotebookError as error:
            problems.append(str(error))
    for problem in problems:
        print(problem, file=sys.stderr)
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
