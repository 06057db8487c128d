"""How many days after the treatment did what was reported begin? From dates that name a day, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from primum.cases.use import exposures
from primum.store import schema

if TYPE_CHECKING:
    import ibis


def onsets(treatment: str) -> ibis.Table:
    """Days from treatment to event, `report_key, onset_days`: a row for each current report that dates both.

    Of several treatments the last one on or before the event counts; where all come after it, the first, and the days
    are negative.
    """
    exposed, therapies, reports = exposures(treatment), schema.table("therapies"), schema.table("reports")
    given = therapies.filter(therapies.start_date_precision == "D", therapies.start_date.notnull())
    given = given.semi_join(exposed, ["report_key", "drug_seq"])
    dated = reports.filter(reports.event_date_precision == "D", reports.event_date.notnull())
    both = given.select("report_key", "start_date").join(dated.select("report_key", "event_date"), "report_key")
    days = both.mutate(days=both.event_date.delta(both.start_date, unit="day"))
    found = days.group_by("report_key").agg(after=days.days.min(where=days.days >= 0), before=days.days.max())
    return found.select("report_key", onset_days=found.after.fill_null(found.before))
