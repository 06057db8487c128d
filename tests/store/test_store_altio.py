"""Do a release of Open Altio and FDA's own archives give the same store?"""

from __future__ import annotations

import json
import os

import numpy as np
import pytest

import commands
from primum.errors import SourceError
from primum.loading.altio import load_altio
from primum.loading.faers import load_archives
from primum.sources.altio import find_release
from primum.store import open_store
from primum.store.duckdb import DuckDBEngine
from primum.store.parts import REPORT_TABLES
from primum.store.status import read_status
from primum.terms import Quarter
from primum.testing.altio import write_altio
from primum.testing.faers import write_archive

QUARTERS = (Quarter(2005, 1), Quarter(2012, 4), Quarter(2019, 2))  # of the older system, the first and a later one
COMPARED = (*REPORT_TABLES, "deletions", "current_reports", "drug_substances", "report_uses", "value_faults")


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """SYNTHETIC archives of every layout."""
    folder = tmp_path_factory.mktemp("archives")
    for quarter in QUARTERS:
        write_archive(folder, quarter=quarter, reports=40, seed=3, deleted_share=0.1)
    return folder


@pytest.fixture
def release(archives, tmp_path):
    return write_altio(tmp_path / "release", sorted(archives.glob("*.zip")))


def hashes(store, names=COMPARED):
    return {name: store.engine.content_hash(name) for name in names}


def rewrite(release, table, **columns):
    """Give a table of the release other columns, from the arrays of its own."""
    path = release / "parquet" / f"{table}.parquet"
    engine = DuckDBEngine(None)
    staged = engine.stage_file("own", path)
    own = engine.run(staged.drop("staged_row")) | columns
    engine.write_parquet(path, engine.stage("changed", {k: v for k, v in own.items() if v is not None}))
    engine.close()


@pytest.mark.slow
def test_a_release_gives_the_very_rows_that_fdas_archives_give(archives, release, tmp_path):
    with open_store(tmp_path / "fda", write=True) as store:
        load_archives(store, archives)
        expected = hashes(store)
        assert store.engine.count("deletions")
    with open_store(tmp_path / "altio", write=True) as store:
        answers = load_altio(store, find_release(release))
        assert [answer.part for answer in answers] == [str(quarter) for quarter in QUARTERS]
        assert hashes(store) == expected
        status = read_status(store)
        assert status.unaccounted == 0
        assert {file.layout for file in status.files} == {"open-altio 1"}
        assert {file.source for file in status.files} == {"faers"}


def test_the_same_release_again_changes_nothing(release, tmp_path):
    with open_store(tmp_path / "store", write=True) as store:
        load_altio(store, find_release(release))
        before = hashes(store)
        assert {answer.outcome for answer in load_altio(store, find_release(release))} == {"unchanged"}
        assert hashes(store) == before


def test_fdas_own_archive_takes_the_place_of_a_quarter_and_nothing_counts_twice(archives, release, tmp_path):
    with open_store(tmp_path / "store", write=True) as store:
        load_altio(store, find_release(release))
        before = hashes(store)
        [one] = load_archives(store, archives, quarters=frozenset({QUARTERS[1]})).loaded
        assert one.outcome == "replaced"
        assert hashes(store) == before
        assert {source for (source,) in store.engine.read("reports", "source")} == {"faers"}


def test_a_row_without_a_report_number_is_rejected_whole(release, tmp_path):
    engine = DuckDBEngine(None)
    own = engine.run(engine.stage_file("own", release / "parquet" / "outc.parquet").select("primaryid"))["primaryid"]
    engine.close()
    keys = own.copy()
    keys[0] = "not a number"
    rewrite(release, "outc", primaryid=keys)
    with open_store(tmp_path / "store", write=True) as store:
        load_altio(store, find_release(release))
        [(line, reason)] = [
            (bytes(line), reason) for line, reason in store.engine.read("rejects", "line_bytes", "reason")
        ]
        assert line.startswith(b"not a number$")
        assert reason == "no number of a report"
        assert read_status(store).unaccounted == 0


def test_a_missing_column_gets_one_line_and_nothing_is_loaded(release, tmp_path):
    rewrite(release, "reac", pt=None)
    with open_store(tmp_path / "store", write=True) as store:
        with pytest.raises(SourceError, match=r"reac\.parquet: no column pt; expected the columns primaryid, pt"):
            load_altio(store, find_release(release))
        assert store.engine.count("reports") == 0


def test_rows_without_their_report_fail_the_quarter(release, tmp_path):
    engine = DuckDBEngine(None)
    ids = engine.run(engine.stage_file("own", release / "parquet" / "reac.parquet").select("primaryid"))["primaryid"]
    engine.close()
    rewrite(release, "reac", primaryid=np.array(["999999999"] * len(ids), dtype=object))
    with open_store(tmp_path / "store", write=True) as store:
        with pytest.raises(SourceError, match="belong to no report of the quarter"):
            load_altio(store, find_release(release))
        assert store.engine.count("reports") == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda folder: (folder / "manifest.json").unlink(), "no manifest.json"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "it is no JSON"),
        (lambda folder: (folder / "manifest.json").write_text("[]"), "it is no JSON object"),
        (
            lambda folder: (folder / "manifest.json").write_text(json.dumps({"format": "open-altio-release"})),
            "format open-altio-release version None",
        ),
        (lambda folder: (folder / "parquet" / "ther.parquet").unlink(), "no parquet/ther.parquet"),
        (lambda folder: (folder / "parquet" / "demo.parquet").write_bytes(b"no"), "it cannot be read"),
    ],
)
def test_what_is_no_release_gets_one_line(release, tmp_path, change, said):
    change(release)
    done = primum("load", "altio", release, store=tmp_path / "store")
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert said in line


def primum(*arguments, store):
    return commands.primum(*arguments, env={**os.environ, "PRIMUM_STORE": str(store)})


@pytest.mark.slow
def test_the_command_loads_a_release(release, tmp_path):
    done = primum("load", "altio", release, store=tmp_path / "store")
    assert done.returncode == 0, done.stderr
    first = done.stdout.splitlines()[0]
    assert first.startswith("2005q1: loaded ")
    assert first.endswith("reports; 0 rows rejected, 0 rows repaired")
    again = primum("load", "altio", release, store=tmp_path / "store")
    assert "is loaded already" in again.stdout
