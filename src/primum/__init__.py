"""Primum: is this treatment safe? The public names, and nothing else.

They are loaded on first use, so that `import primum` and `primum --help` stay fast.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from primum.counts.cohort import Cohort as Cohort
    from primum.counts.cohort import parse as cohort
    from primum.counts.table import CountTable as CountTable
    from primum.dossier.model import Dossier as Dossier
    from primum.errors import PrimumError as PrimumError
    from primum.evidence.finding import Finding as Finding
    from primum.provenance import Method as Method
    from primum.provenance import Run as Run
    from primum.provenance import Source as Source
    from primum.signals.table import SignalTable as SignalTable
    from primum.study.ask import ask as ask
    from primum.study.reports import Reports as Reports
    from primum.study.reports import open as open
    from primum.study.simulate import Simulation as Simulation
    from primum.study.simulate import simulate as simulate
    from primum.terms import Count as Count
    from primum.terms import Interval as Interval
    from primum.terms import Period as Period
    from primum.terms import Quarter as Quarter
    from primum.treatments.load import Treatment as Treatment
    from primum.treatments.load import known_treatments as known_treatments
    from primum.treatments.load import load_treatment as load_treatment

__version__ = "0.1.0"

# Public name -> the module it lives in, and its name there where that differs.
_HOME = {
    "Cohort": "primum.counts.cohort",
    "Count": "primum.terms",
    "CountTable": "primum.counts.table",
    "Dossier": "primum.dossier.model",
    "Finding": "primum.evidence.finding",
    "Interval": "primum.terms",
    "Method": "primum.provenance",
    "Period": "primum.terms",
    "PrimumError": "primum.errors",
    "Quarter": "primum.terms",
    "Reports": "primum.study.reports",
    "Run": "primum.provenance",
    "SignalTable": "primum.signals.table",
    "Simulation": "primum.study.simulate",
    "Source": "primum.provenance",
    "Treatment": "primum.treatments.load",
    "ask": "primum.study.ask",
    "cohort": "primum.counts.cohort:parse",
    "known_treatments": "primum.treatments.load",
    "load_treatment": "primum.treatments.load",
    "open": "primum.study.reports",
    "simulate": "primum.study.simulate",
}

__all__ = [
    "Cohort",
    "Count",
    "CountTable",
    "Dossier",
    "Finding",
    "Interval",
    "Method",
    "Period",
    "PrimumError",
    "Quarter",
    "Reports",
    "Run",
    "SignalTable",
    "Simulation",
    "Source",
    "Treatment",
    "__version__",
    "ask",
    "cohort",
    "known_treatments",
    "load_treatment",
    "open",
    "simulate",
]


# Rooms whose functions are public: primum.signals.ebgm(...), primum.evidence.effects ...
_ROOMS = ("evidence", "mechanism", "signals")


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"primum.{name}")
    if name in _HOME:
        module, _, other = _HOME[name].partition(":")
        return getattr(importlib.import_module(module), other or name)
    raise AttributeError(f"module 'primum' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
