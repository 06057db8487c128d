"""`primum ask` as a process: what it prints, what it writes, how it ends."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import commands
from commands import Done


def around(folder: Path, **environment: str) -> dict[str, str]:
    """The environment of a command that finds no store."""
    return {**os.environ, "PRIMUM_STORE": str(folder / "no-store"), "PYTHONWARNINGS": "error", **environment}


def primum(*arguments: str | Path, folder: Path) -> Done:
    """Run the command line in a folder without a store."""
    return commands.primum(*arguments, cwd=folder, env=around(folder))


def started(*arguments: str | Path, folder: Path, before: Sequence[str] = (), **environment: str) -> Done:
    """The same from the start of Python."""
    return commands.started(*arguments, before=before, cwd=folder, env=around(folder, **environment))


def assert_one_line(done: Done) -> str:
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("primum: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_it_answers_in_80_columns_and_writes_the_dossier(tmp_path: Path) -> None:
    done = started("ask", "anti-wrinkle", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Are anti-wrinkle injections safe?")
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "\033" not in done.stdout
    page = (tmp_path / "primum-anti-wrinkle.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "Full dossier: primum-anti-wrinkle.html" in done.stdout


def test_html_chooses_the_file_and_nothing_else_is_written(tmp_path: Path) -> None:
    done = primum("ask", "anti-wrinkle", "--html", "answer.html", folder=tmp_path)
    assert done.returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["answer.html"]


def test_json_holds_the_same_object_and_a_dash_prints_it_alone(tmp_path: Path) -> None:
    done = primum("ask", "anti-wrinkle", "--json", "answer.json", folder=tmp_path)
    assert "Are anti-wrinkle injections safe?" in done.stdout
    written = (tmp_path / "answer.json").read_text(encoding="utf-8")
    dashed = primum("ask", "anti-wrinkle", "--json", "-", folder=tmp_path)
    assert (dashed.returncode, dashed.stdout) == (0, written)
    answer = json.loads(written)
    assert answer["schema"] == "primum.dossier/1"
    found = {f["id"]: f for part in answer["parts"] for f in part["findings"]}
    assert found["reports.cote2005.total"]["value"] == 1437
    assert found["trials.cosmetic.eyelid_ptosis.risk_difference"]["interval"][0] > 0
    assert len(answer["claims"]) == 29


@pytest.mark.slow
def test_two_runs_give_the_same_bytes_whatever_the_order_of_hashes(tmp_path: Path) -> None:
    texts = []
    for seed in ("1", "2"):
        folder = tmp_path / seed
        folder.mkdir()
        done = started("ask", "anti-wrinkle", "--json", "a.json", folder=folder, PYTHONHASHSEED=seed)
        texts.append((done.stdout, *(path.read_bytes() for path in sorted(folder.iterdir()))))
    assert texts[0] == texts[1]


def test_an_unknown_treatment_names_the_known_and_the_nearest(tmp_path: Path) -> None:
    said = assert_one_line(primum("ask", "anti-wrinkel", folder=tmp_path))
    assert 'Did you mean "anti-wrinkle"?' in said
    assert "Known: anti-wrinkle" in said
    assert list(tmp_path.iterdir()) == []


def test_an_alias_is_the_same_question(tmp_path: Path) -> None:
    assert primum("ask", "Botox", folder=tmp_path).stdout.startswith("Are anti-wrinkle injections safe?")


@pytest.mark.parametrize("option", ["--html", "--json"])
def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path, option: str) -> None:
    said = assert_one_line(primum("ask", "anti-wrinkle", option, tmp_path / "nowhere" / "x", folder=tmp_path))
    assert "Cannot write" in said


@pytest.mark.slow
def test_where_one_file_cannot_be_written_the_other_is_not_there(tmp_path: Path) -> None:
    said = assert_one_line(primum("ask", "anti-wrinkle", "--html", "a.html", "--json", "no/a.json", folder=tmp_path))
    assert "no/a.json" in said
    folder = assert_one_line(primum("ask", "anti-wrinkle", "--html", "a.html", "--json", tmp_path, folder=tmp_path))
    assert "it is a folder" in folder
    assert list(tmp_path.iterdir()) == []


def test_a_page_for_a_patient_is_written_under_its_own_name(tmp_path: Path) -> None:
    done = primum("ask", "anti-wrinkle", "--for", "patient", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["primum-anti-wrinkle-patient.html"]
    assert "Pages for a patient: primum-anti-wrinkle-patient.html" in done.stdout
    assert "Before you say yes" in (tmp_path / "primum-anti-wrinkle-patient.html").read_text(encoding="utf-8")
    wrong = primum("ask", "anti-wrinkle", "--for", "nurse", folder=tmp_path)
    assert wrong.returncode == 2
    assert "expected patient or clinician" in wrong.stderr


@pytest.mark.slow
def test_own_weights_stand_in_the_answer_and_a_misspelt_one_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "w.toml"
    file.write_text("crows_feet = 1\nheadache = 1\nbruising = 0.5\neyelid_ptosis = 10\n", encoding="utf-8")
    done = primum("ask", "anti-wrinkle", "--weights", "w.toml", "--json", "-", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    found = next(part for part in answer["parts"] if part["id"] == "effects_table")["findings"]
    assert "weighed.yours.balance" in [finding["id"] for finding in found]
    assert answer["run"]["command"] == "primum ask anti-wrinkle --weights w.toml"
    file.write_text("headach = 1", encoding="utf-8")
    assert "did you mean" in assert_one_line(primum("ask", "anti-wrinkle", "--weights", file, folder=tmp_path))


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path, bound_by_rights: list[str]) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    assert "Permission denied" in assert_one_line(started("ask", "anti-wrinkle", folder=locked, before=bound_by_rights))
    assert list(locked.iterdir()) == []


def test_a_cohort_without_reports_says_how_to_load_them(tmp_path: Path) -> None:
    said = assert_one_line(primum("ask", "anti-wrinkle", "sex:F", folder=tmp_path))
    assert "primum load faers --from FOLDER" in said


def test_a_store_that_is_named_and_not_there_is_one_line(tmp_path: Path) -> None:
    assert "no reports are loaded there" in assert_one_line(
        primum("ask", "anti-wrinkle", "--store", "x", folder=tmp_path)
    )


def test_no_treatment_is_wrong_usage(tmp_path: Path) -> None:
    assert primum("ask", folder=tmp_path).returncode == 2


def test_ask_is_the_first_command_of_the_help(tmp_path: Path) -> None:
    text = primum("--help", folder=tmp_path).stdout
    assert text[text.index("Commands:") :].split()[1] == "ask"


def test_a_terminal_without_unicode_gets_ascii(tmp_path: Path) -> None:
    done = started("ask", "anti-wrinkle", folder=tmp_path, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert done.stdout.isascii()


@pytest.mark.parametrize(("environment", "colour"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_colour_is_for_a_person_at_a_terminal_who_did_not_refuse_it(
    tmp_path: Path, environment: dict[str, str], colour: bool
) -> None:
    import pty

    leader, follower = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "primum", "ask", "anti-wrinkle"],
        cwd=tmp_path,
        env={**os.environ, "PRIMUM_STORE": "no-store", "TERM": "xterm", **environment},
        stdout=follower,
    ) as process:
        os.close(follower)
        text = b""
        while True:
            try:
                piece = os.read(leader, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            text += piece
        os.close(leader)
        assert process.wait() == 0
    assert (b"\033[" in text) == colour


def test_without_a_store_no_engine_is_imported(tmp_path: Path) -> None:
    code = (
        "import sys; from primum.study.ask import ask; from primum.dossier.render import html, terminal; "
        "dossier = ask('anti-wrinkle'); html.render(dossier); terminal.render(dossier, terminal.Screen()); "
        "print([name for name in ('duckdb', 'ibis', 'rich', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PRIMUM_STORE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_with_a_store_the_reports_stand_in_their_section(tmp_path: Path, shared: Path) -> None:
    store = tmp_path / "store"
    archive = shared / "data" / "faers_ascii_2017q2.zip"
    assert primum("load", "faers", "--from", archive, "--store", store, folder=tmp_path).returncode == 0
    done = primum("ask", "anti-wrinkle", "--store", store, "--json", "-", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    reports = next(part for part in answer["parts"] if part["id"] == "reports")
    assert reports["status"] == "complete"
    uses = [f for f in reports["findings"] if f["id"].startswith("reports.loaded.use.")]
    assert [f["id"].rsplit(".", 1)[1] for f in uses] == ["cosmetic", "therapeutic", "mixed", "unknown"]
    assert answer["run"]["store_hash"]
    assert answer["run"]["data_cut"] == "2017q2"
    again = primum("ask", "anti-wrinkle", "--store", store, "--json", "-", folder=tmp_path)
    assert again.stdout == done.stdout
    cohort = primum("ask", "anti-wrinkle", "sex:X", "--store", store, folder=tmp_path)
    assert_one_line(cohort)
