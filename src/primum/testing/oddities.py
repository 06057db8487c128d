"""Which oddities of the real files can stand in a valid archive? Those of docs/reference/oddities.md, by a share.

Oddities that belong to a quarter are always there: capitals and the dollar sign at the end of rows (Q01, Q02), the
headers of 2012q4 (Q08 to Q11), line ends (Q16), the name of a file in 2018q1 (Q17), the lists of deleted cases (Q18,
Q19), folders and names (Q34). Those of values and lines are planted here, each in the quarters in which it was met.
None costs a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from primum.terms import Quarter
from primum.testing.draws import Draws, Keys, Mask
from primum.testing.text import Bytes, Column

ALWAYS: Final = (Quarter(2004, 1), Quarter(2999, 4))
LAERS: Final = (Quarter(2004, 1), Quarter(2012, 3))


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddity:
    """Values that one column of one table holds on odd rows.

    Args:
        names: numbers of the oddity in docs/reference/oddities.md.
        table: of the file.
        column: of the table.
        values: one of which takes the place of the value; with `{}` it stands around it.
        first: quarter that has it.
        last: quarter that has it.
    """

    names: str
    table: str
    column: str
    values: Sequence[bytes]
    first: Quarter = ALWAYS[0]
    last: Quarter = ALWAYS[1]


ODDITIES: Final = (
    Oddity(names="Q20", table="DEMO", column="caseid", values=[b""], last=LAERS[1]),
    Oddity(names="Q21", table="DEMO", column="caseversion", values=[b"#1", b"C-", b"1A", b"#!"], last=LAERS[1]),
    Oddity(names="Q26", table="DEMO", column="event_dt", values=[b"00010101", b"19000101", b"91990201"]),
    Oddity(
        names="Q28", table="DEMO", column="age", values=[b"U", b"FEW", b"163/6", b"N/A", b"-08", b"SYNTHETIC, INC."]
    ),
    Oddity(
        names="Q35",
        table="DEMO",
        column="sex",
        values=[b"P", b"I", b"T"],
        first=Quarter(2019, 1),
        last=Quarter(2019, 4),
    ),
    Oddity(names="Q06", table="DRUG", column="drugname", values=[b"{}\x7f"]),
    Oddity(names="Q12", table="DRUG", column="drugname", values=[b'"{}" (NOS)']),
    Oddity(
        names="Q29",
        table="DRUG",
        column="dose_amt",
        values=[b"18-54", b"150/0.5", b"554 MILLION"],
        first=Quarter(2012, 4),
    ),
    Oddity(names="Q31", table="DRUG", column="drugname", values=[b"{}  ", b"{}?", b"{}^S", b"{} ."]),
    Oddity(names="Q33", table="DRUG", column="prod_ai", values=[b"{} OR {}", b"{}\\{}"], first=Quarter(2014, 3)),
    Oddity(names="Q36", table="DRUG", column="role_cod", values=[b"DN"], first=Quarter(2024, 4)),
    Oddity(names="Q30", table="THER", column="dur", values=[b"5-9", b"1X"]),
    Oddity(names="Q32", table="REAC", column="pt", values=[b" {} "], first=Quarter(2012, 4)),
)
GLUED: Final = "DRUG"  # Q03 to Q05: two rows of this table on one line


def with_oddities(
    columns: dict[str, Column], *, table: str, quarter: Quarter, draws: Draws, keys: Keys, parts: Keys, share: float
) -> dict[str, Column]:
    """Columns with odd values on a share of rows; one oddity a row.

    Args:
        columns: of a block of rows.
        table: of the file.
        quarter: decides which oddities there are.
        draws: the random numbers.
        keys: story of each row; shape `(rows,)`.
        parts: number of each row in its story.
        share: of rows that are odd.
    """
    here = [
        one for one in ODDITIES if one.table == table and one.first <= quarter <= one.last and one.column in columns
    ]
    if not here or not len(keys):
        return columns
    lot = draws.uniform(keys, f"odd {table}", parts) / share
    which = np.where(lot < 1, lot * len(here), -1).astype(np.int64)
    spelling = draws.below(keys, f"oddity of {table}", 2**20, parts)
    found = dict(columns)
    for number, oddity in enumerate(here):
        rows = np.flatnonzero(which == number)
        if len(rows):
            found[oddity.column] = _replaced(found[oddity.column], oddity, rows, spelling[rows], len(keys))
    return found


def _replaced(column: Column, oddity: Oddity, rows: Keys, spelling: Keys, many: int) -> Column:
    """The column in one piece, with other values on some rows."""
    whole = np.zeros(many, dtype="S1")
    for part in column if isinstance(column, tuple) else (column,):
        whole = np.char.add(whole, part)
    values = [oddity.values[place % len(oddity.values)] for place in spelling.tolist()]
    new = [value.replace(b"{}", old) for value, old in zip(values, whole[rows].tolist(), strict=True)]
    odd: Bytes = whole.astype(f"S{max(whole.dtype.itemsize, *map(len, new))}")
    odd[rows] = new
    return odd


def glued(draws: Draws, keys: Keys, parts: Keys, share: float) -> Mask:
    """Which rows lack their line end: the first of two rows of a report, so that never three stand on a line."""
    followed = np.append(parts[1:] > parts[:-1], False)
    found: Mask = draws.chance(keys, "glued", share / 2, parts) & (parts % 2 == 0) & followed
    return found
