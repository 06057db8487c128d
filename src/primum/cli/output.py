"""How does a command write a file or show progress? The same way in every command."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from primum.errors import OutputError


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all: into a new file beside it, then renamed.

    Raises:
        OutputError: the folder does not exist or cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise OutputError.of(
            str(path), error.strerror or str(error), "Name a file in a folder that exists and can be written."
        ) from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise OutputError.of(
            str(path), error.strerror or str(error), "Free some space or name another file."
        ) from error


def json_text(answer: Any) -> str:
    r"""An answer as JSON text that two runs write alike.

    Example:
        >>> json_text({"b": 1.5, "a": None})
        '{\n  "b": 1.5,\n  "a": null\n}\n'
    """
    return json.dumps(answer, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def write_json(path: Path, answer: Any) -> None:
    """Write an answer as JSON; `-` writes it to standard output.

    Raises:
        OutputError: the folder does not exist or cannot be written.
    """
    if str(path) == "-":
        import typer

        typer.echo(json_text(answer), nl=False)
    else:
        write_text(path, json_text(answer))
