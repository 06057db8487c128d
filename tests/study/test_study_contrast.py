"""A contrast of two cohorts within strata: counted again by hand, and a paradox that only strata undo."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from primum.counts.cohort import parse
from primum.counts.contrast import STRATA
from primum.errors import CohortError, UnknownNameError
from primum.signals.mantel_haenszel import mantel_haenszel
from primum.study.contrast import stratified_contrast
from primum.study.reports import Reports

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


def test_every_stratum_is_counted_as_by_hand(both: tuple[Made, Reports]) -> None:
    rows, opened = both
    found = stratified_contrast(opened, "", 'drug:"BOTOX COSMETIC"', "drug:BOTOX", by=("sex", "age"))
    bands = ((0, 17), (18, 44), (45, 64), (65, 200))
    at = found.counts.event.tolist().index("HEADACHE")
    for i, (sex, (low, high)) in enumerate((s, b) for s in "FM" for b in bands):
        inside = [r for r in rows if r[0] == sex and r[1] is not None and low <= r[1] <= high]
        ours = [r for r in inside if r[2] == "BOTOX COSMETIC"]
        assert found.counts.cohort_reports[i] == len(ours)
        assert found.counts.comparator_reports[i] == len(inside) - len(ours)
        assert found.counts.observed[i, at] == sum("HEADACHE" in r[3] for r in ours)
        assert found.counts.event_reports[i, at] == sum("HEADACHE" in r[3] for r in inside)
    assert found.counts.left_out == sum(r[0] is None or r[1] is None for r in rows)


def test_strata_undo_a_difference_that_sex_alone_makes_and_keep_the_planted_one(both: tuple[Made, Reports]) -> None:
    found = stratified_contrast(both[1], "", 'drug:"BOTOX COSMETIC"', "drug:BOTOX", by=("sex",))
    events = found.counts.event.tolist()
    headache, ptosis = events.index("HEADACHE"), events.index("EYELID PTOSIS")
    pooled = found.pooled.estimate
    assert found.crude.lower[headache] > 1.5
    assert pooled.lower[headache] < 1 < pooled.upper[headache]
    assert pooled.lower[ptosis] > 1.4
    assert found.pooled.p_heterogeneity[ptosis] > 0.01
    assert pooled.reason[events.index("FATIGUE")].startswith("no stratum has reports with and without the drug")


def test_the_pooled_ratio_is_mantel_haenszel_of_the_counts(both: tuple[Made, Reports]) -> None:
    found = stratified_contrast(both[1], "", 'drug:"BOTOX COSMETIC"', "drug:BOTOX")
    c = found.counts
    other = mantel_haenszel(
        c.observed, c.cohort_reports[:, None], c.event_reports, (c.cohort_reports + c.comparator_reports)[:, None]
    )
    np.testing.assert_array_equal(found.pooled.estimate.value, other.estimate.value)


def test_the_use_of_a_treatment_is_contrasted_within_strata(both: tuple[Made, Reports]) -> None:
    with pytest.raises(CohortError, match="comparator"):
        stratified_contrast(both[1], "anti-wrinkle", "use:cosmetic", "use:therapeutic")
    found = stratified_contrast(both[1], "anti-wrinkle", "use:cosmetic", "use:unknown", by=("sex",))
    assert found.counts.cohort_reports.sum() > 1_000


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        (("sex:F", "age:18-", ("sex",)), CohortError, "in both the cohort"),
        (("sex:F", "sex:M", ("colour",)), UnknownNameError, 'No kind of stratum named "colour"'),
        (("drug:nothing", "sex:M", ("sex",)), CohortError, "holds no report"),
    ],
)
def test_what_cannot_be_contrasted_is_told(
    both: tuple[Made, Reports], asked: tuple[str, str, tuple[str, ...]], error: type[Exception], words: str
) -> None:
    cohort, versus, by = asked
    with pytest.raises(error, match=words):
        stratified_contrast(both[1], "", cohort, versus, by=by)


def test_every_kind_of_stratum_can_be_read_as_a_cohort() -> None:
    for texts in STRATA.values():
        assert [str(parse(text)) for text in texts] == list(texts)
