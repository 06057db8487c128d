"""Are the pages for a patient and a clinician short, plain, sourced, and the same numbers as the dossier?"""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from primum.dossier.model import READERS, Brief, Cite, Dossier, Mark, Ref, Table, Text, Verdict
from primum.dossier.render import html
from primum.study.ask import ask
from primum.treatments.load import known_treatments, load_treatment

ADJECTIVES = re.compile(r"\b(common|rare|rarely|frequent|frequently|often|seldom|very|only|just|unlikely|safe)\b", re.I)


SENTENCE = 5  # words


class Words(HTMLParser):
    """The words of a page: sentences end where a paragraph, an item or a cell does."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sentences: list[str] = [""]
        self.skipping = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.skipping += tag in ("style", "svg", "title", "figure") or dict(attrs).get("id") == "sources"
        if tag in ("p", "li", "td", "th", "h1", "h2", "h3"):
            self.sentences.append("")

    def handle_endtag(self, tag: str) -> None:
        self.skipping -= tag in ("style", "svg", "title", "figure")

    def handle_data(self, data: str) -> None:
        if not self.skipping:
            self.sentences[-1] += data


def sentences(text: str) -> list[str]:
    """Whole sentences: cells and headings of a few words are none, and would make any page look easy."""
    plain = re.sub(r"\[[\d, ]+\]|\(.*?\)|[−+]?\d[\d,.]*", " ", text)
    return [s for s in re.split(r"[.?!]+", plain) if len(re.findall("[A-Za-z']+", s)) >= SENTENCE]


def grade(text: str) -> float:
    """Flesch-Kincaid grade, without numbers and footnotes (Kincaid et al. 1975, Navy Research Branch Report 8-75)."""
    said = sentences(text)
    words = [word for s in said for word in re.findall("[A-Za-z']+", s)]
    syllables = sum(max(1, len(re.findall("[aeiouy]+", re.sub("e$", "", word.lower())))) for word in words)
    return 0.39 * len(words) / len(said) + 11.8 * syllables / len(words) - 15.59


@pytest.fixture(scope="module")
def patient(real: Dossier) -> str:
    return html.render_brief(real, "patient")


def test_the_patient_page_reads_at_grade_eight_or_below(patient: str) -> None:
    said = ". ".join(text for text in Words(patient).sentences if text.strip())
    assert len(sentences(said)) > 60
    assert grade(said) <= 8.0


def test_no_chapter_of_the_patient_page_is_hard_behind_an_easy_one(patient: str) -> None:
    for chapter, inside in re.findall(r'<section id="(\w+)"(.*?)</section>', patient, flags=re.DOTALL):
        said = ". ".join(text for text in Words(inside).sentences if text.strip())
        if chapter != "sources" and len(sentences(said)) >= 3:
            assert grade(said) <= 8.0, chapter


def test_the_score_tells_plain_from_hard() -> None:
    """Kincaid's own scale: short words in short sentences are low, long ones high."""
    assert grade("The cat sat on the mat. It was a big cat.") < 3
    hard = "Pharmacoepidemiological disproportionality necessitates comprehensive multidimensional interpretation."
    assert grade(hard) > 20
    assert grade(f"{hard} Yes. No. A cell. misleading. 1 day.") == grade(hard)


def test_numbers_stand_in_the_place_of_adjectives(real: Dossier) -> None:
    """Words of claims are other people's; ours say how many."""
    brief = real.brief("patient")
    ours = [c for c in brief.chapters if c.id not in ("said", "before")]
    said = " ".join(span for c in ours for block in c.blocks if isinstance(block, Text) for line in block.lines
                    for span in line if isinstance(span, str))  # fmt: skip
    assert ADJECTIVES.findall(said) == []


def test_both_framings_one_denominator_and_the_picture(real: Dossier) -> None:
    brief = real.brief("patient")
    chapter = next(c for c in brief.chapters if c.id == "of_1000")
    table = next(b for b in chapter.blocks if isinstance(b, Table))
    assert len(table.rows) == 5
    for row in table.rows:
        spans = _cells(Table("row", "row", table.columns, (row,)))
        shown = [span.show for span in spans if isinstance(span, Ref)]
        assert shown[:5] == ["per_1000", "without_per_1000", "per_1000", "without_per_1000", "per_1000_signed"]
        assert "per_1000_interval" in shown
        assert any(isinstance(span, Cite) and span.sources for span in spans)
    assert type(chapter.blocks[0]).__name__ == "Figure"


def test_the_qualifying_items_of_a_decision_aid_stand_on_the_page(real: Dossier) -> None:
    """IPDAS: condition and decision, options with doing nothing, benefits, harms, what it is like, sources, date."""
    chapters = [chapter.id for chapter in real.brief("patient").chapters]
    assert chapters == ["decision", "of_1000", "does", "works", "before", "alarm", "said", "unknown"]
    page = " ".join(html.render_brief(real, "patient").split())
    assert "or to leave them as they are" in page
    assert f"Evidence read to {real.run.evidence_to}" in page
    assert "Funding: " in page


def test_verdict_words_stand_in_the_table_of_claims_alone(real: Dossier) -> None:
    for brief in real.briefs:
        for chapter in brief.chapters:
            words = [s for b in chapter.blocks if not isinstance(b, Text) for s in _cells(b) if isinstance(s, Verdict)]
            assert bool(words) == (chapter.id == "said")


def test_every_number_is_marked_and_every_footnote_leads_to_a_source_on_the_page(real: Dossier) -> None:
    for reader in READERS:
        page = html.render_brief(real, reader)
        assert set(re.findall(r'data-finding="([^"]+)"', page)) <= set(real.findings)
        targets = set(re.findall(r'href="#(source-\d+)"', page))
        assert targets
        assert targets == set(re.findall(r'id="(source-\d+)"', page))
        assert len(page.encode()) < 400_000
        assert page == html.render_brief(real, reader)


def test_a_clinician_meets_screening_and_practice_first(real: Dossier) -> None:
    chapters = [chapter.id for chapter in real.brief("clinician").chapters]
    assert chapters[:3] == ["ask", "labels", "prepare"]
    assert chapters[3:] == ["harm", "does", "dose", "repeat", "incidents"]


def test_a_clinician_sees_each_harm_added_up_within_groups_of_trials_and_with_its_certainty(real: Dossier) -> None:
    (table,) = next(c for c in real.brief("clinician").chapters if c.id == "harm").blocks
    assert isinstance(table, Table)
    heads = [column.label for column in table.columns]
    assert [str(row[0][0]) for row in table.rows][:2] == ["any complaint", "headache"]
    headache = table.rows[1]
    (within,) = {
        span.finding for span in headache[heads.index("Within groups of trials (95 %)")] if isinstance(span, Ref)
    }
    assert within == "pooled.headache.risk_difference"
    assert all(row[heads.index("Certainty")][0] in ("high", "moderate", "low", "very low") for row in table.rows)


def test_a_clinician_sees_every_warning_of_the_labels(real: Dossier) -> None:
    topics = ("boxed warning", "contraindication", "warning", "interaction", "population")
    warned = [row["item"] for row in load_treatment("anti-wrinkle").tables["practice"] if row["topic"] in topics]
    (table,) = next(c for c in real.brief("clinician").chapters if c.id == "labels").blocks
    assert isinstance(table, Table)
    assert sorted(str(row[0][0]) for row in table.rows) == sorted(warned)


@pytest.mark.parametrize("name", sorted(set(known_treatments()) - {"anti-wrinkle"}))
def test_a_treatment_without_counted_harm_says_so_to_the_patient(name: str) -> None:
    page = html.render_brief(ask(name), "patient")
    assert "we cannot say how many people of 1,000" in page
    assert "Before you say yes" in page
    assert "When to call for help" in page


def test_a_clinician_sees_every_time_of_a_complaint_with_whose_it_is_and_its_caveat(real: Dossier) -> None:
    """The counted time of a headache stands before what a clinic says."""
    (table,) = next(c for c in real.brief("clinician").chapters if c.id == "harm").blocks
    assert isinstance(table, Table)
    spans = _cells(Table("row", "row", table.columns, (table.rows[1],)))
    lasts = [span.finding for span in spans if isinstance(span, Ref) and ".harm_duration." in span.finding]
    assert lasts == ["time.harm_duration.headache_migraine", "time.harm_duration.headache_clinic"]
    assert any("statement of a clinic" in span for span in spans if isinstance(span, str))
    letter = "abcdefghijklmnopqrstuvwxyz"[table.caveats.index("a clinic says so; no study")]
    assert any(letter in span.letters for span in spans if isinstance(span, Mark))


def test_hostile_words_are_text_in_the_briefs(hostile: Dossier) -> None:
    for reader in READERS:
        page = html.render_brief(hostile, reader)
        assert "<script" not in page
        assert "<img" not in page


def test_a_brief_for_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one of patient, clinician"):
        Brief(reader="nobody", title="", chapters=())


def _cells(block: object) -> list[object]:
    rows = getattr(block, "rows", None) or getattr(getattr(block, "twin", None), "rows", ())
    return [span for row in rows for cell in row for span in (cell if isinstance(cell, tuple) else (cell,))]


def test_a_time_on_the_patient_s_page_says_whose_it_is_or_that_nobody_counted_it() -> None:
    chapter = next(c for c in ask("anti-wrinkle").brief("patient").chapters if c.id == "of_1000")
    table = next(block for block in chapter.blocks if isinstance(block, Table) and block.id == "complaints")
    times = [cell for row in table.rows for cell in row[4:] if cell != "not counted"]
    assert all(any(isinstance(span, Mark) and span.letters for span in cell) for cell in times)
    assert "a page says so; no study that we read counted it" in table.caveats
    assert any("migraine" in caveat for caveat in table.caveats)


@pytest.mark.parametrize("name", ["isotretinoin", "dermal-fillers"])
def test_what_the_clinician_s_page_lacks_is_said(name: str) -> None:
    chapters = {chapter.id: chapter for chapter in ask(name).brief("clinician").chapters}
    (missing,) = chapters["missing"].blocks
    assert "harm, of 1,000 people" in str(missing)
    assert "harm" not in chapters


def test_what_it_is_given_for_stands_where_no_benefit_was_counted() -> None:
    dossier = ask("isotretinoin")
    (uses,) = next(chapter for chapter in dossier.brief("clinician").chapters if chapter.id == "does").blocks
    assert isinstance(uses, Table)
    assert [row[0] for row in uses.rows] == [
        row["name"] for row in load_treatment("isotretinoin").tables["indications"].rows
    ]
    does = next(chapter for chapter in dossier.brief("patient").chapters if chapter.id == "does")
    assert "Our reading: effective" in str(does)
