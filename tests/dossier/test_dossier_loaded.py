"""Loaded reports stand in the answer as reports, with their unknown use, binned apart, and never as incidence."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from primum.cases.onset import STATUSES
from primum.counts.flow import FlowStep
from primum.counts.profile import Tally, UseChange
from primum.counts.table import CountTable
from primum.dossier.build import build_dossier
from primum.dossier.model import Dossier, Ref
from primum.dossier.render import html
from primum.signals.onset import onset
from primum.signals.table import SignalTable, signal_table
from primum.study.ask import ask
from primum.study.reports import OnsetOfUse
from primum.treatments.load import load_treatment
from primum.vocab.drugs import NameCoverage

HOSTILE = "<SCRIPT>{A.B}"


@dataclass(frozen=True)
class Reaction:
    use: str
    term: str
    bin: str
    listed: bool | None
    reports: int


def signals(**more: str) -> SignalTable:
    """SYNTHETIC counts: a reaction that stands out, one that does not, one that is no reaction."""
    events = [HOSTILE, "PAIN", "DRUG INEFFECTIVE"]
    text = [np.array(values, dtype=object) for values in (["x"] * 3, events)]
    counts = CountTable(
        drug=text[0],
        event=text[1],
        observed=np.array([12, 2, 30]),
        drug_reports=np.array([60] * 3),
        event_reports=np.array([20, 90, 60]),
        total_reports=2000,
        **more,
    )
    return signal_table(counts, bins={HOSTILE: "harm", "PAIN": "harm", "DRUG INEFFECTIVE": "lack_of_effect"})


@dataclass(frozen=True)
class Answer:
    """SYNTHETIC reports."""

    cohort: str = "*"
    snapshot: str = "ab" * 32
    data_cut: str | None = "2017q2"
    reports: int = 60
    flow: tuple[FlowStep, ...] = (FlowStep("report versions published", 2100), FlowStep("not current", 100, "older"))
    tallies: dict[str, tuple[Tally, ...]] = field(
        default_factory=lambda: {
            "total": (Tally("cosmetic", "reports", 20), Tally("unknown", "reports", 40)),
            "serious": (Tally("cosmetic", "no", 20), Tally("unknown", "yes", 40)),
            "outcome": (Tally("unknown", "DE", 3),),
        }
    )
    reactions: tuple[Reaction, ...] = (
        Reaction("cosmetic", HOSTILE, "harm", True, 12),
        Reaction("unknown", "DRUG INEFFECTIVE", "lack_of_effect", None, 30),
    )
    names: NameCoverage = field(default_factory=lambda: NameCoverage(100, 7))
    signals: SignalTable | None = field(default_factory=signals)
    contrast: SignalTable | None = None
    notes: tuple[str, ...] = ("Counts are reports.",)
    use_changes: tuple[UseChange, ...] = (
        UseChange("cosmetic", "cosmetic", 15),
        UseChange("cosmetic", "unknown", 5),
        UseChange("unknown", "unknown", 40),
    )
    onsets: tuple[OnsetOfUse, ...] = (
        OnsetOfUse(
            "cosmetic",
            onset([0, 1, 1, 2, 3, 5, 8]),
            (0, 1, 1, 2, 3, 5, 8),
            dict(zip(STATUSES, (7, 1, 2, 4, 6), strict=True)),
        ),
        OnsetOfUse("unknown", onset([]), (), dict(zip(STATUSES, (0, 0, 0, 10, 30), strict=True))),
    )


@pytest.fixture(scope="module")
def loaded(real: Dossier) -> Dossier:
    run = dataclasses.replace(real.run, store_hash="ab" * 32, data_cut="2017q2")
    return build_dossier(load_treatment("anti-wrinkle"), reports=Answer(), run=run)  # type: ignore[arg-type]


def test_the_section_is_no_longer_missing_anything_a_load_brings(loaded: Dossier) -> None:
    assert loaded.part("reports").status == "complete"


def test_the_unknown_share_of_use_stands_beside_the_others(loaded: Dossier) -> None:
    shown = {
        use: loaded.findings[f"reports.loaded.use.{use}"] for use in ("cosmetic", "therapeutic", "mixed", "unknown")
    }
    assert {use: f.numerator for use, f in shown.items()} == {
        "cosmetic": 20,
        "therapeutic": 0,
        "mixed": 0,
        "unknown": 40,
    }
    assert {f.denominator for f in shown.values()} == {60}


def test_terms_that_are_no_reaction_are_binned_apart(loaded: Dossier) -> None:
    tables = {table.id: table for table in loaded.part("reports").tables}
    assert [row[0] for row in tables["reactions"].rows] == [HOSTILE]
    assert [(row[0], row[-1]) for row in tables["other_terms"].rows] == [("DRUG INEFFECTIVE", "no effect")]
    assert tables["reactions"].rows[0][-1] == "yes"


def test_onsets_of_loaded_reports_stand_against_the_course_in_the_section_on_the_mechanism(loaded: Dossier) -> None:
    mechanism = loaded.part("mechanism")
    table = next(table for table in mechanism.tables if table.id == "onset_in_course")
    assert [column.label for column in table.columns] == ["The event began", "cosmetic use"]
    counted = [[loaded.findings[cell.finding].numerator for cell in row[1:]] for row in table.rows]  # type: ignore[union-attr]
    # One onset is negative, and day 0, which may be any hour of the day, counts as before.
    assert counted == [[2], [6], [0]]
    page = html.render(loaded)
    assert "8 of 60 loaded reports date both treatment and event to a day." in page
    assert "does not speak against the drug" in page


def test_without_dated_reports_the_mechanism_says_nothing_of_onsets(real: Dossier) -> None:
    assert all(table.id != "onset_in_course" for table in real.part("mechanism").tables)


def test_only_harm_that_stands_out_is_drawn_and_the_threshold_is_said(loaded: Dossier) -> None:
    figure = next(f for f in loaded.part("reports").figures if f.id == "signals_all")
    assert [row[0][0] for row in figure.twin.rows] == [HOSTILE]  # type: ignore[index]
    page = html.render(loaded)
    assert "3 pairs were looked at, so some stand out by chance; 1 harm term" in page
    assert "95 % interval lies above 0" in page


def test_numbers_of_loaded_reports_are_reports_and_no_rate(loaded: Dossier) -> None:
    counted = [f for name, f in loaded.findings.items() if name.startswith("reports.loaded.")]
    assert counted
    assert {f.unit for f in counted} <= {"reports", "rows", "bits", "ratio", "days"}
    assert all("not a rate" in " ".join(f.warnings) for f in counted)


def test_hostile_names_of_reports_are_text(loaded: Dossier, without_its_script: Callable[[str], str]) -> None:
    page = without_its_script(html.render(loaded))
    assert "<script" not in page.casefold()
    assert "&lt;SCRIPT&gt;{A.B}" in page


def test_methods_of_the_signals_are_cited_and_codes_said_in_words(loaded: Dossier) -> None:
    tables = {table.id: table for table in (*loaded.part("methods").tables, *loaded.part("reports").tables)}
    cited = " ".join(str(row[2]) for row in tables["methods"].rows)
    assert "Noren" in cited or "Bate" in cited
    assert any(row[0] == "Outcome: death" for row in tables["people"].rows)


def test_the_cohort_asked_for_is_named_before_its_counts_and_is_never_a_template(real: Dossier) -> None:
    narrowed = Answer(cohort="sex:F {a.b}")
    dossier = build_dossier(load_treatment("anti-wrinkle"), reports=narrowed, run=real.run)  # type: ignore[arg-type]
    page = html.render(dossier)
    assert any("of the cohort sex:F {a.b}" in str(line[0]) for line in dossier.facts.lines)
    named = page.index("Only part of the loaded reports is counted below: the cohort sex:F {a.b}.")
    assert named < page.index("report versions published")


def test_all_reports_need_no_word_about_a_cohort(loaded: Dossier) -> None:
    assert "Only part of the loaded reports" not in html.render(loaded)


def test_the_short_answer_tells_the_loaded_reports(loaded: Dossier) -> None:
    names = [span.finding for line in loaded.facts.lines for span in line if isinstance(span, Ref)]
    assert "reports.loaded.use.unknown" in names


def test_a_store_without_a_report_of_the_treatment_says_zero(real: Dossier) -> None:
    none = Answer(reports=0, tallies={"total": ()}, reactions=(), signals=None)
    dossier = build_dossier(load_treatment("anti-wrinkle"), reports=none, run=real.run)  # type: ignore[arg-type]
    assert dossier.findings["reports.loaded.use.cosmetic"].value == 0
    assert ask("anti-wrinkle").part("reports").status == "partial"


@pytest.mark.parametrize(
    ("note", "state"),
    [("Duplicates: exact links; 3 set aside.", "done"), ("Duplicates: off; never linked.", "not done")],
)
def test_the_readus_table_tells_how_duplicates_were_treated(real: Dossier, note: str, state: str) -> None:
    dossier = build_dossier(load_treatment("anti-wrinkle"), reports=Answer(notes=(note,)), run=real.run)  # type: ignore[arg-type]
    table = next(table for table in dossier.part("methods").tables if table.id == "readus")
    [row] = [row for row in table.rows if str(row[0]).startswith("De-duplication")]
    assert row[1:] == (note, state)
