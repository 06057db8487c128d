"""How does a simulation read on the screen? At most 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any, Final

from primum.mechanism import EffectCurve, Models, Refusal
from primum.mechanism.population import Spread
from primum.provenance import Source
from primum.study.simulate import Simulation

_FIRST_DAYS: Final = (0, 1, 2, 3, 7, 14)  # while the effect sets in; from week 4 on, every four weeks


def words(answer: Simulation) -> str:
    """The answer: table, what it rests on, the layers beneath, sources; or the refusal with its reason."""
    if isinstance(answer.curve, Refusal):
        lines = [*_wrapped(f"Not answered: {answer.curve.question}."), *_wrapped(answer.curve.reason)]
        return "\n".join([*lines, *_source_lines(answer.sources)])
    lines = _curve_lines(answer.curve)
    lines += _spread_lines(answer.spreads)
    lines += _between_lines(answer)
    lines += _neighbour_lines(answer)
    lines += [line for warning in answer.curve.warnings for line in _wrapped(warning)]
    return "\n".join([*lines, "", *_source_lines(answer.sources)])


def what_can_be_asked(models: Models) -> list[str]:
    """Products with their endpoints, doses and days, then the questions that are refused."""
    lines = ["Answered, with --product, --units and --endpoint:"]
    for (product, endpoint), fit in sorted(models.fits.items()):
        low, high = fit.doses_units[0], fit.doses_units[-1]
        doses = f"{low:g} U" if low == high else f"{low:g} to {high:g} U"
        first, last = fit.own_days
        seen = f"day {first:g}" if first == last else f"days {first:g} to {last:g}"
        lines += _wrapped(f"{product}, {endpoint} ({fit.label}): studied at {doses}, seen {seen}", indent=2)
    lines += ["", "Not answered:"]
    for refusal in models.refusals.values():
        lines += _wrapped(f"{refusal.question}: {refusal.reason}", indent=2)
    return lines


def _curve_lines(answer: EffectCurve) -> list[str]:
    level = f"{100 * answer.level:g} %"
    lines = _wrapped(f"{answer.dose_units:g} U of {answer.product}: share of people, {answer.label}")
    if len(answer.injections) > 1:
        lines += _wrapped(f"Injected on days {', '.join(f'{day:g}' for day in answer.injections)}.")
    lines += ["", f"      day   with it   {level} interval   placebo   rests on"]
    last = int(answer.days[-1])
    shown = [day for day in (*_FIRST_DAYS, *range(28, last + 1, 28)) if day <= last]
    for day in sorted({*shown, last}):
        share, placebo = 100 * answer.share[day], 100 * answer.placebo[day]
        interval = f"{100 * answer.lower[day]:.0f} to {100 * answer.upper[day]:.0f} %"
        lines.append(f"{day:>9}   {share:>5.0f} %   {interval:>13}   {placebo:>5.0f} %   {answer.basis[day]}")
    half = answer.fit.half_life
    return [*lines, "", f"Twice the dose lasts {_with_interval(answer.fit.half_life_days, half)} days longer."]


def _spread_lines(spreads: Iterable[Spread]) -> list[str]:
    """Onset and end of one injection in a tenth, half and nine tenths of the people."""
    lines = ["", f"{'By day, in people, once injected:':<26}" + f"{'a tenth':>11}{'half':>17}{'nine tenths':>17}"]
    for what, said in (("onset", "the effect has set in"), ("end", "the effect has worn off")):
        row = [spread for spread in spreads if spread.what == what]
        cells = [f"{max(s.day, 0):.{1 if what == 'onset' else 0}f} {_ends(s)}" for s in row]
        lines.append(f"  {said:<24}" + "".join(f"{cell:>17}" for cell in cells))
    return lines


def _ends(spread: Spread) -> str:
    digits = 1 if spread.what == "onset" else 0
    return f"({max(spread.interval.lower, 0):.{digits}f}-{max(spread.interval.upper, 0):.{digits}f})"


def _between_lines(answer: Simulation) -> list[str]:
    """What the slow layer says of the median person."""
    if isinstance(answer.course, Refusal):
        return ["", *_wrapped(f"In between: not told. {answer.course.reason}")]
    found = answer.course
    lines = ["", "In between, the median person (k fitted; the rest from animals or assumed):"]
    last = int(found.days[-1])
    lines.append("      day   light chain, U   SNAP-25 cut   force left   severity left")
    for day in [d for d in (1, 3, 7, 28, 84, 168, 252) if d <= last]:
        cut, force, left = (100 * float(x[day]) for x in (found.cleaved, found.force, found.severity))
        lines.append(f"{day:>9}   {found.light[day]:>14.2f}   {cut:>9.0f} %   {force:>8.0f} %   {left:>11.0f} %")
    return lines


def _neighbour_lines(answer: Simulation) -> list[str]:
    if not answer.neighbours or isinstance(answer.neighbours, Refusal):
        return [""]
    lines = ["", "Neighbouring muscles, prior only; ranges, nearest first, never a risk:"]
    for muscle in answer.neighbours:
        low, high = (100 * share for share in muscle.dose_share)
        lines.append(f"  {muscle.distance_mm:g} mm away: acts like {low:.2g} to {high:.2g} % of the dose")
    return [*lines, ""]


def _with_interval(value: float, interval: Any) -> str:
    return f"{value:.0f} ({interval.lower:.0f} to {interval.upper:.0f})"


def _source_lines(sources: Iterable[Source]) -> list[str]:
    return [line for source in sources for line in _wrapped(f"[{source.id}] {source.title}", indent=2)]


def _wrapped(text: str, *, indent: int = 0) -> list[str]:
    return textwrap.wrap(text, 80, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2 if indent else 0))
