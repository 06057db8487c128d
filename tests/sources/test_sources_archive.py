"""Is every archive that is not a whole quarter refused in one line, before a row is read?"""

from __future__ import annotations

import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from primum.errors import SourceError
from primum.sources.archive import find_archives, read_archive
from primum.sources.faers import clean_member, read_deleted
from primum.sources.layouts import TABLES
from primum.terms import Quarter
from primum.testing.faers import write_archive


def make(path, names, content=b"x"):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return path


def seven(quarter="17Q2", folder="ascii/", end=".txt"):
    return [f"{folder}{table}{quarter}{end}" for table in TABLES]


@pytest.mark.parametrize("names", [seven(), seven(folder="ASCII/", end=".TXT"), seven(folder="", quarter="17q2")])
def test_members_are_found_whatever_their_case_and_folder(tmp_path, names):  # Q34
    archive = read_archive(make(tmp_path / "faers_ascii_2017Q2.zip", [*names, "ascii/STAT17Q2.TXT", "Readme.pdf"]))
    assert archive.quarter == Quarter(2017, 2)
    assert [member.name for member in archive.tables] == names


def test_a_suffix_before_the_ending_is_accepted(tmp_path):  # Q17
    names = ["ascii/DEMO18Q1_new.txt", *seven("18Q1")[1:]]
    assert read_archive(make(tmp_path / "faers_ascii_2018q1.zip", names)).tables[0].suffix == "_new"


DELETED = [  # Q18, as in deleted_lists.csv
    "deleted/ADR19Q1DeletedCases.txt",
    "deleted/AllDeletedCases.txt",
    "DELETED/ADR20Q1DeletedCases.txt",
    "Deleted/ADR20Q3DeletedCases.txt",
    "Deleted/20Q4DeletedCases.txt",
    "Deleted/DELETE21Q4.txt",
]


@pytest.mark.parametrize("name", DELETED)
def test_lists_of_deleted_cases_are_found_under_every_name(tmp_path, name):
    path = make(tmp_path / "faers_ascii_2017q2.zip", seven())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, b" \r\n10172236\r\n10172236\r\nabc\r\n10923325")
    archive = read_archive(path)
    assert [member.name for member in archive.deleted] == [name]
    found = read_deleted(archive, archive.deleted[0])
    assert found.caseids == ("10172236", "10923325")
    assert found.account.repairs == {"drop_repeated_deletion": 1}
    assert (found.account.lines, found.account.blank_lines, found.account.loaded) == (
        5,
        1,
        3,
    )  # Q19: the first is blank
    assert [(reject.line_number, reject.line) for reject in found.rejects] == [(4, b"abc\r")]


def refused(path):
    with pytest.raises(SourceError) as caught:
        read_archive(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_missing_table_is_named(tmp_path):
    path = make(tmp_path / "faers_ascii_2017q2.zip", [n for n in seven() if "THER" not in n and "RPSR" not in n])
    assert "no file for RPSR THER" in refused(path)


def test_a_table_that_is_there_twice_is_named(tmp_path):
    path = make(tmp_path / "faers_ascii_2017q2.zip", [*seven(), "more/DEMO17Q2.txt"])
    assert "more than one file for DEMO" in refused(path)


def test_names_that_speak_of_two_quarters_are_refused(tmp_path):
    assert "17q2, 17q3" in refused(make(tmp_path / "faers_ascii_2017q3.zip", seven()))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<!DOCTYPE html><html>404</html>", "a web page"),
        (b"\n <html><body>", "a web page"),
        (b"", "not a zip file"),
        (b"PK\x03\x04 and then nothing", "not a zip file"),
    ],
)
def test_what_is_not_a_zip_is_refused(tmp_path, content, said):
    path = tmp_path / "faers_ascii_2017q2.zip"
    path.write_bytes(content)
    assert said in refused(path)


def test_an_archive_that_is_not_there_is_refused(tmp_path):
    assert "no such file" in refused(tmp_path / "faers_ascii_2017q2.zip")


def test_a_bomb_is_refused_by_what_it_says_it_unpacks_to(tmp_path):
    path = make(tmp_path / "faers_ascii_2017q2.zip", seven()[1:])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ascii/DEMO17Q2.txt", bytes(60 * 1024**2))
    assert "unpacks" in refused(path)


def test_a_bomb_in_a_list_of_deleted_cases_is_refused(tmp_path):
    path = make(tmp_path / "faers_ascii_2017q2.zip", seven())
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("deleted/ADR17Q2DeletedCases.txt", bytes(65 * 1024**2))
    assert "unpacks" in refused(path)


@pytest.mark.parametrize(("stem", "count", "said"), [("Deleted/DELETE{}.txt", 91, "91 lists"), ("{}", 10_000, "files")])
def test_more_files_than_an_archive_can_have_are_refused(tmp_path, stem, count, said):
    path = make(tmp_path / "faers_ascii_2017q2.zip", [*seven(), *(stem.format(n) for n in range(count))])
    assert said in refused(path)


def test_a_name_that_climbs_out_of_its_folder_writes_nothing(tmp_path):
    names = ["../../DEMO17Q2.txt", *seven()[1:]]
    archive = read_archive(make(tmp_path / "faers_ascii_2017q2.zip", names))
    with archive.open(archive.tables[0]) as stream:
        assert stream.read(10) == b"x"
    assert [path.name for path in tmp_path.iterdir()] == ["faers_ascii_2017q2.zip"]


def test_an_empty_member_is_refused_by_name(tmp_path):
    archive = read_archive(make(tmp_path / "faers_ascii_2017q2.zip", seven(), content=b""))
    with pytest.raises(SourceError, match=r"DEMO17Q2.txt: the file is empty"):
        clean_member(archive, archive.tables[0], tmp_path / "rows", reject=lambda _: None)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_archive_is_read_or_refused_in_one_line(tmp_path, data):
    whole = write_archive(tmp_path, quarter=Quarter(2015, 1), reports=30, seed=1).read_bytes()
    damage = data.draw(st.sampled_from(["cut", "byte", "zeros"]))
    position = data.draw(st.integers(0, len(whole) - 1))
    path = tmp_path / "damaged_2015q1.zip"
    if damage == "cut":
        path.write_bytes(whole[:position])
    elif damage == "byte":
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x5A]) + whole[position + 1 :])
    else:
        path.write_bytes(whole[:position] + bytes(min(64, len(whole) - position)) + whole[position + 64 :])
    said = ""
    try:
        archive = read_archive(path)
        for member in archive.tables:
            clean_member(archive, member, tmp_path / "rows", reject=lambda _: None)
    except SourceError as error:
        said = str(error)
    assert "\n" not in said


def test_a_folder_offers_its_ascii_archives_in_the_order_of_quarters(tmp_path):
    names = ["faers_ascii_2013Q1.zip", "aers_ascii_2004q1.zip", "faers_xml_2013q1.zip", "aers_sgml_2004q1.zip", "x.txt"]
    for name in names:
        (tmp_path / name).write_bytes(b"")
    assert [path.name for path in find_archives(tmp_path)] == ["aers_ascii_2004q1.zip", "faers_ascii_2013Q1.zip"]
    wanted = frozenset({Quarter(2013, 1)})
    assert [path.name for path in find_archives(tmp_path, wanted)] == ["faers_ascii_2013Q1.zip"]


def test_a_zip_of_a_quarter_that_was_not_asked_for_is_refused(tmp_path):
    path = make(tmp_path / "faers_ascii_2017q2.zip", seven())
    assert find_archives(path, frozenset({Quarter(2017, 2)})) == (path,)
    with pytest.raises(SourceError, match="it holds 2017q2; expected 2014q1"):
        find_archives(path, frozenset({Quarter(2014, 1)}))


def test_two_archives_of_one_quarter_are_refused(tmp_path):
    for name in ("faers_ascii_2013Q1.zip", "faers_ascii_2013q1.zip"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(SourceError, match="two archives for 2013q1"):
        find_archives(tmp_path)


@pytest.mark.parametrize("quarters", [None, frozenset({Quarter(2013, 1)})])
def test_a_folder_without_archives_says_what_was_expected(tmp_path, quarters):
    with pytest.raises(SourceError, match="no archive found"):
        find_archives(tmp_path, quarters)


def test_every_repair_and_every_fault_is_documented():
    import re
    from pathlib import Path

    import primum.sources

    text = (Path(__file__).parents[2] / "docs/reference/oddities.md").read_text(encoding="utf-8")
    folder = Path(primum.sources.__path__[0])
    code = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    named = set(re.findall(r'repairs\["(\w+)"\]', code)) | set(re.findall(r"^def (\w+)\(fields", code, re.MULTILINE))
    named -= {"row_text"}  # writes a row, mends nothing
    rules = (folder / "values.py").read_text(encoding="utf-8")
    faults = set(re.findall(r'^[A-Z_]+: Final = "([^"]+)"$', rules, re.MULTILINE))
    assert {"drop_empty_last_field", "join_cut_field", "split_glued_records", "read_as_latin1"} <= named
    assert "not a date" in faults
    assert [name for name in sorted(named | faults) if f"`{name}`" not in text] == []
