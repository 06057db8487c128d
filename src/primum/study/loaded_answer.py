"""What do the loaded reports say of a treatment, as one value: how many, of whom, what, and what stands out?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from primum.cases.linked import DuplicatesUsed
from primum.counts.fields import UseRuleSet
from primum.counts.flow import FlowStep
from primum.counts.profile import Tally, UseChange, by_value
from primum.signals.columns import SignalTable
from primum.signals.onset import Onset
from primum.study.controls import ControlAnswer
from primum.study.in_roles import InRoles
from primum.study.loaded_pictures import ComponentsByUse, ReportsOverTime
from primum.study.systems import told_of_systems
from primum.vocab.drugs import NameCoverage
from primum.vocab.reactions import TermBins

TOP_REACTIONS: Final = 30


@dataclass(frozen=True, slots=True)
class OnsetOfUse:
    """Time to onset in the reports of one use of a treatment, or of a drug.

    Args:
        use: use of the reports; empty for a drug that is no treatment.
        onset: among the reports that tell it to the day.
        days: of each of them, rising.
        reports: how many reports have each status of `primum.cases.onset.STATUSES`; negative onsets stand apart.
    """

    use: str
    onset: Onset
    days: tuple[int, ...]
    reports: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ReactionCount:
    """Reports of a use that name a reaction.

    Args:
        use: use of the reports.
        term: the reaction, under its present name.
        bin: kind of term; only `harm` is a reaction to the drug.
        listed: True where a label that was read names it; None where none did.
        reports: distinct reports.
    """

    use: str
    term: str
    bin: str
    listed: bool | None
    reports: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportsAnswer:
    """What the loaded reports say of a treatment: counts of reports, and what stands out.

    Args:
        treatment: id of the treatment.
        cohort: text form of the cohort; `*` for all reports.
        snapshot: hash of the store.
        data_cut: last quarter loaded; None where only long tables are.
        reports: current reports that hold the treatment as a suspect drug.
        flow: from the lines of the files down to these.
        tallies: counts by use under the name of what they are counted by, see `primum.counts.profile.tallies`.
        reactions: the reactions reported most, by use.
        names: how much of the drug rows has a substance.
        signals: the whole treatment against everything else; None where no other report is loaded.
        contrast: cosmetic against therapeutic use; None where one of them has no report.
        notes: caveats of the whole.
        use_rules: `all`, or `strict` where weak rules were not applied.
        use_changes: what the strong rules alone change.
        onsets: days to onset, by use.
        duplicates: how reports of one event under several case numbers were treated.
        synthetic: what must be said where reports are invented; empty where none is.
        by_use: each use against everything else; None where `signals` is.
        over_time: reports by time of publication; None where the arrays do not tell it.
        unlinked: `signals` with every report counted; None where none was set aside.
        in_roles: `signals` by narrower and wider roles of the treatment; empty where the cohort names roles or drugs,
            or the arrays do not tell them.
        controls: the controls that were asked for, with what the reports say of them.
    """

    treatment: str
    cohort: str
    snapshot: str
    data_cut: str | None
    reports: int
    flow: tuple[FlowStep, ...]
    tallies: Mapping[str, tuple[Tally, ...]]
    reactions: tuple[ReactionCount, ...]
    names: NameCoverage
    signals: SignalTable | None
    contrast: SignalTable | None
    notes: tuple[str, ...]
    use_rules: UseRuleSet
    use_changes: tuple[UseChange, ...]
    onsets: tuple[OnsetOfUse, ...]
    duplicates: DuplicatesUsed
    synthetic: str = ""
    by_use: ComponentsByUse | None = None
    over_time: ReportsOverTime | None = None
    unlinked: SignalTable | None = None
    in_roles: tuple[InRoles, ...] = ()
    controls: tuple[ControlAnswer, ...] = ()

    @property
    def uses(self) -> dict[str, int]:
        """Reports of each use; they add up to `reports`."""
        return {tally.use: tally.reports for tally in self.tallies["total"]}


def top_reactions(counted: Sequence[Tally], bins: TermBins) -> tuple[ReactionCount, ...]:
    """The reactions reported most in each use, and each of these in every use."""
    wanted = set(list(by_value(counted))[:TOP_REACTIONS])
    for use in {tally.use for tally in counted}:
        wanted |= {tally.value for tally in [t for t in counted if t.use == use][:TOP_REACTIONS]}
    return tuple(
        ReactionCount(t.use, t.value, bins.bin(t.value), bins.listed(t.value), t.reports)
        for t in counted
        if t.value in wanted
    )


def notes_of(counted: Mapping[str, tuple[Tally, ...]]) -> tuple[str, ...]:
    """Caveats of the reports counted: what a report is, and what their sources do not tell."""
    notes = ["Counts are reports, not people harmed and not a rate: nobody counted the people treated."]
    sources = by_value(counted["source"])
    if "table" in sources:
        notes.append(
            f"{sources['table']} of the reports come from a long table, which holds no indications, outcomes, sex or "
            "age: their use is told by the product alone, else unknown."
        )
    return (*notes, *told_of_systems(sources, [None]))
