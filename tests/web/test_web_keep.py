"""An answer is computed once, kept within a bound, and forgotten where it failed or the store is another."""

from __future__ import annotations

import gc
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from primum.errors import StoreError
from primum.loading.table import load_table
from primum.store import open_store
from primum.web import pages, tables
from primum.web.app import _end, _keep_warm, _warm
from primum.web.desk import AT_WORK, Desk
from primum.web.keep import Keep
from primum.web.look import templates
from primum.web.state import State


def test_what_many_ask_for_at_once_is_computed_once() -> None:
    kept = Keep[int](most=10_000, weigh=lambda _: 1)
    began, go = threading.Barrier(8), threading.Event()
    computed = []

    def compute() -> int:
        go.wait(5)
        computed.append(1)
        return 7

    def ask() -> int:
        began.wait(5)
        return kept.get("question", compute)

    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(ask) for _ in range(8)]
        go.set()
        assert [answer.result(5) for answer in answers] == [7] * 8
    assert len(computed) == 1


def test_a_failure_is_told_and_not_kept() -> None:
    kept = Keep[int](most=10_000, weigh=lambda _: 1)

    def fail() -> int:
        raise ValueError("once")

    with pytest.raises(ValueError, match="once"):
        kept.get("question", fail)
    assert kept.get("question", lambda: 3) == 3


def test_the_oldest_answers_go_where_the_bound_is_reached() -> None:
    kept = Keep[str](most=5_000, weigh=len)
    for name in "abc":
        kept.get(name, lambda name=name: name * 2_000)
    again = []
    for name in "cba":
        kept.get(name, lambda name=name: again.append(name) or name * 2_000)
    assert again == ["a"]
    assert kept.get("huge", lambda: "x" * 9_000) == "x" * 9_000
    assert kept.get("huge", lambda: "computed again") == "x" * 9_000


def test_answers_that_just_fill_the_bound_all_stay() -> None:
    kept = Keep[str](most=4_000, weigh=len)
    for name in "ab":
        kept.get(name, lambda: "x" * 2_000)
    assert kept.there("a") == kept.there("b") == "x" * 2_000


def test_a_store_that_is_replaced_is_read_anew(loaded: Path, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    desk = Desk(folder)
    with pytest.raises(StoreError, match="no reports are loaded"):
        desk.kept("count", lambda reports: reports.store.engine.count("reports"))
    folder.mkdir()
    shutil.copy(loaded / "primum.duckdb", folder / "primum.duckdb")
    assert desk.kept("count", lambda reports: reports.store.engine.count("reports")) >= 3_000
    (folder / "primum.duckdb").unlink()
    with pytest.raises(StoreError, match="no reports are loaded"):
        desk.kept("count", lambda reports: reports.store.engine.count("reports"))
    desk.close()


def test_several_readers_answer_at_the_same_time(loaded: Path) -> None:
    desk, together = Desk(loaded), threading.Barrier(AT_WORK)

    def counted(name: str) -> int:
        def compute(reports) -> int:
            together.wait(20)  # passes where as many as this are at work
            return reports.store.engine.count("reports")

        return desk.kept(name, compute)

    with ThreadPoolExecutor(AT_WORK) as pool:
        assert len(set(pool.map(counted, [str(n) for n in range(AT_WORK)]))) == 1
    desk.close()


def test_who_stops_the_explorer_does_not_wait_for_a_query_that_takes_for_ever(loaded: Path) -> None:
    desk, begun = Desk(loaded), threading.Event()

    def prepare() -> None:
        with desk.reports() as reports:
            engine = reports.store.engine.connection
            begun.set()
            with pytest.raises(duckdb.InterruptException):
                engine.sql("SELECT sum(n % 7) FROM range(10_000_000_000_000) r(n)").fetchall()

    preparing = threading.Thread(target=prepare, daemon=True)
    preparing.start()
    assert begun.wait(60)
    _end(preparing, desk)
    assert not preparing.is_alive()
    with pytest.raises(StoreError, match="stopped"), desk.reports():
        pass
    desk.close()


@pytest.fixture
def warmed() -> Iterator[Callable[[Path], Desk]]:
    """What the explorer does while it starts, over a store."""
    desks = []

    def warm(folder: Path) -> Desk:
        desks.append(Desk(folder))
        _warm(desks[0])
        return desks[0]

    yield warm
    gc.unfreeze()
    desks[0].close()


def test_the_explorer_lays_out_what_its_pages_are_read_from(
    warmed: Callable[[Path], Desk], loaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(loaded / "primum.duckdb", tmp_path / "primum.duckdb")
    desk = warmed(tmp_path)
    there = {part.name.partition("-")[0] for part in tmp_path.glob("incidence/*/*")}
    assert {"onsets", "cells", "told"} <= there
    monkeypatch.setattr(desk, "reports", None)  # nobody is asked again
    assert pages.dossier("anti-wrinkle", desk).part("reports").findings


def test_the_first_question_after_a_load_has_answers_prepared_anew(loaded: Path, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    preparing = threading.Thread(target=_keep_warm, args=(desk, templates()), daemon=True)
    preparing.start()
    shutil.copy(loaded / "primum.duckdb", tmp_path / "new.duckdb")
    (tmp_path / "new.duckdb").rename(tmp_path / "primum.duckdb")
    assert desk.synthetic()  # a question
    for _ in range(600):
        there = {part.name.partition("-")[0] for part in tmp_path.glob("incidence/*/*")}
        if {"onsets", "cells", "told"} <= there:
            break
        preparing.join(0.1)
    assert {"onsets", "cells", "told"} <= there
    _end(preparing, desk)
    assert not preparing.is_alive()
    desk.close()
    gc.unfreeze()


def test_a_store_without_a_report_of_a_treatment_is_read_beforehand_too(
    warmed: Callable[[Path], Desk], tmp_path: Path
) -> None:
    (tmp_path / "told.csv").write_text("CASEID,DRUG,AE\n1,ASPIRIN,NAUSEA\n2,ASPIRIN,RASH\n")  # SYNTHETIC
    with open_store(tmp_path / "store", write=True) as opened:
        load_table(opened, tmp_path / "told.csv")
    desk = warmed(tmp_path / "store")
    assert tables.signals(desk, State(what="aspirin"))["reports"] == 2
