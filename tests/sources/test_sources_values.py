"""Does each rule read what FDA printed, and count what it cannot read?"""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from primum.sources import values
from primum.sources.values import READERS, codes, read_csv

END = dt.date(2014, 12, 31)


@pytest.mark.parametrize(
    ("text", "day", "precision", "fault"),
    [
        ("20140930", dt.date(2014, 9, 30), "D", None),
        ("201409", dt.date(2014, 9, 1), "M", None),  # Q25: the precision stays, the day is only a lower bound
        ("2014", dt.date(2014, 1, 1), "Y", None),
        (" 2014 ", dt.date(2014, 1, 1), "Y", None),
        (None, None, None, None),
        ("00010101", None, None, "out of range"),  # Q26
        ("19000101", None, None, "out of range"),
        ("91990201", None, None, "out of range"),
        ("19841231", None, None, "out of range"),
        ("19850101", dt.date(1985, 1, 1), "D", None),
        ("20141231", END, "D", None),
        ("20150101", None, None, "out of range"),  # behind the end of the quarter
        ("20140231", None, None, "not a date"),
        ("00000000", None, None, "not a date"),
        ("201413", None, None, "not a date"),
        ("2014093", None, None, "not a date"),
        ("14-SEP-2014", None, None, "not a date"),
    ],
)
def test_dates_keep_their_precision(text, day, precision, fault):
    reading = values.read_date((text,), END)
    assert (*reading.values, reading.fault) == (day, precision, fault)


@pytest.mark.parametrize(
    ("age", "unit", "years", "fault"),
    [
        ("47", "YR", 47.0, None),
        ("47", None, 47.0, None),
        ("4", "DEC", 40.0, None),
        ("45", "DEC", 45.0, "too many decades, taken as years"),
        ("18", "MON", 1.5, None),
        ("52.17857142857143", "WK", 1.0, None),
        ("365.25", "DY", 1.0, None),
        ("8766", "HR", 1.0, None),  # 24 * 365.25
        ("525960", "MIN", 1.0, None),
        ("31557600", "SEC", 1.0, None),
        ("-8", "YR", 8.0, "negative, taken as positive"),
        ("122", "YR", 122.0, None),
        ("122.1", "YR", None, "out of range"),
        ("130", "DEC", None, "out of range"),
        ("47", "YEARS", None, "unknown code"),
        (None, "YR", None, None),
        # Q28
        ("U", "YR", None, "not a number"),
        ("FEW", "DY", None, "not a number"),
        ("163/6", "YR", None, "not a number"),
        ("N/A", None, None, "not a number"),
        ("-08", "YR", None, "not a number"),
        ("CUBIST PHARMACEUTICALS, INC.", None, None, "not a number"),
        ("1e1", "YR", None, "not a number"),
        ("inf", "YR", None, "not a number"),
        ("nan", "YR", None, "not a number"),
        ("9" * 400, "YR", None, "out of range"),
    ],
)
def test_ages_come_in_years(age, unit, years, fault):
    reading = values.read_age((age, unit), END)
    assert reading.fault == fault
    assert reading.values[0] == (None if years is None else pytest.approx(years, rel=1e-12))


@pytest.mark.parametrize(
    ("weight", "unit", "kg", "fault"),
    [
        ("71", "KG", 71.0, None),
        ("71", "KGS", 71.0, None),
        ("71", None, 71.0, None),
        ("150", "LBS", 68.0388, None),
        ("150", "IB", 68.0388, None),
        ("3200", "GMS", 3.2, None),
        ("70000000", "MG", 70.0, None),
        ("635", "KG", 635.0, None),
        ("636", "KG", None, "out of range"),
        ("-70", "KG", None, "out of range"),
        ("70 KG", None, None, "not a number"),
        ("70", "STONE", None, "unknown code"),
    ],
)
def test_weights_come_in_kilograms(weight, unit, kg, fault):
    reading = values.read_weight((weight, unit), END)
    assert reading.fault == fault
    assert reading.values[0] == (None if kg is None else pytest.approx(kg))


@pytest.mark.parametrize(
    ("duration", "unit", "days", "fault"),
    [
        ("1", "YR", 365.0, None),
        ("1", "MON", 30.41667, None),
        ("2", "WK", 14.0, None),
        ("3", "DAY", 3.0, None),
        ("36", "HR", 1.5, None),
        ("1440", "MIN", 1.0, None),
        ("86400", "SEC", 1.0, None),
        ("50", "YR", 18250.0, None),
        ("51", "YR", None, "out of range"),
        ("3", "DY", None, "unknown code"),  # DY is a unit of age, DAY one of duration
        ("3", None, None, "no unit"),
        ("5-9", "DAY", None, "not a number"),  # Q30
        ("1X", "DAY", None, "not a number"),
    ],
)
def test_durations_come_in_days(duration, unit, days, fault):
    reading = values.read_duration((duration, unit), END)
    assert reading.fault == fault
    assert reading.values[0] == (None if days is None else pytest.approx(days))


@pytest.mark.parametrize("text", ["18-54", "150/0.5", "DF", "554 MILLION"])
def test_free_text_as_dose_has_no_number(text):  # Q29
    assert values.read_number((text,), END) == values.Reading((None,), "not a number")


@pytest.mark.parametrize(("text", "version"), [(None, 0), ("", 0), ("3", 3), ("12", 12), ("0", 0)])
def test_a_blank_version_is_the_first_report(text, version):
    assert values.read_version((text,), END) == values.Reading((version,))


@pytest.mark.parametrize("text", ["#", "#1", "C-", "1A", "#2", "#!", "99999999999"])
def test_a_junk_version_counts_as_the_first_report_and_is_counted(text):  # Q21
    reading = values.read_version((text,), END)
    assert reading.values == (0,)
    assert reading.fault is not None


@pytest.mark.parametrize(
    ("text", "sex", "fault"),
    [("F", "F", None), ("M", "M", None), ("UNK", None, None), ("NS", None, None), (None, None, None)]
    + [(code, None, "unknown code") for code in ("YR", "P", "I", "T")],  # Q35
)
def test_sex_is_f_or_m(text, sex, fault):
    assert values.read_sex((text,), END) == values.Reading((sex,), fault)


@pytest.mark.parametrize(
    ("text", "code", "fault"),
    [
        ("US", "US", None),
        ("UNITED STATES", "US", None),
        ("KOREA, REPUBLIC OF", "KR", None),
        ("NA", "NA", None),  # Namibia, not "not available"
        ("COUNTRY NOT SPECIFIED", None, None),
        ("EU", None, "not a country"),
        ("ATLANTIS", None, "not a country"),
    ],
)
def test_countries_are_known_by_name_or_code(text, code, fault):
    assert values.read_country((text,), END) == values.Reading((code,), fault)


def test_country_names_are_unambiguous():
    names = [name for row in read_csv("countries.csv") for name in {row["code"], *row["names"].split("|")}]
    assert sorted(names) == sorted(set(names))


@settings(deadline=None)
@given(st.sampled_from(sorted(READERS)), st.text(max_size=12) | st.none(), st.text(max_size=4) | st.none())
def test_no_text_stops_a_rule_and_every_missing_value_is_explained(rule, text, unit):
    reading = READERS[rule]((text, unit) if rule in ("age", "weight", "duration") else (text,), END)
    silent = {"sex": ("UNK", "NS"), "country": ("COUNTRY NOT SPECIFIED", "UNKNOWN", "NOT SPECIFIED")}
    if reading.values[0] is None and (text or "").strip():
        assert reading.fault or text.strip().upper() in silent.get(rule, ())


@pytest.mark.parametrize(
    ("field", "column"),
    [
        ("ROLE_COD", "role_cod"),
        ("OUTC_COD", "outc_cod"),
        ("RPSR_COD", "rpsr_cod"),
        ("REPT_COD", "rept_cod"),
        ("DECHAL", "dechal"),
        ("RECHAL", "rechal"),
        ("AGE_GRP", "age_grp"),
        ("I_F_CODE", "i_f_code"),
        ("VAL_VBM", "val_vbm"),
    ],
)
def test_codes_are_those_of_the_reference_list(shared, field, column):
    import csv

    rows = csv.DictReader((shared / "formats/csv/code_lists.csv").read_text(encoding="utf-8").splitlines())
    assert codes(column) == {row["code"] for row in rows if row["field"] == field}
