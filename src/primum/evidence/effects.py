"""How much more often, or more, in the treated group than in the other? Every effect of two groups in one place.

Every function takes the two groups and gives an `Effect`: estimate, interval, counts, method, and the reason where the
data give no estimate. Nothing is added to a cell, ever; where an interval does not exist for the counts given, another
method's is taken and the warnings say so.
"""

from primum.evidence.differences import DIFFERENCE_METHODS, number_needed, risk_difference
from primum.evidence.effect import Effect, per_thousand
from primum.evidence.means import MeanArm, mean_difference
from primum.evidence.proportions import proportion
from primum.evidence.rates import rate, rate_ratio
from primum.evidence.ratios import ODDS_METHODS, RATIO_METHODS, odds_ratio, risk_ratio

__all__ = [
    "DIFFERENCE_METHODS",
    "ODDS_METHODS",
    "RATIO_METHODS",
    "Effect",
    "MeanArm",
    "mean_difference",
    "number_needed",
    "odds_ratio",
    "per_thousand",
    "proportion",
    "rate",
    "rate_ratio",
    "risk_difference",
    "risk_ratio",
]
