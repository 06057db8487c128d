"""Each fault found in released packages, as a test that the whole road from loaded reports to statistics would fail.

The packages and what was seen in them: vigipy 3.5.1, Open Altio 1.0.0, openEBGM 0.9.1, pvda 0.0.4, AEOLUS, the FAERS
pipeline of Open Targets, and an unpublished full-FAERS pipeline of 2026 whose prior was reproduced on FAERS 2022Q3.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from primum.counts.table import CountTable
from primum.errors import CountError
from primum.loading.table import load_table
from primum.signals.bayes_fdr import bayes_fdr
from primum.signals.ebgm import ebgm
from primum.signals.ebgm_cells import cells_of
from primum.signals.ebgm_prior import fit_prior
from primum.signals.fourfold import fourfold
from primum.signals.ic import ic
from primum.signals.lrt import lrt
from primum.signals.maxsprt import critical_value_poisson
from primum.signals.table import DEFAULT_METHODS, MORE_METHODS, SignalTable, signal_table
from primum.store import open_store
from primum.study import reports
from primum.treatments.vocabulary import vocabularies


@pytest.fixture(scope="module")
def rows() -> list[tuple[int, str, str]]:
    """SYNTHETIC reports with up to five drugs and five events each, some dying, some rows given twice."""
    rng = np.random.default_rng(17)
    drugs, events = [f"SYNTHETIC{i}" for i in range(12)], ["Death", "Nausea", "Rash", "Pain", "Tremor", "Fatigue"]
    made = []
    for case in range(1, 1_501):
        some_drugs = rng.choice(drugs, rng.integers(1, 6), replace=False)
        some_events = rng.choice(events, rng.integers(1, 6), replace=False)
        made += [(case, str(d), str(e)) for d, e in itertools.product(some_drugs, some_events)]
    return [*made, *made[:500]]


@pytest.fixture(scope="module")
def many(rows: list[tuple[int, str, str]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[reports.Reports]:
    folder = tmp_path_factory.mktemp("many")
    with (folder / "SYNTHETIC.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["CASEID", "DRUG", "AE"])
        writer.writerows(rows)
    with open_store(folder / "store", write=True) as store:
        load_table(store, folder / "SYNTHETIC.csv")
    with reports.open(folder / "store") as opened:
        yield opened


@pytest.fixture(scope="module")
def real(long_table: Path) -> Iterator[tuple[reports.Reports, SignalTable]]:
    """FAERS 2022Q3, loaded as a user loads it, every pair."""
    with reports.open(long_table) as opened:
        yield opened, opened.signals("")


# --- 1, vigipy --------------------------------------------------------------------------------------------------------


def test_margins_are_distinct_reports_and_never_sums_over_pairs(
    many: reports.Reports, rows: list[tuple[int, str, str]]
) -> None:
    """vigipy's case-level path: 13,333 reports became N = 96,254. Here every count is made again with sets."""
    table = many.counts(reports.Question()).table
    assert table.total_reports == 1_500
    drug_sum = {d: sum(o for x, o in zip(table.drug, table.observed, strict=True) if x == d) for d in table.drug}
    for i in range(len(table)):
        drug = {case for case, d, _ in rows if d == table.drug[i]}
        event = {case for case, _, e in rows if e.upper() == table.event[i]}
        assert (table.drug_reports[i], table.event_reports[i]) == (len(drug), len(event))
        assert table.observed[i] == len(drug & event)
        assert drug_sum[table.drug[i]] > 1.5 * table.drug_reports[i]  # what the fault would have used


def test_the_prior_is_fitted_to_the_end_and_says_so(real: tuple[reports.Reports, SignalTable]) -> None:
    """vigipy's fit ends after 500 steps of Nelder-Mead, 30 to 142 of log-likelihood short, without a word."""
    fit = real[1].ebgm_fit
    assert fit is not None
    assert fit.gain_left < 1e-6
    assert fit.gradient_norm < 1e-3
    assert (fit.starts_agreeing, fit.boundary, fit.warnings) == (fit.starts, "", ())


def test_a_threshold_does_not_call_nearly_every_pair(real: tuple[reports.Reports, SignalTable]) -> None:
    """vigipy's default calls 87 to 99.8 %."""
    assert 0.02 < (real[1].eb05 >= 2).mean() < 0.10
    assert 0.02 < (real[1].ic_lower > 0).mean() < 0.30


def test_sequential_critical_values_are_not_twenty_percent_too_high() -> None:
    """Kulldorff 2011, table 1, T = 10, alpha 0.05: 3.467952; vigipy is 20 to 34 % above."""
    assert critical_value_poisson(10) == pytest.approx(3.467952, rel=1e-6)


def test_the_information_component_itself_is_returned(real: tuple[reports.Reports, SignalTable]) -> None:
    """vigipy returns bounds alone."""
    table = real[1]
    np.testing.assert_allclose(table.ic, np.log2((table.observed + 0.5) / (table.expected + 0.5)), atol=1e-12)
    assert ((table.ic_lower < table.ic) & (table.ic < table.ic_upper)).all()


# --- 2, Open Altio ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cohort", ["", "drug:dysport", "reaction:blepharospasm"])
def test_ebgm_is_never_blank_for_a_release_or_a_part_of_it(
    real: tuple[reports.Reports, SignalTable], cohort: str
) -> None:
    """A quarter; some 50 reports; few dozen of one reaction. Open Altio leaves the column empty for the whole release
    when no start converges inside the parameter space."""
    table = real[0].signals("", cohort) if cohort else real[1]
    if cohort:
        assert table.total_reports[0] < 200
    for name in ("ebgm", "eb05", "eb95"):
        assert np.isfinite(getattr(table, name)).all()
    assert (table.eb05 <= table.eb95).all()


def test_a_null_of_one_rate_gets_an_answer_that_says_what_it_is() -> None:
    """SYNTHETIC: every pair exactly at its expectation, where no mixture of gammas has a maximum."""
    n = np.arange(1, 40)
    result = ebgm(n, n.astype(float))
    assert "point mass" in result.fit.boundary
    np.testing.assert_allclose(result.estimate.value, 1, rtol=1e-6)


# --- 3, the pipeline of 2026 ------------------------------------------------------------------------------------------


def test_the_prior_mean_is_near_one_because_all_cells_are_in_the_fit(
    real: tuple[reports.Reports, SignalTable],
) -> None:
    """Fitted to pairs of three and more alone its mean is 8.39 on these counts, and a third more pairs signal."""
    fit = real[1].ebgm_fit
    assert fit is not None
    assert fit.prior_mean == pytest.approx(1.14, abs=0.03)
    assert fit.cells > 30 * len(real[1])  # never-seen cells


# --- 4, openEBGM ------------------------------------------------------------------------------------------------------


def test_a_score_does_not_depend_on_whether_a_truncated_fit_converged(
    real: tuple[reports.Reports, SignalTable],
) -> None:
    """Dysport - Diplopia, 5 reports, 0.1045 expected: EB05 1.09, 2.48 or 15.75 by the fit with openEBGM."""
    table = real[1]
    pair = np.flatnonzero((table.drug == "abobotulinumtoxinA") & (table.event == "DIPLOPIA"))
    assert table.observed[pair].tolist() == [5]
    assert table.expected[pair[0]] == pytest.approx(0.1045, abs=1e-4)
    assert table.eb05[pair[0]] == pytest.approx(15.86, abs=0.1)


def test_nothing_is_rounded_inside_the_calculation() -> None:
    """openEBGM rounds EB05 to two decimals: values there are multiples of 0.01."""
    low = ebgm([3, 5, 8], [1.1, 0.9, 2.5], fit=fit_prior(cells_of([0, 1, 2, 9, 3], [1, 1, 2, 2, 1.4]))).estimate.lower
    assert (np.abs(low * 100 - np.round(low * 100)) > 1e-6).all()


# --- 5, pvda ----------------------------------------------------------------------------------------------------------


def test_three_reports_can_signal_and_two_cannot() -> None:
    """pvda's manual says that three cannot; its own function says 0.73."""
    assert ic([3], [0.01]).lower[0] == pytest.approx(0.73, abs=0.005)
    assert ic([2], [0.0]).lower[0] < 0


# --- 6, Open Targets --------------------------------------------------------------------------------------------------


def test_counts_are_exact_and_reports_with_a_death_are_counted(
    many: reports.Reports, rows: list[tuple[int, str, str]]
) -> None:
    """Open Targets counts by approximate distinct and drops reports with a fatal outcome."""
    table = many.counts(reports.Question()).table
    dead = {case for case, _, event in rows if event == "Death"}
    at = np.flatnonzero(table.event == "DEATH")
    assert len(at) == 12
    assert set(table.event_reports[at]) == {len(dead)}
    both = {d: len({c for c, x, e in rows if x == d and e == "Death"}) for d in table.drug[at]}
    assert dict(zip(table.drug[at], table.observed[at].tolist(), strict=True)) == both


def test_permutations_are_seeded_and_many() -> None:
    """Open Targets draws 100 without a seed: its threshold changes from run to run."""
    counts = np.random.default_rng(1).poisson(4, (20, 5))
    one, two = (lrt(counts, rng=np.random.default_rng(2)) for _ in range(2))
    np.testing.assert_array_equal(one.p, two.p)
    assert one.draws == 9_999


# --- 7, AEOLUS --------------------------------------------------------------------------------------------------------


def test_the_four_cells_of_every_pair_add_up_to_the_reports(many: reports.Reports) -> None:
    """In AEOLUS b, c and d are sums over pairs and add up to something else for each."""
    table = many.counts(reports.Question()).table
    cells = fourfold(table.observed, table.drug_reports, table.event_reports, table.total_reports)
    assert set((cells.both + cells.drug_only + cells.event_only + cells.neither).tolist()) == {1_500.0}


# --- 9, published lists -----------------------------------------------------------------------------------------------


def test_the_indication_and_the_units_are_not_told_as_harm(real: tuple[reports.Reports, SignalTable]) -> None:
    """A published list has "skin wrinkling" as an unexpected reaction to the wrinkle injection; a published ROR of 73
    for overdose comes from units that are larger numbers."""
    bins = next(words.bins for words in vocabularies() if words.treatment == "anti-wrinkle")
    assert bins.bin("Skin wrinkling") == "indication"
    assert bins.bin("Drug ineffective") == "lack_of_effect"
    assert bins.bin("Product quality issue") == "product_quality"
    table = real[0].signals("anti-wrinkle")
    overdose = np.flatnonzero(table.event == "OVERDOSE")
    assert len(overdose)
    assert set(table.bin[overdose]) == {"medication_error"}


# --- bad input: a clear line, or a value with its reason --------------------------------------------------------------


def counts_of(a: int, drug: int, event: int, total: int) -> CountTable:
    return CountTable(
        drug=np.array(["x"], dtype=object),
        event=np.array(["y"], dtype=object),
        observed=np.array([a]),
        drug_reports=np.array([drug]),
        event_reports=np.array([event]),
        total_reports=total,
    )


@pytest.mark.parametrize(
    "counts", [(0, 0, 5, 50), (0, 5, 0, 50), (0, 0, 0, 0), (5, 5, 5, 5), (5, 5, 9, 50), (5, 9, 5, 50), (0, 9, 50, 59)]
)
def test_a_margin_of_zero_or_of_everything_never_leaves_a_number_missing_without_a_reason(
    counts: tuple[int, int, int, int],
) -> None:
    table = signal_table(counts_of(*counts), methods=(*DEFAULT_METHODS, *MORE_METHODS))
    for name, column in table.columns().items():
        if column.dtype.kind == "f" and np.isnan(column[0]):
            assert table.warnings[0], f"{name} is missing without a reason"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((-1, 5, 5, 50), "observed holds a negative count"),
        ((6, 5, 9, 50), "more reports with drug and event than with the drug"),
        ((6, 9, 5, 50), "more reports with drug and event than with the event"),
        ((1, 9, 9, 8), "more reports with drug or event than reports in all"),
    ],
)
def test_counts_that_no_reports_can_have_are_told_in_one_line(given: tuple[int, ...], words: str) -> None:
    with pytest.raises(CountError, match=words) as told:
        counts_of(*given)
    assert "\n" not in str(told.value)


def test_expectations_that_are_no_numbers_are_refused_by_name() -> None:
    fit = fit_prior(cells_of([3, 0, 1], [1.5, 1.0, 1.0]))
    for method in (ic, ebgm, lambda n, e: bayes_fdr(n, e, fit=fit)):
        with pytest.raises(CountError, match=r"expected\[1\] is nan; expected a finite number of at least 0"):
            method([1, 2], [0.5, np.nan])
        with pytest.raises(CountError, match=r"observed\[0\] is 1.5; counts of reports are whole numbers"):
            method([1.5, 2], [0.5, 1.0])
