"""Which drugs and which events stand in which report, as numbers that can be counted in one pass?

Made from the store once for each state of it and level of drug names, kept under `incidence/` of the store's folder,
mapped into memory when asked for. Reports are the current ones, numbered in the order of their keys; names are numbered
in the order of their texts, so that counts come out sorted. Building holds the rows of some reports at a time.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from primum.cases.linked import OFF, links_hash
from primum.counts.coded import coded_drugs, coded_events, named_keys
from primum.counts.cohort import EVERYTHING, Cohort, condition
from primum.counts.holdings import Drugs, Events
from primum.counts.kernel import Codes, Joined, Lists, as_lists, code_type, joined, joined_size
from primum.counts.masks import mask_of
from primum.counts.members import Scope
from primum.counts.name_onsets import build_onsets
from primum.counts.parts import Draft, Part, PartFolder
from primum.counts.people import (
    build_aside,
    build_drug_rows,
    build_indications,
    build_people,
    build_senders,
    build_treated,
    build_uses,
    build_uses_strict,
    counted_codes,
)
from primum.counts.person_cells import build_cells, margins_of, of_persons
from primum.counts.recent import Recent
from primum.counts.told import Told, build_told, told_of
from primum.counts.words import Words, words_of
from primum.store import schema
from primum.terms import BoolArray, IntArray

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
    _locks: dict[str, threading.RLock] = field(default_factory=dict)

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
            first, more, owner = (part.arrays[f"words_{name}"] for name in ("first", "more", "owner"))
            words = Words(first, more, owner, len(part.names["event"]))
            self._events = Events(part.texts("event"), part.lists("of_report"), part.lists("reports"), words)
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
            reports = part.lists("reports")
            held = Joined(reports, part.arrays["sizes"], part.lists("joined"))
            treated_as = zip(part.names["treatment"], part.arrays["treated_drug"].tolist(), strict=True)
            self._drugs[level, roles] = Drugs(
                name,
                part.texts("drug"),
                part.lists("of_report"),
                held,
                tuple(treated_as),
                part.lists("treated"),
            )
        return self._drugs[level, roles]

    def drug_names(self, level: DrugLevel) -> list[str] | None:
        """Every drug name of a level; None where nothing is kept in files and the engine finds one name sooner."""
        if self.folder.path is None:
            return None
        if (found := self._there(f"drugs-{level}")) is not None:
            return found.names["drug"]
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
            if (of_cells := self._margins_of_persons(cohort, scope)) is not None:
                return of_cells
            return self.events().margins(None if cohort == EVERYTHING else self.mask(cohort, scope))

        return self._event_margins.get(key, counted)

    def _margins_of_persons(self, cohort: Cohort, scope: Scope) -> IntArray | None:
        """The same of a cohort of sex and age, from cells where they are laid out."""
        asked = of_persons(cohort)
        cells = None if asked is None else self._there(self._by_links("cells", asked[1]))
        if asked is None or cells is None:
            return None
        inside = self.of_people(cells).mask(asked[0], scope)
        return margins_of(cells, inside, width=len(self.events().names))

    def lay_out_cells(self, method: str) -> None:
        """Read or build the counts of cohorts of sex and age, see `primum.counts.person_cells`.

        Nobody who asks about one cohort waits for them.

        Args:
            method: how duplicates are treated, by links that the store has.
        """
        if (name := self._by_links("cells", method)) is not None:
            kept = mask_of(condition("duplicates", method), self, Scope({}))
            self._part(name, lambda draft: build_cells(draft, self.people(), self.events(), kept))

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

    def of_people(self, people: Part) -> Incidence:
        """Some persons as if they were all reports, for conditions that `masks.told_by_people`."""
        number = Part({"report_key": np.arange(len(people.arrays["sex"]))}, {})
        return Incidence(self.store, PartFolder(None), {"people": people, "reports": number})

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

    def roles(self, treatment: str) -> Part:
        """In which roles the reports name a treatment, see `primum.counts.people.build_treated`."""
        build = partial(build_treated, self.store, treatment=treatment, keys=self.report_keys)
        return self._part(f"roles-{treatment}", build)

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

    def onsets(self) -> Part | None:
        """What is known of the onset of every drug name, see `primum.counts.name_onsets`; None until it is laid out.

        It takes much longer than to ask the engine about one drug, so nobody who asks about one waits for it.
        """
        return self._there("onsets")

    def lay_out_onsets(self) -> None:
        """Read or build what `onsets` tells."""
        self._part("onsets", lambda draft: build_onsets(self.store, draft, list(self._some_keys())))

    def aside(self, method: str) -> Codes | None:
        """Reports for which another speaks, by the links of a method; None where the store was not linked by it."""
        name = self._by_links("aside", method)
        if name is None:
            return None
        part = self._part(name, lambda draft: build_aside(self.store, draft, method, self.report_keys))
        return part.arrays["reports"]

    def _by_links(self, what: str, method: str) -> str | None:
        """Name of a part that depends on the links of a method; None where the store was not linked by it."""
        if method == OFF:
            return f"{what}-{OFF}"
        links = links_hash(self.store, method)
        return None if links is None else f"{what}-{method}-{links[:16]}"  # they can be made again without a load

    def _there(self, name: str | None) -> Part | None:
        """A part that somebody built; None where nobody did."""
        if name is not None and name not in self._parts and (found := self.folder.there(name)) is not None:
            self._parts[name] = found
        return None if name is None else self._parts.get(name)

    def _part(self, name: str, build: Any) -> Part:
        if name not in self._parts:
            with self._locks.setdefault(name, threading.RLock()):  # of two who want a part one builds it
                if name not in self._parts:
                    self._parts[name] = self.folder.get(name, build)
        return self._parts[name]

    # --- building ---

    def _build_reports(self, draft: Draft) -> None:
        current = schema.table("current_reports")
        keys = current.filter(current.current).semi_join(schema.table("reports"), "report_key")
        draft.keep("report_key", np.sort(self.store.engine.run(keys.select("report_key"))["report_key"].astype(int)))

    def _build_events(self, draft: Draft) -> None:
        with coded_events(self.store.engine) as events:
            names = draft.names["event"] = list(events.names)
            of_report = self._lists_of(draft, events.rows, width=len(names))
        draft.keep_lists("reports", of_report.inverted(len(names)))
        words_of(of_report, width=len(names), new=draft.new)

    def _build_names(self, draft: Draft, level: DrugLevel) -> None:
        called = named_keys(level).name
        names = called.as_table().filter(called.notnull()).distinct()
        draft.names["drug"] = self.store.engine.run(names.order_by("name"))["name"].tolist()

    def _build_drugs(self, draft: Draft, level: DrugLevel, roles: tuple[str, ...] | None) -> None:
        held: list[tuple[IntArray, IntArray, IntArray]] = []
        with coded_drugs(self.store.engine, level, Scope({}, roles=roles)) as drugs:
            names, treatments = list(drugs.names), drugs.treatments
            draft.names["drug"] = names
            of_report = self._lists_of(draft, drugs.rows, width=len(names), treated=held)
        _keep_treated(draft, held, treatments, width=len(names), reports=self.total)
        reports = draft.keep_lists("reports", of_report.inverted(len(names)))
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
        return draft.keep_lists("of_report", Lists(start, np.concatenate(values)))

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


def _keep_treated(
    draft: Draft,
    held: list[tuple[IntArray, IntArray, IntArray]],
    treatments: Sequence[str],
    *,
    width: int,
    reports: int,
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
    draft.keep_lists("treated", lists)
