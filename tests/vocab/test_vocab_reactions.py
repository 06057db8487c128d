"""Reaction terms: one spelling, renamed terms pooled, what is not harm set apart."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from primum.errors import EvidenceError
from primum.treatments.vocabulary import vocabulary
from primum.vocab.reactions import BINS, TermBins, general_bins, normal, renamed_terms, term_bins

BINS_OF = vocabulary("anti-wrinkle").bins


def test_terms_are_compared_in_capitals_and_trimmed() -> None:
    assert normal("  Eyelid  ptosis ") == normal("EYELID PTOSIS") == "EYELID PTOSIS"


def test_a_renamed_term_counts_under_its_present_name() -> None:
    assert normal("Wrong technique in drug usage process") == "WRONG TECHNIQUE IN PRODUCT USAGE PROCESS"


def test_no_term_is_renamed_into_a_term_that_is_renamed_again() -> None:
    assert not set(renamed_terms()) & set(renamed_terms().values())
    assert not set(renamed_terms()) & set(general_bins())


@pytest.mark.parametrize(
    ("term", "bin_name"),
    [
        ("Skin wrinkling", "indication"),
        ("Muscle spasticity", "indication"),
        ("Drug ineffective", "lack_of_effect"),
        ("Therapeutic response decreased", "lack_of_effect"),
        ("Counterfeit product administered", "product_quality"),
        ("Overdose", "medication_error"),
        ("Off label use", "off_label"),
        ("No adverse event", "nothing_told"),
        ("No Clinical Signs, Symptoms or Conditions", "nothing_told"),
        ("Eyelid ptosis", "harm"),
        ("Botulism", "harm"),
    ],
)
def test_each_kind_of_term_lies_in_its_bin(term: str, bin_name: str) -> None:
    assert BINS_OF.bin(term) == bin_name


def test_the_wrinkle_is_an_indication_for_this_treatment_only() -> None:
    assert TermBins().bin("Skin wrinkling") == "harm"


def test_a_term_is_listed_only_where_a_label_was_read() -> None:
    assert BINS_OF.listed("Dysphagia") is True
    assert BINS_OF.listed("Humming ear") is None


def test_every_source_of_a_listed_term_is_a_source_of_the_treatment() -> None:
    folder = Path(__file__).parents[2] / "src" / "primum" / "treatments" / "anti_wrinkle"
    with (folder / "sources.csv").open(encoding="utf-8") as file:
        known = {row["id"] for row in csv.DictReader(file)}
    assert {source for sources in BINS_OF.label_sources.values() for source in sources} <= known


def test_the_bins_part_the_terms() -> None:
    named = [set(BINS_OF.terms_in(name)) for name in BINS if name != "harm"]
    assert sum(len(terms) for terms in named) == len(set(BINS_OF.not_harm)) == len(set().union(*named))


ROW = {"term": "X", "bin": "harm", "listed": "", "source": "", "note": ""}


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([{**ROW, "bin": "good"}], "bin is"),
        ([ROW, ROW], "stands twice"),
        ([{**ROW, "listed": "yes"}], "listed is yes with the source"),
        ([{**ROW, "source": "label"}], "listed is yes with the source"),
    ],
)
def test_a_faulty_row_of_terms_is_refused(rows: list[dict[str, str]], told: str) -> None:
    with pytest.raises(EvidenceError, match=told):
        term_bins("t", rows, folder="t")


def test_a_bin_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="Bin good does not exist"):
        TermBins("t", {"X": "good"})
