"""How large are the doses, and how far from the estimated lethal one?

A margin is the lethal estimate over the dose, by each route that the tables name. Its value is the low end; the range
between the estimates has no level. Units of one product are never compared with those of another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from primum.evidence.finding import Finding
from primum.provenance import Method
from primum.treatments.families.caveats import caveats, once, plain_range, whole
from primum.treatments.tables import EvidenceTable, Row

PRINTED = Method("printed", "dose as printed in the source")
BY_UNITS = Method(
    "margin_by_units",
    "lethal estimate counted in units, over the dose",
    "(units per kg * weight, and units printed for a person) / dose",
)
BY_MASS = Method(
    "margin_by_mass",
    "lethal estimate by mass, over the mass of the substance in the dose",
    "(mass per kg * weight) / (dose * mass per unit)",
)
NOT_CONVERTIBLE = "units of this product alone; they cannot be converted into units of another"


def dose_findings(doses: EvidenceTable, routes: EvidenceTable) -> Iterator[Finding]:
    """Every dose, and the margins of the doses that ask for one.

    Args:
        doses: `doses`, checked.
        routes: `lethal_routes`, checked.
    """
    rows = doses.by_key()
    for row in doses:
        yield _dose(row)
    for route in routes:
        for row in doses:
            if row["margin"] and row["product"] == route["product"]:
                yield _margin(route, row, rows)


def _dose(row: Row) -> Finding:
    low, high = float(row["low"]), float(row["high"])
    given = row["quantity"] in ("approved", "maximum", "trial")
    own_units = (NOT_CONVERTIBLE,) if given and "unit" in row["unit"] else ()  # a milligram is one of any product
    return Finding(
        id=f"dose.{row['key']}",
        label=f"{row['quantity']}: {row['product']}{', ' + row['indication'] if row['indication'] else ''}",
        value=whole(low),
        interval=plain_range(low, high),
        unit=row["unit"],
        population=row["indication"],
        method=PRINTED,
        sources=(row["source"],),
        warnings=once((*own_units, *caveats(row))),
    )


def _margin(route: Row, dose: Row, rows: Mapping[str, Row]) -> Finding:
    per_kg = [rows[key] for key in route.items("per_kg")]
    whole_person = [rows[key] for key in route.items("whole")]
    weights = [rows[key] for key in route.items("weight")]
    masses = [rows[key] for key in route.items("mass_per_unit")]
    weight = float(weights[0]["low"]) if weights else 1.0
    lethal = [float(row[end]) * weight for row in per_kg for end in ("low", "high")]
    lethal += [float(row[end]) for row in whole_person for end in ("low", "high")]
    given = float(dose["low"])
    if masses:  # picograms in the dose, against nanograms for a person
        given *= float(masses[0]["low"]) / 1000
    folds = [estimate / given for estimate in lethal]
    behind = (*per_kg, *whole_person, *weights, *masses)
    of = f", {dose['indication']}" if dose["indication"] else ""
    return Finding(
        id=f"dose.{route['key']}.{dose['margin']}",
        label=f"estimated lethal dose over {dose['low']} {dose['unit']} of {dose['product']}{of}: {route['label']}",
        value=min(folds),
        interval=plain_range(min(folds), max(folds)),
        unit="fold",
        population="adults of the weight the estimate assumes",
        method=BY_MASS if masses else BY_UNITS,
        sources=once(row["source"] for row in (*behind, dose)),
        warnings=once((route["warning"], *caveats(*behind))),
    )
