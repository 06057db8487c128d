"""Is everything that was read and can be recounted in our tables, or is there a reason why not?"""

from __future__ import annotations

import csv
from pathlib import Path

from primum.treatments.load import Treatment

# Rows of the evidence notes with people, events and grade A or B that stand in no table of ours: the reason of each.
LEFT_OUT: dict[tuple[str, str, str], str] = {}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _counted(rows: list[dict[str, str]], events: str) -> list[tuple[str, str, str]]:
    return [
        (row["n"], row[events], row["percent" if "percent" in row else "value"])
        for row in rows
        if row["n"] and row[events] and row["grade"] in "AB" and row["status"] == "verified"
    ]


def test_every_counted_arm_of_the_safety_notes_stands_in_trials(treatment: Treatment, shared: Path) -> None:
    ours = [(row["n"], row["events"]) for row in treatment.tables["trials"]]
    wanted = _counted(_rows(shared / "evidence" / "label_adverse_events.csv"), "events")
    missing = [key for key in wanted if key[:2] not in ours and key not in LEFT_OUT]
    assert len(wanted) > 300
    assert not missing


def test_every_counted_arm_is_there_as_often_as_it_was_read(treatment: Treatment, shared: Path) -> None:
    """The 170 arms of Brin 2023: same people, same events, same printed percentage, as often as in the tables read."""
    rows = _rows(shared / "evidence" / "label_adverse_events.csv")
    wanted = sorted(_counted([row for row in rows if row["source_title"].startswith("Brin 2023")], "events"))
    table = [row for row in treatment.tables["trials"] if row["source"] == "brin2023"]
    assert sorted((row["n"], row["events"], row["percent"]) for row in table) == wanted
    assert len(wanted) == 170


def test_every_counted_arm_of_the_efficacy_notes_stands_in_efficacy(treatment: Treatment, shared: Path) -> None:
    ours = [(row["n"], row["events"]) for row in treatment.tables["efficacy"]]
    wanted = _counted(_rows(shared / "evidence" / "efficacy.csv"), "events")
    assert wanted
    assert not [key for key in wanted if key[:2] not in ours and key not in LEFT_OUT]


def test_every_count_of_antibodies_stands_in_antibodies(treatment: Treatment, shared: Path) -> None:
    ours = sorted((row["n"], row["positive"]) for row in treatment.tables["antibodies"] if row["positive"])
    wanted = _counted(_rows(shared / "evidence" / "immunogenicity.csv"), "nab_positive")
    assert sorted(key[:2] for key in wanted) == ours


def test_every_usable_report_count_stands_in_reports(treatment: Treatment, shared: Path) -> None:
    """Grade A rows with a number; left out: exposure (own table) and the count of organ classes, which says nothing."""
    ours = {float(row["count"]) for row in treatment.tables["reports"] if row["count"]}
    ours |= {float(row[end]) for row in treatment.tables["exposure"] for end in ("low", "high")}
    rows = _rows(shared / "evidence" / "reports_published.csv")
    wanted = {row["measure"]: float(row["value"]) for row in rows if row["grade"] in "AB" and row["value"]}
    assert {name for name, value in wanted.items() if value not in ours} == {"SOCs"}


def test_nothing_recalled_or_unverified_has_a_value(treatment: Treatment, shared: Path) -> None:
    rows = _rows(shared / "evidence" / "label_adverse_events.csv")
    recalled = {row["source_title"] for row in rows if row["source_kind"] == "recalled_label"}
    titles = {source.title for source in treatment.sources.values()}
    assert not recalled & titles
    assert not any(
        "recalled" in cell for table in treatment.tables.values() for row in table for cell in row.cells.values()
    )
    people = {(row["n"], row["percent"]) for row in treatment.tables["trials"] if row["n"]}
    for row in rows:
        if row["status"] == "unverified" and row["source_kind"] == "recalled_label" and row["n"]:
            assert (row["n"], row["percent"]) not in people


def test_the_doses_of_the_notes_are_the_doses_of_the_table(treatment: Treatment, shared: Path) -> None:
    ours = {(float(row["low"]), float(row["high"])) for row in treatment.tables["doses"]}
    for row in _rows(shared / "evidence" / "dose_safety.csv"):
        derived = row["quantity"].startswith("derived")
        split = row["quantity"] == "estimated human LD50 (70 kg)"  # 39 U/kg * 70 kg is computed, 3,000 U is a row
        if row["value_low"] and row["status"] == "verified" and not derived and not split:
            assert (float(row["value_low"]), float(row["value_high"])) in ours, row["quantity"]


def test_the_times_of_the_notes_are_the_times_of_the_table(treatment: Treatment, shared: Path) -> None:
    ours = {(float(row["low"]), float(row["high"])) for row in treatment.tables["time_course"] if row["low"]}
    for row in _rows(shared / "evidence" / "time_course.csv"):
        if row["value_low"]:
            assert (float(row["value_low"]), float(row["value_high"])) in ours, row["what"]
