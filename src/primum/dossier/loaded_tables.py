"""Which reports are loaded, of whom, after which use, and what do they name? Tables of counts of reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from primum.dossier.figures import BarRow, Bars, Tone
from primum.dossier.loaded_flow import flow_figure
from primum.dossier.loaded_like import LoadedReports, ReactionLike
from primum.dossier.loaded_numbers import Writer, slug
from primum.dossier.loaded_use import strict_table
from primum.dossier.model import Cell, Column, Figure, Ref, Table, Text, sentence
from primum.terms import HARM, USES

MOST: Final = 15  # rows of a table of reactions
BINS: Final[Mapping[str, str]] = {
    HARM: "a reaction",
    "indication": "what it was given for",
    "lack_of_effect": "no effect",
    "off_label": "use outside the label",
    "product_quality": "quality of the product",
    "medication_error": "error in giving it",
    "nothing_told": "nothing that befell a person",
}
WHO: Final[Mapping[str, str]] = {
    "serious": "Serious",
    "outcome": "Outcome",
    "sex": "Sex",
    "age": "Age in years",
    "reporter": "Who reported",
}
# Codes of the FAERS ASCII files in words: FDA, ASC_NTS, June 2016; RN and HP as seen in files before and after.
CODES: Final[Mapping[tuple[str, str], str]] = {
    ("outcome", "DE"): "death",
    ("outcome", "LT"): "life-threatening",
    ("outcome", "HO"): "hospital stay",
    ("outcome", "DS"): "disability",
    ("outcome", "CA"): "congenital anomaly",
    ("outcome", "RI"): "intervention required",
    ("outcome", "OT"): "other serious",
    ("sex", "F"): "female",
    ("sex", "M"): "male",
    ("reporter", "MD"): "physician",
    ("reporter", "PH"): "pharmacist",
    ("reporter", "RN"): "nurse",
    ("reporter", "HP"): "health professional",
    ("reporter", "OT"): "other health professional",
    ("reporter", "LW"): "lawyer",
    ("reporter", "CN"): "consumer",
}


def flow_blocks(writer: Writer, answer: LoadedReports) -> list[Text | Table | Figure]:
    """How the files came down to the reports counted, with reasons, and how far their drug names are known."""
    names = answer.names
    unmapped = writer.count(
        "names.unmapped", "drug rows without a known substance", names.unmapped, of=names.rows, unit="rows"
    )
    return [
        sentence("The loaded reports. " + " ".join(answer.notes)),
        flow_figure(writer, answer.flow),
        Text((("Drug rows whose name no rule could map, kept under their own name: ", unmapped, "."),)),
    ]


def use_blocks(writer: Writer, answer: LoadedReports) -> list[Text | Table | Figure]:
    """What the treatment was used for, the unknown share among it."""
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
        ),
        strict_table(writer, answer),
    ]


def reaction_tables(writer: Writer, answer: LoadedReports) -> list[Table]:
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
                else BINS.get(one.bin, one.bin)
            )
            found.append((term, *(Ref(ref.finding) for ref in counts), about))
        return found

    totals = {term: sum(r.reports for r in found.values()) for term, found in by_term.items()}
    ranked = sorted(totals, key=lambda term: (-totals[term], term))
    bins = {term: next(iter(by_term[term].values())).bin for term in ranked}
    harms = [term for term in ranked if bins[term] == HARM][:MOST]
    others = [term for term in ranked if bins[term] != HARM][:MOST]
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


def people_tables(writer: Writer, answer: LoadedReports) -> list[Table]:
    """Seriousness and who is in the reports, by use."""
    whole = {tally.use: tally.reports for tally in answer.tallies["total"]}
    uses = [use for use in USES if use in whole]
    rows: list[tuple[Cell, ...]] = []
    for name, label in WHO.items():
        counted = {(tally.value, tally.use): tally.reports for tally in answer.tallies.get(name, ())}
        for value in dict.fromkeys(value for value, _ in counted):
            refs = [
                writer.count(
                    f"{name}.{slug(value)}.{use}",
                    f"{label}: {CODES.get((name, value), value)}, {use} use",
                    counted.get((value, use), 0),
                    of=whole[use],
                )
                for use in uses
            ]
            rows.append((f"{label}: {CODES.get((name, value), value)}", *refs))
    heads = tuple(Column(f"{use.capitalize()} use", number=True) for use in uses)
    note = "A report can have several outcomes." if answer.tallies.get("outcome") else ""
    return [Table("people", "Seriousness and who is in the reports", (Column("What"), *heads), tuple(rows), note)]
