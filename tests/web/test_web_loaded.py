"""The explorer over a loaded store: every page answers, and what it counts is what the library counts."""

from __future__ import annotations

import base64
import re
import tomllib
from pathlib import Path

import pytest

import primum
from primum.study.spec import read_study
from primum.terms import Quarter
from primum.testing.demo import PLANTED
from primum.testing.faers import PlantedSignal, write_archive

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    """SYNTHETIC reports with the planted signals, and with an event whose name is a script."""
    from primum.store import open_store
    from primum.study.load import load_archives

    folder = tmp_path_factory.mktemp("web")
    (folder / "archives").mkdir()
    hostile = PlantedSignal(drug="BOTOX", event=HOSTILE, drug_share=0.01, event_share=0.5, indication="Migraine")
    write_archive(folder / "archives", quarter=Quarter(2026, 1), reports=3_000, seed=4, signals=(*PLANTED, hostile))
    with open_store(folder / "store", write=True) as opened:
        load_archives(opened, folder / "archives")
    return folder / "store"


@pytest.fixture(scope="module")
def client(serving, store):
    with serving(store) as opened:
        yield opened


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
def test_every_page_answers_as_page_and_as_json(client, address):
    page = client.get(address)
    assert page.status == 200, page.text[:400]
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert [words for words in re.findall("<script[^>]*>", page.text) if ' src="/static/' not in words] == []
    path, _, query = address.partition("?")
    answer = client.get(f"{'/index' if path == '/' else path}.json?{query}")
    assert answer.status == 200
    assert answer.json["ok"] is True


def test_the_table_of_the_explorer_is_that_of_the_library(client, store):
    parts = client.get("/signals.json?what=anti-wrinkle&cohort=use:cosmetic").json["parts"]
    with primum.open(store) as reports:
        table = reports.signals("anti-wrinkle", "use:cosmetic")
    ours = {(d, e): int(n) for d, e, n in zip(table.drug, table.event, table.observed, strict=True)}
    shown = {(row["drug"], row["event"]): row["observed"] for part in parts for row in part["rows"]}
    assert shown
    assert shown.items() <= ours.items()


def test_a_script_in_a_report_is_shown_as_text(client):
    page = client.get("/signals?what=anti-wrinkle&cohort=use:therapeutic").text
    assert HOSTILE not in page
    assert HOSTILE.upper() not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_case_of_the_list_can_be_read(client):
    listed = client.get("/cases.json?what=anti-wrinkle&cohort=use:cosmetic").json
    number = next(row for row in listed["cases"])["case_id"]
    page = client.get(f"/case/{number}")
    assert page.status == 200
    assert number in page.text
    assert client.get(f"/case/{number}.json").json["case_id"] == number


def test_the_study_of_a_page_can_be_run(client, tmp_path):
    text = client.get("/study.toml?what=anti-wrinkle&cohort=use:cosmetic&versus=use:therapeutic").text
    assert tomllib.loads(text)
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    [analysis, *_] = read_study(tmp_path / "study.toml").analyses
    assert (str(analysis.cohort), str(analysis.versus)) == ("use:cosmetic", "use:therapeutic")


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("/signals?what=anti-wrinkle&cohort=sexx:F", "Did you mean"),
        ("/signals?what=qqqqqq", "No drug"),
        ("/case/1", "No case or report"),
        ("/evidence/nothing", "No treatment"),
    ],
)
def test_a_fault_has_one_shape_on_every_page(client, address, told):
    path, _, query = address.partition("?")
    answer = client.get(f"{path}.json?{query}")
    assert answer.status in (400, 404)
    assert set(answer.json) == {"ok", "error", "status"}
    assert told in answer.json["error"]
    assert told in client.get(address).text.replace("&#34;", '"')


def test_a_token_opens_as_bearer_and_as_password(serving, store):
    basic = base64.b64encode(b"anyone:s3cret").decode()
    given = {"Bearer s3cret": 200, f"Basic {basic}": 200, "Bearer other": 401, "": 401}
    with serving(store, "--token", "s3cret") as guarded:
        assert {words: guarded.get("/", authorization=words).status for words in given} == given
