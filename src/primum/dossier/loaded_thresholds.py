"""Does what stands out hang on the threshold? The leading terms by every rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from primum.dossier.loaded_like import LoadedReports
from primum.dossier.loaded_numbers import Writer
from primum.dossier.model import Cell, Column, Table, Text, sentence
from primum.terms import OF_HARM, BoolArray

if TYPE_CHECKING:
    from primum.signals.table import SignalTable

# Thresholds of the field. PRR: Evans, Waller, Davis 2001, Pharmacoepidemiol Drug Saf 10(6):483-486,
# doi:10.1002/pds.677. EB05: Szarfman, Machado, O'Neill 2002, Drug Saf 25(6):381-392,
# doi:10.2165/00002018-200225060-00001.
_RULES: Final[Mapping[str, tuple[str, Callable[[SignalTable], BoolArray]]]] = {
    "ic": ("IC", lambda t: t.ic_lower > 0),
    "ror": ("ROR", lambda t: (t.ror_lower > 1) & (t.observed >= 3)),
    "prr": ("PRR", lambda t: (t.prr >= 2) & (t.chi2 >= 4) & (t.observed >= 3)),
    "ebgm": ("EB05", lambda t: t.eb05 >= 2),
    "fdr": ("FDR", lambda t: t.fdr <= 0.05),
}
_SAID: Final = (
    "A term can stand out by one rule and not by another. The leading terms of section 2 are judged here by five "
    "thresholds in use."
)


def threshold_blocks(writer: Writer, answer: LoadedReports) -> list[Text | Table]:
    """The leading terms by every threshold; nothing where nothing is counted.

    Args:
        writer: makes the numbers into findings.
        answer: the loaded reports.
    """
    table, leading = answer.signals, answer.by_use
    if table is None or leading is None or not len(leading.events):
        return []
    ran = {method.id for method in table.methods}
    rules = {kind: rule for kind, rule in _RULES.items() if kind in ran}
    reached = {kind: rule(table) for kind, (_, rule) in rules.items()}
    place = {str(event): i for i, event in enumerate(table.event.tolist())}
    rows: list[tuple[Cell, ...]] = [
        (event, *("yes" if found[place[event]] else "no" for found in reached.values())) for event in leading.events
    ]
    harm = np.isin(table.bin, OF_HARM)
    counted = (
        writer.count(f"threshold.reached.{kind}", f"harm terms that reach: {rules[kind][0]}", n, unit="terms")
        for kind, n in ((kind, int(np.count_nonzero(found & harm))) for kind, found in reached.items())
    )
    rows.append(("Harm terms that reach it", *counted))
    return [
        sentence(_SAID),
        Table(
            id="thresholds",
            title="What stands out in the loaded reports, by threshold",
            columns=(Column("Reaction"), *(Column(said) for said, _ in rules.values())),
            rows=tuple(rows),
            note="Reached where the 95 % interval of the IC lies above 0; that of the ROR above 1, with 3 reports; the "
            "PRR is 2 or more, chi-square 4 or more, with 3 reports (Evans and others 2001, doi:10.1002/pds.677); EB05 "
            "is 2 or more (Szarfman and others 2002, doi:10.2165/00002018-200225060-00001); the false discovery rate "
            "over all terms looked at is 5 % or less. None of them makes a cause.",
        ),
    ]
