"""How does a quarter's archive come from the publisher's server to this disk, whole, and only when it must?

The server is known to be particular: the q in a name is a capital in some years and the other spelling is not found,
and it hangs on a Range request that accepts an encoding. So both spellings are tried, every request asks for the
identity encoding, and whatever breaks off is taken up where it stopped. A file gets its name only after the archive was
read through; what is known of it (address, size, SHA-256, the server's validators) is remembered beside it, so that a
file that was published anew is noticed. The standard library does this: no dependency for one kind of request.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import threading
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urljoin, urlsplit
from urllib.request import Request, urlopen

from primum.errors import SourceError
from primum.sources.archive import read_archive, sha256_of
from primum.sources.values import read_csv
from primum.terms import Quarter

PUBLISHED: Final = "https://fis.fda.gov/content/Exports/"  # FDA's page links to the archives below this address
ENVIRONMENT: Final = "PRIMUM_FAERS_URL"
REMEMBERED: Final = "downloads.json"
PARTIAL: Final = ".part"
PIECE: Final = 1024**2
TRIES: Final = 5  # without a byte of progress between them
FIRST_WAIT: Final = 1.0  # seconds; doubled with each try
LONGEST_WAIT: Final = 60.0
TIMEOUT: Final = 60.0  # seconds without a byte
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NOT_OURS: Final = (errno.EACCES, errno.EPERM, errno.EROFS)
_NOT_THERE: Final = (404, 410)
_PASSING: Final = (408, 425, 429, 500, 502, 503, 504)
_RANGE_BEYOND: Final = 416
_PARTIAL_CONTENT: Final = 206


class NotPublishedError(SourceError):
    """A quarter that the server has under neither spelling."""


class StoppedError(Exception):
    """Somebody asked to stop; what has arrived stays for the next run."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is known of a file that was downloaded.

    Args:
        address: where it came from.
        size: its bytes.
        sha256: hash of the whole file; empty while it is only there in part.
        etag: what the server calls this edition; empty where it does not say.
        modified: when the server says it was changed; empty where it does not say.
    """

    address: str
    size: int
    sha256: str
    etag: str
    modified: str


class Watcher:
    """Is told how far each file is; this one does not care."""

    def expected(self, total: int) -> None:
        """All files together will have `total` bytes; told first, where it is known."""

    def started(self, name: str, total: int) -> None:
        """A file of `total` bytes begins."""

    def arrived(self, name: str, have: int) -> None:
        """`have` bytes of the file are here."""

    def ended(self, name: str) -> None:
        """The file is whole, or was given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for a server.

    Args:
        tries: requests without a byte of progress before a file is given up, at least 1.
        first_wait: seconds before the second try; doubled with each.
        timeout: seconds without a byte after which a request has failed.
        sleep: waits so many seconds, or until the event is set.
    """

    tries: int = TRIES
    first_wait: float = FIRST_WAIT
    timeout: float = TIMEOUT
    sleep: Callable[[threading.Event, float], object] = threading.Event.wait


def base_address() -> str:
    """Where archives are published: `PRIMUM_FAERS_URL`, or FDA's address."""
    return os.environ.get(ENVIRONMENT) or PUBLISHED


def is_address(text: str) -> bool:
    """Whether a text is the address of a server, and not a folder.

    Examples:
        >>> is_address("https://example.org/files"), is_address("files")
        (True, False)
    """
    return text.lower().startswith(("http://", "https://"))


def check_address(text: str) -> str:
    """The address of a folder on a server, as it was given, once it is one that can be asked.

    Raises:
        SourceError: it is none.
    """
    try:
        parts = urlsplit(text)
        whole = is_address(text) and bool(parts.hostname) and parts.port != 0 and text.isascii()
    except ValueError:  # brackets that do not close, a port that is no number
        whole = False
    if not whole or len(text.split()) != 1:
        raise SourceError.of(
            f'"{text}"', "it is not an address", f"one such as {PUBLISHED}", f"Correct --from or {ENVIRONMENT}."
        )
    return text


def published_names(quarter: Quarter) -> tuple[str, str]:
    """Names that a quarter's archive may have, the one it is known or likely to have first.

    Examples:
        >>> published_names(Quarter(2019, 1))
        ('faers_ascii_2019Q1.zip', 'faers_ascii_2019q1.zip')
        >>> published_names(Quarter(2012, 3))[0]
        'aers_ascii_2012q3.zip'
    """
    stem, letter = next(
        ((stem, letter) for first, last, stem, letter in _known_names() if first <= quarter <= last), ("faers", "q")
    )
    other = "q" if letter == "Q" else "Q"
    first, second = (f"{stem}_ascii_{quarter.year}{q}{quarter.number}.zip" for q in (letter, other))
    return first, second


@cache
def _known_names() -> tuple[tuple[Quarter, Quarter, str, str], ...]:
    rows = read_csv("published_names.csv")
    return tuple(
        (Quarter.parse(row["first_quarter"]), Quarter.parse(row["last_quarter"]), row["stem"], row["letter"])
        for row in rows
    )


class Shelf:
    """A folder of downloaded archives, with what is remembered of each; several threads may use it.

    Args:
        folder: made where it is missing.

    Raises:
        SourceError: it cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SourceError.of(
                str(folder), error.strerror or str(error), "a folder for archives", "Check its rights."
            ) from error

    def known(self, name: str) -> Remembered | None:
        """What is remembered of a file; None where that is nothing, or cannot be read."""
        with self._lock:
            found = self._all().get(name)
        try:
            return Remembered(**found) if isinstance(found, dict) else None
        except TypeError:
            return None

    def remember(self, name: str, what: Remembered) -> None:
        """Write it down, whole or not at all."""
        with self._lock:
            every = self._all() | {name: asdict(what)}
            fresh = self.folder / f".{REMEMBERED}{PARTIAL}"
            fresh.write_text(json.dumps(every, indent=1, sort_keys=True) + "\n", encoding="utf-8")
            fresh.replace(self.folder / REMEMBERED)

    def _all(self) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError):
            found = json.loads((self.folder / REMEMBERED).read_text(encoding="utf-8"))
            if isinstance(found, dict):
                return found
        return {}


def download(
    quarter: Quarter,
    shelf: Shelf,
    *,
    base: str,
    watcher: Watcher | None = None,
    patience: Patience | None = None,
    stop: threading.Event | None = None,
) -> Path:
    """Bring a quarter's archive to the shelf; one that is there and still the published one is not sent again.

    Args:
        quarter: which.
        shelf: where it goes.
        base: address of the folder on the server.
        watcher: told how far it is.
        patience: how long to wait.
        stop: when set, the transfer ends with `StoppedError` and can be taken up later; one that hears nothing from
            the server ends when that is due, and writes nothing any more.

    Raises:
        NotPublishedError: the server has no such file.
        SourceError: the server does not deliver it, or what it delivers is not the archive of that quarter.
    """
    names = published_names(quarter)
    patience = patience or Patience()
    for name in names:
        transfer = _Transfer(
            name,
            urljoin(base.rstrip("/") + "/", name),
            shelf,
            watcher or Watcher(),
            patience,
            stop or threading.Event(),
        )
        if (path := transfer.run(quarter)) is not None:
            return path
    raise NotPublishedError.of(base, f"neither {names[0]} nor {names[1]} is there", "one of them", "Check the address.")


@dataclass(slots=True)
class _Transfer:
    """One file on its way."""

    name: str
    address: str
    shelf: Shelf
    watcher: Watcher
    patience: Patience
    stop: threading.Event

    def run(self, quarter: Quarter) -> Path | None:
        """The archive, or None where the server does not have that name."""
        spoiled = 0
        while True:
            state = self._whole()
            if state is None or state == self.path:  # unknown to the server, or here already
                return state
            fault = _fault_of(state, quarter)
            self._heed_stop()
            if fault is None:
                return self._keep()
            state.unlink(missing_ok=True)
            spoiled += 1
            if spoiled > 1:  # the same nonsense twice is what is published
                raise fault

    @property
    def path(self) -> Path:
        return self.shelf.folder / self.name

    @property
    def partial(self) -> Path:
        return self.shelf.folder / (self.name + PARTIAL)

    def _whole(self) -> Path | None:
        """Ask until every byte is here; None where the name is unknown to the server."""
        failed, have = 0, -1
        while True:
            try:
                return self._ask()
            except HTTPError as error:
                error.close()
                self._heed_stop()
                if error.code in _NOT_THERE:
                    return None
                if error.code == _RANGE_BEYOND:
                    self.partial.unlink(missing_ok=True)
                elif error.code not in _PASSING:
                    raise self._gave_up(f"the server answers {error.code} {error.reason}") from error
                said, asked_wait = f"the server answers {error.code}", _seconds(error.headers.get("Retry-After"))
            except (URLError, HTTPException, OSError, _TruncatedError) as error:
                if isinstance(error, OSError) and error.errno in _NO_ROOM:
                    raise SourceError.of(
                        str(self.shelf.folder), str(error.strerror), "room on the disk", "Make room, and run it again."
                    ) from error
                if isinstance(error, OSError) and error.errno in _NOT_OURS:
                    raise SourceError.of(
                        str(self.shelf.folder), str(error.strerror), "a folder that can be written", "Check its rights."
                    ) from error
                reason = error.reason if isinstance(error, URLError) else error
                said, asked_wait = " ".join(str(reason).split()) or type(error).__name__, 0.0
            now = self.partial.stat().st_size if self.partial.exists() else 0
            failed = 1 if now > have >= 0 else failed + 1
            have = now
            if failed >= self.patience.tries:
                raise self._gave_up(said)
            wait = max(asked_wait, self.patience.first_wait * 2 ** (failed - 1))
            self.patience.sleep(self.stop, min(wait, LONGEST_WAIT))
            self._heed_stop()

    def _heed_stop(self) -> None:
        """Asked before anything is changed on the disk: whoever wanted to stop may be using it again."""
        if self.stop.is_set():
            raise StoppedError

    def _gave_up(self, said: str) -> SourceError:
        return SourceError.of(
            self.address, said, "the archive", "Run the command again later; what has arrived is kept."
        )

    def _ask(self) -> Path:
        """One request; the file as far as it is not here yet."""
        known = self.shelf.known(self.name)
        have = self.partial.stat().st_size if self.partial.exists() else 0
        headers = {"Accept-Encoding": "identity", "User-Agent": "primum"}
        validator = (known.etag or known.modified) if known else ""
        if have and validator and not (known and known.sha256):
            headers |= {"Range": f"bytes={have}-", "If-Range": validator}
        else:
            have = 0
        with urlopen(Request(self.address, headers=headers), timeout=self.patience.timeout) as answer:
            self._heed_stop()
            if answer.status != _PARTIAL_CONTENT:
                have = 0
            length = answer.headers.get("Content-Length")
            total = have + int(length) if length and length.isdigit() else 0
            offered = Remembered(
                self.address, total, "", answer.headers.get("ETag") or "", answer.headers.get("Last-Modified") or ""
            )
            if known and known.sha256 and self._is_here(known, offered):
                return self.path
            self.shelf.remember(self.name, offered)
            self._receive(answer, have, total)
        return self.partial

    def _is_here(self, known: Remembered, offered: Remembered) -> bool:
        """Whether the file on the shelf is the one that is published now."""
        same = (known.size, known.etag, known.modified) == (offered.size, offered.etag, offered.modified)
        return same and self.path.is_file() and sha256_of(self.path) == known.sha256

    def _receive(self, answer: HTTPResponse, have: int, total: int) -> None:
        self.watcher.started(self.name, total)
        self.watcher.arrived(self.name, have)
        try:
            with self.partial.open("ab" if have else "wb") as target:
                # What a slow server has sent so far, not what fills a piece; never beyond the end, where one may hang.
                while piece := answer.read1(min(PIECE, total - have) if total else PIECE):
                    self._heed_stop()
                    target.write(piece)
                    target.flush()
                    have += len(piece)
                    self.watcher.arrived(self.name, have)
        finally:
            self.watcher.ended(self.name)
        if total and have < total:
            raise _TruncatedError(f"the connection ended after {have:,} of {total:,} bytes")

    def _keep(self) -> Path:
        """Give a checked file its name and write down what it is."""
        known = self.shelf.known(self.name)
        digest, size = sha256_of(self.partial), self.partial.stat().st_size
        self.partial.replace(self.path)
        etag, modified = (known.etag, known.modified) if known else ("", "")
        self.shelf.remember(self.name, Remembered(self.address, size, digest, etag, modified))
        return self.path


class _TruncatedError(Exception):
    """A body that ended before its announced length."""


def _fault_of(path: Path, quarter: Quarter) -> SourceError | None:
    """Why a file is not the archive of the quarter, every byte of it read; None where it is."""
    try:
        archive = read_archive(path)
        with zipfile.ZipFile(path) as whole:
            damaged = whole.testzip()
    except SourceError as error:
        return error
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError) as error:
        damaged = str(error)
    name = path.name.removesuffix(PARTIAL)
    if damaged is not None:
        return SourceError.of(name, f"it is damaged at {damaged}", "a whole archive", "Try again later.")
    if archive.quarter != quarter:
        return SourceError.of(name, f"it holds {archive.quarter}", str(quarter), "Tell the publisher.")
    return None


def _seconds(text: str | None) -> float:
    return float(text) if text and text.isdigit() else 0.0
