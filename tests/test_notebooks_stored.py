"""Every notebook of the course was stored by tools/store_notebooks.py and not changed since.

Strict nbval executes them and compares; this looks at what nbval cannot see: that there are
outputs to compare at all, that the pictures carry words, that the files hold nothing random.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import store_notebooks

PATHS = sorted(store_notebooks.NOTEBOOKS.glob("*.ipynb"))


def test_the_course_has_notebooks() -> None:
    assert PATHS, f"no notebook in {store_notebooks.NOTEBOOKS}"


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_notebook_is_stored(path: Path) -> None:
    problems = store_notebooks.check(path)
    assert not problems, "\n".join(problems)
