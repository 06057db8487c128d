"""What is known of one case: versions and why one is current, drugs and their meaning, reactions, outcomes, use?"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from primum.cases.account import DrugAccount, drug_accounts, report_completeness
from primum.cases.across import same_event_elsewhere
from primum.cases.link import PROBABILISTIC
from primum.cases.link_model import MISSING, comparisons
from primum.cases.link_score import level_column, probability
from primum.cases.linked import why_no_links
from primum.errors import UnknownNameError
from primum.sources.repairs import LONGEST_KEY
from primum.sources.systems import SYSTEMS
from primum.store import schema
from primum.vocab.drugs import named_drugs
from primum.vocab.reactions import normal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    import ibis

    from primum.store import Store


@dataclass(frozen=True, slots=True)
class Version:
    """One sighting of a case."""

    report_key: int
    source: str
    quarter: str | None
    report_id: str
    version: int | None
    received: dt.date | None
    current: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Person:
    """Whom the report is about and who wrote it."""

    age_years: float | None
    sex: str | None
    country: str | None
    reporter: str | None
    event_date: str | None
    manufacturer_number: str | None


@dataclass(frozen=True, slots=True)
class NamedDrug:
    """One drug row with what its name means; a name of two substances stands twice."""

    drug_seq: int
    role: str | None
    drugname: str | None
    substance: str
    product: str | None
    method: str
    share: float | None
    support: int | None
    dose: str | None
    route: str | None
    indications: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToldUse:
    """What a treatment was used for in this case, the rule that told it, and what strong rules alone tell."""

    treatment: str
    use: str
    rule: str
    confidence: str | None
    use_strict: str


@dataclass(frozen=True, slots=True)
class Compared:
    """One comparison of two reports: the level that the pair falls on, and the bits it says for one event."""

    comparison: str
    level: str
    weight: float


@dataclass(frozen=True, slots=True)
class Narrative:
    """A text of the report, of systems that publish it."""

    kind: str | None
    text: str | None


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A report of another system whose sender gave it the same number."""

    source: str
    case_id: str | None
    report_id: str
    number: str


@dataclass(frozen=True, slots=True)
class ToldLink:
    """A link to another report that the system itself tells."""

    kind: str | None
    other: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """Another report that was judged to tell of the same event, and why.

    Args:
        case_id: its case.
        report_id: its id.
        rule: exact rule that both meet, or probabilistic.
        together: which of the two speaks for both in analyses: this report, the other, or neither, because each
            belongs to another cluster.
        probability: that both are of one event; None for an exact rule.
        weight: all bits together, those of the prior among them; None for an exact rule.
        compared: every comparison that tells something, the largest weight first; empty for an exact rule.
    """

    case_id: str | None
    report_id: str
    rule: str
    together: str
    probability: float | None
    weight: float | None
    compared: tuple[Compared, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStory:
    """One case: all its versions, and what the one shown holds.

    Args:
        case_id: number of the case; None for a report without one.
        shown: id of the version whose content follows: the current one, or the last where none is.
        deleted: quarters in which FDA named the case as deleted.
        accounts: what it tells of each suspect drug: onset, dose, dechallenge, completeness.
        completeness: mean over the suspect drugs, see `primum.cases.quality`; None where none is named.
        duplicates: reports that were judged to tell of the same event.
        not_linked: why nobody judged it, such as a store that was never linked; empty where links hold.
        narratives: its texts, of systems that publish them.
        elsewhere: reports of other systems that bear the number its sender gave it.
        told_links: links to other reports that its system tells itself.
    """

    case_id: str | None
    shown: str
    deleted: tuple[str, ...]
    versions: tuple[Version, ...]
    person: Person
    drugs: tuple[NamedDrug, ...]
    reactions: tuple[str, ...]
    outcomes: tuple[str, ...]
    uses: tuple[ToldUse, ...]
    accounts: tuple[DrugAccount, ...]
    completeness: float | None
    duplicates: tuple[Twin, ...]
    not_linked: str
    narratives: tuple[Narrative, ...]
    elsewhere: tuple[Elsewhere, ...]
    told_links: tuple[ToldLink, ...]

    @property
    def alone(self) -> str:
        """Why no report of the same event stands beside it; empty where one does."""
        if self.duplicates:
            return ""
        if self.not_linked:
            return f"Not known: {self.not_linked}."
        return "No other report was judged to tell of this event."

    def as_json(self) -> dict[str, Any]:
        """The story as plain data."""
        plain = dataclasses.asdict(self) | {"alone": self.alone}
        for version in plain["versions"]:
            version["received"] = None if version["received"] is None else version["received"].isoformat()
        return plain


def case_story(store: Store, number: str) -> CaseStory:
    """The story of a case, by its number or by the id of one of its reports; `faers:NUMBER` names the system too.

    Where no loaded report has the number, one that differs in zeros at its beginning alone is taken for it.

    Raises:
        UnknownNameError: no such case or report is loaded, or two systems have one of that number.
    """
    rows = store.engine.rows
    plain, named = _split(number)
    for numbers in ((plain,), _with_other_zeros(plain)):
        sources = [str(source) for (source,) in rows(_sources_of(numbers)) if named in (None, source)]
        if sources:
            break
    else:
        raise UnknownNameError.not_loaded("case or report", number)
    if len(sources) > 1:
        raise UnknownNameError.of_several("case or report", number, (f"{source}:{plain}" for source in sources))
    found = rows(_versions_of(numbers, sources[0]))
    versions = tuple(Version(*row[1:]) for row in found)
    shown = next((version for version in versions if version.current), versions[0])
    case_id = None if found[0][0] is None else str(found[0][0])
    key = shown.report_key
    return CaseStory(
        case_id=case_id,
        shown=shown.report_id,
        deleted=tuple(str(row[0]) for row in rows(_deletions_of(case_id))) if case_id else (),
        versions=versions,
        person=Person(*rows(_person(key))[0]),
        drugs=_drugs(store, key),
        reactions=tuple(dict.fromkeys(normal(row[0]) for row in rows(_column("reactions", "term", key)) if row[0])),
        outcomes=tuple(dict.fromkeys(row[0] for row in rows(_column("outcomes", "outcome", key)) if row[0])),
        uses=tuple(ToldUse(*row) for row in rows(_uses(key))),
        accounts=drug_accounts(store, key),
        completeness=report_completeness(store, key),
        duplicates=_twins(store, key),
        not_linked=why_no_links(store),
        narratives=tuple(Narrative(*row) for row in rows(_texts(key))),
        elsewhere=tuple(Elsewhere(*row) for row in rows(same_event_elsewhere(key))),
        told_links=tuple(ToldLink(*row) for row in rows(_links_told(key))),
    )


def _split(number: str) -> tuple[str, str | None]:
    """A number and the system named before it, if one is."""
    system, colon, rest = number.strip().partition(":")
    return (rest.strip(), system.casefold()) if colon and system.casefold() in SYSTEMS else (number.strip(), None)


def _with_other_zeros(number: str) -> tuple[str, ...]:
    """A number with no zero at its beginning, and with as many as a key of a report has room for.

    Examples:
        >>> _with_other_zeros("0916602")[:3], _with_other_zeros("US-1")
        (('916602', '0916602', '00916602'), ('US-1',))
    """
    if not (number.isascii() and number.isdigit()):
        return (number,)
    short = number.lstrip("0")
    return tuple(short.zfill(digits) for digits in range(len(short) or 1, LONGEST_KEY + 1))


def _sources_of(numbers: Sequence[str]) -> ibis.Table:
    reports = schema.table("reports")
    meant = reports.filter(reports.caseid.isin(numbers) | reports.primaryid.isin(numbers))
    return meant.select("source").distinct().order_by("source")


def _versions_of(numbers: Sequence[str], source: str) -> ibis.Table:
    """All versions of the case that a number, or the report of that id, belongs to; the latest first."""
    import ibis

    reports, current = schema.table("reports"), schema.table("current_reports")
    reports = reports.filter(reports.source == source)
    meant = reports.filter(reports.caseid.isin(numbers) | reports.primaryid.isin(numbers))
    same_case = reports.caseid.isin(meant.filter(meant.caseid.notnull()).caseid)
    same_report = reports.report_key.isin(meant.report_key)
    joined = reports.filter(same_case | same_report).join(current, "report_key")
    return joined.order_by(
        ibis.desc(joined.current), ibis.desc(joined.quarter.fill_null("")), ibis.desc(joined.primaryid)
    ).select(
        "caseid",
        "report_key",
        "source",
        "quarter",
        "primaryid",
        "case_version",
        "received_date",
        "current",
        "reason",
    )


def _deletions_of(case_id: str) -> ibis.Table:
    deletions = schema.table("deletions")
    return deletions.filter(deletions.caseid == case_id).select("quarter").order_by("quarter")


def _person(key: int) -> ibis.Table:
    import ibis

    reports = schema.table("reports")
    return reports.filter(reports.report_key == key).select(
        "age_years",
        "sex",
        ibis.coalesce(reports.occurrence_country, reports.reporter_country).name("country"),
        "reporter_occupation",
        "event_date_text",
        "manufacturer_number",
    )


def _drugs(store: Store, key: int) -> tuple[NamedDrug, ...]:
    drugs, indications = named_drugs(), schema.table("indications")
    wanted = drugs.filter(drugs.report_key == key).order_by("drug_seq", "substance")
    told = indications.filter(indications.report_key == key).order_by("row_number").select("drug_seq", "term_text")
    by_seq: dict[int, list[str]] = {}
    for seq, term in store.engine.rows(told):
        if term:
            by_seq.setdefault(seq, []).append(term)
    columns = (
        "drug_seq",
        "role",
        "drugname",
        "substance",
        "product",
        "method",
        "share",
        "support",
        "dose_text",
        "route",
    )
    rows = store.engine.rows(wanted.select(*columns))
    return tuple(NamedDrug(*(*row, tuple(dict.fromkeys(by_seq.get(row[0], ()))))) for row in rows)


def _column(table: str, column: str, key: int) -> ibis.Table:
    rows = schema.table(table)
    return rows.filter(rows.report_key == key).order_by("row_number").select(column)


def _texts(key: int) -> ibis.Table:
    texts = schema.table("narratives")
    return texts.filter(texts.report_key == key).order_by("row_number").select("kind", "text")


def _links_told(key: int) -> ibis.Table:
    links = schema.table("told_links")
    return links.filter(links.report_key == key).order_by("row_number").select("kind", "other")


def _uses(key: int) -> ibis.Table:
    uses = schema.table("report_uses")
    return (
        uses.filter(uses.report_key == key)
        .select("treatment", "use", "rule", "confidence", "use_strict")
        .order_by("treatment")
    )


def _twins(store: Store, key: int) -> tuple[Twin, ...]:
    """The reports that a report is linked with, the surest first."""
    import ibis

    pairs, reports, links = schema.table("link_pairs"), schema.table("reports"), schema.table("report_links")
    levels = [level_column(comparison.name) for comparison in comparisons()]
    mine = pairs.filter((pairs.left_key == key) | (pairs.right_key == key))
    mine = mine.mutate(other=ibis.ifelse(mine.left_key == key, mine.right_key, mine.left_key))
    named = mine.join(reports, mine.other == reports.report_key)
    found = store.engine.rows(
        named.order_by(ibis.desc("match_weight"), "rule", "other").select(
            "caseid", "primaryid", "rule", "used", "match_weight", "other", *levels
        )
    )
    masters = {
        str(method): int(master)
        for method, master in store.engine.rows(links.filter(links.report_key == key).select("method", "master"))
    }
    told = {
        (name, level): (meaning, weight)
        for name, level, meaning, weight in store.engine.read("link_levels", "comparison", "level", "meaning", "weight")
    }
    twins = []
    for case_id, report_id, rule, used, weight, other, *on in found:
        compared = [
            Compared(comparison.name, *told[comparison.name, level])
            for comparison, level in zip(comparisons(), on, strict=True)
            if level is not None and level != MISSING
        ]
        master = masters.get(PROBABILISTIC if rule == PROBABILISTIC else "exact")
        speaks = {key: "this report", other: "the other"}.get(master or 0, "neither") if used else "neither"
        twins.append(
            Twin(
                case_id=case_id,
                report_id=report_id,
                rule=rule,
                together=speaks,
                probability=None if weight is None else float(probability(weight)),
                weight=weight,
                compared=tuple(sorted(compared, key=lambda one: -one.weight)),
            )
        )
    return tuple(twins)
