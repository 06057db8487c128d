"""The two roads to counts, arrays and engine, give the same numbers; the arrays survive kills, copies and age."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from primum.counts import kernel
from primum.counts import words as counting_words
from primum.counts.cohort import parse
from primum.counts.compiled import compiled
from primum.counts.contingency import Asked, Counts, count, count_with_cells, find_drug
from primum.counts.incidence import FOLDER, Incidence, open_incidence
from primum.counts.kernel import Lists, add_lists, as_lists, blocks, count_pairs, held_in, joined
from primum.counts.members import Scope
from primum.counts.parts import BUILDING
from primum.counts.words import count_words, words_of
from primum.errors import CohortError, CountError
from primum.loading.derive import derive
from primum.store import Store, open_store
from primum.treatments.vocabulary import vocabularies

BINS = {words.treatment: words.bins for words in vocabularies()}
SCOPE = Scope(BINS, treatment=("anti-wrinkle",))
TREATMENT = Asked("anti-wrinkle", "treatment")
MakeStore = Callable[..., Store]
LEVELS = ("verbatim", "product", "substance", "treatment")

# Names that differ in every way that matters: case, blanks, an active ingredient, no known substance, none at all.
DRUGS = [("BOTOX", None), ("botox ", None), ("Botox cosmetic", None), ("ASPIRIN", None), ("ASPIRIN", "BOTULINUM TOXIN")]
DRUGS += [("DYSPORT", "ABOBOTULINUMTOXINA"), ("COMBI", "ASPIRIN\\CAFFEINE"), (None, "CAFFEINE"), (None, None)]
TERMS = [
    "EYELID PTOSIS",
    "HEADACHE",
    "THERAPEUTIC RESPONSE DECREASED",
    "THERAPEUTIC PRODUCT EFFECT DECREASED",
    "É",
    None,
]
ROLES = ["PS", "SS", "C", "DN", "I", None]
REPORT = st.fixed_dictionaries(
    {
        "sex": st.sampled_from(["F", "M", None]),
        "age": st.sampled_from([None, 17.0, 40.5, 80.0]),
        "case": st.integers(0, 5),
        "drugs": st.lists(st.tuples(st.sampled_from(DRUGS), st.sampled_from(ROLES)), max_size=4),
        "terms": st.lists(st.sampled_from(TERMS), max_size=4),
        "outcomes": st.lists(st.sampled_from(["DE", "HO"]), max_size=1),
    }
)
COHORTS = [
    "*",
    "sex:F",
    "~sex:F",
    "age:18-64",
    "serious:yes",
    "role:PS",
    "role:C,DN",
    "sex:F role:SS",
    "reaction:headache",
]
COHORTS += ["use:cosmetic", "use:unknown sex:M", "product:botox | sex:M", "drug:aspirin ~reaction:headache", "bin:harm"]


def fill(memory_store: MakeStore, made: list[dict[str, Any]]) -> Store:
    """A store of SYNTHETIC reports; several versions of one case are meant."""
    rows: dict[str, list[dict[str, Any]]] = {"reports": [], "drugs_in_report": [], "reactions": [], "outcomes": []}
    for number, report in enumerate(made):
        key = {"report_key": 7 + 3 * number}
        of_case = {"source": "faers", "quarter": "2017q2", "caseid": str(report["case"]), "primaryid": str(number)}
        rows["reports"].append({**key, **of_case, "sex": report["sex"], "age_years": report["age"]})
        for n, ((name, ingredient), role) in enumerate(report["drugs"]):
            drug = {"drug_seq": n, "row_number": n, "role": role, "drugname": name, "active_ingredient": ingredient}
            rows["drugs_in_report"].append({**key, **drug})
        rows["reactions"] += [{**key, "row_number": n, "term": term} for n, term in enumerate(report["terms"])]
        rows["outcomes"] += [{**key, "row_number": n, "outcome": told} for n, told in enumerate(report["outcomes"])]
    return memory_store(**rows)


def both(store: Store, arrays: Incidence, asked: Asked | None, **how: Any) -> tuple[Any, Any]:
    """What the two roads answer: the counts, or the words of the refusal."""
    answers = []
    for road in (None, arrays):
        try:
            answers.append(_plain(count_with_cells(store, asked, scope=SCOPE, arrays=road, **how)))
        except CohortError as error:
            answers.append(str(error))
    return answers[0], answers[1]


def _plain(counts: Counts) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in (counts.table, counts.cells):
        for name in getattr(part, "__dataclass_fields__", ()):
            value = getattr(part, name)
            if name == "coded":  # how texts are kept, not what was counted
                continue
            found[f"{type(part).__name__}.{name}"] = value.tolist() if isinstance(value, np.ndarray) else value
    return found


ASKED = (
    None,
    TREATMENT,
    Asked("BOTOX COSMETIC", "product"),
    Asked("ASPIRIN", "substance"),
    Asked("BOTOX", "verbatim"),
)


def agree(store: Store, arrays: Incidence, cohort: str, **how: Any) -> None:
    """Every question of a cohort, by both roads."""
    for what in ASKED:
        slow, fast = both(store, arrays, what, cohort=parse(cohort), **how)
        assert fast == slow, (what, cohort, how)


@pytest.mark.slow
@given(st.lists(REPORT, min_size=1, max_size=7), st.sampled_from(COHORTS), st.sampled_from(LEVELS))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_both_roads_count_the_same(
    memory_store: MakeStore, made: list[dict[str, Any]], cohort: str, level: str
) -> None:
    with fill(memory_store, made) as store:
        arrays = open_incidence(store)
        agree(store, arrays, cohort, drug_level=level)
        agree(store, arrays, cohort, versus=parse("drug:dysport"))


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["real_samples", "made_archives"])
@pytest.mark.parametrize(
    "how",
    [*({"drug_level": level} for level in LEVELS), {"versus": parse("drug:dysport")}],
    ids=[*LEVELS, "versus"],
)
def test_both_roads_count_the_same_on_every_example(
    request: pytest.FixtureRequest, folder: str, how: dict[str, Any]
) -> None:
    with open_store(request.getfixturevalue(folder)) as store:
        arrays = open_incidence(store)
        for cohort in ("*", "sex:F age:18-64", "role:PS", "serious:yes", "use:cosmetic"):
            agree(store, arrays, cohort, **how)


def test_both_roads_count_the_same_on_a_real_quarter(long_table: Path) -> None:
    with open_store(long_table) as store:
        arrays = open_incidence(store)
        dysport = find_drug(store, "Dysport")
        for asked, how in ((None, {}), (dysport, {}), (None, {"cohort": parse("reaction:headache")})):
            slow, fast = both(store, arrays, asked, **how)
            assert fast == slow
        assert int(arrays.total) == 215_867


# --- the files ---


@pytest.fixture
def folder(real_samples: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "store"
    shutil.copytree(real_samples, copy, ignore=shutil.ignore_patterns(FOLDER))
    return copy


def counted(folder: Path) -> list[Any]:
    with open_store(folder) as store:
        return _plain(count_with_cells(store, scope=SCOPE, arrays=open_incidence(store)))  # type: ignore[return-value]


def kept(folder: Path) -> list[Path]:
    return sorted((folder / FOLDER).glob("*/*")) if (folder / FOLDER).exists() else []


def test_arrays_are_built_once_and_mapped_afterwards(folder: Path) -> None:
    first = counted(folder)
    built = {path: path.stat().st_mtime_ns for path in kept(folder)}
    assert {path.name for path in built} == {"reports", "events", "drugs-substance"}
    assert counted(folder) == first
    assert {path: path.stat().st_mtime_ns for path in kept(folder)} == built
    with open_store(folder) as store:
        assert isinstance(open_incidence(store).drugs("substance").joined.events.values.base, np.memmap)


def test_arrays_of_an_older_derivation_are_taken_away(folder: Path) -> None:
    counted(folder)
    (old,) = (folder / FOLDER).iterdir()
    with open_store(folder, write=True) as store:
        derive(store, treatments=[])
    with open_store(folder) as store:
        table = count(store, scope=Scope(BINS), arrays=open_incidence(store))
        assert _plain(Counts(table, None)) == _plain(Counts(count(store, scope=Scope(BINS)), None))
    (new,) = (folder / FOLDER).iterdir()
    assert new != old


def test_a_damaged_part_is_built_again(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = counted(folder)
    victim = next((folder / FOLDER).glob("*/drugs-substance/of_report_values.npy"))
    victim.write_bytes(victim.read_bytes()[:40])
    with caplog.at_level(logging.WARNING):
        assert counted(folder) == first
    assert "is damaged" in caplog.text


KILLED = """
import os, sys
from pathlib import Path
from primum.counts import parts
from primum.counts.incidence import open_incidence
from primum.store import open_store

def dies(draft):
    os._exit(9)

parts._finish = dies
with open_store(Path(sys.argv[1])) as store:
    open_incidence(store).events()
"""


def test_a_kill_while_building_leaves_none_and_the_next_question_cleans_up(folder: Path) -> None:
    script = [sys.executable, "-c", KILLED, str(folder)]
    assert subprocess.run(script, check=False, env={**os.environ}).returncode == 9
    assert {path.name.startswith(BUILDING) for path in kept(folder)} == {True}
    counted(folder)
    assert {path.name for path in kept(folder)} == {"reports", "events", "drugs-substance"}


def test_where_nothing_can_be_written_the_arrays_stay_in_memory_and_the_log_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first = counted(folder)
    shutil.rmtree(folder / FOLDER)

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)  # the superuser, who runs tests on CI, may write everywhere
    with caplog.at_level(logging.WARNING):
        assert counted(folder) == first
    assert "cannot be written: the arrays for counting are built in memory" in caplog.text
    assert not kept(folder)


# --- the kernel ---

LISTS = st.lists(st.sets(st.integers(0, 9), max_size=6).map(sorted), min_size=1, max_size=30)


def lists_of(rows: list[list[int]]) -> Lists:
    owner = np.array([i for i, row in enumerate(rows) for _ in row], dtype=np.int64)
    values = np.array([value for row in rows for value in row], dtype=np.int64)
    return as_lists(owner, values, owners=len(rows), width=10)


@given(st.lists(st.tuples(*[st.sets(st.integers(0, 9), max_size=6)] * 2), min_size=1, max_size=40), st.data())
@settings(deadline=None)
def test_the_kernel_counts_what_sets_count_whatever_the_blocks(
    made: list[tuple[set[int], set[int]]], data: st.DataObject
) -> None:
    drugs, events = (lists_of([sorted(row[side]) for row in made]) for side in (0, 1))
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=len(made), max_size=len(made))))
    held = joined(drugs.inverted(10), events)
    wanted = sorted(
        (d, e, sum(d in ds and e in es for (ds, es), inside in zip(made, mask, strict=True) if inside))
        for d in range(10)
        for e in range(10)
    )
    some, each = count_pairs(held, events=10, mask=mask), count_pairs(held, events=10, mask=mask, drugs=range(10))
    for pairs in (some, each):
        found = list(zip(pairs.drug.tolist(), pairs.event.tolist(), pairs.observed.tolist(), strict=True))
        assert found == [row for row in wanted if row[2]]
    told = [sum(d in ds for (ds, _), inside in zip(made, mask, strict=True) if inside) for d in range(10)]
    assert held_in(drugs.inverted(10), mask).tolist() == told
    assert words_of(drugs, width=10).count(mask).tolist() == told
    assert drugs.tally(np.flatnonzero(mask), 10).tolist() == told


@pytest.mark.parametrize(
    "road",
    [
        "as it is written",
        pytest.param(
            "compiled",
            marks=[
                pytest.mark.slow,
                pytest.mark.skipif(find_spec("numba") is None, reason="numba (the extra `fast`) is not installed"),
            ],
        ),
    ],
)
@pytest.mark.parametrize("width", [10, 2**16 + 5])
def test_words_and_lists_counted_by_a_loop_are_those_counted_by_arrays(road: str, width: int) -> None:
    rng = np.random.default_rng(8)
    lists = lists_of([sorted(set(rng.integers(0, 10, rng.integers(0, 12)).tolist())) for _ in range(400)])
    words, mask = words_of(lists, width=width), rng.random(400) < 0.4
    asked = (lambda: words.count(mask), lambda: lists.tally(np.flatnonzero(mask), width))
    wanted, looped = [ask().tolist() for ask in asked], []

    def loop_of(loop: Any, *_: object, **__: object) -> Any:
        looped.append(loop)
        return compiled(loop) if road == "compiled" else loop

    with pytest.MonkeyPatch.context() as patch:
        for module in (counting_words, kernel):
            patch.setattr(module, "compiled_for", loop_of)
        assert [ask().tolist() for ask in asked] == wanted
    assert looped == [count_words, add_lists]


@given(LISTS)
def test_inverting_twice_gives_the_lists_back(rows: list[list[int]]) -> None:
    lists = lists_of(rows)
    twice = lists.inverted(10).inverted(len(rows))
    assert [twice.of(i).tolist() for i in range(len(twice))] == rows


@given(st.lists(st.integers(0, 9), max_size=30), st.integers(1, 12))
def test_blocks_cover_every_list_once(sizes: list[int], at_once: int) -> None:
    runs = blocks(np.array(sizes, dtype=np.int64), at_once=at_once)
    assert [i for first, last in runs for i in range(first, last)] == list(range(len(sizes)))


def test_more_events_than_16_bits_hold_are_counted_too() -> None:
    width = 2**16 + 5
    events = as_lists(np.array([0, 0, 1]), np.array([1, width - 1, width - 1]), owners=2, width=width)
    drugs = as_lists(np.array([0, 1]), np.array([0, 0]), owners=2, width=1)
    pairs = count_pairs(joined(drugs.inverted(1), events), events=width)
    assert (pairs.event.tolist(), pairs.observed.tolist()) == ([1, width - 1], [1, 2])
    counted = words_of(events, width=width).count(np.array([True, True]))
    assert (np.flatnonzero(counted).tolist(), counted[[1, width - 1]].tolist()) == ([1, width - 1], [1, 2])


def test_lists_that_do_not_fit_are_refused() -> None:
    with pytest.raises(CountError, match="3 values do not lie"):
        Lists(np.array([0, 2]), np.array([1, 2, 3]))
