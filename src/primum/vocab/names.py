"""Which words name the drugs of a treatment, and which only look like them?

A table of names is data of the treatment (`names.csv`). Words are compared whole and exactly: `GASPORT` is not
`DYSPORT`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as made
from functools import lru_cache
from typing import Final, Literal, get_args

from primum.errors import EvidenceError

Match = Literal["exact", "words", "false_friend"]
COLUMNS: Final = ("name", "match", "substance", "product", "specific", "cosmetic_only", "seen", "source", "note")

_WORD: Final = re.compile(r"[^\W\d_]+|\d+")


@lru_cache(maxsize=2**16)  # the names of a table are asked for again with every field, and a field by every table
def words(text: str) -> tuple[str, ...]:
    """Words and numbers of a name, in capitals and without accents.

    Examples:
        >>> words("BoNT-A"), words("Botox200 units,"), words("toxina botulínica")
        (('BONT', 'A'), ('BOTOX', '200', 'UNITS'), ('TOXINA', 'BOTULINICA'))
    """
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return tuple(_WORD.findall(text.upper()))


@dataclass(frozen=True, slots=True)
class Name:
    """One row of a table of names.

    Args:
        name: the words, as a reader knows them.
        match: `exact` (the whole field), `words` (these words in this order somewhere in it) or `false_friend` (a field
            that holds these words names something else).
        substance: substance it names; empty for a false friend.
        product: product it names; None where it names the substance only.
        specific: it tells which toxin of the class it is; "botulinum toxin type A" does not.
        cosmetic_only: the product is licensed for nothing but looks.
        seen: `observed` in real report files, or `candidate`: known from elsewhere, to be confirmed.
        source: where it was seen.
    """

    name: str
    match: Match
    substance: str
    product: str | None
    specific: bool
    cosmetic_only: bool
    seen: Literal["observed", "candidate"]
    source: str


@dataclass(frozen=True, slots=True)
class Hit:
    """What a table of names says of one field."""

    substance: str
    product: str | None
    specific: bool
    method: str


@dataclass(frozen=True, slots=True)
class NameTable:
    """The names of a treatment's drugs.

    Args:
        treatment: id of the treatment.
        names: rows of the table.
        version: hash of the table, stored with every mapping.

    Examples:
        >>> row = lambda name, match, substance, product: Name(
        ...     name, match, substance, product, True, False, "observed", "SYNTHETIC")
        >>> table = NameTable("test", (row("ALPHA", "words", "alpha", "ALPHA"),
        ...     row("ALPHA PLUS", "words", "alpha", "ALPHA PLUS"), row("ANTI ALPHA", "false_friend", "", None)), "1")
        >>> [hit.product for hit in table.find("alpha plus 20 units")]
        ['ALPHA PLUS']
        >>> table.find("ALPHABET"), table.find("anti-alpha")
        ((), ())
    """

    treatment: str
    names: tuple[Name, ...]
    version: str
    _beginnings: frozenset[str] = made(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        beginnings = frozenset(word for name in self.names for word in words(name.name)[:1])
        object.__setattr__(self, "_beginnings", beginnings)

    @property
    def substances(self) -> tuple[str, ...]:
        """Substances of the treatment, in the order of the table."""
        return tuple(dict.fromkeys(name.substance for name in self.names if name.substance))

    @property
    def cosmetic_only(self) -> tuple[str, ...]:
        """Products that are licensed for nothing but looks."""
        return tuple(dict.fromkeys(name.product for name in self.names if name.cosmetic_only and name.product))

    def find(self, field: str) -> tuple[Hit, ...]:
        """Substances that a drug field names, by the most telling names; none where it names a false friend.

        A field that offers a choice between several (` OR `) is a name of its own: it credits none of them.
        """
        given = words(field)
        if self._beginnings.isdisjoint(given) or self._holds_false_friend(given):
            return ()
        hits = self._specific(given) or self._general(given)
        if len({hit.substance for hit in hits}) > 1 and "OR" in given:
            return (Hit(" ".join(given), None, specific=False, method="ambiguous"),)
        return hits

    def may_name(self, field: str) -> bool:
        """Whether any name of the table could begin in a drug field; soon told, and false for nearly all of a store."""
        return not self._beginnings.isdisjoint(words(field))

    def is_false_friend(self, field: str) -> bool:
        """Whether a drug field names something else that only looks like a drug of the treatment."""
        return self._holds_false_friend(words(field))

    def _holds_false_friend(self, given: tuple[str, ...]) -> bool:
        return any(_holds(given, words(name.name)) for name in self.names if name.match == "false_friend")

    def _specific(self, given: tuple[str, ...]) -> tuple[Hit, ...]:
        """Every toxin told by name; of one substance the longest name that also tells the product."""
        best: dict[str, Name] = {}
        for name in self._matching(given):
            if name.specific and (name.substance not in best or _telling(name) > _telling(best[name.substance])):
                best[name.substance] = name
        return tuple(_hit(name) for name in best.values())

    def _general(self, given: tuple[str, ...]) -> tuple[Hit, ...]:
        """The longest of the names that tell only the class."""
        general = [name for name in self._matching(given) if not name.specific]
        return (_hit(max(general, key=_telling)),) if general else ()

    def _matching(self, given: tuple[str, ...]) -> Iterable[Name]:
        for name in self.names:
            looked_for = words(name.name)
            if (name.match == "words" and _holds(given, looked_for)) or (name.match == "exact" and given == looked_for):
                yield name


def _hit(name: Name) -> Hit:
    return Hit(name.substance, name.product, name.specific, f"{name.match} {name.name}")


def _telling(name: Name) -> tuple[bool, int]:
    return name.product is not None, len(words(name.name))


def _holds(given: tuple[str, ...], looked_for: tuple[str, ...]) -> bool:
    """Whether the words stand in the field in this order and next to each other."""
    n = len(looked_for)
    return any(given[i : i + n] == looked_for for i in range(len(given) - n + 1))


def name_table(treatment: str, rows: Iterable[Mapping[str, str]], *, version: str, folder: str) -> NameTable:
    """Build the table from the rows of `names.csv`, all faults told together.

    Raises:
        EvidenceError: a row without a name, with an unknown `match` or `seen`, or a name listed twice.
    """
    names: list[Name] = []
    faults: list[str] = []
    for number, row in enumerate(rows, start=2):
        fault = _fault(row, {words(name.name) for name in names})
        if fault:
            faults.append(f"names.csv, row {number}: {fault}")
            continue
        names.append(
            Name(
                row["name"],
                row["match"],  # type: ignore[arg-type]  # checked by _fault
                row["substance"],
                row["product"] or None,
                row["specific"] == "yes",
                row["cosmetic_only"] == "yes",
                row["seen"],  # type: ignore[arg-type]  # checked by _fault
                row["source"],
            )
        )
    if faults:
        raise EvidenceError.from_faults(folder, faults)
    return NameTable(treatment, tuple(names), version)


def _fault(row: Mapping[str, str], taken: set[tuple[str, ...]]) -> str:
    """What is wrong with a row first, or nothing."""
    faults = {
        "name is empty; expected the words of a drug name": not words(row["name"]),
        f'name "{row["name"]}" stands twice; one name has one meaning': words(row["name"]) in taken,
        f'match is "{row["match"]}"; expected exact, words or false_friend': row["match"] not in get_args(Match),
        f'seen is "{row["seen"]}"; expected observed or candidate': row["seen"] not in ("observed", "candidate"),
        "a false friend has no substance, and every other name has one": (row["match"] == "false_friend")
        == bool(row["substance"]),
        f'specific is "{row["specific"]}"; expected yes or no': row["specific"] not in ("yes", "no"),
        f'cosmetic_only is "{row["cosmetic_only"]}"; expected yes or no': row["cosmetic_only"] not in ("yes", "no"),
    }
    return next((fault for fault, is_there in faults.items() if is_there), "")
