"""What a value shows in a notebook: its numbers and their caveats, and hostile words as words."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

import primum
from primum.counts.table import CountTable
from primum.dossier.model import Dossier, Figure
from primum.errors import UnknownNameError
from primum.evidence import effects
from primum.evidence.finding import Finding
from primum.evidence.pooling import TwoArms, pool
from primum.signals.table import signal_table
from primum.terms import Interval

HOSTILE = "<script>alert('SYNTHETIC')</script><img src=x onerror=alert(1)>\x1b[2J"


class Tags(HTMLParser):
    """The elements of a fragment, which must close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[str] = []
        self.attributes: set[str] = set()
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in ("img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def harmless(html: str) -> None:
    tags = Tags(html)
    assert not {"script", "iframe", "style", "form", "object", "link"} & set(tags.found)
    assert tags.attributes <= {"alt", "src"}
    assert all(source.startswith("data:image/svg+xml;base64,") for source in re.findall(r'src="([^"]*)"', html))
    assert not [c for c in html if ord(c) < 32 and c not in "\t\n"]


@pytest.fixture(scope="module")
def dossier(tmp_path_factory: pytest.TempPathFactory) -> Dossier:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRIMUM_STORE", str(tmp_path_factory.mktemp("none")))
        return primum.ask("anti-wrinkle")


def signals(name: str) -> str:
    counts = CountTable(
        drug=np.array([name] * 25, dtype=object),
        event=np.array([f"{name} {n}" for n in range(25)], dtype=object),
        observed=np.arange(25, dtype=np.int64),
        drug_reports=np.full(25, 100, dtype=np.int64),
        event_reports=np.full(25, 50, dtype=np.int64),
        total_reports=10_000,
        cohort=name,
        comparator=name,
    )
    return signal_table(counts, methods=("ror", "ic"))._repr_html_()


def test_hostile_words_are_words_in_everything_that_shows_itself() -> None:
    finding = Finding(
        id="a.b", label=HOSTILE, value=HOSTILE, unit=HOSTILE, sources=(HOSTILE,), population=HOSTILE, window=HOSTILE,
        warnings=(HOSTILE,), certainty=HOSTILE,
    )  # fmt: skip
    table = TwoArms(
        study=(HOSTILE, "b"),
        events_treated=np.array([1, 2]),
        n_treated=np.array([10, 20]),
        events_control=np.array([1, 1]),
        n_control=np.array([10, 20]),
    )
    for html in (finding._repr_html_(), pool(table, measure="OR", method="mh")._repr_html_(), signals(HOSTILE)):
        harmless(html)
        assert "&lt;script&gt;alert(&#x27;SYNTHETIC&#x27;)" in html


def test_a_finding_shows_all_that_must_travel_with_its_number() -> None:
    finding = Finding(
        id="a.b", label="headache", value=0.0156, unit="proportion", sources=("brin2023",), numerator=243,
        denominator=3431, interval=Interval(0.0008, 0.0305), population="adults", window="90 days",
        warnings=("added up",), certainty="low: one maker",
    )  # fmt: skip
    html = finding._repr_html_()
    for words in ("0.0156", "0.0008 to 0.0305 (95 %)", "243 of 3,431", "adults", "90 days", "brin2023", "added up",
                  "low: one maker"):  # fmt: skip
        assert words in html


def test_what_is_not_known_shows_its_reason() -> None:
    nobody = effects.risk_ratio(0, 10, 0, 12)
    assert nobody.reason
    assert nobody.reason.replace("'", "&#x27;") in nobody._repr_html_()
    assert (
        "not known"
        in Finding(id="a.b", label="x", value=None, unit="", sources=("s",), warnings=("why",))._repr_html_()
    )


def test_a_signal_table_shows_some_rows_says_how_many_there_are_and_that_reports_are_no_rate() -> None:
    html = signals("DRUG")
    assert html.count("<tr>") == 21
    assert "25 pairs, 20 shown" in html
    assert "no rate" in html
    assert "EBGM</th>" not in html  # was not asked for
    assert re.search(r"<td>not known</td>", html)  # the odds ratio of no report


def test_every_section_table_and_picture_of_the_answer_shows_itself(dossier: Dossier) -> None:
    for part in dossier.parts:
        harmless(dossier.show(part.id)._repr_html_().replace("<details>", "").replace("</details>", ""))
        for figure in part.figures:
            shown = dossier.show(part.id, figure.id)
            svg = shown._repr_svg_()
            assert svg
            ElementTree.fromstring(svg)
            assert base64.b64encode(svg.encode()).decode() in shown._repr_html_()
            assert figure.twin.rows[0][0] is not None
        for table in part.tables:
            html = dossier.show(part.id, table.id)._repr_html_()
            assert dossier.show(part.id, table.id)._repr_svg_() is None
            assert html.count("<tr>") == len(table.rows) + 1


def test_a_picture_in_a_notebook_keeps_its_style_to_itself(dossier: Dossier) -> None:
    html = dossier.show("trials", "together")._repr_html_()
    assert "<svg" not in html
    assert "<style" not in html
    figure = dossier.show("trials", "together").block
    assert isinstance(figure, Figure)
    assert f'alt="{figure.title}' in html


def test_the_dossier_shows_the_short_answer_and_names_what_else_there_is(dossier: Dossier) -> None:
    html = dossier._repr_html_()
    assert "Are anti-wrinkle injections safe?" in html
    assert "drooping eyelid" in html
    assert "effects_table (partial)" in html
    assert repr(dossier.show("trials")) == "<Part trials of anti-wrinkle>"


@pytest.mark.parametrize(("part", "block"), [("trails", ""), ("trials", "togehter")])
def test_a_section_or_picture_that_is_not_there_is_refused_with_the_nearest_name(
    dossier: Dossier, part: str, block: str
) -> None:
    with pytest.raises(UnknownNameError, match="trials" if not block else "together"):
        dossier.show(part, block)


def test_a_simulation_shows_its_curve_or_its_refusal() -> None:
    drawn = primum.simulate("anti-wrinkle", product="onabotulinumtoxinA", dose_units=20, people=100)
    harmless(drawn._repr_html_())
    assert drawn._repr_svg_()
    refused = primum.simulate("anti-wrinkle", product="onabotulinumtoxinA", dose_units=2_000, people=100)
    assert refused._repr_svg_() is None
    assert refused._repr_html_().startswith("<p>Refused: ")
