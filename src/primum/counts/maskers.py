"""Which other drug holds a large share of an event's reports? Counts for asking whether it hides a pair.

Counting every drug of every event would be a count of all pairs. A drug that holds at least half of an event's reports
shows in a few of them, so some reports of each event, evenly apart, name the candidates, and these alone are counted
in full.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from primum.counts.by_arrays import Population
from primum.counts.kernel import Codes, blocks, in_threads, starts
from primum.terms import BoolArray, IntArray

SAMPLE: Final = 64  # reports looked at of each event, evenly apart; in a narrow population about as many
# Share of the sample that makes a candidate. Of 64 reports drawn from many of which half hold a drug, fewer than a
# quarter hold it with a probability of 0.00001, of 40 with one of 0.0003 (binomial).
CANDIDATE: Final = 0.25


@dataclass(frozen=True, slots=True)
class Masker:
    """The drug that holds most reports of an event, beside the one that was asked for.

    Args:
        event: code of the event.
        drug: name of the other drug.
        observed: reports of the event that hold it.
        drug_reports: reports of the population that hold it.
        shared_observed: reports of the pair asked for that hold it as well.
        shared_drug: reports of the drug asked for that hold it as well.
    """

    event: int
    drug: str
    observed: int
    drug_reports: int
    shared_observed: int
    shared_drug: int


def find_maskers(who: Population, drug: int, reports: Codes, events: Codes) -> list[Masker]:
    """The other drug with most reports of each event, where one holds half of them or more.

    Args:
        who: the reports that are counted.
        drug: code of the drug asked for.
        reports: its reports, rising.
        events: codes of the events to look at.
    """
    most: dict[int, tuple[int, int]] = {}  # event: reports of the drug that holds most of it, and the drug
    of_event, of_drug = who.arrays.events().reports, who.drugs.reports
    for event, other in sorted(_candidates(who, events), key=lambda one: one[1]):
        observed = 0 if other == drug else len(_inside(_shared(of_drug.of(other), of_event.of(event)), who.mask))
        if 2 * observed >= who.of_event[event] and observed > most.get(event, (0, 0))[0]:
            most[event] = observed, other
    found: list[Masker] = []
    for other in sorted({other for _, other in most.values()}):  # a frequent drug has millions of reports
        theirs = _inside(of_drug.of(other), who.mask)
        together = _shared(reports, theirs)
        for event, (observed, its) in most.items():
            if its == other:
                shared = len(_shared(together, of_event.of(event)))
                found.append(Masker(event, str(who.drugs.names[other]), observed, len(theirs), shared, len(together)))
    return found


def _candidates(who: Population, events: Codes) -> list[tuple[int, int]]:
    """Event and drug wherever the drug holds enough of the event's sampled reports."""
    sampled, of_event = _sampled(who, events)
    drugs, sizes = who.drugs.of_report.gather(sampled)
    width = max(len(who.drugs.names), 1)
    key, held = np.unique(np.repeat(of_event, sizes) * width + drugs, return_counts=True)
    looked_at = np.bincount(of_event, minlength=len(events))
    place, drug = np.divmod(key, width)
    enough = held >= CANDIDATE * looked_at[place]
    return list(zip(np.asarray(events)[place[enough]].tolist(), drug[enough].tolist(), strict=True))


def _sampled(who: Population, events: Codes) -> tuple[Codes, IntArray]:
    """Reports of each event in the population, about `SAMPLE` evenly apart, and the place of the event."""
    lists = who.arrays.events().reports
    first = lists.start[events].astype(np.int64)
    sizes = lists.start[np.asarray(events, dtype=np.int64) + 1] - first
    many = np.minimum(sizes, -(-SAMPLE * sizes // np.maximum(who.of_event[events], 1)))  # most may lie outside of it

    def of_run(run: tuple[int, int]) -> tuple[Codes, IntArray]:
        some = slice(*run)
        place = np.repeat(np.arange(*run), many[some])
        step = np.arange(len(place)) - np.repeat(starts(many[some])[:-1], many[some])
        reports = lists.values[first[place] + step * sizes[place] // many[place]]
        inside = slice(None) if who.mask is None else who.mask[reports]
        return reports[inside], place[inside]

    found = in_threads(of_run, blocks(many))
    none = np.zeros(0, dtype=np.int64)
    return np.concatenate([none, *(reports for reports, _ in found)]), np.concatenate([none, *(at for _, at in found)])


def _inside(reports: Codes, mask: BoolArray | None) -> Codes:
    return reports if mask is None else reports[mask[reports]]


def _shared(one: Codes, other: Codes) -> Codes:
    """What two rising lists have in common; the shorter one is looked up in the longer."""
    short, long = (one, other) if len(one) <= len(other) else (other, one)
    if not len(short):
        return short
    place = np.minimum(np.searchsorted(long, short), len(long) - 1)
    found: Codes = short[long[place] == short]
    return found
