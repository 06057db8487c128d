"""Where do the results of a study lie? In one folder with a manifest, so that somebody else can check every byte."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final

from primum.errors import OutputError
from primum.signals.write import csv_rows, csv_text, harmless, write_parquet
from primum.study.figures import figures_of
from primum.study.run import StudyResult, as_json, sensitivity
from primum.study.telling import methods_text

MANIFEST: Final = "manifest.json"


def write_study(result: StudyResult, *, study_file: Path, folder: Path) -> tuple[Path, ...]:
    """Write everything a study gave, whole or not at all: made beside the folder, then put in its place.

    Args:
        result: what it gave.
        study_file: copied beside the results.
        folder: where they go; it must be new, empty, or hold the results of a study.

    Returns:
        The files written, relative to the folder.

    Raises:
        OutputError: the folder holds something else, or cannot be written.
    """
    _refuse_other(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    except OSError as error:
        raise OutputError.of(
            str(folder), error.strerror or str(error), "Name a folder that can be made, with --to."
        ) from error
    try:
        _write_files(result, study_file, fresh)
        files = tuple(sorted(path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file()))
        _write_manifest(result, fresh, files)
        fresh.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        fresh.replace(folder)
    except OSError as error:
        raise OutputError.of(
            str(folder), error.strerror or str(error), "Free some space or name another folder with --to."
        ) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return (*files, Path(MANIFEST))


def _refuse_other(folder: Path) -> None:
    """A folder with anything but the results of a study is not ours to replace."""
    if not folder.exists() or (folder.is_dir() and (not any(folder.iterdir()) or (folder / MANIFEST).is_file())):
        return
    raise OutputError.of(
        str(folder), "it holds something that is not a study's results", "Name a new or empty folder with --to."
    )


def _write_files(result: StudyResult, study_file: Path, folder: Path) -> None:
    (folder / "results").mkdir()
    (folder / "study.toml").write_bytes(study_file.read_bytes())
    for outcome in result.outcomes:
        if outcome.table is None:
            continue
        stem = folder / "results" / outcome.analysis.id
        with stem.with_suffix(".csv").open("w", encoding="utf-8", newline="") as file:
            file.write(csv_text(outcome.table))
        write_parquet(outcome.table, stem.with_suffix(".parquet"))
    pictures = figures_of(result)
    if pictures:
        (folder / "figures").mkdir()
    for name, picture in pictures.items():
        stem = folder / "figures" / name
        stem.with_suffix(".svg").write_text(picture.svg, encoding="utf-8")
        stem.with_suffix(".csv").write_text("".join(csv_rows(picture.rows)), encoding="utf-8", newline="")
    rows = sensitivity(result)
    (folder / "sensitivity.csv").write_text(_csv(rows), encoding="utf-8", newline="")
    (folder / "results.json").write_text(_json(as_json(result)), encoding="utf-8")
    (folder / "methods.md").write_text(methods_text(result), encoding="utf-8")


def _write_manifest(result: StudyResult, folder: Path, files: tuple[Path, ...]) -> None:
    hashes = {path.as_posix(): hashlib.sha256((folder / path).read_bytes()).hexdigest() for path in files}
    told = {
        "schema": "primum.manifest/1",
        "study_sha256": result.study.sha256,
        "snapshot": result.snapshot,
        "derivation": result.derivation,
        "synthetic": result.synthetic,
        "packages": dict(sorted(result.packages.items())),
        "files": hashes,
    }
    (folder / MANIFEST).write_text(_json(told), encoding="utf-8")


def _csv(rows: list[dict[str, Any]]) -> str:
    fullest = sorted(rows, key=len, reverse=True)  # an event without a report has few of the columns
    columns = [*dict.fromkeys(name for row in fullest for name in row if name != "note"), "note"]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([harmless(row.get(name, "")) for name in columns] for row in rows)
    return buffer.getvalue()


def _json(told: dict[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
