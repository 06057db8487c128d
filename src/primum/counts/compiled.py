"""Which loops run as machine code, where numba is there to make it?

A few loops cannot be said in whole arrays without writing all they go through into memory. Each is a plain function of
arrays; where the extra `fast` is installed it is compiled when it is first worth it, and kept. Without it the same
question is answered by whole arrays.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import Any


@cache
def compiled(loop: Callable[..., Any], *, any_order: bool = False) -> Callable[..., Any] | None:
    """A loop as machine code that leaves other threads alone; None without numba.

    Args:
        loop: a function of numbers and arrays, by place.
        any_order: whether sums may be added up in any order; otherwise a loop gives the bits that NumPy gives.
    """
    try:
        from numba import njit
    except ImportError:
        return None
    how = {"nogil": True, "error_model": "numpy", "fastmath": {"reassoc", "contract"} if any_order else False}
    try:
        made: Callable[..., Any] = njit(cache=True, **how)(loop)
    except RuntimeError:  # neither the package's folder nor the user's can be written
        made = njit(**how)(loop)
    return made


def import_compiler() -> None:
    """Have numba there, where it is installed, before somebody waits for an answer; for a process that gives many."""
    with suppress(ImportError):
        import_module("numba")


def compiled_for(
    loop: Callable[..., Any], items: int, *, called: int, imported: int | None
) -> Callable[..., Any] | None:
    """A loop as machine code, where that answers sooner than whole arrays; for loops that give the same bits as those.

    Args:
        loop: as in `compiled`.
        items: how many it would go through.
        called: from how many on it is worth a call, where numba was imported already.
        imported: from how many on it is worth importing numba, which takes more than half a second; None: never.
    """
    least = called if "numba" in sys.modules else imported
    return None if least is None or items < least else compiled(loop)
