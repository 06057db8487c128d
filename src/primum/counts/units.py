"""Does a row speak of doses where units of several drugs meet? A caveat that needs nothing but names.

Where units are biological those of two drugs are not the same, and an "overdose" of the one with the
larger numbers may be its number alone. Because the check needs names and no reports, every row gets it: of one drug, of
every pair, of a comparison whose sides name such drugs, on the arrays and on the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from primum.counts.cohort import Cohort
from primum.counts.known import conditions_of
from primum.counts.members import DRUG_FIELDS, as_written
from primum.counts.table import CountTable
from primum.store import schema
from primum.terms import Coded, IntArray

if TYPE_CHECKING:
    from primum.store import Store

DOSE_WORDS: Final = ("DOSE", "OVERDOSE", "UNDERDOSE")
USES: Final = frozenset({"use", "use_strict"})


def differing_units(store: Store) -> Mapping[str, int]:
    """Names of treatments of which several substances are loaded, and of each drug of theirs, in capitals.

    Returns:
        How many substances the treatment of each name has, at least two.
    """
    names = schema.table("drug_names").join(schema.table("drug_substances"), "name_key")
    told = names.filter(names.treatment.notnull())
    rows = store.engine.rows(
        told.select("treatment", "substance", "product", written=as_written(told.drugname)).distinct()
    )
    called: dict[str, set[str]] = {}
    substances: dict[str, set[str]] = {}
    for treatment, substance, *others in rows:
        substances.setdefault(treatment, set()).add(substance)
        called.setdefault(treatment, {treatment.upper()}).update(n.upper() for n in (substance, *others) if n)
    return {name: len(substances[one]) for one in called if len(substances[one]) > 1 for name in called[one]}


def drugs_compared(units: Mapping[str, int], sides: Iterable[Cohort], asked: str = "") -> int:
    """How many drugs with units of their own the names in a comparison stand for; 0 where no side names one.

    Args:
        units: as `differing_units` gives it.
        sides: the two cohorts. A use is that of the treatments, so it speaks of all of them.
        asked: drug or treatment that the first is narrowed to; empty for none.
    """
    named, uses = [asked.upper()], False
    for one in (condition for side in sides for condition in conditions_of(side)):
        named += [value.upper() for value in one.values] if one.field in DRUG_FIELDS else []
        uses = uses or one.field in USES
    found = [units[name] for name in named if name in units]
    return max(found or (units.values() if uses and not any(named) else ()), default=0)


def unit_artefacts(table: CountTable, units: Mapping[str, int], *, compared: int | None = None) -> Coded:
    """The caveat of each row whose event is a dose and whose drug's units are not those of its treatment's others.

    Args:
        table: the rows.
        units: as `differing_units` gives it.
        compared: of a comparison, whose rows name no drug: how many drugs `drugs_compared` found.

    Returns:
        One text a row; empty where the check does not fire.
    """
    numbers = sorted({*units.values(), compared or 0} - {0})
    texts = np.array(["", *map(_told, numbers)], dtype=object)
    code = np.zeros(len(table), dtype=np.uint8)
    if not numbers:
        return Coded(code, texts)
    place = {0: 0, **{number: i for i, number in enumerate(numbers, start=1)}}
    if compared is None:
        of_row = _each(table, "drug", lambda name: place[units.get(name.upper(), 0)])
    else:
        of_row = np.full(len(table), place[compared], dtype=np.uint8)
    rows = np.flatnonzero(of_row)
    dosed = _each(table, "event", lambda name: not set(DOSE_WORDS).isdisjoint(name.split()), rows)
    rows = rows[dosed > 0]
    code[rows] = of_row[rows]
    return Coded(code, texts)


def _each(table: CountTable, column: str, number: Callable[[str], int], rows: IntArray | None = None) -> NDArray[Any]:
    """A small number of each row's text, asked once for each text where the column knows them by number."""
    if (coded := table.coded.get(column)) is not None:
        of_name = np.array([number(name) for name in coded.names.tolist()], dtype=np.uint8)
        return of_name.take(coded.code if rows is None else coded.code[rows])
    texts = getattr(table, column)
    return np.array([number(name) for name in (texts if rows is None else texts[rows]).tolist()], dtype=np.uint8)


def _told(drugs: int) -> str:
    return f"unit artefact: {drugs} drugs of this treatment are dosed in units that are not the same"
