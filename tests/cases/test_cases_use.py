"""What the drug was used for, and the rule that told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from primum.cases.story import case_story
from primum.cases.use import UseRule, UseRules, report_uses, use_rules
from primum.errors import EvidenceError, UnknownNameError
from primum.store import Store, open_store
from primum.store.schema import table

MakeStore = Callable[..., Store]


def drug(seq: int, name: str, role: str | None = "PS", **given: Any) -> dict[str, Any]:
    return {"report_key": 1, "drug_seq": seq, "row_number": seq, "role": role, "drugname": name, **given}


def use_of(memory_store: MakeStore, drugs: list[dict[str, Any]], **indications: str) -> tuple[str, str, str] | None:
    """Use, rule and confidence of one SYNTHETIC report; indications by `_` and their drug's number."""
    told = [
        {"report_key": 1, "row_number": n, "drug_seq": int(key[1:].split("_")[0]), "term": term}
        for n, (key, term) in enumerate(indications.items())
    ]
    reports = [{"report_key": 1, "source": "faers", "quarter": "2017q2", "caseid": "1", "primaryid": "11"}]
    with memory_store(reports=reports, drugs_in_report=drugs, indications=told) as store:
        rows = store.engine.rows(table("report_uses").select("use", "rule", "confidence"))
    assert len(rows) <= 1
    return rows[0] if rows else None


def test_an_indication_tells_the_use(memory_store: MakeStore) -> None:
    told = use_of(memory_store, [drug(1, "BOTOX")], _1="MIGRAINE")
    assert told == ("therapeutic", "indication: MIGRAINE", "strong")
    told = use_of(memory_store, [drug(1, "BOTOX")], _1="SKIN WRINKLING")
    assert told == ("cosmetic", "indication: SKIN WRINKLING", "strong")


def test_indications_of_both_kinds_are_mixed_use(memory_store: MakeStore) -> None:
    told = use_of(memory_store, [drug(1, "BOTOX")], _1="SKIN WRINKLING", _1_2="MIGRAINE")
    assert told == ("mixed", "indication: SKIN WRINKLING and indication: MIGRAINE", "strong")


def test_an_indication_comes_before_the_brand(memory_store: MakeStore) -> None:
    assert use_of(memory_store, [drug(1, "BOTOX COSMETIC")], _1="MIGRAINE") == (
        "therapeutic",
        "indication: MIGRAINE",
        "strong",
    )


def test_a_brand_for_looks_only_tells_where_no_indication_does(memory_store: MakeStore) -> None:
    told = use_of(memory_store, [drug(1, "BOTOX COSMETIC")], _1="PRODUCT USED FOR UNKNOWN INDICATION")
    assert told == ("cosmetic", "product for looks only: BOTOX COSMETIC", "strong")


def test_two_products_of_two_uses_are_mixed_use(memory_store: MakeStore) -> None:
    told = use_of(memory_store, [drug(1, "BOTOX"), drug(2, "JEUVEAU", "SS")], _1="TORTICOLLIS")
    assert told is not None
    assert told[0] == "mixed"


@pytest.mark.parametrize("term", ["BLEPHAROSPASM", "HYPERHIDROSIS", "BRUXISM"])
def test_an_indication_that_is_also_treated_for_looks_is_weak(memory_store: MakeStore, term: str) -> None:
    told = use_of(memory_store, [drug(1, "BOTOX")], _1=term)
    assert told == ("therapeutic", f"indication: {term}", "weak")


@pytest.mark.parametrize("term", ["OFF LABEL USE", "PRODUCT USED FOR UNKNOWN INDICATION"])
def test_what_is_no_indication_tells_nothing(memory_store: MakeStore, term: str) -> None:
    assert use_of(memory_store, [drug(1, "BOTOX")], _1=term) == ("unknown", "no rule fired", None)


def test_the_indication_may_stand_on_another_row_of_the_same_product(memory_store: MakeStore) -> None:
    told = use_of(memory_store, [drug(1, "DYSPORT"), drug(2, "DYSPORT", "C")], _2="MUSCLE SPASTICITY")
    assert told == ("therapeutic", "indication: MUSCLE SPASTICITY", "strong")


def test_the_indication_of_another_drug_tells_nothing(memory_store: MakeStore) -> None:
    told = use_of(memory_store, [drug(1, "BOTOX"), drug(2, "SUMATRIPTAN", "C")], _2="MIGRAINE")
    assert told == ("unknown", "no rule fired", None)


@pytest.mark.parametrize("role", ["DN", "C"])
def test_a_drug_not_given_or_not_suspected_is_no_exposure(memory_store: MakeStore, role: str) -> None:
    assert use_of(memory_store, [drug(1, "BOTOX", role)], _1="MIGRAINE") is None


def test_a_drug_not_given_tells_no_indication(memory_store: MakeStore) -> None:
    told = use_of(memory_store, [drug(1, "BOTOX"), drug(2, "BOTOX", "DN")], _2="MIGRAINE")
    assert told == ("unknown", "no rule fired", None)


FACE = {"dose_text": "20 UNITS, glabellar lines", "route": "Intramuscular"}


@pytest.mark.parametrize(
    ("given", "use"),
    [
        (FACE, "cosmetic"),
        ({"dose_amount": 24.0, "dose_unit": "IU", "dose_text": "frown lines"}, "cosmetic"),
        ({"dose_text": "100 UNITS, forehead"}, "unknown"),
        ({"dose_text": "20 UNITS, IM"}, "unknown"),
        ({"dose_amount": 20.0, "dose_unit": "MG", "dose_text": "face"}, "unknown"),
    ],
)
def test_a_small_dose_into_the_face_is_a_weak_sign(memory_store: MakeStore, given: dict[str, Any], use: str) -> None:
    told = use_of(memory_store, [drug(1, "BOTOX", **given)])
    assert told is not None
    assert (told[0], told[2]) == (use, "weak" if use == "cosmetic" else None)


def test_units_of_another_toxin_are_not_compared_with_the_dose_of_this_one(memory_store: MakeStore) -> None:
    assert use_of(memory_store, [drug(1, "DYSPORT", **FACE)]) == ("unknown", "no rule fired", None)


def strict_use_of(memory_store: MakeStore, drugs: list[dict[str, Any]], *terms: str) -> tuple[str, str, str, str]:
    """Use and rule by all rules, then by the strong ones alone, of one SYNTHETIC report."""
    told = [{"report_key": 1, "row_number": n, "drug_seq": 1, "term": term} for n, term in enumerate(terms)]
    reports = [{"report_key": 1, "source": "faers", "quarter": "2017q2", "caseid": "1", "primaryid": "11"}]
    with memory_store(reports=reports, drugs_in_report=drugs, indications=told) as store:
        [row] = store.engine.rows(table("report_uses").select("use", "rule", "use_strict", "rule_strict"))
    return row


def test_what_only_a_weak_rule_told_is_unknown_by_strong_rules(memory_store: MakeStore) -> None:
    weak = strict_use_of(memory_store, [drug(1, "BOTOX")], "BRUXISM")
    assert weak == ("therapeutic", "indication: BRUXISM", "unknown", "no rule fired")
    dose = strict_use_of(memory_store, [drug(1, "BOTOX", **FACE)])
    assert (dose[0], dose[2]) == ("cosmetic", "unknown")


def test_without_its_weak_side_a_mixed_use_is_the_strong_one(memory_store: MakeStore) -> None:
    told = strict_use_of(memory_store, [drug(1, "BOTOX")], "SKIN WRINKLING", "BLEPHAROSPASM")
    assert told[0] == "mixed"
    assert told[2:] == ("cosmetic", "indication: SKIN WRINKLING")


def test_a_strong_rule_that_a_weak_one_kept_silent_speaks_by_strong_rules(memory_store: MakeStore) -> None:
    told = strict_use_of(memory_store, [drug(1, "BOTOX COSMETIC")], "HYPERHIDROSIS")
    assert (told[0], told[2]) == ("therapeutic", "cosmetic")


def test_rules_that_are_all_weak_tell_nothing_strict(memory_store: MakeStore) -> None:
    rules = UseRules("anti-wrinkle", (UseRule(1, "indication", "BRUXISM", None, "therapeutic", "weak"),), "1")
    told = [{"report_key": 1, "row_number": 1, "drug_seq": 1, "term": "BRUXISM"}]
    reports = [{"report_key": 1, "source": "faers", "quarter": "2017q2", "caseid": "1", "primaryid": "11"}]
    with memory_store(reports=reports, drugs_in_report=[drug(1, "BOTOX")], indications=told) as store:
        assert store.engine.rows(report_uses(rules).select("use", "use_strict")) == [("therapeutic", "unknown")]


def test_a_dose_of_a_thousand_units_is_not_read_as_its_last_digits(memory_store: MakeStore) -> None:
    assert use_of(memory_store, [drug(1, "BOTOX", dose_text="1,020 UNITS, glabellar lines")]) == (
        "unknown",
        "no rule fired",
        None,
    )


def test_a_report_that_is_not_current_has_no_use(memory_store: MakeStore) -> None:
    reports = [{"report_key": 1, "source": "faers", "quarter": "2017q2", "caseid": None, "primaryid": "11"}]
    with memory_store(reports=reports, drugs_in_report=[drug(1, "BOTOX")]) as store:
        assert store.engine.count("report_uses") == 0


def test_the_real_spasticity_case_is_one_report_of_therapeutic_use(real_samples: Path) -> None:
    with open_store(real_samples) as store:
        story = case_story(store, "13351747")
        uses = store.engine.rows(table("report_uses").select("treatment", "use", "rule", "confidence"))
    assert [use for use in uses if use[0] == "anti-wrinkle"] == [
        ("anti-wrinkle", "therapeutic", "indication: MUSCLE SPASTICITY", "strong")
    ]
    assert {use[0] for use in uses} == {"anti-wrinkle", "isotretinoin"}  # the samples hold a case of each
    assert [version.current for version in story.versions] == [True]
    assert len(story.drugs) == 9
    assert {(d.substance, d.product) for d in story.drugs} == {("abobotulinumtoxinA", "DYSPORT")}
    assert (len(story.reactions), story.outcomes, story.person.sex) == (12, ("OT", "DS"), "F")


def test_a_case_is_found_by_the_id_of_a_report_and_tells_its_deletion(made_archives: Path) -> None:
    with open_store(made_archives) as store:
        story = case_story(store, "150000011")
        gone = case_story(store, "9000001")
    assert (story.case_id, story.shown, story.deleted) == ("15000001", "150000012", ("2019q1",))
    assert [version.current for version in story.versions] == [True, False]
    assert [version.reason for version in gone.versions] == ["FDA deleted the case"]


def test_a_case_that_is_not_loaded_is_told_in_one_line(made_archives: Path) -> None:
    with open_store(made_archives) as store, pytest.raises(UnknownNameError, match='No case or report "7"'):
        case_story(store, "7")


RULE = {
    **{"order": "1", "kind": "indication", "value": "X", "limit_units": "", "site": "", "site_words": ""},
    **{"use": "cosmetic", "confidence": "strong"},
}
DOSE = {**RULE, "kind": "dose", "limit_units": "5", "site": "knee", "site_words": "KNEE|PATELLA*"}


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([{**RULE, "kind": "colour"}], "kind is"),
        ([{**RULE, "use": "mixed"}], "use is"),
        ([{**RULE, "confidence": "sure"}], "confidence is"),
        ([{**RULE, "value": ""}], "value is the term"),
        ([{**RULE, "limit_units": "5"}], "limit_units, site and site_words stand"),
        ([{**DOSE, "site_words": ""}], "limit_units, site and site_words stand"),
        ([{**DOSE, "site_words": "KNEE|(.*"}], r"site_words is \"KNEE\|\(\.\*\""),
        ([RULE, RULE], "order is"),
    ],
)
def test_a_faulty_use_rule_is_refused(rows: list[dict[str, str]], told: str) -> None:
    with pytest.raises(EvidenceError, match=told):
        use_rules("t", rows, cosmetic_only=(), version="1", folder="t")


@pytest.mark.parametrize(
    ("told", "use"),
    [("4 units, left PATELLAR tendon", "cosmetic"), ("4 units, knee", "cosmetic"), ("4 units, kneecap", "unknown")],
)
def test_a_dose_rule_holds_where_its_site_is_named(memory_store: MakeStore, told: str, use: str) -> None:
    dose = {**DOSE, "value": "onabotulinumtoxinA"}
    rules = use_rules("anti-wrinkle", [dose], cosmetic_only=(), version="1", folder="t")
    assert rules.rules[0].label == "dose: at most 5 units into the knee"
    reports = [{"report_key": 1, "source": "faers", "quarter": "2017q2", "caseid": "1", "primaryid": "11"}]
    with memory_store(reports=reports, drugs_in_report=[drug(1, "BOTOX", dose_text=told)]) as store:
        assert store.engine.rows(report_uses(rules).select("use")) == [(use,)]


def test_a_table_without_rules_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one rule"):
        UseRules("t", (), "1")
