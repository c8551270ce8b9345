"""Train every task from several starts and print the table: `python -m rnn_core.tasks`."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from rnn_core.models import SequenceModel
from rnn_core.tasks import memory, motif, word_order
from rnn_core.untied import Untied


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


def word_order_rows(seeds: int) -> Iterator[Row]:
    """Yield the rows of notebook 01: the bag of words beside the recurrent network."""
    splits = word_order.splits()
    data = {name: word_order.encode(examples) for name, examples in splits.items()}
    for name, build in (("bag of words", word_order.bag), ("plain RNN", word_order.rnn)):
        scores: dict[str, list[float]] = {"new pairs": [], "new forms": [], "both twins": []}
        seconds = []
        for seed in range(seeds):
            model = build(seed)
            seconds.append(_seconds(partial(word_order.train, model, seed)))
            for split in ("new pairs", "new forms"):
                scores[split].append(model.accuracy(*data[split]))
            scores["both twins"].append(word_order.both_twins_right(model, splits["new pairs"]))
        size = model.parameters.vector.size
        if name == "bag of words":
            size -= model.cell.W.size  # it has no past, so W is never used
        for test, found in scores.items():
            chance = "0 for any bag" if test == "both twins" else "at most 50 for any bag"
            yield Row("who is stronger? (01)", name, size, seconds, test, found, chance)


def motif_rows(seeds: int) -> Iterator[Row]:
    """Yield the rows of notebook 04: a pattern learned early, tested early and late."""
    builds: dict[str, Callable[[int], SequenceModel | Untied]] = {
        "tied (plain RNN)": motif.tied,
        "untied copies": motif.untied,
    }
    tests = {"steps 2 to 5": range(2, 6), "steps 6 to 10": range(6, 11)}
    for name, build in builds.items():
        scores: dict[str, list[float]] = {test: [] for test in tests}
        seconds = []
        for seed in range(seeds):
            model = build(seed)
            seconds.append(_seconds(partial(motif.train, model, seed)))
            for test, ends in tests.items():
                right, _ = motif.noticed(model, motif.draw(motif.N_TEST, ends, rng=1000))
                scores[test].append(float(right[[end - 1 for end in ends]].min()))
        size = model.parameters.vector.size
        for test, found in scores.items():
            task = '"ab" noticed, trained on steps 2 to 5 (04)'
            yield Row(task, name, size, seconds, test, found, "0 for always no")


def memory_rows(seeds: int) -> Iterator[Row]:
    """Yield the rows of notebook 06: how far back each start can recall."""
    for start in memory.STARTS:
        size = memory.network(start).parameters.vector.size
        for T in (10, 20, 40, 80):
            seconds, found = [], []
            test = memory.draw(memory.N_TEST, T, rng=1000 + T)
            for seed in range(seeds):
                model = memory.network(start, seed)
                seconds.append(_seconds(partial(memory.train, model, T, seed)))
                found.append(model.accuracy(*test))
            yield Row("recall the first letter (06)", start, size, seconds, f"T = {T}", found, "25")


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="how many starts (default 5)")
    seeds = parser.parse_args().seeds
    print(f"Per cent right on held-out data, median of {seeds} starts [worst];")
    print("seconds of processor time for one training.\n")
    print("| task (notebook) | model | weights | seconds | test | score | baseline |")
    print("|---|---|---|---|---|---|---|")
    for rows in (word_order_rows, motif_rows, memory_rows):
        for row in rows(seeds):
            print(row, flush=True)


if __name__ == "__main__":
    main()
