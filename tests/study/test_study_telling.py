"""An item of a checklist is done where the study did it, and not where a file merely says something."""

from __future__ import annotations

import pytest

from primum.counts.cohort import EVERYTHING, parse
from primum.study.spec import Analysis, Study
from primum.study.telling import _active_comparator, _title


def study(*, title: str = "x", events: tuple[str, ...] = (), cohort: str = "", versus: str = "") -> Study:
    one = Analysis(
        id="primary",
        title="primary",
        cohort=parse(cohort) if cohort else EVERYTHING,
        versus=parse(versus) if versus else None,
    )
    return Study(title=title, question="?", about="anti-wrinkle", analyses=(one,), events=events)


@pytest.mark.parametrize(
    ("title", "events", "done", "lost"),
    [
        ("x", (), False, "does not name the drug (anti-wrinkle)"),
        ("Reports after anti-wrinkle", (), True, ""),
        ("Reports after anti-wrinkle", ("DYSPHAGIA",), False, "does not name an event"),
        ("Dysphagia reported after anti-wrinkle", ("DYSPHAGIA", "DIPLOPIA"), True, ""),
        ("x", ("DYSPHAGIA",), False, "the drug (anti-wrinkle) and an event"),
    ],
)
def test_a_title_is_done_where_it_names_drug_and_event(
    title: str, events: tuple[str, ...], done: bool, lost: str
) -> None:
    item = _title(study(title=title, events=events))
    assert item.done == done
    assert lost in item.answer


@pytest.mark.parametrize(
    ("cohort", "versus", "done"),
    [
        ("", "", False),
        ("sex:F", "sex:M", False),
        ("use:cosmetic", "use:therapeutic", False),
        ("", "treatment:anti-wrinkle use:therapeutic", False),
        ("product:dysport", "~product:dysport", False),
        ("sex:F", "drug:minocycline sex:F", True),
        ("product:dysport", "product:botox | product:xeomin", True),
    ],
)
def test_an_active_comparator_is_another_drug(cohort: str, versus: str, done: bool) -> None:
    assert _active_comparator(study(cohort=cohort, versus=versus)).done == done
