"""Does every line of a pipe-delimited file go to exactly one place, whatever the file holds?"""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from primum.errors import SourceError
from primum.sources.piped import OUTSIDE, PipedFile
from primum.sources.report_keys import ReportKeys

PIECES = st.sampled_from(
    [b"|", b"\n", b"\r\n", b"\r", b"\x00", b"\xe9", b"\xc3\xa9", b"17", b"a", b'"', b"*", b"17|a|b\n", b" 123.0|", b"."]
)


def reader(*, free_text=False, place=lambda report, row: "", headless=None):
    columns = ("K", "A", "B")
    return PipedFile(
        "f.txt", "F", columns, columns[1:], columns[:1], place, free_text=free_text, headless=headless or {}
    )


def read(file, text):
    return list(file.rows(io.BytesIO(text)))


@given(st.lists(PIECES, max_size=40).map(b"".join), st.booleans(), st.sampled_from(["", OUTSIDE, "no"]))
def test_any_bytes_end_in_an_account_with_every_line_in_one_place(text, free_text, placed):
    file = reader(free_text=free_text, place=lambda report, row: placed if report % 2 else "")
    found = read(file, b"K|A|B\n" + text)
    account = file.account()  # refuses to be made where the lines do not add up
    assert account.lines == 1 + text.count(b"\n") + bool(text and not text.endswith(b"\n"))
    assert account.loaded == len(found)
    lines = (b"K|A|B\n" + text).split(b"\n")
    assert len(file.keep) == account.rejected
    for reject in file.keep:
        assert reject.line == lines[reject.line_number - 1].rstrip(b"\r")


def test_pipes_and_line_breaks_of_a_text_go_into_the_last_column():
    file = reader(free_text=True)
    assert read(file, b"K|A|B\r\n12|D|one | two\r\nthree\r\n\r\n13|D|x\r\n") == [
        (12, ("D", "one | two three")),
        (13, ("D", "x")),
    ]
    assert (file.repairs["join_surplus_fields"], file.repairs["join_broken_lines"], file.account().blank_lines) == (
        1,
        1,
        1,
    )


def test_in_other_files_a_row_with_other_fields_is_rejected_and_a_cut_one_joined():
    file = reader()
    assert read(file, b"K|A|B\n12|a|b|c\n13|a\nx|b\n14|a|b\nrest\n15|a|b|\n") == [
        (13, ("a x", "b")),
        (14, ("a", "b")),
        (15, ("a", "b")),
    ]
    assert [(reject.line_number, reject.line) for reject in file.keep] == [(2, b"12|a|b|c"), (6, b"rest")]


def test_a_key_with_quotes_blanks_and_a_full_stop_is_its_number():
    file = reader()
    assert read(file, b'K|A|B\n" 123.0"|a|b\n 7.|a|b\n') == [(123, ("a", "b")), (7, ("a", "b"))]
    assert file.repairs["mend_key"] == 2


def test_a_file_without_a_header_is_known_by_its_columns():
    headless = {2: ("K", "A")}
    file = reader(headless=headless)
    assert read(file, b"\xef\xbb\xbf12|a\n") == [(12, ("a", ""))]
    assert file.account().header_lines == 0
    with pytest.raises(SourceError, match="3 columns; expected 2 where no header stands"):
        read(reader(headless=headless), b"12|a|b\n")


def test_a_line_without_an_end_is_given_up_before_the_memory_is_full(monkeypatch):
    monkeypatch.setattr("primum.sources.quoted.LONGEST_LINE", 100)
    with pytest.raises(SourceError, match="no line end within 100 bytes"):
        read(reader(), b"K|A|B\n" + b"1" * 1_000)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), max_size=20))
def test_a_number_is_found_with_all_its_rows_the_newest_version_first(given_rows):
    keys, wanted = ReportKeys(), {}
    for row, (number, version) in enumerate(given_rows, start=1):
        keys.add(number, version=version)
        wanted.setdefault(number, []).append((-version, row))
    assert keys.close() == len(given_rows) - len(wanted)
    for number in range(7):
        assert keys.find(number) == tuple(row for _, row in sorted(wanted.get(number, [])))
