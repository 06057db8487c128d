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

from primum.cases.linked import OFF, DuplicatesUsed, as_said, default_method, duplicates_used, linked_by
from primum.counts.bias import caveats_of
from primum.counts.by_arrays import Asked
from primum.counts.case_list import ListedCase, case_list
from primum.counts.cohort import EVERYTHING, Cohort, any_of, by_strong_rules, condition, parse
from primum.counts.contingency import DRUG_LEVELS, Counts, count_with_cells, find_drug
from primum.counts.fields import UseRuleSet
from primum.counts.flow import FlowStep, flow
from primum.counts.incidence import DrugLevel, Incidence, open_incidence
from primum.counts.known import CHECKED, check_names
from primum.counts.members import Scope, methods_named, term_groups
from primum.counts.onset_days import onset_days
from primum.counts.profile import Tally, UseChange, by_value, last_quarter, name_coverage, tallies, use_changes
from primum.counts.stratified import ByStratum, count_stratified
from primum.errors import CohortError, LinkError, UnknownNameError
from primum.signals.mantel_haenszel import COLUMNS as POOLED
from primum.signals.mantel_haenszel import METHOD as MANTEL_HAENSZEL
from primum.signals.mantel_haenszel import mantel_haenszel, pooled_from_sums
from primum.signals.onset import Onset, onset
from primum.signals.table import DEFAULT_METHODS, Scores, SignalTable, needs_cells, score
from primum.store import Store
from primum.study.derive import EMBEDDED, open_derived
from primum.study.masked import masking_caveats
from primum.study.systems import told_of_systems
from primum.terms import SYNTHETIC
from primum.treatments.vocabulary import treatment_named, vocabularies
from primum.vocab.drugs import NameCoverage
from primum.vocab.reactions import TermBins

if TYPE_CHECKING:
    from primum.counts.strata import MantelHaenszelSums
    from primum.store.status import Status

TOP_REACTIONS: Final = 30
STRICT_NOTE: Final = "Uses are told by strong rules alone: what only a weak rule told is unknown."
EVERY_DRUG: Final = ("", "*", "all")
AS_SAID: Final = "as said"  # cohorts that tell themselves how duplicates are treated, or were made to


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
        self._groups: dict[str, frozenset[str]] | None = None
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
        kept, others, _ = self._kept(cohort, versus, duplicates)
        return self._counts(asked, kept, others, drug_level=drug_level, cells=cells)

    def _counts(
        self, asked: Asked | None, cohort: Cohort, versus: Cohort | None, *, drug_level: DrugLevel, cells: bool
    ) -> Counts:
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
        use_rules: UseRuleSet = "all",
        duplicates: str | None = None,
    ) -> SignalTable:
        """Which drug-event pairs stand out.

        Args:
            what: id of a treatment or name of a drug; empty or `*` for every drug.
            cohort: which reports, as a cohort or its text; None for all.
            versus: what they are compared with; None for everything else.
            drug_level: names that a row has; a drug asked for by name is counted at the level of that name.
            methods: statistics to compute, see `primum.signals.table`.
            use_rules: `strict` tells every use in the cohorts by strong rules alone.
            duplicates: `off`, `exact` or `probabilistic`, as the condition of that name in cohort and comparator; None:
                what they say themselves, else the best links that the store has.

        Raises:
            UnknownNameError: no treatment and no drug of that name; the nearest are named.
            CohortError: a text that cannot be read, a cohort without a report, or two cohorts that share reports.
            LinkError: duplicates by a method that the store was not linked by.
        """
        return self.scores(
            what,
            cohort,
            versus,
            drug_level=drug_level,
            methods=methods,
            use_rules=use_rules,
            duplicates=duplicates,
        ).table()

    def scores(
        self,
        what: str = "",
        cohort: Cohort | str | None = None,
        versus: Cohort | str | None = None,
        *,
        drug_level: DrugLevel = "substance",
        methods: Sequence[str] = DEFAULT_METHODS,
        by: Sequence[str] = (),
        use_rules: UseRuleSet = "all",
        duplicates: str | None = None,
    ) -> Scores:
        """What `signals` answers, of which rows are spelt out when they are asked for; for tables of every pair.

        Args:
            what: as in `signals`, like the other arguments.
            cohort: which reports.
            versus: what they are compared with.
            drug_level: names that a row has.
            methods: statistics to compute.
            by: strata (`sex`, `age`, `year`, `reporter`, `source`): the expectation is theirs, and the columns
                `mh_ror`, `mh_ror_lower` and `mh_ror_upper` hold the odds ratio pooled over them, for one drug beside
                `p_heterogeneity`: whether it is the same in all of them.
            use_rules: as in `signals`.
            duplicates: as in `signals`.
        """
        if by:
            return self.stratified(
                what,
                cohort,
                versus,
                by=by,
                drug_level=drug_level,
                methods=methods,
                use_rules=use_rules,
                duplicates=duplicates,
            ).scores
        asked = self._asked(what, drug_level)
        ours, others, notes = self._meant(cohort, versus, use_rules, duplicates)
        counts = self._counts(asked, ours, others, drug_level=drug_level, cells=needs_cells(methods))
        bins = self._scope(asked).term_bins
        caveats = None if asked is None or others is not None else self._caveats(asked, counts, ours, drug_level)
        return _noted(self._scores(counts, bins, methods=methods, caveats=caveats), notes)

    def stratified(
        self,
        what: str = "",
        cohort: Cohort | str | None = None,
        versus: Cohort | str | None = None,
        *,
        by: Sequence[str],
        drug_level: DrugLevel = "substance",
        methods: Sequence[str] = DEFAULT_METHODS,
        use_rules: UseRuleSet = "all",
        duplicates: str | None = None,
    ) -> StratifiedScores:
        """What `scores` answers within strata, and for one drug the counts in each of them.

        Raises:
            CohortError: as in `signals`, or a comparator was given: it is everything else within each stratum.
        """
        if versus is not None:
            raise CohortError(
                "Each stratum is compared with everything else in it. Leave out the comparator or the strata."
            )
        asked = self._asked(what, drug_level)
        meant, _, said = self._meant(cohort, None, use_rules, duplicates)
        arrays = self.arrays or open_incidence(self.store, keep=False)
        scope = self._scope(asked)
        found = count_stratified(
            arrays, asked, by, scope=scope, cohort=meant, drug_level=drug_level, cells=needs_cells(methods)
        )
        caveats = None
        if asked is not None and found.strata is not None:
            counted = meant & any_of(*found.strata.cohorts)  # what lies in no stratum is not in the table
            caveats = self._caveats(asked, found.counts, counted, drug_level)
        scores = self._scores(found.counts, scope.term_bins, methods=methods, caveats=caveats)
        value, lower, upper, test = POOLED
        names = (value, lower, upper)
        if (inside := found.strata) is not None:
            pooled = mantel_haenszel(inside.observed, inside.drug_reports, inside.event_reports, inside.total_reports)
            scores = scores.with_estimate(MANTEL_HAENSZEL, pooled.estimate, names)
            scores = scores.with_column(test, pooled.p_heterogeneity, pooled.why_no_test)
        else:
            estimate = pooled_from_sums(cast("MantelHaenszelSums", found.sums))
            scores = scores.with_estimate(MANTEL_HAENSZEL, estimate, names)
        notes = [f"Within strata of {', '.join(by)}; {found.left_out:,} reports that lie in none are left out."]
        if "ebgm" in methods:
            notes.append("EBGM: the prior is that of the crude expectations, the scores are those of the strata.")
        comparator = f"everything else in the same stratum of {', '.join(by)}"
        scores = replace(scores, about=replace(scores.about, comparator=comparator))
        return StratifiedScores(_noted(scores, (*notes, *said)), found.strata)

    def _meant(
        self, cohort: Cohort | str | None, versus: Cohort | str | None, use_rules: UseRuleSet, duplicates: str | None
    ) -> tuple[Cohort, Cohort | None, tuple[str, ...]]:
        """Cohort and comparator by the rules of use and the links asked for, and what is to be said of both."""
        strict = use_rules == "strict"
        ours, theirs = (by_strong_rules(one) if one and strict else one for one in (_cohort(cohort), _cohort(versus)))
        kept, others, used = self._kept(ours, theirs, duplicates)
        systems = {source for (source,) in self.store.engine.read("files", "source")}
        # A comparator that is not named is everything else within the cohort.
        told = told_of_systems(systems, [kept] if others is None else [kept, others])
        return kept, others, (*told, used.note, *_listed(STRICT_NOTE if strict else ""))

    def asked(self, what: str, *, drug_level: DrugLevel = "substance") -> tuple[Asked | None, Scope]:
        """What a name means in this store, and the bins that its terms lie in; None for every drug.

        Raises:
            UnknownNameError: no treatment and no drug of that name; the nearest are named.
        """
        found = self._asked(what, drug_level)
        return found, self._scope(found)

    @staticmethod
    def cohort(given: Cohort | str) -> Cohort:
        """A cohort, or its text read.

        Raises:
            CohortError: a text that cannot be read.
        """
        return _cohort(given) or EVERYTHING

    def flow(
        self,
        what: str = "",
        cohort: Cohort | str | None = None,
        *,
        use_rules: UseRuleSet = "all",
        duplicates: str | None = None,
    ) -> tuple[FlowStep, ...]:
        """How the lines of the files come down to the reports of a cohort; arguments as in `signals`."""
        asked = self._asked(what, "substance")
        meant, _, _ = self._meant(cohort, None, use_rules, duplicates)
        return flow(self.store, asked, meant, self._scope(asked))

    def cases(
        self, what: str = "", cohort: Cohort | str | None = None, *, duplicates: str | None = None, most: int = 50
    ) -> tuple[int, tuple[ListedCase, ...]]:
        """How many reports of a cohort hold a drug, and the last loaded of them; arguments as in `signals`.

        Raises:
            UnknownNameError: no treatment and no drug of that name.
            CohortError: as in `signals`.
        """
        asked, scope = self.asked(what)
        meant, _, _ = self._kept(cohort, None, duplicates)
        arrays = self.arrays or open_incidence(self.store, keep=False)
        return case_list(self.store, arrays, asked, cohort=meant, scope=scope, most=most)

    def onsets(
        self,
        what: str,
        cohort: Cohort | str | None = None,
        *,
        use_rules: UseRuleSet = "all",
        duplicates: str | None = AS_SAID,
    ) -> tuple[OnsetOfUse, ...]:
        """Days from a drug to the event, by use where it is a treatment; arguments as in `signals`.

        Unless `duplicates` is given, what the cohort says of them holds; None asks for the best links there are.
        """
        asked = self._asked(what, "substance")
        if asked is None:
            raise UnknownNameError.of("drug or treatment", what, self._bins)
        column = "use_strict" if use_rules == "strict" else "use"
        meant, _, _ = self._meant(cohort, None, use_rules, duplicates)
        found = onset_days(self.store, asked, meant, self._scope(asked), use_column=column)
        return tuple(OnsetOfUse(one.use, onset(one.days), tuple(one.days.tolist()), one.reports) for one in found)

    def answer(
        self,
        treatment: str,
        cohort: Cohort | str | None = None,
        *,
        use_rules: UseRuleSet = "all",
        duplicates: str | None = None,
    ) -> ReportsAnswer:
        """What the loaded reports of a cohort say of a treatment.

        Args:
            treatment: its id or an alias.
            cohort: which reports, as a cohort or its text; None for all.
            use_rules: `strict` tells every use by strong rules alone.
            duplicates: as in `signals`.

        Raises:
            UnknownNameError: no such treatment.
            CohortError: a text that cannot be read.
            LinkError: duplicates by a method that the store was not linked by.
        """
        name = treatment_named(treatment)
        if name is None:
            raise UnknownNameError.of("treatment", treatment, self._bins)
        strict = use_rules == "strict"
        said = _cohort(cohort) or EVERYTHING
        meant, _, used = self._kept(by_strong_rules(said) if strict else said, None, duplicates)
        asked = Asked(name, "treatment")
        scope = self._scope(asked)
        counted = tallies(self.store, name, meant, scope, strict=strict)
        total = sum(tally.reports for tally in counted["total"])
        synthetic = self.store.synthetic()
        return ReportsAnswer(
            treatment=name,
            cohort=str(meant),
            snapshot=self.store.snapshot(),
            data_cut=last_quarter(self.store),
            reports=total,
            flow=flow(self.store, asked, meant, scope),
            tallies=counted,
            reactions=_top_reactions(counted["reaction"], self._bins[name]),
            names=name_coverage(self.store),
            signals=self._against_all(name, meant) if total else None,
            contrast=self._by_use(name, meant, strict=strict) if total else None,
            notes=(*_listed(synthetic), *_notes(counted), used.note, *_listed(STRICT_NOTE if strict else "")),
            use_rules=use_rules,
            use_changes=use_changes(self.store, name, meant, scope),
            onsets=self.onsets(name, meant, use_rules=use_rules),
            duplicates=used,
            synthetic=synthetic,
        )

    def _kept(
        self, cohort: Cohort | str | None, versus: Cohort | str | None, duplicates: str | None
    ) -> tuple[Cohort, Cohort | None, DuplicatesUsed]:
        """Cohort and comparator with how they treat duplicates, and what is to be said of it."""
        ours, others = _cohort(cohort) or EVERYTHING, _cohort(versus)
        for one in (ours, others):
            if one is not None and one.fields & CHECKED:
                check_names(one, self.store, self.arrays)
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
            return find_drug(self.store, what, drug_level=drug_level, arrays=self.arrays)
        except UnknownNameError:
            if treatment is None:
                raise
            return Asked(treatment, "treatment")

    def _scope(self, asked: Asked | None) -> Scope:
        if self._groups is None:
            self._groups = term_groups(self.store)
        level = "" if asked is None else asked.level
        return Scope(
            self._bins,
            treatment=(asked.name,) if asked is not None and level == "treatment" else (),
            product=asked.name.upper() if asked is not None and level == "product" else "",
            groups=self._groups,
        )

    def _against_all(self, name: str, cohort: Cohort) -> SignalTable | None:
        """The whole treatment against everything else; None where it has no reaction, or nothing else is loaded."""
        try:
            counts = self.counts(name, cohort, drug_level="treatment", duplicates=AS_SAID)
        except CohortError:
            return None
        if counts.table.total_reports == int(counts.table.drug_reports.max(initial=0)):
            return None
        return self._scores(counts, self._bins[name]).table()

    def _by_use(self, name: str, cohort: Cohort, *, strict: bool) -> SignalTable | None:
        """Cosmetic against therapeutic use; None where one of them has no report."""
        sides = [cohort & condition("use_strict" if strict else "use", use) for use in ("cosmetic", "therapeutic")]
        try:
            counts = self.counts(name, *sides, duplicates=AS_SAID)
        except CohortError:
            return None
        return self._scores(counts, self._bins[name]).table()

    def _caveats(
        self, asked: Asked, counts: Counts, cohort: Cohort | str | None, drug_level: DrugLevel
    ) -> list[str] | None:
        """Where the bias checks fire; None where counting is left to the engine."""
        if self.arrays is None:
            return None
        meant, scope, table = _cohort(cohort) or EVERYTHING, self._scope(asked), counts.table
        found = caveats_of(self.arrays, asked, table, scope=scope, cohort=meant, drug_level=drug_level)
        hidden = masking_caveats(self.arrays, asked, table, scope=scope, cohort=meant, drug_level=drug_level)
        return ["; ".join(text for text in both if text) for both in zip(found, hidden, strict=True)]

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


def _noted(scores: Scores, notes: Sequence[str]) -> Scores:
    """Scores with more to be said of all of them."""
    return replace(scores, about=replace(scores.about, notes=(*scores.about.notes, *notes)))


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
    return Reports(open_derived(path, engine=engine), fast=engine == EMBEDDED)


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
    return (*notes, *told_of_systems(sources, [None]))
