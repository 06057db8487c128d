"""The cohort language: one text form, errors that point at the word, and the reports that a cohort means."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from primum.counts.cohort import (
    DEEPEST,
    EVERYTHING,
    AllOf,
    AnyOf,
    Cohort,
    Condition,
    Not,
    all_of,
    any_of,
    condition,
    parse,
    place_of,
)
from primum.counts.fields import FIELDS, ROLES
from primum.counts.members import Scope, members
from primum.errors import CohortError, UnknownNameError
from primum.store import Store
from primum.treatments.vocabulary import vocabularies

SCOPE = Scope({words.treatment: words.bins for words in vocabularies()})
MakeStore = Callable[..., Store]

VALUES: dict[str, st.SearchStrategy[str]] = {
    **dict.fromkeys(FIELDS, st.text(min_size=1, max_size=8).filter(lambda text: text.strip())),
    "role": st.sampled_from(ROLES),
    "use": st.sampled_from(["cosmetic", "Unknown"]),
    "use_strict": st.sampled_from(["cosmetic", "Unknown"]),
    "smq": st.sampled_from(["Odd limbs", "odd limbs (SMQ)", "x (SMQ) (smq)"]),
    "bin": st.sampled_from(["harm", "off_label"]),
    "sex": st.sampled_from(["F", "m", "unknown"]),
    "country": st.sampled_from(["us", "GB", "United  States", "korea, republic of"]),
    "dose": st.sampled_from(["50-125", "-20", "200-", "12.5"]),
    "age": st.sampled_from(["18-64", "65-", "-17", "40", "0.5-2", "unknown"]),
    "reporter": st.sampled_from(["physician", "CN"]),
    "serious": st.sampled_from(["yes", "no"]),
    "outcome": st.sampled_from(["death", "LT"]),
    "received": st.sampled_from(["2014q1..2019q3", "2014", "2014-02-01..2015"]),
    "event_date": st.sampled_from(["2014Q1", "2014-02"]),
    "source": st.sampled_from(["faers", "table", "vaers"]),
    "quarter": st.sampled_from(["2014q1", "2014Q1..2019q3"]),
    "duplicates": st.sampled_from(["off", "Exact", "probabilistic"]),
}
GROUPS = frozenset({"soc", "hlgt", "hlt", "smq", "smq_broad"})  # their names are known by a terminology alone
CONDITIONS = st.sampled_from(sorted(FIELDS)).flatmap(
    lambda name: st.lists(VALUES[name], min_size=1, max_size=3).map(lambda values: condition(name, *values))
)
COHORTS = st.recursive(
    st.one_of(st.just(EVERYTHING), CONDITIONS),
    lambda parts: st.one_of(
        parts.map(lambda part: ~part),
        st.tuples(parts, parts).map(lambda two: two[0] & two[1]),
        st.tuples(parts, parts).map(lambda two: two[0] | two[1]),
    ),
    max_leaves=8,
)


@given(COHORTS)
@settings(max_examples=300)
def test_reading_the_text_of_a_cohort_gives_the_cohort(cohort: Cohort) -> None:
    assert parse(str(cohort)) == cohort


def test_a_country_is_known_by_code_and_by_name_and_no_other_word_is_one() -> None:
    said = parse('country:UK,usa,"united  states",de')
    assert said == parse("country:DE,GB,US")
    assert str(~said) == "~country:DE,GB,US"
    for text, at in (("~country:UKK", 10), ("country:GB,Germny", 12)):
        with pytest.raises(CohortError, match=f"position {at}: .*expected a country by its ISO code or English name"):
            parse(text)
    with pytest.raises(CohortError, match='Did you mean "GERMANY"'):
        parse("country:Germny")


@given(COHORTS)
def test_the_text_of_a_text_is_itself(cohort: Cohort) -> None:
    assert str(parse(str(cohort))) == str(cohort)


def test_conditions_side_by_side_bind_closer_than_or() -> None:
    assert parse("sex:F age:18- | sex:M") == (parse("sex:F") & parse("age:18-")) | parse("sex:M")
    assert parse("sex:F & age:18-") == parse("sex:F age:18-")


def test_not_binds_closest() -> None:
    assert parse("~sex:F age:18-") == AllOf((Not(condition("sex", "F")), condition("age", "18-")))


def test_spelling_order_and_repeats_of_values_do_not_matter() -> None:
    assert parse("outcome:LT,death,DE") == parse("outcome:DE,life-threatening")
    assert parse('reaction:"Therapeutic response decreased"') == parse(
        'reaction:"THERAPEUTIC PRODUCT EFFECT DECREASED"'
    )


def test_nothing_and_a_star_are_every_report() -> None:
    assert parse("  ") == parse("*") == EVERYTHING
    assert all_of(EVERYTHING, condition("sex", "F")) == condition("sex", "F")
    assert any_of(EVERYTHING, condition("sex", "F")) == EVERYTHING
    assert all_of() == EVERYTHING


def test_a_twofold_not_is_the_cohort_itself() -> None:
    assert ~~parse("sex:F") == parse("sex:F")


def test_combined_groups_are_flat() -> None:
    three = parse("sex:F") | (parse("sex:M") | parse("age:40"))
    assert isinstance(three, AnyOf)
    assert len(three.parts) == 3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "use:cosmtic",
            'position 5: found "cosmtic"; expected one of cosmetic, therapeutic, mixed, unknown. Did you mean',
        ),
        ("sex:F agee:18", 'position 7: found "agee"; expected one of drug, product'),
        ("sex:F agee:18", 'Did you mean "age"?'),
        ("sex F", 'position 5: found "F"; expected a colon after "sex"'),
        ("sex:", "position 5: found the end; expected a value of sex: F, M or unknown"),
        ("sex:F (age:18-", "position 15: found the end; expected a closing bracket"),
        ("sex:F)", 'position 6: found ")"; expected a condition'),
        ("age:young", 'position 5: found "young"; expected years such as 18-64'),
        ("age:64-18", "expected the younger age first"),
        ("received:yesterday", "expected a year, quarter, month or day"),
        ("quarter:2014", "expected a quarter or two of them"),
        ("quarter:2015q1..2014q1", "expected the earlier quarter first"),
        ('reaction:"Eyelid', "position 10: found a quote that never closes"),
        ("sex:F |", "position 8: found the end; expected a condition such as sex:F"),
        (": sex", 'position 1: found ":"'),
        (
            "(" * 400 + "sex:F" + ")" * 400,
            'position 51: found "(" inside 50 others; expected at most 50 groups or ~ in one',
        ),
        ("~" * 2000 + "sex:F", 'position 51: found "~" inside 50 others; expected at most 50 groups or ~ in one'),
    ],
)
def test_an_error_points_at_the_word_and_says_what_is_right_there(text: str, told: str) -> None:
    with pytest.raises(CohortError) as caught:
        parse(text)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_condition_made_by_hand_must_be_spelt_as_the_language_spells_it() -> None:
    assert Condition("sex", ("F",)) == condition("sex", "f")
    for field, values in (("sex", ("f",)), ("sex", ()), ("outcome", ("LT", "DE"))):
        with pytest.raises(CohortError, match="condition"):
            Condition(field, values)
    with pytest.raises(CohortError, match='No field named "sx"'):
        condition("sx", "F")
    with pytest.raises(CohortError, match="expected one of F, M"):
        condition("sex", "female")


# --- which reports a cohort means, on SYNTHETIC reports ---

PEOPLE = [
    {"sex": "F", "age_years": 18.0, "reporter_country": "US", "reporter_occupation": "MD", "quarter": "2014q3"},
    {"sex": "M", "age_years": 64.9, "occurrence_country": "CA", "reporter_country": "US", "quarter": "2014q4"},
    {"sex": None, "age_years": None, "reporter_occupation": "CN", "quarter": "2015q1"},
    {"sex": "F", "age_years": 65.0, "source": "table", "quarter": None},
]
DATES = [
    {"received_date": dt.date(2014, 8, 1), "received_date_precision": "D"},
    {"received_date": dt.date(2014, 11, 1), "received_date_precision": "M"},
    {"event_date": dt.date(2014, 1, 1), "event_date_precision": "Y"},
    {},
]
DRUGS = [
    (1, 1, "PS", "BOTOX COSMETIC", None),
    (1, 2, "C", "ASPIRIN", "ASPIRIN"),
    (2, 1, "PS", "DYSPORT", None),
    (2, 2, "SS", "Aspirin", "ASPIRIN"),
    (3, 1, "PS", "  Some   pill ", None),
    (3, 2, "DN", "XEOMIN", None),
    (4, 1, None, "Xeomin", None),
]
TERMS = [(1, "EYELID PTOSIS"), (1, "SKIN WRINKLING"), (2, "DRUG INEFFECTIVE"), (3, "THERAPEUTIC RESPONSE DECREASED")]


@pytest.fixture(scope="module")
def people(memory_store: MakeStore) -> Iterator[Store]:
    reports = [
        {"report_key": key, "source": "faers", "caseid": str(key), "primaryid": str(key), **person, **date}
        for key, (person, date) in enumerate(zip(PEOPLE, DATES, strict=True), start=1)
    ]
    drugs = [
        {"report_key": r, "drug_seq": s, "row_number": s, "role": role, "drugname": name, "active_ingredient": ai}
        for r, s, role, name, ai in DRUGS
    ]
    reactions = [{"report_key": r, "row_number": n, "term": term} for n, (r, term) in enumerate(TERMS)]
    outcomes = [{"report_key": 2, "row_number": 1, "outcome": "DE"}]
    indications = [{"report_key": 2, "row_number": 1, "drug_seq": 1, "term": "MIGRAINE"}]
    with memory_store(
        reports=reports, drugs_in_report=drugs, reactions=reactions, outcomes=outcomes, indications=indications
    ) as store:
        yield store


def keys(store: Store, text: str, scope: Scope = SCOPE) -> set[int]:
    return {row[0] for row in store.engine.rows(members(parse(text), scope))}


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("*", {1, 2, 3, 4}),
        ("~*", set()),
        ("sex:F", {1, 4}),
        ("sex:unknown", {3}),
        ("~sex:F", {2, 3}),
        ("age:18-64", {1, 2}),
        ("age:65-,unknown", {3, 4}),
        ("country:US", {1}),
        ("reporter:physician,consumer", {1, 3}),
        ("serious:yes", {2}),
        ("serious:no", {1, 3}),
        ("outcome:death", {2}),
        ("source:table", {4}),
        ("quarter:2014q4..2015q1", {2, 3}),
        ("received:2014q3", {1}),
        ("received:2014-11", {2}),
        ("received:2014-11-01", set()),
        ("event_date:2014", {3}),
        ("event_date:2014q1", set()),
        ("drug:aspirin", {2}),
        ("drug:aspirin role:C", {1}),
        ("role:C", {1}),
        ("role:SS drug:dysport", set()),
        ('drug:"some pill"', {3}),
        ("drug:xeomin", {4}),
        ("product:xeomin role:DN", {3}),
        ("substance:incobotulinumtoxinA", {4}),
        ('product:"Botox cosmetic"', {1}),
        ("treatment:anti-wrinkle", {1, 2, 4}),
        ("use:cosmetic", {1}),
        ("use:therapeutic", {2}),
        ("use:unknown treatment:anti-wrinkle", {4}),
        ("indication:migraine", {2}),
        ('reaction:"eyelid ptosis"', {1}),
        ('reaction:"therapeutic product effect decreased"', {3}),
        ("bin:lack_of_effect", {2, 3}),
        ("bin:harm", {1}),
        ("bin:indication", set()),
        ("bin:indication treatment:anti-wrinkle", {1}),
        ("(sex:F | sex:M) ~age:65-", {1, 2}),
    ],
)
def test_a_cohort_means_these_reports(people: Store, text: str, meant: set[int]) -> None:
    assert keys(people, text) == meant


@given(COHORTS.filter(lambda cohort: not cohort.fields & {"treatment", "dose", *GROUPS}))
@settings(max_examples=40, deadline=None)
def test_a_cohort_and_its_complement_part_the_reports(people: Store, cohort: Cohort) -> None:
    inside, outside = ({row[0] for row in people.engine.rows(members(c, SCOPE))} for c in (cohort, ~cohort))
    assert inside | outside == {1, 2, 3, 4}
    assert not inside & outside


def deep(levels: int) -> str:
    """A cohort whose tree is as deep as its text, by not, all and any in turn."""
    text = "sex:F"
    for level in range(levels // 2):
        text = f"~({text} | age:{level})" if level % 2 else f"~({text} age:40)"
    return text


def test_a_cohort_as_deep_as_the_language_allows_is_written_compared_and_counted(people: Store) -> None:
    cohort = parse(deep(DEEPEST))
    with pytest.raises(CohortError):
        parse(f"({deep(DEEPEST)})")
    assert parse(str(cohort)) == cohort
    assert hash(parse(str(cohort))) == hash(cohort)
    outside = {row[0] for row in people.engine.rows(members(~cohort, SCOPE))}
    assert keys(people, str(cohort)) == {1, 2, 3, 4} - outside


def test_the_treatment_asked_for_gives_its_bins(people: Store) -> None:
    scope = Scope(SCOPE.bins, treatment=("anti-wrinkle",))
    assert keys(people, "bin:indication", scope) == {1}


def test_an_unknown_treatment_is_told_with_those_known(people: Store) -> None:
    with pytest.raises(UnknownNameError, match=r'No treatment named "anti-wrinkel".* Did you mean "anti-wrinkle"'):
        members(parse("treatment:anti-wrinkel"), SCOPE)


def test_every_field_can_be_asked_for_and_says_what_it_means(people: Store) -> None:
    given = {"treatment": "anti-wrinkle", "role": "PS", "use": "mixed", "bin": "harm", "sex": "F", "age": "40"}
    given |= {"reporter": "MD", "serious": "yes", "outcome": "DE", "received": "2014", "event_date": "2014"}
    given |= {"source": "faers", "quarter": "2014q1", "use_strict": "mixed", "duplicates": "exact"}
    given |= {"dose": "20 product:X", "country": "US"}
    scope = Scope(SCOPE.bins, groups=dict.fromkeys(GROUPS, frozenset({"X"})))
    for name, field in FIELDS.items():
        assert field.meaning
        assert keys(people, f"{name}:{given.get(name, 'X')}", scope) <= {1, 2, 3, 4}


@pytest.mark.parametrize("value", ['A"B', "A\\B", 'A\\"B', '"', "\\", 'SAY "NO" \\ NOT'])
def test_a_quote_or_a_backslash_in_a_name_goes_to_text_and_back(value: str) -> None:
    cohort = condition("drug", value)
    assert parse(str(cohort)) == cohort
    assert parse(f"sex:F {cohort} age:18-") == condition("sex", "F") & cohort & condition("age", "18-")


def test_a_name_is_found_in_the_text_as_a_word_of_its_field() -> None:
    text = 'reaction:AB drug:ABC,"A\\"B" | drug:AB'
    assert [text[place_of(text, "drug", name) :][:3] for name in ("ABC", 'A"B', "AB")] == ["ABC", 'A\\"', "AB"]
    assert place_of(text, "drug", "AB") == len(text) - 2
