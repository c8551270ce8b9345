"""Exercises: write a small function, and be told what is right, and what is wrong where."""

from rnn_core.exercises.backward import BACKWARD, gradient_errors
from rnn_core.exercises.exercise import Exercise, Slip, Verdict
from rnn_core.exercises.forward import ALL_STATES, BAG_OF_WORDS, FORWARD_STEP, NEXT_STATE
from rnn_core.exercises.images import AS_ROWS, CLASSIFY
from rnn_core.exercises.predict import all_questions, question
from rnn_core.exercises.sharing import TIED_GRADIENT, UPDATE_COPIES
from rnn_core.exercises.vanishing import CLIP_BY_NORM, WAY_BACK
from rnn_core.exercises.writing import DECODER_INPUTS, GREEDY, WORDS_THAT_COUNT

__all__ = [
    "ALL_STATES",
    "AS_ROWS",
    "BACKWARD",
    "BAG_OF_WORDS",
    "CLASSIFY",
    "CLIP_BY_NORM",
    "DECODER_INPUTS",
    "FORWARD_STEP",
    "GREEDY",
    "NEXT_STATE",
    "TIED_GRADIENT",
    "UPDATE_COPIES",
    "WAY_BACK",
    "WORDS_THAT_COUNT",
    "Exercise",
    "Slip",
    "Verdict",
    "all_questions",
    "gradient_errors",
    "question",
]
