"""Does one drug's share of an event hide the event of every other drug, and what is left without it?"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from primum.errors import CountError
from primum.provenance import Method
from primum.signals.estimate import Estimate, checked_counts
from primum.signals.fourfold import fourfold
from primum.signals.prr import prr
from primum.terms import IntArray

METHOD: Final = Method(
    id="masking",
    label="Masking ratio: by how much the event's background falls when the drug's reports are left out",
    formula="(n_event / N) / ((n_event - a) / (N - n_drug)) = 1 + (n_drug / N)(PRR - 1)",
    citation="Maignen and others 2014, Pharmacoepidemiol Drug Saf 23(2):208-217, doi:10.1002/pds.3530 and 195-207, "
    "doi:10.1002/pds.3529; Juhlin and others 2013, 22(10):1119-1129, doi:10.1002/pds.3474",
)


def masking(
    observed: ArrayLike,
    drug_reports: ArrayLike,
    event_reports: ArrayLike,
    total_reports: ArrayLike,
    *,
    level: float = 0.95,
) -> Estimate:
    r"""Masking ratio of each drug on its event.

    The event's share of all reports, over its share of the reports without the drug:
    $$ MR = \frac{n_{event} / N}{(n_{event} - a) / (N - n_{drug})} = 1 + \frac{n_{drug}}{N} (PRR - 1). $$
    Every other drug that shares no report with this one has its observed-to-expected ratio of the event multiplied by
    MR when this drug's reports are left out. The interval is that of PRR, carried through.

    Args:
        observed: reports with both; shape `(pairs,)`, whole numbers >= 0.
        drug_reports: reports with the drug that may mask; same shape, or one number.
        event_reports: reports with the event; same shape, or one number.
        total_reports: all distinct reports.
        level: of the interval, in (0, 1).

    Returns:
        Value and bounds, unit ratio; above 1 the drug masks. What is degenerate is so for the reasons of PRR.

    Raises:
        CountError: the counts cannot belong to one set of reports.

    Numerics:
        Exact for drugs that share no report with the masking one; where they do, recount, see `without_drug`.

    Source:
        Maignen and others, Pharmacoepidemiol Drug Saf 23(2):208-217, doi:10.1002/pds.3530.

    Examples:
        >>> round(float(masking([300], [1000], [400], 10_000).value[0]), 3)
        3.6
    """
    drug = checked_counts("drug_reports", drug_reports)
    total = checked_counts("total_reports", total_reports)
    ratio = prr(observed, drug_reports, event_reports, total_reports, level=level)
    share = drug / np.maximum(total, 1)
    lower, value, upper = (1 + share * (bound - 1) for bound in (ratio.lower, ratio.value, ratio.upper))
    return Estimate(
        lower=lower, value=value, upper=upper, level=level, reason_code=ratio.reason_code, reasons=ratio.reasons
    )


def without_drug(
    counts: tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike],
    *,
    shared_observed: ArrayLike,
    shared_drug: ArrayLike,
    masking_event: ArrayLike,
    masking_drug: int,
) -> tuple[IntArray, IntArray, IntArray, int]:
    """Counts of pairs when every report with the masking drug is left out.

    Args:
        counts: observed, drug reports, event reports, total reports, as every fourfold method takes them.
        shared_observed: reports of each pair that hold the masking drug as well; shape `(pairs,)`.
        shared_drug: reports of each pair's drug that hold the masking drug as well; shape `(pairs,)`.
        masking_event: reports of each pair's event that hold the masking drug; shape `(pairs,)`.
        masking_drug: reports with the masking drug.

    Returns:
        The four counts again; give them to `prr`, `ror`, `ic` ...

    Raises:
        CountError: more reports would be left out than there are.

    Examples:
        >>> without_drug(([8], [20], [400], 10_000), shared_observed=[0], shared_drug=[0], masking_event=[300],
        ...              masking_drug=1000)
        (array([8]), array([20]), array([100]), 9000)
    """
    names = ("observed", "drug_reports", "event_reports")
    given = [checked_counts(name, x) for name, x in zip(names, counts, strict=False)]
    total = int(checked_counts("total_reports", counts[3]))
    out = {"shared_observed": shared_observed, "shared_drug": shared_drug, "masking_event": masking_event}
    fewer = [checked_counts(name, x) for name, x in out.items()]
    left = [have - leave for have, leave in zip(given, fewer, strict=True)]
    for name, count in zip(names, left, strict=True):
        if count.size and count.min() < 0:
            raise CountError(
                f"{name} would be {count.min()} without the masking drug; expected at least 0. "
                "Count the reports to leave out among the same reports."
            )
    observed, drug, event = left
    rest = total - int(masking_drug)
    fourfold(observed, drug, event, rest)  # the same checks as every count
    return observed, drug, event, rest
