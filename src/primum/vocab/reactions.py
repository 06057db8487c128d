"""Which reaction terms are one term, and which of them are not harm at all?

Terms are the preferred-term strings that FDA publishes, compared in capitals and trimmed. Terms that MedDRA renamed are
pooled under their present name. Each term lies in one bin: what was treated (`indication`), `lack_of_effect`,
`product_quality`, `medication_error`, `off_label`, `nothing_told` (no event, or none that is named), and `harm` for all
others. Published lists that mix them report the wrinkle as a side effect of the wrinkle injection.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

from primum.errors import EvidenceError
from primum.terms import HARM

if TYPE_CHECKING:
    import ibis

BINS: Final = (
    HARM,
    "indication",
    "lack_of_effect",
    "product_quality",
    "medication_error",
    "off_label",
    "nothing_told",
)
DEVICE_PROBLEM: Final = "DEVICE PROBLEM: "  # how terms begin that tell what a device did, not what befell a person
VERSION: Final = "terms-3"
"""Version of the two tables of this room; raise it when a row changes."""


def normal(term: str) -> str:
    """A term as it is compared: capitals, trimmed, blanks single, under its present name.

    Examples:
        >>> normal(" Therapeutic response decreased ")
        'THERAPEUTIC PRODUCT EFFECT DECREASED'
    """
    plain = " ".join(term.upper().split())
    return renamed_terms().get(plain, plain)


@cache
def renamed_terms() -> Mapping[str, str]:
    """Former name of a term -> its present name."""
    return {row["term"]: row["now"] for row in _rows("renamed_terms.csv")}


@cache
def general_bins() -> Mapping[str, str]:
    """Bins that hold for every treatment."""
    return {row["term"]: row["bin"] for row in _rows("term_bins.csv")}


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files("primum.vocab").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def pooled(term: ibis.expr.types.StringColumn) -> ibis.expr.types.StringColumn:
    """The column of terms with renamed terms under their present name."""
    return term.cases(*renamed_terms().items(), else_=term)


@dataclass(frozen=True, slots=True)
class TermBins:
    """The bins of terms for one treatment, and what its label says.

    Args:
        treatment: id of the treatment; empty for the general bins alone.
        own: bins that hold for this treatment, by term; they come before the general ones.
        label_sources: by term, the sources that quote it from the treatment's label. A term that is not there is not
            known to be unlisted: the labels were read in part only.

    Raises:
        ValueError: a bin that does not exist.

    Examples:
        >>> bins = TermBins("test", {"SKIN WRINKLING": "indication"})
        >>> bins.bin("Skin wrinkling"), bins.bin("Drug ineffective"), bins.bin("Eyelid ptosis")
        ('indication', 'lack_of_effect', 'harm')
        >>> bins.bin("DEVICE PROBLEM: BREAK")
        'product_quality'
    """

    treatment: str = ""
    own: Mapping[str, str] = field(default_factory=dict)
    label_sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if wrong := sorted(set(self.own.values()) - set(BINS)):
            raise ValueError(f"Bin {wrong[0]} does not exist; expected one of {', '.join(BINS)}.")

    def bin(self, term: str) -> str:
        """The bin of a term; what a device did is a matter of its quality."""
        name = normal(term)
        known = self.own.get(name) or general_bins().get(name)
        return known or ("product_quality" if name.startswith(DEVICE_PROBLEM) else HARM)

    def listed(self, term: str) -> bool | None:
        """True where a label that was read names the term; None where none did."""
        return True if normal(term) in self.label_sources else None

    def terms_in(self, bin_name: str) -> tuple[str, ...]:
        """The terms of a bin other than `harm`, which is what no table names; device problems are not listed."""
        known = {**general_bins(), **self.own}
        return tuple(sorted(term for term, there in known.items() if there == bin_name))

    @property
    def not_harm(self) -> tuple[str, ...]:
        """Every term that lies in another bin than harm."""
        known = {**general_bins(), **self.own}
        return tuple(sorted(term for term, there in known.items() if there != HARM))


def term_bins(treatment: str, rows: Iterable[Mapping[str, str]], *, folder: str) -> TermBins:
    """Build the bins from the rows of `terms.csv`, all faults told together.

    Raises:
        EvidenceError: an unknown bin, a term listed twice, or a listed term without its source.
    """
    own: dict[str, str] = {}
    label_sources: dict[str, tuple[str, ...]] = {}
    faults: list[str] = []
    for number, row in enumerate(rows, start=2):
        term, where = normal(row["term"]), f"terms.csv, row {number}"
        if term in own:
            faults.append(f'{where}: term "{row["term"]}" stands twice; expected each term once')
        if row["bin"] not in BINS:
            faults.append(f'{where}: bin is "{row["bin"]}"; expected one of {", ".join(BINS)}')
        if row["listed"] not in ("", "yes") or (row["listed"] == "yes") != bool(row["source"]):
            faults.append(f"{where}: listed is yes with the source of the label, or both are empty")
        own[term] = row["bin"]
        if row["listed"] == "yes":
            label_sources[term] = tuple(row["source"].split(";"))
    if faults:
        raise EvidenceError.from_faults(folder, faults)
    return TermBins(treatment, own, label_sources)
