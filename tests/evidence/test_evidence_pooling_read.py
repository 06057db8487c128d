"""What a CSV file of studies may look like, and what is said of one that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from primum.errors import PoolError, UnknownNameError
from primum.evidence.pooling import read_table

HEADER = "study,events_treated,n_treated,events_control,n_control"
ODDS = f"{HEADER}\nA,0,120,0,118\nB,1,200,0,195\n"
RATES = "study,events_treated,time_treated,events_control,time_control\nA,7,1344,11,1988\nB,3,12012,14,10962\n"
SHARES = "study,events,n\nA,3,117\nB,9,195\n"


def table(folder: Path, text: str) -> Path:
    file = folder / "studies.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_columns_may_stand_in_any_order_with_others_between_and_a_byte_order_mark(tmp_path):
    file = tmp_path / "studies.csv"
    file.write_text('year,n,study,events\r\n2004,117,A,3\r\n\r\n2005,195,"B, two",9\r\n', encoding="utf-8-sig")
    read = read_table(file, measure="PLO")
    assert read.study == ("A", "B, two")
    assert read.n.tolist() == [117, 195]
    assert read.events.dtype.kind == "i"


def test_time_need_not_be_whole(tmp_path):
    read = read_table(table(tmp_path, RATES.replace("1344", "3.68")), measure="IRR")
    assert read.time_treated.tolist() == [3.68, 12012.0]


@pytest.mark.parametrize(
    ("text", "measure", "said"),
    [
        ("", "OR", "an empty file"),
        (f"{HEADER}\n", "OR", "no study"),
        (f"{HEADER}\nA,1,10,2,10\n", "OR", "one study"),
        ("study,events_treated,n_treated,events_contrl,n_control\nA,1,2,1,2\n", "OR", 'no column "events_control"'),
        ("study,events_treated,n_treated,events_contrl,n_control\nA,1,2,1,2\n", "RD", 'Did you mean "events_contrl"'),
        (f"{HEADER},n_treated\nA,1,2,1,2,3\n", "OR", 'column "n_treated" stands 2 times'),
        (ODDS.replace(",", ";"), "OR", "the fields seem to be separated by ;"),
        (ODDS, "IRR", 'no column "time_treated"'),
        (RATES.replace("1344", "0"), "IRR", "time_treated: 0; expected a number above 0"),
        (RATES.replace("1344", "-3"), "IRR", "time_treated: -3; expected a number above 0"),
        (SHARES.replace("3,117", "3,nan"), "PLO", "n: nan; expected a whole number"),
        (SHARES.replace("3,117", "3,1e400"), "PLO", "expected a whole number"),
        (SHARES.replace("3,117", "3,1e19"), "PLO", "expected a whole number"),
    ],
)
def test_a_table_that_cannot_be_pooled_says_why(tmp_path, text, measure, said):
    with pytest.raises(PoolError) as caught:
        read_table(table(tmp_path, text), measure=measure)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_or_no_text_says_so(tmp_path):
    with pytest.raises(PoolError, match="no such file"):
        read_table(tmp_path / "none.csv", measure="OR")
    with pytest.raises(PoolError, match="directory"):
        read_table(tmp_path, measure="OR")
    binary = tmp_path / "studies.csv"
    binary.write_bytes(b"\xff\xfe\x00study")
    with pytest.raises(PoolError, match="UTF-8"):
        read_table(binary, measure="OR")


def test_an_unknown_measure_is_refused(tmp_path):
    with pytest.raises(UnknownNameError, match="SMD"):
        read_table(table(tmp_path, ODDS), measure="SMD")
