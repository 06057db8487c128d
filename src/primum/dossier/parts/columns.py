"""How does a comparison stand in a table? The same columns in every section, so that a reader learns them once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from primum.dossier.context import Context
from primum.dossier.contrasts import Contrast
from primum.dossier.model import Cell, Column, Ref
from primum.dossier.telling import Outcome

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


def certainty(context: Context, shown: list[tuple[Outcome, Contrast]]) -> str:
    """Certainty is a human judgement with its reason; rows judged alike are said together, unjudged ones as such."""
    judged: dict[str, list[str]] = {}
    for outcome, contrast in shown:
        judged.setdefault(context.findings[contrast.difference].certainty, []).append(outcome.label)
    unjudged = judged.pop("", [])
    if not judged:
        return "Nobody has judged how certain these are."
    said = "; ".join(f"{', '.join(labels)}: {judgement}" for judgement, labels in judged.items())
    rest = f" Nobody has judged: {', '.join(unjudged)}." if unjudged else ""
    return f"Certainty, a human judgement: {said}.{rest}"
