"""Is the schema whole, and does the reference page say what it says?"""

from __future__ import annotations

from pathlib import Path

import pytest

from primum.treatments.schema import evidence_schema

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "evidence-tables.md"


def test_every_table_has_a_key_and_every_column_a_meaning() -> None:
    for name, schema in evidence_schema().items():
        assert schema.key, name
        assert all(column.meaning for column in schema.columns)
        assert len({column.name for column in schema.columns}) == len(schema.columns)


@pytest.mark.parametrize("table", sorted(evidence_schema()))
def test_the_reference_page_holds_every_column_with_its_meaning(table: str) -> None:
    sections = PAGE.read_text(encoding="utf-8").split("\n## ")
    section = next(text for text in sections if text.startswith(f"{table}.csv"))
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    columns = evidence_schema()[table].columns
    assert len(rows) == len(columns)
    for row, column in zip(rows, columns, strict=True):
        assert row.startswith(f"| `{column.name}`")
        assert row.endswith(f"| {column.meaning} |")


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("integer", "12", "12.0"),
        ("number", "-0.5", "half"),
        ("decimal", "7.10", "-1"),
        ("dotted", "cote2005.total", "Cote 2005"),
        ("sources", "a;b_2", "a; b"),
        ("url", "https://example.org/x", "example.org"),
    ],
)
def test_a_type_accepts_what_it_means_and_nothing_else(kind: str, right: str, wrong: str) -> None:
    columns = [column for schema in evidence_schema().values() for column in schema.columns if column.kind == kind]
    assert columns
    assert all(column.accepts(right) and not column.accepts(wrong) for column in columns)
