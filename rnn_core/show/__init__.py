"""Pictures and sliders for the notebooks: what is run, not read."""

try:
    import ipywidgets as _ipywidgets  # noqa: F401
    import matplotlib as _matplotlib  # noqa: F401
except ImportError as error:
    raise ImportError(
        f"rnn_core.show needs {error.name}, which is not installed; "
        "run: python -m pip install -r requirements.txt"
    ) from None

from rnn_core.show import (
    attention,
    bags,
    captions,
    characters,
    copies,
    digits,
    elsewhere,
    future,
    gates,
    hearing,
    melody,
    on_paper,
    sentiment,
    tags,
    vanishing,
    wirings,
    writing,
)
from rnn_core.show.backward import forward_and_back
from rnn_core.show.charts import activation_curves, loss_curves, overfitting_curves, score_curves
from rnn_core.show.explore import Explore, button, choice, slider, text_area, text_box
from rnn_core.show.one_step import StepExplorer, cell_step, one_matrix_at_a_time
from rnn_core.show.question import Question
from rnn_core.show.referee import gradient_check, line_up
from rnn_core.show.sources import source
from rnn_core.show.stepper import Frame, Stepper
from rnn_core.show.steps import read_sentence, step_through
from rnn_core.show.surface import LossMap
from rnn_core.show.time_triangle import triangle, truncation
from rnn_core.show.training_bar import TrainingBar
from rnn_core.show.unrolled import folded_and_unrolled, network_size
from rnn_core.training import one_thread

# What a notebook computes itself is many small products too: one thread from here on.
_limit = one_thread()

__all__ = [
    "Explore",
    "Frame",
    "LossMap",
    "Question",
    "StepExplorer",
    "Stepper",
    "TrainingBar",
    "activation_curves",
    "attention",
    "bags",
    "button",
    "captions",
    "cell_step",
    "characters",
    "choice",
    "copies",
    "digits",
    "elsewhere",
    "folded_and_unrolled",
    "forward_and_back",
    "future",
    "gates",
    "gradient_check",
    "hearing",
    "line_up",
    "loss_curves",
    "melody",
    "network_size",
    "on_paper",
    "one_matrix_at_a_time",
    "overfitting_curves",
    "read_sentence",
    "score_curves",
    "sentiment",
    "slider",
    "source",
    "step_through",
    "tags",
    "text_area",
    "text_box",
    "triangle",
    "truncation",
    "vanishing",
    "wirings",
    "writing",
]
