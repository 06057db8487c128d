"""How do the verdicts divide? One bar, cut by kind, each piece with its count and its word."""

from __future__ import annotations

from collections.abc import Mapping

from primum.dossier.figures import Meters
from primum.dossier.render.charts import canvas
from primum.evidence.finding import Finding

HEIGHT = 26.0


def draw(drawing: Meters, findings: Mapping[str, Finding], width: float, name: str) -> tuple[list[str], float]:
    """The elements and the height of the picture: the bar, and below it each piece's words without crossing lines."""
    total = sum(count for _, count in drawing.counts) or 1
    body: list[str] = []
    x = 0.0
    for step, (_, count) in enumerate(drawing.counts):
        piece = width * count / total
        if count:
            body.append(
                canvas.element("rect", x=x, y=4, width=max(piece - 2, 1), height=HEIGHT, rx=2, class_=f"s s{step}")
            )
            if piece > 18:
                body.append(
                    canvas.label(
                        x + piece / 2 - 1, 4 + HEIGHT / 2 + 4.5, str(count), anchor="middle", tone=f"on s{step}t"
                    )
                )
        x += piece
    x, y = 0.0, HEIGHT + 26
    for step, (word, count) in enumerate(drawing.counts):
        said = f"{word} {count}"
        used = canvas.text_width(said) + 40
        if x + used > width and x > 0:
            x, y = 0.0, y + 22
        body.append(canvas.element("rect", x=x, y=y - 10, width=12, height=12, rx=2, class_=f"s s{step}"))
        body.append(canvas.label(x + 18, y, said))
        x += used
    return body, y + 10
