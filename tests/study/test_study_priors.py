"""A prior that was kept is the prior that would be fitted: to the last digit, of the same reports, or not at all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from primum.counts.incidence import FOLDER
from primum.signals.ebgm_prior import fit_prior
from primum.study import priors, reports
from primum.study.reports import Question

WHAT = "anti-wrinkle"


@pytest.fixture
def folder(real_samples: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "store"
    shutil.copytree(real_samples, copy, ignore=shutil.ignore_patterns(FOLDER))
    return copy


def kept(folder: Path) -> list[Path]:
    return sorted((folder / FOLDER).glob("*/prior-*.json"))


def answered(folder: Path, question: Question) -> dict[str, str]:
    """Every column and what is said of the table, as text, so that nan equals nan."""
    with reports.open(folder) as opened:
        table = opened.scores(question).table()
    return {name: str(column.tolist()) for name, column in table.columns().items()} | {"about": str(table.metadata())}


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The cells that priors were fitted on, one after the other."""
    fitted: list[object] = []

    def fit(cells: object) -> object:
        fitted.append(cells)
        return fit_prior(cells)  # type: ignore[arg-type]

    monkeypatch.setattr(priors, "fit_prior", fit)
    return fitted


@pytest.mark.parametrize(
    "question", [Question(), Question(WHAT), Question(WHAT, "sex:F"), Question("Botox", "sex:F", drug_level="product")]
)
def test_an_answer_is_the_same_to_the_last_digit_with_a_kept_prior(
    folder: Path, question: Question, fits: list[object]
) -> None:
    first = answered(folder, question)
    assert (len(kept(folder)), len(fits)) == (1, 1)
    assert answered(folder, question) == first
    assert len(fits) == 1  # read, not fitted
    shutil.rmtree(folder / FOLDER)
    assert answered(folder, question) == first


def test_questions_of_the_same_reports_share_a_prior_and_others_do_not(folder: Path, fits: list[object]) -> None:
    for question in (
        Question(),
        Question(WHAT),
        Question("", "sex:F"),
        Question(WHAT, "sex:F"),
        Question("", "~sex:M,unknown"),
    ):
        answered(folder, question)
    assert len(fits) == len(kept(folder)) == 2  # all reports, and those of women, whichever way they are asked for
    for question in (Question("", "sex:M"), Question("", "sex:F role:PS"), Question("", drug_level="product")):
        answered(folder, question)
    assert len(fits) == len(kept(folder)) == 5
    answered(folder, Question("", "sex:F", "sex:M"))  # a contrast learns from its own table
    assert len(kept(folder)) == 5


@pytest.mark.parametrize("damage", ["", "{", '{"key": 1}', "null", '{"key": "prior-0.json", "fit": {}}', "\xff"])
def test_a_file_that_is_not_whole_is_not_trusted(folder: Path, fits: list[object], damage: str) -> None:
    first = answered(folder, Question(WHAT))
    [file] = kept(folder)
    whole = file.read_text(encoding="utf-8")
    file.write_text(damage, encoding="latin-1")
    assert answered(folder, Question(WHAT)) == first
    assert len(fits) == 2
    assert file.read_text(encoding="utf-8") == whole  # written anew


def test_a_prior_of_another_key_is_not_taken_for_this_one(folder: Path, fits: list[object]) -> None:
    answered(folder, Question("", "sex:F"))
    [women] = kept(folder)
    first = answered(folder, Question(WHAT))
    [everybody] = set(kept(folder)) - {women}
    shutil.copy(women, everybody)
    assert answered(folder, Question(WHAT)) == first
    told = json.loads(everybody.read_text(encoding="utf-8"))
    assert told["key"] == everybody.name


def test_another_way_of_fitting_fits_anew(folder: Path, fits: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    answered(folder, Question(WHAT))
    monkeypatch.setattr(priors, "VERSION", "another")
    answered(folder, Question(WHAT))
    assert len(fits) == len(kept(folder)) == 2


def test_where_nothing_can_be_written_each_question_fits_and_answers_alike(
    folder: Path, fits: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = answered(folder, Question(WHAT))
    kept(folder)[0].unlink()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "write_text", refuse)  # the superuser, who runs tests on CI, may write everywhere
    assert answered(folder, Question(WHAT)) == first
    assert (len(fits), kept(folder)) == (2, [])
