"""How do the cleaned rows of a FAERS file become rows of the store's tables?

`columns.csv` of the sources says which column goes where under which rule. Rules that need a reading (dates, ages,
countries ...) are asked once for each distinct text of a file and joined back, so that their Python runs a few thousand
times for a million rows; the other rules are expressions. Faults are counted on the way.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from primum.sources.layouts import Field, fields
from primum.sources.lines import FileAccount, Reject
from primum.sources.values import NOT_A_NUMBER, READERS, UNKNOWN_CODE, codes
from primum.store.engine import Engine
from primum.store.schema import IBIS_TYPES, schema_of
from primum.store.schema import table as stored
from primum.terms import Quarter

if TYPE_CHECKING:
    import ibis.expr.types as ir

ROWS_OF_A_PART: Final = 10**8  # report keys of one archive: part * 10^8 + row of its DEMO file
FILES_OF_A_PART: Final = 100  # file keys of one archive: part * 100 + position of the file
STAGED_FILE: Final = "staged_file"
REPORT_KEYS: Final = "staged_report_keys"
DURATION: Final = "dur"  # column whose values may be told by other columns
_INTEGER: Final = "^[0-9]{1,18}$"  # digits that a BIGINT holds
_RAW: Final = "raw_"  # before the name of a file's own column, so that it never meets a target of that name

Fault = tuple[str, str, int]  # column of the file, kind of fault, rows


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A file whose cleaned rows are staged by `stage_cleaned`.

    Args:
        table: DEMO, DRUG, REAC, OUTC, RPSR, THER or INDI.
        columns: its columns.
        part: what the keys of its quarter begin with.
        until: last day of its quarter; no date lies behind it.
    """

    table: str
    columns: tuple[str, ...]
    part: int
    until: dt.date


@dataclass(frozen=True, slots=True)
class Arranged:
    """What became of a staged file.

    Args:
        rows: rows put into the store.
        faults: values without a typed value, by column and kind.
        doubles: rows that share their key with a fuller or earlier row of the quarter (DEMO only).
        copies: rows put in once more, for another case under the same id (not in DEMO, before 2012q4 only).
    """

    rows: int
    faults: tuple[Fault, ...]
    doubles: int = 0
    copies: int = 0

    def accounted(self, account: FileAccount) -> FileAccount:
        """The account of the file, with the rows that share their key and the copies in it."""
        found = {"keep_fuller_row": self.doubles, "copy_to_further_case": self.copies}
        return replace(
            account,
            loaded=account.loaded + self.copies,
            splits=account.splits + self.copies,
            repairs=account.repairs | {name: rows for name, rows in found.items() if rows},
        )


def stage_cleaned(
    engine: Engine, rows: Path, *, table: str, columns: tuple[str, ...], part: int, quarter: str, until: dt.date
) -> StagedFile:
    """Stage the cleaned rows of one file of a quarter whose keys begin with `part`."""
    constants: dict[str, int | str] = {"first_key": part * ROWS_OF_A_PART, "part_quarter": quarter}
    engine.stage_rows(STAGED_FILE, rows, prefix=_RAW, constants=constants)
    return StagedFile(table, columns, part, until)


def stage_file_rows(
    engine: Engine, path: Path, *, table: str, columns: Mapping[str, str], part: int, quarter: Quarter
) -> tuple[StagedFile, int, tuple[Reject, ...]]:
    """Stage the rows of one quarter out of a Parquet file that holds a table of many.

    Args:
        engine: of the store.
        path: the Parquet file; its column `quarter_T` says which rows are of the quarter.
        table: DEMO, DRUG, REAC, OUTC, RPSR, THER or INDI.
        columns: the file's own columns by the names that FDA's have.
        part: what the keys of the quarter begin with.
        quarter: the quarter.

    Returns:
        The staged file, the rows of the quarter, and those of them without a report's number, as `$`-separated text.
    """
    constants: dict[str, int | str] = {"first_key": part * ROWS_OF_A_PART, "part_quarter": str(quarter)}
    where = {"quarter_T": str(quarter)}
    raw = {_RAW + name: own for name, own in columns.items()}
    read = engine.stage_parquet("staged_quarter", path, raw, where=where, constants=constants)
    keyed = read[_RAW + "primaryid"].re_search(_INTEGER).fill_null(False)
    bad = read.filter(~keyed).order_by("row_number").select("row_number", *raw)
    rejects = tuple(
        Reject(int(number), "no number of a report", "$".join(text or "" for text in texts).encode())
        for number, *texts in engine.rows(bad)
    )
    engine.stage_expression(STAGED_FILE, read.filter(keyed))
    [(rows,)] = engine.rows(read.count().as_table())
    engine.unstage("staged_quarter")
    return StagedFile(table, tuple(columns), part, quarter.last_day), int(rows), rejects


def plan_ahead(engine: Engine, table: str, columns: tuple[str, ...]) -> None:
    """Make ready what the rows of a table with these columns are arranged by."""
    plan = _plan(table, columns)
    keys = _ranked_keys(columns) if table == "DEMO" else None
    for expression in (plan.rows, plan.bad, *(texts for *_, texts in plan.texts), keys):
        if expression is not None:
            engine.sql(expression)


def arrange_reports(engine: Engine, file: StagedFile) -> Arranged:
    """Put staged DEMO rows into `reports`, and keep the keys by which the other files find their report.

    Where two rows of a quarter share primaryid and caseid (Q13) both are kept, and the other files belong to the row
    with more filled fields; of two equal ones to the first.
    """
    plan = _plan(file.table, file.columns)
    faults = _faults(engine, plan, file.until)
    count = engine.insert("reports", plan.rows)
    engine.stage_expression(REPORT_KEYS, _ranked_keys(file.columns))
    [(doubles,)] = engine.rows(_doubles())
    return Arranged(count, faults, int(doubles))


def arrange_rows(engine: Engine, file: StagedFile) -> Arranged:
    """Put staged rows of one of the six other files into its table; `arrange_reports` must have run.

    Before 2012q4 these files name no case: where an id stands under two (Q22), its rows belong to both.
    Rows whose report is not in the quarter are left out and so are missing from `rows`: the caller fails the quarter.
    """
    plan = _plan(file.table, file.columns)
    faults = _faults(engine, plan, file.until)
    rows = engine.insert(plan.target, plan.rows)
    if any(column == DURATION for column, *_ in faults):
        others = (fault for fault in faults if fault[0] != DURATION)
        faults = tuple(sorted((*others, *_faults_of_durations(engine, file))))
    copies = 0 if "caseid" in file.columns else int(engine.rows(_copies(file.columns))[0][0])
    return Arranged(rows, faults, copies=copies)


@dataclass(frozen=True, slots=True)
class _Plan:
    """How the files of one layout are arranged.

    Args:
        target: table of the store.
        rows: its rows, from the staged file and from what its texts mean.
        bad: how many rows hold a fault that needs no reading; None where the layout has no such column.
        bad_of: column and fault of each number that `bad` gives.
        texts: the fields that need a reading, with the name of the table of their meanings and the distinct texts.
    """

    target: str
    rows: ir.Table
    bad: ir.Table | None
    bad_of: tuple[tuple[str, str], ...]
    texts: tuple[tuple[Field, str, ir.Table], ...]


@cache
def _plan(table: str, columns: tuple[str, ...]) -> _Plan:
    listed = tuple(field for field in fields(table) if set(field.columns) <= set(columns))
    rows = _staged_rows(columns)
    plain, bad = _plain_columns(rows, listed)
    typed = plainly = rows.mutate(**plain)
    texts = []
    for number, field in enumerate(field for field in listed if field.rule in READERS):
        name = f"staged_{table}_{number}"
        meant = _meanings(field, name)
        given = zip(field.columns, _given(name, field), strict=True)
        on = [plainly[_RAW + column].fill_null("") == meant[named] for column, named in given]
        typed = typed.left_join(meant, on)  # one chain of joins: a selection between them costs more than the join
        texts.append((field, name, _distinct_texts(rows, field)))
    targets = tuple(dict.fromkeys(target for field in listed for target in field.targets))
    placed = _as_reports(typed, columns, targets) if table == "DEMO" else _as_rows(typed, table, columns, targets)
    counts = rows.aggregate(**{str(n): found.sum() for n, found in enumerate(bad.values())}) if bad else None
    return _Plan(listed[0].table, placed, counts, tuple(bad), tuple(texts))


def _staged_rows(columns: Sequence[str]) -> ir.Table:
    """The staged file, its own columns under raw names."""
    import ibis

    raw = dict.fromkeys((_RAW + name for name in columns), "string")
    return ibis.table({**raw, "row_number": "int32", "first_key": "int64", "part_quarter": "string"}, name=STAGED_FILE)


def _plain_columns(rows: ir.Table, listed: Sequence[Field]) -> tuple[dict[str, Any], dict[tuple[str, str], Any]]:
    """The columns that plain expressions give, and the rows that each of these rules finds fault with."""
    import ibis

    plain: dict[str, Any] = {}
    bad: dict[tuple[str, str], Any] = {}
    for field in listed:
        column, target = field.columns[0], field.targets[0]
        text = rows[_RAW + column]
        match field.rule:
            case "text":
                plain[target] = text
            case "term":  # hardly any has blanks around it, and trimming costs more than to look
                blanks = text.startswith(" ") | text.endswith(" ")
                plain[target] = ibis.ifelse(blanks, text.strip(), text).upper().nullif("")
            case "code":  # kept as printed
                plain[target] = text
                bad[column, UNKNOWN_CODE] = text.notin(sorted(codes(column)))
            case "integer":
                whole = _is_integer(text)
                plain[target] = ibis.ifelse(whole, text, ibis.null("string")).cast("int64")
                bad[column, NOT_A_NUMBER] = ~whole
    return plain, bad


def _is_integer(text: Any) -> Any:
    """Whether a text is 1 to 18 digits; nearly every one is as its number would be written, so few meet the pattern."""
    import ibis

    number = text.try_cast("int64")
    usual = ((number.cast("string") == text) & number.between(0, 10**18 - 1)).fill_null(False)
    return ibis.ifelse(usual, True, text.re_search(_INTEGER))


def _as_reports(typed: ir.Table, columns: Sequence[str], targets: Sequence[str]) -> ir.Table:
    import ibis

    reports = typed.mutate(
        report_key=typed.first_key + typed.row_number,
        source=ibis.literal("faers"),
        quarter=typed.part_quarter,
        fields_filled=_fields_filled(typed, columns),
    )
    return reports.select("report_key", "source", "quarter", "fields_filled", *targets)


def _as_rows(typed: ir.Table, table: str, columns: Sequence[str], targets: Sequence[str]) -> ir.Table:
    """The rows of a file that find their report."""
    every = _report_keys()
    keys = every.filter(every.pair_rank == 0).select("key_primaryid", "key_caseid", "report_key")
    same_case = [typed[_RAW + "caseid"].fill_null("") == keys.key_caseid] if "caseid" in columns else []
    found = typed.inner_join(keys, [typed[_RAW + "primaryid"] == keys.key_primaryid, *same_case])
    if table == "THER":
        found = found.mutate(duration_days=_days_between(found))
    return found.select("report_key", "row_number", *targets)


def _report_keys() -> ir.Table:
    import ibis

    key_types = {"key_primaryid": "string", "key_caseid": "string", "report_key": "int64"}
    return ibis.table({**key_types, "pair_rank": "int64", "id_rank": "int64"}, name=REPORT_KEYS)


@cache
def _doubles() -> ir.Table:
    keys = _report_keys()
    return keys.filter(keys.pair_rank > 0).count().as_table()


@cache
def _copies(columns: tuple[str, ...]) -> ir.Table:
    """How often the rows of a file that names no case belong to a further case of their id."""
    rows, keys = _staged_rows(columns), _report_keys()
    further = keys.filter((keys.pair_rank == 0) & (keys.id_rank > 0))
    return rows.inner_join(further, rows[_RAW + "primaryid"] == further.key_primaryid).count().as_table()


def _fields_filled(rows: ir.Table, columns: Sequence[str]) -> Any:
    """How many fields of a row are not blank."""
    return sum(rows[_RAW + name].notnull().cast("int16") for name in columns).cast("int16")


@cache
def _ranked_keys(columns: tuple[str, ...]) -> ir.Table:
    """Every report's keys with its rank among those that share them.

    Rank 0 among those of an id and case owns their rows of the other files. Hardly any share them: only those that do
    are ranked, and the fields of no other are counted.
    """
    import ibis

    rows = _staged_rows(columns)
    keys = {
        "report_key": rows.first_key + rows.row_number,
        "key_primaryid": rows[_RAW + "primaryid"],
        "key_caseid": rows[_RAW + "caseid"].fill_null(""),
    }
    several = rows.group_by(shared=rows[_RAW + "primaryid"]).agg(many=ibis._.count()).filter(ibis._.many > 1)
    alone = rows.anti_join(several, rows[_RAW + "primaryid"] == several.shared)
    best = [ibis.desc("fields_filled"), ibis.asc("report_key")]
    same_pair = ibis.window(group_by=["key_primaryid", "key_caseid"], order_by=best)
    same_id = ibis.window(group_by=["key_primaryid"], order_by=best)
    number = ibis.row_number()
    shared = rows.semi_join(several, rows[_RAW + "primaryid"] == several.shared)
    keyed = shared.select(**keys, fields_filled=_fields_filled(rows, columns))
    ranked = keyed.mutate(pair_rank=number.over(same_pair), id_rank=number.over(same_id)).drop("fields_filled")
    none = ibis.literal(0, "int64")
    return ibis.union(alone.select(**keys, pair_rank=none, id_rank=none), ranked)


def _days_between(therapies: ir.Table) -> Any:
    """Days of a therapy: from its dates where both are whole and in order, else as printed."""
    import ibis

    start, end = therapies.start_date, therapies.end_date
    whole = (therapies.start_date_precision == "D") & (therapies.end_date_precision == "D") & (end >= start)
    return ibis.ifelse(whole, (end.delta(start, unit="day") + 1).cast("float64"), therapies.duration_days)


def _faults_of_durations(engine: Engine, file: StagedFile) -> list[Fault]:
    """The faults of the durations that stayed empty: a therapy whose dates tell how long it lasted lacks no value."""
    import ibis

    rows = stored("therapies")
    first = file.part * ROWS_OF_A_PART
    mine = rows.report_key.between(first, first + ROWS_OF_A_PART - 1)
    empty = rows.filter(mine & rows.duration_days.isnull() & rows.duration_text.notnull())
    counted = empty.group_by("duration_text", "duration_unit").aggregate(rows=ibis._.count())
    faults: Counter[str] = Counter()
    for text, unit, count in engine.rows(counted):
        if fault := READERS["duration"]((text, unit), file.until).fault:
            faults[fault] += count
    return [(DURATION, fault, count) for fault, count in faults.items()]


def _distinct_texts(rows: ir.Table, field: Field) -> ir.Table:
    import ibis

    return rows.group_by([_RAW + column for column in field.columns]).aggregate(rows=ibis._.count())


def _given(name: str, field: Field) -> list[str]:
    """Columns of a table of meanings that hold the texts; no two tables share one: all are joined in one chain."""
    return [f"given_{name}_{n}" for n in range(len(field.columns))]


def _meanings(field: Field, name: str) -> ir.Table:
    """The staged table that `_read_distinct` makes of a field."""
    import ibis

    given = dict.fromkeys(_given(name, field), "string")
    types = {column.name: IBIS_TYPES[column.type] for column in schema_of(field.table).columns}
    return ibis.table({**given, **{target: types[target] for target in field.targets}}, name=name)


def _faults(engine: Engine, plan: _Plan, until: dt.date) -> tuple[Fault, ...]:
    """Read the texts that need it, stage what they mean, and count every value that has none."""
    faults: list[Fault] = []
    if plan.bad is not None:
        [counts] = engine.rows(plan.bad)
        faults += [(*which, int(count)) for which, count in zip(plan.bad_of, counts, strict=True) if count]
    for field, name, texts in plan.texts:
        faults += _read_distinct(engine, field, name, texts, until)
    return tuple(sorted(faults))


def _read_distinct(engine: Engine, field: Field, name: str, texts: ir.Table, until: dt.date) -> list[Fault]:
    """Stage a table of what each distinct text of the field means; the faults with their rows."""
    counted = engine.rows(texts)
    readings = [READERS[field.rule](row[:-1], until) for row in counted]
    faults: Counter[str] = Counter()
    for reading, (*_, count) in zip(readings, counted, strict=True):
        if reading.fault:
            faults[reading.fault] += count
    given = {named: _values([row[n] or "" for row in counted]) for n, named in enumerate(_given(name, field))}
    meant = {target: _values([r.values[n] for r in readings]) for n, target in enumerate(field.targets)}
    typed = {target: _as_promised(array, field.table, target) for target, array in meant.items()}
    engine.stage(name, {**given, **typed})
    return [(field.columns[0], fault, count) for fault, count in faults.items()]


def _as_promised(array: NDArray[Any], table: str, target: str) -> NDArray[Any]:
    """Values as an array of the type that schema.csv promises; missing ones as NaN, NaT or None."""
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
