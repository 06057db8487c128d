"""SYNTHETIC case safety reports with one planted signal, as E2B(R2), E2B(R3) and openFDA's JSON.

One set of invented reports is written in all three forms, so that what is read of them can be compared. Every report
says SYNTHETIC as the first word of its sender and of its narrative. The forms are those of FDA's XML twins (document
type with an address, several reports a file), of an HL7 batch, and of a partition of openFDA (a zip with one document).
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from primum.sources import e2b_r3
from primum.terms import SYNTHETIC

DRUGS: Final = (("SYNTHOX", "SYNTHOTOXIN A"), ("INVENTOL", "INVENTINE"), ("MADE UP", "MADEUPAMIDE\\INVENTINE"))
TERMS: Final = ("Eyelid ptosis", "Headache", "Nausea", "Rash", "Dizziness", "Injection site pain")
LLT_CODES: Final = {term: str(90_000_001 + n) for n, term in enumerate(TERMS)}  # invented
PLANTED: Final = ("SYNTHOX", "Eyelid ptosis")  # in six of ten reports of that drug, one in ten of the others
SENDER: Final = f"{SYNTHETIC} MAKER"
FIRST_CASE: Final = 910_000_001
_ICSR_CODES: Final = "2.16.840.1.113883.3.989.2.1.1.19"

Report = dict[str, Any]


def invented_reports(reports: int, *, seed: int = 1, versions: bool = True) -> Iterator[Report]:
    """Reports in the elements of E2B(R2); where `versions`, every tenth has a second one.

    Examples:
        >>> first = next(invented_reports(1))
        >>> first["safetyreportid"], first["sender"]["senderorganization"]
        ('910000001', 'SYNTHETIC MAKER')
    """
    rng = np.random.default_rng([seed, 9])
    for number in range(reports):
        report = _report(rng, FIRST_CASE + number)
        yield report
        if versions and number % 10 == 9:
            later = {"safetyreportversion": "2", "receiptdate": "20190301", "serious": "1", "seriousnessother": "1"}
            yield report | later


def write_e2b_r2(path: Path, *, reports: int = 200, seed: int = 1) -> Path:
    """Write a file of E2B(R2) in latin-1, as FDA's twins were before they were UTF-8.

    Examples:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     write_e2b_r2(Path(folder) / "1_ADR19Q1.xml", reports=1).read_bytes()[:43]
        b'<?xml version="1.0" encoding="ISO-8859-1"?>'
    """
    with path.open("w", encoding="latin-1", newline="\r\n") as stream:
        stream.write('<?xml version="1.0" encoding="ISO-8859-1"?>\n')
        stream.write('<!DOCTYPE ichicsr SYSTEM "http://www.accessdata.example/xml/dtd/ich-icsr-v2.1-FDA.dtd">\n')
        stream.write('<ichicsr lang="en">\n<ichicsrmessageheader><messagetype>ichicsr</messagetype>')
        stream.write(f"<messagesenderidentifier>{SENDER}</messagesenderidentifier></ichicsrmessageheader>\n")
        for report in invented_reports(reports, seed=seed):
            stream.write("".join(_r2("safetyreport", report)))
        stream.write("</ichicsr>\n")
    return path


def write_openfda(path: Path, *, reports: int = 200, seed: int = 1) -> Path:
    """Write a partition of openFDA: a zip (or, by its name, a plain file) of one document."""
    found = [_as_openfda(report) for report in invented_reports(reports, seed=seed, versions=False)]
    document = {
        "meta": {"disclaimer": f"{SYNTHETIC}: invented reports", "results": {"total": len(found)}},
        "results": found,
    }
    text = json.dumps(document, indent=2)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(path.name.removesuffix(".zip"), text)
    else:
        path.write_text(text, encoding="utf-8")
    return path


def write_e2b_r3(path: Path, *, reports: int = 200, seed: int = 1) -> Path:
    """Write a batch of E2B(R3), with the invented codes of lowest level terms beside the reporter's words."""
    with path.open("w", encoding="utf-8") as stream:
        stream.write('<?xml version="1.0" encoding="UTF-8"?>\n<MCCI_IN200100UV01 ITSVersion="XML_1.0" ')
        stream.write('xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n')
        stream.write(f'<id root="2.16.840.1.113883.3.989.2.1.3.22" extension="{SYNTHETIC}"/>\n')
        for report in invented_reports(reports, seed=seed, versions=False):
            stream.write(_r3(report))
        stream.write("</MCCI_IN200100UV01>\n")
    return path


def _report(rng: np.random.Generator, case: int) -> Report:
    given = rng.choice(len(DRUGS), size=1 + int(rng.random() < 0.4), replace=False)
    likely = 0.6 if 0 in given else 0.1
    terms = [t for t in TERMS if rng.random() < (likely if t == PLANTED[1] else 0.3)] or [TERMS[1]]
    day = int(rng.integers(1, 28))
    flags = {"seriousnesshospitalization": "1", "serious": "1"} if rng.random() < 0.2 else {"serious": "2"}
    return {
        "safetyreportversion": "1",
        "safetyreportid": str(case),
        "primarysourcecountry": "US",
        "occurcountry": str(rng.choice(["US", "FR", "JP"])),
        "transmissiondateformat": "102",
        "transmissiondate": "20190501",
        "reporttype": str(rng.choice(["1", "1", "1", "2"])),
        **flags,
        "receivedateformat": "102",
        "receivedate": f"201901{day:02d}",
        "receiptdateformat": "102",
        "receiptdate": f"201902{day:02d}",
        "fulfillexpeditecriteria": "1",
        "companynumb": f"US-{SYNTHETIC}-{case}",
        "primarysource": [{"reportercountry": "US", "qualification": str(rng.integers(1, 6))}],
        "sender": {"sendertype": "2", "senderorganization": SENDER},
        "patient": {
            "patientonsetage": str(rng.integers(18, 90)),
            "patientonsetageunit": "801",
            "patientweight": str(rng.integers(45, 110)),
            "patientsex": str(rng.integers(1, 3)),
            "reaction": [
                {"reactionmeddraversionpt": "22.0", "reactionmeddrapt": term, "reactionoutcome": "6"} for term in terms
            ],
            "drug": [_drug(rng, *DRUGS[n], first=k == 0) for k, n in enumerate(given)],
            "summary": {"narrativeincludeclinical": f"{SYNTHETIC}, no person. CASE EVENT DATE: 201901"},
        },
    }


def _drug(rng: np.random.Generator, name: str, substance: str, *, first: bool) -> Report:
    return {
        "drugcharacterization": "1" if first else str(rng.integers(1, 4)),
        "medicinalproduct": name,
        "drugbatchnumb": f"{SYNTHETIC}-{rng.integers(100, 999)}",
        "drugauthorizationnumb": "000000",
        "drugstructuredosagenumb": str(rng.integers(1, 100)),
        "drugstructuredosageunit": "003",
        "drugdosagetext": "ONCE, invented & <made up> é",
        "drugdosageform": "INJECTION",
        "drugadministrationroute": "030",
        "drugindication": "Skin wrinkling",
        "drugstartdateformat": "102",
        "drugstartdate": "20190102",
        "drugenddateformat": "610",
        "drugenddate": "201901",
        "actiondrug": "5",
        "drugadditional": "3",
        "activesubstance": [{"activesubstancename": one} for one in substance.split("\\")],
    }


def _r2(element: str, value: object) -> Iterator[str]:
    """An element with what it holds, a line each."""
    if isinstance(value, list):
        for one in value:
            yield from _r2(element, one)
    elif isinstance(value, Mapping):
        yield f"<{element}>\n"
        for name, inner in value.items():
            yield from _r2(name, inner)
        yield f"</{element}>\n"
    else:
        yield f"<{element}>{escape(str(value))}</{element}>\n"


def _as_openfda(report: Report) -> Report:
    """As openFDA prints it: one source, substances in one text, and its own annotation."""
    patient = report["patient"]
    drugs = []
    for drug in patient["drug"]:
        name = "\\".join(one["activesubstancename"] for one in drug["activesubstance"])
        drugs.append(drug | {"activesubstance": {"activesubstancename": name}, "openfda": {"brand_name": [SYNTHETIC]}})
    return report | {"primarysource": report["primarysource"][0], "patient": patient | {"drug": drugs}}


def _r3(report: Report) -> str:
    patient, source = report["patient"], report["primarysource"][0]
    drugs = "".join(_r3_drug(n, drug) for n, drug in enumerate(patient["drug"], start=1))
    roles = "".join(
        f"<component><causalityAssessment>{_coded('20')}<value code={_q(drug['drugcharacterization'])}/><subject2>"
        f'<productUseReference><id root="drug-{n}"/></productUseReference></subject2></causalityAssessment></component>'
        for n, drug in enumerate(patient["drug"], start=1)
    )
    people = "".join(
        (
            f"<player1><administrativeGenderCode code={_q(patient['patientsex'])}/></player1>",
            _observed("3", f'value={_q(patient["patientonsetage"])} unit="a"'),
            _observed("7", f'value={_q(patient["patientweight"])} unit="kg"'),
            *(_r3_reaction(report, one["reactionmeddrapt"]) for one in patient["reaction"]),
            f"<subjectOf2><organizer>{_coded('4')}{drugs}</organizer></subjectOf2>",
        )
    )
    return f"""<PORR_IN049016UV>
<creationTime value={_q(report["transmissiondate"])}/>
<controlActProcess><effectiveTime value="{report["transmissiondate"]}120000+0100"/><subject><investigationEvent>
<id root="{e2b_r3.SAFETY_REPORT_ID}" extension={_q(report["safetyreportid"])}/>
<id root="{e2b_r3.WORLD_WIDE_ID}" extension={_q(report["companynumb"])}/>
<text>{escape(patient["summary"]["narrativeincludeclinical"])}</text>
<effectiveTime><low value={_q(report["receivedate"])}/></effectiveTime>
<availabilityTime value={_q(report["receiptdate"])}/>
<component><adverseEventAssessment><subject1><primaryRole>{people}</primaryRole></subject1>{roles}
</adverseEventAssessment></component>
<component><observationEvent>{_coded("23")}<value xsi:type="BL" value="true"/></observationEvent></component>
<outboundRelationship><priorityNumber value="1"/><relatedInvestigation>{_coded("2")}<subjectOf2><controlActEvent>
<author><assignedEntity><assignedPerson>
<asQualifiedEntity><code code={_q(source["qualification"])}/></asQualifiedEntity>
<asLocatedEntity><location><code code={_q(source["reportercountry"])}/></location></asLocatedEntity></assignedPerson>
</assignedEntity></author></controlActEvent></subjectOf2></relatedInvestigation></outboundRelationship>
<subjectOf1><controlActEvent><author><assignedEntity><representedOrganization><name>{SENDER}</name>
</representedOrganization></assignedEntity></author></controlActEvent></subjectOf1>
<subjectOf2><investigationCharacteristic>{_coded("1")}<value code={_q(report["reporttype"])}/>
</investigationCharacteristic></subjectOf2>
</investigationEvent></subject></controlActProcess></PORR_IN049016UV>
"""


def _r3_reaction(report: Report, term: str) -> str:
    serious = "true" if "seriousnesshospitalization" in report else "false"
    return (
        f'<subjectOf2><observation>{_coded("29")}<effectiveTime xsi:type="IVL_TS"><low value="201901"/></effectiveTime>'
        f'<value code="{LLT_CODES[term]}" codeSystem="2.16.840.1.113883.6.163"><originalText>{escape(term)}'
        f"</originalText></value><location><locatedEntity><locatedPlace><code code={_q(report['occurcountry'])}/>"
        f"</locatedPlace></locatedEntity></location><outboundRelationship2><observation>{_coded('33')}"
        f'<value value="{serious}"/></observation></outboundRelationship2></observation></subjectOf2>'
    )


def _r3_drug(number: int, drug: Report) -> str:
    substances = "".join(
        f"<ingredient><ingredientSubstance><name>{one['activesubstancename']}</name></ingredientSubstance></ingredient>"
        for one in drug["activesubstance"]
    )
    return f"""<component><substanceAdministration><id root="drug-{number}"/>
<consumable><instanceOfKind><kindOfProduct><name>{escape(drug["medicinalproduct"])}</name>
<asManufacturedProduct><subjectOf><approval><id extension={_q(drug["drugauthorizationnumb"])}/></approval></subjectOf>
</asManufacturedProduct>{substances}</kindOfProduct></instanceOfKind></consumable>
<outboundRelationship2 typeCode="COMP"><substanceAdministration><text>{escape(drug["drugdosagetext"])}</text>
<effectiveTime xsi:type="IVL_TS"><low value={_q(drug["drugstartdate"])}/><high value={_q(drug["drugenddate"])}/>
</effectiveTime><routeCode code={_q(drug["drugadministrationroute"])}/>
<doseQuantity value={_q(drug["drugstructuredosagenumb"])} unit="mg"/>
<consumable><instanceOfKind><productInstanceInstance><lotNumberText>{drug["drugbatchnumb"]}</lotNumberText>
</productInstanceInstance><kindOfProduct><formCode><originalText>{drug["drugdosageform"]}</originalText></formCode>
</kindOfProduct></instanceOfKind></consumable></substanceAdministration></outboundRelationship2>
<inboundRelationship typeCode="RSON"><observation>{_coded("19")}<value code="90000099"><originalText>
{drug["drugindication"]}</originalText></value></observation></inboundRelationship>
</substanceAdministration></component>"""


def _observed(code: str, value: str) -> str:
    return f"<subjectOf2><observation>{_coded(code)}<value {value}/></observation></subjectOf2>"


def _coded(code: str) -> str:
    return f'<code code="{code}" codeSystem="{_ICSR_CODES}"/>'


def _q(text: str) -> str:
    return quoteattr(text)
