"""Exercises: write a small function, and be told what is right, and what is wrong where."""

from rnn_core.exercises.backward import BACKWARD, gradient_errors
from rnn_core.exercises.case_files import case_file
from rnn_core.exercises.elsewhere import ATTEND, TORCH_BLOCKS, TORCH_NAMES
from rnn_core.exercises.entities import BOUNDARIES, ENTITY_F1, MASKED_ACCURACY
from rnn_core.exercises.exercise import Exercise, Slip, Verdict
from rnn_core.exercises.forward import ALL_STATES, BAG_OF_WORDS, FORWARD_STEP, NEXT_STATE
from rnn_core.exercises.future import BOTH_STATES, DELAY
from rnn_core.exercises.gates import GRU_STEP, LSTM_STEP
from rnn_core.exercises.images import AS_ROWS, CLASSIFY
from rnn_core.exercises.language import BITS_PER_CHARACTER, NEXT_PIECE
from rnn_core.exercises.on_paper import check_sheet
from rnn_core.exercises.predict import all_questions, question
from rnn_core.exercises.sentiment import LAST_STATES, SALIENCY, WORD_WEIGHTS
from rnn_core.exercises.sharing import TIED_GRADIENT, UPDATE_COPIES
from rnn_core.exercises.speech import COLLAPSE, NEXT_ALPHA
from rnn_core.exercises.suspects import (
    CORRECT,
    IS_WRONG,
    SUSPECTS,
    ByProgram,
    Suspect,
    line_up,
    setting,
)
from rnn_core.exercises.vanishing import CLIP_BY_NORM, WAY_BACK
from rnn_core.exercises.writing import (
    CAPTION_LOG_P,
    DECODER_INPUTS,
    EMBED_PATCHES,
    GREEDY,
    TEMPERATURE,
    WORDS_THAT_COUNT,
)

__all__ = [
    "CORRECT",
    "IS_WRONG",
    "SUSPECTS",
    "ByProgram",
    "Suspect",
    "line_up",
    "setting",
    "case_file",
    "check_sheet",
    "ALL_STATES",
    "AS_ROWS",
    "ATTEND",
    "BACKWARD",
    "BAG_OF_WORDS",
    "BITS_PER_CHARACTER",
    "BOTH_STATES",
    "BOUNDARIES",
    "CAPTION_LOG_P",
    "CLASSIFY",
    "CLIP_BY_NORM",
    "COLLAPSE",
    "DECODER_INPUTS",
    "DELAY",
    "EMBED_PATCHES",
    "ENTITY_F1",
    "FORWARD_STEP",
    "GREEDY",
    "GRU_STEP",
    "LAST_STATES",
    "LSTM_STEP",
    "MASKED_ACCURACY",
    "NEXT_ALPHA",
    "NEXT_PIECE",
    "NEXT_STATE",
    "SALIENCY",
    "TEMPERATURE",
    "TIED_GRADIENT",
    "TORCH_BLOCKS",
    "TORCH_NAMES",
    "UPDATE_COPIES",
    "WAY_BACK",
    "WORDS_THAT_COUNT",
    "WORD_WEIGHTS",
    "Exercise",
    "Slip",
    "Verdict",
    "all_questions",
    "gradient_errors",
    "question",
]
