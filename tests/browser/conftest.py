"""A real JupyterLab on a copy of the course, and a real Chromium, for the tests in this folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from store_notebooks import NOTEBOOKS

if TYPE_CHECKING:
    from jupyterlab_driver import JupyterLab
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def lab() -> Iterator[JupyterLab]:
    """One server for all tests: each notebook gets its own kernel anyway."""
    pytest.importorskip("playwright", reason='Playwright is missing: pip install -e ".[dev]"')
    from jupyterlab_driver import JupyterLab

    with JupyterLab(NOTEBOOKS) as server:
        yield server


# Not for the whole session: while Playwright runs, its event loop counts as this thread's, and
# asyncio.run() in a later test would refuse to start a second one.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a module; the driver gives each notebook a context of its own."""
    pytest.importorskip("playwright", reason='Playwright is missing: pip install -e ".[dev]"')
    from jupyterlab_driver import ChromiumMissingError, chromium

    with ExitStack() as stack:
        try:
            started = stack.enter_context(chromium())
        except ChromiumMissingError as error:
            pytest.skip(str(error))
        yield started
