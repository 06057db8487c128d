"""Primum: is this treatment safe? The public names, and nothing else.

They are loaded on first use, so that `import primum` and `primum --help` stay fast.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "CountTable": "primum.counts.table",
    "Finding": "primum.evidence.finding",
    "Interval": "primum.terms",
    "Period": "primum.terms",
    "PrimumError": "primum.errors",
    "Quarter": "primum.terms",
}

__all__ = ["__version__", *sorted(_HOME)]  # noqa: PLE0604

if TYPE_CHECKING:
    from primum.counts.table import CountTable as CountTable
    from primum.errors import PrimumError as PrimumError
    from primum.evidence.finding import Finding as Finding
    from primum.terms import Interval as Interval
    from primum.terms import Period as Period
    from primum.terms import Quarter as Quarter


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'primum' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
