"""What does each report say of its person, its source and its names, in arrays that a condition can be read from?

Parts of the incidence arrays: `people` holds a small code a report for every column that the cohort language asks for;
`drug-rows`, `indications` and `uses` hold the reports of every drug name (with its role there), indication and use.
Each is made when it is first asked for, once for a state of the store, like the others (`incidence`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from primum.cases.linked import set_aside
from primum.counts.fields import OUTCOMES, ROLES, UNKNOWN
from primum.counts.kernel import ENTRIES_AT_ONCE, Codes, in_threads, starts
from primum.counts.parts import Draft, Part
from primum.store import schema
from primum.terms import BoolArray, IntArray, StrArray
from primum.vocab.reactions import pooled

if TYPE_CHECKING:
    import ibis

    from primum.store import Store

NO_AGE: Final = -(2**15)
FIRST_DAY: Final = dt.date(1900, 1, 1)
NO_FIRST: Final = 0  # first day and the day after the last of a date that is not printed
NO_AFTER: Final = 2**16 - 1
LAST_DAY: Final = FIRST_DAY + dt.timedelta(days=2**16 - 2)
OUTCOME_BIT: Final[Mapping[str, int]] = {code: 1 << place for place, code in enumerate(OUTCOMES.values())}
ROLE_BIT: Final[Mapping[str, int]] = {role: 1 << place for place, role in enumerate(ROLES)}
UNTOLD_BIT: Final = 1 << len(ROLES)  # of a drug row without a role, such as those of a long table
_ROLE_BITS: Final = 3
CODED: Final = ("sex", "country", "reporter", "source", "quarter")


Blocks = Sequence[tuple[int, IntArray]]
"""Neighbouring reports: number of the first, and their keys, rising."""


def build_drug_rows(store: Store, draft: Draft, blocks: Blocks) -> None:
    """Fill the part `drug-rows`: the reports of every number in `drug_names`, and the role in each."""
    rows, names = schema.table("drugs_in_report"), schema.table("drug_names")
    same = [rows.drugname.identical_to(names.drugname), rows.active_ingredient.identical_to(names.active_ingredient)]
    role = _number(rows.role, {role: place for place, role in enumerate(ROLES, start=1)})
    keyed = rows.join(names, same).select("report_key", code=names.name_key, role=role).distinct()
    _keep_inverted(store, draft, keyed, blocks, codes=1 + _largest(store, names, "name_key"))


def build_treated(store: Store, draft: Draft, treatment: str, keys: IntArray) -> None:
    """Fill the part of a treatment with the reports that name it in any role, rising, and the bits of `roles` in each.

    Args:
        store: the loaded reports.
        draft: what is filled.
        treatment: its id.
        keys: of the current reports, rising; a report's number is its place here.
    """
    import ibis

    rows, names, substances = (schema.table(name) for name in ("drugs_in_report", "drug_names", "drug_substances"))
    mine = names.semi_join(substances.filter(substances.treatment == treatment), "name_key")
    same = [rows.drugname.identical_to(mine.drugname), rows.active_ingredient.identical_to(mine.active_ingredient)]
    bit = ibis.cases(*((rows.role == role, bit) for role, bit in ROLE_BIT.items()), else_=UNTOLD_BIT)
    held = rows.join(mine, same).select("report_key", bit=bit).distinct()
    found = store.engine.run(held.group_by("report_key").agg(bits=held.bit.sum().cast("int64")))
    current, place = places_among(keys, found["report_key"])
    order = np.argsort(place)
    draft.keep("reports", place[order].astype(np.int32))
    draft.keep("roles", np.asarray(found["bits"][current][order]).astype(np.uint8))


def build_indications(store: Store, draft: Draft, blocks: Blocks) -> None:
    """Fill the part `indications`: the reports of every term of an indication."""
    indications = schema.table("indications")
    told = indications.filter(indications.term.notnull())
    _by_text(store, draft, told.select("report_key", text=pooled(told.term), role=0).distinct(), blocks)


def build_uses(store: Store, draft: Draft, blocks: Blocks) -> None:
    """Fill the part `uses`: the reports of every use of a treatment, named `treatment use`."""
    _keep_uses(store, draft, blocks, column="use")


def build_uses_strict(store: Store, draft: Draft, blocks: Blocks) -> None:
    """Fill the part `uses-strict`: the same by strong rules alone."""
    _keep_uses(store, draft, blocks, column="use_strict")


def _keep_uses(store: Store, draft: Draft, blocks: Blocks, *, column: str) -> None:
    uses = schema.table("report_uses")
    text = uses.treatment + " " + uses[column]
    _by_text(store, draft, uses.select("report_key", text=text, role=0).distinct(), blocks)


def build_senders(store: Store, draft: Draft, blocks: Blocks) -> None:
    """Fill the part `senders`: who sent each report, by number from 1; 0 where nobody is named."""
    reports, engine = schema.table("reports"), store.engine
    told = reports.filter(reports.sender.notnull()).select("report_key", text=reports.sender)
    draft.names["text"] = engine.run(told.select("text").distinct().order_by("text"))["text"].tolist()
    columns = {"text": _objects(draft.names["text"]), "code": np.arange(1, len(draft.names["text"]) + 1)}
    sender = draft.new("sender", sum(len(keys) for _, keys in blocks), np.uint32)
    try:
        coded = told.join(engine.stage("text_codes", columns), "text").select("report_key", "code")
        for first, keys in blocks:
            found = engine.run(coded.filter(coded.report_key.between(int(keys[0]), int(keys[-1]))))
            mine, place = places_among(keys, found["report_key"])
            sender[place + first] = found["code"][mine]
    finally:
        engine.unstage("text_codes")


def build_aside(store: Store, draft: Draft, method: str, keys: IntArray) -> None:
    """Fill a part with the reports for which another speaks, by the links of a method."""
    _, place = places_among(keys, store.engine.run(set_aside(method))["report_key"])
    draft.keep("reports", np.sort(place).astype(np.int32))


def _by_text(store: Store, draft: Draft, rows: ibis.Table, blocks: Blocks) -> None:
    engine = store.engine
    draft.names["text"] = engine.run(rows.select("text").distinct().order_by("text"))["text"].tolist()
    codes = len(draft.names["text"])
    try:
        columns = {"text": _objects(draft.names["text"]), "code": np.arange(codes, dtype=np.int64)}
        coded = engine.stage("text_codes", columns)
        keyed = rows.join(coded, "text").select("report_key", "code", "role")
        _keep_inverted(store, draft, keyed, blocks, codes=codes)
    finally:
        engine.unstage("text_codes")


def _objects(texts: list[str]) -> StrArray:
    made = np.empty(len(texts), dtype=object)
    made[:] = texts
    return made


def _largest(store: Store, table: ibis.Table, column: str) -> int:
    found = store.engine.rows(table.aggregate(top=table[column].max()))[0][0]
    return int(found or 0)


def _keep_inverted(store: Store, draft: Draft, rows: ibis.Table, blocks: Blocks, *, codes: int) -> None:
    """Keep the reports of each code, rising, and the role in each; rows are `report_key, code, role`."""
    total = sum(len(keys) for _, keys in blocks)
    width = max(total, 1) << _ROLE_BITS
    pieces = [np.zeros(0, dtype=np.int64)]
    for first, keys in blocks:
        found = store.engine.run(rows.filter(rows.report_key.between(int(keys[0]), int(keys[-1]))))
        mine, place = places_among(keys, found["report_key"])
        key = found["code"][mine].astype(np.int64) * width
        key += ((place + first) << _ROLE_BITS) + found["role"][mine].astype(np.int64)
        pieces.append(key)
    key = np.concatenate(pieces)
    del pieces
    key.sort()
    sizes = np.diff(np.searchsorted(key, np.arange(codes + 1, dtype=np.int64) * width))
    draft.keep("start", starts(sizes))
    reports, roles = draft.new("reports", len(key), np.uint32), draft.new("roles", len(key), np.uint8)
    for some in range(0, len(key), ENTRIES_AT_ONCE):
        part = slice(some, some + ENTRIES_AT_ONCE)
        rest = key[part] % width
        reports[part], roles[part] = rest >> _ROLE_BITS, rest & ((1 << _ROLE_BITS) - 1)


def places_among(keys: IntArray, wanted: Codes) -> tuple[BoolArray, IntArray]:
    """Which of the rows are of these reports, and the places of those."""
    wanted = np.asarray(wanted).astype(np.int64)
    place = np.searchsorted(keys, wanted)
    mine: BoolArray = keys[np.minimum(place, len(keys) - 1)] == wanted
    return mine, place[mine]


def build_people(store: Store, draft: Draft, blocks: Blocks) -> None:
    """Fill the part `people`: codes, completed years, days and bits of each current report."""
    engine, told = store.engine, _columns_told()
    total = sum(len(keys) for _, keys in blocks)
    columns: dict[str, NDArray[Any]] = {name: draft.new(name, total, np.uint16) for name in CODED}
    columns["age"] = draft.new("age", total, np.int16)
    for name in ("received", "event_date"):
        columns[f"{name}_first"] = draft.new(f"{name}_first", total, np.uint16)
        columns[f"{name}_after"] = draft.new(f"{name}_after", total, np.uint16)
    columns["outcomes"] = draft.new("outcomes", total, np.uint8)
    columns["roles"] = draft.new("roles", total, np.uint8)
    numbers: dict[str, dict[str, int]] = {}
    for name in CODED:
        known = engine.run(told.filter(told[name].notnull()).select(name).distinct().order_by(name))[name].tolist()
        draft.names[name] = ["", *known]
        numbers[name] = {text: place for place, text in enumerate(known, start=1)}
    for first, keys in blocks:
        some = slice(first, first + len(keys))
        _fill_reports(store, told, numbers, keys, {name: column[some] for name, column in columns.items()})


def counted_codes(people: Part, name: str, places: Codes | None = None) -> IntArray:
    """How many reports have each code of a column; numbers below 0 stand behind those above, as their bits do.

    Args:
        people: the part of that name.
        name: of the column, of one byte or two.
        places: numbers of the reports that are counted; None for all.

    Examples:
        >>> people = Part({"sex": np.array([0, 2, 2], dtype=np.uint16)}, {"sex": ["", "F", "M"]})
        >>> counted_codes(people, "sex").tolist(), counted_codes(people, "sex", np.array([0, 1])).tolist()
        ([1, 0, 2], [1, 0, 1])
    """
    column = people.arrays[name]
    codes = column.view(np.uint8 if column.dtype.itemsize == 1 else np.uint16)
    width = len(people.names[name]) if name in people.names else 2 ** (8 * codes.dtype.itemsize)

    def of_block(first: int) -> IntArray:
        some = slice(first, first + ENTRIES_AT_ONCE)
        return np.bincount(codes[some] if places is None else codes[places[some]], minlength=width)

    read = len(codes) if places is None else len(places)
    if read <= ENTRIES_AT_ONCE:
        return of_block(0)
    counted: IntArray = np.sum(in_threads(of_block, range(0, read, ENTRIES_AT_ONCE)), axis=0)
    return counted


def no_event_date(people: Part, places: Codes) -> BoolArray:
    """Which of some reports print no date of the event: it could be any day."""
    columns = people.arrays
    first, after = (columns[f"event_date_{end}"].take(places) for end in ("first", "after"))
    undated: BoolArray = (first == NO_FIRST) & (after == NO_AFTER)
    return undated


def _columns_told() -> ibis.Table:
    import ibis

    reports = schema.table("reports")
    dates = {}
    for name, column in (("received", "received_date"), ("event_date", "event_date")):
        dates[name], dates[f"{name}_precision"] = reports[column], reports[f"{column}_precision"]
    return reports.select(
        "report_key",
        "age_years",
        **dates,
        sex=reports.sex.fill_null(UNKNOWN),
        country=ibis.coalesce(reports.occurrence_country, reports.reporter_country),
        reporter=reports.reporter_occupation,
        source=reports.source,
        quarter=reports.quarter,
    )


def _fill_reports(
    store: Store,
    told: ibis.Table,
    numbers: Mapping[str, Mapping[str, int]],
    keys: IntArray,
    columns: Mapping[str, NDArray[Any]],
) -> None:
    """Fill the columns of neighbouring reports."""
    engine = store.engine
    low, high = int(keys[0]), int(keys[-1])
    rows = told.filter(told.report_key.between(low, high))
    found = engine.run(
        rows.select(
            "report_key",
            age=rows.age_years.floor().clip(lower=NO_AGE + 1, upper=2**15 - 1).cast("int16").fill_null(NO_AGE),
            **{name: _number(rows[name], numbers[name]) for name in CODED},
            **_days(rows, "received"),
            **_days(rows, "event_date"),
        )
    )
    mine, place = places_among(keys, found["report_key"])
    for name, told_of in found.items():
        if name != "report_key":
            columns[name][place] = np.asarray(told_of[mine]).astype(columns[name].dtype)
    for name, source, column, bits in (
        ("outcomes", "outcomes", "outcome", OUTCOME_BIT),
        ("roles", "drugs_in_report", "role", ROLE_BIT),
    ):
        table = schema.table(source)
        rows = table.filter(table.report_key.between(low, high))
        bit = rows.select("report_key", bit=_number(rows[column], bits)).distinct()
        held = engine.run(bit.group_by("report_key").agg(bits=bit.bit.sum().cast("int64")))
        mine, place = places_among(keys, held["report_key"])
        columns[name][place] = held["bits"][mine]


def _number(column: Any, numbers: Mapping[str, int]) -> Any:
    """The number of each text; 0 where it has none."""
    import ibis

    return ibis.cases(*((column == text, number) for text, number in numbers.items()), else_=0) if numbers else 0


def _days(rows: ibis.Table, name: str) -> dict[str, Any]:
    """First day as far as printed, and the day after the last that it can mean, counted from `FIRST_DAY`."""
    import ibis

    first, precision = rows[name], rows[f"{name}_precision"]
    after = ibis.cases(
        (precision == "Y", first + ibis.interval(years=1)),
        (precision == "M", first + ibis.interval(months=1)),
        else_=first + ibis.interval(days=1),
    )
    start = ibis.date(FIRST_DAY)
    return {
        f"{name}_first": first.delta(start, unit="day").clip(lower=0, upper=2**16 - 1).fill_null(NO_FIRST),
        f"{name}_after": after.cast("date").delta(start, unit="day").clip(lower=0, upper=2**16 - 1).fill_null(NO_AFTER),
    }
