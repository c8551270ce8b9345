"""Train every task from several starts and print the table: `python -m rnn_core.tasks`."""

from __future__ import annotations

import argparse
import statistics
import time

from rnn_core.tasks import word_order


def word_order_rows(seeds: int) -> list[str]:
    """Return a row of the table for the bag of words and one for the recurrent network."""
    splits = word_order.splits()
    data = {name: word_order.encode(examples) for name, examples in splits.items()}
    rows = []
    for name, build in (("bag of words", word_order.bag), ("plain RNN", word_order.rnn)):
        scores: dict[str, list[float]] = {"new pairs": [], "new forms": [], "twins": []}
        seconds = []
        for seed in range(seeds):
            model, start = build(seed), time.process_time()
            word_order.train(model, seed)
            seconds.append(time.process_time() - start)
            for split in ("new pairs", "new forms"):
                scores[split].append(model.accuracy(*data[split]))
            scores["twins"].append(word_order.both_twins_right(model, splits["new pairs"]))
        cells = [f"{_percent(values)}" for values in scores.values()]
        size = model.parameters.vector.size
        rows.append(
            f"| who is stronger? | {name} | {size} | {statistics.median(seconds):.1f} | "
            f"{' | '.join(cells)} |"
        )
    return rows


def _percent(values: list[float]) -> str:
    return f"{100 * statistics.median(values):.1f} [{100 * min(values):.1f}]"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="how many starts (default 5)")
    seeds = parser.parse_args().seeds
    print(f"Median of {seeds} starts [worst], in per cent; seconds of processor time.\n")
    print("| task | model | weights | seconds | new pairs | new forms | both twins, new pairs |")
    print("|---|---|---|---|---|---|---|")
    print("\n".join(word_order_rows(seeds)))


if __name__ == "__main__":
    main()
