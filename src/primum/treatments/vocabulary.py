"""Which names, use rules and reaction bins does a treatment bring?

They lie in the treatment's folder as `names.csv`, `use_rules.csv` and `terms.csv`; the engine knows no treatment by
name.
"""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from primum.cases.use import UseRules, use_rules
from primum.errors import EvidenceError, UnknownNameError
from primum.provenance import hash_files
from primum.vocab.names import COLUMNS as NAME_COLUMNS
from primum.vocab.names import NameTable, name_table
from primum.vocab.reactions import TermBins, term_bins

FOLDER: Final = Path(__file__).parent
USE_RULE_COLUMNS: Final = (
    *("order", "kind", "value", "limit_units", "site", "site_words", "use", "confidence", "source", "note"),
)
TERM_COLUMNS: Final = ("term", "bin", "listed", "source", "note")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of one treatment.

    Args:
        treatment: its id.
        names: its drugs' names, false friends included.
        rules: how a report's use is told.
        bins: bins of reaction terms, and which of them its labels name.
    """

    treatment: str
    names: NameTable
    rules: UseRules
    bins: TermBins


def installed() -> tuple[str, ...]:
    """Ids of the treatments that bring a vocabulary.

    Examples:
        >>> "anti-wrinkle" in installed()
        True
    """
    return tuple(_id_of(path.parent) for path in sorted(FOLDER.glob("*/names.csv")))


def treatment_named(name: str) -> str | None:
    """The id of the treatment that goes by this id or alias; None where there is none.

    Examples:
        >>> treatment_named("Anti-Wrinkle"), treatment_named("dermal-filler"), treatment_named("aspirin")
        ('anti-wrinkle', 'dermal-fillers', None)
    """
    wanted = _plain(name)
    for path in sorted(FOLDER.glob("*/names.csv")):
        described = _described(path.parent)
        if wanted in {_id_of(path.parent), *map(_plain, described.get("aliases", ()))}:
            return _id_of(path.parent)
    return None


def vocabulary(name: str) -> Vocabulary:
    """The vocabulary of one treatment.

    Args:
        name: its id.

    Raises:
        UnknownNameError: no treatment of that id brings a vocabulary.
        EvidenceError: a table does not hold what it should, all faults told together.
    """
    if name not in installed():
        raise UnknownNameError.of("treatment", name, installed())
    return _load(next(path.parent for path in FOLDER.glob("*/names.csv") if _id_of(path.parent) == name))


def vocabularies() -> tuple[Vocabulary, ...]:
    """The vocabularies of all installed treatments, in the order of their ids."""
    return tuple(vocabulary(name) for name in installed())


@cache
def _load(folder: Path) -> Vocabulary:
    treatment = _id_of(folder)
    names = name_table(
        treatment, _rows(folder / "names.csv", NAME_COLUMNS), version=_version(folder / "names.csv"), folder=folder.name
    )
    rules = use_rules(
        treatment,
        _rows(folder / "use_rules.csv", USE_RULE_COLUMNS),
        cosmetic_only=names.cosmetic_only,
        version=_version(folder / "use_rules.csv"),
        folder=folder.name,
    )
    bins = term_bins(treatment, _rows(folder / "terms.csv", TERM_COLUMNS), folder=folder.name)
    return Vocabulary(treatment, names, rules, bins)


def _rows(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Rows of a table whose header is as it should be."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != columns:
            given = ",".join(reader.fieldnames or ()) or "no header"
            fault = f"{path.name}, header: {given}; expected {','.join(columns)}"
            raise EvidenceError.from_faults(path.parent.name, [fault])
        return list(reader)


def _version(path: Path) -> str:
    return hash_files([path])[:12]


@cache
def _described(folder: Path) -> dict[str, list[str]]:
    """`treatment.toml`, as far as names go."""
    path = folder / "treatment.toml"
    if not path.is_file():
        return {}
    described = tomllib.loads(path.read_text(encoding="utf-8"))
    return {"aliases": [str(alias) for alias in described.get("aliases", [])]}


def _plain(name: str) -> str:
    """An id or alias as it is compared: blanks and underscores are hyphens."""
    return "-".join(name.casefold().replace("_", " ").replace("-", " ").split())


def _id_of(folder: Path) -> str:
    return folder.name.replace("_", "-")
