"""Which substance, and which product, does a drug field of a report name?

Both are kept for every name, with the rule that found them: the substance alone cannot tell BOTOX COSMETIC from BOTOX.
A field is read in this order, and the first rule that answers is recorded:

1. the treatments' own tables of names (`primum.vocab.names`), on the drug name and on the active ingredient;
2. the active ingredient that FDA coded, split at its backslashes, placeholders dropped;
3. what other rows with the same drug name and an active ingredient teach (`Learned`), share and support stored;
4. nothing: the cleaned name stands for itself under the method `unmapped`, so that no row is lost and the unmapped
   share can be told.

There is no approximate matching: among toxins it returns antitoxins.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from primum.vocab.names import NameTable

if TYPE_CHECKING:
    import ibis

VERSION: Final = "general-1"
"""Version of the general rules of this module; raise it when a rule or a word list changes."""

UNMAPPED: Final = "unmapped"
AMBIGUOUS: Final = "ambiguous"

_STRENGTH: Final = re.compile(
    r"\b\d[\d.,]*\s*(?:MG|MCG|UG|G|GM|ML|L|IU|U|UNITS?|MEQ|MMOL|%)(?:\s*/\s*\d*\s*(?:MG|ML|L|G|H|HR|DAY|DOSE|M2))?(?![A-Z0-9])"
)
_DICTIONARY_NUMBER: Final = re.compile(r"/\d{6,}/")  # `ACYCLOVIR  /00587301/`: a number of the sender's dictionary
_BLANKS: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Mapping:
    """What one name means.

    Args:
        substance: the substance, or the name itself where nothing is known.
        product: the product; None where only the substance is known.
        method: the rule that mapped it.
        version: version of that rule's table.
        treatment: treatment whose table mapped it; None for the general rules.
    """

    substance: str
    product: str | None
    method: str
    version: str
    treatment: str | None = None


@dataclass(frozen=True, slots=True)
class Learned:
    """The active ingredient that the other rows with a name carry.

    Args:
        ingredient: active ingredient as FDA coded it.
        share: of the rows with this cleaned name and an active ingredient, the part that carries this one.
        support: rows it was learned from.
    """

    ingredient: str
    share: float
    support: int


@cache
def name_words(kind: str) -> frozenset[str]:
    """Words that stand in names without naming a drug (`name_words.csv`).

    Args:
        kind: `placeholder` (what FDA writes where a product holds no coded substance), `salt` (the end of an ingredient
            that names its salt) or `form` (strength, form and route).

    Examples:
        >>> "TARTRATE" in name_words("salt"), "COSMETICS" in name_words("placeholder")
        (True, True)
    """
    text = resources.files("primum.vocab").joinpath("name_words.csv").read_text(encoding="utf-8")
    return frozenset(row["word"] for row in csv.DictReader(text.splitlines()) if row["kind"] == kind)


def without_unmatched_brackets(text: str) -> str:
    """Drop brackets that have no partner, as cut names leave them.

    Examples:
        >>> without_unmatched_brackets("ADVIL (IBUPROFEN"), without_unmatched_brackets("A (B) C)")
        ('ADVIL IBUPROFEN', 'A (B) C')
    """
    opened: list[int] = []
    drop: set[int] = set()
    for i, letter in enumerate(text):
        if letter == "(":
            opened.append(i)
        elif letter == ")":
            if opened:
                opened.pop()
            else:
                drop.add(i)
    drop.update(opened)
    return "".join(letter for i, letter in enumerate(text) if i not in drop)


@lru_cache(maxsize=2**16)
def clean(drugname: str) -> str:
    """Clean one name: capitals, single blanks, no closing dot, strength, form or route.

    A name that is nothing but such words is only trimmed, so that no name becomes empty.

    Examples:
        >>> clean("ACYCLOVIR                          /00587301/"), clean("Simvastatin 40mg"), clean("PREDNISONE.")
        ('ACYCLOVIR', 'SIMVASTATIN', 'PREDNISONE')
        >>> clean("botox 200 units,"), clean("ONABOTULINUMTOXINA    SUSPENSION FOR INJECTION")
        ('BOTOX', 'ONABOTULINUMTOXINA')
        >>> clean("Solution for injection")
        'SOLUTION FOR INJECTION'
    """
    while (cleaned := _cleaned_once(drugname)) != drugname:  # a bracket taken away can lay a strength bare
        drugname = cleaned
    return cleaned


def _cleaned_once(drugname: str) -> str:
    plain = _BLANKS.sub(" ", drugname.upper()).strip(" .,;")
    text = without_unmatched_brackets(_STRENGTH.sub(" ", _DICTIONARY_NUMBER.sub(" ", plain)))
    words = [word for word in _BLANKS.split(text) if word.strip("(),.;-") not in name_words("form")]
    cleaned = " ".join(word for word in words if word.strip("(),.;")).strip(" .,;-")
    return cleaned or plain


def pieces(drugname: str) -> tuple[str, ...]:
    r"""The several drugs of one field: split at semicolons and at FAERS' own separator.

    Examples:
        >>> pieces("BOTOX; ASPIRIN"), pieces(r"Amoxicillin\clavulanate potassium")
        (('BOTOX', 'ASPIRIN'), ('Amoxicillin', 'clavulanate potassium'))
    """
    return tuple(piece.strip() for piece in re.split(r"[;\\]", drugname) if piece.strip())


def ingredients(active_ingredient: str | None) -> tuple[str, ...]:
    r"""Substances of an active ingredient field: distinct, without placeholders, a repeated substance once.

    A choice (` OR `) stays whole: it credits neither side.

    Examples:
        >>> ingredients("ZOLPIDEM\\ZOLPIDEM TARTRATE"), ingredients("HERBALS\\TURMERIC"), ingredients("COSMETICS")
        (('ZOLPIDEM',), ('TURMERIC',), ())
        >>> ingredients("INSULIN\\INSULIN LISPRO")
        ('INSULIN', 'INSULIN LISPRO')
    """
    if not active_ingredient:
        return ()
    parts = dict.fromkeys(_BLANKS.sub(" ", part.upper()).strip(" .") for part in active_ingredient.split("\\"))
    kept = [part for part in parts if part and part not in name_words("placeholder")]
    return tuple(part for part in kept if not any(_is_salt_of(part, other) for other in kept))


def _is_salt_of(name: str, base: str) -> bool:
    """Whether `name` is `base` followed by nothing but words of salts."""
    return name.startswith(base + " ") and set(name[len(base) + 1 :].split()) <= name_words("salt")


def learn(
    rows: Iterable[tuple[str | None, str | None, int]], *, least_share: float = 0.8, least_support: int = 3
) -> dict[str, Learned]:
    """What a name means where FDA coded no ingredient: the ingredient that most other rows with that name carry.

    Args:
        rows: drug name, active ingredient and the number of drug rows with both.
        least_share: the ingredient must stand in at least this part of the rows, in (0.5, 1].
        least_support: and the name in at least this many rows with an ingredient.

    Returns:
        By cleaned name, what was learned; a name below either bound is left out.

    Examples:
        >>> learn([("HUMIRA", "ADALIMUMAB", 9), ("Humira.", "ADALIMUMAB", 1), ("PEN", "INSULIN", 1), ("PEN", None, 4)])
        {'HUMIRA': Learned(ingredient='ADALIMUMAB', share=1.0, support=10)}
    """
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for drugname, active_ingredient, n in rows:
        if drugname and active_ingredient and ingredients(active_ingredient):
            counts[clean(drugname)][active_ingredient.upper().strip()] += n
    found: dict[str, Learned] = {}
    for name, by_ingredient in counts.items():
        support = sum(by_ingredient.values())
        best = min(by_ingredient, key=lambda ingredient: (-by_ingredient[ingredient], ingredient))
        share = by_ingredient[best] / support
        if share >= least_share and support >= least_support:
            found[name] = Learned(best, share, support)
    return found


def map_name(
    drugname: str | None,
    active_ingredient: str | None,
    *,
    tables: Sequence[NameTable] = (),
    learned: dict[str, Learned] | None = None,
) -> tuple[Mapping, ...]:
    r"""What one pair of drug name and active ingredient means: one mapping a substance.

    Args:
        drugname: verbatim name; None where the field is empty.
        active_ingredient: FDA's active ingredient, verbatim; None before 2014q3 and in a long table.
        tables: name tables of the treatments.
        learned: what `learn` found.

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
    by_table = [mapping for table in tables for mapping in _from_table(table, drugname, coded)]
    found = {mapping.substance: mapping for mapping in by_table}
    for mapping in _from_general_rules(drugname, coded, learned or {}):
        # What a treatment's table speaks for is its own: no other spelling of it, nor the bare name, comes beside it.
        if not any(table.find(mapping.substance) for table in tables) and not (found and mapping.method == UNMAPPED):
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


def _from_general_rules(drugname: str | None, coded: Sequence[str], learned: dict[str, Learned]) -> list[Mapping]:
    """The rules that know no treatment: the coded ingredient, then what was learned, then the name itself."""
    name = clean(drugname) if drugname else ""
    if coded:
        product = name if name and name not in coded and len(pieces(drugname or "")) == 1 else None
        return [Mapping(part, product, AMBIGUOUS if " OR " in part else "active ingredient", VERSION) for part in coded]
    if known := learned.get(name):
        method = f"learned (share {known.share:.2f} of {known.support} rows)"
        parts = ingredients(known.ingredient)
        return [Mapping(part, name if name not in parts else None, method, VERSION) for part in parts]
    parts = tuple(dict.fromkeys(clean(piece) for piece in pieces(drugname or "")))
    return [Mapping(part, None, AMBIGUOUS if " OR " in part else UNMAPPED, VERSION) for part in parts]


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
    )


def map_names(
    name_key: Sequence[int], names: Sequence[tuple[str | None, str | None, int]], *, tables: Sequence[NameTable]
) -> dict[str, list[Any]]:
    """The table `drug_substances` for names and their numbers of rows, as columns."""
    learned = learn(names)
    columns: dict[str, list[Any]] = {
        name: [] for name in ("name_key", "substance", "product", "method", "version", "treatment")
    }
    for key, (drugname, active_ingredient, _) in zip(name_key, names, strict=True):
        for mapping in map_name(drugname, active_ingredient, tables=tables, learned=learned):
            columns["name_key"].append(int(key))
            columns["substance"].append(mapping.substance)
            columns["product"].append(mapping.product)
            columns["method"].append(mapping.method)
            columns["version"].append(mapping.version)
            columns["treatment"].append(mapping.treatment)
    return columns
