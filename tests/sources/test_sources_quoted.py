"""Does every line of a quoted file go to exactly one place, whatever the file holds?"""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from primum.sources.quoted import QuotedFile
from primum.sources.vaers import open_table

PIECES = st.sampled_from(
    [b'"', b",", b"\n", b"\r\n", b"\r", b"\x00", b"\xe9", b"\xc3\xa9", b"1", b"a", b'""', b"1,a,b\n"]
)
FIELDS = st.text(st.characters(codec="latin-1", exclude_characters="".join(map(chr, [*range(32), 127]))), max_size=9)


def reader(columns=("K", "A", "B")):
    return QuotedFile("f.csv", "F", columns, columns, columns[:1], lambda record: "")


def read(file, text):
    return list(file.records(io.BytesIO(text)))


@given(st.lists(PIECES, max_size=40).map(b"".join))
def test_any_bytes_end_in_an_account_with_every_line_in_one_place(text):
    file = reader()
    found = read(file, b"K,A,B\n" + text)
    account = file.account()  # refuses to be made where the lines do not add up
    physical = text.count(b"\n") + bool(text and not text.endswith(b"\n"))
    assert account.lines == 1 + physical
    assert account.loaded == len(found)
    lines = (b"K,A,B\n" + text).split(b"\n")
    for reject in file.keep:
        assert reject.line == lines[reject.line_number - 1].rstrip(b"\r")


@given(st.lists(st.tuples(FIELDS, FIELDS, FIELDS).filter(any), max_size=8))
def test_what_a_csv_writer_wrote_is_read_back(rows):
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([("K", "A", "B"), *rows])
    file = reader()
    found = [tuple(record.values()) for record in read(file, text.getvalue().encode("utf-8"))]
    assert found == rows
    assert file.keep == []


def test_a_stray_quote_does_not_swallow_the_rest_of_the_file():
    file = reader()
    good = b"".join(b"%d,x,y\n" % n for n in range(20_000))
    assert len(read(file, b'K,A,B\n1,"x,y\n' + good)) == 20_000
    assert [reject.line for reject in file.keep] == [b'1,"x,y']


def test_an_empty_cell_is_an_empty_text_and_blank_lines_are_counted():
    file = open_table("x", "SYMPTOMS", None)
    [record] = read(file, b"VAERS_ID,SYMPTOM1\n\n7,\n  \n")
    assert dict(record) == {"VAERS_ID": "7", "SYMPTOM1": ""}
    assert file.account().blank_lines == 2
