"""What does a case safety report in the elements of E2B(R2) mean?

FDA's XML twins, other E2B(R2) files and openFDA's JSON hold the same elements under the same names, and an E2B(R3)
message is read into them (`primum.sources.e2b_r3`). So a report is one nested mapping of texts here, whoever wrote it;
`icsr_elements.csv` says what becomes of each element, `icsr_codes.csv` what its codes mean.

E2B ranks no suspect before another: every suspect counts as a primary suspect. Where a code stands for a word that
other systems print (route, unit), the word is put in its place; the lists are one to one, so nothing is lost.

Source: ICH M2 E2B(R2) message specification 2.3 (2001) and E2B(R3) implementation guide (2016) for the elements; FDA,
open.fda.gov, drug event fields (2026) for the codes. Codes of dose units above 004 follow the order of the list in
FDA's ASC_NTS document, which is an inference.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, Final

from primum.sources.repairs import CONTROLS
from primum.sources.values import (
    UNKNOWN_CODE,
    Reading,
    Value,
    read_age,
    read_country,
    read_csv,
    read_date,
    read_duration,
    read_number,
    read_version,
    read_weight,
)

Node = Mapping[str, Any]
Row = dict[str, Value]

ID: Final = "safetyreportid"
YES, NO = "1", "2"
NULLIFIED: Final = "N"  # beside I and F: the sender takes the case back
AFTER_THE_MESSAGE: Final = "later than the message"
ANOTHER_FORMAT: Final = "digits do not fit the format, read as printed"
SAME_CODES: Final = {"drugcumulativedosageunit": "drugstructuredosageunit"}
FORMATS: Final = {"102": 8, "610": 6, "602": 4, "203": 12, "204": 14}  # digits of a date; CCYY is 602
_CHECKED_ISR: Final = re.compile(r"([0-9]{1,10})-[0-9A-Za-z]")
_EVENT_DATE: Final = re.compile(r"CASE EVENT DATE:\s*([0-9]{4,8})")
_BLANKS: Final = dict.fromkeys(CONTROLS + b"\r\n", " ")
_NO_LIMIT: Final = dt.date.max


@dataclass(slots=True)
class Icsr:
    """A report as rows of the store's tables, without their keys.

    Args:
        report: row of `reports`.
        drugs: rows of `drugs_in_report`, in order.
        therapies: rows of `therapies`, with `drug_seq`.
        indications: rows of `indications`, with `drug_seq`.
        reactions: rows of `reactions`.
        outcomes: serious outcomes, each once.
        report_sources: what kind of source it came from, beyond the spontaneous.
        repairs: what was mended, and how often.
        faults: element and fault of every text without a value.
    """

    report: Row = field(default_factory=dict)
    drugs: list[Row] = field(default_factory=list)
    therapies: list[Row] = field(default_factory=list)
    indications: list[Row] = field(default_factory=list)
    reactions: list[Row] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    report_sources: list[str] = field(default_factory=list)
    repairs: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[str, str]] = field(default_factory=list)


def why_no_report(node: object) -> str:
    """Why a record is no report; empty where it is one."""
    if not isinstance(node, Mapping):
        return "not a report but a single value"
    return "" if _text(node.get(ID)) else f"no {ID}"


def read_icsr(node: Node, *, terms: Mapping[str, str] | None = None) -> Icsr:
    """The rows that a report becomes.

    Args:
        node: its elements by name; texts, mappings, and lists of them; `why_no_report` finds nothing wrong.
        terms: names of MedDRA terms by code, where a licensed folder tells them.

    Examples:
        >>> read = read_icsr({"safetyreportid": "4562564-7", "patient": {"patientsex": "2", "reaction": {
        ...     "reactionmeddrapt": "Ptosis"}, "drug": [{"medicinalproduct": "BOTOX", "drugcharacterization": "1"}]}})
        >>> read.report["caseid"], read.report["primaryid"], read.report["sex"]
        ('4562564-7', '4562564', 'F')
        >>> read.drugs[0]["role"], read.reactions[0]["term"], sorted(read.repairs)
        ('PS', 'PTOSIS', ['split_check_digit', 'take_object_as_list'])
    """
    return _Reader(terms or {}).read(node)


class _Reader:
    """One report that is being read."""

    def __init__(self, terms: Mapping[str, str]) -> None:
        self.terms = terms
        self.icsr = Icsr()
        self.until = _NO_LIMIT

    def read(self, node: Node) -> Icsr:
        report = self.icsr.report
        made = _text(node.get("transmissiondate"))
        if made is not None:
            report["report_date_text"] = made
            day = self.date(node, "transmissiondate", made)[0]
            self.until = day if isinstance(day, dt.date) else _NO_LIMIT
        held = self.level("report", node, report)
        self.identify(held)
        patient = _first(node.get("patient"))
        for element in ("reaction", "drug"):  # openFDA prints a list of them even where there is one
            if isinstance(patient.get(element), Mapping):
                self.icsr.repairs["take_object_as_list"] += 1
        held |= self.level("patient", patient, report)
        self.person(held)
        self.level("patientdeath", _first(patient.get("patientdeath")), report)
        self.senders(node, held)
        self.reactions(patient)
        self.event(patient)
        for number, drug in enumerate(_nodes(patient.get("drug")), start=1):
            self.drug(drug, number)
        report["fields_filled"] = len(report) - list(report.values()).count(None)
        return self.icsr

    def level(self, level: str, node: Node, row: Row) -> dict[str, str]:
        """Put what needs no thought into a row; what does, as text by element."""
        held: dict[str, str] = {}
        read, known = elements()[level]
        for element, value in node.items():
            found = read.get(element)
            if found is None:
                if element not in known:
                    self.icsr.repairs["leave_unknown_element"] += 1
                continue
            text = value.strip() if type(value) is str and value.isprintable() else _text(value)
            if not text:
                continue
            rule, target = found
            if rule == "text":
                row[target] = text
            elif rule == "held":
                held[element] = text
            elif rule == "code":
                row[target] = self.code(element, text)
            elif rule == "date":
                self.put_date(node, element, text, row, target)
            elif rule == "flag":
                self.flag(element, text, target)
            elif rule in ("country", "number"):
                reading = _read_country(text) if rule == "country" else _read_number(text)
                row[target] = self.told(element, reading).values[0]
                row[f"{target}_text"] = text
        return held

    def flag(self, element: str, text: str, outcome: str) -> None:
        """An outcome, where its flag says yes."""
        if text == YES:
            self.icsr.outcomes.append(outcome)
        elif text != NO:
            self.icsr.faults.append((element, UNKNOWN_CODE))

    def identify(self, held: Mapping[str, str]) -> None:
        """Whose report it is, and which version of it."""
        report, number = self.icsr.report, held[ID]
        version = held.get("safetyreportversion")
        report["caseid"], report["case_version_text"] = number, version
        report["case_version"] = self.told("safetyreportversion", _read_version(version)).values[0]
        checked = _CHECKED_ISR.fullmatch(number)
        if checked is not None:  # a report of AERS, which had no versions
            self.icsr.repairs["split_check_digit"] += 1
            report["primaryid"] = checked[1]
        else:
            report["primaryid"] = number + (version or "") if number.isdigit() else number
        if held.get("casenullification") == YES:
            report["initial_or_followup"] = NULLIFIED
        if (kind := held.get("reporttype")) is not None and (source := self.code("reporttype", kind)):
            self.icsr.report_sources.append(source)
        if (world_wide := held.get("companynumb") or report.get("authority_number")) is not None:
            report["manufacturer_number"] = world_wide

    def person(self, held: Mapping[str, str]) -> None:
        """Age, weight and sex of the patient."""
        report = self.icsr.report
        if (age := held.get("patientonsetage")) is not None:
            unit = held.get("patientonsetageunit")
            coded = self.code("patientonsetageunit", unit) if unit else ""
            report["age_text"], report["age_unit"] = age, coded or unit
            report["age_years"] = self.told("patientonsetage", _read_age(age, coded or "")).values[0]
        if (weight := held.get("patientweight")) is not None:
            report["weight_text"], report["weight_unit"] = weight, "KG"
            report["weight_kg"] = self.told("patientweight", _read_weight(weight)).values[0]
        if (sex := held.get("patientsex")) is not None:
            report["sex_text"] = sex
            meant = _codes("patientsex").get(sex)
            report["sex"] = meant or None
            if meant is None:
                self.icsr.faults.append(("patientsex", UNKNOWN_CODE))

    def senders(self, node: Node, held: Mapping[str, str]) -> None:
        """Who reported, who sent it, and where it was published."""
        report = self.icsr.report
        for number, source in enumerate(_nodes(node.get("primarysource"))):
            row: Row = {}
            self.level("primarysource", source, row)
            for target, value in row.items():
                if number == 0 or (target == "literature_reference" and target not in report):
                    report[target] = value
        if "literature_reference" in report:
            self.icsr.report_sources.append("LIT")
        if report.get("reporter_country_text") is None and (country := held.get("primarysourcecountry")) is not None:
            report["reporter_country"] = self.told("primarysourcecountry", _read_country(country)).values[0]
            report["reporter_country_text"] = country
        sent = self.level("sender", _first(node.get("sender")), {}).get("senderorganization")
        before = [self.level("reportduplicate", one, {}) for one in _nodes(node.get("reportduplicate"))]
        first = next((one["duplicatesource"] for one in before if "duplicatesource" in one), None)
        by_fda = sent is None or sent.upper().startswith("FDA")
        report["sender"] = (first or sent) if by_fda else sent
        if "manufacturer_number" not in report:
            report["manufacturer_number"] = next((o["duplicatenumb"] for o in before if "duplicatenumb" in o), None)

    def reactions(self, patient: Node) -> None:
        """A row for every reaction that says anything."""
        for reaction in _nodes(patient.get("reaction")):
            held = self.level("reaction", reaction, {})
            said = held.get("primarysourcereaction")
            pt, llt = held.get("reactionmeddrapt"), held.get("reactionmeddrallt")
            code = next((text for text in (llt, pt) if text is not None and text.isdigit()), None)
            term = self.term(pt, llt, said)
            if term is None:
                self.icsr.repairs["drop_empty_reaction"] += 1
                continue
            printed = (
                next((text for text in (pt, llt) if text is not None and not text.isdigit()), None) or said or code
            )
            self.icsr.reactions.append({"term": term.upper(), "term_text": printed, "term_code": code})

    def term(self, pt: str | None, llt: str | None, said: str | None) -> str | None:
        """The name that a reaction counts under: its preferred term where it is told, else what comes next to it."""
        repairs = self.icsr.repairs
        for text in (pt, llt):
            if text is not None and text.isdigit() and text in self.terms:
                repairs["read_term_code"] += 1
                return self.terms[text]
            if text is not None and not text.isdigit():
                if text is not pt:
                    repairs["take_lowest_level_term"] += 1
                return text
        if said is not None:
            repairs["take_words_of_the_reporter"] += 1
            return said
        code = llt or pt
        if code is not None:
            repairs["keep_code_as_term"] += 1
        return code

    def event(self, patient: Node) -> None:
        """The date of the event: as FDA's twins print it, else the earliest start of a reaction."""
        told = _text(_first(patient.get("summary")).get("narrativeincludeclinical"))
        found = _EVENT_DATE.search(told) if told else None
        if found is not None:
            self.put_date({}, "eventdate", found[1], self.icsr.report, "event_date")
            return
        starts = [one for one in _nodes(patient.get("reaction")) if _text(one.get("reactionstartdate"))]
        if starts:
            first = min(starts, key=lambda one: str(one["reactionstartdate"]))
            text = _text(first["reactionstartdate"]) or ""
            self.put_date(first, "reactionstartdate", text, self.icsr.report, "event_date")

    def drug(self, node: Node, number: int) -> None:
        """A drug with its therapy and its indication."""
        row: Row = {"drug_seq": number}
        held = self.level("drug", node, row)
        substances = [_text(one.get("activesubstancename")) for one in _nodes(node.get("activesubstance"))]
        row["active_ingredient"] = "\\".join(dict.fromkeys(one for one in substances if one)) or None
        row["dechallenge"] = _codes("drugadditional").get(held.get("drugadditional", ""))
        self.icsr.drugs.append(row)
        therapy: Row = {}
        for element, target in (("drugstartdate", "start_date"), ("drugenddate", "end_date")):
            if element in held:
                self.put_date(node, element, held[element], therapy, target)
        self.duration(held, therapy)
        if therapy:
            self.icsr.therapies.append({"drug_seq": number, **therapy})
        for indication in _texts(node.get("drugindication")):
            meant = self.terms.get(indication, indication)
            if meant is not indication:
                self.icsr.repairs["read_term_code"] += 1
            self.icsr.indications.append({"drug_seq": number, "term": meant.upper(), "term_text": indication})

    def duration(self, held: Mapping[str, str], therapy: Row) -> None:
        """Days of a therapy: from its dates where both are whole and in order, else as printed."""
        if (text := held.get("drugtreatmentduration")) is not None:
            unit = held.get("drugtreatmentdurationunit")
            coded = self.code("drugtreatmentdurationunit", unit) if unit else None
            therapy["duration_text"], therapy["duration_unit"] = text, coded
            therapy["duration_days"] = self.told("drugtreatmentduration", _read_duration(text, coded or "")).values[0]
        start, end = therapy.get("start_date"), therapy.get("end_date")
        whole = therapy.get("start_date_precision") == therapy.get("end_date_precision") == "D"
        if whole and isinstance(start, dt.date) and isinstance(end, dt.date) and end >= start:
            therapy["duration_days"] = float((end - start).days + 1)

    def put_date(self, node: Node, element: str, text: str, row: Row, target: str) -> None:
        """A date as far as it is printed, with its precision and its text."""
        precision, printed = _beside(target)
        row[target], row[precision] = self.date(node, element, text)
        row[printed] = text

    def date(self, node: Node, element: str, text: str) -> Sequence[Value]:
        """What a date means, and its precision; its time of day is left, and what is later than the message is none."""
        reading, fits = _read_date(text, _text(node.get(_format_of(element))))
        if reading.fault:
            self.icsr.faults.append((element, reading.fault))
        if not fits:
            self.icsr.faults.append((element, ANOTHER_FORMAT))
        day = reading.values[0]
        if day is not None and day > self.until:  # type: ignore[operator]  # `read_date` gives days
            self.icsr.faults.append((element, AFTER_THE_MESSAGE))
            return (None, None)
        return reading.values

    def code(self, element: str, text: str) -> str | None:
        """What a code stands for; kept as printed and counted where nobody knows it, none where it says unknown."""
        meant = _codes(element).get(text)
        if meant is None:
            self.icsr.faults.append((element, UNKNOWN_CODE))
            return text
        return meant or None

    def told(self, element: str, reading: Reading) -> Reading:
        if reading.fault:
            self.icsr.faults.append((element, reading.fault))
        return reading


@cache
def elements() -> Mapping[str, tuple[Mapping[str, tuple[str, str]], frozenset[str]]]:
    """Of each level, the elements that are read (their rule, and where they go) and all that may stand there."""
    read: dict[str, dict[str, tuple[str, str]]] = {}
    known: dict[str, set[str]] = {}
    for row in read_csv("icsr_elements.csv"):
        known.setdefault(row["level"], set()).update((row["element"], f"{row['element']}format"))
        of_level = read.setdefault(row["level"], {})
        if row["rule"] not in ("left", "nest"):
            of_level[row["element"]] = (row["rule"], row["goes_to"])
    return {level: (read[level], frozenset(known[level])) for level in known}


@cache
def _format_of(element: str) -> str:
    return f"{element}format"


@cache
def _beside(target: str) -> tuple[str, str]:
    """The columns beside a date: its precision and its text."""
    return f"{target}_precision", f"{target}_text"


@cache
def _codes(element: str) -> Mapping[str, str]:
    element = SAME_CODES.get(element, element)
    return {row["code"]: row["value"] for row in read_csv("icsr_codes.csv") if row["element"] == element}


def _nodes(value: object) -> list[Node]:
    """Elements that hold others, whether one stands alone or in a list."""
    many = value if isinstance(value, list) else [value]
    return [one for one in many if type(one) is dict or isinstance(one, Mapping)]


def _first(value: object) -> Node:
    return next(iter(_nodes(value)), {})


def _text(value: object) -> str | None:
    """A text without the blanks around it; numbers as JSON prints them; of a list the first."""
    if isinstance(value, str):
        return (value if value.isprintable() else value.translate(_BLANKS)).strip() or None
    if isinstance(value, list):
        return next(_texts(value), None)
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _texts(value: object) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        if not isinstance(one, list) and (text := _text(one)) is not None:
            yield text


@lru_cache(maxsize=100_000)
def _read_date(text: str, told: str | None) -> tuple[Reading, bool]:
    """The day that a date names, and whether its digits are as many as its format says."""
    digits = re.split(r"[.+-]", text, maxsplit=1)[0]
    return read_date((digits[:8],), _NO_LIMIT), told is None or FORMATS.get(told, 0) == len(digits)


@lru_cache(maxsize=10_000)
def _read_age(text: str, unit: str) -> Reading:
    return read_age((text, unit), _NO_LIMIT)


@lru_cache(maxsize=10_000)
def _read_weight(text: str) -> Reading:
    return read_weight((text, "KG"), _NO_LIMIT)


@lru_cache(maxsize=10_000)
def _read_duration(text: str, unit: str) -> Reading:
    return read_duration((text, unit), _NO_LIMIT)


@lru_cache(maxsize=10_000)
def _read_number(text: str) -> Reading:
    return read_number((text,), _NO_LIMIT)


@lru_cache(maxsize=10_000)
def _read_version(text: str | None) -> Reading:
    return read_version((text,), _NO_LIMIT)


@lru_cache(maxsize=10_000)
def _read_country(text: str) -> Reading:
    return read_country((text,), _NO_LIMIT)
