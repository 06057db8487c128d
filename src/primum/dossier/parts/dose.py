"""Section 6: how large are the doses, and how far are they from what is thought to be lethal?"""

from __future__ import annotations

from primum.dossier.caveats import Caveats
from primum.dossier.context import Context, cite, part
from primum.dossier.figures import DoseBand, DosePoint, Ladder, Rung, Tone
from primum.dossier.model import Cell, Column, Figure, Part, Ref, Table, Text, paragraph, sentence
from primum.treatments.tables import Row

_FEWEST = 3  # doses from which on a product's units get a ladder of their own
_NO_SERIES = (
    "No trial that was read counted one outcome at several doses of one product (`dose_series.csv`), so no "
    "dose-response can be drawn."
)
_UNCOUNTED = "the source read does not print how many people each dose was given to"
_ASSUMED = "how many people each dose was given to is assumed and not printed"
_USED = ("approved", "maximum", "trial", "misuse")
_KEY: tuple[tuple[Tone, str], ...] = (
    ("treated", "cosmetic"),
    ("untreated", "therapeutic"),
    ("muted", "both"),
    ("accent", "lethal estimate"),
)
_TONE: dict[str, Tone] = {"cosmetic": "treated", "therapeutic": "untreated", "both": "muted", "none": "accent"}


def build(context: Context) -> Part:
    """A ladder for each product's own units, the margins, and what the sources disagree about."""
    rows = list(context.rows("doses"))
    distances = context.under("dose.margin.")
    blocks: list[Text | Table | Figure] = [
        sentence(f"Doses are counted in {context.treatment.dose_unit}.", kind="caveat")
    ]
    blocks += [paragraph(text) for text in context.telling.text.get("dose", ())]
    groups = {key: group for key, group in _by_unit(rows).items() if len(group) >= _FEWEST}
    blocks += [_ladder(context, n, *key, group) for n, (key, group) in enumerate(groups.items())]
    blocks += _bands(context)
    blocks.append(_response(context))
    blocks.append(margins(context))
    blocks.append(_others(context, rows, folded=bool(groups)))
    blocks += [paragraph(text, kind="caveat") for text in context.telling.caveats.get("dose", ())]
    missing = [] if distances else ["No distance to a lethal estimate can be computed from `doses.csv`."]
    missing += [] if groups else [f"No product has {_FEWEST} doses in one unit in `doses.csv`, so no ladder is drawn."]
    missing += [] if _series(context) else [_NO_SERIES]
    return part("dose", blocks, missing=missing, also=[*context.under("dose."), *context.under("dose_response.")])


def _series(context: Context) -> dict[str, list[Row]]:
    """The rows of each series of doses, in the order of their doses."""
    groups: dict[str, list[Row]] = {}
    for row in sorted(context.rows("dose_series"), key=lambda row: float(row["dose"])):
        groups.setdefault(row["series"], []).append(row)
    return groups


def _bands(context: Context) -> list[Text | Figure]:
    """Shares by dose, drawn where every arm of a series was counted; the others are named with what is missing."""
    blocks: list[Text | Figure] = []
    lacking: dict[str, list[str]] = {}
    for name, rows in _series(context).items():
        line = {row["dose"]: f"dose_response.{name}.share_{float(row['dose']):g}" for row in rows}
        if all(found in context.findings for found in line.values()):
            blocks.append(_band(context, name, rows, line))
        else:
            why = _ASSUMED if any(row["people"] for row in rows) else _UNCOUNTED
            lacking.setdefault(why, []).append(f"{rows[0]['label']} ({rows[0]['unit']})")
    return blocks + [sentence(f"Not drawn, for {why}: {'; '.join(named)}.") for why, named in lacking.items()]


def _band(context: Context, name: str, rows: list[Row], line: dict[str, str]) -> Figure:
    label, unit = rows[0]["label"], rows[0]["unit"]
    placebo = f"{rows[0]['contrast']}.placebo"
    points = [DosePoint(float(row["dose"]), f"{row['contrast']}.treated", line[row["dose"]]) for row in rows]
    points = ([DosePoint(0.0, placebo)] if placebo in context.findings else []) + points
    caveats = Caveats()
    cells: list[tuple[Cell, ...]] = []
    for point in points:
        seen = context.findings[point.seen]
        cells.append(
            (
                f"{point.dose:g} {unit}" if point.fitted else "placebo",
                Ref(seen.id, "counts"),
                Ref(seen.id, "per_1000"),
                (Ref(seen.id, "per_1000_interval"), caveats.of(seen)),
                Ref(point.fitted, "per_1000") if point.fitted else "",
                Ref(point.fitted, "per_1000_interval") if point.fitted else "",
                context.funding(seen),
                cite(seen),
            )
        )
    return Figure(
        id=f"band_{name}",
        title=f"Does more do more? {label[0].upper()}{label[1:]}, by dose",
        description=(
            "Left to right the dose, upwards the share of people. Dots are what the arms of one trial saw, with 95 % "
            "intervals; the line with its band is laid through the doses, log odds against the logarithm of the dose. "
            f"{unit[0].upper()}{unit[1:]} alone."
        ),
        drawing=DoseBand(tuple(points), axis=unit, y_axis="share of people"),
        twin=Table(
            id=f"band_{name}_twin",
            title=f"{label[0].upper()}{label[1:]}: of 1,000 people, by dose",
            columns=(
                Column("Dose"),
                Column("Counted", number=True),
                Column("Seen", number=True),
                Column("95 % interval", number=True),
                Column("By the line", number=True),
                Column("95 % interval", number=True),
                Column("Funding"),
                Column("Source"),
            ),
            rows=tuple(cells),
            caveats=caveats.lines(),
        ),
    )


def _response(context: Context) -> Table:
    """Whether more does more, one row a series of doses of one product; a series without a number says why."""
    caveats = Caveats()
    rows: list[tuple[Cell, ...]] = []
    for name in dict.fromkeys(row["series"] for row in context.rows("dose_series")):
        twice, half = (context.findings[f"dose_response.{name}.{last}"] for last in ("doubling", "ed50"))
        rows.append(
            (
                (twice.label.rpartition(":")[0], caveats.of(twice, half)),
                half.unit,
                Ref(twice.id, "with_interval") if twice.value is not None else "not known",
                Ref(half.id, "with_interval") if half.value is not None else "not known",
                context.funding(twice),
                cite(twice),
            )
        )
    return Table(
        id="dose_response",
        title="Does more do more? Doses of one product against each other",
        columns=(
            Column("What"),
            Column("Counted in"),
            Column("Odds for twice the dose (95 %)", number=True),
            Column("Dose of half the effect (95 %)", number=True),
            Column("Funding"),
            Column("Source"),
        ),
        rows=tuple(rows),
        note="An odds ratio above 1 means that more people have it with twice the dose. Products stand apart.",
        caveats=caveats.lines(),
    )


def margins(context: Context, *, use: str = "") -> Table:
    """One row a dose, one column a way of counting, so that the disagreement is read across; of one use, or of all."""
    routes = {row["key"]: row["label"] for row in context.rows("lethal_routes")}
    doses = {row["margin"]: row for row in context.rows("doses") if row["margin"] and use in ("", row["use"])}
    said: dict[str, None] = {}
    rows: list[tuple[Cell, ...]] = []
    for name, row in doses.items():
        found = {route: context.findings.get(f"dose.{route}.{name}") for route in routes}
        known = {route: f for route, f in found.items() if f is not None}
        said |= dict.fromkeys(f"{routes[route]}: {warning}" for route, f in known.items() for warning in f.warnings)
        rows.append(
            (
                f"{row['low']} {row['unit']} of {row['product']}, {row['indication']}",
                *(Ref(f.id, "interval") if f is not None else "" for f in found.values()),
                cite(*known.values()),
            )
        )
    return Table(
        id="margins",
        title="How many times the dose the estimated lethal dose is",
        columns=(Column("Dose"), *(Column(label, number=True) for label in routes.values()), Column("Source")),
        rows=tuple(rows),
        note=(
            "Each cell is the range between the estimates. The ways of counting disagree; none is averaged away. "
            "Of the columns:"
        ),
        caveats=tuple(sorted(said)),
    )


def _by_unit(rows: list[Row]) -> dict[tuple[str, str], list[Row]]:
    """Doses given to people, apart by product and unit; lethal estimates join the doses counted in the same unit."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row["quantity"] in _USED:
            groups.setdefault((row["product"], row["unit"]), []).append(row)
    for row in rows:
        if row["quantity"] == "lethal" and (row["product"], row["unit"]) in groups:
            groups[row["product"], row["unit"]].append(row)
    return groups


def _ladder(context: Context, number: int, product: str, unit: str, rows: list[Row]) -> Figure:
    ordered = sorted(rows, key=lambda row: (float(row["low"]), float(row["high"])))
    rungs = tuple(
        Rung(_name(row), f"dose.{row['key']}", "accent" if row["quantity"] == "lethal" else _TONE[row["use"]])
        for row in ordered
    )
    caveats = Caveats()
    cells: list[tuple[Cell, ...]] = []
    for row in ordered:
        finding = context.findings[f"dose.{row['key']}"]
        cells.append((_name(row), row["use"], (Ref(finding.id, "quantity_range"), caveats.of(finding)), cite(finding)))
    return Figure(
        id=f"ladder_{number}",
        title=f"{product}: {unit}",
        description=(
            "Doses from the smallest to the largest on a logarithmic axis: full dots for cosmetic, hollow ones for "
            "therapeutic use, dark ones for a lethal estimate. Units of this product alone."
        ),
        drawing=Ladder(rungs, f"{unit}, {product}, logarithmic axis", _KEY),
        twin=Table(
            id=f"ladder_{number}_twin",
            title=f"Doses of {product}",
            columns=(Column("Dose"), Column("Use"), Column("Amount"), Column("Source")),
            rows=tuple(cells),
            caveats=caveats.lines(),
        ),
    )


def _name(row: Row) -> str:
    about = ", ".join(text for text in (row["indication"], row["quantity"]) if text)
    return about or row["key"]


def _others(context: Context, rows: list[Row], *, folded: bool) -> Table:
    """Estimates per kilogram, masses, ratios: what the margins are computed from."""
    drawn = {row["key"] for group in _by_unit(rows).values() if len(group) >= _FEWEST for row in group}
    caveats = Caveats()
    cells: list[tuple[Cell, ...]] = []
    for row in rows:
        if row["key"] not in drawn:
            finding = context.findings[f"dose.{row['key']}"]
            cells.append((finding.label, (Ref(finding.id, "quantity_range"), caveats.of(finding)), cite(finding)))
    return Table(
        id="estimates",
        title="Other doses, and what the distances are computed from",
        columns=(Column("What"), Column("Amount"), Column("Source")),
        rows=tuple(cells),
        caveats=caveats.lines(),
        folded=folded,
    )
