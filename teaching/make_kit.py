"""Make the teacher's kit: the guide, the sheet to print, and the slides of the notebooks.

    python teaching/make_kit.py                       # everything, some minutes
    python teaching/make_kit.py --no-slides           # the guide and the sheet, a few seconds
    python teaching/make_kit.py notebooks/05_bptt.ipynb

It writes to the folder teachers-kit, or where --out says; index.html there links to everything.
All of it is made from the notebooks and from the files in `lessons/`, so it cannot drift from them.
"""

from __future__ import annotations

import argparse
import sys
from html import escape
from pathlib import Path

from make_guide import STYLE, guide, lesson
from make_sheet import sheet_page
from make_slides import MISSING, NotebookError, copy_reveal, notebook_paths, slides


def index(slide_names: list[str]) -> str:
    """Return the page that links to everything."""
    decks = "".join(
        f'<li><a href="slides/{name}.html">{escape(name)}</a> {escape(lesson(name).title)}</li>'
        for name in slide_names
    )
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Teacher\'s kit</title>'
        f"<style>{STYLE}</style></head><body><h1>Teacher's kit</h1>"
        '<ul><li><a href="guide.html">the guide</a>: some pages for each lesson</li>'
        '<li><a href="sheet.html">BPTT on paper</a>, to print; '
        '<a href="sheet-solved.html">solved</a></li></ul>'
        + (f"<h3>Slides</h3><ul>{decks}</ul>" if decks else "")
        + "</body></html>\n"
    )


def make(paths: list[Path], out: Path, *, with_slides: bool) -> None:
    """Write the kit into a folder.

    Raises NotebookError where a notebook fails, ImportError where a package is missing.
    """
    out.mkdir(parents=True, exist_ok=True)
    pages = {
        "guide.html": guide(),
        "sheet.html": sheet_page(solved=False),
        "sheet-solved.html": sheet_page(solved=True),
        "index.html": index([path.stem for path in paths] if with_slides else []),
    }
    for name, text in pages.items():
        (out / name).write_text(text, encoding="utf-8")
        print((out / name).as_posix(), flush=True)
    if not with_slides:
        return
    (out / "slides").mkdir(exist_ok=True)
    copy_reveal(out / "slides")
    for path in paths:
        target = out / "slides" / f"{path.stem}.html"
        target.write_text(slides(path), encoding="utf-8")
        print(target.as_posix(), flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the command with the arguments given, or the command line's; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("paths", type=Path, nargs="*", help="whose slides (default: all)")
    parser.add_argument("--out", type=Path, default=Path("teachers-kit"), help="the folder")
    parser.add_argument("--no-slides", action="store_true", help="only the guide and the sheet")
    options = parser.parse_args(arguments)
    try:
        make(notebook_paths(options.paths), options.out, with_slides=not options.no_slides)
    except ModuleNotFoundError as error:
        print(f"the slides need {error.name}, but {MISSING}", file=sys.stderr)
        return 1
    except (NotebookError, ImportError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
