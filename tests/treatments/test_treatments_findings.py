"""Do the findings hold the numbers of the publications they cite?"""

from __future__ import annotations

import math

import pytest

from primum.evidence.finding import Finding
from primum.treatments.load import Treatment

Findings = dict[str, Finding]


def test_the_counts_of_cote_2005_are_there_and_their_totals_are_sums(findings: Findings) -> None:
    """Cote et al., J Am Acad Dermatol 2005, abstract: 1,437 = 406 (217 + 189) + 1,031 (36 + 995); deaths 28 and 0."""
    series = "reports.cote2005."
    printed = {
        "total": 1437,
        "therapeutic.total": 406,
        "therapeutic.serious": 217,
        "therapeutic.nonserious": 189,
        "cosmetic.total": 1031,
        "cosmetic.serious": 36,
        "cosmetic.nonserious": 995,
        "deaths.therapeutic": 28,
        "deaths.cosmetic": 0,
        "cosmetic.serious_labelled": 30,
        "cosmetic.serious_unlabelled": 6,
    }
    assert {key: findings[series + key].value for key in printed} == printed
    assert all(findings[series + key].unit == "reports" for key in printed)
    for total in ("total", "therapeutic.total", "cosmetic.total"):
        assert findings[series + total].method.id == "sum"


def test_both_windows_of_cote_2005_are_named_and_totals_warn_that_they_differ(findings: Findings) -> None:
    """Serious reports: December 1989 to May 2003; non-serious ones: December 2001 to November 2002 (abstract)."""
    assert findings["reports.cote2005.cosmetic.serious"].window == "1989-12..2003-05"
    assert findings["reports.cote2005.cosmetic.nonserious"].window == "2001-12..2002-11"
    for total in ("total", "therapeutic.total", "cosmetic.total"):
        finding = findings[f"reports.cote2005.{total}"]
        assert finding.window == "1989-12..2003-05 and 2001-12..2002-11"
        assert "different windows" in finding.warnings[0]


def test_no_cosmetic_death_gets_an_exact_poisson_bound_that_speaks_of_reports(findings: Findings) -> None:
    """Garwood, Biometrika 1936: for a count of 0 the upper 97.5 % limit is -ln(0.025) = 3.689."""
    deaths = findings["reports.cote2005.deaths.cosmetic"]
    assert deaths.interval is not None
    assert (deaths.interval.lower, deaths.interval.level) == (0.0, 0.95)
    assert deaths.interval.upper == pytest.approx(-math.log(0.025), rel=1e-12)
    assert "not of people harmed" in deaths.warnings[0]


def test_the_published_ratio_is_cited_and_the_one_from_the_totals_is_marked_do_not_use(findings: Findings) -> None:
    """Cote 2005 prints 33-fold; the four cells give (217 * 995) / (189 * 36) = 31.73, Woolf 21.6 to 46.7."""
    assert findings["reports.cote2005.serious_ratio.published"].value == 33
    wrong = findings["reports.cote2005.serious_odds_ratio.do_not_use"]
    assert wrong.value == pytest.approx(217 * 995 / (189 * 36))
    assert wrong.interval is not None
    assert (round(wrong.interval.lower, 1), round(wrong.interval.upper, 1)) == (21.6, 46.7)
    assert wrong.warnings[0].startswith("do not use: it mixes windows")


def test_the_thirteen_has_no_value_and_says_that_it_was_not_verified(findings: Findings) -> None:
    thirteen = findings["reports.cote2005.underlying_conditions"]
    assert thirteen.value is None
    assert thirteen.warnings[0].startswith("not verified: a number of 13 circulates")


# Brin et al., JAAD Int 2023, Tables IV and VII, all upper facial areas: 3,431 treated, 1,359 on placebo. The points
# and Wald intervals were worked out by hand from the printed counts, in percentage points.
BRIN_2023 = {
    "any_ae": (1443, 486, 6.30, 3.26, 9.33),
    "headache": (243, 75, 1.56, 0.08, 3.05),
    "nasopharyngitis": (212, 68, 1.18, -0.24, 2.59),
    "influenza": (41, 17, -0.06, -0.75, 0.64),
    "bruising": (106, 26, 1.18, 0.25, 2.11),
    "haematoma": (66, 11, 1.11, 0.45, 1.78),
    "eyelid_ptosis": (38, 2, 0.96, 0.56, 1.37),
    "days_1_90.any_ae": (1136, 395, 4.04, 1.16, 6.93),
}


@pytest.mark.parametrize("event", BRIN_2023)
def test_the_risk_differences_of_brin_2023_recompute_from_its_counts(findings: Findings, event: str) -> None:
    treated, placebo, points, low, high = BRIN_2023[event]
    prefix = f"trials.cosmetic.{event}"
    arms = findings[f"{prefix}.treated"], findings[f"{prefix}.placebo"]
    assert [(arm.numerator, arm.denominator) for arm in arms] == [(treated, 3431), (placebo, 1359)]
    difference = findings[f"{prefix}.risk_difference"]
    assert difference.value == pytest.approx(treated / 3431 - placebo / 1359)
    assert difference.interval is not None
    printed = tuple(round(100 * x, 2) for x in (difference.value, difference.interval.lower, difference.interval.upper))
    assert printed == (points, low, high)
    assert difference.method.id == "risk_difference_wald"
    assert difference.sources == ("brin2023",)


def test_the_areas_of_brin_2023_give_the_differences_of_frown_lines(findings: Findings) -> None:
    """Brin 2023 Table IV, frown lines: 300/665 and 94/236, 75 and 27, 16 and 0; Wald, by hand."""
    for event, printed in {
        "any_ae": (5.28, -2.02, 12.58),
        "headache": (-0.16, -4.88, 4.56),
        "eyelid_ptosis": (2.41, 1.24, 3.57),
    }.items():
        difference = findings[f"trials.cosmetic.glabellar.{event}.risk_difference"]
        assert isinstance(difference.value, float)
        assert difference.interval is not None
        ends = (difference.value, difference.interval.lower, difference.interval.upper)
        assert tuple(round(100 * x, 2) for x in ends) == printed


def test_every_comparison_with_placebo_has_its_ratio_and_a_score_interval(findings: Findings) -> None:
    differences = [id for id in findings if id.startswith("trials.cosmetic.") and id.endswith(".risk_difference")]
    assert len(differences) == 85  # 60 pairs of Table IV, 21 of Table VII, 4 of Table VI
    for id in differences:
        score = findings[f"{id}_score"]
        assert score.method.id == "risk_difference_miettinen_nurminen"
        assert score.value == findings[id].value
        assert f"{id.removesuffix('.risk_difference')}.risk_ratio" in findings


def test_a_brow_ptosis_without_a_case_on_placebo_has_a_ratio_bounded_below_only(findings: Findings) -> None:
    """Brin 2023 Table VII, days 1 to 90: 20 of 3,431 against 0 of 1,359."""
    difference = findings["trials.cosmetic.brow_ptosis.risk_difference"]
    assert difference.value == pytest.approx(20 / 3431)
    assert difference.window == "days 1-90, first cycle"
    ratio = findings["trials.cosmetic.brow_ptosis.risk_ratio"]
    assert ratio.value is None
    assert ratio.interval is not None
    assert ratio.interval.upper == math.inf


def test_shared_placebo_groups_are_counted_and_warned_of(findings: Findings) -> None:
    """Brin 2023: 236 + 808 + 306 + 315 + 156 = 1,821 in the area columns, 1,359 in all: 462 = 306 + 156 too many."""
    shared = findings["trials.cosmetic.shared_placebo"]
    assert shared.value == 236 + 808 + 306 + 315 + 156 - 1359 == 306 + 156
    area = findings["trials.cosmetic.glabellar.headache.risk_difference"]
    assert any("must not be added up or pooled" in warning for warning in area.warnings)


def test_the_neurogenic_bladder_trials_give_the_printed_excess(findings: Findings) -> None:
    """Label as the maker quotes it: retention 45/262 and 8/272, infection 64/262 and 47/272."""
    retention = findings["trials.ndo_label.urinary_retention.risk_difference"]
    infection = findings["trials.ndo_label.urinary_infection.risk_difference"]
    assert retention.value == pytest.approx(45 / 262 - 8 / 272)
    assert infection.interval is not None
    assert round(100 * infection.interval.lower, 2) == 0.27


MARGINS = {"20": (136.5, 150.0), "64": (42.7, 46.9), "100": (27.3, 30.0), "155": (17.6, 19.4), "236": (11.6, 12.7)}
MARGINS["400"] = (6.8, 7.5)


@pytest.mark.parametrize("dose", MARGINS)
def test_margins_by_units_are_39_units_a_kilogram_and_3000_units_over_the_dose(findings: Findings, dose: str) -> None:
    """Medscape answer page: 39 U/kg in monkeys, about 3,000 U for an adult of 70 kg; 39 * 70 = 2,730."""
    margin = findings[f"dose.margin.units.{dose}"]
    assert margin.interval is not None
    assert margin.interval.level is None
    assert margin.value == margin.interval.lower == pytest.approx(2730 / float(dose))
    assert (round(margin.interval.lower, 1), round(margin.interval.upper, 1)) == MARGINS[dose]
    assert margin.unit == "fold"
    assert "not a measure of safety" in margin.warnings[0]


@pytest.mark.parametrize(("dose", "low", "high"), [("20", 623, 1007), ("64", 195, 315), ("400", 31, 50)])
def test_margins_by_mass_are_marked_as_context(findings: Findings, dose: str, low: int, high: int) -> None:
    """1.3 to 2.1 ng/kg * 70 kg over 7.3 pg a unit, both from secondary pages."""
    margin = findings[f"dose.margin.mass.{dose}"]
    assert margin.interval is not None
    assert (round(margin.interval.lower), round(margin.interval.upper)) == (low, high)
    assert any("grade C" in warning for warning in margin.warnings)
    assert "the routes disagree" in margin.warnings[0]


def test_the_routes_to_a_lethal_dose_disagree_by_4_6_to_7_4_times(findings: Findings) -> None:
    """623/136.5 = 4.6 and 1007/136.5 = 7.4; with 0.90 ng measured in 100 units (Toxins 2018 10:535) 3.7 to 6.0."""
    both = findings["dose.margin.disagreement"].interval
    assert both is not None
    assert (round(both.lower, 1), round(both.upper, 1)) == (4.6, 7.4)
    measured = findings["dose.margin.mass_measured.20"].interval
    assert measured is not None
    assert (round(measured.lower), round(measured.upper)) == (506, 817)


def test_units_of_two_products_never_meet_in_a_margin(treatment: Treatment) -> None:
    for finding in treatment.findings.values():
        if finding.id.startswith("dose.margin.") and finding.unit == "fold":
            assert "onabotulinumtoxinA" in finding.label


ANTIBODIES = {
    "all": (27, 5876),
    "all.exit": (16, 5876),
    "glabellar": (3, 810),
    "glabellar.exit": (0, 810),
    "lateral_canthal": (0, 915),
    "cervical_dystonia": (4, 319),
    "hyperhidrosis": (4, 973),
    "neurogenic_bladder": (8, 589),
    "naumann2010.all": (11, 2240),
    "prabotulinum": (2, 352),
}


@pytest.mark.parametrize("key", ANTIBODIES)
def test_antibodies_are_counted_as_printed(findings: Findings, key: str) -> None:
    """Jankovic et al., Toxins 2023, Table 3; Naumann et al., Mov Disord 2010; prabotulinumtoxinA open study 1."""
    share = findings[f"resistance.antibody.{key}"]
    assert (share.numerator, share.denominator) == ANTIBODIES[key]
    assert share.value == pytest.approx(ANTIBODIES[key][0] / ANTIBODIES[key][1])
    assert share.interval is not None
    assert share.interval.level == 0.95


def test_the_parts_of_jankovic_2023_add_up_to_its_total(findings: Findings) -> None:
    """Table 3: ten indications, 5,876 people; 27 with antibodies at any time, 16 at study exit."""
    own = [f for f in findings.values() if f.id.startswith("resistance.antibody.") and f.sources == ("jankovic2023",)]
    for exit_, total in ((False, (27, 5876)), (True, (16, 5876))):
        parts = [f for f in own if f.id.endswith(".exit") is exit_ and ".all" not in f.id]
        assert len(parts) == 10
        assert (sum(f.numerator or 0 for f in parts), sum(f.denominator or 0 for f in parts)) == total


def test_none_positive_at_exit_has_an_upper_bound(findings: Findings) -> None:
    """Wilson upper limit at 0 of 810: z^2 / (n + z^2) = 0.00472."""
    at_exit = findings["resistance.antibody.glabellar.exit"]
    assert at_exit.interval is not None
    assert at_exit.interval.upper == pytest.approx(1.959964**2 / (810 + 1.959964**2), rel=1e-6)
    assert at_exit.warnings[0].startswith("none was positive")


def test_half_a_percent_two_percent_and_twenty_percent_stand_side_by_side(findings: Findings) -> None:
    """Jankovic 2023: 0.5 %; review of 2017, all type A: 2.1 %; Fabbri 2016, dystonia: 20 %."""
    shown = [findings[f"resistance.antibody.{k}"] for k in ("all", "review2017.all", "fabbri2016.dystonia")]
    assert [f"{f.value:.1%}" for f in shown if isinstance(f.value, float)] == ["0.5%", "2.1%", "20.0%"]
    across = findings["resistance.antibody.across_sources"]
    assert across.interval is not None
    assert (across.interval.upper, across.interval.level) == (0.2, None)
    assert len(across.sources) == 3


STATUS = {
    "cervical_dystonia": "approved",
    "hyperhidrosis": "approved",
    "overactive_bladder": "approved",
    "chronic_migraine": "approved",
    "bells_palsy": "off-label",
    "neuropathic_pain": "off-label",
    "depression": "investigational",
    "atrial_fibrillation": "investigational",
    "raynaud": "off-label",
    "glabellar_lines": "approved",
    "lateral_canthal_lines": "approved",
    "forehead_lines": "approved",
    "platysma_bands": "approved",
}


def test_each_of_the_nine_diseases_and_four_wrinkles_has_a_status_and_a_verdict(findings: Findings) -> None:
    assert {key: findings[f"benefits.{key}.status"].value for key in STATUS} == STATUS
    assert all(findings[f"benefits.{key}.verdict"].value for key in STATUS)
    assert all(findings[f"benefits.{key}.verdict"].certainty for key in STATUS)
    diseases = findings["benefits.diseases.approved"]
    assert (diseases.numerator, diseases.denominator) == (4, 9)


def test_nova_shows_its_shares_and_ratios(findings: Findings) -> None:
    """Piccini et al., JACC Clin EP 2024: 36.5, 47.2 and 46.1 %; RR 0.80 (0.58 to 1.10) and 1.04 (0.79 to 1.37)."""
    prefix = "benefits.atrial_fibrillation."
    shown = [findings[prefix + id].value for id in ("nova_125.treated", "nova_250.treated", "nova_125.placebo")]
    assert shown == pytest.approx([0.365, 0.472, 0.461])
    ratio = findings[prefix + "nova_125.published"]
    assert ratio.interval is not None
    assert (ratio.value, ratio.interval.lower, ratio.interval.upper) == (0.80, 0.58, 1.10)


def test_the_forehead_and_sweat_trials_recompute(findings: Findings) -> None:
    """Label: 178/290 and 0/101, 145/318 and 1/156; Naumann 2001: 227/242 and 28/78."""
    for id, treated, control in (
        ("forehead_lines.study1.composite", 178 / 290, 0.0),
        ("forehead_lines.study2.composite", 145 / 318, 1 / 156),
        ("hyperhidrosis.naumann2001.half_sweat_week4", 227 / 242, 28 / 78),
    ):
        assert findings[f"benefits.{id}.risk_difference"].value == pytest.approx(treated - control)


def test_the_cdc_cluster_is_counted_once_and_never_summed(findings: Findings) -> None:
    """CDC HAN 00507 (2024): 22 people in 11 states, 11 in hospital, none died."""
    shown = {key: findings[f"practice.cdc2024.{key}"].value for key in ("people", "states", "hospitalised", "deaths")}
    assert shown == {"people": 22, "states": 11, "hospitalised": 11, "deaths": 0}
    assert all("never added" in findings[f"practice.{k}"].warnings[0] for k in ("cdc2024.people", "mmwr2024.ill"))
    assert not [f.id for f in findings.values() if f.id.startswith("practice.") and f.method.id == "sum"]


def test_reports_over_people_treated_are_called_a_reporting_rate(findings: Findings) -> None:
    """Cote 2005: 995 non-serious cosmetic reports, 1.1 to 1.6 million people treated in 2002: 62.2 to 90.5."""
    rate = findings["exposure.cote2005.nonserious_per_100000"]
    assert rate.interval is not None
    assert (round(rate.interval.lower, 1), round(rate.interval.upper, 1)) == (62.2, 90.5)
    assert "not an incidence" in rate.warnings[0]


def test_times_keep_their_range_and_words(findings: Findings) -> None:
    """Rappl 2013: onset at 3.02, 5.29 and 5.32 days; Botox label text: can last several months."""
    onset = [findings[f"time.onset.{k}"].value for k in ("incobotulinum", "onabotulinum", "abobotulinum")]
    assert onset == [3.02, 5.29, 5.32]
    assert "several months" in str(findings["time.harm_duration.label"].value)
    lid = findings["time.harm_duration.eyelid_ptosis_king2016"]
    assert (lid.value, lid.interval.upper if lid.interval else None, lid.unit) == (3, 4.0, "weeks")


def test_known_contradictions_stay_and_are_shown(findings: Findings) -> None:
    """Brin 2023 prints 74 for 7; King 2016 prints 5.4 % beside 12/263; a maker page prints 166/318 for 166/313."""
    for id, part in (
        ("trials.cosmetic.forehead_glabellar.influenza.treated", "prints 74"),
        ("trials.king2016.eyelid_ptosis.treated", "12 of 263"),
        ("benefits.forehead_lines.study2.composite_64.treated", "166 of 318"),
        ("trials.hull2014.neck_stiffness.treated", "cuts off decimals"),
        ("trials.zargaran2022.abobotulinum.published", "P > 0.05"),
        ("benefits.neuropathic_pain.attal2016.pain.published", "minus sign was lost"),
    ):
        assert any("contradicts itself" in w and part in w for w in findings[id].warnings), id
    assert findings["trials.cosmetic.forehead_glabellar.influenza.treated"].numerator == 7


def test_a_count_that_only_one_number_fits_is_recovered_and_says_so(findings: Findings) -> None:
    """Carruthers 2002 prints 5.4 % of 203 people: 11 is the only count."""
    ptosis = findings["trials.carruthers2002.eyelid_ptosis.treated"]
    assert (ptosis.numerator, ptosis.denominator) == (11, 203)
    assert ptosis.warnings[0] == "count not printed: 11 of 203 is the only one that gives 5.4 %"


def test_every_finding_of_a_share_has_an_interval_or_says_why_not(findings: Findings) -> None:
    for finding in findings.values():
        if finding.unit == "proportion" and finding.interval is None:
            assert finding.warnings or finding.id.startswith("reports."), finding.id


def test_every_finding_names_sources_that_exist_with_their_funding(treatment: Treatment) -> None:
    for finding in treatment.findings.values():
        for id in finding.sources:
            assert treatment.sources[id].funding
    assert treatment.sources["brin2023"].funding == "pools the maker's registration trials"


def test_weak_sources_are_marked_as_context_on_each_number(treatment: Treatment) -> None:
    for table in ("trials", "antibodies", "practice", "time_course"):
        assert any(row["grade"] == "C" for row in treatment.tables[table]) or table == "antibodies"
    for row in treatment.tables["practice"]:
        if row["grade"] == "C":
            assert any("grade C" in w for w in treatment.findings[f"practice.{row['key']}"].warnings)
