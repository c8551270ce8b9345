"""Exercises: write a small function, and be told what is right, and what is wrong where."""

from rnn_core.exercises.exercise import Exercise, Slip, Verdict
from rnn_core.exercises.forward import ALL_STATES, BAG_OF_WORDS, NEXT_STATE
from rnn_core.exercises.predict import all_questions, question

__all__ = [
    "ALL_STATES",
    "BAG_OF_WORDS",
    "NEXT_STATE",
    "Exercise",
    "Slip",
    "Verdict",
    "all_questions",
    "question",
]
