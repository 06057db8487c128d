"""Does linking on Spark find the very links that it finds on DuckDB, with the same weights to the last digit?"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from primum.cases import link_train
from primum.cases.link_features import KINDS, stage_features, term_counts
from primum.cases.link_model import shipped_model
from primum.loading.faers import load_archives
from primum.loading.link import link_reports
from primum.store import Store, open_store
from primum.store.export import export
from primum.store.schema import table
from primum.terms import Quarter
from primum.testing.faers import write_archive

pytestmark = [pytest.mark.spark, pytest.mark.slow]
QUARTERS = (Quarter(2016, 1), Quarter(2016, 2))
TABLES = ("report_links", "link_pairs", "link_levels", "link_terms", "linked_reports", "store_facts")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SYNTHETIC store with planted duplicates, its tables exported before it was linked."""
    folder = tmp_path_factory.mktemp("planted")
    for n, quarter in enumerate(QUARTERS):
        history = dict.fromkeys(QUARTERS[:n], 400)
        write_archive(folder, quarter=quarter, reports=400, seed=11, duplicate_share=0.1, history=history)
    with open_store(folder / "store", write=True) as store:
        load_archives(store, folder)
        export(store, [], folder / "tables", format="parquet")
        link_reports(store)
    return folder


@pytest.fixture(scope="module")
def linked(planted: Path) -> Path:
    """The exported tables, linked on Spark by the command."""
    tables = Path(shutil.copytree(planted / "tables", planted / "linked"))
    words = ["link", "--engine", "spark-local", "--store", str(tables)]
    done = subprocess.run(
        [sys.executable, "-m", "primum", *words], capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Nothing was deleted." in done.stdout
    assert "ERROR" not in done.stderr
    return tables


def rows_of(store: Store) -> dict[str, list[Any]]:
    return {name: sorted(store.engine.rows(table(name)), key=repr) for name in TABLES}


def test_every_link_weight_level_and_cluster_is_that_of_duckdb(planted: Path, linked: Path) -> None:
    from primum.store.spark import open_spark

    with open_store(planted / "store") as ours, open_spark(str(linked)) as theirs:
        wanted, found = rows_of(ours), rows_of(theirs)
    assert {method for _, method, *_ in wanted["report_links"]} == {"exact", "probabilistic"}
    assert len(wanted["link_pairs"]) > 100
    for name in TABLES:
        assert found[name] == wanted[name], name


def test_linking_again_brings_the_links_up_to_date_and_leaves_nothing_beside_the_tables(linked: Path) -> None:
    from primum.store.spark import open_spark

    with open_spark(str(linked)) as store:
        before = rows_of(store)
        run = link_reports(store)
        assert not run.anew
        assert rows_of(store) == before
    assert [path.name for path in linked.iterdir() if not path.name.startswith(".") and path.suffix == ""] == []


def test_the_random_reports_that_chance_is_measured_on_are_the_same(
    planted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from primum.store.spark import open_spark

    monkeypatch.setattr(link_train, "RANDOM_PAIRS", 20_000)
    found = []
    for store in (open_store(planted / "store", write=True), open_spark(str(planted / "tables"))):
        with store, store.engine.workshop(None) as bench:
            terms = {kind: dict(bench.rows(term_counts(kind))) for kind in KINDS}
            features = stage_features(bench, terms, frozen_reports=900)
            found.append(link_train.measured_u(bench, features, shipped_model().u))
            assert bench.count("drawn_features") == 200
    ours, theirs = found
    assert ours != shipped_model().u
    for name, levels in ours.items():
        assert theirs[name] == pytest.approx(levels, rel=1e-12), name
