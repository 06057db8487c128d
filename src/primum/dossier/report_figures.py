"""What can be drawn of loaded reports? Pairs by size and surprise, shades, lines over time, days to onset.

These drawings hold the numbers themselves, thousands of which have no name; what a reader may quote stands in the table
beside each. `primum.dossier.render.signal_pictures` draws the same for the command line and the explorer.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PairMark:
    """One pair of a volcano: how far to the right, how high, whether it stands out, and its name where it has room."""

    across: float
    up: float
    stands_out: bool
    label: str = ""


@dataclass(frozen=True, slots=True)
class Volcano:
    """Size of a disproportion to the right, its surprise upwards; what stands out is drawn larger and darker."""

    marks: tuple[PairMark, ...]
    x_axis: str
    y_axis: str

    def findings(self) -> tuple[str, ...]:
        """No finding: those of the named pairs stand in the table beside it."""
        return ()


@dataclass(frozen=True, slots=True)
class HeatCell:
    """A value as a shade and a number: not a number, and without reports, it is a stroke.

    Args:
        value: what the shade tells; darker is more, nothing below 0.
        firm: its interval lies above 0; the number is bold.
        seen: a report stands behind it.
        finding: id of the finding that it shows, where it has one.
    """

    value: float
    firm: bool = False
    seen: bool = True
    finding: str = ""


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Rows by columns of shades with their numbers; `most` is the value of the darkest."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[HeatCell, ...], ...]
    most: float = 5.0

    def findings(self) -> tuple[str, ...]:
        """Ids of the findings drawn."""
        return tuple(cell.finding for row in self.cells for cell in row if cell.finding)


@dataclass(frozen=True, slots=True)
class CountLine:
    """Counts of one thing, one a period."""

    name: str
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Trend:
    """Counts over periods, a small line of its own for each thing, up to its own most."""

    lines: tuple[CountLine, ...]
    periods: tuple[str, ...]

    def findings(self) -> tuple[str, ...]:
        """No finding: the counts stand in the table beside it."""
        return ()


@dataclass(frozen=True, slots=True)
class OnsetPanel:
    """Days to onset of one group, and the Weibull distribution fitted to them; not a number where none was.

    Args:
        said: its heading.
        days: of each report, at least one.
        shape: of the fit.
        scale: of the fit, in days.
    """

    said: str
    days: tuple[int, ...]
    shape: float
    scale: float


@dataclass(frozen=True, slots=True)
class OnsetCurves:
    """Share of the reports whose event had begun, by days after treatment; a panel a group."""

    panels: tuple[OnsetPanel, ...]

    def findings(self) -> tuple[str, ...]:
        """No finding: medians and fits stand in the table beside it."""
        return ()
