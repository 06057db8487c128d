"""Do the evidence tables agree with each other and with their own numbers?

Each check looks at tables whose cells are already what their columns say, and returns every fault it finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from primum.treatments.controls import control_faults
from primum.treatments.families.arms import CONTROLS
from primum.treatments.schema import evidence_schema
from primum.treatments.shares import Share, recomputes
from primum.treatments.tables import EvidenceTable, Fault, Row, hint

Tables = Mapping[str, EvidenceTable]

_KEYS_OF: Final[Mapping[str, str]] = {"lethal_routes": "doses", "screening": "practice"}


def table_faults(tables: Tables) -> list[Fault]:
    """Every fault that a look at the tables together shows."""
    return [
        *_unknown_sources(tables),
        *_unknown_keys(tables),
        *_ranges_upside_down(tables),
        *_shares_that_do_not_recompute(tables),
        *_arms_that_do_not_belong(tables["trials"]),
        *_arms_that_do_not_belong(tables["efficacy"]),
        *_sums_that_do_not_add_up(tables["reports"]),
        *_values_without_verification(tables["reports"]),
        *_units_of_two_products(tables),
        *control_faults(tables),
    ]


def _unknown_sources(tables: Tables) -> Iterable[Fault]:
    known = {row["id"] for row in tables["sources"]}
    for table, column, row in _cells_of_kind(tables, "source", "sources"):
        for given in row.items(column):
            if given not in known:
                expected = f"an id of sources.csv{hint(given, known)}"
                yield Fault(table.file, row.line, column, f'no source "{given}"', expected)


def _unknown_keys(tables: Tables) -> Iterable[Fault]:
    """`sum_of` names keys of its own table, a lethal route keys of the doses, a question keys of practice."""
    for table, column, row in _cells_of_kind(tables, "keys"):
        of = tables[_KEYS_OF.get(table.name, table.name)]
        known = of.by_key()
        for given in row.items(column):
            if given not in known:
                yield Fault(
                    table.file, row.line, column, f'no key "{given}"', f"a key of {of.file}{hint(given, known)}"
                )


def _ranges_upside_down(tables: Tables) -> Iterable[Fault]:
    for table in tables.values():
        for low, high in (("low", "high"), ("lower", "upper")):
            for row in table:
                if low in row.cells and row[low] and row[high] and float(row[low]) > float(row[high]):
                    yield Fault(table.file, row.line, high, f"{row[low]} to {row[high]}", "a range that rises")


def _shares_that_do_not_recompute(tables: Tables) -> Iterable[Fault]:
    for name, events in (
        ("trials", "events"),
        ("efficacy", "events"),
        ("antibodies", "positive"),
        ("practice", "count"),
    ):
        for row in tables[name]:
            yield from _share_faults(tables[name].file, row, events)


def _share_faults(file: str, row: Row, events_column: str) -> Iterable[Fault]:
    """People, events and percentage of one row; a contradiction named in the row is allowed to stand."""
    n, events, percent = row.integer("n"), row.number(events_column), row["percent"]
    if n is not None and n < 1:
        yield Fault(file, row.line, "n", f"{n} people", "at least 1 person, or an empty cell")
    elif events is not None and n is not None and not 0 <= events <= n:
        yield Fault(file, row.line, "n", f"{events:g} events in {n} people", "no fewer people than events")
    elif row.cells.get("printed_contradiction") or n is None or not percent:
        return
    elif events is not None and not recomputes(events, n, percent):
        given = f"{percent} % printed, {events:g} of {n} is {100 * events / n:.4g} %"
        yield Fault(
            file, row.line, "percent", given, "the share that the counts give, or why not in printed_contradiction"
        )
    elif events is None and not _is_estimate(row):
        possible = Share(n, None, percent).possible_events()
        if possible is not None and possible[0] > possible[1]:
            given = f"no whole number of {n} people is {percent} %"
            yield Fault(
                file, row.line, "percent", given, "a share that people can have, or why not in printed_contradiction"
            )


def _arms_that_do_not_belong(table: EvidenceTable) -> Iterable[Fault]:
    """The arms of one contrast tell of one outcome, over one window, in one indication."""
    groups: dict[str, list[Row]] = {}
    for row in table:
        groups.setdefault(row["contrast"], []).append(row)
    for contrast, rows in groups.items():
        for column in ("outcome", "window", "indication", "trial"):
            other = next((row for row in rows if row[column] != rows[0][column]), None)
            if other is not None:
                given = f'{contrast}: "{other[column]}" and "{rows[0][column]}" (row {rows[0].line})'
                yield Fault(table.file, other.line, column, given, "the same in every arm of a contrast")
        arms = {row["arm"] for row in rows}
        if "single" in arms and len(arms) > 1:
            yield Fault(
                table.file,
                rows[0].line,
                "arm",
                f"{contrast}: single beside {', '.join(sorted(arms - {'single'}))}",
                "single alone",
            )
        if arms & set(CONTROLS) and "active" not in arms:
            yield Fault(
                table.file,
                rows[0].line,
                "arm",
                f"{contrast}: no active arm",
                "an active arm beside placebo, untreated or comparator",
            )


def _sums_that_do_not_add_up(table: EvidenceTable) -> Iterable[Fault]:
    rows = table.by_key()
    for row in table:
        parts = [rows[key].number("count") for key in row.items("sum_of") if key in rows]
        total = sum(part for part in parts if part is not None)
        if parts and row.number("count") != total:
            given = f"{row['count'] or 'nothing'} printed, its parts add up to {total:g}"
            yield Fault(table.file, row.line, "count", given, "the sum of the counts named in sum_of")


def _values_without_verification(table: EvidenceTable) -> Iterable[Fault]:
    for row in table:
        unverified = row["grade"] == "not verified"
        if unverified and row["count"]:
            yield Fault(
                table.file, row.line, "count", f"{row['count']}, not verified", "an empty cell until a source was read"
            )
        if unverified and not row["note"]:
            yield Fault(table.file, row.line, "note", "empty", "why the number could not be verified")
        if not unverified and not row["count"]:
            yield Fault(table.file, row.line, "count", "empty", "a number, or the grade not verified")


def _units_of_two_products(tables: Tables) -> Iterable[Fault]:
    """A route to a lethal dose stays within the units of one product."""
    doses = tables["doses"].by_key()
    for route in tables["lethal_routes"]:
        for column in ("per_kg", "whole", "mass_per_unit"):
            for key in route.items(column):
                row = doses.get(key)
                if row is not None and row["product"] != route["product"] and not row["product"].startswith("any "):
                    given = f"{key} counts {row['product']}, the route {route['product']}"
                    yield Fault("lethal_routes.csv", route.line, column, given, "units of one product")


def _is_estimate(row: Row) -> bool:
    return row.cells.get("design") == "meta-analysis" or row.cells.get("basis") == "pooled estimate"


def _cells_of_kind(tables: Tables, *kinds: str) -> Iterable[tuple[EvidenceTable, str, Row]]:
    """Every filled cell of the columns of some kinds."""
    for name, schema in evidence_schema().items():
        for column in schema.columns:
            if column.kind in kinds:
                for row in tables[name]:
                    if row[column.name]:
                        yield tables[name], column.name, row
