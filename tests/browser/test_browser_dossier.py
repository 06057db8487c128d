"""The page in a browser: offline, silent, accessible, in both colour schemes, on a phone and on paper."""

from __future__ import annotations

from typing import Any

import pytest

import page_looks

pytestmark = pytest.mark.browser


SCREENS, WIDTHS = (
    [pytest.param(screen, id=name) for name, screen in screens.items()]
    for screens in (page_looks.SCREENS, page_looks.WIDTHS)
)


def test_it_opens_offline_asks_for_nothing_and_complains_of_nothing(tab: Any, address: str) -> None:
    assert tab.asked == [address]
    assert tab.complaints == []
    assert tab.title().startswith("Are anti-wrinkle injections safe?")


@pytest.mark.parametrize("tab", SCREENS, indirect=True)
def test_nothing_is_wider_than_the_screen(tab: Any) -> None:
    assert page_looks.wider_than_the_screen(tab) == []


@pytest.mark.parametrize("tab", SCREENS, indirect=True)
def test_words_in_pictures_do_not_run_into_each_other(tab: Any) -> None:
    assert page_looks.crossed_words(tab) == []


@pytest.mark.slow
@pytest.mark.parametrize("tab", WIDTHS, indirect=True)
def test_axe_finds_nothing_serious(tab: Any, grave_faults: Any) -> None:
    assert grave_faults(tab) == []


def test_it_can_be_read_without_javascript(browser: Any, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    page.get_by_text("The same as a table").first.click()
    assert page.locator("#short_answer details[open] table").is_visible()
    context.close()


def test_the_keyboard_reaches_the_answer_first(tab: Any) -> None:
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Skip to the answer"
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "main"


def test_a_footnote_leads_to_its_source(tab: Any) -> None:
    tab.locator("#short_answer small a").first.click()
    assert tab.url.endswith("#source-1")
    assert tab.locator("#source-1").is_visible()


def test_dark_and_light_differ_in_paper_and_ink(browser: Any, address: str) -> None:
    colours = {}
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)
        page = context.new_page()
        page.goto(address)
        colours[scheme] = page.evaluate(
            "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
        )
        context.close()
    assert colours["light"][0] != colours["dark"][0]
    assert colours["light"][1] != colours["dark"][1]


@pytest.mark.parametrize("reader", ["patient", "clinician"])
@pytest.mark.parametrize("tab", SCREENS, indirect=True)
def test_a_brief_fits_the_screen_and_asks_for_nothing(tab: Any, briefs: dict[str, str], reader: str) -> None:
    tab.asked.clear()
    tab.goto(briefs[reader])
    assert tab.asked == [briefs[reader]]
    assert tab.complaints == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= tab.viewport_size["width"]


@pytest.mark.slow
@pytest.mark.parametrize("reader", ["patient", "clinician"])
@pytest.mark.parametrize("tab", WIDTHS, indirect=True)
def test_axe_finds_nothing_serious_in_a_brief(tab: Any, briefs: dict[str, str], reader: str, grave_faults: Any) -> None:
    tab.goto(briefs[reader])
    assert grave_faults(tab) == []
