"""The page of a treatment with SYNTHETIC reports and both controls: every picture of section 2 on every screen."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import page_looks
from primum.dossier.model import Dossier
from primum.dossier.render import html
from primum.loading.faers import load_archives
from primum.store import open_store
from primum.study.ask import ask
from primum.terms import Quarter
from primum.testing.demo import PLANTED
from primum.testing.faers import write_archive
from primum.treatments.load import Treatment, load_treatment
from primum.treatments.tables import EvidenceTable, Row

pytestmark = pytest.mark.browser
PICTURES = ("flow", "uses", "signals_all", "volcano", "by_use", "trend", "onset_curve", "active_comparator")


def with_controls(event: str, substance: str) -> Treatment:
    """The treatment that ships, with controls that the SYNTHETIC reports name."""
    treatment = load_treatment("anti-wrinkle")
    rows = (
        Row(row.line, {**row.cells, "counted": substance if row["kind"] == "active comparator" else event})
        for row in treatment.tables["controls"]
    )
    return dataclasses.replace(
        treatment, tables={**treatment.tables, "controls": EvidenceTable("controls", tuple(rows))}
    )


def load(folder: Path) -> None:
    """A store of 3,000 SYNTHETIC reports."""
    (folder / "archives").mkdir()
    write_archive(folder / "archives", quarter=Quarter(2026, 1), reports=3_000, seed=3, signals=PLANTED)
    with open_store(folder / "store", write=True) as opened:
        load_archives(opened, folder / "archives")


@pytest.fixture(scope="module")
def loaded(made_once: Callable[[str, Callable[[Path], object]], Path]) -> Dossier:
    store = made_once("browser-reports", load) / "store"
    return ask(with_controls("SYNTHETIC EVENT 1", "SYNTHETIC PLANTED"), store=store)


@pytest.fixture(scope="module")
def address(loaded: Dossier, tmp_path_factory: pytest.TempPathFactory) -> str:
    """In place of the page without reports."""
    file = tmp_path_factory.mktemp("reports") / "dossier.html"
    file.write_text(html.render(loaded), encoding="utf-8")
    return file.as_uri()


def test_both_controls_were_counted_and_every_picture_is_there(loaded: Dossier) -> None:
    assert set(PICTURES) <= {figure.id for figure in loaded.part("reports").figures}
    assert "negative_control" in {table.id for table in loaded.part("reports").tables}
    (readus,) = (table for table in loaded.part("methods").tables if table.id == "readus")
    assert [row[2] for row in readus.rows if str(row[0]).startswith("Negative control")] == ["done"]
    assert len(html.render(loaded).encode()) < 2_000_000


@pytest.mark.parametrize("tab", [pytest.param(s, id=name) for name, s in page_looks.SCREENS.items()], indirect=True)
def test_pictures_of_reports_stay_on_the_screen_and_their_words_apart(tab: Any) -> None:
    assert page_looks.wider_than_the_screen(tab) == []
    assert page_looks.crossed_words(tab) == []


def test_no_picture_of_reports_is_taller_than_a_sheet(tab: Any) -> None:
    assert page_looks.taller_than_a_sheet(tab) == []


@pytest.mark.slow
def test_axe_finds_nothing_serious_in_the_section_of_reports(tab: Any, grave_faults: Any) -> None:
    assert grave_faults(tab, "#reports") == []
