"""A contrast of two cohorts within strata: counted again by hand, and a paradox that only strata undo."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from primum.errors import CohortError, UnknownNameError
from primum.signals.mantel_haenszel import mantel_haenszel
from primum.study.reports import Question, Reports
from primum.study.scored import StratifiedScores

Made = list[tuple[str | None, float | None, str, list[str]]]


def made() -> Made:
    """SYNTHETIC: Botox Cosmetic is named by women mostly, who report headache thrice as often as men whatever the
    product; ptosis is twice as frequent with it in both sexes. Some reports have no sex or no age."""
    rng = np.random.default_rng(4)
    rows: Made = []
    for _ in range(4_000):
        sex = "F" if rng.random() < 0.5 else "M"
        cosmetic = rng.random() < (0.8 if sex == "F" else 0.2)
        events = ["FATIGUE"]
        events += ["HEADACHE"] if rng.random() < (0.45 if sex == "F" else 0.15) else []
        events += ["EYELID PTOSIS"] if rng.random() < (0.2 if cosmetic else 0.11) else []
        told = None if rng.random() < 0.05 else sex
        age = None if rng.random() < 0.05 else float(rng.integers(18, 90))
        rows.append((told, age, "BOTOX COSMETIC" if cosmetic else "BOTOX", events))
    return rows


@pytest.fixture(scope="module")
def both(memory_store: Callable[..., Any]) -> Iterator[tuple[Made, Reports]]:
    rows = made()
    reports = [
        {
            "report_key": key,
            "source": "faers",
            "quarter": "2017q2",
            "caseid": str(key),
            "primaryid": str(key),
            "sex": sex,
            "age_years": age,
        }
        for key, (sex, age, _, _) in enumerate(rows)
    ]
    drugs = [
        {"report_key": key, "drug_seq": 1, "row_number": 1, "role": "PS", "drugname": drug}
        for key, (_, _, drug, _) in enumerate(rows)
    ]
    reactions = [
        {"report_key": key, "row_number": n, "term": term}
        for key, (*_, terms) in enumerate(rows)
        for n, term in enumerate(terms)
    ]
    store = memory_store(reports=reports, drugs_in_report=drugs, reactions=reactions)
    with Reports(store) as opened:
        yield rows, opened


def contrasted(opened: Reports, cohort: str, versus: str, *by: str, what: str = "") -> StratifiedScores:
    return opened.stratified(Question(what, cohort, versus, duplicates="off"), by=by)


def test_every_stratum_is_counted_as_by_hand(both: tuple[Made, Reports]) -> None:
    rows, opened = both
    found = contrasted(opened, 'drug:"BOTOX COSMETIC"', "drug:BOTOX", "sex", "age")
    bands = ((0, 17), (18, 44), (45, 64), (65, 74), (75, 200))
    inside, table = found.strata, found.scores.table()
    assert inside is not None
    at = table.event.tolist().index("HEADACHE")
    total = 0
    for i, (sex, (low, high)) in enumerate((s, b) for s in "FM" for b in bands):
        here = [r for r in rows if r[0] == sex and r[1] is not None and low <= r[1] <= high]
        ours = [r for r in here if r[2] == "BOTOX COSMETIC"]
        assert inside.drug_reports[i, at] == len(ours)
        assert inside.total_reports[i, 0] == len(here)
        assert inside.observed[i, at] == sum("HEADACHE" in r[3] for r in ours)
        assert inside.event_reports[i, at] == sum("HEADACHE" in r[3] for r in here)
        total += len(here)
    assert table.total_reports[at] == total
    left_out = sum(r[0] is None or r[1] is None for r in rows)
    assert any(f"{left_out:,} reports that lie in none are left out" in note for note in table.notes)


def test_strata_undo_a_difference_that_sex_alone_makes_and_keep_the_planted_one(both: tuple[Made, Reports]) -> None:
    table = contrasted(both[1], 'drug:"BOTOX COSMETIC"', "drug:BOTOX", "sex").scores.table()
    events = table.event.tolist()
    headache, ptosis = events.index("HEADACHE"), events.index("EYELID PTOSIS")
    assert table.ror_lower[headache] > 1.5
    assert table.more["mh_ror_lower"][headache] < 1 < table.more["mh_ror_upper"][headache]
    assert table.more["mh_ror_lower"][ptosis] > 1.4
    assert table.more["p_heterogeneity"][ptosis] > 0.01
    told = table.warnings[events.index("FATIGUE")]
    assert "mantel_haenszel: no stratum has reports with and without the drug" in told
    assert table.comparator == "drug:BOTOX in the same stratum of sex"


def test_the_pooled_ratio_is_mantel_haenszel_of_the_counts(both: tuple[Made, Reports]) -> None:
    found = contrasted(both[1], 'drug:"BOTOX COSMETIC"', "drug:BOTOX", "sex", "age")
    c = found.strata
    assert c is not None
    other = mantel_haenszel(c.observed, c.drug_reports, c.event_reports, c.total_reports)
    np.testing.assert_array_equal(found.scores.columns["mh_ror"], other.estimate.value)
    np.testing.assert_allclose(
        found.scores.columns["expected"],
        (c.drug_reports * c.event_reports / np.maximum(c.total_reports, 1)).sum(axis=0),
    )


def test_the_use_of_a_treatment_is_contrasted_within_strata(both: tuple[Made, Reports]) -> None:
    with pytest.raises(CohortError, match="comparator"):
        contrasted(both[1], "use:cosmetic", "use:therapeutic", "sex", what="anti-wrinkle")
    found = contrasted(both[1], "use:cosmetic", "use:unknown", "sex", what="anti-wrinkle")
    assert found.scores.counts.drug_reports[0] > 1_000


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        (("sex:F", "age:18-", "sex"), CohortError, "in both the cohort"),
        (("sex:F", "sex:M", "colour"), UnknownNameError, 'No stratum named "colour"'),
        (("sex:unknown", "sex:M", "sex"), CohortError, "in a stratum"),
        (("country:FR", "sex:M", "sex"), CohortError, "holds no report"),
    ],
)
def test_what_cannot_be_contrasted_is_told(
    both: tuple[Made, Reports], asked: tuple[str, str, str], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        contrasted(both[1], *asked)
