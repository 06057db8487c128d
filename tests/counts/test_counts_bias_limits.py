"""A caveat begins at its limit and not before: one event of SYNTHETIC reports on each side of every limit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scipy import stats

from primum.counts.bias import BY_CHANCE, caveats_of
from primum.counts.by_arrays import Asked, exposed_reports
from primum.counts.cohort import EVERYTHING
from primum.counts.contingency import count, counted_reports
from primum.counts.incidence import open_incidence
from primum.counts.members import Scope
from primum.store import Store
from primum.treatments.vocabulary import vocabularies

MakeStore = Callable[..., Store]
SCOPE = Scope({words.treatment: words.bins for words in vocabularies()})
Sent = dict[str, str | None]
ACME: Sent = {"sender": "ACME"}
LAWYER: Sent = {"reporter_occupation": "LW"}
BURST: Sent = {"quarter": "2015q1"}
LARGE: Sent = {"quarter": "2016q1"}  # 90 of the 500 reports of the drug
SMALLER: Sent = {"quarter": "2016q2"}  # 85 of them
NOBODY: Sent = {}  # of no sender, of a doctor, in one of twenty quarters
# Of each event: so many reports sent so, and so many others.
EVENTS: dict[str, tuple[int, Sent, int]] = {
    "FOUR": (4, ACME, 0),
    "FIVE": (5, ACME, 0),
    "FIFTEEN OF NINETEEN": (15, ACME, 4),
    "EIGHT OF TEN": (8, ACME, 2),
    "TEN OF TWENTYONE IN A QUARTER": (10, BURST, 11),
    "TEN OF TWENTY IN A QUARTER": (10, BURST, 10),
    "TEN OF TWENTYONE BY LAWYERS": (10, LAWYER, 11),
    "TEN OF TWENTY BY LAWYERS": (10, LAWYER, 10),
    "TEN OF TWENTY IN A LARGE QUARTER": (10, LARGE, 10),
    "TEN OF TWENTY IN A SMALLER QUARTER": (10, SMALLER, 10),
}
TOLD = {
    "FIVE": "one sender: ACME sent 100%",
    "EIGHT OF TEN": "one sender: ACME sent 80%",
    "TEN OF TWENTY IN A QUARTER": "stimulated reporting: 2015q1 holds 50%",
    "TEN OF TWENTY BY LAWYERS": "stimulated reporting: lawyers sent 50%",
    "TEN OF TWENTY IN A SMALLER QUARTER": "stimulated reporting: 2016q2 holds 50%",
}


def caveats(memory_store: MakeStore, asked: Asked, *sent: tuple[str, str, Sent]) -> dict[str, str]:
    """What is told of each event of a drug; of each report its drug, its event and how it was sent."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ("reports", "drugs_in_report", "reactions")}
    for number, (drug, event, how) in enumerate(sent):
        key = {"report_key": number + 1, "row_number": 0}
        about = {"source": "faers", "caseid": str(number), "primaryid": str(number), "sender": None}
        usual = {"quarter": f"20{17 + number % 5}q{1 + number // 5 % 4}", "reporter_occupation": "MD"}
        rows["reports"].append({"report_key": number + 1, **about, **usual, **how})
        named = {"drug_seq": 0, "role": "PS", "drugname": drug, "active_ingredient": drug}
        rows["drugs_in_report"].append({**key, **named})
        rows["reactions"].append({**key, "term": event})
    with memory_store(**rows) as store:
        arrays = open_incidence(store, keep=False)
        table = count(store, asked, scope=SCOPE, arrays=arrays)
        who, exposure = counted_reports(arrays, asked, EVERYTHING, scope=SCOPE, drug_level="substance")
        told = caveats_of(who, exposed_reports(who, asked, exposure), table)
    return dict(zip(table.event.tolist(), told, strict=True))


def test_a_caveat_is_told_from_its_limit_on(memory_store: MakeStore) -> None:
    """Ten of twenty in a quarter with 0.18 of all reports come by chance 1.1 times in 1,000, with 0.17 0.7 times."""
    assert stats.binom.sf(9, 20, 85 / 500) < BY_CHANCE < stats.binom.sf(9, 20, 90 / 500) < 1.3 * BY_CHANCE
    sent = [
        ("ASPIRIN", event, how)
        for event, (some, same, others) in EVENTS.items()
        for how in [same] * some + [NOBODY] * others
    ]
    sent += [("ASPIRIN", "PAIN", LARGE)] * 80 + [("ASPIRIN", "PAIN", SMALLER)] * 75
    sent += [("ASPIRIN", "PAIN", NOBODY)] * (500 - len(sent)) + [("CAFFEINE", "PAIN", NOBODY)] * 20
    found = caveats(memory_store, Asked("ASPIRIN", "substance"), *sent)
    assert {event: found[event] for event in EVENTS} == {event: TOLD.get(event, "") for event in EVENTS}


def test_an_event_that_no_lawyer_sent_carries_no_caveat_where_lawyers_sent_half_of_the_drugs(
    memory_store: MakeStore,
) -> None:
    sent = [("ASPIRIN", "RASH", NOBODY)] * 12 + [("ASPIRIN", "PAIN", NOBODY)] * 18 + [("ASPIRIN", "PAIN", LAWYER)] * 30
    assert caveats(memory_store, Asked("ASPIRIN", "substance"), *sent)["RASH"] == ""
