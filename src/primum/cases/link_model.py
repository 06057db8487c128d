r"""How much does each agreement say that two reports are one event?

The model of Fellegi and Sunter: every comparison of a pair falls on one level, a level has the probability m among
pairs of one event and u among pairs of two, and says `log2(m / u)` bits for or against. The bits of all comparisons and
of the prior add up to the match weight w, and the match probability is $2^w / (1 + 2^w)$. What is missing in either
report falls on no level and says nothing: missing is not agreement.

Agreements do not come alone: who shares drug and day shares more by the same chance. The model's bits are therefore
calibrated, $w = a + b s$ where s is their sum and the slope b is below 1, so that of the pairs with a match
probability p a share p is right.

Levels are Ibis expressions over a pair, whose columns end in `_l` and `_r`; the first that holds is the level.

Source: I. P. Fellegi, A. B. Sunter, A theory for record linkage, J Am Stat Assoc 1969;64:1183-1210,
doi:10.1080/01621459.1969.10501049.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from primum.cases.link_features import MOST_BITS, SPAN

VERSION: Final = "link-1"
"""Version of comparisons and levels; raise it when one changes, and train the shipped model again."""
MISSING: Final = -1
LEAST_U: Final = 1e-6  # no comparison alone says more than about 20 bits, however rare its level is by chance
FEW: Final = 1e6  # random pairs that the shipped u weighs as much as

Pair = Any  # an Ibis table of pairs
Truth = Any  # a truth value of each pair


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a comparison: what it means, and when a pair falls on it if it fell on none before."""

    meaning: str
    holds: Callable[[Pair], Truth] | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One thing in which two reports are compared.

    Args:
        name: its name.
        missing: when the pair tells nothing about it.
        levels: from the closest agreement to none; the last holds for all others.
    """

    name: str
    missing: Callable[[Pair], Truth]
    levels: tuple[Level, ...]


def _either_missing(*columns: str) -> Callable[[Pair], Truth]:
    def missing(pair: Pair) -> Truth:
        found = pair[f"{columns[0]}_l"].isnull() | pair[f"{columns[0]}_r"].isnull()
        for column in columns[1:]:
            found = found & (pair[f"{column}_l"].isnull() | pair[f"{column}_r"].isnull())
        return found

    return missing


def _same(column: str) -> Callable[[Pair], Truth]:
    return lambda pair: pair[f"{column}_l"] == pair[f"{column}_r"]


def _within(column: str, most: float) -> Callable[[Pair], Truth]:
    return lambda pair: (pair[f"{column}_l"] - pair[f"{column}_r"]).abs() <= most


def days_apart(pair: Pair, column: str) -> Any:
    """Days between the two dates of a pair."""
    return pair[f"{column}_l"].epoch_days() - pair[f"{column}_r"].epoch_days()


def _days(column: str, most: int, *, exact: str = "") -> Callable[[Pair], Truth]:
    """Dates at most so many days apart; both known to the day where `exact` names the column that tells it."""

    def holds(pair: Pair) -> Truth:
        near = days_apart(pair, column).between(-most, most)
        return near & (pair[f"{exact}_l"] == "D") & (pair[f"{exact}_r"] == "D") if exact else near

    return holds


def _same_month(pair: Pair) -> Truth:
    """Nothing against the same month, where one of the two is known to the month only."""
    known = (
        (pair.event_known_l != "Y")
        & (pair.event_known_r != "Y")
        & ((pair.event_known_l == "M") | (pair.event_known_r == "M"))
    )
    return (
        known
        & (pair.event_date_l.year() == pair.event_date_r.year())
        & (pair.event_date_l.month() == pair.event_date_r.month())
    )


def _same_year(pair: Pair) -> Truth:
    known = (pair.event_known_l == "Y") | (pair.event_known_r == "Y")
    return known & (pair.event_date_l.year() == pair.event_date_r.year())


def shared(pair: Pair, column: str) -> Any:
    """Numbers of the terms that both reports hold; read where they stand, computed where not."""
    ready = f"{column}_shared"
    return pair[ready] if ready in pair.columns else pair[f"{column}_l"].intersect(pair[f"{column}_r"])


def shared_bits(pair: Pair, column: str) -> Any:
    """What the shared terms tell together, were they independent."""
    ready = f"{column}_bits"
    if ready in pair.columns:
        return pair[ready]
    return shared(pair, column).map(lambda number: MOST_BITS - (number >> 26)).sums().fill_null(0)


def _overlap(column: str, *, part: float, least_bits: int) -> Callable[[Pair], Truth]:
    """Of all terms of both at least a part is shared, and the shared ones tell at least so many bits."""

    def holds(pair: Pair) -> Truth:
        both = shared(pair, column).length()
        all_terms = pair[f"{column}_l"].length() + pair[f"{column}_r"].length() - both
        enough = (both > 0) & (both >= all_terms * part)
        return enough & (shared_bits(pair, column) >= least_bits) if least_bits else enough

    return holds


def _terms(column: str, name: str) -> Comparison:
    return Comparison(
        name,
        _either_missing(column),
        (
            Level("the same, and rare together", _overlap(column, part=1, least_bits=20)),
            Level("the same", _overlap(column, part=1, least_bits=8)),
            Level("the same, and frequent", _overlap(column, part=1, least_bits=0)),
            Level("half or more shared, and rare together", _overlap(column, part=0.5, least_bits=20)),
            Level("half or more shared", _overlap(column, part=0.5, least_bits=8)),
            Level("half or more shared, and frequent", _overlap(column, part=0.5, least_bits=0)),
            Level("some shared, and rare together", _overlap(column, part=0, least_bits=14)),
            Level("some shared", _overlap(column, part=0, least_bits=7)),
            Level("some shared, and frequent", _overlap(column, part=0, least_bits=0)),
            Level("none shared"),
        ),
    )


def _event_date() -> Comparison:
    return Comparison(
        "event date",
        _either_missing("event_date"),
        (
            Level("the same day", _days("event_date", 0, exact="event_known")),
            Level("within a week", _days("event_date", 7, exact="event_known")),
            Level("within a month", _days("event_date", 31, exact="event_known")),
            Level("the same month, the day not known", _same_month),
            Level("the same year, the month not known", _same_year),
            Level("different"),
        ),
    )


def _received() -> Comparison:
    return Comparison(
        "received",
        _either_missing("received"),
        (
            Level("within a week", _days("received", 7)),
            Level("within a month", _days("received", 31)),
            Level("within half a year", _days("received", 183)),
            Level("within two years", _days("received", 730)),
            Level("further apart"),
        ),
    )


def _age() -> Comparison:
    return Comparison(
        "age",
        _either_missing("age"),
        (
            # Ages below two years are told in days or months; a week is what rounding to months leaves.
            Level("the same", _within("age", 0.02)),
            Level("within a year", lambda pair: _within("age", 1.001)(pair) & (pair.age_l >= 2) & (pair.age_r >= 2)),
            Level("within five years", lambda pair: _within("age", 5)(pair) & (pair.age_l >= 2) & (pair.age_r >= 2)),
            Level("different"),
        ),
    )


def _sex() -> Comparison:
    return Comparison("sex", _either_missing("sex"), (Level("the same", _same("sex")), Level("different")))


def _country() -> Comparison:
    return Comparison(
        "country",
        _either_missing("country"),
        (
            Level("the same, one of few reports", lambda pair: _same("country")(pair) & ~pair.country_common_l),
            Level("the same", _same("country")),
            Level("different"),
        ),
    )


def _weight() -> Comparison:
    return Comparison(
        "weight",
        _either_missing("weight"),
        (
            Level("the same to a pound", _within("weight", 0.46)),
            Level("within 5 kg", _within("weight", 5)),
            Level("different"),
        ),
    )


def _reference() -> Comparison:
    return Comparison(
        "reference",
        _either_missing("number", "article"),
        (
            Level("the same number of the manufacturer", lambda pair: _same("number")(pair).fill_null(False)),
            Level("the same article", lambda pair: _same("article")(pair).fill_null(False)),
            # Who sends two reports under two numbers of its own says that they are two cases.
            Level("different, from different senders", lambda pair: ~_same("sender")(pair).fill_null(False)),
            Level("different, from one sender"),
        ),
    )


@cache
def comparisons() -> tuple[Comparison, ...]:
    """All comparisons, in the order in which they are shown."""
    assert SPAN == 2**26  # what the shift in shared_bits undoes
    return (
        _event_date(),
        _received(),
        _age(),
        _sex(),
        _country(),
        _weight(),
        _terms("drugs", "drugs"),
        _terms("reactions", "reactions"),
        _reference(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkModel:
    """The parameters of a model, and where they come from.

    Args:
        m: for each comparison the probability of each level among pairs of one event.
        u: the same among pairs of two events.
        prior: probability that two reports drawn at random are of one event.
        reports: current reports of the store when the model was made; term frequencies are of that moment.
        slope: what a bit of the model counts for, since agreements are not independent; in (0, 1.5].
        offset: bits that calibration adds to the prior.
        version: version of comparisons and levels.
        trained_on: what m was estimated from.
        u_from: what u was estimated from.

    Raises:
        ValueError: it speaks of other comparisons than those of this version, or holds what is no probability.
    """

    m: Mapping[str, tuple[float, ...]]
    u: Mapping[str, tuple[float, ...]]
    prior: float
    reports: int
    slope: float
    offset: float
    version: str
    trained_on: str
    u_from: str

    def __post_init__(self) -> None:
        for side in (self.m, self.u):
            if {name: len(p) for name, p in side.items()} != {c.name: len(c.levels) for c in comparisons()}:
                raise ValueError(f"Model {self.version}: its comparisons are not those of {VERSION}; train it again.")
            if not all(0 < p <= 1 for levels in side.values() for p in levels):
                raise ValueError(f"Model {self.version}: a level's probability is not between 0 and 1.")
        if not 0 < self.slope <= 1.5:
            raise ValueError(f"Model {self.version}: slope {self.slope}; expected one in (0, 1.5].")
        if not 0 < self.prior < 1:
            raise ValueError(f"Model {self.version}: prior {self.prior}; expected a probability between 0 and 1.")

    def weight(self, comparison: str, level: int) -> float:
        """Calibrated bits that a level says for one event; nothing where the comparison is missing."""
        if level == MISSING:
            return 0.0
        return self.slope * math.log2(self.m[comparison][level] / self.u[comparison][level])

    @property
    def prior_weight(self) -> float:
        """Calibrated bits of the prior."""
        return self.offset + self.slope * math.log2(self.prior / (1 - self.prior))

    def as_json(self) -> dict[str, Any]:
        """The model as plain data, six digits a parameter."""
        rounded = {
            name: {key: [float(f"{p:.6g}") for p in levels] for key, levels in side.items()}
            for name, side in (("m", self.m), ("u", self.u))
        }
        return {
            "version": self.version,
            "prior": float(f"{self.prior:.6g}"),
            "reports": self.reports,
            "slope": float(f"{self.slope:.6g}"),
            "offset": float(f"{self.offset:.6g}"),
            "trained_on": self.trained_on,
            "u_from": self.u_from,
            **rounded,
        }

    def digest(self) -> str:
        """Hash over the parameters, to tell one model from another."""
        return hashlib.sha256(json.dumps(self.as_json(), sort_keys=True).encode()).hexdigest()[:16]


def model_from_json(plain: Mapping[str, Any]) -> LinkModel:
    """A model from its plain data.

    Raises:
        ValueError: it is of another version.
    """
    return LinkModel(
        m={name: tuple(levels) for name, levels in plain["m"].items()},
        u={name: tuple(levels) for name, levels in plain["u"].items()},
        prior=float(plain["prior"]),
        reports=int(plain["reports"]),
        slope=float(plain["slope"]),
        offset=float(plain["offset"]),
        version=str(plain["version"]),
        trained_on=str(plain["trained_on"]),
        u_from=str(plain["u_from"]),
    )


@cache
def shipped_model() -> LinkModel:
    """The model that comes with Primum, trained on SYNTHETIC reports with planted duplicates (`link_model.json`).

    Examples:
        >>> shipped_model().version == VERSION, "SYNTHETIC" in shipped_model().trained_on
        (True, True)
    """
    text = resources.files("primum.cases").joinpath("link_model.json").read_text(encoding="utf-8")
    return model_from_json(json.loads(text))
