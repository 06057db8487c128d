"""READUS-PV and IPDAS: every item stands there, is answered by what ran, or says "not done"; none is empty."""

from __future__ import annotations

from pathlib import Path

import pytest

from primum.dossier.checklists import IPDAS, READUS, Item, complete
from primum.dossier.model import Dossier, Text
from primum.dossier.render import html
from primum.loading.table import load_table
from primum.store import open_store
from primum.study.ask import ask
from primum.terms import Quarter
from primum.testing.demo import run_demo
from primum.treatments.load import known_treatments, load_treatment


def rows(dossier: Dossier, name: str) -> dict[str, tuple[str, str]]:
    (table,) = (table for table in dossier.part("methods").tables if table.id == name)
    return {str(row[0]): (str(row[1]), str(row[2])) for row in table.rows}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small SYNTHETIC store."""
    folder = tmp_path_factory.mktemp("demo") / "made"
    return run_demo(folder, reports=2_000, quarters=[Quarter.parse("2026q1")], seed=1).store


@pytest.fixture(scope="module")
def with_reports(store: Path) -> Dossier:
    """The answer over it."""
    return ask("anti-wrinkle", store=store)


@pytest.mark.parametrize("name", known_treatments())
def test_every_item_stands_in_the_answer_of_every_treatment_and_none_is_empty(name: str) -> None:
    dossier = ask(name)
    for checklist, wanted in (("readus", READUS), ("ipdas", IPDAS)):
        items = rows(dossier, checklist)
        for words in wanted:
            assert any(item.startswith(words) for item in items), (name, checklist, words)
        assert all(answer.strip() and state in ("done", "not done") for answer, state in items.values())


@pytest.mark.parametrize("answer", ["", "  \n"])
def test_an_empty_item_stops_the_dossier(answer: str) -> None:
    with pytest.raises(ValueError, match='The checklist item "Database" is empty'):
        Item("Database", answer, True)


def test_a_required_item_that_is_left_out_stops_the_dossier() -> None:
    items = [Item(name, "told", True) for name in READUS if name != "Key variables"]
    with pytest.raises(ValueError, match="The checklist lacks Key variables"):
        complete(items, READUS)


def test_the_required_items_stand_once_and_cover_every_section_of_a_report() -> None:
    sections = ("Title", "Abstract", "Introduction", "Results", "Discussion", "Declarations")
    assert [name for name in sections if not any(item.startswith(name) for item in READUS)] == []
    assert len(set(READUS)) == len(READUS)
    assert len(set(IPDAS)) == len(IPDAS)


@pytest.mark.slow
def test_items_on_reports_are_done_where_the_table_they_name_was_made_and_nowhere_else(
    real: Dossier, with_reports: Dossier
) -> None:
    needs = {
        "Key variables": "people",
        "Descriptive methods": "people",
        "Results: demographics against the reference": "people",
        "Measure, threshold and why": "signals_all",
        "Results: all estimates with intervals": "signals_all",
        "Results: reports at each stage with reasons": "flow",
        "Sensitivity: weak rules of use left out": "use_rules",
    }
    for dossier in (real, with_reports):
        shown = {block.id for block in dossier.part("reports").blocks if not isinstance(block, Text)}
        states = rows(dossier, "readus")
        for item, block in needs.items():
            assert (states[item][1] == "done") == (block in shown), item
    assert rows(with_reports, "readus")["Results: demographics against the reference"][1] == "done"
    assert rows(real, "readus")["Database, custodian, coverage"][1] == "not done"


@pytest.mark.slow
def test_what_only_a_person_can_do_is_never_done_by_itself(with_reports: Dossier) -> None:
    states = rows(with_reports, "readus")
    for item in (
        "Case-by-case review and causality method",
        "Discussion: external validity and clinical relevance",
        "Declarations: funding and conflicts of this analysis",
        "Declarations: registration",
    ):
        assert states[item][1] == "not done"


def test_who_paid_counts_the_sources_that_say_so(real: Dossier) -> None:
    said = rows(real, "ipdas")["Says who paid"]
    sources = load_treatment("anti-wrinkle").sources.values()
    stated = sum(not source.funding.startswith("not stated") for source in sources)
    assert 0 < stated < len(sources)
    assert said[1] == "not done"
    assert said[0].startswith(f"{stated} of ")


def test_the_sentence_above_a_checklist_counts_it(real: Dossier) -> None:
    page = " ".join(html.render(real).split())
    for name, title in (("readus", "READUS-PV items"), ("ipdas", "IPDAS items")):
        states = [state for _, state in rows(real, name).values()]
        assert f"{title}: {states.count('done')} of {len(states)} done." in page


@pytest.mark.slow
def test_a_store_without_names_for_the_treatment_is_not_said_to_be_missing(store: Path) -> None:
    answers = [answer for answer, _ in rows(ask("dermal-fillers", store=store), "readus").values()]
    assert not any("No report files are loaded" in answer for answer in answers)


def test_both_options_have_the_same_detail_only_where_untreated_people_were_counted() -> None:
    states = {name: rows(ask(name), "ipdas")["Same detail for each option"][1] for name in known_treatments()}
    assert states == {"anti-wrinkle": "done", "dermal-fillers": "not done", "isotretinoin": "not done"}


def test_reports_that_never_name_the_treatment_fulfil_nothing(tmp_path: Path) -> None:
    (tmp_path / "told.csv").write_text("CASEID,DRUG,AE\n1,ASPIRIN,NAUSEA\n2,ASPIRIN,RASH\n")  # SYNTHETIC
    with open_store(tmp_path / "store", write=True) as opened:
        load_table(opened, tmp_path / "told.csv")
    items = rows(ask("anti-wrinkle", store=tmp_path / "store"), "readus")
    for name in ("Design and type of data", "Outline", "Discussion: key results", "Results: all estimates"):
        assert next(state for item, (_, state) in items.items() if item.startswith(name)) == "not done", name
