"""The explorer over a loaded store: every page answers, and what it counts is what the library counts."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import math
import re
import shutil
import tomllib

import pytest

import commands
import primum
from primum.store import DERIVED_FROM, open_store
from primum.store.folder import DATABASE
from primum.study.run import run_study
from primum.study.spec import read_study
from primum.testing.maude import write_maude

PAGES = (
    "/",
    "/signals?what=anti-wrinkle",
    "/signals?what=anti-wrinkle&cohort=use:cosmetic&versus=use:therapeutic",
    "/compare?what=anti-wrinkle&cohort=use:cosmetic&versus=use:therapeutic",
    "/compare?what=anti-wrinkle",
    "/pictures?what=anti-wrinkle",
    "/onset?what=anti-wrinkle&cohort=sex:F",
    "/cases?what=anti-wrinkle&cohort=use:cosmetic",
    "/flow?what=anti-wrinkle",
    "/status",
    "/evidence/anti-wrinkle",
)


@pytest.mark.parametrize("address", PAGES)
def test_every_page_answers_as_page_and_as_json(served, address):
    page = served.get(address)
    assert page.status == 200, page.text[:400]
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert [words for words in re.findall("<script[^>]*>", page.text) if ' src="/static/' not in words] == []
    path, _, query = address.partition("?")
    answer = served.get(f"{'/index' if path == '/' else path}.json?{query}")
    assert answer.status == 200
    assert answer.json["ok"] is True


def test_the_table_of_the_explorer_is_that_of_the_library(served, loaded):
    parts = served.get("/signals.json?what=anti-wrinkle&cohort=use:cosmetic").json["parts"]
    with primum.open(loaded) as reports:
        table = reports.signals("anti-wrinkle", "use:cosmetic")
    ours = {(d, e): int(n) for d, e, n in zip(table.drug, table.event, table.observed, strict=True)}
    shown = {(row["drug"], row["event"]): row["observed"] for part in parts for row in part["rows"]}
    assert shown
    assert shown.items() <= ours.items()


def test_hostile_text_of_a_report_is_shown_as_text(served):
    page = served.get("/signals?what=anti-wrinkle&cohort=use:therapeutic&limit=1000").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_a_formula_in_a_report_is_a_text_in_the_download(served):
    file = served.get("/signals.csv?what=anti-wrinkle&cohort=use:therapeutic")
    assert file.headers["content-disposition"] == 'attachment; filename="signals.csv"'
    events = [row["event"] for row in csv.DictReader(io.StringIO(file.text))]
    assert "'=CMD|' /C CALC'!A0" in events
    assert not [event for event in events if event.startswith(("=", "+", "-", "@"))]


def test_a_case_of_the_list_can_be_read(served):
    listed = served.get("/cases.json?what=anti-wrinkle&cohort=use:cosmetic").json
    number = next(row for row in listed["cases"])["case_id"]
    page = served.get(f"/case/{number}")
    assert page.status == 200
    assert number in page.text
    assert served.get(f"/case/{number}.json").json["case_id"] == number


def test_a_case_of_a_store_that_was_never_linked_says_so(serving, served, loaded, tmp_path):
    folder = tmp_path / "store"
    shutil.copytree(loaded, folder)
    with open_store(folder, write=True) as store, store.engine.transaction():  # the same reports without their links
        store.engine.delete("link_pairs", "left_key", 0, 2**62)
        store.engine.delete("store_facts", "fact", "linked_", "linked_~")
    number = served.get("/cases.json?what=anti-wrinkle").json["cases"][0]["case_id"]
    with serving(folder) as explorer:
        told = explorer.get(f"/case/{number}.json").json
        assert told["alone"] in explorer.get(f"/case/{number}").text
    assert told["alone"] == f"Not known: {told['not_linked']}."
    assert "never linked across case numbers (primum link does it)" in told["not_linked"]
    said = commands.primum("case", number, "--store", folder)
    assert told["alone"] in " ".join(said.stdout.split())
    linked = served.get(f"/case/{number}.json").json
    assert (linked["not_linked"], linked["alone"]) == ("", "No other report was judged to tell of this event.")
    assert linked["alone"] in commands.primum("case", number, "--store", loaded).stdout


def test_a_case_told_in_words_shows_them_as_text(serving, tmp_path):
    (tmp_path / "files").mkdir()
    write_maude(tmp_path / "files", reports=20, text="SYNTHETIC: it was <b>told</b>")
    assert commands.primum("load", "maude", tmp_path / "files", "--store", tmp_path / "store").returncode == 0
    with serving(tmp_path / "store") as explorer:
        number = explorer.get("/cases.json").json["cases"][0]["report_id"]
        told = explorer.get(f"/case/{number}.json").json
        assert {one["text"] for one in told["narratives"]} == {"SYNTHETIC: it was <b>told</b>"}
        assert "SYNTHETIC: it was &lt;b&gt;told&lt;/b&gt;" in explorer.get(f"/case/{number}").text


def test_a_comparison_of_a_drug_says_whose_reports_each_side_holds(served):
    page = served.get("/compare?what=anti-wrinkle&cohort=sex:F&versus=sex:M").text
    told = re.sub(r"\s+", " ", re.sub("<[^>]+>", "", page))
    assert re.search(
        r"First: [\d,]+ reports of anti-wrinkle in sex:F\. Second: [\d,]+ reports of sex:M, whatever", told
    )
    assert "anti-wrinkle in sex:F" in re.search(r"<figure.*?</figure>", page, re.DOTALL)[0]


def test_a_case_tells_why_it_is_one_with_another(served, loaded):
    with open_store(loaded) as store:
        cases = dict(store.engine.read("reports", "report_key", "caseid"))
        left, right = next(
            (left, right)
            for left, right, rule in store.engine.read("link_pairs", "left_key", "right_key", "rule")
            if rule == "probabilistic"
        )
    page = served.get(f"/case/{cases[left]}").text
    assert f'href="/case/{cases[right]}"' in page
    assert "Match probability" in page
    assert "before anything is compared" in page
    assert re.search(r'<td class="number">−\d+\.\d</td>', page)


def test_the_study_of_a_page_can_be_run(served, tmp_path):
    text = served.get("/study.toml?what=anti-wrinkle&cohort=use:cosmetic&versus=use:therapeutic").text
    assert tomllib.loads(text)
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    [analysis, *_] = read_study(tmp_path / "study.toml").analyses
    assert (str(analysis.cohort), str(analysis.versus)) == ("use:cosmetic", "use:therapeutic")


def test_the_study_of_a_page_gives_the_numbers_of_the_page(served, loaded, tmp_path):
    asked = "what=anti-wrinkle&cohort=sex:F&methods=ror,ic&limit=1000&least=2&duplicates=off"
    (tmp_path / "study.toml").write_text(served.get(f"/study.toml?{asked}").text, encoding="utf-8")
    with primum.open(loaded) as reports:
        table = run_study(read_study(tmp_path / "study.toml"), reports).primary
    page = served.get(f"/signals.json?{asked}").json
    shown = {row["event"]: (row["observed"], row["ror"], row["ic"]) for part in page["parts"] for row in part["rows"]}
    columns = (table.event, table.observed.tolist(), table.ror.tolist(), table.ic.tolist())
    ran = {event: (n, None if math.isnan(ror) else ror, ic) for event, n, ror, ic in zip(*columns, strict=True)}
    assert shown == ran


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("/signals?what=anti-wrinkle&cohort=sexx:F", "Did you mean"),
        ("/signals?what=qqqqqq", "No drug"),
        ("/case/1", "No case or report"),
        ("/evidence/nothing", "No treatment"),
        ("/treatment/anti-wrinkle?cohort=sex:F", 'No choice of a dossier named "cohort"'),
        ("/signals?least=-1", "least is -1; expected a number of reports"),
        ("/signals?cohort=" + "(" * 400 + "sex:F" + ")" * 400, 'position 51: found "(" inside 50 others'),
    ],
)
def test_a_fault_has_one_shape_on_every_page(served, address, told):
    path, _, query = address.partition("?")
    answer = served.get(f"{path}.json?{query}")
    assert answer.status in (400, 404)
    assert set(answer.json) == {"ok", "error", "status"}
    assert told in answer.json["error"]
    assert told in served.get(address).text.replace("&#34;", '"')


def test_a_token_opens_as_bearer_and_as_password(serving, loaded):
    basic = base64.b64encode(b"anyone:s3cret").decode()
    given = {"Bearer s3cret": 200, f"Basic {basic}": 200, "Bearer other": 401, "": 401}
    with serving(loaded, "--token", "s3cret") as guarded:
        assert {words: guarded.get("/", authorization=words).status for words in given} == given


def test_a_store_whose_load_was_stopped_is_told_and_left_as_it_is(serving, loaded, tmp_path):
    folder = tmp_path / "store"
    folder.mkdir()
    shutil.copy(loaded / DATABASE, folder)
    with open_store(folder, write=True) as store:
        store.tell_fact(DERIVED_FROM, "an older load")
    before = hashlib.sha256((folder / DATABASE).read_bytes()).hexdigest()
    with serving(folder) as explorer:
        answer = explorer.get("/signals.json?what=anti-wrinkle")
        assert answer.status == 400
        assert "a load was stopped before its end" in answer.json["error"]
        assert "primum load faers" in answer.json["error"]
        first = explorer.get("/")
        assert first.status == 200
        assert "a load was stopped before its end" in first.text
        assert "Evidence tables" in first.text
    assert hashlib.sha256((folder / DATABASE).read_bytes()).hexdigest() == before


def test_names_are_suggested_with_their_reports(served):
    found = served.get("/suggest.json?field=reaction&text=PTO").json["names"]
    assert found[0]["name"] == "EYELID PTOSIS"
    assert found[0]["reports"] > 0
    assert len(served.get("/suggest.json?field=reaction&text=synthetic").json["names"]) == 12
    assert served.get("/suggest.json?field=what&text=wrink").json["names"][0]["name"] == "anti-wrinkle"
    assert served.get("/suggest.json?field=what&text=").json["names"] == []
    assert "No field with suggestions" in served.get("/suggest.json?field=sex&text=F").json["error"]


def test_one_question_has_one_address(served):
    page = served.get("/signals?what=anti-wrinkle&cohort.sex=F&cohort=&methods=ic&methods=ror&sort=&limit=50")
    assert page.url.endswith("/signals?what=anti-wrinkle&cohort=sex%3AF&methods=ic%2Cror")


def test_a_typed_case_number_leads_to_its_page(served):
    number = served.get("/cases.json?what=anti-wrinkle").json["cases"][0]["case_id"]
    assert served.get(f"/case?number={number}").url.endswith(f"/case/{number}")
    assert served.get("/case?number=1%2F2").status == 404


def test_a_table_sorted_by_a_statistic_that_is_unticked_is_ranked_as_usual(served):
    asked = "/signals.json?what=anti-wrinkle&sort=ror_lower&methods="
    assert [served.get(asked + ticked).json["sorted_by"] for ticked in ("ror", "ic")] == ["ror_lower", "ic_lower"]
    assert served.get(asked.replace("ror_lower", "nothing")).status == 404


def test_a_fault_of_a_form_is_told_beside_the_form_as_it_was_typed(served):
    page = served.get("/signals?what=anti-wrinkle&cohort=sexx:F&cohort.age=18-64")
    assert page.status == 400
    assert 'value="sexx:F"' in page.text
    assert 'value="18-64"' in page.text
    assert "Did you mean" in page.text


def test_a_signal_that_nobody_else_reports_stands_in_the_forest(served):
    forest = next(
        one for one in served.get("/pictures.json?what=anti-wrinkle").json["pictures"] if one["name"] == "forest"
    )
    rows = [dict(zip(forest["columns"], row, strict=True)) for row in forest["rows"]]
    alone = [row for row in rows if row["note"] == "no other report has it"]
    assert alone
    assert {row["ror"] for row in alone} == {None}
    assert "Eyelid ptosis" in [row["name"] for row in alone]
    assert ">Eyelid ptosis<" in forest["svg"]
    assert forest["svg"].count("l axis") == len(alone) + 1  # an arrow each, and the line of no difference


def test_counts_over_time_are_those_of_the_cohort(served):
    asked = "what=anti-wrinkle&cohort=sex:F"
    trend = next(one for one in served.get(f"/pictures.json?{asked}").json["pictures"] if one["name"] == "trend")
    by_event = {row[1].upper(): row[2] for row in trend["rows"]}  # one quarter is loaded
    rows = [row for part in served.get(f"/signals.json?{asked}&limit=1000").json["parts"] for row in part["rows"]]
    totals: dict[str, int] = {}
    for row in rows:
        totals[row["event"]] = totals.get(row["event"], 0) + row["observed"]
    checked = [event for event in by_event if event in totals]
    assert len(checked) >= 5
    assert {event: by_event[event] for event in checked} == {event: totals[event] for event in checked}
