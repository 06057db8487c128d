"""How does a comparison stand in a table? The same columns in every section, so that a reader learns them once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from primum.dossier.caveats import Caveats
from primum.dossier.context import Context, cite
from primum.dossier.contrasts import Contrast
from primum.dossier.model import Cell, Column, Ref, Span
from primum.evidence.finding import Finding

CERTAINTY: Final = Column("Certainty")
JUDGED: Final = "Certainty is a human judgement; it stands at the letter of the row with its reason and who judged."
DIFFERENCE: Final = (Column("More with treatment", number=True), Column("95 % interval", number=True))


def other_head(shown: Iterable[Contrast]) -> str:
    """What stands above the arm that was not treated: placebo, no treatment, or both."""
    against = dict.fromkeys(contrast.against for contrast in shown) or {"placebo": None}
    return " or ".join(against).capitalize()


def rates(contrast: Contrast) -> tuple[Cell, Cell]:
    """Of 1,000 treated and of 1,000 in the other arm."""
    return Ref(contrast.treated, "per_1000"), Ref(contrast.control, "per_1000")


def counts(contrast: Contrast) -> tuple[Cell, Cell]:
    """So many of so many in either arm."""
    return Ref(contrast.treated, "counts"), Ref(contrast.control, "counts")


def difference(contrast: Contrast) -> tuple[Cell, Cell]:
    """How many more of 1,000, and the interval, under the heads of `DIFFERENCE`."""
    return Ref(contrast.difference, "per_1000_signed"), Ref(contrast.difference, "per_1000_interval")


def certainty(finding: Finding, caveats: Caveats) -> Cell:
    """How certain somebody judged a number to be, under the head of `CERTAINTY`; the reason stands at its letter."""
    word, _, reason = finding.certainty.partition(": ")
    return (word, caveats.mark([reason])) if word else "not judged"


def times(context: Context, names: Iterable[str], caveats: Caveats) -> tuple[Span, ...]:
    """Every time that the sources give for a complaint, each with whose it is, its caveats and its source."""
    spans: list[Span] = []
    for name in names:
        finding = context.findings[name]
        spans += ["; "] if spans else []
        spans += [Ref(name, "quantity_range"), f" ({finding.population}) ", caveats.of(finding), " ", cite(finding)]
    return tuple(spans)
