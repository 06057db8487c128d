"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data beside the project; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("PRIMUM_SHARED", Path(__file__).parents[2] / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(
            f"reference data not found at {folder}; set PRIMUM_SHARED to the folder that holds data/ and oracles/"
        )
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> object:
    """On CI nothing may be skipped: with PRIMUM_NO_SKIPS set, a skip is a failure that says why it skipped."""
    report = yield
    if os.environ.get("PRIMUM_NO_SKIPS") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, but PRIMUM_NO_SKIPS is set: {report.longrepr}"
    return report
