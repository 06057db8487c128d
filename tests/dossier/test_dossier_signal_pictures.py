"""Pictures of signals leave nothing out without saying so, and name drug, unit and threshold."""

from __future__ import annotations

import math
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from primum.counts.table import CountTable
from primum.dossier.render import signal_pictures as pictures
from primum.signals.table import SignalTable, signal_table


def table(drugs: tuple[str, ...] = ("A", "A", "B")) -> SignalTable:
    """SYNTHETIC pairs: one with a ratio, one that nobody else reports, one without a report of both."""
    return signal_table(
        CountTable(
            drug=np.array(drugs, dtype=object),
            event=np.array(["RASH", "PTOSIS", "PAIN"], dtype=object),
            observed=np.array([8, 9, 0]),
            drug_reports=np.array([20, 20, 30]),
            event_reports=np.array([30, 9, 25]),
            total_reports=300,
        )
    )


def shown(picture: pictures.Picture) -> str:
    return " ".join(text.strip() for text in ElementTree.fromstring(picture.on_page).itertext())


def test_a_pair_without_a_ratio_keeps_its_row_with_the_reason() -> None:
    drawn = pictures.forest(table(), "SYNTHETIC")
    heads, *rows = drawn.rows
    found = {row[2]: dict(zip(heads, row, strict=True)) for row in rows}
    assert found["RASH"]["note"] == ""
    assert found["RASH"]["ror"] == pytest.approx(8 * 258 / (12 * 22))
    assert found["PTOSIS"]["note"] == "no report without the drug has the event"
    assert found["PAIN"]["note"] == "no report has both"
    assert all(found[event][end] is None for event in ("PTOSIS", "PAIN") for end in ("ror", "ror_lower", "ror_upper"))
    text = shown(drawn)
    assert "A: Ptosis" in text
    assert "no report has both" in text
    beyond = [line for line in ElementTree.fromstring(drawn.on_page).iter() if line.get("class") == "l bar"]
    assert len(beyond) == 1 + 2  # one interval, and the two strokes of an arrow for what nobody else reports


def test_within_strata_the_forest_draws_the_pooled_ratio() -> None:
    plain = table()
    more = {"mh_ror": np.array([2.0, math.nan, 1.5]), "mh_ror_lower": np.array([1.0, math.nan, 1.0])}
    more["mh_ror_upper"] = np.array([4.0, math.nan, 2.0])
    pooled = replace(plain, more=more, warnings=np.array(["", "mantel_haenszel: no upper limit", ""], dtype=object))
    drawn = pictures.forest(pooled, "SYNTHETIC")
    assert [row[3] for row in drawn.rows[1:]] == [2.0, None, 1.5]
    assert drawn.rows[2][-1] == "no upper limit"
    assert drawn.title == "SYNTHETIC: odds ratios within strata"


@pytest.mark.parametrize("title", ["SYNTHETIC", "SYNTHETIC reports of one drug and of everything else " * 3])
def test_a_picture_with_its_heading_is_taller_by_the_lines_of_the_heading(title: str) -> None:
    drawn = pictures.volcano(table(), title)
    alone, with_head = ElementTree.fromstring(drawn.on_page), ElementTree.fromstring(drawn.svg)
    [body] = [one for one in with_head if one.get("transform")]
    room = float(body.get("transform", "").removeprefix("translate(0,").removesuffix(")"))
    assert float(with_head.get("height", 0)) - float(alone.get("height", 0)) == room
    head = next(one for one in with_head if one.tag.endswith("text"))
    lines = [float(one.get("y", 0)) for one in (list(head) or [head])]
    assert " ".join("".join(one.itertext()).strip() for one in (list(head) or [head])) == drawn.title.strip()
    assert lines[0] == 15
    assert lines[-1] < room < lines[-1] + 19


def test_the_volcano_shows_its_threshold() -> None:
    assert "large and dark: lower bound of IC above 0 and false discovery rate at most 5 %" in " ".join(
        "".join(text.itertext()) for text in ElementTree.fromstring(pictures.volcano(table(), "S").on_page)[2:]
    )


def test_the_heat_map_names_drug_unit_and_what_is_less_than_expected() -> None:
    value = np.array([[2.0, -1.5, 0.0], [math.nan, 0.5, 0.0]])
    drawn = pictures.heat_map(
        ["Rash", "Pain", "Cough"],
        ["sex:F", "sex:M"],
        value,
        np.array([[4, 0, 0], [0, 2, 0]]),
        "S",
        drugs=["A", "B", "B"],
    )
    text = shown(drawn)
    assert "information component, bits" in text
    assert "B: Pain" in text
    assert "\N{MINUS SIGN}1.5" in text  # nobody reported it, and that is less than expected
    boxes = [one for one in ElementTree.fromstring(drawn.on_page).iter() if one.get("fill-opacity")]
    more, less, same = ((one.get("class"), float(one.get("fill-opacity"))) for one in boxes[-6::2])
    assert (more[0], less[0], same[1]) == ("k treated", "k untreated", 0.0)
    assert more[1] > 0 < less[1]
    assert drawn.rows[0] == ("stratum", "drug", "event", "observed", "ic")
    assert drawn.rows[2] == ("sex:F", "B", "Pain", 0, -1.5)


def test_the_trend_draws_the_component_and_joins_neighbouring_years_alone() -> None:
    years, observed = ["2012", "2013", "2026"], np.array([[1], [2], [0]])
    drawn = pictures.trend(["Rash"], years, observed, "S", drugs=["A"], ic=np.array([[1.0], [2.0], [-1.0]]))
    root = ElementTree.fromstring(drawn.on_page)
    places = [float(one.get("cx")) for one in root.iter() if one.tag.endswith("circle")]
    assert (places[2] - places[1]) / (places[1] - places[0]) == pytest.approx(13, rel=0.01)
    assert sum(one.get("class") == "l bar accent" for one in root.iter()) == 1
    assert "information component of each year, bits" in shown(drawn)
    assert drawn.rows == [
        ("period", "drug", "event", "observed", "ic"),
        *zip(years, "AAA", ["Rash"] * 3, [1, 2, 0], [1.0, 2.0, -1.0], strict=True),
    ]


def test_the_trend_of_reports_says_what_it_draws() -> None:
    drawn = pictures.trend(["Rash"], ["2014q1", "2014q2"], np.array([[3], [5]]), "S")
    assert "reports of each period" in shown(drawn)
    assert drawn.rows[1:] == [("2014q1", "Rash", 3), ("2014q2", "Rash", 5)]
