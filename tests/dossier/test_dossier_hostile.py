"""Text from data is shown as text: on the page, in the terminal, in the JSON. A section without data says so."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from primum.dossier.model import Dossier
from primum.dossier.render import html, terminal
from primum.dossier.render.json import as_json
from primum.dossier.telling import read_telling
from primum.errors import EvidenceError


def test_script_in_data_is_text_on_the_page(hostile: Dossier, without_its_script: Callable[[str], str]) -> None:
    page = without_its_script(html.render(hostile))
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(" in page
    assert "{a.b}" in page
    assert "{{7*7}}" in page
    assert page.count("</title>") == 1 + page.count("<title id=")


def test_a_link_that_is_no_web_address_is_not_a_link(hostile: Dossier) -> None:
    import dataclasses

    (source,) = hostile.sources
    bad = dataclasses.replace(source, url="javascript:alert(1)")
    page = html.render(dataclasses.replace(hostile, sources=(bad,)))
    assert "javascript:" not in page


def test_a_terminal_obeys_nothing_that_data_says(hostile: Dossier) -> None:
    import dataclasses

    armed = dataclasses.replace(hostile, question="\x1b]0;title\x07\x1b[2Jsafe?\x9b31m\r\n")
    text = terminal.render(armed, terminal.Screen())
    assert not [c for c in text if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160)]


def test_an_empty_table_gives_a_section_that_says_what_is_missing(hostile: Dossier) -> None:
    for name in ("mechanism", "benefits", "dose", "resistance", "practice"):
        part = hostile.part(name)
        assert part.status in ("partial", "missing"), name
        assert part.missing, name
    page = html.render(hostile)
    assert "This section has no data yet" in page


def test_the_reports_section_names_the_command_that_brings_more_or_why_none_does(
    hostile: Dossier, real: Dossier
) -> None:
    assert any("primum load faers --from FOLDER" in line for line in real.part("reports").missing)
    assert any("brings no drug names (`names.csv`)" in line for line in hostile.part("reports").missing)


def test_the_short_answer_stands_without_a_telling(hostile: Dossier) -> None:
    ((label, *names),) = hostile.facts.outcomes
    assert label == "<script>alert('SYNTHETIC')</script>"
    assert names == [f"trials.made.harm.{last}" for last in ("treated", "placebo", "risk_difference")]


def test_zero_events_get_an_upper_bound_on_the_page(hostile: Dossier) -> None:
    placebo = hostile.findings["trials.made.harm.placebo"]
    assert placebo.value == 0
    assert placebo.interval is not None
    assert placebo.interval.upper > 0


def test_hostile_text_survives_the_json_unchanged(hostile: Dossier) -> None:
    answer = json.loads(json.dumps(as_json(hostile)))
    assert answer["sources"][0]["title"] == "<script>alert('SYNTHETIC')</script>"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('basis = "{trials.made.harm.treatd}"', "names finding trials.made.harm.treatd"),
        ('basis = "[@nobody]"', "names source nobody"),
        ("colour = 1", "key colour is not known"),
        ('[text]\nharms = ["x"]', "text.harms is not a section"),
        ('stations = [{place = "liver", label = "x"}]', "station at"),
        ('basis = "{trials.made.harm.treated|percentage}"', "percentage"),
        ("basis = ", "cannot be read"),
        ('outcomes = [{contrast = "trials.made.harm"}]', "telling.toml"),
    ],
)
def test_a_telling_that_names_what_is_not_there_is_one_line(
    hostile: Dossier, tmp_path: Path, text: str, fault: str
) -> None:
    (tmp_path / "telling.toml").write_text(text, encoding="utf-8")
    with pytest.raises(EvidenceError, match=fault) as raised:
        read_telling(tmp_path, findings=hostile.findings, sources={"made": 1})
    assert "\n" not in str(raised.value)
