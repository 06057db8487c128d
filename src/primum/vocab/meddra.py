"""Which preferred terms belong to a class, a group or a standardised query of MedDRA? Read from a licensed folder.

Primum ships nothing of MedDRA. Who holds a licence points to a MedAscii folder; its groups then stand in the store, are
never exported, and can be forgotten. Reports carry names of terms and no codes, so groups are kept as names: those of
the preferred terms and of the lowest level terms under them, because a term that a later release demoted still stands
in older reports.

A preferred term has one primary class, and counts there alone (`soc`); groups within classes take it along every path
(`hlt`, `hlgt`). A standardised query is narrow (`smq`) or narrow and broad (`smq_broad`), its child queries included.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, get_args

from primum.errors import SourceError
from primum.provenance import hash_files
from primum.vocab.dictionary import read_text

Level = Literal["soc", "hlgt", "hlt", "smq", "smq_broad"]
LEVELS: Final[tuple[Level, ...]] = get_args(Level)

# Columns of each file, as MSSO's file format document and two public readers agree.
FIELDS: Final = {"pt.asc": 11, "llt.asc": 11, "mdhier.asc": 12, "smq_list.asc": 9, "smq_content.asc": 9}
_VERSION_IN_A_NAME: Final = re.compile(r"(?:version_report|meddra)[^0-9]{0,12}(\d{2})[._](\d)(?!\d)", re.IGNORECASE)
_RELEASE: Final = re.compile(r"\d{1,2}\.\d")
CHILD_QUERY, PREFERRED, LOWEST = "0", "4", "5"  # term_level of smq_content.asc
NARROW: Final = "2"  # term_scope
ACTIVE: Final = "A"  # term_status


@dataclass(frozen=True, slots=True)
class Terminology:
    """Groups of terms of one release.

    Args:
        name: of the folder it was read from.
        version: release, such as `29.0`.
        sha256: hash over the files read.
        groups: terms of each group by level and name, all in capitals.
    """

    name: str
    version: str
    sha256: str
    groups: Mapping[tuple[Level, str], frozenset[str]] = field(repr=False)

    @property
    def terms(self) -> int:
        """How many terms lie in a class."""
        return len(frozenset().union(*(terms for (level, _), terms in self.groups.items() if level == "soc")))


def read_meddra(folder: Path, *, release: str | None = None) -> Terminology:
    """Read a MedAscii folder, whole or not at all.

    Args:
        folder: holds the `.asc` files, or a folder `MedAscii` with them.
        release: the release that it must be, such as `29.0`; None takes what the folder tells.

    Raises:
        SourceError: a file is missing or cut, the release is another one, or cannot be told.
    """
    place = _folder_of_files(folder)
    if release is not None and not _RELEASE.fullmatch(release):
        raise SourceError.of(str(place), f"release {release}", "a release such as 29.0", "Give it so, or leave it out.")
    queries = {fields[0]: fields for fields in _rows(place / "smq_list.asc")}
    version = _version(place, folder, {fields[6].strip() for fields in queries.values()} - {""}, release)
    names = {fields[0]: _plain(fields[1]) for fields in _rows(place / "pt.asc")}
    under = _lowest_terms(place / "llt.asc", names)
    groups = _by_hierarchy(place / "mdhier.asc", names, under)
    groups |= _by_query(place / "smq_content.asc", queries, names, under)
    sha256 = hash_files(place / name for name in FIELDS)
    return Terminology(folder.name, version, sha256, {key: frozenset(terms) for key, terms in groups.items()})


def names_by_code(folder: Path) -> dict[str, str]:
    """Name of the preferred term behind every code of a preferred or lowest level term.

    Args:
        folder: as for `read_meddra`.

    Raises:
        SourceError: a file is missing or cut.
    """
    place = _folder_of_files(folder)
    names = {fields[0]: " ".join(fields[1].split()) for fields in _rows(place / "pt.asc")}
    return {fields[0]: names[fields[2]] for fields in _rows(place / "llt.asc") if fields[2] in names} | names


def _folder_of_files(folder: Path) -> Path:
    for place in (folder, *(folder / name for name in ("MedAscii", "medascii", "ascii-281", "MEDASCII"))):
        there = [name for name in FIELDS if (place / name).is_file()]
        if len(there) == len(FIELDS):
            return place
        if there:
            missing = next(name for name in FIELDS if name not in there)
            raise SourceError.of(str(place), f"no {missing}", ", ".join(FIELDS), "Unpack the whole release.")
    raise SourceError.of(
        str(folder), "no MedAscii files", f"a folder with {', '.join(FIELDS)}", "Name the folder of the release."
    )


def _version(place: Path, folder: Path, told: set[str], release: str | None) -> str:
    """The one release that the files' names and the list of queries tell."""
    for path in {place, folder}:
        for name in (path.name, *(file.name for file in path.iterdir())):
            if match := _VERSION_IN_A_NAME.search(name):
                told.add(f"{match[1]}.{match[2]}")
    if len(told) > 1:
        raise SourceError.of(
            str(place), f"files of the releases {' and '.join(sorted(told))}", "files of one release", "Unpack one."
        )
    if not told and release is None:
        raise SourceError.of(
            str(place), "no file tells the release", "a version_report or smq_list.asc that does", "Give --release."
        )
    found = next(iter(told), release or "")
    if release is not None and found != release:
        raise SourceError.of(str(place), f"release {found}", f"release {release}", "Name the folder of that release.")
    return found


def _rows(path: Path) -> Iterator[list[str]]:
    """Rows of a file; a text with line breaks in it (the notes of queries) is joined until its fields are complete."""
    wanted = FIELDS[path.name]
    try:
        text = read_text(path, encoding="utf-8")
    except SourceError:
        text = read_text(path, encoding="latin-1")  # English releases may be either
    waiting = ""
    for number, line in enumerate(text.splitlines(), start=1):
        waiting = f"{waiting} {line}" if waiting else line
        bars = waiting.count("$")
        if bars < wanted:
            continue
        fields = waiting.split("$")
        if bars > wanted or fields[-1].strip():
            raise _cut(path, f"line {number} has {len(fields) - 1} fields")
        yield fields[:-1]
        waiting = ""
    if waiting.strip():
        raise _cut(path, "its last line is not whole")


def _cut(path: Path, given: str) -> SourceError:
    wanted = FIELDS[path.name]
    return SourceError.of(path.name, given, f"{wanted} fields a line, each closed by $", "Unpack the release again.")


def _plain(name: str) -> str:
    return " ".join(name.upper().split())


def _lowest_terms(path: Path, names: Mapping[str, str]) -> dict[str, set[str]]:
    """Names under each preferred term, its own among them."""
    preferred = frozenset(names.values())
    under = {code: {name} for code, name in names.items()}
    missing = set(names)  # every preferred term stands among the lowest ones too
    for fields in _rows(path):
        if fields[2] not in under:
            raise _cut(path, f"term {fields[0]} lies under {fields[2]}, which pt.asc does not hold")
        name = _plain(fields[1])
        if name not in preferred or name == names[fields[2]]:
            under[fields[2]].add(name)
        missing.discard(fields[0])
    if missing:
        raise _cut(path, f"preferred term {min(missing)} has no term there")
    return under


def _by_hierarchy(
    path: Path, names: Mapping[str, str], under: Mapping[str, set[str]]
) -> dict[tuple[Level, str], set[str]]:
    groups: dict[tuple[Level, str], set[str]] = {}
    placed: set[str] = set()
    for fields in _rows(path):
        code, primary = fields[0], fields[11] == "Y"
        if code not in under:
            raise _cut(path, f"term {code} is not in pt.asc")
        levels: list[tuple[Level, str]] = [("hlt", fields[5]), ("hlgt", fields[6])]
        if primary:
            levels.append(("soc", fields[7]))
            placed.add(code)
        for level, name in levels:
            groups.setdefault((level, _plain(name)), set()).update(under[code])
    if lost := sorted(set(names) - placed):
        raise _cut(path, f"{len(lost)} preferred terms have no primary class, the first is {lost[0]}")
    return groups


def _by_query(
    path: Path, queries: Mapping[str, list[str]], names: Mapping[str, str], under: Mapping[str, set[str]]
) -> dict[tuple[Level, str], set[str]]:
    """Terms of the queries by name, narrow and broad, those of child queries included however deep they lie."""
    own: dict[str, list[list[str]]] = {code: [] for code in queries}
    of_lowest = {fields[0]: fields for fields in _rows(path.with_name("llt.asc"))}
    for fields in _rows(path):
        if fields[0] not in own:
            raise _cut(path, f"query {fields[0]} is not in smq_list.asc")
        if fields[6] in ("", ACTIVE):
            own[fields[0]].append(fields)

    def terms(code: str, *, broad: bool, above: tuple[str, ...] = ()) -> Iterable[str]:
        if code in above:
            raise _cut(path, f"query {code} is a child of its own")
        for fields in own[code]:
            member, level = fields[1], fields[2]
            if level == CHILD_QUERY:
                if member not in own:
                    raise _cut(path, f"query {member} is not in smq_list.asc")
                yield from terms(member, broad=broad, above=(*above, code))
            elif fields[3] == NARROW or broad:
                if level == PREFERRED and member in under:
                    yield from under[member]
                elif level == LOWEST and member in of_lowest:
                    yield _plain(of_lowest[member][1])
                else:
                    raise _cut(path, f"term {member} of query {code} is in no file")

    if empty := [code for code, members in own.items() if not members]:
        raise _cut(path, f"query {empty[0]} has no term")
    groups: dict[tuple[Level, str], set[str]] = {}
    for code, fields in queries.items():
        name = re.sub(r"(?:\s*\(SMQ\))+$", "", _plain(fields[1]))
        groups["smq", name] = set(terms(code, broad=False))
        groups["smq_broad", name] = set(terms(code, broad=True))
    return groups
