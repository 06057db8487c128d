"""The documentation says all that the code offers, and nothing that it does not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

import primum

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").rglob("*.md"))


def test_the_reference_pages_are_what_the_code_would_write_today() -> None:
    done = subprocess.run(
        [sys.executable, "docs/make_reference.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_page_stands_in_the_contents_or_is_reached_from_a_page_that_does() -> None:
    contents = (ROOT / "mkdocs.yml").read_text()
    decisions = (ROOT / "docs/decisions/index.md").read_text()
    for page in PAGES:
        name = page.relative_to(ROOT / "docs").as_posix()
        assert name in contents or page.name in decisions, f"{name} is reached from nowhere"


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_links_between_pages_lead_to_files_that_exist(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_command_that_a_page_names_exists() -> None:
    from primum.cli.main import app  # the commands as they are registered

    known = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}
    for page in [*PAGES, ROOT / "README.md"]:
        for block in re.findall(r"```(?:\w*)\n(.*?)```", page.read_text(), flags=re.DOTALL):
            for line in block.splitlines():
                match = re.match(r"(?:\$ )?(?:\.venv/bin/)?primum ([a-z]+)\b", line.strip())
                if match:
                    assert match[1] in known, f"{page.name}: primum {match[1]}"


def test_every_task_of_the_makefile_that_a_page_names_exists() -> None:
    tasks = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    for page in [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"]:
        for task in re.findall(r"`make ([a-z]+)", page.read_text()):
            assert task in tasks, f"{page.name}: make {task}"


def test_every_public_name_can_be_reached_and_is_documented() -> None:
    reference = (ROOT / "docs/reference/python.md").read_text()
    for name in primum.__all__:
        assert getattr(primum, name) is not None
        if not name.startswith("_"):
            assert f"primum.{name}" in reference, f"docs/reference/python.md does not name primum.{name}"


def test_the_answer_in_the_readme_is_what_the_command_prints(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "primum", "ask", "anti-wrinkle"],
        cwd=tmp_path,
        env={**os.environ, "PRIMUM_STORE": str(tmp_path / "none"), "PYTHONIOENCODING": "utf-8", "COLUMNS": "80"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert f"```text\n{done.stdout}```" in (ROOT / "README.md").read_text(encoding="utf-8")


def pictures() -> list[tuple[Path, str, str]]:
    """Every picture that a page shows: page, its words, its file."""
    return [
        (page, words, target)
        for page in PAGES
        for words, target in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", page.read_text())
    ]


def test_every_picture_of_a_page_is_there_well_formed_and_described() -> None:
    shown = pictures()
    assert len(shown) >= 3
    for page, words, target in shown:
        file = page.parent / target
        assert len(words) > 20, f"{page.name}: {target} has no description"
        if file.suffix == ".svg":
            assert ElementTree.parse(file).getroot().tag.endswith("svg")
        else:
            assert file.read_bytes().startswith(b"\x89PNG")
    files = {path.name for path in (ROOT / "docs/pictures").iterdir()}
    assert files <= {Path(target).name for _, _, target in shown}


@pytest.mark.slow
def test_the_pictures_are_what_the_product_would_draw_today() -> None:
    done = subprocess.run(
        [sys.executable, "docs/make_pictures.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
