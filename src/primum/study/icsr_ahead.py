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
from dataclasses import dataclass, field
from functools import partial
from typing import IO, Final

from primum.errors import SourceError
from primum.sources import e2b, openfda
from primum.sources.icsr import Icsr, Node, read_icsr
from primum.sources.lines import ByteStream, FileAccount, Reject
from primum.sources.records import Packed, RecordFile

Read = Callable[[ByteStream, RecordFile], Iterator[Node]]
Batch = tuple[list[Icsr], list[Reject], FileAccount | None]
Take = Callable[[Batch], object]

READERS: Final[Mapping[str, Read]] = {"e2b": e2b.read_reports, "openfda": openfda.read_reports}
REPORTS_AT_ONCE: Final = 500
BYTES_AT_ONCE: Final = 16 * 1024**2  # of rejected records in a batch
WORTH_IT: Final = 8 * 1024**2  # bytes of a file, packed or not, below which a process costs more than it brings
# Started with -P: what lies in the folder that a user stands in is not imported.
_CHILD: Final = "from primum.study.icsr_ahead import send; send()"


def read_file(system: str, file: Packed, terms: Mapping[str, str], take: Take) -> None:
    """Read a file, in a process of its own where it is worth it.

    Args:
        system: `e2b` or `openfda`.
        file: the file.
        terms: names of MedDRA terms by code.
        take: is given batches of reports and of rejected records, and with the last of each member its account.

    Raises:
        SourceError: it cannot be read.
    """
    if file.path.stat().st_size >= WORTH_IT and sys.executable:
        for batch in _received(system, file, terms):
            take(batch)
    else:
        read_here(system, file, terms, take)


def read_here(system: str, file: Packed, terms: Mapping[str, str], take: Take) -> None:
    """As `read_file`, in this process."""
    for member, stream in file.members():
        gathered = _Gathered(take)
        records = RecordFile(member, gathered)
        for node in READERS[system](stream, records):
            gathered.report(read_icsr(node, terms=terms))
        gathered.hand_on(records.account())


@dataclass(slots=True)
class _Gathered:
    """What was read and not yet handed on; never more than a batch."""

    take: Take
    reports: list[Icsr] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    size: int = 0

    def report(self, icsr: Icsr) -> None:
        """Keep a report."""
        self.reports.append(icsr)
        if len(self.reports) >= REPORTS_AT_ONCE:
            self.hand_on()

    def append(self, reject: Reject) -> None:
        """Keep a rejected record."""
        self.rejects.append(reject)
        self.size += len(reject.line)
        if self.size >= BYTES_AT_ONCE or len(self.rejects) >= REPORTS_AT_ONCE:
            self.hand_on()

    def hand_on(self, account: FileAccount | None = None) -> None:
        """Hand on what there is."""
        self.take((self.reports, self.rejects, account))
        self.reports, self.rejects, self.size = [], [], 0


def send() -> None:
    """The other end of the pipe: read what is asked for on standard input, send its batches to standard output."""
    system, file, terms = pickle.load(sys.stdin.buffer)
    pipe = sys.stdout.buffer
    with suppress(BrokenPipeError, KeyboardInterrupt):  # whoever asked is gone, or told to stop
        try:
            read_here(system, file, terms, partial(pickle.dump, file=pipe, protocol=pickle.HIGHEST_PROTOCOL))
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
