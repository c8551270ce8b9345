"""The benchmark runs and prints its tables."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_the_quick_benchmark_prints_ratios_and_the_growth_with_T():
    result = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "core.py"), "--quick"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    tables = [part for part in result.stdout.split("\n\n") if part.startswith("|")]
    assert len(tables) == 5
    for dtype, text in zip(("float64", "float32"), tables, strict=False):
        head, rule, *rows = text.splitlines()
        assert dtype in head and "rnn_core / floor" in head
        assert rule.count("---") == head.count("|") - 1
        assert len(rows) == 2
        for row in rows:
            assert row.startswith("| (1, ")
            assert float(row.split("|")[-2].split()[0]) > 1, "faster than its own floor"
    for dtype, text in zip(("float64", "float32"), tables[2:4], strict=True):
        head, _, *rows = text.splitlines()
        assert dtype in head and "GRU" in head and "LSTM" in head
        assert len(rows) == 2 and all(row.count("|") == 6 for row in rows)
    slope = float(re.search(r"to the power of (\S+) ", result.stdout)[1])
    assert 0.1 < slope < 2
    # A plain trace keeps x (n_x of n_h) and a forward; da, dz, da_from_y and y's parts backward.
    kept = [float(cell) for cell in tables[4].splitlines()[-1].split("|")[4:6]]
    assert 1.5 < kept[0] < kept[1] < 8
