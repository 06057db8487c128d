"""How does the cleaned text of a FAERS file become rows of the store's tables?

`columns.csv` of the sources says which column goes where under which rule. Rules that need a reading (dates, ages,
countries ...) are asked once for each distinct text of a file and joined back, so that their Python runs a few thousand
times for a million rows; the other rules are expressions. Faults are counted on the way.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from primum.sources.layouts import Field, fields
from primum.sources.values import NOT_A_NUMBER, READERS, UNKNOWN_CODE, codes
from primum.store.engine import Engine

if TYPE_CHECKING:
    import ibis.expr.types as ir

ROWS_OF_A_PART: Final = 10**8  # report keys of one archive: part * 10^8 + row of its DEMO file
FILES_OF_A_PART: Final = 100  # file keys of one archive: part * 100 + position of the file
REPORT_KEYS: Final = "staged_report_keys"
_INTEGER: Final = "^[0-9]{1,18}$"  # digits that a BIGINT holds
_RAW: Final = "raw_"  # before the name of a file's own column, so that it never meets a target of that name

Fault = tuple[str, str, int]  # column of the file, kind of fault, rows


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A file whose cleaned text is staged.

    Args:
        rows: the staged rows (`Engine.stage_text`).
        table: DEMO, DRUG, REAC, OUTC, RPSR, THER or INDI.
        columns: its columns.
        part: number that the keys of its quarter begin with.
        quarter: its quarter as text.
        until: last day of its quarter; no date lies behind it.
    """

    rows: ir.Table
    table: str
    columns: tuple[str, ...]
    part: int
    quarter: str
    until: dt.date

    @property
    def fields(self) -> tuple[Field, ...]:
        """Where its columns go, as far as its layout has them."""
        return tuple(field for field in fields(self.table) if set(field.columns) <= set(self.columns))


@dataclass(frozen=True, slots=True)
class Arranged:
    """What became of a staged file.

    Args:
        rows: rows put into the store.
        faults: values without a typed value, by column and kind.
        doubles: rows that share their key with a fuller or earlier row of the quarter (DEMO only).
    """

    rows: int
    faults: tuple[Fault, ...]
    doubles: int = 0


def arrange_reports(engine: Engine, file: StagedFile) -> Arranged:
    """Put staged DEMO rows into `reports`, and keep the keys by which the other files find their report.

    Where two rows of a quarter share primaryid and caseid (Q13) both are kept, and the other files belong to the row
    with more filled fields; of two equal ones to the first.
    """
    import ibis

    typed, faults = _typed(engine, file)
    reports = typed.mutate(
        report_key=ibis.literal(file.part * ROWS_OF_A_PART, "int64") + typed.row_number,
        source=ibis.literal("faers"),
        quarter=ibis.literal(file.quarter),
        fields_filled=_fields_filled(typed, [_RAW + name for name in file.columns]),
    )
    wanted = reports.select("report_key", "source", "quarter", "fields_filled", *_targets(file))
    count = engine.insert("reports", wanted)
    keys = engine.stage_expression(REPORT_KEYS, _ranked_keys(file))
    doubles = engine.rows(keys.filter(keys.pair_rank > 0).aggregate(n=ibis._.count()))
    return Arranged(count, faults, int(doubles[0][0]))


def arrange_rows(engine: Engine, file: StagedFile) -> Arranged:
    """Put staged rows of one of the six other files into its table; `arrange_reports` must have run.

    Rows whose report is not in the quarter are left out and so are missing from `rows`: the caller fails the quarter.
    """
    import ibis

    typed, faults = _typed(engine, file)
    key_types = {"key_primaryid": "string", "key_caseid": "string", "report_key": "int64"}
    keys = ibis.table({**key_types, "pair_rank": "int64", "id_rank": "int64"}, name=REPORT_KEYS)
    if "caseid" in file.columns:
        keys = keys.filter(keys.pair_rank == 0)
        same_case = [typed[_RAW + "caseid"].fill_null("") == keys.key_caseid]
    else:
        keys = keys.filter(keys.id_rank == 0)
        same_case = []
    found = typed.inner_join(keys.select(*key_types), [typed[_RAW + "primaryid"] == keys.key_primaryid, *same_case])
    if file.table == "THER":
        found = found.mutate(duration_days=_days_between(found))
    more = ["report_key", "row_number"]
    return Arranged(engine.insert(file.fields[0].table, found.select(*more, *_targets(file))), faults)


def _fields_filled(rows: ir.Table, columns: Sequence[str]) -> Any:
    """How many fields of a row are not blank."""
    return sum(rows[name].notnull().cast("int16") for name in columns).cast("int16")


def _ranked_keys(file: StagedFile) -> ir.Table:
    """Every report's keys with its rank among those that share them; rank 0 owns the rows of the other files."""
    import ibis

    keyed = file.rows.select(
        report_key=ibis.literal(file.part * ROWS_OF_A_PART, "int64") + file.rows.row_number,
        fields_filled=_fields_filled(file.rows, file.columns),
        key_primaryid=file.rows.primaryid,
        key_caseid=file.rows.caseid.fill_null(""),
    )
    best = [ibis.desc("fields_filled"), ibis.asc("report_key")]
    same_pair = ibis.window(group_by=["key_primaryid", "key_caseid"], order_by=best)
    same_id = ibis.window(group_by=["key_primaryid"], order_by=best)
    number = ibis.row_number()
    return keyed.mutate(pair_rank=number.over(same_pair), id_rank=number.over(same_id)).drop("fields_filled")


def _days_between(therapies: ir.Table) -> Any:
    """Days of a therapy: from its dates where both are whole and in order, else as printed."""
    import ibis

    start, end = therapies.start_date, therapies.end_date
    whole = (therapies.start_date_precision == "D") & (therapies.end_date_precision == "D") & (end >= start)
    return ibis.ifelse(whole, (end.delta(start, unit="day") + 1).cast("float64"), therapies.duration_days)


def _typed(engine: Engine, file: StagedFile) -> tuple[ir.Table, tuple[Fault, ...]]:
    """The staged rows under raw names, with one column more for every target that the rules fill."""
    import ibis

    raw = {_RAW + name: file.rows[name] for name in file.columns}
    rows = file.rows.select(**raw, row_number=file.rows.row_number.cast("int32"))
    bad: dict[tuple[str, str], Any] = {}  # (column, fault) -> how many rows
    faults: list[Fault] = []
    plain: dict[str, Any] = {}
    for field in file.fields:
        column, target = field.columns[0], field.targets[0]
        text = rows[_RAW + column]
        match field.rule:
            case "text":
                plain[target] = text
            case "term":
                plain[target] = text.strip().upper().nullif("")
            case "code":  # kept as printed
                plain[target] = text
                bad[column, UNKNOWN_CODE] = text.notin(sorted(codes(column)))
            case "integer":
                plain[target] = ibis.ifelse(text.re_search(_INTEGER), text, ibis.null("string")).cast("int64")
                bad[column, NOT_A_NUMBER] = ~text.re_search(_INTEGER)
    if bad:
        counts = engine.rows(rows.aggregate(**{str(n): found.sum() for n, found in enumerate(bad.values())}))[0]
        faults += [(*which, int(count)) for which, count in zip(bad, counts, strict=True) if count]
    typed = rows.mutate(**plain)
    for number, field in enumerate(file.fields):
        if field.rule in READERS:
            meant, found = _read_distinct(engine, rows, field, file.until, name=f"staged_{file.table}_{number}")
            on = [typed[_RAW + name].fill_null("") == meant[f"given_{n}"] for n, name in enumerate(field.columns)]
            typed = typed.left_join(meant, on).drop(*(f"given_{n}" for n in range(len(field.columns))))
            faults += found
    return typed, tuple(sorted(faults))


def _read_distinct(
    engine: Engine, rows: ir.Table, field: Field, until: dt.date, *, name: str
) -> tuple[ir.Table, list[Fault]]:
    """A table of what each distinct text of the field means, and the faults with their rows."""
    import ibis

    grouped = rows.group_by([_RAW + column for column in field.columns]).aggregate(rows=ibis._.count())
    counted = engine.rows(grouped)
    readings = [READERS[field.rule](row[:-1], until) for row in counted]
    faults: Counter[str] = Counter()
    for reading, (*_, count) in zip(readings, counted, strict=True):
        if reading.fault:
            faults[reading.fault] += count
    given = {f"given_{n}": _values([row[n] or "" for row in counted]) for n in range(len(field.columns))}
    meant = {target: _values([r.values[n] for r in readings]) for n, target in enumerate(field.targets)}
    typed = {target: _as_promised(array, field.table, target) for target, array in meant.items()}
    staged = engine.stage(name, {**given, **typed})
    return staged, [(field.columns[0], fault, count) for fault, count in faults.items()]


def _as_promised(array: NDArray[Any], table: str, target: str) -> NDArray[Any]:
    """Values as an array of the type that schema.csv promises; missing ones as NaN, NaT or None."""
    from primum.store.schema import schema_of

    kind = next(column.type for column in schema_of(table).columns if column.name == target)
    missing = np.array([value is None for value in array], dtype=bool)
    match kind:
        case "DATE":
            return np.where(missing, np.datetime64("NaT"), array).astype("datetime64[D]")
        case "DOUBLE":
            return np.where(missing, np.nan, array).astype(np.float64)
        case "INTEGER":
            return array.astype(np.int32)
        case _:
            return array


def _values(values: Sequence[Any]) -> NDArray[Any]:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _targets(file: StagedFile) -> Mapping[str, None]:
    return dict.fromkeys(target for field in file.fields for target in field.targets)
