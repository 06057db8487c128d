"""The first treatment, and copies of its folder in which a fault may be put."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from primum.evidence.finding import Finding
from primum.treatments.load import Treatment, load_treatment

Edit = Callable[[list[dict[str, str]]], None]
Spoil = Callable[[str, Edit], Path]


@pytest.fixture(scope="session")
def treatment() -> Treatment:
    return load_treatment("anti-wrinkle")


@pytest.fixture(scope="session")
def findings(treatment: Treatment) -> dict[str, Finding]:
    return dict(treatment.findings)


@pytest.fixture
def folder(treatment: Treatment, tmp_path: Path) -> Path:
    """A copy of the treatment's own folder."""
    copied = tmp_path / "copied"
    shutil.copytree(treatment.folder, copied)
    return copied


@pytest.fixture
def spoil(folder: Path) -> Spoil:
    """Change the rows of one table of the copied folder; gives the folder."""

    def change(table: str, edit: Edit) -> Path:
        path = folder / f"{table}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        edit(rows)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return folder

    return change
