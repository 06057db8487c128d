"""What must loaded reports be able to tell, to stand in the answer? The shapes of what the study brings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from primum.counts.flow import FlowStep
    from primum.counts.profile import Tally, UseChange
    from primum.signals.estimate import Estimate
    from primum.signals.onset import Onset
    from primum.signals.table import SignalTable
    from primum.terms import IntArray
    from primum.treatments.controls import Control
    from primum.vocab.drugs import NameCoverage


class ReactionLike(Protocol):
    """Reports of a use that name a reaction."""

    @property
    def use(self) -> str:
        """Use of the reports."""

    @property
    def term(self) -> str:
        """The reaction."""

    @property
    def bin(self) -> str:
        """What kind of term it is."""

    @property
    def listed(self) -> bool | None:
        """Named on a label that was read; None where none was."""

    @property
    def reports(self) -> int:
        """Distinct reports."""


class OnsetLike(Protocol):
    """Time to onset in the reports of a use."""

    @property
    def use(self) -> str:
        """Use of the reports."""

    @property
    def days(self) -> Sequence[int]:
        """Of each report that tells it to the day."""

    @property
    def onset(self) -> Onset:
        """Among the reports that tell it to the day."""

    @property
    def reports(self) -> Mapping[str, int]:
        """How many reports have each status."""


class LoadedReports(Protocol):
    """What the loaded reports say of a treatment; `primum.study.reports.ReportsAnswer` is one."""

    @property
    def cohort(self) -> str:
        """Text form of the cohort that was counted; `*` for all reports."""

    @property
    def snapshot(self) -> str:
        """Hash of the store."""

    @property
    def data_cut(self) -> str | None:
        """Last quarter loaded."""

    @property
    def reports(self) -> int:
        """Distinct reports."""

    @property
    def flow(self) -> Sequence[FlowStep]:
        """From everything published down to these."""

    @property
    def tallies(self) -> Mapping[str, Sequence[Tally]]:
        """Counts by use, under what they are counted by."""

    @property
    def reactions(self) -> Sequence[ReactionLike]:
        """The reactions reported most, by use."""

    @property
    def names(self) -> NameCoverage:
        """How much of the drug rows has a substance."""

    @property
    def signals(self) -> SignalTable | None:
        """Against everything else."""

    @property
    def contrast(self) -> SignalTable | None:
        """Cosmetic against therapeutic use."""

    @property
    def use_changes(self) -> Sequence[UseChange]:
        """What the strong rules alone change."""

    @property
    def onsets(self) -> Sequence[OnsetLike]:
        """Days to onset, by use."""

    @property
    def notes(self) -> Sequence[str]:
        """Caveats of the whole."""

    @property
    def by_use(self) -> ByUseLike | None:
        """Each use against everything else."""

    @property
    def over_time(self) -> OverTimeLike | None:
        """Reports by time of publication."""

    @property
    def unlinked(self) -> SignalTable | None:
        """Against everything else with every report counted; None where none was set aside."""

    @property
    def in_roles(self) -> Sequence[InRolesLike]:
        """Against everything else by narrower and wider roles of the treatment."""

    @property
    def controls(self) -> Sequence[ControlLike]:
        """A negative control and an active comparator."""


class InRolesLike(Protocol):
    """A treatment against everything else where it has one of some roles."""

    @property
    def roles(self) -> Sequence[str]:
        """In which it counts."""

    @property
    def table(self) -> SignalTable | None:
        """One row an event; None where there is no such report."""


class ByUseLike(Protocol):
    """Each use of a treatment against everything else."""

    @property
    def events(self) -> Sequence[str]:
        """Names of the events."""

    @property
    def uses(self) -> Sequence[str]:
        """The uses."""

    @property
    def observed(self) -> IntArray:
        """Reports; shape `(events, uses)`."""

    @property
    def found(self) -> Estimate:
        """Information components; same shape."""


class OverTimeLike(Protocol):
    """Reports of a treatment over time."""

    @property
    def unit(self) -> str:
        """What a period is."""

    @property
    def periods(self) -> Sequence[str]:
        """In order."""

    @property
    def reports(self) -> IntArray:
        """Of the treatment in each; shape `(periods,)`."""

    @property
    def events(self) -> Sequence[str]:
        """Names of the events."""

    @property
    def observed(self) -> IntArray:
        """Reports; shape `(periods, events)`."""


class ControlLike(Protocol):
    """A control with what the reports say of it."""

    @property
    def control(self) -> Control:
        """What is compared, and why."""

    @property
    def table(self) -> SignalTable | None:
        """One row a negative control, a row an event a comparator."""

    @property
    def reason(self) -> str:
        """Why there is none."""
