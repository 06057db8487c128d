"""What is kept of an answer is not given for another question, nor for another store."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from primum.loading.table import load_table
from primum.store import open_store
from primum.web.desk import Desk
from primum.web.question import one_of_each
from primum.web.state import State


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Folder of a store of two SYNTHETIC reports."""
    (tmp_path / "told.csv").write_text("CASEID,DRUG,AE\n1,ASPIRIN,NAUSEA\n2,ASPIRIN,RASH\n")
    with open_store(tmp_path / "small", write=True) as opened:
        load_table(opened, tmp_path / "told.csv")
    return tmp_path / "small"


def test_a_reader_of_a_store_that_was_replaced_while_it_was_lent_is_lent_to_nobody(
    loaded: Path, small: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    shutil.copy(loaded / "primum.duckdb", folder / "primum.duckdb")
    desk = Desk(folder)

    def counted() -> int:
        return desk.kept("count", lambda reports: reports.store.engine.count("reports"))

    with ThreadPoolExecutor(1) as pool:
        with desk.reports() as old:
            assert old.store.engine.count("reports") >= 3_000
            os.replace(small / "primum.duckdb", folder / "primum.duckdb")
            asked = pool.submit(counted)
            with pytest.raises(TimeoutError):  # beside the old reader the engine would read the old file again
                asked.result(0.3)
            assert old.store.engine.count("reports") >= 3_000  # whoever has begun ends on what he began with
        assert asked.result(20) == counted() == 2
    with desk.reports() as one, desk.reports() as other:
        assert [reader.store.engine.count("reports") for reader in (one, other)] == [2, 2]
    desk.close()


def test_a_page_as_json_is_another_where_the_reader_or_the_store_is(
    serving: Callable[..., Any], small: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "store"
    with serving(folder) as explorer:
        page = "/treatment/anti-wrinkle.json"
        assert [explorer.get(page + query).status for query in ("", "?for=patient", "?for=nobody")] == [200, 200, 404]
        before = explorer.get("/signals.json?what=aspirin")
        assert before.status == 400
        empty = explorer.get("/index.json").json
        shutil.copytree(small, folder)
        assert explorer.get("/signals.json?what=aspirin").json["reports"] == 2
        assert explorer.get("/index.json").json != empty


def test_a_comparator_that_speaks_of_duplicates_says_which_reports_count(loaded: Path) -> None:
    desk = Desk(loaded)
    assert one_of_each(desk, State(what="anti-wrinkle", versus="sex:F")) is not None
    for sides in ({"versus": "sex:F duplicates:off"}, {"cohort": "duplicates:off"}):
        assert one_of_each(desk, State(what="anti-wrinkle", **sides)) is None
    desk.close()
