"""How are the pairs of some drugs counted within strata in one walk through their reports?

The walk keeps one table of events by strata, adds up a drug's reports in it, and reads off each event that it met: what
is expected, and what Mantel-Haenszel sums, over all strata at once. Written to be compiled (`primum.counts.compiled`).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
DENSE_SHARE: Final = 16  # more than 1/16 of all events are put in order sooner by a look at each than by sorting


def count_drugs(  # noqa: PLR0917 - what is compiled takes its arguments by place
    first: int,
    last: int,
    report_start: Array,
    reports: Array,
    sizes: Array,
    event_start: Array,
    events: Array,
    stratum: Array,
    of_event: Array,
    in_stratum: Array,
    over: Array,
    table: Array,
    codes: Array,
    sums: Array,
) -> int:
    """Count the drugs from `first` to below `last`; gives the number of pairs found.

    Args:
        first: the first drug.
        last: the one after the last.
        report_start: where each drug's reports begin; shape `(drugs + 1,)`.
        reports: reports of each drug, end to end.
        sizes: events of each of them.
        event_start: where the events of each drug's reports begin.
        events: these events, end to end.
        stratum: of each report; a number that is not below the number of strata leaves it out.
        of_event: reports with each event in each stratum; shape `(events, strata)`.
        in_stratum: reports of each stratum, with whatever drug and event.
        over: one over these, 0 where there is none.
        table: zeros of shape `(events, strata)`, wide enough for every cell; they are zeros again at the end.
        codes: filled with drug, event and reports of each pair; shape `(3, pairs or more)`.
        sums: filled with what is expected and R, S, PR, PS + QR, QS; shape `(6, pairs or more)`.
    """
    strata = len(over)
    seen = np.zeros(len(of_event), dtype=np.uint8)  # a byte each: they stay beside the core
    met = np.empty(len(of_event), dtype=np.int32)
    of_drug = np.zeros(strata)
    pairs = 0
    for drug in range(first, last):
        of_drug[:] = 0.0
        many = 0
        place = event_start[drug]
        for i in range(report_start[drug], report_start[drug + 1]):
            size = sizes[i]
            s = stratum[reports[i]]
            if s < strata:
                of_drug[s] += 1.0
                for j in range(place, place + size):
                    event = events[j]
                    if seen[event] == 0:
                        seen[event] = 1
                        met[many] = event
                        many += 1
                    table[event, s] += 1
            place += size
        if many * DENSE_SHARE < len(seen):
            met[:many].sort()
        else:
            many = 0
            for event in range(len(seen)):
                met[many] = event
                many += seen[event]
        for k in range(many):
            event = met[k]
            its, margins = table[event], of_event[event]
            observed = expected = sum_r = sum_s = pr = ps_qr = qs = 0.0
            for s in range(strata):
                a, drug_here, event_here, weight = float(its[s]), of_drug[s], float(margins[s]), over[s]
                b, c = drug_here - a, event_here - a
                d = in_stratum[s] - drug_here - c
                p, q = (a + d) * weight, (b + c) * weight
                ad, bc = a * d * weight, b * c * weight
                observed += a
                expected += drug_here * event_here * weight
                sum_r += ad
                sum_s += bc
                pr += p * ad
                ps_qr += p * bc + q * ad
                qs += q * bc
            codes[0, pairs], codes[1, pairs], codes[2, pairs] = drug, event, int(observed)
            sums[0, pairs], sums[1, pairs], sums[2, pairs] = expected, sum_r, sum_s
            sums[3, pairs], sums[4, pairs], sums[5, pairs] = pr, ps_qr, qs
            its[:] = 0
            seen[event] = 0
            pairs += 1
    return pairs


def count_lists(  # noqa: PLR0917 - as above
    first: int, last: int, start: Array, values: Array, stratum: Array, counted: Array
) -> None:
    """Count the reports of the lists from `first` to below `last` in each stratum.

    Args:
        first: the first list.
        last: the one after the last.
        start: where each list begins.
        values: reports of each list, end to end.
        stratum: of each report, as in `count_drugs`.
        counted: zeros of shape `(lists, strata)`, filled.
    """
    for one in range(first, last):
        for i in range(start[one], start[one + 1]):
            s = stratum[values[i]]
            if s < counted.shape[1]:
                counted[one, s] += 1
