"""The teacher's guide: a page for each notebook, from the notebook itself and a file beside it.

Title, minutes, what it needs, sections, the questions with the answers that wrong choices get, and
the slips that exercises name come from the notebook and the package. Objectives, the plan of the
lesson, questions for the room and the exit ticket come from `lessons/NAME.toml`.
"""

from __future__ import annotations

import re
import tomllib
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import nbformat

from rnn_core import exercises

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS, LESSONS = ROOT / "notebooks", Path(__file__).parent / "lessons"

STYLE = """
body { font: 15px/1.45 system-ui, "DejaVu Sans", sans-serif; color: #1b1b1b; max-width: 860px;
  margin: 24px auto; padding: 0 18px; }
h1 { font-size: 26px; }
h2 { font-size: 21px; margin: 0 0 4px; }
h3 { font-size: 15px; margin: 16px 0 4px; }
section { page-break-before: always; border-top: 2px solid #bbb; padding-top: 18px;
  margin-top: 34px; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: 4px 8px; border-bottom: 1px solid #ddd; }
td:first-child { white-space: nowrap; }
.meta { color: #555; margin: 0 0 8px; }
.right { color: #00684c; }
dt { font-weight: 600; margin-top: 8px; }
dd { margin: 2px 0 2px 18px; }
code { font-size: 90%; }
.ticket { border: 1.5px solid #888; padding: 8px 14px; }
@media print {
  body { margin: 0; max-width: none; }
  section { border: none; }
  a { color: inherit; }
}
"""


class Lesson(NamedTuple):
    """A notebook as the teacher needs it."""

    name: str
    title: str
    see: str
    do: str
    need: str
    minutes: int
    sections: list[str]
    questions: list[str]
    exercises: list[str]
    answers: list[str]
    own: dict[str, Any]


def names() -> list[str]:
    """Return the names of all notebooks in the order of the course."""
    return sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))


def lesson(name: str) -> Lesson:
    """Return what a notebook and the file beside it say of the lesson.

    Raises FileNotFoundError where one of the two is missing, ValueError where the first cell of
    the notebook lacks what it will show, do, need, or its minutes.
    """
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    prose = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    head = " ".join(prose[0].split())
    found = re.search(
        r"# (?P<title>.+?) \*\*You will see\*\*[:,]? (?P<see>.+?) \*\*You will do\*\*:? "
        r"(?P<do>.+?) \*\*You need\*\*:? (?P<need>.+?) About (?P<minutes>\d+) minutes",
        head,
    )
    if found is None:
        raise ValueError(f"the first cell of {name} lacks see, do, need or minutes: {head[:80]}")
    own = tomllib.loads((LESSONS / f"{name}.toml").read_text(encoding="utf-8"))
    return Lesson(
        name,
        found["title"],
        found["see"],
        found["do"],
        found["need"],
        int(found["minutes"]),
        [line[3:] for text in prose for line in text.splitlines() if line.startswith("## ")],
        re.findall(r"exercises\.question\(\s*\"([^\"]+)\"", code),
        re.findall(r"exercises\.([A-Z_0-9]+)\.check\(", code),
        re.findall(r"<summary>Answer</summary>(.*?)</details>", "\n".join(prose), re.DOTALL),
        own,
    )


def guide() -> str:
    """Return the whole guide as HTML."""
    lessons = [lesson(name) for name in names()]
    rows = "".join(
        f'<tr><td><a href="#{found.name}">{escape(found.name[:3].rstrip("_"))}</a></td>'
        f"<td>{escape(found.title)}</td><td>{found.minutes}</td></tr>"
        for found in lessons
    )
    total = sum(found.minutes for found in lessons)
    head = (
        "<h1>Recurrent neural networks: the teacher's guide</h1>"
        f"<p>{len(lessons)} lessons, {total // 60} hours {total % 60} minutes in all. Each is one "
        "notebook: put its slides on the projector, or the notebook itself, and let the room "
        "predict before you move a slider. Where a plan moves three sliders together, use the "
        "notebook: on a slide with more than two, the others go back.</p>"
        f"<table><tr><th></th><th>question</th><th>minutes</th></tr>{rows}</table>"
    )
    return _page("Teacher's guide", head + "".join(map(_section, lessons)))


def _page(title: str, body: str) -> str:
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body>{body}</body></html>\n"
    )


def _section(found: Lesson) -> str:
    own = found.own
    parts = [
        f'<section id="{found.name}"><h2>{escape(found.name[:3].rstrip("_"))} '
        f"{escape(found.title)}</h2>",
        f'<p class="meta">{found.minutes} minutes. Needs: {_inline(found.need)}</p>',
        f"<p><b>They see</b> {_inline(found.see)} <b>They do</b> {_inline(found.do)}</p>",
        "<h3>Afterwards they can</h3>" + _list(own["objectives"]),
        "<h3>Plan</h3>" + _plan(own["plan"]),
        "<h3>Questions for the room</h3>"
        + _pairs((entry["ask"], entry["expect"]) for entry in own["room"]),
        "<h3>Predictions in the notebook, and what to say to wrong answers</h3>",
        *(_question(name) for name in found.questions),
        "<h3>What else you may hear</h3>"
        + _pairs((f"“{entry['hear']}”", entry["say"]) for entry in own["misconceptions"]),
    ]
    slips = "".join(map(_slips, found.exercises))
    if slips:
        parts += ["<h3>Slips that the exercises name</h3>", slips]
    if found.answers:
        parts += ["<h3>Answers to the exercises</h3>", *found.answers]
    exit_ = own["exit"]
    parts.append(
        f'<h3>Exit ticket</h3><p class="ticket">{_inline(exit_["ticket"])}</p>'
        f'<p class="right">{_inline(exit_["answer"])}</p></section>'
    )
    return "".join(parts)


def _inline(text: str) -> str:
    """Return a line of Markdown as HTML: code, and links as their words."""
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text)
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))


def _list(lines: list[str]) -> str:
    return "<ul>" + "".join(f"<li>{_inline(line)}</li>" for line in lines) + "</ul>"


def _pairs(pairs: Any) -> str:
    rows = "".join(f"<dt>{_inline(one)}</dt><dd>{_inline(other)}</dd>" for one, other in pairs)
    return f"<dl>{rows}</dl>"


def _plan(entries: list[dict[str, Any]]) -> str:
    rows = "".join(
        f"<tr><td>{entry['minutes']} min</td><td><b>{_inline(entry['section'])}</b><br>"
        f"{_inline(entry['do'])}</td></tr>"
        for entry in entries
    )
    return f"<table>{rows}</table>"


def _question(name: str) -> str:
    entry = exercises.all_questions()[name]
    rows = "".join(
        f"<dd{' class=right' if choice.get('right') else ''}>"
        f"{'✓' if choice.get('right') else '✗'} <i>{_inline(choice['choice'])}</i> "
        f"{_inline(choice['answer'])}</dd>"
        for choice in entry["choices"]
    )
    return f"<dl><dt>{_inline(entry['question'])}</dt>{rows}</dl>"


def _slips(name: str) -> str:
    slips = {slip.words: slip.name for slip in getattr(getattr(exercises, name), "slips", ())}
    lines = [words.replace("{wrong}", "a result") for words in slips]
    return f"<p><code>{name}</code></p>{_list(lines)}" if lines else ""
