"""Lines and values that look as if a repair fitted, and must not be mended."""

from __future__ import annotations

import datetime as dt

import pytest

from primum.sources.repairs import Expected, join_broken_lines, read_line
from primum.sources.values import JUNK_VERSION, read_version
from primum.terms import Quarter

KEYS = frozenset({b"11", b"22"})


def expected(table: str = "DRUG", *, surplus: int = 0, width: int = 4) -> Expected:
    return Expected(Quarter(2015, 1), table, width, surplus, 1 if table == "DEMO" else None, KEYS.__contains__)


@pytest.mark.parametrize("surplus", [0, 1, 2])
def test_one_dollar_sign_more_than_the_header_has_is_dropped_and_two_are_not(surplus: int) -> None:
    line = b"11$a$b$c" + b"$" * surplus
    assert read_line(line + b"$", expected(surplus=surplus)).rows == ((b"11", b"a", b"b", b"c"),)
    assert read_line(line + b"$$", expected(surplus=surplus)).rows == ()


def test_a_second_record_of_demo_needs_a_key_and_a_case_of_its_own() -> None:
    first, second = (b"55", b"555", b"a", b"b"), (b"66", b"666", b"c", b"d")
    assert read_line(b"$".join((*first, *second)), expected("DEMO")).rows == (first, second)
    for place in (0, 1):
        without = tuple(b"" if n == place else field for n, field in enumerate(second))
        assert read_line(b"$".join((*first, *without)), expected("DEMO")).rows == ()


def test_broken_lines_that_give_two_records_are_not_joined() -> None:
    pieces = (b"11$a$b$c$22$d", b"e$f$g")
    assert len(read_line(b" ".join(pieces), expected()).rows) == 2
    read = join_broken_lines(pieces, expected())
    assert read.rows == ()
    assert read.reason == "the joined lines hold two records"


def test_a_version_that_no_column_holds_is_no_number() -> None:
    until = dt.date(2020, 1, 1)
    assert read_version((str(2**31 - 1),), until).values == (2**31 - 1,)
    for text in (str(2**31), "9999999999", "10000000000"):
        read = read_version((text,), until)
        assert (read.values, read.fault) == ((0,), JUNK_VERSION)
