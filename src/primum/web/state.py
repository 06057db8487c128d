"""What does an address ask? Every choice of a page stands in its query: a link or a bookmark is the whole answer."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Final, Literal
from urllib.parse import urlencode

from primum.counts.cohort import EVERYTHING, Cohort, all_of, condition, parse
from primum.counts.fields import DUPLICATES, FIELDS
from primum.errors import PrimumError, UnknownNameError
from primum.signals.table import DEFAULT_METHODS, MORE_METHODS
from primum.vocab.reactions import BINS

KNOWN_METHODS: Final = (*DEFAULT_METHODS, *MORE_METHODS)
FIRST_METHODS: Final = ("prr", "ror", "ic", "midp", "fdr")  # those that need no prior of every pair, see decision 0027
METHOD_LABELS: Final = {
    "prr": "PRR",
    "ror": "ROR",
    "ic": "IC",
    "ebgm": "EBGM",
    "chi2": "chi-square",
    "midp": "mid-p",
    "fdr": "FDR",
    "rrr": "RRR",
    "bcpnn": "BCPNN",
    "masking": "masking",
    "bayes_fdr": "Bayes FDR",
    "lrt": "LRT",
    "lrt_zero_inflated": "LRT, zero-inflated",
}
STATISTICS: Final = (  # columns of the table: value, bounds where it has them, heading
    ("ic", "ic_lower", "ic_upper", "IC, 95 %"),
    ("ror", "ror_lower", "ror_upper", "ROR, 95 %"),
    ("prr", "prr_lower", "prr_upper", "PRR, 95 %"),
    ("ebgm", "eb05", "eb95", "EBGM, 5 to 95 %"),
    ("rrr", "rrr_lower", "rrr_upper", "RRR, 95 %"),
    ("bcpnn", "bcpnn_lower", "bcpnn_upper", "BCPNN, 95 %"),
    ("masking", "masking_lower", "masking_upper", "Masking, 95 %"),
    ("chi2", "", "", "chi²"),
    ("p_midp", "", "", "mid-p"),
    ("fdr", "", "", "FDR"),
    ("bayes_fdr", "", "", "Bayes FDR"),
    ("p_lrt", "", "", "LRT, p"),
    ("p_lrt_zero_inflated", "", "", "LRT zero-inflated, p"),
)
COLUMNS: Final = ("drug", "kind", "expected", "drug_reports", "event_reports", "caveats")
FIRST_COLUMNS: Final = ("drug", "expected", "caveats")
SHOWN: Final = ("all", "out")
ORDERS: Final = ("down", "up")
LARGEST_TABLE: Final = 1_000  # rows on one page; the command line writes them all
_LONGEST: Final = 2_000  # characters of one choice; a longer one is no question of a person
_LISTS: Final = ("methods", "columns")  # choices of several words, which a form sends one by one
COHORTS: Final = ("cohort", "versus")  # a field of a form that begins so, with a point behind, adds one condition to it


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The choices of a page.

    Args:
        what: treatment or drug; empty for every drug.
        cohort: which reports, as text.
        versus: what they are compared with; empty for everything else.
        methods: statistics by name, with commas between; empty for those that the explorer computes by default.
        columns: further columns of the table, with commas between; empty for the usual ones, `none` for none.
        sort: column of numbers; empty for the lower bound of the first statistic there is.
        order: `down` from the largest, or `up` from the smallest.
        bin: kind of term that is shown; empty for reactions first and the other kinds apart.
        least: fewest reports at which a pair can stand out.
        ic_lower: smallest lower bound of IC at which a pair can stand out.
        show: `all` pairs, or `out`: those that stand out.
        find: text that the name of the event holds.
        duplicates: `off`, `exact` or `probabilistic`; empty for the best links that the store has.
        drug: one drug of the rows, for a list of cases.
        event: one event of the rows, for a list of cases.
        limit: rows of each table, 1 to 1,000.
    """

    what: str = ""
    cohort: str = ""
    versus: str = ""
    methods: str = ""
    columns: str = ""
    sort: str = ""
    order: Literal["down", "up"] = "down"
    bin: str = ""
    least: int = 3
    ic_lower: float = 0.0
    show: Literal["all", "out"] = "all"
    find: str = ""
    duplicates: str = ""
    drug: str = ""
    event: str = ""
    limit: int = 50

    def __post_init__(self) -> None:
        for name, given, known in (
            ("bin", self.bin, ("", *BINS)),
            ("duplicates", self.duplicates, ("", *DUPLICATES)),
            ("show", self.show, SHOWN),
            ("order", self.order, ORDERS),
            *(("method", method, KNOWN_METHODS) for method in self.wanted),
            *(("column", column, (*COLUMNS, "none")) for column in _words(self.columns)),
        ):
            if given not in known:
                raise UnknownNameError.of(name, given, [one for one in known if one])
        if self.least < 0:
            raise PrimumError(f"least is {self.least}; expected a number of reports, 0 or more.")
        if not math.isfinite(self.ic_lower):
            raise PrimumError(f"ic_lower is {self.ic_lower}; expected a number of bits, such as 0.")
        if not 1 <= self.limit <= LARGEST_TABLE:
            raise PrimumError(
                f"limit is {self.limit}; expected 1 to {LARGEST_TABLE:,}. `primum signals` writes all rows."
            )

    @property
    def wanted(self) -> tuple[str, ...]:
        """The statistics to compute."""
        return _words(self.methods) or FIRST_METHODS

    @property
    def shown(self) -> tuple[str, ...]:
        """The further columns of the table."""
        return tuple(name for name in _words(self.columns) if name != "none") if self.columns else FIRST_COLUMNS

    @classmethod
    def read(cls, query: Iterable[tuple[str, str]]) -> State:
        """The choices that a query holds, in their one spelling.

        What a form sends is understood as well: a field that begins with `cohort.` or `versus.` adds its condition to
        that cohort, and a choice of several words comes word by word.

        Args:
            query: names and values, in order.

        Raises:
            UnknownNameError: it holds a name that no choice has, or a value that is none of a closed list.
            CohortError: a cohort cannot be read.
            PrimumError: a value is no number where one is expected, or is too long.

        Examples:
            >>> State.read([("what", "anti-wrinkle"), ("cohort", "age:65-"), ("cohort.sex", "F")]).cohort
            'age:65- sex:F'
        """
        given: dict[str, object] = {}
        parts: dict[str, list[Cohort]] = {name: [] for name in COHORTS}
        kinds: dict[str, type] = {field.name: type(field.default) for field in fields(cls)}
        for name, text in query:
            side, _, field = name.partition(".")
            if name not in kinds and (side not in parts or field not in FIELDS):
                raise UnknownNameError.of("choice", name, kinds)
            if len(text) > _LONGEST:
                raise PrimumError(f"{name} has {len(text):,} characters; expected at most {_LONGEST:,}.")
            value = text.strip()
            if not value:
                continue
            if name not in kinds:
                parts[side].append(condition(field, value))
            elif name in _LISTS and name in given:
                given[name] = f"{given[name]},{value}"
            else:
                given[name] = _number(name, value, kinds[name])
        for name in COHORTS:
            meant = all_of(parse(str(given.get(name, ""))), *parts[name])
            given[name] = "" if meant == EVERYTHING and (name == "cohort" or not given.get(name)) else str(meant)
        for name, usual in (("methods", FIRST_METHODS), ("columns", FIRST_COLUMNS)):
            words = _words(str(given.get(name, "")))
            if name == "columns" and len(words) > 1:  # a form sends `none` before those that are ticked
                words = tuple(word for word in words if word != "none")
            given[name] = "" if set(words) == set(usual) else ",".join(dict.fromkeys(words))
        return cls(**given)  # type: ignore[arg-type]

    def query(self, **changes: object) -> str:
        """The choices as the query of an address, some of them changed; what is as by default is left out.

        Examples:
            >>> State(what="anti-wrinkle", cohort="sex:F").query(sort="ebgm")
            '?what=anti-wrinkle&cohort=sex%3AF&sort=ebgm'
        """
        changed = replace(self, **changes)  # type: ignore[arg-type]
        told = {f.name: getattr(changed, f.name) for f in fields(self) if getattr(changed, f.name) != f.default}
        return f"?{urlencode(told)}" if told else ""

    def question(self) -> str:
        """What is asked without how its table is shown, as the query of an address.

        Examples:
            >>> State(what="anti-wrinkle", sort="ebgm", limit=5).question()
            '?what=anti-wrinkle'
        """
        kept = ("what", "cohort", "versus", "duplicates")
        return State(**{name: getattr(self, name) for name in kept}).query()

    def as_json(self) -> dict[str, object]:
        """The choices as plain data."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _number(name: str, text: str, kind: type) -> object:
    try:
        return kind(text)
    except ValueError:
        raise PrimumError(f'{name} is "{text}"; expected a number.') from None
