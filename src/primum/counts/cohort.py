"""Which reports are meant? The language of subsets, the same in Python, on the command line and in an address.

`use:cosmetic sex:F age:18-64 received:2014q1..2019q3`: conditions side by side all hold (`&` says the same), `|` is or,
`~` is not, brackets group, quotes hold a value with blanks (`reaction:"Eyelid ptosis"`), commas part values of which
one must hold (`country:US,CA`). `*` is every report. In a group of conditions that all hold, `role` narrows what the
drug conditions beside it look at, `treatment` what `use` and `bin` look at, and one `product` is that of a `dose`.
Brackets and `~` stand at most 50 deep in one another.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from primum.counts.fields import FIELDS
from primum.errors import CohortError, nearest

DEEPEST: Final = 50
"""Groups and `~` within one another that a text may hold: more than a person writes, less than any reader fails at."""


class Cohort(ABC):
    """A subset of the reports: combine with `&`, `|` and `~`; its text is `str(cohort)`.

    Examples:
        >>> cohort = parse("use:cosmetic") & ~parse("sex:M")
        >>> str(cohort)
        'use:cosmetic ~sex:M'
        >>> parse(str(cohort)) == cohort
        True
    """

    __slots__ = ()

    def __and__(self, other: Cohort) -> Cohort:
        return all_of(self, other)

    def __or__(self, other: Cohort) -> Cohort:
        return any_of(self, other)

    def __invert__(self) -> Cohort:
        return self.part if isinstance(self, Not) else Not(self)

    @property
    @abstractmethod
    def fields(self) -> frozenset[str]:
        """Names of the fields it speaks of."""


@dataclass(frozen=True, slots=True)
class Everything(Cohort):
    """Every report."""

    @property
    def fields(self) -> frozenset[str]:
        """None."""
        return frozenset()

    def __str__(self) -> str:
        return "*"


EVERYTHING: Final = Everything()


@dataclass(frozen=True, slots=True)
class Condition(Cohort):
    """One field with the values of which one must hold; build it with `condition`, which spells the values.

    Raises:
        CohortError: the field does not exist, no value is given, or a value is not in its canonical spelling.
    """

    field: str
    values: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.values or self != _spelt(self.field, self.values):
            raise CohortError(f"Condition {self.field}: build it with primum.counts.cohort.condition.")

    @property
    def fields(self) -> frozenset[str]:
        """Its one field."""
        return frozenset({self.field})

    def __str__(self) -> str:
        return f"{self.field}:{','.join(map(_quoted, self.values))}"


@dataclass(frozen=True, slots=True)
class Not(Cohort):
    """Every report that is not in a cohort."""

    part: Cohort

    @property
    def fields(self) -> frozenset[str]:
        """Those of its part."""
        return self.part.fields

    def __str__(self) -> str:
        return f"~{_grouped(self.part, AllOf, AnyOf)}"


@dataclass(frozen=True, slots=True)
class AllOf(Cohort):
    """Reports in all of at least two cohorts; build it with `&`."""

    parts: tuple[Cohort, ...]

    @property
    def fields(self) -> frozenset[str]:
        """Those of all parts."""
        return frozenset().union(*(part.fields for part in self.parts))

    def __str__(self) -> str:
        return " ".join(_grouped(part, AnyOf) for part in self.parts)


@dataclass(frozen=True, slots=True)
class AnyOf(Cohort):
    """Reports in any of at least two cohorts; build it with `|`."""

    parts: tuple[Cohort, ...]

    @property
    def fields(self) -> frozenset[str]:
        """Those of all parts."""
        return frozenset().union(*(part.fields for part in self.parts))

    def __str__(self) -> str:
        return " | ".join(map(str, self.parts))


def condition(field: str, *values: str) -> Condition:
    """One condition, its values put into their one spelling, each once, in order.

    Raises:
        CohortError: the field does not exist, or a value cannot be one of its values.

    Examples:
        >>> str(condition("reaction", "eyelid ptosis")), str(condition("reporter", "physician", "CN"))
        ('reaction:"EYELID PTOSIS"', 'reporter:CN,MD')
    """
    return _spelt(field, values)


def all_of(*cohorts: Cohort) -> Cohort:
    """Reports in every one of the cohorts; of none: every report."""
    parts = _flat(cohorts, AllOf)
    kept = tuple(dict.fromkeys(part for part in parts if part != EVERYTHING))
    return AllOf(kept) if len(kept) > 1 else (kept[0] if kept else EVERYTHING)


def any_of(*cohorts: Cohort) -> Cohort:
    """Reports in at least one of the cohorts."""
    parts = tuple(dict.fromkeys(_flat(cohorts, AnyOf)))
    if EVERYTHING in parts:
        return EVERYTHING
    return AnyOf(parts) if len(parts) > 1 else parts[0]


def parse(text: str) -> Cohort:
    """Read the text form; nothing at all is every report.

    Raises:
        CohortError: names the position and the word at fault, what would be right there, and the nearest spelling.

    Examples:
        >>> parse("use:cosmetic (sex:F | age:65-)")
        AllOf(parts=(Condition(field='use', values=('cosmetic',)), AnyOf(parts=(Condition(field='sex', values=('F',)),
        Condition(field='age', values=('65-',))))))
        >>> parse("sexx:F")
        Traceback (most recent call last):
        primum.errors.CohortError: Cohort "sexx:F", position 1: found "sexx"; expected one of drug, product,
        substance, ..., quarter, duplicates. Did you mean "sex"?
    """
    if not text.strip():
        return EVERYTHING
    reader = _Reader(text, tuple(_tokens(text)))
    return reader.whole()


def place_of(text: str, field: str, value: str) -> int:
    r"""Where a value of a field stands in the text of a cohort, from 0; within its quotes where it has some.

    Args:
        text: as `str` of a cohort gives it.
        field: name of the field.
        value: as a condition holds it.

    Raises:
        ValueError: it does not stand there.

    Examples:
        >>> place_of('drug:AB reaction:"A \\"B"', "reaction", 'A "B')
        18
    """
    tokens = tuple(_tokens(text))
    read = ""
    for token, after in zip(tokens, (*tokens[1:], None), strict=True):
        if token.kind == "word" and after is not None and (after.kind, after.text) == ("sign", ":"):
            read = token.text
        elif token.kind != "sign" and (read, token.text) == (field, value):
            return token.start + (token.kind == "quoted")
    raise ValueError(f"{text} holds no {field} {value}")


def by_strong_rules(cohort: Cohort) -> Cohort:
    """The same cohort with every use told by strong rules alone.

    Examples:
        >>> str(by_strong_rules(parse("use:cosmetic ~(sex:M | use:mixed)")))
        'use_strict:cosmetic ~(sex:M | use_strict:mixed)'
    """
    if isinstance(cohort, Condition) and cohort.field == "use":
        return condition("use_strict", *cohort.values)
    if isinstance(cohort, Not):
        return ~by_strong_rules(cohort.part)
    if isinstance(cohort, AllOf):
        return all_of(*map(by_strong_rules, cohort.parts))
    if isinstance(cohort, AnyOf):
        return any_of(*map(by_strong_rules, cohort.parts))
    return cohort


# --- text ---

_TOKEN: Final = re.compile(r'(?P<sign>[()&|~*,:])|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<word>[^\s()&|~*,:"]+)|(?P<odd>\S)')
_PLAIN: Final = re.compile(r'[^\s()&|~*,:"\\]+')


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


def _tokens(text: str) -> Iterable[_Token]:
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "odd"
        if kind == "odd":
            raise CohortError.at(text, match.start(), "a quote that never closes", 'a closing "')
        inner = re.sub(r"\\(.)", r"\1", match["quoted"]) if kind == "quoted" else match[0]
        yield _Token(kind, inner, match.start(), match.end())


class _Reader:
    """Reads tokens: any = all ("|" all)*; all = one ("&"? one)*; one = "~" one | "(" any ")" | "*" | condition."""

    def __init__(self, text: str, tokens: tuple[_Token, ...]) -> None:
        self._text, self._tokens, self._next, self._depth = text, tokens, 0, 0

    def whole(self) -> Cohort:
        cohort = self._any()
        if self._peek() is not None:
            raise self._wrong("a condition such as sex:F, &, | or the end")
        return cohort

    def _any(self) -> Cohort:
        parts = [self._all()]
        while self._take("|"):
            parts.append(self._all())
        return any_of(*parts)

    def _all(self) -> Cohort:
        parts = [self._one()]
        while self._take("&") or self._starts_one():
            parts.append(self._one())
        return all_of(*parts)

    def _one(self) -> Cohort:
        if self._take("*"):
            return EVERYTHING
        here = self._peek()
        if here is None or here.kind != "sign" or here.text not in "~(":
            return self._condition()
        if self._depth == DEEPEST:
            given, expected = f'"{here.text}" inside {DEEPEST} others', f"at most {DEEPEST} groups or ~ in one another"
            raise CohortError.at(self._text, here.start, given, expected)
        self._next += 1
        self._depth += 1
        inside = ~self._one() if here.text == "~" else self._group()
        self._depth -= 1
        return inside

    def _group(self) -> Cohort:
        """What stands within brackets whose first is read."""
        inside = self._any()
        if not self._take(")"):
            raise self._wrong("a closing bracket")
        return inside

    def _condition(self) -> Condition:
        name = self._peek()
        if name is None or name.kind != "word":
            raise self._wrong("a condition such as sex:F")
        self._next += 1
        if name.text.casefold() not in FIELDS:
            hint = nearest(name.text, FIELDS)
            raise CohortError.at(self._text, name.start, f'"{name.text}"', f"one of {', '.join(FIELDS)}", hint)
        if not self._take(":"):
            raise self._wrong(f'a colon after "{name.text}"')
        values = [self._value(name.text.casefold())]
        while self._take(","):
            values.append(self._value(name.text.casefold()))
        return condition(name.text.casefold(), *values)

    def _value(self, field: str) -> str:
        token = self._peek()
        if token is None or token.kind == "sign":
            raise self._wrong(f"a value of {field}: {FIELDS[field].expected}")
        self._next += 1
        try:
            return FIELDS[field].read(token.text)
        except ValueError as error:
            expected, hint = (*error.args, "")[:2]
            raise CohortError.at(self._text, token.start, f'"{token.text}"', expected, hint) from error

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self, sign: str) -> bool:
        token = self._peek()
        if token is None or token.kind != "sign" or token.text != sign:
            return False
        self._next += 1
        return True

    def _starts_one(self) -> bool:
        token = self._peek()
        return token is not None and (token.kind == "word" or (token.kind == "sign" and token.text in "~(*"))

    def _wrong(self, expected: str) -> CohortError:
        token = self._peek()
        if token is None:
            return CohortError.at(self._text, len(self._text), "the end", expected)
        return CohortError.at(self._text, token.start, f'"{token.text}"', expected)


def _spelt(field: str, values: tuple[str, ...]) -> Condition:
    """A condition with canonical values, made without the check that would ask for it again."""
    if field not in FIELDS:
        raise CohortError(f'No field named "{field}".{nearest(field, FIELDS)} Known: {", ".join(FIELDS)}.')
    try:
        read = tuple(sorted({FIELDS[field].read(value) for value in values}))
    except ValueError as error:
        expected, hint = (*error.args, "")[:2]
        raise CohortError(f"Cohort field {field}: found {', '.join(values)}; expected {expected}.{hint}") from error
    made = object.__new__(Condition)
    object.__setattr__(made, "field", field)
    object.__setattr__(made, "values", read)
    return made


def _flat(cohorts: Iterable[Cohort], kind: type[AllOf | AnyOf]) -> tuple[Cohort, ...]:
    parts: list[Cohort] = []
    for cohort in cohorts:
        parts.extend(cohort.parts if isinstance(cohort, kind) else [cohort])
    return tuple(parts)


def _grouped(part: Cohort, *kinds: type[Cohort]) -> str:
    return f"({part})" if isinstance(part, kinds) else str(part)


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
