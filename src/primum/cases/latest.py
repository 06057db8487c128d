"""Which version of a case speaks for it?

FDA publishes every version of a case in the quarter in which it came, and names the cases it deleted. Every sighting
stays in the store; this module tells which one is current and why. The rule (in this order):

1. a FAERS version beats one of the older system, which numbers versions differently;
2. the higher version of the case, a blank one counting as 0;
3. the later received date; 4. the later quarter;
5. on a tie more child rows, then more filled fields, then the smaller report id (94 such ties are known);
6. a case that FDA deleted in or after the quarter of its last sighting is out; a later sighting brings it back;
7. a case whose latest version its sender takes back (E2B nullification) is out; a later version brings it back;
8. a report without a case number is kept and flagged, but is no case.

A row repeated exactly, in one quarter or in two, is one sighting of one version.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, reduce
from typing import TYPE_CHECKING, Final

from primum.sources.icsr import NULLIFIED
from primum.store import schema
from primum.store.parts import belongs_to, of_reports

if TYPE_CHECKING:
    import ibis

    from primum.store.engine import Engine

STANDING: Final = ("is_faers", "version", "received", "quarter")  # what ranks versions before a tie-break does
TOLD_OF_BEST: Final = ("primaryid", "is_nullified")
FIRST_FAERS_QUARTER: Final = "2012q4"
TOUCHED: Final = "touched_reports"  # a staged table of report keys
REPORTS_AT_ONCE: Final = 4_000_000  # ranked together; 20 million do not fit in the engine's memory
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
TAKEN_BACK: Final = "the sender took the case back"
NO_CASE: Final = "no case number"


@cache
def current_reports(within: str | None = None) -> ibis.Table:
    """Whether each report is current, and why: one expression over all quarters at once.

    Nearly every case has one version. Only those with several are ranked, and only on a tie are child rows counted.

    Args:
        within: name of a staged table of report keys that holds whole cases, as `touched_reports` and
            `reports_of_slice` give; None: every report of the store.

    Returns:
        `report_key, current, reason`, one row a report. Every case has at most one current report.
    """
    import ibis

    sightings = _sightings(within)
    versions = sightings.group_by("source", "case").agg(versions=sightings.count())
    several = versions.filter(versions.versions > 1)
    alone, ranked = sightings.anti_join(several, ["source", "case"]), sightings.semi_join(several, ["source", "case"])
    return ibis.union(_judged_alone(alone), _judged_by_rank(ranked))


def touched_reports(parts: Sequence[int], quarters: Sequence[str]) -> ibis.Table:
    """Every report of the cases that newly loaded parts speak of: their own, and those that they can replace or delete.

    Args:
        parts: the parts whose reports are new.
        quarters: the quarters whose lists of deleted cases are new.

    Returns:
        `touched_key`, one row a report.
    """
    import ibis

    reports, deletions = schema.table("reports"), schema.table("deletions")
    new = reports.filter(belongs_to(reports.report_key, parts))
    deleted = deletions.filter(deletions.quarter.isin(quarters)).select(source=ibis.literal("faers"), caseid="caseid")
    cases = ibis.union(new.select("source", "caseid"), deleted, distinct=True)
    others = reports.filter(~belongs_to(reports.report_key, parts)).semi_join(cases, ["source", "caseid"])
    return ibis.union(new.select(touched_key="report_key"), others.select(touched_key="report_key"))


def current_by_slices(engine: Engine) -> Iterator[ibis.Table]:
    """`current_reports` of one share of the cases after the other, each to be run before the next is asked for."""
    slices = 1 + engine.count("reports") // REPORTS_AT_ONCE
    for number in range(slices):
        engine.stage_expression(TOUCHED, reports_of_slice(number, slices))
        yield current_reports(TOUCHED)


def reports_of_slice(number: int, of: int) -> ibis.Table:
    """A share of all cases, whole, by the end of the case number: `touched_key`, one row a report.

    Args:
        number: which share, from 0 below `of`.
        of: into how many the cases are cut, at most 1,000.
    """
    reports = schema.table("reports")
    end = reports.caseid.right(3).try_cast("int64").fill_null(0) % of
    return reports.filter(end == number).select(touched_key="report_key")


def _judged_alone(reports: ibis.Table) -> ibis.Table:
    """Reports that no other can replace: current, unless the case is deleted or has no number."""
    import ibis

    judged = _with_deletion(reports.mutate(last_quarter=reports.quarter))
    has_case = judged.caseid.notnull()
    out = (judged.is_deleted, DELETED), (judged.is_nullified, TAKEN_BACK)
    reason = ibis.cases((~has_case, NO_CASE), *out, else_=ONLY)
    current = has_case & ~judged.is_deleted & ~judged.is_nullified
    return judged.select("report_key", current=current, reason=reason)


def _judged_by_rank(reports: ibis.Table) -> ibis.Table:
    """Reports of cases with several: the first in rank is current, unless the case is deleted."""
    import ibis

    sightings = _with_child_rows(reports)
    by_rank = ibis.window(
        group_by=["source", "case"],
        order_by=[*(ibis.desc(column) for column in (*STANDING, "child_rows", "filled")), "id_number", "report_key"],
    )
    ranked = sightings.mutate(
        rank=ibis.row_number().over(by_rank),
        **{f"best_{column}": sightings[column].first().over(by_rank) for column in (*STANDING, *TOLD_OF_BEST)},
        next_alike=_alike_next(sightings, by_rank),
        last_quarter=sightings.quarter.max().over(ibis.window(group_by=["source", "case"])),
    )
    judged = _with_deletion(ranked)
    current = ~judged.is_deleted & ~judged.best_is_nullified & (judged["rank"] == 0)
    reason = ibis.cases(
        (judged.is_deleted, DELETED),
        (judged.best_is_nullified, TAKEN_BACK),
        (current & judged.next_alike, TIE),
        (current, LATEST),
        (judged.is_faers != judged.best_is_faers, OLDER_SYSTEM),
        (judged.version != judged.best_version, OLDER_VERSION),
        (judged.primaryid.identical_to(judged.best_primaryid), REPEATED),
        (judged.received != judged.best_received, RECEIVED_EARLIER),
        (judged.quarter != judged.best_quarter, EARLIER_QUARTER),
        else_=LOST_TIE,
    )
    return judged.select("report_key", current=current, reason=reason)


def _sightings(within: str | None) -> ibis.Table:
    """Reports with what ranks them, nowhere NULL: engines disagree on where NULL sorts."""
    import ibis

    reports = of_reports(schema.table("reports"), within)
    return reports.select(
        "report_key",
        "source",
        "caseid",
        "primaryid",
        # A report without a case number stands alone: NULLs are never one case.
        case=ibis.coalesce(reports.caseid, "report " + reports.report_key.cast("string")),
        is_nullified=(reports.initial_or_followup == NULLIFIED).fill_null(False),
        is_faers=(reports.source != "faers") | (reports.quarter >= FIRST_FAERS_QUARTER).fill_null(True),
        version=reports.case_version.fill_null(0),
        received=reports.received_date.fill_null(ibis.date("0001-01-01")),
        quarter=reports.quarter.fill_null(""),
        filled=reports.fields_filled.fill_null(0),
        id_number=reports.primaryid.try_cast("int64").fill_null(2**62),
    )


def _alike_next(sightings: ibis.Table, by_rank: ibis.expr.builders.WindowBuilder) -> ibis.expr.types.BooleanColumn:
    """Whether the next in rank is another report that only a tie-break put second."""
    same = reduce(
        lambda one, other: one & other,
        [sightings[column] == sightings[column].lead().over(by_rank) for column in STANDING],
    )
    another = sightings.primaryid.fill_null("") != sightings.primaryid.lead().over(by_rank).fill_null("")
    return (same & another).fill_null(False)


def _with_child_rows(sightings: ibis.Table) -> ibis.Table:
    """How many rows the other tables hold for each report; counted where a tie asks for it, 0 elsewhere."""
    import ibis

    alike = ["source", "case", *STANDING]
    tied = sightings.group_by(alike).agg(sightings_there=sightings.count())
    tied = sightings.semi_join(tied.filter(tied.sightings_there > 1), alike).select(tied_key="report_key")
    rows = ibis.union(*(schema.table(name).select("report_key") for name in CHILDREN))
    rows = rows.filter(rows.report_key.isin(tied.tied_key))
    counts = rows.group_by(child_key="report_key").agg(child_rows=rows.count())
    joined = sightings.left_join(counts, sightings.report_key == counts.child_key).drop("child_key")
    return joined.mutate(child_rows=joined.child_rows.fill_null(0))


def _with_deletion(reports: ibis.Table) -> ibis.Table:
    """Whether FDA deleted the case in or after the quarter of its last sighting."""
    deletions = schema.table("deletions")
    last = deletions.group_by(deleted_case="caseid").agg(deleted_in=deletions.quarter.max())
    joined = reports.left_join(last, [reports.caseid == last.deleted_case, reports.source == "faers"])
    return joined.mutate(is_deleted=(joined.deleted_in >= joined.last_quarter).fill_null(False))
