"""On paper: white, few pages, no heading alone at the foot of one, and what a reader would have to open is open."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import page_looks
from primum.treatments.load import known_treatments

pytestmark = pytest.mark.browser
NINE_POINTS = 12.0  # in pixels of a page


def pages(tab: Any, folder: Path) -> list[str]:
    """The words of each printed page."""
    pdftotext = shutil.which("pdftotext")
    if pdftotext is None:
        pytest.skip("no pdftotext on the path; it is in poppler-utils")
    file = folder / "printed.pdf"
    tab.pdf(path=str(file), prefer_css_page_size=True)
    done = subprocess.run([pdftotext, "-layout", str(file), "-"], capture_output=True, check=True)
    return done.stdout.decode("utf-8").split("\f")[:-1]


def test_paper_is_white_and_its_ink_dark_in_both_schemes(tab: Any) -> None:
    tab.emulate_media(media="print", color_scheme="dark")
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert tab.locator("figure .wide svg").first.is_visible()
    assert not tab.locator("summary").first.is_visible()
    assert not tab.locator(".tools").first.is_visible()
    assert not tab.locator("#readout").is_visible()


def test_what_a_reader_would_have_to_open_is_printed_or_said_to_be_left_out(tab: Any, tmp_path: Path) -> None:
    printed = " ".join("\n".join(pages(tab, tmp_path)).split())
    for words in ("READUS-PV items", "Says who paid", "Methods used in this dossier, and no others"):
        assert words in printed, words
    assert printed.count("left out on paper") >= 5
    assert "Show the register" not in printed


def test_no_heading_or_caption_is_the_last_line_of_a_page(tab: Any, tmp_path: Path) -> None:
    heads = tab.evaluate(
        "[...document.querySelectorAll('h2, h3, figcaption, caption')]"
        ".map(e => e.textContent.replace(/\\s+/g, ' ').trim())"
    )
    last = [[" ".join(line.split()) for line in page.splitlines() if line.strip()][-1] for page in pages(tab, tmp_path)]
    assert [line for line in last if line in heads] == []


def test_no_picture_is_taller_than_a_sheet(tab: Any) -> None:
    assert page_looks.taller_than_a_sheet(tab) == []


@pytest.mark.parametrize(("reader", "most"), [("patient", 2), ("clinician", 4)])
def test_a_brief_prints_on_few_pages(tab: Any, briefs: dict[str, str], reader: str, most: int) -> None:
    """Two pages for a patient, four for a clinician, their sources among them."""
    tab.goto(briefs[reader])
    printed = tab.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page[^s]", printed)) == most


@pytest.mark.parametrize("reader", ["patient", "clinician"])
def test_no_table_of_a_brief_is_cut_on_a_wide_screen(tab: Any, briefs: dict[str, str], reader: str) -> None:
    tab.set_viewport_size({"width": 1280, "height": 900})
    tab.goto(briefs[reader])
    cut = "[...document.querySelectorAll('.scroll')].filter(s => s.scrollWidth > s.clientWidth + 1).length"
    assert tab.evaluate(cut) == 0


@pytest.mark.parametrize("reader", ["patient", "clinician"])
def test_no_words_of_a_brief_are_printed_smaller_than_nine_points(
    tab: Any, briefs: dict[str, str], reader: str
) -> None:
    tab.goto(briefs[reader])
    tab.emulate_media(media="print")
    tab.set_viewport_size({"width": 703, "height": 900})  # 186 mm, the width between the margins
    small = tab.evaluate(
        """least => { const small = [];
          const walk = document.createTreeWalker(document.querySelector('body'), NodeFilter.SHOW_TEXT);
          for (let node; (node = walk.nextNode());) {
            const e = node.parentElement;
            if (!node.textContent.trim() || !e.getClientRects().length || e.closest('sup, style, svg')) continue;
            const size = parseFloat(getComputedStyle(e).fontSize);
            if (size < least - 0.01 && e.getBoundingClientRect().width > 1)
              small.push([size, node.textContent.trim().slice(0, 40)]);
          }
          return small; }""",
        NINE_POINTS,
    )
    assert small == []


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(known_treatments()) - {"anti-wrinkle"}))
def test_the_briefs_of_every_treatment_print_on_as_few_pages(tab: Any, tmp_path: Path, name: str) -> None:
    from primum.dossier.render import html
    from primum.study.ask import ask

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRIMUM_STORE", str(tmp_path))
        dossier = ask(name)
    for reader, most in (("patient", 2), ("clinician", 4)):
        file = tmp_path / f"{reader}.html"
        file.write_text(html.render_brief(dossier, reader), encoding="utf-8")
        tab.goto(file.as_uri())
        assert 1 <= len(re.findall(rb"/Type\s*/Page[^s]", tab.pdf(prefer_css_page_size=True))) <= most
