"""Who is in the reports of a treatment, what was it used for, and what was reported?

Counts of current reports by use, each report once per value; how they came down from everything that was published.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from primum.cases.latest import DELETED, NO_CASE
from primum.cases.onset import onsets
from primum.cases.use import exposures
from primum.counts.cohort import EVERYTHING, Cohort
from primum.counts.fields import UNKNOWN
from primum.counts.members import Scope, current_versions, members
from primum.store import schema
from primum.vocab.drugs import UNMAPPED, named_drugs
from primum.vocab.reactions import pooled

if TYPE_CHECKING:
    import ibis

    from primum.store import Store

AGE_BANDS: Final = ((18, "0-17"), (40, "18-39"), (65, "40-64"))
"""Age in years below which a person is in the band; the last band is 65+."""


@dataclass(frozen=True, slots=True)
class FlowStep:
    """One step from everything published down to the reports of a treatment.

    Args:
        step: what is counted.
        reports: how many reports.
        reason: why these leave the flow; empty for a step that stays in it.
    """

    step: str
    reports: int
    reason: str = ""


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


def flow(store: Store, treatment: str, cohort: Cohort, scope: Scope) -> tuple[FlowStep, ...]:
    """How the reports published come down to the current ones of a cohort that hold the treatment."""
    current = schema.table("current_reports")
    by_reason = current.group_by("current", "reason").agg(reports=current.count()).order_by("reason")
    rows = [(bool(is_current), str(reason), int(n)) for is_current, reason, n in store.engine.rows(by_reason)]
    lost = [FlowStep("not current", n, reason) for is_current, reason, n in rows if not is_current]
    steps = [
        FlowStep("report versions published", sum(n for *_, n in rows)),
        *sorted(lost, key=lambda step: (step.reason in (DELETED, NO_CASE), step.reason)),
        FlowStep("current reports, one a case", sum(n for is_current, _, n in rows if is_current)),
        FlowStep(f"of which with {treatment} as a suspect drug", _reports_held(store, treatment, EVERYTHING, scope)),
    ]
    if cohort != EVERYTHING:
        steps.append(FlowStep(f"of which in the cohort {cohort}", _reports_held(store, treatment, cohort, scope)))
    return tuple(steps)


def _reports_held(store: Store, treatment: str, cohort: Cohort, scope: Scope) -> int:
    uses = schema.table("report_uses")
    held = uses.filter(uses.treatment == treatment).semi_join(members(cohort, scope), "report_key")
    return int(store.engine.rows(held.agg(reports=held.report_key.nunique()))[0][0])


def tallies(store: Store, treatment: str, cohort: Cohort, scope: Scope) -> dict[str, tuple[Tally, ...]]:
    """Counts of a cohort's reports of the treatment by use, under the name of what they are counted by.

    Returns:
        Under `total`, `rule`, `serious`, `outcome`, `reaction`, `year`, `reporter`, `sex`, `age`, `country`,
        `substance`, `product`, `source`, `onset_days`: one tally for every use and value that occurs, largest first.
        Values of `outcome`, `reaction`, `substance` and `product` overlap: a report can have several. `onset_days`
        counts the reports alone that date both treatment and event to a day.
    """
    engine = store.engine
    try:
        reports = engine.stage_expression(
            "treatment_reports", _reports_of(treatment).semi_join(members(cohort, scope), "report_key")
        )
        questions = {
            **{name: reports.select("report_key", "use", value=reports[name]) for name in _OF_THE_REPORT},
            "outcome": _joined(reports, schema.table("outcomes"), "outcome"),
            "reaction": _reactions(reports),
            "substance": _drugs(reports, treatment, "substance"),
            "product": _drugs(reports, treatment, "product"),
            "onset_days": _onsets(reports, treatment),
        }
        return {name: _tally(store, rows) for name, rows in questions.items()}
    finally:
        engine.unstage("treatment_reports")


_OF_THE_REPORT: Final = ("total", "rule", "serious", "year", "reporter", "sex", "age", "country", "source")


def _reports_of(treatment: str) -> ibis.Table:
    """The treatment's current reports with what is counted of each, nowhere NULL."""
    import ibis

    uses, outcomes = schema.table("report_uses"), schema.table("outcomes")
    reports = uses.filter(uses.treatment == treatment).join(current_versions(), "report_key")
    bands = [(reports.age_years < limit, band) for limit, band in AGE_BANDS]
    country = ibis.coalesce(reports.occurrence_country, reports.reporter_country)
    return reports.select(
        "report_key",
        "use",
        total=ibis.literal("reports"),
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


def _joined(reports: ibis.Table, other: ibis.Table, column: str) -> ibis.Table:
    return reports.join(other, "report_key").select("report_key", "use", value=other[column])


def _reactions(reports: ibis.Table) -> ibis.Table:
    reactions = schema.table("reactions")
    return reports.join(reactions, "report_key").select("report_key", "use", value=pooled(reactions.term))


def _drugs(reports: ibis.Table, treatment: str, column: str) -> ibis.Table:
    drugs = exposures(treatment)
    value = drugs[column].fill_null("product not told")
    return reports.join(drugs, "report_key").select("report_key", "use", value=value)


def _onsets(reports: ibis.Table, treatment: str) -> ibis.Table:
    told = onsets(treatment)
    return reports.join(told, "report_key").select("report_key", "use", value=told.onset_days.cast("string"))


def _tally(store: Store, rows: ibis.Table) -> tuple[Tally, ...]:
    named = rows.filter(rows.value.notnull())
    counted = named.group_by("use", "value").agg(reports=named.report_key.nunique())
    found = [Tally(str(use), str(value), int(n)) for use, value, n in store.engine.rows(counted)]
    return tuple(sorted(found, key=lambda t: (-t.reports, t.value, t.use)))


@dataclass(frozen=True, slots=True)
class NameCoverage:
    """How much of the drug rows has a substance.

    Args:
        rows: drug rows with a name.
        unmapped: rows whose name stands for itself because nothing is known of it.
    """

    rows: int
    unmapped: int


def last_quarter(store: Store) -> str | None:
    """The last quarter of which a file is loaded; None where only long tables are."""
    files = schema.table("files")
    found = store.engine.rows(files.agg(last=files.quarter.nullif("").max()))
    return None if found[0][0] is None else str(found[0][0])


def name_coverage(store: Store) -> NameCoverage:
    """Drug rows of the store, and those whose name no rule could map."""
    drugs = named_drugs()
    keyed = drugs.group_by("report_key", "drug_seq").agg(mapped=(drugs.method != UNMAPPED).any())
    found = store.engine.rows(keyed.agg(rows=keyed.count(), mapped=keyed.mapped.sum()))
    rows, mapped = (int(value or 0) for value in found[0])
    return NameCoverage(rows, rows - mapped)


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
