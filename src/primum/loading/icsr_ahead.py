"""How are case safety reports read on every core?

Parsing reports, reading what they mean and laying their rows into columns is Python from end to end: one process keeps
one core busy. A file that is worth it is read by several, this one among them: each cuts all of it into runs of
records, which is quick, and reads every other run. The others send theirs down a pipe as columns, and wait when nobody
takes them, so that memory stays that of a few runs. Runs are taken in the order of the file; the rows are the same.
"""

from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from itertools import cycle
from typing import IO, Final

from primum.errors import SourceError
from primum.loading.icsr_columns import Run, run_of
from primum.sources import e2b, openfda
from primum.sources.icsr import Node, read_icsr
from primum.sources.lines import ByteStream, FileAccount, Reject
from primum.sources.records import Packed, RecordFile

Read = Callable[[ByteStream, RecordFile], Iterator[list[Node]]]
Message = Run | FileAccount

READERS: Final[Mapping[str, Read]] = {"e2b": e2b.read_runs, "openfda": openfda.read_runs}
READERS_AT_ONCE: Final = min(os.cpu_count() or 1, 3)  # another one takes some 130 MB, and cuts all of the file
WORTH_IT: Final = 8 * 1024**2  # bytes of a file, packed or not, below which a process costs more than it brings
OBJECTS_BETWEEN_SWEEPS: Final = 100_000
# Started with -P: what lies in the folder that a user stands in is not imported.
_CHILD: Final = "from primum.loading.icsr_ahead import send; send()"


def read_file(system: str, file: Packed, terms: Mapping[str, str]) -> Iterator[Message]:
    """The runs of a file in order, and behind the last of each member its account.

    Args:
        system: `e2b` or `openfda`.
        file: the file.
        terms: names of MedDRA terms by code.

    Raises:
        SourceError: it cannot be read.
    """
    readers = READERS_AT_ONCE if file.path.stat().st_size >= WORTH_IT and sys.executable else 1
    with ExitStack() as stack:
        shares = [
            stack.enter_context(_other_reader(system, file, terms, (number, readers))) for number in range(1, readers)
        ]
        shares.insert(0, read_share(system, file, terms, (0, readers)))
        accounts: list[FileAccount] = []
        turns = cycle(shares)
        while (message := next(next(turns), None)) is not None:
            if isinstance(message, Run):
                yield message
                continue
            accounts.append(message)  # one that has no more of a member shows that none has
            if len(accounts) == len(shares):
                yield _together(accounts)
                accounts, turns = [], cycle(shares)


def read_share(system: str, file: Packed, terms: Mapping[str, str], share: tuple[int, int]) -> Iterator[Message]:
    """As `read_file`, of the runs that are one reader's."""
    with _sweeping_seldom():
        for member, stream in file.members():
            rejects: list[Reject] = []
            records = RecordFile(member, rejects, share)
            for nodes in READERS[system](stream, records):
                yield run_of([read_icsr(node, terms=terms) for node in nodes], rejects)
                rejects.clear()
            yield records.account()


@contextmanager
def _sweeping_seldom() -> Iterator[None]:
    """Look for circles of objects seldom: reports hold none, and to look costs a tenth of the time."""
    before = gc.get_threshold()
    gc.set_threshold(OBJECTS_BETWEEN_SWEEPS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def send() -> None:
    """The other end of the pipe: read what is asked for on standard input, send its runs to standard output."""
    asked = pickle.load(sys.stdin.buffer)
    pipe = sys.stdout.buffer
    with suppress(BrokenPipeError, KeyboardInterrupt), ThreadPoolExecutor(1) as writer:  # who asked is gone, or stops
        try:
            sent: Future[None] | None = None
            for message in read_share(*asked):  # the next run is read while somebody has yet to take this one
                if sent is not None:
                    sent.result()
                sent = writer.submit(_put, message, pipe)
            writer.submit(_put, None, pipe).result()
        except SourceError as error:
            writer.submit(_put, str(error), pipe).result()


def _put(message: Message | str | None, pipe: IO[bytes]) -> None:
    pickle.dump(message, pipe, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.flush()


@contextmanager
def _other_reader(
    system: str, file: Packed, terms: Mapping[str, str], share: tuple[int, int]
) -> Iterator[Iterator[Message]]:
    """What a reader in a process of its own sends; it ends with the block."""
    with subprocess.Popen([sys.executable, "-P", "-c", _CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            pickle.dump((system, file, terms, share), child.stdin)
            child.stdin.close()
            yield _sent(child.stdout, file.name)
        finally:
            child.kill()


def _sent(pipe: IO[bytes], name: str) -> Iterator[Message]:
    """What comes down a pipe.

    Raises:
        SourceError: what the other process says of the file, or that it ended before the file did.
    """
    while True:
        try:
            message = pickle.load(pipe)
        except (EOFError, pickle.UnpicklingError) as error:
            raise SourceError.of(
                name, "the process that reads it ended", "it to read on", "Check the memory of the machine."
            ) from error
        if message is None:
            return
        if isinstance(message, str):
            raise SourceError(message)
        yield message


def _together(accounts: list[FileAccount]) -> FileAccount:
    """The account of a file by those of its readers."""
    repairs: Counter[str] = Counter()
    for account in accounts:
        repairs.update(account.repairs)
    lines, loaded, rejected = (
        sum(getattr(account, name) for account in accounts) for name in ("lines", "loaded", "rejected")
    )
    return replace(accounts[0], lines=lines, loaded=loaded, rejected=rejected, repairs=dict(repairs))
