"""Was the drug used for looks or for a disease, and which rule tells?

Each product of a report is judged by an ordered table of rules (`use_rules.csv` of the treatment): what it was given
for, then whether it is licensed for looks only, then a small dose into a named site. Only the first level that answers
counts for a product; the report is `mixed` when its products, or the indications of one, are of both kinds, and
`unknown` when no rule answers. The rule that fired and its confidence are stored, and beside them what the strong rules
alone would have told, so that any result can be asked for without the weak ones.

An indication counts when it stands on a drug row of the same product, whatever the row's role: one injection session is
many rows, and the true indication can stand on another of them (FAERS case 13351747 has nine).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal

from primum.cases.dose import dose_units
from primum.errors import EvidenceError
from primum.store import schema
from primum.vocab.drugs import named_drugs

if TYPE_CHECKING:
    import ibis

Kind = Literal["indication", "cosmetic_only", "dose"]
KINDS: Final[tuple[Kind, ...]] = ("indication", "cosmetic_only", "dose")  # in the order of their say
TOLD: Final = ("cosmetic", "therapeutic")
NO_RULE: Final = "no rule fired"
EXPOSURE_ROLES: Final = ("PS", "SS", "I")
"""Roles in which a drug is an exposure; DN is a drug that was not given, C one that nobody suspects."""

_SITE_WORD: Final = re.compile(r"[A-Z][A-Z '’-]*\*?")


@dataclass(frozen=True, slots=True)
class UseRule:
    """One row of a table of use rules.

    Args:
        order: its place; of several rules that fire, the first is named.
        kind: `indication` (a preferred term), `cosmetic_only` (a product licensed for looks only) or `dose`.
        value: the term, the product, or the substance that the dose rule holds for.
        limit_units: largest dose of a dose rule, in units of that substance; None otherwise.
        use: cosmetic or therapeutic.
        confidence: strong or weak.
        site: of a dose rule: where it must have been given, in a word; routes of reports only say intramuscular.
        site_words: how the text of a dose or route names that site; what ends with `*` is the beginning of a word.
    """

    order: int
    kind: Kind
    value: str
    limit_units: float | None
    use: Literal["cosmetic", "therapeutic"]
    confidence: Literal["strong", "weak"]
    site: str = ""
    site_words: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The rule as it is stored beside the use."""
        if self.kind == "dose":
            return f"dose: at most {self.limit_units:g} units into the {self.site}"
        return f"{'indication' if self.kind == 'indication' else 'product for looks only'}: {self.value}"


@dataclass(frozen=True, slots=True)
class UseRules:
    """The use rules of a treatment, in their order.

    Raises:
        ValueError: there is no rule, or two rules share a place or speak of the same thing.
    """

    treatment: str
    rules: tuple[UseRule, ...]
    version: str

    def __post_init__(self) -> None:
        if not self.rules:
            raise ValueError(f"Use rules of {self.treatment}: the table is empty; expected at least one rule.")
        if len({rule.order for rule in self.rules}) != len(self.rules):
            raise ValueError(f"Use rules of {self.treatment}: two rules have the same place.")
        if len({(rule.kind, rule.value) for rule in self.rules}) != len(self.rules):
            raise ValueError(f"Use rules of {self.treatment}: two rules speak of the same thing.")

    def of_kind(self, kind: Kind) -> tuple[UseRule, ...]:
        """The rules of one kind."""
        return tuple(rule for rule in self.rules if rule.kind == kind)


def use_rules(
    treatment: str, rows: Iterable[Mapping[str, str]], *, cosmetic_only: Iterable[str], version: str, folder: str
) -> UseRules:
    """Build the rules from the rows of `use_rules.csv`, all faults told together.

    Args:
        treatment: id of the treatment.
        rows: rows of the file.
        cosmetic_only: products licensed for looks only; the one row of that kind stands for each of them.
        version: hash of the file.
        folder: where it lies, for the message.

    Raises:
        EvidenceError: an unknown kind, use or confidence, a value or limit that is missing, or rows out of order.
    """
    rules: list[UseRule] = []
    faults: list[str] = []
    for number, row in enumerate(rows, start=2):
        if fault := _fault(row, previous=rules[-1].order if rules else 0):
            faults.append(f"use_rules.csv, row {number}: {fault}")
            continue
        # One row speaks for many products; each takes a place of its own behind it.
        values = sorted(cosmetic_only) if row["kind"] == "cosmetic_only" else [row["value"]]
        rules += [
            UseRule(
                int(row["order"]) * 1000 + place,
                row["kind"],  # type: ignore[arg-type]  # checked by _fault
                value.upper() if row["kind"] == "indication" else value,
                float(row["limit_units"]) if row["limit_units"] else None,
                row["use"],  # type: ignore[arg-type]  # checked by _fault
                row["confidence"],  # type: ignore[arg-type]  # checked by _fault
                row["site"],
                tuple(row["site_words"].split("|")) if row["site_words"] else (),
            )
            for place, value in enumerate(values)
        ]
    if faults:
        raise EvidenceError.from_faults(folder, faults)
    return UseRules(treatment, tuple(rules), version)


def _fault(row: Mapping[str, str], *, previous: int) -> str:
    """What is wrong with a row first, or nothing."""
    rises = row["order"].isdigit() and int(row["order"]) * 1000 > previous
    faults = {
        f'kind is "{row["kind"]}"; expected one of {", ".join(KINDS)}': row["kind"] not in KINDS,
        f'use is "{row["use"]}"; expected cosmetic or therapeutic': row["use"] not in TOLD,
        f'confidence is "{row["confidence"]}"; expected strong or weak': row["confidence"] not in ("strong", "weak"),
        "value is the term of an indication or the substance of a dose, and empty for cosmetic_only": (
            row["kind"] == "cosmetic_only"
        )
        == bool(row["value"]),
        "limit_units, site and site_words stand in dose rules and nowhere else": any(
            (row["kind"] == "dose") != bool(row[column]) for column in ("limit_units", "site", "site_words")
        ),
        f'site_words is "{row["site_words"]}"; expected words in capitals with | between, a * only at their end': (
            row["kind"] == "dose" and not all(map(_SITE_WORD.fullmatch, row["site_words"].split("|")))
        ),
        f'order is "{row["order"]}"; expected whole numbers that rise from row to row': not rises,
    }
    return next((fault for fault, is_there in faults.items() if is_there), "")


def exposures(treatment: str, within: str | None = None) -> ibis.Table:
    """Drug rows of current reports that name a drug of the treatment in a role that is an exposure.

    A long table has no roles; its drugs are taken as exposures. `within` names a staged table of the reports wanted.
    """
    drugs, current = named_drugs(within), schema.table("current_reports")
    exposed = drugs.filter(drugs.treatment == treatment, is_exposure(drugs.role))
    return exposed.semi_join(current.filter(current.current), "report_key").mutate(kind_of=_product_of(exposed))


def is_exposure(role: ibis.expr.types.StringColumn) -> ibis.expr.types.BooleanColumn:
    """Whether a drug in this role is an exposure."""
    return role.isin(EXPOSURE_ROLES) | role.isnull()


def _product_of(drugs: ibis.Table) -> ibis.expr.types.StringColumn:
    """The product of a drug row, or its substance where no product is known."""
    import ibis

    return ibis.coalesce(drugs.product, drugs.substance)


@cache
def report_uses(rules: UseRules, within: str | None = None) -> ibis.Table:
    """The use of every current report that holds the treatment, by all rules and by the strong ones alone.

    Args:
        rules: of the treatment.
        within: a staged table of the reports wanted; None: every report.

    Returns:
        `treatment, report_key, use, rule, confidence, use_strict, rule_strict`.
    """
    import ibis

    exposed = exposures(rules.treatment, within)
    fired = ibis.union(*(_fired(rules, exposed, kind, within) for kind in KINDS if rules.of_kind(kind)))
    strong = fired.rank_order.isin([rule.order for rule in rules.rules if rule.confidence == "strong"])
    # Of a product's rules only those of the first level that answered speak: among all, and among the strong ones.
    product = ibis.window(group_by=["report_key", "kind_of"])
    levels = fired.mutate(
        is_strong=strong,
        is_first=fired.level == fired.level.min().over(product),
        is_first_strong=strong
        & (fired.level == ibis.ifelse(strong, fired.level, ibis.null("int8")).min().over(product)),
    )
    told = {use: levels.rank_order.isin([rule.order for rule in rules.rules if rule.use == use]) for use in TOLD}
    first = {use: levels.rank_order.min(where=there & levels.is_first) for use, there in told.items()}
    strict = {
        f"{use}_strict": levels.rank_order.min(where=there & levels.is_first_strong) for use, there in told.items()
    }
    backed = {f"{use}_strong": (there & levels.is_first & levels.is_strong).any() for use, there in told.items()}
    kinds = levels.group_by("report_key").agg(**first, **strict, **backed)
    holding = exposed.select(exposed_key="report_key").distinct()
    joined = holding.left_join(kinds, holding.exposed_key == kinds.report_key)
    use, rule = _use_and_rule(rules, joined.cosmetic, joined.therapeutic)
    use_strict, rule_strict = _use_and_rule(rules, joined.cosmetic_strict, joined.therapeutic_strict)
    by_strong = (joined.cosmetic.isnull() | joined.cosmetic_strong) & (
        joined.therapeutic.isnull() | joined.therapeutic_strong
    )
    confidence = ibis.cases((use == "unknown", ibis.null("string")), (by_strong, "strong"), else_="weak")
    return joined.select(
        treatment=ibis.literal(rules.treatment),
        report_key=joined.exposed_key,
        use=use,
        rule=rule,
        confidence=confidence,
        use_strict=use_strict,
        rule_strict=rule_strict,
    )


def _use_and_rule(rules: UseRules, cosmetic: Any, therapeutic: Any) -> tuple[Any, Any]:
    """The use that the first rule of each kind tells, and the rules that tell it."""
    import ibis

    is_cosmetic, is_therapeutic = cosmetic.notnull(), therapeutic.notnull()
    label_c, label_t = _labels(rules, cosmetic, "cosmetic"), _labels(rules, therapeutic, "therapeutic")
    both = is_cosmetic & is_therapeutic
    use = ibis.cases((both, "mixed"), (is_cosmetic, "cosmetic"), (is_therapeutic, "therapeutic"), else_="unknown")
    rule = ibis.cases(
        (both, label_c + " and " + label_t), (is_cosmetic, label_c), (is_therapeutic, label_t), else_=NO_RULE
    )
    return use, rule


def _fired(rules: UseRules, exposed: ibis.Table, kind: Kind, within: str | None) -> ibis.Table:
    """The rules of one kind that fire, one row a report, product and rule."""
    if kind == "indication":
        hits = _by_indication(rules, exposed, within)
    else:
        hits = {"cosmetic_only": _by_product, "dose": _by_dose}[kind](rules, exposed)
    return hits.filter(hits.rank_order.notnull()).select("report_key", "kind_of", "rank_order", level=KINDS.index(kind))


def _by_indication(rules: UseRules, exposed: ibis.Table, within: str | None) -> ibis.Table:
    """Indications on any row of an exposed product, concomitant rows included; a drug not given has none."""
    drugs, indications = named_drugs(within), schema.table("indications")
    same_treatment = drugs.filter(drugs.treatment == rules.treatment, drugs.role.fill_null("PS") != "DN")
    rows = same_treatment.select("report_key", "drug_seq", kind_of=_product_of(same_treatment)).distinct()
    exposed_products = exposed.select("report_key", "kind_of").distinct()
    rows = rows.semi_join(exposed_products, ["report_key", "kind_of"])
    joined = rows.join(indications, ["report_key", "drug_seq"])
    order = joined.term.cases(*((rule.value, rule.order) for rule in rules.of_kind("indication")))
    return joined.select("report_key", "kind_of", rank_order=order.cast("int64"))


def _by_product(rules: UseRules, exposed: ibis.Table) -> ibis.Table:
    order = exposed.kind_of.cases(*((rule.value, rule.order) for rule in rules.of_kind("cosmetic_only")))
    return exposed.select("report_key", "kind_of", rank_order=order.cast("int64"))


def _by_dose(rules: UseRules, exposed: ibis.Table) -> ibis.Table:
    """A dose in the substance's own units, at most the label's for looks, where the site is named."""
    import ibis

    units = dose_units(exposed)
    text = exposed.dose_text.fill_null("").upper() + " " + exposed.route.fill_null("").upper()

    def fires(rule: UseRule) -> ibis.expr.types.BooleanValue:
        words = "|".join(word.replace("*", r"\w*") for word in rule.site_words)
        of_substance = exposed.substance == rule.value
        return of_substance & (units <= rule.limit_units) & text.re_search(rf"\b({words})\b")

    small = ibis.cases(*((fires(rule), rule.order) for rule in rules.of_kind("dose")))
    return exposed.select("report_key", "kind_of", rank_order=small.cast("int64"))


def _labels(rules: UseRules, order: Any, use: str) -> ibis.expr.types.StringColumn:
    import ibis

    mine = tuple((rule.order, rule.label) for rule in rules.rules if rule.use == use)
    return order.cases(*mine) if mine else ibis.null("string")
