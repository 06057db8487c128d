"""Which names does somebody mean who has typed some letters? Drugs, reactions and indications of the loaded reports."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from primum.errors import UnknownNameError

if TYPE_CHECKING:
    from primum.study.reports import Reports
    from primum.web.desk import Desk

MOST: Final = 12
_Names = list[tuple[str, int]]


def suggestions(desk: Desk, field: str, text: str) -> dict[str, Any]:
    """Names that hold the text, those that begin with it first, the frequent ones before the rare.

    Raises:
        UnknownNameError: names of that field are not looked up.
    """
    if field not in _FOUND_BY:
        raise UnknownNameError.of("field with suggestions", field, _FOUND_BY)
    text = " ".join(text.split())[:100]
    with desk.reports() as reports:
        found = _FOUND_BY[field](reports, text) if text else []
    names = [{"name": name, "reports": count} for name, count in found]
    return {"ok": True, "field": field, "text": text, "names": names}


def _what(reports: Reports, text: str) -> _Names:
    from primum.counts.facets import matching
    from primum.treatments.load import known_treatments

    treatments = [(name, 0) for name in known_treatments() if text.casefold() in name]
    arrays = reports.arrays
    if arrays is None:
        return treatments
    drugs = arrays.drugs("substance")
    return (treatments + matching(drugs.names, drugs.reports.sizes, text, most=MOST))[:MOST]


def _reaction(reports: Reports, text: str) -> _Names:
    from primum.counts.facets import matching

    if reports.arrays is None:
        return []
    events = reports.arrays.events()
    return matching(events.names, events.reports.sizes, text, most=MOST)


def _indication(reports: Reports, text: str) -> _Names:
    import numpy as np

    from primum.counts.facets import matching

    if reports.arrays is None:
        return []
    part = reports.arrays.part("indications")
    return matching(np.array(part.names["text"], dtype=object), np.diff(part.arrays["start"]), text, most=MOST)


_FOUND_BY: Final[dict[str, Callable[[Reports, str], _Names]]] = {
    "what": _what,
    "reaction": _reaction,
    "indication": _indication,
}
