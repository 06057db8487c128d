"""What does an E2B(R3) message say in the elements of E2B(R2)?

R3 puts the same case into HL7 version 3: an element is known by the code of the observation it stands in. Here each is
read to the element of R2 that asks the same, as ICH's own backward conversion does: every dosage of a drug becomes a
drug of its own, seriousness is told by reaction and holds for the report. R3 codes reactions by lowest level terms of
MedDRA and prints no name for them: the words of the reporter stand beside the code.

Source: ICH, Implementation guide for E2B(R3), version 5.02 (2016), and its backwards and forwards conversion rules
(BFC), appendix I (A); code system 2.16.840.1.113883.3.989.2.1.1.19 for the numbers of the observations.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Final
from xml.etree.ElementTree import Element

SAFETY_REPORT_ID: Final = "2.16.840.1.113883.3.989.2.1.3.1"  # C.1.1
WORLD_WIDE_ID: Final = "2.16.840.1.113883.3.989.2.1.3.2"  # C.1.8.1
BY_AUTHORITY: Final = "1"  # C.1.8.2: the first sender was a regulator
LITERATURE: Final = "2"  # kind of a reference
SOURCE_REPORT: Final = "2"  # kind of a related investigation
FIRST_SENDER: Final = "1"
NULLIFIED: Final = "1"
PATIENT: Final = {"3": "patientonsetage", "4": "patientagegroup", "7": "patientweight"}
SERIOUS: Final = {
    "34": "seriousnessdeath",
    "21": "seriousnesslifethreatening",
    "33": "seriousnesshospitalization",
    "35": "seriousnessdisabling",
    "12": "seriousnesscongenitalanomali",
    "26": "seriousnessother",
}
REACTION, TRANSLATION, DRUGS, ROLE, INDICATION, CUMULATIVE, RECURRED = "29", "30", "4", "20", "19", "14", "31"

Found = dict[str, Any]


def read_message(message: Element) -> Found:
    """The elements of R2 that a message fills; empty where it holds no case."""
    _without_namespaces(message)
    case = _one(message, "controlActProcess/subject/investigationEvent")
    if case is None:
        return {}
    found: Found = {
        "safetyreportid": _id(case, SAFETY_REPORT_ID),
        "transmissiondate": _value(message, "controlActProcess/effectiveTime") or _value(message, "creationTime"),
        "receivedate": _value(case, "effectiveTime/low"),
        "receiptdate": _value(case, "availabilityTime"),
        "patient": _patient(case),
        "primarysource": _sources(case),
        "sender": {"senderorganization": _sender(case)},
    }
    found |= _about_the_report(case)
    found |= _serious(case)
    reactions = found["patient"]["reaction"]
    found["occurcountry"] = next((one["country"] for one in reactions if one["country"]), None)
    for one in reactions:
        del one["country"]
    return {element: value for element, value in found.items() if value is not None}


def _without_namespaces(message: Element) -> None:
    for element in message.iter():
        if element.tag[0] == "{":
            element.tag = element.tag.rpartition("}")[2]


def _about_the_report(case: Element) -> Found:
    found: Found = {}
    for characteristic in _all(case, "subjectOf2/investigationCharacteristic"):
        value = _attribute(characteristic.find("value"), "code")
        match _code(characteristic):
            case "1":
                found["reporttype"] = value
            case "3":
                found["casenullification"] = "1" if value == NULLIFIED else None
    for event in _all(case, "component/observationEvent"):
        if _code(event) == "23":
            told = _value(event, "value")
            found["fulfillexpeditecriteria"] = {"true": "1", "false": "2"}.get(told or "")
    world_wide = _id(case, WORLD_WIDE_ID)
    by = [_first_sender(one) for one in _all(case, "outboundRelationship/relatedInvestigation")]
    found["authoritynumb" if BY_AUTHORITY in by else "companynumb"] = world_wide
    return found


def _first_sender(related: Element) -> str | None:
    if _code(related) != FIRST_SENDER:
        return None
    return _attribute(_one(related, "subjectOf2/controlActEvent/author/assignedEntity/code"), "code")


def _sources(case: Element) -> list[Found]:
    """The reporters, the one for regulatory purposes first, with the articles of the case beside the first."""
    ranked = []
    for relation in _all(case, "outboundRelationship"):
        related = relation.find("relatedInvestigation")
        if related is None or _code(related) != SOURCE_REPORT:
            continue
        person = _one(related, "subjectOf2/controlActEvent/author/assignedEntity/assignedPerson")
        first = _value(relation, "priorityNumber") == "1"
        ranked.append((not first, person))
    sources: list[Found] = []
    for _, person in sorted(ranked, key=lambda one: one[0]):
        where = _one(person, "asLocatedEntity/location/code") if person is not None else None
        what = _one(person, "asQualifiedEntity/code") if person is not None else None
        sources.append({"reportercountry": _attribute(where, "code"), "qualification": _attribute(what, "code")})
    articles = [
        _text(document.find("bibliographicDesignationText"))
        for document in _all(case, "reference/document")
        if _code(document) == LITERATURE
    ]
    if articles:
        sources = sources or [{}]
        sources[0]["literaturereference"] = articles[0]
    return sources


def _sender(case: Element) -> str | None:
    entity = _one(case, "subjectOf1/controlActEvent/author/assignedEntity")
    if entity is None:
        return None
    name = _one(entity, "representedOrganization/name")
    inner = _one(entity, "representedOrganization/assignedEntity/representedOrganization/name")
    return _text(inner) or _text(name)


def _patient(case: Element) -> Found:
    found: Found = {"reaction": [], "drug": []}
    role = _one(case, "component/adverseEventAssessment/subject1/primaryRole")
    if role is None:
        return found
    found["patientsex"] = _attribute(_one(role, "player1/administrativeGenderCode"), "code")
    found["patientdeath"] = {"patientdeathdate": _value(role, "player1/deceasedTime")}
    roles = _roles(case)
    for subject in _all(role, "subjectOf2"):
        observation, organizer = subject.find("observation"), subject.find("organizer")
        if observation is not None and _code(observation) == REACTION:
            found["reaction"].append(_reaction(observation))
        elif observation is not None and (element := PATIENT.get(_code(observation) or "")):
            value = observation.find("value")
            found[element] = _attribute(value, "code") or _attribute(value, "value")
            if element == "patientonsetage":
                found["patientonsetageunit"] = _attribute(value, "unit")
        elif organizer is not None and _code(organizer) == DRUGS:
            for administration in _all(organizer, "component/substanceAdministration"):
                found["drug"] += _drug(administration, roles)
    return found


def _reaction(observation: Element) -> Found:
    value = observation.find("value")
    translated = next((_text(one.find("value")) for one in _related(observation) if _code(one) == TRANSLATION), None)
    return {
        "primarysourcereaction": translated or (_text(value.find("originalText")) if value is not None else None),
        "reactionmeddrallt": _attribute(value, "code"),
        "reactionstartdate": _value(observation, "effectiveTime/low") or _value(observation, "effectiveTime/comp/low"),
        "country": _attribute(_one(observation, "location/locatedEntity/locatedPlace/code"), "code"),
    }


def _serious(case: Element) -> Found:
    found: Found = {}
    of_a_reaction = "component/adverseEventAssessment/subject1/primaryRole/subjectOf2/observation"
    for reaction in _all(case, of_a_reaction):
        for criterion in _related(reaction):
            element = SERIOUS.get(_code(criterion) or "")
            if element is not None and _value(criterion, "value") == "true":
                found[element] = "1"
    return found


def _roles(case: Element) -> dict[str, str]:
    """Role of each drug by the id that stands in it."""
    found: dict[str, str] = {}
    for assessment in _all(case, "component/adverseEventAssessment/component/causalityAssessment"):
        role = _attribute(assessment.find("value"), "code")
        drug = _one(assessment, "subject2/productUseReference/id")
        if _code(assessment) == ROLE and role is not None and drug is not None:
            found[_key(drug)] = role
    return found


def _drug(administration: Element, roles: dict[str, str]) -> list[Found]:
    """A drug, once for each of its dosages."""
    own = administration.find("id")
    product = _one(administration, "consumable/instanceOfKind/kindOfProduct")
    about = _related(administration)
    cumulative = next((one.find("value") for one in about if _code(one) == CUMULATIVE), None)
    recurred = [_attribute(one.find("value"), "code") for one in about if _code(one) == RECURRED]
    drug: Found = {
        "drugcharacterization": roles.get(_key(own)) if own is not None else None,
        "drugcumulativedosagenumb": _attribute(cumulative, "value"),
        "drugcumulativedosageunit": _attribute(cumulative, "unit"),
        "drugrecurreadministration": next((code for code in ("1", "2", "3") if code in recurred), None),
        "drugindication": [one for one in _indications(administration) if one],
    }
    if product is not None:
        approval = _one(product, "asManufacturedProduct/subjectOf/approval/id")
        names = [_text(one.find("name")) for one in _all(product, "ingredient/ingredientSubstance")]
        drug["medicinalproduct"] = _text(product.find("name"))
        drug["drugauthorizationnumb"] = _attribute(approval, "extension")
        drug["activesubstance"] = [{"activesubstancename": name} for name in names]
    dosages = _all(administration, "outboundRelationship2/substanceAdministration")
    return [drug | _dosage(one) for one in dosages] or [drug]


def _dosage(dosage: Element) -> Found:
    amount, route = dosage.find("doseQuantity"), dosage.find("routeCode")
    form = _one(dosage, "consumable/instanceOfKind/kindOfProduct/formCode/originalText")
    lot = _one(dosage, "consumable/instanceOfKind/productInstanceInstance/lotNumberText")
    time = dosage.find("effectiveTime")
    width = _within(time, "width")
    return {
        "drugdosagetext": _text(dosage.find("text")),
        "drugstructuredosagenumb": _attribute(amount, "value"),
        "drugstructuredosageunit": _attribute(amount, "unit"),
        "drugadministrationroute": _attribute(route, "code"),
        "drugdosageform": _text(form),
        "drugbatchnumb": _text(lot),
        "drugstartdate": _attribute(_within(time, "low"), "value"),
        "drugenddate": _attribute(_within(time, "high"), "value"),
        "drugtreatmentduration": _attribute(width, "value"),
        "drugtreatmentdurationunit": _attribute(width, "unit"),
    }


def _indications(administration: Element) -> Iterator[str | None]:
    """Words of the reporter for each indication, else its code."""
    for relation in _all(administration, "inboundRelationship/observation"):
        value = relation.find("value")
        if _code(relation) == INDICATION and value is not None:
            yield _text(value.find("originalText")) or _attribute(value, "code")


def _related(element: Element) -> list[Element]:
    return _all(element, "outboundRelationship2/observation")


def _all(element: Element, path: str) -> list[Element]:
    """Every element at a path, in order, step by step: a single name is sought five times as fast as a path."""
    found = [element]
    for step in _steps(path):
        found = found[0].findall(step) if len(found) == 1 else [child for one in found for child in one.findall(step)]
    return found


def _one(element: Element, path: str) -> Element | None:
    """The first element at a path; where the first of a step leads nowhere, the next may."""
    found = element
    for step in _steps(path):
        inner = found.find(step)
        if inner is None:
            return None if found is element else next(iter(_all(element, path)), None)
        found = inner
    return found


@cache
def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split("/"))


def _within(element: Element | None, name: str) -> Element | None:
    return None if element is None else next(element.iter(name), None)


def _id(case: Element, root: str) -> str | None:
    return next((one.get("extension") for one in _all(case, "id") if one.get("root") == root), None)


def _key(identifier: Element) -> str:
    """An id as a text: some senders write the number of a drug as root, some as extension."""
    return f"{identifier.get('root', '')} {identifier.get('extension', '')}"


def _code(element: Element) -> str | None:
    code = element.find("code")
    return None if code is None else code.get("code", "").strip() or None


def _value(element: Element, path: str) -> str | None:
    return _attribute(_one(element, path), "value")


def _attribute(element: Element | None, name: str) -> str | None:
    return None if element is None else element.get(name, "").strip() or None


def _text(element: Element | None) -> str | None:
    if element is None:
        return None
    text = "".join(element.itertext()) if len(element) else element.text or ""
    return " ".join(text.split()) or None
