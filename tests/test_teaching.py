"""The teacher's kit: it is made from the notebooks, and what is written beside them still fits."""

from __future__ import annotations

import html
import re
from pathlib import Path

import make_kit
import nbformat
import pytest
from make_guide import guide, lesson, names
from make_sheet import sheet_page
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from slide_types import slide_types

from rnn_core import exercises, show
from rnn_core.show import pages
from rnn_core.tasks import on_paper

NAMES = names()


@pytest.mark.parametrize("name", NAMES)
def test_the_lesson_fits_its_notebook(name: str) -> None:
    found = lesson(name)
    sections = [entry["section"] for entry in found.own["plan"]]
    assert [s for s in sections if s not in found.sections] == []
    assert sections == sorted(sections, key=found.sections.index)
    assert sum(entry["minutes"] for entry in found.own["plan"]) == found.minutes
    assert len(found.own["objectives"]) >= 3
    for entries, keys in (("misconceptions", ("hear", "say")), ("room", ("ask", "expect"))):
        assert len(found.own[entries]) >= 2
        assert all(entry[key].strip() for entry in found.own[entries] for key in keys)
    assert found.own["exit"]["ticket"].strip() and found.own["exit"]["answer"].strip()
    assert len(found.questions) >= 3 or name.startswith("00"), found.questions


def test_there_is_a_lesson_for_each_notebook_and_no_other() -> None:
    folder = Path(make_kit.__file__).parent / "lessons"
    assert sorted(path.stem for path in folder.glob("*.toml")) == NAMES


def test_the_guide_holds_every_question_with_every_answer() -> None:
    text = html.unescape(re.sub(r"<[^>]+>", "", guide()))
    known = exercises.all_questions()
    asked = [question for name in NAMES for question in lesson(name).questions]
    for name in asked:
        assert known[name]["question"].replace("`", "") in text.replace("`", "")
        for choice in known[name]["choices"]:
            assert choice["answer"].replace("`", "") in text.replace("`", ""), name
    assert sorted(asked) == sorted(known), "a question is in no notebook, or in two"


def test_the_guide_names_the_slips() -> None:
    assert "W is not transposed on the way back" in guide()


def test_the_sheet_is_empty_or_solved() -> None:
    empty, solved = sheet_page(solved=False), sheet_page(solved=True)
    for sheet in (on_paper.WHOLE, on_paper.TANH):
        for name, value in on_paper.numbers(sheet).items():
            title = f"<title>{name} = {value!r}</title>"
            assert title in solved and title not in empty
    assert "18.45" in solved and "18.45" not in empty


PICTURE = {"text/html": "x"}
QUESTION = {"text/plain": "Question: a? (b / c)", "text/html": "x"}
OUTPUTS = {">picture": PICTURE, ">ask": QUESTION, ">E.check(f)": {"text/plain": "Not attempted: ."}}


def cells(*sources: str) -> list[nbformat.NotebookNode]:
    """Return cells: code where the source begins with ">", with an output of OUTPUTS or "1"."""
    made = []
    for source in sources:
        if not source.startswith(">"):
            made.append(new_markdown_cell(source))
            continue
        output = new_output("execute_result", OUTPUTS.get(source, {"text/plain": "1"}))
        made.append(new_code_cell(source[1:], outputs=[output]))
    return made


def test_headings_begin_slides_and_exercises_are_left_out() -> None:
    some = cells(
        *("# Title", ">import numpy as np\n\nfrom rnn_core import show", "## A", ">picture"),
        *(">picture", "words", ">1 + 1", ">picture", ">ask", ">def f(): ...", ">E.check(f)"),
        "<details>hint</details>",
    )
    assert slide_types(some) == [
        *("slide", "skip", "slide", "-", "subslide", "-", "-", "subslide", "-"),
        *("skip", "skip", "skip"),
    ]


def test_prose_stands_with_what_it_leads_to_and_goes_with_an_exercise() -> None:
    some = cells("## A", ">picture", "leads on", ">picture", "Write it.", ">def f(): ...")
    some += cells(">E.check(f)")
    kinds = ["slide", "-", "subslide", "-", "skip", "skip", "skip"]
    assert slide_types(some) == kinds


def test_a_tag_leaves_a_cell_out() -> None:
    some = cells("## A", ">picture")
    some[1].metadata["tags"] = ["slide-skip"]
    assert slide_types(some) == ["slide", "skip"]


def test_prose_cut_at_headings_keeps_its_tags() -> None:
    make_slides = pytest.importorskip("make_slides")
    cell = new_markdown_cell("words\n\n## A\n\nmore", metadata={"tags": ["slide-skip"]})
    parts = make_slides._at_headings(cell)
    assert [part.source for part in parts] == ["words", "## A\n\nmore"]
    assert slide_types(parts) == ["skip", "skip"]


def test_a_slide_keeps_the_heading_the_first_paragraph_and_what_counts() -> None:
    make_slides = pytest.importorskip("make_slides")
    source = "## A\n\nFirst.\n\nSecond.\n\n$$x$$\n\nThird **bold**.\n\n- one\n- two"
    assert (
        make_slides.headline(source) == "## A\n\nFirst.\n\n$$x$$\n\nThird **bold**.\n\n- one\n- two"
    )


def test_formulas_become_mathml_but_not_in_code() -> None:
    pytest.importorskip("latex2mathml")
    make_slides = pytest.importorskip("make_slides")
    made = make_slides.with_mathml("a $x_t$, `$x$` and\n$$\\frac12$$\n")
    assert made.count("<math") == 2 and "`$x$`" in made and "<mfrac>" in made


@pytest.mark.parametrize("name", NAMES)
def test_every_formula_of_the_notebooks_becomes_mathml(name: str) -> None:
    pytest.importorskip("latex2mathml")
    make_slides = pytest.importorskip("make_slides")
    path = Path(make_kit.__file__).parents[1] / "notebooks" / f"{name}.ipynb"
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            made = make_slides.with_mathml(cell.source)
            without_code = re.sub(r"```.*?```|`[^`]*`", "", made, flags=re.S)
            assert "$" not in without_code, cell.source
            assert "\\" not in re.sub(r"<annotation.*?</annotation>", "", without_code), cell.source


def test_pictures_for_pages_hold_every_position_and_put_the_controls_back() -> None:
    sliders = {"a": show.slider(0, 3, 1), "b": show.choice("x", "y")}
    seen = []

    def draw(a: int, b: str) -> show.Frame:
        seen.append((a, b))
        return show.Frame(show.svg.picture(10, 10, "p"), f"a is {a}, b is {b}")

    explore = show.Explore(draw, sliders)
    page = explore.page()
    for a in range(4):
        assert f"a is {a}, b is x" in page
        assert f"a is {a}, b is y" in page, "two controls move together"
    assert explore.values == {"a": 1, "b": "x"}
    assert page.count('type="range"') == 2 and "data-grid" in page


def test_of_three_controls_one_moves_at_a_time() -> None:
    sliders = {name: show.slider(0, 2, 1) for name in "abc"}

    def draw(a: int, b: int, c: int) -> show.Frame:
        return show.Frame(show.svg.picture(10, 10, "p"), f"{a}{b}{c}")

    page = show.Explore(draw, sliders).page()
    found = re.findall(r'rnn-sentence">(\d{3})', page)
    assert found == ["011", "111", "211", "101", "111", "121", "110", "111", "112"]
    assert "data-grid" not in page and "one control moves at a time" in page


def test_while_pages_are_on_outputs_hold_no_widget() -> None:
    frames = [show.Frame(show.svg.picture(10, 10, "p"), f"frame {i}") for i in range(3)]
    stepper = show.Stepper(frames)
    try:
        pages.begin()
        bundle = stepper._repr_mimebundle_()
    finally:
        pages.end()
    assert set(bundle) == {"text/plain", "text/html"}
    assert all(f"frame {i}" in bundle["text/html"] for i in range(3))
    assert "application/vnd.jupyter.widget-view+json" in stepper._repr_mimebundle_()


def test_pages_keep_few_positions_of_a_long_slider() -> None:
    kept = pages.some(range(100), 37)
    assert kept[0] == 0 and kept[-1] == 99 and 37 in kept and len(kept) <= 10
    with pytest.raises(ValueError, match="controls is empty"):
        pages.moving([])
    one = pages.Control("a", ["0", "1"])
    with pytest.raises(ValueError, match="frames has 1 rows, expected 2 full ones"):
        pages.moving_together(one, one, [["x", "y"]])


def test_the_command_makes_guide_and_sheet(tmp_path: Path) -> None:
    assert make_kit.main(["--no-slides", "--out", str(tmp_path / "kit")]) == 0
    made = sorted(path.name for path in (tmp_path / "kit").iterdir())
    assert made == ["guide.html", "index.html", "sheet-solved.html", "sheet.html"]


def test_the_command_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("make_slides.find_spec", lambda name: None)
    notebook = Path(make_kit.__file__).parents[1] / "notebooks" / "00_start_here.ipynb"
    assert make_kit.main([str(notebook), "--out", str(tmp_path)]) == 1
    assert "slides need sphinx-revealjs" in capsys.readouterr().err
    assert make_kit.main(["no-such.ipynb", "--out", str(tmp_path)]) == 1
    assert "no-such.ipynb is no notebook" in capsys.readouterr().err
