"""How do the studies of an outcome stand together? Tables and pictures over the pools, for more than one section."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from primum.dossier.caveats import Caveats
from primum.dossier.context import Context, cite
from primum.dossier.figures import Forest, ForestRow, Way, Ways
from primum.dossier.model import Cell, Column, Figure, Ref, Table
from primum.evidence.finding import Finding
from primum.treatments.tables import Row

_METHODS = {
    "crude": "added up, not weighed",
    "mh": "within studies (Mantel-Haenszel)",
    "iv": "inverse variance, one effect",
    "reml": "effects that vary (REML)",
    "hksj": "effects that vary, t interval (Hartung-Knapp)",
}


_SMALL = "A test for small-study effects needs ten studies; where an outcome has fewer, none is made."
_WHY = (
    "Adding up treats all people as of one study. Where some trials treat more of their people than others, and "
    "complaints are more frequent in some, the sum mixes the two; within groups of trials like meets like. A "
    "small chance of as much spread says that the trials differ among themselves, and that one number for all hides it."
)


@dataclass(frozen=True, slots=True)
class Pool:
    """The studies of one outcome."""

    name: str
    rows: tuple[Row, ...]

    @property
    def label(self) -> str:
        """What was counted."""
        return self.rows[0]["label"]

    def id(self, last: str) -> str:
        """The id of one of its findings."""
        return f"pooled.{self.name}.{last}"


def pools(context: Context, table: str) -> list[Pool]:
    """The pools whose contrasts stand in an evidence table."""
    known = {row["contrast"] for row in context.rows(table)}
    groups: dict[str, list[Row]] = {}
    for row in context.rows("pools"):
        if row["control"] in known:
            groups.setdefault(row["pool"], []).append(row)
    return [Pool(name, tuple(rows)) for name, rows in groups.items()]


def together(context: Context, shown: list[Pool], *, name: str, title: str) -> list[Figure | Table]:
    """Each study and all of them as a picture; then adding up beside weighing within studies."""
    if not shown:
        return []
    lines = [
        (pool, text, pool.id(last), last)
        for pool in shown
        for text, last in (
            *((row["study"], f"study.{place}") for place, row in enumerate(pool.rows)),
            ("together, within studies", "risk_difference"),
        )
    ]
    drawn = tuple(
        ForestRow(text, id, pool.label, "accent" if last == "risk_difference" else "treated")
        for pool, text, id, last in lines
    )
    twin: list[tuple[Cell, ...]] = [
        (
            f"{pool.label}: {text}",
            *_signed(id),
            context.funding(context.findings[id]),
            cite(context.findings[id]),
        )
        for pool, text, id, _ in lines
    ]
    figure = Figure(
        id=name,
        title=title,
        description=(
            "Per outcome one row a group of trials and one for all of them: how many more of 1,000 people with "
            "treatment, with the 95 % interval; right of the line of 0 means more with treatment."
        ),
        drawing=Forest(drawn, axis="more of 1,000 people with treatment (95 % interval)", unit="per_1000"),
        twin=Table(
            id=f"{name}_twin",
            title=title,
            columns=(
                Column("Outcome and trials"),
                Column("More of 1,000", number=True),
                Column("95 % interval", number=True),
                Column("Funding"),
                Column("Source"),
            ),
            rows=tuple(twin),
        ),
    )
    return [figure, _beside(context, shown, name)]


def _beside(context: Context, shown: list[Pool], name: str) -> Table:
    """Added up, and weighed within studies, in one row an outcome."""
    caveats = Caveats()
    rows: list[tuple[Cell, ...]] = []
    for pool in shown:
        crude, within, another = (context.findings[pool.id(x)] for x in ("crude", "risk_difference", "another"))
        zero = {"added up": _holds_zero(crude), "within studies": _holds_zero(within)}
        holds = [where for where, answer in zero.items() if answer == "yes"]
        rows.append(
            (
                (pool.label, caveats.of(within, another)),
                (Ref(crude.id, "per_1000_signed"), " (", Ref(crude.id, "per_1000_interval"), ")"),
                (Ref(within.id, "per_1000_signed"), " (", Ref(within.id, "per_1000_interval"), ")"),
                " and ".join(holds) or "neither",
                (Ref(another.id, "per_1000_interval"),),
                (Ref(pool.id("spread")),),
                cite(within),
            )
        )
    paid = dict.fromkeys(context.funding(context.findings[pool.id("crude")]) for pool in shown)
    return Table(
        id=f"{name}_beside",
        title="Added up, and compared within groups of trials: more of 1,000 people with treatment",
        columns=(
            Column("Outcome"),
            Column("Added up (95 %)", number=True),
            Column("Within (95 %)", number=True),
            Column("Interval holds 0"),
            Column("One more study", number=True),
            Column("Chance of as much spread", number=True),
            Column("Source"),
        ),
        rows=tuple(rows),
        note=f"{_WHY} Funding: {'; '.join(paid)}.",
        caveats=caveats.lines(),
    )


def left_out(context: Context, shown: Iterable[Pool]) -> Table:
    """The pooled difference without each study in turn."""
    rows: list[tuple[Cell, ...]] = []
    for pool in shown:
        ids = [(f"without {row['study']}", pool.id(f"without.{place}")) for place, row in enumerate(pool.rows)]
        for text, name in [("all studies", pool.id("risk_difference")), *ids]:
            if name in context.findings:
                found = context.findings[name]
                rows.append((f"{pool.label}: {text}", *_signed(name), _holds_zero(found), cite(found)))
    return Table(
        id="without_each",
        title="Does one study carry the answer? Each left out in turn",
        columns=(
            Column("Outcome and studies"),
            Column("More of 1,000", number=True),
            Column("95 % interval", number=True),
            Column("Interval holds 0"),
            Column("Source"),
        ),
        rows=tuple(rows),
        note=f"Pooled within studies (Mantel-Haenszel). {_SMALL}",
        folded=True,
    )


def ways(context: Context, pool: Pool) -> Figure:
    """Every estimator over every choice of studies, from the smallest to the largest."""
    sets = {"all": "all studies"} | {f"without{i}": f"without {row['study']}" for i, row in enumerate(pool.rows)}
    found = {
        (name, method): pool.id(f"spec.{name}.{method}")
        for name in sets
        for method in _METHODS
        if pool.id(f"spec.{name}.{method}") in context.findings
    }
    caveats = Caveats()
    rows: list[tuple[Cell, ...]] = [
        (
            (f"{sets[name]}; {_METHODS[method]}", caveats.of(context.findings[id])),
            *_signed(id),
            _holds_zero(context.findings[id]),
        )
        for (name, method), id in found.items()
    ]
    known = [f for f in map(context.findings.__getitem__, found.values()) if f.value is not None]
    apart = sum(_holds_zero(f) == "no" for f in known)
    return Figure(
        id=f"ways_{pool.name}",
        title=f"{pool.label.capitalize()}: {len(known)} ways to compute it; {apart} of them have an interval without 0",
        description=(
            "One column a way, from the smallest to the largest number: the estimate with its 95 % interval above, and "
            "below it which studies and which estimator led to it. Grey ones have an interval that holds 0."
        ),
        drawing=Ways(
            tuple(Way(id, (sets[name], _METHODS[method])) for (name, method), id in found.items()),
            kinds=(
                ("Studies", tuple(dict.fromkeys(sets[name] for name, _ in found))),
                ("Estimator", tuple(_METHODS.values())),
            ),
            axis="more of 1,000 people with treatment",
        ),
        twin=Table(
            id=f"ways_{pool.name}_twin",
            title=f"{pool.label.capitalize()} by every way",
            columns=(
                Column("Studies and estimator"),
                Column("More of 1,000", number=True),
                Column("95 % interval", number=True),
                Column("Interval holds 0"),
            ),
            rows=tuple(rows),
            caveats=caveats.lines(),
        ),
    )


def _signed(name: str) -> tuple[Cell, Cell]:
    return Ref(name, "per_1000_signed"), Ref(name, "per_1000_interval")


def _holds_zero(finding: Finding) -> str:
    if finding.interval is None:
        return ""
    return "yes" if finding.interval.lower <= 0 <= finding.interval.upper else "no"
