"""Which events are named more in one cohort than in another? Two marks a row, joined by a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from primum.dossier.render.charts import canvas
from primum.dossier.render.charts.scale import axis

_NAMES: Final = 250.0  # pixels for the name of a row on a wide page
_ROW: Final = 26.0


def draw(rows: Sequence[tuple[str, float, float]], width: float) -> tuple[list[str], float]:
    """The elements and the height of the picture; on a phone the name of a row stands above its marks.

    Args:
        rows: name of the event, its share of the first cohort (filled) and of the second (hollow), each in [0, 1].
        width: pixels of the page.
    """
    wide = width >= 560
    left, right = (_NAMES + 12, width - 20) if wide else (8.0, width - 14)
    x = axis([100 * share for _, *two in rows for share in two], left=left, right=right, include=(0.0,))
    body: list[str] = []
    y = 20.0
    for name, ours, theirs in rows:
        words = canvas.wrap(name, _NAMES if wide else width)
        body.append(canvas.label(0, y + 4 if wide else y - 4, words[0] + "…" * (len(words) > 1)))
        y += 0 if wide else 14
        body.append(canvas.line(x(100 * ours), y, x(100 * theirs), y, "rule"))
        body += [canvas.dot(x(100 * theirs), y, "ink", hollow=True), canvas.dot(x(100 * ours), y, "ink")]
        y += _ROW
    bottom = max(y - 16, 30.0)
    return [*x.drawn(4, bottom, "share of the reports of a cohort, %"), *body], bottom + 46
