"""Train every task from several starts and print the table: `python -m rnn_core.tasks`."""

from __future__ import annotations

import argparse

from rnn_core.tasks import (
    captions,
    digits,
    entities,
    melodies,
    memory,
    motif,
    reviews,
    speech,
    translation,
    word_order,
)

TASKS = (
    word_order.rows,
    motif.rows,
    memory.rows,
    digits.rows,
    captions.rows,
    melodies.rows,
    reviews.rows,
    entities.rows,
    translation.rows,
    speech.rows,
)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="how many starts (default 5)")
    seeds = parser.parse_args().seeds
    print(f"Per cent right on held-out data, median of {seeds} starts [worst];")
    print("seconds of processor time for one training.\n")
    print("| task (notebook) | model | weights | seconds | test | score | baseline |")
    print("|---|---|---|---|---|---|---|")
    for rows in TASKS:
        for row in rows(seeds):
            print(row, flush=True)


if __name__ == "__main__":
    main()
