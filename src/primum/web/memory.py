"""How does a process that answers all day keep the memory that it will want again?

Each thread that allocates gets a heap of its own, and the C library hands what is freed back to the system at once.
Pages are computed by many threads, each with arrays of as many bytes as there are reports: without this a fifth of
their time goes into being given the same memory again, and having it cleared.
"""

from __future__ import annotations

import ctypes
import gc
import platform
from typing import Final

# Numbers of `mallopt` in glibc's malloc.h.
_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8
KEPT: Final = 256 * 2**20  # bytes at the end of the heap that are kept though nothing is in them
FROM_THE_HEAP: Final = 32 * 2**20  # arrays up to this size; the most that glibc allows


def keep_freed_memory() -> bool:
    """One heap for all threads, which keeps what is freed; to be called before threads are started.

    Returns:
        Whether the C library understands it: glibc does. Any other is left as it is.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    wanted = ((_ARENA_MAX, 1), (_MMAP_THRESHOLD, FROM_THE_HEAP), (_TRIM_THRESHOLD, KEPT))
    done = [mallopt(number, value) == 1 for number, value in wanted]
    return all(done)


def pass_over_what_stays() -> None:
    """Search no more for garbage in what is there now; to be called when what every visitor needs has been read.

    Evidence, dossiers and modules are hundreds of thousands of values that stay. Whenever enough new ones are made,
    Python searches them all for what is no longer needed, and the page that made the last one waits for it.
    """
    gc.collect()
    gc.freeze()
