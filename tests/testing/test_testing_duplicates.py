"""Are planted duplicates the same event, are the traps different ones, and does the truth say which is which?"""

from __future__ import annotations

import csv
import zipfile
from collections import Counter, defaultdict

import pytest

from primum.sources.faers import read_archive
from primum.sources.layouts import layout_of
from primum.terms import Quarter
from primum.testing.duplicates import DuplicatePlan
from primum.testing.faers import write_archive

QUARTERS = (Quarter(2014, 4), Quarter(2015, 1), Quarter(2015, 2))
REPORTS, SHARE = 4_000, 0.1


def rows_of(path, name):
    with zipfile.ZipFile(path) as archive:
        member = next(member for member in archive.namelist() if name in member)
        text = archive.read(member).decode()
    columns = layout_of(name, read_archive(path).quarter).columns
    return [dict(zip(columns, line.split("$"), strict=False)) for line in text.splitlines()[1:]]


def made(folder, quarters=QUARTERS, **more):
    folder.mkdir()
    history = {}
    reports, drugs, events = {}, defaultdict(list), defaultdict(list)
    for quarter in quarters:
        path = write_archive(
            folder, quarter=quarter, reports=REPORTS, seed=1, history=history, duplicate_share=SHARE, **more
        )
        history[quarter] = REPORTS
        reports |= {row["caseid"]: row for row in rows_of(path, "DEMO") if row["i_f_code"] == "I"}
        keys = {row["primaryid"]: row["caseid"] for row in reports.values()}
        for table, column, found in (("DRUG", "drugname", drugs), ("REAC", "pt", events)):
            for row in rows_of(path, table):
                if row["primaryid"] in keys:
                    found[keys[row["primaryid"]]].append(row[column])
    truth = list(csv.DictReader((folder / "truth.csv").read_text().splitlines()))
    traps = list(csv.DictReader((folder / "traps.csv").read_text().splitlines()))
    return reports, drugs, events, truth, traps


@pytest.fixture(scope="module")
def quarters(tmp_path_factory):
    return made(tmp_path_factory.mktemp("made") / "noise1")


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    return made(tmp_path_factory.mktemp("made") / "noise0", noise=0.0)


def pairs(made, kind):
    reports, drugs, events, truth, _ = made
    for row in truth:
        if row["kind"] == kind:
            one, other = row["caseid"], row["duplicate_of"]
            yield reports[one], reports[other], (drugs[one], drugs[other]), (events[one], events[other])


def test_the_truth_names_cases_that_are_there_and_are_no_duplicates_themselves(quarters):
    reports, *_, truth, traps = quarters
    twice = [row["caseid"] for row in truth]
    originals = {row["duplicate_of"] for row in truth}
    assert len(set(twice)) == len(twice)
    assert set(twice) | originals | {row["caseid"] for row in traps} <= set(reports)
    assert not originals & (set(twice) | {row["caseid"] for row in traps})
    n = len(QUARTERS) * REPORTS
    assert len(twice) / n == pytest.approx(SHARE, abs=5 * (SHARE / n) ** 0.5)
    assert len(traps) / n == pytest.approx(SHARE, abs=5 * (SHARE / n) ** 0.5)
    assert {row["kind"] for row in truth} == {"resent", "article", "two tellers"}
    assert {row["kind"] for row in traps} == {"padded date", "series", "twins", "popular pair"}


def test_some_originals_lie_in_an_earlier_quarter(quarters):
    _, _, _, truth, _ = quarters
    quarter = {row["caseid"]: row["quarter"] for row in truth}
    apart = [int(row["caseid"]) - int(row["duplicate_of"]) > 1_000_000 for row in truth]
    assert 0.2 < sum(apart) / len(apart) < 0.5
    assert not any(far for far, row in zip(apart, truth, strict=True) if quarter[row["caseid"]] == "2014q4")


def test_a_report_sent_again_keeps_sender_and_number(quarters):
    found = list(pairs(quarters, "resent"))
    assert all(one["mfr_num"] == other["mfr_num"] != "" for one, other, *_ in found)
    assert all(one["mfr_sndr"] == other["mfr_sndr"] for one, other, *_ in found)


def test_an_article_comes_from_other_makers_in_another_spelling(quarters):
    found = list(pairs(quarters, "article"))
    assert all(one["lit_ref"] and other["lit_ref"] for one, other, *_ in found)
    assert all(one["mfr_num"] != other["mfr_num"] for one, other, *_ in found)
    assert sum(one["lit_ref"] != other["lit_ref"] for one, other, *_ in found) > len(found) / 2
    assert all(drugs[0][0] != drugs[1][0] for *_, drugs, _ in found)  # another maker's product
    groups = Counter(other["caseid"] for _, other, *_ in found)
    assert max(groups.values()) >= 3


def test_two_tellers_tell_of_one_event_with_small_differences(quarters):
    found = [(one, other) for one, other, *_ in pairs(quarters, "two tellers")]
    assert all(one["occp_cod"] == "CN" for one, _ in found)
    whole = [(one, other) for one, other in found if len(one["event_dt"]) == len(other["event_dt"]) == 8]
    same = sum(one["event_dt"] == other["event_dt"] for one, other in whole) / len(whole)
    assert 0.5 < same < 0.85
    ages = [(int(one["age"]), int(other["age"])) for one, other in found if one["age_cod"] == other["age_cod"] == "YR"]
    assert all(abs(a - b) <= 1 for a, b in ages)
    assert any(a != b for a, b in ages)
    assert sum(one["wt"] == "" for one, _ in found) / len(found) > 0.7
    assert sum(one["occr_country"] == other["occr_country"] for one, other in found) / len(found) > 0.9


def test_without_noise_a_duplicate_tells_the_same(copies):
    found = [pair for kind in ("resent", "two tellers") for pair in pairs(copies, kind)]
    assert found
    for one, other, drugs, events in found:
        assert drugs[0] == drugs[1]
        assert events[0] == events[1]
        told = ("age", "age_cod", "sex", "wt")
        assert [one[column] for column in told] == [other[column] for column in told]


def test_more_noise_means_fewer_equal_pieces(quarters, copies, tmp_path):
    noisy = made(tmp_path / "noise2", noise=2.0)
    alike = [
        sum(sorted(events[0]) == sorted(events[1]) for *_, events in pairs(one, "two tellers"))
        / sum(1 for _ in pairs(one, "two tellers"))
        for one in (copies, quarters, noisy)
    ]
    assert alike[0] == 1
    assert alike[0] > alike[1] + 0.1 > alike[2] + 0.2


def test_traps_share_what_they_should_and_are_different_people(quarters):
    reports, drugs, events, _, traps = quarters
    groups = defaultdict(list)
    for row in traps:
        groups[row["quarter"], row["trap"], row["kind"]].append(row["caseid"])
    several = {key: cases for key, cases in groups.items() if len(cases) > 1}
    assert len(several) > 100
    for (_, _, kind), cases in several.items():
        assert len({drugs[case][0] for case in cases}) == 1
        assert len({events[case][0] for case in cases}) == 1
        assert len({reports[case]["mfr_num"] for case in cases if reports[case]["mfr_num"]}) > 1 or len(cases) < 5
        dates = {reports[case]["event_dt"] for case in cases}
        if kind == "padded date":
            assert len(dates) == 1
            assert dates.pop().endswith("0101")
        if kind == "twins":
            ages = [int(reports[case]["age"]) for case in cases if reports[case]["age_cod"] == "YR"]
            assert not ages or max(ages) - min(ages) <= 1
        if kind in ("twins", "popular pair"):
            assert len(dates) == 1
        if kind == "series":
            assert len({reports[case]["mfr_sndr"] for case in cases}) == 1


def test_before_references_were_published_there_are_no_duplicates_by_article(tmp_path):
    *_, truth, _ = made(tmp_path / "old", quarters=(Quarter(2012, 3), Quarter(2012, 4)))
    assert {row["kind"] for row in truth} == {"resent", "two tellers"}


def test_writing_a_quarter_again_replaces_its_truth(tmp_path):
    for _ in range(2):
        for quarter in QUARTERS[:2]:
            write_archive(tmp_path, quarter=quarter, reports=500, seed=1, duplicate_share=0.1)
    rows = list(csv.DictReader((tmp_path / "truth.csv").read_text().splitlines()))
    assert len({row["caseid"] for row in rows}) == len(rows) > 50


@pytest.mark.parametrize(
    "wrong", [{"share": 0.6}, {"trap_share": -0.1}, {"share": 0.4, "trap_share": 0.4}, {"noise": -1}]
)
def test_shares_and_noise_outside_their_range_are_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        DuplicatePlan(**wrong)


def test_a_later_version_behind_a_gap_tells_what_the_first_told(tmp_path):
    history: dict[Quarter, int] = {}
    first: dict[str, tuple[str, str, list[str]]] = {}
    compared = 0
    for quarter in (Quarter(2015, 1), Quarter(2015, 2), Quarter(2015, 4)):
        path = write_archive(
            tmp_path, quarter=quarter, reports=3_000, seed=1, history=history, duplicate_share=0.4, trap_share=0
        )
        history[quarter] = 3_000
        events = defaultdict(list)
        for row in rows_of(path, "REAC"):
            events[row["caseid"]].append(row["pt"])
        for row in rows_of(path, "DEMO"):
            told = (row["sex"], row["event_dt"], events[row["caseid"]])
            assert first.setdefault(row["caseid"], told) == told
            compared += row["i_f_code"] == "F"
    assert compared > 300
