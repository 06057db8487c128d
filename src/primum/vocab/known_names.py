"""Which names do the drug rows hold, in how many rows each, and which must be read again after a load?

What a name means can follow from the rows of every name that is cleaned to the same text (its family). A load brings
rows of some families; those are read again, the others keep what they mean. Where nothing is known yet every family is
touched, so that the first reading and every later one go the same way.

The staged tables: `COUNTED`, the names of the new rows with their number of rows; `CLEANED`, the cleaned text of each
of their drug names; `KEPT`, what the names of untouched families mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, reduce
from operator import or_
from typing import TYPE_CHECKING, Final

from primum.sources.systems import SYSTEMS
from primum.store import schema
from primum.store.arrange import ROWS_OF_A_PART
from primum.store.parts import belongs_to
from primum.vocab.drugs import UNMAPPED

if TYPE_CHECKING:
    import ibis
    import ibis.expr.types as ir

COUNTED: Final = "counted_names"
CLEANED: Final = "cleaned_names"
KEPT: Final = "kept_substances"
NAME: Final = ("drugname", "active_ingredient")
COUNTS: Final = ("row_count", "teaching_rows")


def counted_names(parts: Sequence[int] | None) -> ibis.Table:
    """Every distinct pair of drug name and active ingredient in the drug rows of some parts (None: of all)."""
    rows = schema.table("drugs_in_report")
    if parts is not None:
        rows = rows.filter(belongs_to(rows.report_key, parts))
    return rows.group_by(*NAME).agg(row_count=rows.count(), teaching_rows=rows.count(where=~_of_no_drug(rows)))


def _of_no_drug(rows: ibis.Table) -> ir.BooleanValue:
    """Rows of systems whose active ingredient is none: a code of a device, a type of a vaccine."""
    parts = [(one.first_part, one.first_part + one.parts) for one in SYSTEMS.values() if not one.teaches]
    within = [rows.report_key.between(first * ROWS_OF_A_PART, end * ROWS_OF_A_PART - 1) for first, end in parts]
    return reduce(or_, within)


@cache
def names_to_clean() -> ibis.Table:
    """The distinct drug names of `COUNTED`, an empty one as an empty text."""
    counted = _counted()
    return counted.select(drugname=counted.drugname.fill_null("")).distinct()


@cache
def drug_names() -> ibis.Table:
    """The names known before and those of `COUNTED`, their rows added up, numbered in the order of the two texts."""
    import ibis

    before, counted, cleaned = schema.table("drug_names"), _counted(), _cleaned()
    new = counted.join(cleaned, counted.drugname.fill_null("") == cleaned.given)
    columns = (*NAME, *COUNTS, "cleaned")
    both = ibis.union(before.select(*columns), new.select(*columns))
    counts = {name: both[name].sum().cast("int64") for name in COUNTS}
    names = both.group_by(*NAME).agg(**counts, cleaned=both.cleaned.max())
    # Blank for NULL, because engines disagree on where NULL sorts; the flags part NULL from a blank text.
    order = [
        names.drugname.fill_null(""),
        names.drugname.notnull(),
        names.active_ingredient.fill_null(""),
        names.active_ingredient.notnull(),
    ]
    number = ibis.row_number().over(ibis.window(order_by=order))
    return names.select(number.cast("int64").name("name_key"), *columns)


@cache
def names_to_read() -> ibis.Table:
    """The names of the touched families with their numbers of rows, in the order of their keys."""
    names, cleaned = schema.table("drug_names"), _cleaned()
    touched = names.semi_join(cleaned, "cleaned")
    return touched.select("name_key", *NAME, *COUNTS).order_by("name_key")


@cache
def substances_to_keep() -> ibis.Table:
    """What the names of untouched families mean, beside the texts of the name: keys change when names are added."""
    names, cleaned, substances = schema.table("drug_names"), _cleaned(), schema.table("drug_substances")
    untouched = names.anti_join(cleaned, "cleaned").select("name_key", *NAME)
    return untouched.join(substances, "name_key").drop("name_key")


@cache
def kept_substances() -> ibis.Table:
    """`KEPT` under the keys of today."""
    import ibis

    names = schema.table("drug_names")
    columns = schema.schema_of("drug_substances").columns[1:]
    types = {column.name: schema.IBIS_TYPES[column.type] for column in columns}
    kept = ibis.table({**dict.fromkeys(NAME, "string"), **types}, name=KEPT)
    return kept.join(names, [kept[text].identical_to(names[text]) for text in NAME]).select("name_key", *types)


@cache
def coverage() -> ibis.Table:
    """Drug rows with a name, and those of which no part could be mapped: `rows, unmapped`."""
    names, substances = schema.table("drug_names"), schema.table("drug_substances")
    mapped = substances.group_by("name_key").agg(known=(substances.method != UNMAPPED).any())
    counted = names.join(mapped, "name_key")
    return counted.agg(rows=counted.row_count.sum(), unmapped=counted.row_count.sum(where=~counted.known))


def _counted() -> ibis.Table:
    import ibis

    return ibis.table({**dict.fromkeys(NAME, "string"), **dict.fromkeys(COUNTS, "int64")}, name=COUNTED)


def _cleaned() -> ibis.Table:
    import ibis

    return ibis.table({"given": "string", "cleaned": "string"}, name=CLEANED)
