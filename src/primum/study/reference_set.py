"""Which drugs are known to cause which outcome and which are not: a reference set, and what its words mean here."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final, Literal

from primum.errors import ReferenceSetError
from primum.vocab.cleaning import is_salt_of
from primum.vocab.reactions import normal

Width = Literal["narrow", "broad"]
FILES: Final[Mapping[str, str]] = {
    "omop": "ohdsi_omopReferenceSet.csv",
    "euadr": "ohdsi_euadrReferenceSet.csv",
    "harpaz": "harpaz_2014_reference_set.csv",
    "ohdsi": "ohdsi_ohdsiNegativeControls.csv",
}
"""Sets by name -> the file they are published in."""
# Columns that name drug, outcome and truth in the layouts that sets come in; without a truth every pair is negative.
LAYOUTS: Final = (
    ("drug", "outcome", "truth"),
    ("exposureName", "outcomeName", "groundTruth"),
    ("DRUG_CONCEPT_NAME", "EVENT_CONCEPT_NAME", "GROUND_TRUTH"),
    ("targetName", "outcomeName", None),
)
_EXPECTED: Final = "columns drug,outcome,truth with truth 1 or 0"


@dataclass(frozen=True, slots=True)
class Control:
    """One pair of a reference set.

    Args:
        drug: as the set writes it.
        outcome: as the set writes it.
        positive: whether the drug is held to cause the outcome.
    """

    drug: str
    outcome: str
    positive: bool


@dataclass(frozen=True, slots=True)
class ReferenceSet:
    """Pairs whose truth is known.

    Args:
        name: short name or file name.
        controls: each pair once.
        digest: SHA-256 of the file.
    """

    name: str
    controls: tuple[Control, ...]
    digest: str

    @property
    def drugs(self) -> tuple[str, ...]:
        """Drugs, each once."""
        return tuple(dict.fromkeys(control.drug for control in self.controls))

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Outcomes, each once."""
        return tuple(dict.fromkeys(control.outcome for control in self.controls))


def read_reference(name: str, folder: Path | None = None) -> ReferenceSet:
    """Read a set by its short name from the folder that holds it, or any file.

    Args:
        name: `omop`, `euadr`, `harpaz`, `ohdsi`, or a CSV file in one of `LAYOUTS`.
        folder: where the published files lie; they do not come with Primum.

    Raises:
        ReferenceSetError: no such file, columns that no layout has, a truth that is neither 1 nor 0, or a pair that is
            said to be both; all faults of the rows together.
    """
    path = _path_of(name, folder)
    try:
        content = path.read_bytes()
        rows = list(csv.DictReader(content.decode("utf-8-sig").splitlines(), strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        told = getattr(error, "strerror", None) or str(error)
        raise ReferenceSetError.of(
            str(path), told, f"a CSV file in UTF-8 with {_EXPECTED}", "Check the file."
        ) from error
    columns = set(rows[0]) if rows else set()
    layout = next((one for one in LAYOUTS if {column for column in one if column} <= columns), None)
    if layout is None:
        given = f"columns {', '.join(sorted(filter(None, columns)))}" if rows else "no row"
        raise ReferenceSetError.of(str(path), given, _EXPECTED, "Rename the columns.")
    return ReferenceSet(
        name if name in FILES else path.name, _controls(path, rows, layout), hashlib.sha256(content).hexdigest()
    )


def _path_of(name: str, folder: Path | None) -> Path:
    if name not in FILES:
        return Path(name)
    if folder is None:
        raise ReferenceSetError.of(
            f"Reference set {name}",
            "no folder was named",
            f"the folder that holds {FILES[name]}",
            "Name it with --reference-dir DIR; the published sets do not come with Primum.",
        )
    return folder / FILES[name]


def _controls(path: Path, rows: list[dict[str, str]], layout: tuple[str, str, str | None]) -> tuple[Control, ...]:
    drug, outcome, truth = layout
    told: dict[tuple[str, str], bool] = {}
    faults = []
    for number, row in enumerate(rows, start=2):
        given = "0" if truth is None else (row[truth] or "").strip()
        pair = " ".join((row[drug] or "").split()), " ".join((row[outcome] or "").split())
        if given not in ("0", "1") or not all(pair):
            faults.append(f'row {number}: drug "{pair[0]}", outcome "{pair[1]}", truth "{given}"')
        elif told.setdefault(pair, given == "1") != (given == "1"):
            faults.append(f"row {number}: {pair[0]} - {pair[1]} is said to be both true and false")
    if faults:
        more = f" and {len(faults) - 5} more" if len(faults) > 5 else ""
        raise ReferenceSetError.of(str(path), "; ".join(faults[:5]) + more, _EXPECTED, "Correct these rows.")
    return tuple(Control(*pair, positive) for pair, positive in told.items())


def terms_of(
    outcome: str, width: Width, own: Mapping[str, Mapping[Width, frozenset[str]]] | None = None
) -> frozenset[str]:
    """Preferred terms, as they are compared, that an outcome of a set is looked for by.

    Args:
        outcome: as the set writes it, or one of our own names; anything else is taken for a preferred term itself.
        width: `narrow`, terms that name the outcome; `broad`, signs, findings and near terms as well.
        own: lists of the user's, by outcome in capitals; they come before ours.

    Examples:
        >>> sorted(terms_of("Priapism", "narrow")), len(terms_of("priapism", "broad"))
        (['PRIAPISM'], 5)
        >>> terms_of("Ingrowing nail", "narrow")
        frozenset({'INGROWING NAIL'})
    """
    key = " ".join(outcome.upper().split())
    lists = (own or {}).get(key) or _term_lists().get(_names().get(key, key))
    if lists is None:
        return frozenset({normal(outcome)})
    return lists["narrow"] | lists["broad"] if width == "broad" else lists["narrow"]


def read_terms(path: Path) -> dict[str, dict[Width, frozenset[str]]]:
    """Term lists of the user's own.

    Args:
        path: CSV with the columns `outcome,level,term`, level `narrow` or `broad`; broad rows are added to narrow ones.

    Raises:
        ReferenceSetError: it cannot be read, a column is missing or a level is neither.
    """
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        told = getattr(error, "strerror", None) or str(error)
        raise ReferenceSetError.of(str(path), told, "a CSV file outcome,level,term", "Check the file.") from error
    for number, row in enumerate(rows, start=2):
        if not {"outcome", "level", "term"} <= set(row) or row["level"] not in ("narrow", "broad"):
            raise ReferenceSetError.of(
                str(path), f"row {number}: {dict(row)}", "outcome,level,term with level narrow or broad", "Correct it."
            )
    return _lists((" ".join(row["outcome"].upper().split()), row["level"], row["term"]) for row in rows)


def substances_of(drug: str, known: Iterable[str]) -> list[int]:
    """Places of the substances of the store that a drug of a set is: its name, another name of it, or a salt of either.

    Examples:
        >>> substances_of("Thyroxine", ["ABACAVIR", "LEVOTHYROXINE", "LEVOTHYROXINE SODIUM"])
        [1, 2]
    """
    plain = " ".join(drug.upper().split())
    bases = (plain, *_other_names().get(plain, ()))
    return [i for i, name in enumerate(known) if any(name == base or is_salt_of(name, base) for base in bases)]


@cache
def _names() -> Mapping[str, str]:
    """Outcome as sets write it, in capitals -> our name in capitals."""
    return {row["named"].upper(): row["outcome"].upper() for row in _rows("reference_outcomes.csv")}


@cache
def _term_lists() -> Mapping[str, Mapping[Width, frozenset[str]]]:
    return _lists((row["outcome"].upper(), row["level"], row["term"]) for row in _rows("reference_terms.csv"))


@cache
def _other_names() -> Mapping[str, tuple[str, ...]]:
    names: dict[str, tuple[str, ...]] = {}
    for row in _rows("reference_drugs.csv"):
        key = row["named"].upper()
        names[key] = (*names.get(key, ()), row["substance"])
    return names


def _lists(rows: Iterable[tuple[str, str, str]]) -> dict[str, dict[Width, frozenset[str]]]:
    lists: dict[str, dict[Width, frozenset[str]]] = {}
    for outcome, level, term in rows:
        widths = lists.setdefault(outcome, {"narrow": frozenset(), "broad": frozenset()})
        width: Width = "narrow" if level == "narrow" else "broad"
        widths[width] |= {normal(term)}
    return lists


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files("primum.study").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
