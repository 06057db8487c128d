"""Which version of a case speaks for it?

FDA publishes every version of a case in the quarter in which it came, and names the cases it deleted. Every sighting
stays in the store; this module tells which one is current and why. The rule (in this order):

1. a FAERS version beats one of the older system, which numbers versions differently;
2. the higher version of the case, a blank one counting as 0;
3. the later received date; 4. the later quarter;
5. on a tie more child rows, then more filled fields, then the smaller report id (94 such ties are known);
6. a case that FDA deleted in or after the quarter of its last sighting is out; a later sighting brings it back;
7. a report without a case number is kept and flagged, but is no case.

A row repeated exactly, in one quarter or in two, is one sighting of one version.
"""

from __future__ import annotations

from functools import cache, reduce
from typing import TYPE_CHECKING, Final

from primum.store import schema

if TYPE_CHECKING:
    import ibis

FIRST_FAERS_QUARTER: Final = "2012q4"
CHILDREN: Final = ("drugs_in_report", "reactions", "outcomes", "report_sources", "therapies", "indications")

ONLY: Final = "only version"
LATEST: Final = "latest version"
TIE: Final = "latest version, after a tie"
REPEATED: Final = "the same version was published again"
OLDER_SYSTEM: Final = "a FAERS version replaces it"
OLDER_VERSION: Final = "a higher version replaces it"
RECEIVED_EARLIER: Final = "the same version was received again later"
EARLIER_QUARTER: Final = "the same version was published again later"
LOST_TIE: Final = "a tie: fewer child rows, fewer filled fields, or a higher id"
DELETED: Final = "FDA deleted the case"
NO_CASE: Final = "no case number"


@cache
def current_reports() -> ibis.Table:
    """Whether each report of the store is current, and why: one expression over all quarters at once.

    Returns:
        `report_key, current, reason`, one row a report. Every case has at most one current report.
    """
    import ibis

    sightings = _sightings()
    by_rank = ibis.window(
        group_by=["source", "case"],
        order_by=[
            ibis.desc("is_faers"),
            ibis.desc("version"),
            ibis.desc("received"),
            ibis.desc("quarter"),
            ibis.desc("child_rows"),
            ibis.desc("filled"),
            "id_number",
            "report_key",
        ],
    )
    whole_case = ibis.window(group_by=["source", "case"])
    ranked = sightings.mutate(
        rank=ibis.row_number().over(by_rank),
        best_is_faers=sightings.is_faers.first().over(by_rank),
        best_version=sightings.version.first().over(by_rank),
        best_received=sightings.received.first().over(by_rank),
        best_quarter=sightings.quarter.first().over(by_rank),
        best_id=sightings.primaryid.first().over(by_rank),
        next_alike=_alike_next(sightings, by_rank),
        versions=sightings.count().over(whole_case),
        last_quarter=sightings.quarter.max().over(whole_case),
    )
    deleted = _last_deletion()
    joined = ranked.left_join(deleted, [ranked.caseid == deleted.deleted_case, ranked.source == "faers"])
    is_deleted = (joined.deleted_in >= joined.last_quarter).fill_null(False)
    has_case = joined.caseid.notnull()
    current = has_case & ~is_deleted & (joined["rank"] == 0)
    reason = ibis.cases(
        (~has_case, NO_CASE),
        (is_deleted, DELETED),
        (current & (joined.versions == 1), ONLY),
        (current & joined.next_alike, TIE),
        (current, LATEST),
        (joined.is_faers != joined.best_is_faers, OLDER_SYSTEM),
        (joined.version != joined.best_version, OLDER_VERSION),
        (joined.primaryid.identical_to(joined.best_id), REPEATED),
        (joined.received != joined.best_received, RECEIVED_EARLIER),
        (joined.quarter != joined.best_quarter, EARLIER_QUARTER),
        else_=LOST_TIE,
    )
    return joined.select("report_key", current=current, reason=reason)


def _sightings() -> ibis.Table:
    """Every report with what ranks it, nowhere NULL: engines disagree on where NULL sorts."""
    import ibis

    reports = schema.table("reports")
    children = _child_rows()
    joined = reports.left_join(children, reports.report_key == children.child_key)
    return joined.select(
        "report_key",
        "source",
        "caseid",
        "primaryid",
        # A report without a case number stands alone: NULLs are never one case.
        case=ibis.coalesce(joined.caseid, "report " + joined.report_key.cast("string")),
        is_faers=(joined.source != "faers") | (joined.quarter >= FIRST_FAERS_QUARTER).fill_null(True),
        version=joined.case_version.fill_null(0),
        received=joined.received_date.fill_null(ibis.date("0001-01-01")),
        quarter=joined.quarter.fill_null(""),
        child_rows=joined.child_rows.fill_null(0),
        filled=joined.fields_filled.fill_null(0),
        id_number=joined.primaryid.try_cast("int64").fill_null(2**62),
    )


def _alike_next(sightings: ibis.Table, by_rank: ibis.expr.builders.WindowBuilder) -> ibis.expr.types.BooleanColumn:
    """Whether the next in rank is another report that only a tie-break put second."""
    same = reduce(
        lambda one, other: one & other,
        [(sightings[c] == sightings[c].lead().over(by_rank)) for c in ("is_faers", "version", "received", "quarter")],
    )
    another = sightings.primaryid.fill_null("") != sightings.primaryid.lead().over(by_rank).fill_null("")
    return (same & another).fill_null(False)


def _child_rows() -> ibis.Table:
    """How many rows the other tables hold for each report."""
    import ibis

    counts = [
        schema.table(name).group_by(child_key="report_key").agg(rows_there=schema.table(name).count())
        for name in CHILDREN
    ]
    every = ibis.union(*counts)
    return every.group_by("child_key").agg(child_rows=every.rows_there.sum())


def _last_deletion() -> ibis.Table:
    """The last quarter in which FDA named each case as deleted."""
    deletions = schema.table("deletions")
    return deletions.group_by(deleted_case="caseid").agg(deleted_in=deletions.quarter.max())
