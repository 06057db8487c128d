"""Which pairs of reports are looked at at all?

Never all pairs: two reports are compared where they share a block. A block is a number of the manufacturer, an
article, a day with one of the rarest reactions of the report, or one of its rarest drugs together with one of its
rarest reactions, alone, with decade of age and sex, or with the month of the event. A report without date, age and drug
shares none of them, and so is never linked on emptiness.

A block of more than `MOST` reports is no reason to compare any two of them: it is what popular drugs and one sender's
series make. The work so grows with the number of reports, not with its square.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import ibis

MOST: Final = 12
"""Reports of a block within which pairs are compared, where its key is not named below."""


@dataclass(frozen=True, slots=True)
class Blocking:
    """A way to put reports into blocks.

    Args:
        name: what its reports share.
        drugs: of so many of the rarest drugs each.
        reactions: of so many of the rarest reactions each.
        also: further columns that must be known and equal: number, article, day, month, decade, sex.
        most: reports of the largest block that is looked at.
    """

    name: str
    drugs: int = 0
    reactions: int = 0
    also: tuple[str, ...] = ()
    most: int = MOST


BLOCKINGS: Final = (
    Blocking("manufacturer number", also=("number",), most=100),
    Blocking("article", also=("article",), most=50),
    Blocking("article, decade of age and sex", also=("article", "decade", "sex"), most=50),
    Blocking("day and reaction", reactions=3, also=("day",)),
    Blocking("drug and reaction", drugs=2, reactions=2),
    Blocking("drug, reaction, decade of age and sex", drugs=3, reactions=3, also=("decade", "sex")),
    Blocking("drug, reaction and month", drugs=3, reactions=3, also=("month",)),
)


def block_keys(features: ibis.Table, blocking: Blocking) -> ibis.Table:
    """The blocks of each report: `first, second` name a block, `report_key` a report in it."""
    import ibis

    zero = ibis.literal(0, type="int64")
    known = {column: _PARTS[column](features) for column in blocking.also}
    rows = features.mutate(**{f"part_{column}": part for column, part in known.items()})
    for column in known:
        rows = rows.filter(rows[f"part_{column}"].notnull())
    first = reduce(lambda key, column: key * _SPAN + rows[f"part_{column}"], sorted(set(known) - set(_TEXTS)), zero)
    text = next((rows[f"part_{column}"] for column in known if column in _TEXTS), zero)
    most = {name: n for name, n in (("drugs", blocking.drugs), ("reactions", blocking.reactions)) if n}
    keyed = rows.select("report_key", first=first, text=text, **{name: rows[name][:n] for name, n in most.items()})
    for name in most:
        keyed = keyed.mutate(**{name: keyed[name].unnest().cast("int64")})
    return keyed.select(
        "report_key", "first", second=reduce(lambda key, name: key * _TERMS + keyed[name], most, keyed.text)
    )


def _hash(text: Any) -> Any:
    import ibis

    return ibis.ifelse(text.notnull(), text.hash(), ibis.null("int64"))  # NULL, too, has a hash


def _day(features: ibis.Table) -> Any:
    import ibis

    return ibis.ifelse(features.event_known == "D", features.event_date.epoch_days().cast("int64"), ibis.null("int64"))


def _month(features: ibis.Table) -> Any:
    import ibis

    month = features.event_date.year().cast("int64") * 12 + features.event_date.month()
    return ibis.ifelse(features.event_known.isin(["D", "M"]), month, ibis.null("int64"))


_SPAN: Final = 2**20  # days, months, decades and sexes lie below it, two of them in one number
_TERMS: Final = 2**31  # as the numbers of terms do
_TEXTS: Final = ("number", "article")
_PARTS: Final[dict[str, Callable[[Any], Any]]] = {
    "number": lambda features: _hash(features.number),
    "article": lambda features: _hash(features.article),
    "day": _day,
    "month": _month,
    "decade": lambda features: (features.age / 10).floor().cast("int64"),
    "sex": lambda features: (features.sex == "F").cast("int64"),
}


def blocks(keys: ibis.Table, most: int) -> ibis.Table:
    """The blocks that hold at least two reports and no more than `most`: `members`, each in order."""
    listed = keys.group_by("first", "second").agg(members=keys.report_key.collect(distinct=True).sort())
    return listed.filter(listed.members.length().between(2, most)).select("members")


def pairs_within(found: ibis.Table) -> ibis.Table:
    """Every pair of every block: `left_key < right_key`."""
    left = found.select(members=found.members, left_key=found.members.unnest())
    both = left.select("left_key", right_key=left.members.unnest())
    return both.filter(both.left_key < both.right_key)
