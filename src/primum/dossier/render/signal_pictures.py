"""What does a signal table look like? Volcano, forest, heat map, trend and onset, each an SVG file that stands alone.

Every picture is named and described for readers who cannot see it, tells groups apart by shape as well as by tone, and
has its numbers as a table beside it (`Picture.rows`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from primum.dossier.render.charts import canvas
from primum.dossier.render.charts.scale import Axis, axis
from primum.signals.caveats import reason_of
from primum.signals.columns import STANDS_OUT, SignalTable, stands_out
from primum.signals.onset import Onset
from primum.terms import FloatArray, IntArray

WIDTH: Final = 760.0
NAMES: Final = 250.0
_NAMED: Final = 5  # pairs of a volcano
_STYLE: Final = (
    ".t{font-family:sans-serif;fill:#1c2733}.soft{fill:#5b6875}.b{font-weight:600}.l{stroke:#1c2733;stroke-width:1.5}"
    ".grid{stroke:#dfe4e8;stroke-width:1}.axis{stroke:#5b6875;stroke-width:1.5;stroke-dasharray:4 3}"
    ".rule{stroke:#c2cad1}.bar{stroke-width:2}.d{fill:#1c2733}.h{fill:#fff;stroke:#8a96a1;stroke-width:1.5}"
)
_TREND_OF_IC: Final = (
    "information component of each year, bits; the line is 0, as many as expected; hollow: no report in that year"
)
_TREND_OF_REPORTS: Final = "reports of each period; the line is 0"
_NOT_RATES: Final = "Reports, not rates: nobody counted the people treated."


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture and the table that says the same.

    Args:
        name: of its files.
        svg: the picture, a file that stands alone.
        rows: its numbers, the heading first.
        title: its heading.
        on_page: the picture without heading and colours, for a page that has both.
    """

    name: str
    svg: str
    rows: list[tuple[Any, ...]]
    title: str
    on_page: str


@dataclass(frozen=True, slots=True)
class Ratio:
    """One row of a forest.

    Args:
        name: what it is called.
        drug: drug of the pair.
        event: its event.
        value: reporting odds ratio; not a number, like its bounds, where there is none; infinite where nobody else
            reports the event.
        lower: bound of its interval.
        upper: the other bound.
        note: what stands in place of the numbers where there is no interval.
    """

    name: str
    drug: str
    event: str
    value: float = math.nan
    lower: float = math.nan
    upper: float = math.nan
    note: str = "no interval"

    @property
    def drawn(self) -> bool:
        """Whether it has a place on a logarithmic axis."""
        return math.isfinite(self.value) and math.isfinite(self.upper) and self.lower > 0


def volcano(table: SignalTable, title: str) -> Picture:
    """Information component of each pair against how surprising it is; pairs that stand out are filled.

    It stands on the information component because that has a value for every pair: an event that nobody else reports
    has no odds ratio, and would be missing where it says most.

    Args:
        table: pairs, with `ic` and `p_midp`.
        title: what was counted.
    """
    surprise = -np.log10(np.maximum(table.p_midp, 1e-300))
    drawn = np.flatnonzero(np.isfinite(table.ic) & np.isfinite(surprise))
    x = axis(table.ic[drawn].tolist(), left=60, right=WIDTH - 20, include=(0.0,))
    y = axis(surprise[drawn].tolist(), left=330, right=20, include=(0.0,))
    body = [*x.drawn(20, 330, "information component, bits; 0 is as many reports as expected", reference=0.0)]
    for tick in y.ticks(5):
        body += [canvas.line(60, y(tick), WIDTH - 20, y(tick), "grid")]
        body += [canvas.label(52, y(tick) + 4, f"{tick:g}", anchor="end", size=11.5, tone="soft")]
    body.append(canvas.label(4, 14, "-log10 of the mid-p", size=11.5, tone="soft"))
    filled = stands_out(table.ic_lower, table.fdr)
    body.append(canvas.label(WIDTH - 20, 14, f"filled: {STANDS_OUT}", anchor="end", size=11.5, tone="soft"))
    for i in drawn.tolist():
        place = (x(float(table.ic[i])), y(float(surprise[i])))
        body.append(canvas.dot(*place, "ink", hollow=not filled[i], radius=3.0))
    for i in [i for i in drawn[np.argsort(-surprise[drawn], kind="stable")].tolist() if filled[i]][:_NAMED]:
        at = x(float(table.ic[i]))
        left = at > WIDTH / 2
        place = (at - 6 if left else at + 6, y(float(surprise[i])) + 4)
        body.append(canvas.label(*place, _name(table, i), anchor="end" if left else "start", size=11.5))
    told = (
        f"Each of {len(drawn)} pairs is a mark: to the right more reports than elsewhere, higher less likely by "
        f"chance. {int(filled[drawn].sum())} are filled: {STANDS_OUT}. {_NOT_RATES}"
    )
    rows = [(str(table.drug[i]), str(table.event[i]), table.ic[i], table.p_midp[i], table.fdr[i]) for i in drawn]
    return _picture(
        body,
        372,
        "volcano",
        title=f"{title}: size and surprise",
        description=told,
        rows=[_heads("ic p_midp fdr"), *rows],
    )


def forest(table: SignalTable, title: str) -> Picture:
    """Reporting odds ratios with their intervals, a row a pair; pooled over strata where the table has that.

    A pair without an interval keeps its row, with the reason in place of the numbers: an event that nobody else reports
    has no ratio, and often says most.

    Args:
        table: the pairs to draw, in order.
        title: what was counted.
    """
    columns, pooled = table.columns(), "mh_ror" in table.more
    method = "mantel_haenszel" if pooled else "ror"
    ends = [columns[f"{'mh_ror' if pooled else 'ror'}{end}"].tolist() for end in ("", "_lower", "_upper")]
    rows = []
    for i, (value, lower, upper) in enumerate(zip(*ends, strict=True)):
        note = reason_of(method, str(table.warnings[i])) or "no interval"
        alone = table.observed[i] == table.event_reports[i] > 0 and math.isnan(value)
        rows.append(
            Ratio(
                _name(table, i),
                str(table.drug[i]),
                str(table.event[i]),
                math.inf if alone else value,
                lower,
                upper,
                note.partition(":")[0],
            )
        )
    return forest_of(rows, f"{title}: odds ratios{' within strata' if pooled else ''}")


def forest_of(ratios: Sequence[Ratio], title: str) -> Picture:
    """Reporting odds ratios with their intervals, each under a name of its own; one without an interval has its note.

    Args:
        ratios: a row each, in order.
        title: of the picture.
    """
    values = [end for one in ratios if one.drawn for end in (one.lower, one.value, one.upper)]
    x = axis(values, left=NAMES + 12, right=WIDTH - 170, scale="log", include=(1.0,))
    bottom = 8.0 + 28 * max(len(ratios), 1)
    body = [*x.drawn(4, bottom, "reporting odds ratio (logarithmic), 95 % interval", reference=1.0)]
    for row, one in enumerate(ratios):
        y = 22.0 + 28 * row
        body.append(_row_label(one.name, y + 4))
        told = one.note
        if one.drawn:
            body.append(canvas.line(x(one.lower), y, x(one.upper), y, "bar"))
            body.append(canvas.dot(x(one.value), y, "ink", hollow=one.lower <= 1))
            told = f"{_number(one.value)} ({_number(one.lower)} to {_number(one.upper)})"
        elif one.value == math.inf:  # the ratio lies beyond every axis
            body.append(canvas.line(x(1.0), y, x.right, y, "axis"))
            body += [canvas.line(x.right, y, x.right - 7, y + side, "bar") for side in (-4, 4)]
        lines = canvas.wrap(told, 150, 12) if one.drawn else canvas.wrap(told, 150, 11)
        body.append(
            canvas.label(
                WIDTH, y + 4 if len(lines) == 1 else y - 3, lines[:2], anchor="end", size=12 if one.drawn else 11
            )
        )
    drawn = sum(one.drawn for one in ratios)
    told = f"{drawn} ratios, one a row, with 95 % intervals; filled where the interval lies above 1. {_NOT_RATES}"
    ends = [[end if math.isfinite(end) else None for end in (one.value, one.lower, one.upper)] for one in ratios]
    rows = [
        (one.name, one.drug, one.event, *three, "" if one.drawn else one.note)
        for one, three in zip(ratios, ends, strict=True)
    ]
    heads = ("name", *_heads("ror ror_lower ror_upper"), "note")
    return _picture(body, bottom + 46, "forest", title=title, description=told, rows=[heads, *rows])


def shares(
    rows: Sequence[tuple[str, float, float]], title: str, *, first: str = "first", second: str = "second"
) -> Picture:
    """Share of the reports of two cohorts that name an event, a row an event; a line joins the two.

    Args:
        rows: name of the event, its share of the first cohort and of the second, each in [0, 1].
        title: what was counted.
        first: name of the first cohort, whose marks are filled.
        second: name of the second, whose marks are hollow.
    """
    x = axis([100 * share for _, *two in rows for share in two], left=NAMES + 12, right=WIDTH - 20, include=(0.0,))
    bottom = 4 + 26.0 * max(len(rows), 1)
    body = [*x.drawn(4, bottom, "share of the reports of a cohort, %")]
    for row, (name, ours, theirs) in enumerate(rows):
        y = 20 + 26.0 * row
        body.append(canvas.label(0, y + 4, canvas.wrap(name, NAMES)[0]))
        body.append(canvas.line(x(100 * ours), y, x(100 * theirs), y, "rule"))
        body += [canvas.dot(x(100 * theirs), y, "ink", hollow=True), canvas.dot(x(100 * ours), y, "ink")]
    told = f"Shares of {len(rows)} events in two cohorts: {first} filled, {second} hollow. {_NOT_RATES}"
    headed = f"{title}: {first} (filled) against {second} (hollow), shares"
    return _picture(
        body, bottom + 46, "shares", title=headed, description=told, rows=[("event", "first", "second"), *rows]
    )


def heat_map(
    names: Sequence[str],
    strata: Sequence[str],
    ic: FloatArray,
    observed: IntArray,
    title: str,
    *,
    drugs: Sequence[str] = (),
) -> Picture:
    """Information component of each event in each stratum; shade and number say the same.

    Args:
        names: of the events.
        strata: of the columns.
        ic: shape `(strata, events)`, bits.
        observed: reports, same shape.
        title: what was counted.
        drugs: of each event, for the table; named in the picture as well where there are several.
    """
    cell = max(26.0, min(70.0, (WIDTH - NAMES - 10) / max(len(strata), 1)))
    middle = [NAMES + 10 + cell * (column + 0.5) for column in range(len(strata))]
    body = _scale_of_shades()
    body += [canvas.label(x, 50, str(number), anchor="middle", size=11.5) for number, x in enumerate(middle, start=1)]
    for row, name in enumerate(_called(names, drugs)):
        y = 58 + 26.0 * row
        body.append(_row_label(name, y + 16))
        for column in range(len(strata)):
            value, place = float(ic[column, row]), NAMES + 10 + cell * column
            body.append(
                canvas.element("rect", x=place, y=y, width=cell - 2, height=24.0, fill=_shade(value), stroke="#c2cad1")
            )
            nothing = math.isnan(value) or (not observed[column, row] and abs(value) < 0.05)
            text = "-" if nothing else _signed(value)
            body.append(canvas.label(place + cell / 2 - 1, y + 16, text, anchor="middle", size=11.0))
    y = 58 + 26.0 * len(names) + 22
    for column, name in enumerate(strata):
        body.append(canvas.label(0, y + 17 * column, f"{column + 1}  {name}", size=11.5, tone="soft"))
    told = (
        f"Information component (bits) of {len(names)} events in {len(strata)} strata; blue is more than expected, "
        f"orange less, darker is further from 0. {_NOT_RATES}"
    )
    rows = [
        (stratum, *pair, int(observed[i, j]), float(ic[i, j]))
        for i, stratum in enumerate(strata)
        for j, pair in enumerate(_pairs(names, drugs))
    ]
    heads = ("stratum", *(("drug",) if drugs else ()), "event", "observed", "ic")
    return _picture(
        body, y + 17 * len(strata), "heat-map", title=f"{title}: by stratum", description=told, rows=[heads, *rows]
    )


def _scale_of_shades() -> list[str]:
    """What the shades of a heat map mean."""
    body = [canvas.label(0, 16, "information component, bits; 0 is as many as expected", size=11.5, tone="soft")]
    for i, value in enumerate((-3.0, -1.0, 0.0, 1.0, 3.0, 5.0)):
        x = 330 + 62.0 * i
        body.append(canvas.element("rect", x=x, y=4.0, width=18.0, height=16.0, fill=_shade(value), stroke="#c2cad1"))
        body.append(canvas.label(x + 22, 16, _signed(value), size=11.5, tone="soft"))
    body.append(
        canvas.label(WIDTH, 34, "- nothing reported, next to nothing expected", anchor="end", size=11, tone="soft")
    )
    return body


def _shade(value: float) -> str:
    """Blue above 0, orange below, white at 0 and where there is no value."""
    if math.isnan(value):
        return "rgb(255,255,255)"
    share = min(abs(value) / (5 if value > 0 else 3), 1.0)
    red, green, blue = (150, 110, 40) if value > 0 else (15, 85, 165)
    return f"rgb({int(255 - red * share)},{int(255 - green * share)},{int(255 - blue * share)})"


def _signed(value: float) -> str:
    return f"{round(value, 1) + 0.0:.1f}".replace("-", "\N{MINUS SIGN}")  # + 0.0: no minus before a nought


def trend(
    names: Sequence[str],
    periods: Sequence[str],
    observed: IntArray,
    title: str,
    *,
    drugs: Sequence[str] = (),
    ic: FloatArray | None = None,
) -> Picture:
    """Each event in each period, a small line of its own: its information component, or its reports.

    Periods that are years stand as far apart as they are, and only neighbours are joined.

    Args:
        names: of the events.
        periods: in order.
        observed: reports; shape `(periods, events)`.
        title: what was counted.
        drugs: of each event, for the table; named in the picture as well where there are several.
        ic: information component of each event in each period, bits, same shape; None draws the reports.
    """
    left, right = NAMES + 12, WIDTH - 90
    places, joined = _periods(periods, left, right)
    body = [canvas.label(0, 14, _TREND_OF_REPORTS if ic is None else _TREND_OF_IC, size=11.5, tone="soft")]
    for row, name in enumerate(_called(names, drugs)):
        base = 66.0 + 48 * row
        values = (observed if ic is None else ic)[:, row].astype(float)
        fine = np.isfinite(values)
        low, high = float(values[fine].min(initial=0.0)), float(values[fine].max(initial=1.0))
        y = Axis(low, high, base, base - 34)
        body.append(_row_label(name, base - 12))
        body.append(canvas.line(left, y(0.0), right, y(0.0), "grid"))
        spots = [(x, y(float(value))) for x, value in zip(places, values, strict=True)]
        body += [canvas.line(*spots[i], *spots[i + 1], "bar") for i in joined if fine[i] and fine[i + 1]]
        body += [
            canvas.dot(*spots[i], "ink", hollow=not observed[i, row], radius=2.5) for i in np.flatnonzero(fine).tolist()
        ]
        ends = f"most {int(high)}" if ic is None else f"{_signed(low)} to {_signed(high)}"
        body.append(canvas.label(right + 10, base - 12, ends, size=11.5, tone="soft"))
    bottom = 48.0 * len(names) + 44
    for i in sorted({0, len(periods) // 2, len(periods) - 1}) if periods else ():
        body.append(canvas.label(places[i], bottom, periods[i], anchor="middle", size=11.5, tone="soft"))
    told = (
        f"{'Reports' if ic is None else 'Information component (bits)'} of {len(names)} events in each period, each on "
        f"a scale of its own. {_NOT_RATES}"
    )
    rows = [
        (period, *pair, int(observed[i, j]), *(() if ic is None else (float(ic[i, j]),)))
        for i, period in enumerate(periods)
        for j, pair in enumerate(_pairs(names, drugs))
    ]
    heads = ("period", *(("drug",) if drugs else ()), "event", "observed", *(() if ic is None else ("ic",)))
    return _picture(body, bottom + 14, "trend", title=f"{title}: over time", description=told, rows=[heads, *rows])


def _periods(periods: Sequence[str], left: float, right: float) -> tuple[list[float], list[int]]:
    """Where the periods stand, and which are neighbours of the next: years by their number, others one by one."""
    numbers = [int(period) for period in periods] if all(map(str.isdecimal, periods)) else list(range(len(periods)))
    first, span = (numbers[0], max(numbers[-1] - numbers[0], 1)) if numbers else (0, 1)
    places = [left + (right - left) * (number - first) / span for number in numbers]
    return places, [i for i, (one, other) in enumerate(itertools.pairwise(numbers)) if other - one == 1]


def onset(groups: Sequence[tuple[str, Sequence[int], Onset]], title: str) -> Picture:
    """Share of the reports whose event had begun, by days after treatment, with the Weibull fit; a panel a group.

    Args:
        groups: name, days to onset of its reports (at least one), and what was fitted to them.
        title: what was counted.
    """
    left, right, high, body = 60.0, WIDTH - 20, 120.0, []
    rows: list[tuple[Any, ...]] = [("group", "days", "reports", "share", "weibull")]
    longest = max((max(days) for _, days, _ in groups), default=0)
    x = axis([longest + 1.0], left=left, right=right, scale="log", include=(1.0, 10.0))
    for place, (name, days, fit) in enumerate(groups):
        top = 40 + (high + 84) * place
        y = Axis(0.0, 1.0, top + high, top)
        body += x.drawn(top, top + high, "within so many days (logarithmic; 1 is the day of treatment)")
        for share in (0.0, 0.5, 1.0):
            body.append(canvas.label(left - 8, y(share) + 4, f"{share:.0%}", anchor="end", size=11.5, tone="soft"))
        values, reports = np.unique(np.asarray(days, dtype=np.int64), return_counts=True)
        reached = np.cumsum(reports) / len(days)
        fitted = 1 - np.exp(-(((values + 1) / fit.scale) ** fit.shape))
        before = [0.0, *reached.tolist()[:-1]]
        for day, low, end in zip(values.tolist(), before, reached.tolist(), strict=True):
            body.append(canvas.line(x(day + 1), y(low), x(day + 1), y(end), "bar"))
        ends = [*(values + 1).tolist()[1:], x.high]
        for day, until, share in zip(values.tolist(), ends, reached.tolist(), strict=True):
            body.append(canvas.line(x(day + 1), y(share), x(until), y(share), "bar"))
        if math.isfinite(fit.shape):
            at = np.geomspace(x.low, x.high, 60)
            curve = 1 - np.exp(-((at / fit.scale) ** fit.shape))
            spots = [(x(float(a)), y(float(b))) for a, b in zip(at, curve, strict=True)]
            body += [canvas.line(*one, *other, "axis") for one, other in itertools.pairwise(spots)]
        body.append(canvas.label(0, top - 12, f"{name.capitalize()}: {_fit_told(fit)}", size=12))
        shares = zip(values.tolist(), reports.tolist(), reached.tolist(), fitted.tolist(), strict=True)
        rows += [(name, *row) for row in shares]
    told = (
        "Share of the reports that state the time to onset to the day, by days after treatment; the broken line is a "
        f"Weibull distribution of whole days. Late events are reported less. {_NOT_RATES}"
    )
    return _picture(
        body, 40 + (high + 84) * len(groups), "onset", title=f"{title}: days to onset", description=told, rows=rows
    )


def _fit_told(fit: Onset) -> str:
    """What was fitted to the days, or why nothing was."""
    median = f"{fit.reports:,} reports, median {fit.median:g} days"
    if fit.shape_interval is None:
        return f"{median}; {fit.reason}"
    ends = f"{fit.shape_interval.lower:.2f} to {fit.shape_interval.upper:.2f}"
    return f"{median}; Weibull shape {fit.shape:.2f} ({ends}), scale {fit.scale:.3g} days"


def _picture(
    body: Sequence[str], height: float, name: str, *, title: str, description: str, rows: list[tuple[Any, ...]]
) -> Picture:
    """A picture under its heading, and without it."""

    def drawn(inside: Sequence[str], high: float) -> str:
        return canvas.picture(inside, width=WIDTH, height=high, name=name, title=title, description=description)

    head = canvas.wrap(title, WIDTH, 15)
    below = 12.0 + 19 * len(head)
    styled = [
        canvas.element("style", _STYLE),
        canvas.label(0, 15, head, size=15, bold=True),
        canvas.element("g", *body, transform=f"translate(0,{below:g})"),
    ]
    return Picture(name, drawn(styled, height + below) + "\n", rows, title, drawn(body, height))


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _name(table: SignalTable, row: int) -> str:
    event = str(table.event[row]).capitalize()
    return event if (table.drug == table.drug[0]).all() else f"{table.drug[row]}: {event}"


def _pairs(names: Sequence[str], drugs: Sequence[str]) -> list[tuple[str, ...]]:
    """Drug and event of each row, or the event alone where no drug was given."""
    return list(zip(drugs, names, strict=True)) if drugs else [(name,) for name in names]


def _called(names: Sequence[str], drugs: Sequence[str]) -> list[str]:
    """What rows are called: by the drug as well where there are several."""
    return [": ".join(pair) for pair in _pairs(names, drugs if len(set(drugs)) > 1 else ())]


def _row_label(name: str, base: float) -> str:
    """The name of a row in one line, or in two smaller ones."""
    lines = canvas.wrap(name, NAMES)
    if len(lines) == 1:
        return canvas.label(0, base, lines)
    return canvas.label(0, base - 7, canvas.wrap(name, NAMES, 11)[:2], size=11)


def _heads(more: str) -> tuple[Any, ...]:
    return ("drug", "event", *more.split())
