"""Which reports are equal in what no two people share by chance? Three rules, each with a name.

Missing is never agreement: a report that lacks what a rule asks for is left alone by it. Two reports that contradict
each other in sex or age are not linked by the other two rules.

The first rule is that of AEOLUS (J. M. Banda and others, A curated and standardized adverse drug event resource to
accelerate drug safety research, Sci Data 2016;3:160026, doi:10.1038/sdata.2016.26) with one difference: an empty field
equals nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, Final

from primum.cases.link_blocks import pairs_within
from primum.cases.link_score import paired

if TYPE_CHECKING:
    import ibis

MOST: Final = 50
"""Reports of the largest class of which all pairs are looked at; of a larger one each with the fullest report."""


@dataclass(frozen=True, slots=True)
class ExactRule:
    """One rule.

    Args:
        name: as it is stored and shown.
        equal: columns that must be known and equal.
        also: what must hold for a pair beside that.
        to_the_day: whether the event date must be known to the day.
    """

    name: str
    equal: tuple[str, ...]
    also: Callable[[ibis.Table], Any] | None = None
    to_the_day: bool = False


def _no_contradiction(pair: ibis.Table) -> Any:
    """Not of two sexes, nor of two ages more than a year apart, as far as both tell."""
    same_sex = (pair.sex_l == pair.sex_r).fill_null(True)
    return same_sex & ((pair.age_l - pair.age_r).abs() <= 1.001).fill_null(True)


def _something_shared(pair: ibis.Table) -> Any:
    """A drug or a reaction in common: numbers of senders are not always of their own cases alone."""
    shared = (pair.drugs_shared.length() > 0).fill_null(False) | (pair.reactions_shared.length() > 0).fill_null(False)
    return _no_contradiction(pair) & shared


RULES: Final = (
    ExactRule(
        "same date, age, sex, country, drugs and reactions",
        ("event_date", "age", "sex", "country", "drugs", "reactions"),
        to_the_day=True,
    ),
    ExactRule("same number of the manufacturer", ("number",), _something_shared),
    ExactRule("same article, drugs and reactions", ("article", "drugs", "reactions"), _no_contradiction),
)


def exact_pairs(features: ibis.Table, rule: ExactRule) -> ibis.Table:
    """The pairs of a rule: `rule, left_key, right_key`, the smaller key left."""
    import ibis

    known = [features[column].notnull() for column in rule.equal]
    known += [features[column].length() > 0 for column in rule.equal if column in ("drugs", "reactions")]
    if rule.to_the_day:
        known.append(features.event_known == "D")
    rows = features.filter(reduce(lambda a, b: a & b, known))
    classes = rows.group_by(*rule.equal).agg(members=rows.report_key.collect(distinct=True).sort())
    size = classes.members.length()
    pairs = pairs_within(classes.filter(size.between(2, MOST)).select("members"))
    pairs = pairs.union(_with_the_fullest(classes.filter(size > MOST), features))
    pair = paired(pairs, features)
    if rule.also is not None:
        pair = pair.filter(rule.also(pair))
    return pair.select("left_key", "right_key", rule=ibis.literal(rule.name))


def _with_the_fullest(classes: ibis.Table, features: ibis.Table) -> ibis.Table:
    """Of a large class the fullest report with each of the others: as many pairs as reports."""
    import ibis

    listed = classes.select(first=classes.members[0], report_key=classes.members.unnest())
    told = listed.join(features.select("report_key", "filled", "received"), "report_key")
    fullest = [ibis.desc("filled"), ibis.asc("received"), ibis.asc("report_key")]
    ranked = told.mutate(rank=ibis.row_number().over(ibis.window(group_by="first", order_by=fullest)))
    pairs = listed.join(ranked.filter(ranked["rank"] == 0).select("first", one=ranked.report_key), "first")
    pairs = pairs.filter(pairs.one != pairs.report_key)
    return pairs.select(
        left_key=ibis.least(pairs.one, pairs.report_key), right_key=ibis.greatest(pairs.one, pairs.report_key)
    )
