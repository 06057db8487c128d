"""Which caveats travel with the rows of a table? Each stands once, under a letter, and is never left out for space."""

from __future__ import annotations

from collections.abc import Iterable

from primum.dossier.model import Mark
from primum.dossier.wording import period
from primum.evidence.finding import Finding


class Caveats:
    """Collects the caveats of a table while its rows are made.

    Args:
        leave_out: beginnings of caveats that hold for every row and stand elsewhere.

    Examples:
        >>> caveats = Caveats()
        >>> caveats.mark(["small"]), caveats.mark(["old", "small"])
        (Mark(letters=('a',)), Mark(letters=('a', 'b')))
        >>> caveats.lines()
        ('small', 'old')
    """

    def __init__(self, *, leave_out: tuple[str, ...] = ()) -> None:
        self._leave_out = leave_out
        self._order: dict[str, int] = {}

    def mark(self, texts: Iterable[str]) -> Mark:
        """The letters of some caveats, new ones taken in."""
        kept = [period(text.strip()) for text in texts if text.strip() and not text.startswith(self._leave_out)]
        for text in kept:
            self._order.setdefault(text, len(self._order))
        places = sorted({self._order[text] for text in kept})
        names = letters(len(self._order))
        return Mark(tuple(names[place] for place in places))

    def of(self, *findings: Finding) -> Mark:
        """The letters of the caveats of some findings."""
        return self.mark(warning for finding in findings for warning in finding.warnings)

    def lines(self) -> tuple[str, ...]:
        """The caveats in the order of their letters."""
        return tuple(self._order)


def letters(count: int) -> list[str]:
    """The first letters of an alphabetic list: a to z, then aa, ab and so on.

    Examples:
        >>> letters(28)[-3:]
        ['z', 'aa', 'ab']
    """
    return [_letter(place) for place in range(count)]


def _letter(place: int) -> str:
    first, last = divmod(place, 26)
    return (_letter(first - 1) if first else "") + chr(ord("a") + last)
