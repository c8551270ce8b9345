"""One line of the results table, which `python -m rnn_core.tasks` prints."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeVar


class Row(NamedTuple):
    """One line of the table, with one score for each start.

    A score is a share from 0 to 1, shown in per cent; or a number of some `unit`, such as "bits",
    of which less is better.
    """

    task: str
    model: str
    weights: int
    seconds: list[float]
    test: str
    scores: list[float]
    baseline: str
    unit: str = "%"

    def __str__(self) -> str:
        score = f"{100 * self._median:.1f} [{100 * min(self.scores):.1f}]"
        if self.unit != "%":
            score = f"{self._median:.2f} [{max(self.scores):.2f}] {self.unit}"
        return (
            f"| {self.task} | {self.model} | {self.weights} | "
            f"{statistics.median(self.seconds):.1f} | {self.test} | "
            f"{score} | {self.baseline} |"
        )

    @property
    def _median(self) -> float:
        return statistics.median(self.scores)


def processor_seconds(work: Callable[[], object]) -> float:
    """Do the work and return the seconds of processor time that it took."""
    start = time.process_time()
    work()
    return time.process_time() - start


M = TypeVar("M")


def trained(
    build: Callable[[int], M], train: Callable[[M, int], object], seeds: int
) -> tuple[list[M], list[float]]:
    """Train a new model from each seed; return the models and their seconds."""
    models = [build(seed) for seed in range(seeds)]
    seconds = [processor_seconds(partial(train, model, seed)) for seed, model in enumerate(models)]
    return models, seconds
