"""Bringing the derived tables up to date gives the rows that making them anew gives, whatever comes in which order."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from primum.loading.derive import derive
from primum.loading.faers import load_faers
from primum.loading.maude import load_maude
from primum.loading.table import load_table
from primum.loading.vaers import load_vaers
from primum.sources.maude import find_folder
from primum.sources.vaers import find_sets
from primum.store import Store, open_store
from primum.store.arrange import ROWS_OF_A_PART
from primum.store.folder import DERIVED, NAMED_ROWS, UNMAPPED_ROWS
from primum.store.parts import FILES_OF_A_PART
from primum.store.schema import table
from primum.terms import Quarter
from primum.testing.faers import write_archive
from primum.testing.maude import write_maude
from primum.testing.vaers import write_vaers

MakeStore = Callable[..., Store]
Rows = dict[str, list[dict[str, Any]]]

QUARTERS = ("2012q3", "2012q4", "2015q1", "2019q1", "2019q2")
# Spellings of one name teach each other its ingredient, and a later quarter can unteach it.
NAMES = ("HUMIRA", "Humira.", "HUMIRA 40MG", "BOTOX", "BOTOX COSMETIC", "botox 200 units,", "ASPIRIN", None)
INGREDIENTS = (None, None, "ADALIMUMAB", "ADALIMUMAB", "ADALIMUMAB-AATY", "ONABOTULINUMTOXINA")
TERMS = ("MIGRAINE", "SKIN WRINKLING", "PAIN")


def quarter_of(name: str, seed: int) -> Rows:
    """A SYNTHETIC quarter of eight reports of six cases, as rows of the store."""
    rng = np.random.default_rng([seed, QUARTERS.index(name)])
    quarter = Quarter.parse(name)
    part = quarter.year * 10 + quarter.number
    keys = [part * ROWS_OF_A_PART + n for n in range(1, 9)]
    rows: Rows = {"reports": [], "drugs_in_report": [], "indications": [], "reactions": [], "deletions": []}
    for key in keys:
        case = rng.choice(["1", "2", "3", "4", "5", "6", ""]) or None
        report: dict[str, Any] = {"report_key": key, "source": "faers", "quarter": name, "caseid": case}
        report |= {"primaryid": str(rng.integers(1, 20)), "case_version": int(rng.integers(0, 3))}
        report |= {"received_date": dt.date(2010, 1, int(rng.integers(1, 4))), "fields_filled": int(rng.integers(3))}
        rows["reports"].append(report)
        for row in range(1, int(rng.integers(2, 5))):
            place = {"report_key": key, "row_number": row}
            ingredient = INGREDIENTS[rng.integers(len(INGREDIENTS))]
            drug = {"drug_seq": row, "role": "PS", "drugname": NAMES[rng.integers(len(NAMES))]}
            rows["drugs_in_report"].append(place | drug | {"active_ingredient": ingredient})
            rows["indications"].append(place | {"drug_seq": row, "term": TERMS[rng.integers(len(TERMS))]})
            rows["reactions"].append(place | {"term": "PAIN"})
    listed = sorted(set(rng.choice(["1", "2", "3", "9"], size=2).tolist()))
    rows["deletions"] = [{"quarter": name, "caseid": case} for case in listed]
    file = {"file_key": part * FILES_OF_A_PART + 1, "source": "faers", "quarter": name, "archive": name}
    rows["files"] = [file | {"archive_sha256": f"{name} {seed}"}]
    return rows


def put_in(store: Store, rows: Rows) -> None:
    for name, listed in rows.items():
        columns = {column: [row[column] for row in listed] for column in listed[0]}
        arrays = {}
        for column, values in columns.items():
            kind = "datetime64[D]" if isinstance(values[0], dt.date) else None
            arrays[column] = np.array(values, dtype=kind or (object if isinstance(values[0], str | None) else None))
        store.engine.append(name, arrays)


def told(store: Store) -> dict[str, str]:
    return {name: store.engine.content_hash(name) for name in (*DERIVED, "store_facts", "derived_parts")}


@pytest.mark.slow
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**20), order=st.permutations(QUARTERS), at_once=st.lists(st.booleans(), min_size=5))
def test_quarter_by_quarter_in_any_order_gives_what_all_at_once_gives(
    memory_store: MakeStore, seed: int, order: list[str], at_once: list[bool]
) -> None:
    with memory_store(raw=True) as store, memory_store(raw=True) as whole:
        for name, waits in zip(order, at_once, strict=False):
            put_in(store, quarter_of(name, seed))
            if not waits:
                derive(store)
        derive(store)
        for name in QUARTERS:
            put_in(whole, quarter_of(name, seed))
        derive(whole)
        assert told(store) == told(whole)


def test_what_comes_alone_is_derived_for_what_it_touches(
    memory_store: MakeStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="primum.loading.derive")
    with memory_store(raw=True) as store:
        put_in(store, quarter_of("2015q1", 1))
        put_in(store, quarter_of("2019q1", 1))
        derive(store)
        assert "deriving everything anew" in caplog.text
        caplog.clear()
        put_in(store, quarter_of("2019q2", 1))
        derive(store)
        assert "deriving what 20192 touch" in caplog.text
        updated = told(store)
        caplog.clear()
        derive(store)  # nothing is new: everything is made again
        assert "deriving everything anew" in caplog.text
        assert told(store) == updated


def test_cases_in_slices_are_ranked_as_all_together(memory_store: MakeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    with memory_store(raw=True) as store:
        for name in QUARTERS:
            put_in(store, quarter_of(name, 7))
        derive(store)
        together = told(store)
        monkeypatch.setattr("primum.cases.latest.REPORTS_AT_ONCE", 9)  # 40 reports: five slices
        derive(store)
        assert told(store) == together


@pytest.mark.slow
def test_many_rows_are_found_again_in_the_session_that_derived_them(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        write_archive(tmp_path, quarter=Quarter(2019, number), reports=130_000, seed=1, drugs=50, events=50)
    with open_store(tmp_path / "store", write=True) as store:
        for path in sorted(tmp_path.glob("*.zip")):
            load_faers(store, path)
        within = told(store)
        current = table("current_reports")
        [(rows, alive)] = store.engine.rows(current.aggregate(rows=current.count(), alive=current.current.sum()))
    assert rows == 390_000
    assert alive > 0
    with open_store(tmp_path / "store") as store:
        assert told(store) == within


def test_of_no_names_none_is_without_a_meaning(memory_store: MakeStore) -> None:
    with memory_store() as store:
        assert (store.fact(NAMED_ROWS), store.fact(UNMAPPED_ROWS)) == ("0", "0")


def test_a_name_is_read_again_when_the_rows_that_teach_it_change(memory_store: MakeStore) -> None:
    def report(part: int, *drugs: tuple[str, str | None]) -> Rows:
        quarter = f"{part // 10}q{part % 10}"
        key = part * ROWS_OF_A_PART + 1
        rows: Rows = {"reports": [{"report_key": key, "source": "faers", "quarter": quarter, "caseid": str(part)}]}
        rows["drugs_in_report"] = [
            {"report_key": key, "row_number": n, "drugname": name, "active_ingredient": ingredient}
            for n, (name, ingredient) in enumerate(drugs)
        ]
        file = {"file_key": part * FILES_OF_A_PART + 1, "source": "faers", "quarter": quarter, "archive": quarter}
        return rows | {"files": [file | {"archive_sha256": quarter}]}

    def meaning(store: Store) -> list[tuple[str, str]]:
        names, substances = table("drug_names"), table("drug_substances")
        plain = names.filter(names.drugname == "HUMIRA", names.active_ingredient.isnull())
        return store.engine.rows(plain.join(substances, "name_key").select("substance", "method"))

    with memory_store(raw=True) as store:
        put_in(store, report(20151, ("HUMIRA", None), ("OTHER", "THING")))
        put_in(store, report(20152, ("OTHER", "THING")))
        derive(store)
        assert meaning(store) == [("HUMIRA", "unmapped")]
        put_in(store, report(20153, *[("Humira.", "ADALIMUMAB")] * 4))
        derive(store)
        [(substance, method)] = meaning(store)
        assert substance == "ADALIMUMAB"
        assert method.startswith("learned")
        put_in(store, report(20154, *[("HUMIRA 40MG", "ADALIMUMAB-AATY")] * 4))  # now neither has four rows in five
        derive(store)
        assert meaning(store) == [("HUMIRA", "unmapped")]


@pytest.mark.slow
def test_a_replaced_quarter_leaves_nothing_of_what_it_was(tmp_path: Path) -> None:
    for folder, seed in (("old", 1), ("new", 2)):
        (tmp_path / folder).mkdir()
        for number in (1, 2, 3):
            write_archive(
                tmp_path / folder, quarter=Quarter(2019, number), reports=60, seed=seed, deleted_share=0.1, drugs=30
            )
    old, new = (sorted((tmp_path / folder).glob("*.zip")) for folder in ("old", "new"))
    with open_store(tmp_path / "replaced", write=True) as store:
        for path in (*old, new[1]):  # each is derived with what it brings
            load_faers(store, path)
        found = told(store)
    with open_store(tmp_path / "once", write=True) as store:
        for path in (old[0], old[2], new[1]):
            load_faers(store, path)
        assert told(store) == found


def test_a_long_table_beside_quarters_is_derived_for_what_it_brings(tmp_path: Path) -> None:
    for number in (1, 2):
        write_archive(tmp_path, quarter=Quarter(2019, number), reports=30, seed=1)
    (tmp_path / "t.csv").write_text("CASEID,DRUG,AE\n1,BOTOX COSMETIC,Pain\n2,XEOMIN,Rash\n")
    with open_store(tmp_path / "store", write=True) as store:
        for path in sorted(tmp_path.glob("*.zip")):
            load_faers(store, path)
        load_table(store, tmp_path / "t.csv")
        updated = told(store)
        assert store.engine.count("report_uses") == 2
        derive(store)
        assert told(store) == updated


@pytest.mark.parametrize("system", ["maude", "vaers"])
def test_codes_of_devices_and_types_of_vaccines_teach_no_drug_name_its_substance(system, tmp_path):
    drugs = {"maude": ("SYNTHOHIP", "SYNTHOPUMP"), "vaers": ("VARICELLA (SYNTHARIX)",)}[system]
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("CASEID,DRUG,AE\n" + "".join(f"{n},{drug},RASH\n" for n, drug in enumerate(drugs)))
    folder = tmp_path / system
    folder.mkdir()
    with open_store(tmp_path / "store", write=True) as store:
        load_table(store, pairs)
        before = meanings(store, None)
        if system == "maude":
            load_maude(store, [find_folder(write_maude(folder, reports=100))])
        else:
            load_vaers(store, find_sets(write_vaers(folder, reports=100)))
        after = meanings(store, None)
        assert {name: after[name] for name in before} == before
        assert {ingredient for _, ingredient in meanings(store)} > {None}  # the same names, with codes


def test_a_device_without_its_code_is_what_the_others_of_its_brand_are(memory_store: MakeStore) -> None:
    part = 1_010_000  # of MAUDE
    key = part * ROWS_OF_A_PART + 1
    rows: Rows = {"reports": [{"report_key": key, "source": "maude", "caseid": "1"}]}
    rows["drugs_in_report"] = [
        {"report_key": key, "row_number": n, "drugname": "HIP", "active_ingredient": code}
        for n, code in enumerate(["LPH", "LPH", "LPH", None])
    ]
    file = {"file_key": part * FILES_OF_A_PART + 1, "source": "maude", "archive": "m", "archive_sha256": "m"}
    with memory_store(raw=True) as store:
        put_in(store, rows | {"files": [file]})
        derive(store)
        assert meanings(store, None) == {("HIP", None): {("LPH", "learned")}}


def meanings(store, *ingredients):
    """What each name means whose active ingredient is one of these; of every name where none is given."""
    substances = {}
    for key, substance, method in store.engine.read("drug_substances", "name_key", "substance", "method"):
        substances.setdefault(key, set()).add((substance, method))
    names = store.engine.read("drug_names", "name_key", "drugname", "active_ingredient")
    return {
        (name, ingredient): substances[key]
        for key, name, ingredient in names
        if not ingredients or ingredient in ingredients
    }
