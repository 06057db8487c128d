"""Which caveats stand beside the rows of a table on the screen? Numbered at the rows, told once below the table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from primum.signals.caveats import parts_of
from primum.terms import SYNTHETIC


@dataclass(slots=True)
class Footnotes:
    """Caveats in the order in which rows bring them.

    Args:
        quiet: methods whose reasons are not told, since their numbers are not shown.

    Examples:
        >>> notes = Footnotes(["ebgm"])
        >>> notes.mark("unit artefact: two drugs; ebgm: too little data"), notes.mark(""), notes.lines()
        (' [1]', '', ['[1] unit artefact: two drugs'])
    """

    quiet: Iterable[str] = ()
    numbers: dict[str, int] = field(default_factory=dict)

    def mark(self, warnings: str) -> str:
        """The numbers of a row's caveats, as they stand behind its name; empty where it has none."""
        told = [part for part in parts_of(warnings) if not self._left_out(part)]
        found = [self.numbers.setdefault(part, len(self.numbers) + 1) for part in told]
        return f" [{', '.join(map(str, found))}]" if found else ""

    def lines(self) -> list[str]:
        """Every caveat that was marked, behind its number, wrapped to the screen."""
        from primum.cli.columns import paragraph

        return [line for text, number in self.numbers.items() for line in paragraph(f"[{number}] {text}")]

    def _left_out(self, part: str) -> bool:
        return part.startswith((SYNTHETIC, *(f"{method}: " for method in self.quiet)))
