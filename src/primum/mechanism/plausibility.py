"""Could a reaction that began on a given day be the drug's doing, as far as its time course goes?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from primum.errors import ModelError
from primum.mechanism.curve import curve
from primum.mechanism.models import Models
from primum.mechanism.refusals import LARGEST_EXTRAPOLATION, Refusal
from primum.terms import Interval

Verdict = Literal["before", "inside", "after"]
# Half days while the effect sets in, then weeks: no report dates the end of an effect better.
_FIRST_STEP_DAYS: Final = 0.5
_LATER_STEP_DAYS: Final = 7.0
LEAST_SHARE: Final = 0.01
CAVEAT: Final = (
    "Inside says only that the day does not speak against the drug; most days do. The course is that of the wanted "
    "effect on this endpoint: pain, bruising and allergy follow the needle or the body, not this curve."
)


@dataclass(frozen=True, slots=True)
class Plausibility:
    """Where an onset lies in the drug's time course.

    Args:
        verdict: before, inside or after.
        onset_day: day on which the reaction began, counted from the injection.
        window_days: first and last day of the time course; no probability belongs to it.
        reason: the comparison in words.
        warnings: what must travel with it.
    """

    verdict: Verdict
    onset_day: float
    window_days: Interval
    reason: str
    warnings: tuple[str, ...] = (CAVEAT,)


def time_course(
    product: str, dose_units: float, endpoint: str, *, models: Models, least_share: float = LEAST_SHARE
) -> Interval | Refusal:
    """From which to which day could the drug act? The days on which it may add at least `least_share` of the people.

    "May" is the upper end of the 95 % interval of drug minus placebo, so that the window is rather too long than too
    short. It is looked for every half day up to the first visit, then every week up to three times the last visit.

    Args:
        product: substance injected.
        dose_units: dose in units of the product.
        endpoint: key of the endpoint.
        models: the treatment's fits and refusals.
        least_share: share of people that counts as an effect, in (0, 1).

    Returns:
        First and last day, without a level; or the refusal of the curve.

    Raises:
        UnknownNameError: no such product or endpoint.
        ModelError: the dose or `least_share` is no legal number.
    """
    if not 0 < least_share < 1:
        raise ModelError.of(f"least share {least_share:g}", "a share between 0 and 1, such as 0.01")
    first = curve(product, dose_units, endpoint, [0.0], models=models)
    if isinstance(first, Refusal):
        return first
    first_visit, last_visit = first.fit.days[0], first.fit.days[-1]
    onset = np.arange(0, first_visit, _FIRST_STEP_DAYS)
    later = np.arange(first_visit, LARGEST_EXTRAPOLATION * last_visit, _LATER_STEP_DAYS)
    found = curve(product, dose_units, endpoint, np.concatenate([onset, later]), models=models)
    if isinstance(found, Refusal):
        return found
    acting = found.days[found.excess_upper >= least_share]
    if not acting.size:
        return Refusal(
            "no_time_course",
            f"the time course of {dose_units:g} U of {product}",
            f"On no day does the drug add {least_share:g} of the people on this endpoint.",
            found.sources,
        )
    return Interval(float(acting[0]), float(acting[-1]), level=None)


def onset_in_course(onset_day: float, window_days: Interval) -> Plausibility:
    """Is the day on which a reaction began inside the drug's time course?

    Args:
        onset_day: days from the injection to the reaction; negative where it began before the injection.
        window_days: the time course, see `time_course`.

    Returns:
        Before, inside or after, with the reason.

    Raises:
        ModelError: the day is not a number.

    Examples:
        >>> onset_in_course(3, Interval(0.5, 400, level=None)).verdict
        'inside'
        >>> print(onset_in_course(-2, Interval(0.5, 400, level=None)).reason)
        The reaction began 2 days before the injection.
    """
    if not np.isfinite(onset_day):
        raise ModelError.of(f"an onset on day {onset_day}", "days between injection and reaction")
    course = f"the time course runs from day {window_days.lower:g} to day {window_days.upper:g}"
    if onset_day < 0:
        reason = f"The reaction began {-onset_day:g} days before the injection."
        return Plausibility("before", onset_day, window_days, reason)
    if onset_day < window_days.lower:
        # A date has no hours: day 0 in a report may be any hour of the day of the injection.
        reason = f"The reaction began on day {onset_day:g}; {course}. Reports hold dates and no hours."
        return Plausibility("before", onset_day, window_days, reason)
    verdict: Verdict = "inside" if onset_day <= window_days.upper else "after"
    return Plausibility(verdict, onset_day, window_days, f"The reaction began on day {onset_day:g}; {course}.")
