"""What do the numbers of a question look like? Volcano, forest, trend and onset, each with its table."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from primum.errors import CohortError
from primum.web.desk import Desk
from primum.web.question import one_of_each, question, reports_of
from primum.web.state import FIRST_METHODS, State
from primum.web.tables import WARNING, rank_column, without_style

if TYPE_CHECKING:
    from primum.dossier.render.signal_pictures import Picture
    from primum.study.reports import Reports

DRAWN: Final = 2_000  # pairs of the volcano
ROWS_DRAWN: Final = 15  # of the forest
TRENDS_DRAWN: Final = 8
MOST_ROWS: Final = 500  # of the table beside a picture


def pictures(desk: Desk, state: State) -> dict[str, Any]:
    """Size and surprise of the pairs, the ratios of those that stand out most, and these over the quarters."""
    from primum.dossier.render import signal_pictures as draw

    scores = desk.scores(replace(state, methods=",".join(FIRST_METHODS)))
    harm = scores.bins.where("harm", "")
    ranked = scores.order(rank_column(scores), among=harm, most=DRAWN)
    title = _title(state)
    made = []
    if len(ranked):
        top = ranked[:ROWS_DRAWN]
        made += [draw.volcano(scores.table(ranked), title), draw.forest(scores.table(top), title)]
    events = list(dict.fromkeys(str(name) for name in scores.counts.event[ranked[: 3 * TRENDS_DRAWN]]))[:TRENDS_DRAWN]
    if events:
        made.append(desk.kept(("trend", *_asked(state), *events), _over_time(desk, state, events)))
    return _told(desk, state, made, list(scores.about.notes))


def _over_time(desk: Desk, state: State, events: list[str]) -> Any:
    """Reports of some events by quarter of publication, for the desk to compute."""
    from primum.counts.facets import by_quarter
    from primum.dossier.render import signal_pictures as draw

    among = one_of_each(desk, state)

    def computed(reports: Reports) -> Picture:
        found = reports_of(reports, state, among)
        assert reports.arrays is not None
        quarters, counted = by_quarter(reports.arrays, found.places, events)
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
        {"name": one.name, "svg": without_style(one), "columns": list(one.rows[0]), "rows": _plain(one.rows)}
        for one in made
    ]
    kept = {"state": state.as_json(), "question": question(desk, state), "notes": notes, "warning": WARNING}
    return {"ok": True, **kept, "pictures": told}


def _plain(rows: list[tuple[Any, ...]]) -> list[list[Any]]:
    """Rows of a table as plain values; a number that is missing is None."""
    import math

    def plain(value: Any) -> Any:
        value = value.item() if hasattr(value, "item") else value
        return None if isinstance(value, float) and not math.isfinite(value) else value

    return [[plain(value) for value in row] for row in rows[1 : MOST_ROWS + 1]]
