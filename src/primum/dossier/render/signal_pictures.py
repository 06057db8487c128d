"""What does a signal table look like? Volcano, forest, heat map, trend and onset, each an SVG file that stands alone.

Every picture is named and described for readers who cannot see it, tells groups apart by shape as well as by tone, and
has its numbers as a table beside it (`Picture.rows`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from primum.dossier.render.charts import NARROW, canvas, heat, ratios
from primum.dossier.render.charts import onset as onset_chart
from primum.dossier.render.charts import shares as shares_chart
from primum.dossier.render.charts import trend as trend_chart
from primum.dossier.render.charts import volcano as volcano_chart
from primum.dossier.render.charts.ratios import Ratio
from primum.dossier.report_drawings import onset_panel, pair_name, volcano_of
from primum.dossier.report_figures import HeatCell, HeatMap, OnsetCurves, Trend, TrendLine
from primum.signals.caveats import reason_of
from primum.signals.columns import STANDS_OUT, SignalTable
from primum.signals.onset import Onset
from primum.terms import FloatArray, IntArray

WIDTH: Final = 760.0
_STYLE: Final = (
    "svg{font-size:13px}"
    ".t{font-family:sans-serif;fill:#1c2733}.soft{fill:#5b6875}.b{font-weight:600}.l{stroke:#1c2733;stroke-width:1.5}"
    ".grid{stroke:#dfe4e8;stroke-width:1}.axis{stroke:#5b6875;stroke-width:1.5;stroke-dasharray:4 3}"
    ".rule{stroke:#c2cad1}.bar{stroke-width:2}.d{fill:#1c2733}.h{fill:#fff;stroke:#8a96a1;stroke-width:1.5}"
    ".k{fill:#0a64a4}.k.untreated{fill:#a8500b}rect.l{stroke:#c2cad1}"
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
        on_phone: the same laid out for a narrow page.
    """

    name: str
    svg: str
    rows: list[tuple[Any, ...]]
    title: str
    on_page: str
    on_phone: str


def volcano(table: SignalTable, title: str) -> Picture:
    """Information component of each pair against how surprising it is; pairs that stand out are filled.

    It stands on the information component because that has a value for every pair: an event that nobody else reports
    has no odds ratio, and would be missing where it says most.

    Args:
        table: pairs, with `ic` and `p_midp`.
        title: what was counted.
    """
    drawing, drawn = volcano_of(table)
    told = (
        f"Each of {len(drawn)} pairs is a mark: to the right more reports than elsewhere, higher less likely by "
        f"chance. {sum(mark.stands_out for mark in drawing.marks)} are large and dark: {STANDS_OUT}. {_NOT_RATES}"
    )
    rows = [(str(table.drug[i]), str(table.event[i]), table.ic[i], table.p_midp[i], table.fdr[i]) for i in drawn]
    return _picture(
        lambda width, name: volcano_chart.draw(drawing, {}, width, name),
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
                pair_name(table, i),
                str(table.drug[i]),
                str(table.event[i]),
                math.inf if alone else value,
                lower,
                upper,
                note.partition(":")[0],
            )
        )
    return forest_of(rows, f"{title}: odds ratios{' within strata' if pooled else ''}")


def forest_of(drawn: Sequence[Ratio], title: str) -> Picture:
    """Reporting odds ratios with their intervals, each under a name of its own; one without an interval has its note.

    Args:
        drawn: a row each, in order.
        title: of the picture.
    """
    told = (
        f"{sum(one.drawn for one in drawn)} ratios, one a row, with 95 % intervals; filled where the interval lies "
        f"above 1. {_NOT_RATES}"
    )
    ends = [[end if math.isfinite(end) else None for end in (one.value, one.lower, one.upper)] for one in drawn]
    rows = [
        (one.name, one.drug, one.event, *three, "" if one.drawn else one.note)
        for one, three in zip(drawn, ends, strict=True)
    ]
    heads = ("name", *_heads("ror ror_lower ror_upper"), "note")
    return _picture(
        lambda width, _: ratios.draw(drawn, width), "forest", title=title, description=told, rows=[heads, *rows]
    )


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
    told = f"Shares of {len(rows)} events in two cohorts: {first} filled, {second} hollow. {_NOT_RATES}"
    headed = f"{title}: {first} (filled) against {second} (hollow), shares"
    return _picture(
        lambda width, _: shares_chart.draw(rows, width),
        "shares",
        title=headed,
        description=told,
        rows=[("event", "first", "second"), *rows],
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
    cells = [
        tuple(HeatCell(float(ic[j, i]), seen=bool(observed[j, i])) for j in range(len(strata)))
        for i in range(len(names))
    ]
    drawing = HeatMap(tuple(_called(names, drugs)), tuple(strata), tuple(cells))
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
        lambda width, name: heat.draw(drawing, {}, width, name),
        "heat-map",
        title=f"{title}: by stratum",
        description=told,
        rows=[heads, *rows],
    )


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
    values = observed if ic is None else ic
    lines = tuple(
        TrendLine(name, tuple(values[:, row].astype(float).tolist()), tuple((observed[:, row] == 0).tolist()))
        for row, name in enumerate(_called(names, drugs))
    )
    said, decimals = (_TREND_OF_REPORTS, 0) if ic is None else (_TREND_OF_IC, 1)
    drawing = Trend(lines, tuple(periods), said, decimals)
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
    return _picture(
        lambda width, name: trend_chart.draw(drawing, {}, width, name),
        "trend",
        title=f"{title}: over time",
        description=told,
        rows=[heads, *rows],
    )


def onset(groups: Sequence[tuple[str, Sequence[int], Onset]], title: str) -> Picture:
    """Share of the reports whose event had begun, by days after treatment, with the Weibull fit; a panel a group.

    Args:
        groups: name, days to onset of its reports (at least one), and what was fitted to them.
        title: what was counted.
    """
    drawing = OnsetCurves(tuple(onset_panel(name, days, fit) for name, days, fit in groups))
    rows: list[tuple[Any, ...]] = [("group", "days", "reports", "share", "weibull")]
    for name, days, fit in groups:
        values, reports = np.unique(np.asarray(days, dtype=np.int64), return_counts=True)
        fitted = 1 - np.exp(-(((values + 1) / fit.scale) ** fit.shape))
        shares = zip(values.tolist(), reports.tolist(), np.cumsum(reports) / len(days), fitted, strict=True)
        rows += [(name, day, n, float(share), float(weibull)) for day, n, share, weibull in shares]
    told = (
        "Share of the reports that state the time to onset to the day, by days after treatment; the broken line is a "
        f"Weibull distribution of whole days. Late events are reported less. {_NOT_RATES}"
    )
    return _picture(
        lambda width, name: onset_chart.draw(drawing, {}, width, name),
        "onset",
        title=f"{title}: days to onset",
        description=told,
        rows=rows,
    )


def _picture(
    draw: Callable[[float, str], tuple[Sequence[str], float]],
    name: str,
    *,
    title: str,
    description: str,
    rows: list[tuple[Any, ...]],
) -> Picture:
    """A picture under its heading, and without it for a wide page and for a narrow one.

    `draw` gives the elements and the height of a picture of some width; parts of it that have a name begin with the
    other thing that it is given.
    """
    told = {"title": title, "description": description}
    body, height = draw(WIDTH, name)
    narrow, high = draw(NARROW, f"{name}-narrow")
    head = canvas.wrap(title, WIDTH, 15)
    below = 12.0 + 19 * len(head)
    styled = [
        canvas.element("style", _STYLE),
        canvas.label(0, 15, head, size=15, bold=True),
        canvas.element("g", *body, transform=f"translate(0,{below:g})"),
    ]
    return Picture(
        name=name,
        svg=canvas.picture(styled, width=WIDTH, height=height + below, name=name, **told) + "\n",
        rows=rows,
        title=title,
        on_page=canvas.picture(body, width=WIDTH, height=height, name=name, **told),
        on_phone=canvas.picture(narrow, width=NARROW, height=high, name=f"{name}-narrow", **told),
    )


def _pairs(names: Sequence[str], drugs: Sequence[str]) -> list[tuple[str, ...]]:
    """Drug and event of each row, or the event alone where no drug was given."""
    return list(zip(drugs, names, strict=True)) if drugs else [(name,) for name in names]


def _called(names: Sequence[str], drugs: Sequence[str]) -> list[str]:
    """What rows are called: by the drug as well where there are several."""
    return [": ".join(pair) for pair in _pairs(names, drugs if len(set(drugs)) > 1 else ())]


def _heads(more: str) -> tuple[Any, ...]:
    return ("drug", "event", *more.split())
