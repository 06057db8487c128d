"""The reports of `primum serve --demo` are made once, beside the user's own store, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from primum.cli.main import app
from primum.errors import StoreError
from primum.store.folder import DATABASE
from primum.testing import demo_store as place
from primum.testing.demo import Demo


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """Where demonstrations were made; the real one takes some seconds."""
    seen: list[Path] = []

    def run(folder: Path, **_: Any) -> Demo:
        seen.append(folder)
        (folder / "store").mkdir(parents=True)
        (folder / "store" / DATABASE).write_text("SYNTHETIC")
        if len(seen) == 3:
            raise KeyboardInterrupt
        return Demo(store=folder / "store", quarters=(), reports=0, rejected=0, planted=(), others=0, others_above=0)

    monkeypatch.setenv("PRIMUM_STORE", str(tmp_path / "data" / "store"))
    monkeypatch.setattr(place, "run_demo", run)
    return seen


def test_it_is_made_once_and_not_in_the_store_of_real_reports(made: list[Path], tmp_path: Path) -> None:
    first = place.demo_store()
    assert (place.demo_store(), len(made)) == (first, 1)
    assert [one.name for one in (tmp_path / "data").iterdir()] == [first.name]
    assert first.name.startswith("demo-")


def test_tables_of_another_form_are_made_anew_and_a_stop_leaves_nothing(
    made: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = place.demo_store()
    monkeypatch.setattr(place, "schema_version", lambda: "another")
    assert place.demo_store() != old
    monkeypatch.setattr(place, "schema_version", lambda: "third")
    with pytest.raises(KeyboardInterrupt):
        place.demo_store()
    assert {one.name for one in (tmp_path / "data").iterdir()} == {old.name, "demo-another"}


def test_a_place_that_cannot_be_made_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PRIMUM_STORE", str(tmp_path / "file" / "store"))
    with pytest.raises(StoreError, match="PRIMUM_STORE"):
        place.demo_store()


def test_a_store_beside_it_is_wrong_usage(tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["serve", "--demo", "--store", str(tmp_path)])
    assert found.exit_code == 2
    assert "leave out --store" in found.output
