"""Does the rule language say what it reads, and nothing more?"""

from __future__ import annotations

import contextlib
import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from primum.errors import RuleError
from primum.evidence.finding import Finding
from primum.terms import Interval
from primum.treatments.rules import finding_of, holds, names_in


def finding(id: str, value: float | str | None, **more: object) -> Finding:
    return Finding(id=id, label="SYNTHETIC", value=value, unit="proportion", sources=("s",), **more)  # type: ignore[arg-type]


FINDINGS = {
    f.id: f
    for f in (
        finding("a.share", 0.3, interval=Interval(0.2, 0.4), numerator=3, denominator=10),
        finding("dose.margin.units.20", 136.5),
        finding("b.status", "approved"),
        finding("b.unknown", None, warnings=("not verified",)),
    )
}


@pytest.mark.parametrize(
    ("rule", "truth"),
    [
        ("a.share > 0.2", True),
        ("a.share.lower > 0.2", False),
        ("a.share.lower <= 0.2 <= a.share.upper", True),
        ("a.share.numerator / a.share.denominator == a.share", True),
        ("dose.margin.units.20 > 100", True),
        ('b.status == "approved"', True),
        ("b.status != 'approved'", False),
        ('b.status == "a.share"', False),
        ("not b.unknown.known and a.share.known", True),
        ("a.share > 1 or dose.margin.units.20 - 0.5 == 136", True),
        ("not (a.share > 1 or b.status == 'off-label')", True),
        ("-a.share < 0 and 2 * a.share + 1 > 1.5", True),
        ("a.share == .3", True),
    ],
)
def test_a_rule_means_what_it_says(rule: str, truth: bool) -> None:
    assert holds(rule, FINDINGS) is truth


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("__import__('os').system('true')", "Call"),
        ("a.share.__class__ == 1", "no such finding"),
        ("(lambda: 1)() == 1", "Call"),
        ("[x for x in (1, 2)] == 1", "ListComp"),
        ("a.share ** 2 > 0", "BinOp"),
        ("a.share if 1 > 0 else 2", "IfExp"),
        ("open == 1", 'the word "open"'),
        ("a.share[0] > 1", "Subscript"),
        ("'x' in b.status", "Compare"),
        ("a.share is 1", "Compare"),
        ("True", "Constant"),
        ("f'{a.share}' == 'x'", "cannot be read|JoinedStr"),
        ("a.share >", "cannot be read"),
        ("a.share > 0; a.share > 1", "cannot be read"),
        ("", "cannot be read"),
        ("a.share", "the value 0.3"),
        ("a.share and a.share > 0", "as a condition"),
        ("a.share > 'x'", "beside"),
        ("b.status > 'a'", "in an order"),
        ("b.status + 1 > 0", "in arithmetic"),
        ("a.share / 0 > 1", "a division by 0"),
        ("b.unknown > 0", "a finding that has none"),
        ("b.status.lower > 0", "a finding that has none"),
        ("a.shar > 0", 'did you mean "a.share"'),
        ("a.share > 0 or c.nothing > 0", "no such finding"),
    ],
)
def test_what_the_language_does_not_have_is_refused_in_one_line(rule: str, said: str) -> None:
    with pytest.raises(RuleError) as caught:
        holds(rule, FINDINGS)
    message = str(caught.value)
    assert any(part in message for part in said.split("|")), message
    assert "\n" not in message


def test_a_fault_does_not_hide_behind_a_decided_and_or_or() -> None:
    with pytest.raises(RuleError):
        holds("a.share > 0 or b.status > 0", FINDINGS)


def test_names_are_found_outside_quotes_only() -> None:
    assert names_in('a.b > 0 and c.d == "e.f" and a.b < 1') == ("a.b", "c.d")
    assert names_in("0.5 < 1.25") == ()


def test_a_name_with_a_part_speaks_of_its_finding() -> None:
    assert finding_of("a.share.upper", FINDINGS) == "a.share"
    assert finding_of("dose.margin.units.20", FINDINGS) == "dose.margin.units.20"


NUMBERS = st.integers(-50, 50).map(float) | st.floats(-1e6, 1e6, allow_nan=False)
COMPARED = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


@given(a=NUMBERS, b=NUMBERS, sign=st.sampled_from(sorted(COMPARED)))
def test_comparisons_agree_with_python(a: float, b: float, sign: str) -> None:
    known = {"x.a": finding("x.a", a), "x.b": finding("x.b", b)}
    assert holds(f"x.a {sign} x.b", known) is COMPARED[sign](a, b)


@given(a=NUMBERS, b=NUMBERS, c=NUMBERS)
def test_arithmetic_agrees_with_python(a: float, b: float, c: float) -> None:
    known = {"x.a": finding("x.a", a), "x.b": finding("x.b", b), "x.c": finding("x.c", c)}
    assert holds("x.a + x.b * x.c - 1 == x.a - 1 + x.b * x.c", known) is (a + b * c - 1 == a - 1 + b * c)


@given(text=st.text(max_size=40))
def test_any_text_gives_a_truth_or_one_error(text: str) -> None:
    with contextlib.suppress(RuleError):
        assert isinstance(holds(text, FINDINGS), bool)
