"""Are generated archives of the real shape, the same every time, and true to what was planted?"""

from __future__ import annotations

import zipfile
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from primum.loading.faers import load_archives, read_quarters
from primum.sources.faers import clean_member, read_archive
from primum.sources.layouts import layout_of
from primum.store import open_store
from primum.terms import Quarter
from primum.testing.faers import MEAN_ROWS, SYNTHETIC, PlantedSignal, write_archive
from primum.testing.oddities import ODDITIES
from primum.testing.series import quarter_sizes, write_archives

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
        account = clean_member(archive, member, tmp_path / "rows", reject=lambda _: pytest.fail("rejected"))
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
    assert all(row["mfr_sndr"].startswith(f"{SYNTHETIC} ") for row in rows_of(path, "DEMO"))
    assert len({row["mfr_sndr"] for row in rows_of(path, "DEMO")}) > 10
    assert all(row["drugname"].startswith(SYNTHETIC) for row in rows_of(path, "DRUG"))


def test_counts_per_report_follow_the_published_totals(tmp_path):
    n = 5_000
    path = write_archive(tmp_path, quarter=Quarter(2015, 1), reports=n, seed=1)
    for name, mean in MEAN_ROWS.items():
        # Rows are Poisson; five standard errors of their mean.
        assert len(rows_of(path, name)) / n == pytest.approx(mean, abs=5 * (mean / n) ** 0.5)


def test_lines_are_as_long_as_those_of_a_published_quarter(tmp_path):
    # 2026Q2: megabytes of text and rows of all tables (SPEC 1.9, its source JC); rows by table are not published, so
    # the bytes of a table are told per report. 819,683 reports are those of two quarters, shared by their rows.
    megabytes = {"DEMO": 59, "DRUG": 151, "REAC": 53, "INDI": 53}
    reports, n = 819_683 * 5_209_795 / (5_279_001 + 5_209_795), 5_000
    path = write_archive(tmp_path, quarter=Quarter(2026, 2), reports=n, seed=1)
    with zipfile.ZipFile(path) as archive:
        sizes = {Path(info.filename).name[:4]: info.file_size / n for info in archive.infolist()}
    for table, size in megabytes.items():
        assert sizes[table] == pytest.approx(size * 1e6 / reports, rel=0.12), table


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


@pytest.mark.parametrize("quarter", [*ERAS, "2018q1", "2019q2", "2026q1"])
def test_oddities_of_every_era_cost_no_row(tmp_path, quarter):
    write_archive(tmp_path, quarter=Quarter.parse(quarter), reports=1_000, seed=1, odd_share=0.3)
    with open_store(tmp_path / "store", write=True) as store:
        [loaded] = load_archives(store, tmp_path).loaded
        status = store.status()
        caseids = [caseid for (caseid,) in store.engine.read("reports", "caseid")]
        roles = {role for (role,) in store.engine.read("drugs_in_report", "role")}
    assert (loaded.rejected, status.unaccounted, status.rows["reports"]) == (0, 0, 1_000)
    faults = {(column, fault): rows for _, column, fault, rows in status.value_faults}
    repairs = {repair for _, repair, _ in status.repairs}
    assert {("age", "not a number"), ("event_dt", "out of range"), ("dur", "not a number")} <= set(faults)
    assert {"split_glued_records", "strip_control_bytes"} <= repairs
    older = quarter < "2012q4"
    assert (None in caseids) == older
    assert (("caseversion", "not a number, counted as version 0") in faults) == older
    assert (("dose_amt", "not a number") in faults) == (not older)
    assert (("sex", "unknown code") in faults) == (quarter == "2019q2")
    assert ("DN" in roles) == (quarter == "2026q1")
    assert ("strip_byte_order_mark" in repairs) == (quarter == "2012q4")
    assert ("accept_member_suffix" in repairs) == (quarter == "2018q1")


def test_oddities_come_with_the_share_that_was_asked(tmp_path):
    write_archive(tmp_path, quarter=Quarter(2015, 1), reports=2_000, seed=1, odd_share=0.3)
    with open_store(tmp_path / "store", write=True) as store:
        load_archives(store, tmp_path)
        status = store.status()
    faults = {(column, fault): rows for _, column, fault, rows in status.value_faults}
    drugs = status.rows["drugs_in_report"]
    kinds = {table: sum(one.table == table and one.first <= Quarter(2015, 1) <= one.last for one in ODDITIES)
             for table in ("DEMO", "DRUG")}  # fmt: skip
    # Shares of Bernoulli draws; five standard errors.
    for found, of, share in (
        (faults["age", "not a number"], 2_000, 0.3 / kinds["DEMO"]),
        (faults["dose_amt", "not a number"], drugs, 0.3 / kinds["DRUG"]),
    ):
        assert found / of == pytest.approx(share, abs=5 * (share / of) ** 0.5)


@pytest.mark.parametrize("quarter", ["2019q1", "2020q1", "2020q3", "2021q1", "2024q4"])
def test_deleted_cases_of_the_quarter_before_are_out_in_all_five_kinds_of_list(tmp_path, quarter):
    now = Quarter.parse(quarter)
    before = Quarter(now.year - (now.number == 1), (now.number - 2) % 4 + 1)
    write_archive(tmp_path, quarter=before, reports=400, seed=1)
    path = write_archive(tmp_path, quarter=now, reports=400, seed=1, deleted_share=0.05)
    assert len(read_archive(path).deleted) == 1
    with open_store(tmp_path / "store", write=True) as store:
        load_archives(store, tmp_path)
        listed = {caseid for (caseid,) in store.engine.read("deletions", "caseid")}
        reasons = dict(zip(*zip(*store.engine.read("reports", "report_key", "caseid"), strict=True), strict=True))
        out = {reasons[key] for key, reason in store.engine.read("current_reports", "report_key", "reason")
               if reason == "FDA deleted the case"}  # fmt: skip
    assert 15 <= len(listed) <= 20
    assert out == listed & set(reasons.values())


def test_before_2019_there_are_no_lists_of_deleted_cases(tmp_path):
    path = write_archive(tmp_path, quarter=Quarter(2018, 4), reports=100, seed=1, deleted_share=0.05)
    assert read_archive(path).deleted == ()


def test_a_later_version_belongs_to_a_case_of_an_earlier_quarter_also_across_the_change_of_systems(tmp_path):
    quarters = [Quarter(2012, 1), Quarter(2012, 2), Quarter(2012, 3), Quarter(2012, 4)]
    history: dict[Quarter, int] = {}
    seen: dict[str, dict[str, str]] = {}
    for quarter in quarters:
        path = write_archive(tmp_path, quarter=quarter, reports=600, seed=1, history=history)
        history[quarter] = 600
        rows = rows_of(path, "DEMO")
        for row in rows:
            if row["i_f_code"] == "F":
                first = seen[row["caseid"]]
                assert (first["gndr"], first["mfr_num"]) == (row["sex"], row["mfr_num"])
                assert first["fda_dt"] < row["fda_dt"]
        if quarter != quarters[-1]:
            seen |= {row["caseid"]: row | {"gndr": row["sex"]} for row in rows}
    later = [row for row in rows if row["i_f_code"] == "F"]
    assert 60 < len(later) < 120
    assert {row["caseversion"] for row in later} >= {"2", "3"}


def test_no_case_has_a_version_twice(tmp_path):
    found = []
    for year in (2013, 2014):
        for number in (1, 2, 3, 4):
            path = write_archive(tmp_path, quarter=Quarter(year, number), reports=300, seed=1)
            found += [row["primaryid"] for row in rows_of(path, "DEMO")]
    assert len(set(found)) == len(found) == 8 * 300


@pytest.mark.parametrize("quarter", ["2011q1", "2016q1"])
def test_the_bytes_do_not_depend_on_how_many_reports_are_held_at_a_time(tmp_path, quarter):
    written = []
    for at_once in (7, 1_000):
        folder = tmp_path / str(at_once)
        folder.mkdir()
        path = write_archive(
            folder,
            quarter=Quarter.parse(quarter),
            reports=200,
            seed=3,
            odd_share=0.1,
            duplicate_share=0.1,
            at_once=at_once,
        )
        written.append([(member, rows_of(path, member)) for member in MEAN_ROWS])
    assert written[0] == written[1]


@pytest.mark.parametrize("quarter", [Quarter(2003, 4), Quarter(2040, 1)])
def test_quarters_that_nobody_can_invent_are_refused(tmp_path, quarter):
    with pytest.raises(ValueError, match="expected 2004q1 to 2039q4"):
        write_archive(tmp_path, quarter=quarter, reports=10, seed=1)


def test_the_last_quarter_can_be_written_and_read(tmp_path):
    assert len(rows_of(write_archive(tmp_path, quarter=Quarter(2039, 4), reports=200, seed=1), "DEMO")) == 200


def test_more_reports_than_a_quarter_can_hold_are_refused(tmp_path):
    with pytest.raises(ValueError, match="take more quarters"):
        write_archive(tmp_path, quarter=Quarter(2015, 1), reports=2_000_001, seed=1)


@pytest.mark.parametrize(("drug_share", "event_share"), [(0, 0.1), (1, 0.1), (0.1, -0.1), (0.1, 1.1)])
def test_shares_outside_their_range_are_refused(drug_share, event_share):
    with pytest.raises(ValueError, match="shares"):
        PlantedSignal(drug="A", event="B", drug_share=drug_share, event_share=event_share)


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    folder = tmp_path_factory.mktemp("people")
    n = 6_000
    return n, {
        quarter: rows_of(write_archive(folder, quarter=Quarter.parse(quarter), reports=n, seed=2), "DEMO")
        for quarter in ("2011q2", "2016q2")
    }


def test_event_dates_have_the_published_precision(people):
    n, rows = people
    lengths = Counter(len(row["event_dt"]) for row in rows["2016q2"])
    # Of all quarters, published; shares of Bernoulli draws, five standard errors.
    for digits, share in ((8, 0.406), (6, 0.055), (4, 0.043), (0, 0.497)):
        assert lengths[digits] / n == pytest.approx(share, abs=5 * (share * (1 - share) / n) ** 0.5)


def test_before_2012_first_days_of_months_are_over_represented_and_later_not(people):
    _, rows = people
    for quarter, least, most in (("2011q2", 0.1, 0.25), ("2016q2", 0.0, 0.06)):
        whole = [row["event_dt"] for row in rows[quarter] if len(row["event_dt"]) == 8]
        assert least < sum(day.endswith("01") for day in whole) / len(whole) < most


def test_ages_weights_and_countries_have_the_units_and_gaps_of_their_era(people):
    n, rows = people
    for quarter, no_age, no_weight in (("2011q2", 0.18, 0.63), ("2016q2", 0.40, 0.80)):
        told = rows[quarter]
        assert sum(row["age"] == "" for row in told) / n == pytest.approx(no_age, abs=0.04)
        assert sum(row["wt"] == "" for row in told) / n == pytest.approx(no_weight, abs=0.04)
        assert {row["age_cod"] for row in told} == {"", "YR", "DEC", "MON", "DY"}
        assert {row["wt_cod"] for row in told} == {"", "KG", "LBS"}
    assert {"UNITED STATES", "JAPAN"} <= {row["reporter_country"] for row in rows["2011q2"]}
    assert {"US", "JP", "NA", "COUNTRY NOT SPECIFIED"} <= {row["reporter_country"] for row in rows["2016q2"]}
    assert sum(row["caseversion"] == "" for row in rows["2011q2"]) / n > 0.7  # an initial report has a blank FOLL_SEQ
    assert sum(row["lit_ref"] != "" for row in rows["2016q2"]) / n == pytest.approx(0.05, abs=0.015)


def test_names_come_in_several_spellings_and_ingredients_only_from_2014q3_on_with_gaps(tmp_path):
    drugs = rows_of(write_archive(tmp_path, quarter=Quarter(2014, 3), reports=3_000, seed=1), "DRUG")
    spelt = defaultdict(set)
    for row in drugs:
        spelt[tuple(row["drugname"].split()[:2])].add(row["drugname"])
    assert sum(len(spellings) > 1 for spellings in spelt.values()) > 100
    missing = sum(row["prod_ai"] == "" for row in drugs) / len(drugs)
    assert 0.01 < missing < 0.06
    assert any("\\" in row["prod_ai"] for row in drugs)
    assert any(row["prod_ai"] == "UNSPECIFIED INGREDIENT" for row in drugs)


def test_a_therapy_or_a_use_belongs_to_a_drug_of_its_report(tmp_path):
    for quarter in ("2010q3", "2020q1"):
        path = write_archive(tmp_path, quarter=Quarter.parse(quarter), reports=500, seed=1)
        drugs = {(row["primaryid"], row["drug_seq"]) for row in rows_of(path, "DRUG")}
        for table, column in (("THER", "dsg_drug_seq"), ("INDI", "indi_drug_seq")):
            assert {(row["primaryid"], row[column]) for row in rows_of(path, table)} <= drugs


def test_a_deleted_case_returns_with_a_later_version(tmp_path):
    history: dict[Quarter, int] = {}
    for year, number in ((2019, 1), (2019, 2), (2019, 3), (2019, 4)):
        quarter = Quarter(year, number)
        write_archive(tmp_path, quarter=quarter, reports=800, seed=1, deleted_share=0.1, history=history)
        history[quarter] = 800
    with open_store(tmp_path / "store", write=True) as store:
        load_archives(store, tmp_path)
        deleted = {caseid for (caseid,) in store.engine.read("deletions", "caseid")}
        case_of = dict(store.engine.read("reports", "report_key", "caseid"))
        alive = {
            case_of[key] for key, current in store.engine.read("current_reports", "report_key", "current") if current
        }
    assert len(deleted & alive) > 5
    assert len(deleted - alive) > 100


@pytest.mark.slow
def test_in_a_series_of_quarters_four_fifths_of_versions_are_current(tmp_path):
    quarters = sorted(read_quarters(["2010q1..2014q4"]))
    write_archives(tmp_path, quarters=quarters, reports=40_000, seed=1)
    with open_store(tmp_path / "store", write=True) as store:
        assert sum(one.reports for one in load_archives(store, tmp_path).loaded) == 40_000
        reasons = Counter(reason for (reason,) in store.engine.read("current_reports", "reason"))
        current = sum(current for (current,) in store.engine.read("current_reports", "current"))
    # Published: 20.3 million cases of 24.8 million versions over 90 quarters, 82 %.
    assert 0.79 < current / 40_000 < 0.85
    assert reasons["a FAERS version replaces it"] > 100


def test_quarters_of_a_series_grow_as_the_real_ones_did():
    quarters = sorted(read_quarters(["2004q1..2026q2"]))
    sizes = quarter_sizes(quarters, 24_812_425)
    assert sum(sizes.values()) == 24_812_425
    # The line between five published counts gives 7 % less than all quarters have.
    for quarter, published in ((Quarter(2004, 1), 65_902), (Quarter(2017, 4), 327_848), (Quarter(2019, 1), 413_734)):
        assert sizes[quarter] == pytest.approx(published, rel=0.08)


@pytest.mark.parametrize(
    "wrong",
    [
        *({name: share} for name in ("odd_share", "deleted_share") for share in (2.0, -0.1, float("nan"))),
        {"at_once": 0},
    ],
)
def test_a_share_outside_its_range_is_refused_before_anything_is_written(tmp_path, wrong):
    [name] = wrong
    with pytest.raises(ValueError, match=f"{name} .*: expected"):
        write_archive(tmp_path, quarter=Quarter(2019, 2), reports=10, seed=1, **wrong)
    assert list(tmp_path.iterdir()) == []
