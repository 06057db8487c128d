"""How do loaded reports stand in the answer? Flow, use, reactions and signals: counts of reports, never of people harmed."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from primum.dossier.figures import BarRow, Bars, Forest, ForestRow, Tone
from primum.dossier.model import Cell, Column, Figure, Ref, Table, Text, paragraph
from primum.evidence.finding import Finding
from primum.provenance import COUNTED, Method, Source
from primum.terms import USES, Interval

if TYPE_CHECKING:
    from primum.counts.profile import FlowStep, NameCoverage, Tally
    from primum.signals.table import SignalTable

SOURCE: Final = "loaded_reports"
HARM: Final = "harm"
FEWEST: Final = 3  # reports a pair must have to be shown as standing out; the usual least count of the field
_TOP: Final = 15
_ABOUT: Final = "reports, not people harmed and not a rate"
_BINS: Final[Mapping[str, str]] = {
    HARM: "a reaction",
    "indication": "what it was given for",
    "lack_of_effect": "no effect",
    "off_label": "use outside the label",
    "quality": "quality of the product",
    "error": "error in giving it",
    "exposure": "exposure without harm",
}
_WHO: Final[Mapping[str, str]] = {
    "serious": "Serious",
    "outcome": "Outcome (a report can have several)",
    "sex": "Sex",
    "age": "Age in years",
    "reporter": "Who reported",
}


class ReactionLike(Protocol):
    """Reports of a use that name a reaction."""

    @property
    def use(self) -> str: ...
    @property
    def term(self) -> str: ...
    @property
    def bin(self) -> str: ...
    @property
    def listed(self) -> bool | None: ...
    @property
    def reports(self) -> int: ...


class LoadedReports(Protocol):
    """What the loaded reports say of a treatment; `primum.study.reports.ReportsAnswer` is one."""

    @property
    def snapshot(self) -> str: ...
    @property
    def data_cut(self) -> str | None: ...
    @property
    def reports(self) -> int: ...
    @property
    def flow(self) -> Sequence[FlowStep]: ...
    @property
    def tallies(self) -> Mapping[str, Sequence[Tally]]: ...
    @property
    def reactions(self) -> Sequence[ReactionLike]: ...
    @property
    def names(self) -> NameCoverage: ...
    @property
    def signals(self) -> SignalTable | None: ...
    @property
    def contrast(self) -> SignalTable | None: ...
    @property
    def notes(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Loaded reports in the terms of a dossier.

    Args:
        findings: every number shown, ids beginning with `reports.loaded.`.
        source: the store as a source.
        methods: statistics that ran.
        blocks: text, tables and figures in reading order.
    """

    findings: tuple[Finding, ...]
    source: Source
    methods: tuple[Method, ...]
    blocks: tuple[Text | Table | Figure, ...]


def read(answer: LoadedReports) -> Loaded:
    """What the loaded reports say, as findings and blocks."""
    writer = _Writer(f"reports loaded to {answer.data_cut}" if answer.data_cut else "all reports loaded")
    blocks = [*_flow(writer, answer), *_uses(writer, answer)]
    if answer.reports:
        blocks += [*_reactions(writer, answer), *_people(writer, answer)]
        blocks += _signals(writer, answer.signals, "all", "The treatment against everything else")
        blocks += _signals(writer, answer.contrast, "uses", "Cosmetic against therapeutic use of the same substances")
    tables = [table for table in (answer.signals, answer.contrast) if table is not None]
    methods = {method.id: method for table in tables for method in table.methods}
    source = Source(
        id=SOURCE,
        title=f"Reports in the store, snapshot {answer.snapshot[:16]}"
        + (f", to {answer.data_cut}" if answer.data_cut else ""),
        year=None,
        url="",
        kind="data",
        grade="A",
        funding="not stated",
    )
    return Loaded(
        findings=tuple(writer.findings.values()), source=source, methods=tuple(methods.values()), blocks=tuple(blocks)
    )


class _Writer:
    """Makes findings with names of their own and remembers them."""

    def __init__(self, window: str) -> None:
        self.window = window
        self.findings: dict[str, Finding] = {}

    def count(self, name: str, label: str, value: int, *, of: int | None = None) -> Ref:
        """A count of reports; shown with its whole where it has one."""
        finding = Finding(
            id=self._free(name),
            label=label,
            value=value,
            unit="reports",
            numerator=value if of is not None else None,
            denominator=of,
            population="current reports with the treatment as a suspect drug",
            window=self.window,
            method=COUNTED,
            sources=(SOURCE,),
            warnings=(_ABOUT,),
        )
        self.findings[finding.id] = finding
        return Ref(finding.id, "value" if of is None else "counts")

    def statistic(
        self, name: str, label: str, three: tuple[float, float, float], *, level: float, method: Method
    ) -> Cell:
        """A statistic with its bounds; the word none where it could not be computed."""
        lower, value, upper = three
        if not math.isfinite(value):
            return "none"
        ends = Interval(lower, upper, level=level) if math.isfinite(lower) and math.isfinite(upper) else None
        finding = Finding(
            id=self._free(name),
            label=label,
            value=value,
            interval=ends,
            unit="ratio" if method.id != "ic" else "bits",
            population="current reports",
            window=self.window,
            method=method,
            sources=(SOURCE,),
            warnings=(_ABOUT,),
        )
        self.findings[finding.id] = finding
        return (Ref(finding.id, "with_interval"),)

    def _free(self, name: str) -> str:
        wanted, number = f"reports.loaded.{name}", 2
        while wanted in self.findings:
            wanted, number = f"reports.loaded.{name}_{number}", number + 1
        return wanted


def slug(text: str) -> str:
    """A word for an id made of any text.

    Example:
        >>> slug("EYELID PTOSIS"), slug("<b>"), slug("")
        ('eyelid_ptosis', 'b', 'unnamed')
    """
    return re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_") or "unnamed"


def _flow(writer: _Writer, answer: LoadedReports) -> list[Text | Table | Figure]:
    rows: list[tuple[Cell, ...]] = [
        (step.step, writer.count(f"flow.{slug(f'{step.step} {step.reason}')}", step.step, step.reports), step.reason)
        for step in answer.flow
    ]
    rows.append(
        (
            "drug names that no rule could map, of all drug rows",
            writer.count(
                "names.unmapped", "drug rows without a known substance", answer.names.unmapped, of=answer.names.rows
            ),
            "kept under their own name",
        )
    )
    return [
        paragraph("The loaded reports. " + " ".join(answer.notes)),
        Table(
            id="flow",
            title="From the files to the reports counted here",
            columns=(Column("Step"), Column("Reports", number=True), Column("Why they leave")),
            rows=tuple(rows),
        ),
    ]


def _uses(writer: _Writer, answer: LoadedReports) -> list[Text | Table | Figure]:
    counted = {tally.use: tally.reports for tally in answer.tallies["total"]}
    tones: dict[str, Tone] = {"cosmetic": "treated", "therapeutic": "untreated"}
    bars, rows = [], []
    for use in USES:
        ref = writer.count(f"use.{use}", f"reports after {use} use", counted.get(use, 0), of=answer.reports)
        bars.append(BarRow(f"{use} use", ref.finding, tone=tones.get(use, "muted")))
        rows.append((f"{use} use", ref))
    twin = Table("uses_twin", "Reports by use", (Column("Use"), Column("Reports", number=True)), tuple(rows))
    description = "One bar a use, as long as its number of reports; unknown is a use of its own and is not divided up."
    return [
        Figure(
            "uses", "What it was used for, as far as the reports tell", description, Bars(tuple(bars), "reports"), twin
        )
    ]


def _reactions(writer: _Writer, answer: LoadedReports) -> list[Table]:
    """The reactions reported most, then the terms that are no reaction, binned apart."""
    uses = [use for use in USES if any(tally.use == use for tally in answer.tallies["total"])]
    whole = {tally.use: tally.reports for tally in answer.tallies["total"]}
    by_term: dict[str, dict[str, ReactionLike]] = {}
    for reaction in answer.reactions:
        by_term.setdefault(reaction.term, {})[reaction.use] = reaction

    def rows(terms: Iterable[str], *, last: str) -> list[tuple[Cell, ...]]:
        found: list[tuple[Cell, ...]] = []
        for term in terms:
            one = next(iter(by_term[term].values()))
            counts = [
                writer.count(
                    f"reaction.{slug(term)}.{use}",
                    f"{term}, {use} use",
                    by_term[term][use].reports if use in by_term[term] else 0,
                    of=whole[use],
                )
                for use in uses
            ]
            about = (
                {True: "yes", False: "no", None: "not read"}[one.listed]
                if last == "listed"
                else _BINS.get(one.bin, one.bin)
            )
            found.append((term, *(Ref(ref.finding) for ref in counts), about))
        return found

    totals = {term: sum(r.reports for r in found.values()) for term, found in by_term.items()}
    ranked = sorted(totals, key=lambda term: (-totals[term], term))
    bins = {term: next(iter(by_term[term].values())).bin for term in ranked}
    harms = [term for term in ranked if bins[term] == HARM][:_TOP]
    others = [term for term in ranked if bins[term] != HARM][:_TOP]
    heads = tuple(Column(f"{use.capitalize()} use", number=True) for use in uses)
    return [
        Table(
            id="reactions",
            title="Reactions reported most, in reports by use",
            columns=(Column("Reaction"), *heads, Column("On a label that was read")),
            rows=tuple(rows(harms, last="listed")),
            note="A report can name several reactions; columns do not add up to the reports.",
        ),
        Table(
            id="other_terms",
            title="Terms that are no reaction to the drug, kept apart",
            columns=(Column("Term"), *heads, Column("What it is")),
            rows=tuple(rows(others, last="bin")),
        ),
    ]


def _people(writer: _Writer, answer: LoadedReports) -> list[Table]:
    """Seriousness and who is in the reports, by use."""
    whole = {tally.use: tally.reports for tally in answer.tallies["total"]}
    uses = [use for use in USES if use in whole]
    rows: list[tuple[Cell, ...]] = []
    for name, label in _WHO.items():
        counted = {(tally.value, tally.use): tally.reports for tally in answer.tallies.get(name, ())}
        for value in dict.fromkeys(value for value, _ in counted):
            refs = [
                writer.count(
                    f"{name}.{slug(value)}.{use}",
                    f"{label}: {value}, {use} use",
                    counted.get((value, use), 0),
                    of=whole[use],
                )
                for use in uses
            ]
            rows.append((f"{label}: {value}", *refs))
    heads = tuple(Column(f"{use.capitalize()} use", number=True) for use in uses)
    return [Table("people", "Seriousness and who is in the reports", (Column("What"), *heads), tuple(rows))]


def _signals(writer: _Writer, table: SignalTable | None, name: str, title: str) -> list[Text | Table | Figure]:
    """What stands out in the harm bin, strongest first; the threshold and the number of pairs looked at beside it."""
    if table is None:
        return []
    methods = {method.id: method for method in table.methods}
    ranked = table.ranked("ic_lower")
    harms = [i for i in range(len(ranked)) if ranked.bin[i] in (HARM, "") and ranked.observed[i] >= FEWEST]
    shown = [i for i in harms if ranked.ic_lower[i] > 0][:_TOP]
    above = sum(1 for i in harms if ranked.ic_lower[i] > 0)
    rows: list[tuple[Cell, ...]] = []
    drawn: list[ForestRow] = []
    for i in shown:
        event = str(ranked.event[i])
        stem = f"signal.{name}.{slug(event)}"
        cells: list[Cell] = []
        for kind, level in (("ic", table.level), ("prr", table.level), ("ebgm", 0.9)):
            lower, upper = ("eb05", "eb95") if kind == "ebgm" else (f"{kind}_lower", f"{kind}_upper")
            if kind in methods:
                three = tuple(float(getattr(ranked, column)[i]) for column in (lower, kind, upper))
                cells.append(
                    writer.statistic(
                        f"{stem}.{kind}",
                        f"{event}: {kind.upper()}",
                        (three[0], three[1], three[2]),
                        level=level,
                        method=methods[kind],
                    )
                )
            else:
                cells.append("not computed")
        if isinstance(cells[0], tuple) and isinstance(cells[0][0], Ref):
            drawn.append(ForestRow(event, cells[0][0].finding))
        observed = writer.count(f"{stem}.observed", f"{event}: reports", int(ranked.observed[i]))
        rows.append((event, observed, *cells, str(ranked.warnings[i])))
    said = (
        f"{title}, in reports: cohort {table.cohort or 'all'}, compared with {table.comparator or 'everything else'}. "
        f"{len(ranked):,} pairs were looked at, so some stand out by chance; {above:,} harm terms with at least {FEWEST} "
        "reports have an IC whose 95 % interval lies above 0. A term that stands out is a question, not a proof."
    )
    twin = Table(
        id=f"signals_{name}_twin",
        title=f"{title}: harm terms that stand out most",
        columns=(
            Column("Reaction"),
            Column("Reports", number=True),
            Column("IC, bits (95 %)", number=True),
            Column("PRR (95 %)", number=True),
            Column("EBGM (EB05 to EB95)", number=True),
            Column("Caveat"),
        ),
        rows=tuple(rows),
        note=" ".join(table.notes),
    )
    blocks: list[Text | Table | Figure] = [paragraph(said)]
    if drawn:
        description = "One row a reaction: the information component in bits with its 95 % interval; right of 0, more than expected."
        drawing = Forest(tuple(drawn), axis="information component, bits; 0 is as many reports as expected")
        blocks.append(
            Figure(f"signals_{name}", f"{title}: reports compared with what is expected", description, drawing, twin)
        )
    return blocks
