"""Rows whose caveats are looked for when they are shown are the rows of a table that has them all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from primum.signals.write import csv_text
from primum.store import open_store
from primum.study import reports
from primum.study.question import Question
from primum.study.reports import Reports

METHODS = ("prr", "ror", "ic")


@pytest.fixture(scope="module")
def opened(long_table: Path) -> Iterator[Reports]:
    with reports.open(long_table) as store:
        yield store


@pytest.mark.parametrize(
    "question",
    [
        Question("anti-wrinkle"),
        Question("ABOBOTULINUMTOXINA", "bin:harm"),
        Question("anti-wrinkle", "use:cosmetic", "use:unknown"),
        Question(""),
    ],
)
def test_caveats_of_some_rows_are_those_of_the_whole_table(opened: Reports, question: Question) -> None:
    whole = opened.scores(question, methods=METHODS)
    bare = opened.scores(question, methods=METHODS, caveats=False)
    places = np.concatenate([bare.order("observed", most=30)[::-1], bare.order("ic_lower", most=5)])
    assert csv_text(opened.rows(question, bare, places)) == csv_text(whole.table(places))
    assert csv_text(opened.rows(question, bare, places[:0])) == csv_text(whole.table(places[:0]))


def test_some_rows_have_caveats_at_all(opened: Reports) -> None:
    """The real table brings masked pairs, or pairs of one quarter; else the test above would compare nothing."""
    question = Question("anti-wrinkle")
    bare = opened.scores(question, methods=METHODS, caveats=False)
    told = opened.rows(question, bare, np.arange(len(bare)))
    assert told.warnings.tolist() != bare.table().warnings.tolist()


def test_readers_that_share_arrays_answer_alike(long_table: Path) -> None:
    question = Question("anti-wrinkle", "bin:harm")
    with open_store(long_table) as one, open_store(long_table) as other:
        first = Reports(one)
        second = Reports(other, arrays=first.arrays)
        assert csv_text(second.scores(question, methods=METHODS).table()) == csv_text(
            first.scores(question, methods=METHODS).table()
        )
        assert second.arrays is not None
        assert first.arrays is not None
        assert second.arrays.store is other
