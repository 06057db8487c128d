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
    """Size of a disproportion to the right, its surprise upwards; what reaches the threshold is larger and darker."""

    marks: tuple[PairMark, ...]
    x_axis: str
    y_axis: str
    threshold: str

    def findings(self) -> tuple[str, ...]:
        """No finding: those of the named pairs stand in the table beside it."""
        return ()


@dataclass(frozen=True, slots=True)
class HeatCell:
    """An information component as a shade and a number; a stroke where it is not a number.

    Args:
        value: bits; one shade above 0, another below, darker the further away.
        firm: its interval lies above 0; the number is bold.
        seen: reports stand behind it; without them a value next to 0 says that next to nothing was expected.
        finding: id of the finding that it shows, where it has one.
    """

    value: float
    firm: bool = False
    seen: bool = True
    finding: str = ""


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Rows by columns of shades with their numbers."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[HeatCell, ...], ...]

    def findings(self) -> tuple[str, ...]:
        """Ids of the findings drawn."""
        return tuple(cell.finding for row in self.cells for cell in row if cell.finding)


@dataclass(frozen=True, slots=True)
class TrendLine:
    """One number a period, not a number where there is none; hollow marks where no report stands behind it."""

    name: str
    values: tuple[float, ...]
    hollow: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Trend:
    """A small line of its own for each thing, on its own scale.

    Args:
        lines: in order.
        periods: in order; years stand as far apart as they are, and only neighbours are joined.
        said: what is drawn, its unit, and what 0 means.
        decimals: of the numbers at the end of a line.
    """

    lines: tuple[TrendLine, ...]
    periods: tuple[str, ...]
    said: str
    decimals: int = 0

    def findings(self) -> tuple[str, ...]:
        """No finding: the numbers stand in the table beside it."""
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
