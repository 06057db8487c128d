"""The pages of the treatment that ships, and tabs that remember what they asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    from primum.dossier.render import html
    from primum.study.ask import ask

    folder = tmp_path_factory.mktemp("page")
    before = os.environ.get("PRIMUM_STORE")
    os.environ["PRIMUM_STORE"] = str(folder)
    try:
        file = folder / "dossier.html"
        file.write_text(html.render(ask("anti-wrinkle")), encoding="utf-8")
    finally:
        os.environ.pop("PRIMUM_STORE")
        if before is not None:
            os.environ["PRIMUM_STORE"] = before
    return file.as_uri()


@pytest.fixture
def tab(browser: Any, address: str, request: pytest.FixtureRequest) -> Iterator[Any]:
    """An offline tab that remembers what it asked for and what it complained about."""
    given = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light", **getattr(request, "param", {})}
    context = browser.new_context(**given, offline=True)
    page = context.new_page()
    page.asked, page.complaints = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(address)
    yield page
    context.close()


@pytest.fixture(scope="session")
def briefs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The addresses of the pages for a patient and for a clinician."""
    from primum.dossier.model import READERS
    from primum.dossier.render import html
    from primum.study.ask import ask

    folder = tmp_path_factory.mktemp("briefs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRIMUM_STORE", str(folder))
        dossier = ask("anti-wrinkle")
    files = {reader: folder / f"{reader}.html" for reader in READERS}
    for reader, file in files.items():
        file.write_text(html.render_brief(dossier, reader), encoding="utf-8")
    return {reader: file.as_uri() for reader, file in files.items()}
