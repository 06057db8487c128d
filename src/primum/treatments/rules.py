"""Does a condition over findings hold? A small language: comparisons, and/or/not, arithmetic; nothing else.

A name is the id of a finding and stands for its value; `.lower`, `.upper`, `.numerator` and `.denominator` after it
stand for the ends of its interval and its counts, `.known` for whether it has a value. The text is parsed, never run:
there are no calls and no builtins.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from primum.errors import RuleError
from primum.evidence.finding import Finding
from primum.treatments.tables import hint

Value = float | int | str | bool
PARTS: Final = ("lower", "upper", "numerator", "denominator", "known")

# A text in quotes stays as it is; a dotted name becomes a word that Python's grammar can read.
_TOKEN: Final = re.compile(r"""(?P<text>"[^"]*"|'[^']*')|(?P<name>[A-Za-z_]\w*(?:\.\w+)+)""")
_ARITHMETIC: Final[Mapping[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARISONS: Final[Mapping[type[ast.cmpop], Callable[[Any, Any], bool]]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def names_in(rule: str) -> tuple[str, ...]:
    """The dotted names of a rule, each once, in order.

    Examples:
        >>> names_in('a.b.lower > 0 and c.d == "x.y" and a.b.lower < 1')
        ('a.b.lower', 'c.d')
    """
    return tuple(dict.fromkeys(match["name"] for match in _TOKEN.finditer(rule) if match["name"]))


def finding_of(name: str, findings: Mapping[str, Finding]) -> str:
    """The id that a name of a rule speaks of, its last part left off where that is an end or a count.

    Raises:
        RuleError: there is no such finding.
    """
    stem, _, part = name.rpartition(".")
    if name in findings:
        return name
    if part in PARTS and stem in findings:
        return stem
    raise RuleError.of(name, "no such finding", f"the id of a finding{hint(name, findings)}")


def holds(rule: str, findings: Mapping[str, Finding]) -> bool:
    """Whether a rule is true of the findings.

    Args:
        rule: the condition.
        findings: findings under their ids.

    Returns:
        Its truth.

    Raises:
        RuleError: the rule cannot be read, names an unknown finding, uses what the language does not have, compares
            a number with a word, or is no condition.

    Examples:
        >>> shares = {"a.share": Finding(id="a.share", label="", value=0.3, unit="proportion", sources=("s",))}
        >>> holds("a.share > 0.1 and not a.share > 0.5", shares)
        True
        >>> holds("__import__('os')", shares)
        Traceback (most recent call last):
        primum.errors.RuleError: Rule "__import__('os')": found Call; expected comparisons, and, or, not, + - * /, ...
    """
    names = names_in(rule)
    places = {name: f"name{i}" for i, name in enumerate(names)}
    readable = _TOKEN.sub(lambda match: match["text"] or places[match["name"]], rule)
    try:
        tree = ast.parse(readable.strip(), mode="eval")
    except (SyntaxError, ValueError) as error:
        raise RuleError.of(rule, "something that cannot be read", "one condition over findings") from error
    values = {places[name]: _value(name, findings) for name in names}
    truth = _evaluate(tree.body, values, rule)
    if not isinstance(truth, bool):
        raise RuleError.of(rule, f"the value {truth!r}", "a condition that is true or false")
    return truth


def _value(name: str, findings: Mapping[str, Finding]) -> Value:
    id = finding_of(name, findings)
    finding, part = findings[id], name.removeprefix(id).removeprefix(".")
    value: Value | None
    if part == "known":
        return finding.value is not None
    if not part:
        value = finding.value
    elif part in ("numerator", "denominator"):
        value = finding.numerator if part == "numerator" else finding.denominator
    else:
        value = None if finding.interval is None else getattr(finding.interval, part)
    if value is None:
        raise RuleError.of(name, "a finding that has none", f"a finding whose {part or 'value'} is known")
    return value


def _evaluate(node: ast.expr, values: Mapping[str, Value], rule: str) -> Value:  # noqa: PLR0911 - one case a node
    match node:
        case ast.Constant(value=int() | float() | str() as value) if not isinstance(value, bool):
            return value
        case ast.Name(id=name) if name in values:
            return values[name]
        case ast.Name(id=name):
            raise RuleError.of(rule, f'the word "{name}"', "ids of findings, numbers and words in quotes")
        case ast.BoolOp(op=op, values=parts):
            each = [_truth(part, values, rule) for part in parts]  # all of them, so that no fault hides
            return all(each) if isinstance(op, ast.And) else any(each)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _truth(operand, values, rule)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_number(operand, values, rule)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            a, b = _number(left, values, rule), _number(right, values, rule)
            if isinstance(op, ast.Div) and b == 0:
                raise RuleError.of(rule, "a division by 0", "a divisor other than 0")
            result: Value = _ARITHMETIC[type(op)](a, b)
            return result
        case ast.Compare(left=first, ops=ops, comparators=rest) if all(type(op) in _COMPARISONS for op in ops):
            sides = [_evaluate(side, values, rule) for side in (first, *rest)]
            return all(_compare(op, a, b, rule) for op, a, b in zip(ops, sides, sides[1:], strict=False))
        case _:
            raise RuleError.of(
                rule, type(node).__name__, "comparisons, and, or, not, + - * /, numbers, words in quotes"
            )


def _compare(op: ast.cmpop, a: Value, b: Value, rule: str) -> bool:
    if isinstance(a, str) != isinstance(b, str) or isinstance(a, bool) or isinstance(b, bool):
        raise RuleError.of(rule, f"{a!r} beside {b!r}", "two numbers or two words")
    if isinstance(a, str) and not isinstance(op, ast.Eq | ast.NotEq):
        raise RuleError.of(rule, f"{a!r} in an order", "words compared by == or !=")
    return _COMPARISONS[type(op)](a, b)


def _number(node: ast.expr, values: Mapping[str, Value], rule: str) -> float | int:
    value = _evaluate(node, values, rule)
    if isinstance(value, bool | str):
        raise RuleError.of(rule, f"{value!r} in arithmetic", "a number")
    return value


def _truth(node: ast.expr, values: Mapping[str, Value], rule: str) -> bool:
    value = _evaluate(node, values, rule)
    if not isinstance(value, bool):
        raise RuleError.of(rule, f"{value!r} as a condition", "a comparison")
    return value
