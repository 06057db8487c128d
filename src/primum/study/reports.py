"""What do the loaded reports say? Open a store, ask for signals, ask what is known of a treatment.

Reports are counts of what somebody wrote to a regulator. They are never a rate: nobody knows how many people were
treated, and most harm is never reported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, cast

from primum.counts.bias import caveats_of
from primum.counts.by_arrays import Asked
from primum.counts.cohort import EVERYTHING, Cohort, condition, parse
from primum.counts.contingency import DRUG_LEVELS, Counts, count_with_cells, find_drug
from primum.counts.incidence import DrugLevel, Incidence, open_incidence
from primum.counts.members import Scope
from primum.counts.profile import FlowStep, NameCoverage, Tally, by_value, flow, last_quarter, name_coverage, tallies
from primum.counts.stratified import ByStratum, count_stratified
from primum.errors import CohortError, StoreError, UnknownNameError
from primum.signals.mantel_haenszel import METHOD as MANTEL_HAENSZEL
from primum.signals.mantel_haenszel import mantel_haenszel, pooled_from_sums
from primum.signals.table import DEFAULT_METHODS, Scores, SignalTable, score
from primum.store import Store
from primum.store.spark import LOAD_ELSEWHERE, open_spark
from primum.study.derive import derive, open_derived
from primum.terms import SYNTHETIC
from primum.treatments.vocabulary import treatment_named, vocabularies
from primum.vocab.reactions import TermBins

if TYPE_CHECKING:
    from primum.counts.strata import MantelHaenszelSums
    from primum.store.status import Status

TOP_REACTIONS: Final = 30
EMBEDDED: Final = "duckdb"
EVERY_DRUG: Final = ("", "*", "all")


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
    synthetic: str = ""

    @property
    def uses(self) -> dict[str, int]:
        """Reports of each use; they add up to `reports`."""
        return {tally.use: tally.reports for tally in self.tallies["total"]}


@dataclass(frozen=True, slots=True, eq=False)
class StratifiedScores:
    """Statistics within strata.

    Args:
        scores: of each pair over all strata.
        strata: counts of each pair in each stratum; None for every pair.
    """

    scores: Scores
    strata: ByStratum | None


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
    ) -> Counts:
        """Counts of distinct reports; arguments as in `signals`, and `cells` where those of a prior are wanted."""
        asked = self._asked(what, drug_level)
        return self._counts(asked, cohort, versus, drug_level=drug_level, cells=cells)

    def _counts(
        self,
        asked: Asked | None,
        cohort: Cohort | str | None,
        versus: Cohort | str | None,
        *,
        drug_level: DrugLevel,
        cells: bool,
    ) -> Counts:
        return count_with_cells(
            self.store,
            asked,
            scope=self._scope(asked),
            cohort=_cohort(cohort) or EVERYTHING,
            versus=_cohort(versus),
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
    ) -> SignalTable:
        """Which drug-event pairs stand out.

        Args:
            what: id of a treatment or name of a drug; empty or `*` for every drug.
            cohort: which reports, as a cohort or its text; None for all.
            versus: what they are compared with; None for everything else.
            drug_level: names that a row has; a drug asked for by name is counted at the level of that name.
            methods: statistics to compute, see `primum.signals.table`.

        Raises:
            UnknownNameError: no treatment and no drug of that name; the nearest are named.
            CohortError: a text that cannot be read, a cohort without a report, or two cohorts that share reports.
        """
        return self.scores(what, cohort, versus, drug_level=drug_level, methods=methods).table()

    def scores(
        self,
        what: str = "",
        cohort: Cohort | str | None = None,
        versus: Cohort | str | None = None,
        *,
        drug_level: DrugLevel = "substance",
        methods: Sequence[str] = DEFAULT_METHODS,
        by: Sequence[str] = (),
    ) -> Scores:
        """What `signals` answers, of which rows are spelt out when they are asked for; for tables of every pair.

        Args:
            what: as in `signals`, like the other arguments.
            cohort: which reports.
            versus: what they are compared with.
            drug_level: names that a row has.
            methods: statistics to compute.
            by: strata (`sex`, `age`, `year`, `reporter`, `source`): the expectation is theirs, and the columns
                `mh_ror`, `mh_ror_lower` and `mh_ror_upper` hold the odds ratio pooled over them.
        """
        if by:
            return self.stratified(what, cohort, versus, by=by, drug_level=drug_level, methods=methods).scores
        asked = self._asked(what, drug_level)
        counts = self._counts(asked, cohort, versus, drug_level=drug_level, cells="ebgm" in methods)
        bins = self._scope(asked).term_bins
        caveats = None if asked is None or versus is not None else self._caveats(asked, counts, cohort, drug_level)
        return self._scores(counts, bins, methods=methods, caveats=caveats)

    def stratified(
        self,
        what: str = "",
        cohort: Cohort | str | None = None,
        versus: Cohort | str | None = None,
        *,
        by: Sequence[str],
        drug_level: DrugLevel = "substance",
        methods: Sequence[str] = DEFAULT_METHODS,
    ) -> StratifiedScores:
        """What `scores` answers within strata, and for one drug the counts in each of them.

        Raises:
            CohortError: as in `signals`, or a comparator was given: it is everything else within each stratum.
        """
        if versus is not None:
            raise CohortError(
                "Each stratum is compared with everything else in it. Leave out the comparator or the strata."
            )
        asked, meant = self._asked(what, drug_level), _cohort(cohort) or EVERYTHING
        arrays = self.arrays or open_incidence(self.store, keep=False)
        scope = self._scope(asked)
        found = count_stratified(
            arrays, asked, by, scope=scope, cohort=meant, drug_level=drug_level, cells="ebgm" in methods
        )
        caveats = None if asked is None else self._caveats(asked, found.counts, meant, drug_level)
        scores = self._scores(found.counts, scope.term_bins, methods=methods, caveats=caveats)
        if found.strata is not None:
            inside = found.strata
            pooled = mantel_haenszel(
                inside.observed, inside.drug_reports, inside.event_reports, inside.total_reports
            ).estimate
        else:
            pooled = pooled_from_sums(cast("MantelHaenszelSums", found.sums))
        scores = scores.with_estimate(MANTEL_HAENSZEL, pooled, ("mh_ror", "mh_ror_lower", "mh_ror_upper"))
        notes = [f"Within strata of {', '.join(by)}; {found.left_out:,} reports that lie in none are left out."]
        if "ebgm" in methods:
            notes.append("EBGM: the prior is that of the crude expectations, the scores are those of the strata.")
        comparator = f"everything else in the same stratum of {', '.join(by)}"
        about = replace(scores.about, notes=(*scores.about.notes, *notes), comparator=comparator)
        return StratifiedScores(replace(scores, about=about), found.strata)

    def answer(self, treatment: str, cohort: Cohort | str | None = None) -> ReportsAnswer:
        """What the loaded reports of a cohort say of a treatment.

        Args:
            treatment: its id or an alias.
            cohort: which reports, as a cohort or its text; None for all.

        Raises:
            UnknownNameError: no such treatment.
            CohortError: a text that cannot be read.
        """
        name = treatment_named(treatment)
        if name is None:
            raise UnknownNameError.of("treatment", treatment, self._bins)
        meant = _cohort(cohort) or EVERYTHING
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
            flow=self.flow(name, meant),
            tallies=counted,
            reactions=_top_reactions(counted["reaction"], self._bins[name]),
            names=name_coverage(self.store),
            signals=self._against_all(name, meant) if total else None,
            contrast=self._by_use(name, meant) if total else None,
            notes=(*_listed(synthetic), *_notes(counted)),
            synthetic=synthetic,
        )

    def flow(self, treatment: str, cohort: Cohort | str | None = None) -> tuple[FlowStep, ...]:
        """How the reports published come down to those of a treatment in a cohort.

        Raises:
            UnknownNameError: no such treatment.
        """
        name = treatment_named(treatment)
        if name is None:
            raise UnknownNameError.of("treatment", treatment, self._bins)
        return flow(self.store, name, _cohort(cohort) or EVERYTHING, self._scope(Asked(name, "treatment")))

    def _asked(self, what: str, drug_level: DrugLevel) -> Asked | None:
        """A treatment by its id first, then a drug by any name it has in the store, then a treatment by an alias."""
        if what.strip() in EVERY_DRUG:
            return None
        treatment = treatment_named(what)
        if treatment == what.strip().casefold():
            return Asked(treatment, "treatment")
        try:
            return find_drug(self.store, what, drug_level=drug_level, arrays=self.arrays)
        except UnknownNameError:
            if treatment is None:
                raise
            return Asked(treatment, "treatment")

    def _scope(self, asked: Asked | None) -> Scope:
        if asked is not None and asked.level == "treatment":
            return Scope(self._bins, treatment=(asked.name,))
        return Scope(self._bins, product=asked.name.upper() if asked is not None and asked.level == "product" else "")

    def _against_all(self, name: str, cohort: Cohort) -> SignalTable | None:
        """The whole treatment against everything else; None where it has no reaction, or nothing else is loaded."""
        try:
            counts = self.counts(name, cohort, drug_level="treatment")
        except CohortError:
            return None
        if counts.table.total_reports == int(counts.table.drug_reports.max(initial=0)):
            return None
        return self._scores(counts, self._bins[name]).table()

    def _by_use(self, name: str, cohort: Cohort) -> SignalTable | None:
        """Cosmetic against therapeutic use; None where one of them has no report."""
        try:
            counts = self.counts(name, cohort & condition("use", "cosmetic"), cohort & condition("use", "therapeutic"))
        except CohortError:
            return None
        return self._scores(counts, self._bins[name]).table()

    def _caveats(
        self, asked: Asked, counts: Counts, cohort: Cohort | str | None, drug_level: DrugLevel
    ) -> list[str] | None:
        """Where the bias checks fire; None where counting is left to the engine."""
        if self.arrays is None:
            return None
        meant, scope = _cohort(cohort) or EVERYTHING, self._scope(asked)
        return caveats_of(self.arrays, asked, counts.table, scope=scope, cohort=meant, drug_level=drug_level)

    def _scores(
        self,
        counts: Counts,
        bins: TermBins,
        *,
        methods: Sequence[str] = DEFAULT_METHODS,
        caveats: Sequence[str] | None = None,
    ) -> Scores:
        coded = counts.table.coded.get("event")
        events = dict.fromkeys((counts.table.event if coded is None else coded.names).tolist())
        synthetic = self.store.synthetic()
        scores = score(
            counts.table,
            cells=counts.cells,
            methods=methods,
            bins={event: bins.bin(event) for event in events},
            warnings=_warned(SYNTHETIC if synthetic else "", caveats),
        )
        return replace(scores, about=replace(scores.about, notes=(*_listed(synthetic), *scores.about.notes)))


def open(
    path: Path | str | None = None, *, engine: str = EMBEDDED
) -> Reports:  # `primum.open(path)` reads as it should
    """Open the loaded reports for reading.

    Args:
        path: folder of the store; None for the default one. With another engine, the folder or address of exported
            tables.
        engine: `duckdb`, the embedded default; `spark-local`, or the address of a Spark master.

    Raises:
        StoreError: there is no store, it cannot be read, or the engine cannot be started.
    """
    if engine == EMBEDDED:
        return Reports(open_derived(None if path is None else Path(path)))
    if path is None:
        raise StoreError.of(f"--engine {engine}", "no tables were named", LOAD_ELSEWHERE)
    store = open_spark(str(path), master=engine)
    if not store.is_derived():
        derive(store)
    return Reports(store, fast=False)


def drug_level_named(name: str) -> DrugLevel:
    """A level of drug names by its name.

    Raises:
        UnknownNameError: there is no such level.
    """
    for level in DRUG_LEVELS:
        if level == name:
            return level
    raise UnknownNameError.of("drug level", name, DRUG_LEVELS)


def _cohort(given: Cohort | str | None) -> Cohort | None:
    return parse(given) if isinstance(given, str) else given


def _warned(all_rows: str, caveats: Sequence[str] | None) -> str | list[str]:
    """The caveat of every row, with those of each."""
    if caveats is None:
        return all_rows
    return ["; ".join(text for text in (all_rows, caveat) if text) for caveat in caveats]


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
