"""How does a block become UTF-8 whose lines may each be in UTF-8 or in another encoding?

A line that can be read as UTF-8 is; any other is in the other encoding of its system. Nearly every line that is not
UTF-8 shows so at its first byte above 0x7F, so whole runs of lines are decoded at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from primum.sources.plain_lines import BlockLines

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Encoding:
    """The encodings of a system's files.

    Args:
        other: of a line that is not UTF-8.
        utf8_is_usual: whether UTF-8 is what is expected of a line that is not ASCII; the other of the two is a repair.
        repair: name of that repair.
    """

    other: str = "latin-1"
    utf8_is_usual: bool = True
    repair: str = "read_as_latin1"

    def decode(self, line: bytes) -> tuple[str, bool]:
        """A line as text, and whether that took the repair.

        Examples:
            >>> Encoding().decode("é".encode("latin-1")), Encoding().decode("é".encode())
            (('é', True), ('é', False))
        """
        try:
            return line.decode(), not self.utf8_is_usual and not line.isascii()
        except UnicodeDecodeError:
            pass
        try:  # text in another encoding is no UTF-8, but some UTF-8 is text in another encoding
            return line.decode(self.other), self.utf8_is_usual
        except UnicodeDecodeError:
            return line.decode(self.other, errors="replace"), True


@dataclass(slots=True)
class InUtf8:
    """The lines of a block on their way into UTF-8.

    Args:
        lines: of the block.
        encoding: of its system.
        mended: which lines took the repair; complete once `text` was asked for them.
    """

    lines: BlockLines
    encoding: Encoding
    mended: Mask = field(init=False)
    _other: Mask = field(init=False)  # which lines are not UTF-8
    _ascii: Mask = field(init=False)

    def __post_init__(self) -> None:
        nothing = np.zeros(len(self.lines), dtype=bool)
        self._other, self._ascii = nothing, ~nothing
        if not self.lines.block.isascii():
            self._tell_apart()
        usual = self._other if self.encoding.utf8_is_usual else ~self._other
        self.mended = usual & ~self._ascii

    def text(self, first: int, behind: int) -> bytes:
        """The lines from `first` up to `behind`, each with an LF."""
        lines = self.lines
        piece = lines.block[lines.starts[first] : lines.stops[behind - 1]] + b"\n"
        run = slice(first, behind)
        if not self._other[run].any():
            return piece
        if (self._other[run] | self._ascii[run]).all():
            try:
                return piece.decode(self.encoding.other).encode()
            except UnicodeDecodeError:
                pass
        return b"".join(self._alone(line) for line in range(first, behind))

    def _alone(self, line: int) -> bytes:
        text, self.mended[line] = self.encoding.decode(self.lines.raw(line))
        return text.encode() + b"\n"

    def _tell_apart(self) -> None:
        lines, array = self.lines, np.frombuffer(self.lines.block, dtype=np.uint8)
        above = np.flatnonzero(array >= 0x80)
        at = np.searchsorted(above, lines.starts)
        first = above[np.minimum(at, len(above) - 1)]
        self._ascii = (at == len(above)) | (first >= lines.stops)
        try:
            lines.block.decode()
        except UnicodeDecodeError:
            lead, behind = array[first], array[np.minimum(first + 1, len(array) - 1)]
            may_be = (lead >= 0xC2) & (lead <= 0xF4) & (behind >= 0x80) & (behind <= 0xBF)
            self._other = ~self._ascii & ~may_be
            for line in np.flatnonzero(may_be & ~self._ascii).tolist():
                self._other[line] = not _is_utf8(lines.raw(line))


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
