"""Is every header since 2004 recognised, and every other one refused?"""

from __future__ import annotations

import csv

import pytest

from primum.errors import SourceError
from primum.sources.layouts import TABLES, fields, layout_of, layouts, match_header
from primum.store.schema import schema_of
from primum.terms import Quarter


def head(text, table, quarter):
    return match_header(text.encode("utf-8"), table=table, quarter=Quarter.parse(quarter), member="x.txt")


def test_layouts_hold_every_column_of_the_reference_list(shared):
    text = (shared / "formats/csv/faers_columns_by_era.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    reference = {}
    for row in rows:
        reference.setdefault((row["first_quarter"].lower(), row["table"]), []).append(row["canonical_name"])
    ours = {(str(layout.first), layout.table): list(layout.columns) for layout in layouts()}
    assert ours == reference
    assert len(rows) == 287


@pytest.mark.parametrize("layout", layouts(), ids=lambda layout: f"{layout.name}-{layout.table}")
def test_every_header_is_recognised_as_it_stands_in_the_files(layout):
    found = head(layout.header + "\r\n", layout.table, str(layout.first))
    assert (found.layout, found.columns, found.surplus, found.crlf) == (layout.name, layout.columns, 0, True)


def test_every_quarter_has_each_table_once():
    quarter = Quarter(2004, 1)
    while quarter < Quarter(2027, 1):
        for table in TABLES:
            assert sum(layout.table == table and layout.covers(quarter) for layout in layouts()) == 1
        quarter = quarter.next()


@pytest.mark.parametrize("bom", ["\ufeff", "ï»¿"])
def test_a_byte_order_mark_is_stripped_in_both_forms(bom):  # Q09
    found = head(f"{bom}primaryid$caseid$outc_cod\n", "OUTC", "2014q3")
    assert found.columns == ("primaryid", "caseid", "outc_cod")
    assert found.repairs == {"strip_byte_order_mark": 1}


def test_a_blank_before_a_column_name_is_trimmed():  # Q08
    layout = layout_of("DEMO", Quarter(2012, 4))
    assert "$ rept_dt$" in layout.header
    assert head(layout.header, "DEMO", "2012q4").repairs == {"trim_column_name": 1}


def test_misspelt_columns_of_2012q4_are_renamed():  # Q10, Q11
    drug = head(layout_of("DRUG", Quarter(2012, 4)).header, "DRUG", "2012q4")
    assert "lot_num" in drug.columns
    assert drug.repairs == {"rename_misspelt_column": 1}
    assert head("primaryid$caseid$outc_code", "OUTC", "2012q4").columns[2] == "outc_cod"


@pytest.mark.parametrize("name", ["sex", "gndr_cod"])
def test_sex_is_known_under_both_names(name):  # Q15
    header = layout_of("DEMO", Quarter(2014, 3)).header.replace("sex", name)
    assert "sex" in head(header, "DEMO", "2014q3").columns


def test_nameless_columns_at_the_end_are_surplus():
    found = head("isr$pt$v3\n", "REAC", "2004q1")
    assert (found.columns, found.surplus, found.crlf) == (("primaryid", "pt"), 1, False)
    assert head("isr$pt$\n", "REAC", "2004q1").surplus == 1


def test_columns_in_another_order_are_matched_by_name():
    assert head("pt$isr\n", "REAC", "2004q1").columns == ("pt", "primaryid")


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("primaryid$caseid$outcome", 'unknown column "outcome" Did you mean "outc_cod"?; missing column outc_cod'),
        ("primaryid$caseid", "missing column outc_cod"),
        ("primaryid$caseid$outc_cod$severity", 'unknown column "severity"'),
        ("primaryid$caseid$outc_cod$outc_code", 'column "outc_cod" twice'),
        ("", "unknown column"),
    ],
)
def test_an_unknown_or_missing_column_stops_the_quarter(header, said):
    with pytest.raises(SourceError) as caught:
        head(header, "OUTC", "2015q1")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_column_of_every_layout_goes_somewhere_in_the_store():
    for layout in layouts():
        placed = {column for field in fields(layout.table) for column in field.columns}
        assert set(layout.columns) - {"primaryid", "caseid"} <= placed


def test_columns_go_where_the_schema_has_them():
    for table in TABLES:
        for field in fields(table):
            assert set(field.targets) <= set(schema_of(field.table).column_names)
