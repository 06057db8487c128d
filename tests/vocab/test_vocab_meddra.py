"""A licensed terminology, read from an invented hierarchy with invented codes; nothing of MedDRA stands here."""

from __future__ import annotations

from pathlib import Path

import pytest

from primum.errors import SourceError
from primum.testing.terminology import row, write_meddra
from primum.vocab.meddra import FIELDS, read_meddra


@pytest.fixture
def meddra(tmp_path: Path) -> Path:
    return write_meddra(tmp_path / "release")


def test_a_term_counts_in_its_primary_class_alone_and_in_every_group(meddra: Path) -> None:
    groups = read_meddra(meddra).groups
    knees = {"WOBBLY KNEE", "KNEE THAT WOBBLES"}
    assert groups["soc", "LIMB DISORDERS SYNTHETIC"] == {*knees, "GREEN ELBOW"}
    assert ("soc", "MOVEMENT DISORDERS SYNTHETIC") not in groups
    assert groups["hlt", "GAIT ODD"] == groups["hlgt", "MOVING ODD"] == knees


def test_a_query_takes_the_terms_of_its_child_queries_however_deep_narrow_or_broad(meddra: Path) -> None:
    groups = read_meddra(meddra).groups
    narrow = {"GREEN ELBOW", "WOBBLY KNEE", "KNEE THAT WOBBLES"}
    assert groups["smq", "ODD LIMBS"] == narrow
    assert groups["smq_broad", "ODD LIMBS"] == {*narrow, "HUMMING EAR"}
    assert groups["smq", "ODD KNEES"] == {"WOBBLY KNEE", "KNEE THAT WOBBLES"}


def test_every_term_lies_in_one_class(meddra: Path) -> None:
    classes = [terms for (level, _), terms in read_meddra(meddra).groups.items() if level == "soc"]
    assert sum(map(len, classes)) == len(set().union(*classes)) == read_meddra(meddra).terms == 4


def test_the_release_is_told_by_the_files_and_another_is_refused(meddra: Path) -> None:
    assert read_meddra(meddra).version == read_meddra(meddra / "MedAscii", release="99.1").version == "99.1"
    with pytest.raises(SourceError, match=r"release 99\.1; expected release 98\.0"):
        read_meddra(meddra, release="98.0")
    with pytest.raises(SourceError, match="release latest; expected a release such as"):
        read_meddra(meddra, release="latest")
    (meddra / "version_report_98_1_SYNTHETIC.txt").write_text("")
    with pytest.raises(SourceError, match=r"files of the releases 98\.1 and 99\.1; expected files of one release"):
        read_meddra(meddra)


def test_a_release_that_no_file_tells_must_be_given(tmp_path: Path) -> None:
    folder = write_meddra(tmp_path, release="")
    with pytest.raises(SourceError, match=r"no file tells the release; .* Give --release"):
        read_meddra(folder)
    assert read_meddra(folder, release="99.1").version == "99.1"


@pytest.mark.parametrize("name", FIELDS)
def test_a_folder_without_a_file_is_refused(meddra: Path, name: str) -> None:
    (meddra / "MedAscii" / name).unlink()
    with pytest.raises(SourceError, match=f"no {name}"):
        read_meddra(meddra)


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no MedAscii files"):
        read_meddra(tmp_path)


@pytest.mark.parametrize("name", FIELDS)
def test_a_file_cut_in_a_line_is_refused(meddra: Path, name: str) -> None:
    path = meddra / "MedAscii" / name
    path.write_text(path.read_text()[:-4])
    with pytest.raises(SourceError, match=name):
        read_meddra(meddra)


def test_a_file_cut_between_two_lines_is_refused_where_others_name_what_is_gone(meddra: Path) -> None:
    for name in FIELDS:
        path = meddra / "MedAscii" / name
        whole = path.read_text()
        lines = whole.splitlines(keepends=True)
        path.write_text("".join(lines[: len(lines) // 3 * 2]))
        with pytest.raises(SourceError, match=r"is not in|does not hold|no primary class|in no file|has no term"):
            read_meddra(meddra)
        path.write_text(whole)


def test_a_query_that_is_its_own_child_is_refused(meddra: Path) -> None:
    path = meddra / "MedAscii" / "smq_content.asc"
    path.write_text(path.read_text() + row("91000003", "91000001", "0", "0", "A", "0", "A", "99.1", "99.1", of=9))
    with pytest.raises(SourceError, match="is a child of its own"):
        read_meddra(meddra)


def test_letters_of_an_older_encoding_are_read(meddra: Path) -> None:
    path = meddra / "MedAscii" / "pt.asc"
    path.write_bytes(path.read_text().replace("Humming", "Humming caf\xe9").encode("latin-1"))
    assert any("CAF\xc9" in term for terms in read_meddra(meddra).groups.values() for term in terms)
