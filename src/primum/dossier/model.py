"""What is the answer made of, before anybody renders it? Parts of findings, tables, figures and text, all frozen.

A number never stands here as text: it is a `Ref`, the id of a finding and the way to show it. Renderers round; nothing
in this room computes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from primum import notebook
from primum.dossier.figures import Drawing
from primum.errors import UnknownNameError
from primum.evidence.finding import Finding
from primum.provenance import Run, Source

if TYPE_CHECKING:
    from primum.dossier.shown import Shown

SCHEMA: Final = "primum.dossier/1"

PARTS: Final[tuple[tuple[str, str], ...]] = (
    ("short_answer", "The short answer"),
    ("mechanism", "How it works"),
    ("reports", "What was reported"),
    ("trials", "Harm in trials"),
    ("benefits", "What it is good for"),
    ("side_effects", "Side effects: how often, how soon, how long"),
    ("dose", "Dose"),
    ("resistance", "Does it stop working?"),
    ("practice", "Who gives it and how it is prepared"),
    ("effects_table", "Benefit against harm"),
    ("claims", "Claim check"),
    ("unknowns", "What we do not know"),
    ("methods", "Methods and provenance"),
)

READERS: Final = ("patient", "clinician")

Show = Literal[
    "value",  # the number in its own unit, or the word of a status
    "quantity",  # the number with its unit
    "interval",  # "33 to 93", with the unit of the value
    "with_interval",  # "63 (33 to 93)"
    "quantity_range",  # "20 units", or "2 to 7 days" where there is a range, or the words of a statement
    "per_1000",  # a share as so many in 1,000
    "per_1000_signed",  # a difference of shares as so many more or fewer in 1,000
    "per_1000_interval",
    "without_per_1000",  # of 1,000, those who did not
    "percent",
    "counts",  # "38 of 3,431"
    "denominator",  # "3,431"
]
_SHOWS: Final[Mapping[str, Show]] = {str(show): show for show in get_args(Show)}
Status = Literal["complete", "partial", "missing"]
_ID: Final = re.compile(r"[a-z][a-z0-9_]*")
_REFERENCE: Final = re.compile(r"\{([a-z0-9_]+(?:\.[A-Za-z0-9_\-]+)+)(?:\|([a-z_0-9]+))?\}|\[@([A-Za-z0-9_\-.;]+)\]")


@dataclass(frozen=True, slots=True)
class Ref:
    """A finding, by id, and how to show it."""

    finding: str
    show: Show = "value"


@dataclass(frozen=True, slots=True)
class Cite:
    """A footnote mark: the sources by id."""

    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict word of the claim check; it may stand in a table alone."""

    word: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Letters that point to the caveats under a table."""

    letters: tuple[str, ...]


Span = str | Ref | Cite | Mark
Cell = str | Ref | Cite | Verdict | tuple[Span, ...]


def prose(text: str) -> tuple[Span, ...]:
    """Words with references to findings (`{id}` or `{id|show}`) and sources (`[@id]`, `[@id;id]`), read into spans.

    Raises:
        ValueError: a finding is to be shown in a way that there is not.

    Examples:
        >>> prose("Of {a.b|counts} people [@smith2001].")
        ('Of ', Ref(finding='a.b', show='counts'), ' people ', Cite(sources=('smith2001',)), '.')
    """
    spans: list[Span] = []
    position = 0
    for match in _REFERENCE.finditer(text):
        if match.start() > position:
            spans.append(text[position : match.start()])
        finding, show, source = match.groups()
        if show and show not in _SHOWS:
            raise ValueError(f'{finding} is to be shown as "{show}"; expected one of {", ".join(_SHOWS)}.')
        spans.append(Cite(tuple(source.split(";"))) if source else Ref(finding, _SHOWS[show or "value"]))
        position = match.end()
    if position < len(text):
        spans.append(text[position:])
    return tuple(spans)


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph, a list or a note, made of spans.

    Args:
        lines: one paragraph, or the items of a list.
        kind: how it stands on the page; a `caveat` is set apart, `boxes` are a list to tick off.
    """

    lines: tuple[tuple[Span, ...], ...]
    kind: Literal["paragraph", "list", "caveat", "boxes", "heading"] = "paragraph"


def paragraph(*texts: str, kind: Literal["paragraph", "list", "caveat"] = "paragraph") -> Text:
    """A text block from templates, see `prose`."""
    return Text(tuple(prose(text) for text in texts), kind=kind)


def sentence(text: str, *, kind: Literal["paragraph", "caveat"] = "paragraph") -> Text:
    """A paragraph of words as they are; what came from data is never read as a template."""
    return Text(((text,),), kind=kind)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its head, and whether it holds numbers (set right, never wrapped)."""

    label: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose first column names the row.

    Args:
        id: plain word, unique in its section.
        title: what it shows.
        columns: its heads.
        rows: one cell a column.
        note: what holds for all of it.
        caveats: lettered from a on; a `Mark` in a cell points to them.
        folded: long and of second order: a page opens it on demand and does not print it.

    Raises:
        ValueError: a row does not have one cell a column, or the id is not a plain word.
    """

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    caveats: tuple[str, ...] = ()
    folded: bool = False

    def __post_init__(self) -> None:
        _check_id("table", self.id)
        for number, row in enumerate(self.rows, start=1):
            if len(row) != len(self.columns):
                raise ValueError(
                    f"Table {self.id}, row {number}: {len(row)} cells; expected {len(self.columns)}, one a column."
                )


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture and the table that says the same in words.

    Args:
        id: plain word, unique in the dossier.
        title: what is drawn.
        description: what a reader who cannot see it should know: axes, order, what stands out.
        drawing: what to draw, see `primum.dossier.figures`.
        twin: the same numbers as a table.
        folded: of second order: a page opens it on demand and does not print it.
    """

    id: str
    title: str
    description: str
    drawing: Drawing
    twin: Table
    folded: bool = False

    def __post_init__(self) -> None:
        _check_id("figure", self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One section of the answer.

    Args:
        id: one of `PARTS`.
        number: its place, 0 to 12.
        title: its heading.
        status: `partial` and `missing` say in `missing` what is not here and which command brings it.
        missing: a sentence for each thing that is not here.
        blocks: text, tables and figures in reading order.
        findings: ids of the numbers it shows or stands on.

    Raises:
        ValueError: the id or number is not one of the thirteen, or status and `missing` contradict each other.
    """

    id: str
    number: int
    title: str
    status: Status
    missing: tuple[str, ...] = ()
    blocks: tuple[Text | Table | Figure, ...] = ()
    findings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.number < len(PARTS) or PARTS[self.number][0] != self.id:
            raise ValueError(f"Part {self.number} {self.id} is not one of the {len(PARTS)} sections of a dossier.")
        if (self.status == "complete") != (not self.missing):
            raise ValueError(f"Part {self.id} is {self.status} but names {len(self.missing)} missing things.")

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables shown, without the twins of figures."""
        return tuple(block for block in self.blocks if isinstance(block, Table))

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The figures shown."""
        return tuple(block for block in self.blocks if isinstance(block, Figure))

    def all_tables(self) -> tuple[Table, ...]:
        """Tables and the twins of figures."""
        return (*self.tables, *(figure.twin for figure in self.figures))


Block = Text | Table | Figure


@dataclass(frozen=True, slots=True)
class Chapter:
    """A heading of a brief and what stands under it."""

    id: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """The same answer for one kind of reader, on a few pages.

    Args:
        reader: `patient` or `clinician`.
        title: what it is.
        chapters: in reading order.

    Raises:
        ValueError: the reader is not known.
    """

    reader: str
    title: str
    chapters: tuple[Chapter, ...]

    def __post_init__(self) -> None:
        if self.reader not in READERS:
            raise ValueError(f'A brief for "{self.reader}"; expected one of {", ".join(READERS)}.')

    def spans(self) -> Iterator[Any]:
        """Every span and cell of it."""
        for chapter in self.chapters:
            for block in chapter.blocks:
                yield from spans_of(block)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim, its verdict and the numbers that decide it.

    Args:
        verdict: supported, partly, misleading, not supported or unverifiable.
        rule: the rule over findings that decides; empty where a person judged.
        findings: ids of the numbers it was decided on.
        reason: why, in a sentence or two, as spans.
        judged: a person decided, because no number does.
    """

    id: str
    claim: str
    verdict: str
    rule: str
    findings: tuple[str, ...]
    reason: str
    judged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the terminal's screenful tells, chosen by the parts, so that a renderer chooses nothing.

    Args:
        outcomes: rows of the facts box: label, then ids of treated, untreated and difference.
        untreated: what the arm that was not treated got.
        basis: who was counted, under the facts box.
        lines: the other sentences, in order.
    """

    outcomes: tuple[tuple[str, str, str, str], ...] = ()
    untreated: str = "placebo"
    basis: tuple[Span, ...] = ()
    lines: tuple[tuple[Span, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """The whole answer.

    Args:
        treatment: its id, such as `anti-wrinkle`.
        title: its name in plain words.
        question: what is answered.
        subtitle: a few words beside the question.
        parts: the thirteen sections in order.
        findings: every number of the answer, by id.
        claims: the claim check.
        sources: every source that a finding or a text names, in order of first mention.
        run: what ran on what.
        facts: the screenful.
        briefs: the same for readers who want a few pages.

    Raises:
        ValueError: a part is missing or out of order, or something refers to a finding or source that is not here.
    """

    treatment: str
    title: str
    question: str
    subtitle: str
    parts: tuple[Part, ...]
    findings: Mapping[str, Finding]
    claims: tuple[Claim, ...]
    sources: tuple[Source, ...]
    run: Run
    facts: Facts = field(default_factory=Facts)
    briefs: tuple[Brief, ...] = ()
    schema: str = SCHEMA

    def __post_init__(self) -> None:
        if [part.id for part in self.parts] != [name for name, _ in PARTS]:
            raise ValueError(f"A dossier has {len(PARTS)} parts in order; given {[part.id for part in self.parts]}.")
        known = {source.id for source in self.sources}
        for part in self.parts:
            wanted = [*part.findings, *(ref.finding for ref in refs(part))]
            self._check(f"part {part.id}", "finding", wanted, self.findings)
            self._check(f"part {part.id}", "source", [s for cite in cites(part) for s in cite.sources], known)
            ids = [block.id for block in part.blocks if not isinstance(block, Text)]
            if len(set(ids)) < len(ids):
                raise ValueError(f"Part {part.id} names two of its tables or figures alike: {ids}.")
        for brief in self.briefs:
            spans = list(brief.spans())
            wanted = [span.finding for span in spans if isinstance(span, Ref)]
            self._check(f"brief for {brief.reader}", "finding", wanted, self.findings)
            named = [source for span in spans if isinstance(span, Cite) for source in span.sources]
            self._check(f"brief for {brief.reader}", "source", named, known)
        for claim in self.claims:
            self._check(f"claim {claim.id}", "finding", claim.findings, self.findings)
        for finding in self.findings.values():
            if isinstance(finding.value, float) and not math.isfinite(finding.value):
                raise ValueError(
                    f"Finding {finding.id} holds {finding.value}; a number that is not known has no value."
                )
            self._check(f"finding {finding.id}", "source", finding.sources, known)

    def _check(self, where: str, kind: str, wanted: Any, known: Any) -> None:
        lost = sorted(set(wanted) - set(known))
        if lost:
            raise ValueError(
                f"{where.capitalize()} refers to {kind} {', '.join(lost)}, which the dossier does not hold."
            )

    def part(self, name: str) -> Part:
        """The section of that id."""
        return next(part for part in self.parts if part.id == name)

    def brief(self, reader: str) -> Brief:
        """The brief for that reader."""
        return next(brief for brief in self.briefs if brief.reader == reader)

    def show(self, part: str, block: str = "") -> Shown:
        """A section, or one table or picture of it, as a notebook shows it.

        Args:
            part: id of the section, such as `trials`.
            block: id of the table or picture; the whole section where none is given.

        Raises:
            UnknownNameError: there is no such section, or the section has no such table or picture.
        """
        from primum.dossier.shown import Shown

        found = {known.id: known for known in self.parts}
        if part not in found:
            raise UnknownNameError.of("section", part, list(found))
        if not block:
            return Shown(self, found[part])
        named = {shown.id: shown for shown in found[part].blocks if not isinstance(shown, Text)}
        if block not in named:
            raise UnknownNameError.of(f"table or picture of {part}", block, list(named))
        return Shown(self, named[block])

    def _repr_html_(self) -> str:
        """In a notebook: the short answer, and where the rest is."""
        named = ", ".join(f"{part.id} ({part.status})" if part.missing else part.id for part in self.parts)
        rest = notebook.paragraphs([f'The other sections are shown by .show("trials") and so on: {named}.'])
        title = f"<h2>{notebook.said(self.question)}</h2>{notebook.paragraphs([self.title])}"
        return title + self.show("short_answer")._repr_html_() + rest

    def source_number(self, source_id: str) -> int:
        """The footnote number of a source, from 1."""
        return next(n for n, source in enumerate(self.sources, start=1) if source.id == source_id)


def spans_of(block: Text | Table | Figure) -> Iterator[Any]:
    """Every span and cell of a block, cells of several spans taken apart."""
    if isinstance(block, Text):
        for line in block.lines:
            yield from line
    elif isinstance(block, Table):
        for row in block.rows:
            for cell in row:
                yield from cell if isinstance(cell, tuple) else (cell,)
    else:
        yield from (Ref(name) for name in block.drawing.findings())
        yield from spans_of(block.twin)


def refs(part: Part) -> list[Ref]:
    """Every reference to a finding in a part, in reading order."""
    return [span for block in part.blocks for span in spans_of(block) if isinstance(span, Ref)]


def cites(part: Part) -> list[Cite]:
    """Every footnote mark in a part, in reading order."""
    return [span for block in part.blocks for span in spans_of(block) if isinstance(span, Cite)]


def _check_id(kind: str, name: str) -> None:
    if not _ID.fullmatch(name):
        raise ValueError(f'The {kind} id "{name}" is not a plain word of a-z, 0-9 and _.')
