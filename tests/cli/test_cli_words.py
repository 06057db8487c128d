"""Do names, terms, flow, case and --use-rules answer as processes, and say one line for a wrong input?"""

from __future__ import annotations

import json
import os
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

import commands
from commands import Done
from primum.loading.table import load_table
from primum.store import open_store
from primum.store.schema import tables
from primum.testing.terminology import write_meddra


def primum(*arguments: Any, store: Path) -> Done:
    return commands.primum(*arguments, env={**os.environ, "PRIMUM_STORE": str(store)})


def refused(*arguments: Any, store: Path) -> str:
    """A run that must end with one line on standard error and exit code 1."""
    done = primum(*arguments, store=store)
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("primum: ")
    return line


def contents(folder: Path) -> dict[str, str]:
    with open_store(folder) as store:
        return {schema.name: store.engine.content_hash(schema.name) for schema in tables()}


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A store with a SYNTHETIC long table of three reports."""
    (tmp_path / "t.csv").write_text(
        "CASEID,DRUG,AE\n1,Brandx,Wobbly knee\n2,Botox cosmetic,Humming ear\n3,Botox,Green elbow\n"
    )
    with open_store(tmp_path / "store", write=True) as store:
        load_table(store, tmp_path / "t.csv")
    return tmp_path / "store"


@pytest.mark.slow
def test_a_dictionary_is_used_told_and_forgotten(filled: Path, tmp_path: Path) -> None:
    before = contents(filled)
    (tmp_path / "mine.csv").write_text("name,substance\nBRANDX,ALPHADINE\n")
    assert "Drug names: 2 of 3 rows mapped, 33.3% unmapped" in primum("status", store=filled).stdout
    used = primum("names", "use", tmp_path / "mine.csv", store=filled)
    assert used.stdout.splitlines() == ["mine.csv (csv): names 1", "Drug names: 3 of 3 rows mapped, 0.0% unmapped"]
    lines = primum("status", "--json", "-", store=filled).stdout
    told = json.loads(lines)
    assert told["names"] == {"rows": 3, "unmapped": 0}
    assert (told["words"][0]["name"], len(told["words"][0]["sha256"])) == ("mine.csv", 64)
    assert "names by mine.csv (csv): entries 1, sha-256" in primum("status", store=filled).stdout
    case = json.loads(primum("case", "1", "--json", "-", store=filled).stdout)
    assert (case["drugs"][0]["substance"], case["drugs"][0]["method"]) == ("ALPHADINE", "csv mine.csv")
    assert primum("names", "forget", "mine.csv", store=filled).stdout == "forgotten: mine.csv\n"
    assert contents(filled) == before


@pytest.mark.slow
def test_a_wrong_dictionary_gets_one_line_and_nothing_is_applied(filled: Path, tmp_path: Path) -> None:
    before = contents(filled)
    (tmp_path / "two.csv").write_text("name,substance\nBRANDX,ALPHADINE\nBRANDX,BETAZOLE\n")
    assert 'row 3: "BRANDX" is BETAZOLE there and ALPHADINE' in refused(
        "names", "use", tmp_path / "two.csv", store=filled
    )
    (tmp_path / "rrf").mkdir()
    assert "no RXNCONSO.RRF" in refused("names", "use", tmp_path / "rrf", store=filled)
    (tmp_path / "rrf" / "RXNCONSO.RRF").write_text("1|ENG||||||||||RXNO")
    assert "no RXNREL.RRF" in refused("names", "use", tmp_path / "rrf", store=filled)
    (tmp_path / "rrf" / "RXNREL.RRF").write_text("")
    assert "RXNCONSO.RRF: its last line has no end" in refused("names", "use", tmp_path / "rrf", store=filled)
    assert "No dictionary in use" in refused("names", "forget", "two.csv", store=filled)
    assert contents(filled) == before


@pytest.mark.slow
def test_a_terminology_opens_conditions_and_a_wrong_one_does_not(filled: Path, tmp_path: Path) -> None:
    folder = write_meddra(tmp_path / "release")
    before = contents(filled)
    condition = 'smq:"odd limbs"'
    assert "no MedDRA folder is in use" in refused("flow", condition, store=filled)
    assert "expected release 98.0" in refused("terms", "use", folder, "--release", "98.0", store=filled)
    (folder / "MedAscii" / "pt.asc").rename(folder / "pt.asc")
    assert "no pt.asc" in refused("terms", "use", folder / "MedAscii", store=filled)
    (folder / "pt.asc").rename(folder / "MedAscii" / "pt.asc")
    assert contents(filled) == before
    used = primum("terms", "use", folder, store=filled)
    assert used.stdout == "MedDRA 99.1: 4 terms in 3 hlgt, 3 hlt, 3 smq, 3 smq_broad, 2 soc\n"
    assert 'of which in the cohort smq:"ODD LIMBS"' in primum("flow", condition, store=filled).stdout
    assert primum("terms", "forget", store=filled).stdout == "forgotten\n"
    assert contents(filled) == before


def test_the_flow_is_a_table_a_picture_and_json(filled: Path, tmp_path: Path) -> None:
    done = primum("flow", "anti-wrinkle", "use:cosmetic", "--svg", tmp_path / "f.svg", store=filled)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines if "of which" in line] == ["2", "1"]
    assert "off; the reports were never linked" in " ".join(done.stdout.split())
    picture = ET.fromstring((tmp_path / "f.svg").read_text())
    text = " ".join("".join(element.itertext()) for element in picture)
    assert "From the files to the reports counted here" in text
    told = json.loads(primum("flow", "anti-wrinkle", "use:cosmetic", "--json", "-", store=filled).stdout)
    assert (told["schema"], told["cohort"]) == ("primum.flow/1", "use:cosmetic")
    assert told["steps"][-1] == {
        "step": "of which in the cohort use:cosmetic",
        "count": 1,
        "unit": "reports",
        "reason": "",
    }


def test_a_flow_of_a_wrong_cohort_gets_one_line(filled: Path) -> None:
    assert 'Did you mean "use"' in refused("flow", "anti-wrinkle", "uses:cosmetic", store=filled)
    assert "No drug in the loaded reports" in refused("flow", "nosuchdrug", store=filled)


@pytest.mark.slow
def test_strict_rules_are_told_and_an_unknown_set_is_refused(filled: Path, tmp_path: Path) -> None:
    page = tmp_path / "a.html"
    done = primum("signals", "anti-wrinkle", "use:cosmetic", "--use-rules", "strict", store=filled)
    assert "Uses are told by strong rules alone" in " ".join(done.stdout.split())
    assert "use_strict:cosmetic" in done.stdout
    asked = primum("ask", "anti-wrinkle", "--use-rules", "strict", "--html", page, "--json", "-", store=filled)
    assert "Uses are told by strong rules alone" in asked.stdout
    assert "reports.loaded.use_rules.strict.cosmetic" in asked.stdout
    for command in (("signals", "anti-wrinkle"), ("ask", "anti-wrinkle", "--html", page)):
        assert "Known: all, strict" in refused(*command, "--use-rules", "some", store=filled)


def test_a_real_case_tells_onset_dose_and_completeness(real_samples: Path) -> None:
    done = primum("case", "13351747", store=real_samples)
    said = " ".join(done.stdout.split())
    assert "abobotulinumtoxinA: onset: a date is not known to the day, or padded; dose: 1500 units of its own" in said
    assert "dechallenge: does not apply; completeness 0.70, less for onset." in said
    told = json.loads(primum("case", "13351747", "--json", "-", store=real_samples).stdout)
    assert (told["completeness"], told["accounts"][0]["dose_units"]) == (0.7, [1500.0])
