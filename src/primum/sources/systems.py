"""Which reporting systems does Primum read, and which numbers do the parts of each get?

A part is what is loaded and replaced as a whole: a quarter, a year, a folder or a file. Its number is the head of the
keys of its reports, so no two systems may share one: `systems.csv` gives each system a range of its own.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from primum.errors import SourceError
from primum.sources.values import read_csv


@dataclass(frozen=True, slots=True)
class System:
    """A reporting system.

    Args:
        name: as `source` names it on every row and in the cohort language.
        title: what it is, for a reader.
        first_part: the first of its part numbers.
        parts: how many it has.
        report_table: `table_name` of its files that have a row for each report.
        teaches: whether its active ingredients are those of drugs, so that they tell what a drug's name means; a code
            of a device and a type of a vaccine do not.
    """

    name: str
    title: str
    first_part: int
    parts: int
    report_table: str
    teaches: bool

    def part(self, number: int) -> int:
        """The part number of something that has a number of its own, such as a year.

        Raises:
            SourceError: it lies outside the range.
        """
        if not 0 <= number < self.parts:
            raise SourceError.of(self.name, f"part {number}", f"0 to {self.parts - 1}", "Check the file's name.")
        return self.first_part + number

    def part_named(self, name: str) -> int:
        """The part number of something that has a name alone; two names may get the same one, which a load refuses.

        Examples:
            >>> part = SYSTEMS["table"].part_named("pairs.csv")
            >>> 100_000 <= part < 1_000_000
            True
        """
        return self.first_part + zlib.crc32(name.encode()) % self.parts


SYSTEMS: Final[Mapping[str, System]] = {
    row["system"]: System(
        row["system"],
        row["title"],
        int(row["first_part"]),
        int(row["parts"]),
        row["report_table"],
        row["teaches"] == "yes",
    )
    for row in read_csv("systems.csv")
}
