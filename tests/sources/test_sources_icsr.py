"""What does each element of a report become, and what is counted where it has no value?"""

from __future__ import annotations

import datetime as dt

import pytest

from primum.sources.icsr import elements, read_icsr, why_no_report


def read(*, patient=None, terms=None, drug=None, reaction=None, **report):
    people = dict(patient or {})
    people |= {"drug": [drug]} if drug else {}
    people |= {"reaction": [reaction]} if reaction else {}
    return read_icsr({"safetyreportid": "11", "patient": people, **report}, terms=terms)


def test_versions_and_ids_are_those_of_faers():
    one = read(safetyreportversion="3").report
    assert (one["caseid"], one["primaryid"], one["case_version"]) == ("11", "113", 3)
    other = read_icsr({"safetyreportid": "GB-MAKER-11", "safetyreportversion": "3"}).report
    assert (other["caseid"], other["primaryid"]) == ("GB-MAKER-11", "GB-MAKER-11")
    junk = read(safetyreportversion="x")
    assert junk.report["case_version"] == 0
    assert junk.faults == [("safetyreportversion", "not a number, counted as version 0")]


def test_a_report_of_aers_keeps_its_check_digit_as_case_and_loses_it_as_report():
    one = read_icsr({"safetyreportid": "4562564-7"})
    assert (one.report["caseid"], one.report["primaryid"]) == ("4562564-7", "4562564")
    assert one.repairs == {"split_check_digit": 1}


@pytest.mark.parametrize(
    ("text", "told", "day", "precision", "faults"),
    [
        ("20190131", "102", dt.date(2019, 1, 31), "D", []),
        ("201901", "610", dt.date(2019, 1, 1), "M", []),
        ("2019", "602", dt.date(2019, 1, 1), "Y", []),
        ("201901", None, dt.date(2019, 1, 1), "M", []),
        ("201901", "102", dt.date(2019, 1, 1), "M", [("receiptdate", "digits do not fit the format, read as printed")]),
        ("20190131235959", "204", dt.date(2019, 1, 31), "D", []),
        ("20190131120000.0000+0100", None, dt.date(2019, 1, 31), "D", []),
        ("20190231", "102", None, None, [("receiptdate", "not a date")]),
        ("19000101", "102", None, None, [("receiptdate", "out of range")]),
        ("20190601", "102", None, None, [("receiptdate", "later than the message")]),
        ("soon", None, None, None, [("receiptdate", "not a date")]),
    ],
)
def test_dates_are_read_as_far_as_they_are_printed(text, told, day, precision, faults):
    one = read(transmissiondate="20190501", receiptdate=text, receiptdateformat=told)
    assert (one.report["received_date"], one.report["received_date_precision"]) == (day, precision)
    assert one.report["received_date_text"] == text
    assert one.faults == faults


@pytest.mark.parametrize(("code", "role"), [("1", "PS"), ("2", "C"), ("3", "I"), ("4", "DN"), ("7", "7")])
def test_every_suspect_is_a_primary_one_because_none_is_ranked_before_another(code, role):
    one = read(drug={"medicinalproduct": "A", "drugcharacterization": code})
    assert one.drugs[0]["role"] == role
    assert one.faults == ([("drugcharacterization", "unknown code")] if code == "7" else [])


def test_ages_of_every_unit_become_years():
    units = {"800": 50.0, "801": 5.0, "802": 5 / 12, "803": 35 / 365.25, "804": 5 / 365.25, "805": 5 / 8766}
    for unit, years in units.items():
        found = read(patient={"patientonsetage": "5", "patientonsetageunit": unit}).report["age_years"]
        assert found == pytest.approx(years, rel=1e-12)
    bad = read(patient={"patientonsetage": "5", "patientonsetageunit": "999"})
    assert bad.report["age_years"] is None
    assert ("patientonsetageunit", "unknown code") in bad.faults


def test_sex_weight_and_age_group_are_read_and_unknown_codes_counted():
    one = read(patient={"patientsex": "2", "patientweight": "61.5", "patientagegroup": "6"})
    assert (one.report["sex"], one.report["weight_kg"], one.report["age_group"]) == ("F", 61.5, "E")
    assert read(patient={"patientsex": "0"}).faults == []
    assert read(patient={"patientsex": "9"}).faults == [("patientsex", "unknown code")]
    assert read(patient={"patientweight": "900"}).faults == [("patientweight", "out of range")]


def test_flags_become_outcomes_and_two_is_no():
    one = read(serious="1", seriousnessdeath="1", seriousnesshospitalization="2", seriousnessother="1")
    assert one.outcomes == ["DE", "OT"]
    assert read(seriousnessdeath="yes").faults == [("seriousnessdeath", "unknown code")]


def test_countries_come_as_codes_or_as_the_names_of_aers():
    one = read(occurcountry="FR", primarysource={"reportercountry": "UNITED STATES"}, primarysourcecountry="DE")
    assert (one.report["occurrence_country"], one.report["reporter_country"]) == ("FR", "US")
    assert read(primarysourcecountry="JP").report["reporter_country"] == "JP"
    assert read(occurcountry="EU").faults == [("occurcountry", "not a country")]


def test_the_first_sender_is_told_where_fda_passes_a_report_on():
    fda = {"senderorganization": "FDA-Public Use"}
    duplicate = {"duplicatesource": "MAKER", "duplicatenumb": "US-MAKER-1"}
    one = read(sender=fda, reportduplicate=duplicate).report
    assert (one["sender"], one["manufacturer_number"]) == ("MAKER", "US-MAKER-1")
    two = read(sender={"senderorganization": "OTHER"}, reportduplicate=[duplicate], companynumb="US-2").report
    assert (two["sender"], two["manufacturer_number"]) == ("OTHER", "US-2")


def test_reporter_article_and_kind_of_report():
    source = [{"qualification": "1"}, {"qualification": "5", "literaturereference": "Invented 2019"}]
    one = read(primarysource=source, reporttype="2", fulfillexpeditecriteria="1")
    assert (one.report["reporter_occupation"], one.report["literature_reference"]) == ("MD", "Invented 2019")
    assert one.report["report_type"] == "EXP"
    assert one.report_sources == ["SDY", "LIT"]


@pytest.mark.parametrize(
    ("reaction", "row", "repair"),
    [
        ({"reactionmeddrapt": "Eyelid ptosis"}, ("EYELID PTOSIS", "Eyelid ptosis", None), None),
        (
            {"reactionmeddrallt": "Ptosis of eyelid", "primarysourcereaction": "lid hangs"},
            ("PTOSIS OF EYELID", "Ptosis of eyelid", None),
            "take_lowest_level_term",
        ),
        (
            {"reactionmeddrallt": "90000001", "primarysourcereaction": "lid hangs"},
            ("LID HANGS", "lid hangs", "90000001"),
            "take_words_of_the_reporter",
        ),
        ({"reactionmeddrallt": "90000001"}, ("90000001", "90000001", "90000001"), "keep_code_as_term"),
    ],
)
def test_a_reaction_counts_under_the_nearest_thing_to_its_preferred_term(reaction, row, repair):
    one = read(reaction=reaction)
    assert [(r["term"], r["term_text"], r["term_code"]) for r in one.reactions] == [row]
    assert dict(one.repairs) == ({repair: 1} if repair else {})


def test_a_licensed_folder_names_a_code_and_the_words_stay():
    reaction = {"reactionmeddrallt": "90000001", "primarysourcereaction": "lid hangs"}
    one = read(reaction=reaction, terms={"90000001": "Eyelid ptosis"})
    [row] = one.reactions
    assert (row["term"], row["term_text"], row["term_code"]) == ("EYELID PTOSIS", "lid hangs", "90000001")
    assert one.repairs == {"read_term_code": 1}


def test_a_reaction_that_says_nothing_is_dropped_and_counted():
    one = read(reaction={"reactionoutcome": "1"})
    assert one.reactions == []
    assert one.repairs == {"drop_empty_reaction": 1}


def test_the_date_of_the_event_is_fdas_or_the_earliest_start_of_a_reaction():
    told = read(
        patient={
            "summary": {"narrativeincludeclinical": "CASE EVENT DATE: 20190115"},
            "reaction": [{"reactionmeddrapt": "A", "reactionstartdate": "20190101"}],
        }
    )
    assert told.report["event_date"] == dt.date(2019, 1, 15)
    starts = [{"reactionmeddrapt": "A", "reactionstartdate": day} for day in ("20190103", "20190102")]
    assert read(patient={"reaction": starts}).report["event_date"] == dt.date(2019, 1, 2)


def test_a_drug_with_its_dose_therapy_and_indication():
    one = read(
        drug={
            "medicinalproduct": "BOTOX",
            "activesubstance": [{"activesubstancename": "A"}, {"activesubstancename": "B"}],
            "drugadministrationroute": "030",
            "drugstructuredosagenumb": "20",
            "drugstructuredosageunit": "025",
            "drugcumulativedosageunit": "003",
            "drugadditional": "1",
            "drugrecurreadministration": "3",
            "drugindication": "Skin wrinkling",
            "drugstartdate": "20190101",
            "drugenddate": "20190110",
            "drugtreatmentduration": "2",
            "drugtreatmentdurationunit": "803",
            "openfda": {"brand_name": ["BOTOX"]},
        }
    )
    [drug] = one.drugs
    assert (drug["active_ingredient"], drug["route"]) == ("A\\B", "Intramuscular")
    assert (drug["dose_amount"], drug["dose_unit"], drug["cumulative_dose_unit"]) == (20.0, "IU", "MG")
    assert (drug["dechallenge"], drug["rechallenge"]) == ("Y", "U")
    [therapy] = one.therapies
    assert (therapy["duration_days"], therapy["duration_text"], therapy["drug_seq"]) == (10.0, "2", 1)
    assert [(i["term"], i["term_text"]) for i in one.indications] == [("SKIN WRINKLING", "Skin wrinkling")]
    assert (one.faults, one.repairs) == ([], {})
    assert read(drug={"drugadditional": "free text of another sender"}).drugs[0]["dechallenge"] is None


def test_an_element_that_nobody_knows_is_counted_and_one_that_is_left_is_not():
    one = read(newelement="1", drug={"actiondrug": "1", "another": "2"})
    assert one.repairs == {"leave_unknown_element": 2}


@pytest.mark.parametrize("node", [None, [], "text", 1, {}, {"safetyreportid": "  "}, {"safetyreportid": None}])
def test_what_has_no_number_is_no_report(node):
    assert why_no_report(node)


def test_every_element_that_goes_somewhere_goes_to_a_column_of_the_store():
    from primum.sources.values import read_csv
    from primum.store.schema import tables

    columns = {column.name for table in tables() for column in table.columns}
    for row in read_csv("icsr_elements.csv"):
        if row["rule"] not in ("flag", "left", "nest") and row["goes_to"] != "indications":
            assert set(row["goes_to"].split()) <= columns, row["element"]
    assert "drug" in elements()
