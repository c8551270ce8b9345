"""Save pictures of executed notebooks in a real JupyterLab, to be looked at by a person.

    python tools/screenshots.py notebooks/01_word_order.ipynb --out screenshots --dark --width 700

Each notebook is run in a copy; what is stored in the project is not touched. The pictures are
cut into pieces a person can look at; a second series shows every stepper in the middle of its way.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from jupyterlab_driver import DriverError, JupyterLab, OpenNotebook, Theme, chromium
from playwright.sync_api import Browser


def save_screenshots(notebook: OpenNotebook, out: Path, label: str) -> None:
    """Write the open notebook's pictures into a folder and print their paths."""
    for number, picture in enumerate(notebook.screenshots(), start=1):
        path = out / f"{Path(notebook.name).stem}-{label}-{number:02d}.png"
        path.write_bytes(picture)
        print(path)


def picture_notebook(
    browser: Browser, path: Path, out: Path, theme: Theme, width: int
) -> list[str]:
    """Run one notebook, save its two series of pictures and return a line for each error it shows.

    Raises DriverError if the notebook cannot be opened, run or stepped, FileNotFoundError if it is
    not there, RuntimeError if JupyterLab does not start.
    """
    with (
        JupyterLab(path.parent) as lab,
        lab.open(browser, path.name, width=width, theme=theme) as notebook,
    ):
        notebook.run_all()
        errors = notebook.errors()
        # A notebook with errors is worth a look too.
        save_screenshots(notebook, out, f"{theme}-{width}")
        steppers = notebook.steppers()
        for stepper in steppers:
            stepper.go_to((stepper.first + stepper.last) // 2)
        if steppers:
            save_screenshots(notebook, out, f"{theme}-{width}-middle")
    return [f"{path.name}: {error}" for error in errors]


def main() -> int:
    """Run the command; return 1 if a notebook failed or showed an error, else 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("notebooks", type=Path, nargs="+", metavar="NOTEBOOK")
    parser.add_argument("--out", type=Path, required=True, help="the folder for the pictures")
    parser.add_argument("--dark", action="store_true", help="JupyterLab's dark theme")
    parser.add_argument("--width", type=int, default=1280, help="of the browser, in pixels")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    theme: Theme = "dark" if arguments.dark else "light"
    errors: list[str] = []
    try:
        with chromium() as browser:
            for path in arguments.notebooks:
                errors += picture_notebook(browser, path, arguments.out, theme, arguments.width)
    except (DriverError, FileNotFoundError, RuntimeError) as error:
        errors.append(str(error))
    print(*errors, sep="\n", end="\n" * bool(errors), file=sys.stderr)
    return int(bool(errors))


if __name__ == "__main__":
    sys.exit(main())
