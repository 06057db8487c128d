"""What do the loaded reports say? Open a store, ask for signals, ask what is known of a treatment.

Reports are counts of what somebody wrote to a regulator. They are never a rate: nobody knows how many people were
treated, and most harm is never reported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from primum.cases.linked import OFF, DuplicatesUsed, as_said, default_method, duplicates_used, linked_by
from primum.counts.by_arrays import Asked
from primum.counts.cohort import EVERYTHING, Cohort, condition, parse
from primum.counts.contingency import DRUG_LEVELS, Counts, count_with_cells, find_drug
from primum.counts.incidence import DrugLevel, Incidence, open_incidence
from primum.counts.members import Scope, methods_named
from primum.counts.profile import FlowStep, NameCoverage, Tally, by_value, flow, last_quarter, name_coverage, tallies
from primum.errors import CohortError, LinkError, UnknownNameError
from primum.signals.table import DEFAULT_METHODS, SignalTable, signal_table
from primum.store import Store
from primum.study.derive import open_derived
from primum.terms import SYNTHETIC, Coded
from primum.treatments.vocabulary import treatment_named, vocabularies
from primum.vocab.reactions import TermBins

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from primum.signals.write import ParquetWriter
    from primum.store.status import Status

TOP_REACTIONS: Final = 30
EVERY_DRUG: Final = ("", "*", "all")
AS_SAID: Final = "as said"  # cohorts that tell themselves how duplicates are treated, or were made to


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
        flow: from everything published down to these.
        tallies: counts by use under the name of what they are counted by, see `primum.counts.profile.tallies`.
        reactions: the reactions reported most, by use.
        names: how much of the drug rows has a substance.
        signals: the whole treatment against everything else; None where no other report is loaded.
        contrast: cosmetic against therapeutic use; None where one of them has no report.
        notes: caveats of the whole.
        duplicates: how reports of one event under several case numbers were treated.
        synthetic: what must be said where reports are invented; empty where none is.
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
    duplicates: DuplicatesUsed
    synthetic: str = ""

    @property
    def uses(self) -> dict[str, int]:
        """Reports of each use; they add up to `reports`."""
        return {tally.use: tally.reports for tally in self.tallies["total"]}


class Reports:
    """The loaded reports; a context manager that closes the store.

    Args:
        store: an open store.
        fast: count from the incidence arrays, built where they are missing; without it, on the engine alone.
    """

    def __init__(self, store: Store, *, fast: bool = True) -> None:
        self.store = store
        self._fast = fast
        self._arrays: Incidence | None = None
        self._bins = {words.treatment: words.bins for words in vocabularies()}

    def __enter__(self) -> Reports:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.store.close()

    def status(self) -> Status:
        """What is loaded, line by line."""
        return self.store.status()

    @property
    def arrays(self) -> Incidence | None:
        """The incidence arrays that are counted from; None where counting is left to the engine."""
        if self._fast and self._arrays is None:
            self._arrays = open_incidence(self.store)
        return self._arrays

    def counts(
        self,
        what: str = "",
        cohort: Cohort | str | None = None,
        versus: Cohort | str | None = None,
        *,
        drug_level: DrugLevel = "substance",
        cells: bool = True,
        duplicates: str | None = None,
    ) -> Counts:
        """Counts of distinct reports; arguments as in `signals`, and `cells` where those of a prior are wanted."""
        asked = self._asked(what, drug_level)
        cohort, versus, _ = self._kept(cohort, versus, duplicates)
        return count_with_cells(
            self.store,
            asked,
            scope=self._scope(asked),
            cohort=cohort,
            versus=versus,
            drug_level=drug_level,
            arrays=self.arrays,
            cells=cells,
        )

    def signals(
        self,
        what: str = "",
        cohort: Cohort | str | None = None,
        versus: Cohort | str | None = None,
        *,
        drug_level: DrugLevel = "substance",
        methods: Sequence[str] = DEFAULT_METHODS,
        duplicates: str | None = None,
    ) -> SignalTable:
        """Which drug-event pairs stand out.

        Args:
            what: id of a treatment or name of a drug; empty or `*` for every drug.
            cohort: which reports, as a cohort or its text; None for all.
            versus: what they are compared with; None for everything else.
            drug_level: names that a row has; a drug asked for by name is counted at the level of that name.
            methods: statistics to compute, see `primum.signals.table`.
            duplicates: `off`, `exact` or `probabilistic`, as the condition of that name in cohort and comparator; None:
                what they say themselves, else the best links that the store has.

        Raises:
            UnknownNameError: no treatment and no drug of that name; the nearest are named.
            CohortError: a text that cannot be read, a cohort without a report, or two cohorts that share reports.
            LinkError: duplicates by a method that the store was not linked by.
        """
        kept, others, used = self._kept(cohort, versus, duplicates)
        counts = self.counts(what, kept, others, drug_level=drug_level, cells="ebgm" in methods, duplicates=AS_SAID)
        bins = self._scope(self._asked(what, drug_level)).term_bins
        table = self._signal_table(counts, bins, methods=methods)
        return replace(table, notes=(*table.notes, used.note))

    def answer(
        self, treatment: str, cohort: Cohort | str | None = None, *, duplicates: str | None = None
    ) -> ReportsAnswer:
        """What the loaded reports of a cohort say of a treatment.

        Args:
            treatment: its id or an alias.
            cohort: which reports, as a cohort or its text; None for all.
            duplicates: as in `signals`.

        Raises:
            UnknownNameError: no such treatment.
            CohortError: a text that cannot be read.
            LinkError: duplicates by a method that the store was not linked by.
        """
        name = treatment_named(treatment)
        if name is None:
            raise UnknownNameError.of("treatment", treatment, self._bins)
        meant, _, used = self._kept(cohort, None, duplicates)
        scope = self._scope(Asked(name, "treatment"))
        counted = tallies(self.store, name, meant, scope)
        total = sum(tally.reports for tally in counted["total"])
        synthetic = self.store.synthetic()
        return ReportsAnswer(
            treatment=name,
            cohort=str(meant),
            snapshot=self.store.snapshot(),
            data_cut=last_quarter(self.store),
            reports=total,
            flow=flow(self.store, name, meant, scope),
            tallies=counted,
            reactions=_top_reactions(counted["reaction"], self._bins[name]),
            names=name_coverage(self.store),
            signals=self._against_all(name, meant) if total else None,
            contrast=self._by_use(name, meant) if total else None,
            notes=(*_listed(synthetic), *_notes(counted), used.note),
            duplicates=used,
            synthetic=synthetic,
        )

    def _kept(
        self, cohort: Cohort | str | None, versus: Cohort | str | None, duplicates: str | None
    ) -> tuple[Cohort, Cohort | None, DuplicatesUsed]:
        """Cohort and comparator with how they treat duplicates, and what is to be said of it."""
        ours, others = _cohort(cohort) or EVERYTHING, _cohort(versus)
        said = [part for part in (ours, others) if part is not None and "duplicates" in part.fields]
        if duplicates not in (None, AS_SAID):
            if said:
                raise CohortError(f"Cohort {said[0]} names duplicates already; leave out duplicates={duplicates}.")
            given = condition("duplicates", str(duplicates))
        elif said or duplicates == AS_SAID:
            methods = sorted({method for part in said for method in methods_named(part)})
            for method in methods:
                self._check_linked(method)
            return ours, others, as_said(self.store, methods)
        else:
            given = condition("duplicates", default_method(self.store))
        method = given.values[0]
        self._check_linked(method)
        if method != OFF:
            ours, others = ours & given, None if others is None else others & given
        return ours, others, duplicates_used(self.store, method)

    def _check_linked(self, method: str) -> None:
        if method != OFF and method not in (there := linked_by(self.store)):
            raise LinkError.not_linked(method, there)

    def _asked(self, what: str, drug_level: DrugLevel) -> Asked | None:
        """A treatment by its id first, then a drug by any name it has in the store, then a treatment by an alias."""
        if what.strip() in EVERY_DRUG:
            return None
        treatment = treatment_named(what)
        if treatment == what.strip().casefold():
            return Asked(treatment, "treatment")
        try:
            return find_drug(self.store, what, drug_level=drug_level)
        except UnknownNameError:
            if treatment is None:
                raise
            return Asked(treatment, "treatment")

    def _scope(self, asked: Asked | None) -> Scope:
        if asked is not None and asked.level == "treatment":
            return Scope(self._bins, treatment=(asked.name,))
        return Scope(self._bins)

    def _against_all(self, name: str, cohort: Cohort) -> SignalTable | None:
        """The whole treatment against everything else; None where it has no reaction, or nothing else is loaded."""
        try:
            counts = self.counts(name, cohort, drug_level="treatment", duplicates=AS_SAID)
        except CohortError:
            return None
        if counts.table.total_reports == int(counts.table.drug_reports.max(initial=0)):
            return None
        return self._signal_table(counts, self._bins[name])

    def _by_use(self, name: str, cohort: Cohort) -> SignalTable | None:
        """Cosmetic against therapeutic use; None where one of them has no report."""
        try:
            cosmetic, therapeutic = (cohort & condition("use", use) for use in ("cosmetic", "therapeutic"))
            counts = self.counts(name, cosmetic, therapeutic, duplicates=AS_SAID)
        except CohortError:
            return None
        return self._signal_table(counts, self._bins[name])

    def _signal_table(self, counts: Counts, bins: TermBins, *, methods: Sequence[str] = DEFAULT_METHODS) -> SignalTable:
        coded = counts.table.coded.get("event")
        events = dict.fromkeys((counts.table.event if coded is None else coded.names).tolist())
        synthetic = self.store.synthetic()
        table = signal_table(
            counts.table,
            cells=counts.cells,
            methods=methods,
            bins={event: bins.bin(event) for event in events},
            warnings=[SYNTHETIC] * len(counts.table) if synthetic else None,
        )
        return replace(table, notes=(*_listed(synthetic), *table.notes))


def open(path: Path | str | None = None) -> Reports:  # `primum.open(path)` reads as it should
    """Open the loaded reports for reading.

    Args:
        path: folder of the store; None for the default one.

    Raises:
        StoreError: there is no store, or it cannot be read.
    """
    return Reports(open_derived(None if path is None else Path(path)))


def drug_level_named(name: str) -> DrugLevel:
    """A level of drug names by its name.

    Raises:
        UnknownNameError: there is no such level.
    """
    for level in DRUG_LEVELS:
        if level == name:
            return level
    raise UnknownNameError.of("drug level", name, DRUG_LEVELS)


def parquet_writer(store: Store) -> ParquetWriter:
    """What `primum.signals.write.write_parquet` asks for: only the store talks to an engine that writes Parquet."""

    def write(path: Path, columns: Mapping[str, NDArray[Any] | Coded], metadata: Mapping[str, str]) -> None:
        store.engine.write_columns(path, columns, metadata=metadata)

    return write


def _cohort(given: Cohort | str | None) -> Cohort | None:
    return parse(given) if isinstance(given, str) else given


def _listed(text: str) -> tuple[str, ...]:
    return (text,) if text else ()


def _top_reactions(counted: Sequence[Tally], bins: TermBins) -> tuple[ReactionCount, ...]:
    """The reactions reported most in each use, and each of these in every use."""
    wanted = set(list(by_value(counted))[:TOP_REACTIONS])
    for use in {tally.use for tally in counted}:
        wanted |= {tally.value for tally in [t for t in counted if t.use == use][:TOP_REACTIONS]}
    return tuple(
        ReactionCount(t.use, t.value, bins.bin(t.value), bins.listed(t.value), t.reports)
        for t in counted
        if t.value in wanted
    )


def _notes(counted: Mapping[str, tuple[Tally, ...]]) -> tuple[str, ...]:
    notes = ["Counts are reports, not people harmed and not a rate: nobody counted the people treated."]
    sources = by_value(counted["source"])
    if "table" in sources:
        notes.append(
            f"{sources['table']} of the reports come from a long table, which holds no indications, outcomes, sex or "
            "age: their use is told by the product alone, else unknown."
        )
    if len(sources) > 1:
        notes.append("A case may stand both in FAERS and in a long table; source:faers or source:table asks for one.")
    return tuple(notes)
