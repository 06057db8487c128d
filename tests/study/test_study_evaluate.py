"""Evaluation on SYNTHETIC planted truth and on the published sets: what is counted, how it is ranked, what is told."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from primum.errors import ReferenceSetError, UnknownNameError
from primum.loading.table import load_table
from primum.store import open_store
from primum.study import reports
from primum.study.evaluate import SCORES, Evaluation, evaluate
from primum.study.reference_set import FILES, ReferenceSet, read_reference, read_terms, substances_of, terms_of

DRUGS = [f"SYNTHETIC{i:02}" for i in range(30)]


def write_planted(folder: Path) -> tuple[Path, Path]:
    """A SYNTHETIC long table of 20,000 reports, and a set whose first 15 drugs do raise priapism fourfold."""
    rng = np.random.default_rng(8)
    table, truth = folder / "SYNTHETIC.csv", folder / "truth.csv"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["CASEID", "DRUG", "AE"])
        for case in range(20_000):
            drug = int(rng.integers(40))
            name = DRUGS[drug] if drug < 30 else f"OTHER{drug}"
            writer.writerow([case, name, "Headache"])
            if rng.random() < (0.08 if drug < 15 else 0.02):
                writer.writerow([case, name, "Priapism" if rng.random() < 0.5 else "Painful erection"])
    with truth.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["drug", "outcome", "truth"])
        writer.writerows([drug.lower(), "Priapism", int(i < 15)] for i, drug in enumerate(DRUGS))
        writer.writerow(["nobody takes this", "Priapism", 1])
        writer.writerow([DRUGS[3], "Ingrowing nail", 0])
    return table, truth


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[reports.Reports, ReferenceSet]]:
    folder = tmp_path_factory.mktemp("planted")
    table, truth = write_planted(folder)
    with open_store(folder / "store", write=True) as store:
        load_table(store, table)
    with reports.open(folder / "store") as opened:
        yield opened, read_reference(str(truth))


@pytest.fixture(scope="module")
def broad(planted: tuple[reports.Reports, ReferenceSet]) -> Evaluation:
    return evaluate(*planted, width="broad", methods=tuple(SCORES))


def test_planted_harms_rank_above_planted_non_harms_in_every_score(broad: Evaluation) -> None:
    assert (len(broad.controls), int(broad.truth.sum())) == (30, 15)
    assert {result.method for result in broad.results} == set(SCORES)
    for result in broad.results:
        assert result.area.auc > 0.97, result
        assert result.at[0].sensitivity > 0.8
        assert result.at[0].reached >= 0.9


def test_what_cannot_be_counted_is_left_out_and_said(broad: Evaluation) -> None:
    assert {why: [c.drug for c in which] for why, which in broad.not_found.items()} == {
        "the drug is in no report": ["nobody takes this"],
        "no term of the outcome is in any report": ["SYNTHETIC03"],
    }


def test_narrow_terms_are_part_of_the_broad_ones_and_reports_with_two_terms_count_once(
    planted: tuple[reports.Reports, ReferenceSet], broad: Evaluation
) -> None:
    """Counted again here from the long table, row by row."""
    narrow = evaluate(*planted, methods=("prr",))
    assert (narrow.table.observed < broad.table.observed).all()
    names = {row[0] for row in planted[0].store.engine.rows(_cases(planted[0], "SYNTHETIC00"))}
    assert broad.table.drug_reports[0] == len(names)
    assert broad.table.total_reports[0] == 20_000


def _cases(opened: reports.Reports, drug: str) -> object:
    from primum.store import schema

    held = schema.table("drugs_in_report")
    return held.filter(held.drugname.upper() == drug).select("report_key").distinct()


def test_negative_controls_without_an_error_stay_so_after_calibration(broad: Evaluation) -> None:
    assert broad.null is not None
    assert broad.false_alarms is not None
    assert broad.coverage is not None
    assert broad.null.controls == 15
    assert broad.null.mean < 0  # the planted harms are the others' background: a non-harm looks rarer than it is
    assert broad.false_alarms[1] <= 0.2


def test_the_answer_is_plain_data_with_every_control(broad: Evaluation) -> None:
    answer = broad.as_json()
    assert len(answer["pairs"]) == 30
    assert answer["not_found"] == {
        "the drug is in no report": 1,
        "no term of the outcome is in any report": 1,
    }
    assert answer["pairs"][0]["observed"] == int(broad.table.observed[0])
    assert answer["ebgm_fit"]["prior_mean"] == pytest.approx(1, abs=0.2)


def test_a_method_that_scores_no_pairs_is_named(planted: tuple[reports.Reports, ReferenceSet]) -> None:
    with pytest.raises(UnknownNameError, match='No method that scores pairs named "fdr"'):
        evaluate(*planted, methods=("fdr",))


def test_negative_controls_alone_give_an_error_but_no_area(planted: tuple[reports.Reports, ReferenceSet]) -> None:
    opened, known = planted
    only = ReferenceSet("negatives", tuple(c for c in known.controls if not c.positive), known.digest)
    found = evaluate(opened, only, width="broad", methods=("ror",))
    assert found.null is not None
    assert found.results[0].area.reason == "0 positive and 15 negative controls have a score; an area needs both"


def test_no_control_in_the_store_is_told_in_one_line(planted: tuple[reports.Reports, ReferenceSet]) -> None:
    opened, known = planted
    nothing = ReferenceSet("nothing", tuple(c for c in known.controls if c.drug.startswith("nobody")), known.digest)
    with pytest.raises(ReferenceSetError, match="none of 1 controls has drug and outcome in the loaded reports"):
        evaluate(opened, nothing)


# --- reference sets and term lists ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "positives", "negatives"), [("omop", 165, 234), ("euadr", 43, 50), ("harpaz", 62, 75), ("ohdsi", 0, 200)]
)
def test_the_published_sets_have_their_published_sizes(shared: Path, name: str, positives: int, negatives: int) -> None:
    """OMOP: Ryan 2013, doi:10.1007/s40264-013-0097-8; EU-ADR: Coloma 2013, doi:10.1007/s40264-012-0002-x, 44 and 50
    there, 43 in the file; Harpaz 2014, doi:10.1038/sdata.2014.43."""
    found = read_reference(name, shared / "reference_sets")
    assert sum(c.positive for c in found.controls) == positives
    assert sum(not c.positive for c in found.controls) == negatives


@pytest.mark.parametrize("name", ["omop", "euadr", "harpaz"])
def test_every_outcome_of_a_published_set_has_a_list_of_ours_and_the_broad_one_is_wider(
    shared: Path, name: str
) -> None:
    for outcome in read_reference(name, shared / "reference_sets").outcomes:
        narrow, wide = terms_of(outcome, "narrow"), terms_of(outcome, "broad")
        assert narrow < wide, outcome


def test_our_narrow_lists_agree_with_those_that_harpaz_published(shared: Path) -> None:
    """Written independently: most of our narrow terms are in his narrow or broad list of the same outcome."""
    theirs: dict[str, set[str]] = {}
    with (shared / "reference_sets" / "harpaz_2014_event_definitions.csv").open(encoding="utf-8-sig") as file:
        event = ""
        for row in csv.DictReader(file):
            event = row["EVENT_CONCEPT_NAME"] or event
            theirs.setdefault(event, set()).add(row["MEDDRA_PT"].upper())
    shares = [len(terms_of(e, "narrow") & t) / len(terms_of(e, "narrow")) for e, t in theirs.items()]
    assert np.mean(shares) > 0.6
    assert np.mean([share > 0 for share in shares]) > 0.9


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "no row"),
        ("a,b\n1,2\n", "columns a, b; expected columns drug,outcome,truth"),
        ("drug,outcome,truth\nx,y,maybe\n", 'row 2: drug "x", outcome "y", truth "maybe"'),
        ("drug,outcome,truth\nx,y,1\nx,y,0\n", "row 3: x - y is said to be both true and false"),
        ("drug,outcome,truth\n,y,1\n", 'row 2: drug ""'),
    ],
)
def test_a_set_that_cannot_be_read_says_where(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "set.csv"
    path.write_text(content)
    with pytest.raises(ReferenceSetError, match=words.replace("(", r"\(")):
        read_reference(str(path))


def test_a_file_that_is_no_text_and_a_set_without_its_folder_are_told(tmp_path: Path) -> None:
    binary = tmp_path / "set.csv"
    binary.write_bytes(gzip.compress(b"drug,outcome,truth"))
    with pytest.raises(ReferenceSetError, match="expected a CSV file in UTF-8"):
        read_reference(str(binary))
    with pytest.raises(ReferenceSetError, match="Name it with --reference-dir DIR"):
        read_reference("omop")
    with pytest.raises(ReferenceSetError, match=FILES["omop"]):
        read_reference("omop", tmp_path)


def test_own_term_lists_come_before_ours(tmp_path: Path) -> None:
    path = tmp_path / "terms.csv"
    path.write_text("outcome,level,term\npriapism,narrow,Pain\nPriapism,broad,Swelling\n")
    own = read_terms(path)
    assert terms_of("Priapism", "narrow", own) == {"PAIN"}
    assert terms_of("Priapism", "broad", own) == {"PAIN", "SWELLING"}
    assert "ANAPHYLACTIC SHOCK" in terms_of("Anaphylaxis", "narrow", own)
    path.write_text("outcome,level,term\npriapism,wide,Pain\n")
    with pytest.raises(ReferenceSetError, match="row 2"):
        read_terms(path)


def test_a_drug_is_found_with_its_salts_and_under_another_name_and_not_inside_another() -> None:
    known = ["INSULIN", "INSULIN LISPRO", "LEVOTHYROXINE", "LEVOTHYROXINE SODIUM", "SODIUM"]
    assert substances_of("insulin", known) == [0]
    assert substances_of("Thyroxine", known) == [2, 3]
    assert substances_of("thyrox", known) == []
