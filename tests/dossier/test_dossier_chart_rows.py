"""Rows of a picture: each has its words, its mark and its number at one height, under the heading of its group."""

from __future__ import annotations

import itertools
import math
import xml.etree.ElementTree as ET
from collections.abc import Iterable

import pytest

from primum.dossier import figures
from primum.dossier.render.charts import NARROW, WIDE, bars, canvas, forest
from primum.dossier.render.charts.scale import axis
from primum.evidence.finding import Finding
from primum.terms import Interval

GROUPS = ("", "first", "first", "second")


def parsed(elements: Iterable[str]) -> ET.Element:
    return ET.fromstring(f"<svg>{''.join(elements)}</svg>")


def baselines(text: ET.Element) -> list[float]:
    """Where the lines of a text stand."""
    return [float(one.get("y", "nan")) for one in (text.findall("tspan") or [text])]


def made(values: Iterable[float | None]) -> dict[str, Finding]:
    """SYNTHETIC findings `a.r0`, `a.r1` ..., each with an interval where it has a value."""
    return {
        f"a.r{i}": Finding(
            id=f"a.r{i}",
            label="x",
            value=value,
            unit="ratio",
            sources=("s",),
            interval=None if value is None else Interval(value / 2, value * 2),
            warnings=("not known",) if value is None else (),
        )
        for i, value in enumerate(values)
    }


@pytest.mark.parametrize("words", ["short", "influenza-like illness of any kind at all, whoever told it and however"])
def test_the_words_of_a_row_stand_at_its_mark_or_above_it_on_a_phone(words: str) -> None:
    beside, middle, height = canvas.head_of_row(words, 100, names=110, wide=True, least=30)
    lines = baselines(ET.fromstring(beside))
    assert sum(lines) / len(lines) - 4 == pytest.approx(
        middle, abs=1
    )  # 4 pixels from the middle of a letter to its foot
    assert (middle, height) == (100 + height / 2, max(30, 16 * len(lines) + 8))
    above, middle, height = canvas.head_of_row(words, 100, names=110, wide=False, least=30)
    lines = baselines(ET.fromstring(above))
    assert (lines[0], middle, height) == (112, 111 + 16 * len(lines), 30 + 16 * len(lines))
    assert max(lines) + 8 < middle < 100 + height - 8  # a mark is 8 pixels tall above and below


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_each_row_of_a_forest_has_one_dot_at_the_height_of_its_number(width: float) -> None:
    findings = made([1.5, 2.5, 0.8, 1.1])
    rows = tuple(figures.ForestRow(f"row {i}", f"a.r{i}", group) for i, group in enumerate(GROUPS))
    body, height = forest.draw(figures.Forest(rows, "ratio", scale="log"), findings, width, "f")
    root = parsed(body)
    numbers = [float(one.get("y", 0)) for one in root.iter("text") if one.get("data-finding")]
    dots = [float(one.get("cy", 0)) for one in root.iter("circle")]
    assert dots == [y - 4 for y in numbers]
    assert len(dots) == 4
    assert dots == sorted(dots)
    assert max(dots) < height


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("chart", ["bars", "forest"])
def test_a_group_is_headed_once_between_the_rows_before_and_its_own(chart: str, width: float) -> None:
    findings = made([1.0, 2.0, 3.0, 4.0])
    if chart == "bars":
        told = tuple(figures.BarRow(f"row {i}", f"a.r{i}", group) for i, group in enumerate(GROUPS))
        body, _ = bars.draw(figures.Bars(told, "days"), findings, width, "f")
    else:
        rows = tuple(figures.ForestRow(f"row {i}", f"a.r{i}", group) for i, group in enumerate(GROUPS))
        body, _ = forest.draw(figures.Forest(rows, "ratio"), findings, width, "f")
    at = {text.text: float(text.get("y", 0)) for text in parsed(body).iter("text") if text.get("x") == "0"}
    order = ["row 0", "first", "row 1", "row 2", "second", "row 3"]
    assert sorted(at, key=at.__getitem__) == order
    assert min(at[later] - at[sooner] for sooner, later in itertools.pairwise(order)) >= 15
    bold = [text.text for text in parsed(body).iter("text") if "b" in (text.get("class") or "").split()]
    assert bold == ["first", "second"]


def test_the_values_of_an_axis_stand_under_its_lines_and_its_name_under_them() -> None:
    root = parsed(axis([1, 4], left=0, right=400).drawn(10, 200, "days"))
    *values, name = root.iter("text")
    assert name.text == "days"
    assert {line.get("d") or line.get("y2") for line in root if line.tag != "text"}
    assert len(values) > 2
    assert 200 < min(baselines(values[0])) < min(baselines(name)) - 10


def test_an_axis_of_nothing_is_one_power_of_ten() -> None:
    nothing = axis([math.nan], left=0, right=100, scale="log")
    assert (nothing.low, nothing.high) == (1, 10)


@pytest.mark.parametrize("words", ["one line", ["two", "lines"]])
def test_words_begin_at_their_place_and_are_plain_unless_asked(words: str | list[str]) -> None:
    plain = ET.fromstring(canvas.label(1, 2, words))
    assert (plain.get("text-anchor"), plain.get("class"), plain.get("font-size")) == (None, "t", None)
    asked = ET.fromstring(canvas.label(1, 2, words, anchor="end", bold=True, size=11, tone="soft"))
    assert (asked.get("text-anchor"), asked.get("class"), asked.get("font-size")) == ("end", "t soft b", "11")
