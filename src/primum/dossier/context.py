"""What does a section have at hand? The treatment, its numbers, the reports if any are loaded, and what ran."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from primum.dossier.curves import Modelled
from primum.dossier.loaded import Loaded
from primum.dossier.model import PARTS, Cite, Figure, Part, Ref, Table, Text, spans_of
from primum.dossier.telling import Telling
from primum.evidence.finding import Finding
from primum.provenance import Run, Source
from primum.treatments.load import Treatment
from primum.treatments.tables import EvidenceTable, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """All that a section may use.

    Args:
        treatment: the treatment with its tables, claims and sources.
        findings: every number, those of loaded reports included, by id.
        telling: which of them stand first, in which words.
        reports: the loaded reports; None when there are none.
        modelled: what the dose-effect model says; None where the treatment has no fits.
        run: what ran on what.
    """

    treatment: Treatment
    findings: Mapping[str, Finding]
    telling: Telling
    reports: Loaded | None
    modelled: Modelled | None
    run: Run

    def table(self, name: str) -> EvidenceTable:
        """An evidence table of the treatment."""
        return self.treatment.tables[name]

    def rows(self, name: str) -> Iterator[Row]:
        """The rows of an evidence table."""
        return iter(self.table(name))

    def under(self, prefix: str) -> list[Finding]:
        """Findings whose id begins with a prefix, in order."""
        return [finding for name, finding in self.findings.items() if name.startswith(prefix)]

    def funding(self, finding: Finding) -> str:
        """Who paid for the sources of a number, as far as the sources say."""
        paid = dict.fromkeys(self.source(name).funding for name in finding.sources)
        return "; ".join(paid)

    def source(self, name: str) -> Source:
        """A source by id, of the treatment or of the loaded reports."""
        return self.sources()[name]

    def sources(self) -> Mapping[str, Source]:
        """Every source that may be cited; the treatment's stand before those of its model and of loaded reports."""
        loaded = {self.reports.source.id: self.reports.source} if self.reports else {}
        modelled = self.modelled.sources if self.modelled else {}
        return {**loaded, **modelled, **self.treatment.sources}


def part(
    name: str, blocks: Iterable[Text | Table | Figure], *, missing: Iterable[str] = (), also: Iterable[Finding] = ()
) -> Part:
    """A section from its blocks; its status follows from them, its findings are those it shows and `also`.

    Args:
        name: id of the section.
        blocks: text, tables and figures; empty ones are left out.
        missing: what is not here and which command brings it.
        also: findings that belong here although no table shows them.
    """
    number = [known for known, _ in PARTS].index(name)
    kept = tuple(block for block in blocks if _holds(block))
    lacks = tuple(missing)
    if not kept and not lacks:
        lacks = ("The evidence tables of this treatment hold nothing on it.",)
    shown = [span.finding for block in kept for span in spans_of(block) if isinstance(span, Ref)]
    return Part(
        id=name,
        number=number,
        title=PARTS[number][1],
        status="complete" if not lacks else "partial" if kept else "missing",
        missing=lacks,
        blocks=kept,
        findings=tuple(dict.fromkeys([*shown, *(finding.id for finding in also)])),
    )


def cite(*findings: Finding) -> Cite:
    """The footnote marks of some findings."""
    return Cite(tuple(dict.fromkeys(source for finding in findings for source in finding.sources)))


def _holds(block: Text | Table | Figure) -> bool:
    if isinstance(block, Text):
        return any(block.lines)
    if isinstance(block, Table):
        return bool(block.rows)
    return bool(block.twin.rows)
