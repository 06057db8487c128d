"""Dictionaries and terminologies in the store: applied, told, and gone without a trace."""

from __future__ import annotations

from pathlib import Path

import pytest

from primum.errors import CohortError, OutputError, SourceError, StoreError, UnknownNameError
from primum.loading.derive import open_derived, open_to_change
from primum.loading.words import forget_names, forget_terms, use_names, use_terms
from primum.store import Store, open_store
from primum.store.export import export
from primum.store.schema import tables
from primum.study import reports
from primum.terms import Quarter
from primum.testing.faers import write_archive
from primum.testing.terminology import write_meddra


def contents(store: Store) -> dict[str, str]:
    return {schema.name: store.engine.content_hash(schema.name) for schema in tables()}


@pytest.fixture
def table_store(tmp_path: Path) -> Path:
    """A store with a SYNTHETIC long table: names without an ingredient, and reactions of the invented terminology."""
    from primum.loading.table import load_table

    rows = [("1", "Brandx", "Wobbly knee"), ("2", "Brandx", "Humming ear"), ("3", "Y", "Green elbow")]
    rows += [("4", "Brandx", "Knee that wobbles"), ("5", "Y", "Headache")]
    (tmp_path / "t.csv").write_text("CASEID,DRUG,AE\n" + "".join(f"{c},{d},{e}\n" for c, d, e in rows))
    with open_store(tmp_path / "store", write=True) as store:
        load_table(store, tmp_path / "t.csv")
    return tmp_path / "store"


@pytest.fixture
def meddra(tmp_path: Path) -> Path:
    return write_meddra(tmp_path / "release")


def dictionary(folder: Path, text: str, name: str = "mine.csv") -> Path:
    (folder / name).write_text("name,substance\n" + text)
    return folder / name


def test_a_dictionary_maps_names_and_is_told_by_the_status(table_store: Path, tmp_path: Path) -> None:
    with open_to_change(table_store) as store:
        assert (store.status().named_rows, store.status().unmapped_rows) == (5, 5)
        use_names(store, dictionary(tmp_path, "BRANDX,ALPHADINE\n"))
        status = store.status()
        assert (status.named_rows, status.unmapped_rows) == (5, 2)
        [word] = status.words
        assert (word.kind, word.name, word.entries, len(word.sha256)) == ("names", "mine.csv", 1, 64)
    with reports.open(table_store) as opened:
        assert opened.signals("ALPHADINE").drug.tolist() == ["ALPHADINE"] * 3
        assert opened.answer("anti-wrinkle").names.unmapped == 2


def test_a_dictionary_that_is_forgotten_leaves_the_store_as_it_was(table_store: Path, tmp_path: Path) -> None:
    with open_to_change(table_store) as store:
        before, state = contents(store), store.derivation()
        use_names(store, dictionary(tmp_path, "BRANDX,ALPHADINE\n"))
        use_names(store, dictionary(tmp_path, "BRANDX,BETAZOLE\n"))  # of the same name: in its place
        assert store.derivation() != state  # so that arrays made before are not counted from
        assert forget_names(store, "mine.csv") == ("mine.csv",)
        assert (contents(store), store.derivation()) == (before, state)
        assert forget_names(store) == ()
        with pytest.raises(UnknownNameError, match=r'No dictionary in use named "mine\.csv"'):
            forget_names(store, "mine.csv")


def test_two_dictionaries_may_not_disagree_and_nothing_is_applied(table_store: Path, tmp_path: Path) -> None:
    with open_to_change(table_store) as store:
        use_names(store, dictionary(tmp_path, "BRANDX,ALPHADINE\n"))
        before = contents(store)
        with pytest.raises(SourceError, match=r'"BRANDX" is BETAZOLE there and ALPHADINE in mine\.csv'):
            use_names(store, dictionary(tmp_path, "BRANDX,BETAZOLE\n", "other.csv"))
        assert contents(store) == before


def test_a_load_after_it_applies_the_dictionary_too(table_store: Path, tmp_path: Path) -> None:
    from primum.loading.faers import load_archives

    with open_to_change(table_store) as store:
        use_names(store, dictionary(tmp_path, "BRANDX,ALPHADINE\n"))
        (tmp_path / "zips").mkdir()
        write_archive(tmp_path / "zips", quarter=Quarter(2015, 1), reports=20, seed=1)
        load_archives(store, tmp_path / "zips")
    with reports.open(table_store) as opened:
        assert set(opened.signals("ALPHADINE").drug) == {"ALPHADINE"}


def members(folder: Path, cohort: str) -> int:
    with reports.open(folder) as opened:
        return opened.flow("", cohort)[-1].count


def test_conditions_on_groups_of_terms_count_their_reports(table_store: Path, meddra: Path) -> None:
    with open_to_change(table_store) as store:
        used = use_terms(store, meddra)
        assert (used.version, store.status().words[0].name) == ("99.1", "MedDRA 99.1")
    assert members(table_store, 'soc:"limb disorders synthetic"') == 3
    assert members(table_store, 'hlt:"gait odd"') == members(table_store, 'hlgt:"Moving odd"') == 2
    assert members(table_store, 'smq:"Odd limbs (SMQ)"') == 3
    assert members(table_store, 'smq_broad:"odd limbs"') == 4
    assert members(table_store, '~smq_broad:"odd limbs"') == 1
    with pytest.raises(UnknownNameError, match='No smq named "ODD LIMB"; nearest: ODD LIMBS'):
        members(table_store, 'smq:"odd limb"')


def test_without_a_terminology_a_condition_on_a_group_says_what_is_needed(table_store: Path) -> None:
    with pytest.raises(CohortError, match=r"no MedDRA folder is in use.*primum terms use DIR"):
        members(table_store, 'soc:"eye disorders"')


def test_nothing_of_a_terminology_or_dictionary_is_exported(table_store: Path, tmp_path: Path, meddra: Path) -> None:
    with open_to_change(table_store) as store:
        use_terms(store, meddra)
        use_names(store, dictionary(tmp_path, "BRANDZ,GAMMADINE\n"))
        written = export(store, (), tmp_path / "out", format="csv")
        assert not {one.table for one in written} & {"term_groups", "user_names"}
        text = "".join(path.read_text() for path in (tmp_path / "out").iterdir())
        assert "GAMMADINE" not in text
        assert "LIMB DISORDERS" not in text.upper()
        for name in ("term_groups", "user_names"):
            with pytest.raises(OutputError, match=f"{name} holds what a licence of yours covers"):
                export(store, (name,), tmp_path / "out", format="csv")


def test_a_terminology_is_replaced_by_the_next_and_forgotten(table_store: Path, meddra: Path) -> None:
    with open_to_change(table_store) as store:
        before = contents(store)
        use_terms(store, meddra)
        use_terms(store, meddra, release="99.1")
        assert len(store.status().words) == 1
        with pytest.raises(SourceError, match="expected release 98"):
            use_terms(store, meddra, release="98.0")
        assert len(store.status().words) == 1
        forget_terms(store)
        assert contents(store) == before
        with pytest.raises(StoreError, match="no terminology is in use"):
            forget_terms(store)


def test_a_store_of_the_first_form_gets_the_new_tables_without_loading_again(tmp_path: Path) -> None:
    """The tables of release 0.1.0: as today without what came after."""
    from primum.loading.faers import load_archives
    from primum.store.migrations import FIRST_FORM

    write_archive(tmp_path, quarter=Quarter(2015, 1), reports=30, seed=1)
    with open_store(tmp_path / "store", write=True) as store:
        load_archives(store, tmp_path)
        wanted = contents(store)
        tables = ("word_files", "user_names", "term_groups", "narratives", "told_links")
        statements = [f"DROP TABLE {name}" for name in tables]
        new = ("drug_substances.share", "drug_substances.support", "report_uses.use_strict", "report_uses.rule_strict")
        for name, column in (one.split(".") for one in (*new, "files.outside", "reactions.term_code")):
            statements.append(f"ALTER TABLE {name} DROP COLUMN {column}")
        statements.append(f"UPDATE store_facts SET value = '{FIRST_FORM}' WHERE fact = 'schema_version'")
        store.engine.create(statements)  # type: ignore[attr-defined]  # of the engine that there is
    with open_derived(tmp_path / "store") as store:
        assert contents(store) == wanted
