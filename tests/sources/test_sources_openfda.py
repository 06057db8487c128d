"""Does each report of an openFDA partition come out whole, however the document is damaged?"""

from __future__ import annotations

import io
import json
import zipfile
from itertools import chain

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from primum.errors import SourceError
from primum.sources import openfda
from primum.sources.icsr import read_icsr
from primum.sources.openfda import read_runs
from primum.sources.records import RecordFile, find_files
from primum.testing.icsr import invented_reports, write_openfda


def read(text, *, block=None):
    """Reports, rejects and repairs of a document."""
    file = RecordFile("f.json", [])
    with pytest.MonkeyPatch.context() as patch:
        if block is not None:
            patch.setattr(openfda, "BLOCK", block)
        reports = list(chain.from_iterable(read_runs(io.BytesIO(text), file)))
    account = file.account()  # refuses to be made where the records do not add up
    assert account.lines == len(reports) + len(file.keep)
    return reports, [(reject.line, reject.reason) for reject in file.keep], account.repairs


def document(*reports, indent=None):
    """A document of reports given as JSON."""
    lines = ",\n".join(f"    {report}" for report in reports) if indent else ",".join(reports)
    return ('{"meta": {"results": {"total": 2}}, "results": [\n' + lines + "\n]}").encode("utf-8", "surrogateescape")


def report(number, name="X"):
    return json.dumps({"safetyreportid": str(number), "companynumb": name})


def ids(reports):
    return [one["safetyreportid"] for one in reports]


def test_what_was_written_is_read_back(tmp_path):
    path = write_openfda(tmp_path / "drug-event-0001-of-0001.json", reports=30)
    reports, rejects, repairs = read(path.read_bytes())
    assert (rejects, repairs) == ([], {})
    assert reports == json.loads(path.read_text())["results"]


def test_openfda_says_of_the_same_cases_what_the_xml_says(tmp_path):
    reports, _, _ = read(write_openfda(tmp_path / "p.json", reports=9).read_bytes())
    for node, told in zip(reports, invented_reports(9, versions=False), strict=True):
        left, right = read_icsr(node), read_icsr(told)
        assert left.report == right.report
        assert (left.drugs, left.reactions, left.therapies) == (right.drugs, right.reactions, right.therapies)


def test_an_object_where_a_list_is_usual_is_taken_and_counted():
    node = {"safetyreportid": "1", "patient": {"drug": {"medicinalproduct": "A", "drugrecurrence": [{}, {}]}}}
    read_one = read_icsr(node)
    assert [drug["drugname"] for drug in read_one.drugs] == ["A"]
    assert read_one.repairs == {"take_object_as_list": 1}


@pytest.mark.parametrize(
    ("printed", "read_as", "repairs"),
    [
        ('{"safetyreportid": "1", "companynumb": "a\\u0000b\\tc"}', "a b c", {"strip_control_bytes": 1}),
        ('{"safetyreportid": "1", "companynumb": "a\x01b"}', "a b", {"strip_control_bytes": 1}),
        ('{"safetyreportid": "1", "companynumb": "a\\ud83db"}', "a?b", {"drop_half_character": 1}),
        ('{"safetyreportid": "1", "companynumb": "\\ud83d\\ude00"}', "\U0001f600", {}),
        ('{"safetyreportid": "1", "companynumb": "caf\udce9"}', "café", {"read_as_latin1": 1}),
        ('{"safetyreportid": "1", "companynumb": "café"}', "café", {}),
        ('{"safetyreportid": 1, "companynumb": 25}', "25", {}),
    ],
)
def test_texts_are_repaired_and_counted(printed, read_as, repairs):
    reports, rejects, found = read(document(printed))
    assert rejects == []
    assert read_icsr(reports[0]).report["manufacturer_number"] == read_as
    assert found == repairs


@pytest.mark.parametrize("indent", [True, False])
@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        ('{"safetyreportid": }', "no JSON (Expecting value)"),
        ('{"safetyreportid" "1"}', "no JSON (Expecting ':' delimiter)"),
        ('{"companynumb": "1"}', "no safetyreportid"),
        ('"text"', "not a report but a single value"),
        ("[1, 2]", "not a report but a single value"),
        ("null", "not a report but a single value"),
        ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "no JSON (too deep or too long)"),
        ('{"safetyreportid": ' + "9" * 5000 + "}", "no JSON (too deep or too long)"),
    ],
)
def test_a_damaged_report_is_rejected_whole_and_costs_no_other(damaged, reason, indent):
    reports, rejects, _ = read(document(report(1), damaged, report(2), indent=indent))
    assert ids(reports) == ["1", "2"]
    assert rejects == [(damaged.encode(), reason)]


def test_a_stray_quote_costs_one_report_where_reports_stand_on_lines_of_their_own():
    broken = '{\n      "safetyreportid": "1"",\n      "a": "{"\n    }'
    text = document(report(1), broken, report(2), indent=True)
    reports, rejects, _ = read(text)
    assert ids(reports) == ["1", "2"]
    [(kept, _)] = rejects
    assert kept == broken.encode()


def test_a_document_that_ends_early_keeps_what_is_there_of_its_last_report():
    text = document(report(1), report(2))
    cut = text[: text.rindex(b"companynumb")]
    reports, rejects, _ = read(cut)
    assert ids(reports) == ["1"]
    assert rejects == [(cut[cut.rindex(b"{") :], "the file ends inside this report")]
    whole = text[: text.rindex(b"]")]
    assert ids(read(whole)[0]) == ["1", "2"]
    assert read(whole)[2] == {"accept_open_end": 1}


def test_a_report_longer_than_any_real_one_is_rejected_and_the_next_is_read(monkeypatch):
    monkeypatch.setattr(openfda, "LONGEST_RECORD", 2000)
    text = document('{"a": "' + "x" * 5000, report(2)).replace(b"\n", b"")
    _, rejects, _ = read(text, block=300)
    assert rejects[0][1] == "longer than 2,000 characters"


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b"<html>", b'{"results": {}}', b"\xff\xfe"])
def test_a_document_without_a_list_gets_one_line(text):
    with pytest.raises(SourceError, match="no list of results; expected a partition of drug/event"):
        read(text)


@given(st.integers(1, 61))
def test_how_the_bytes_arrive_decides_nothing(size):
    text = b"\xef\xbb\xbf" + document(report(1), '{"a" 1}', report(2, "é\U0001f600"), '{"b": "\udce9"}')
    assert read(text, block=size) == read(text)


PIECES = st.sampled_from(
    [
        report(1),
        "{",
        "}",
        "[",
        "]",
        '"',
        ",",
        ":",
        "\\",
        "\\ud800",
        "\n    {",
        "\n    }",
        "1e999",
        "é",
        "\udce9",
        "null",
    ]
)


@example('"\udce9{"safetyreportid": "1"}')  # not UTF-8 and no report: kept as it stands
@given(st.lists(PIECES, max_size=30).map("".join))
def test_any_text_ends_in_an_account_with_every_record_in_one_place(text):
    whole = document(text)
    reports, rejects, _ = read(whole)
    for one in reports:
        read_icsr(one)
    for kept, _ in rejects:
        assert kept in whole


def find(*given):
    return find_files(given, endings=(".json",), expected="openFDA partitions")


def test_partitions_of_two_quarters_share_a_name_and_are_told_apart_by_their_folder(tmp_path):
    for quarter in ("2019q1", "2019q2"):
        (tmp_path / quarter).mkdir()
        write_openfda(tmp_path / quarter / "drug-event-0001-of-0002.json.zip", reports=1)
    (tmp_path / "readme.txt").write_text("passed over")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as other:
        other.writestr("a.txt", "passed over")
    names = [file.name for file in find(tmp_path)]
    assert names == ["2019q1/drug-event-0001-of-0002.json.zip", "2019q2/drug-event-0001-of-0002.json.zip"]
    with pytest.raises(SourceError, match="it is there twice"):
        find(*sorted(tmp_path.rglob("drug*.zip")))


def test_a_damaged_or_bombed_archive_gets_one_line(tmp_path):
    broken = tmp_path / "a.json.zip"
    broken.write_bytes(b"PK\x03\x04 no zip")
    bomb = tmp_path / "b.json.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("b.json", b"\0" * (60 * 1024**2))
    empty = tmp_path / "c.json.zip"
    zipfile.ZipFile(empty, "w").close()
    for path, said in ((broken, "it cannot be read"), (bomb, "unpacks"), (empty, "0 files that end in .json")):
        [file] = find(path)
        with pytest.raises(SourceError, match=said):
            [stream.read(1) for _, stream in file.members()]
