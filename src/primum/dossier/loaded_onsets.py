"""Did what was reported begin inside the drug's time course? Counted over loaded reports that date both to a day."""

from __future__ import annotations

from collections import Counter
from typing import Final

from primum.cases.onset import NEGATIVE
from primum.dossier.loaded_like import LoadedReports
from primum.dossier.loaded_numbers import Writer
from primum.dossier.model import Cell, Column, Table, Text, sentence
from primum.mechanism.plausibility import CAVEAT, onset_in_course
from primum.terms import Interval

_SAID: Final = {"before": "before the course begins", "inside": "inside the course", "after": "after the course"}


def onset_blocks(writer: Writer, answer: LoadedReports, window: Interval) -> tuple[Text | Table, ...]:
    """How many reports began before, inside and after the time course, by use; nothing where none is dated.

    Args:
        writer: makes the counts into findings.
        answer: the loaded reports.
        window: first and last day of the drug's time course.
    """
    counted: Counter[tuple[str, str]] = Counter()
    for told in answer.onsets:
        counted[told.use, "before"] += told.reports[NEGATIVE]
        counted.update((told.use, onset_in_course(float(days), window).verdict) for days in told.days)
    uses = sorted({use for (use, _), reports in counted.items() if reports})
    if not uses:
        return ()
    dated = {use: sum(counted[use, verdict] for verdict in _SAID) for use in uses}
    rows: list[tuple[Cell, ...]] = [
        (
            said,
            *(
                writer.count(f"onset.{verdict}.{use}", f"began {said}, {use} use", counted[use, verdict], of=dated[use])
                for use in uses
            ),
        )
        for verdict, said in _SAID.items()
    ]
    course = f"The modelled course runs from day {window.lower:g} to day {window.upper:g} after the injection."
    total = sum(dated.values())
    whole = f"{total} of {answer.reports} loaded reports date both treatment and event to a day."
    return (
        sentence(f"Could it be the drug, as far as days go? {course} {whole} {CAVEAT}"),
        Table(
            id="onset_in_course",
            title="Loaded reports by when the event began",
            columns=(Column("The event began"), *(Column(f"{use} use", number=True) for use in uses)),
            rows=tuple(rows),
        ),
    )
