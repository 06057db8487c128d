"""Twenty kills at random moments of a load: does any lose a row? The script makes as many as it is asked for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_twenty_kills_lose_no_row_and_count_none_twice():
    script = Path(__file__).parent / "kill_a_load.py"
    done = subprocess.run(
        [sys.executable, str(script), "--kills", "20", "--reports", "300", "--seed", "7"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "20  kills: 0 rows lost, 0 counted twice" in done.stdout
    assert "killed with" in done.stdout  # not every kill came before or after the load
