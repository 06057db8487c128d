"""Linking a store: what is found of what was planted, what a second run changes, and what analyses say of it."""

from __future__ import annotations

import json
import shutil
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from primum.cases.linked import archives, link_state, reports_set_aside
from primum.counts.cohort import parse
from primum.errors import CohortError, LinkError
from primum.loading.derive import derive
from primum.loading.faers import load_archives, load_faers
from primum.loading.link import link_reports
from primum.store import Store, open_store
from primum.study import reports
from primum.terms import Quarter
from primum.testing.faers import write_archive

QUARTERS = (Quarter(2016, 1), Quarter(2016, 2))
TABLES = ("report_links", "link_pairs", "link_levels", "link_terms", "linked_reports")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Archives of two quarters with planted duplicates and traps, and a store of both that is linked."""
    folder = tmp_path_factory.mktemp("planted")
    for n, quarter in enumerate(QUARTERS):
        history = dict.fromkeys(QUARTERS[:n], 1500)
        write_archive(folder, quarter=quarter, reports=1500, seed=11, duplicate_share=0.06, history=history)
    with open_store(folder / "store", write=True) as store:
        load_archives(store, folder)
        link_reports(store)
    return folder


@pytest.fixture
def copy(planted: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(planted / "store", tmp_path / "store"))


def hashes(store: Store) -> dict[str, str]:
    return {name: store.engine.content_hash(name) for name in TABLES}


def planted_pairs(folder: Path, store: Store) -> set[tuple[int, int]]:
    lines = (folder / "truth.csv").read_text(encoding="utf-8").splitlines()[1:]
    key_of = dict(
        store.engine.read("reports", "caseid", "report_key")
    )  # the last version of a case has the largest key
    groups: dict[str, set[int]] = {}
    for line in lines:
        _, case, original, _ = line.split(",")
        if case in key_of and original in key_of:
            groups.setdefault(original, {key_of[original]}).add(key_of[case])
    return {pair for members in groups.values() for pair in combinations(sorted(members), 2)}


def clusters(store: Store, method: str) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for key, of, master in store.engine.read("report_links", "report_key", "method", "master"):
        if of == method:
            found.setdefault(master, set()).add(key)
    return found


def test_most_of_what_was_planted_is_found_and_little_else(planted: Path) -> None:
    with open_store(planted / "store") as store:
        truth = planted_pairs(planted, store)
        found = {
            method: {pair for members in clusters(store, method).values() for pair in combinations(sorted(members), 2)}
            for method in ("exact", "probabilistic")
        }
    assert len(truth) > 100
    assert len(found["probabilistic"] & truth) / len(found["probabilistic"]) > 0.95
    assert len(found["probabilistic"] & truth) / len(truth) > 0.85
    assert len(found["exact"] & truth) / len(found["exact"]) > 0.95
    assert len(found["exact"] & truth) < len(found["probabilistic"] & truth)


def test_masters_are_current_members_and_clusters_share_nobody(planted: Path) -> None:
    with open_store(planted / "store") as store:
        current = {
            key for key, is_current in store.engine.read("current_reports", "report_key", "current") if is_current
        }
        for method in ("exact", "probabilistic"):
            found = clusters(store, method)
            assert all(master in members and len(members) > 1 for master, members in found.items())
            members = [key for group in found.values() for key in group]
            assert len(members) == len(set(members))
            assert set(members) <= current
            state = link_state(store, method)
            assert state is not None
            assert (state.clusters, state.set_aside) == (len(found), len(members) - len(found))
            assert reports_set_aside(store)[method] == state.set_aside


def test_linking_twice_changes_nothing_and_looks_at_nothing_new(copy: Path) -> None:
    with open_store(copy, write=True) as store:
        before = hashes(store)
        run = link_reports(store)
        assert not run.anew
        assert hashes(store) == before


@pytest.mark.slow
def test_work_done_in_small_parts_ends_in_the_same_links(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What bounds memory at twenty million reports: reports, keys of blocks and pairs are taken some at a time."""
    from primum.cases import link, link_features

    monkeypatch.setattr(link_features, "REPORTS_AT_ONCE", 700)
    monkeypatch.setattr(link, "KEYS_AT_ONCE", 1_000)
    monkeypatch.setattr(link, "PAIRS_AT_ONCE", 400)
    with open_store(copy, write=True) as store:
        before = hashes(store)
        told: list[str] = []
        link_reports(store, anew=True, progress=told.append)
        assert hashes(store) == before
    assert len([text for text in told if text.startswith("comparing pairs")]) > 2


@pytest.mark.slow
def test_linking_anew_measures_chance_on_the_same_reports_and_so_ends_in_the_same_model(
    planted: Path, copy: Path
) -> None:
    with open_store(planted / "store") as store:
        before = hashes(store)
        assert store.engine.count("linked_reports") > 2_000  # more than chance is measured on
    with open_store(copy, write=True) as store:
        link_reports(store, anew=True)
        assert hashes(store) == before


@pytest.mark.slow
def test_a_quarter_more_ends_in_the_links_of_linking_anew_under_the_same_model(planted: Path, tmp_path: Path) -> None:
    """The model, with its frequencies of terms, is that of the first quarter in both."""
    names = [path.name for path in sorted(planted.glob("*.zip"))]
    with open_store(tmp_path / "store", write=True) as store:
        load_faers(store, planted / names[0])
        link_reports(store)
        load_faers(store, planted / names[1])
        run = link_reports(store)
        assert not run.anew
        grown = hashes(store)
        # As if nothing had been linked before: no links and no reports looked at, the model alone is kept.
        for name in ("report_links", "link_pairs", "linked_reports"):
            store.engine.replace_table(name, [])
        assert link_reports(store).model == run.model
        assert hashes(store) == grown
        assert grown["report_links"].split(":")[0] != "0"


def reports_table(name: str):
    from primum.store import schema

    return schema.table(name)


@pytest.mark.slow
def test_the_order_of_loading_does_not_matter(planted: Path, tmp_path: Path) -> None:
    names = [path.name for path in sorted(planted.glob("*.zip"), reverse=True)]
    with open_store(tmp_path / "store", write=True) as store:
        for name in names:
            load_faers(store, planted / name, with_derived=False)
        derive(store)
        link_reports(store, methods=["exact"])
        found = clusters(store, "exact")
    with open_store(planted / "store") as store:
        assert clusters(store, "exact") == found


@pytest.mark.slow
def test_a_kill_while_the_links_are_written_leaves_those_of_before(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from primum.loading import link

    with open_store(copy, write=True) as store:
        before = hashes(store)

        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(link, "_write_model", killed)
        with pytest.raises(KeyboardInterrupt):
            link_reports(store, anew=True, threshold=0.99)
        assert hashes(store) == before
    assert sorted(path.name for path in copy.iterdir()) == ["primum.duckdb"]  # the workshop is gone


def test_analyses_keep_one_report_of_each_event_and_say_so(planted: Path) -> None:
    with reports.open(planted / "store") as opened:
        aside = reports_set_aside(opened.store)
        every = opened.counts(reports.Question(duplicates="off"), cells=False).table
        for method in ("exact", "probabilistic"):
            asked = reports.Question(duplicates=method)
            kept = opened.counts(asked, cells=False).table
            assert kept.total_reports == every.total_reports - aside[method]
            slow = reports.Reports(opened.store, fast=False).counts(asked, cells=False).table
            assert slow.total_reports == kept.total_reports
            assert slow.observed.tolist() == kept.observed.tolist()
        table = opened.signals("", methods=("ror",))
        assert table.cohort == "duplicates:probabilistic"
        told = f"probabilistic links; {aside['probabilistic']:,} of the store's"
        assert any(told in note for note in table.notes)
        said = opened.signals("", "duplicates:exact sex:F", methods=("ror",))
        assert f"exact links; {aside['exact']:,}" in " ".join(said.notes)
        assert "all counted" in " ".join(opened.signals("", duplicates="off", methods=("ror",)).notes)
        against = opened.signals("", "sex:F", "sex:M", methods=("ror",))
        assert against.comparator == "sex:M duplicates:probabilistic"
        answer = opened.answer("anti-wrinkle")
        assert (answer.duplicates.method, answer.duplicates.set_aside) == ("probabilistic", aside["probabilistic"])
        assert answer.duplicates.note in answer.notes
        with pytest.raises(CohortError, match="names duplicates already"):
            opened.signals("", "duplicates:off", duplicates="exact")
        with pytest.raises(CohortError, match="expected one of off, exact, probabilistic"):
            opened.signals("", duplicates="some")


def test_what_the_condition_leaves_out_is_what_another_report_speaks_for(planted: Path) -> None:
    with reports.open(planted / "store") as opened:
        incidence = opened.arrays
        assert incidence is not None
        from primum.counts.members import Scope

        left_out = incidence.report_keys[incidence.mask(parse("~duplicates:exact"), Scope({}))]
        masters = clusters(opened.store, "exact")
        assert set(left_out.tolist()) == {key for master, members in masters.items() for key in members - {master}}


def test_the_arrays_set_aside_what_the_links_say_now(copy: Path) -> None:
    """Links can be made anew from the same reports, which the arrays of the reports do not notice."""
    kept = []
    for threshold in (0.5, 0.999):
        with open_store(copy, write=True) as store:
            link_reports(store, threshold=threshold)
        with reports.open(copy) as opened:
            aside = opened.arrays.aside("probabilistic") if opened.arrays else None
            assert aside is not None
            assert len(aside) == reports_set_aside(opened.store)["probabilistic"]
            asked = reports.Question(duplicates="probabilistic")
            fast = opened.counts(asked, cells=False).table
            slow = reports.Reports(opened.store, fast=False).counts(asked, cells=False).table
            assert (fast.total_reports, fast.observed.tolist()) == (slow.total_reports, slow.observed.tolist())
            kept.append(fast.total_reports)
    assert kept[0] < kept[1]


def test_a_store_that_was_never_linked_says_what_brings_it(real_samples: Path) -> None:
    with reports.open(real_samples) as opened:
        answer = opened.answer("anti-wrinkle")
        assert answer.cohort == "*"
        assert answer.duplicates.method == "off"
        assert "primum link" in answer.notes[-1]
        with pytest.raises(LinkError, match=r"this store holds links by nothing\. Link it first: primum link"):
            opened.answer("anti-wrinkle", duplicates="exact")


def test_links_of_before_a_load_are_used_and_said_to_be_old(planted: Path, tmp_path: Path) -> None:
    first, second = sorted(planted.glob("*.zip"))
    with open_store(tmp_path / "store", write=True) as store:
        load_faers(store, first)
        link_reports(store, methods=["exact"])
        load_faers(store, second)
    with reports.open(tmp_path / "store") as opened:
        used = opened.answer("anti-wrinkle").duplicates
    assert used.method == "exact"
    assert used.note.endswith("what is new is not linked yet (primum link).")


@pytest.mark.slow
def test_links_of_an_archive_that_was_replaced_are_not_used(planted: Path, tmp_path: Path) -> None:
    """Keys of reports are rows of their archive: in another edition they are other reports."""
    first = min(planted.glob("*.zip"))
    with open_store(tmp_path / "store", write=True) as store:
        load_faers(store, first)
        link_reports(store, methods=["exact"])
        edition = tmp_path / "edition"
        edition.mkdir()
        load_faers(store, write_archive(edition, quarter=QUARTERS[0], reports=200, seed=5))
    with reports.open(tmp_path / "store") as opened:
        assert opened.answer("anti-wrinkle").duplicates.note.endswith("(primum link does it again).")
        with pytest.raises(LinkError):
            opened.signals("", duplicates="exact")


def test_what_cannot_be_linked_is_told(memory_store, copy: Path) -> None:
    with open_store(copy, write=True) as store:
        with pytest.raises(LinkError, match='No method of linking named "exakt"') as told:
            link_reports(store, methods=["exakt"])
        assert 'Did you mean "exact"' in str(told.value)
        for threshold in (0.0, 1.0, float("nan")):
            with pytest.raises(LinkError, match="above 0 and below 1"):
                link_reports(store, threshold=threshold)
    empty = memory_store()
    with pytest.raises(LinkError, match="no current report"):
        link_reports(empty)
    empty.close()


def test_nothing_in_the_real_samples_is_told_twice(real_samples: Path, tmp_path: Path) -> None:
    """Two samples of a hundred reports, ten years apart: nothing in them is the same event, and nothing is linked."""
    folder = Path(shutil.copytree(real_samples, tmp_path / "store"))
    with open_store(folder, write=True) as store:
        run = link_reports(store)
        pairs = store.engine.read("link_pairs", "rule", "left_key", "right_key")
    assert [state.reports > 100 for state in run.states] == [True, True]
    assert pairs == []


def test_levels_and_terms_tell_the_model_that_was_used(planted: Path) -> None:
    with open_store(planted / "store") as store:
        model = json.loads(store.fact("link_model") or "")
        rows = store.engine.read("link_levels", "comparison", "level", "m", "u", "weight")
        assert set(archives(store).values()) == set(link_state(store, "exact").archives.values())  # type: ignore[union-attr]
    assert "SYNTHETIC" in model["trained_on"]
    assert all(weight == pytest.approx(model["slope"] * np.log2(m / u)) for *_, m, u, weight in rows)
