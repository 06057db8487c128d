"""The trust checklist, line by line, on the rendered page of the shipped treatment."""

import json
import re
from html import unescape
from pathlib import Path
from typing import get_args

import pytest

import primum.dossier
from page_reader import Reader
from primum.dossier.model import Dossier, Show, Table, Verdict
from primum.dossier.render import html, numbers
from primum.dossier.render.json import as_json
from primum.treatments.claims import VERDICTS


@pytest.fixture(scope="module")
def reader(page: str) -> Reader:
    return Reader(page)


def test_the_page_is_well_formed(reader: Reader) -> None:
    assert reader.unclosed == []
    assert reader.open == []


def test_1_the_decision_and_doing_nothing_stand_first(reader: Reader) -> None:
    assert "The decision:" in reader.text["short_answer"]
    assert "leave them as they are" in reader.text["short_answer"]


def test_2_every_number_has_source_population_window_and_computation(real: Dossier, reader: Reader, page: str) -> None:
    assert reader.marked == set(real.findings)
    for finding in real.findings.values():
        assert finding.sources
        assert finding.method.label
    register = reader.text["numbers"]
    for line, finding in list(enumerate(real.findings.values(), start=1))[::50]:
        row = page[page.index(f'<tr id="n{line}">') :]
        assert f"<code>{finding.id}</code>" in row[: row.index("</tr>")]
        assert finding.population in register


def test_2_every_finding_of_the_json_is_on_the_page_and_the_reverse(real: Dossier, page: str) -> None:
    parts = as_json(real)["parts"]
    register = re.findall(r'<tr id="n\d+"><th scope="row">[^<]* <code>([^<]+)</code>', page)
    assert {finding["id"] for part in parts for finding in part["findings"]} == set(register)
    assert len(register) == len(set(register))


def test_2_a_marked_number_says_what_its_finding_says(real: Dossier, page: str) -> None:
    marked = re.findall(r'<span data-finding="([^"]+)">([^<]+)</span>', page)
    assert len(marked) > 500
    for name, said in marked:
        ways = {str(numbers.show(real.findings[name], show)) for show in get_args(Show)}
        assert unescape(said) in ways, (name, said)


def test_3_benefit_and_harm_stand_in_one_unit_with_their_windows(real: Dossier) -> None:
    table = real.part("effects_table").tables[0]
    kinds = {row[1] for row in table.rows}
    assert kinds == {"benefit", "harm"}
    for row in table.rows:
        ways = [getattr(cell, "show", "") for cell in row[2:6]]
        assert ways == ["per_1000", "per_1000", "per_1000_signed", "per_1000_interval"], row[0]
        assert row[6]
    assert "not subtracted" in table.note


def test_4_differences_have_intervals_and_zero_has_an_upper_bound(real: Dossier) -> None:
    for name, finding in real.findings.items():
        if name.endswith((".risk_difference", ".risk_ratio")) and finding.value is not None:
            assert finding.interval is not None, name
    deaths = real.findings["reports.cote2005.deaths.cosmetic"]
    assert deaths.value == 0
    assert deaths.interval is not None
    assert deaths.interval.upper > 0


def test_5_reports_are_said_to_be_no_rate(reader: Reader) -> None:
    assert "no number of this section is the share of people harmed" in reader.text["reports"]
    assert "incidence" not in re.sub(r"not an incidence|no incidence|never incidence", "", reader.text["short_answer"])


def test_6_to_11_without_reports_the_section_says_what_is_missing_and_which_command_brings_it(real: Dossier) -> None:
    """With reports, tests/dossier/test_dossier_loaded.py looks at these lines."""
    part = real.part("reports")
    assert part.status == "partial"
    assert any("primum load faers" in line for line in part.missing)
    (readus,) = (t for t in real.part("methods").tables if t.id == "readus")
    states = {row[0]: row[2] for row in readus.rows}
    assert states["Negative control and active comparator"] == "not done"
    assert states["Measure, threshold and why"] == "not done"


def test_12_a_certainty_is_called_a_human_judgement(reader: Reader) -> None:
    for section in ("short_answer", "effects_table"):
        words = " ".join(reader.text[section].split())
        assert "Certainty is a human judgement" in words
        assert "judged by Primum's authors" in words
    assert "human judgement" in reader.text["claims"]


def test_12_every_row_of_harm_and_benefit_has_its_certainty_and_reason(real: Dossier) -> None:
    for section, name in (("short_answer", "facts"), ("effects_table", "effects")):
        table = next(t for t in real.part(section).tables if t.id == name)
        heads = [column.label for column in table.columns]
        for row in table.rows:
            said, mark = row[heads.index("Certainty") if "Certainty" in heads else 0]
            assert said in ("high", "moderate", "low", "very low") or name == "facts"
            assert mark.letters
        assert all("judged by" in reason for reason in table.caveats)
        if name == "facts":
            assert all(reason.startswith(("high: ", "moderate: ", "low: ", "very low: ")) for reason in table.caveats)


def test_13_doses_stay_in_units_of_their_product(real: Dossier, reader: Reader) -> None:
    for figure in real.part("dose").figures:
        units = {real.findings[name].unit for name in figure.drawing.findings()}
        assert len(units) == 1, figure.title
    assert "cannot be converted" in reader.text["dose"]


def test_14_preparation_stands_apart_from_the_drug(reader: Reader) -> None:
    assert "evidence apart from that about the drug itself" in reader.text["practice"]


def test_15_reporting_items_are_done_or_say_not_done(real: Dossier) -> None:
    for name in ("readus", "ipdas"):
        (table,) = (t for t in real.part("methods").tables if t.id == name)
        assert all(row[1] for row in table.rows)
        assert {row[2] for row in table.rows} <= {"done", "not done"}


def test_16_hashes_and_versions_stand_in_the_page(real: Dossier, reader: Reader) -> None:
    assert real.run.evidence_hash in reader.text["methods"]
    assert real.run.version in reader.text["methods"]


def test_17_what_is_not_known_is_not_empty(real: Dossier) -> None:
    assert next(t for t in real.part("unknowns").tables if t.id == "unknowns").rows


def test_18_verdict_words_stand_in_the_claim_section_alone(real: Dossier, page: str) -> None:
    for part in real.parts:
        words = {
            cell.word for table in part.all_tables() for row in table.rows for cell in row if isinstance(cell, Verdict)
        }
        assert words == (set(VERDICTS) if part.id == "claims" else set())
    section = page[page.index('<section id="claims"') :]
    section = section[: section.index("</section>")]
    assert page.count('class="verdict ') == section.count('class="verdict ')


def test_18_no_reassuring_words(reader: Reader) -> None:
    said = " ".join(text for name, text in reader.text.items() if name not in ("claims", "sources", "numbers"))
    for word in ("very safe", "completely safe", "is safe", "harmless"):
        assert word not in said.casefold()


def test_19_funding_stands_beside_trial_numbers(real: Dossier) -> None:
    for table in real.part("trials").all_tables():
        heads = {column.label for column in table.columns}
        assert "Funding" in heads or "Funding:" in table.note, table.id


def test_19_funding_stands_beside_the_numbers_of_benefit_antibodies_and_products_too(real: Dossier) -> None:
    for section, name in (
        ("benefits", "effects_twin"),
        ("benefits", "network_two_grades_twin"),
        ("resistance", "by_use"),
    ):
        table = next(t for t in real.part(section).all_tables() if t.id == name)
        assert "Funding" in {column.label for column in table.columns}, name


def test_20_what_a_review_printed_stands_beside_what_can_be_recomputed_with_why(real: Dossier) -> None:
    table = next(t for t in real.part("trials").tables if t.id == "recomputed")
    assert len(table.rows) == 2
    assert all(len(str(row[3])) > 80 for row in table.rows)


def test_11_the_answer_is_computed_by_every_way_and_without_each_study(real: Dossier, reader: Reader) -> None:
    part = real.part("unknowns")
    assert part.status == "complete"
    assert [figure.id for figure in part.figures] == [
        "ways_any_complaint",
        "ways_headache",
        "ways_eyelid_ptosis",
        "ways_two_grades",
    ]
    assert next(t for t in part.tables if t.id == "without_each").rows
    assert "Headache: 25 ways to compute it" in reader.text["unknowns"]


def test_20_disagreements_are_shown(real: Dossier, reader: Reader) -> None:
    assert "none is averaged away" in reader.text["dose"]
    assert next(t for t in real.part("unknowns").tables if t.id == "contradictions").rows
    assert "What not to do" in reader.text["reports"]


def test_21_the_page_asks_nothing_of_the_network_and_is_small(page: str, reader: Reader) -> None:
    assert len(page.encode()) < 1_800_000
    assert reader.asked == ["data:,"]
    assert not re.search(r"fetch\(|XMLHttp|WebSocket|sendBeacon|import\(|eval\(|innerHTML", page)
    assert reader.tags & {"iframe", "object", "embed", "img", "video", "audio", "form"} == set()
    assert not re.search(r"url\(|@import|@font-face", page[: page.index("</style>")])
    assert "default-src 'none'" in page


def test_21_headings_do_not_skip_a_level(reader: Reader) -> None:
    assert reader.headings[0] == 1
    assert reader.headings.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(reader.headings, reader.headings[1:], strict=False))


def test_the_policy_allows_the_style_and_the_script_of_the_page_by_their_hashes_and_nothing_else(page: str) -> None:
    import base64
    import hashlib

    allowed = {}
    for kind, tag in (("style", "style"), ("script", "script")):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, flags=re.DOTALL)
        allowed[kind] = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    assert html.policy(page).split("; ")[:3] == [
        "default-src 'none'",
        f"style-src 'sha256-{allowed['style']}'",
        f"script-src 'sha256-{allowed['script']}'",
    ]
    with pytest.raises(ValueError, match="carries no content security policy"):
        html.policy("<html></html>")


def test_both_windows_of_the_oldest_series_are_told(real: Dossier, reader: Reader) -> None:
    assert real.findings["reports.cote2005.total"].value == 1437
    assert "13.5 years" in reader.text["reports"]
    assert "mixes" in reader.text["reports"]


def test_the_json_has_the_shape_of_the_contract(real: Dossier) -> None:
    answer = json.loads(json.dumps(as_json(real), allow_nan=False))
    assert answer["schema"] == "primum.dossier/1"
    for part in answer["parts"]:
        assert {"id", "number", "title", "status", "missing", "findings", "tables"} <= set(part)
        assert (part["status"] == "complete") == (part["missing"] == [])
    for claim in answer["claims"]:
        assert {"id", "claim", "verdict", "rule", "findings", "reason"} <= set(claim)
        assert set(claim["findings"]) <= set(real.findings)
    numbered = {source["id"] for source in answer["sources"]}
    for part in answer["parts"]:
        for finding in part["findings"]:
            assert set(finding["sources"]) <= numbered


def test_the_same_dossier_gives_the_same_bytes(real: Dossier, page: str) -> None:
    assert html.render(real) == page


def test_every_finding_of_the_treatment_stands_in_a_section(real: Dossier) -> None:
    assert {name for part in real.parts for name in part.findings} == set(real.findings)


def test_the_room_names_no_treatment_product_or_substance() -> None:
    from primum.treatments.load import load_treatment

    treatment = load_treatment("anti-wrinkle")
    words = {*treatment.aliases, *treatment.substances, *(row["product"] for row in treatment.tables["doses"])}
    names = {word.casefold() for word in words if len(word) > 4}
    for file in Path(primum.dossier.__file__).parent.rglob("*.*"):
        if file.suffix in (".py", ".j2", ".css"):
            text = file.read_text(encoding="utf-8").casefold()
            assert [name for name in names if re.search(rf"\b{re.escape(name)}\b", text)] == [], file.name


def test_tables_are_read_by_their_row_heads(page: str, real: Dossier) -> None:
    shown = [t for part in real.parts for t in part.all_tables() if isinstance(t, Table) and t.rows]
    assert page.count('<th scope="row">') == sum(len(t.rows) for t in shown) + len(real.findings)
