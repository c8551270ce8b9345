"""What README and its neighbours promise: the two commands, the requirements, the links."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]

OPEN_THE_COURSE = (
    "python -m pip install -r requirements.txt && "
    "python -m jupyter lab --ServerApp.root_dir=. notebooks/00_start_here.ipynb"
)
RUN_THE_TESTS = "python -m pip install -r requirements.txt && python -m pytest"

PAGES = [ROOT / name for name in ("README.md", "NOTATION.md", "CONTRIBUTING.md")]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def lines(path: str) -> list[str]:
    return [line.strip() for line in (ROOT / path).read_text(encoding="utf-8").splitlines()]


def prose(path: Path) -> str:
    """A page's text, or a notebook's, without its code."""
    if path.suffix == ".ipynb":
        cells = nbformat.read(path, as_version=4).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    else:
        text = path.read_text(encoding="utf-8")
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]+`", "`code`", text)


@pytest.mark.parametrize("command", [OPEN_THE_COURSE, RUN_THE_TESTS])
def test_readme_gives_the_command_on_a_line_of_its_own(command: str) -> None:
    assert command in lines("README.md")


def test_the_first_notebook_is_there() -> None:
    assert (ROOT / "notebooks" / "00_start_here.ipynb").is_file()


def test_ci_runs_readmes_command() -> None:
    assert lines(".ci/run")[-1] == RUN_THE_TESTS
    assert f"run: {RUN_THE_TESTS}" in lines(".github/workflows/ci.yml")


def test_requirements_are_the_notebooks_extra_and_the_package() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    required = {line for line in lines("requirements.txt") if line and not line.startswith("#")}
    extra = project["optional-dependencies"]["notebooks"]
    assert required == {*project["dependencies"], *extra, "-e ."}


@pytest.mark.parametrize("path", PAGES + NOTEBOOKS, ids=lambda path: path.name)
def test_relative_links_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(<?([^)>\s]+)|(?:src|href)=[\"']([^\"']+)", prose(path))
    relative = [
        target.partition("#")[0]
        for target in map("".join, targets)
        if not re.match(r"[a-z][a-z0-9+.-]*:|#", target)
    ]
    missing = [target for target in relative if not (path.parent / unquote(target)).exists()]
    assert not missing, f"{path.name} links to {', '.join(missing)}, which is not there"


def test_the_first_example_runs_and_prints_what_it_says(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    example = re.search(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert example is not None
    exec(example[1], {})
    assert capsys.readouterr().out == "(4, 4)\n"
