"""Which substance, and which product, does a drug field of a report name?

Both are kept for every name, with the rule that found them: the substance alone cannot tell BOTOX COSMETIC from BOTOX.
A field is read in this order, and the first rule that answers is recorded:

1. the treatments' own tables of names (`primum.vocab.names`), on the drug name and on the active ingredient;
2. the active ingredient that FDA coded, split at its backslashes, placeholders dropped;
3. a dictionary that the user gave (`primum.vocab.dictionary`);
4. what other rows with the same drug name and an active ingredient teach (`primum.vocab.learned`), share and support
   stored beside it; rows of devices and vaccines, where a code or a type stands, teach names of their own kind alone;
5. a reference list that the user gave, RxNorm or UNII: behind what was learned, which speaks FDA's own spelling;
6. nothing: the cleaned name stands for itself under the method `unmapped`, so that no row is lost and the unmapped
   share can be told.

What rules 3 to 5 say is read through the treatments' tables like a coded ingredient, unless those tables name the field
a false friend. There is no approximate matching: among toxins it returns antitoxins.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from primum.vocab.cleaning import clean, ingredients, pieces
from primum.vocab.dictionary import Dictionary
from primum.vocab.learned import Learned, learn
from primum.vocab.names import NameTable

if TYPE_CHECKING:
    import ibis

VERSION: Final = "general-3"
"""Version of the general rules of this module; raise it when a rule or a word list changes."""

UNMAPPED: Final = "unmapped"
AMBIGUOUS: Final = "ambiguous"
LEARNED: Final = "learned"


@dataclass(frozen=True, slots=True)
class Mapping:
    """What one name means.

    Args:
        substance: the substance, or the name itself where nothing is known.
        product: the product; None where only the substance is known.
        method: the rule that mapped it.
        version: version of that rule's table.
        treatment: treatment whose table mapped it; None for the general rules.
        share: where it was learned, part of the rows with that name that carry this ingredient.
        support: where it was learned, rows with that name and an ingredient.
    """

    substance: str
    product: str | None
    method: str
    version: str
    treatment: str | None = None
    share: float | None = None
    support: int | None = None


def map_name(
    drugname: str | None,
    active_ingredient: str | None,
    *,
    tables: Sequence[NameTable] = (),
    learned: MappingOf[str, Learned] | None = None,
    dictionaries: Sequence[Dictionary] = (),
) -> tuple[Mapping, ...]:
    r"""What one pair of drug name and active ingredient means: one mapping a substance.

    Args:
        drugname: verbatim name; None where the field is empty.
        active_ingredient: FDA's active ingredient, verbatim; None before 2014q3 and in a long table.
        tables: name tables of the treatments.
        learned: what `learn` found.
        dictionaries: what the user gave; of several that know a name the first speaks.

    Returns:
        One mapping for every substance named, none twice; empty where both fields are.

    Examples:
        >>> [(m.substance, m.product, m.method) for m in map_name("Simvastatin 40mg", "SIMVASTATIN")]
        [('SIMVASTATIN', None, 'active ingredient')]
        >>> [m.substance for m in map_name("COMBIVENT", "ALBUTEROL SULFATE\\IPRATROPIUM BROMIDE")]
        ['ALBUTEROL SULFATE', 'IPRATROPIUM BROMIDE']
        >>> map_name("XYZ 5 MG", None)[0].method
        'unmapped'
    """
    coded = ingredients(active_ingredient)
    general = _by_ingredient(drugname, coded) if coded else _by_name(drugname, learned or {}, dictionaries)
    fields = {drugname or "", *coded, *(mapping.substance for mapping in general)}
    tables = [table for table in tables if any(map(table.may_name, fields))]
    found: dict[str, Mapping] = {}
    for table in tables:
        for mapping in _from_table(table, drugname, coded) or _through_table(table, drugname, () if coded else general):
            found.setdefault(mapping.substance, mapping)
    by_table = bool(found)
    for known in general:
        mapping = known
        # What a treatment's table speaks for is its own: no other spelling of it, nor the bare name, comes beside it.
        spoken_for = any(table.find(mapping.substance) for table in tables)
        if by_table and (spoken_for or mapping.method == UNMAPPED):
            continue
        if spoken_for:  # the name is a false friend of the treatment, whatever a list says of it
            mapping = Mapping(clean(drugname or ""), None, UNMAPPED, VERSION)
        found.setdefault(mapping.substance, mapping)
    return tuple(found.values())


def _from_table(table: NameTable, drugname: str | None, coded: Sequence[str]) -> list[Mapping]:
    """What a treatment's table says: the more telling of drug name and active ingredient wins."""
    by_name = [hit for piece in pieces(drugname or "") for hit in table.find(piece)]
    by_ingredient = [hit for ingredient in coded for hit in table.find(ingredient)]
    told_by_name = [hit for hit in by_name if hit.specific]
    told_by_ingredient = [hit for hit in by_ingredient if hit.specific]
    for hits, where in (
        (told_by_name, "drug name"),
        (told_by_ingredient, "active ingredient"),  # the name tells only the class; the product stays unknown
        (by_name, "drug name"),
        (by_ingredient, "active ingredient"),
    ):
        if hits:
            return [
                Mapping(hit.substance, hit.product, f"{where}, {hit.method}", table.version, table.treatment)
                for hit in hits
            ]
    return []


def _through_table(table: NameTable, drugname: str | None, general: Sequence[Mapping]) -> list[Mapping]:
    """What was learned or looked up, in the treatment's own words; nothing for a false friend of the treatment."""
    known = [mapping for mapping in general if mapping.method not in (UNMAPPED, AMBIGUOUS)]
    if not known or table.is_false_friend(drugname or ""):
        return []
    return [
        replace(
            mapping, substance=hit.substance, product=hit.product or _told_product(mapping), treatment=table.treatment
        )
        for mapping in known
        for hit in table.find(mapping.substance)
    ]


def _told_product(mapping: Mapping) -> str | None:
    """The product that a dictionary names; a name that was only learned is no product of a treatment."""
    return None if mapping.method == LEARNED else mapping.product


def _by_ingredient(drugname: str | None, coded: Sequence[str]) -> list[Mapping]:
    """The ingredients that FDA coded; the name is a product where it says anything else."""
    name = clean(drugname) if drugname else ""
    product = name if name and name not in coded and len(pieces(drugname or "")) == 1 else None
    return [Mapping(part, product, AMBIGUOUS if " OR " in part else "active ingredient", VERSION) for part in coded]


def _by_name(
    drugname: str | None, learned: MappingOf[str, Learned], dictionaries: Sequence[Dictionary]
) -> list[Mapping]:
    """What is known of a name without an ingredient; of a field with several names, what is known of each."""
    if not drugname:
        return []
    whole = clean(drugname)
    if known := _known(whole, learned, dictionaries):
        return known
    found: list[Mapping] = []
    for part in dict.fromkeys(clean(piece) for piece in pieces(drugname)):
        unmapped = Mapping(part, None, AMBIGUOUS if " OR " in part else UNMAPPED, VERSION)
        found += (_known(part, learned, dictionaries) if part != whole else []) or [unmapped]
    return found


def _known(name: str, learned: MappingOf[str, Learned], dictionaries: Sequence[Dictionary]) -> list[Mapping]:
    """A dictionary first, then what was learned, then a reference list."""
    return (
        _looked_up(name, dictionaries, reference=False)
        or _learned(name, learned)
        or _looked_up(name, dictionaries, reference=True)
    )


def _looked_up(name: str, dictionaries: Sequence[Dictionary], *, reference: bool) -> list[Mapping]:
    for dictionary in dictionaries:
        if dictionary.is_reference == reference and (meanings := dictionary.find(name)):
            method = f"{dictionary.format} {dictionary.name}"
            return [Mapping(m.substance, m.product, method, dictionary.sha256[:12]) for m in meanings]
    return []


def _learned(name: str, learned: MappingOf[str, Learned]) -> list[Mapping]:
    known = learned.get(name)
    if known is None:
        return []
    parts = ingredients(known.ingredient)
    product = name if name not in parts else None
    return [Mapping(part, product, LEARNED, VERSION, share=known.share, support=known.support) for part in parts]


@cache
def named_drugs(within: str | None = None) -> ibis.Table:
    """Every drug row with each substance and product it names; `within` names a staged table of the reports wanted."""
    from primum.store import schema
    from primum.store.parts import of_reports

    rows = of_reports(schema.table("drugs_in_report"), within)
    names, substances = schema.table("drug_names"), schema.table("drug_substances")
    same = [rows.drugname.identical_to(names.drugname), rows.active_ingredient.identical_to(names.active_ingredient)]
    keyed = rows.join(names, same).select(
        "report_key",
        "drug_seq",
        "role",
        "route",
        "dose_text",
        "dose_amount",
        "dose_unit",
        rows.drugname,
        names.name_key,
    )
    return keyed.join(substances, keyed.name_key == substances.name_key).select(
        "report_key",
        "drug_seq",
        "role",
        "route",
        "dose_text",
        "dose_amount",
        "dose_unit",
        "drugname",
        "substance",
        "product",
        "method",
        "treatment",
        "share",
        "support",
    )


def map_names(
    name_key: Sequence[int],
    names: Sequence[tuple[str | None, str | None, int]],
    *,
    teaching: Sequence[int],
    tables: Sequence[NameTable],
    dictionaries: Sequence[Dictionary] = (),
) -> dict[str, list[Any]]:
    """The table `drug_substances` for names and their numbers of rows, as columns.

    Args:
        name_key: of each name.
        names: drug name, active ingredient and number of rows.
        teaching: of these rows those whose ingredient is one. They alone teach a name that any of them has.
        tables: of the treatments.
        dictionaries: that the user gave.
    """
    by_all = by_drugs = learn(names)
    if any(of_drugs != rows for of_drugs, (_, _, rows) in zip(teaching, names, strict=True)):
        by_drugs = learn((drug, ingredient, rows) for (drug, ingredient, _), rows in zip(names, teaching, strict=True))
    told = ("substance", "product", "method", "version", "treatment", "share", "support")
    values_of = attrgetter(*told)
    rows: list[tuple[Any, ...]] = []
    for key, (drugname, active_ingredient, _), of_drugs in zip(name_key, names, teaching, strict=True):
        learned = by_drugs if of_drugs else by_all
        mappings = map_name(drugname, active_ingredient, tables=tables, learned=learned, dictionaries=dictionaries)
        rows += [(key, *values_of(mapping)) for mapping in mappings]
    columns = zip(*rows, strict=True) if rows else [()] * (1 + len(told))
    return {name: list(column) for name, column in zip(("name_key", *told), columns, strict=True)}


@dataclass(frozen=True, slots=True)
class NameCoverage:
    """How much of the drug rows has a substance.

    Args:
        rows: drug rows with a name.
        unmapped: rows whose name stands for itself because nothing is known of it.
    """

    rows: int
    unmapped: int
