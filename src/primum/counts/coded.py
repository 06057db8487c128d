"""Which number stands for the name of a drug or an event? Numbers are counted in a fraction of the time of texts.

Both roads of `contingency` count numbers: names are numbered in the order of their texts, in this program, and the
engine is given the numbers, so that it never compares a text where it counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from primum.counts.members import Scope, as_written, with_role
from primum.store import schema
from primum.terms import StrArray
from primum.vocab.reactions import pooled

if TYPE_CHECKING:
    import ibis

    from primum.counts.incidence import DrugLevel
    from primum.store.engine import Engine

NO_TREATMENT: Final = -1
_DRUGS, _EVENTS = "drug_codes", "event_codes"


@dataclass(frozen=True, slots=True)
class CodedDrugs:
    """Drug rows by number, while their numbers are staged.

    Args:
        names: of the drugs, in the order of their texts; a code is a place here.
        treatments: whose tables mapped names; `treated` is a place here, or `NO_TREATMENT`.
        rows: `report_key, code, treated` of every drug row in the roles that count, once for each name that it has.
    """

    names: Sequence[str]
    treatments: Sequence[str]
    rows: ibis.Table


@dataclass(frozen=True, slots=True)
class CodedEvents:
    """Reactions by number, while their numbers are staged.

    Args:
        names: of the events, in the order of their texts; a code is a place here.
        rows: `report_key, code` of every reaction.
    """

    names: Sequence[str]
    rows: ibis.Table


@contextmanager
def coded_drugs(engine: Engine, level: DrugLevel, scope: Scope) -> Iterator[CodedDrugs]:
    """Number the drugs of a level of names; inside of the block, the engine knows the numbers."""
    called = named_keys(level)
    found = engine.run(called.filter(called.name.notnull()).order_by("name", "name_key"))
    names, code = numbered(found["name"])
    treatments = sorted({name for name in found["treatment"].tolist() if name is not None})
    place = {None: NO_TREATMENT, **{name: number for number, name in enumerate(treatments)}}
    treated = np.array([place[name] for name in found["treatment"].tolist()], dtype=np.int32)
    try:
        keys = found["name_key"].astype(np.int64)
        coded = engine.stage(_DRUGS, {"name_key": keys, "code": code, "treated": treated})
        drugs, known = with_role(schema.table("drugs_in_report"), scope), schema.table("drug_names")
        same = [
            drugs.drugname.identical_to(known.drugname),
            drugs.active_ingredient.identical_to(known.active_ingredient),
        ]
        keyed = drugs.join(known, same).select("report_key", known.name_key)
        yield CodedDrugs(names, treatments, keyed.join(coded, "name_key").select("report_key", "code", "treated"))
    finally:
        engine.unstage(_DRUGS)


@contextmanager
def coded_events(engine: Engine) -> Iterator[CodedEvents]:
    """Number the events; inside of the block, the engine knows the numbers."""
    reactions = schema.table("reactions")
    named = reactions.filter(reactions.term.notnull()).select("term", event=pooled(reactions.term)).distinct()
    found = engine.run(named.order_by("event", "term"))
    names, code = numbered(found["event"])
    try:
        coded = engine.stage(_EVENTS, {"term": found["term"], "code": code})
        yield CodedEvents(names, reactions.join(coded, "term").select("report_key", "code"))
    finally:
        engine.unstage(_EVENTS)


def named_keys(level: DrugLevel) -> ibis.Table:
    """Each name of `drug_names` as it is called at a level: `name_key, name, treatment`."""
    names, substances = schema.table("drug_names"), schema.table("drug_substances")
    both = names.join(substances, "name_key")
    return both.select("name_key", name=name_at(both, level), treatment=both.treatment).distinct()


def name_at(drugs: ibis.Table, level: DrugLevel) -> ibis.expr.types.StringColumn:
    """The name of a drug row at a level; a product that is not known is told by its substance."""
    import ibis

    return {
        "verbatim": lambda: as_written(drugs.drugname),
        "product": lambda: ibis.coalesce(drugs["product"], drugs.substance),
        "substance": lambda: drugs.substance,
        "treatment": lambda: ibis.coalesce(drugs.treatment, drugs.substance),
    }[level]()


def numbered(sorted_names: StrArray) -> tuple[list[str], NDArray[np.int32]]:
    """Distinct names of a sorted column, and the number of each row's name.

    Examples:
        >>> names, numbers = numbered(np.array(["pain", "pain", "rash"], dtype=object))
        >>> names, numbers.tolist()
        (['pain', 'rash'], [0, 0, 1])
    """
    names: list[str] = []
    numbers: list[int] = []
    for name in sorted_names.tolist():
        if not names or name != names[-1]:
            names.append(name)
        numbers.append(len(names) - 1)
    return names, np.array(numbers, dtype=np.int32)


def texts_of(names: Sequence[str]) -> StrArray:
    """Names as an array, for the rows of a table to take theirs from."""
    made = np.empty(len(names), dtype=object)
    made[:] = names
    return made
