"""The dossier of the treatment that ships, and one of a SYNTHETIC treatment whose every text is hostile."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator, Mapping
from importlib import resources
from pathlib import Path

import pytest

from primum.dossier.model import Dossier
from primum.dossier.render import html
from primum.study.ask import ask
from primum.treatments.schema import evidence_schema

SCRIPT = "<script>alert('SYNTHETIC')</script>"
IMAGE = '"><img src=x onerror=alert(1)> {a.b} {{7*7}} =1+1 SYNTHETIC'
ABOUT = f"""
id = "synthetic-treatment"
name = "SYNTHETIC treatment {SCRIPT}"
question = "Is the SYNTHETIC treatment safe? </title><b>"
short_name = "SYNTHETIC"
aliases = []
substances = ["SYNTHETIC substance"]
evidence_to = "2000-01"
comparison = "nothing {{a.b}}"
decision = "None: SYNTHETIC."
dose_unit = "SYNTHETIC units"
"""
ROWS: Mapping[str, list[dict[str, str]]] = {
    "sources": [
        {
            "id": "made",
            "title": SCRIPT,
            "url": "https://example.org/?a=1&b=<i>",
            "kind": "web",
            "grade": "A",
            "funding": IMAGE,
        }
    ],
    "trials": [
        {
            "trial": "SYNTHETIC trial",
            "contrast": "trials.made.harm",
            "source": "made",
            "product": arm,
            "indication": IMAGE,
            "use": "cosmetic",
            "arm": arm,
            "n": "100",
            "events": events,
            "percent": events,
            "outcome": SCRIPT,
            "window": "1 week",
            "design": "double-blind",
            "grade": "A",
            "note": SCRIPT,
        }
        for arm, events in (("active", "7"), ("placebo", "0"))
    ],
    "unknowns": [{"key": "all", "question": SCRIPT, "why": IMAGE, "would_change": "`<b>`"}],
    "claims": [
        {"id": "X1", "claim": IMAGE, "verdict": "supported", "rule": "trials.made.harm.treated > 0", "reason": SCRIPT}
    ],
}


@pytest.fixture(scope="session", autouse=True)
def no_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No reports of the person who runs the tests."""
    before = os.environ.get("PRIMUM_STORE")
    os.environ["PRIMUM_STORE"] = str(tmp_path_factory.mktemp("nothing"))
    yield
    os.environ.pop("PRIMUM_STORE")
    if before is not None:
        os.environ["PRIMUM_STORE"] = before


@pytest.fixture(scope="session")
def real() -> Dossier:
    """The dossier of the treatment that ships."""
    return ask("anti-wrinkle")


@pytest.fixture(scope="session")
def page(real: Dossier) -> str:
    """Its page."""
    return html.render(real)


OWN_SCRIPT = f"<script>{(resources.files('primum.dossier') / 'templates/page.js').read_text(encoding='utf-8')}</script>"


@pytest.fixture(scope="session")
def without_its_script() -> Callable[[str], str]:
    """A page without the one script that it brings itself, which must be there once."""

    def without(page: str) -> str:
        assert page.count(OWN_SCRIPT) == 1
        return page.replace(OWN_SCRIPT, "")

    return without


@pytest.fixture(scope="session")
def hostile_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a SYNTHETIC treatment: every table with its columns, a few with rows of hostile text."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "treatment.toml").write_text(ABOUT, encoding="utf-8")
    for name, schema in evidence_schema().items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, [column.name for column in schema.columns])
            writer.writeheader()
            writer.writerows(ROWS.get(name, []))
    return folder


@pytest.fixture(scope="session")
def hostile(hostile_folder: Path) -> Dossier:
    """Its dossier."""
    return ask(hostile_folder)
