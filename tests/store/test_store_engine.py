"""Does the DuckDB engine keep the contract of Engine?"""

from __future__ import annotations

import duckdb
import ibis
import numpy as np
import pytest

from primum.errors import StoreError
from primum.sources.cleaned_rows import RowsFile
from primum.store import exists, open_store
from primum.store.duckdb import DuckDBEngine
from primum.store.schema import schema_of, table, tables


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "store", write=True) as opened:
        yield opened


def test_every_table_of_the_schema_is_made_and_has_a_key(store):
    for schema in tables():
        assert store.engine.count(schema.name) == (2 if schema.name == "store_facts" else 0)
        assert schema.key, schema.name


def test_arrays_come_back_as_the_contract_says(store):
    store.engine.append(
        "reports",
        {
            "report_key": np.array([1, 2]),
            "caseid": np.array(["é", None], dtype=object),
            "age_years": np.array([1.5, np.nan]),
            "received_date": np.array(["2020-01-31", "NaT"], dtype="datetime64[D]"),
            "sex": np.array([None, None], dtype=object),
        },
    )
    reports = table("reports")
    wanted = reports.select("report_key", "caseid", "age_years", "received_date", "sex", "case_version")
    answer = store.engine.run(wanted.order_by("report_key"))
    assert answer["report_key"].dtype == np.int64
    assert answer["caseid"].tolist() == ["é", None]
    assert answer["age_years"][0] == 1.5
    assert np.isnan(answer["age_years"][1])
    assert answer["received_date"].dtype == np.dtype("datetime64[D]")
    assert str(answer["received_date"][0]) == "2020-01-31"
    assert np.isnat(answer["received_date"][1])
    assert answer["sex"].tolist() == [None, None]
    assert np.isnan(answer["case_version"]).all()


def test_a_sum_of_integers_is_an_integer(store):
    store.engine.append("outcomes", {"report_key": np.array([1, 2]), "row_number": np.array([1, 2])})
    outcomes = table("outcomes")
    answer = store.engine.run(outcomes.aggregate(total=outcomes.row_number.sum()))
    assert answer["total"].dtype == np.int64
    assert answer["total"].tolist() == [3]


def test_a_failed_transaction_leaves_nothing(store):
    def fail_half_way():
        with store.engine.transaction():
            store.engine.append("outcomes", {"report_key": np.array([1]), "row_number": np.array([1])})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert store.engine.count("outcomes") == 0


def test_a_table_can_be_made_of_an_expression_over_itself(store):
    store.engine.append("outcomes", {"report_key": np.array([1, 2]), "row_number": np.array([1, 2])})
    outcomes = table("outcomes")
    assert store.engine.replace_table("outcomes", [outcomes.filter(outcomes.report_key == 2)]) == 1
    assert store.engine.rows(outcomes.select("report_key")) == [(2,)]


def test_rows_of_a_key_range_are_deleted_with_both_ends(store):
    store.engine.append("outcomes", {"report_key": np.arange(1, 6), "row_number": np.arange(1, 6)})
    store.engine.delete("outcomes", "report_key", 2, 4)
    assert store.engine.rows(table("outcomes").select("report_key").order_by("report_key")) == [(1,), (5,)]


def test_the_content_hash_sees_rows_but_not_their_order(store):
    hashes = []
    for keys in ([1, 2, 3], [3, 1, 2], [1, 1, 2, 3], [1, 2, 4]):
        store.engine.delete("outcomes", "report_key", 0, 9)
        store.engine.append("outcomes", {"report_key": np.array(keys), "row_number": np.array(keys)})
        hashes.append(store.engine.content_hash("outcomes"))
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3


def test_staged_rows_keep_dollars_quotes_and_order(store, tmp_path):
    with RowsFile(tmp_path / "clean.rows", ["a", "b", "c"]) as file:
        file.write('1$a"b$\x01x$y\x01\n2$$NA\n3$ z $é\n'.encode())
    staged = store.engine.stage_rows("staged", tmp_path / "clean.rows", prefix="raw_", constants={"k": 7, "t": "it's"})
    assert staged.columns == ("row_number", "raw_a", "raw_b", "raw_c", "k", "t")
    assert store.engine.rows(staged.order_by("row_number")) == [
        (1, "1", 'a"b', "x$y", 7, "it's"),
        (2, "2", None, "NA", 7, "it's"),
        (3, "3", " z ", "é", 7, "it's"),
    ]
    store.engine.unstage("staged")
    assert store.engine.columns_of("staged") is None


def test_parquet_is_written_and_read_back(store, tmp_path):
    store.engine.append("outcomes", {"report_key": np.array([1]), "row_number": np.array([7])})
    store.engine.write_parquet(tmp_path / "o.parquet", table("outcomes"))
    staged = store.engine.stage_file("back", tmp_path / "o.parquet")
    assert store.engine.rows(staged.select("report_key", "row_number")) == [("1", "7")]


def test_expressions_may_join_tables(store):
    store.engine.append("reports", {"report_key": np.array([1, 2]), "caseid": np.array(["a", "b"])})
    store.engine.append("outcomes", {"report_key": np.array([2]), "row_number": np.array([1])})
    reports, outcomes = table("reports"), table("outcomes")
    joined = reports.semi_join(outcomes, "report_key").select("caseid")
    assert store.engine.rows(joined) == [("b",)]
    assert store.engine.run(reports.aggregate(n=ibis._.count()))["n"].tolist() == [2]


def test_a_store_that_is_not_there_says_how_to_load_one(tmp_path):
    from primum.errors import StoreError

    assert not exists(tmp_path)
    with pytest.raises(StoreError, match="primum load faers"):
        open_store(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_table_name_that_does_not_exist_names_the_nearest(store):
    from primum.errors import UnknownNameError

    with pytest.raises(UnknownNameError, match='Did you mean "reactions"'):
        schema_of("reaction")


def test_a_second_reader_opens_while_the_first_keeps_on_disk_what_memory_does_not_hold(tmp_path):
    path = tmp_path / "store.duckdb"
    DuckDBEngine(path).close()
    first = DuckDBEngine(path, read_only=True)
    first.connection.execute("SET memory_limit = '30MB'")
    first.connection.execute("CREATE TEMPORARY TABLE large AS SELECT random() AS x FROM range(8_000_000)")
    assert first.connection.execute("SELECT sum(size) FROM duckdb_temporary_files()").fetchall()[0][0] > 0
    second = DuckDBEngine(path, read_only=True)
    assert second.columns_of("nothing") is None
    second.close()
    first.close()


class Refusing:
    """A connection that answers with one error after the other."""

    def __init__(self, *errors):
        self.errors = list(errors)

    def execute(self, text):
        raise self.errors.pop(0)


FULL = 'Could not write file "primum.duckdb.wal": No space left on device'
ABORTED = duckdb.TransactionException("TransactionContext Error: Current transaction is aborted (please ROLLBACK)")
GIVEN_UP = duckdb.FatalException("FATAL Error: database has been invalidated because of a previous fatal error.")


@pytest.mark.parametrize(
    "errors",
    [
        (duckdb.TransactionException(f"TransactionContext Error: Failed to commit: {FULL}"),),
        (duckdb.FatalException(f"FATAL Error: Failed to create checkpoint because of error: {FULL}"), GIVEN_UP),
        (duckdb.IOException(f"IO Error: {FULL}"), ABORTED, ABORTED),
    ],
)
def test_a_full_disk_is_told_in_one_line_and_by_every_statement_behind_it(errors):
    engine = DuckDBEngine(None)
    engine.close()
    engine._connection = Refusing(*errors)
    for _ in errors:
        with pytest.raises(StoreError, match="No space left on device") as told:
            engine.create(["COMMIT"])
        assert "\n" not in str(told.value)
