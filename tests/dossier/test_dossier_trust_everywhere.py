"""The trust checklist where it holds of any treatment: on the rendered page of each, without reports and with them."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from page_reader import Reader
from primum.dossier.figures import DoseBand, Ladder
from primum.dossier.model import Dossier, Verdict
from primum.dossier.render import html
from primum.study.ask import ask
from primum.treatments.load import known_treatments, load_treatment


@dataclass(frozen=True)
class Answer:
    dossier: Dossier
    page: str
    reader: Reader
    store: Path | Literal[False]


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((name, loaded), id=f"{name}{'-with-reports' if loaded else ''}", marks=[pytest.mark.slow] * loaded)
        for name in known_treatments()
        for loaded in (False, True)
    ],
)
def answer(request: pytest.FixtureRequest) -> Answer:
    """A treatment's answer, over SYNTHETIC reports or none."""
    name, loaded = request.param
    store = request.getfixturevalue("made_archives") if loaded else False
    dossier = ask(name, store=store)
    page = html.render(dossier)
    return Answer(dossier, page, Reader(page), store)


def test_1_the_decision_and_what_it_is_compared_with_stand_first(answer: Answer) -> None:
    treatment = load_treatment(answer.dossier.treatment)
    said = " ".join(answer.reader.text["short_answer"].split())
    assert f"The decision: {treatment.decision} Compared with: {treatment.comparison}." in said


def test_2_every_number_stands_on_the_page_with_its_source_and_method(answer: Answer) -> None:
    assert answer.reader.marked == set(answer.dossier.findings)
    assert {name for part in answer.dossier.parts for name in part.findings} == set(answer.dossier.findings)
    for finding in answer.dossier.findings.values():
        assert finding.sources, finding.id
        assert finding.method.label, finding.id


def test_4_what_was_compared_has_an_interval(answer: Answer) -> None:
    for name, finding in answer.dossier.findings.items():
        compared = name.endswith((".risk_difference", ".risk_ratio", ".ror", ".ic"))
        if compared and finding.value is not None and finding.unit != "terms":  # so many terms that reach a threshold
            assert finding.interval is not None, name


def test_5_reports_are_said_to_be_no_rate(answer: Answer) -> None:
    assert "no number of this section is the share of people harmed" in answer.reader.text["reports"]
    for finding in answer.dossier.findings.values():
        if finding.id.startswith("reports.loaded."):
            assert "reports, not people harmed and not a rate" in finding.warnings, finding.id


def test_13_a_picture_of_doses_holds_the_units_of_one_product(answer: Answer) -> None:
    products = {
        row["key"]: (row["product"], row["unit"]) for row in load_treatment(answer.dossier.treatment).tables["doses"]
    }
    for figure in answer.dossier.part("dose").figures:
        if isinstance(figure.drawing, Ladder):
            assert len({products[name.removeprefix("dose.")] for name in figure.drawing.findings()}) == 1, figure.id
        else:
            assert isinstance(figure.drawing, DoseBand), figure.id
            contrasts = {name.rpartition(".")[0] for name in figure.drawing.findings() if "dose_response" not in name}
            arms = [
                row for row in load_treatment(answer.dossier.treatment).tables["efficacy"] if row["arm"] == "active"
            ]
            (product,) = {row["product"] for row in arms if row["contrast"] in contrasts}
            assert figure.drawing.axis.startswith(product), figure.id


def test_14_preparation_stands_apart_from_the_drug(answer: Answer) -> None:
    assert "evidence apart from that about the drug itself" in answer.reader.text["practice"]


def test_16_hashes_and_versions_stand_in_the_page(answer: Answer) -> None:
    run = answer.dossier.run
    for hashed in (run.evidence_hash, run.store_hash):
        assert hashed is None or hashed in answer.reader.text["methods"]


def test_16_a_rerun_gives_the_same_bytes(answer: Answer) -> None:
    assert html.render(ask(answer.dossier.treatment, store=answer.store)) == answer.page


def test_17_what_is_not_known_is_not_empty(answer: Answer) -> None:
    assert next(table for table in answer.dossier.part("unknowns").tables if table.id == "unknowns").rows


def test_18_verdict_words_stand_in_the_claim_section_alone(answer: Answer) -> None:
    for part in answer.dossier.parts:
        cells = [cell for table in part.all_tables() for row in table.rows for cell in row]
        assert any(isinstance(cell, Verdict) for cell in cells) == (part.id == "claims"), part.id


def test_19_funding_stands_beside_trial_numbers(answer: Answer) -> None:
    for table in answer.dossier.part("trials").all_tables():
        heads = {column.label for column in table.columns}
        assert "Funding" in heads or "Funding:" in table.note, table.id


def test_21_the_page_asks_nothing_of_the_network_and_is_small(answer: Answer) -> None:
    assert len(answer.page.encode()) < 2_000_000
    assert answer.reader.asked == ["data:,"]
    assert answer.reader.unclosed == []
    headings = answer.reader.headings
    assert all(after <= before + 1 for before, after in itertools.pairwise(headings))


def test_each_section_is_whole_or_says_what_is_missing_and_every_picture_has_its_table(answer: Answer) -> None:
    for part in answer.dossier.parts:
        assert part.missing or part.figures or part.tables, part.id
        said = " ".join(answer.reader.text[part.id].split())
        for line in part.missing:
            assert re.sub(r"`", "", line) in said, (part.id, line)
        for figure in part.figures:
            assert figure.twin.rows, figure.id
    assert answer.page.count("The same as a table") == sum(len(part.figures) for part in answer.dossier.parts)
