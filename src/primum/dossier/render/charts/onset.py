"""How soon had it begun? A stair a group over days on a logarithmic axis, with the distribution fitted to it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np

from primum.dossier.render.charts import canvas
from primum.dossier.render.charts.scale import Axis, axis
from primum.dossier.report_figures import OnsetCurves, OnsetPanel
from primum.evidence.finding import Finding

_HIGH: Final = 120.0
_PANEL: Final = _HIGH + 84
_SPOTS: Final = 60  # of a fitted curve


def draw(drawing: OnsetCurves, findings: Mapping[str, Finding], width: float, name: str) -> tuple[list[str], float]:
    """The elements and the height of the picture; all panels share their axis."""
    left, right = (60.0 if width >= 560 else 46.0), width - 20
    longest = max((max(panel.days) for panel in drawing.panels), default=0)
    x = axis([longest + 1.0], left=left, right=right, scale="log", include=(1.0, 10.0))
    body: list[str] = []
    top = 40.0
    for panel in drawing.panels:
        words = canvas.wrap(panel.said, width, 12)
        top += 15.0 * (len(words) - 1)
        body.append(canvas.label(0, top - 12 - 15 * (len(words) - 1), words, size=12))
        body += _panel(panel, x, top)
        top += _PANEL
    return body, top


def _panel(panel: OnsetPanel, x: Axis, top: float) -> list[str]:
    """The stair of the days, and the broken line of the fit."""
    y = Axis(0.0, 1.0, top + _HIGH, top)
    body = x.drawn(top, top + _HIGH, "within so many days (logarithmic; 1 is the day of treatment)")
    for share in (0.0, 0.5, 1.0):
        body.append(canvas.label(x.left - 8, y(share) + 4, f"{share:.0%}", anchor="end", size=11.5, tone="soft"))
    values, reports = np.unique(np.asarray(panel.days, dtype=np.int64), return_counts=True)
    reached = (np.cumsum(reports) / len(panel.days)).tolist()
    path = f"M{x(float(values[0]) + 1):.1f} {y(0):.1f}"
    for day, share in zip(values.tolist(), reached, strict=True):
        path += f"H{x(day + 1.0):.1f}V{y(share):.1f}"
    stair = f"{path}H{x.right:.1f}"
    body.append(canvas.element("path", d=stair, fill="none", stroke="currentColor", stroke_width=2.0))
    if math.isfinite(panel.shape):
        at = np.geomspace(x.low, x.high, _SPOTS)
        curve = 1 - np.exp(-((at / panel.scale) ** panel.shape))
        spots = [f"{x(float(a)):.1f} {y(float(b)):.1f}" for a, b in zip(at, curve, strict=True)]
        body.append(
            canvas.element(
                "path",
                d="M" + "L".join(spots),
                fill="none",
                stroke="currentColor",
                stroke_width=1.5,
                stroke_dasharray="4 3",
                opacity="0.7",
            )
        )
    return body
