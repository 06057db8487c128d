"""Is a study file read as it was meant, and are all its faults told at once?"""

from __future__ import annotations

from pathlib import Path

import pytest

from primum.counts.cohort import parse
from primum.errors import StudyError
from primum.study.spec import DECLARED, DEFAULT_METHODS, new_study, read_study
from primum.treatments.vocabulary import installed

GOOD = """
title = "Ptosis"
question = "Is ptosis reported more after cosmetic use?"
treatment = "anti-wrinkle"
events = ["Eyelid  ptosis", "eyelid ptosis"]
[[analyses]]
id = "primary"
cohort = "use:cosmetic"
versus = "use:therapeutic"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_study_file_is_read_with_its_defaults(tmp_path):
    study = read_study(written(tmp_path, GOOD))
    [analysis] = study.analyses
    assert (study.about, study.events, study.methods) == ("anti-wrinkle", ("EYELID PTOSIS",), DEFAULT_METHODS)
    assert (analysis.cohort, analysis.versus) == (parse("use:cosmetic"), parse("use:therapeutic"))
    assert (analysis.title, analysis.drug_level) == ("primary", "substance")
    assert (analysis.use_rules, analysis.duplicates) == ("all", None)


def test_all_faults_of_a_study_file_are_told_together(tmp_path):
    text = """
title = "x"
treatment = "anti-wrinkle"
drug = "BOTOX"
methods = ["prrr"]
colour = "blue"
[thresholds]
ic_lowr = 0
observed = "many"
[declared]
funded = "me"
[[analyses]]
id = "Not a name"
cohort = "sexx:F"
drug_level = "molecule"
use_rules = "weak"
duplicates = "exactly"
[[analyses]]
id = "twice"
[[analyses]]
id = "twice"
versus = "sex:"
"""
    with pytest.raises(StudyError) as caught:
        read_study(written(tmp_path, text))
    told = str(caught.value)
    for fault in (
        "question is missing",
        "treatment or drug, and one of them",
        'no method "prrr"',
        'unknown entry "colour"',
        'no column "ic_lowr" Did you mean "ic_lower"?',
        "observed is 'many'; expected a number",
        'declared: unknown entry "funded" Did you mean "funding"?',
        'analysis 1: id is "Not a name"',
        'found "sexx"',
        'drug_level is "molecule"',
        'use_rules is "weak"; expected one of all, strict',
        'duplicates is "exactly"; expected one of off, exact, probabilistic',
        'two are called "twice"',
        "analysis 3: Cohort",
    ):
        assert fault in told, fault
    assert "\n" not in told


@pytest.mark.parametrize(
    ("methods", "threshold", "told"),
    [
        ('["ror"]', "ebgm = 2", "ebgm is not computed; expected ebgm among the methods"),
        ('["ror"]', "", "ic_lower is not computed; expected ic among the methods"),
        ('["midp"]', "fdr = 0.05", "fdr is not computed"),
        ('["ic"]', "ic_lower = nan", "ic_lower is nan; expected a number"),
        ('["ic"]', "ic_lower = inf", "ic_lower is inf; expected a number"),
        ('["ic"]', "observed = true", "observed is True; expected a number of at least 0"),
        ('["ic"]', "observed = -1", "observed is -1; expected a number of at least 0"),
        ('["fdr"]', "fdr = 5", "fdr is 5; expected a number from 0 to 1"),
    ],
)
def test_a_threshold_that_no_pair_can_reach_or_miss_is_refused(tmp_path, methods, threshold, told):
    thresholds = f"[thresholds]\n{threshold}\n" if threshold else ""
    text = GOOD.replace("[[analyses]]", f"methods = {methods}\n{thresholds}[[analyses]]")
    with pytest.raises(StudyError) as caught:
        read_study(written(tmp_path, text))
    assert f"thresholds: {told}" in str(caught.value)


def test_a_threshold_may_stand_on_what_a_method_brings_along(tmp_path):
    text = GOOD.replace(
        "[[analyses]]", 'methods = ["bayes_fdr"]\n[thresholds]\neb05 = 2\nbayes_fdr = 0.1\n[[analyses]]'
    )
    assert read_study(written(tmp_path, text)).thresholds == {"eb05": 2, "bayes_fdr": 0.1}


@pytest.mark.parametrize("content", [b"title = ", b"\xff\xfe", b""])
def test_what_is_no_study_file_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / "study.toml"
    path.write_bytes(content)
    with pytest.raises(StudyError) as caught:
        read_study(path)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StudyError, match="No such file"):
        read_study(tmp_path / "nowhere.toml")


@pytest.mark.parametrize("treatment", installed())
@pytest.mark.parametrize("uses", [(), ("cosmetic",), ("cosmetic", "therapeutic", "mixed")])
def test_what_new_writes_can_be_read_and_names_every_declaration(tmp_path, treatment, uses):
    text = new_study(treatment, question='Is "it" safe?', uses=uses)
    study = read_study(written(tmp_path, text))
    assert study.about == treatment
    assert all(f"\n{name} = " in text for name in DECLARED)
    assert {one.duplicates for one in study.analyses} == {None, "off"}
    assert {one.use_rules for one in study.analyses} == {"all", "strict"}
    assert study.declared == {}  # what nobody filled in is not declared
