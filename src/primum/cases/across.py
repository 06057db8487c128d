"""Which reports of other systems tell of the same event, by the number that its sender gave it?

A company that reports one event to two authorities gives it one number (the world-wide id of ICH E2B, C.1.8.1; in
FAERS the manufacturer's control number). Where two systems print the same number the event is told twice; systems that
print none, or a number of their own, cannot be compared. Hyphens, slashes, blanks and case are left out: VAERS prints
`USPFIZER INC202100000001` where others print `US-PFIZER INC-202100000001`. Nothing is set aside: counts of systems are
never added.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from primum.store import schema

if TYPE_CHECKING:
    import ibis
    import ibis.expr.types as ir

SHORTEST: Final = 6  # letters and digits of a number that can be world-wide


def same_event_elsewhere(key: int) -> ibis.Table:
    """The reports of other systems whose sender's number is that of a report: `source, caseid, primaryid, number`."""
    reports = schema.table("reports")
    reports = reports.mutate(number=_number(reports))
    mine = reports.filter(reports.report_key == key).select(mine="number", own="source")
    joined = reports.filter(reports.number.notnull()).join(mine, [reports.number == mine.mine])
    return (
        joined.filter(joined.source != joined.own)
        .select("source", "caseid", "primaryid", number="manufacturer_number")
        .order_by("source", "caseid", "primaryid")
    )


def told_to_several() -> ibis.Table:
    """How many current reports have a number of their sender that another system prints too: `reports`, one row."""
    reports, current = schema.table("reports"), schema.table("current_reports")
    speaking = reports.join(current.filter(current.current), "report_key")
    speaking = speaking.mutate(number=_number(speaking))
    numbered = speaking.filter(speaking.number.notnull())
    by_number = numbered.group_by("number").agg(reports=numbered.count(), systems=numbered.source.nunique())
    return by_number.filter(by_number.systems > 1).agg(reports=by_number.reports.sum())


def _number(reports: ibis.Table) -> ir.StringColumn:
    """Letters, in capitals, and digits of the sender's number; nothing where they are too few to be one of a kind."""
    import ibis

    plain = reports.manufacturer_number.upper().re_replace("[^A-Z0-9]", "")
    return ibis.ifelse(plain.length() >= SHORTEST, plain, ibis.null("string"))
