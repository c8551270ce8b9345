"""Print how the check of the backward loop names each slip, on shapes of every kind.

python -m rnn_core.exercises
"""

from __future__ import annotations

import sys

import numpy as np

from rnn_core.exercises.backward import BACKWARD, case

SHAPES = (
    (3, 2, 4, 5, 6),
    (4, 3, 2, 6, 5),
    (5, 2, 3, 4, 6),
    (6, 4, 5, 3, 2),
    (9, 2, 4, 3, 5),
    (12, 4, 3, 5, 2),
)
"""T, B, n_x, n_h, n_y: T >= 3 and B >= 2, as a check needs them."""


def names() -> list[tuple[str, list[str]]]:
    """Return for each form of each slip its own name, and the name it gets on each shape."""
    tried = [[case(shape, np.random.default_rng(seed)) for seed in range(2)] for shape in SHAPES]
    return [
        (slip.name, [BACKWARD.check(slip.program, cases).name or "unknown" for cases in tried])
        for slip in BACKWARD.slips
    ]


def main() -> int:
    """Print the table; return 1 if a name is wrong, else 0."""
    rows, wrong, form = names(), 0, 0
    print(f"{'slip (form)':42}", *(f"T={T}, n_h={n_h}".rjust(11) for T, _, _, n_h, _ in SHAPES))
    for number, (name, found) in enumerate(rows):
        form = form + 1 if number and rows[number - 1][0] == name else 1
        marks = ["named" if given == name else "WRONG" for given in found]
        wrong += marks.count("WRONG")
        print(f"{name + f' ({form})':42}", *(mark.rjust(11) for mark in marks))
    different = len({name for name, _ in rows})
    print(f"{different} slips in {len(rows)} forms on {len(SHAPES)} shapes: {wrong} wrong names")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
