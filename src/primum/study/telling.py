"""How is a study told? Its methods in sentences with the citations of what ran, and the items of READUS-PV.

READUS-PV: Fusaroli et al., Drug Safety 47:575-584 (2024), doi:10.1007/s40264-024-01421-9; the items stand in our words.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from primum.counts.cohort import AllOf, AnyOf, Cohort, Condition
from primum.dossier.checklists import READUS, Item, complete
from primum.study.figures import figures_of
from primum.study.run import StudyResult, stands_out
from primum.study.spec import how_reached

if TYPE_CHECKING:
    from collections.abc import Sequence

    from primum.study.spec import Analysis, Study

_NOBODY = "Not told in the study file."
_REPORTS_ALONE = "None: a study counts reports alone. The dossier puts trials and labels beside them."
# Signs of the names of columns that are told as words.
_COLUMNS = {"observed": "reports"}


def methods_text(result: StudyResult) -> str:
    """The methods section of a study as Markdown: what ran on what, in which words, with its sources."""
    study = result.study
    lines = [f"# {study.title}", "", study.question, ""]
    if result.synthetic:
        lines += [f"**{result.synthetic}**", ""]
    lines += [line for warning in result.warnings for line in (f"**{warning}**", "")]
    lines += ["## Methods", "", _data(result), "", _cases(result), "", _names(result), ""]
    lines += ["### Analyses", "", *_analyses(result), "", _thresholds(study), ""]
    lines += ["### Statistics", "", *_statistics(result), ""]
    lines += ["### Figures", "", _figures(result), ""]
    lines += ["### Software", "", _software(result), "", "## Limits", "", _limits(), ""]
    lines += ["## READUS-PV items", "", *_table(("Item", "Where or what", "State"), _item_rows(readus(result))), ""]
    return "\n".join(lines).replace("<", "&lt;")  # whatever a title or a term holds, it is text in a page made of this


def _data(result: StudyResult) -> str:
    cut = f"up to {result.data_cut}" if result.data_cut else "with no quarter of its own (a long table)"
    return (
        f"Spontaneous reports as published, {cut}; snapshot `{result.snapshot}`. Every physical line of every file is "
        "accounted for (`primum status`)."
    )


def _cases(result: StudyResult) -> str:
    steps = [f"{step.step}{f' ({step.reason})' if step.reason else ''}: {step.count:,}" for step in result.flow]
    kept = (
        "Of each case the version that speaks for it is kept: a later system before an older one, then the higher "
        "version, the later date of receipt, the later quarter; cases that the authority deleted are left out."
    )
    return f"{kept} Flow of reports: {'; '.join(steps)}."


def _names(result: StudyResult) -> str:
    names = result.names
    share = names.unmapped / names.rows if names.rows else 0.0
    return (
        "Drug names are read as substance and product, each with the rule that told it; "
        f"{names.unmapped:,} of {names.rows:,} drug rows ({share:.1%}) keep a name that no rule knows. Reactions are "
        "the published preferred-term strings; renamed terms are pooled, and terms of the indication, of lack of "
        "effect, of product quality, of medication errors and of off-label use are binned apart from harm."
    )


def _analyses(result: StudyResult) -> list[str]:
    lines = []
    for place, outcome in enumerate(result.outcomes):
        analysis, table = outcome.analysis, outcome.table
        kind = "primary" if place == 0 else "sensitivity"
        asks = f" Asks: {analysis.reason}" if analysis.reason else ""
        told = f"- `{analysis.id}` ({kind}): {analysis.title}. Reports: `{analysis.cohort}`"
        if table is None:
            lines.append(f"{told}.{asks} **Not counted: {outcome.why_not}**")
            continue
        above = int(stands_out(result.study, table).sum())
        lines.append(
            f"{told}, against `{table.comparator}`; names at the level of the {analysis.drug_level}"
            f"{_choices(analysis)}.{asks} "
            f"{len(table):,} pairs, of which {above:,} reach the thresholds."
        )
    return lines


def _choices(analysis: Analysis) -> str:
    """How uses were told and duplicates treated, where the study file says so."""
    strict = "; uses told by strong rules alone" if analysis.use_rules == "strict" else ""
    return strict + (f"; duplicates: {analysis.duplicates}" if analysis.duplicates else "")


def _figures(result: StudyResult) -> str:
    """Where the pictures are."""
    names = tuple(figures_of(result))
    if not names:
        return "No figures: they show reporting odds ratios, and `ror` is not among the methods."
    counted = sum(outcome.table is not None for outcome in result.outcomes)
    files = (", ".join(f"`figures/{name}.svg`" for name in some) for some in (names[:counted], names[counted:]))
    analyses, events = files
    through = f"; each event followed through all analyses: {events}" if events else ""
    start = f"Reporting odds ratios with their intervals, by analysis: {analyses}"
    return f"{start}{through}. The numbers of each lie beside it."


def _thresholds(study: Study) -> str:
    told = [
        f"{_COLUMNS.get(name, name)} {how_reached(name)} {threshold:g}" for name, threshold in study.thresholds.items()
    ]
    followed = f" Terms asked about: {', '.join(study.events)}." if study.events else ""
    return f"A pair stands out where {' and '.join(told) or 'no threshold is set, so every pair does'}.{followed}"


def _statistics(result: StudyResult) -> list[str]:
    lines = [
        f"- {method.label}" + (f": `{method.formula}`" if method.formula else "") + f". {method.citation}"
        for method in result.methods
    ]
    fit = result.primary.ebgm_fit
    if fit is not None:
        lines.append(
            f"- The prior of the primary analysis has the mean {fit.prior_mean:.3g}; {fit.starts_agreeing} of "
            f"{fit.starts} starts agree; gradient norm {fit.gradient_norm:.1e}."
        )
    return lines


def _software(result: StudyResult) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in sorted(result.packages.items()))
    return f"{versions}. Study file SHA-256 `{result.study.sha256}`; derived tables `{result.derivation}`."


def _limits() -> str:
    return (
        "Spontaneous reports raise questions. They prove no cause, and they are no rate: nobody counted the people "
        "treated, most harm is never reported, and attention, lawsuits and coding move the counts."
    )


def readus(result: StudyResult) -> list[Item]:
    """The READUS-PV items of a study, filled from what ran and from what its file declares; else "not done"."""
    study = result.study
    several = len(result.outcomes) > 1
    lost = [outcome.analysis.id for outcome in result.outcomes if outcome.table is None] + list(result.unknown)

    def declared(name: str, key: str) -> Item:
        return Item(name, study.declared.get(key, _NOBODY), key in study.declared)

    items = [
        _title(study),
        Item("Abstract: hypothesis-generating", "Limits, above.", True),
        declared("Introduction: drug, use, what is known", "background"),
        declared("Introduction: why reports", "background"),
        Item("Introduction: objective and reference group", study.question, True),
        Item("Design and type of data", "Disproportionality of spontaneous reports.", True),
        Item("Outline with sensitivity analyses", _sensitivity_told(result), several),
        Item("Database, custodian, coverage", _data(result), True),
        Item("Extraction date and preprocessing", "Flow of reports, above.", True),
        _duplicates(result),
        Item("Population", f"`{study.analyses[0].cohort}` of {study.about}", True),
        Item("Key variables", f"Those of the cohorts: {_fields(study)}.", True),
        Item("Grouping of drugs: salts, trade names, role", _names(result).split(". ")[0] + ".", True),
        Item("Grouping of events", f"{', '.join(study.events) or 'every term'}, as published; no hierarchy.", True),
        Item("Other sources of evidence", _REPORTS_ALONE, False),
        Item("Methods for other sources of evidence", _REPORTS_ALONE, False),
        Item("Descriptive methods", "Counts of distinct reports.", True),
        Item("Measure, threshold and why", _thresholds(study), bool(study.thresholds)),
        Item("Sensitivity analyses", _sensitivity_told(result), several),
        Item("Control of confounding", "No stratum and no model; `primum signals --by` counts within strata.", False),
        _active_comparator(study),
        declared("Case-by-case review and causality method", "case_review"),
        Item("Results: reports at each stage with reasons", "Flow of reports, above.", True),
        Item("Results: demographics against the reference", "Not counted by a study; the dossier shows them.", False),
        Item(
            "Results: all estimates with intervals",
            f"Not counted: {', '.join(lost)}." if lost else "`results/` and `sensitivity.csv`.",
            not lost,
        ),
        declared("Results: case-by-case review", "case_review"),
        Item("Discussion: key results, expected against emerging", "Left to the person who reads the results.", False),
        declared("Discussion: external validity and clinical relevance", "validity"),
        Item("Discussion: next study", "Left to the person who reads the results.", False),
        Item("Limitations: no causation, no incidence", "Limits, above.", True),
        declared("Declarations: funding", "funding"),
        declared("Declarations: conflicts of interest", "conflicts"),
        declared("Declarations: ethics", "ethics"),
        Item("Declarations: data, code and software version", _software(result), True),
        declared("Declarations: registration", "registration"),
    ]
    return complete(items, READUS)


def _title(study: Study) -> Item:
    """Done where the title names the drug and, of a study of events, one of them."""
    title, about = study.title.casefold(), study.about.casefold()
    lost = [] if about in title or about.replace("-", " ") in title else [f"the drug ({study.about})"]
    if study.events and not any(event.casefold() in title for event in study.events):
        lost.append("an event")
    said = f"{study.title} (does not name {' and '.join(lost)})" if lost else study.title
    return Item("Title: design, database, drug, event", said, not lost)


def _active_comparator(study: Study) -> Item:
    """Done where a comparator is the reports of another drug; another sex or use of the same one is none."""
    for one in study.analyses:
        theirs = _drugs_named(one.versus) - _drugs_named(one.cohort) - {study.about.upper()}
        if theirs:
            return Item("Active comparator", f"{', '.join(sorted(theirs))}, in the analysis {one.id}.", True)
    return Item("Active comparator", "No analysis is compared with another drug.", False)


def _drugs_named(cohort: Cohort | None) -> set[str]:
    """Drugs that a cohort asks for, by any kind of name; those that it leaves out are not among them."""
    if isinstance(cohort, (AllOf, AnyOf)):
        return set().union(*map(_drugs_named, cohort.parts))
    if isinstance(cohort, Condition) and cohort.field in ("drug", "product", "substance", "treatment"):
        return {value.upper() for value in cohort.values}
    return set()


def _duplicates(result: StudyResult) -> Item:
    """How reports of one event under several case numbers were treated: done where links were used."""
    told = next((step.reason for step in result.flow if step.step.startswith("duplicates")), "")
    return Item(
        "De-duplication of the same event under two numbers",
        told or "Not told by the reports.",
        bool(told) and not told.startswith("off"),
    )


def _fields(study: Study) -> str:
    """The fields of the cohort language that the cohorts and comparators of a study use."""
    texts = [str(cohort) for one in study.analyses for cohort in (one.cohort, one.versus) if cohort is not None]
    return ", ".join(dict.fromkeys(re.findall(r"\b([a-z_]+):", " ".join(texts)))) or "none, every report"


def _sensitivity_told(result: StudyResult) -> str:
    others = [outcome.analysis.id for outcome in result.outcomes[1:]]
    return f"Beside the primary one: {', '.join(others)}." if others else "The study file holds one analysis."


def _item_rows(items: Sequence[Item]) -> list[tuple[str, ...]]:
    return [(item.name, item.answer, "done" if item.done else "not done") for item in items]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table of Markdown; what stands in a cell cannot end it."""
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    return lines + [
        f"| {' | '.join(cell.replace('|', '&#124;').replace(chr(10), ' ') for cell in row)} |" for row in rows
    ]
