"""Each treatment brings its controls as data, and a row that cannot be counted or answered for is refused."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from primum.errors import EvidenceError
from primum.treatments.controls import ACTIVE, NEGATIVE, controls_of
from primum.treatments.load import find_treatment, known_treatments, load_treatment
from primum.treatments.vocabulary import vocabulary


@pytest.mark.parametrize("name", known_treatments())
def test_each_treatment_names_a_negative_control_and_an_active_comparator_with_their_reason(name: str) -> None:
    controls = {control.kind: control for control in controls_of(load_treatment(name).tables["controls"])}
    assert set(controls) == {NEGATIVE, ACTIVE}
    assert all(len(control.why) > 80 for control in controls.values())
    assert all(control.judged != bool(control.sources) for control in controls.values())


@pytest.mark.parametrize("name", known_treatments())
def test_no_label_names_the_negative_control_and_the_treatment_is_not_its_own_comparator(name: str) -> None:
    words = vocabulary(name)
    negative, active = controls_of(load_treatment(name).tables["controls"])
    assert words.bins.listed(negative.counted) is None
    assert words.bins.bin(negative.counted) == "harm"
    asked = {substance.upper() for substance in load_treatment(name).substances}
    assert not asked & set(active.counted.upper().split(";"))


@pytest.mark.parametrize(
    ("kind", "column", "given", "told"),
    [
        (NEGATIVE, "counted", "appendicitis", "expected the preferred term as reports are counted by it, APPENDICITIS"),
        (NEGATIVE, "against", "sex:F", "beside a negative control"),
        (ACTIVE, "against", "sexx:F", 'Did you mean "sex"?'),
        (ACTIVE, "source", "cote2005", "none for a judgement"),
        (ACTIVE, "basis", "source", "sources for a choice of theirs"),
        (ACTIVE, "why", "", "column why: empty"),
    ],
)
def test_a_row_that_cannot_be_counted_or_answered_for_is_refused(
    tmp_path: Path, kind: str, column: str, given: str, told: str
) -> None:
    folder = tmp_path / "treatment"
    shutil.copytree(find_treatment("anti-wrinkle"), folder)
    with (folder / "controls.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    next(row for row in rows if row["kind"] == kind)[column] = given
    with (folder / "controls.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    with pytest.raises(EvidenceError) as caught:
        load_treatment(folder)
    assert "controls.csv, row " in str(caught.value)
    assert told in str(caught.value)
