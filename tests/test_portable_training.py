"""Machines differ in the last digits of a product; on the grid they train the same network."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from rnn_core import GRID
from rnn_core.tasks import word_order

TRAIN = """
import hashlib, sys
from rnn_core.tasks import word_order
model = getattr(word_order, sys.argv[1])(seed=0)
word_order.train(model, seed=0)
print(hashlib.sha256(model.parameters.vector.tobytes()).hexdigest())
"""
# Other kernels of the same libraries, where the processor has them: other roundings.
MACHINES = (
    {},
    {"OPENBLAS_CORETYPE": "Prescott", "NPY_DISABLE_CPU_FEATURES": "X86_V3"},
)


@pytest.mark.parametrize("network", ["rnn", "bag"])
def test_other_roundings_train_the_same_network(network: str) -> None:
    hashes = set()
    for machine in MACHINES:
        command = [sys.executable, "-W", "ignore", "-c", TRAIN, network]
        run = subprocess.run(
            command, env={**os.environ, **machine}, capture_output=True, text=True, check=True
        )
        hashes.add(run.stdout.strip())
    assert len(hashes) == 1


def test_a_difference_of_the_last_digits_is_wiped_out_on_the_grid() -> None:
    def train(nudge: float) -> np.ndarray:
        model = word_order.rnn(seed=3)
        model.parameters.vector[:] *= 1 + nudge
        word_order.train(model, seed=3, steps=300)
        return model.parameters.vector

    np.testing.assert_array_equal(train(1e-14), train(0.0))
    assert not np.array_equal(train(1e-3), train(0.0))
    on_grid = train(0.0) / GRID
    np.testing.assert_array_equal(on_grid, np.rint(on_grid))
