"""Two groups of people and a method by its name: what every comparison checks first."""

from __future__ import annotations

from typing import Final

from primum.errors import EvidenceError
from primum.evidence import proportions, score
from primum.provenance import Method

MIETTINEN_NURMINEN: Final = "Miettinen & Nurminen, Stat Med 4:213-226 (1985), doi:10.1002/sim.4780040211"


def two_groups(x1: int, n1: int, x0: int, n0: int) -> score.Arms:
    """The four numbers as whole numbers, after a check that they are two groups of people."""
    return (*proportions.people(x1, n1), *proportions.people(x0, n0))


def known_method(methods: dict[str, Method], given: str, measure: str) -> Method:
    """The method of that name.

    Raises:
        EvidenceError: no method of the measure has that name.
    """
    if given not in methods:
        raise EvidenceError.unknown_method(measure, given, methods)
    return methods[given]
