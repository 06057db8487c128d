"""Which drugs and which events stand in which report, as numbers that can be counted in one pass?

Made from the store once for each state of it and level of drug names, kept under `incidence/` of the store's folder,
mapped into memory when asked for. Reports are the current ones, numbered in the order of their keys; names are numbered
in the order of their texts, so that counts come out sorted. Building holds the rows of some reports at a time.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from primum.cases.linked import links_hash
from primum.counts.cohort import EVERYTHING, Cohort
from primum.counts.kernel import Codes, Joined, Lists, as_lists, code_type, held_in, joined, joined_size
from primum.counts.masks import mask_of
from primum.counts.members import Scope, as_written, with_role
from primum.counts.parts import Draft, Part, PartFolder
from primum.counts.people import (
    build_aside,
    build_drug_rows,
    build_indications,
    build_people,
    build_senders,
    build_uses,
    build_uses_strict,
    counted_codes,
)
from primum.counts.recent import Recent
from primum.counts.told import Told, build_told, told_of
from primum.counts.words import Words, words_of
from primum.store import schema
from primum.terms import BoolArray, IntArray, StrArray
from primum.vocab.reactions import pooled

if TYPE_CHECKING:
    import ibis

    from primum.store import Store

DrugLevel = Literal["verbatim", "product", "substance", "treatment"]
VERSION: Final = "incidence-2"
"""Form and meaning of the arrays; raise it when either changes."""
FOLDER: Final = "incidence"
REPORTS_AT_ONCE: Final = 2_000_000
MASKS_KEPT: Final = 16
OF_DRUGS_KEPT: Final = 8
FEW: Final = 16  # up to 1/16 of all reports are looked up one by one
FEW_OF_A_MASK: Final = 64  # likewise of those in a mask, which is read anyway: words are as quick from 1 % on


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """The events of the reports, both ways.

    Args:
        names: of the events, in the order of their texts.
        of_report: events of each report.
        reports: reports of each event.
        words: events of each report in another form, for counting those of many reports.
    """

    names: StrArray
    of_report: Lists
    reports: Lists
    words: Words

    def margins(self, mask: BoolArray | None = None) -> IntArray:
        """How many reports of a mask hold each event; of all reports without a mask.

        Numerics:
            Of a mask and its complement the smaller is counted; the other follows by subtraction, exactly.
        """
        if mask is None:
            return self.reports.sizes
        inside = int(np.count_nonzero(mask))
        if 2 * inside > len(mask):
            return self.reports.sizes - self.margins(~mask)
        return self.words.count(mask) if FEW_OF_A_MASK * inside > len(mask) else self.counts(np.flatnonzero(mask))

    def counts(self, reports: Codes) -> IntArray:
        """How many of some reports hold each event."""
        if FEW * len(reports) <= len(self.of_report):
            return self.of_report.tally(reports, len(self.names))
        mask = np.zeros(len(self.of_report), dtype=bool)
        mask[reports] = True
        return self.words.count(mask)


@dataclass(frozen=True, slots=True, eq=False)
class Drugs:
    """The drugs of the reports at one level of names, in the roles that count.

    Args:
        part: name of the arrays; it tells the level and the roles.
        names: of the drugs, in the order of their texts.
        of_report: drugs of each report.
        joined: reports of each drug with their events.
        treated_as: treatment and drug of each list of `treated`.
        treated: reports that hold a drug under a name that a treatment's table mapped.
    """

    part: str
    names: StrArray
    of_report: Lists
    joined: Joined
    treated_as: tuple[tuple[str, int], ...]
    treated: Lists

    def margins(self, mask: BoolArray | None = None) -> IntArray:
        """How many reports of a mask hold each drug; of all reports without a mask."""
        return self.reports.sizes if mask is None else held_in(self.reports, mask)

    @property
    def reports(self) -> Lists:
        """Reports of each drug."""
        return self.joined.reports

    def of_treatment(self, treatment: str) -> list[tuple[int, Codes]]:
        """Drugs that a treatment's table mapped, each with its reports."""
        return [(drug, self.treated.of(i)) for i, (name, drug) in enumerate(self.treated_as) if name == treatment]


@dataclass(slots=True, eq=False)
class Incidence:
    """The arrays of one state of a store; parts are read or built when they are first asked for.

    Args:
        store: the store they are made from.
        folder: where parts are kept.
    """

    store: Store
    folder: PartFolder
    _parts: dict[str, Part] = field(default_factory=dict)
    _drugs: dict[tuple[str, tuple[str, ...] | None], Drugs] = field(default_factory=dict)
    _events: Events | None = None
    _masks: Recent[BoolArray] = field(default_factory=lambda: Recent(MASKS_KEPT))
    _sizes: Recent[int] = field(default_factory=lambda: Recent(MASKS_KEPT))
    _event_margins: Recent[IntArray] = field(default_factory=lambda: Recent(MASKS_KEPT))
    _of_drugs: Recent[Part] = field(default_factory=lambda: Recent(OF_DRUGS_KEPT))
    _column_counts: Recent[IntArray] = field(default_factory=lambda: Recent(MASKS_KEPT))
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def seen_by(self, store: Store) -> Incidence:
        """The same arrays for another connection to the same state of the store: what one reads, all have."""
        return replace(self, store=store)

    @property
    def report_keys(self) -> IntArray:
        """Keys of the current reports, rising; a report's number is its place here."""
        return self._part("reports", self._build_reports).arrays["report_key"]

    @property
    def total(self) -> int:
        """Current reports."""
        return len(self.report_keys)

    def events(self) -> Events:
        """Events of the reports."""
        if self._events is None:
            part = self._part("events", self._build_events)
            names = part.names["event"]
            first, more, owner = (part.arrays[f"words_{name}"] for name in ("first", "more", "owner"))
            words = Words(first, more, owner, len(names))
            self._events = Events(_texts(names), _lists(part, "of_report"), _lists(part, "reports"), words)
        return self._events

    def drugs(self, level: DrugLevel, roles: tuple[str, ...] | None = None) -> Drugs:
        """Drugs of the reports.

        Args:
            level: names that a drug has.
            roles: in which it counts; None: those that are exposures.
        """
        if (level, roles) not in self._drugs:
            name = "-".join(["drugs", level, *(roles or ())])
            part = self._part(name, lambda draft: self._build_drugs(draft, level, roles))
            reports = _lists(part, "reports")
            held = Joined(reports, part.arrays["sizes"], _lists(part, "joined"))
            treated_as = zip(part.names["treatment"], part.arrays["treated_drug"].tolist(), strict=True)
            self._drugs[level, roles] = Drugs(
                name,
                _texts(part.names["drug"]),
                _lists(part, "of_report"),
                held,
                tuple(treated_as),
                _lists(part, "treated"),
            )
        return self._drugs[level, roles]

    def drug_names(self, level: DrugLevel) -> list[str] | None:
        """Every drug name of a level; None where nothing is kept in files and the engine finds one name sooner."""
        if self.folder.path is None:
            return None
        name = f"drugs-{level}"
        if name not in self._parts and (found := self.folder.there(name)) is not None:
            self._parts[name] = found
        if name in self._parts:
            return self._parts[name].names["drug"]
        return self._part(f"names-{level}", lambda draft: self._build_names(draft, level)).names["drug"]

    def mask(self, cohort: Cohort, scope: Scope) -> BoolArray:
        """Which reports are in a cohort; the last few cohorts asked for are remembered."""
        key = _key(cohort, scope)
        return self._masks.get(key, lambda: mask_of(cohort, self, scope))

    def size(self, cohort: Cohort, scope: Scope) -> int:
        """How many reports are in a cohort; remembered as masks are."""
        return self._sizes.get(_key(cohort, scope), lambda: int(np.count_nonzero(self.mask(cohort, scope))))

    def event_margins(self, cohort: Cohort, scope: Scope) -> IntArray:
        """How many reports of a cohort hold each event; remembered as masks are."""
        key = _key(cohort, scope)

        def counted() -> IntArray:
            return self.events().margins(None if cohort == EVERYTHING else self.mask(cohort, scope))

        return self._event_margins.get(key, counted)

    def at_keys(self, keys: IntArray) -> BoolArray:
        """Which reports have these keys, which must be those of current reports."""
        inside = np.zeros(self.total, dtype=bool)
        inside[np.searchsorted(self.report_keys, np.sort(keys.astype(np.int64)))] = True
        return inside

    def column_counts(self, name: str) -> IntArray:
        """How many reports have each code of a column of `people`."""
        return self._column_counts.get(name, lambda: counted_codes(self.people(), name))

    def people(self) -> Part:
        """What each report says of its person and source, see `primum.counts.people`."""
        return self.part("people")

    def of_drug(self, what: str, drug: Hashable, compute: Callable[[], Part]) -> Part:
        """What is known of the reports of a drug; remembered of the last few, since one is asked about many times.

        Args:
            what: is known.
            drug: tells it from others.
            compute: finds it out.
        """
        return self._of_drugs.get((what, drug), compute)

    def told(self, treatment: str) -> Told:
        """What each report of a treatment tells, see `primum.counts.told`."""
        build = partial(build_told, self.store, treatment=treatment, keys=self.report_keys)
        return told_of(self._part(f"told-{treatment}", build))

    def part(self, name: str) -> Part:
        """A part of `primum.counts.people`: `people`, `drug-rows`, `indications`, `uses(-strict)` or `senders`."""
        build = {
            "people": build_people,
            "drug-rows": build_drug_rows,
            "indications": build_indications,
            "uses": build_uses,
            "uses-strict": build_uses_strict,
            "senders": build_senders,
        }[name]
        return self._part(name, lambda draft: build(self.store, draft, list(self._some_keys())))

    def aside(self, method: str) -> Codes | None:
        """Reports for which another speaks, by the links of a method; None where the store was not linked by it."""
        links = links_hash(self.store, method)
        if links is None:
            return None
        name = f"aside-{method}-{links[:16]}"  # links can be made again without a load
        part = self._part(name, lambda draft: build_aside(self.store, draft, method, self.report_keys))
        return part.arrays["reports"]

    def _part(self, name: str, build: Any) -> Part:
        if name not in self._parts:
            with self._lock:  # of two who want a part one builds it; to build one, another can be needed
                if name not in self._parts:
                    self._parts[name] = self.folder.get(name, build)
        return self._parts[name]

    # --- building ---

    def _build_reports(self, draft: Draft) -> None:
        current = schema.table("current_reports")
        keys = current.filter(current.current).semi_join(schema.table("reports"), "report_key")
        draft.keep("report_key", np.sort(self.store.engine.run(keys.select("report_key"))["report_key"].astype(int)))

    def _build_events(self, draft: Draft) -> None:
        engine, reactions = self.store.engine, schema.table("reactions")
        named = reactions.filter(reactions.term.notnull()).select("term", event=pooled(reactions.term)).distinct()
        found = engine.run(named.order_by("event", "term"))
        names, code = _numbered(found["event"])
        draft.names["event"] = names
        try:
            coded = engine.stage("event_codes", {"term": found["term"], "code": code})
            rows = reactions.join(coded, "term").select("report_key", "code")
            of_report = self._lists_of(draft, rows, width=len(names))
        finally:
            engine.unstage("event_codes")
        _keep_lists(draft, "reports", of_report.inverted(len(names)))
        words_of(of_report, width=len(names), new=draft.new)

    def _build_names(self, draft: Draft, level: DrugLevel) -> None:
        called = named_keys(level).name
        names = called.as_table().filter(called.notnull()).distinct()
        draft.names["drug"] = self.store.engine.run(names.order_by("name"))["name"].tolist()

    def _build_drugs(self, draft: Draft, level: DrugLevel, roles: tuple[str, ...] | None) -> None:
        engine = self.store.engine
        names_of_keys = named_keys(level)
        found = engine.run(names_of_keys.filter(names_of_keys.name.notnull()).order_by("name", "name_key"))
        names, code = _numbered(found["name"])
        treatments = sorted({name for name in found["treatment"].tolist() if name is not None})
        place = {None: -1, **{name: i for i, name in enumerate(treatments)}}
        treated = np.array([place[name] for name in found["treatment"].tolist()], dtype=np.int64)
        draft.names["drug"] = names
        held: list[tuple[IntArray, IntArray, IntArray]] = []
        try:
            columns = {"name_key": found["name_key"].astype(np.int64), "code": code, "treated": treated}
            coded = engine.stage("drug_codes", columns)
            rows = _drug_rows(coded, Scope({}, roles=roles))
            of_report = self._lists_of(draft, rows, width=len(names), treated=held)
        finally:
            engine.unstage("drug_codes")
        _keep_treated(draft, held, treatments, width=len(names), reports=self.total)
        reports = _keep_lists(draft, "reports", of_report.inverted(len(names)))
        events = self.events().of_report
        laid_out = draft.new("joined_values", joined_size(reports, events), events.values.dtype)
        made = joined(reports, events, events=laid_out)
        draft.keep("sizes", made.sizes)
        draft.keep("joined_start", made.events.start)

    def _lists_of(
        self,
        draft: Draft,
        rows: ibis.Table,
        *,
        width: int,
        treated: list[tuple[IntArray, IntArray, IntArray]] | None = None,
    ) -> Lists:
        """The codes of each report from rows `report_key, code`, the rows of some reports at a time."""
        values: list[Codes] = [np.zeros(0, dtype=code_type(width))]
        sizes = [np.zeros(0, dtype=np.int64)]
        for first, keys in self._some_keys():
            wanted = rows.filter(rows.report_key.between(int(keys[0]), int(keys[-1])))
            found = {name: column.astype(np.int64) for name, column in self.store.engine.run(wanted).items()}
            place = np.searchsorted(keys, found["report_key"])
            current = keys[np.minimum(place, len(keys) - 1)] == found["report_key"]
            place, code = place[current], found["code"][current]
            if treated is not None:
                told = found["treated"][current]
                mine = told >= 0
                treated.append((told[mine], code[mine], place[mine] + first))
            some = as_lists(place, code, owners=len(keys), width=width)
            values.append(some.values)
            sizes.append(some.sizes)
        start = np.zeros(self.total + 1, dtype=np.int64)
        np.cumsum(np.concatenate(sizes), out=start[1:])
        return _keep_lists(draft, "of_report", Lists(start, np.concatenate(values)))

    def _some_keys(self) -> Iterator[tuple[int, IntArray]]:
        keys = self.report_keys
        for first in range(0, len(keys), REPORTS_AT_ONCE):
            yield first, np.asarray(keys[first : first + REPORTS_AT_ONCE])


def _key(cohort: Cohort, scope: Scope) -> Hashable:
    """The text of a cohort, and what else its scope says."""
    return (str(cohort), scope.treatment, scope.roles, scope.product)


def open_incidence(store: Store, *, keep: bool = True) -> Incidence:
    """The arrays of a store as it is now; those of an older state are taken away.

    Args:
        store: an open store.
        keep: keep what is built in files beside the store; without it, or where the folder cannot be written, the
            arrays stay in memory and the log says so.
    """
    if not keep or not store.folder.is_dir():
        return Incidence(store, PartFolder(None))
    state = f"{VERSION}\n{store.snapshot()}\n{store.derivation()}"
    folder = PartFolder(store.folder / FOLDER / hashlib.sha256(state.encode()).hexdigest()[:32])
    if folder.path is not None and not folder.path.is_dir():
        folder.sweep()
    return Incidence(store, folder)


def named_keys(level: DrugLevel) -> ibis.Table:
    """Each name of `drug_names` as it is called at a level: `name_key, name, treatment`."""
    import ibis

    names, substances = schema.table("drug_names"), schema.table("drug_substances")
    both = names.join(substances, "name_key")
    called = {
        "verbatim": lambda: as_written(both.drugname),
        "product": lambda: ibis.coalesce(both["product"], both.substance),
        "substance": lambda: both.substance,
        "treatment": lambda: ibis.coalesce(both.treatment, both.substance),
    }[level]()
    return both.select("name_key", name=called, treatment=both.treatment).distinct()


def _drug_rows(coded: ibis.Table, scope: Scope) -> ibis.Table:
    """Drug rows in the roles that count, with the code and the treatment of each name they have."""
    rows, names = with_role(schema.table("drugs_in_report"), scope), schema.table("drug_names")
    same = [rows.drugname.identical_to(names.drugname), rows.active_ingredient.identical_to(names.active_ingredient)]
    keyed = rows.join(names, same).select("report_key", names.name_key)
    return keyed.join(coded, "name_key").select("report_key", "code", "treated")


def _numbered(sorted_names: StrArray) -> tuple[list[str], IntArray]:
    """Distinct names of a sorted column, and the number of each row's name."""
    names: list[str] = []
    numbers: list[int] = []
    for name in sorted_names.tolist():
        if not names or name != names[-1]:
            names.append(name)
        numbers.append(len(names) - 1)
    return names, np.array(numbers, dtype=np.int64)


def _keep_treated(
    draft: Draft, held: list[tuple[IntArray, IntArray, IntArray]], treatments: list[str], *, width: int, reports: int
) -> None:
    """The reports of each drug that a treatment's table mapped."""
    none = np.zeros(0, dtype=np.int64)
    treated, code, place = (
        (np.concatenate([none, *column]) for column in zip(*held, strict=True)) if held else (none,) * 3
    )
    kinds, which = np.unique(treated * width + code, return_inverse=True)
    draft.names["treatment"] = [treatments[kind // max(width, 1)] for kind in kinds.tolist()]
    draft.keep("treated_drug", kinds % max(width, 1))
    lists = as_lists(which, place, owners=len(kinds), width=max(reports, 2**16 + 1))
    _keep_lists(draft, "treated", lists)


def _keep_lists(draft: Draft, name: str, lists: Lists) -> Lists:
    return Lists(draft.keep(f"{name}_start", lists.start), draft.keep(f"{name}_values", lists.values))


def _lists(part: Part, name: str) -> Lists:
    return Lists(part.arrays[f"{name}_start"], part.arrays[f"{name}_values"])


def _texts(names: list[str]) -> StrArray:
    made = np.empty(len(names), dtype=object)
    made[:] = names
    return made
