"""How many days after a drug was first given did the event begin, and is that known to the day?

A day is only as good as both dates. A date is printed as a year, a month or a day, and some that look like days are
padded: 1 January often stands for the year alone, and before FAERS (2012q4) FDA completed dates itself, so that the
first of a month often stands for the month. Such a date counts at the precision it can be trusted with; an onset exists
only where both are days. An event before the treatment is counted and kept apart, never dropped or turned round.

Of several therapies of a drug row the first start counts; of several rows of a drug the start closest before the event:
one session is many rows, and of repeated sessions the last one before the event is the one in question.

Source:
    Share of partial and of completed dates in FAERS, and of negative onsets: `docs/reference/oddities.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from primum.cases.latest import FIRST_FAERS_QUARTER
from primum.store import schema
from primum.store.parts import of_reports

if TYPE_CHECKING:
    import ibis

KNOWN: Final = "known to the day"
NEGATIVE: Final = "the event is dated before the treatment"
IMPRECISE: Final = "a date is not known to the day, or padded"
NO_START: Final = "no start of the treatment"
NO_EVENT: Final = "no date of the event"
STATUSES: Final = (KNOWN, NEGATIVE, IMPRECISE, NO_START, NO_EVENT)


def trusted_precision(date: Any, precision: Any, quarter: Any) -> ibis.expr.types.StringColumn:
    """The precision a printed date can be trusted with: D, M or Y; NULL where there is no date.

    Args:
        date: first day of the date as far as printed.
        precision: as printed, Y M or D.
        quarter: of publication; NULL counts as FAERS.
    """
    import ibis

    new_year = (date.month() == 1) & (date.day() == 1)
    completed = (date.day() == 1) & (quarter < FIRST_FAERS_QUARTER).fill_null(False)
    return ibis.cases(
        (date.isnull(), ibis.null("string")),
        ((precision == "D") & new_year, "Y"),
        ((precision == "D") & completed, "M"),
        else_=precision,
    )


def last_day(date: Any, precision: Any) -> ibis.expr.types.DateColumn:
    """The last day that a date of this precision can mean; its first day is the date truncated to it."""
    import ibis

    return ibis.cases(
        (precision == "Y", first_day(date, precision) + ibis.interval(years=1) - ibis.interval(days=1)),
        (precision == "M", first_day(date, precision) + ibis.interval(months=1) - ibis.interval(days=1)),
        else_=date,
    ).cast("date")


def first_day(date: Any, precision: Any) -> ibis.expr.types.DateColumn:
    """The first day that a date of this precision can mean."""
    import ibis

    return ibis.cases((precision == "Y", date.truncate("Y")), (precision == "M", date.truncate("M")), else_=date).cast(
        "date"
    )


def dated(drugs: ibis.Table, within: str | None = None) -> ibis.Table:
    """Drug rows with the date of the event and the first start of their therapy, and how far each can be trusted.

    Args:
        drugs: rows with `report_key` and `drug_seq`; their other columns are kept.
        within: a staged table of their reports, so that of all therapies only those of these are read; None: every one.
    """
    reports, therapies = (of_reports(schema.table(name), within) for name in ("reports", "therapies"))
    events = reports.select(
        "report_key",
        event_date=reports.event_date,
        event_precision=trusted_precision(reports.event_date, reports.event_date_precision, reports.quarter),
        quarter=reports.quarter,
    )
    # One text of date and precision, so that both are of one therapy; of two that begin alike the day (D) comes first.
    started = therapies.filter(therapies.start_date.notnull())
    text = started.start_date.cast("string") + started.start_date_precision
    first = started.group_by(start_report="report_key", start_seq="drug_seq").agg(first=text.min())
    starts = first.select(
        "start_report",
        "start_seq",
        start_date=first.first.left(10).cast("date"),
        start_printed=first.first.right(1),
    )
    with_event = drugs.left_join(events, "report_key").drop("report_key_right")
    same = [with_event.report_key == starts.start_report, with_event.drug_seq == starts.start_seq]
    both = with_event.left_join(starts, same).drop("start_report", "start_seq")
    precision = trusted_precision(both.start_date, both.start_printed, both.quarter)
    return both.mutate(start_precision=precision).drop("start_printed", "quarter")


def onsets(drugs: ibis.Table, *, by: Sequence[str], within: str | None = None) -> ibis.Table:
    """Days to onset and what is known of them, one row a group.

    Args:
        drugs: rows with `report_key` and `drug_seq`.
        by: columns that make a group, such as `report_key, substance`.
        within: as in `dated`.

    Returns:
        The columns of `by`, `onset_days` (NULL unless known to the day and not negative) and `status`, one of
        `STATUSES`.
    """
    import ibis

    rows = dated(drugs, within)
    to_the_day = ((rows.event_precision == "D") & (rows.start_precision == "D")).fill_null(False)
    days = to_the_day.ifelse(rows.event_date.delta(rows.start_date, unit="day"), ibis.null("int64"))
    kept = rows.mutate(days=days)
    groups = kept.group_by(*by).agg(
        onset_days=kept.days.min(where=kept.days >= 0),
        negative=(kept.days < 0).any().fill_null(False),
        has_start=kept.start_date.notnull().any(),
        has_event=kept.event_date.notnull().any(),
    )
    status = ibis.cases(
        (groups.onset_days.notnull(), KNOWN),
        (groups.negative, NEGATIVE),
        (~groups.has_event, NO_EVENT),
        (~groups.has_start, NO_START),
        else_=IMPRECISE,
    )
    return groups.select(*by, "onset_days", status=status)
