"""How many units of its product was given, as far as a drug row tells?

Units of different products are not interchangeable: a number from here speaks of the row's own product, and is never
pooled with another's or converted. A strength in the drug's name (a vial of 100 units) is no dose.

Source:
    The labels of the toxins say that their units are not interchangeable; the form of the fields follows FDA's ASCII
    files, in which older reports hold a dose as text alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import ibis

UNITS: Final = ("U", "UNIT", "UNITS", "IU")
# Digits with or without commas between thousands; a decimal comma (`0,5 U`) is not read as something else.
_UNITS_TEXT: Final = r"(?:^|[^\d.,])(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)\s*(?:U|UNITS?|IU)\b"


def dose_units(drugs: ibis.Table) -> ibis.expr.types.FloatingColumn:
    """Units of the row's own product: the typed amount where its unit is one, else the first in the text.

    Args:
        drugs: rows with `dose_amount`, `dose_unit` and `dose_text`.

    Returns:
        A number above 0; NULL where the row tells no units.
    """
    import ibis

    text = drugs.dose_text.fill_null("").upper()
    typed = drugs.dose_unit.fill_null("").upper().isin(UNITS).ifelse(drugs.dose_amount, ibis.null("float64"))
    told: Any = text.re_extract(_UNITS_TEXT, 1).replace(",", "").nullif("").try_cast("float64")
    units = ibis.coalesce(typed, told)
    return (units > 0).ifelse(units, ibis.null("float64"))
