"""Cleaning ahead: what a table may ask of the one before it, however fast it is."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from primum.loading import clean_ahead
from primum.sources.faers import Member, no_key_known, read_archive
from primum.terms import Quarter
from primum.testing.faers import write_archive


class AtOnce:
    """A pool whose work is done before `submit` comes back, as that of a fast thread may be."""

    def __init__(self, **_: Any) -> None:
        pass

    def __enter__(self) -> AtOnce:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, work: Callable[[Member], Any], member: Member) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(work(member))
        return done


def test_the_second_table_may_ask_for_the_keys_of_the_first_before_both_are_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    real = clean_ahead.clean_member

    def asking(archive: Any, member: Member, *rest: Any, known_key: Callable[[bytes], bool], **more: Any) -> Any:
        account = real(archive, member, *rest, known_key=known_key, **more)
        if known_key is not no_key_known:
            asked.append(known_key(b"no such key"))
        return account

    monkeypatch.setattr(clean_ahead, "ThreadPoolExecutor", AtOnce)
    monkeypatch.setattr(clean_ahead, "clean_member", asking)
    archive = read_archive(write_archive(tmp_path, quarter=Quarter(2019, 1), reports=20, seed=1))
    with clean_ahead.clean_ahead(archive, tmp_path) as members:
        tables = [cleaned.member.table for cleaned in members]
    assert len(tables) == 7
    assert asked == [False] * 6
