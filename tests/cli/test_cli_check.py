"""Do `primum check` and `primum evidence` answer as processes, at 80 columns, and fail in one line?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import commands
from commands import Done


def primum(*arguments: str) -> Done:
    return commands.primum(*arguments)


@pytest.mark.parametrize("command", ["check", "evidence"])
def test_the_answer_fits_80_columns_and_nothing_stands_on_stderr(command: str) -> None:
    done = primum(command, "anti-wrinkle")
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_check_shows_each_claim_with_its_verdict_and_the_numbers_that_decide_it() -> None:
    shown = primum("check", "botox").stdout
    words = " ".join(shown.split())
    assert "29 claims about anti-wrinkle injections: supported 7, partly 11, misleading 4, not supported 6" in words
    lines = shown.splitlines()
    assert [line.split()[0] for line in lines if line[:1] == "C" and line[1:3].isdigit()] == [
        f"C{number:02d}" for number in range(1, 30)
    ]
    assert "6.3 % (3.3 to 9.3 %)" in words
    assert "human judgement: Our reading" in words
    assert "1989" in words
    assert "1,989" not in words


def test_check_writes_claims_with_their_findings_and_sources_as_json(tmp_path: Path) -> None:
    file = tmp_path / "claims.json"
    done = primum("check", "anti-wrinkle", "--json", str(file))
    assert done.returncode == 0
    answer = json.loads(file.read_text(encoding="utf-8"))
    assert answer["schema"] == "primum.claims/1"
    assert answer["verdicts"] == {"supported": 7, "partly": 11, "misleading": 4, "not supported": 6, "unverifiable": 1}
    known = {finding["id"] for finding in answer["findings"]}
    sources = {source["id"] for source in answer["sources"]}
    for claim in answer["claims"]:
        assert set(claim["findings"]) <= known
        assert set(claim["sources"]) <= sources
        assert claim["rule"] or claim["judgement"]


@pytest.mark.slow
def test_json_on_the_screen_is_nothing_but_json_and_two_runs_give_the_same_bytes() -> None:
    for command in ("check", "evidence"):
        words = (command, "anti-wrinkle", "--json", "-")
        first, second = commands.primum(*words), commands.started(*words)  # each with a seed of its own
        assert json.loads(first.stdout)["treatment"] == "anti-wrinkle"
        assert first.stdout == second.stdout


def test_evidence_shows_shares_differences_contradictions_and_funding() -> None:
    words = " ".join(primum("evidence", "anti-wrinkle").stdout.split())
    assert "any adverse event 42.1 % 35.8 % 6.3 % [1] 40.4 to 43.7 % 33.3 to 38.3 % 3.3 to 9.3 %" in words
    assert "! the source contradicts itself: prints 74 people for 1.0 %" in words
    assert "Funding: pools the maker's registration trials." in words


def test_evidence_as_json_holds_trials_and_efficacy_with_their_sources(tmp_path: Path) -> None:
    file = tmp_path / "evidence.json"
    assert primum("evidence", "anti-wrinkle", "--json", str(file)).returncode == 0
    answer = json.loads(file.read_text(encoding="utf-8"))
    trials = {finding["id"]: finding for finding in answer["trials"]}
    headache = trials["trials.cosmetic.headache.risk_difference"]
    assert headache["value"] == pytest.approx(243 / 3431 - 75 / 1359)
    assert any(f["id"] == "benefits.atrial_fibrillation.nova_125.published" for f in answer["efficacy"])
    cited = {id for part in ("trials", "efficacy") for finding in answer[part] for id in finding["sources"]}
    assert cited == {source["id"] for source in answer["sources"]}


@pytest.mark.parametrize("command", ["check", "evidence"])
def test_an_unknown_treatment_is_one_line_and_exit_1(command: str) -> None:
    done = primum(command, "anti-wrinkel")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        'primum: No treatment named "anti-wrinkel". Did you mean "anti-wrinkle"? '
        "Known: anti-wrinkle, dermal-fillers, isotretinoin.\n"
    )


def test_a_faulty_folder_is_one_line_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "treatment.toml").write_text('id = "x"\n', encoding="utf-8")
    file = tmp_path / "out.json"
    done = primum("check", str(tmp_path), "--json", str(file))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "reports.csv: no such file" in done.stderr
    assert not file.exists()


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    done = primum("evidence", "anti-wrinkle", "--json", str(tmp_path / "no" / "such.json"))
    assert done.returncode == 1
    assert done.stderr.startswith("primum: Cannot write ")


def test_wrong_usage_is_exit_2() -> None:
    assert primum("check").returncode == 2
    assert primum("evidence", "anti-wrinkle", "--pooled").returncode == 2


def test_evidence_pools_the_trials_and_leaves_each_out() -> None:
    done = primum("evidence", "anti-wrinkle", "--pool")
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= 80
    eyelid = done.stdout[done.stdout.index("a drooping eyelid") :].splitlines()
    within = next(line for line in eyelid if line.startswith("all, within studies"))
    assert within.split()[-4:] == [
        "+9",
        "5",
        "to",
        "13",
    ]
    assert any(line.startswith("all without frown line trials") for line in eyelid)
    answer = json.loads(primum("evidence", "anti-wrinkle", "--json", "-").stdout)
    assert "pooled.eyelid_ptosis.without.0" in {finding["id"] for finding in answer["pooled"]}
    assert "nothing to pool" in " ".join(primum("evidence", "isotretinoin", "--pool").stdout.split())
