"""How large must a risk be to be noticed, and how many people does it take to notice it?"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from primum.errors import EvidenceError
from primum.evidence.proportions import normal_quantile, positive, whole_numbers
from primum.terms import FloatArray


def chance_of_no_event(risk: ArrayLike, n: ArrayLike) -> FloatArray:
    r"""How likely is a study of `n` people to miss a harm of this risk altogether: $(1 - p)^n$.

    Args:
        risk: true share, in [0, 1]; any shape.
        n: people observed, whole numbers >= 0; broadcasts with `risk`.

    Returns:
        Probability that nobody has the event.

    Raises:
        EvidenceError: a risk outside [0, 1], or n that is no count.

    Examples:
        >>> round(float(chance_of_no_event(0.01, 236)), 3)
        0.093
    """
    p, people = np.asarray(risk, dtype=np.float64), whole_numbers("n", n)
    if np.any(~((p >= 0) & (p <= 1))):
        raise EvidenceError.of_number("risk", float(p[~((p >= 0) & (p <= 1))].flat[0]), "a share between 0 and 1")
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(people == 0, 1.0, np.exp(people * np.log1p(-p)))


def people_to_see_one(risk: float, *, probability: float = 0.95) -> int:
    r"""How many must be observed to see the harm at least once with this probability: $\log(1 - P) / \log(1 - p)$.

    Args:
        risk: true share, in (0, 1).
        probability: of at least one event, in (0, 1).

    Returns:
        Whole people, rounded up; about 3 / risk for 0.95 (the rule of three).

    Raises:
        EvidenceError: risk or probability outside (0, 1).

    Source:
        Hanley & Lippman-Hand, JAMA 249:1743-1745 (1983), doi:10.1001/jama.1983.03330370053031.

    Examples:
        >>> people_to_see_one(0.001)
        2995
    """
    _inside("risk", risk)
    _inside("probability", probability)
    return math.ceil(math.log1p(-probability) / math.log1p(-risk))


def people_per_group(
    risk_treated: float, risk_control: float, *, power: float = 0.8, level: float = 0.95, pooled: bool = False
) -> int:
    r"""How many in each of two equal groups to tell one risk from another?

    $$ n = (z_{(1 + level)/2} + z_{power})^2\, (p_1 q_1 + p_0 q_0) / (p_1 - p_0)^2, $$
    or with `pooled` the variance under no difference in the first term, $\bar p = (p_1 + p_0)/2$:
    $$ n = \left( z_{(1 + level)/2} \sqrt{2 \bar p \bar q} + z_{power} \sqrt{p_1 q_1 + p_0 q_0} \right)^2
       / (p_1 - p_0)^2. $$

    Args:
        risk_treated: $p_1$, in (0, 1).
        risk_control: $p_0$, in (0, 1), different from $p_1$.
        power: chance to find the difference, in (0, 1).
        level: confidence of the two-sided interval that must exclude 0, in (0, 1).
        pooled: which of the two formulas.

    Returns:
        People in each group, rounded up.

    Raises:
        EvidenceError: a share or probability outside (0, 1), or two equal risks.

    Numerics:
        For 1 % against 2 % with power 0.8 the first formula gives 2315.4, hence 2,316 people a group (the figure of
        2,315 is the same, rounded down); the pooled one gives 2,319. Both are large-sample formulas: with fewer than
        about five expected events in a group they are too small.

    Source:
        Fleiss, Levin, Paik, Statistical Methods for Rates and Proportions, 3rd ed. (2003) (pooled);
        Chow, Shao, Wang, Sample Size Calculations in Clinical Research, 2nd ed. (2008) (unpooled).

    Examples:
        >>> people_per_group(0.02, 0.01)
        2316
        >>> people_per_group(0.02, 0.01, pooled=True)
        2319
    """
    for name, value in (("risk_treated", risk_treated), ("risk_control", risk_control), ("power", power)):
        _inside(name, value)
    positive("difference of the risks", abs(risk_treated - risk_control))
    return math.ceil(_people(risk_treated, risk_control, power, level, pooled=pooled) - 1e-9)


def detectable_risk(n_per_group: int, risk_control: float, *, power: float = 0.8, level: float = 0.95) -> float | None:
    """How large must the risk of the treated be to be told from that of the control group with groups of this size?

    Args:
        n_per_group: people in each of two equal groups, at least 2.
        risk_control: risk of the control group, in (0, 1).
        power: chance to find the difference, in (0, 1).
        level: confidence of the two-sided interval that must exclude 0, in (0, 1).

    Returns:
        The smallest larger risk that `people_per_group` (unpooled) allows; None where not even a risk near 1 suffices.

    Raises:
        EvidenceError: a share or probability outside (0, 1), or fewer than two people.

    Examples:
        >>> round(detectable_risk(2316, 0.01), 4)
        0.02
    """
    people = float(whole_numbers("n_per_group", n_per_group, least=2))
    _inside("risk_control", risk_control)
    _inside("power", power)
    low, high = risk_control, 1 - 1e-12
    if _people(high, risk_control, power, level, pooled=False) > people:
        return None
    for _ in range(200):  # the people needed fall as the risks move apart
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if _people(middle, risk_control, power, level, pooled=False) > people:
            low = middle
        else:
            high = middle
    return high


def _people(p1: float, p0: float, power: float, level: float, *, pooled: bool) -> float:
    z_level, z_power = normal_quantile(level), float(special.ndtri(power))
    spread = p1 * (1 - p1) + p0 * (1 - p0)
    middle = (p1 + p0) / 2
    under_null = 2 * middle * (1 - middle) if pooled else spread
    return (z_level * math.sqrt(under_null) + z_power * math.sqrt(spread)) ** 2 / (p1 - p0) ** 2


def _inside(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise EvidenceError.of_number(name, value, "a share between 0 and 1")
