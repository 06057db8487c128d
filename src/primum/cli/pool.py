"""primum pool: what do the studies of a table say together?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from primum.cli.output import say

if TYPE_CHECKING:
    from primum.evidence.pooling import Measure, Pooled, SmallStudyTest
    from primum.terms import Interval

_WIDTH, _NAME = 80, 14
_PER_THOUSAND = ("RD", "PLO")  # shares and their differences are counted in 1,000 people


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("pool")(pool)


def pool(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv",
            help="OR, RR, RD: study,events_treated,n_treated,events_control,n_control. "
            "IRR: time_treated and time_control in place of the n. PLO: study,events,n.",
        ),
    ],
    *,
    measure: Annotated[
        str, typer.Option("--measure", metavar="M", help="OR, RR, RD, IRR (rates) or PLO (one share, on the logit).")
    ],
    method: Annotated[
        list[str] | None,
        typer.Option(
            "--method",
            metavar="NAME",
            help="mh peto iv dl pm reml ml hksj um um-rs cm cm-al bb, or all; repeat it for several. "
            "Default: cm for OR and IRR, mh for RR and RD, um for PLO.",
        ),
    ] = None,
    level: Annotated[float, typer.Option("--level", metavar="P", help="Level of the intervals.")] = 0.95,
    continuity: Annotated[
        float,
        typer.Option(
            "--continuity",
            metavar="C",
            help="Added to the cells of studies with an empty one, by iv dl pm reml ml hksj alone; 0 leaves them out.",
        ),
    ] = 0.0,
    without_each: Annotated[
        bool, typer.Option("--leave-one-out", help="Pool again without each study in turn.")
    ] = False,
    json: Annotated[Path | None, typer.Option("--json", metavar="F", help="Write it as JSON; - is the screen.")] = None,
) -> None:
    """Pool a table of studies; events may be rare, and nothing is added to a cell unless asked for."""
    from primum.cli.output import write_json
    from primum.evidence.pooling import leave_one_out, read_table, small_study_test
    from primum.evidence.pooling import pool as pool_table

    effect, methods = _asked(measure, method or [], continuity)
    table = read_table(file, measure=effect)
    options: dict[str, Any] = {"measure": effect, "level": level, "continuity": continuity}
    answers = [pool_table(table, method=name, **options) for name in methods]
    without = {name: leave_one_out(table, method=name, **options) for name in methods} if without_each else {}
    bias = small_study_test(table, measure=effect)
    if json is not None:
        write_json(json, _as_json(file, answers, without, bias))
    if json is None or str(json) != "-":
        for line in _as_text(file, len(table), answers, without, bias):
            say(line)


def _asked(measure: str, methods: list[str], continuity: float) -> tuple[Measure, list[str]]:
    """The measure and the methods, each once, after a check of their names."""
    from typing import cast

    from primum.errors import PoolError, UnknownNameError
    from primum.evidence.pooling import DEFAULT_METHOD, MEASURES, METHODS, methods_for
    from primum.evidence.pooling.methods import estimator

    known = {name.casefold(): name for name in MEASURES}
    if measure.casefold() not in known:
        raise UnknownNameError.of("measure", measure, MEASURES)
    effect = known[measure.casefold()]
    wanted = list(dict.fromkeys(name.casefold() for name in methods)) or [DEFAULT_METHOD[effect]]
    if wanted == ["all"]:
        wanted = methods_for(effect)
    takes = [estimator(name, effect).takes_continuity for name in wanted]
    if continuity and not any(takes):
        raise PoolError.nothing_takes("--continuity", [name for name, c in METHODS.items() if c.takes_continuity])
    return cast("Measure", effect), wanted


def _as_json(
    file: Path, answers: list[Pooled], without: dict[str, list[tuple[str, Pooled]]], bias: SmallStudyTest
) -> dict[str, Any]:
    return {
        "schema": "primum.pool/1",
        "file": file.name,
        "measure": answers[0].measure,
        "scale": answers[0].scale,
        "results": [answer.as_json() for answer in answers],
        "leave_one_out": {
            name: [{"without": study, **answer.as_json()} for study, answer in rows] for name, rows in without.items()
        },
        "small_study_test": {
            "method": bias.method.id,
            "citation": bias.method.citation,
            "studies": bias.studies,
            "intercept": bias.intercept,
            "se": bias.se,
            "p": bias.p,
            "reason": bias.reason,
        },
    }


def _as_text(
    file: Path,
    studies: int,
    answers: list[Pooled],
    without: dict[str, list[tuple[str, Pooled]]],
    bias: SmallStudyTest,
) -> list[str]:
    from primum.evidence.pooling import MEASURES

    what = "share" if answers[0].measure == "PLO" else MEASURES[answers[0].measure]
    lines = [f"Pooled {what} of {studies} studies in {file.name}", "", _row("method", _head(answers[0]), "tau2", "p")]
    lines += [_line(answer.method.id, answer) for answer in answers]
    same = len({(a.q, a.q_df) for a in answers}) == 1
    lines += ["", *(_wrapped(_heterogeneity(answers[0])) if same else [])]
    lines += _wrapped(f"small-study effects: {bias.reason or f'{bias.method.label}, p {_p(bias.p)}'}")
    for answer in answers:
        lines += ["", *_notes(answer, with_q=not same)]
    for name, rows in without.items():
        lines += ["", f"Without each study, {name}:"]
        lines += [_line(study, answer) for study, answer in rows]
    return [line.rstrip() for line in lines]


def _heterogeneity(answer: Pooled) -> str:
    if answer.q is None or answer.i2 is None:
        return "heterogeneity: too few studies have an estimate of their own to tell"
    return f"heterogeneity: Q {answer.q:.1f} on {answer.q_df} df, p {_p(answer.q_p)}; I2 {100 * answer.i2:.0f} %"


def _notes(answer: Pooled, *, with_q: bool) -> list[str]:
    """What must be read beside the numbers of one method."""
    notes = [_heterogeneity(answer)] if with_q else []
    if answer.reason:
        notes.append(f"no estimate: {answer.reason}")
    by_reason: dict[str, list[str]] = {}
    for study, reason in answer.left_out:
        by_reason.setdefault(reason, []).append(study)
    notes += [f"left out ({reason}): {', '.join(names)}" for reason, names in by_reason.items()]
    notes += [f"warning: {warning}" for warning in answer.warnings]
    lines = _wrapped(f"{answer.method.id}: {answer.method.label}")
    for note in notes:
        lines += _wrapped(note, indent="  ")
    return lines


def _line(name: str, answer: Pooled) -> str:
    estimate, interval, prediction = answer.natural
    times = 1000 if answer.measure in _PER_THOUSAND else 1
    cells = (_number(estimate, times), _range(interval, times), _range(prediction, times))
    return _row(name, cells, _number(answer.tau2), _p(answer.p))


def _head(answer: Pooled) -> tuple[str, str, str]:
    name = "per 1,000" if answer.measure in _PER_THOUSAND else answer.measure
    return name, f"{100 * answer.level:g} % interval", "one more study"


def _row(name: str, cells: tuple[str, str, str], tau2: str, p: str) -> str:
    short = name if len(name) <= _NAME else name[: _NAME - 3] + "..."
    return f"{short:<{_NAME}} {cells[0]:>9}  {cells[1]:<18}  {cells[2]:<18}  {tau2:>6} {p:>7}"


def _number(value: float | None, times: int = 1) -> str:
    """Three figures that fit the table."""
    if value is None:
        return "-"
    value *= times
    if value == 0:
        return "0"
    if not 1e-4 <= abs(value) < 1e5:
        return f"{value:.1e}"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:#.3g}".rstrip(".")


def _range(interval: Interval | None, times: int = 1) -> str:
    return "-" if interval is None else f"{_number(interval.lower, times)} to {_number(interval.upper, times)}"


def _p(value: float | None) -> str:
    if value is None:
        return "-"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _wrapped(text: str, *, indent: str = "") -> list[str]:
    import textwrap

    return textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ")
