"""Counts within strata are those of each stratum's own cohort; bias checks fire where they should, and only there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from primum.counts.bias import caveats_of
from primum.counts.by_arrays import Asked, exposed_reports
from primum.counts.cohort import EVERYTHING, parse
from primum.counts.contingency import count, counted_reports
from primum.counts.incidence import Incidence, open_incidence
from primum.counts.members import Scope
from primum.counts.stratified import count_stratified, strata_of
from primum.counts.table import CountTable
from primum.errors import CohortError, UnknownNameError
from primum.signals.mantel_haenszel import mantel_haenszel, pooled_from_sums
from primum.store import Store
from primum.study.reports import Question, Reports
from primum.treatments.vocabulary import vocabularies

SCOPE = Scope({words.treatment: words.bins for words in vocabularies()})
MakeStore = Callable[..., Store]
ASPIRIN = Asked("ASPIRIN", "substance")


def some_reports(reports: int) -> dict[str, list[dict[str, Any]]]:
    """SYNTHETIC reports of three drugs and four events; one sender and one quarter hold what is sent of a rash."""
    rng = np.random.default_rng(3)
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ("reports", "drugs_in_report", "reactions")}
    for number in range(reports):
        key, rash = {"report_key": 2 + number}, number % 9 == 0
        about = {
            "source": "faers",
            "caseid": str(number),
            "primaryid": str(number),
            "quarter": "2017q1" if rash else ("2017q1", "2017q2", "2018q1", "2018q4")[number % 4],
            "sender": "ACME" if rash else ("ACME", "OTHER", "THIRD", None)[number % 4],
            "sex": ("F", "M", None)[int(rng.integers(3))],
            "age_years": (None, 10.0, 30.0, 50.0, 70.0, 90.0)[int(rng.integers(6))],
        }
        rows["reports"].append({**key, **about})
        for n, name in enumerate(
            rng.choice(["ASPIRIN", "CAFFEINE", "BOTOX"], size=int(rng.integers(1, 4)), replace=False)
        ):
            rows["drugs_in_report"].append(
                {
                    **key,
                    "drug_seq": n,
                    "row_number": n,
                    "role": "PS",
                    "drugname": str(name),
                    "active_ingredient": str(name),
                }
            )
        terms = rng.choice(["HEADACHE", "PAIN", "OVERDOSE"], size=int(rng.integers(1, 3)), replace=False).tolist()
        for n, term in enumerate([*terms, *(["RASH"] if rash else [])]):
            rows["reactions"].append({**key, "row_number": n, "term": str(term)})
    return rows


@pytest.fixture(scope="module")
def store(memory_store: MakeStore) -> Any:
    with memory_store(**some_reports(600)) as made:
        yield made


@pytest.fixture(scope="module")
def arrays(store: Store) -> Incidence:
    return open_incidence(store, keep=False)


@pytest.mark.parametrize("cohort", ["*", "reaction:pain"])
def test_each_stratum_counts_what_its_own_cohort_counts_on_the_engine(
    store: Store, arrays: Incidence, cohort: str
) -> None:
    meant = parse(cohort)
    found = count_stratified(arrays, ASPIRIN, ("sex", "age"), scope=SCOPE, cohort=meant)
    assert found.strata is not None
    assert len(found.strata.cohorts) == 10
    table = found.counts.table
    for i, stratum in enumerate(found.strata.cohorts):
        alone = count(store, ASPIRIN, scope=SCOPE, cohort=meant & stratum)
        told = dict(zip(table.event.tolist(), found.strata.observed[i].tolist(), strict=True))
        assert {event: n for event, n in told.items() if n} == dict(
            zip(alone.event.tolist(), alone.observed.tolist(), strict=True)
        )
        margin = dict(zip(table.event.tolist(), found.strata.event_reports[i].tolist(), strict=True))
        assert all(margin[e] == n for e, n in zip(alone.event.tolist(), alone.event_reports.tolist(), strict=True))
        assert found.strata.total_reports[i, 0] == alone.total_reports
        assert set(found.strata.drug_reports[i].tolist()) == set(alone.drug_reports.tolist())
    np.testing.assert_array_equal(found.strata.observed.sum(axis=0), table.observed)
    assert table.total_reports + found.left_out == count(store, scope=SCOPE, cohort=meant).total_reports


def test_every_pair_within_strata_agrees_with_one_drug_at_a_time(store: Store, arrays: Incidence) -> None:
    every = count_stratified(arrays, None, ("sex", "age"), scope=SCOPE, cohort=EVERYTHING)
    one = count_stratified(arrays, ASPIRIN, ("sex", "age"), scope=SCOPE, cohort=EVERYTHING)
    assert one.strata is not None
    assert every.sums is not None
    mine = every.counts.table.drug == "ASPIRIN"
    np.testing.assert_array_equal(every.counts.table.observed[mine], one.counts.table.observed)
    np.testing.assert_allclose(every.counts.table.expected[mine], one.counts.table.expected, rtol=1e-12)
    inside = one.strata
    apart = mantel_haenszel(inside.observed, inside.drug_reports, inside.event_reports, inside.total_reports).estimate
    together = pooled_from_sums(every.sums)
    np.testing.assert_allclose(together.value[mine], apart.value, rtol=1e-9)
    np.testing.assert_allclose(together.lower[mine], apart.lower, rtol=1e-9)


def test_a_stratum_that_does_not_exist_and_too_many_strata_are_told(arrays: Incidence) -> None:
    with pytest.raises(UnknownNameError, match=r'stratum.*"sx".*sex'):
        strata_of(arrays, ("sx",), SCOPE)
    with pytest.raises(CohortError, match=r"make 0 strata|strata; expected 1 to 255"):
        strata_of(arrays, ("year",), SCOPE)  # no report has a day of receipt


def caveats(arrays: Incidence, asked: Asked, table: CountTable) -> list[str]:
    who, exposure = counted_reports(arrays, asked, EVERYTHING, scope=SCOPE, drug_level="substance")
    return caveats_of(who, exposed_reports(who, asked, exposure), table)


def test_one_sender_and_one_quarter_are_told_where_they_stand_out_and_nowhere_else(
    store: Store, arrays: Incidence
) -> None:
    table = count(store, ASPIRIN, scope=SCOPE, arrays=arrays)
    told = caveats(arrays, ASPIRIN, table)
    by_event = dict(zip(table.event.tolist(), told, strict=True))
    assert by_event["RASH"] == "one sender: ACME sent 100%; stimulated reporting: 2017q1 holds 100%"
    assert [by_event[event] for event in ("HEADACHE", "PAIN", "OVERDOSE")] == ["", "", ""]


def test_heterogeneity_over_strata_is_the_test_of_each_pair_in_the_table(store: Store) -> None:
    with_strata = Reports(store).stratified(Question("ASPIRIN"), by=("sex",), methods=("ror",))
    inside, table = with_strata.strata, with_strata.scores.table()
    assert inside is not None
    found = table.more["p_heterogeneity"]
    for i, event in enumerate(table.event.tolist()):
        cells = (inside.observed[:, [i]], inside.drug_reports[:, [i]], inside.event_reports[:, [i]])
        alone = mantel_haenszel(*cells, inside.total_reports).p_heterogeneity[0]
        np.testing.assert_equal(found[i], alone)
        assert np.isfinite(alone) != ("p_heterogeneity: " in table.warnings[i]), event
    assert np.isfinite(found).any()
    assert "p_heterogeneity" not in Reports(store).stratified(Question(), by=("sex",), methods=("ror",)).scores.columns
