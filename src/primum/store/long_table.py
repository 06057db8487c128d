"""How do the rows of a long table (case, drug, event) become rows of the store's tables?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from primum.errors import SourceError, nearest
from primum.sources.lines import FileAccount, Reject
from primum.store.arrange import ROWS_OF_A_PART
from primum.store.engine import Engine

if TYPE_CHECKING:
    import ibis.expr.types as ir

TABLE_COLUMNS: Final = "CASEID,DRUG,AE"
_BLANKS: Final = r"[\x09-\x0d]"
_CONTROLS: Final = r"[\x00-\x1f\x7f]"
ROLE: Final = "PS"  # such tables list primary suspects


@dataclass(frozen=True, slots=True)
class ArrangedTable:
    """What became of a long table.

    Args:
        reports: distinct cases.
        account: where its rows went; a row of the table counts as a line.
        rejects: rows without a case number, as comma-separated text.
    """

    reports: int
    account: FileAccount
    rejects: tuple[Reject, ...]


def match_columns(given: Sequence[str], *, name: str) -> dict[str, str]:
    """The table's own names of CASEID, DRUG and AE, whatever their case.

    Raises:
        SourceError: one of them is missing or there twice.

    Examples:
        >>> match_columns(["caseid", "Drug", "AE", "year"], name="t.csv")
        {'CASEID': 'caseid', 'DRUG': 'Drug', 'AE': 'AE'}
    """
    matched: dict[str, str] = {}
    for wanted in TABLE_COLUMNS.split(","):
        same = [column for column in given if column.strip("\ufeff ").upper() == wanted]
        if len(same) != 1:
            hint = nearest(wanted, [c for c in given if c.strip().upper() not in TABLE_COLUMNS.split(",")])
            found = ",".join(given[:10]) + (",..." if len(given) > 10 else "")
            raise SourceError.of(
                name,
                f"columns {found}: {'no' if not same else 'more than one'} {wanted}{hint}",
                f"the columns {TABLE_COLUMNS}",
                "Rename the columns.",
            )
        matched[wanted] = same[0]
    return matched


def arrange_long_table(
    engine: Engine, staged: ir.Table, *, columns: dict[str, str], part: int, member: str, header_lines: int
) -> ArrangedTable:
    """Put a staged table into reports, drugs_in_report and reactions.

    `header_lines` is 1 for CSV and 0 for Parquet. Cases, drugs and events are numbered in the order of their texts, so
    that the order of the rows does not matter.
    """
    import ibis

    given = [staged[columns[name]] for name in ("CASEID", "DRUG", "AE")]
    rows = staged.select(
        **{name: _text(text) for name, text in zip(("caseid", "drug", "event"), given, strict=True)},
        stripped=ibis.or_(*(text.re_search(_CONTROLS).fill_null(False) for text in given)),
        line_number=staged.staged_row + header_lines,
    )
    whole = rows.filter(rows.caseid.notnull())
    number = ibis.row_number()
    cases = whole.select("caseid").distinct()
    keyed = cases.select("caseid", report_key=number.over(order_by="caseid") + (part * ROWS_OF_A_PART + 1))
    keys = engine.stage_expression("staged_cases", keyed)
    reports = keys.select(
        "report_key",
        "caseid",
        primaryid=keys.caseid,
        source=ibis.literal("table"),
        case_version=ibis.literal(0, "int32"),
        fields_filled=ibis.literal(1, "int16"),
    )
    count = engine.insert("reports", reports)
    drugs = whole.filter(whole.drug.notnull()).select("caseid", drugname="drug").distinct()
    engine.insert("drugs_in_report", _numbered(drugs, keys, "drugname").mutate(role=ibis.literal(ROLE)))
    events = whole.filter(whole.event.notnull()).select("caseid", term_text="event").distinct()
    engine.insert("reactions", _numbered(events, keys, "term_text").mutate(term=ibis._.term_text.upper()))
    counted = rows.aggregate(total=rows.count(), loaded=rows.caseid.count(), stripped=rows.stripped.sum())
    total, loaded, stripped = engine.rows(counted)[0]
    distinct = engine.rows(whole.select("caseid", "drug", "event").distinct().count().as_table())[0][0]
    repairs = {"strip_control_bytes": stripped or 0, "drop_repeated_row": loaded - distinct}
    rejects = _rejects(engine, rows)
    engine.unstage("staged_cases")
    account = FileAccount(
        member=member,
        table="TABLE",
        layout="long_table",
        columns=tuple(columns),
        lines=total + header_lines,
        header_lines=header_lines,
        blank_lines=0,
        loaded=loaded,
        rejected=total - loaded,
        repairs={name: touched for name, touched in repairs.items() if touched},
    )
    return ArrangedTable(count, account, rejects)


def _text(column: Any) -> Any:
    """Q06, as in FDA's files: control bytes that are blank become a blank, the others go."""
    return column.re_replace(_BLANKS, " ").re_replace(_CONTROLS, "").strip().nullif("")


def _numbered(rows: ir.Table, keys: ir.Table, text: str) -> ir.Table:
    """Rows with their report, numbered within the table in the order of report and text."""
    import ibis

    found = rows.inner_join(keys, "caseid")
    order = [found.report_key, found[text]]
    return found.select("report_key", text, row_number=(ibis.row_number().over(order_by=order) + 1).cast("int32"))


def _rejects(engine: Engine, rows: ir.Table) -> tuple[Reject, ...]:
    bad = rows.filter(rows.caseid.isnull()).select("line_number", "drug", "event").order_by("line_number")
    return tuple(
        Reject(number, "no case number", f",{drug or ''},{event or ''}".encode())
        for number, drug, event in engine.rows(bad)
    )
