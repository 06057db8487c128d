"""What do the numbers of a question look like? Volcano, forest, trend and onset, each with its table."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from primum.errors import CohortError
from primum.terms import OF_HARM
from primum.web.desk import Desk
from primum.web.question import one_of_each, question, reports_of
from primum.web.state import FIRST_METHODS, State
from primum.web.tables import WARNING, rank_column

if TYPE_CHECKING:
    from primum.dossier.render.charts.ratios import Ratio
    from primum.dossier.render.signal_pictures import Picture
    from primum.signals.table import SignalTable
    from primum.study.reports import Reports

DRAWN: Final = 2_000  # pairs of the volcano
ROWS_DRAWN: Final = 15  # of the forest
TRENDS_DRAWN: Final = 8
MOST_ROWS: Final = 500  # of the table beside a picture


def pictures(desk: Desk, state: State) -> dict[str, Any]:
    """Size and surprise of the pairs, the ratios of those that stand out most, and these over the quarters."""
    from primum.dossier.render import signal_pictures as draw

    scores = desk.scores(replace(state, methods=",".join(FIRST_METHODS)))
    harm = scores.bins.where(*OF_HARM)
    ranked = scores.order(rank_column(scores), among=harm, most=DRAWN)
    title, notes = _title(state), list(scores.about.notes)
    made = []
    if len(ranked):
        made.append(draw.volcano(scores.table(ranked), title))
        made.append(draw.forest_of(_ratios(scores.table(ranked[:ROWS_DRAWN])), f"{title}: odds ratios"))
    events = list(dict.fromkeys(str(name) for name in scores.counts.event[ranked[: 3 * TRENDS_DRAWN]]))[:TRENDS_DRAWN]
    if events:
        trend = desk.kept(("trend", *_asked(state), *events), _over_time(desk, state, events))
        made.append(trend)
        if missing := not_loaded(list(dict.fromkeys(str(row[0]) for row in trend.rows[1:]))):
            notes.append(f"Over time: quarters that are not loaded are left out ({', '.join(missing)}).")
    return _told(desk, state, made, notes)


def _ratios(table: SignalTable) -> list[Ratio]:
    """A row of the forest for each pair; one that nobody else reports has no ratio, and says so."""
    from primum.dossier.render.charts.ratios import Ratio

    ends = zip(table.ror.tolist(), table.ror_lower.tolist(), table.ror_upper.tolist(), strict=True)
    others = (table.event_reports - table.observed).tolist()
    one_drug = len(set(table.drug.tolist())) == 1
    rows = zip(table.drug.tolist(), table.event.tolist(), ends, others, strict=True)
    return [
        Ratio(
            event.capitalize() if one_drug else f"{drug}: {event.capitalize()}",
            *(drug, event),
            value if elsewhere else math.inf,
            lower,
            upper,
            note="no interval" if elsewhere else "no other report has it",
        )
        for drug, event, (value, lower, upper), elsewhere in rows
    ]


def not_loaded(quarters: Sequence[str]) -> list[str]:
    """The quarters that are missing between the first and the last, as spans.

    Examples:
        >>> not_loaded(["2012q3", "2012q4", "2013q2", "2014q1"])
        ['2013q1', '2013q3..2013q4']
    """
    numbers = [4 * int(quarter[:4]) + int(quarter[5]) - 1 for quarter in quarters]
    spans = []
    for before, after in itertools.pairwise(numbers):
        first, last = (f"{number // 4}q{number % 4 + 1}" for number in (before + 1, after - 1))
        if after > before + 1:
            spans.append(first if first == last else f"{first}..{last}")
    return spans


def _over_time(desk: Desk, state: State, events: list[str]) -> Any:
    """Reports of some events by quarter of publication, for the desk to compute."""
    from primum.counts.facets import by_quarter
    from primum.dossier.render import signal_pictures as draw

    among = one_of_each(desk, state)

    def computed(reports: Reports) -> Picture:
        places = reports_of(reports, state, among)
        assert reports.arrays is not None
        quarters, counted = by_quarter(reports.arrays, places, events)
        return draw.trend([event.capitalize() for event in events], quarters, counted, _title(state))

    return computed


def onset(desk: Desk, state: State) -> dict[str, Any]:
    """Days from the treatment to the event, by use where it is a treatment.

    Raises:
        CohortError: no treatment and no drug is asked about.
    """
    from primum.dossier.render import signal_pictures as draw

    if not state.what:
        raise CohortError("Onset is counted from one drug or treatment; what is empty. Name one, such as a drug.")

    def counted(reports: Reports) -> tuple[Any, ...]:
        found = reports.onsets(state.what, state.cohort or None, duplicates=state.duplicates or None)
        return found, reports.store.synthetic()

    found, synthetic = desk.kept(("onset", *_asked(state)), counted)
    drawn = [(one.use or state.what, one.days, one.onset) for one in found if one.days]
    made = [draw.onset(drawn, _title(state))] if drawn else []
    groups = [{"group": one.use or state.what, "reports": dict(one.reports)} for one in found]
    return _told(desk, state, made, [synthetic] if synthetic else []) | {"groups": groups}


def _asked(state: State) -> tuple[str, ...]:
    return (state.what, state.cohort, state.duplicates)


def _title(state: State) -> str:
    title = f"{state.what or 'Every drug'}{f', {state.cohort}' if state.cohort else ''}"
    return f"{title} against {state.versus}" if state.versus else title


def _told(desk: Desk, state: State, made: list[Picture], notes: list[str]) -> dict[str, Any]:
    told = [
        {
            "name": one.name,
            "title": one.title,
            "svg": one.on_page,
            "narrow": one.on_phone,
            "columns": list(one.rows[0]),
            "rows": _plain(one.rows),
        }
        for one in made
    ]
    kept = {"state": state.as_json(), "question": question(desk, state), "notes": notes, "warning": WARNING}
    return {"ok": True, **kept, "pictures": told}


def _plain(rows: list[tuple[Any, ...]]) -> list[list[Any]]:
    """Rows of a table as plain values; a number that is missing is None."""

    def plain(value: Any) -> Any:
        value = value.item() if hasattr(value, "item") else value
        return None if isinstance(value, float) and not math.isfinite(value) else value

    return [[plain(value) for value in row] for row in rows[1 : MOST_ROWS + 1]]
