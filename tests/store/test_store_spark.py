"""Does Spark give the same tables and the same counts as DuckDB, from the same expressions, to the last report?"""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from primum.counts.cohort import parse
from primum.counts.members import Scope, members
from primum.errors import StoreError
from primum.loading.derive import derive
from primum.loading.faers import load_archives
from primum.store import open_store
from primum.store.export import export
from primum.store.folder import DERIVED
from primum.store.schema import schema_of, table
from primum.study.question import Question
from primum.study.reports import Reports
from primum.study.scored import UNCHECKED
from primum.terms import Quarter
from primum.testing.demo import PLANTED
from primum.testing.faers import write_archive
from primum.treatments.vocabulary import vocabularies

pytestmark = pytest.mark.spark
BINS = {words.treatment: words.bins for words in vocabularies()}
COHORTS = (
    "*",
    "sex:F age:18-64",
    "age:unknown | sex:unknown",
    "use:cosmetic",
    "treatment:anti-wrinkle role:PS",
    'reaction:"Eyelid ptosis"',
    "bin:harm ~reaction:dysphagia",
    "bin:lack_of_effect | indication:migraine",
    "drug:botox role:PS,SS",
    "country:US reporter:physician,consumer",
    "serious:yes ~outcome:death",
    "received:2019q1 quarter:2019q1..2019q2",
    "event_date:2019",
    "source:faers",
)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    """A SYNTHETIC store of two quarters with versions, deletions and oddities."""
    folder = tmp_path_factory.mktemp("embedded")
    (folder / "archives").mkdir()
    for quarter in (Quarter(2019, 1), Quarter(2019, 2)):
        write_archive(
            folder / "archives",
            quarter=quarter,
            reports=1_000,
            seed=8,
            signals=PLANTED,
            odd_share=0.02,
            deleted_share=0.02,
        )
    with open_store(folder / "store", write=True) as store:
        load_archives(store, folder / "archives")
    with open_store(folder / "store") as store:
        yield store


@pytest.fixture(scope="module")
def exported(embedded, tmp_path_factory) -> Path:
    """Its tables in Parquet."""
    folder = tmp_path_factory.mktemp("exported") / "tables"
    export(embedded, [], folder, format="parquet")
    return folder


@pytest.fixture(scope="module")
def spark(exported, tmp_path_factory):
    """The same store on Spark, over a copy of the tables that tests may change."""
    from primum.store.spark import open_spark

    copy = tmp_path_factory.mktemp("spark") / "tables"
    shutil.copytree(exported, copy)
    with open_spark(str(copy)) as store:
        yield store


def same(one, other):
    """Whether two columns hold the same values; NaN equals NaN."""
    return np.array_equal(one, other, equal_nan=True) if one.dtype.kind == "f" else np.array_equal(one, other)


def test_what_follows_from_the_reports_is_the_same_when_made_on_spark(embedded, spark):
    rows = derive(spark)
    assert spark.is_derived()
    for name in DERIVED:
        ours, theirs = (sorted(store.engine.rows(table(name)), key=repr) for store in (embedded, spark))
        assert len(ours) == rows[name]
        assert ours == theirs, name


@pytest.mark.parametrize("text", COHORTS)
def test_a_cohort_holds_the_same_reports(text, embedded, spark):
    wanted = members(parse(text), Scope(BINS))
    ours, theirs = (sorted(store.engine.rows(wanted)) for store in (embedded, spark))
    assert ours == theirs


@pytest.mark.parametrize("text", ["duplicates:probabilistic", "serious:no"])
def test_reports_that_another_table_does_not_name_are_found_by_no_loop_over_both(text, spark):
    wanted = spark.engine.sql(members(parse(text), Scope(BINS)))
    plan = spark.engine.connection.sql(wanted)._jdf.queryExecution().executedPlan().toString()
    assert "NestedLoop" not in plan


def test_a_table_by_report_is_not_sent_to_every_worker_however_densely_its_file_is_packed(spark, tmp_path):
    """Five million keys fill nine megabytes of Parquet, which Spark takes for the size of the table."""
    keys = np.arange(5_000_000)
    current = {"report_key": keys, "current": keys % 5 > 0, "reason": pa.nulls(len(keys), pa.string())}
    parquet.write_table(pa.table(current), tmp_path / "current.parquet", compression="zstd")
    parquet.write_table(pa.table({"report_key": [1], "master": [2]}), tmp_path / "links.parquet")
    assert (tmp_path / "current.parquet").stat().st_size < 12e6
    rows, links = (spark.engine.connection.read.parquet(f"{tmp_path}/{name}.parquet") for name in ("current", "links"))
    masters = rows.where("current").selectExpr("report_key AS master")
    plan = links.join(masters, "master", "left_semi")._jdf.queryExecution().executedPlan().toString()
    assert "Broadcast" not in plan


@pytest.mark.parametrize(
    ("what", "cohort", "versus"),
    [
        ("", "", None),
        ("anti-wrinkle", "use:cosmetic", None),
        ("anti-wrinkle", "use:cosmetic", "use:therapeutic"),
        ("BOTOX", "sex:F", None),
    ],
)
def test_every_count_and_every_statistic_is_the_same(what, cohort, versus, embedded, spark):
    ours, theirs = (Reports(store, fast=False).signals(what, cohort, versus) for store in (embedded, spark))
    for name, column in ours.columns().items():
        assert same(column, theirs.columns()[name]), name


def test_statistics_and_caveats_within_strata_are_the_same(embedded, spark):
    question = Question("anti-wrinkle")
    both = (Reports(embedded), Reports(spark, fast=False))
    ours, theirs = (reports.stratified(question, by=("sex",)).scores.table().columns() for reports in both)
    for name, column in ours.items():
        assert same(column, theirs[name]), name


def test_the_answer_on_a_treatment_is_the_same(embedded, spark):
    ours, theirs = (Reports(store, fast=False).answer("anti-wrinkle") for store in (embedded, spark))
    assert (ours.flow, ours.tallies, ours.reactions, ours.names) == (
        theirs.flow,
        theirs.tallies,
        theirs.reactions,
        theirs.names,
    )


def test_a_transaction_that_fails_leaves_every_table_as_it_was(spark):
    before = spark.engine.rows(table("store_facts"))

    def fail():
        with spark.engine.transaction():
            spark.tell_fact("a", "1")
            assert spark.fact("a") == "1"  # seen inside
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert sorted(spark.engine.rows(table("store_facts"))) == sorted(before)


def test_arrays_go_in_and_come_back_as_the_contract_says(spark):
    engine = spark.engine
    staged = engine.stage(
        "given",
        {
            "n": np.array([2, 1]),
            "text": np.array([None, "é"], dtype=object),
            "day": np.array(["NaT", "2020-01-31"], dtype="datetime64[D]"),
            "share": np.array([np.nan, 0.5]),
            "none": np.array([None, None], dtype=object),
        },
    )
    answer = engine.run(staged.order_by("n"))
    assert answer["n"].tolist() == [1, 2]
    assert answer["text"].tolist() == ["é", None]
    assert answer["day"].dtype == np.dtype("datetime64[D]")
    assert np.isnat(answer["day"][1])
    assert answer["share"][0] == 0.5
    assert np.isnan(answer["share"][1])
    assert answer["none"].tolist() == [None, None]
    engine.unstage("given")


def test_what_spark_does_not_do_is_said_with_what_to_do(spark, tmp_path):
    with pytest.raises(StoreError, match="primum export"):
        spark.engine.stage_rows("x", tmp_path / "x")
    with pytest.raises(StoreError, match="primum export"):
        spark.engine.stage_file("x", tmp_path / "x")


def test_the_order_of_the_columns_is_that_of_the_schema(spark):
    assert tuple(spark.engine.run(table("reactions").limit(1))) == schema_of("reactions").column_names


def primum(*words):
    return subprocess.run(
        [sys.executable, "-m", "primum", *words], capture_output=True, text=True, timeout=600, check=False
    )


def test_the_command_gives_the_same_answer_on_both_engines(embedded, exported):
    asked = ("signals", "anti-wrinkle", "use:cosmetic", "--json", "-")
    ours = primum(*asked, "--store", str(embedded.folder))
    theirs = primum(*asked, "--store", str(exported), "--engine", "spark-local")
    assert (ours.returncode, theirs.returncode) == (0, 0), theirs.stderr
    one, other = json.loads(ours.stdout), json.loads(theirs.stdout)
    assert other["notes"].pop() == UNCHECKED
    assert one == other


@pytest.mark.slow
@pytest.mark.parametrize(
    "asked", [("status",), ("flow", "anti-wrinkle", "use:cosmetic"), ("ask", "anti-wrinkle", "sex:F"), ("case",)]
)
def test_what_reads_reports_reads_them_on_spark_too(asked, embedded, exported, tmp_path):
    if asked == ("case",):
        asked = ("case", str(embedded.engine.read("reports", "primaryid")[0][0]))
    if asked[0] == "ask":
        asked = (*asked, "--html", str(tmp_path / "page.html"))
    ours = primum(*asked, "--json", "-", "--store", str(embedded.folder))
    theirs = primum(*asked, "--json", "-", "--store", exported.as_uri(), "--engine", "spark-local")
    assert (ours.returncode, theirs.returncode) == (0, 0), theirs.stderr
    one, other = json.loads(ours.stdout), json.loads(theirs.stdout)
    if asked[0] == "status":
        assert one.pop("folder") != other.pop("folder")
    if asked[0] == "ask":  # the run, and the part that tells it, name the engine
        assert other["run"]["command"].endswith(" --engine spark-local")
        assert "pyspark" in other["run"]["packages"]
        for answer in (one, other):
            del answer["run"]
            assert answer["parts"].pop()["id"] == "methods"
    assert one == other


@pytest.mark.slow
def test_tables_are_exported_from_spark_as_from_duckdb(embedded, exported, tmp_path):
    words = ("export", "reports", "reactions", "--format", "csv")
    ours = primum(*words, "--store", str(embedded.folder), "--to", str(tmp_path / "ours"))
    theirs = primum(*words, "--store", str(exported), "--to", str(tmp_path / "theirs"), "--engine", "spark-local")
    assert (ours.returncode, theirs.returncode) == (0, 0), theirs.stderr
    for name in ("reports", "reactions"):
        one, other = (rows_of_csv(tmp_path / side / f"{name}.csv") for side in ("ours", "theirs"))
        assert len(one) > 1_000
        assert one == other


def rows_of_csv(path):
    """Rows of a CSV file, numbers as numbers: one engine writes 50.0 where another writes 50."""
    return [[number(text) for text in row] for row in csv.reader(path.read_text(encoding="utf-8").splitlines())]


def number(text):
    try:
        return float(text)
    except ValueError:
        return text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--engine", "spark-local", "--store", "nowhere"), "primum export --to DIR"),
        (("--engine", "spark-local", "--store", "file:///nowhere"), "primum export --to DIR"),
        (("--engine", "spark-local", "--store", "s3a://bucket/tables"), "spark-defaults.conf"),
        (("--engine", "spark-local"), "no tables were named"),
        (("--engine", "duckbd", "--store", "nowhere"), 'Did you mean "duckdb"?'),
    ],
)
def test_a_wrong_engine_or_folder_is_told_in_one_line(words, told):
    done = primum("signals", "anti-wrinkle", *words)
    assert done.returncode == 1
    assert told in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_without_spark_the_command_says_how_to_install_it(tmp_path):
    (tmp_path / "pyspark.py").write_text("raise ImportError('hidden')", encoding="utf-8")
    hidden = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from primum.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", hidden, "signals", "anti-wrinkle", "--engine", "spark-local", "--store", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert 'pip install "primum[spark]"' in done.stderr
