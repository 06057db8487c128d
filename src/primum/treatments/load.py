"""What do we ask about, and with which evidence? A treatment is a folder of tables, checked whole on load."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from primum.errors import EvidenceError, UnknownNameError
from primum.evidence.finding import Finding
from primum.provenance import GRADES, Source, hash_files
from primum.treatments.checks import table_faults
from primum.treatments.claims import ClaimResult, check_claims, claim_faults, claims_of
from primum.treatments.findings import compute_findings
from primum.treatments.schema import evidence_schema
from primum.treatments.tables import EvidenceTable, Fault, read_table

HOME: Final = Path(__file__).parent
ABOUT: Final = "treatment.toml"
_WORDS: Final = ("id", "name", "question", "short_name", "evidence_to", "comparison", "decision", "dose_unit")
_LISTS: Final = ("aliases", "substances")


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """A treatment with its evidence, every table checked and every number computed.

    Args:
        id: its name on the command line, such as `anti-wrinkle`.
        name: its full name.
        question: the question it answers.
        short_name: what it is called in a sentence.
        aliases: other names it is known by.
        substances: names of its substances.
        evidence_to: month up to which the evidence was read.
        comparison: what the treatment is compared with.
        decision: the decision a reader faces, doing nothing included.
        dose_unit: in which unit its doses are counted, and the warning that goes with it.
        folder: where its tables stand.
        tables: its evidence tables, by name.
        sources: its sources, by id.
        findings: every number, by id.
        claims: every claim, checked.
        evidence_hash: SHA-256 over the files of the folder.
    """

    id: str
    name: str
    question: str
    short_name: str
    aliases: tuple[str, ...]
    substances: tuple[str, ...]
    evidence_to: str
    comparison: str
    decision: str
    dose_unit: str
    folder: Path
    tables: Mapping[str, EvidenceTable]
    sources: Mapping[str, Source]
    findings: Mapping[str, Finding]
    claims: tuple[ClaimResult, ...]
    evidence_hash: str


def known_treatments() -> tuple[str, ...]:
    """The ids of the treatments that ship with the package, in order.

    Examples:
        >>> "anti-wrinkle" in known_treatments()
        True
    """
    return tuple(sorted(_folders()))


def find_treatment(name: str) -> Path:
    """The folder of a treatment, by its id, its folder's name or an alias, in any spelling of case and hyphens.

    Raises:
        UnknownNameError: no treatment has that name.

    Examples:
        >>> find_treatment("Botox").name
        'anti_wrinkle'
    """
    names = {_plain(id): folder for id, folder in _folders().items()}
    names |= {_plain(alias): folder for folder in _folders().values() for alias in _read_about(folder)["aliases"]}
    if _plain(name) not in names:
        raise UnknownNameError.of("treatment", name, known_treatments())
    return names[_plain(name)]


def about_treatment(name: str) -> dict[str, Any]:
    """What the file `treatment.toml` of a known treatment says, without reading its evidence.

    Raises:
        UnknownNameError: no treatment has that name.

    Examples:
        >>> about_treatment("Botox")["id"]
        'anti-wrinkle'
    """
    return _read_about(find_treatment(name))


def load_treatment(name: str | Path) -> Treatment:
    """Load a treatment and check all of it.

    Args:
        name: id or alias of a treatment that ships with the package, or the folder of one's own.

    Returns:
        The treatment, every number computed.

    Raises:
        UnknownNameError: no treatment has that name.
        EvidenceError: its tables hold faults; the message names all of them.

    Examples:
        >>> load_treatment("anti-wrinkle").findings["reports.cote2005.total"].value
        1437
    """
    folder = name if isinstance(name, Path) else _folder(name)
    about, faults = _about(folder)
    tables: dict[str, EvidenceTable] = {}
    for schema in evidence_schema().values():
        tables[schema.name], more = read_table(folder, schema)
        faults += more
    if not faults:  # the checks between tables read cells that must first be right in themselves
        faults = table_faults(tables)
    _stop_at(folder, faults)
    findings, faults = compute_findings(tables)
    claims = check_claims(claims_of(tables["claims"]), findings)
    _stop_at(folder, faults + claim_faults(tables["claims"], claims))
    return Treatment(
        **about,
        folder=folder,
        tables=tables,
        sources=_sources(tables["sources"]),
        findings=findings,
        claims=claims,
        evidence_hash=hash_files(path for path in folder.iterdir() if path.suffix in (".csv", ".toml")),
    )


def _folder(name: str) -> Path:
    """The folder of a known treatment, or else the folder at that path."""
    try:
        return find_treatment(name)
    except UnknownNameError:
        if Path(name).is_dir():
            return Path(name)
        raise


def _stop_at(folder: Path, faults: list[Fault]) -> None:
    if faults:
        raise EvidenceError.from_faults(str(folder), [str(fault) for fault in faults])


def _sources(table: EvidenceTable) -> dict[str, Source]:
    grades = {str(grade): grade for grade in GRADES}
    return {
        row["id"]: Source(
            id=row["id"],
            title=row["title"],
            year=row.integer("year"),
            url=row["url"],
            kind=row["kind"],
            grade=grades[row["grade"]],
            funding=row["funding"],
        )
        for row in table
    }


def _about(folder: Path) -> tuple[dict[str, Any], list[Fault]]:
    """What `treatment.toml` says, and its faults."""
    try:
        given = _read_about(folder)
    except FileNotFoundError:
        return {}, [Fault(ABOUT, None, "", "no such file", f"the file that names the treatment of {folder}")]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return {}, [Fault(ABOUT, None, "", f"cannot be read ({error})", "TOML in UTF-8")]
    faults = [
        Fault(ABOUT, None, word, repr(given.get(word)), "a text")
        for word in _WORDS
        if not isinstance(given.get(word), str)
    ]
    faults += [
        Fault(ABOUT, None, word, repr(given.get(word)), "a list of texts")
        for word in _LISTS
        if not (isinstance(given.get(word), list) and all(isinstance(item, str) for item in given[word]))
    ]
    faults += [
        Fault(ABOUT, None, word, "not known", f"one of {', '.join((*_WORDS, *_LISTS))}")
        for word in given
        if word not in (*_WORDS, *_LISTS)
    ]
    if faults:
        return {}, faults
    return {word: given[word] for word in _WORDS} | {word: tuple(given[word]) for word in _LISTS}, []


def _read_about(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / ABOUT).read_text(encoding="utf-8"))


@cache
def _folders() -> dict[str, Path]:
    """Folders of the treatments that ship with the package, by id."""
    return {str(_read_about(path.parent)["id"]): path.parent for path in sorted(HOME.glob(f"*/{ABOUT}"))}


def _plain(name: str) -> str:
    return " ".join(name.casefold().replace("-", " ").replace("_", " ").split())
