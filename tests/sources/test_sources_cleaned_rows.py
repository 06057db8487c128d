"""Is what comes out of a file of rows what went in as cleaned text?"""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from primum.sources import cleaned_rows
from primum.sources.cleaned_rows import RowsFile, key_number, read_rows, recode_latin1, sorted_keys
from primum.sources.faers import KnownKeys
from primum.sources.repairs import row_text

COLUMNS = ("key", "name", "dose")


def write(path: Path, *texts: bytes) -> None:
    with RowsFile(path, COLUMNS) as rows:
        for text in texts:
            rows.write(text)


fields = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=8).map(str.encode)
rows_of_fields = st.lists(st.tuples(st.from_regex(rb"[0-9]{1,6}", fullmatch=True), fields, fields), max_size=40)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows_of_fields, st.integers(1, 7), st.integers(1, 60), st.integers(1, 400))
def test_every_field_comes_back_wherever_text_and_batches_are_cut(tmp_path, rows, together, at_once, most_bytes):
    cuts = patch.multiple(cleaned_rows, ROWS_TOGETHER=together, TEXT_AT_ONCE=at_once, BYTES_TOGETHER=most_bytes)
    with cuts:
        write(tmp_path / "rows", *map(row_text, rows))
    read = read_rows(tmp_path / "rows")
    assert [tuple(row.values())[1:] for row in read.to_pylist()] == [
        tuple(field.decode() or None for field in row) for row in rows
    ]
    assert read.column("row_number").to_pylist() == list(range(1, len(rows) + 1))
    assert all(len(batch) <= together for batch in read.to_batches())
    assert sorted_keys(tmp_path / "rows").tolist() == sorted(key_number(key) for key, *_ in rows)


def test_batches_are_whole_but_for_the_last(tmp_path):
    with patch.multiple(cleaned_rows, ROWS_TOGETHER=4, TEXT_AT_ONCE=10):
        write(tmp_path / "rows", *[b"%d$a$b\n" % number for number in range(1, 11)])
    assert [len(batch) for batch in read_rows(tmp_path / "rows").to_batches()] == [4, 4, 2]


def test_of_no_row_there_is_a_file_with_every_column(tmp_path):
    write(tmp_path / "rows")
    read = read_rows(tmp_path / "rows")
    assert (len(read), read.column_names) == (0, ["row_number", *COLUMNS])


def test_bytes_that_are_not_utf8_are_read_as_latin1_and_no_other_is_touched(tmp_path):
    write(tmp_path / "rows", b"1$SOLUCI\xd3N$\n2$a$\n", "3$é$\n".encode())
    recode_latin1(tmp_path / "rows")
    read = read_rows(tmp_path / "rows")
    assert read.column("name").to_pylist() == ["SOLUCIÓN", "a", "Ã©"]
    assert read.column("dose").to_pylist() == [None] * 3
    assert list(tmp_path.iterdir()) == [tmp_path / "rows"]


def test_a_key_is_known_as_it_is_printed_and_nothing_else_is(tmp_path):
    write(tmp_path / "rows", b"120$a$\n", b"7$b$\n007$c$\n999999999999999999$d$\n")
    known = KnownKeys(tmp_path / "rows")
    for key in (b"120", b"7", b"007", b"999999999999999999"):
        assert known(key), key
    for key in (b"12", b"1200", b"07", b"0", b"100000000000000000", b"", b"x", b"7 ", b"9999999999999999999"):
        assert not known(key), key
