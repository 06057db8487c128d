"""What a command sets before it begins, from the start of Python."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

AFTER = """
import os, sys
from primum.cli import main
print("numpy" in sys.modules)
sys.argv = ["primum", "--version"]
try:
    main()
except SystemExit:
    print(os.environ["OPENBLAS_THREAD_TIMEOUT"])
"""


@pytest.mark.parametrize(("chosen", "found"), [(None, "4"), ("26", "26")])
def test_threads_of_openblas_wait_asleep_unless_the_user_chose_otherwise(chosen: str | None, found: str) -> None:
    """NumPy reads the setting when it is imported: nothing may have imported it before."""
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_THREAD_TIMEOUT"}
    if chosen is not None:
        environment["OPENBLAS_THREAD_TIMEOUT"] = chosen
    done = subprocess.run([sys.executable, "-c", AFTER], env=environment, capture_output=True, text=True, check=True)
    numpy_there, _, setting = done.stdout.split("\n")[:3]
    assert (numpy_there, setting) == ("False", found)
