"""Does every line of a pipe-delimited file go to exactly one place, whatever the file holds and however it is cut?"""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from primum.errors import SourceError
from primum.sources import blocks, piped
from primum.sources.piped import PipedFile

PIECES = st.sampled_from(
    [
        b"|", b"\n", b"\r\n", b"\r", b"\x00", b"\xe9", b"\xc3\xa9", b"17", b"a", b'"', b"*", b"17|a|b\n", b" 123.0|",
        b".", b"18|a|b|c\r\n", b"8|\xe9|\n",
    ]
)  # fmt: skip


def reader(*, free_text=False, headless=None):
    columns = ("K", "A", "B")
    return PipedFile("f.txt", "F", columns, columns[1:], columns[:1], free_text=free_text, headless=headless or {})


def read(file, text, *, outside=False, refused=False):
    """Number, texts and first line of every row; those of odd numbers may be left out or refused."""
    rows = []
    for batch, numbers in file.rows(io.BytesIO(text)):
        odd = numbers % 2 == 1
        kept = file.leave_outside(batch, odd & outside)
        kept = kept.without((odd & refused)[~(odd & outside)], "odd")
        columns = [kept[name].to_list() for name in file.read]
        rows += zip(
            numbers[~(odd & (outside | refused))].tolist(), zip(*columns, strict=True), kept.lines.numbers, strict=True
        )
    return rows


def texts(file, text):
    return [(number, row) for number, row, _ in read(file, text)]


@given(st.lists(PIECES, max_size=40).map(b"".join), st.booleans(), st.booleans(), st.booleans())
def test_any_bytes_end_in_an_account_with_every_line_in_one_place(text, free_text, outside, refused):
    file = reader(free_text=free_text)
    found = read(file, b"K|A|B\n" + text, outside=outside, refused=refused)
    account = file.account()  # refuses to be made where the lines do not add up
    assert account.lines == 1 + text.count(b"\n") + bool(text and not text.endswith(b"\n"))
    assert account.loaded == len(found)
    assert min(account.outside, account.joins, account.blank_lines, *account.repairs.values(), 0) == 0
    lines = (b"K|A|B\n" + text).split(b"\n")
    assert len(file.keep) == account.rejected
    for reject in file.keep:
        assert reject.line == lines[reject.line_number - 1].rstrip(b"\r")


FOUND = piped.lines_of


def nothing_plain(block, **options):
    found = FOUND(block, **options)
    return replace(found, plain=np.zeros_like(found.plain))


@given(st.lists(PIECES, max_size=40).map(b"".join), st.sampled_from([1, 7, 64]), st.booleans())
def test_rows_taken_by_the_block_are_those_that_are_read_line_by_line(text, size, free_text):
    """The law of the road by columns: with no line taken for plain, every one is split and mended alone."""
    told = []
    for block, find in ((size, FOUND), (4_000_000, nothing_plain)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(blocks, "BLOCK", block)
            patch.setattr(piped, "lines_of", find)
            file = reader(free_text=free_text)
            rows = read(file, b"K|A|B\n" + text)
        told.append((rows, sorted(file.keep, key=lambda reject: reject.line_number), file.account()))
    assert told[0] == told[1]


def test_pipes_and_line_breaks_of_a_text_go_into_the_last_column():
    file = reader(free_text=True)
    assert texts(file, b"K|A|B\r\n12|D|one | two\r\n\r\nthree\r\n\r\n13|D|x\r\n14|D|||\r\n") == [
        (12, ("D", "one | two three")),
        (13, ("D", "x")),
        (14, ("D", "||")),
    ]
    assert (file.repairs["join_surplus_fields"], file.repairs["join_broken_lines"]) == (2, 1)
    assert (file.account().joins, file.account().blank_lines) == (2, 1)  # a blank line inside a text belongs to it


def test_in_other_files_a_row_with_other_fields_is_rejected_and_a_cut_one_joined():
    file = reader()
    assert texts(file, b"K|A|B\n12|a|b|c\n13|a\nx|b\n14|a|b\nrest\n15|a|b|\n") == [
        (13, ("a x", "b")),
        (14, ("a", "b")),
        (15, ("a", "b")),
    ]
    assert [(reject.line_number, reject.line) for reject in file.keep] == [(2, b"12|a|b|c"), (6, b"rest")]


def test_a_key_with_quotes_blanks_and_a_full_stop_is_its_number():
    file = reader()
    given = b'K|A|B\n" 123.0"|a|b\n 7.|a|b\n007|"a"|b\n'
    assert texts(file, given) == [(123, ("a", "b")), (7, ("a", "b")), (7, ('"a"', "b"))]
    assert file.repairs["mend_key"] == 2


def test_a_file_without_a_header_is_known_by_its_columns():
    headless = {2: ("K", "A")}
    file = reader(headless=headless)
    assert texts(file, b"\xef\xbb\xbf12|a\n") == [(12, ("a", ""))]
    assert file.account().header_lines == 0
    with pytest.raises(SourceError, match="3 columns; expected 2 where no header stands"):
        texts(reader(headless=headless), b"12|a|b\n")


def test_a_header_that_has_a_column_twice_is_refused_and_one_without_a_name_is_passed_over():
    with pytest.raises(SourceError, match="column 'A' twice"):
        texts(reader(), b"K|A|A\n")
    assert texts(reader(), b"K|A|B|\n12|a|b|\n") == [(12, ("a", "b"))]


def test_a_line_without_an_end_is_given_up_before_the_memory_is_full(monkeypatch):
    monkeypatch.setattr("primum.sources.blocks.LONGEST_LINE", 100)
    with pytest.raises(SourceError, match="no line end within 100 bytes"):
        texts(reader(), b"K|A|B\n" + b"1" * 1_000)


def test_a_row_that_never_ends_is_let_go_before_the_memory_is_full(monkeypatch):
    monkeypatch.setattr("primum.sources.blocks.BLOCK", 50)
    monkeypatch.setattr("primum.sources.piped.LONGEST_ROW", 100)
    file = reader(free_text=True)
    [(number, (_, text))] = texts(file, b"K|A|B\n12|D|x\n" + b"more\n" * 1_000)
    assert number == 12
    assert len(text) < 200
    assert file.account().rejected > 900
