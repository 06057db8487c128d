"""The answer from the loaded reports: flow, use, reactions and what stands out."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from primum.cases.onset import IMPRECISE, KNOWN
from primum.counts.profile import by_value
from primum.errors import CohortError, UnknownNameError
from primum.loading.derive import derive
from primum.store import Store, open_store
from primum.study import reports
from primum.study.scored import UNCHECKED

MakeStore = Callable[..., Store]


def test_the_flow_of_the_made_archives_accounts_for_every_report(made_archives: Path) -> None:
    with reports.open(made_archives) as opened:
        answer = opened.answer("anti-wrinkle")
    steps = list(answer.flow)
    published = next(i for i, step in enumerate(steps) if step.step == "report versions published")
    current = next(i for i, step in enumerate(steps) if step.step == "current reports, one a case")
    lost = steps[published + 1 : current]
    assert steps[published].count == sum(step.count for step in lost) + steps[current].count == 24
    assert {step.reason: step.count for step in lost} == {
        "a FAERS version replaces it": 2,
        "a higher version replaces it": 1,
        "the same version was published again": 2,
        "FDA deleted the case": 2,
        "no case number": 1,
    }
    assert (steps[current].count, steps[-1].count, answer.reports, answer.data_cut) == (16, 13, 13, "2026q2")


def test_the_flow_adds_up_from_the_lines_of_the_files_to_the_reports(made_archives: Path) -> None:
    """What stays less what leaves before the next step that stays is that step; glued lines are the one gain."""
    with reports.open(made_archives) as opened:
        steps = opened.flow()
        files = [file for file in opened.status().files if file.table_name == "DEMO"]
    assert steps[0].count == sum(file.lines for file in files)
    stays = [i for i, step in enumerate(steps) if not step.reason]
    assert [steps[i].unit for i in stays] == ["lines", "rows", "reports", "reports"]
    gained = [sum(file.splits for file in files), 0, 0]
    for here, there, more in zip(stays, stays[1:], gained, strict=False):
        left = sum(step.count for step in steps[here + 1 : there])
        assert steps[here].count - left + more == steps[there].count, steps[there].step


def test_every_report_of_a_treatment_has_one_status_of_onset(made_archives: Path, real_samples: Path) -> None:
    with reports.open(made_archives) as opened:
        answer = opened.answer("anti-wrinkle")
        women = opened.onsets("anti-wrinkle", "sex:F")
    assert {one.use: sum(one.reports.values()) for one in answer.onsets} == answer.uses
    assert all(one.onset.reports == one.reports[KNOWN] for one in answer.onsets)
    assert sum(sum(one.reports.values()) for one in women) == 11
    with reports.open(real_samples) as opened:
        [drug] = opened.onsets("ABOBOTULINUMTOXINA")
        assert (drug.use, drug.reports[IMPRECISE], drug.onset.reports) == ("", 1, 0)
        with pytest.raises(UnknownNameError, match='No drug or treatment named ""'):
            opened.onsets("")


def test_what_strong_rules_change_is_counted_beside_what_all_rules_tell(memory_store: MakeStore) -> None:
    """Three SYNTHETIC reports of BOTOX: told by a strong rule, by a weak one, and by none."""
    keys = (1, 2, 3)
    rows = [
        {"report_key": k, "source": "faers", "quarter": "2017q2", "caseid": str(k), "primaryid": str(k)} for k in keys
    ]
    drugs = [{"report_key": k, "drug_seq": 1, "row_number": 1, "role": "PS", "drugname": "BOTOX"} for k in keys]
    terms = {1: "MIGRAINE", 2: "BRUXISM"}
    told = [{"report_key": k, "row_number": 1, "drug_seq": 1, "term": term} for k, term in terms.items()]
    reactions = [{"report_key": k, "row_number": 1, "term": "HEADACHE"} for k in keys]
    store = memory_store(reports=rows, drugs_in_report=drugs, indications=told, reactions=reactions)
    with reports.Reports(store, fast=False) as opened:
        every = opened.answer("anti-wrinkle")
        strict = opened.answer("anti-wrinkle", use_rules="strict")
        cohort = opened.answer("anti-wrinkle", "use:therapeutic", use_rules="strict")
    assert every.uses == {"therapeutic": 2, "unknown": 1}
    assert strict.uses == {"therapeutic": 1, "unknown": 2}
    assert (cohort.cohort, cohort.reports) == ("use_strict:therapeutic", 1)
    changes = {(one.use, one.use_strict): one.reports for one in every.use_changes}
    assert changes == {("therapeutic", "therapeutic"): 1, ("therapeutic", "unknown"): 1, ("unknown", "unknown"): 1}
    assert every.use_changes == strict.use_changes
    assert reports.STRICT_NOTE in strict.notes
    assert reports.STRICT_NOTE not in every.notes


def test_rows_whose_reports_were_not_looked_at_say_so(made_archives: Path) -> None:
    with reports.open(made_archives) as opened:
        alone = reports.Reports(opened.store, fast=False)
        assert UNCHECKED in alone.signals("anti-wrinkle").notes
        assert UNCHECKED in opened.signals("anti-wrinkle", "sex:F", "~sex:F").notes
        assert UNCHECKED in opened.signals().notes
        assert UNCHECKED not in opened.signals("anti-wrinkle").notes


def test_every_tally_of_a_report_adds_up_to_the_reports(made_archives: Path) -> None:
    with reports.open(made_archives) as opened:
        answer = opened.answer("anti-wrinkle")
    for name in ("total", "rule", "serious", "year", "reporter", "sex", "age", "country", "source"):
        assert sum(by_value(answer.tallies[name]).values()) == answer.reports, name
    assert sum(answer.uses.values()) == answer.reports
    assert by_value(answer.tallies["sex"]) == {"F": 11, "M": 1, "unknown": 1}
    assert by_value(answer.tallies["outcome"]) == {"OT": 12}


def test_the_real_sample_says_one_report_of_therapeutic_use(real_samples: Path) -> None:
    with reports.open(real_samples) as opened:
        answer = opened.answer("anti-wrinkle")
        women, men = (opened.answer("anti-wrinkle", f"sex:{sex}") for sex in "FM")
    assert (answer.reports, answer.uses) == (1, {"therapeutic": 1})
    assert by_value(answer.tallies["rule"]) == {"indication: MUSCLE SPASTICITY (strong)": 1}
    assert by_value(answer.tallies["outcome"]) == {"DS": 1, "OT": 1}
    terms = {reaction.term: (reaction.bin, reaction.listed) for reaction in answer.reactions}
    assert terms["DYSPHAGIA"] == ("harm", True)
    assert terms["DIPLOPIA"] == ("harm", True)
    assert (terms["OVERDOSE"][0], terms["OFF LABEL USE"][0]) == ("medication_error", "off_label")
    assert answer.signals is not None
    assert set(answer.signals.drug) == {"anti-wrinkle"}
    assert answer.contrast is None  # no cosmetic report
    assert (women.reports, women.cohort, women.flow[-1].step) == (1, "sex:F", "of which in the cohort sex:F")
    assert (men.reports, men.signals) == (0, None)


def test_a_long_table_says_that_it_cannot_tell_the_use(long_table: Path) -> None:
    with reports.open(long_table) as opened:
        answer = opened.answer("anti-wrinkle")
    assert answer.uses == {"unknown": 198, "cosmetic": 11}
    assert any("long table" in note and "their use is told by the product alone" in note for note in answer.notes)
    assert by_value(answer.tallies["serious"]) == {"unknown": 209}
    assert answer.names.unmapped < answer.names.rows
    assert answer.data_cut is None


def test_the_prior_of_the_real_table_is_clean_and_near_one(long_table: Path) -> None:
    """STATISTICS, fault 4: the usual fit runs to its boundary here and gives 1.09, 2.48 or 15.75 for this pair."""
    with reports.open(long_table) as opened:
        table = opened.signals("Dysport")
    assert table.ebgm_fit is not None
    assert table.ebgm_fit.boundary == ""
    assert table.ebgm_fit.prior_mean == pytest.approx(1.13, abs=0.02)
    place = table.event.tolist().index("DIPLOPIA")
    assert table.eb05[place] == pytest.approx(15.75, rel=0.02)
    assert set(table.bin) == {"harm", "medication_error"}


def test_cosmetic_is_contrasted_with_unknown_use(long_table: Path) -> None:
    with reports.open(long_table) as opened:
        table = opened.signals("anti-wrinkle", "use:cosmetic", "use:unknown")
    assert set(table.drug) == {"anti-wrinkle use:cosmetic"}
    assert set(table.drug_reports.tolist()) == {11}
    assert set(table.total_reports.tolist()) == {209}
    assert np.all(np.isfinite(table.ebgm))


def test_an_id_of_a_treatment_is_a_treatment_and_a_brand_a_product(long_table: Path) -> None:
    with reports.open(long_table) as opened:
        assert set(opened.signals("Botox", methods=("ror",)).drug) == {"BOTOX"}
        assert "abobotulinumtoxinA" in set(opened.signals("ANTI-WRINKLE", methods=("ror",)).drug)
        assert set(opened.signals("botulinum toxins", methods=("ror",), drug_level="treatment").drug) == {
            "anti-wrinkle"
        }


def test_what_is_not_known_is_told(long_table: Path) -> None:
    with reports.open(long_table) as opened:
        with pytest.raises(UnknownNameError, match='"botx"; nearest: BOTOX'):
            opened.signals("botx")
        with pytest.raises(UnknownNameError, match="No treatment named"):
            opened.answer("aspirin")
        with pytest.raises(CohortError, match='Did you mean "sex"'):
            opened.signals("Botox", "sexx:F")
    with pytest.raises(UnknownNameError, match="No drug level"):
        reports.drug_level_named("brand")


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize(
    ("cohort", "position", "told"),
    [
        ("drug:XEOMINN", 6, 'no drug named "XEOMINN" in the loaded reports; nearest: XEOMIN'),
        ("sex:F ~product:dysportt", 16, 'no product named "DYSPORTT" in the loaded reports; nearest: DYSPORT'),
        ("substance:botulin", 11, 'no substance named "BOTULIN" in the loaded reports'),
        ('reaction:"EYELID PTOSIS","EYELID PTOSIZ"', 27, 'no reaction named "EYELID PTOSIZ"'),
        ("age:5 | indication:qqqq", 20, 'no indication named "QQQQ" in the loaded reports; nearest: none alike'),
    ],
)
def test_a_name_that_no_report_knows_is_pointed_at(
    made_archives: Path, fast: bool, cohort: str, position: int, told: str
) -> None:
    with open_store(made_archives) as store:
        opened = reports.Reports(store, fast=fast)
        for ask in (opened.signals, opened.flow, opened.onsets, opened.answer):
            with pytest.raises(CohortError) as caught:
                ask("anti-wrinkle", cohort)
            assert told in str(caught.value), ask
            assert "\n" not in str(caught.value)
            assert f"position {position}: " in str(caught.value)
        with pytest.raises(CohortError, match="nearest"):
            opened.signals("anti-wrinkle", None, cohort)


def test_a_cohort_of_names_that_are_known_may_be_empty(made_archives: Path) -> None:
    with reports.open(made_archives) as opened:
        with pytest.raises(CohortError, match="holds no report"):
            opened.signals("anti-wrinkle", "drug:xeomin age:200")
        assert opened.answer("anti-wrinkle", "drug:xeomin age:200").reports == 0


def test_deriving_again_changes_nothing(made_archives: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(made_archives, tmp_path / "store"))
    names = ("current_reports", "drug_names", "drug_substances", "report_uses")
    with open_store(copy, write=True) as store:
        before = [store.engine.content_hash(name) for name in names]
        rows = derive(store)
        assert [store.engine.content_hash(name) for name in names] == before
    assert rows["current_reports"] == 24


@pytest.mark.parametrize(
    ("what", "cohort", "versus"), [("", None, None), ("anti-wrinkle", "sex:F", None), ("", "sex:F", "sex:M")]
)
def test_the_signal_table_is_the_same_on_both_roads(
    made_archives: Path, what: str, cohort: str | None, versus: str | None
) -> None:
    with open_store(made_archives) as store:
        fast, slow = (reports.Reports(store, fast=road).signals(what, cohort, versus) for road in (True, False))
    for name, column in slow.columns().items():
        assert str(fast.columns()[name].tolist()) == str(column.tolist()), name  # as text, so that nan equals nan
    told = slow.metadata()
    assert UNCHECKED in told["notes"]
    if what:  # the arrays look at the reports of one drug
        told["notes"].remove(UNCHECKED)
    assert fast.metadata() == told
    for by in ("ic_lower", "observed", "ebgm"):
        assert fast.order(by).tolist() == slow.order(by).tolist()
    some = fast.take(fast.order("ror"))
    assert set(some.coded) >= {"bin", "warnings"}
    for name, column in some.coded.items():
        assert column.texts.tolist() == getattr(some, name).tolist()


def test_cells_are_counted_only_where_a_prior_is_fitted(made_archives: Path) -> None:
    with reports.open(made_archives) as opened:
        assert opened.counts(reports.Question("anti-wrinkle"), cells=False).cells is None
        assert opened.signals("anti-wrinkle", methods=["prr"]).ebgm_fit is None
        assert opened.signals("anti-wrinkle").ebgm_fit is not None
