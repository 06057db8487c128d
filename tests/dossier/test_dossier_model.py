"""A dossier checks itself: nothing refers to what it does not hold."""

import dataclasses
import math

import pytest

from primum.dossier.caveats import Caveats, letters
from primum.dossier.model import PARTS, Cite, Column, Dossier, Part, Ref, Table, Text, prose, refs, sentence
from primum.dossier.wording import period


def test_prose_finds_numbers_and_sources_and_leaves_the_rest() -> None:
    said = prose("a {b.c|counts} [@x;y] {not a reference}")
    assert said == ("a ", Ref("b.c", "counts"), " ", Cite(("x", "y")), " {not a reference}")


def test_prose_refuses_a_way_to_show_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="percentage"):
        prose("{b.c|percentage}")


def test_a_sentence_from_data_is_never_read_as_a_template() -> None:
    assert sentence("{b.c}") == Text((("{b.c}",),))


def test_a_table_with_a_short_row_is_refused() -> None:
    with pytest.raises(ValueError, match="row 1: 1 cells; expected 2"):
        Table("t", "t", (Column("a"), Column("b")), (("x",),))


@pytest.mark.parametrize(("status", "missing"), [("complete", ("x",)), ("partial", ()), ("missing", ())])
def test_status_and_what_is_missing_cannot_contradict_each_other(status: str, missing: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="names"):
        Part(id="trials", number=3, title="t", status=status, missing=missing)  # type: ignore[arg-type]


def test_a_dossier_without_a_section_is_refused(real: Dossier) -> None:
    with pytest.raises(ValueError, match="13 parts"):
        dataclasses.replace(real, parts=real.parts[:-1])


def test_a_dossier_that_shows_a_number_it_does_not_hold_is_refused(real: Dossier) -> None:
    shown = refs(real.part("dose"))[0].finding
    others = {name: finding for name, finding in real.findings.items() if name != shown}
    with pytest.raises(ValueError, match=shown.replace(".", r"\.")):
        dataclasses.replace(real, findings=others)


def test_a_dossier_that_cites_a_source_it_does_not_hold_is_refused(real: Dossier) -> None:
    with pytest.raises(ValueError, match="source"):
        dataclasses.replace(real, sources=real.sources[1:])


def test_a_value_that_is_no_number_is_refused(real: Dossier) -> None:
    name, finding = next((n, f) for n, f in real.findings.items() if isinstance(f.value, float))
    broken = {**real.findings, name: dataclasses.replace(finding, value=math.nan)}
    with pytest.raises(ValueError, match="holds nan"):
        dataclasses.replace(real, findings=broken)


def test_the_thirteen_sections_stand_in_their_order(real: Dossier) -> None:
    assert [(part.number, part.id) for part in real.parts] == [(n, name) for n, (name, _) in enumerate(PARTS)]


def test_caveats_stand_once_each_under_their_letter() -> None:
    caveats = Caveats(leave_out=("general",))
    marks = [caveats.mark(texts).letters for texts in (["b"], ["general: x", ""], ["c", "b"])]
    assert (marks, caveats.lines()) == ([("a",), (), ("a", "b")], ("b", "c"))
    assert len(set(letters(800))) == 800


def test_a_window_is_said_in_words_and_other_text_is_left_alone() -> None:
    assert period("2014-01..2019-09") == "Jan 2014 to Sept 2019"
    assert period("days 1-90, first cycle") == "days 1-90, first cycle"
