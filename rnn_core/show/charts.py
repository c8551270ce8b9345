"""Still charts by Matplotlib, each with the sentence that says what is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from rnn_core.cells import ACTIVATIONS
from rnn_core.parameters import Array
from rnn_core.show.stills import Still
from rnn_core.training import History

COLOURS = ("#222222", "#d55e00", "#56b4e9", "#cc79a7")
"""None of them is the colour of an input, a state, an output or a sign."""
LINES = ("-", "--", "-.", (0, (4, 1, 1, 1, 1, 1)))
"""No dotted line among them: that is the guess."""


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
    curves = zip(histories.items(), COLOURS, LINES, strict=False)
    for (name, history), colour, line in curves:
        if not history.losses:
            raise ValueError(f"the training {name!r} has no step, expected at least one.")
        losses = _smooth(np.array(history.losses), max(1, history.steps // 100))
        axes.plot(losses, color=colour, linestyle=line, label=name, linewidth=1.8)
        ends.append(f"{name} ends at {losses[-1]:.2f}")
    if chance is not None:
        axes.axhline(chance, color="#666666", linestyle=":", label=f"guessing ({chance:.2f})")
    axes.set(xlabel="training step", ylabel="loss (nats)", ylim=(0, None))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return _still(figure, f"Loss against training steps: {'; '.join(ends)}.")


def score_curves(
    scores: Mapping[str, Mapping[int, float | Sequence[float]]],
    *,
    x_name: str,
    y_name: str,
    chance: float | None = None,
    seen: tuple[int, int] | None = None,
) -> Still:
    """Return scores (shares from 0 to 1) as curves, one for each name, and one place for each x.

    Several scores at one x are drawn as dots, with the curve through their mean. `seen` shades
    the x met in training; `chance` draws the score of a guess as a dotted line.
    Raises ValueError where there is no curve, or the curves have other x.
    """
    if not scores:
        raise ValueError("scores is empty, expected at least one curve.")
    xs = list(next(iter(scores.values())))
    figure = Figure(figsize=(7.0, 3.2), layout="constrained")
    axes = figure.subplots()
    said = []
    styles = zip(scores.items(), COLOURS, LINES, "os^D", strict=False)
    for place, ((name, by_x), colour, line, marker) in enumerate(styles):
        if list(by_x) != xs:
            raise ValueError(f"{name!r} has scores at {list(by_x)}, expected them at {xs}.")
        percent = [100 * np.atleast_1d(by_x[x]) for x in xs]
        means = [float(values.mean()) for values in percent]
        for i, values in enumerate(percent):
            beside = i + 0.05 * (place - 1)
            axes.plot([beside] * len(values), values, marker, color=colour, alpha=0.5, markersize=4)
        style: dict[str, Any] = {"linestyle": line, "marker": marker, "linewidth": 1.8}
        axes.plot(means, color=colour, label=name, **style)
        said.append(f"{name}: {', '.join(f'{mean:.0f} %' for mean in means)}")
    if seen is not None:
        ends = (xs.index(seen[0]) - 0.4, xs.index(seen[1]) + 0.4)
        axes.axvspan(*ends, color="#999999", alpha=0.2, linewidth=0, label="met in training")
    if chance is not None:
        label = f"guessing ({100 * chance:.0f} %)"
        axes.axhline(100 * chance, color="#666666", linestyle=":", label=label)
    axes.set(xlabel=x_name, ylabel=y_name, ylim=(-4, 104), xticks=range(len(xs)), xticklabels=xs)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return _still(figure, f"{y_name} at {x_name} = {', '.join(map(str, xs))}. {'; '.join(said)}.")


def overfitting_curves(
    steps: Sequence[int],
    curves: Mapping[str, Sequence[float]],
    *,
    unit: str,
    levels: Mapping[str, float] | None = None,
) -> Still:
    """Return what was measured in training, such as on learned and held-out data, by update.

    `levels` are baselines, horizontal lines. The sentence tells where each curve is lowest.
    Raises ValueError where there is no curve, or one has another number of points than `steps`.
    """
    if not curves:
        raise ValueError("curves is empty, expected at least one.")
    figure = Figure(figsize=(7.0, 3.4), layout="constrained")
    axes = figure.subplots()
    said = []
    for (name, values), colour, line in zip(curves.items(), COLOURS, LINES, strict=False):
        if len(values) != len(steps):
            raise ValueError(f"{name!r} has {len(values)} points, expected {len(steps)}.")
        axes.plot(steps, values, color=colour, linestyle=line, label=name, linewidth=1.8)
        lowest = int(np.argmin(values))
        said.append(
            f"{name}: lowest {values[lowest]:.1f} at update {steps[lowest]}, "
            f"{values[-1]:.1f} at the end"
        )
    for (name, value), style in zip((levels or {}).items(), (":", "-."), strict=False):
        axes.axhline(value, color="#666666", linestyle=style, label=f"{name} ({value:.1f})")
        said.append(f"{name} {value:.1f}")
    axes.set(xlabel="updates", ylabel=unit, ylim=(0, None))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return _still(figure, f"{unit} over {steps[-1]} updates. {'; '.join(said)}.")


def activation_curves() -> Still:
    """Return the four activations, and beside them their slopes."""
    figure = Figure(figsize=(7.6, 3.1), layout="constrained")
    left, right = figure.subplots(1, 2)
    z = np.linspace(-4.0, 4.0, 401)
    steepest = []
    lines = zip(ACTIVATIONS.values(), COLOURS, LINES, strict=True)
    for f, colour, line in lines:
        a, slope = np.empty_like(z), np.empty_like(z)
        f.apply(z, out=a)
        f.slope(a, out=slope)
        for axes, values in ((left, a), (right, slope)):
            axes.plot(z, values, color=colour, linestyle=line, label=f.name, linewidth=2.0)
        steepest.append(f"{f.name} {slope.max():g}")
    left.set(title="a = f(z)", xlabel="z", ylim=(-1.5, 2.5))
    right.set(title="slope f'(z)", xlabel="z", ylim=(-0.1, 1.1))
    for axes in (left, right):
        axes.axhline(0, color="#999999", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    left.legend(frameon=False)
    return _still(
        figure,
        "The activations between z = -4 and 4, and their slopes; the largest slopes: "
        f"{', '.join(steepest)}.",
    )


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
