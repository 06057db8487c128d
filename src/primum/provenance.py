"""Who said it, by which method, from which file and version: what must travel with every number."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

Grade = Literal["A", "B", "C"]
GRADES: Final[tuple[Grade, ...]] = ("A", "B", "C")
GRADE_MEANING: Final[dict[Grade, str]] = {
    "A": "primary paper, its table or abstract, or a regulator's own page",
    "B": "page that quotes the label or the paper",
    "C": "secondary page, shown as context only",
}


@dataclass(frozen=True, slots=True)
class Source:
    """One publication, label, regulator's page or data file that a number was taken from.

    Args:
        id: short name used in the evidence tables, such as `brin2023`.
        title: what it is.
        year: year of publication; None where the page prints none.
        url: where it was read; empty for data files of the user.
        kind: journal, review, label, regulator, manufacturer, web or data.
        grade: A, B or C, see `GRADE_MEANING`.
        funding: who paid, in words; "not stated" where the source read does not say.
    """

    id: str
    title: str
    year: int | None
    url: str
    kind: str
    grade: Grade
    funding: str = "not stated"


@dataclass(frozen=True, slots=True)
class Method:
    """How a number was computed.

    Args:
        id: short name, such as `risk_difference_wald`.
        label: one line that a reader understands.
        formula: the equation in plain text; empty where the number is a count.
        citation: paper, page or DOI of the method; empty for a plain count.
    """

    id: str
    label: str
    formula: str = ""
    citation: str = ""


COUNTED: Final = Method("counted", "counted as printed in the source")


@dataclass(frozen=True, slots=True)
class Run:
    """What ran on what: enough to run it again and get the same bytes.

    No clock time stands here: the same input and version must give the same output.

    Args:
        version: version of Primum.
        command: the command line or call that gave this answer.
        evidence_hash: SHA-256 over the treatment's evidence tables.
        evidence_to: month up to which the evidence was read, such as `2026-11`.
        store_hash: snapshot hash of the loaded reports; None when no reports are loaded.
        data_cut: last quarter loaded; None when no reports are loaded.
        packages: versions of the packages that computed.
        synthetic: what must be said where loaded reports are invented; empty where none is.
    """

    version: str
    command: str
    evidence_hash: str
    evidence_to: str
    store_hash: str | None = None
    data_cut: str | None = None
    packages: dict[str, str] = field(default_factory=dict)
    synthetic: str = ""


def hash_files(paths: Iterable[Path]) -> str:
    """SHA-256 over the names and bytes of files, in the order of their names.

    Examples:
        >>> hash_files([])[:8]
        'e3b0c442'
    """
    digest = hashlib.sha256()
    for path in sorted(paths, key=lambda p: p.name):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
