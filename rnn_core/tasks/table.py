"""One line of the results table, which `python -m rnn_core.tasks` prints."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple


class Row(NamedTuple):
    """One line of the table: scores are shares from 0 to 1, one for each start."""

    task: str
    model: str
    weights: int
    seconds: list[float]
    test: str
    scores: list[float]
    baseline: str

    def __str__(self) -> str:
        median, worst = statistics.median(self.scores), min(self.scores)
        return (
            f"| {self.task} | {self.model} | {self.weights} | "
            f"{statistics.median(self.seconds):.1f} | {self.test} | "
            f"{100 * median:.1f} [{100 * worst:.1f}] | {self.baseline} |"
        )


def processor_seconds(work: Callable[[], object]) -> float:
    """Do the work and return the seconds of processor time that it took."""
    start = time.process_time()
    work()
    return time.process_time() - start
