"""The explorer as its users meet it: `primum serve` as a process, asked over 127.0.0.1."""

from __future__ import annotations

import asyncio
import html
import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest


@pytest.fixture(scope="module")
def explorer(serving: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with serving(tmp_path_factory.mktemp("explorer") / "no-store") as opened:
        yield opened


def test_the_first_page_names_every_treatment_and_the_command_that_brings_reports(explorer: Any) -> None:
    page = explorer.get("/")
    assert page.status == 200
    assert 'href="/treatment/anti-wrinkle"' in page.text
    assert "primum load faers" in page.text
    assert explorer.get("/index.json").json["treatments"] == ["anti-wrinkle", "dermal-fillers", "isotretinoin"]


def test_the_dossier_is_a_page_and_the_same_object_as_json(explorer: Any) -> None:
    assert "<code>trials.cosmetic.headache.risk_difference</code>" in explorer.get("/treatment/anti-wrinkle").text
    answer = explorer.get("/treatment/anti-wrinkle.json").json
    assert answer["schema"] == "primum.dossier/1"
    assert len(answer["parts"]) == 13


@pytest.mark.parametrize(
    "path",
    [
        "/treatment/anti-wrinkel",
        "/nowhere",
        "/status",
        "/signals",
        "/signals?shape=round",
        "/case/1",
        "/treatment/anti-wrinkle?cohort=sex:F",
        "/treatment/anti-wrinkle?foo=1",
    ],
)
def test_every_error_has_one_shape_as_json_and_a_page_of_its_own(explorer: Any, path: str) -> None:
    where, _, query = path.partition("?")
    answer = explorer.get(f"{where}.json?{query}")
    assert answer.status in (400, 404)
    assert set(answer.json) == {"ok", "error", "status"}
    assert answer.json["status"] == answer.status
    page = explorer.get(path)
    assert page.status == answer.status
    assert answer.json["error"].removesuffix(".").replace(".json", "") in html.unescape(page.text)


def test_a_misspelt_treatment_is_answered_with_the_nearest_spelling(explorer: Any) -> None:
    assert 'Did you mean "anti-wrinkle"?' in explorer.get("/treatment/anti-wrinkel.json").json["error"]


def test_only_reading_is_offered(explorer: Any) -> None:
    assert explorer.get("/index.json", method="HEAD").status == 200
    assert explorer.get("/index.json", method="POST").status == 405
    assert explorer.get("/treatment/anti-wrinkle", method="DELETE").status == 405


def test_another_host_name_is_refused_in_the_shape_of_every_error(explorer: Any) -> None:
    answer = explorer.get("/index.json", host="evil.example")
    assert answer.status == 400
    assert set(answer.json) == {"ok", "error", "status"}
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize(("reader", "heading"), [("patient", "brief patient"), ("clinician", "brief clinician")])
def test_a_brief_is_a_page_of_its_own(explorer: Any, reader: str, heading: str) -> None:
    assert heading in explorer.get(f"/treatment/anti-wrinkle?for={reader}").text
    assert explorer.get("/treatment/anti-wrinkle?for=nobody").status == 404


def test_the_evidence_tables_stand_there_without_a_store(explorer: Any) -> None:
    rows = explorer.get("/evidence/anti-wrinkle.json").json["tables"]["trials"]
    assert explorer.get("/evidence/anti-wrinkle").text.count("<tr>") > len(rows) > 1


def test_an_address_beyond_this_machine_needs_a_token() -> None:
    command = [sys.executable, "-m", "primum", "serve", "--host", "0.0.0.0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert "there is no token" in done.stderr


def test_no_page_may_load_or_run_anything_from_elsewhere(explorer: Any) -> None:
    for path in ("/", "/nowhere", "/treatment/anti-wrinkle", "/treatment/anti-wrinkle?for=patient"):
        policy = explorer.get(path).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        given = dict(part.strip().split(" ", 1) for part in policy.split(";"))
        scripts = given.get("script-src", "'none'")
        if path == "/treatment/anti-wrinkle":
            assert re.fullmatch(r"'sha256-[A-Za-z0-9+/=]+'", scripts)  # the dossier's own
        else:
            assert scripts == ("'none'" if "treatment" in path else "'self'")


def test_text_from_an_address_is_shown_as_text(explorer: Any) -> None:
    page = explorer.get("/treatment/<script>alert(1)</script>")
    assert page.status == 404
    assert "<script>alert" not in page.text


def test_a_port_in_use_is_one_line_that_says_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "primum", "serve", "--port", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert (
        done.stderr == f"primum: Port {port} on 127.0.0.1 is in use; expected a free one. Name another with --port.\n"
    )


def test_a_dossier_leads_back_to_the_first_page_here_and_nowhere_in_a_file(explorer: Any) -> None:
    from primum.dossier.render import html as pages
    from primum.study.ask import ask

    assert '<a href="/">Explorer</a>' in explorer.get("/treatment/isotretinoin").text
    assert '<a href="/">Explorer</a>' in explorer.get("/treatment/isotretinoin?for=patient").text
    assert '<a href="/">' not in pages.render(ask("isotretinoin", store=False))


def test_an_address_opens_no_folder(explorer: Any) -> None:
    for name in ("src", "tests", "..", "%2e%2e", "."):
        for place in ("treatment", "evidence"):
            assert explorer.get(f"/{place}/{name}.json").status == 404


def test_a_page_is_sent_again_only_where_it_changed(explorer: Any) -> None:
    first = explorer.get("/evidence/isotretinoin")
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    assert explorer.get("/evidence/isotretinoin", matching=tag).status == 304
    assert explorer.get("/evidence/isotretinoin", matching='"other"').status == 200
    packed = explorer.get("/evidence/isotretinoin", packed=True)
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.text == first.text
    assert packed.headers["etag"] == tag


def test_style_and_script_are_kept_under_an_address_that_changes_with_them(explorer: Any) -> None:
    page = explorer.get("/").text
    for name in ("style.css", "explorer.js"):
        [address] = re.findall(rf'"(/static/[0-9a-f]{{12}}/{re.escape(name)})"', page)
        file = explorer.get(address)
        assert file.status == 200
        assert "immutable" in file.headers["cache-control"]
    assert explorer.get("/static/x/secrets").status == 404


def test_a_fault_of_the_explorer_itself_has_the_shape_of_every_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    pytest.importorskip("fastapi", reason="the explorer's extra is not installed")
    from primum.web import pages
    from primum.web.app import create_app

    def broken(_: Any) -> dict[str, Any]:
        raise RuntimeError("a secret of the machine")

    monkeypatch.setattr(pages, "status", broken)
    app, sent = create_app(tmp_path), []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asked = {"type": "http", "method": "GET", "path": "/status.json", "query_string": b"", "http_version": "1.1"}
    asked |= {"headers": [(b"host", b"127.0.0.1")], "scheme": "http", "root_path": ""}
    with ThreadPoolExecutor(1) as aside:  # a browser of other tests may keep a loop in this thread
        fault = aside.submit(lambda: asyncio.run(app(asked, receive, send))).exception(30)
    assert isinstance(fault, RuntimeError)  # told to the terminal
    assert str(fault) == "a secret of the machine"
    assert sent[0]["status"] == 500
    assert b"content-security-policy" in dict(sent[0]["headers"])
    answer = json.loads(sent[1]["body"])
    assert set(answer) == {"ok", "error", "status"}
    assert "secret" not in answer["error"]
