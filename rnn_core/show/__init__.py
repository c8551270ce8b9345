"""Pictures and sliders for the notebooks: what is run, not read."""

try:
    import ipywidgets as _ipywidgets  # noqa: F401
    import matplotlib as _matplotlib  # noqa: F401
except ImportError as error:
    raise ImportError(
        f"rnn_core.show needs {error.name}, which is not installed; "
        "run: python -m pip install -r requirements.txt"
    ) from None

from rnn_core.show import bags
from rnn_core.show.charts import loss_curves
from rnn_core.show.explore import Explore, choice, slider, text_box
from rnn_core.show.question import Question
from rnn_core.show.stepper import Frame, Stepper
from rnn_core.show.steps import read_sentence, step_through
from rnn_core.show.training_bar import TrainingBar

__all__ = [
    "Explore",
    "Frame",
    "Question",
    "Stepper",
    "TrainingBar",
    "bags",
    "choice",
    "loss_curves",
    "read_sentence",
    "slider",
    "step_through",
    "text_box",
]
