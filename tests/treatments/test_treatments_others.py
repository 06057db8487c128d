"""Do a second and a third treatment load and answer, with the same engine and what is missing said?"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from primum.study.ask import ask
from primum.treatments.load import known_treatments, load_treatment
from primum.treatments.screening import questions
from primum.treatments.vocabulary import installed, vocabulary

OTHERS = ("dermal-fillers", "isotretinoin")
SOURCE = Path(__file__).parents[2] / "src" / "primum"


@pytest.fixture(autouse=True)
def nothing_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIMUM_STORE", str(tmp_path / "none"))


@pytest.mark.parametrize("name", OTHERS)
def test_it_answers_and_each_section_without_evidence_says_what_is_missing(name: str) -> None:
    dossier = ask(name)
    assert dossier.treatment == name
    for part in dossier.parts:
        assert part.blocks or part.missing, part.id
        assert (part.status == "complete") == (not part.missing)
    assert dossier.part("resistance").status == "missing"
    assert dossier.part("short_answer").missing  # no harm was counted against placebo or no treatment
    assert 3 <= len(dossier.claims) <= 6


@pytest.mark.parametrize("name", known_treatments())
def test_every_number_has_a_source_with_an_address_or_a_note_that_says_how_it_was_read(name: str) -> None:
    treatment = load_treatment(name)
    for source in treatment.tables["sources"]:
        assert source["url"] or source["note"], source["id"]
        assert source["funding"]
    cited = {id for finding in treatment.findings.values() for id in finding.sources}
    assert cited <= set(treatment.sources)


@pytest.mark.parametrize("name", known_treatments())
def test_every_contraindication_of_every_treatment_is_asked_about(name: str) -> None:
    treatment = load_treatment(name)
    asked = {fact for question in questions(treatment) for fact in question.facts}
    wanted = {f"practice.{r['key']}" for r in treatment.tables["practice"] if r["topic"] == "contraindication"}
    assert wanted
    assert wanted <= asked


def test_published_filler_reports_are_those_of_the_papers_and_never_added_up() -> None:
    """Cutis learning curves (8,530); Ortiz 2020 (3,782); Cohen 2022 (585, of which 195 delayed)."""
    findings = load_treatment("dermal-fillers").findings
    counts = [findings[f"reports.{key}.total"] for key in ("curves", "ortiz2020", "cohen2022")]
    assert [finding.value for finding in counts] == [8530, 3782, 585]
    assert all("never added up" in " ".join(finding.warnings) for finding in counts)
    assert findings["reports.cohen2022.share_delayed"].value == pytest.approx(195 / 585)
    assert round(100 * 195 / 585, 1) == 33.3  # as the paper prints


def test_an_untreated_arm_is_called_so_and_never_placebo() -> None:
    """Marcus 2022: 81 % of 107 against 6 % of 33 people without treatment, week 12."""
    dossier = ask("dermal-fillers")
    contrast = "benefits.chin.marcus2022.week12"
    assert f"{contrast}.placebo" not in dossier.findings
    arms = [dossier.findings[f"{contrast}.{arm}"] for arm in ("treated", "untreated")]
    assert [(arm.numerator, arm.denominator) for arm in arms] == [(87, 107), (2, 33)]
    gap = dossier.findings[f"{contrast}.risk_difference"]
    assert gap.value == pytest.approx(87 / 107 - 2 / 33)
    assert "with no treatment" in gap.label
    (table,) = dossier.part("effects_table").tables[:1]
    assert [column.label for column in table.columns][3] == "No treatment"


def test_the_pregnancy_rate_is_that_of_the_paper() -> None:
    """Tkachenko 2019: 768 of 117,784 is 0.65 % in the year of the peak."""
    rate = load_treatment("isotretinoin").findings["reports.tkachenko2019.rate2006"]
    assert round(rate.value / 1000, 2) == 0.65


def test_what_is_not_loaded_is_told_with_the_command_that_loads_it() -> None:
    assert {*OTHERS} <= {*installed()}
    assert "primum load faers" in " ".join(ask("isotretinoin").part("reports").missing)
    assert "primum load maude" in " ".join(ask("dermal-fillers").part("reports").missing)


def test_fillers_are_found_by_brand_and_by_the_product_code_of_every_material() -> None:
    found = {
        name: vocabulary("dermal-fillers").names.find(name) for name in ("JUVEDERM VOLUMA XC", "LMH", "Radiesse (+)")
    }
    assert [(hit.substance, hit.product) for hits in found.values() for hit in hits] == [
        ("hyaluronic acid", "JUVEDERM VOLUMA"),
        ("filler of a material not told", None),
        ("calcium hydroxylapatite", "RADIESSE"),
    ]
    assert vocabulary("dermal-fillers").names.find("HYALURONIC ACID 1 %, EYE DROPS") == ()


def test_no_code_of_the_engine_names_a_substance_or_product_of_any_treatment() -> None:
    """Docstring examples and help texts may name one; code may not."""
    words: set[str] = set()
    for name in known_treatments():
        treatment = load_treatment(name)
        words |= {word.casefold() for word in treatment.substances}
        path = treatment.folder / "names.csv"
        if path.is_file():
            with path.open(encoding="utf-8", newline="") as file:
                words |= {row["product"].casefold() for row in csv.DictReader(file) if row["product"]}
    pattern = re.compile(rf"\b({'|'.join(map(re.escape, sorted(words)))})\b", re.IGNORECASE)
    rooms = ("dossier", "evidence", "treatments", "signals", "counts", "store", "cli")
    for file in (file for room in rooms for file in (SOURCE / room).rglob("*.py")):
        code = re.sub(r'"""(?:.|\n)*?"""|#.*|help="[^"]*"', "", file.read_text(encoding="utf-8"))
        assert not pattern.search(code), (file.name, pattern.search(code))


def test_where_no_harm_was_counted_nothing_is_said_of_the_times_of_benefit_and_harm() -> None:
    table = next(table for table in ask("dermal-fillers").part("effects_table").tables if table.id == "effects")
    assert {row[1] for row in table.rows} == {"benefit"}
    assert "same time" not in table.note


@pytest.mark.parametrize("name", known_treatments())
def test_a_term_is_called_listed_by_a_label_or_by_a_page_that_quotes_one(name: str) -> None:
    sources = load_treatment(name).sources
    for term, named in vocabulary(name).bins.label_sources.items():
        for source in named:
            assert sources[source].kind == "label" or "label" in sources[source].title, (term, source)


def test_what_the_boxed_warning_names_is_listed() -> None:
    """Weakness, double vision, drooping lids, trouble with swallowing, speaking, breathing or holding urine."""
    named = vocabulary("anti-wrinkle").bins.label_sources
    weak = {"ASTHENIA", "MUSCULAR WEAKNESS", "DIPLOPIA", "EYELID PTOSIS", "DYSPHAGIA", "DYSPHONIA", "DYSARTHRIA"}
    for term in (*weak, "DYSPNOEA", "URINARY INCONTINENCE"):
        assert "openfda_label2026" in named[term], term


def test_no_claim_speaks_of_a_pooled_estimate_of_depression_against_people_who_took_nothing() -> None:
    """The pooled studies compare users with others, and count any psychiatric disorder."""
    [claim] = [r for r in load_treatment("isotretinoin").claims if r.claim.id == "I2"]
    assert claim.claim.reason.startswith("Pooled studies counted any disorder of the mind in users and others")


def test_an_endpoint_as_printed_names_the_product_of_the_other_arm() -> None:
    table = next(b for b in ask("anti-wrinkle").part("benefits").blocks if getattr(b, "id", "") == "other_endpoints")
    [given] = [row[1] for row in table.rows if "abobotulinumtoxinA, mean 477 units" in str(row[1])]
    assert given == "abobotulinumtoxinA, mean 477 units against onabotulinumtoxinA, mean 152 units, week 4"


def test_only_units_of_a_product_are_said_not_to_convert() -> None:
    """A milligram and a millilitre are the same of every product."""
    for name, said in (("anti-wrinkle", True), ("isotretinoin", False), ("dermal-fillers", False)):
        findings = load_treatment(name).findings.values()
        given = [f for f in findings if f.id.startswith("dose.") and f.label.startswith("approved")]
        assert any("cannot be converted" in " ".join(f.warnings) for f in given) == said, name
