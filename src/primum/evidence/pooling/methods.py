"""Which estimators are there, for which effect, and what do they say about a table of studies?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, get_args

import numpy as np

from primum.errors import PoolError, UnknownNameError
from primum.evidence import proportions
from primum.evidence.pooling.beta_binomial import beta_binomial
from primum.evidence.pooling.binomial_normal import logit_normal, unconditional
from primum.evidence.pooling.conditional import conditional
from primum.evidence.pooling.inverse_variance import inverse_variance
from primum.evidence.pooling.mantel_haenszel import mantel_haenszel
from primum.evidence.pooling.peto import peto
from primum.evidence.pooling.poisson_normal import poisson_normal
from primum.evidence.pooling.pooled import Pooled
from primum.evidence.pooling.tables import MEASURES, TABLE_OF, Measure, Table, take

Estimator = Callable[..., Pooled]


@dataclass(frozen=True, slots=True)
class Choice:
    """An estimator on offer.

    Args:
        about: one line on when it is right.
        by_measure: the function for each effect it pools; called with the table and `level`.
        takes_continuity: whether a constant may be added to empty cells on request.
    """

    about: str
    by_measure: Mapping[str, Estimator]
    takes_continuity: bool = False


def _by_inverse_variance(about: str, **options: Any) -> Choice:
    by_measure = {m: partial(inverse_variance, measure=m, **options) for m in get_args(Measure)}
    return Choice(about, by_measure, takes_continuity=True)


METHODS: Final[Mapping[str, Choice]] = {
    "mh": Choice(
        "Mantel-Haenszel, one common effect, no correction; rare events",
        {m: partial(mantel_haenszel, measure=m) for m in ("OR", "RR", "RD", "IRR")},
    ),
    "peto": Choice("Peto's one-step odds ratio; rare events, small effects, balanced groups", {"OR": peto}),
    "iv": _by_inverse_variance("inverse variance, one common effect", tau2="none"),
    "dl": _by_inverse_variance("random effects, DerSimonian-Laird", tau2="dl"),
    "pm": _by_inverse_variance("random effects, Paule-Mandel", tau2="pm"),
    "reml": _by_inverse_variance("random effects, REML", tau2="reml"),
    "ml": _by_inverse_variance("random effects, maximum likelihood", tau2="ml"),
    "hksj": _by_inverse_variance(
        "random effects, REML with the Hartung-Knapp interval", tau2="reml", hartung_knapp=True
    ),
    "um": Choice(
        "binomial-normal (OR, PLO) or Poisson-normal (IRR) model with a free intercept a study",
        {"OR": unconditional, "IRR": poisson_normal, "PLO": logit_normal},
    ),
    "um-rs": Choice("binomial-normal model with random intercepts", {"OR": partial(unconditional, random_levels=True)}),
    "cm": Choice(
        "exact conditional model: hypergeometric-normal (OR), binomial-normal (IRR); rare events",
        {"OR": conditional, "IRR": partial(poisson_normal, conditional=True)},
    ),
    "cm-al": Choice("the same, approximated by a binomial", {"OR": partial(conditional, approximate=True)}),
    "bb": Choice(
        "beta-binomial model of the mean shares; groups without events count",
        {m: partial(beta_binomial, measure=m) for m in ("OR", "RR", "RD", "PLO")},
    ),
}
DEFAULT_METHOD: Final[Mapping[str, str]] = {"OR": "cm", "RR": "mh", "RD": "mh", "IRR": "cm", "PLO": "um"}


def pool(
    table: Table, *, measure: Measure, method: str | None = None, level: float = 0.95, continuity: float = 0.0
) -> Pooled:
    """Pool a table of studies.

    Args:
        table: at least two studies; `TwoArms` for OR, RR, RD, `TwoRates` for IRR, `OneArm` for PLO.
        measure: which effect.
        method: a name in `METHODS`; None takes `DEFAULT_METHOD`, which adds nothing to any cell.
        level: of the intervals, in (0, 1).
        continuity: added to every cell of a study with an empty one, by the inverse variance methods alone; 0 leaves
            such studies out of them, and the answer says so.

    Returns:
        The answer; where there is no estimate it says why.

    Raises:
        PoolError: fewer than two studies, a table that does not fit the measure, or a method that does not pool it.
        UnknownNameError: no such measure or method.
        EvidenceError: a level outside (0, 1), or a continuity below 0.

    Examples:
        >>> import numpy as np
        >>> from primum.evidence.pooling import TwoArms
        >>> table = TwoArms(
        ...     study=("A", "B", "C"),
        ...     events_treated=np.array([0, 2, 1]), n_treated=np.array([120, 310, 400]),
        ...     events_control=np.array([0, 1, 1]), n_control=np.array([118, 300, 390]),
        ... )
        >>> answer = pool(table, measure="OR", method="mh")
        >>> round(answer.natural[0], 2), answer.left_out[0][0]
        (1.46, 'A')
    """
    proportions.tail(level)
    if measure not in MEASURES:
        raise UnknownNameError.of("measure", measure, MEASURES)
    if not isinstance(table, TABLE_OF[measure]):
        raise PoolError.wrong_table(measure, TABLE_OF[measure].__name__, type(table).__name__)
    if len(table) < 2:
        raise PoolError.too_few(len(table))
    choice = estimator(method or DEFAULT_METHOD[measure], measure)
    options = {"continuity": continuity} if choice.takes_continuity else {}
    return choice.by_measure[measure](table, level=level, **options)


def estimator(method: str, measure: str) -> Choice:
    """The choice of that name, after a check that it pools this measure.

    Raises:
        UnknownNameError: no such method.
        PoolError: it does not pool this measure.
    """
    if method not in METHODS:
        raise UnknownNameError.of("method", method, METHODS)
    choice = METHODS[method]
    if measure not in choice.by_measure:
        raise PoolError.not_for_measure(method, measure, methods_for(measure))
    return choice


def methods_for(measure: str) -> list[str]:
    """Names of the methods that pool a measure.

    Examples:
        >>> methods_for("PLO")
        ['iv', 'dl', 'pm', 'reml', 'ml', 'hksj', 'um', 'bb']
    """
    return [name for name, choice in METHODS.items() if measure in choice.by_measure]


def leave_one_out(
    table: Table, *, measure: Measure, method: str | None = None, level: float = 0.95, continuity: float = 0.0
) -> list[tuple[str, Pooled]]:
    """The answer without each study in turn: does one study carry it?

    Args:
        table: at least three studies.
        measure: as for `pool`.
        method: as for `pool`.
        level: as for `pool`.
        continuity: as for `pool`.

    Returns:
        Name of the study left out and the answer without it, in the table's order.

    Raises:
        PoolError: fewer than three studies, and whatever `pool` raises.
    """
    if len(table) < 3:
        raise PoolError.too_few_to_leave_one_out(len(table))
    answers = []
    for i, name in enumerate(table.study):
        keep = np.arange(len(table)) != i
        without = pool(take(table, keep), measure=measure, method=method, level=level, continuity=continuity)
        answers.append((name, without))
    return answers
