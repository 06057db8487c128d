"""How do loaded reports stand in the answer? As counts of reports, never of people harmed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from primum.dossier.loaded_controls import control_blocks
from primum.dossier.loaded_errors import error_blocks
from primum.dossier.loaded_like import LoadedReports
from primum.dossier.loaded_numbers import SOURCE, Writer
from primum.dossier.loaded_onsets import onset_blocks
from primum.dossier.loaded_pictures import pictures
from primum.dossier.loaded_recounts import recount_blocks
from primum.dossier.loaded_signals import signal_blocks
from primum.dossier.loaded_tables import flow_blocks, people_tables, reaction_tables, use_blocks
from primum.dossier.loaded_thresholds import threshold_blocks
from primum.dossier.model import Figure, Table, Text, sentence
from primum.evidence.finding import Finding
from primum.provenance import Method, Source
from primum.terms import SYNTHETIC, Interval

__all__ = ["Loaded", "LoadedReports", "read"]


DUPLICATES: Final = "Duplicates:"  # how the note on duplicates begins
ALL_REPORTS: Final = "*"  # text form of the cohort that leaves nobody out
_NO_REPORT: Final = "None of the loaded reports that are counted names the treatment."
_NOTHING_ELSE: Final = (
    "What stands out is not computed: no reaction is told, or no report of anything else is loaded to compare with."
)
_ONE_USE: Final = "Cosmetic and therapeutic use are not compared: one of the two has no report that is counted."


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Loaded reports in the terms of a dossier.

    Args:
        findings: every number shown, ids beginning with `reports.loaded.`.
        source: the store as a source.
        methods: statistics that ran.
        blocks: text, tables and figures in reading order.
        missing: what the loaded reports do not tell, and which load would bring it, as far as it is known.
        onsets: when what was reported began, against the drug's time course; stands with the mechanism.
        cohort: text form of the cohort counted; empty when all reports are.
        duplicates: how reports of one event under several case numbers were treated; empty where nothing says.
        errors: of giving the treatment, and of its quality; stand with how it is prepared and given.
        robust: whether what stands out hangs on a choice; stands with what is not known.
    """

    findings: tuple[Finding, ...]
    source: Source
    methods: tuple[Method, ...]
    blocks: tuple[Text | Table | Figure, ...]
    missing: tuple[str, ...] = ()
    onsets: tuple[Text | Table | Figure, ...] = ()
    cohort: str = ""
    duplicates: str = ""
    errors: tuple[Text | Table | Figure, ...] = ()
    robust: tuple[Text | Table | Figure, ...] = ()


def read(answer: LoadedReports, *, window: Interval | None = None) -> Loaded:
    """What the loaded reports say, as findings and blocks.

    Args:
        answer: flow, use, reactions and signals of the loaded reports of the treatment.
        window: first and last day of the drug's time course; None where no model tells it.
    """
    made = f"{SYNTHETIC} " if any(note.startswith(SYNTHETIC) for note in answer.notes) else ""
    writer = Writer(f"{made}reports loaded to {answer.data_cut}" if answer.data_cut else f"all {made}reports loaded")
    cohort = "" if answer.cohort == ALL_REPORTS else answer.cohort
    blocks: list[Text | Table | Figure] = [_of_cohort(cohort)] if cohort else []
    blocks += [*flow_blocks(writer, answer), *use_blocks(writer, answer)]
    if answer.reports:
        blocks += [*reaction_tables(writer, answer), *people_tables(writer, answer)]
        blocks += signal_blocks(writer, answer.signals, "all", "The treatment against everything else")
        blocks += pictures(writer, answer)
        contrast = signal_blocks(
            writer, answer.contrast, "uses", "Cosmetic against therapeutic use of the same substances"
        )
        blocks += contrast or [sentence(_ONE_USE)]
        blocks += control_blocks(writer, answer)
    tables = [answer.signals, answer.contrast, *(one.table for one in answer.controls)]
    methods = {method.id: method for table in tables if table is not None for method in table.methods}
    source = Source(
        id=SOURCE,
        title=f"{made}Reports in the store, snapshot {answer.snapshot[:16]}"
        + (f", to {answer.data_cut}" if answer.data_cut else ""),
        year=None,
        url="",
        kind="data",
        grade="A",
        funding="not stated",
    )
    robust = (*threshold_blocks(writer, answer), *recount_blocks(writer, answer))
    errors = error_blocks(writer, answer)
    begun = onset_blocks(writer, answer, window) if window is not None else ()
    return Loaded(
        findings=tuple(writer.findings.values()),
        source=source,
        methods=tuple(methods.values()),
        blocks=tuple(blocks),
        missing=_missing(answer),
        onsets=begun,
        cohort=cohort,
        errors=tuple(errors),
        robust=robust,
        duplicates=next((note for note in answer.notes if note.startswith(DUPLICATES)), ""),
    )


def _missing(answer: LoadedReports) -> tuple[str, ...]:
    """Why there is no number where there should be one."""
    if not answer.reports:
        return (_NO_REPORT,)
    return () if answer.signals is not None else (_NOTHING_ELSE,)


def _of_cohort(cohort: str) -> Text:
    return sentence(f"Only part of the loaded reports is counted below: the cohort {cohort}.", kind="caveat")
