"""Predict, then look: the questions, kept apart so that a notebook gives no answer away."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

from rnn_core.show.question import Question


def all_questions() -> dict[str, dict[str, Any]]:
    """Return every question of the course by its name, "notebook.topic"."""
    text = files(__package__).joinpath("questions.toml").read_text(encoding="utf-8")
    return {
        f"{notebook}.{topic}": entry
        for notebook, topics in tomllib.loads(text).items()
        for topic, entry in topics.items()
    }


def question(name: str) -> Question:
    """Return the question "notebook.topic" as a widget; raise ValueError for an unknown name."""
    known = all_questions()
    if name not in known:
        raise ValueError(f"the question {name!r} is unknown, expected one of {', '.join(known)}.")
    choices = known[name]["choices"]
    right = next(entry["choice"] for entry in choices if entry.get("right"))
    answers = {entry["choice"]: entry["answer"] for entry in choices}
    return Question(known[name]["question"], answers, right)
