"""The explorer in a browser: a question is changed, sorted, gone back from, asked by keys, on a phone, in the dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import page_looks

pytestmark = pytest.mark.browser
WIDE = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"}
PAGES = (
    "/",
    "/signals?what=anti-wrinkle",
    "/compare?what=anti-wrinkle&cohort=use%3Acosmetic&versus=use%3Atherapeutic",
    "/compare?what=anti-wrinkle",
    "/pictures?what=anti-wrinkle",
    "/onset?what=anti-wrinkle",
    "/cases?what=anti-wrinkle",
    "/flow?what=anti-wrinkle",
    "/status",
    "/evidence/dermal-fillers",
)
SCREENS, WIDTHS = (
    [pytest.param(screen, id=name) for name, screen in screens.items()]
    for screens in (page_looks.SCREENS, page_looks.WIDTHS)
)
SIGNALS = "/signals?what=anti-wrinkle"


@pytest.fixture
def tab(browser: Any, served: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A tab that remembers what it asked for and what it complained about; `visit` opens a page of the explorer."""
    context = browser.new_context(**{**WIDE, **getattr(request, "param", {})})
    page = context.new_page()
    page.asked, page.complaints = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.visit = lambda path: page.goto(served.address + path)
    yield page
    elsewhere = [url for url in page.asked if not url.startswith((served.address, "data:"))]
    context.close()
    assert elsewhere == []
    assert page.complaints == []


def asked(tab: Any) -> dict[str, list[str]]:
    return parse_qs(urlsplit(tab.url).query)


def count(tab: Any) -> int:
    return int(tab.locator("#count").inner_text().replace(",", ""))


def test_a_changed_cohort_changes_the_address_and_the_counts(tab: Any, served: Any) -> None:
    tab.visit(SIGNALS)
    everybody = count(tab)
    women = tab.locator("#q-sex option[value=F]").inner_text()
    assert tab.locator("table.rows tbody th").first.text_content().startswith("Stands out: ")
    tab.select_option("#q-sex", "F")
    tab.wait_for_url("**cohort=sex%3AF*")
    assert asked(tab) == {"what": ["anti-wrinkle"], "cohort": ["sex:F"]}
    assert count(tab) < everybody
    assert women == f"female ({count(tab):,})"
    tab.fill("#q-age", "18-64")
    tab.press("#q-age", "Enter")
    tab.wait_for_url("**age%3A18-64*")
    told = served.get("/signals.json?what=anti-wrinkle&cohort=sex:F age:18-64").json
    assert count(tab) == told["question"]["reports"]
    assert tab.locator("#told strong").first.inner_text() == str(told["stand_out"])
    assert "reactions stand out" in tab.locator("#status").inner_text()


def test_the_back_button_brings_the_question_before(tab: Any) -> None:
    tab.visit(SIGNALS)
    before = count(tab)
    tab.select_option("#q-use", "cosmetic")
    tab.wait_for_url("**use%3Acosmetic*")
    after = count(tab)
    tab.go_back()
    tab.wait_for_function("n => document.getElementById('count').textContent === n", arg=f"{before:,}")
    assert asked(tab) == {"what": ["anti-wrinkle"]}
    assert tab.locator("#q-use").input_value() == ""
    tab.go_forward()
    tab.wait_for_function("n => document.getElementById('count').textContent === n", arg=f"{after:,}")
    assert tab.locator("#q-use").input_value() == "cosmetic"


COMPARE = "/compare?what=anti-wrinkle"


def test_the_second_cohort_is_chosen_like_the_first(tab: Any, served: Any) -> None:
    tab.visit(COMPARE)
    assert "Name a second cohort" in tab.locator("#told").inner_text()
    assert tab.locator("#count-second").count() == 0
    said = tab.locator("#s-use option[value=therapeutic]").inner_text()
    tab.select_option("#q-use", "cosmetic")
    tab.wait_for_url("**cohort=use%3Acosmetic*")
    tab.select_option("#s-use", "therapeutic")
    tab.wait_for_url("**versus=use%3Atherapeutic*")
    assert asked(tab) == {"what": ["anti-wrinkle"], "cohort": ["use:cosmetic"], "versus": ["use:therapeutic"]}
    told = served.get(f"{COMPARE.replace('?', '.json?')}&cohort=use:cosmetic&versus=use:therapeutic").json
    assert said == f"therapeutic ({told['sizes'][1]:,})"
    assert tab.locator("#count-second").inner_text() == f"{told['sizes'][1]:,}"
    first, second = (f"{size:,}" for size in told["sizes"])
    assert tab.locator("#told strong").all_inner_texts() == [first, "anti-wrinkle", second]
    tab.fill("#s-age", "18-64")
    tab.press("#s-age", "Enter")
    tab.wait_for_url("**versus=use%3Atherapeutic+age%3A18-64*")
    assert int(tab.locator("#count-second").inner_text().replace(",", "")) < told["sizes"][1]
    assert tab.locator("#q-age").input_value() == ""
    tab.go_back()
    tab.wait_for_function("n => document.getElementById('count-second').textContent === n", arg=f"{told['sizes'][1]:,}")
    assert tab.locator("#s-age").input_value() == ""


def test_two_cohorts_that_share_reports_are_told_and_both_can_be_mended(tab: Any) -> None:
    tab.visit(f"{COMPARE}&cohort=use%3Acosmetic&versus=use%3Atherapeutic")
    before = tab.url
    tab.select_option("#s-use", "cosmetic")
    tab.wait_for_selector("#fault:not([hidden])")
    assert "reports are in both" in tab.locator("#fault").inner_text()
    assert tab.url == before
    tab.select_option("#q-use", "therapeutic")
    tab.wait_for_url("**cohort=use%3Atherapeutic&versus=use%3Acosmetic*")
    tab.visit(f"{COMPARE}&cohort.use=cosmetic&versus.use=cosmetic")
    assert [tab.locator(f"#{side}-use").input_value() for side in "qs"] == ["cosmetic", "cosmetic"]
    tab.visit(f"{COMPARE}&cohort=use%3Acosmetic+age%3A18-64&versus=colour%3Ared")
    assert [tab.locator(f"#{name}").input_value() for name in ("q-age", "s-versus")] == ["18-64", "colour:red"]
    tab.complaints.clear()  # the browser notes each answer of 400


def numbers(tab: Any, column: int) -> list[float]:
    cells = tab.locator(f"table.rows >> nth=0 >> tbody tr:not(.caveats) td:nth-of-type({column})").all_inner_texts()
    return [float(cell.replace(",", "")) for cell in cells]


def test_sorting_and_filtering_stand_in_the_address(tab: Any) -> None:
    tab.visit(SIGNALS)
    tab.click("#sort-observed")
    tab.wait_for_url("**sort=observed*")
    assert tab.locator("th[aria-sort=descending]").first.inner_text().startswith("Reports")
    down = numbers(tab, 2)
    assert down == sorted(down, reverse=True)
    tab.click("#sort-observed")
    tab.wait_for_url("**order=up*")
    up = numbers(tab, 2)
    assert up == sorted(up)
    tab.fill("#v-find", "ptosis")
    tab.press("#v-find", "Enter")
    tab.wait_for_url("**find=ptosis*")
    assert tab.locator("table.rows tbody th a").all_inner_texts() == ["Eyelid ptosis"]
    tab.reload()
    assert tab.locator("#v-find").input_value() == "ptosis"
    assert tab.locator("table.rows tbody tr:not(.caveats)").count() == 1


def test_statistics_and_columns_are_ticked(tab: Any) -> None:
    tab.visit(SIGNALS)
    tab.click("#view summary")
    tab.check("#m-ebgm")
    tab.wait_for_url("**ebgm*")
    assert tab.locator("#sort-eb05").is_visible()
    tab.uncheck("#c-drug")
    tab.wait_for_url("**columns=*")
    heads = tab.locator("table.rows >> nth=0 >> thead th").all_inner_texts()
    assert "Drug" not in heads
    assert tab.locator("#view").evaluate("one => one.open")


def test_keys_alone_reach_the_answer_and_sort_the_table(tab: Any) -> None:
    tab.visit(SIGNALS)
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Skip to the answer"
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "main"
    seen = []
    for _ in range(60):
        tab.keyboard.press("Tab")
        place = tab.evaluate(
            """() => { const at = document.activeElement, box = at.getBoundingClientRect();
                       const style = getComputedStyle(at);
                       return [at.id, box.width > 0 && box.height > 0, style.outlineStyle] }"""
        )
        seen.append(place)
        if place[0] == "sort-observed":
            break
    assert [place for place in seen if not place[1] or place[2] == "none"] == []
    assert [place[0] for place in seen][:3] == ["q-what", "q-use", "q-sex"]
    tab.keyboard.press("Enter")
    tab.wait_for_url("**sort=observed*")
    assert tab.evaluate("document.activeElement.id") == "sort-observed"


def test_names_are_suggested_while_one_types(tab: Any) -> None:
    tab.visit(SIGNALS)
    tab.locator("#q-reaction").press_sequentially("eyelid")
    option = tab.locator("#l-q-reaction option")
    option.first.wait_for(state="attached")
    assert option.first.get_attribute("value") == "EYELID PTOSIS"
    tab.fill("#q-reaction", "EYELID PTOSIS")
    tab.press("#q-reaction", "Enter")
    tab.wait_for_url("**reaction*")
    assert asked(tab)["cohort"] == ['reaction:"EYELID PTOSIS"']


def test_a_misspelt_condition_leaves_the_page_and_says_what_to_mend(tab: Any) -> None:
    tab.visit(SIGNALS)
    tab.fill("#q-cohort", "sexx:F")
    tab.press("#q-cohort", "Enter")
    tab.locator("#fault").wait_for()
    assert 'Did you mean "sex"?' in tab.locator("#fault").inner_text()
    assert tab.locator("#q-cohort").input_value() == "sexx:F"
    assert "sexx" not in tab.url
    tab.complaints.clear()  # the browser itself notes the status 400


def test_from_a_row_to_its_cases_and_to_one_of_them(tab: Any) -> None:
    tab.visit(SIGNALS)
    row = tab.locator("table.rows tbody tr", has_text="Eyelid ptosis").first
    reports = row.locator("td.number").first.inner_text()
    row.get_by_role("link").click()
    assert tab.locator("caption").inner_text().endswith(f"of {reports}")
    number = tab.locator("tbody th a").first.inner_text()
    tab.locator("tbody th a").first.click()
    assert tab.locator("h1").inner_text() == f"Case {number}"
    tab.fill("#number", number)
    tab.press("#number", "Enter")
    assert tab.url.endswith(f"/case/{number}")


def test_without_a_script_the_form_asks_the_same(browser: Any, served: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(served.address + SIGNALS)
    page.select_option("#q-sex", "F")
    page.fill("#q-cohort", "age:18-64")
    page.get_by_role("button", name="Count").click()
    assert asked(page) == {"what": ["anti-wrinkle"], "cohort": ["age:18-64 sex:F"]}
    assert page.locator("#q-sex").input_value() == "F"
    assert page.locator("#q-age").input_value() == "18-64"
    context.close()


def test_the_first_page_is_light(tab: Any) -> None:
    sizes = []
    tab.on("response", lambda response: sizes.append(len(response.body())))
    tab.visit(SIGNALS)
    tab.wait_for_load_state("networkidle")
    assert len(sizes) <= 10
    assert sum(sizes) <= 1_500_000


@pytest.mark.slow
@pytest.mark.parametrize("tab", SCREENS, indirect=True)
def test_no_page_is_wider_than_the_screen_or_complains(tab: Any) -> None:
    wide = []
    for path in PAGES:
        tab.visit(path)
        tab.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        if tab.evaluate("document.documentElement.scrollWidth") > tab.viewport_size["width"]:
            wide.append(path)
    assert wide == []


@pytest.mark.parametrize("tab", [SCREENS[2]], indirect=True)
def test_on_a_phone_the_answer_comes_first_and_nothing_moves_sideways(tab: Any) -> None:
    tab.visit(SIGNALS)
    assert not tab.locator("#q-sex").is_visible()
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    tab.click("#question > summary")
    tab.select_option("#q-sex", "F")
    tab.wait_for_url("**sex%3AF*")
    assert tab.locator("#q-sex").is_visible()
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390


DRAWN = (
    "/pictures?what=anti-wrinkle&cohort=sex%3AF",
    "/compare?what=anti-wrinkle&cohort=use%3Acosmetic&versus=use%3Atherapeutic",
    "/onset?what=anti-wrinkle&cohort=sex%3AF",
)


@pytest.mark.parametrize("tab", [SCREENS[0], SCREENS[2]], indirect=True)
def test_a_picture_is_seen_whole_and_heard_once_on_a_desk_and_on_a_phone(tab: Any) -> None:
    width = tab.viewport_size["width"]
    for path in DRAWN:
        tab.visit(path)
        seen = tab.evaluate(
            """[...document.querySelectorAll('figure.picture')].map(figure => {
                 const drawn = [...figure.querySelectorAll('svg[role=img]')].filter(one => one.getClientRects().length)
                 const words = [...drawn[0].querySelectorAll('text')].filter(one => one.textContent.trim())
                 const outside = words.filter(one => { const {left, right} = one.getBoundingClientRect()
                                                       return left < -1 || right > innerWidth + 1 })
                 const head = figure.querySelector('figcaption')
                 return {heading: head.innerText, drawn: drawn.length, outside: outside.map(one => one.textContent),
                         whole: head.scrollWidth <= head.clientWidth, moves: !!drawn[0].closest('.scroll'),
                         sizes: words.map(one => parseFloat(getComputedStyle(one).fontSize)),
                         scale: drawn[0].getScreenCTM().a}})"""
        )
        assert seen, path
        for one in seen:
            assert one["heading"].startswith(("anti-wrinkle", "Two cohorts: anti-wrinkle")), path
            assert (one["drawn"], one["outside"], one["whole"], one["moves"]) == (1, [], True, False), (path, one)
            assert max(one["sizes"]) <= 13, (path, one)  # for which places were reckoned
            assert min(one["sizes"]) * one["scale"] > 10, (path, one)  # pixels: no words are made small to fit
        ids = tab.evaluate("[...document.querySelectorAll('[id]')].map(one => one.id)")
        assert len(ids) == len(set(ids)), path
        assert tab.get_by_role("img").count() == len(seen), path  # what a screen reader hears
        assert page_looks.crossed_words(tab) == [], (path, width)


def test_hostile_text_is_shown_as_text_in_tables_pictures_and_cases(tab: Any, served: Any) -> None:
    tab.on("dialog", lambda dialog: tab.complaints.append(dialog.message))
    for path in ("/signals", "/pictures", "/compare"):
        tab.visit(f"{path}?what=anti-wrinkle&cohort=use%3Atherapeutic&versus=use%3Acosmetic")
        assert "<script>alert(1)</script>" in tab.locator("main").inner_text().casefold()
        assert tab.locator("main script").count() == 0
    number = served.get("/cases.json?what=anti-wrinkle&event=<script>alert(1)</script>").json["cases"][0]["case_id"]
    tab.visit(f"/case/{number}")
    assert "<script>alert(1)</script>" in tab.locator("main").inner_text().casefold()


@pytest.mark.slow
@pytest.mark.parametrize("tab", WIDTHS, indirect=True)
def test_axe_finds_nothing_serious_on_any_page(tab: Any, served: Any, grave_faults: Any) -> None:
    number = served.get("/cases.json?what=anti-wrinkle").json["cases"][0]["case_id"]
    found = {}
    for path in (*PAGES, f"/case/{number}"):
        tab.visit(path)
        if faults := grave_faults(tab):
            found[path] = faults
    assert found == {}


@pytest.fixture(scope="module")
def bare(serving: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The explorer without a store."""
    with serving(tmp_path_factory.mktemp("bare") / "nothing") as opened:
        yield opened


@pytest.mark.slow
def test_the_demonstration_opens_reports_that_say_on_every_page_that_they_are_invented(
    browser: Any, serving: Any, tmp_path: Path
) -> None:
    environment = {"PRIMUM_STORE": str(tmp_path / "mine" / "store")}
    for _ in range(2):  # the second time it is there already
        with serving(None, "--demo", environment=environment) as opened:
            context = browser.new_context()
            page = context.new_page()
            page.goto(opened.address)
            assert "SYNTHETIC" in page.locator("main").inner_text()
            page.get_by_role("link", name="What stands out in the reports").first.click()
            page.wait_for_selector("table.rows")
            assert "Eyelid ptosis" in page.locator("table.rows").first.inner_text()
            for path in ("/compare?what=anti-wrinkle", "/onset?what=anti-wrinkle", "/cases", "/flow", "/status"):
                page.goto(opened.address + path)
                assert "SYNTHETIC" in page.locator("main").inner_text(), path
            context.close()
    assert [one.name.startswith("demo-") for one in (tmp_path / "mine").iterdir()] == [True]


def test_without_reports_it_offers_the_evidence_and_a_demonstration(browser: Any, bare: Any, grave_faults: Any) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(bare.address)
    assert page.get_by_role("link", name="Evidence tables").count() == 3
    assert "makes SYNTHETIC reports" in page.locator(".ways").inner_text()
    assert page.get_by_role("link", name="What stands out in the reports").count() == 0
    assert grave_faults(page) == []
    page.get_by_role("link", name="Signals").click()
    assert "primum load faers" in page.locator("#fault").inner_text()
    context.close()
