"""What do the loaded reports say? Open a store, ask for signals, ask what is known of a treatment.

Reports are counts of what somebody wrote to a regulator. They are never a rate: nobody knows how many people were
treated, and most harm is never reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from primum.cases.linked import OFF
from primum.counts.by_arrays import Asked
from primum.counts.case_list import ListedCase, case_list
from primum.counts.cohort import EVERYTHING, AllOf, Cohort, all_of, condition
from primum.counts.contingency import DRUG_LEVELS, Counts, count_with_cells
from primum.counts.fields import UseRuleSet
from primum.counts.flow import FlowStep, flow
from primum.counts.incidence import DrugLevel, Incidence, open_incidence
from primum.counts.members import Scope
from primum.counts.onset_days import onset_days
from primum.counts.profile import last_quarter, name_coverage, tallies, use_changes
from primum.counts.stratified import count_stratified, count_two_stratified
from primum.counts.table import CountTable
from primum.counts.told import tallies_of, use_changes_of
from primum.errors import CohortError, StoreError, UnknownNameError
from primum.loading.derive import EMBEDDED, open_derived
from primum.signals.caveats import one_text
from primum.signals.onset import onset
from primum.signals.table import DEFAULT_METHODS, Scores, SignalTable, needs_cells
from primum.store import Store
from primum.study.controls import ControlAnswer, against_comparator, negative_control
from primum.study.in_roles import in_roles
from primum.study.loaded_answer import OnsetOfUse, ReactionCount, ReportsAnswer, notes_of, top_reactions
from primum.study.loaded_pictures import components_by_use, over_time
from primum.study.question import AS_SAID, STRICT_NOTE, Meant, Question, Reader, as_cohort
from primum.study.scored import (
    UNCHECKED,
    StratifiedScores,
    caveats_of_rows,
    check_methods,
    has_caveats,
    noted,
    rows_with_caveats,
    scored,
    scored_by_strata,
)
from primum.terms import Coded, IntArray
from primum.treatments.controls import NEGATIVE, Control
from primum.treatments.vocabulary import treatment_named

if TYPE_CHECKING:
    from primum.store.status import Status

__all__ = [
    "STRICT_NOTE",
    "OnsetOfUse",
    "Question",
    "ReactionCount",
    "Reports",
    "ReportsAnswer",
    "StratifiedScores",
    "drug_level_named",
    "open",
]


class Reports:
    """The loaded reports; a context manager that closes the store.

    Args:
        store: an open store.
        fast: count from the incidence arrays, built where they are missing; without it, on the engine alone.
        arrays: those of another reader of the same store, to be shared with it.
    """

    def __init__(self, store: Store, *, fast: bool = True, arrays: Incidence | None = None) -> None:
        self.store = store
        self._reader = Reader(store, fast=fast, arrays=arrays)

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
        return self._reader.arrays

    def needed_arrays(self) -> Incidence:
        """The incidence arrays, for what is counted from them alone.

        Raises:
            StoreError: counting is left to the engine.
        """
        if self.arrays is None:
            what = "this is counted from the arrays beside a store of this machine, and they are switched off"
            raise StoreError.of(str(self.store.folder), what, "Leave the engine out; in Python, open it fast.")
        return self.arrays

    def meant(self, question: Question) -> Meant:
        """What a question means in this store: the drug, cohorts with how duplicates are treated, what to say of it.

        Raises:
            UnknownNameError, CohortError, LinkError: as in `signals`.
        """
        return self._reader.meant(question)

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
            drug_level: as in `Question`, like `use_rules` and `duplicates`.
            methods: statistics to compute, see `primum.signals.table`.
            use_rules: `all` or `strict`.
            duplicates: `off`, `exact` or `probabilistic`; None for the best links there are.

        Raises:
            UnknownNameError: no treatment and no drug of that name; the nearest are named.
            CohortError: a text that cannot be read, a cohort without a report, or two cohorts that share reports.
            LinkError: duplicates by a method that the store was not linked by.
        """
        return self.scores(Question(what, cohort, versus, drug_level, use_rules, duplicates), methods=methods).table()

    def scores(self, question: Question, *, methods: Sequence[str] = DEFAULT_METHODS, caveats: bool = True) -> Scores:
        """What `signals` answers, of which rows are spelt out when they are asked for; for tables of every pair.

        Without `caveats`, no reports are looked at for bias: `rows` does that for those that somebody sees.
        """
        meant = self._reader.meant(question)
        check_methods(methods, meant, self.arrays)
        counts = self._counts(meant, cells=needs_cells(methods))
        later = has_caveats(meant) and not caveats
        told = one_text("", len(counts.table)) if later else self._caveats(counts.table, meant)
        unchecked = () if self.arrays is not None and has_caveats(meant) else (UNCHECKED,)
        found = scored(self.store, counts, meant.bin_of, methods=methods, caveats=told)
        return noted(found, (*meant.notes, *unchecked))

    def rows(self, question: Question, scores: Scores, places: IntArray) -> SignalTable:
        """Rows of scores without caveats, spelt out with theirs.

        Args:
            question: that the scores answer.
            scores: as `scores` gave them.
            places: of the rows.
        """
        meant = self._reader.meant(question)
        if not has_caveats(meant):
            return scores.table(places)
        return rows_with_caveats(scores, places, self._caveats(scores.counts.take(places), meant))

    def _caveats(self, table: CountTable, meant: Meant) -> Coded:
        return caveats_of_rows(self.arrays, table, meant, meant.cohort)

    def stratified(
        self, question: Question, *, by: Sequence[str], methods: Sequence[str] = DEFAULT_METHODS
    ) -> StratifiedScores:
        """What `scores` answers within strata, and for one drug the counts in each of them.

        The expectation is that of the strata, and the columns `mh_ror`, `mh_ror_lower` and `mh_ror_upper` hold the
        odds ratio pooled over them, for one drug beside `p_heterogeneity`: whether it is the same in all of them. Two
        cohorts, such as two uses of a drug, are compared among people alike in both.

        Args:
            question: what is asked.
            by: what strata are made of: `sex`, `age`, `year` or `reporter`.
            methods: statistics to compute.

        Raises:
            CohortError: as in `signals`, or a comparator without a report in a stratum.
        """
        meant = self._reader.meant(question)
        arrays = self.arrays or open_incidence(self.store, keep=False)
        if meant.versus is not None:
            found = count_two_stratified(
                arrays, meant.asked, by, scope=meant.scope, cohort=meant.cohort, versus=meant.versus
            )
        else:
            found = count_stratified(
                arrays,
                meant.asked,
                by,
                scope=meant.scope,
                cohort=meant.cohort,
                drug_level=meant.drug_level,
                cells=needs_cells(methods),
            )
        return scored_by_strata(self.store, found, meant, by=by, methods=methods, arrays=arrays)

    def counts(self, question: Question, *, cells: bool = True) -> Counts:
        """Counts of distinct reports; `cells` where those of a prior are wanted."""
        return self._counts(self._reader.meant(question), cells=cells)

    def _counts(self, meant: Meant, *, cells: bool) -> Counts:
        return count_with_cells(
            self.store,
            meant.asked,
            scope=meant.scope,
            cohort=meant.cohort,
            versus=meant.versus,
            drug_level=meant.drug_level,
            arrays=self.arrays,
            cells=cells,
        )

    def asked(self, what: str, *, drug_level: DrugLevel = "substance") -> tuple[Asked | None, Scope]:
        """What a name means in this store, and the bins that its terms lie in; None for every drug.

        Raises:
            UnknownNameError: no treatment and no drug of that name; the nearest are named.
        """
        found = self._reader.asked(what, drug_level)
        return found, self._reader.scope(found)

    @staticmethod
    def cohort(given: Cohort | str) -> Cohort:
        """A cohort, or its text read.

        Raises:
            CohortError: a text that cannot be read.
        """
        return as_cohort(given) or EVERYTHING

    def flow(
        self,
        what: str = "",
        cohort: Cohort | str | None = None,
        *,
        use_rules: UseRuleSet = "all",
        duplicates: str | None = None,
    ) -> tuple[FlowStep, ...]:
        """How the lines of the files come down to the reports of a cohort; arguments as in `signals`."""
        meant = self._reader.meant(Question(what, cohort, use_rules=use_rules, duplicates=duplicates))
        return flow(self.store, meant.asked, meant.cohort, meant.scope, arrays=self.arrays)

    def cases(
        self, what: str = "", cohort: Cohort | str | None = None, *, duplicates: str | None = None, most: int = 50
    ) -> tuple[int, tuple[ListedCase, ...]]:
        """How many reports of a cohort hold a drug, and the last loaded of them; arguments as in `signals`.

        Raises:
            UnknownNameError: no treatment and no drug of that name.
            CohortError: as in `signals`.
        """
        meant = self._reader.meant(Question(what, cohort, duplicates=duplicates))
        arrays = self.arrays or open_incidence(self.store, keep=False)
        return case_list(self.store, arrays, meant.asked, cohort=meant.cohort, scope=meant.scope, most=most)

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
        meant = self._reader.meant(Question(what, cohort, use_rules=use_rules, duplicates=duplicates))
        if meant.asked is None:
            raise UnknownNameError.of("drug or treatment", what, self._reader.bins)
        column = "use_strict" if use_rules == "strict" else "use"
        found = onset_days(self.store, meant.asked, meant.cohort, meant.scope, use_column=column, arrays=self.arrays)
        return tuple(OnsetOfUse(one.use, onset(one.days), tuple(one.days.tolist()), one.reports) for one in found)

    def answer(
        self,
        treatment: str,
        cohort: Cohort | str | None = None,
        *,
        use_rules: UseRuleSet = "all",
        duplicates: str | None = None,
        controls: Sequence[Control] = (),
    ) -> ReportsAnswer:
        """What the loaded reports of a cohort say of a treatment.

        Args:
            treatment: its id or an alias.
            cohort: which reports, as a cohort or its text; None for all.
            use_rules: `strict` tells every use by strong rules alone.
            duplicates: as in `signals`.
            controls: of the treatment, to be counted too.

        Raises:
            UnknownNameError: no such treatment.
            CohortError: a text that cannot be read.
            LinkError: duplicates by a method that the store was not linked by.
        """
        name = treatment_named(treatment)
        if name is None:
            raise UnknownNameError.of("treatment", treatment, self._reader.bins)
        strict = use_rules == "strict"
        meant = self._reader.meant(Question(name, cohort, use_rules=use_rules, duplicates=duplicates))
        within, scope, bins = meant.cohort, meant.scope, self._reader.bins[name]
        if self.arrays is None:
            counted = tallies(self.store, name, within, scope, strict=strict)
            changes = use_changes(self.store, name, within, scope)
            told = None
        else:
            told = self.arrays.told(name).among(self.arrays.mask(within, scope))
            counted = tallies_of(told, self.arrays.events(), strict=strict)
            changes = use_changes_of(told)
        total = sum(tally.reports for tally in counted["total"])
        synthetic = self.store.synthetic()
        said = [synthetic, *notes_of(counted), meant.used.note, STRICT_NOTE if strict else ""]
        signals = self._against_all(name, within) if total else None
        return ReportsAnswer(
            treatment=name,
            cohort=str(within),
            snapshot=self.store.snapshot(),
            data_cut=last_quarter(self.store),
            reports=total,
            flow=flow(self.store, meant.asked, within, scope, arrays=self.arrays),
            tallies=counted,
            reactions=top_reactions(counted["reaction"], bins),
            names=name_coverage(self.store),
            signals=signals,
            contrast=self._by_use(name, within, strict=strict) if total else None,
            notes=tuple(note for note in said if note),
            use_rules=use_rules,
            use_changes=changes,
            onsets=self.onsets(name, within, use_rules=use_rules),
            duplicates=meant.used,
            synthetic=synthetic,
            by_use=None if signals is None else components_by_use(signals, counted["reaction"], counted["total"]),
            over_time=None
            if told is None or signals is None or self.arrays is None
            else over_time(self.arrays, told.reports, signals),
            unlinked=None if signals is None else self._unlinked(name, within),
            in_roles=()
            if signals is None or self.arrays is None
            else in_roles(self.arrays, name, within, scope, meant.bin_of),
            controls=() if signals is None else self._controls(controls, signals, meant, use_rules=use_rules),
        )

    def _controls(
        self, controls: Sequence[Control], signals: SignalTable, meant: Meant, *, use_rules: UseRuleSet
    ) -> tuple[ControlAnswer, ...]:
        """Each control with what the reports say of it; the treatment is the one that was asked for."""
        assert meant.asked is not None
        return tuple(
            negative_control(one, signals, self.arrays, meant.cohort, meant.scope)
            if one.kind == NEGATIVE
            else against_comparator(one, self, meant.asked.name, meant.cohort, use_rules=use_rules)
            for one in controls
        )

    def _against_all(self, name: str, cohort: Cohort) -> SignalTable | None:
        """The whole treatment against everything else; None where it has no reaction, or nothing else is loaded."""
        found = self._of_treatment(Question(name, cohort, drug_level="treatment", duplicates=AS_SAID))
        if found is None or found.counts.total_reports == int(found.counts.drug_reports.max(initial=0)):
            return None
        return found.table()

    def _unlinked(self, name: str, cohort: Cohort) -> SignalTable | None:
        """The whole treatment with what links set aside; None where the cohort sets nothing aside."""
        parts = cohort.parts if isinstance(cohort, AllOf) else (cohort,)
        others = [part for part in parts if part.fields != {"duplicates"}]
        if len(others) == len(parts):
            return None
        question = Question(name, all_of(*others), drug_level="treatment", duplicates=OFF)
        found = self._of_treatment(question, methods=("ic",))
        return None if found is None else found.table()

    def _by_use(self, name: str, cohort: Cohort, *, strict: bool) -> SignalTable | None:
        """Cosmetic against therapeutic use; None where one of them has no report."""
        ours, theirs = (
            cohort & condition("use_strict" if strict else "use", use) for use in ("cosmetic", "therapeutic")
        )
        found = self._of_treatment(Question(name, ours, theirs, duplicates=AS_SAID))
        return None if found is None else found.table()

    def _of_treatment(self, question: Question, *, methods: Sequence[str] = DEFAULT_METHODS) -> Scores | None:
        """The statistics of a treatment; None where there is nothing to count."""
        try:
            return self.scores(question, methods=methods)
        except CohortError:
            return None


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
