"""Has each number a name of its own, and what stands first where a treatment does not say what should?"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from primum.dossier.loaded_numbers import Writer, slug
from primum.dossier.model import Ref
from primum.provenance import Method
from primum.study.ask import ask
from primum.treatments.schema import evidence_schema


def test_two_texts_with_one_slug_are_two_numbers() -> None:
    """Texts from outside differ in what an id cannot hold."""
    writer = Writer("SYNTHETIC")
    texts = ("PAIN (FACE)", "PAIN, FACE", "<PAIN> FACE")
    assert len({slug(text) for text in texts}) == 1
    shown = [writer.count(f"reaction.{slug(text)}", text, 10 + n) for n, text in enumerate(texts)]
    told = [writer.findings[ref.finding] for ref in shown]
    assert [(finding.label, finding.value) for finding in told] == [(text, 10 + n) for n, text in enumerate(texts)]


@pytest.mark.parametrize(("method", "unit"), [("ic", "bits"), ("ror", "ratio")])
def test_an_information_component_is_told_in_bits_and_a_ratio_as_one(method: str, unit: str) -> None:
    writer = Writer("SYNTHETIC")
    how = Method(method, "SYNTHETIC", "SYNTHETIC", "SYNTHETIC")
    cell = writer.statistic("one", "SYNTHETIC", (-0.5, 0.5, 1.5), level=0.95, method=how)
    assert isinstance(cell, Ref)
    assert writer.findings[cell.finding].unit == unit


ABOUT = """
id = "synthetic-untold"
name = "SYNTHETIC treatment"
question = "Is the SYNTHETIC treatment safe?"
short_name = "SYNTHETIC"
aliases = []
substances = ["SYNTHETIC substance"]
evidence_to = "2000-01"
comparison = "placebo"
decision = "None: SYNTHETIC."
dose_unit = "SYNTHETIC units"
"""
BLIND = ("trial A", "lines", "1 week", "double-blind", "placebo")
# Outcome; trial, indication, window, design and other arm; people treated.
COMPARED = (
    ("first", BLIND, 200),
    ("not blinded", ("trial B", "lines", "1 week", "cohort", "placebo"), 900),
    ("against another product", ("trial C", "lines", "1 week", "double-blind", "comparator"), 800),
    ("smaller trial", ("trial D", "lines", "1 week", "double-blind", "placebo"), 100),
    ("later", ("trial A", "lines", "1 year", "double-blind", "placebo"), 150),
    ("given for something else", ("trial A", "sweating", "1 week", "double-blind", "placebo"), 150),
    ("second", BLIND, 190),
)


def test_without_a_word_of_the_treatment_the_harms_of_its_largest_blinded_trial_stand_first(tmp_path: Path) -> None:
    """Of one trial, indication and window: numbers of several do not stand side by side as if of the same people."""
    rows = [
        {
            "trial": trial,
            "contrast": f"trials.made.{outcome.replace(' ', '_')}",
            "source": "made",
            "product": arm,
            "indication": indication,
            "use": "cosmetic",
            "arm": arm,
            "n": str(people),
            "events": str(events),
            "percent": f"{100 * events / people:.1f}",
            "outcome": outcome,
            "window": window,
            "design": design,
            "grade": "A",
        }
        for outcome, (trial, indication, window, design, other), people in COMPARED
        for arm, events in (("active", 20), (other, 10))
    ]
    source = {"id": "made", "title": "SYNTHETIC", "url": "https://example.org/", "kind": "web", "grade": "A"}
    made = {"trials": rows, "sources": [{**source, "funding": "SYNTHETIC"}]}
    (tmp_path / "treatment.toml").write_text(ABOUT, encoding="utf-8")
    for name, schema in evidence_schema().items():
        with (tmp_path / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, [column.name for column in schema.columns])
            writer.writeheader()
            writer.writerows(made.get(name, []))
    (facts,) = (table for table in ask(tmp_path).part("short_answer").tables if table.id == "facts")
    assert [row[0][0] for row in facts.rows] == ["first", "second"]  # type: ignore[index]
