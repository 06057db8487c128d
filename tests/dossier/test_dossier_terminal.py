"""The screenful: 80 columns, plain without colour, the same numbers as the page."""

import re

import pytest

from primum.dossier.model import Dossier
from primum.dossier.render.terminal import Screen, clean, render


@pytest.mark.parametrize("width", [80, 60, 100, 200])
def test_no_line_is_wider_than_the_screen(real: Dossier, width: int) -> None:
    text = render(real, Screen(width=width), html="primum-anti-wrinkle.html")
    assert max(len(line) for line in text.splitlines()) <= max(80, width)
    if width >= 80:
        assert len(text.splitlines()) <= 32


def test_without_colour_there_is_no_escape(real: Dossier) -> None:
    assert "\033" not in render(real, Screen(colour=False))


def test_colour_changes_no_word(real: Dossier) -> None:
    coloured = render(real, Screen(colour=True))
    assert "\033[" in coloured
    assert re.sub(r"\033\[\d+m", "", coloured) == render(real, Screen(colour=False))


def test_a_terminal_without_lines_and_dots_gets_ascii(real: Dossier) -> None:
    text = render(real, Screen(unicode=False))
    assert text.isascii()
    assert "-0.6" in text
    assert "|-" in text


def test_the_numbers_are_those_of_the_evidence(real: Dossier) -> None:
    text = render(real, Screen())
    for said in (
        "421",
        "358",
        "+63 (33 to 93)",
        "1,437",
        "137 to 150",
        "623 to 1,007",
        "3 of 810",
        "Claims checked: 29",
    ):
        assert said in " ".join(text.split()), said
    assert "Reports, not rates" in " ".join(text.split())
    assert "primum load faers --from FOLDER" in " ".join(text.split())


def test_bars_hold_zero_and_the_interval(real: Dossier) -> None:
    text = render(real, Screen())
    rows = [line for line in text.splitlines() if "●" in line]
    assert len(rows) == len(real.facts.outcomes)
    assert all("├" in row or "┤" in row for row in rows)
    crossing = next(row for row in rows if "influenza" in row)
    assert "│" not in crossing  # its interval covers the line of no difference


def test_every_bar_ends_with_its_interval_and_all_share_fifteen_columns(real: Dossier) -> None:
    rows = [line for line in render(real, Screen(width=200)).splitlines() if "●" in line]
    drawn = [[i for i, letter in enumerate(row) if letter in "├┤│●"] for row in rows]
    assert max(map(max, drawn)) - min(map(min, drawn)) == 14
    assert not any(row.rstrip().endswith("─") or "┤─" in row for row in rows)


def test_the_heading_is_one_line_where_three_blanks_fit_between_its_parts(real: Dossier) -> None:
    evidence = f"evidence to {real.run.evidence_to}"
    together = sum(map(len, (real.question, real.subtitle, evidence)))
    assert f"{real.question}   {real.subtitle}   {evidence}" in render(real, Screen(width=together + 6))
    assert f"\n{real.subtitle}; {evidence}\n" in "\n" + render(real, Screen(width=together + 5))


def test_a_screen_has_eighty_columns_unless_told(real: Dossier) -> None:
    assert render(real, Screen()) == render(real, Screen(width=80)) != render(real, Screen(width=81))


def test_clean_keeps_our_colours_and_nothing_else() -> None:
    assert clean("\033[1mx\033[0m\033[2Jy\x07\x9b") == "\033[1mx\033[0m[2Jy"
