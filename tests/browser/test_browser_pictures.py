"""What the page's script adds: a number says where it comes from, pictures are walked and enlarged, tables searched."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser


def test_a_number_that_is_pointed_at_says_whom_it_counts_how_and_where_it_comes_from(tab: Any) -> None:
    tab.locator("#short_answer td [data-finding]").first.click()
    box = tab.locator("#readout")
    assert box.is_visible()
    said = box.inner_text()
    assert "42.1 % (40.4 to 43.7 %, 95 % interval); 1,443 of 3,431" in said
    assert "Wilson" in said
    assert "trials.cosmetic.any_ae.treated" in said
    tab.locator("#short_answer td [data-finding]").nth(2).click()  # the difference, which somebody judged
    assert "Certainty: moderate: double-blind trials with many people" in box.inner_text()
    tab.keyboard.press("Escape")
    assert not box.is_visible()
    assert tab.complaints == []


def test_the_letters_of_caveats_are_read_out_in_words(tab: Any) -> None:
    letters, line = tab.evaluate(
        """() => { const mark_of = row => document.querySelector(
                      'main span[data-finding="' + row.querySelector('code').textContent + '"]');
                  const row = [...document.querySelectorAll('.register tbody tr')].find(
                      r => /\\] [a-z]{2}$/.test(r.cells[5].textContent.trim()) && mark_of(r));
                  const mark = mark_of(row);
                  mark.dispatchEvent(new MouseEvent('click', {bubbles: true}));
                  return [row.cells[5].textContent.trim().slice(-2), row.id]; }"""
    )
    place = 26 * (ord(letters[0]) - 96) + ord(letters[1]) - 96
    caveat = tab.locator("#caveats > li").nth(place - 1).text_content()
    assert caveat in tab.locator("#readout").text_content(), (letters, line)


def test_the_read_out_of_a_number_leads_to_its_line_of_the_register(tab: Any) -> None:
    tab.locator("#short_answer td [data-finding]").first.click()
    tab.locator("#readout a", has_text="trials.cosmetic.any_ae.treated").click()
    row = tab.locator("tr:target")
    assert row.is_visible()
    assert "trials.cosmetic.any_ae.treated" in row.inner_text()


def test_each_twentieth_number_of_the_page_reads_out_its_own_line(tab: Any) -> None:
    wrong = tab.evaluate(
        """() => { const wrong = [];
          const box = document.getElementById('readout');
          const marks = [...document.querySelectorAll('main [data-finding]')];
          for (const mark of marks.filter((_, place) => place % 20 === 0)) {
            mark.dispatchEvent(new MouseEvent('click', {bubbles: true}));
            const name = mark.dataset.finding;
            if (box.hidden || !box.textContent.includes(name)) wrong.push(name);
          }
          return wrong; }"""
    )
    assert wrong == []
    assert tab.complaints == []


def test_arrow_keys_walk_the_numbers_of_a_picture_and_light_their_rows_in_the_table(tab: Any) -> None:
    tab.evaluate("document.querySelector('#trials-together details').open = true")
    tab.locator("#trials-together").focus()
    names = []
    for _ in range(2):
        tab.keyboard.press("ArrowDown")
        names.append(tab.locator("#readout a").last.inner_text())
    assert names == ["pooled.any_complaint.study.0", "pooled.any_complaint.study.1"]
    tab.keyboard.press("ArrowUp")
    assert tab.locator("#readout a").last.inner_text() == names[0]
    assert tab.locator("#trials-together tr.lit").count() == 1
    assert tab.locator("#trials-together .wide svg .lit").evaluate_all("es => es.map(e => e.tagName)") == ["g", "text"]
    tab.keyboard.press("Escape")
    assert tab.locator(".lit").count() == 0


def test_a_row_of_the_table_that_is_clicked_lights_its_mark_in_the_picture(tab: Any) -> None:
    tab.evaluate("document.querySelector('#trials-together details').open = true")
    tab.locator("#trials-together td [data-finding]").nth(2).click()  # the second row's number
    lit = tab.locator("#trials-together .wide svg g.lit")
    assert lit.count() == 1
    assert lit.locator("circle").evaluate("e => getComputedStyle(e).strokeWidth") == "3px"


@pytest.mark.parametrize("tab", [{"viewport": {"width": 390, "height": 800}}], indirect=True)
def test_on_a_phone_the_keys_walk_the_picture_that_is_seen(tab: Any) -> None:
    tab.locator("#trials-together").focus()
    tab.keyboard.press("ArrowDown")
    box = tab.locator("#readout").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert tab.locator("#trials-together .narrow svg .lit").first.is_visible()


def test_a_picture_opens_at_any_size_by_keyboard_and_gives_the_focus_back(tab: Any) -> None:
    tab.locator("#trials-together button").focus()
    tab.keyboard.press("Enter")
    sheet = tab.locator("dialog")
    assert sheet.is_visible()
    before = sheet.locator("svg").first.bounding_box()["width"]
    tab.get_by_role("button", name="Larger").press("Enter")
    assert sheet.locator("svg").first.bounding_box()["width"] == pytest.approx(1.4 * before, rel=0.02)
    names = tab.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(names) == len(set(names))
    tab.keyboard.press("Escape")
    assert not sheet.is_visible()
    assert tab.evaluate("document.activeElement.textContent") == "Enlarge"


def test_words_leave_the_rows_of_a_long_table_that_hold_them(tab: Any) -> None:
    tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    field = tab.locator("#trials input[type=search]").first
    field.fill("frown headache")
    rows = tab.locator("#trials table:has(tr[hidden]) tbody tr")
    shown = [rows.nth(n).inner_text().lower() for n in range(rows.count()) if rows.nth(n).is_visible()]
    assert 1 <= len(shown) < rows.count()
    assert all("frown" in row and "headache" in row for row in shown)
    assert tab.locator("#trials output").first.inner_text().strip() == f"{len(shown)} of {rows.count()}"
    field.fill("")
    assert tab.locator("#trials tr[hidden]").count() == 0


def test_without_the_script_nothing_is_missing_and_nothing_promises_more(browser: Any, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert page.locator("button, input, dialog, #readout").count() == 0
    page.goto(f"{address}#n1")
    assert page.locator("tr:target code").count() == 1
    context.close()
