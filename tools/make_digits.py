"""Write rnn_core/tasks/data/digits.npz from the digits that scikit-learn distributes.

Run: python -m pip install scikit-learn && python tools/make_digits.py

scikit-learn is read, not imported: only this script needs it, once.
"""

from __future__ import annotations

import gzip
import importlib.util
from pathlib import Path

import numpy as np

TARGET = Path(__file__).parents[1] / "rnn_core" / "tasks" / "data" / "digits.npz"


def main() -> None:
    """Read the 1,797 images and labels, and write them as bytes."""
    spec = importlib.util.find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise SystemExit("scikit-learn is not installed; run: python -m pip install scikit-learn")
    with gzip.open(Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz") as file:
        rows = np.loadtxt(file, delimiter=",")
    images = rows[:, :64].astype(np.uint8).reshape(-1, 8, 8)
    labels = rows[:, 64].astype(np.uint8)
    if images.shape != (1797, 8, 8) or images.max() != 16:
        raise SystemExit(f"found {images.shape} images up to {images.max()}, expected (1797, 8, 8)")
    np.savez_compressed(TARGET, images=images, labels=labels)
    print(f"{TARGET.name}: {len(images)} images, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
