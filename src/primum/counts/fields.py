"""Which conditions can a cohort be made of, and which values has each?

A field knows how to read a value into its one canonical spelling, so that two texts which mean the same are one value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

from primum.cases.link import METHODS
from primum.cases.linked import OFF
from primum.errors import UnknownNameError, nearest
from primum.sources.systems import SYSTEMS
from primum.terms import USES, Period, Quarter
from primum.vocab.reactions import BINS, normal

SOURCES: Final = tuple(SYSTEMS)
ROLES: Final = ("PS", "SS", "I", "C", "DN")
OUTCOMES: Final = {
    "death": "DE",
    "life-threatening": "LT",
    "hospitalisation": "HO",
    "disability": "DS",
    "congenital-anomaly": "CA",
    "intervention": "RI",
    "other": "OT",
}
REPORTERS: Final = {
    "physician": "MD",
    "pharmacist": "PH",
    "nurse": "RN",
    "professional": "HP",
    "other-professional": "OT",
    "lawyer": "LW",
    "consumer": "CN",
}
UNKNOWN: Final = "unknown"
UseRuleSet = Literal["all", "strict"]
USE_RULES: Final[tuple[UseRuleSet, ...]] = ("all", "strict")
DUPLICATES: Final = (OFF, *METHODS)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the cohort language.

    Args:
        name: as it is written before the colon.
        meaning: one line for the reader.
        read: value as given -> its canonical spelling; raises ValueError(what was expected, a hint or nothing).
        expected: what its values look like.
        of_exposure: it speaks of the drug that is asked about, not of the people.
    """

    name: str
    meaning: str
    read: Callable[[str], str]
    expected: str
    of_exposure: bool = False


def _one_of(value: str, *, known: Mapping[str, str]) -> str:
    """A word of a closed list, or a code that it stands for."""
    found = {**{code.casefold(): code for code in known.values()}, **{w.casefold(): c for w, c in known.items()}}
    if value.casefold() not in found:
        raise ValueError(f"one of {', '.join(known)}", nearest(value, known))
    return found[value.casefold()]


def _words(*known: str) -> Callable[[str], str]:
    return partial(_one_of, known={word: word for word in known})


def _listed(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}"


def _any_text(value: str) -> str:
    """Free text: blanks single; what it is compared with is compared in capitals, so it is kept in them."""
    return " ".join(value.upper().split())


_RANGE: Final = re.compile(r"(?P<low>\d+(?:\.\d+)?)?\s*(?P<dash>-)?\s*(?P<high>\d+(?:\.\d+)?)?")


def age_range(value: str) -> tuple[float | None, float | None]:
    """Ends of an age range in completed years, both included; one number is that year of life.

    Raises:
        ValueError: not a range, or its ends are the wrong way round.

    Examples:
        >>> age_range("18-64"), age_range("65-"), age_range("-17"), age_range("40")
        ((18.0, 64.0), (65.0, None), (None, 17.0), (40.0, 40.0))
    """
    match = _RANGE.fullmatch(value.strip())
    if match is None or (match["low"] is None and match["high"] is None):
        raise ValueError("years such as 18-64, 65- or -17")
    low = float(match["low"]) if match["low"] else None
    high = float(match["high"]) if match["high"] else (None if match["dash"] else low)
    if low is not None and high is not None and low > high:
        raise ValueError("the younger age first, such as 18-64")
    return low, high


def dose_range(value: str) -> tuple[float | None, float | None]:
    """Ends of a range of doses, both included; one number is that dose.

    Raises:
        ValueError: not a range, or its ends are the wrong way round.

    Examples:
        >>> dose_range("50-125"), dose_range("-20"), dose_range("200-")
        ((50.0, 125.0), (None, 20.0), (200.0, None))
    """
    try:
        return age_range(value)
    except ValueError as error:
        raise ValueError("units such as 50-125, 200- or -20, the smaller first") from error


def _dose(value: str) -> str:
    return _range_text(*dose_range(value))


def _age(value: str) -> str:
    if value.casefold() == UNKNOWN:
        return UNKNOWN
    return _range_text(*age_range(value))


def _range_text(low: float | None, high: float | None) -> str:
    if low == high:
        return f"{low:g}"
    return f"{'' if low is None else format(low, 'g')}-{'' if high is None else format(high, 'g')}"


def _period(value: str) -> str:
    text = value.strip().casefold()
    try:
        Period.parse(text)
    except ValueError as error:
        raise ValueError("a year, quarter, month or day, or two of them, such as 2014q1..2019q3") from error
    return text


def _quarters(value: str) -> str:
    first, dots, last = value.strip().partition("..")
    try:
        ends = (Quarter.parse(first), Quarter.parse(last if dots else first))
    except ValueError as error:
        raise ValueError("a quarter or two of them, such as 2014q1..2019q3") from error
    if ends[1] < ends[0]:
        raise ValueError("the earlier quarter first, such as 2014q1..2019q3")
    return f"{ends[0]}..{ends[1]}" if dots else str(ends[0])


def _query(value: str) -> str:
    """A standardised query without the mark that MedDRA puts behind its name."""
    return re.sub(r"(?:\s*\(SMQ\))+$", "", _any_text(value))


def _country(value: str) -> str:
    """A country by its ISO code or an English name: every system's reports hold the code."""
    from primum.sources.values import countries

    known = {**countries(), "UK": "GB"}  # as it is written every day; no file of reports holds it
    if (code := known.get(_any_text(value))) is None:
        raise ValueError("a country by its ISO code or English name, such as US", nearest(value, known))
    return code


def _treatment(value: str) -> str:
    return value.strip().casefold().replace("_", "-")


_FIELDS: Final = (
    Field("drug", "a drug by any of its names", _any_text, "a drug name", of_exposure=True),
    Field("product", "a product", _any_text, "a product name", of_exposure=True),
    Field("substance", "a substance", _any_text, "a substance name", of_exposure=True),
    Field("treatment", "a treatment that Primum knows", _treatment, "the id of a treatment", of_exposure=True),
    Field(
        "role",
        "role of the drug; PS, SS and I where none is asked for",
        _words(*ROLES),
        _listed(ROLES),
        of_exposure=True,
    ),
    Field("use", "what the treatment was used for", _words(*USES), _listed(USES), of_exposure=True),
    Field("use_strict", "as use, by strong rules alone", _words(*USES), _listed(USES), of_exposure=True),
    Field("indication", "a term of an indication", normal, "a preferred term"),
    Field("reaction", "a reaction term", normal, "a preferred term"),
    Field("soc", "primary class of a reaction; needs primum terms use", _any_text, "a class of MedDRA"),
    Field("hlgt", "high level group of a reaction; needs primum terms use", _any_text, "a high level group term"),
    Field("hlt", "high level term of a reaction; needs primum terms use", _any_text, "a high level term"),
    Field("smq", "narrow terms of a standardised query; needs primum terms use", _query, "a query of MedDRA"),
    Field("smq_broad", "narrow and broad terms of a query; needs primum terms use", _query, "a query of MedDRA"),
    Field("bin", "a bin of reaction terms", _words(*BINS), _listed(BINS)),
    Field(
        "dose",
        "dose in the units of the one product beside it; units of two products are not the same",
        _dose,
        "units such as 50-125, 200- or -20",
        of_exposure=True,
    ),
    Field("sex", "sex of the person", _words("F", "M", UNKNOWN), "F, M or unknown"),
    Field("age", "completed years", _age, "years such as 18-64, 65-, -17 or unknown"),
    Field("country", "where it happened, else where it was reported", _country, "a country such as US"),
    Field("reporter", "who reported", partial(_one_of, known=REPORTERS), _listed(REPORTERS)),
    Field("serious", "whether a serious outcome is named", _words("yes", "no"), "yes or no"),
    Field("outcome", "a serious outcome", partial(_one_of, known=OUTCOMES), _listed(OUTCOMES)),
    Field("received", "day FDA received this version", _period, "a period such as 2014q1..2019q3"),
    Field("event_date", "day of the event, as far as known", _period, "a period such as 2014..2019"),
    Field("source", "reporting system", _words(*SOURCES), _listed(SOURCES)),
    Field("quarter", "quarter of publication", _quarters, "quarters such as 2014q1..2019q3"),
    Field(
        "duplicates",
        "one report of each event that primum link found under several case numbers, or every report",
        _words(*DUPLICATES),
        _listed(DUPLICATES),
    ),
)
FIELDS: Final[Mapping[str, Field]] = {field.name: field for field in _FIELDS}


def use_rules_named(name: str) -> UseRuleSet:
    """A set of use rules by its name.

    Raises:
        UnknownNameError: there is no such set.
    """
    for known in USE_RULES:
        if known == name:
            return known
    raise UnknownNameError.of("set of use rules", name, USE_RULES)
