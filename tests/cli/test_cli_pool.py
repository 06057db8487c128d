"""`primum pool` as a process: what it prints, what it writes, what bad input gets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import commands
from commands import Done

HEADER = "study,events_treated,n_treated,events_control,n_control"
ODDS = f"{HEADER}\nA,0,120,0,118\nB,1,200,0,195\nD,2,310,1,300\nF,0,75,1,80\n"
RATES = "study,events_treated,time_treated,events_control,time_control\nA,7,1344,11,1988\nB,3,12012,14,10962\n"
SHARES = "study,events,n\nA,3,117\nB,9,195\nC,0,105\n"


def run(*arguments: str | Path) -> Done:
    return commands.primum("pool", *arguments)


def table(folder: Path, text: str) -> Path:
    file = folder / "studies.csv"
    file.write_text(text, encoding="utf-8")
    return file


def failed_with_one_line(done: Done) -> str:
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("primum: ")
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_the_answer_fits_eighty_columns_and_names_what_was_left_out(tmp_path):
    methods = ("--method", "cm", "--method", "hksj", "--method", "mh")
    done = run(table(tmp_path, ODDS), "--measure", "OR", *methods, "--leave-one-out")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert max(len(line) for line in lines) <= 80
    assert lines[0] == "Pooled odds ratio of 4 studies in studies.csv"
    assert "left out (nobody, or everybody, had the event" in done.stdout
    assert "Without each study, cm:" in done.stdout
    assert "\x1b" not in done.stdout  # no colour codes in a pipe


@pytest.mark.parametrize(
    ("measure", "text", "default", "scale"),
    [
        ("OR", ODDS, "cm", "log odds ratio"),
        ("RR", ODDS, "mh", "log risk ratio"),
        ("RD", ODDS, "mh", "risk difference"),
        ("IRR", RATES, "cm", "log rate ratio"),
        ("PLO", SHARES, "um", "logit of the share"),
    ],
)
def test_every_measure_has_a_default_method(tmp_path, measure, text, default, scale):
    done = run(table(tmp_path, text), "--measure", measure, "--json", "-")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)  # standard output holds the JSON alone
    assert answer["schema"] == "primum.pool/1"
    assert [result["method"] for result in answer["results"]] == [default]
    assert answer["scale"] == scale


def test_several_methods_come_in_the_order_asked_each_once(tmp_path):
    out = tmp_path / "answer.json"
    done = run(table(tmp_path, ODDS), "--measure", "or", "--method", "peto", "--method", "MH", "--method", "peto",
               "--level", "0.9", "--json", out)  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = json.loads(out.read_text(encoding="utf-8"))["results"]
    assert [result["method"] for result in results] == ["peto", "mh"]
    assert {result["level"] for result in results} == {0.9}
    assert "90 % interval" in done.stdout


def test_the_json_holds_the_rows_of_metafor(shared, tmp_path):
    rows = (shared / "oracles" / "meta_bcg_input.csv").read_text(encoding="utf-8").splitlines()[1:]
    file = table(tmp_path, "\n".join([HEADER, *rows]) + "\n")
    done = run(file, "--measure", "OR", "--method", "cm", "--method", "mh", "--json", "-")
    cm, mh = json.loads(done.stdout)["results"]
    # metafor 3.8-1, GLMM-CM.EL and MH of the BCG trials, on the log scale
    assert cm["estimate"] == pytest.approx(-0.753810509, rel=1e-6)
    assert cm["se"] == pytest.approx(0.18007585, rel=1e-4)
    assert (cm["wald_lower"], cm["wald_upper"]) == pytest.approx((-1.1067525, -0.40086833), rel=1e-4)
    assert cm["ci_kind"] == "profile likelihood"
    assert cm["tau2"] == pytest.approx(0.311634882, rel=1e-6)
    assert (mh["ci_lower"], mh["ci_upper"]) == pytest.approx((-0.553784757147, -0.393037219630), rel=1e-9)
    assert mh["tau2"] is None


def test_two_runs_give_the_same_bytes(tmp_path):
    file = table(tmp_path, ODDS)
    words = ("pool", file, "--measure", "RD", "--method", "mh", "--method", "reml", "--leave-one-out", "--json", "-")
    first, second = commands.primum(*words), commands.started(*words)  # each with a seed of its own
    assert first.stdout == second.stdout
    left = json.loads(first.stdout)["leave_one_out"]["mh"]
    assert [row["without"] for row in left] == ["A", "B", "D", "F"]


def test_a_constant_is_added_on_request_alone_and_said_so(tmp_path):
    file = table(tmp_path, ODDS)
    without, with_it = (
        json.loads(run(file, "--measure", "RR", "--method", "dl", *extra, "--json", "-").stdout)["results"][0]
        for extra in ((), ("--continuity", "0.5"))
    )
    assert [row["study"] for row in without["left_out"]] == ["A", "B", "F"]
    assert with_it["left_out"] == []
    assert any("0.5 was added to each cell of 3 studies" in warning for warning in with_it["warnings"])


def test_open_ends_are_null_in_json_and_say_why(tmp_path):
    file = table(tmp_path, f"{HEADER}\nA,3,100,0,100\nB,2,50,0,60\n")
    done = run(file, "--measure", "OR", "--method", "cm", "--json", "-")
    answer = json.loads(done.stdout)["results"][0]
    assert answer["estimate"] is None
    assert answer["ci_upper"] is None
    assert -0.1 < answer["ci_lower"] < 0.1
    assert "infinity" in answer["reason"]
    assert "no estimate" in run(file, "--measure", "OR").stdout


def test_all_faults_of_a_table_are_told_in_one_line(tmp_path):
    rows = ["A,5,4,0,10", "A,-1,10,1,10", "C,1.5,10,1,10", "D,one,10,1,10", ",1,10,1,0", "F,1,10"]
    said = failed_with_one_line(run(table(tmp_path, "\n".join([HEADER, *rows]) + "\n"), "--measure", "OR"))
    for fault in (
        "line 2: 5 in events_treated but 4 in n_treated",
        "line 3, events_treated: -1; expected a whole number of at least 0",
        "line 4, events_treated: 1.5; expected a whole number",
        'line 5, events_treated: "one"; expected a whole number',
        "line 6: study is empty",
        "line 6, n_control: 0; expected a whole number of at least 1",
        "line 7: 3 fields; expected 5",
        'study "A" stands more than once',
    ):
        assert fault in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--method", "hsjk"), 'Did you mean "hksj"'),
        (("--measure", "RR", "--method", "um"), "Method um does not pool RR; for RR take one of mh, iv"),
        (("--method", "mh", "--continuity", "0.5"), "--continuity is used by iv, dl"),
        (("--json", "no/such/folder/f.json"), "Cannot write no/such/folder/f.json"),
    ],
)
def test_a_question_that_cannot_be_answered_gets_one_line(tmp_path, options, said):
    measure = () if "--measure" in options else ("--measure", "OR")
    done = run(table(tmp_path, ODDS), *measure, *options)
    assert said in failed_with_one_line(done)


def test_a_missing_measure_is_wrong_usage(tmp_path):
    assert run(table(tmp_path, ODDS)).returncode == 2


def test_the_example_of_the_how_to_page_gives_what_the_page_shows(tmp_path):
    page = (Path(__file__).parents[2] / "docs/how-to/pool-a-table.md").read_text(encoding="utf-8")
    csv, command, shown, python = (part.split("```")[0].split("\n", 1)[1] for part in page.split("```")[1:8:2])
    file = tmp_path / "catheters.csv"
    file.write_text(csv, encoding="utf-8")
    words = command.split()
    assert words[:3] == ["primum", "pool", "catheters.csv"]
    assert run(file, *words[3:]).stdout == shown
    names: dict[str, object] = {}
    exec(python.replace('"catheters.csv"', f'r"{file}"'), names)  # the page's own code
    assert len(names["without_each"]) == 6
