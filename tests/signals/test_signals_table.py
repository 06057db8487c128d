"""The signal table: its columns, its caveats, where its prior comes from, and the forms it leaves in."""

from __future__ import annotations

import csv
import io
import json
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import openpyxl
import pytest
from scipy import stats

from primum.counts.cells import CellHistogram
from primum.counts.table import CountTable
from primum.errors import CountError, OutputError, UnknownNameError
from primum.signals.ebgm import ebgm
from primum.signals.ebgm_prior import fit_prior
from primum.signals.fdr import fdr
from primum.signals.ic import ic
from primum.signals.loops import tail_walk
from primum.signals.midp import midp, midp_poisson
from primum.signals.prr import prr
from primum.signals.ror import ror
from primum.signals.table import (
    COLUMNS,
    DEFAULT_METHODS,
    MORE_METHODS,
    SignalTable,
    cells_from,
    own_cells,
    score,
    signal_table,
)
from primum.signals.write import as_json, csv_text, write_parquet, xlsx_bytes

# DESIGN.md, "Signal table"
DESIGN = """drug, event, observed, drug_reports, event_reports, total_reports, expected, prr, prr_lower, prr_upper, ror,
ror_lower, ror_upper, ic, ic_lower, ic_upper, ebgm, eb05, eb95, chi2, p_midp, fdr, bin, warnings"""


def text(*values: str) -> np.ndarray:
    return np.array(values, dtype=object)


@pytest.fixture
def counts() -> CountTable:
    """SYNTHETIC: two drugs, three events; one pair without a report, one drug without any."""
    return CountTable(
        drug=text("A", "A", "B", "B", "C"),
        event=text("rash", "pain", "rash", "fall", "rash"),
        observed=np.array([8, 2, 0, 3, 0]),
        drug_reports=np.array([20, 20, 15, 15, 0]),
        event_reports=np.array([30, 25, 30, 4, 30]),
        total_reports=300,
        cohort="drug:any",
        snapshot="abc",
    )


def test_the_columns_are_those_of_the_design() -> None:
    assert ", ".join(COLUMNS) == " ".join(DESIGN.split())


def test_every_column_is_what_its_own_function_gives(counts: CountTable) -> None:
    table = signal_table(counts)
    margins = counts.observed, counts.drug_reports, counts.event_reports, counts.total_reports
    expected = counts.expected_reports
    scores = ebgm(counts.observed, expected, fit=fit_prior(own_cells(counts)))
    p = midp(*margins)
    for names, estimate in (
        (("prr_lower", "prr", "prr_upper"), prr(*margins)),
        (("ror_lower", "ror", "ror_upper"), ror(*margins)),
        (("ic_lower", "ic", "ic_upper"), ic(counts.observed, expected)),
        (("eb05", "ebgm", "eb95"), scores.estimate),
    ):
        for name, column in zip(names, (estimate.lower, estimate.value, estimate.upper), strict=True):
            np.testing.assert_array_equal(getattr(table, name), column)
    np.testing.assert_array_equal(table.p_midp, p)
    np.testing.assert_array_equal(table.fdr, fdr(p))
    assert table.ebgm_fit == scores.fit
    assert [m.id for m in table.methods] == ["prr", "ror", "ic", "ebgm", "chi2", "midp", "fdr"]
    assert all(m.citation for m in table.methods)


def test_no_value_is_missing_without_a_reason_in_its_row(counts: CountTable) -> None:
    table = signal_table(counts, warnings=["", "seen before", "", "", "a campaign"])
    numbers = [c for name, c in table.columns().items() if c.dtype.kind == "f"]
    missing = np.any(np.isnan(numbers), axis=0)
    assert missing.tolist() == [False, False, True, False, True]
    assert all(bool(words) for words in table.warnings[missing])
    assert table.warnings[2].startswith("prr: no report has both")
    assert "ror: no report has both" in table.warnings[2]
    assert table.warnings[4].startswith("a campaign; prr: no report has the drug; ror: no report has the drug")
    assert table.warnings[1] == "seen before"


def test_bins_come_by_event_or_by_row(counts: CountTable) -> None:
    assert signal_table(counts, methods=["ic"], bins={"rash": "harm"}).bin.tolist() == ["harm", "", "harm", "", "harm"]
    assert signal_table(counts, methods=["ic"], bins=text("a", "b", "c", "d", "e")).bin[3] == "d"
    with pytest.raises(CountError, match="bins has 1 values for 5 pairs; expected one a pair"):
        signal_table(counts, bins=text("a"))
    with pytest.raises(CountError, match="warnings has 2 values for 5 pairs"):
        signal_table(counts, warnings=["a", "b"])


def test_only_what_was_asked_for_is_computed_and_fdr_brings_its_p(counts: CountTable) -> None:
    table = signal_table(counts, methods=["fdr", "rrr", "bcpnn"])
    assert [m.id for m in table.methods] == ["midp", "fdr", "rrr", "bcpnn"]
    assert np.isnan(table.prr).all()
    assert table.ebgm_fit is None
    assert list(table.columns())[-6:-3] == ["rrr", "rrr_lower", "rrr_upper"]
    assert list(table.columns())[-3:] == ["bcpnn", "bcpnn_lower", "bcpnn_upper"]
    with pytest.raises(UnknownNameError, match=r'No method named "ebgn".*Did you mean "ebgm"'):
        signal_table(counts, methods=["ebgn"])


def test_the_level_moves_the_bounds_but_never_eb05(counts: CountTable) -> None:
    wide, narrow = signal_table(counts), signal_table(counts, level=0.5)
    assert narrow.ror_lower[0] > wide.ror_lower[0]
    np.testing.assert_array_equal(narrow.eb05, wide.eb05)


def test_the_prior_is_fitted_on_the_cells_given_and_otherwise_a_note_says_so(counts: CountTable) -> None:
    n = lambda *values: np.array(values)  # noqa: E731
    cells = CellHistogram(
        observed=n(1, 4, 9),
        drug_reports=n(5, 20, 20),
        event_reports=n(9, 9, 30),
        weight=n(6, 3, 2),
        drug_margins=n(5, 20),
        drugs=n(10, 4),
        event_margins=n(9, 30),
        events=n(12, 3),
        total_reports=300,
    )
    table = signal_table(counts, cells=cells)
    assert table.ebgm_fit == fit_prior(cells_from(cells))
    assert table.ebgm_fit.cells == 14 * 15
    assert not any("cells this table spans" in note for note in table.notes)
    own = signal_table(counts)
    assert any("cells this table spans" in note for note in own.notes)
    assert own.ebgm_fit is not None
    assert own.ebgm_fit.cells == 2 * 3  # the drug without reports can be in no cell


def test_never_seen_pairs_of_the_table_are_zero_cells(quarter: CountTable) -> None:
    cells = own_cells(quarter)
    assert cells.weight.sum() == 3880 * 973
    assert cells.weight[cells.observed == 0].sum() == 3880 * 973 - len(quarter)
    assert cells.reports == quarter.observed.sum()
    # margins of more than 200 reports are taken together within half a percent
    assert cells.weight @ cells.expected == pytest.approx(quarter.observed.sum(), rel=1e-3)


def test_a_stratified_expectation_reaches_rrr_ic_ebgm_and_p(counts: CountTable) -> None:
    crude = counts.expected_reports
    strata = replace(counts, expected=crude * 1.5)
    table = signal_table(strata, methods=["ic", "ebgm", "midp", "rrr", "prr"])
    np.testing.assert_array_equal(table.ic, ic(counts.observed, crude * 1.5).value)
    np.testing.assert_array_equal(table.p_midp, midp_poisson(counts.observed, crude * 1.5))
    np.testing.assert_array_equal(table.prr, signal_table(counts, methods=["prr"]).prr)
    assert "Poisson" in next(m.label for m in table.methods if m.id == "midp")
    assert table.ebgm[0] != signal_table(counts, methods=["ebgm"]).ebgm[0]


@pytest.mark.parametrize("pairs", [0, 2])
def test_empty_cohorts_give_a_table_and_not_an_error(pairs: int) -> None:
    zero = np.zeros(pairs, dtype=np.int64)
    names = text(*(["a", "b"][:pairs]))
    empty = CountTable(drug=names, event=names, observed=zero, drug_reports=zero, event_reports=zero, total_reports=0)
    table = signal_table(empty)
    assert len(table) == pairs
    assert np.isnan(table.ebgm).all()
    assert all("ebgm: nothing is expected" in words for words in table.warnings)
    assert json.dumps(as_json(table), allow_nan=False)


def test_rows_can_be_taken_and_ranked_without_computing_again(counts: CountTable) -> None:
    table = signal_table(counts, methods=["ror", "ic", "rrr"])
    ranked = table.ranked("ror")
    assert ranked.event.tolist()[:3] == ["fall", "rash", "pain"]
    assert np.isnan(ranked.ror[3:]).all()
    assert table.take(table.observed > 0).drug.tolist() == ["A", "A", "B"]
    assert table.take(np.array([1])).more["rrr"].shape == (1,)
    with pytest.raises(UnknownNameError, match='No column of numbers named "warnings"'):
        table.ranked("warnings")


def test_permuting_the_rows_permutes_the_table(quarter: CountTable) -> None:
    some = np.random.default_rng(1).choice(len(quarter), 3000, replace=False)

    def rows(order: np.ndarray) -> CountTable:
        columns = ("drug", "event", "observed", "drug_reports", "event_reports")
        return replace(quarter, **{name: getattr(quarter, name)[order] for name in columns})

    here, there = signal_table(rows(some)), signal_table(rows(some[::-1]))
    for name in COLUMNS:
        ours, theirs = getattr(here, name)[::-1], getattr(there, name)
        if ours.dtype.kind == "f":
            np.testing.assert_allclose(ours, theirs, rtol=1e-6)
        else:
            assert ours.tolist() == theirs.tolist()


# --- p-values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("walk", [None, tail_walk], ids=["arrays", "loop as it is written"])
def test_mid_p_equals_exact_integer_arithmetic(walk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from fractions import Fraction
    from math import comb

    monkeypatch.setattr(sys.modules["primum.signals.midp"], "compiled_for", lambda *_, **__: walk)
    rng = np.random.default_rng(6)
    cases = [(0, 7427, 1, 16_017_107), (3, 50, 40, 20_000_000), (1, 2, 2, 4), (60, 400, 90, 1200)]
    for _ in range(200):
        total = int(rng.integers(2, 400))
        drug, event = (int(x) for x in rng.integers(0, total + 1, 2))
        low, high = max(0, drug + event - total), min(drug, event)
        cases.append((int(rng.integers(low, high + 1)), drug, event, total))
    for a, drug, event, total in cases:
        ways = [comb(drug, k) * comb(total - drug, event - k) for k in range(a, min(drug, event) + 1)]
        exact = (sum(ways) - Fraction(ways[0], 2)) / comb(total, event)
        assert midp([a], [drug], [event], total)[0] == pytest.approx(float(exact), rel=1e-12)


def test_mid_p_equals_scipy_where_scipy_can() -> None:
    rng = np.random.default_rng(9)
    total = rng.integers(100, 10_000_000, 2000)
    drug, event = ((total * rng.random(2000) ** 5).astype(int) for _ in range(2))
    mean = drug * event / total
    a = np.clip(rng.poisson(mean), np.maximum(0, drug + event - total), np.minimum(drug, event))
    law = stats.hypergeom(total, drug, event)
    np.testing.assert_allclose(midp(a, drug, event, total), law.sf(a) + law.pmf(a) / 2, rtol=1e-7, atol=1e-300)
    poisson = stats.poisson(mean)
    np.testing.assert_allclose(midp_poisson(a, mean), poisson.sf(a) + poisson.pmf(a) / 2, rtol=1e-9, atol=1e-300)


def test_mid_p_is_one_half_on_average_when_nothing_is_going_on() -> None:
    """The reason for the mid-p: its mean is 1/2 under the null, whatever the margins."""
    a = np.arange(0, 13)
    weights = stats.hypergeom(80, 12, 30).pmf(a)
    assert weights @ midp(a, np.full(13, 12), np.full(13, 30), 80) == pytest.approx(0.5, abs=1e-12)


def test_the_false_discovery_rate_equals_scipy_and_leaves_gaps_out() -> None:
    p = np.random.default_rng(0).random(500) ** 3
    np.testing.assert_allclose(fdr(p), stats.false_discovery_control(p), rtol=1e-12)
    with_gap = fdr(np.insert(p, 3, np.nan))
    assert np.isnan(with_gap[3])
    np.testing.assert_array_equal(np.delete(with_gap, 3), fdr(p))
    with pytest.raises(CountError, match="between 0 and 1"):
        fdr([1.2])


def test_the_false_discovery_rate_keeps_its_promise_on_counts() -> None:
    """SYNTHETIC: 200 tables of 400 pairs, 40 with five times the expected reports; share of false alarms at 10 %."""
    rng = np.random.default_rng(12)
    shares = []
    for _ in range(200):
        e = rng.uniform(0.5, 5, 400)
        real = np.arange(400) < 40
        called = fdr(midp_poisson(rng.poisson(e * np.where(real, 5, 1)), e)) <= 0.1
        shares.append((called & ~real).sum() / max(called.sum(), 1))
    assert np.mean(shares) <= 0.1
    assert np.mean(shares) > 0.03  # and it is not idle


# --- forms ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def dangerous(counts: CountTable) -> SignalTable:
    names = text("=HYPERLINK(1)", "+1", "-2", "@sum", 'a<b>&"\x07 é')
    return signal_table(replace(counts, event=names), bins=text("", "", "", "", "=1"))


def test_json_holds_every_value_and_null_where_there_is_none(counts: CountTable) -> None:
    table = signal_table(counts)
    plain = json.loads(json.dumps(as_json(table), allow_nan=False))
    assert plain["schema"] == "primum.signals/1"
    assert plain["columns"] == list(COLUMNS)
    assert plain["rows"][0]["ror"] == table.ror[0]
    assert plain["rows"][2]["ror"] is None
    assert plain["ebgm_fit"]["prior_mean"] == table.ebgm_fit.prior_mean  # type: ignore[union-attr]
    assert plain["methods"][0]["id"] == "prr"
    assert (plain["cohort"], plain["snapshot"], plain["level"]) == ("drug:any", "abc", 0.95)


def test_csv_reads_back_to_the_last_digit(counts: CountTable) -> None:
    table = signal_table(counts)
    rows = list(csv.DictReader(io.StringIO(csv_text(table))))
    assert float(rows[0]["eb05"]) == table.eb05[0]
    assert float(rows[1]["ic_lower"]) == table.ic_lower[1] < 0
    assert rows[2]["ror"] == ""
    assert list(rows[0]) == list(COLUMNS)


def test_no_text_in_csv_begins_like_a_formula(dangerous: SignalTable) -> None:
    rows = list(csv.reader(io.StringIO(csv_text(dangerous))))
    assert [row[1] for row in rows[1:5]] == ["'=HYPERLINK(1)", "'+1", "'-2", "'@sum"]
    assert rows[5][COLUMNS.index("bin")] == "'=1"


def test_a_spreadsheet_keeps_texts_as_texts_and_numbers_as_numbers(dangerous: SignalTable) -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx_bytes(dangerous)))
    sheet = book["signals"]
    assert [c.value for c in sheet[1]] == list(COLUMNS)
    assert [sheet.cell(row, 2).value for row in range(2, 7)] == [*dangerous.event[:4], 'a<b>&"\ufffd é']
    assert {sheet.cell(row, 2).data_type for row in range(2, 7)} == {"s"}
    assert sheet.cell(2, 1 + COLUMNS.index("ror")).value == dangerous.ror[0]
    assert sheet.cell(4, 1 + COLUMNS.index("ror")).value is None
    about = {row[0].value: row[1].value for row in book["about"]}
    assert about["cohort"] == "drug:any"
    assert about["method ebgm"].startswith("Empirical Bayes")
    assert about["ebgm_fit starts"] == 6


def test_a_spreadsheet_holds_no_formula_and_is_the_same_twice(dangerous: SignalTable) -> None:
    one = xlsx_bytes(dangerous)
    with zipfile.ZipFile(io.BytesIO(one)) as book:
        assert all(b"<f>" not in book.read(name) for name in book.namelist())
    assert one == xlsx_bytes(dangerous)


def test_a_table_too_long_for_a_sheet_says_what_to_do(counts: CountTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("primum.signals.write.SHEET_ROWS", 5)
    with pytest.raises(OutputError, match=r"5 rows, a sheet holds 4.*Write Parquet or CSV"):
        xlsx_bytes(signal_table(counts))


def test_parquet_holds_the_columns_of_the_table_in_its_order_and_the_certificate(
    counts: CountTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("primum.signals.write.ROW_GROUP", 2)
    scores = score(counts)
    write_parquet(scores, tmp_path / "signals.parquet")
    back = duckdb.sql(f"SELECT * FROM '{tmp_path / 'signals.parquet'}'").fetchnumpy()
    assert list(back) == list(COLUMNS)
    for name, column in scores.table().columns().items():
        np.testing.assert_array_equal(np.ma.filled(back[name]), column)
    about = duckdb.sql(f"SELECT value FROM parquet_kv_metadata('{tmp_path / 'signals.parquet'}')").fetchall()[0][0]
    assert json.loads(about)["ebgm_fit"]["starts"] == 6
    assert json.loads(about)["pairs"] == len(counts)


def test_rows_spelt_out_by_piece_are_those_of_the_whole_table(counts: CountTable) -> None:
    scores = score(counts, methods=(*DEFAULT_METHODS, *MORE_METHODS), warnings=["", "a", "b", "", "a"])
    whole = scores.table()
    rows = np.array([4, 0, 2])
    for name, column in scores.table(rows).columns().items():
        np.testing.assert_array_equal(column, whole.columns()[name][rows], err_msg=name)


@pytest.mark.parametrize("by", ["ic_lower", "observed", "ebgm", "p_midp"])
def test_ranking_kinds_of_pairs_is_ranking_pairs(counts: CountTable, by: str) -> None:
    scores = score(counts)
    order = scores.table().order(by)
    assert scores.order(by).tolist() == order.tolist()
    among = np.array([True, False, True, True, False])
    assert scores.order(by, among=among, most=2).tolist() == [i for i in order.tolist() if among[i]][:2]
