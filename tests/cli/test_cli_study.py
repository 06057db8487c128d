"""primum study, as a process: begun, filled in, run, and run again."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest

import commands
from commands import Done
from primum.terms import Quarter
from primum.testing.demo import PLANTED
from primum.testing.faers import write_archive

STUDY = """
title = "Ptosis after cosmetic use"
question = "Is eyelid ptosis reported more often after cosmetic than after therapeutic use?"
treatment = "anti-wrinkle"
events = ["Eyelid ptosis", "Synthetic event planted", "Eyelid <ptossis"]
methods = ["ic", "ror"]
[thresholds]
observed = 3
ic_lower = 0.0
[declared]
funding = "nobody paid"
[[analyses]]
id = "primary"
cohort = "use:cosmetic"
versus = "use:therapeutic"
[[analyses]]
id = "nobody"
title = "People of 200"
cohort = "use:cosmetic age:200"
[[analyses]]
id = "against_all"
cohort = "use:cosmetic"
"""


def primum(*words: str, cwd: Path) -> Done:
    return commands.primum(*words, cwd=cwd)


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    """A SYNTHETIC store with the planted signals of the demonstration."""
    from primum.loading.faers import load_archives
    from primum.store import open_store

    folder = tmp_path_factory.mktemp("study")
    (folder / "archives").mkdir()
    write_archive(folder / "archives", quarter=Quarter(2026, 1), reports=20_000, seed=3, signals=PLANTED)
    with open_store(folder / "store", write=True) as opened:
        load_archives(opened, folder / "archives")
    return folder / "store"


@pytest.fixture(scope="module")
def ran(store, tmp_path_factory) -> Path:
    """The folder of a study that ran."""
    folder = tmp_path_factory.mktemp("ran")
    (folder / "ptosis.toml").write_text(STUDY, encoding="utf-8")
    done = primum("study", "ptosis.toml", "--store", str(store), cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "SYNTHETIC" in done.stdout
    assert "nobody: not counted" in done.stdout
    assert " ".join(done.stdout.split()).count("Warning: ") == 1
    assert 'No loaded report has the event "EYELID <PTOSSIS"; nearest: EYELID PTOSIS.' in " ".join(done.stdout.split())
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    return folder / "ptosis"


def test_the_results_of_each_analysis_agree_in_both_forms(ran):
    with (ran / "results/primary.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with duckdb.connect() as connection:
        path = str(ran / "results/primary.parquet")
        found = connection.execute("SELECT event, observed FROM read_parquet(?)", [path]).fetchall()
    assert [(row["event"], int(row["observed"])) for row in rows] == found
    assert not (ran / "results/nobody.csv").exists()


def test_each_event_is_followed_through_every_analysis(ran):
    with (ran / "sensitivity.csv").open(encoding="utf-8", newline="") as file:
        rows = {(row["event"], row["analysis"]): row for row in csv.DictReader(file)}
    assert rows["EYELID PTOSIS", "primary"]["stands_out"] == "True"
    assert float(rows["EYELID PTOSIS", "against_all"]["ic_lower"]) > 0
    assert "holds no report" in rows["EYELID PTOSIS", "nobody"]["note"]
    unreported = rows["SYNTHETIC EVENT PLANTED", "primary"]
    assert (unreported["observed"], unreported["stands_out"]) == ("0", "False")
    assert unreported["note"] == "no report of anti-wrinkle in this cohort names it"
    assert "ebgm" not in next(iter(rows.values()))  # not asked for


def test_a_term_that_no_report_has_is_told_with_the_nearest_wherever_the_results_are_told(ran):
    results = json.loads((ran / "results.json").read_text(encoding="utf-8"))
    warning = (
        'No loaded report has the event "EYELID <PTOSSIS"; nearest: EYELID PTOSIS. Correct it in events and run the '
        "study again, or load the reports that hold it."
    )
    assert results["warnings"] == [warning]
    told = [row["note"] for row in results["sensitivity"] if row["event"] == "EYELID <PTOSSIS"]
    assert told[0] == "no loaded report has this term; nearest: EYELID PTOSIS"
    methods = (ran / "methods.md").read_text(encoding="utf-8")
    assert f"**{warning.replace('<', '&lt;')}**" in methods
    assert "<" not in methods
    assert "| Results: all estimates with intervals | Not counted: nobody, EYELID &lt;PTOSSIS. | not done |" in methods


def test_every_analysis_and_known_event_has_a_picture_that_says_what_the_tables_say(ran):
    drawn = {path.stem: ElementTree.parse(path).getroot() for path in (ran / "figures").glob("*.svg")}
    assert set(drawn) == {"primary", "against_all", "event-1-eyelid-ptosis", "event-2-synthetic-event-planted"}
    methods = (ran / "methods.md").read_text(encoding="utf-8")
    for name, root in drawn.items():
        assert root[0].text.startswith("SYNTHETIC: ")
        assert "not rates" in root[1].text
        assert f"`figures/{name}.svg`" in methods
    with (ran / "sensitivity.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["event"] == "EYELID PTOSIS"]
    with (ran / "figures/event-1-eyelid-ptosis.csv").open(encoding="utf-8", newline="") as file:
        shown = list(csv.DictReader(file))
    columns = ("drug", "ror", "ror_lower", "ror_upper")
    assert [[row[name] for name in columns] for row in shown] == [[row[name] for name in columns] for row in rows]
    told = {row["name"].rpartition(": ")[2]: row["note"] for row in shown}
    assert set(told) == {"primary", "People of 200", "against_all"}
    assert told["People of 200"] == "not counted"
    assert any(row["ror_lower"] for row in shown)
    words = "".join("".join(drawn["event-1-eyelid-ptosis"].itertext()).split())
    assert all("".join(row["name"].split()) in words for row in shown)  # the drug too, on a second line
    for row in shown:
        assert bool(row["note"]) != bool(row["ror_lower"] and float(row["ror_lower"]) > 0)
        assert not row["note"] or row["note"] in "".join(drawn["event-1-eyelid-ptosis"].itertext())
    assert "0 reports" in "".join(drawn["event-2-synthetic-event-planted"].itertext())
    with (ran / "figures/primary.csv").open(encoding="utf-8", newline="") as file:
        assert {row["event"] for row in csv.DictReader(file)} == {"EYELID PTOSIS"}  # the events that the study names


def test_without_odds_ratios_there_are_no_pictures_and_the_methods_say_why(store, tmp_path):
    text = STUDY.replace('methods = ["ic", "ror"]', 'methods = ["ic"]')
    (tmp_path / "ic.toml").write_text(text, encoding="utf-8")
    done = primum("study", "ic.toml", "--store", str(store), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "ic/figures").exists()
    assert "No figures: " in (tmp_path / "ic/methods.md").read_text(encoding="utf-8")


def test_a_chance_stands_out_by_being_small_and_is_told_so(store, tmp_path):
    text = STUDY.replace('methods = ["ic", "ror"]', 'methods = ["midp", "fdr", "bayes_fdr"]').replace(
        "ic_lower = 0.0", "fdr = 0.05\np_midp = 0.01\nbayes_fdr = 0.2"
    )
    text = text.replace('["Eyelid ptosis", "Synthetic event planted", "Eyelid <ptossis"]', "[]")  # those reported most
    (tmp_path / "chance.toml").write_text(text, encoding="utf-8")
    done = primum("study", "chance.toml", "--store", str(store), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "chance/sensitivity.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["fdr"]]
    small = [
        float(row["fdr"]) <= 0.05
        and float(row["p_midp"]) <= 0.01
        and float(row["bayes_fdr"]) <= 0.2
        and int(row["observed"]) >= 3
        for row in rows
    ]
    assert [row["stands_out"] for row in rows] == [str(one) for one in small]
    assert {True, False} == set(small)
    told = "reports at least 3 and fdr at most 0.05 and p_midp at most 0.01 and bayes_fdr at most 0.2"
    assert told in (tmp_path / "chance/methods.md").read_text(encoding="utf-8")


def test_links_that_the_store_does_not_have_leave_an_analysis_uncounted_with_the_reason(store, tmp_path):
    text = STUDY.replace('id = "against_all"', 'id = "against_all"\nduplicates = "exact"\nuse_rules = "strict"')
    (tmp_path / "links.toml").write_text(text, encoding="utf-8")
    done = primum("study", "links.toml", "--store", str(store), "--json", "-", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    analysis = json.loads(done.stdout)["analyses"][2]
    assert (analysis["duplicates"], analysis["use_rules"], analysis["counted"]) == ("exact", "strict", False)
    assert "primum link" in analysis["why_not"]


def test_the_methods_name_what_ran_and_nothing_else(ran):
    text = (ran / "methods.md").read_text(encoding="utf-8")
    assert "doi:10.1177/0962280211403604" in text  # IC
    assert "Evans, Waller, Davis" not in text  # PRR was not asked for
    assert "| Declarations: funding | nobody paid | done |" in text
    assert "| Declarations: registration | Not told in the study file. | not done |" in text
    assert text.count("SYNTHETIC") >= 1


def test_the_manifest_holds_the_hash_of_every_file(ran):
    manifest = json.loads((ran / "manifest.json").read_text(encoding="utf-8"))
    files = {p.relative_to(ran).as_posix() for p in ran.rglob("*") if p.is_file()} - {"manifest.json"}
    assert set(manifest["files"]) == files
    for name, told in manifest["files"].items():
        assert hashlib.sha256((ran / name).read_bytes()).hexdigest() == told
    assert manifest["study_sha256"] == hashlib.sha256(STUDY.encode()).hexdigest()


def test_the_same_file_and_reports_give_the_same_bytes(ran, store):
    before = {path: path.read_bytes() for path in ran.rglob("*") if path.is_file()}
    words = ("study", "ptosis.toml", "--store", str(store), "--json", "-")
    done = commands.started(*words, cwd=ran.parent)  # with another seed of hashing than before
    assert done.returncode == 0, done.stderr
    assert {path: path.read_bytes() for path in ran.rglob("*") if path.is_file()} == before
    assert done.stdout == (ran / "results.json").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_new_study_runs_as_it_stands(store, tmp_path):
    begun = primum("study", "--new", "anti-wrinkle", cwd=tmp_path)
    assert (begun.returncode, begun.stderr) == (0, "")
    again = primum("study", "--new", "anti-wrinkle", cwd=tmp_path)
    assert again.returncode == 1
    assert "there already" in again.stderr
    checked = primum("study", "anti-wrinkle.toml", "--check", cwd=tmp_path)
    assert "6 analyses" in checked.stdout
    done = primum("study", "anti-wrinkle.toml", "--store", str(store), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = {one["id"]: one for one in json.loads((tmp_path / "anti-wrinkle/results.json").read_text())["analyses"]}
    assert (told["every_number"]["duplicates"], told["strict_uses"]["use_rules"]) == ("off", "strict")
    assert told["strict_uses"]["cohort"] == "use:cosmetic"
    assert "Uses are told by strong rules alone" in " ".join(told["strict_uses"]["notes"])
    assert "Uses are told by strong rules alone" not in " ".join(told["primary"]["notes"])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nowhere.toml",), "No such file"),
        (("--new", "anti-wrinkel"), 'Did you mean "anti-wrinkle"?'),
        (("good.toml", "--to", "taken"), "not a study's results"),
        (("empty.toml",), "holds no report"),
        (("unknown.toml",), "No drug in the loaded reports"),
    ],
)
def test_a_fault_is_told_in_one_line(words, told, store, tmp_path):
    (tmp_path / "good.toml").write_text(STUDY, encoding="utf-8")
    (tmp_path / "empty.toml").write_text(STUDY.replace("use:cosmetic", "age:200", 1), encoding="utf-8")
    unknown = STUDY.replace('treatment = "anti-wrinkle"', 'drug = "qqqqqqqq"')
    (tmp_path / "unknown.toml").write_text(unknown, encoding="utf-8")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "thesis.doc").write_text("mine", encoding="utf-8")
    done = primum("study", *words, "--store", str(store), cwd=tmp_path)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert told in done.stderr
    assert (tmp_path / "taken" / "thesis.doc").read_text(encoding="utf-8") == "mine"


def test_a_file_or_a_treatment_is_wanted_and_not_both(tmp_path):
    for words in ((), ("a.toml", "--new", "anti-wrinkle")):
        assert primum("study", *words, cwd=tmp_path).returncode == 2
