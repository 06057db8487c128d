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
