"""primum link and what other commands say of links, as processes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import commands
from commands import Done
from primum.loading.faers import load_archives
from primum.store import open_store
from primum.terms import Quarter
from primum.testing.faers import write_archive


def primum(*words: str) -> Done:
    return commands.primum(*words)


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with planted duplicates, linked by the command."""
    folder = tmp_path_factory.mktemp("linked")
    write_archive(folder, quarter=Quarter(2016, 3), reports=800, seed=4, duplicate_share=0.08)
    with open_store(folder / "store", write=True) as store:
        load_archives(store, folder)
    done = primum("link", "--store", str(folder / "store"), "--json", str(folder / "link.json"))
    assert (done.returncode, done.stderr) == (0, "")
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    assert done.stdout.startswith("SYNTHETIC")
    assert "Nothing was deleted." in done.stdout
    return folder


def test_link_tells_what_each_method_found(linked: Path) -> None:
    told = json.loads((linked / "link.json").read_text(encoding="utf-8"))
    assert told["schema"] == "primum.link/1"
    assert "SYNTHETIC" in told["synthetic"]
    by_method = {state["method"]: state for state in told["methods"]}
    assert by_method["probabilistic"]["set_aside"] > by_method["exact"]["set_aside"] > 10
    assert (by_method["probabilistic"]["threshold"], by_method["exact"]["threshold"]) == (0.5, None)


def test_a_case_says_why_it_was_judged_one_with_another(linked: Path) -> None:
    with open_store(linked / "store") as store:
        pairs = store.engine.read("link_pairs", "rule", "left_key", "right_key", "match_weight")
        case_of = dict(store.engine.read("reports", "report_key", "caseid"))
    rule, left, right, weight = next(row for row in pairs if row[0] == "probabilistic")
    done = primum("case", case_of[left], "--store", str(linked / "store"), "--json", "-")
    assert done.returncode == 0, done.stderr
    twin = next(twin for twin in json.loads(done.stdout)["duplicates"] if twin["rule"] == rule)
    assert twin["weight"] == pytest.approx(weight)
    assert twin["compared"] == sorted(twin["compared"], key=lambda one: -one["weight"])
    shown = primum("case", case_of[right], "--store", str(linked / "store")).stdout
    section = shown[shown.index("The same event under another case number") :]
    assert f"Case {case_of[left]}," in section
    assert "match probability" in section
    assert re.search(r"^reactions +\S.* [+-]\d+\.\d$", section, re.M)
    assert all(len(line) <= 80 for line in section.splitlines())
    # What is shown adds up: every comparison and the prior, to a tenth of a bit each.
    table = section.split("----\n")[1].split("\ntogether ")[0]
    bits = [float(number) for number in re.findall(r"([+-]\d+\.\d)$", table, re.M)]
    together = float(re.search(r"^together +([+-]\d+\.\d)$", section, re.M)[1])  # type: ignore[index]
    assert sum(bits) == pytest.approx(together, abs=0.05 * (len(bits) + 1))


@pytest.mark.slow
def test_signals_and_ask_keep_one_report_of_each_event_unless_told_otherwise(linked: Path, tmp_path: Path) -> None:
    store = ("--store", str(linked / "store"))
    said = primum("signals", "--methods", "ror", *store).stdout
    assert "Every drug (duplicates:probabilistic), against everything else" in " ".join(said.split())
    assert "Duplicates: probabilistic links;" in said
    off = json.loads(primum("signals", "--methods", "ror", "--duplicates", "off", "--json", "-", *store).stdout)
    exact = json.loads(primum("signals", "--methods", "ror", "--duplicates", "exact", "--json", "-", *store).stdout)
    totals = [answer["rows"][0]["total_reports"] for answer in (off, exact)]
    assert totals[0] > totals[1]
    assert any(note.startswith("Duplicates: exact links;") for note in exact["notes"])
    asked = primum(
        "ask", "anti-wrinkle", "--duplicates", "exact", *store, "--html", str(tmp_path / "a.html"), "--json", "-"
    )
    assert asked.returncode == 0, asked.stderr
    assert "Duplicates: exact links;" in asked.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--methods", "exakt"), 'No method of linking named "exakt". Did you mean "exact"?'),
        (("--methods", ","), 'No method of linking named "". Known: exact, probabilistic'),
        (("--threshold", "1.5"), "Threshold 1.5; expected a match probability above 0 and below 1"),
        (("--store", "/nowhere/at/all"), "no reports are loaded there"),
    ],
)
def test_a_wrong_word_is_one_line(linked: Path, words: tuple[str, str], message: str) -> None:
    done = primum("link", "--store", str(linked / "store"), *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_duplicates_of_a_store_that_was_never_linked_are_refused_with_the_command_that_links(tmp_path: Path) -> None:
    write_archive(tmp_path, quarter=Quarter(2016, 3), reports=30, seed=4)
    with open_store(tmp_path / "store", write=True) as store:
        load_archives(store, tmp_path)
    done = primum("signals", "--duplicates", "exact", "--store", str(tmp_path / "store"))
    assert done.returncode == 1
    assert "Link it first: primum link --methods exact, or ask with duplicates:off." in done.stderr
    said = primum("signals", "--methods", "ror", "--store", str(tmp_path / "store")).stdout
    assert "never linked across case numbers (primum link does it)" in " ".join(said.split())
