"""Does every physical line go somewhere, whatever is done to it?"""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from primum.sources import lines
from primum.sources.layouts import Header
from primum.sources.lines import clean_lines
from primum.sources.repairs import Expected
from primum.terms import Quarter

WIDTH = 4
KEYS = frozenset({b"11", b"22", b"33"})


def clean(body, *, table="DRUG", quarter="2015q1", surplus=0, crlf=True, width=WIDTH):
    """Cleaned text, rejects and tally of a file whose header has been read."""
    columns = tuple(f"c{n}" for n in range(width))
    header = Header("test", columns, surplus, crlf, {})
    caseid = 1 if table == "DEMO" else None
    expected = Expected(Quarter.parse(quarter), table, width, surplus, caseid, KEYS.__contains__)
    text, rejects = io.BytesIO(), []
    tally = clean_lines(io.BytesIO(body), text, first=b"", header=header, expected=expected, reject=rejects.append)
    return text.getvalue(), rejects, tally


def test_clean_lines_are_copied():
    assert clean(b"11$a$b$c\r\n22$$$\r\n")[0] == b"11$a$b$c\n22$$$\n"


def test_an_empty_last_column_is_not_taken_for_a_dollar_sign_too_many():
    text, _, tally = clean(b"11$a$b$\r\n")  # as in REAC since 2014q3
    assert text == b"11$a$b$\n"
    assert not tally.repairs


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_dollar_sign_too_many_is_dropped_and_columns_do_not_shift(end):  # Q01
    text, _, tally = clean(b"11$a$b$c$" + end + b"22$a$b$$" + end + b"33$a$b$c" + end)
    assert text == b"11$a$b$c\n22$a$b$\n33$a$b$c\n"
    assert tally.repairs == {"drop_empty_last_field": 2}


def test_mixed_line_ends_of_equal_length_are_not_confused():
    # One line ends with CR LF, the next with a dollar sign too many and a bare LF: both lose one byte.
    assert clean(b"11$a$b$c\r\n22$a$b$c$\n33$a$b$c\r\n")[0] == b"11$a$b$c\n22$a$b$c\n33$a$b$c\n"


def test_lines_that_end_with_lf_alone_are_read():  # Q16
    assert clean(b"11$a$b$c\n22$a$b$c\n", crlf=False)[0] == b"11$a$b$c\n22$a$b$c\n"


def test_cells_of_nameless_columns_are_dropped_when_empty():
    text, rejects, _ = clean(b"11$a$b$c$$\r\n22$a$b$c$$x\r\n", surplus=1)
    assert text == b"11$a$b$c\n"
    assert [reject.line_number for reject in rejects] == [3]


def test_two_records_on_one_line_are_split():  # Q03-Q05, the generic rule: the second key is a report of the quarter
    text, _, tally = clean(b"11$a$b$c$22$d$e$f$\r\n", surplus=0)
    assert text == b"11$a$b$c\n22$d$e$f\n"
    assert tally.splits == 1
    assert tally.repairs == {"split_glued_records": 1}


def test_two_records_are_not_split_when_the_second_key_is_nobodys():
    _, rejects, tally = clean(b"11$a$b$c$99$d$e$f$\r\n")
    assert tally.loaded == 0
    assert rejects[0].reason == "9 fields, expected 4"


@pytest.mark.parametrize(
    ("quarter", "key", "line"),
    [
        (
            "2011q2",
            b"7475791",
            b"7475791$1016572493$SS$X$1$R$10 MG/M2$$$$$$7475791$1016572490$SS$DOXORUBICIN$2$R$Y$$$$$$",
        ),
        ("2011q3", b"7652730", b"7652730$1017255396$SS$X$1$R$Y$$$$$$7652730$1017255397$SS$BEVACIZUMAB$2$R$Y$$$$$$"),
        ("2011q4", b"7941354", b"7941354$1018188212$PS$X$1$R$Y$D$D$$$021487$7941354$1018188213$SS$M$1$R$Y$D$D$$$$"),
    ],
)
def test_the_known_glued_lines_of_2011_are_split_by_key(quarter, key, line):
    assert not KEYS & {key}  # nobody vouches for the key: the patch list does
    text, _, tally = clean(line + b"\r\n", quarter=quarter, width=12)
    assert tally.loaded == 2
    assert text.split(b"\n")[1].startswith(key)


def test_the_known_dollar_sign_in_a_manufacturer_number_stays_in_it():  # Q07, the real line
    line = (
        b"8129732$8401177$I$$8129732-9$20120126$20120206$20120210$EXP$JP-CUBIST-$E2B0000000182$CUBIST PHARMACEUTICALS, "
        b"INC.$85$YR$M$Y$$$20120210$$$$$JAPAN$\r\n"
    )
    text, _, tally = clean(line, table="DEMO", quarter="2012q1", width=23)
    assert b"$\x01JP-CUBIST-$E2B0000000182\x01$CUBIST" in text
    assert tally.repairs == {"join_cut_field": 1}
    assert clean(line, table="DEMO", quarter="2012q2", width=23)[2].rejected == 1  # by key, never by guess


def test_control_bytes_are_stripped_and_the_row_kept():  # Q06
    text, _, tally = clean(b"11$ARICEPT\x7f 5 MG$a\tb$\x00c\r\n")
    assert text == b"11$ARICEPT 5 MG$a b$c\n"
    assert tally.repairs == {"strip_control_bytes": 1}


def test_a_carriage_return_inside_a_line_becomes_a_blank():
    assert clean(b"11$a\rb$c$d\r\n22$a$b$c\r\n")[0] == b"11$a b$c$d\n22$a$b$c\n"


def test_a_row_cut_by_a_bare_line_feed_is_joined_in_a_file_of_crlf():
    text, _, tally = clean(b"11$81 mg\ndaily$b$c\r\n22$a$b$c\r\n")
    assert text == b"11$81 mg daily$b$c\n22$a$b$c\n"
    assert (tally.joins, tally.lines, tally.loaded) == (1, 4, 2)  # the header is a line too


def test_a_cut_row_is_not_joined_where_every_line_ends_with_lf():
    _, rejects, _ = clean(b"11$81 mg\ndaily$b$c\n22$a$b$c\n", crlf=False)
    assert [reject.line for reject in rejects] == [b"11$81 mg", b"daily$b$c"]


def test_a_row_of_its_own_is_never_joined_to_a_broken_one():
    text, rejects, _ = clean(b"broken\n22$a$b$c\r\n")
    assert text == b"22$a$b$c\n"
    assert [(reject.line_number, reject.line) for reject in rejects] == [(2, b"broken")]


def test_a_rejected_line_is_kept_whole_with_its_number():
    _, rejects, _ = clean(b"11$a$b$c\r\n\xff\x00$odd\r\n")
    assert [(reject.line_number, reject.line) for reject in rejects] == [(3, b"\xff\x00$odd\r")]


def test_a_line_whose_key_is_no_number_is_rejected():
    _, rejects, _ = clean(b"x11$a$b$c\r\n$a$b$c\r\n" + b"1" * 19 + b"$a$b$c\r\n")
    assert [reject.reason for reject in rejects] == ["the key is not a number"] * 3


def test_blank_lines_are_counted_and_nothing_else():
    text, rejects, tally = clean(b"\r\n11$a$b$c\r\n \r\n\n")
    assert (text, rejects, tally.blank, tally.lines) == (b"11$a$b$c\n", [], 3, 5)


def test_the_last_line_may_lack_its_line_end():
    assert clean(b"11$a$b$c\r\n22$a$b$c")[0] == b"11$a$b$c\n22$a$b$c\n"


def test_a_line_of_ten_megabytes_is_rejected_not_fatal():
    text, rejects, _ = clean(b"11$" + b"x" * 10_000_000 + b"$b$c\r\n22$a$b$c\r\n")
    assert text == b"22$a$b$c\n"
    assert len(rejects[0].line) > 10_000_000


def test_text_that_is_not_utf8_is_told_and_left_as_it_is():
    text, _, tally = clean(b"11$SOLUCI\xd3N$b$c\r\n22$a$b$c\r\n")
    assert tally.latin1
    assert tally.not_ascii == 1
    assert text == b"11$SOLUCI\xd3N$b$c\n22$a$b$c\n"


def test_utf8_text_is_left_alone():
    text, _, tally = clean("11$SOLUCIÓN$b$c\r\n".encode())
    assert not tally.latin1
    assert text == "11$SOLUCIÓN$b$c\n".encode()


PIECES = (
    *(b"11", b"22", b"99", b"x", b"$", b"$", b"$", b"$", b"\r\n", b"\r\n", b"\n", b"\r"),
    *(b"\x7f", b"\x01", b"\x00", b"\xd3", b" ", b'"', "é".encode()),
    *(b"11$a$b$c", b"11$a$b$c\r\n", b"22$a$b$c$\r\n", b"33$$$\n"),
)
pieces = st.sampled_from(PIECES)


@settings(max_examples=400, deadline=None)
@given(
    body=st.lists(pieces, max_size=60).map(b"".join),
    surplus=st.integers(0, 2),
    crlf=st.booleans(),
    table=st.sampled_from(["DEMO", "DRUG"]),
    size=st.integers(1, 80),
)
def test_every_line_of_a_damaged_file_is_accounted_for(body, surplus, crlf, table, size):
    block, lines.BLOCK = lines.BLOCK, size  # small blocks: rows and joins reach across them
    try:
        text, rejects, tally = clean(body, surplus=surplus, crlf=crlf, table=table)
    finally:
        lines.BLOCK = block
    physical = body.count(b"\n") + (bool(body) and not body.endswith(b"\n"))
    assert tally.lines == physical + 1  # and the header
    assert tally.lines == tally.loaded + tally.rejected + 1 + tally.blank + tally.joins - tally.splits
    assert len(rejects) == tally.rejected
    assert text.count(b"\n") == tally.loaded
    whole = body.split(b"\n")
    assert all(whole[reject.line_number - 2] == reject.line for reject in rejects)
    for row in text.split(b"\n")[:-1]:
        assert row.count(b"$") == WIDTH - 1
        assert row.split(b"$")[0].isdigit()
        assert not any(byte < 32 or byte == 127 for byte in row)


@settings(max_examples=200, deadline=None)
@given(body=st.lists(pieces, max_size=40).map(b"".join), size=st.integers(1, 50))
def test_the_size_of_the_blocks_makes_no_difference(body, size):
    text, rejects, tally = clean(body)
    block, lines.BLOCK = lines.BLOCK, size
    try:
        again = clean(body)
    finally:
        lines.BLOCK = block
    assert again[0] == text
    assert again[1] == rejects
    assert again[2] == tally


rows = st.lists(
    st.tuples(st.integers(1, 10**10), *[st.text("abc $\"',;é?^\\", max_size=6)] * 3), min_size=1, max_size=20
)


@settings(deadline=None)
@given(rows=rows, trailing=st.booleans(), crlf=st.booleans())
def test_whole_rows_come_out_as_they_went_in(rows, trailing, crlf):
    end = ("$" if trailing else "") + ("\r\n" if crlf else "\n")
    rows = [(str(key), *(text.replace("$", "") for text in texts)) for key, *texts in rows]
    text, rejects, _ = clean("".join("$".join(row) + end for row in rows).encode(), crlf=crlf)
    assert rejects == []
    assert text.decode() == "".join("$".join(row) + "\n" for row in rows)
