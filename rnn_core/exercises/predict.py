"""Predict, then look: the questions, kept apart so that a notebook gives no answer away."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

from rnn_core.show.question import Question


def all_questions() -> dict[str, dict[str, Any]]:
    """Return every question of the course by its name, "notebook.topic".

    Each file in the folder `questions` holds those of one notebook.
    """
    folder = files(__package__).joinpath("questions")
    found = {}
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        notebook, _, kind = file.name.partition(".")
        if kind == "toml":
            for topic, entry in tomllib.loads(file.read_text(encoding="utf-8")).items():
                found[f"{notebook}.{topic}"] = entry
    return found


def question(name: str) -> Question:
    """Return the question "notebook.topic" as a widget; raise ValueError for an unknown name."""
    known = all_questions()
    if name not in known:
        raise ValueError(f"the question {name!r} is unknown, expected one of {', '.join(known)}.")
    choices = known[name]["choices"]
    right = next(entry["choice"] for entry in choices if entry.get("right"))
    answers = {entry["choice"]: entry["answer"] for entry in choices}
    return Question(known[name]["question"], answers, right)
