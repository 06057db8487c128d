"""What does a text of a coded column stand for, in the systems that print words instead of codes?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from primum.sources.values import UNKNOWN_CODE, Reading, read_csv


def read_code(system: str, column: str, text: str | None) -> Reading:
    """What a text stands for in the store; nothing where it says that nothing is known.

    Args:
        system: whose `SYSTEM_codes.csv`.
        column: as that table calls it.
        text: as printed.

    Examples:
        >>> read_code("caers", "SEX", "Female").values, read_code("canada", "DRUGINVOLV_ENG", "Suspect").values
        (('F',), ('PS',))
        >>> read_code("caers", "CASE_OUTCOME", "Vanished").fault
        'unknown code'
    """
    plain = " ".join((text or "").upper().split())
    if not plain:
        return Reading((None,))
    known = _codes(system, column)
    return Reading((known[plain] or None,)) if plain in known else Reading((None,), UNKNOWN_CODE)


@cache
def _codes(system: str, column: str) -> Mapping[str, str]:
    return {row["text"]: row["value"] for row in read_csv(f"{system}_codes.csv") if row["column"] == column}
