"""How often do intervals of negative controls hold the truth, before and after calibration? A picture of its own."""

from __future__ import annotations

from typing import Final

from primum.dossier.render.charts import canvas
from primum.dossier.render.charts.scale import axis
from primum.signals.calibration import Coverage

_SIZE: Final = 360.0
_STYLE: Final = (
    "text{font-family:sans-serif;fill:#222}.soft{fill:#555}.l{stroke:#ccc;stroke-width:1}.ideal{stroke:#888;"
    "stroke-dasharray:4 3}.path{fill:none;stroke-width:2.5}.plain{stroke:#b3541e}.calibrated{stroke:#00695c;"
    "stroke-dasharray:8 3}rect{fill:#fff}"
)


def calibration_plot(coverage: Coverage, *, title: str, controls: int) -> str:
    """The calibration plot as SVG: level of the interval against the share of negative controls whose interval holds 1.

    Args:
        coverage: as `primum.signals.calibration.leave_one_out` gives it.
        title: what was evaluated; part of the accessible name.
        controls: negative controls behind it.

    Examples:
        >>> import numpy as np
        >>> level = np.array([0.5, 0.95])
        >>> plot = calibration_plot(Coverage(level, level / 2, level), title="SYNTHETIC", controls=9)
        >>> plot.startswith("<svg") and plot.count("<path") == 4
        True
    """
    left, right, top, bottom = 60.0, 60.0 + _SIZE, 60.0, 60.0 + _SIZE
    across = axis([0.0, 1.0], left=left, right=right, include=(0.0, 1.0))
    up = axis([0.0, 1.0], left=bottom, right=top, include=(0.0, 1.0))
    body = [
        canvas.element("style", _STYLE),
        canvas.element("rect", width="100%", height="100%"),
        *across.drawn(top, bottom, "level of the interval"),
        *(canvas.line(left, up(t), right, up(t), "grid") for t in up.ticks(5)),
        *(canvas.label(left - 8, up(t) + 4, f"{t:g}", anchor="end", size=11.5, tone="soft") for t in up.ticks(5)),
        canvas.line(across(0.0), up(0.0), across(1.0), up(1.0), "ideal"),
        canvas.label(8, 20, f"Share of {controls} negative controls whose interval holds a ratio of 1"),
    ]
    for row, (name, share) in enumerate((("plain", coverage.nominal), ("calibrated", coverage.calibrated))):
        points = zip(coverage.level.tolist(), share.tolist(), strict=True)
        way = " L".join(f"{across(x):.1f} {up(y):.1f}" for x, y in points)
        body.append(canvas.element("path", d=f"M{way}", class_=f"path {name}"))
        x = 8 + 130.0 * row
        body.append(canvas.element("path", d=f"M{x:.1f} 38 h26", class_=f"path {name}"))
        body.append(canvas.label(x + 32, 42, name, size=12))
    description = "; ".join(
        f"at level {level:g} {plain:.2f} plain, {calibrated:.2f} calibrated"
        for level, plain, calibrated in zip(
            coverage.level.tolist(), coverage.nominal.tolist(), coverage.calibrated.tolist(), strict=True
        )
    )
    return canvas.picture(
        body,
        width=right + 30,
        height=bottom + 56,
        name="calibration",
        title=f"Calibration: {title}",
        description=f"Coverage of negative controls, {description}.",
    )
