"""Which reporting items does this dossier fulfil? Filled from what ran; what did not run says "not done".

READUS-PV: Fusaroli et al., Drug Safety 47:575-584 (2024), doi:10.1007/s40264-024-01421-9. IPDAS: Stacey & Volk, Medical
Decision Making 41:729-733 (2021), doi:10.1177/0272989X211035681. The items stand here in our words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from primum.dossier.context import Context
from primum.dossier.loaded import DUPLICATES
from primum.dossier.loaded_controls import ACTIVE_ID, NEGATIVE_ID
from primum.dossier.model import Text
from primum.dossier.parts.short_answer import headline

_NO_REPORTS = "No loaded reports are counted here; section 2 says what would bring them."
_NO_TABLE = "The loaded reports give no table of it: too few of them name the treatment."
_BY_STUDY = "Not in this page; a study file (`primum study`) runs them and tells them."


# What READUS-PV asks a report of spontaneous reports to hold, and IPDAS an aid to a decision: how each item begins.
READUS: Final = (
    "Title",
    "Abstract",
    "Introduction: drug",
    "Introduction: why reports",
    "Introduction: objective",
    "Design and type of data",
    "Outline",
    "Database",
    "Extraction date",
    "De-duplication",
    "Population",
    "Key variables",
    "Grouping of drugs",
    "Grouping of events",
    "Other sources",
    "Methods for other sources",
    "Descriptive methods",
    "Measure, threshold",
    "Sensitivity",
    "Control of confounding",
    "Case-by-case review",
    "Results: reports at each stage",
    "Results: demographics",
    "Results: all estimates",
    "Results: case-by-case",
    "Discussion: key results",
    "Discussion: external validity",
    "Discussion: next study",
    "Limitations",
    "Declarations: funding",
    "Declarations: ethics",
    "Declarations: data",
    "Declarations: registration",
)
IPDAS: Final = (
    "Says which condition and decision",
    "Says which options",
    "Describes benefits",
    "Describes harms",
    "Describes what it is like",
    "Same detail",
    "Gives citations",
    "Gives the date of production",
    "Says how and when it is updated",
    "Says how uncertain",
    "Says who paid",
    "Tested with people",
)


def complete(items: Sequence[Item], required: Sequence[str]) -> list[Item]:
    """The items, each required one among them.

    Args:
        items: of a checklist.
        required: how the name of each required item begins.

    Raises:
        ValueError: a required item is not there; it is told as done or not done, and never left out.

    Examples:
        >>> [item.name for item in complete([Item("Title: drug", "A", True)], ["Title"])]
        ['Title: drug']
    """
    lost = [name for name in required if not any(item.name.startswith(name) for item in items)]
    if lost:
        raise ValueError(f"The checklist lacks {', '.join(lost)}; an item is answered or says why not.")
    return list(items)


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a checklist, what fulfils it, and whether anything does.

    Raises:
        ValueError: the answer is empty; an item is answered or says why not.
    """

    name: str
    answer: str
    done: bool

    def __post_init__(self) -> None:
        if not self.answer.strip():
            raise ValueError(f'The checklist item "{self.name}" is empty; an item is answered or says why not.')


def readus(context: Context) -> list[Item]:
    """The READUS-PV items of an analysis of spontaneous reports."""
    treatment = context.treatment
    about = f"{treatment.question} {', '.join(treatment.substances)}"
    loaded = context.reports is not None
    shown = {block.id for block in context.reports.blocks if not isinstance(block, Text)} if context.reports else set()
    cut = f"reports to {context.run.data_cut or 'a date not stated'}, snapshot {context.run.store_hash or 'unknown'}"

    def item(name: str, answer: str) -> Item:
        """An item that only loaded reports can fulfil."""
        return Item(name, answer if loaded else _NO_REPORTS, loaded)

    def table(name: str, block: str, answer: str) -> Item:
        """An item that a table or picture of loaded reports fulfils; not done where none was made."""
        return Item(name, answer if block in shown else _NO_TABLE if loaded else _NO_REPORTS, block in shown)

    items = [
        Item(
            "Title: design, database, drug, event",
            f"{about}; published report series" + (", and loaded reports" * loaded),
            True,
        ),
        Item(
            "Abstract: hypothesis-generating",
            "Section 2 opens by saying that reports raise questions and are no rate.",
            True,
        ),
        Item("Introduction: drug, use, what is known", "Sections 1, 3 and 4.", True),
        Item("Introduction: why reports", "Section 2, first paragraph.", True),
        Item("Introduction: objective and reference group", f"Compared with {treatment.comparison}.", True),
        table(
            "Design and type of data", "signals_all", "Counts and disproportionality of spontaneous reports, section 2."
        ),
        table(
            "Outline with sensitivity analyses",
            "signals_all",
            "Each use against everything else and against the other use, section 2.",
        ),
        item("Database, custodian, coverage", cut),
        item(
            "Extraction date and preprocessing",
            "Current version of each case, deleted cases left out; counts in section 2.",
        ),
        _duplicates(context),
        item("Population", "Reports that name one of the substances, by use, section 2."),
        table(
            "Key variables",
            "people",
            "Use, reaction, seriousness, outcome, sex, age group, reporter, day of treatment and of event; each as "
            "reported, with its unknown share.",
        ),
        item(
            "Grouping of drugs: salts, trade names, role",
            f"Names read as {', '.join(treatment.substances)}; `names.csv`.",
        ),
        item("Grouping of events", "Preferred terms as published, binned by `terms.csv`; no hierarchy."),
        Item("Other sources of evidence", "Trials, labels and published series, sections 3 to 8.", True),
        Item("Methods for other sources of evidence", "Methods in this section, each with its citation.", True),
        table("Descriptive methods", "people", "Counts of distinct reports, by use; shares with their denominators."),
        table(
            "Measure, threshold and why",
            "signals_all",
            "Measures with their intervals and the threshold stand above the signal tables.",
        ),
        table(
            "Sensitivity: weak rules of use left out",
            "use_rules",
            "What the weak rules of use change, section 2; other thresholds, links and roles, section 11.",
        ),
        Item("Control of confounding", _BY_STUDY, False),
        _controls(shown, loaded=loaded),
        Item("Case-by-case review and causality method", "Nobody has read the cases.", False),
        table("Results: reports at each stage with reasons", "flow", "Flow of reports, section 2."),
        table(
            "Results: demographics against the reference",
            "people",
            "Sex, age group, reporter and seriousness of either use beside the other, section 2.",
        ),
        table("Results: all estimates with intervals", "signals_all", "Signal tables and pictures, section 2."),
        Item("Results: case-by-case review", "Nobody has read the cases.", False),
        table(
            "Discussion: key results, expected against emerging",
            "signals_all",
            "Section 0 and the column listed or not in section 2.",
        ),
        Item("Discussion: external validity and clinical relevance", "A human has to write it; nobody has.", False),
        Item("Discussion: next study", "Section 11, what would change the answer.", _has(context, "unknowns")),
        Item("Limitations: no causation, no incidence", "Section 2, first paragraph.", True),
        Item("Declarations: funding and conflicts of this analysis", "Not declared by the person who ran it.", False),
        Item("Declarations: ethics", "Public, de-identified data; a reader's own files are the reader's matter.", True),
        Item(
            "Declarations: data, code and software version",
            f"Primum {context.run.version}; hashes in this section.",
            True,
        ),
        Item("Declarations: registration", "This analysis was not registered.", False),
    ]
    return complete(items, READUS)


def ipdas(context: Context) -> list[Item]:
    """The IPDAS items of an aid to a decision."""
    treatment = context.treatment
    paid = [source for source in treatment.sources.values() if not source.funding.startswith("not stated")]
    every = len(paid) == len(treatment.sources)
    items = [
        Item("Says which condition and decision", treatment.decision, True),
        Item(
            "Says which options there are, doing nothing included",
            f"{treatment.decision} Compared with: {treatment.comparison}.",
            True,
        ),
        Item("Describes benefits", "Section 4 and section 9.", _has(context, "indications")),
        Item("Describes harms", "Sections 3 and 5.", _has(context, "trials")),
        Item("Describes what it is like", "Section 5, how soon and how long; section 8.", _has(context, "time_course")),
        _same_detail(context),
        Item(
            "Gives citations",
            f"{len(treatment.sources)} sources, each number with its footnote.",
            bool(treatment.sources),
        ),
        Item("Gives the date of production", f"Evidence read to {treatment.evidence_to}.", True),
        Item("Says how and when it is updated", "No policy of updates has been set.", False),
        Item("Says how uncertain the numbers are", "Intervals beside estimates; section 11.", True),
        Item("Says who paid", f"{len(paid)} of {len(treatment.sources)} sources say who paid for them.", every),
        Item("Says who paid for this page", "Not declared by the person who ran it.", False),
        Item("Tested with people who face the decision", "Not tested with readers.", False),
    ]
    return complete(items, IPDAS)


def _same_detail(context: Context) -> Item:
    """Done where section 0 has numbers of both: people treated and people who were not."""
    there = bool(headline(context))
    side = "Treated and untreated people stand side by side with one denominator, section 0."
    return Item("Same detail for each option", side if there else "No number of untreated people was read.", there)


def _has(context: Context, table: str) -> bool:
    return any(True for _ in context.rows(table))


def _controls(shown: set[str], *, loaded: bool) -> Item:
    """Done where the loaded reports gave a number for both."""
    both = ((NEGATIVE_ID, "the negative control"), (ACTIVE_ID, "the comparator"))
    lost = [said for block, said in both if block not in shown]
    answer = f"Section 2 chose both and counted no report for {' and '.join(lost)}." if lost else "Section 2."
    return Item("Negative control and active comparator", answer if loaded else _NO_REPORTS, loaded and not lost)


def _duplicates(context: Context) -> Item:
    """How reports of one event under several case numbers were treated: done where links were used."""
    told = context.reports.duplicates if context.reports else ""
    return Item(
        "De-duplication of the same event under two numbers",
        told or _NO_REPORTS,
        bool(told) and not told.startswith(f"{DUPLICATES} off"),
    )
