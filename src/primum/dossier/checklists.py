"""Which reporting items does this dossier fulfil? Filled from what ran; what did not run says "not done".

READUS-PV: Fusaroli et al., Drug Safety 47:575-584 (2024), doi:10.1007/s40264-024-01421-9. IPDAS: Stacey & Volk, Medical
Decision Making 41:729-733 (2021), doi:10.1177/0272989X211035681. The items stand here in our words.
"""

from __future__ import annotations

from dataclasses import dataclass

from primum.dossier.context import Context
from primum.dossier.loaded import DUPLICATES

_NO_REPORTS = "No report files are loaded; `primum load` brings them."
_NOT_BUILT = "Not part of this version."
_BY_STUDY = "Not in this page; a study file (`primum study`) runs them and tells them."


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
    cut = f"reports to {context.run.data_cut or 'a date not stated'}, snapshot {context.run.store_hash or 'unknown'}"

    def item(name: str, answer: str) -> Item:
        """An item that only loaded reports can fulfil."""
        return Item(name, answer if loaded else _NO_REPORTS, loaded)

    return [
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
        item("Design and type of data", "Counts and disproportionality of spontaneous reports, section 2."),
        item(
            "Outline with sensitivity analyses",
            "Each use against everything else and against the other use, section 2.",
        ),
        item("Database, custodian, coverage", cut),
        item(
            "Extraction date and preprocessing",
            "Current version of each case, deleted cases left out; counts in section 2.",
        ),
        _duplicates(context),
        item("Population", "Reports that name one of the substances, by use, section 2."),
        item(
            "Grouping of drugs: salts, trade names, role",
            f"Names read as {', '.join(treatment.substances)}; `names.csv`.",
        ),
        item("Grouping of events", "Preferred terms as published, binned by `terms.csv`; no hierarchy."),
        Item("Other sources of evidence", "Trials, labels and published series, sections 3 to 8.", True),
        item(
            "Measure, threshold and why",
            "Measures with their intervals and the threshold stand above the signal tables.",
        ),
        Item("Sensitivity and control of confounding", _BY_STUDY, False),
        Item("Negative control and active comparator", _BY_STUDY, False),
        Item("Case-by-case review and causality method", "Nobody has read the cases.", False),
        item("Results: reports at each stage with reasons", "Flow of reports, section 2."),
        Item("Results: demographics against the reference", _NOT_BUILT, False),
        item("Results: all estimates with intervals", "Signal tables, section 2."),
        Item(
            "Discussion: key results, expected against emerging",
            "Section 0 and the column listed or not in section 2.",
            loaded,
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


def ipdas(context: Context) -> list[Item]:
    """The IPDAS items of an aid to a decision."""
    treatment = context.treatment
    funded = all(source.funding for source in treatment.sources.values())
    return [
        Item("Says which condition and decision", treatment.decision, True),
        Item(
            "Says which options there are, doing nothing included", f"{treatment.decision} {treatment.comparison}", True
        ),
        Item("Describes benefits", "Section 4 and section 9.", _has(context, "indications")),
        Item("Describes harms", "Sections 3 and 5.", _has(context, "trials")),
        Item("Describes what it is like", "Section 5, how soon and how long; section 8.", _has(context, "time_course")),
        Item(
            "Same detail for each option",
            "Treated and untreated people stand side by side with one denominator.",
            _has(context, "trials"),
        ),
        Item(
            "Gives citations",
            f"{len(treatment.sources)} sources, each number with its footnote.",
            bool(treatment.sources),
        ),
        Item("Gives the date of production", f"Evidence read to {treatment.evidence_to}.", True),
        Item("Says how and when it is updated", "No policy of updates has been set.", False),
        Item("Says how uncertain the numbers are", "Intervals beside estimates; section 11.", True),
        Item("Says who paid", "Funding beside every trial number." if funded else "Some sources do not say.", funded),
        Item("Tested with people who face the decision", "Not tested with readers.", False),
    ]


def _has(context: Context, table: str) -> bool:
    return any(True for _ in context.rows(table))


def _duplicates(context: Context) -> Item:
    """How reports of one event under several case numbers were treated: done where links were used."""
    told = context.reports.duplicates if context.reports else ""
    return Item(
        "De-duplication of the same event under two numbers",
        told or _NO_REPORTS,
        bool(told) and not told.startswith(f"{DUPLICATES} off"),
    )
