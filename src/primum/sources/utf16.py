"""How is a file in UTF-16, which a spreadsheet calls Unicode text, read as one in UTF-8?

Such a file begins with a mark. It is recoded block by block while it is read; a file without the mark costs nothing.
"""

from __future__ import annotations

import codecs
import io
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Final

from primum.sources.lines import ByteStream

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK: Final = 1024**2  # bytes read at once
_MARKS: Final = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def from_utf16(stream: ByteStream, first: bytes) -> IO[bytes] | None:
    r"""A stream in UTF-8, from its beginning and without its mark; None where it does not begin with one of UTF-16.

    Args:
        stream: behind its first bytes.
        first: those bytes.

    Examples:
        >>> text = "é,2\n".encode("utf-16")
        >>> from_utf16(io.BytesIO(text[3:]), text[:3]).readline()
        b'\xc3\xa9,2\n'
        >>> from_utf16(io.BytesIO(), b"1,2\n") is None
        True
    """
    for mark, name in _MARKS.items():
        if first.startswith(mark):
            decoder = codecs.getincrementaldecoder(name)(errors="replace")
            return io.BufferedReader(_Recoded(stream, decoder, first[len(mark) :]))
    return None


@dataclass(eq=False)
class _Recoded(io.RawIOBase):
    """A stream of another encoding as UTF-8."""

    stream: ByteStream
    decoder: codecs.IncrementalDecoder
    first: bytes
    _waiting: memoryview = field(default=memoryview(b""))

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """As the stream's own, in UTF-8."""
        ended = False
        while not self._waiting and not ended:
            block = self.first or self.stream.read(BLOCK)
            self.first, ended = b"", not block
            self._waiting = memoryview(self.decoder.decode(block, final=ended).encode("utf-8", errors="replace"))
        room = memoryview(buffer).cast("B")
        size = min(len(room), len(self._waiting))
        room[:size] = self._waiting[:size]
        self._waiting = self._waiting[size:]
        return size
