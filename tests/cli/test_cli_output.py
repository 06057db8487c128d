"""What a command writes is whole or not there, and nothing but a file is replaced by one."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from primum.cli.output import can_write, harmless, write_file, write_text
from primum.errors import OutputError


def test_a_link_stays_a_link_and_what_it_names_is_written(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    named, link = tmp_path / "folder" / "table.csv", tmp_path / "link.csv"
    named.write_text("old")
    link.symlink_to(named)
    write_text(link, "new")
    assert link.is_symlink()
    assert named.read_text() == "new"


def test_a_pipe_gets_the_whole_text_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe, got = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    can_write(pipe)
    write_text(pipe, "all of it")
    reader.join(10)
    assert got == ["all of it"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_device_is_written_to_and_not_replaced() -> None:
    write_text(Path(os.devnull), "nobody reads this")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_a_file_keeps_its_permissions_and_a_new_one_has_those_of_the_process(tmp_path: Path) -> None:
    private, new = tmp_path / "private.json", tmp_path / "new.json"
    private.write_text("old")
    private.chmod(0o600)
    before = os.umask(0o020)
    try:
        write_text(private, "new")
        write_text(new, "new")
    finally:
        os.umask(before)
    assert (stat.S_IMODE(private.stat().st_mode), stat.S_IMODE(new.stat().st_mode)) == (0o600, 0o646)


def test_only_json_goes_to_the_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match="only --json can go to the screen"):
        write_text(Path("-"), "text")
    assert not list(tmp_path.iterdir())


def test_a_folder_in_the_place_of_a_file_is_told_as_a_folder(tmp_path: Path) -> None:
    with pytest.raises(OutputError) as told:
        write_text(tmp_path, "text")
    assert str(told.value) == f"Cannot write {tmp_path}: it is a folder. Name a file."


def test_what_cannot_be_written_is_known_before_anything_is_and_leaves_nothing(tmp_path: Path) -> None:
    can_write(None, Path("-"), tmp_path / "new.json")
    assert not list(tmp_path.iterdir())
    with pytest.raises(OutputError, match="it is a folder"):
        can_write(tmp_path / "new.json", tmp_path)
    with pytest.raises(OutputError, match=r"nowhere/new\.json"):
        can_write(tmp_path / "nowhere" / "new.json")
    assert not list(tmp_path.iterdir())


def test_a_blank_that_breaks_no_line_is_no_control_character() -> None:
    assert harmless("5\N{NO-BREAK SPACE}units\x9f") == "5\N{NO-BREAK SPACE}units"


def test_what_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("old")

    def fail(fresh: Path) -> None:
        fresh.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match=r"table\.csv: No space left on device\. Free"):
        write_file(table, fail)
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]
    assert table.read_text() == "old"
