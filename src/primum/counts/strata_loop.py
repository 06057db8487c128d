"""How are the pairs of some drugs counted within strata in one walk through their reports?

The walk keeps one table of events by strata, adds up a drug's reports in it, and reads off each event that it met: what
is expected, and what Mantel-Haenszel sums, over all strata at once. Written to be compiled (`primum.counts.compiled`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


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
        table: zeros of shape `(events, strata)`; they are zeros again at the end.
        codes: filled with drug, event and reports of each pair; shape `(3, pairs or more)`.
        sums: filled with what is expected and R, S, PR, PS + QR, QS; shape `(6, pairs or more)`.
    """
    strata = len(over)
    held = np.zeros(len(of_event), dtype=np.int32)
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
                    if held[event] == 0:
                        met[many] = event
                        many += 1
                    held[event] += 1
                    table[event, s] += 1
            place += size
        met[:many].sort()
        for k in range(many):
            event = met[k]
            its, margins = table[event], of_event[event]
            expected = sum_r = sum_s = pr = ps_qr = qs = 0.0
            for s in range(strata):
                a, drug_here, event_here, weight = float(its[s]), of_drug[s], float(margins[s]), over[s]
                b, c = drug_here - a, event_here - a
                d = in_stratum[s] - drug_here - c
                p, q = (a + d) * weight, (b + c) * weight
                ad, bc = a * d * weight, b * c * weight
                expected += drug_here * event_here * weight
                sum_r += ad
                sum_s += bc
                pr += p * ad
                ps_qr += p * bc + q * ad
                qs += q * bc
            codes[0, pairs], codes[1, pairs], codes[2, pairs] = drug, event, held[event]
            sums[0, pairs], sums[1, pairs], sums[2, pairs] = expected, sum_r, sum_s
            sums[3, pairs], sums[4, pairs], sums[5, pairs] = pr, ps_qr, qs
            its[:] = 0
            held[event] = 0
            pairs += 1
    return pairs
