"""What does a drug name mean where FDA coded no ingredient: what most other rows with that name carry?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from primum.vocab.cleaning import clean, ingredients


@dataclass(frozen=True, slots=True)
class Learned:
    """The active ingredient that the other rows with a name carry.

    Args:
        ingredient: active ingredient as FDA coded it.
        share: of the rows with this cleaned name and an active ingredient, the part that carries this one.
        support: rows it was learned from.
    """

    ingredient: str
    share: float
    support: int


def learn(
    rows: Iterable[tuple[str | None, str | None, int]], *, least_share: float = 0.8, least_support: int = 3
) -> dict[str, Learned]:
    """The ingredient that most rows with a name carry.

    Args:
        rows: drug name, active ingredient and the number of drug rows with both.
        least_share: the ingredient must stand in at least this part of the rows, in (0.5, 1].
        least_support: and the name in at least this many rows with an ingredient.

    Returns:
        By cleaned name, what was learned; a name below either bound is left out.

    Examples:
        >>> learn([("HUMIRA", "ADALIMUMAB", 9), ("Humira.", "ADALIMUMAB", 1), ("PEN", "INSULIN", 1), ("PEN", None, 4)])
        {'HUMIRA': Learned(ingredient='ADALIMUMAB', share=1.0, support=10)}
    """
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for drugname, active_ingredient, n in rows:
        if n and drugname and active_ingredient and ingredients(active_ingredient):
            counts[clean(drugname)][active_ingredient.upper().strip()] += n
    found: dict[str, Learned] = {}
    for name, by_ingredient in counts.items():
        support = sum(by_ingredient.values())
        best = min(by_ingredient, key=lambda ingredient: (-by_ingredient[ingredient], ingredient))
        share = by_ingredient[best] / support
        if share >= least_share and support >= least_support:
            found[name] = Learned(best, share, support)
    return found
