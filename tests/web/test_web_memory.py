"""Is memory that is wanted again kept, and by whom?"""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

# Eight threads that are there at the same time make arrays and drop them, one thread at a time; prints the pages of
# memory that the system had to give the second time.
CODE = """
import resource, sys, threading
import numpy as np
from primum.web.memory import keep_freed_memory
if sys.argv[1] == "kept":
    assert keep_freed_memory()
turn = threading.Lock()

def work(all_there):
    all_there.wait()
    with turn:
        held = [np.ones(12_000_000, dtype=np.uint8) for _ in range(3)]

for _ in range(2):
    all_there = threading.Barrier(8)
    threads = [threading.Thread(target=work, args=(all_there,)) for _ in range(8)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library keeps memory in its own way")
def test_a_thread_gets_memory_that_another_has_let_go() -> None:
    def pages(how: str) -> int:
        around = {**os.environ, "NUMPY_MADVISE_HUGEPAGE": "0"}  # pages of one size, so that they can be counted
        command = [sys.executable, "-c", CODE, how]
        done = subprocess.run(command, env=around, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return int(done.stdout)

    assert 10 * pages("kept") < pages("as ever")
