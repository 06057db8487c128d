"""Does a store of an older form become one of today without loading again?"""

from __future__ import annotations

import pytest

from primum.errors import OutdatedStoreError, StoreError
from primum.loading.derive import open_derived
from primum.loading.faers import load_archives, load_faers
from primum.store import migrations, open_store
from primum.store.migrations import FIRST_FORM, MIGRATIONS, Migration, steps
from primum.store.schema import schema_version, tables
from primum.terms import Quarter
from primum.testing.faers import write_archive

OLD = "00000000000000f0"
# As if today's column `image` of reports had come with a later release, and was copied from `confidential`.
STEP = Migration(
    OLD,
    schema_version(),
    "reports have an image",
    ("ALTER TABLE reports ADD COLUMN image VARCHAR", "UPDATE reports SET image = confidential"),
)


def contents(store):
    return {schema.name: store.engine.content_hash(schema.name) for schema in tables()}


@pytest.fixture
def old_store(tmp_path):
    """A store of the older form, its derived tables made from it."""
    write_archive(tmp_path, quarter=Quarter(2015, 1), reports=30, seed=1)
    with open_store(tmp_path / "store", write=True) as store:
        load_archives(store, tmp_path)
        wanted = contents(store)
        run = store.engine.create
        run(["ALTER TABLE reports DROP COLUMN image"])
        run([f"UPDATE store_facts SET value = '{OLD}' WHERE fact = 'schema_version'"])
    return tmp_path / "store", wanted


def test_an_older_store_is_brought_up_to_date_and_derived_again_by_the_next_answer(old_store, monkeypatch):
    folder, wanted = old_store
    monkeypatch.setattr(migrations, "MIGRATIONS", (STEP,))
    with pytest.raises(OutdatedStoreError, match=r"an older version of Primum made it\. Bring it up to date"):
        open_store(folder)
    with open_derived(folder) as store:
        found = contents(store)
        assert store.is_derived()
        assert store.fact("schema_version") == schema_version()
    assert [name for name in wanted if found[name] != wanted[name]] == ["reports"]  # a new column is the last one
    with open_store(folder, write=True) as store:
        assert load_faers(store, folder.parent / "faers_ascii_2015q1.zip").outcome == "unchanged"


def test_a_step_that_fails_leaves_the_store_as_it_was(old_store, monkeypatch):
    folder, _ = old_store
    bad = Migration(OLD, schema_version(), "", (STEP.statements[0], "UPDATE reports SET no_such_column = 1"))
    monkeypatch.setattr(migrations, "MIGRATIONS", (bad,))
    with pytest.raises(Exception, match="no_such_column"):
        open_store(folder, write=True)
    monkeypatch.setattr(migrations, "MIGRATIONS", (STEP,))
    open_derived(folder).close()


def test_an_older_store_without_a_way_to_today_is_refused(old_store):
    folder, _ = old_store
    for write in (False, True):
        with pytest.raises(StoreError, match="reports was made by another version"):
            open_store(folder, write=write)


def test_steps_that_lead_in_a_circle_lead_nowhere():
    circle = [Migration("a", "b", "", ()), Migration("b", "a", "", ())]
    assert steps("a", "z", circle) is None


def test_every_form_that_was_released_has_a_way_to_the_one_of_today():
    """Where this fails, schema.csv has changed: add a Migration, or say in the changelog that reports load again."""
    assert steps(FIRST_FORM, schema_version(), MIGRATIONS) is not None
