"""What do the results of a study look like? A forest of each analysis, and of each followed event through all of them.

The pictures are those of `primum signals --svg`; each has its numbers beside it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from primum.dossier.render import signal_pictures
from primum.dossier.render.charts.ratios import Ratio
from primum.dossier.render.signal_pictures import Picture
from primum.terms import OF_HARM, SYNTHETIC

if TYPE_CHECKING:
    from primum.signals.table import SignalTable
    from primum.study.run import StudyResult

DRAWN: Final = 20  # pairs of a forest, where the study names no events


def figures_of(result: StudyResult) -> dict[str, Picture]:
    """The pictures of a study by the name of their files; none where the reporting odds ratio was not asked for."""
    if "ror" not in {method.id for method in result.methods}:
        return {}
    found: dict[str, Picture] = {}
    start = f"{SYNTHETIC}: " if result.synthetic else ""
    for outcome in result.outcomes:
        if outcome.table is not None:
            rows = _drawn(outcome.table, result.study.events)
            title = f"{start}{outcome.analysis.title}"
            found[outcome.analysis.id] = signal_pictures.forest(outcome.table.take(rows), title)
    for number, event in enumerate(result.events, start=1):
        if event in result.unknown:  # nothing to draw: it is told as a warning
            continue
        name = re.sub(r"[^a-z0-9]+", "-", event.casefold()).strip("-")[:40]
        picture = signal_pictures.forest_of(_through(result, event), f"{start}{event.capitalize()} in every analysis")
        found[f"event-{number}-{name}".rstrip("-")] = picture
    return found


def _drawn(table: SignalTable, events: tuple[str, ...]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The events that the study names, or the pairs of harm with the highest lower bound of the odds ratio."""
    order = table.order("ror_lower")
    wanted = np.isin(table.event[order], events) if events else np.isin(table.bin[order], OF_HARM)
    return np.asarray(order[wanted][:DRAWN], dtype=np.int64)


def _through(result: StudyResult, event: str) -> list[Ratio]:
    """The odds ratio of an event in each analysis, a row each drug of it; where there is none, what stands for it."""
    found: list[Ratio] = []
    for outcome in result.outcomes:
        title, table = outcome.analysis.title, outcome.table
        if table is None:
            found.append(Ratio(title, "", event, note="not counted"))
            continue
        rows = np.flatnonzero(table.event == event).tolist()
        if not rows:
            found.append(Ratio(title, "", event, note="0 reports"))
        for i in rows:
            name = f"{table.drug[i]}: {title}" if len(rows) > 1 else title
            ends = (float(table.ror[i]), float(table.ror_lower[i]), float(table.ror_upper[i]))
            found.append(Ratio(name, str(table.drug[i]), event, *ends))
    return found
