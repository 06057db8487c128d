"""What does a dictionary of drug names say that the user gave: a CSV of their own, RxNorm, or FDA's list of UNIIs?

Nothing of these files ships with Primum. A dictionary is read whole or refused; which one mapped a name is stored with
the name. In a CSV of one's own a name has one meaning. A reference list holds names that mean several things (a brand
that was sold again with another substance); those are left out and counted, never guessed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, get_args

from primum.errors import SourceError
from primum.provenance import hash_files
from primum.vocab.cleaning import clean, ingredients

if TYPE_CHECKING:
    from primum.store import Store

Format = Literal["csv", "rxnorm", "unii"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
COLUMNS: Final = ("name", "substance", "product")


@dataclass(frozen=True, slots=True)
class Meaning:
    """One substance that a name stands for, and the product where it names one."""

    substance: str
    product: str | None = None


@dataclass(frozen=True, slots=True)
class Dictionary:
    """Names and what they mean.

    Args:
        name: of the file or folder it was read from.
        format: kind of file.
        version: release as the file tells it; empty where it does not.
        sha256: hash over what was read.
        meanings: by name, cleaned as `primum.vocab.cleaning.clean` does; several for a combination.
        left_out: names that mean more than one thing.

    Examples:
        >>> Dictionary("mine.csv", "csv", "", "", {"ADVIL": (Meaning("IBUPROFEN", "ADVIL"),)}).find("ADVIL")
        (Meaning(substance='IBUPROFEN', product='ADVIL'),)
    """

    name: str
    format: Format
    version: str
    sha256: str
    meanings: Mapping[str, tuple[Meaning, ...]] = field(repr=False)
    left_out: int = 0

    @property
    def is_reference(self) -> bool:
        """Whether it is a list that others keep, and not one of the user's own."""
        return self.format != "csv"

    def find(self, name: str) -> tuple[Meaning, ...]:
        """Meanings of a cleaned name; none where it is not in the dictionary."""
        return self.meanings.get(name, ())


def read_dictionary(path: Path) -> Dictionary:
    """Read a dictionary; what it is is told by its name and its header.

    Args:
        path: a CSV file `name,substance[,product]`, FDA's list of UNII names (text with tabs), or a folder with
            RxNorm's RXNCONSO.RRF and RXNREL.RRF.

    Raises:
        SourceError: it is none of these, it is not whole, or a name in a CSV has two meanings.
    """
    if path.is_dir():
        from primum.vocab.rxnorm import read_rxnorm

        return read_rxnorm(path)
    text = read_text(path)
    header = text.partition("\n")[0].strip()
    if "\t" in header:
        return _read_unii(path, text)
    return _read_csv(path, text)


def read_text(path: Path, *, encoding: str = "utf-8-sig") -> str:
    """A file's text.

    Raises:
        SourceError: there is no such file, or it is not text.
    """
    expected, do = "a CSV name,substance[,product], a UNII list, or a folder with RxNorm's RRF files", "Check the path."
    try:
        return path.read_text(encoding=encoding)
    except FileNotFoundError as error:
        raise SourceError.of(str(path), "no such file or folder", expected, do) from error
    except UnicodeDecodeError as error:
        raise SourceError.of(path.name, "it is not text in UTF-8", expected, "Save it as UTF-8.") from error
    except OSError as error:
        raise SourceError.of(str(path), error.strerror or str(error), expected, do) from error


def stored_dictionaries(store: Store) -> tuple[Dictionary, ...]:
    """The dictionaries that a store keeps, those of the user's own first, then the reference lists."""
    meanings: dict[str, dict[str, list[Meaning]]] = {}
    for name_of_file, name, *meaning in store.engine.read("user_names", "dictionary", "name", "substance", "product"):
        meanings.setdefault(name_of_file, {}).setdefault(name, []).append(Meaning(*meaning))
    files = store.engine.read("word_files", "kind", "name", "format", "version", "sha256", "left_out")
    found = [
        Dictionary(name, form, version, sha256, {key: tuple(m) for key, m in meanings.get(name, {}).items()}, left_out)
        for kind, name, form, version, sha256, left_out in files
        if kind == "names"
    ]
    return tuple(sorted(found, key=lambda dictionary: (FORMATS.index(dictionary.format), dictionary.name)))


def _read_csv(path: Path, text: str) -> Dictionary:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    given = tuple(reader.fieldnames or ())
    if given not in (COLUMNS, COLUMNS[:2]):
        raise SourceError.of(
            path.name, f"header {','.join(given) or 'missing'}", "name,substance[,product]", "Name the columns so."
        )
    meanings: dict[str, tuple[Meaning, ...]] = {}
    try:
        rows = list(enumerate(reader, start=2))
    except csv.Error as error:
        raise SourceError.of(path.name, f"row {reader.line_num}: {error}", "a whole CSV file", "Check it.") from error
    for number, row in rows:
        name, parts = clean(row["name"] or ""), ingredients(row["substance"])
        if not name or not parts or None in row or None in (row["name"], row["substance"]):
            raise SourceError.of(
                path.name, f"row {number} has no name or no substance", "both, and no further field", "Mend the row."
            )
        product = " ".join((row.get("product") or "").upper().split()) or None
        meant = tuple(Meaning(part, product) for part in parts)
        if meanings.setdefault(name, meant) != meant:
            raise SourceError.of(
                path.name,
                f'row {number}: "{name}" is {_listed(meant)} there and {_listed(meanings[name])} in a row before',
                "one meaning a name",
                "Leave one of them out; nothing was applied.",
            )
    if not meanings:
        raise SourceError.of(path.name, "it holds no name", "at least one row", "Check the file.")
    return Dictionary(path.name, "csv", "", hash_files([path]), meanings)


def _read_unii(path: Path, text: str) -> Dictionary:
    """FDA's list of UNII names: a line a name, with the display name of its substance."""
    expected = "the columns Name, UNII and Display Name with tabs between"
    lines = text.splitlines()
    columns = [column.strip().strip('"').casefold() for column in lines[0].split("\t")]
    missing = [wanted for wanted in ("name", "unii", "display name") if wanted not in columns]
    if missing:
        raise SourceError.of(path.name, f"no column {missing[0]}", expected, "Take the file UNII_Names of the archive.")
    at_name, at_shown = columns.index("name"), columns.index("display name")
    told: list[tuple[str, str, str | None]] = []
    for number, line in enumerate(lines[1:], start=2):
        fields = line.split("\t")
        if len(fields) != len(columns):
            raise SourceError.of(
                path.name, f"line {number} has {len(fields)} fields", f"{len(columns)}", "Download it again."
            )
        told.append((fields[at_name], fields[at_shown], None))
    meanings, left_out = one_meaning_each(told)
    return Dictionary(path.name, "unii", "", hash_files([path]), meanings, left_out)


def one_meaning_each(
    told: Iterable[tuple[str, str, str | None]],
) -> tuple[dict[str, tuple[Meaning, ...]], int]:
    r"""Meanings of the names that have one, and how many have more.

    Args:
        told: name, substances with backslashes between, product.

    Examples:
        >>> one_meaning_each([("Zantac", "RANITIDINE", None), ("ZANTAC", "FAMOTIDINE", None), ("A", "B", None)])
        ({'A': (Meaning(substance='B', product=None),)}, 1)
    """
    found: dict[str, set[tuple[Meaning, ...]]] = {}
    for name, substances, product in told:
        cleaned, parts = clean(name), ingredients(substances)
        if cleaned and parts:
            found.setdefault(cleaned, set()).add(tuple(Meaning(part, product) for part in sorted(parts)))
    several = sum(len(meant) > 1 for meant in found.values())
    return {name: next(iter(meant)) for name, meant in found.items() if len(meant) == 1}, several


def _listed(meant: Iterable[Meaning]) -> str:
    return " and ".join(f"{m.substance}{f' ({m.product})' if m.product else ''}" for m in meant)
