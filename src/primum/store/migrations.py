"""How does a store that an older Primum made become one of today, without loading its reports again?

A form of the tables is named by the hash over schema.csv (`schema_version`); a store tells its own in `store_facts`. A
change of schema.csv that old stores can follow brings a `Migration` from the old hash to the new one; tables that are
new as a whole need no statement. They run in order and in one transaction when a store is opened for writing, and the
derived tables are made again, because the snapshot speaks of the form too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from primum.store.duckdb import DuckDBEngine

VERSION_FACT: Final = "schema_version"


@dataclass(frozen=True, slots=True)
class Migration:
    """One step from a form of the tables to the next.

    Args:
        before: `schema_version` of the form that it takes.
        after: `schema_version` of the form that it leaves.
        why: what changed, for the reader of this list.
        statements: SQL that changes the tables.
    """

    before: str
    after: str
    why: str
    statements: tuple[str, ...]


# The first form is the one of the first stores; a test fails when schema.csv changes and no step leads to its new form.
FIRST_FORM: Final = "38ad76d0c76e1612"
MIGRATIONS: Final[tuple[Migration, ...]] = (
    Migration(
        FIRST_FORM,
        "e2480a4e1151f9fb",
        "names count their rows and tell what they were learned from, uses what strong rules alone tell; dictionaries, "
        "terminologies, links",
        # Derived: made again in the new form.
        ("DROP TABLE drug_names", "DROP TABLE drug_substances", "DROP TABLE report_uses"),
    ),
    Migration(
        "e2480a4e1151f9fb",
        "d8eb9cd6fadaf401",
        "files tell how many of their lines are about reports of another part; narratives; links that a system tells; "
        "codes of terms",
        (
            "ALTER TABLE files ADD COLUMN outside BIGINT",
            "UPDATE files SET outside = 0",
            "ALTER TABLE reactions ADD COLUMN term_code VARCHAR",
        ),
    ),
    Migration(
        "d8eb9cd6fadaf401",
        "79fc993cf9b28d52",
        "names count the rows that may teach what they mean apart from those of devices and vaccines",
        ("DROP TABLE IF EXISTS drug_names", "DROP TABLE IF EXISTS drug_substances"),  # the first step dropped them too
    ),
)


def steps(before: str, after: str, known: Sequence[Migration]) -> tuple[Migration, ...] | None:
    """The steps from one form to another, none where they are the same; None where there is no way.

    Examples:
        >>> a, b = Migration("1", "2", "", ()), Migration("2", "3", "", ())
        >>> [step.after for step in steps("1", "3", [a, b])], steps("3", "1", [a, b])
        (['2', '3'], None)
    """
    way: list[Migration] = []
    while before != after:
        following = [step for step in known if step.before == before]
        if not following or len(way) == len(known):
            return None
        way.append(following[0])
        before = following[0].after
    return tuple(way)


def migrate(engine: DuckDBEngine, way: Sequence[Migration]) -> None:
    """Take the steps, all or none."""
    import numpy as np

    with engine.transaction():
        for step in way:
            engine.create(step.statements)
        engine.delete("store_facts", "fact", VERSION_FACT, VERSION_FACT)
        engine.append("store_facts", {"fact": np.array([VERSION_FACT]), "value": np.array([way[-1].after])})
