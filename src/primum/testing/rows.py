"""What does an invented report say of drugs, events, uses and outcomes? The rows of the six tables besides DEMO.

Rows per report follow the published totals of 2004q1-2026q2: 4.05 drugs, 3.32 reactions, 2.55 indications, 1.44
therapies, 0.77 outcomes and 0.11 sources a report. Only these means are published; drugs and reactions are one and a
Poisson count more, indications and therapies belong to a drug each. Invented names are about as long as real ones, so
that a quarter has the bytes of a published one: 338 MB for some 407,000 reports of 2026q2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from primum.testing.draws import Keys, Mask
from primum.testing.duplicates import ARTICLE, PADDED, POPULAR, SERIES, TWINS, Reports, blurred, changed
from primum.testing.law import EVENT_TERMS, SECOND_BEND, drug_law, event_law
from primum.testing.people import Teller, days, event_day, partial
from primum.testing.planted import PlantedSignal
from primum.testing.stories import FIRST_ISR, isr_number, quarter_index, received_day
from primum.testing.text import Bytes, Column, digits, numbers_as_text

MEAN_ROWS: Final = {"DRUG": 4.05, "REAC": 3.32, "INDI": 2.55, "THER": 1.44, "OUTC": 0.77, "RPSR": 0.11}
MORE: Final = 100  # number of the row that a duplicate has more than its original
PRODUCTS: Final = SECOND_BEND // 2  # the first names are two spellings of each product
PRODUCTS_OF_A_SUBSTANCE: Final = 4
INDICATIONS: Final = 500
LAERS_ROWS: Final = 40  # of a report, at most, for the numbers of drugs in the older system
NO_SUBSTANCE: Final = (0.02, 0.3)  # share without `prod_ai`, of frequent and of rare names; ours
SPELLINGS: Final = (b".", b" TABLETS", b" 20 MG", b"  CAPSULE")
RARE_SPELLINGS: Final = (b"MG TABLET", b"MG, CAPSULE", b" UNITS INJ", b"MG/ML (NOS)")
OUTCOMES: Final = (
    *(((), 0.39), ((b"OT",), 0.26), ((b"HO",), 0.13), ((b"HO", b"OT"), 0.11), ((b"DE",), 0.05), ((b"DS",), 0.015)),
    *(((b"DE", b"HO", b"OT"), 0.015), ((b"LT", b"OT"), 0.02), ((b"CA",), 0.005), ((b"RI",), 0.005)),
)
SOURCES: Final = (((), 0.9), ((b"HP",), 0.05), ((b"CSM",), 0.04), ((b"FGN", b"HP"), 0.01))
ROLES: Final = ((b"SS", 0.28), (b"C", 0.7), (b"I", 0.02))
ROUTES: Final = (
    *((b"", 0.3), (b"Oral", 0.35), (b"Unknown", 0.15), (b"Intravenous (not otherwise specified)", 0.06)),
    *((b"Subcutaneous", 0.08), (b"Intramuscular", 0.04), (b"Topical", 0.02)),
)
DOSES: Final = (
    *((b"", b"", b"", b"", 0.44), (b"UNK", b"", b"", b"", 0.1), (b"20 MG, QD", b"20", b"MG", b"QD", 0.14)),
    *((b"40 MG, BID", b"40", b"MG", b"BID", 0.08), (b"1 DF, DAILY", b"1", b"DF", b"", 0.06)),
    *((b"100 MICROGRAM, Q12H", b"100", b"UG", b"Q12H", 0.06), (b"200 UNITS", b"200", b"IU", b"", 0.04)),
    *((b"5 MG, 2X/DAY", b"5", b"MG", b"BID", 0.05), (b"1 U, QD, ORAL", b"", b"", b"", 0.03)),
)
FORMS: Final = (
    (b"", 0.57),
    (b"TABLET", 0.2),
    (b"Capsule, hard", 0.08),
    (b"SOLUTION FOR INJECTION", 0.1),
    (b"UNKNOWN", 0.05),
)
CHALLENGES: Final = ((b"", 0.55), (b"U", 0.25), (b"D", 0.1), (b"Y", 0.08), (b"N", 0.02))


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows of a table, and where each takes its content from.

    Args:
        owner: place of its report in the batch; shape `(rows,)`.
        number: within the report, from 0.
        story: that the content is drawn from.
        part: number of the row in that story.
    """

    owner: Keys
    number: Keys
    story: Keys
    part: Keys

    def take(self, rows: Mask) -> Rows:
        """Some of the rows."""
        return Rows(self.owner[rows], self.number[rows], self.story[rows], self.part[rows])


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """What names there are.

    Args:
        signals: planted.
        drugs: names of drugs besides.
        events: terms besides.
    """

    signals: Sequence[PlantedSignal]
    drugs: int
    events: int = EVENT_TERMS


def drug_rows(teller: Teller, reports: Reports) -> Rows:
    """One row a drug; the first is the primary suspect."""
    return _pieces(teller, reports, "drug", MEAN_ROWS["DRUG"])


def event_rows(teller: Teller, reports: Reports) -> Rows:
    """One row a reaction."""
    return _pieces(teller, reports, "event", MEAN_ROWS["REAC"])


def _pieces(teller: Teller, reports: Reports, piece: str, mean: float) -> Rows:
    draws, told, own = teller.draws, reports.told, reports.own
    count = 1 + draws.poisson(told, f"{piece}s", mean - 1)
    less = changed(draws, reports, f"{piece} less", teller.plan) & (count > 1)
    more = changed(draws, reports, f"{piece} more", teller.plan)
    dropped = np.where(less, draws.below(own, f"{piece} that is missing", count - 1) + 1, count)
    count = count - less + more
    owner = np.repeat(np.arange(len(own)), count)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    part = number + (number >= dropped[owner]) * less[owner]
    shared = reports.source(PADDED, SERIES, TWINS, POPULAR)
    story = np.where(number == 0, shared[owner], told[owner])
    extra = more[owner] & (number == (count - 1)[owner])
    return Rows(owner, number, np.where(extra, own[owner], story), np.where(extra, MORE, part))


def drug_columns(teller: Teller, reports: Reports, rows: Rows, names: Names) -> dict[str, Column]:
    """The columns of DRUG."""
    draws, story, part = teller.draws, rows.story, rows.part
    rank = drug_law(names.drugs).ranks(draws, story, "drug", part)
    is_first = rows.number == 0
    popular = is_first & (reports.kind == POPULAR)[rows.owner]
    rank[popular] %= 20
    product, ending = _product(rank)
    another = np.flatnonzero(is_first & (reports.kind == ARTICLE)[rows.owner])
    product[another] = _other_maker(product[another], 1 + draws.below(story[another], "other maker", 3))
    stem, number = np.full(len(rank), b"SYNTHETIC D"), numbers_as_text(PRODUCTS + 1)[product + 1]
    substance = _substance(teller, rows, rank, product)
    for signal, has_drug, _ in planted(teller, reports, names.signals):
        at = np.flatnonzero(is_first)[has_drug]
        name = signal.drug.encode()
        stem, substance = (_wide(column, len(name)) for column in (stem, substance))
        stem[at], number[at], ending[at], substance[at] = name, b"", b"", name.upper()
    dose = draws.pick(story, "dose", [share for *_, share in DOSES], part)
    dose_text, amount, unit, frequency = (np.array([dose[i] for dose in DOSES])[dose] for i in range(4))
    route = _pick(teller, "route", ROUTES, story, part)
    role = _pick(teller, "role", ROLES, story, part)
    role[is_first] = b"PS"
    lot = draws.chance(story, "lot", 0.15, part)
    approved = draws.chance(story, "application", 0.41, part)
    return _keys(teller, reports, rows) | {
        "drug_seq": _sequence(teller, reports, rows),
        "role_cod": role,
        "drugname": (stem, number, ending),
        "prod_ai": substance,
        "val_vbm": np.where(draws.chance(story, "verbatim", 0.02, part), b"2", b"1"),
        "route": route if teller.is_faers else np.char.upper(route),
        "dose_vbm": dose_text,
        "dechal": _pick(teller, "dechallenge", CHALLENGES, story, part),
        "rechal": _pick(teller, "rechallenge", ((b"", 0.78), (b"U", 0.19), (b"N", 0.03)), story, part),
        "lot_num": (np.where(lot, b"S", b""), np.where(lot, digits(draws.below(story, "lot number", 10**5), 5), b"")),
        "nda_num": np.where(approved, digits(product + 10_000, 6), b""),
        "dose_amt": amount,
        "dose_unit": unit,
        "dose_form": _pick(teller, "form", FORMS, story, part),
        "dose_freq": frequency,
    }


def _product(rank: Keys) -> tuple[Keys, Bytes]:
    """Product and spelling of a name: the frequent names are two spellings of each product, each rare one one more."""
    product, ending = rank // 2, np.zeros(len(rank), dtype="S20")
    spelt = rank % 2 == 1
    ending[spelt] = np.array(SPELLINGS)[product[spelt] % len(SPELLINGS)]
    rare = np.flatnonzero(rank >= SECOND_BEND)
    product[rare] = rank[rare] * 7919 % PRODUCTS  # a prime: spread over all products
    kind = np.array(RARE_SPELLINGS)[rank[rare] % len(RARE_SPELLINGS)]
    ending[rare] = np.char.add(np.char.add(b" ", digits(rank[rare], 7)), kind)
    return product, ending


def _other_maker(product: Keys, steps: Keys) -> Keys:
    """Another product of the same substance."""
    first = product // PRODUCTS_OF_A_SUBSTANCE * PRODUCTS_OF_A_SUBSTANCE
    return first + (product - first + steps) % PRODUCTS_OF_A_SUBSTANCE


def _substance(teller: Teller, rows: Rows, rank: Keys, product: Keys) -> Bytes:
    """The active ingredient, some of two, some a placeholder, some missing."""
    if not teller.has_articles:
        return np.zeros(len(rank), dtype="S1")
    substances = np.array([_substance_name(number) for number in range(PRODUCTS // PRODUCTS_OF_A_SUBSTANCE)])
    found = substances[product // PRODUCTS_OF_A_SUBSTANCE]
    missing = np.where(rank < SECOND_BEND, *NO_SUBSTANCE)
    found[teller.draws.chance(rows.story, "no substance", missing, rows.part)] = b""
    return found


def _substance_name(number: int) -> bytes:
    if number % 200 == 199:
        return b"UNSPECIFIED INGREDIENT"
    name = b"SYNTHETIC S%d" % (number + 1)
    if number % 10 == 3:
        return name + b"\\SYNTHETIC S%d" % (number + 3)
    return name


def event_columns(teller: Teller, reports: Reports, rows: Rows, names: Names) -> dict[str, Column]:
    """The columns of REAC."""
    rank = event_law(names.events).ranks(teller.draws, rows.story, "event", rows.part)
    is_first = rows.number == 0
    rank[is_first & (reports.kind == POPULAR)[rows.owner]] %= 20
    stem, number = np.full(len(rank), _case(teller, "Synthetic event ")), numbers_as_text(names.events + 1)[rank + 1]
    for signal, _, has_event in planted(teller, reports, names.signals):
        name = _case(teller, signal.event)
        at = np.flatnonzero(is_first)[has_event]
        stem = _wide(stem, len(name))
        stem[at], number[at] = name, b""
    return _keys(teller, reports, rows) | {"pt": (stem, number)}


def planted(
    teller: Teller, reports: Reports, signals: Sequence[PlantedSignal]
) -> list[tuple[PlantedSignal, Mask, Mask]]:
    """For each planted signal, which reports have the drug, and which the event because of it."""
    story = reports.source(PADDED, SERIES, TWINS, POPULAR)
    found = []
    for place, signal in enumerate(signals):
        has_drug = teller.draws.chance(story, f"planted drug {place}", signal.drug_share)
        has_event = has_drug & teller.draws.chance(story, f"planted event {place}", signal.event_share)
        found.append((signal, has_drug, has_event))
    return found


def use_columns(teller: Teller, reports: Reports, names: Names) -> tuple[Rows, dict[str, Column]]:
    """The rows of INDI: what some of the drugs were for."""
    draws, drugs = teller.draws, drug_rows(teller, reports)
    shown = draws.chance(drugs.story, "has a use", MEAN_ROWS["INDI"] / MEAN_ROWS["DRUG"], drugs.part)
    first = np.flatnonzero(drugs.number == 0)
    told = [(signal, has_drug) for signal, has_drug, _ in planted(teller, reports, names.signals) if signal.indication]
    for _, has_drug in told:
        shown[first[has_drug]] = True
    rows = drugs.take(shown)
    rank = event_law(INDICATIONS).ranks(draws, rows.story, "use", rows.part)
    stem, number = np.full(len(rank), _case(teller, "Synthetic indication ")), digits(rank + 1, 3)
    for signal, has_drug in told:
        name = _case(teller, signal.indication)
        at = (rows.number == 0) & has_drug[rows.owner]
        stem = _wide(stem, len(name))
        stem[at], number[at] = name, b""
    sequence = {"indi_drug_seq": _sequence(teller, reports, rows)}
    return rows, _keys(teller, reports, rows) | sequence | {"indi_pt": (stem, number)}


def therapy_columns(teller: Teller, reports: Reports) -> tuple[Rows, dict[str, Column]]:
    """The rows of THER: when some of the drugs were taken."""
    draws, drugs = teller.draws, drug_rows(teller, reports)
    rows = drugs.take(draws.chance(drugs.story, "has dates", MEAN_ROWS["THER"] / MEAN_ROWS["DRUG"], drugs.part))
    story, part = rows.story, rows.part
    event = event_day(teller, reports)[rows.owner]
    start = event - (draws.uniform(story, "before the event", part) ** 3 * 400).astype(np.int64)
    end = np.minimum(start + draws.below(story, "length", 60, part), received_day(draws, reports.own)[rows.owner])
    has_end = draws.chance(story, "has an end", 0.35, part)
    has_length = draws.chance(story, "has a length", 0.1, part)
    return rows, _keys(teller, reports, rows) | {
        "dsg_drug_seq": _sequence(teller, reports, rows),
        "start_dt": partial(draws, days()[start], story, "precision of start", part),
        "end_dt": np.where(has_end, partial(draws, days()[end], story, "precision of end", part), b""),
        "dur": np.where(has_length, numbers_as_text(100)[1 + end - start], b""),
        "dur_cod": np.where(has_length, b"DAY", b""),
    }


def outcome_columns(teller: Teller, reports: Reports) -> tuple[Rows, dict[str, Column]]:
    """The rows of OUTC, each outcome of a report once."""
    key = blurred(teller.draws, reports, "outcome", teller.plan, of=reports.told)
    return _sets(teller, reports, OUTCOMES, key=key, column="outc_cod")


def source_columns(teller: Teller, reports: Reports) -> tuple[Rows, dict[str, Column]]:
    """The rows of RPSR."""
    return _sets(teller, reports, SOURCES, key=reports.own, column="rpsr_cod")


def _sets(
    teller: Teller,
    reports: Reports,
    sets: Sequence[tuple[tuple[bytes, ...], float]],
    *,
    key: Keys,
    column: str,
) -> tuple[Rows, dict[str, Column]]:
    picked = teller.draws.pick(key, column, [share for _, share in sets])
    sizes = np.array([len(codes) for codes, _ in sets])
    count = sizes[picked]
    owner = np.repeat(np.arange(len(key)), count)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    flat = np.array([code for codes, _ in sets for code in codes])
    codes = flat[(np.cumsum(sizes) - sizes)[picked[owner]] + number]
    rows = Rows(owner, number, key[owner], number)
    return rows, _keys(teller, reports, rows) | {column: codes}


def _keys(teller: Teller, reports: Reports, rows: Rows) -> dict[str, Column]:
    """What a row says whose it is; in the older system the layout has no place for the case."""
    key, case = teller.keys(reports)
    return {"primaryid": key[rows.owner], "caseid": case[rows.owner]}


def _sequence(teller: Teller, reports: Reports, rows: Rows) -> Column:
    """Numbers of drugs: from 1 in each report, or in the older system ten digits that no other drug has."""
    if teller.is_faers:
        return numbers_as_text(1_000)[rows.number + 1]
    isr = isr_number(quarter_index(teller.quarter), reports.slot) - FIRST_ISR
    return digits(10**9 + isr[rows.owner] * LAERS_ROWS + np.minimum(rows.number, LAERS_ROWS - 1), 10)


def _pick(
    teller: Teller, what: str, weighted: Sequence[tuple[bytes, float]], story: Keys, part: Keys
) -> NDArray[np.bytes_]:
    codes = np.array([code for code, _ in weighted])
    return codes[teller.draws.pick(story, what, [share for _, share in weighted], part)]


def _case(teller: Teller, term: str) -> bytes:
    """Terms are in capitals in the older system."""
    return (term if teller.is_faers else term.upper()).encode()


def _wide(column: Bytes, width: int) -> Bytes:
    return column.astype(f"S{max(width, column.dtype.itemsize)}")
