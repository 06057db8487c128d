"""How does a command print or write a file? The same way in every command.

What reports, files and studies say is hostile: whatever goes to a screen goes through `say`, which leaves nothing in it
that a terminal would obey.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from primum.errors import OutputError, PrimumError

_CONTROLS: Final = {n: None for n in (*range(32), *range(127, 160)) if chr(n) not in "\n\t"}
_ESCAPED: Final = {n: f"\\u{n:04x}" for n in range(127, 160)}


def harmless(text: str) -> str:
    r"""Text without the control characters that a terminal would obey; line breaks and tabs stay.

    Examples:
        >>> harmless("a\x1b[31mb\x07\x9b1mc")
        'a[31mb1mc'
    """
    return text.translate(_CONTROLS)


def say(text: str, *, err: bool = False, end: str = "\n", painted: bool = False) -> None:
    """Print, so that the terminal shows what the text says and obeys nothing of it.

    Args:
        text: one line or several.
        err: whether it goes to standard error.
        end: what follows it.
        painted: it comes from a renderer that has cleaned what it was given and put colours of its own into it.
    """
    import typer

    typer.echo(f"{text if painted else harmless(text)}{end}", nl=False, err=err)


def can_write(*paths: Path | None) -> None:
    """Check files before the first of several is written; none and `-` are left out.

    Raises:
        OutputError: a folder that does not exist or cannot be written, or a folder in a file's place.
    """
    for path in paths:
        if path is None or str(path) == "-":
            continue
        _refuse_folder(path)
        if not _is_stream(path):
            _beside(path).unlink()


def write_file(path: Path, write: Callable[[Path], None]) -> None:
    """Write a file whole or not at all: into a new file beside it, then renamed.

    A link stays one, and what it names is written. A device or a pipe is not replaced: the whole content goes into it.

    Args:
        path: the file.
        write: writes its content into the file it is given.

    Raises:
        OutputError: the folder does not exist or cannot be written, the file is a folder; or `-`, which only JSON may
            be.
    """
    if str(path) == "-":
        raise OutputError.of("-", "only --json can go to the screen", "Name a file.")
    _refuse_folder(path)
    try:
        if _is_stream(path):
            _write_into(path, write)
        else:
            _write_beside(path, write)
    except PrimumError:
        raise
    except OSError as error:
        what = error.strerror or str(error)
        raise OutputError.of(str(path), what, "Free some space or name another file.") from error


def _refuse_folder(path: Path) -> None:
    if path.is_dir():
        raise OutputError.of(str(path), "it is a folder", "Name a file.")


def _write_beside(path: Path, write: Callable[[Path], None]) -> None:
    fresh = _beside(path)
    try:
        write(fresh)
        fresh.chmod(_mode(path))
        fresh.replace(path.resolve())
    except BaseException:  # also a Ctrl-C must leave no half-written file beside
        fresh.unlink(missing_ok=True)
        raise


def _write_into(path: Path, write: Callable[[Path], None]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole"
        write(whole)
        with whole.open("rb") as content, path.open("wb") as stream:
            shutil.copyfileobj(content, stream)


def _is_stream(path: Path) -> bool:
    """Whether a path is there and neither a file nor a folder."""
    return path.exists() and not path.is_file() and not path.is_dir()


def _mode(path: Path) -> int:
    """Permissions that a file has, or that a new one would get."""
    if path.exists():
        return stat.S_IMODE(path.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _beside(path: Path) -> Path:
    """A new, empty file in the same folder, of a link in that of the file that it names."""
    place = path.resolve()
    try:
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
    except OSError as error:
        raise OutputError.of(
            str(path), error.strerror or str(error), "Name a file in a folder that exists and can be written."
        ) from error
    os.close(handle)
    return Path(name)


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes whole or not at all.

    Raises:
        OutputError: the folder does not exist or cannot be written.
    """

    def write(fresh: Path) -> None:
        fresh.write_bytes(content)

    write_file(path, write)


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all.

    Raises:
        OutputError: the folder does not exist or cannot be written.
    """
    write_bytes(path, text.encode("utf-8"))


def write_blocks(path: Path, blocks: Iterable[str]) -> None:
    """Write text block by block; with `write_file` around it, whole or not at all."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(blocks)


def json_text(answer: Any) -> str:
    r"""An answer as JSON text that two runs write alike; every control character in it is an escape.

    Examples:
        >>> json_text({"b": 1.5, "a": None})
        '{\n  "b": 1.5,\n  "a": null\n}\n'
    """
    return json.dumps(answer, ensure_ascii=False, indent=2, allow_nan=False).translate(_ESCAPED) + "\n"


def tell(json_file: Path | None, answer: Callable[[], Any], lines: Callable[[], Iterable[str]]) -> None:
    """An answer as JSON where that is asked for, and as lines on the screen unless JSON has gone there."""
    if json_file is not None:
        write_json(json_file, answer())
    if str(json_file) != "-":
        say("\n".join(lines()))


def write_json(path: Path, answer: Any) -> None:
    """Write an answer as JSON; `-` writes it to standard output.

    Raises:
        OutputError: the folder does not exist or cannot be written.
    """
    if str(path) == "-":
        say(json_text(answer), end="")
    else:
        write_text(path, json_text(answer))
