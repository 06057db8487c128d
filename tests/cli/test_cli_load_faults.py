"""A disk that is full, a folder that may not be written, a damaged store, two loads at once: one line, nothing lost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from primum.loading.faers import load_archives
from primum.store import DATABASE, open_store
from primum.store.schema import tables
from primum.terms import Quarter
from primum.testing.faers import write_archive

Q1, Q2 = Quarter(2015, 1), Quarter(2015, 2)


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two SYNTHETIC quarters, a small one and one whose text and tables need some megabytes."""
    folder = tmp_path_factory.mktemp("archives")
    write_archive(folder, quarter=Q1, reports=100, seed=1)
    write_archive(folder, quarter=Q2, reports=8_000, seed=1)
    return folder


@pytest.fixture
def store(archives: Path, tmp_path: Path) -> Path:
    """A store with the small quarter."""
    with open_store(tmp_path / "store", write=True) as opened:
        load_archives(opened, archives, quarters=frozenset({Q1}))
    return tmp_path / "store"


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "primum", *map(str, arguments)]


def run(*arguments: object, before: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*before, *command(*arguments)], capture_output=True, text=True, check=False, timeout=120)


def no_file_beyond(most: int) -> list[str]:
    """What stands before a command whose files, the cleaned rows and the database alike, may not grow beyond a size."""
    limited = (
        "import os, resource, sys; most = int(sys.argv[1]); resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))"
    )
    return [sys.executable, "-c", f"{limited}; os.execv(sys.argv[2], sys.argv[2:])", str(most)]


def the_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("primum: ")
    return line


def contents(folder: Path) -> dict[str, str]:
    with open_store(folder) as opened:
        return {schema.name: opened.engine.content_hash(schema.name) for schema in tables()}


@pytest.mark.slow
@pytest.mark.parametrize("room", [0, 100_000, 500_000, 2_000_000])
def test_a_disk_without_room_leaves_the_store_as_it_was(archives: Path, store: Path, room: int) -> None:
    before, most = contents(store), (store / DATABASE).stat().st_size + room
    load = ("load", "faers", "--from", archives, "2015q2", "--store", store)
    line = the_line(run(*load, before=no_file_beyond(most)))
    assert "disk has room" in line
    assert contents(store) == before
    assert run(*load).returncode == 0
    assert [path.name for path in store.iterdir()] == [DATABASE]


def test_a_folder_that_may_only_be_read_is_told_in_one_line(
    archives: Path, tmp_path: Path, bound_by_rights: list[str]
) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    folder.chmod(0o500)
    done = run("load", "faers", "--from", archives, "2015q1", "--store", folder, before=bound_by_rights)
    assert "cannot be written" in the_line(done)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("damage", ["cut", "garbage"])
def test_a_damaged_store_is_told_in_one_line_and_left_alone(archives: Path, store: Path, damage: str) -> None:
    database = store / DATABASE
    whole = database.read_bytes()
    left = whole[: len(whole) // 3] if damage == "cut" else os.urandom(len(whole))
    database.write_bytes(left)
    for arguments in (("status",), ("load", "faers", "--from", archives, "2015q2")):
        assert "it is damaged" in the_line(run(*arguments, "--store", store))
    assert database.read_bytes() == left


@pytest.mark.slow
def test_of_two_loads_at_once_one_loads_and_the_other_is_told(archives: Path, tmp_path: Path) -> None:
    load = command("load", "faers", "--from", archives, "--store", tmp_path / "store")
    both = [subprocess.Popen(load, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=120)[1] for process in both]
    codes = [process.returncode for process in both]
    assert 0 in codes
    for code, text in zip(codes, said, strict=True):
        if code:  # the second may also come when the first has finished, and then finds everything loaded
            assert code == 1
            assert "another program is using it" in text
            assert len(text.splitlines()) == 1
    with open_store(tmp_path / "alone", write=True) as opened:
        load_archives(opened, archives)
    assert contents(tmp_path / "store") == contents(tmp_path / "alone")
