"""Which numbers stand first, and in which words? A treatment may say so in `telling.toml`; nothing is computed there.

Sentences name findings as `{id}` or `{id|show}` and sources as `[@id]`, see `primum.dossier.model.prose`.
Without the file every section falls back on the order of the evidence tables.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from primum.dossier.figures import PLACES, Station
from primum.dossier.model import PARTS, Cite, Ref, prose
from primum.errors import EvidenceError, nearest

FILE: Final = "telling.toml"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A comparison that stands first, with a plain label; ids of times go with it where sources give them."""

    contrast: str
    label: str
    onset: tuple[str, ...] = ()
    duration: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a screenful: what it speaks of, and a sentence."""

    topic: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveRequest:
    """Which curve of the dose-effect model the mechanism section draws."""

    product: str
    endpoint: str
    dose_units: float
    last_day: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """What the page for a person who decides says in plain words.

    Args:
        how: how the treatment works, in sentences.
        counted: what must be known beside the counts of complaints.
        alarm: when to call for help.
        claims: ids of the claims shown; the first eight where none are named.
    """

    how: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()
    alarm: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What a treatment says about how it is told.

    Args:
        subtitle: a few words beside the question.
        outcomes: harms of the short answer, in order.
        pictured: contrasts drawn as icon arrays.
        basis: who was counted, in a sentence.
        lines: the other sentences of the short answer.
        benefits: contrasts of the benefit rows of the effects table.
        harms: contrasts of its harm rows; those of `outcomes` where none are given.
        use: the use that the question is about; trials of it stand first.
        text: sentences for the head of a section, by section.
        caveats: sentences set apart, by section.
        series: prefixes of the published report series that stand first.
        stations: words of the pathway picture.
        curve: curve of the dose-effect model.
        patient: words of the page for a person who decides.
        load: command that loads the reports that speak of it most.
    """

    subtitle: str = ""
    outcomes: tuple[Outcome, ...] = ()
    pictured: tuple[str, ...] = ()
    basis: str = ""
    lines: tuple[Line, ...] = ()
    benefits: tuple[Outcome, ...] = ()
    harms: tuple[Outcome, ...] = ()
    use: str = ""
    text: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    caveats: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    series: tuple[str, ...] = ()
    stations: tuple[Station, ...] = ()
    curve: CurveRequest | None = None
    patient: Plain = field(default_factory=Plain)
    load: str = "primum load faers --from FOLDER"

    def named(self) -> list[str]:
        """Ids of all findings that its sentences and lists name."""
        spans = [span for text in self._sentences() for span in prose(text)]
        times = [name for outcome in self.outcomes for name in (*outcome.onset, *outcome.duration)]
        shares = [f"{outcome.contrast}.treated" for outcome in (*self.outcomes, *self.benefits, *self.harms)]
        return [*(span.finding for span in spans if isinstance(span, Ref)), *times, *shares]

    def cited(self) -> list[str]:
        """Ids of all sources that its sentences name."""
        spans = [span for text in self._sentences() for span in prose(text)]
        return [source for span in spans if isinstance(span, Cite) for source in span.sources]

    def _sentences(self) -> list[str]:
        by_part = [line for lines in (*self.text.values(), *self.caveats.values()) for line in lines]
        return [
            self.basis,
            *(line.text for line in self.lines),
            *by_part,
            *self.patient.how,
            *self.patient.counted,
            *self.patient.alarm,
        ]


def read_telling(folder: Path, *, findings: Mapping[str, Any], sources: Mapping[str, Any]) -> Telling:
    """Read `telling.toml` of a treatment's folder; an empty one where there is none.

    Args:
        folder: the treatment's folder.
        findings: the treatment's findings by id; every id named must be there.
        sources: the treatment's sources by id; likewise.

    Raises:
        EvidenceError: the file is not TOML, holds an unknown key, or names a finding or source that does not exist.
    """
    file = folder / FILE
    if not file.is_file():
        return Telling()
    try:
        telling = _telling(tomllib.loads(file.read_text(encoding="utf-8")))
        named, cited = telling.named(), telling.cited()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EvidenceError.from_faults(str(folder), [f"{FILE}: cannot be read ({error}); expected TOML"]) from error
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise EvidenceError.from_faults(str(folder), [f"{FILE}: {error}"]) from error
    faults = [
        f"{FILE}: names {kind} {name}; expected one that the tables give{nearest(name, known)}"
        for kind, names, known in (("finding", named, findings), ("source", cited, sources))
        for name in dict.fromkeys(names)
        if name not in known
    ]
    if faults:
        raise EvidenceError.from_faults(str(folder), faults)
    return telling


def _telling(given: Mapping[str, Any]) -> Telling:
    sections = {name for name, _ in PARTS}
    for key in ("text", "caveats"):
        for name in given.get(key, {}):
            if name not in sections:
                raise ValueError(f"{key}.{name} is not a section; expected one of {', '.join(sorted(sections))}")
    known = [f.name for f in fields(Telling)]
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ValueError(f"key {', '.join(unknown)} is not known; expected one of {', '.join(known)}")
    return Telling(
        subtitle=given.get("subtitle", ""),
        basis=given.get("basis", ""),
        use=given.get("use", ""),
        outcomes=_outcomes(given.get("outcomes", [])),
        benefits=_outcomes(given.get("benefits", [])),
        harms=_outcomes(given.get("harms", [])),
        lines=tuple(Line(**line) for line in given.get("lines", [])),
        pictured=tuple(given.get("pictured", [])),
        series=tuple(given.get("series", [])),
        text={name: tuple(lines) for name, lines in given.get("text", {}).items()},
        caveats={name: tuple(lines) for name, lines in given.get("caveats", {}).items()},
        stations=tuple(_station(**station) for station in given.get("stations", [])),
        curve=CurveRequest(**given["curve"]) if "curve" in given else None,
        patient=Plain(**{name: tuple(words) for name, words in given.get("patient", {}).items()}),
        load=given.get("load", Telling().load),
    )


def _outcomes(given: list[dict[str, Any]]) -> tuple[Outcome, ...]:
    return tuple(
        Outcome(row["contrast"], row["label"], tuple(row.get("onset", ())), tuple(row.get("duration", ())))
        for row in given
    )


def _station(*, place: str, label: str) -> Station:
    if place not in PLACES:
        raise ValueError(f'station at "{place}"; expected one of {", ".join(PLACES)}')
    return Station(PLACES[place], label)
