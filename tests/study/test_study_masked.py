"""Is a pair told to be hidden where another drug holds most of its event, and nowhere else?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from primum.counts import maskers
from primum.signals.masking import masking
from primum.signals.prr import prr
from primum.store import Store
from primum.study.reports import Reports

MakeStore = Callable[..., Store]
Report = tuple[set[str], set[str]]


def reports_of_loud(*, loud: int, together: int) -> list[Report]:
    """SYNTHETIC reports: LOUD is reported with RASH `loud` times, QUIET with it 6 times in 60, `together` with LOUD."""
    made: list[Report] = [({"LOUD"}, {"RASH"}) for _ in range(loud)]
    made += [({"QUIET", "LOUD"} if n < together else {"QUIET"}, {"RASH"}) for n in range(6)]
    made += [({"QUIET"}, {"PAIN"}) for _ in range(54)]
    made += [({f"OTHER {n % 8}"}, {"RASH"} if n % 50 == 0 else {"PAIN"}) for n in range(400)]
    return made


def is_american(key: int, report: Report) -> bool:
    """Few of those who report RASH, so that an even sample of its reports holds hardly any of them."""
    return "QUIET" in report[0] or key % 12 == 0


def stored(memory_store: MakeStore, made: list[Report]) -> Reports:
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ("reports", "drugs_in_report", "reactions")}
    for key, (drugs, events) in enumerate(made, start=1):
        rows["reports"].append(
            {
                "report_key": key,
                "source": "faers",
                "caseid": str(key),
                "primaryid": str(key),
                "quarter": f"201{key % 8}q{1 + key % 4}",
                "sex": "FM"[key % 2],
                "occurrence_country": "US" if is_american(key, (drugs, events)) else "FR",
            }
        )
        for n, drug in enumerate(sorted(drugs)):
            named = {"drugname": drug, "active_ingredient": drug, "role": "PS"}
            rows["drugs_in_report"].append({"report_key": key, "drug_seq": n, "row_number": n, **named})
        for n, term in enumerate(sorted(events)):
            rows["reactions"].append({"report_key": key, "row_number": n, "term": term})
    return Reports(memory_store(**rows))


def told(opened: Reports, drug: str, cohort: str = "*") -> dict[str, str]:
    table = opened.signals(drug, cohort, methods=("prr",))
    return dict(zip(table.event.tolist(), table.warnings.tolist(), strict=True))


@pytest.mark.parametrize("cohort", ["*", "sex:F", "country:US"])
def test_a_pair_behind_a_louder_drug_says_what_is_left_without_it(memory_store: MakeStore, cohort: str) -> None:
    made = reports_of_loud(loud=200, together=0)
    with stored(memory_store, made) as opened:
        words = told(opened, "QUIET", cohort)
        assert told(opened, "LOUD", cohort)["RASH"] == ""
    holds = {"*": lambda *_: True, "sex:F": lambda key, _: key % 2 == 0, "country:US": is_american}[cohort]
    inside = [report for key, report in enumerate(made, start=1) if holds(key, report)]
    left = [(drugs, events) for drugs, events in inside if "LOUD" not in drugs]

    def ratio(reports: list[Report]) -> float:
        both = sum("QUIET" in drugs and "RASH" in events for drugs, events in reports)
        drug, event = (sum(name in report[i] for report in reports) for i, name in ((0, "QUIET"), (1, "RASH")))
        return both * len(reports) / (drug * event)

    share = sum(drugs == {"LOUD"} for drugs, _ in inside) / sum("RASH" in events for _, events in inside)
    assert words["RASH"] == (
        f"masking: LOUD holds {share:.0%} of this event's reports; without it observed to expected is "
        f"{ratio(left):.1f} instead of {ratio(inside):.1f}"
    )
    assert words["PAIN"] == ""


def test_a_pair_that_stands_on_the_reports_of_the_other_drug_is_not_told_to_be_hidden(memory_store: MakeStore) -> None:
    with stored(memory_store, reports_of_loud(loud=200, together=4)) as opened:
        assert told(opened, "QUIET")["RASH"] == ""  # two reports would be left


@pytest.mark.parametrize(("together", "is_told"), [(0, True), (3, False)])
def test_a_pair_that_shares_so_many_reports_that_little_is_left_is_not_told_to_be_hidden(
    memory_store: MakeStore, together: int, is_told: bool
) -> None:
    """Reports with both, of QUIET, of RASH, in all: 6, 60, 34 and 480.

    The masking ratio is above 2 in both. Without the 20 reports of LOUD 6, 60, 14 and 460 are left, 2.3 times as much
    observed to expected; without its 23, of which QUIET shares three, 3, 57, 11 and 457, 1.55 times as much.
    """
    left = (6 - together, 60 - together, 14 - together, 460 - together)
    before, after = (n * total / (drug * event) for n, drug, event, total in ((6, 60, 34, 480), left))
    assert (34 / 480) / (left[2] / left[3]) > 2
    assert (after >= 2 * before) == is_told
    with stored(memory_store, reports_of_loud(loud=20, together=together)) as opened:
        assert bool(told(opened, "QUIET")["RASH"]) == is_told


def test_a_drug_with_a_share_that_hides_nothing_is_not_named(memory_store: MakeStore) -> None:
    with stored(memory_store, reports_of_loud(loud=5, together=0)) as opened:
        assert told(opened, "QUIET")["RASH"] == ""


def test_a_masking_ratio_of_two_takes_half_of_the_reports_of_the_event() -> None:
    """So that a drug which the sample of an event's reports does not show cannot reach the threshold."""
    event, total = 100, 10_000
    for drug in (60, 500, 3000, 8000):
        observed = np.arange(0, min(drug, event))
        ratio = masking(observed, drug, event, total).value
        assert (observed[ratio >= 2] >= event / 2).all()
        np.testing.assert_allclose(ratio, 1 + drug / total * (prr(observed, drug, event, total).value - 1))


def test_the_sampled_candidates_hold_every_drug_that_half_of_the_reports_name(
    memory_store: MakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking at every report instead of some finds the same drugs."""
    with stored(memory_store, reports_of_loud(loud=300, together=2)) as opened:
        sampled = told(opened, "QUIET")
        monkeypatch.setattr(maskers, "SAMPLE", 1000)
        assert told(opened, "QUIET") == sampled
    assert "masking: LOUD" in sampled["RASH"]
