"""Who is in the reports of a treatment, what was it used for, and what was reported?

Counts of current reports by use, each report once per value; how they came down from the files is told by
`primum.counts.flow`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from primum.cases.use import exposures
from primum.counts.cohort import Cohort
from primum.counts.fields import UNKNOWN
from primum.counts.members import Scope, current_versions, members
from primum.store import schema
from primum.store.folder import NAMED_ROWS, UNMAPPED_ROWS
from primum.store.parts import of_reports
from primum.vocab.drugs import NameCoverage
from primum.vocab.reactions import pooled

if TYPE_CHECKING:
    import ibis

    from primum.store import Store

AGE_BANDS: Final = ((18, "0-17"), (40, "18-39"), (65, "40-64"))
"""Age in years below which a person is in the band; the last band is 65+."""


@dataclass(frozen=True, slots=True)
class Tally:
    """So many reports of a use have a value.

    Args:
        use: use of the reports counted.
        value: the value; `unknown` where the reports do not tell.
        reports: distinct reports.
    """

    use: str
    value: str
    reports: int


@dataclass(frozen=True, slots=True)
class UseChange:
    """So many reports have one use by all rules and another, or the same, by the strong rules alone."""

    use: str
    use_strict: str
    reports: int


def tallies(
    store: Store, treatment: str, cohort: Cohort, scope: Scope, *, strict: bool = False
) -> dict[str, tuple[Tally, ...]]:
    """Counts of a cohort's reports of the treatment by use, under the name of what they are counted by.

    Args:
        store: the loaded reports.
        treatment: its id.
        cohort: which of its reports.
        scope: what the conditions of the cohort speak of.
        strict: tell the use by strong rules alone.

    Returns:
        Under `total`, `rule`, `serious`, `outcome`, `reaction`, `year`, `reporter`, `sex`, `age`, `country`,
        `substance`, `product`, `source`: one tally for every use and value that occurs, largest first. Values of
        `outcome`, `reaction`, `substance` and `product` overlap: a report can have several.
    """
    import ibis

    engine = store.engine
    uses = schema.table("report_uses")
    mine = uses.filter(uses.treatment == treatment).semi_join(members(cohort, scope), "report_key")
    try:
        engine.stage_expression(_KEYS, mine.select(touched_key=mine.report_key))
        reports = engine.stage_expression("treatment_reports", reports_of(treatment, _KEYS))
        if strict:
            reports = reports.mutate(use=reports.use_strict, rule=reports.rule_strict)
        questions = {
            "total": reports.select("report_key", "use", value=ibis.literal("reports")),
            **{name: reports.select("report_key", "use", value=reports[name]) for name in ("rule", *OF_THE_REPORT)},
            "reaction": _reactions(reports),
            **listed(reports, treatment, _KEYS),
        }
        return {name: _tally(store, rows) for name, rows in questions.items()}
    finally:
        engine.unstage("treatment_reports")
        engine.unstage(_KEYS)


_KEYS: Final = "treatment_report_keys"  # so that of the large tables only the rows of these reports are read
OF_THE_REPORT: Final = ("serious", "year", "reporter", "sex", "age", "country", "source")
LISTED: Final = ("outcome", "substance", "product")


def use_changes(store: Store, treatment: str, cohort: Cohort, scope: Scope) -> tuple[UseChange, ...]:
    """How many of a cohort's reports of the treatment have each use, by all rules and by the strong ones alone."""
    uses = schema.table("report_uses")
    mine = uses.filter(uses.treatment == treatment).semi_join(members(cohort, scope), "report_key")
    counted = mine.group_by("use", "use_strict").agg(reports=mine.count()).order_by("use", "use_strict")
    return tuple(UseChange(str(use), str(strict), int(n)) for use, strict, n in store.engine.rows(counted))


def reports_of(treatment: str, within: str) -> ibis.Table:
    """The treatment's current reports with what is counted of each, nowhere NULL.

    Args:
        treatment: its id.
        within: a staged table of the reports wanted.

    Returns:
        `report_key, use, use_strict, rule, rule_strict` and the columns `OF_THE_REPORT`.
    """
    import ibis

    uses, outcomes = of_reports(schema.table("report_uses"), within), of_reports(schema.table("outcomes"), within)
    reports = uses.filter(uses.treatment == treatment).join(current_versions(within), "report_key")
    bands = [(reports.age_years < limit, band) for limit, band in AGE_BANDS]
    country = ibis.coalesce(reports.occurrence_country, reports.reporter_country)
    return reports.select(
        "report_key",
        "use",
        "use_strict",
        "rule_strict",
        rule=ibis.coalesce(reports.rule + " (" + reports.confidence + ")", reports.rule),
        serious=ibis.cases(
            (reports.source == "table", UNKNOWN),  # a long table names no outcomes
            (reports.report_key.isin(outcomes.filter(outcomes.outcome.notnull()).report_key), "yes"),
            else_="no",
        ),
        year=reports.received_date.year().cast("string").fill_null(UNKNOWN),
        reporter=reports.reporter_occupation.fill_null(UNKNOWN),
        sex=reports.sex.fill_null(UNKNOWN),
        age=ibis.cases((reports.age_years.isnull(), UNKNOWN), *bands, else_="65+"),
        country=country.fill_null(UNKNOWN),
        source=reports.source,
    )


def listed(reports: ibis.Table, treatment: str, within: str) -> dict[str, ibis.Table]:
    """What a report can have several of: rows `report_key, use, value` under each name of `LISTED`.

    Args:
        reports: rows of `reports_of`.
        treatment: its id.
        within: as there.
    """
    outcomes, drugs = of_reports(schema.table("outcomes"), within), exposures(treatment, within)
    return {
        "outcome": _valued(reports, outcomes, outcomes.outcome),
        "substance": _valued(reports, drugs, drugs.substance),
        "product": _valued(reports, drugs, drugs["product"].fill_null("product not told")),
    }


def _valued(reports: ibis.Table, rows: ibis.Table, value: Any) -> ibis.Table:
    return reports.select("report_key", "use").join(rows.select("report_key", value=value), "report_key")


def _reactions(reports: ibis.Table) -> ibis.Table:
    reactions = schema.table("reactions")
    return _valued(reports, reactions, pooled(reactions.term))


def _tally(store: Store, rows: ibis.Table) -> tuple[Tally, ...]:
    named = rows.filter(rows.value.notnull())
    counted = named.group_by("use", "value").agg(reports=named.report_key.nunique())
    found = [Tally(str(use), str(value), int(n)) for use, value, n in store.engine.rows(counted)]
    return in_order(found)


def in_order(tallies: Iterable[Tally]) -> tuple[Tally, ...]:
    """The largest first."""
    return tuple(sorted(tallies, key=lambda t: (-t.reports, t.value, t.use)))


def last_quarter(store: Store) -> str | None:
    """The last quarter of which a file is loaded; None where only long tables are."""
    return max((str(quarter) for (quarter,) in store.engine.read("files", "quarter") if quarter), default=None)


def quarters(store: Store) -> tuple[str, ...]:
    """Quarters in which the current reports were published, in order; long tables have none."""
    reports = current_versions()
    found = store.engine.rows(reports.select(quarter=reports.quarter.nullif("")).distinct())
    return tuple(sorted(str(row[0]) for row in found if row[0] is not None))


def name_coverage(store: Store) -> NameCoverage:
    """Drug rows of the store, and those whose name no rule could map, as the last derivation counted them."""
    return NameCoverage(int(store.fact(NAMED_ROWS) or 0), int(store.fact(UNMAPPED_ROWS) or 0))


def by_value(tallies_of_one: Sequence[Tally]) -> dict[str, int]:
    """Reports per value over all uses, largest first; a report has one use, so uses add up.

    Examples:
        >>> by_value([Tally("cosmetic", "F", 2), Tally("unknown", "F", 1), Tally("unknown", "M", 1)])
        {'F': 3, 'M': 1}
    """
    totals: dict[str, Any] = {}
    for tally in tallies_of_one:
        totals[tally.value] = totals.get(tally.value, 0) + tally.reports
    return dict(sorted(totals.items(), key=lambda item: (-item[1], item[0])))
