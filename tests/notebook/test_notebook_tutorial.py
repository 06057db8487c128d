"""The tutorial's notebook runs from start to end, and each of its answers shows itself."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).parents[2] / "docs/tutorial/first-notebook.ipynb"


def test_the_notebook_stands_in_the_repository_without_outputs() -> None:
    cells = json.loads(FILE.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert len(code) >= 8
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """Its code cells after a kernel of its own has run them."""
    client = pytest.importorskip("nbclient", reason="nbclient is not installed")
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    book = nbformat.read(FILE, as_version=4)
    folder = tmp_path_factory.mktemp("notebook")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRIMUM_STORE", str(folder / "none"))
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        client.NotebookClient(book, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    return [cell for cell in book.cells if cell.cell_type == "code"]


def shown(cell: Any) -> str:
    """The HTML that a cell shows."""
    return "".join(out.data.get("text/html", "") for out in cell.outputs if out.output_type == "execute_result")


@pytest.mark.slow
def test_it_runs_and_every_answer_is_a_table_a_picture_or_a_sentence(ran: list[Any]) -> None:
    by_code = {cell.source: cell for cell in ran}
    for words, expected in (
        ("dossier\n", "Are anti-wrinkle injections safe?"),
        ("dossier.show", "data:image/svg+xml;base64,"),
        ("dossier.findings", "trials.cosmetic.headache.risk_difference"),
        ("effects.", "243 of 3,431; 75 of 1,359"),
        ("catheters = ", "Yucel 2004"),
        ("signals.ranked", "no rate"),
        ("dose_units=20,", "data:image/svg+xml;base64,"),
        ("dose_units=2_000", "Refused: "),
    ):
        cells = [cell for code, cell in by_code.items() if words in f"{code}\n"]
        assert any(expected in shown(cell) for cell in cells), words


@pytest.mark.slow
def test_nothing_it_shows_runs_a_script_or_asks_the_network(ran: list[Any]) -> None:
    for cell in ran:
        assert not re.search(r"<script|<iframe|on\w+=|src=\"(?!data:)|url\(", shown(cell))


@pytest.mark.slow
def test_the_number_computed_anew_is_the_number_of_the_finding(ran: list[Any]) -> None:
    finding, effect = (
        next(shown(c) for c in ran if words in c.source) for words in ("dossier.findings", "effects.risk")
    )
    value = re.search(r"<th>value</th><td>([\d.]+) ", finding)
    estimate = re.search(r"<th>estimate</th><td>([\d.]+) ", effect)
    assert value
    assert estimate
    assert value[1] == estimate[1]


@pytest.mark.slow
def test_what_counts_invented_reports_says_synthetic(ran: list[Any]) -> None:
    for words in ("dossier = ", "dossier.show", "signals.ranked"):
        assert "SYNTHETIC" in next(shown(cell) for cell in ran if words in cell.source), words
