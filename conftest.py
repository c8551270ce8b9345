"""What holds for every test, the notebooks' cells included: so it stands at the root."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}
# Recordings of people are measured where somebody has them; the project ships none.
NEEDS_DATA_OF_ONES_OWN = "set FREE_SPOKEN_DIGITS"


def pytest_configure(config: pytest.Config) -> None:
    """Let pytest be started from any folder: nbval looks for its file where one stands."""
    option = "nbval_sanitize_with"
    setattr(config.option, option, str(config.rootpath / getattr(config.option, option)))


def _fail_instead_of_skipping(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not (IN_CI and report.skipped) or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if NEEDS_DATA_OF_ONES_OWN in reason:
        return
    report.outcome = "failed"
    report.longrepr = f"In CI nothing may be skipped, but this was: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skipped test into a failure where everything is supposed to be installed."""
    report = yield
    _fail_instead_of_skipping(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Do the same for a module that skips itself as a whole."""
    report = yield
    _fail_instead_of_skipping(report)
    return report
