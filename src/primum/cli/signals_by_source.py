"""How does the same signal look in each reporting system? `primum signals DRUG --by source`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from primum.cli import output
from primum.errors import OutputError
from primum.terms import SYNTHETIC

if TYPE_CHECKING:
    from primum.study.side_by_side import SideBySide

SCHEMA: Final = "primum.signals-by-source/1"
_FORESTS: Final = 8
_WIDTHS: Final = (17, 14, 7, 8, 18, 6)
_APART: Final = (
    "Each system stands alone, against everything else in it. Counts are reports, never added over systems, which "
    "differ in people, products and reasons to report, and one event may be told to two. A signal in one system alone "
    "may be its artefact; one in two is still a question."
)

_JAPANESE: Final = " Names in jader are Japanese: one that is not known as this is asked for as it is printed."


def write(sides: SideBySide, *, csv: Path | None, json: Path | None, svg: Path | None) -> None:
    """Write every pair in every system, and a forest of each of the first pairs.

    Raises:
        OutputError: a file cannot be written.
    """
    from primum.signals.write import csv_rows

    heads, *rows = sides.rows()
    if csv is not None:
        output.write_text(csv, "".join(csv_rows([heads, *rows])))
    if json is not None:
        told = {"schema": SCHEMA, "drug": sides.what, "systems": list(sides.systems), "notes": list(sides.notes)}
        output.write_json(json, {**told, "rows": [dict(zip(heads, row, strict=True)) for row in rows]})
    if svg is None:
        return
    try:
        svg.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError.of(str(svg), error.strerror or str(error), "Name a folder that can be made.") from error
    for number, pair in enumerate(sides.pairs[:_FORESTS], start=1):
        picture = sides.forest(pair, number)
        output.write_text(svg / f"{picture.name}.svg", picture.svg)
        output.write_text(svg / f"{picture.name}.csv", "".join(csv_rows(picture.rows)))


def lines(sides: SideBySide, cohort: str, limit: int) -> list[str]:
    """The first pairs for the screen, a line for each system."""
    from primum.cli.columns import paragraph, row_lines, rule

    shown = sides.pairs[:limit]
    told = [line for note in sides.notes if note.startswith(SYNTHETIC) for line in paragraph(note)]
    told += paragraph(f"{sides.what}{f' ({cohort})' if cohort else ''}, in each reporting system:")
    told += paragraph(_APART)
    silent = [system for system in sides.systems if system not in sides.tables]
    if silent:
        told += paragraph(f"No report names it in: {', '.join(silent)}.{_JAPANESE if 'jader' in silent else ''}")
    told += ["", *row_lines(["event", "system", "reports", "expected", "ROR, 95 %", "IC low"], _WIDTHS), rule(_WIDTHS)]
    several = len({drug for drug, _ in shown}) > 1
    for pair in shown:
        name = f"{pair[0]}: {pair[1]}" if several else pair[1]
        for row in sides.rows((pair,))[1:]:
            numbers = dict(zip(sides.rows(())[0], row, strict=True))
            ratio = "-" if numbers["ror"] is None else f"{numbers['ror']:.2f}"
            if numbers["ror_lower"] is not None and numbers["ror_upper"] is not None:
                ratio += f" ({numbers['ror_lower']:.2f}–{numbers['ror_upper']:.2f})"
            low = "-" if numbers["ic_lower"] is None else f"{numbers['ic_lower']:.2f}"
            cells = [
                name,
                numbers["source"],
                f"{numbers['observed']:>7,}",
                f"{numbers['expected']:>8.2f}",
                ratio,
                f"{low:>6}",
            ]
            told += row_lines(cells, _WIDTHS)
            name = ""
    if len(sides.pairs) > limit:
        told += ["", f"{len(sides.pairs):,} pairs in all: --csv F or --json F."]
    told.append("")
    for note in sides.notes:
        if not note.startswith(SYNTHETIC):
            told += paragraph(note)
    return told
