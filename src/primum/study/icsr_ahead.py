"""How are case safety reports read on every core, while the store takes those before them?

Parsing reports, reading what they mean and laying their rows into columns is Python from end to end, and in one process
each step waits for the others. A file that is worth it is read by processes of their own: each cuts all of it into runs
of records, which is quick, reads every other run, sends it down a pipe as columns, and waits when nobody takes it, so
that memory stays that of a few runs. Runs are taken in the order of the file; the rows are the same either way.
"""

from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from itertools import cycle
from typing import IO, Final

from primum.errors import SourceError
from primum.sources import e2b, openfda
from primum.sources.icsr import Node, read_icsr
from primum.sources.lines import ByteStream, FileAccount, Reject
from primum.sources.records import Packed, RecordFile
from primum.study.icsr_columns import Run, run_of

Read = Callable[[ByteStream, RecordFile], Iterator[list[Node]]]
Take = Callable[[Run | FileAccount], object]

READERS: Final[Mapping[str, Read]] = {"e2b": e2b.read_runs, "openfda": openfda.read_runs}
READERS_AT_ONCE: Final = min(os.cpu_count() or 1, 3)  # each takes some 130 MB, and cuts what the others read
WORTH_IT: Final = 8 * 1024**2  # bytes of a file, packed or not, below which a process costs more than it brings
OBJECTS_BETWEEN_SWEEPS: Final = 100_000  # reports hold no circles: to look for them often is a tenth of the time
# Started with -P: what lies in the folder that a user stands in is not imported.
_CHILD: Final = "from primum.study.icsr_ahead import send; send()"


def read_file(system: str, file: Packed, terms: Mapping[str, str], take: Take) -> None:
    """Read a file, in processes of their own where it is worth it.

    Args:
        system: `e2b` or `openfda`.
        file: the file.
        terms: names of MedDRA terms by code.
        take: is given its runs in order, and behind the last of each member its account.

    Raises:
        SourceError: it cannot be read.
    """
    if file.path.stat().st_size >= WORTH_IT and sys.executable:
        for message in _received(system, file, terms):
            take(message)
    else:
        read_here(system, file, terms, take)


def read_here(system: str, file: Packed, terms: Mapping[str, str], take: Take, share: tuple[int, int] = (0, 1)) -> None:
    """As `read_file`, in this process; a share of the file where others read the rest."""
    for member, stream in file.members():
        rejects: list[Reject] = []
        records = RecordFile(member, rejects, share)
        for nodes in READERS[system](stream, records):
            take(run_of([read_icsr(node, terms=terms) for node in nodes], rejects))
            rejects.clear()
        take(records.account())


def send() -> None:
    """The other end of the pipe: read what is asked for on standard input, send its runs to standard output."""
    gc.set_threshold(OBJECTS_BETWEEN_SWEEPS)
    asked = pickle.load(sys.stdin.buffer)
    pipe = sys.stdout.buffer
    put = partial(pickle.dump, file=pipe, protocol=pickle.HIGHEST_PROTOCOL)
    with suppress(BrokenPipeError, KeyboardInterrupt):  # whoever asked is gone, or told to stop
        try:
            system, file, terms, share = asked
            read_here(system, file, terms, _flushed(put, pipe), share)
            put(None)
        except SourceError as error:
            put(str(error))
        pipe.flush()


def _flushed(put: Callable[[object], object], pipe: IO[bytes]) -> Take:
    def take(message: Run | FileAccount) -> None:
        put(message)
        pipe.flush()

    return take


def _received(system: str, file: Packed, terms: Mapping[str, str]) -> Iterator[Run | FileAccount]:
    """The runs of a file from its readers in turn; one that has no more of a member shows that none has."""
    with ExitStack() as readers:
        pipes = [
            readers.enter_context(_reader((system, file, terms, (number, READERS_AT_ONCE))))
            for number in range(READERS_AT_ONCE)
        ]
        accounts: list[FileAccount] = []
        turns = cycle(pipes)
        while (message := _next(next(turns), file)) is not None:
            if isinstance(message, Run):
                yield message
                continue
            accounts.append(message)
            if len(accounts) == len(pipes):
                yield _together(accounts)
                accounts, turns = [], cycle(pipes)


@contextmanager
def _reader(asked: tuple[object, ...]) -> Iterator[IO[bytes]]:
    """What a reader sends; it ends with the block."""
    with subprocess.Popen([sys.executable, "-P", "-c", _CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            pickle.dump(asked, child.stdin)
            child.stdin.close()
            yield child.stdout
        finally:
            child.kill()


def _next(pipe: IO[bytes], file: Packed) -> Run | FileAccount | None:
    """The next message; None behind the last.

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
    known: Run | FileAccount | None = message
    return known


def _together(accounts: list[FileAccount]) -> FileAccount:
    """The account of a file by those of its readers."""
    repairs: Counter[str] = Counter()
    for account in accounts:
        repairs.update(account.repairs)
    lines, loaded, rejected = (
        sum(getattr(account, name) for account in accounts) for name in ("lines", "loaded", "rejected")
    )
    return replace(accounts[0], lines=lines, loaded=loaded, rejected=rejected, repairs=dict(repairs))
