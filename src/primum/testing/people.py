"""What does an invented report say of the person, the day and the sender? The rows of DEMO.

Missingness is that of the real files. Event dates of all quarters: 40.6 % to the day, 5.5 % to the month, 4.3 % to the
year, 49.7 % blank (public log of a load of all quarters, October 2026). The other shares are those of the hundred
real reports of 2004q1 and of 2017q2 that the R package faers publishes, so they are right to about five in a hundred.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from scipy.special import ndtri

from primum.terms import SYNTHETIC, Quarter
from primum.testing.draws import Draws, Keys, Mask
from primum.testing.duplicates import (
    ARTICLE,
    PADDED,
    POPULAR,
    RESENT,
    SERIES,
    TWINS,
    TWO_TELLERS,
    DuplicatePlan,
    Reports,
    blurred,
    changed,
)
from primum.testing.stories import (
    ARTICLES,
    SLOTS,
    case_number,
    first_day,
    is_direct,
    isr_number,
    place,
    quarter_index,
    received_day,
    story_of,
)
from primum.testing.text import Bytes, Column, digits, numbers_as_text

FIRST_FAERS: Final = Quarter(2012, 4)
FIRST_ARTICLES: Final = Quarter(2014, 3)
FIRST_COUNTRY: Final = Quarter(2005, 3)
LAST_COMPLETED: Final = Quarter(2011, 4)  # FDA completed partial dates itself until then
FIRST_HP: Final = Quarter(2025, 1)
DAY, MONTH, YEAR, BLANK = range(4)
PRECISION: Final = (0.406, 0.055, 0.043, 0.497)
COMPLETED: Final = 0.6  # of partial dates, before 2012: the sample of 2004q1 has mostly first days of months
MEAN_LAG: Final = 60.0  # days from the event to FDA; the mean of an exponential law, ours
LONGEST_LAG: Final = 3_000
MAKERS: Final = 30
# Shares from the samples: older system, FAERS.
NO_AGE: Final = (0.18, 0.40)
NO_WEIGHT: Final = (0.63, 0.80)
SEXES: Final = ((b"F", 0.54), (b"M", 0.39), (b"", 0.06), (b"UNK", 0.01))
OCCUPATIONS: Final = ((b"CN", 0.42), (b"MD", 0.26), (b"OT", 0.16), (b"PH", 0.11), (b"LW", 0.02), (b"", 0.03))
COUNTRIES: Final = (
    *((b"US", b"UNITED STATES", 0.68), (b"JP", b"JAPAN", 0.04), (b"GB", b"UNITED KINGDOM", 0.04)),
    *((b"CA", b"CANADA", 0.04), (b"FR", b"FRANCE", 0.04), (b"DE", b"GERMANY", 0.04), (b"IT", b"ITALY", 0.02)),
    *((b"BR", b"BRAZIL", 0.015), (b"ES", b"SPAIN", 0.015), (b"NL", b"NETHERLANDS", 0.01), (b"AU", b"AUSTRALIA", 0.01)),
    *((b"CN", b"CHINA", 0.01), (b"IN", b"INDIA", 0.008), (b"SE", b"SWEDEN", 0.006), (b"CH", b"SWITZERLAND", 0.006)),
    *((b"BE", b"BELGIUM", 0.005), (b"PT", b"PORTUGAL", 0.004), (b"PL", b"POLAND", 0.004), (b"NA", b"NAMIBIA", 0.001)),
)
NO_COUNTRY: Final = b"COUNTRY NOT SPECIFIED"


@dataclass(frozen=True, slots=True, eq=False)
class Teller:
    """What all tables of a quarter need to know.

    Args:
        draws: the random numbers.
        quarter: that is written.
        plan: duplicates and traps.
    """

    draws: Draws
    quarter: Quarter
    plan: DuplicatePlan

    @property
    def is_faers(self) -> bool:
        """Whether the quarter is of the newer system."""
        return self.quarter >= FIRST_FAERS

    @property
    def has_articles(self) -> bool:
        """Whether there are columns for references and active ingredients."""
        return self.quarter >= FIRST_ARTICLES

    def keys(self, reports: Reports) -> tuple[Bytes, Bytes]:
        """Key and case number of each report."""
        case = case_number(reports.own)
        if self.is_faers:
            return digits(case * 10 + reports.version, 10), digits(case, 9)
        return digits(isr_number(quarter_index(self.quarter), reports.slot), 9), digits(case, 9)


def demographics(teller: Teller, reports: Reports) -> dict[str, Column]:
    """The rows of DEMO, one a report."""
    draws, own = teller.draws, reports.own
    key, case = teller.keys(reports)
    sighting = story_of(quarter_index(teller.quarter), reports.slot)
    received, is_first = received_day(draws, sighting), reports.version == 1
    row: dict[str, Column] = {
        "primaryid": key,
        "caseid": case,
        "caseversion": _version(teller, reports),
        "i_f_code": np.where(is_first, b"I", b"F"),
        "event_dt": event_text(teller, reports),
        "init_fda_dt": days()[received_day(draws, own)],
        "fda_dt": days()[received],
        "rept_dt": days()[received - draws.below(sighting, "report date", 3)],
        "occp_cod": _occupation(teller, reports),
        "e_sub": np.where(draws.chance(own, "electronic", 0.98 if teller.is_faers else 0.29), b"Y", b"N"),
        "image": (key, b"-", numbers_as_text(10)[draws.below(own, "check digit", 10)]),
    }
    return row | _person(teller, reports) | _place_and_sender(teller, reports, received)


@cache
def days() -> Bytes:
    """Days from 1970-01-01 on as eight digits."""
    written = np.datetime64("1970-01-01") + np.arange(30_000)
    texts: Bytes = np.array([day.replace("-", "").encode() for day in written.astype(str).tolist()])
    return texts


def event_day(teller: Teller, reports: Reports) -> Keys:
    """Day of the event, from 1970-01-01: before the report came."""
    draws = teller.draws
    story = reports.source(PADDED, TWINS, POPULAR)
    lag = np.minimum(-MEAN_LAG * np.log1p(-draws.uniform(story, "lag")), LONGEST_LAG).astype(np.int64)
    # A day that a group of traps shares lies before the quarter, so that every report of the group came after it.
    shared = np.isin(reports.kind, (PADDED, TWINS, POPULAR))
    day = np.where(shared, first_day(story), received_day(draws, story)) - 3 - lag
    shift = draws.below(reports.own, "shift", 14) - 7
    shift += shift >= 0  # a week before or after, never none
    day = np.where(changed(draws, reports, "day", teller.plan), day + shift, day)
    return np.minimum(day, received_day(draws, reports.own))


def event_text(teller: Teller, reports: Reports) -> Bytes:
    """The event date as printed: to the day, the month or the year, or blank; before 2012 also completed by FDA."""
    draws = teller.draws
    text = days()[event_day(teller, reports)]
    told = blurred(draws, reports, "date", teller.plan, of=reports.told)
    precision = draws.pick(told, "precision", PRECISION)
    precision[np.isin(reports.kind, (TWINS, POPULAR))] = DAY
    padded = np.full(len(text), teller.quarter <= LAST_COMPLETED) & draws.chance(told, "completed", COMPLETED)
    precision[reports.kind == PADDED], padded[reports.kind == PADDED] = YEAR, True
    return _cut(text, precision, padded)


def _cut(text: Bytes, precision: Keys, padded: Mask) -> Bytes:
    out = text.copy()
    for which, kept, filling in ((MONTH, 6, b"01"), (YEAR, 4, b"0101"), (BLANK, 0, b"")):
        rows = np.flatnonzero(precision == which)
        short = text[rows].astype(f"S{kept}") if kept else np.zeros(len(rows), dtype="S1")
        out[rows] = np.where(padded[rows], np.char.add(short, filling), short)
    return out


def partial(draws: Draws, text: Bytes, keys: Keys, what: str, rows: Keys) -> Bytes:
    """Dates of therapies: some to the month, some to the year."""
    precision = draws.pick(keys, what, (0.8, 0.1, 0.1), rows)
    return _cut(text, precision, np.zeros(len(text), dtype=bool))


def _version(teller: Teller, reports: Reports) -> Bytes:
    if teller.is_faers:
        return numbers_as_text(10)[reports.version]
    return np.where(reports.version == 1, b"", numbers_as_text(10)[reports.version - 1])


def _occupation(teller: Teller, reports: Reports) -> Bytes:
    codes = np.array([code for code, _ in OCCUPATIONS])
    if teller.quarter >= FIRST_HP:
        codes[codes == b"OT"] = b"HP"
    picked = codes[teller.draws.pick(reports.own, "occupation", [share for _, share in OCCUPATIONS])]
    picked[reports.kind == TWO_TELLERS] = b"CN"
    return picked


def _person(teller: Teller, reports: Reports) -> dict[str, Column]:
    draws, plan, era = teller.draws, teller.plan, int(teller.is_faers)
    told = reports.told
    years = _ages()[draws.below(reports.source(TWINS), "age", len(_ages()))]
    years += draws.below(reports.own, "year of a twin", 2) * (reports.kind == TWINS)
    one_off = np.where(draws.chance(reports.own, "younger", 0.5), -1, 1)
    years = np.maximum(0, years + one_off * changed(draws, reports, "year of age", plan))
    no_age = draws.chance(blurred(draws, reports, "age", plan, of=told), "no age", NO_AGE[era])
    no_age &= reports.kind != TWINS
    in_decades = draws.chance(told, "decades", 0.01) & (years >= 10)
    is_baby = years == 0
    in_days = is_baby & draws.chance(told, "days", 0.3)
    number = np.where(in_decades, years // 10, years)
    number = np.where(is_baby, draws.below(told, "months", 12), number)
    number = np.where(in_days, draws.below(told, "days of age", 28), number)
    unit = np.where(in_decades, b"DEC", np.where(is_baby, np.where(in_days, b"DY", b"MON"), b"YR"))
    group = np.searchsorted([2, 12, 18, 65], years, side="right")
    has_group = draws.chance(reports.own, "age group", 0.21)
    sex = draws.pick(blurred(draws, reports, "sex", plan, of=reports.source(PADDED)), "sex", [s for _, s in SEXES])
    kilograms = _weights()[draws.below(told, "weight", len(_weights()))]
    no_weight = draws.chance(blurred(draws, reports, "weight", plan, of=told), "no weight", NO_WEIGHT[era])
    in_pounds = draws.chance(told, "pounds", 0.3)
    weight = np.where(in_pounds, np.rint(kilograms * 2.20462).astype(np.int64), kilograms)
    sexes = np.array([code for code, _ in SEXES])
    return {
        "age": np.where(no_age, b"", numbers_as_text(200)[number]),
        "age_cod": np.where(no_age, b"", unit),
        "age_grp": np.where(has_group, np.array([b"I", b"C", b"T", b"A", b"E"])[group], b""),
        "sex": sexes[sex],
        "wt": np.where(no_weight, b"", numbers_as_text(500)[weight]),
        "wt_cod": np.where(no_weight, b"", np.where(in_pounds, b"LBS", b"KG")),
    }


@cache
def _ages() -> Keys:
    return np.clip(np.rint(52 + 20 * ndtri((np.arange(4096) + 0.5) / 4096)), 0, 99).astype(np.int64)


@cache
def _weights() -> Keys:
    return np.clip(np.rint(74 + 18 * ndtri((np.arange(4096) + 0.5) / 4096)), 3, 200).astype(np.int64)


def _place_and_sender(teller: Teller, reports: Reports, received: Keys) -> dict[str, Column]:
    draws, own, kind = teller.draws, reports.own, reports.kind
    codes, names = (np.array([country[part] for country in COUNTRIES]) for part in (0, 1))
    shares = [share for _, _, share in COUNTRIES]
    home = blurred(draws, reports, "country", teller.plan, of=reports.source(PADDED, SERIES, TWINS))
    country = draws.pick(home, "country", shares)
    resent = kind == RESENT
    sender = np.where(resent, reports.told, np.where(np.isin(kind, (SERIES, TWINS)), reports.theme, own))
    of_article = np.isin(place(own % SLOTS), ARTICLES) | (kind == ARTICLE)
    direct = is_direct(draws, sender)
    direct &= ~(of_article | resent | np.isin(kind, (SERIES, TWINS)))
    maker = np.char.add(b" M", numbers_as_text(MAKERS + 1)[1 + draws.below(sender, "maker", MAKERS)])
    number = digits(case_number(np.where(resent, reports.told, own)), 9)
    origin = codes[draws.pick(np.where(resent, reports.told, home), "country", shares)]
    by_maker = np.char.add(np.char.add(origin, f"-{SYNTHETIC}".encode()), np.char.add(maker, b"-"))
    expedited = np.where(draws.chance(own, "expedited", 0.53), b"EXP", b"PER")
    row: dict[str, Column] = {
        "mfr_num": (np.where(direct, b"", by_maker), np.where(direct, b"", number)),
        "mfr_sndr": (SYNTHETIC.encode(), np.where(direct, b" DIRECT", maker)),
        "mfr_dt": np.where(direct, b"", days()[received - 4 - draws.below(own, "maker's date", 12)]),
        "rept_cod": np.where(direct, b"DIR", expedited),
        "to_mfr": np.where(direct, b"N", b""),
    }
    if teller.is_faers:
        unknown = draws.chance(own, "no country", 0.05)
        row["reporter_country"] = np.where(unknown, NO_COUNTRY, codes[country])
        row["occr_country"] = np.where(draws.chance(own, "no place", 0.02), b"", codes[country])
    elif teller.quarter >= FIRST_COUNTRY:
        row["reporter_country"] = names[country]
    if teller.has_articles:
        row["lit_ref"] = _references(teller, reports)
    return row


def _references(teller: Teller, reports: Reports) -> Bytes:
    """References to articles; another maker's is the same article in another spelling."""
    draws = teller.draws
    article = np.where(reports.kind == ARTICLE, reports.told, reports.own)
    rows = np.flatnonzero(np.isin(place(article % SLOTS), ARTICLES))
    keys = article[rows]
    numbers = [draws.below(keys, f"reference {n}", most) for n, most in enumerate((900, 900, 90, 60, 12, 900))]
    year = 2004 + keys // SLOTS // 4
    spelling = np.where(reports.kind[rows] == ARTICLE, draws.below(reports.own[rows], "spelling", 3), 0)
    told = zip(
        spelling.tolist(), case_number(keys).tolist(), year.tolist(), *(n.tolist() for n in numbers), strict=True
    )
    found = np.zeros(len(article), dtype="S150")
    found[rows] = [_reference(how, case, when, parts).encode() for how, case, when, *parts in told]
    return found


def _reference(spelling: int, title: int, year: int, numbers: list[int]) -> str:
    one, two, journal, volume, issue, page = numbers
    if spelling == 0:
        return (
            f"SYNTHETIC AUTHOR{one} A, SYNTHETIC AUTHOR{two} B. SYNTHETIC CASE REPORT {title} AND ITS OUTCOME. "
            f"SYNTHETIC JOURNAL {journal}. {year};{volume}({issue}):{page}-{page + 5}"
        )
    if spelling == 1:
        return (
            f"Synthetic Author{one} A, et al.. Synthetic case report {title} and its outcome. "
            f"Synthetic J {journal}. {year};{volume}:{page}-{(page + 5) % 10}."
        )
    return (
        f"SYNTHETIC AUTHOR{one} A., SYNTHETIC AUTHOR{two} B.. SYNTHETIC CASE REPORT {title} AND ITS OUTCOME. "
        f"SYNTHETIC JOURNAL {journal}. {year} {volume} ({issue}):{page}?{page + 5}"
    )
