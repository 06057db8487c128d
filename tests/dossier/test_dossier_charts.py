"""Pictures are well-formed, say what they show, and stay inside their frame on a page and on a phone."""

import itertools
import math
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from primum.counts.flow import FlowStep
from primum.dossier import figures
from primum.dossier.loaded_flow import flow_figure
from primum.dossier.loaded_numbers import Writer
from primum.dossier.model import Column, Dossier, Figure, Table
from primum.dossier.render import charts
from primum.dossier.render.charts import canvas, forest
from primum.dossier.render.charts.scale import axis
from primum.evidence.finding import Finding
from primum.study.ask import ask
from primum.terms import Interval

SVG = "{http://www.w3.org/2000/svg}"
EVERY_KIND = (
    figures.Pairs, figures.Forest, figures.Icons, figures.Ladder, figures.Matrix, figures.Bars, figures.Meters,
    figures.Pathway, figures.Curve, figures.Ways, figures.DoseBand, figures.Timeline,
)  # fmt: skip


def drawn(dossier: Dossier) -> list[Figure]:
    return [figure for part in dossier.parts for figure in part.figures]


def test_the_shipped_dossier_draws_every_kind_of_picture(real: Dossier) -> None:
    assert {type(figure.drawing) for figure in drawn(real)} == set(EVERY_KIND)


@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
def test_every_picture_is_named_described_and_inside_its_frame(real: Dossier, width: float) -> None:
    for figure in drawn(real):
        root = ET.fromstring(charts.svg(figure, real.findings, width=width))
        assert root.get("role") == "img"
        named = (root.get("aria-labelledby") or "").split()
        assert [root.findtext(f".//*[@id='{name}']") for name in named] == [figure.title, figure.description]
        assert not re.search(
            r"nan|inf\b", " ".join(v for e in root.iter() for k, v in e.attrib.items() if k != "data-finding")
        )
        for element in root.iter(f"{SVG}text"):
            if element.get("text-anchor") == "end":
                assert float(element.get("x", 0)) <= width


def made_flow(reason: str = "a higher version replaces it") -> tuple[Figure, dict[str, Finding]]:
    """SYNTHETIC steps."""
    writer = Writer("SYNTHETIC")
    steps = [FlowStep("lines in the files of reports", 12_345, unit="lines"), FlowStep("not current", 45, reason)]
    return flow_figure(writer, [*steps, FlowStep("current reports, one a case", 12_300)]), writer.findings


@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
def test_the_flow_of_reports_shows_what_stays_and_why_others_leave(width: float) -> None:
    figure, findings = made_flow()
    root = ET.fromstring(charts.svg(figure, findings, width=width))
    shown = ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]
    assert "12,345 lines" in shown
    assert "less 45 reports" in shown
    assert "a higher version replaces it" in shown
    assert {element.get("data-finding") for element in root.iter(f"{SVG}circle")} == set(findings)
    assert set(figure.drawing.findings()) == {ref.finding for row in figure.twin.rows for ref in _refs(row[1])}  # type: ignore[union-attr]
    assert max(float(e.get("y", 0)) for e in root.iter(f"{SVG}text")) < float(root.get("height", 0))


def test_a_picture_alone_brings_its_colours_and_says_what_is_synthetic() -> None:
    figure, findings = made_flow("<b>&")
    root = ET.fromstring(charts.alone(figure, findings, said="SYNTHETIC: nothing here is real."))
    assert "--ink" in (root.findtext(f"{SVG}style") or "")
    shown = ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]
    assert "SYNTHETIC: nothing here is real." in shown
    assert "<b>&" in shown


def test_every_number_of_a_picture_stands_in_its_twin(real: Dossier) -> None:
    for part in real.parts:
        for figure in part.figures:
            twin = {ref.finding for row in figure.twin.rows for cell in row for ref in _refs(cell)}
            curve = isinstance(figure.drawing, figures.Curve)
            assert set(figure.drawing.findings()) <= twin or curve, (part.id, figure.id)


def _refs(cell: object) -> list[object]:
    from primum.dossier.model import Ref

    return [span for span in (cell if isinstance(cell, tuple) else (cell,)) if isinstance(span, Ref)]


def test_hostile_words_are_drawn_as_words() -> None:
    twin = Table("t", "t", (Column("a"),), (("x",),))
    matrix = figures.Matrix(("<b>",), (figures.MatrixRow("</svg><script>", "<b>", "\x00&", "a.b"),))
    finding = Finding(id="a.b", label="x", value="y", unit="status", sources=("s",))
    text = charts.svg(Figure("f", '"><i>', "<!--", matrix, twin), {"a.b": finding})
    ET.fromstring(text)
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def _shares(**shares: float) -> dict[str, Finding]:
    return {
        f"a.{name}": Finding(id=f"a.{name}", label="x", value=share, unit="proportion", sources=("s",))
        for name, share in shares.items()
    }


def test_an_icon_array_holds_a_dot_for_each_of_a_thousand_people() -> None:
    shares = _shares(treated=0.421, untreated=0.358, difference=0.063)
    panel = figures.IconPanel("any", "a.treated", "a.untreated", "a.difference")
    twin = Table("t", "t", (Column("a"),), (("x",),))
    text = charts.svg(Figure("f", "t", "d", figures.Icons((panel,)), twin), shares)
    people = {tone: people_of(path) for path, tone in re.findall(r'<path d="([^"]*)" class="p (\w+)"', text)}
    assert people == {"untreated": 358, "treated": 63, "none": 579}


def people_of(path: str) -> int:
    """A run of people goes from the first to the last and a tenth beyond; each whole step of it is one."""
    return sum(int(length) + 1 for length in re.findall(r"h(\d+)\.1", path))


def test_an_icon_array_shows_people_spared() -> None:
    shares = _shares(treated=0.1, untreated=0.3, difference=-0.2)
    twin = Table("t", "t", (Column("a"),), (("x",),))
    panel = figures.IconPanel("any", "a.treated", "a.untreated", "a.difference")
    text = charts.svg(Figure("f", "t", "d", figures.Icons((panel,)), twin), shares)
    assert people_of(re.search(r'd="([^"]*)" class="p spared"', text)[1]) == 200  # type: ignore[index]


def test_a_forest_draws_lower_ends_left_of_upper_ends() -> None:
    finding = Finding(
        id="a.b", label="x", value=0.02, interval=Interval(-0.01, 0.05), unit="proportion", sources=("s",)
    )
    twin = Table("t", "t", (Column("a"),), (("x",),))
    one = figures.Forest((figures.ForestRow("row", "a.b"),), "axis", unit="per_1000")
    text = charts.svg(Figure("f", "t", "d", one, twin), {"a.b": finding})
    path = re.search(r'd="M([\d.]+) ([\d.]+)H([\d.]+)M([\d.]+) ([\d.]+)v8M([\d.]+) [\d.]+v8" class="l bar', text)
    assert path
    low, y, high, first, top, last = map(float, path.groups())
    assert (low, high) == (first, last)
    assert low < high
    assert top == y - 4
    assert "+20 (−10 to 50)" in text


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_an_axis_holds_its_values_in_order(values: list[float]) -> None:
    scale = axis(values, left=10, right=300)
    places = [scale(value) for value in sorted(values)]
    assert places == sorted(places)
    assert all(10 <= place <= 300 for place in places)
    pixel = (scale.high - scale.low) / 290
    assert scale.low - pixel / 1000 <= min(values)
    assert max(values) <= scale.high + pixel / 1000
    assert all(scale.low - 1e-6 <= tick <= scale.high + 1e-6 for tick in scale.ticks())


@given(st.lists(st.floats(1e-3, 1e9), min_size=1, max_size=20))
def test_a_logarithmic_axis_makes_a_fold_a_distance(values: list[float]) -> None:
    scale = axis(values, left=0, right=100, scale="log")
    low, high = scale.low, scale.high
    middle = math.sqrt(low * high)
    assert scale(middle) == pytest.approx(50)
    assert 1 <= len(scale.ticks()) <= 8


@given(st.text(min_size=1, max_size=80), st.floats(40, 300))
def test_wrapping_loses_no_word(text: str, width: float) -> None:
    assert " ".join(canvas.wrap(text, width)).split() == text.split()


def test_a_tall_forest_is_several_pictures_on_one_axis_that_hold_each_row_once() -> None:
    sizes = (8, 16, 40, 1)
    rows = tuple(
        figures.ForestRow(f"row {i}", f"a.r{g}_{i}", f"group {g}") for g, n in enumerate(sizes) for i in range(n)
    )
    findings = {
        row.finding: Finding(
            id=row.finding, label="x", value=float(n), unit="", sources=("s",), interval=Interval(n - 1, n + 1)
        )
        for n, row in enumerate(rows)
    }
    figure = Figure("f", "t", "d", figures.Forest(rows, "axis"), Table("t", "t", (Column("a"),), (("x",),)))
    texts = charts.pictures(figure, findings)
    roots = [ET.fromstring(text) for text in texts]
    shown = [e.get("data-finding") for root in roots for e in root.iter(f"{SVG}text") if e.get("data-finding")]
    assert shown == [row.finding for row in rows]
    # 760 pixels hold 24 rows of 30 under one heading; the second group does not fit under the first.
    assert [len(piece.rows) for piece in forest.split(figures.Forest(rows, "axis"))] == [8, 16, 24, 17]
    assert len(roots) == 4
    assert all(float(root.get("height", 0)) < 900 for root in roots)
    ticks = [[e.text for e in root.iter(f"{SVG}text") if e.get("text-anchor") == "middle"] for root in roots]
    assert all(tick == ticks[0] for tick in ticks)
    assert len({root.get("aria-labelledby") for root in roots}) == len(roots)


def _root(dossier: Dossier, part: str, name: str) -> ET.Element:
    figure = next(figure for figure in dossier.part(part).figures if figure.id == name)
    return ET.fromstring(charts.svg(figure, dossier.findings))


def test_a_timeline_stands_in_the_order_of_years_written_as_years(real: Dossier) -> None:
    root = _root(real, "practice", "timeline")
    texts = [element.text or "" for element in root.iter(f"{SVG}text")]
    assert {"1990", "2020", "1989", "22 people"} <= set(texts)
    places = [float(circle.get("cx", 0)) for circle in root.iter(f"{SVG}circle")]
    assert places == sorted(places)
    assert len(set(places)) == 5  # 1989, 2002, 2004, 2024, 2025


def test_shares_by_dose_are_drawn_with_placebo_at_dose_0_and_the_band_around_the_line_alone(real: Dossier) -> None:
    """Joseph 2021, week 24: four doses, and 4 of 78 people on placebo."""
    root = _root(real, "dose", "band_abo_week24")
    dots = [circle for circle in root.iter(f"{SVG}circle") if circle.get("data-finding")]
    assert [dot.get("class") for dot in dots] == ["h untreated", *["d treated"] * 4]
    places = [float(dot.get("cx", 0)) for dot in dots]
    steps = [after - before for before, after in itertools.pairwise(places)]
    assert steps == pytest.approx([2 * steps[1], *steps[1:2] * 3], abs=0.2)  # 0, 50, 75, 100, 125 units
    (band,) = (path.get("d", "") for path in root.iter(f"{SVG}path") if path.get("class") == "band treated")
    assert len(re.findall(r"[ML][0-9.]+ [0-9.]+", band)) == 2 * 4


def test_what_was_not_counted_by_dose_is_not_drawn_and_named_with_what_is_missing(real: Dossier) -> None:
    assert {f.id for f in real.part("dose").figures if f.id.startswith("band_")} == {
        "band_abo_week24",
        "band_abo_week36",
    }
    said = str(real.part("dose").blocks)
    assert "how many people each dose was given to is assumed and not printed: frown lines back, month 4" in said
    assert "does not print how many people each dose was given to: frown lines at least one grade" in said


def test_the_weight_that_moves_the_balance_most_stands_first(tmp_path: Path) -> None:
    weights = tmp_path / "w.toml"
    weights.write_text("crows_feet = 1\nheadache = 0.1\nbruising = 0.1\neyelid_ptosis = 9\n")
    dossier = ask("anti-wrinkle", store=False, weights=weights)
    root = _root(dossier, "effects_table", "yours_drawn")
    widths = [float(bar.get("width", 0)) for bar in root.iter(f"{SVG}rect")]
    assert widths == sorted(widths, reverse=True)
    assert next(t.text for t in root.iter(f"{SVG}text") if (t.text or "").startswith("a ")) == "a drooping eyelid"
    figure = next(f for f in dossier.part("effects_table").figures if f.id == "yours_drawn")
    twin = {ref.finding for row in figure.twin.rows for cell in row for ref in _refs(cell)}  # type: ignore[attr-defined]
    assert set(figure.drawing.findings()) <= twin
