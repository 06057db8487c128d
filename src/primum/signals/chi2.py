"""Could drug and event be independent: Pearson's chi-square of the fourfold table?"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from primum.provenance import Method
from primum.signals.estimate import CodeArray, code_of
from primum.signals.fourfold import fourfold
from primum.terms import FloatArray

METHOD: Final = Method(
    id="chi2",
    label="Chi-square of the fourfold table with Yates' correction, 1 degree of freedom",
    formula="N * max(0, |a d - b c| - N/2)^2 / ((a + b)(c + d)(a + c)(b + d))",
    citation="Yates 1934, J R Stat Soc Suppl 1(2):217-235, doi:10.2307/2983604; in signal detection: Evans, Waller, "
    "Davis 2001, Pharmacoepidemiol Drug Saf 10(6):483-486, doi:10.1002/pds.677",
)

REASONS: Final = ("", "a margin is empty or is the whole: nothing to compare with")


def chi2(
    observed: ArrayLike,
    drug_reports: ArrayLike,
    event_reports: ArrayLike,
    total_reports: ArrayLike,
    *,
    correction: Literal["yates", "none"] = "yates",
) -> tuple[FloatArray, CodeArray]:
    r"""Chi-square of each pair, large for more **and** for fewer reports than expected.

    $$ \chi^2 = \frac{N (\max(0, |ad - bc| - N/2))^2}{(a + b)(c + d)(a + c)(b + d)}, $$
    without the $N/2$ where no correction is asked for.

    Args:
        observed: reports with both; shape `(pairs,)`, whole numbers >= 0.
        drug_reports: reports with the drug; same shape, or one number.
        event_reports: reports with the event; same shape, or one number.
        total_reports: all distinct reports of cohort and comparator.
        correction: `yates`, as in the source for signals, or `none`.

    Returns:
        Chi-square of shape `(pairs,)`, and the position of its reason in `REASONS`.

    Raises:
        CountError: the counts cannot belong to one set of reports.

    Numerics:
        Computed as the squared deviation times the sum of reciprocals of the expected cells: no product of four
        margins, which would not fit 64 bits at 20 million reports. Equals `scipy.stats.chi2_contingency` to 1e-9.

    Source:
        Yates, J R Stat Soc Suppl 1(2):217-235, doi:10.2307/2983604.

    Examples:
        >>> value, reason = chi2([10], [30], [40], 100)
        >>> round(float(value[0]), 4)
        0.4464
    """
    cells = fourfold(observed, drug_reports, event_reports, total_reports)
    a, b, c, d = cells.both, cells.drug_only, cells.event_only, cells.neither
    drug, others, event, rest = a + b, c + d, a + c, b + d
    code = code_of(a.shape, (drug == 0) | (others == 0) | (event == 0) | (rest == 0))
    total = drug + others
    with np.errstate(divide="ignore", invalid="ignore"):
        deviation = np.abs(a - drug * event / total)
        if correction == "yates":
            deviation = np.maximum(0.0, deviation - 0.5)
        value = deviation**2 * total * (1 / drug + 1 / others) * (1 / event + 1 / rest)
    value[code > 0] = np.nan
    return value, code
