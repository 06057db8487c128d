"""What can be drawn? Each drawing names findings and words; how it looks is the renderer's matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from primum.dossier.report_figures import HeatMap, OnsetCurves, Trend, Volcano

Place = Literal["nerve", "terminal", "vesicle", "muscle", "skin"]
PLACES: Final[dict[str, Place]] = {str(place): place for place in get_args(Place)}
Tone = Literal["treated", "untreated", "accent", "muted"]


@dataclass(frozen=True, slots=True)
class PairRow:
    """One outcome among treated and untreated people, and the difference between them."""

    label: str
    treated: str
    untreated: str
    difference: str


@dataclass(frozen=True, slots=True)
class Pairs:
    """Two dots a row (treated, untreated) per 1,000, and the difference with its interval beside them."""

    rows: tuple[PairRow, ...]
    treated: str = "treated"
    untreated: str = "placebo"

    def findings(self) -> tuple[str, ...]:
        """Ids of the findings drawn."""
        return tuple(name for row in self.rows for name in (row.treated, row.untreated, row.difference))


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One estimate with its interval; `group` heads the rows that share it."""

    label: str
    finding: str
    group: str = ""
    tone: Tone = "treated"


@dataclass(frozen=True, slots=True)
class Forest:
    """Estimates with intervals on one axis.

    Args:
        scale: `log` for ratios.
        reference: where the line of no difference stands; None for none.
        unit: `per_1000`, `percent` or `value`: how the axis counts.
        beside: ids of findings drawn on the same axis in another picture, so that the two can be compared.
    """

    rows: tuple[ForestRow, ...]
    axis: str
    scale: Literal["linear", "log"] = "linear"
    reference: float | None = 0.0
    unit: Literal["per_1000", "percent", "value"] = "value"
    beside: tuple[str, ...] = ()

    def findings(self) -> tuple[str, ...]:
        """Ids of the findings drawn."""
        return tuple(row.finding for row in self.rows)


@dataclass(frozen=True, slots=True)
class IconPanel:
    """A thousand people of whom so many had the outcome; as many as had it untreated would have had it anyway."""

    label: str
    treated: str
    untreated: str
    difference: str


@dataclass(frozen=True, slots=True)
class Icons:
    """Small multiples of icon arrays, one person a dot; `a_row` of them stand beside each other on a wide page."""

    panels: tuple[IconPanel, ...]
    per: int = 1000
    untreated: str = "placebo"
    a_row: int = 2

    def findings(self) -> tuple[str, ...]:
        """Ids of the findings drawn."""
        return tuple(name for panel in self.panels for name in (panel.treated, panel.untreated, panel.difference))


@dataclass(frozen=True, slots=True)
class Rung:
    """One dose, or a range of doses, on the ladder."""

    label: str
    finding: str
    tone: Tone = "treated"


@dataclass(frozen=True, slots=True)
class Ladder:
    """Amounts of one unit on a logarithmic axis, so that a fold is a distance; `key` says what the tones mean."""

    rungs: tuple[Rung, ...]
    axis: str
    key: tuple[tuple[Tone, str], ...] = ()

    def findings(self) -> tuple[str, ...]:
        """Ids of the findings drawn."""
        return tuple(rung.finding for rung in self.rungs)


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One thing, the column it falls in, and a few words beside it."""

    label: str
    column: str
    words: str
    finding: str
    tone: Tone = "treated"


@dataclass(frozen=True, slots=True)
class Matrix:
    """Which thing stands where: a mark in one of a few columns."""

    columns: tuple[str, ...]
    rows: tuple[MatrixRow, ...]

    def findings(self) -> tuple[str, ...]:
        """Ids of the findings drawn."""
        return tuple(row.finding for row in self.rows)


@dataclass(frozen=True, slots=True)
class BarRow:
    """A bar from zero to a value, or between the ends of a range."""

    label: str
    finding: str
    group: str = ""
    tone: Tone = "treated"


@dataclass(frozen=True, slots=True)
class Bars:
    """Lengths or ranges on one axis.

    Args:
        ranges: draw each finding's interval instead of a bar from zero.
        days: draw weeks and months as days.
    """

    rows: tuple[BarRow, ...]
    axis: str
    ranges: bool = False
    scale: Literal["linear", "log"] = "linear"
    days: bool = False

    def findings(self) -> tuple[str, ...]:
        """Ids of the findings drawn."""
        return tuple(row.finding for row in self.rows)


@dataclass(frozen=True, slots=True)
class Happened:
    """One event with its year; the finding tells how many, or is the year itself."""

    label: str
    year: int
    finding: str
    tone: Tone = "untreated"


@dataclass(frozen=True, slots=True)
class Timeline:
    """Events by their year, the first first."""

    rows: tuple[Happened, ...]

    def findings(self) -> tuple[str, ...]:
        """Ids of the findings drawn."""
        return tuple(row.finding for row in self.rows)


@dataclass(frozen=True, slots=True)
class Meters:
    """How many of each kind, as one divided bar; counts of the table beside it, so no finding stands behind them."""

    counts: tuple[tuple[str, int], ...]

    def findings(self) -> tuple[str, ...]:
        """No finding: the counts are of the rows of the table beside it."""
        return ()


@dataclass(frozen=True, slots=True)
class Station:
    """A numbered place on the pathway; `place` is where on the picture, the words are the treatment's."""

    place: Place
    label: str


@dataclass(frozen=True, slots=True)
class Pathway:
    """From the nerve to the skin, with the treatment's own words at each station."""

    stations: tuple[Station, ...]

    def findings(self) -> tuple[str, ...]:
        """No finding: the statements beside the picture carry the numbers."""
        return ()


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One time on a curve: middle and the ends of the band, and the share without the drug."""

    time: float
    lower: float
    middle: float
    upper: float
    without: float


@dataclass(frozen=True, slots=True)
class SeenPoint:
    """A share that a trial saw, for comparison with the curve."""

    time: float
    share: float
    treated: bool


@dataclass(frozen=True, slots=True)
class Curve:
    """A share over time with its band, as a model gave it, and what trials saw; `finding` holds what the curve claims.

    Args:
        points: the curve.
        seen: shares of trial arms at visits.
        x_axis: words of the time axis.
        y_axis: words of the share axis.
        finding: id of the finding behind the curve.
        firm_to: time after which the band is dashed at its edges, because it is extrapolated; None for nowhere.
    """

    points: tuple[CurvePoint, ...]
    seen: tuple[SeenPoint, ...]
    x_axis: str
    y_axis: str
    finding: str
    firm_to: float | None = None

    def findings(self) -> tuple[str, ...]:
        """Id of the finding behind the curve."""
        return (self.finding,)


@dataclass(frozen=True, slots=True)
class DosePoint:
    """An arm of a trial: its dose, the share seen, and the share by the line; `fitted` is empty for placebo."""

    dose: float
    seen: str
    fitted: str = ""


@dataclass(frozen=True, slots=True)
class DoseBand:
    """Shares of people by dose: what each arm saw with its interval, and the band of the line through the doses.

    Args:
        points: in the order of their doses.
        axis: words of the dose axis, its unit among them.
        y_axis: words of the share axis.
    """

    points: tuple[DosePoint, ...]
    axis: str
    y_axis: str

    def findings(self) -> tuple[str, ...]:
        """Ids of the findings drawn."""
        return tuple(name for point in self.points for name in (point.seen, point.fitted) if name)


@dataclass(frozen=True, slots=True)
class TornadoRow:
    """The balance with one harm not counted, and with it counted twice as much."""

    label: str
    none: str
    double: str


@dataclass(frozen=True, slots=True)
class Tornado:
    """How far a balance moves with each weight, of 1,000 people."""

    balance: str
    rows: tuple[TornadoRow, ...]
    axis: str

    def findings(self) -> tuple[str, ...]:
        """Ids of the findings drawn."""
        return (self.balance, *(name for row in self.rows for name in (row.none, row.double)))


@dataclass(frozen=True, slots=True)
class Way:
    """One way to reach a number: the finding, and which choice was taken of each kind."""

    finding: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ways:
    """The same number by every way, from the smallest to the largest, and below it which choices led to it.

    Args:
        ways: in any order.
        kinds: heading and choices of each kind of choice, in the order of `Way.choices`.
    """

    ways: tuple[Way, ...]
    kinds: tuple[tuple[str, tuple[str, ...]], ...]
    axis: str
    unit: Literal["per_1000", "percent", "value"] = "per_1000"

    def findings(self) -> tuple[str, ...]:
        """Ids of the findings drawn."""
        return tuple(way.finding for way in self.ways)


@dataclass(frozen=True, slots=True)
class FlowRow:
    """What stays at a step, or what leaves before the next and why."""

    label: str
    finding: str
    leaves: bool = False


@dataclass(frozen=True, slots=True)
class Flow:
    """From everything down to what is counted, step by step."""

    steps: tuple[FlowRow, ...]

    def findings(self) -> tuple[str, ...]:
        """Ids of the findings drawn."""
        return tuple(step.finding for step in self.steps)


Drawing = (
    Pairs
    | Forest
    | Icons
    | Ladder
    | Matrix
    | Bars
    | Meters
    | Pathway
    | Curve
    | DoseBand
    | Flow
    | Ways
    | Timeline
    | Tornado
    | Volcano
    | HeatMap
    | Trend
    | OnsetCurves
)
