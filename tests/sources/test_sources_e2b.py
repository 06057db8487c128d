"""Does each report of an E2B file come out whole, whatever stands around it, and nothing else?"""

from __future__ import annotations

import io
import json
import tracemalloc
import urllib.request
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from primum.errors import SourceError
from primum.sources import e2b
from primum.sources.e2b import read_runs
from primum.sources.icsr import read_icsr
from primum.sources.records import RecordFile
from primum.testing.icsr import LLT_CODES, invented_reports, write_e2b_r2, write_e2b_r3

R2 = b"<safetyreport><safetyreportid>%d</safetyreportid><companynumb>%s</companynumb></safetyreport>"
HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE ichicsr SYSTEM "http://127.0.0.1:9/icsr.dtd">\n<ichicsr>'


def read(text, *, block=None):
    """Reports, rejects and repairs of a file."""
    file = RecordFile("f.xml", [])
    with pytest.MonkeyPatch.context() as patch:
        if block is not None:
            patch.setattr(e2b, "BLOCK", block)
        reports = list(chain.from_iterable(read_runs(io.BytesIO(text), file)))
    account = file.account()  # refuses to be made where the records do not add up
    assert account.lines == len(reports) + len(file.keep)
    return reports, [(reject.line, reject.reason) for reject in file.keep], account.repairs


def ids(reports):
    return [report["safetyreportid"] for report in reports]


def one(name=b"X"):
    return HEAD + R2 % (1, name) + b"</ichicsr>"


def test_what_was_written_is_read_back_element_by_element(tmp_path):
    path = write_e2b_r2(tmp_path / "1_ADR19Q1.xml", reports=30)
    reports, rejects, repairs = read(path.read_bytes())
    assert (rejects, repairs) == ([], {})
    expected = json.loads(json.dumps(list(invented_reports(30))))
    for report in expected:
        for drug in report["patient"]["drug"]:
            drug["drugindication"] = [drug["drugindication"]]
    assert reports == expected


def test_r3_says_of_the_same_cases_what_r2_says(tmp_path):
    r2, _, _ = read(write_e2b_r2(tmp_path / "r2.xml", reports=9).read_bytes())
    r3, rejects, _ = read(write_e2b_r3(tmp_path / "r3.xml", reports=9).read_bytes())
    assert rejects == []
    names = {code: term for term, code in LLT_CODES.items()}
    for left, right in zip(
        (read_icsr(node) for node in r2), (read_icsr(node, terms=names) for node in r3), strict=True
    ):
        for element in ("caseid", "manufacturer_number", "sex", "age_years", "weight_kg", "sender", "report_type"):
            assert left.report[element] == right.report[element], element
        for element in ("received_date", "first_received_date", "event_date", "occurrence_country", "reporter_country"):
            assert left.report[element] == right.report[element], element
        assert left.report["reporter_occupation"] == right.report["reporter_occupation"]
        assert [one["term"] for one in left.reactions] == [one["term"] for one in right.reactions]
        assert {one["term_code"] for one in right.reactions} <= set(names)
        assert left.outcomes == right.outcomes
        assert left.report_sources == right.report_sources
        told = ("role", "drugname", "active_ingredient", "route", "dose_amount", "dose_unit", "lot_number", "dose_form")
        assert [[drug[name] for name in told] for drug in left.drugs] == [
            [drug[name] for name in told] for drug in right.drugs
        ]
        assert [one["term"] for one in left.indications] == [one["term"] for one in right.indications]
        assert [(t["start_date"], t["end_date"]) for t in left.therapies] == [
            (t["start_date"], t["end_date"]) for t in right.therapies
        ]


# --- what an attacker writes ----------------------------------------------------------------------------------------

LAUGHS = "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1};" * 10}">' for n in range(1, 10))
ATTACKS = {
    "billion laughs": f'<!DOCTYPE ichicsr [<!ENTITY lol0 "lol">{LAUGHS}]>',
    "quadratic blow-up": f'<!DOCTYPE ichicsr [<!ENTITY a "{"a" * 50_000}">]>',
    "a file of the machine": '<!DOCTYPE ichicsr [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    "an address": '<!DOCTYPE ichicsr [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]>',
    "a parameter entity": '<!DOCTYPE ichicsr [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x">%x;]>',
    "in another case": '<!DOCTYPE ichicsr [<! entity x "y">]>',
    "behind a comment": '<!-- <ichicsr> --><!DOCTYPE ichicsr [<!ENTITY x "y">]>',
}


@pytest.mark.parametrize("head", ATTACKS.values(), ids=ATTACKS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_file_that_declares_entities_is_refused_in_one_line(head, encoding):
    text = f"{head}<ichicsr>{(R2 % (1, b'&lol9;&a;&x;')).decode()}</ichicsr>".encode(encoding)
    tracemalloc.start()
    with pytest.raises(SourceError, match="it declares entities of its own") as refused:
        read(text)
    assert tracemalloc.get_traced_memory()[1] < 20 * 1024**2
    tracemalloc.stop()
    assert "\n" not in str(refused.value)


def test_an_address_in_the_document_type_is_never_asked(monkeypatch):
    def asked(*_):
        raise AssertionError("an address was fetched")

    monkeypatch.setattr(urllib.request, "urlopen", asked)
    monkeypatch.setattr("socket.socket.connect", asked)
    assert ids(read(one())[0]) == ["1"]


@pytest.mark.parametrize(
    "inside",
    [
        b'<!DOCTYPE x [<!ENTITY a "b">]><safetyreportid>1</safetyreportid>',
        b'<safetyreportid>1</safetyreportid><!ENTITY a "b">',
        b'<xi:include href="file:///etc/passwd"/><safetyreportid>1</safetyreportid>',
    ],
)
def test_a_report_that_declares_or_includes_something_is_rejected_whole(inside):
    record = b"<safetyreport>" + inside + b"</safetyreport>"
    reports, rejects, _ = read(HEAD + record + R2 % (2, b"Y") + b"</ichicsr>")
    assert ids(reports) == ["2"]
    [(kept, reason)] = rejects
    assert kept == record
    assert reason.startswith("not well-formed")


def test_a_reference_to_an_entity_that_nobody_declared_stays_as_it_is_printed():
    reports, _, repairs = read(one(b"A&nbsp;&lol9;B"))
    assert reports[0]["companynumb"] == "A&nbsp;&lol9;B"
    assert repairs == {"escape_bare_ampersand": 1}


def test_elements_within_elements_without_end_cost_neither_memory_nor_the_process():
    deep = b"<drug>" * 100_000 + b"</drug>" * 100_000
    record = b"<safetyreport><safetyreportid>1</safetyreportid><patient>" + deep + b"</patient></safetyreport>"
    reports, rejects, _ = read(HEAD + record + b"</ichicsr>")
    assert ids(reports) == ["1"]
    assert rejects == []
    assert read_icsr(reports[0]).report["caseid"] == "1"


# --- repairs, each with its name and its count ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "read_as", "repair"),
    [
        (b"JOHNSON & JOHNSON", "JOHNSON & JOHNSON", "escape_bare_ampersand"),
        (b"dose < 5 mg", "dose < 5 mg", "escape_bare_less_than"),
        (b"CUSHING\x01S", "CUSHINGS", "strip_control_bytes"),
        (b"A&#2;B&#xD800;C&#9;D", "ABC\tD", "drop_forbidden_reference"),
        (b"caf\xe9", "café", "read_as_latin1"),
    ],
)
def test_what_xml_forbids_is_repaired_and_counted(printed, read_as, repair):
    reports, rejects, repairs = read(one(printed))
    assert rejects == []
    assert reports[0]["companynumb"] == read_as
    assert repairs == {repair: 1}


@pytest.mark.parametrize(
    ("text", "repairs"),
    [
        (one("é".encode()), {}),
        (b"\xef\xbb\xbf" + one("é".encode()), {"strip_byte_order_mark": 1}),
        (one(b"\xe9").replace(b"UTF-8", b"ISO-8859-1"), {}),
        (one("é".encode()).decode().encode("utf-16"), {}),
    ],
)
def test_the_encoding_that_a_file_tells_or_shows_is_taken(text, repairs):
    reports, _, found = read(text)
    assert reports[0]["companynumb"] == "é"
    assert found == repairs


def test_an_element_that_stands_twice_counts_once_and_is_told():
    record = b"<safetyreport><safetyreportid>1</safetyreportid><safetyreportid>2</safetyreportid></safetyreport>"
    reports, _, repairs = read(HEAD + record + b"</ichicsr>")
    assert ids(reports) == ["1"]
    assert repairs == {"leave_repeated_element": 1}


# --- damage ---------------------------------------------------------------------------------------------------------

GOOD = R2 % (7, b"Y")


@pytest.mark.parametrize(
    ("damaged", "kept", "reason"),
    [
        (b"<safetyreport><a></b></safetyreport>", None, "not well-formed (mismatched tag)"),
        (b"<safetyreport><a>text</safetyreport>", None, "not well-formed (mismatched tag)"),
        (b"<safetyreport><safetyreportid/></safetyreport>", None, "no safetyreportid"),
        (b"<safetyreport/>", None, "no safetyreportid"),
        (b"<safetyreport><safetyreportid>1</safetyreportid>", None, "another report begins before its end"),
        (b"text</safetyreport>", None, "a report ends here that did not begin"),
    ],
)
def test_a_damaged_report_is_rejected_whole_and_costs_no_other(damaged, kept, reason):
    reports, rejects, _ = read(HEAD + damaged + GOOD + GOOD + b"</ichicsr>")
    assert ids(reports) == ["7", "7"]
    assert rejects == [(kept or damaged, reason)]


def test_a_file_that_ends_inside_a_report_keeps_what_is_there_of_it():
    reports, rejects, _ = read(HEAD + GOOD + b"<safetyreport><safetyreportid>1")
    assert ids(reports) == ["7"]
    assert rejects == [(b"<safetyreport><safetyreportid>1", "the file ends inside this report")]


def test_a_report_in_a_comment_is_none():
    reports, rejects, _ = read(HEAD + b"<!-- " + GOOD + b" -->" + R2 % (8, b"Z") + b"<!-- never closed " + GOOD)
    assert ids(reports) == ["8", "7"]
    assert rejects == []


def test_a_report_longer_than_any_real_one_is_rejected_and_the_next_is_read(monkeypatch):
    monkeypatch.setattr(e2b, "LONGEST_RECORD", 1000)
    monkeypatch.setattr(e2b, "LONGEST_HEAD", 200)
    reports, rejects, _ = read(HEAD + R2 % (1, b"x" * 5000) + GOOD + b"</ichicsr>", block=300)
    assert ids(reports) == ["7"]
    [(kept, reason)] = rejects
    assert len(kept) == 1000
    assert reason == "longer than 1,000 bytes; those are kept"


def test_comments_without_end_and_reports_without_measure_cost_no_day():
    marks = HEAD + b"<!--" * 2_000_000 + GOOD
    assert ids(read(marks)[0]) == ["7"]
    crowd = b"<safetyreport>" + b"<a/>" * 500_000 + b"</safetyreport>"
    reports, rejects, _ = read(HEAD + crowd + GOOD + b"</ichicsr>")
    assert ids(reports) == ["7"]
    assert rejects == [(crowd, "more than 500,000 tags")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "no root element"),
        (b"no xml at all", "no root element"),
        (b"<!-- never closed <ichicsr>", "no root element"),
        (b"<!DOCTYPE html><html><body/></html>", "the root element 'html'"),
        (b"<!--" * 200_000, "no root element"),
        (b"<a" * 500_000, "no root element"),
    ],
)
def test_another_file_gets_one_line(text, said):
    with pytest.raises(SourceError, match=f"{said}; expected a file of E2B"):
        read(text)


def test_a_prefix_before_every_name_and_a_message_without_a_batch_are_read(tmp_path):
    text = write_e2b_r3(tmp_path / "r3.xml", reports=2).read_bytes()
    expected = read(text)[0]
    single = text[text.index(b"<PORR") : text.index(b"</PORR") + len(b"</PORR_IN049016UV>")]
    single = single.replace(
        b"<PORR_IN049016UV",
        b'<PORR_IN049016UV xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"',
    )
    assert read(single)[0] == expected[:1]
    prefixed = text.replace(b"</", b"\0").replace(b"<", b"<h:").replace(b"\0", b"</h:").replace(b"<h:?", b"<?")
    prefixed = prefixed.replace(b"xmlns=", b"xmlns:h=")
    assert read(prefixed)[0] == expected


@given(st.integers(1, 97))
def test_how_the_bytes_arrive_decides_nothing(size):
    text = HEAD + GOOD + b"<safetyreport><a></safetyreport>" + R2 % (8, "é & ü".encode()) + b"<safetyreport><x>"
    assert read(text, block=size) == read(text)


class Endless:
    """Reports without end, until so many bytes are given."""

    def __init__(self, size):
        self.left = size

    def read(self, size, /):
        given = b"" if self.left <= 0 else (GOOD * (size // len(GOOD) + 1))[:size]
        self.left -= size
        return given


def test_memory_does_not_grow_with_the_file(monkeypatch):
    monkeypatch.setattr(e2b, "BLOCK", 64 * 1024)
    monkeypatch.setattr(e2b, "LONGEST_HEAD", 1024)
    peaks = []
    for size in (200_000, 2_000_000):
        file = RecordFile("f.xml", Nowhere())
        stream = e2b._Pushed(Endless(size), HEAD)
        tracemalloc.start()
        assert sum(map(len, read_runs(stream, file))) > size // 200
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0] < 3 * 1024**2


class Nowhere:
    """Takes rejects and lets them go."""

    def append(self, reject, /):
        """Let one go."""


PIECES = st.sampled_from(
    [
        GOOD,
        b"<safetyreport>",
        b"</safetyreport>",
        b"<safetyreportid>",
        b"<safetyreport ",
        b"<!--",
        b"-->",
        b"<",
        b">",
        b"&",
        b"&#0;",
        b"]]>",
        b"<![CDATA[",
        b"\xe9",
        b"\x00",
        b"<patient><drug>",
        b"<?x",
        b'"',
        b" ",
        b"/>",
    ]
)


@given(st.lists(PIECES, max_size=30).map(b"".join))
def test_any_bytes_end_in_an_account_with_every_record_in_one_place(text):
    reports, rejects, _ = read(HEAD + text)
    for report in reports:
        read_icsr(report)
    for kept, _ in rejects:
        assert kept in HEAD + text
    assert len(reports) + len(rejects) >= (GOOD in text and b"<!--" not in text)


@given(st.lists(PIECES, max_size=30).map(b"".join))
def test_reports_parsed_together_are_the_reports_parsed_one_by_one(text):
    together = read(HEAD + text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(e2b, "PARSED_AT_ONCE", 1)
        assert read(HEAD + text) == together


@pytest.mark.parametrize("hides", [(b"<!--", b"-->"), (b"<![CDATA[", b"]]>"), (b"<?x ", b"?>")])
def test_what_is_hidden_from_one_report_into_the_next_joins_no_two(hides):
    begin, end = hides
    first = b"<safetyreport><safetyreportid>1</safetyreportid>" + begin + b"</safetyreport>"
    second = b"<safetyreport>" + end + b"<companynumb>X</companynumb></safetyreport>"
    reports, rejects, _ = read(HEAD + first + second + R2 % (3, b"Y") + b"</ichicsr>")
    assert ids(reports) == ["3"]
    assert [kept for kept, _ in rejects] == [first, second]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_file_or_get_one_line(text):
    said = ""
    try:
        read(text)
    except SourceError as error:
        said = str(error)
    assert "\n" not in said
