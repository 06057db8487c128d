"""How are derived arrays kept beside the store, so that a kill leaves the old ones or none?

A part is a folder of `.npy` files and one JSON file of names. It is made in a folder of its own and renamed into place
when it is complete; a reader maps the files and never sees half a part. Where the folder cannot be written the arrays
stay in memory for as long as the question takes.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from primum.counts.coded import texts_of
from primum.counts.kernel import Lists
from primum.terms import StrArray

log = logging.getLogger(__name__)

BUILDING: Final = "building-"  # folders begin like this until they are complete
NAMES: Final = "names.json"
_IS_THERE: Final = (errno.EEXIST, errno.ENOTEMPTY)
Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Part:
    """Arrays and lists of names that belong together.

    Args:
        arrays: by name; memory maps where they lie in files.
        names: lists of texts, by name.
    """

    arrays: Mapping[str, Array]
    names: Mapping[str, list[str]]

    def lists(self, name: str) -> Lists:
        """Lists as `Draft.keep_lists` kept them."""
        return Lists(self.arrays[f"{name}_start"], self.arrays[f"{name}_values"])

    def texts(self, name: str) -> StrArray:
        """A list of names as an array."""
        return texts_of(self.names[name])


@dataclass(slots=True)
class Draft:
    """A part while it is made: arrays are files from the start where there is a folder.

    Args:
        folder: where the files go; None: memory.
    """

    folder: Path | None
    arrays: dict[str, Array] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)

    def new(self, name: str, length: int, kind: Any) -> Array:
        """A new array that is to be filled."""
        if self.folder is None or not length:  # nothing cannot be mapped
            made = np.zeros(length, dtype=kind)
        else:
            made = npy.open_memmap(self.folder / f"{name}.npy", mode="w+", dtype=np.dtype(kind), shape=(length,))
        self.arrays[name] = made
        return made

    def keep(self, name: str, values: Array) -> Array:
        """An array that is complete already."""
        kept = self.new(name, len(values), values.dtype)
        kept[...] = values
        return kept

    def keep_lists(self, name: str, lists: Lists) -> Lists:
        """Lists that are complete already."""
        return Lists(self.keep(f"{name}_start", lists.start), self.keep(f"{name}_values", lists.values))


@dataclass(frozen=True, slots=True)
class PartFolder:
    """The folder of one snapshot's parts.

    Args:
        path: where it lies; None: everything stays in memory.
    """

    path: Path | None

    def get(self, name: str, build: Callable[[Draft], None]) -> Part:
        """A part from its files, or built now; `build` fills the draft it is given."""
        if self.path is None:
            return _built_in_memory(build)
        if (found := _read(self.path / name)) is not None:
            return found
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            _sweep_killed(self.path)
            draft_folder = Path(tempfile.mkdtemp(dir=self.path, prefix=f"{BUILDING}{os.getpid()}-"))
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EROFS, errno.EPERM):
                raise
            log.warning("%s cannot be written: the arrays for counting are built in memory", self.path.parent)
            return _built_in_memory(build)
        return self._built(name, draft_folder, build)

    def there(self, name: str) -> Part | None:
        """A part from its files; None where it was not built."""
        return None if self.path is None else _read(self.path / name)

    def text(self, name: str) -> str | None:
        """A small file beside the parts; None where there is none."""
        if self.path is None:
            return None
        try:
            return (self.path / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    def keep_text(self, name: str, text: str) -> None:
        """Keep a small file beside the parts, whole or not at all; where it cannot be written, it is not kept."""
        if self.path is None:
            return
        draft = self.path / f"{BUILDING}{os.getpid()}-{name}"
        try:
            draft.write_text(text, encoding="utf-8")
            draft.replace(self.path / name)
        except OSError as error:
            log.info("%s cannot be written (%s)", self.path / name, error)

    def once(self, name: str, compute: Callable[[], Any]) -> Any:
        """A small value that JSON can hold, from its file or computed now."""
        try:
            return json.loads(self.text(f"{name}.json") or "")
        except ValueError:  # there is none, or it is damaged
            value = compute()
            self.keep_text(f"{name}.json", json.dumps(value))
            return value

    def _built(self, name: str, draft_folder: Path, build: Callable[[Draft], None]) -> Part:
        log.info("building the arrays of %s for counting", name)
        try:
            draft = Draft(draft_folder)
            build(draft)
            _finish(draft)
            try:
                draft_folder.rename((self.path or draft_folder) / name)
            except OSError as error:
                if error.errno not in _IS_THERE:  # else another process was as fast: its part is as good
                    log.warning("the arrays of %s cannot be kept (%s)", name, error)
        finally:
            shutil.rmtree(draft_folder, ignore_errors=True)
        found = _read((self.path or draft_folder) / name)
        return found if found is not None else _built_in_memory(build)

    def sweep(self) -> None:
        """Take away the parts of other snapshots, and what a kill left. A reader's open maps stay valid on POSIX."""
        if self.path is None or not self.path.parent.is_dir():
            return
        for other in self.path.parent.iterdir():
            if other != self.path:
                shutil.rmtree(other, ignore_errors=True)


def _sweep_killed(folder: Path) -> None:
    """Take away what a process left that is no more."""
    for left in folder.glob(f"{BUILDING}*"):
        try:
            os.kill(int(left.name.removeprefix(BUILDING).partition("-")[0]), 0)
        except ProcessLookupError:
            shutil.rmtree(left, ignore_errors=True)
            left.unlink(missing_ok=True)
        except (OSError, ValueError):  # somebody else's, or not ours at all
            continue


def _finish(draft: Draft) -> None:
    """Everything on the disk before the folder gets its name."""
    if draft.folder is None:
        return
    for name, array in draft.arrays.items():
        if isinstance(array, np.memmap):
            array.flush()
        else:
            np.save(draft.folder / f"{name}.npy", array)
    text = json.dumps({"arrays": sorted(draft.arrays), "names": draft.names}, ensure_ascii=False)
    with (draft.folder / NAMES).open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _read(folder: Path) -> Part | None:
    """A part from its files; None where there is none, or it is damaged."""
    try:
        told = json.loads((folder / NAMES).read_text(encoding="utf-8"))
        arrays = {name: _mapped(folder / f"{name}.npy") for name in told["arrays"]}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError) as error:
        log.warning("%s is damaged (%s) and is built again", folder, error)
        shutil.rmtree(folder, ignore_errors=True)
        return None
    return Part(arrays, told["names"])


def _mapped(path: Path) -> Array:
    with path.open("rb") as file:
        empty = npy.read_magic(file) and 0 in npy.read_array_header_1_0(file)[0]
    made: Array = np.asarray(np.load(path, mmap_mode=None if empty else "r"))  # a plain array is sooner indexed
    return made


def _built_in_memory(build: Callable[[Draft], None]) -> Part:
    draft = Draft(None)
    build(draft)
    return Part(draft.arrays, draft.names)
