"""On which level does each comparison of a pair fall, and what do the levels say together?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from primum.cases.link_model import MISSING, LinkModel, comparisons, shared, shared_bits

if TYPE_CHECKING:
    import ibis

OVERLAPS: Final = ("drugs", "reactions")
MILLION: Final = 1_000_000


def level_column(comparison: str) -> str:
    """Column of a comparison's level.

    Examples:
        >>> level_column("event date")
        'event_date_level'
    """
    return f"{comparison.replace(' ', '_')}_level"


def paired(pairs: ibis.Table, features: ibis.Table) -> ibis.Table:
    """Pairs `left_key, right_key` with the features of both, and with what their drugs and reactions share."""
    left = features.rename({f"{name}_l": name for name in features.columns})
    right = features.rename({f"{name}_r": name for name in features.columns})
    joined = pairs.join(left, pairs.left_key == left.report_key_l)
    joined = joined.join(right, joined.right_key == right.report_key_r)
    return joined.mutate(**{f"{name}_shared": shared(joined, name) for name in OVERLAPS})


def levels(pair: ibis.Table) -> ibis.Table:
    """The level of every comparison of each pair; `MISSING` where it tells nothing."""
    import ibis

    pair = pair.mutate(**{f"{name}_bits": shared_bits(pair, name) for name in OVERLAPS})
    found: dict[str, Any] = {}
    for comparison in comparisons():
        tests = [(comparison.missing(pair), MISSING)]
        tests += [(level.holds(pair), i) for i, level in enumerate(comparison.levels) if level.holds is not None]
        level = ibis.cases(*tests, else_=len(comparison.levels) - 1)
        found[level_column(comparison.name)] = level.cast("int16")
    return pair.select("left_key", "right_key", **found)


def scored(leveled: ibis.Table, model: LinkModel) -> ibis.Table:
    """Pairs with their levels and the match weight: the prior's bits and those of every level."""
    import ibis

    # Whole millionths of a bit add up to the same sum in any order and on any engine.
    weight: Any = ibis.literal(round(model.prior_weight * MILLION), type="int64")
    for comparison in comparisons():
        bits = [(i, round(model.weight(comparison.name, i) * MILLION)) for i in range(len(comparison.levels))]
        weight = weight + leveled[level_column(comparison.name)].cases(*bits, else_=0)
    return leveled.mutate(match_weight=weight / MILLION)


def probability(weight: Any) -> Any:
    r"""Match probability of a match weight w in bits: $2^w / (1 + 2^w)$.

    Examples:
        >>> import numpy as np
        >>> probability(np.array([-2.0, 0.0, 2.0])).tolist()
        [0.2, 0.5, 0.8]
    """
    return 1 / (1 + 2.0 ** (-weight))
