"""How do loaded reports stand in the answer? As counts of reports, never of people harmed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from primum.dossier.loaded_numbers import SOURCE, Writer
from primum.dossier.loaded_signals import signal_blocks
from primum.dossier.loaded_tables import LoadedReports, flow_blocks, people_tables, reaction_tables, use_blocks
from primum.dossier.model import Figure, Table, Text
from primum.evidence.finding import Finding
from primum.provenance import Method, Source

if TYPE_CHECKING:
    from primum.signals.table import SignalTable

__all__ = ["Loaded", "LoadedReports", "read"]


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


def read(answer: LoadedReports, *, asked: SignalTable | None = None) -> Loaded:
    """What the loaded reports say, as findings and blocks.

    Args:
        answer: flow, use, reactions and signals of all loaded reports of the treatment.
        asked: signals of the cohort that was asked for; None where none was.
    """
    writer = Writer(f"reports loaded to {answer.data_cut}" if answer.data_cut else "all reports loaded")
    blocks = [*flow_blocks(writer, answer), *use_blocks(writer, answer)]
    blocks += signal_blocks(writer, asked, "asked", "The cohort asked for, against every other report")
    if answer.reports:
        blocks += [*reaction_tables(writer, answer), *people_tables(writer, answer)]
        blocks += signal_blocks(writer, answer.signals, "all", "The treatment against everything else")
        blocks += signal_blocks(
            writer, answer.contrast, "uses", "Cosmetic against therapeutic use of the same substances"
        )
    tables = [table for table in (asked, answer.signals, answer.contrast) if table is not None]
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
