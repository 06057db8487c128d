"""How are case safety reports read on one core while the store takes those before them on another?

Cutting, parsing and reading reports is Python from end to end, and so is laying their rows into arrays: in one process
they take turns. A file that is worth it is read by a process of its own, which sends batches of rows down a pipe and
waits when nobody takes them, so that memory stays that of a few batches. The rows are the same either way.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import IO, Final

from primum.errors import SourceError
from primum.sources import e2b, openfda
from primum.sources.icsr import Icsr, Node, read_icsr
from primum.sources.lines import ByteStream, FileAccount, Reject
from primum.sources.records import Packed, RecordFile

Read = Callable[[ByteStream, RecordFile], Iterator[Node]]
Batch = tuple[list[Icsr], list[Reject], FileAccount | None]

READERS: Final[Mapping[str, Read]] = {"e2b": e2b.read_reports, "openfda": openfda.read_reports}
REPORTS_AT_ONCE: Final = 500
BYTES_AT_ONCE: Final = 16 * 1024**2  # of rejected records in a batch
WORTH_IT: Final = 8 * 1024**2  # bytes of a file, packed or not, below which a process costs more than it brings
# Started with -P: what lies in the folder that a user stands in is not imported.
_CHILD: Final = "from primum.study.icsr_ahead import send; send()"


def batches(system: str, file: Packed, terms: Mapping[str, str]) -> Iterator[Batch]:
    """The reports of a file with what was rejected between them, and at the end of each member its account.

    Raises:
        SourceError: it cannot be read.
    """
    ahead = file.path.stat().st_size >= WORTH_IT and bool(sys.executable)
    return _received(system, file, terms) if ahead else read_batches(system, file, terms)


def read_batches(system: str, file: Packed, terms: Mapping[str, str]) -> Iterator[Batch]:
    """As `batches`, in this process."""
    for member, stream in file.members():
        rejects: list[Reject] = []
        records = RecordFile(member, rejects)
        reports: list[Icsr] = []
        for node in READERS[system](stream, records):
            reports.append(read_icsr(node, terms=terms))
            if len(reports) >= REPORTS_AT_ONCE or sum(len(one.line) for one in rejects) >= BYTES_AT_ONCE:
                yield reports, rejects.copy(), None
                reports = []
                rejects.clear()
        yield reports, rejects.copy(), records.account()


def send() -> None:
    """The other end of the pipe: read what is asked for on standard input, send its batches to standard output."""
    system, file, terms = pickle.load(sys.stdin.buffer)
    pipe = sys.stdout.buffer
    with suppress(BrokenPipeError, KeyboardInterrupt):  # whoever asked is gone, or told to stop
        try:
            for batch in read_batches(system, file, terms):
                pickle.dump(batch, pipe, protocol=pickle.HIGHEST_PROTOCOL)
            pickle.dump(None, pipe)
        except SourceError as error:
            pickle.dump(str(error), pipe)
        pipe.flush()


def _received(system: str, file: Packed, terms: Mapping[str, str]) -> Iterator[Batch]:
    with subprocess.Popen([sys.executable, "-P", "-c", _CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            pickle.dump((system, file, terms), child.stdin)
            child.stdin.close()
            while (message := _next(child.stdout, file)) is not None:
                yield message
        finally:
            child.kill()


def _next(pipe: IO[bytes], file: Packed) -> Batch | None:
    """The next batch; None behind the last.

    Raises:
        SourceError: what the other process says of the file, or that it ended before the file did.
    """
    try:
        message = pickle.load(pipe)
    except (EOFError, pickle.UnpicklingError) as error:
        raise SourceError.of(
            file.name, "the process that reads it ended", "it to read on", "Check the memory of the machine."
        ) from error
    if isinstance(message, str):
        raise SourceError(message)
    batch: Batch | None = message
    return batch
