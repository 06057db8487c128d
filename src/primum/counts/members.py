"""Which reports of the store are in a cohort?

A cohort becomes one Ibis filter on `report_key`. Only current reports are ever counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import TYPE_CHECKING, Any, Final

from primum.cases.dose import dose_units
from primum.cases.linked import OFF, set_aside
from primum.cases.use import EXPOSURE_ROLES
from primum.counts.cohort import AllOf, AnyOf, Cohort, Condition, Everything, Not, all_of
from primum.counts.fields import OUTCOMES, UNKNOWN, age_range, dose_range
from primum.errors import CohortError, UnknownNameError
from primum.store import schema
from primum.store.parts import of_reports
from primum.terms import HARM, Period
from primum.vocab.drugs import named_drugs
from primum.vocab.reactions import DEVICE_PROBLEM, TermBins, pooled

if TYPE_CHECKING:
    import ibis

    from primum.store import Store

DRUG_FIELDS: Final = frozenset({"drug", "product", "substance", "treatment"})


@dataclass(frozen=True, slots=True)
class Scope:
    """What the conditions beside a condition say about it.

    Args:
        bins: reaction bins of each treatment.
        treatment: treatments that `use` and `bin` speak of; empty for all of them.
        roles: roles that drug conditions look at; None where none was asked for: those that are exposures.
        groups: names of the groups of reaction terms that are known, by level; empty without a terminology.
        product: product whose units `dose` speaks of; empty where none is named.
    """

    bins: Mapping[str, TermBins]
    treatment: tuple[str, ...] = ()
    roles: tuple[str, ...] | None = None
    product: str = ""
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict, hash=False)

    @property
    def term_bins(self) -> TermBins:
        """The bins in force: the treatment's own where there is one treatment, the general ones otherwise."""
        return self.bins[self.treatment[0]] if len(self.treatment) == 1 else TermBins()


def current_versions(within: str | None = None) -> ibis.Table:
    """The reports that speak for their cases; `within` names a staged table of the reports wanted."""
    reports, current = (of_reports(schema.table(name), within) for name in ("reports", "current_reports"))
    return reports.semi_join(current.filter(current.current), "report_key")


def members(cohort: Cohort, scope: Scope) -> ibis.Table:
    """The current reports of a cohort: one column, `report_key`, each once.

    Raises:
        UnknownNameError: the cohort names a treatment, or a group of terms, that is not known.
        CohortError: it names a group of terms, and no terminology is in use.
    """
    reports = current_versions()
    return reports.filter(_holds(cohort, reports, scope)).select("report_key")


def _holds(cohort: Cohort, reports: ibis.Table, scope: Scope) -> Any:
    """The cohort as a truth value of each report, never NULL, so that `~` is the true complement."""
    import ibis

    if isinstance(cohort, Everything):
        return ibis.literal(True)
    if isinstance(cohort, Not):
        return ~_holds(cohort.part, reports, scope)
    if isinstance(cohort, AnyOf):
        return reduce(lambda a, b: a | b, [_holds(part, reports, scope) for part in cohort.parts])
    if isinstance(cohort, AllOf):
        inner = narrowed(cohort, scope)
        parts = [part for part in cohort.parts if not spoken_for(part, cohort, inner)]
        return reduce(lambda a, b: a & b, [_holds(part, reports, inner) for part in parts])
    if isinstance(cohort, Condition):
        return _CONDITIONS[cohort.field](cohort, reports, narrowed(cohort, scope)).fill_null(False)
    raise TypeError(f"{type(cohort).__name__} is not a cohort that can be counted.")


def spoken_for(part: Cohort, group: AllOf, inner: Scope) -> bool:
    """Whether a condition on roles only narrows the drug conditions beside it and asks nothing of its own."""
    is_role = isinstance(part, Condition) and part.field == "role"
    return is_role and inner.roles is not None and bool(DRUG_FIELDS & group.fields)


def narrowed(cohort: Cohort, scope: Scope) -> Scope:
    """The scope with the roles and treatments that a group of conditions names."""
    parts = cohort.parts if isinstance(cohort, AllOf) else (cohort,)
    for part in parts:
        if isinstance(part, Condition) and part.field == "role":
            scope = replace(scope, roles=part.values)
        if isinstance(part, Condition) and part.field == "product":
            scope = replace(scope, product=part.values[0] if len(part.values) == 1 else "")
        if isinstance(part, Condition) and part.field == "treatment":
            for name in part.values:
                if name not in scope.bins:
                    raise UnknownNameError.of("treatment", name, scope.bins)
            scope = replace(scope, treatment=part.values)
    return scope


def methods_named(cohort: Cohort) -> frozenset[str]:
    """The methods that the `duplicates` conditions of a cohort name."""
    if isinstance(cohort, Condition):
        return frozenset(cohort.values) if cohort.field == "duplicates" else frozenset()
    if isinstance(cohort, Not):
        return methods_named(cohort.part)
    if isinstance(cohort, AllOf | AnyOf):
        return frozenset().union(*(methods_named(part) for part in cohort.parts))
    return frozenset()


def only_duplicates(cohort: Cohort) -> Cohort:
    """Of conditions that all hold, those that say how duplicates are treated; every report where none does."""
    parts = cohort.parts if isinstance(cohort, AllOf) else (cohort,)
    return all_of(*(part for part in parts if part.fields == {"duplicates"}))


# --- one function a kind of condition: (condition, reports, scope) -> truth value of each report ---


def _in(reports: ibis.Table, rows: ibis.Table) -> Any:
    """Whether another table has a row of the report."""
    return reports.report_key.isin(rows.report_key)


def _not_in(reports: ibis.Table, rows: ibis.Table) -> Any:
    """Whether it has none. Spark joins a bare NOT IN row by row, because the column might hold NULL."""
    return ~_in(reports, rows).fill_null(False)


def with_role(drugs: ibis.Table, scope: Scope) -> ibis.Table:
    """The drug rows in the roles asked for; a long table has no roles, its drugs are taken as exposures."""
    if scope.roles is None:
        return drugs.filter(drugs.role.isin(EXPOSURE_ROLES) | drugs.role.isnull())
    return drugs.filter(drugs.role.isin(scope.roles))


def as_written(name: ibis.expr.types.StringColumn) -> ibis.expr.types.StringColumn:
    """A name in capitals with single blanks, the spelling that names are compared in."""
    return name.re_replace(r"\s+", " ").strip().upper()


def _drug(condition: Condition, reports: ibis.Table, scope: Scope) -> Any:
    drugs = with_role(named_drugs(), scope)
    return _in(reports, drugs.filter(_is_named(condition, drugs)))


def names_of(condition: Condition) -> ibis.Table:
    """The names that a drug condition means: rows of `drug_names` with their substances and products."""
    names = schema.table("drug_names").join(schema.table("drug_substances"), "name_key")
    return names.filter(_is_named(condition, names))


def _is_named(condition: Condition, drugs: ibis.Table) -> Any:
    return {
        "drug": as_written(drugs.drugname).isin(condition.values)
        | drugs.substance.upper().isin(condition.values)
        | drugs["product"].upper().isin(condition.values),
        "product": drugs["product"].upper().isin(condition.values),
        "substance": drugs.substance.upper().isin(condition.values),
        "treatment": drugs.treatment.isin(condition.values),
    }[condition.field]


def _dose(condition: Condition, reports: ibis.Table, scope: Scope) -> Any:
    """Doses of one product: its units are its own."""
    if not scope.product:
        raise CohortError.alone(str(condition), "one product, whose units are meant", f"product:NAME {condition}")
    drugs = with_role(named_drugs(), scope)
    of_product = drugs.filter(drugs["product"].upper() == scope.product)
    units, inside = dose_units(of_product), []
    for low, high in map(dose_range, condition.values):
        there = units.notnull()
        there = there if low is None else there & (units >= low)
        inside.append(there if high is None else there & (units <= high))
    return _in(reports, of_product.filter(reduce(lambda a, b: a | b, inside)))


def _role(condition: Condition, reports: ibis.Table, scope: Scope) -> Any:
    drugs = schema.table("drugs_in_report")
    return _in(reports, drugs.filter(drugs.role.isin(condition.values)))


def _use(condition: Condition, reports: ibis.Table, scope: Scope) -> Any:
    uses = schema.table("report_uses")
    same = uses[condition.field].isin(condition.values)
    return _in(reports, uses.filter(same & uses.treatment.isin(scope.treatment) if scope.treatment else same))


def _indication(condition: Condition, reports: ibis.Table, scope: Scope) -> Any:
    indications = schema.table("indications")
    return _in(reports, indications.filter(pooled(indications.term).isin(condition.values)))


def _reaction(condition: Condition, reports: ibis.Table, scope: Scope) -> Any:
    reactions = schema.table("reactions")
    return _in(reports, reactions.filter(pooled(reactions.term).isin(condition.values)))


def term_groups(store: Store) -> dict[str, frozenset[str]]:
    """Names of the groups of reaction terms that a store knows, by level."""
    if not store.engine.count("term_groups"):
        return {}  # without the half second that Ibis takes to import
    groups = schema.table("term_groups")
    found: dict[str, set[str]] = {}
    for level, name in store.engine.rows(groups.select("level", "name").distinct()):
        found.setdefault(level, set()).add(name)
    return {level: frozenset(names) for level, names in found.items()}


def _group(condition: Condition, reports: ibis.Table, scope: Scope) -> Any:
    known = scope.groups.get(condition.field, frozenset())
    if not known:
        raise CohortError.without_terminology(condition.field)
    for name in condition.values:
        if name not in known:
            raise UnknownNameError.among_many(condition.field, name, known)
    reactions, groups = schema.table("reactions"), schema.table("term_groups")
    meant = groups.filter(groups.level == condition.field, groups.name.isin(condition.values))
    return _in(reports, reactions.filter(pooled(reactions.term).isin(meant.term)))


def _bin(condition: Condition, reports: ibis.Table, scope: Scope) -> Any:
    reactions = schema.table("reactions")
    term, bins = pooled(reactions.term), scope.term_bins
    named = tuple(t for name in condition.values if name != HARM for t in bins.terms_in(name))
    there, of_device = term.isin(named), term.startswith(DEVICE_PROBLEM)
    if "product_quality" in condition.values:
        there = there | of_device
    if HARM in condition.values:
        there = there | (term.notnull() & ~term.isin(bins.not_harm) & ~of_device)
    return _in(reports, reactions.filter(there))


def _sex(condition: Condition, reports: ibis.Table, scope: Scope) -> Any:
    return reports.sex.fill_null(UNKNOWN).isin(condition.values)


def _age(condition: Condition, reports: ibis.Table, scope: Scope) -> Any:
    return reduce(lambda a, b: a | b, [_age_in(value, reports.age_years) for value in condition.values])


def _age_in(value: str, age_years: Any) -> Any:
    """Completed years: someone is 64 until the day of turning 65."""
    if value == UNKNOWN:
        return age_years.isnull()
    low, high = age_range(value)
    inside = age_years.notnull()
    if low is not None:
        inside = inside & (age_years >= low)
    if high is not None:
        inside = inside & (age_years < high + 1)
    return inside.fill_null(False)


def _country(condition: Condition, reports: ibis.Table, scope: Scope) -> Any:
    import ibis

    return ibis.coalesce(reports.occurrence_country, reports.reporter_country).isin(condition.values)


def _reporter(condition: Condition, reports: ibis.Table, scope: Scope) -> Any:
    return reports.reporter_occupation.isin(condition.values)


def _serious(condition: Condition, reports: ibis.Table, scope: Scope) -> Any:
    outcomes = schema.table("outcomes")
    is_serious = _in(reports, outcomes.filter(outcomes.outcome.isin(tuple(OUTCOMES.values()))))
    not_serious = ~is_serious.fill_null(False) & (reports.source != "table")  # a long table names no outcomes
    parts = [is_serious if value == "yes" else not_serious for value in condition.values]
    return reduce(lambda a, b: a | b, parts)


def _outcome(condition: Condition, reports: ibis.Table, scope: Scope) -> Any:
    outcomes = schema.table("outcomes")
    return _in(reports, outcomes.filter(outcomes.outcome.isin(condition.values)))


def _date(condition: Condition, reports: ibis.Table, scope: Scope) -> Any:
    """Reports whose date, as far as it is printed, lies in a period: a bare year lies in the year, not in January."""
    import ibis

    name = "received_date" if condition.field == "received" else "event_date"
    first, precision = reports[name], reports[f"{name}_precision"]
    after = ibis.cases(
        (precision == "Y", first + ibis.interval(years=1)),
        (precision == "M", first + ibis.interval(months=1)),
        else_=first + ibis.interval(days=1),
    )
    periods = [Period.parse(value) for value in condition.values]
    inside = [(first >= ibis.date(p.first)) & (after <= ibis.date(p.last) + ibis.interval(days=1)) for p in periods]
    return reduce(lambda a, b: a | b, inside)


def _source(condition: Condition, reports: ibis.Table, scope: Scope) -> Any:
    return reports.source.isin(condition.values)


def _quarter(condition: Condition, reports: ibis.Table, scope: Scope) -> Any:
    ends = [value.partition("..") for value in condition.values]
    return reduce(
        lambda a, b: a | b, [reports.quarter.between(first, last if dots else first) for first, dots, last in ends]
    )


def _duplicates(condition: Condition, reports: ibis.Table, scope: Scope) -> Any:
    """Every report that no other speaks for, by the links of a method."""
    import ibis

    kept = [ibis.literal(True) if method == OFF else _not_in(reports, set_aside(method)) for method in condition.values]
    return reduce(lambda a, b: a | b, kept)


_CONDITIONS: Final[Mapping[str, Callable[[Condition, Any, Scope], Any]]] = {
    "drug": _drug,
    "product": _drug,
    "substance": _drug,
    "treatment": _drug,
    "dose": _dose,
    "role": _role,
    "use": _use,
    "use_strict": _use,
    "indication": _indication,
    "reaction": _reaction,
    "soc": _group,
    "hlgt": _group,
    "hlt": _group,
    "smq": _group,
    "smq_broad": _group,
    "bin": _bin,
    "sex": _sex,
    "age": _age,
    "country": _country,
    "reporter": _reporter,
    "serious": _serious,
    "outcome": _outcome,
    "received": _date,
    "event_date": _date,
    "source": _source,
    "quarter": _quarter,
    "duplicates": _duplicates,
}
