"""Loaded reports stand in the answer as reports, with their unknown use, binned apart, and never as incidence."""

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree

import numpy as np
import pytest

from primum.cases.onset import STATUSES
from primum.counts.flow import FlowStep
from primum.counts.profile import Tally, UseChange
from primum.counts.table import CountTable
from primum.dossier.build import build_dossier
from primum.dossier.model import Dossier, Ref, Table
from primum.dossier.render import charts, html
from primum.dossier.report_figures import HeatMap
from primum.signals.onset import onset
from primum.signals.table import SignalTable, signal_table
from primum.study.ask import ask
from primum.study.controls import ControlAnswer
from primum.study.in_roles import InRoles
from primum.study.loaded_pictures import ComponentsByUse, ReportsOverTime, components_by_use
from primum.study.reports import OnsetOfUse
from primum.treatments.controls import controls_of
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


BINS = {HOSTILE: "harm", "PAIN": "harm", "DRUG INEFFECTIVE": "lack_of_effect"}


def signals(bins: Mapping[str, str] = BINS, **more: str) -> SignalTable:
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
    return signal_table(counts, bins=bins)


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

    by_use: ComponentsByUse | None = field(
        default_factory=lambda: components_by_use(
            signals(),
            (Tally("cosmetic", HOSTILE, 9), Tally("unknown", HOSTILE, 3)),
            (Tally("cosmetic", "reports", 20), Tally("unknown", "reports", 40)),
        )
    )
    over_time: ReportsOverTime | None = field(
        default_factory=lambda: ReportsOverTime(
            unit="quarter",
            periods=("2017q1", "2017q2"),
            reports=np.array([25, 35]),
            events=(HOSTILE,),
            observed=np.array([[2], [10]]),
        )
    )
    unlinked: SignalTable | None = None
    in_roles: tuple[InRoles, ...] = ()
    controls: tuple[ControlAnswer, ...] = ()


def controls() -> tuple[ControlAnswer, ...]:
    """The controls of the shipped treatment, with SYNTHETIC counts."""
    negative, active = controls_of(load_treatment("anti-wrinkle").tables["controls"])
    return (
        ControlAnswer(control=negative, table=signals().take(np.array([1]))),
        ControlAnswer(control=active, table=signals(cohort="ours", comparator="theirs")),
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
    assert {f.unit for f in counted} <= {"reports", "rows", "bits", "ratio", "days", "terms"}
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


def test_each_picture_of_reports_says_the_same_in_a_short_table(loaded: Dossier) -> None:
    drawn = {figure.id: figure for figure in loaded.part("reports").figures}
    assert [name for name in drawn if name in _PICTURES] == ["volcano", "by_use", "trend", "onset_curve"]
    for name in _PICTURES:
        assert 0 < len(drawn[name].twin.rows) <= 25
        assert "not rates" in drawn[name].description
    for width in (charts.WIDE, charts.NARROW):
        for name in _PICTURES:
            text = charts.svg(drawn[name], loaded.findings, width=width)
            ElementTree.fromstring(text)
            assert "<script" not in text.casefold()
            assert not re.search(r"[\"MHVL ](nan|inf)\b", text)


_PICTURES = ("volcano", "by_use", "trend", "onset_curve")


def test_a_use_is_set_against_everything_else_by_the_margins_of_all_reports(loaded: Dossier) -> None:
    """20 of 2,000 reports name it, so 0.2 of 20 are expected: IC = log2((9 + 0.5) / (0.2 + 0.5))."""
    shown = loaded.findings["reports.loaded.by_use.script_a_b.cosmetic"]
    assert shown.value == pytest.approx(np.log2(9.5 / 0.7))
    assert (shown.numerator, shown.denominator) == (9, 20)
    drawing = next(f.drawing for f in loaded.part("reports").figures if f.id == "by_use")
    assert isinstance(drawing, HeatMap)
    assert [[cell.firm for cell in row] for row in drawing.cells] == [
        [True, False]
    ]  # 9 reports against 0.2, 3 against 0.4


def test_the_trend_counts_the_reports_of_each_period(loaded: Dossier) -> None:
    table = next(f.twin for f in loaded.part("reports").figures if f.id == "trend")
    counted = [[loaded.findings[cell.finding].value for cell in row[1:]] for row in table.rows]  # type: ignore[union-attr]
    assert counted == [[25, 2], [35, 10]]


def test_11_the_leading_terms_stand_by_every_threshold(real: Dossier, loaded: Dossier) -> None:
    """12 of 60 reports against 20 of 2,000: every rule is met."""
    [row, last] = _thresholds(loaded).rows
    assert row == (HOSTILE, *("yes",) * 5)
    reached = [loaded.findings[cell.finding].value for cell in last[1:]]  # type: ignore[union-attr]
    assert reached == [1] * 5
    assert not [table for table in real.part("unknowns").tables if table.id == "thresholds"]


def test_11_the_leading_terms_are_counted_again_with_every_report_and_by_role(real: Dossier, loaded: Dossier) -> None:
    """Nothing to count again is said; else each way is a column of the table and a row of the picture."""
    assert not [figure for figure in loaded.part("unknowns").figures if figure.id == "recounts"]
    said = html.render(loaded)
    assert "No report was set aside as another of the same event" in said
    assert "Roles are not varied" in said
    roles = (
        InRoles(roles=("PS",), reports=0, table=None),
        InRoles(roles=("PS", "SS", "I", "C"), reports=60, table=signals()),
    )
    answer = Answer(unlinked=signals(), in_roles=roles)
    again = build_dossier(load_treatment("anti-wrinkle"), reports=answer, run=real.run)  # type: ignore[arg-type]
    figure = next(figure for figure in again.part("unknowns").figures if figure.id == "recounts")
    size, row = figure.twin.rows
    assert [again.findings[cell.finding].value for cell in size[1:] if isinstance(cell, Ref)] == [60, 60, 60]
    assert (size[3], row[3]) == ("no report", "no report")
    assert row[0] == HOSTILE
    counted = [again.findings[cell.finding] for cell in row[1:] if isinstance(cell, Ref)]
    assert [f.id.rpartition(".")[2] for f in counted] == ["as_counted", "with_every_report", "as_concomitant_too"]
    assert len({f.value for f in counted}) == 1
    assert figure.drawing.findings() == tuple(f.id for f in counted)
    assert "Roles are not varied" not in html.render(again)


def _thresholds(dossier: Dossier) -> Table:
    return next(table for table in dossier.part("unknowns").tables if table.id == "thresholds")


def test_10_a_negative_control_and_an_active_comparator_stand_with_their_intervals(real: Dossier) -> None:
    """Line 10 of the trust checklist: both counted, both with an interval, and why they were chosen."""
    answer = Answer(controls=controls())
    dossier = build_dossier(load_treatment("anti-wrinkle"), reports=answer, run=real.run)  # type: ignore[arg-type]
    part = dossier.part("reports")
    negative = next(table for table in part.tables if table.id == "negative_control")
    assert negative.rows[0][0] == "APPENDICITIS"
    for name in ("reports.loaded.control.appendicitis.ic", "reports.loaded.comparator.script_a_b.ror"):
        assert dossier.findings[name].interval is not None
    expected = dossier.findings["reports.loaded.control.appendicitis.expected"]
    assert (expected.value, expected.unit) == (pytest.approx(60 * 90 / 2000), "reports")
    figure = next(figure for figure in part.figures if figure.id == "active_comparator")
    treated, other = (dossier.findings[f"reports.loaded.comparator.script_a_b.{arm}"] for arm in ("treated", "other"))
    assert [(f.numerator, f.denominator) for f in (treated, other)] == [(12, 60), (8, 1940)]
    assert "Counted: ours; compared with theirs." in figure.twin.note
    said = html.render(dossier)
    assert said.count("a judgement, no source says so") == 2
    assert _readus(dossier, "Negative control")[2] == "done"


@pytest.mark.parametrize(
    ("kept", "said"),
    [((0,), "no report for the comparator"), ((1,), "no report for the negative control"), ((), "and the comparator")],
)
def test_a_control_that_no_report_tells_is_not_done_and_says_why(
    real: Dossier, kept: tuple[int, ...], said: str
) -> None:
    lost = [
        one if n in kept else dataclasses.replace(one, table=None, reason="nobody reported it")
        for n, one in enumerate(controls())
    ]
    dossier = build_dossier(
        load_treatment("anti-wrinkle"),
        reports=Answer(controls=tuple(lost)),  # type: ignore[arg-type]
        run=real.run,
    )
    answer, state = _readus(dossier, "Negative control")[1:]
    assert state == "not done"
    assert said in str(answer)
    assert html.render(dossier).count("Not counted: nobody reported it.") == 2 - len(kept)


def _readus(dossier: Dossier, name: str) -> tuple[object, ...]:
    table = next(table for table in dossier.part("methods").tables if table.id == "readus")
    [row] = [row for row in table.rows if str(row[0]).startswith(name)]
    return row


def test_the_cohort_asked_for_is_named_before_its_counts_and_is_never_a_template(real: Dossier) -> None:
    narrowed = Answer(cohort="sex:F {a.b}")
    dossier = build_dossier(load_treatment("anti-wrinkle"), reports=narrowed, run=real.run)  # type: ignore[arg-type]
    page = html.render(dossier)
    assert any("of the cohort sex:F {a.b}" in str(line[0]) for line in dossier.facts.lines)
    named = page.index("Only part of the loaded reports is counted below: the cohort sex:F {a.b}.")
    assert named < page.index("report versions published")


def test_all_reports_need_no_word_about_a_cohort(loaded: Dossier) -> None:
    assert "Only part of the loaded reports" not in html.render(loaded)


def test_where_nothing_else_is_loaded_the_section_says_why_nothing_stands_out(real: Dossier) -> None:
    alone = Answer(signals=None, by_use=None)
    dossier = build_dossier(load_treatment("anti-wrinkle"), reports=alone, run=real.run)  # type: ignore[arg-type]
    assert dossier.part("reports").missing[0].startswith("What stands out is not computed: ")
    assert "Cosmetic and therapeutic use are not compared" in html.render(dossier)


def test_errors_in_giving_it_stand_with_how_it_is_given_and_not_among_reactions(real: Dossier, loaded: Dossier) -> None:
    assert "No loaded report of the treatment names an error in giving it" in html.render(loaded)
    bins = {HOSTILE: "medication_error", "PAIN": "harm", "DRUG INEFFECTIVE": "lack_of_effect"}
    answer = Answer(signals=signals(bins))
    dossier = build_dossier(load_treatment("anti-wrinkle"), reports=answer, run=real.run)  # type: ignore[arg-type]
    [table] = [table for table in dossier.part("practice").tables if table.id == "errors"]
    [row] = table.rows
    assert row[:2] == (HOSTILE, "error in giving it")
    counted = dossier.findings["reports.loaded.error.script_a_b.observed"]
    assert (counted.numerator, counted.denominator) == (12, 60)


def test_the_short_answer_tells_the_loaded_reports(loaded: Dossier) -> None:
    names = [span.finding for line in loaded.facts.lines for span in line if isinstance(span, Ref)]
    assert "reports.loaded.use.unknown" in names


def test_a_store_without_a_report_of_the_treatment_says_zero(real: Dossier) -> None:
    none = Answer(reports=0, tallies={"total": ()}, reactions=(), signals=None)
    dossier = build_dossier(load_treatment("anti-wrinkle"), reports=none, run=real.run)  # type: ignore[arg-type]
    assert dossier.findings["reports.loaded.use.cosmetic"].value == 0
    assert dossier.part("reports").missing == (
        "None of the loaded reports that are counted names the treatment.",
        "`primum load faers --from FOLDER` adds reports that may speak of it.",
    )
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
