"""Train every task from several starts and print the table: `python -m rnn_core.tasks`."""

from __future__ import annotations

import argparse

from rnn_core.tasks import (
    captions,
    dictation,
    digits,
    entities,
    melodies,
    memory,
    motif,
    negation,
    reviews,
    source_code,
    speech,
    translation,
    two_readings,
    word_order,
)

TASKS = {
    "word_order": word_order.rows,
    "motif": motif.rows,
    "memory": memory.rows,
    "digits": digits.rows,
    "captions": captions.rows,
    "melodies": melodies.rows,
    "reviews": reviews.rows,
    "entities": entities.rows,
    "translation": translation.rows,
    "speech": speech.rows,
    "negation": negation.rows,
    "two_readings": two_readings.rows,
    "source_code": source_code.rows,
    "gates": memory.gated_rows,
    "dictation": dictation.rows,
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="how many starts (default 5)")
    parser.add_argument("--task", choices=TASKS, help="this task alone")
    options = parser.parse_args()
    print(f"Per cent right on held-out data, median of {options.seeds} starts [worst]")
    print("(of bits, less is better);")
    print("seconds of processor time for one training.\n")
    print("| task (notebook) | model | weights | seconds | test | score | baseline |")
    print("|---|---|---|---|---|---|---|")
    for name, rows in TASKS.items():
        if options.task in (None, name):
            for row in rows(options.seeds):
                print(row, flush=True)


if __name__ == "__main__":
    main()
