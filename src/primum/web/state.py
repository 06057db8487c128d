"""What does an address ask? Every choice of a page stands in its query: a link or a bookmark is the whole answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Final, Literal
from urllib.parse import urlencode

from primum.counts.fields import DUPLICATES
from primum.errors import PrimumError, UnknownNameError
from primum.signals.table import DEFAULT_METHODS, MORE_METHODS
from primum.vocab.reactions import BINS

KNOWN_METHODS: Final = (*DEFAULT_METHODS, *MORE_METHODS)
SHOWN: Final = ("all", "out")
LARGEST_TABLE: Final = 1_000  # rows on one page; the command line writes them all
_LONGEST: Final = 2_000  # characters of one choice; a longer one is no question of a person


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The choices of a page.

    Args:
        what: treatment or drug; empty for every drug.
        cohort: which reports, as text.
        versus: what they are compared with; empty for everything else.
        methods: statistics by name, with commas between; empty for those that are computed by default.
        sort: column of numbers; empty for the lower bound of the first statistic there is.
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
    sort: str = ""
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
        ):
            if given not in known:
                raise UnknownNameError.of(name, given, [one for one in known if one])
        for method in self.wanted:
            if method not in KNOWN_METHODS:
                raise UnknownNameError.of("method", method, KNOWN_METHODS)
        if not 1 <= self.limit <= LARGEST_TABLE:
            raise PrimumError(
                f"limit is {self.limit}; expected 1 to {LARGEST_TABLE:,}. `primum signals` writes all rows."
            )

    @property
    def wanted(self) -> tuple[str, ...]:
        """The statistics to compute."""
        return tuple(name.strip() for name in self.methods.split(",") if name.strip()) or DEFAULT_METHODS

    @classmethod
    def read(cls, query: Mapping[str, str]) -> State:
        """The choices that a query holds.

        Raises:
            UnknownNameError: it holds a name that no choice has, or a value that is none of a closed list.
            PrimumError: a value is no number where one is expected, or is too long.

        Examples:
            >>> State.read({"what": "anti-wrinkle", "least": "5"}).least
            5
        """
        given: dict[str, object] = {}
        kinds: dict[str, type] = {field.name: type(field.default) for field in fields(cls)}
        for name, text in query.items():
            if name not in kinds:
                raise UnknownNameError.of("choice", name, kinds)
            if len(text) > _LONGEST:
                raise PrimumError(f"{name} has {len(text):,} characters; expected at most {_LONGEST:,}.")
            if not text.strip():
                continue
            try:
                given[name] = kinds[name](text.strip())
            except ValueError:
                raise PrimumError(f'{name} is "{text}"; expected a number.') from None
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

    def as_json(self) -> dict[str, object]:
        """The choices as plain data."""
        return {field.name: getattr(self, field.name) for field in fields(self)}
