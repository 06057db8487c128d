"""Are generated archives of the real shape, the same every time, and true to what was planted?"""

from __future__ import annotations

import zipfile

import pytest

from primum.sources.faers import clean_member, read_archive
from primum.sources.layouts import layout_of
from primum.store import open_store
from primum.study.load import load_archives
from primum.terms import Quarter
from primum.testing.faers import MEAN_ROWS, SYNTHETIC, PlantedSignal, write_archive

ERAS = ["2004q1", "2005q3", "2012q4", "2013q1", "2014q3", "2017q4"]


def rows_of(path, name):
    with zipfile.ZipFile(path) as archive:
        member = next(member for member in archive.namelist() if name in member)
        text = archive.read(member).decode()
    columns = layout_of(name, read_archive(path).quarter).columns
    return [dict(zip(columns, line.split("$"), strict=False)) for line in text.splitlines()[1:]]


@pytest.mark.parametrize("quarter", ERAS)
def test_every_era_is_read_back_without_a_reject(tmp_path, quarter):
    archive = read_archive(write_archive(tmp_path, quarter=Quarter.parse(quarter), reports=100, seed=1))
    assert str(archive.quarter) == quarter
    for member in archive.tables:
        account = clean_member(archive, member, tmp_path / "text", reject=lambda _: pytest.fail("rejected"))
        assert account.lines == account.loaded + 1
        assert layout_of(member.table, archive.quarter).name == account.layout


def test_the_same_arguments_give_the_same_bytes(tmp_path):
    written = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        (tmp_path / name).mkdir()
        written.append(write_archive(tmp_path / name, quarter=Quarter(2015, 1), reports=50, seed=seed).read_bytes())
    assert written[0] == written[1]
    assert written[0] != written[2]
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["faers_ascii_2015q1.zip"]


def test_every_report_says_that_it_is_synthetic(tmp_path):
    path = write_archive(tmp_path, quarter=Quarter(2015, 1), reports=200, seed=1)
    assert {row["mfr_sndr"] for row in rows_of(path, "DEMO")} == {SYNTHETIC}
    assert all(row["drugname"].startswith(SYNTHETIC) for row in rows_of(path, "DRUG"))


def test_counts_per_report_follow_the_published_totals(tmp_path):
    n = 5_000
    path = write_archive(tmp_path, quarter=Quarter(2015, 1), reports=n, seed=1)
    for name, mean in MEAN_ROWS.items():
        # Rows are Poisson; five standard errors of their mean.
        assert len(rows_of(path, name)) / n == pytest.approx(mean, abs=5 * (mean / n) ** 0.5)


def test_names_have_a_heavy_tail(tmp_path):
    path = write_archive(tmp_path, quarter=Quarter(2015, 1), reports=5_000, seed=1)
    names = [row["drugname"] for row in rows_of(path, "DRUG")]
    counts = sorted((names.count(name) for name in set(names)), reverse=True)
    assert sum(counts[:1000]) / len(names) > 0.7  # published: the first thousand cover 79.6 % of rows
    assert counts[-1] == 1


def test_a_planted_signal_is_there_with_its_shares(tmp_path):
    signal = PlantedSignal(
        drug="BOTOX COSMETIC", event="Eyelid ptosis", drug_share=0.1, event_share=0.3, indication="Skin wrinkling"
    )
    path = write_archive(tmp_path, quarter=Quarter(2015, 1), reports=4_000, seed=1, signals=[signal])
    with_drug = {row["primaryid"] for row in rows_of(path, "DRUG") if row["drugname"] == signal.drug}
    with_event = {row["primaryid"] for row in rows_of(path, "REAC") if row["pt"] == signal.event}
    suspects = [row for row in rows_of(path, "DRUG") if row["drugname"] == signal.drug]
    assert {row["role_cod"] for row in suspects} == {"PS"}
    assert len(with_drug) / 4_000 == pytest.approx(0.1, abs=0.025)
    assert len(with_event & with_drug) / len(with_drug) == pytest.approx(0.3, abs=0.12)
    assert with_event <= with_drug


def test_oddities_cost_no_row_and_are_all_counted(tmp_path):
    write_archive(tmp_path, quarter=Quarter(2015, 1), reports=2_000, seed=1, odd_share=0.3)
    with open_store(tmp_path / "store", write=True) as store:
        [loaded] = load_archives(store, tmp_path).loaded
        status = store.status()
    assert (loaded.rejected, status.unaccounted, status.rows["reports"]) == (0, 0, 2_000)
    faults = {(column, fault): rows for _, column, fault, rows in status.value_faults}
    repairs = {repair: rows for _, repair, rows in status.repairs}
    drugs = status.rows["drugs_in_report"]
    # Shares of Bernoulli draws; five standard errors.
    for found, of, share in (
        (faults["age", "not a number"], 2_000, 0.1),
        (faults["dose_amt", "not a number"], drugs, 0.15),
        (repairs["strip_control_bytes"], drugs, 0.15),
    ):
        assert found / of == pytest.approx(share, abs=5 * (share / of) ** 0.5)


def test_deleted_cases_are_named_in_the_next_quarter_and_are_out(tmp_path):
    for quarter in ("2018q4", "2019q1"):
        path = write_archive(tmp_path, quarter=Quarter.parse(quarter), reports=1_000, seed=1, deleted_share=0.05)
        assert len(read_archive(path).deleted) == (quarter == "2019q1")
    with open_store(tmp_path / "store", write=True) as store:
        load_archives(store, tmp_path)
        assert store.engine.count("deletions") == 50
        reasons = [reason for (reason,) in store.engine.read("current_reports", "reason")]
    # Nine in ten of the cases were first published in that quarter; one in ten of these has a second version.
    assert 40 <= reasons.count("FDA deleted the case") <= 65


def test_a_later_version_belongs_to_a_case_of_the_quarter_before(tmp_path):
    older = write_archive(tmp_path, quarter=Quarter(2025, 4), reports=500, seed=1)
    newer = write_archive(tmp_path, quarter=Quarter(2026, 1), reports=500, seed=1)
    cases = {row["caseid"] for row in rows_of(older, "DEMO")}
    later = [row["caseid"] for row in rows_of(newer, "DEMO") if row["caseversion"] == "2"]
    assert len(later) > 20
    assert sum(case in cases for case in later) / len(later) > 0.8


@pytest.mark.parametrize(("drug_share", "event_share"), [(0, 0.1), (1, 0.1), (0.1, -0.1), (0.1, 1.1)])
def test_shares_outside_their_range_are_refused(drug_share, event_share):
    with pytest.raises(ValueError, match="shares"):
        PlantedSignal(drug="A", event="B", drug_share=drug_share, event_share=event_share)
