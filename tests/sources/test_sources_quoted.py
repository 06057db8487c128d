"""Does every line of a quoted file go to exactly one place, whatever it holds and however it is cut into blocks?"""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from primum.errors import SourceError
from primum.sources import blocks, quoted, utf16
from primum.sources.encodings import Encoding
from primum.sources.jader import ENCODING
from primum.sources.quoted import QuotedFile
from primum.sources.vaers import open_table

PIECES = st.sampled_from(
    [
        b'"', b",", b"\n", b"\r\n", b"\r", b"\x00", b"\xe9", b"\xc3\xa9", b"1", b"a", b" ", b'""', b"1,a,b\n",
        b'1,"x,y",z\r\n', b'"a\n', b'b",', b'2,"a""b",\xe9\n', b"\xef\xbb\xbf", "1,歳,ｱ\n".encode("cp932"),
        "1,歳,ｱ\n".encode(),
    ]
)  # fmt: skip
FIELDS = st.text(st.characters(codec="latin-1", exclude_characters="".join(map(chr, [*range(32), 127]))), max_size=9)
COLUMNS = ("K", "A", "B")


def reader(**options):
    return QuotedFile("f.csv", "F", COLUMNS, COLUMNS, COLUMNS[:1], **options)


def read(file, text):
    rows = []
    for batch in file.batches(io.BytesIO(text)):
        kept = batch.without(batch["K"].are(lambda key: key == "a"), "its key is a")
        columns = [kept[name].to_list() for name in file.columns]
        rows += zip(*columns, kept.lines.numbers.tolist(), kept.fields_filled().tolist(), strict=True)
    return rows


@given(st.lists(PIECES, max_size=40).map(b"".join))
def test_any_bytes_end_in_an_account_with_every_line_in_one_place(text):
    file = reader()
    found = read(file, b"K,A,B\n" + text)
    account = file.account()  # refuses to be made where the lines do not add up
    physical = text.count(b"\n") + bool(text and not text.endswith(b"\n"))
    assert account.lines == 1 + physical
    assert account.loaded == len(found)
    assert account.rejected == len(file.keep)
    lines = (b"K,A,B\n" + text).split(b"\n")
    for reject in file.keep:
        assert reject.line == lines[reject.line_number - 1].rstrip(b"\r")


@given(
    st.lists(PIECES, max_size=40).map(b"".join),
    st.sampled_from([Encoding(), ENCODING]),
    st.sampled_from([1, 7, 64, 4_000_000]),
    st.booleans(),
)
def test_rows_taken_by_the_block_are_those_that_are_read_line_by_line(text, encoding, size, headed):
    """The law of the road by columns: with no line taken for plain, every one goes through the csv module alone."""
    whole = b"K,A,B\n" + text if headed else text
    headless = () if headed else COLUMNS
    told = []
    for block, find in ((size, quoted.lines_of), (4_000_000, nothing_plain)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(blocks, "BLOCK", block)
            patch.setattr(quoted, "lines_of", find)
            file = reader(encoding=encoding, headless=headless)
            rows = read(file, whole)
        told.append((rows, sorted(file.keep, key=lambda reject: reject.line_number), file.account()))
    assert told[0] == told[1]


FOUND = quoted.lines_of


def nothing_plain(block, **options):
    lines = FOUND(block, **options)
    return replace(lines, plain=np.zeros(len(lines), dtype=bool))


@given(st.lists(st.tuples(FIELDS, FIELDS, FIELDS).filter(any), max_size=8))
def test_what_a_csv_writer_wrote_is_read_back_and_every_line_of_it_is_plain(rows):
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([COLUMNS, *rows])
    file = reader()
    found = [row[:3] for row in read(file, text.getvalue().encode("utf-8")) if row[0] != "a"]
    assert found == [tuple(map(str.strip, row)) for row in rows if row[0].strip() != "a"]
    assert all(quoted.lines_of(text.getvalue().encode(), delimiter=",", width=3).plain)


def test_a_stray_quote_does_not_swallow_the_rest_of_the_file():
    file = reader()
    good = b"".join(b"%d,x,y\n" % n for n in range(20_000))
    assert len(read(file, b'K,A,B\n1,"x,y\n' + good)) == 20_000
    assert [reject.line for reject in file.keep] == [b'1,"x,y']


def test_a_row_that_is_refused_takes_its_repairs_and_its_joined_lines_with_it():
    file = reader()
    assert read(file, b'K,A,B\na,"x\ny",\xe9\n1,"x\ny",\xe9\na,\xe9,\n') == [("1", "x y", "é", 4, 3)]
    account = file.account()
    assert (account.loaded, account.joins, account.rejected) == (1, 1, 3)
    assert account.repairs == {"read_as_latin1": 1, "join_quoted_lines": 1}


def test_a_line_without_an_end_is_given_up_before_the_memory_is_full(monkeypatch):
    monkeypatch.setattr(blocks, "LONGEST_LINE", 100)
    with pytest.raises(SourceError, match="no line end within 100 bytes"):
        read(reader(), b"K,A,B\n" + b"1" * 1_000)


def test_an_empty_cell_is_an_empty_text_and_blank_lines_are_counted():
    file = open_table("x", "SYMPTOMS", keep=[])
    [batch] = file.batches(io.BytesIO(b"VAERS_ID,SYMPTOM1\n\n7,\n  \n"))
    assert {name: texts.to_list() for name, texts in batch.columns.items()} == {"VAERS_ID": ["7"], "SYMPTOM1": [""]}
    assert file.account().blank_lines == 2


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("size", [1, 7, 4_000_000])
def test_a_file_in_utf16_is_read_as_the_same_in_utf8_and_says_so(encoding, size, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK", size)
    monkeypatch.setattr(utf16, "BLOCK", size)
    text = 'K,A,B\r\n1,"é, 歳\n𝒳",Ċ\r\n2,ऀ,\r\n\r\n3,x,y'
    plain, wide = reader(), reader()
    told = read(plain, text.encode())
    assert told == read(wide, ("\ufeff" + text).encode(encoding))
    assert wide.account() == replace(plain.account(), repairs={"join_quoted_lines": 1, "read_as_utf16": 1})


@pytest.mark.parametrize(
    "text",
    [
        b"K,A,B\r1,x,y\r2,x,y\r",
        b'"K",A,B\r\r1,x,y\n',
        b"K,A," + b"B" * 200_000 + b"\n",
    ],
)
def test_a_header_that_is_no_line_of_csv_is_told_with_what_would_be(text):
    with pytest.raises(SourceError, match=r"f\.csv: a line is none of CSV .*lines that end in LF or CR LF") as refused:
        read(reader(), text)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("mark", [";", "\t", ","])
def test_the_header_tells_which_of_several_delimiters_parts_the_fields(mark):
    file = reader(delimiters=",;\t")
    text = io.StringIO()
    csv.writer(text, delimiter=mark).writerows([("K", "A", "B, b"), ("1", "x\ty", "a;b,c"), ("2", "two\nlines", 'd"')])
    file.known = file.read = ("K", "A", "B, B")
    blank = "x\ty" if mark == "\t" else "x y"
    assert [row[:3] for row in read(file, text.getvalue().encode())] == [
        ("1", blank, "a;b,c"),
        ("2", "two lines", 'd"'),
    ]
    assert not file.keep
