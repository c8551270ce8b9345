"""Still charts by Matplotlib, each with the sentence that says what is seen."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO

import numpy as np
from matplotlib.figure import Figure

from rnn_core.parameters import Array
from rnn_core.show.stills import Still
from rnn_core.training import History

COLOURS = ("#9467bd", "#e07b00", "#009e73", "#2b8ccf")


def loss_curves(histories: Mapping[str, History], chance: float | None = None) -> Still:
    """Return the loss against the steps, one smoothed curve for each training.

    `chance` draws the loss of a guess as a dotted line.
    Raises ValueError where there is no training, or one has no step.
    """
    if not histories:
        raise ValueError("histories is empty, expected at least one training.")
    figure = Figure(figsize=(7.0, 3.2), layout="constrained")
    axes = figure.subplots()
    ends = []
    for (name, history), colour in zip(histories.items(), COLOURS, strict=False):
        if not history.losses:
            raise ValueError(f"the training {name!r} has no step, expected at least one.")
        losses = _smooth(np.array(history.losses), max(1, history.steps // 100))
        axes.plot(losses, color=colour, label=name, linewidth=1.8)
        ends.append(f"{name} ends at {losses[-1]:.2f}")
    if chance is not None:
        axes.axhline(chance, color="#666666", linestyle=":", label=f"guessing ({chance:.2f})")
    axes.set(xlabel="training step", ylabel="loss (nats)", ylim=(0, None))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return _still(figure, f"Loss against training steps: {'; '.join(ends)}.")


def _smooth(values: Array, window: int) -> Array:
    """Return the mean of the last `window` values at each place."""
    total = np.cumsum(np.concatenate([np.zeros(1), values]))
    stop = np.arange(1, len(values) + 1)
    start = np.maximum(0, stop - window)
    means: Array = (total[stop] - total[start]) / (stop - start)
    return means


def _still(figure: Figure, alt: str) -> Still:
    png = BytesIO()
    # A fixed metadata field keeps the version of Matplotlib out of the stored notebook.
    figure.savefig(png, format="png", dpi=120, facecolor="white", metadata={"Software": ""})
    return Still(png.getvalue(), alt, width=720)
