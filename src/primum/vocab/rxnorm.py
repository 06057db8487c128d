"""Which ingredient does a name of RxNorm stand for? Read from the RRF files that a user downloaded.

Ingredients, precise ingredients, their combinations and brands, with their synonyms; clinical drugs are left to the
cleaning of names, which takes strength and form away. Only RxNorm's own rows are read (SAB = RXNORM, English, not
suppressed). Columns by position, see NLM's RxNorm technical documentation.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from primum.errors import SourceError
from primum.provenance import hash_files
from primum.vocab.dictionary import Dictionary, one_meaning_each, read_text

NAMES, RELATIONS, SOURCES = "RXNCONSO.RRF", "RXNREL.RRF", "RXNSAB.RRF"
_FIELDS: Final = {NAMES: 18, RELATIONS: 16}
_KINDS: Final = ("IN", "PIN", "MIN", "BN")
_SYNONYMS: Final = ("SY", "TMSY", "ET")
# A brand, a precise ingredient and a combination each reach their ingredients by one of these.
_LEADING: Final = frozenset(
    {"tradename_of", "has_tradename", "form_of", "has_form", "has_part", "part_of", "has_precise_ingredient"}
    | {"precise_ingredient_of"}
)
_ONE_WAY: Final = 0.01
"""Part of the relations that may stand one way only: RxNorm lists each in both ways, a file cut in half does not."""


def read_rxnorm(folder: Path) -> Dictionary:
    """The names of an RxNorm release.

    Args:
        folder: holds RXNCONSO.RRF and RXNREL.RRF, or a folder `rrf` with them; RXNSAB.RRF tells the release.

    Raises:
        SourceError: a file is missing, was cut, or does not hold RxNorm's rows.
    """
    place = _folder_of_files(folder)
    kinds, names = _concepts(place / NAMES)
    leads_to = _relations(place / RELATIONS, kinds, names)
    told = [
        (name, "\\".join(sorted(substances)), name.upper() if kinds[concept] == "BN" else None)
        for concept, listed in names.items()
        if concept in kinds and (substances := _ingredients(concept, kinds, names, leads_to))
        for name in listed
    ]
    meanings, left_out = one_meaning_each(told)
    if not meanings:
        raise SourceError.of(str(place), "no name leads to an ingredient", "RxNorm's own rows", "Download it again.")
    files = [path for name in (NAMES, RELATIONS, SOURCES) if (path := place / name).is_file()]
    return Dictionary(folder.name, "rxnorm", _release(place / SOURCES), hash_files(files), meanings, left_out)


def _folder_of_files(folder: Path) -> Path:
    for place in (folder, folder / "rrf"):
        there = [name for name in _FIELDS if (place / name).is_file()]
        if len(there) == len(_FIELDS):
            return place
        if there:
            missing = next(name for name in _FIELDS if name not in there)
            raise SourceError.of(str(place), f"no {missing}", f"{NAMES} and {RELATIONS}", "Unpack the whole release.")
    raise SourceError.of(str(folder), f"no {NAMES}", f"a folder with {NAMES} and {RELATIONS}", "Check the folder.")


def _rows(path: Path) -> Iterator[list[str]]:
    """Rows of a file whose every line is whole: so many fields, each closed by a bar."""
    wanted = _FIELDS[path.name]
    text = read_text(path, encoding="utf-8")
    if not text.endswith("\n"):
        raise _cut(path, "its last line has no end")
    for number, line in enumerate(text.split("\n")[:-1], start=1):
        fields = line.rstrip("\r").split("|")
        if len(fields) != wanted + 1:
            raise _cut(path, f"line {number} has {len(fields) - 1} fields")
        yield fields


def _cut(path: Path, given: str) -> SourceError:
    fields = _FIELDS[path.name]
    return SourceError.of(path.name, given, f"a whole file, {fields} fields a line", "Unpack it again.")


def _concepts(path: Path) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Kind of each concept that matters, and the names of every concept."""
    kinds: dict[str, str] = {}
    names: dict[str, list[str]] = {}
    for concept, language, *fields in _rows(path):
        source, kind, name, suppressed = fields[9], fields[10], fields[12], fields[14]
        if source != "RXNORM" or language != "ENG":
            continue
        listed = names.setdefault(concept, [])
        if suppressed == "N" and kind in _KINDS:
            kinds[concept] = kind
            listed.insert(0, name)  # the concept's own name before its synonyms
        elif suppressed == "N" and kind in _SYNONYMS:
            listed.append(name)
    return kinds, names


def _relations(path: Path, kinds: dict[str, str], names: dict[str, list[str]]) -> dict[str, set[str]]:
    """From each concept to those it is told by; which is which follows from their kinds, not from the direction."""
    leads_to: dict[str, set[str]] = {}
    seen: set[tuple[str, str]] = set()
    for fields in _rows(path):
        one, other, relation, source, suppressed = fields[0], fields[4], fields[7], fields[10], fields[14]
        if source != "RXNORM" or not one or not other:
            continue
        for concept in (one, other):
            if concept not in names:
                raise _cut(path.with_name(NAMES), f"concept {concept} of {path.name} is not in it")
        seen.add((one, other))
        if relation in _LEADING and suppressed in ("", "N") and one in kinds and other in kinds:
            leads_to.setdefault(one, set()).add(other)
            leads_to.setdefault(other, set()).add(one)
    one_way = sum((other, one) not in seen for one, other in seen)
    if one_way > _ONE_WAY * len(seen):
        raise _cut(path, f"{one_way:,} of {len(seen):,} relations stand in one direction only")
    return leads_to


def _ingredients(
    concept: str, kinds: dict[str, str], names: dict[str, list[str]], leads_to: dict[str, set[str]]
) -> set[str]:
    """Names of the ingredients of a concept: itself, or those it leads to, through a combination where there is one."""
    if kinds[concept] == "IN":
        return {names[concept][0].upper()}
    near = leads_to.get(concept, set())
    combinations = [other for other in near if kinds[other] == "MIN"]
    if kinds[concept] == "BN" and len(combinations) == 1:
        near = leads_to.get(combinations[0], set())
    return {names[other][0].upper() for other in near if kinds[other] == "IN"}


def _release(path: Path) -> str:
    """The release as RXNSAB.RRF tells it (the seventh field of the row whose root source is RXNORM)."""
    if not path.is_file():
        return ""
    for line in read_text(path, encoding="utf-8").splitlines():
        fields = line.split("|")
        if len(fields) > 7 and fields[3] == "RXNORM":
            return fields[6]
    return ""
