"""Is the store linked, by which method, from which state of it, and which reports are set aside?

Nothing is deleted: a report that is set aside has a master that is counted, and is left out only where duplicates are
to be left out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from primum.cases.link import METHODS, Method
from primum.store import schema

if TYPE_CHECKING:
    import ibis

    from primum.store import Store

OFF: Final = "off"
MODEL_FACT: Final = "link_model"
_STATE: Final = "linked_"  # fact of each method, before its name


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """From what a method's links were made, and what they came to.

    Args:
        method: exact or probabilistic.
        snapshot: hash of the store then.
        derivation: hash of its derived tables then.
        archives: SHA-256 of each archive that was loaded then, by its name and quarter.
        threshold: match probability from which a pair was a link; None for the exact rules.
        reports: current reports that were looked at.
        pairs: links.
        clusters: clusters of two reports or more.
        set_aside: reports for which another speaks.
    """

    method: Method
    snapshot: str
    derivation: str
    archives: Mapping[str, str]
    threshold: float | None
    reports: int
    pairs: int
    clusters: int
    set_aside: int

    def is_of(self, store: Store) -> bool:
        """Whether the store is as it was when the links were made."""
        return self.snapshot == store.snapshot() and self.derivation == store.derivation()

    def still_holds(self, store: Store) -> bool:
        """Whether all that was linked is still loaded as it was; else the keys may name other reports now."""
        now = archives(store)
        return all(now.get(name) == digest for name, digest in self.archives.items())


def archives(store: Store) -> dict[str, str]:
    """SHA-256 of each loaded archive, by its name and quarter."""
    rows = store.engine.read("files", "source", "quarter", "archive", "archive_sha256")
    return {f"{source} {quarter or ''} {name}": digest for source, quarter, name, digest in rows}


def link_state(store: Store, method: Method) -> LinkState | None:
    """From what a method's links were made; None where the store was never linked by it."""
    told = store.fact(_STATE + method)
    return None if told is None else LinkState(**json.loads(told))


def links_hash(store: Store, method: str) -> str | None:
    """SHA-256 of what a method's links were made from and by; None where the store was never linked by it."""
    told = store.fact(_STATE + method)
    return None if told is None else hashlib.sha256(f"{told}\n{store.fact(MODEL_FACT)}".encode()).hexdigest()


def keep_state(store: Store, state: LinkState) -> None:
    """Note from what links were made; inside the transaction that writes them."""
    store.tell_fact(_STATE + state.method, json.dumps(asdict(state), sort_keys=True))


def linked_by(store: Store) -> tuple[Method, ...]:
    """The methods whose links hold for what is loaded now."""
    states = {method: link_state(store, method) for method in METHODS}
    return tuple(method for method, state in states.items() if state is not None and state.still_holds(store))


def default_method(store: Store) -> str:
    """How duplicates are treated where nobody says: by the best method whose links hold, `off` where there is none."""
    return (OFF, *linked_by(store))[-1]


def set_aside(method: str) -> ibis.Table:
    """Reports for which another current report speaks: `report_key`."""
    links, current = schema.table("report_links"), schema.table("current_reports")
    others = links.filter(links.method == method, links.report_key != links.master)
    masters = current.filter(current.current).select(master="report_key")
    return others.semi_join(masters, "master").select("report_key")


def reports_set_aside(store: Store) -> dict[Method, int]:
    """How many current reports each method that the store was linked by sets aside; for the flow of reports."""
    current = schema.table("current_reports")
    found: dict[Method, int] = {}
    for method in linked_by(store):
        rows = set_aside(method).semi_join(current.filter(current.current), "report_key")
        found[method] = int(store.engine.rows(rows.count().as_table())[0][0])
    return found


@dataclass(frozen=True, slots=True)
class DuplicatesUsed:
    """How an answer treated reports of one event under several case numbers.

    Args:
        method: off, exact or probabilistic.
        set_aside: current reports of the store that it leaves out.
        note: one sentence for the reader.
    """

    method: str
    set_aside: int
    note: str

    def as_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def duplicates_used(store: Store, method: str, *, reports: int | None = None) -> DuplicatesUsed:
    """What an answer says of the one method it used; `reports` are those set aside, where they were counted before."""
    if method == OFF:
        return DuplicatesUsed(OFF, 0, f"Duplicates: off; {_why_off(store)}.")
    n = reports_set_aside(store)[_method(method)] if reports is None else reports
    note = f"Duplicates: {method} links; {n:,} of the store's current reports are set aside, one of each event is kept."
    return DuplicatesUsed(method, n, note + _not_linked_yet(store, method))


def as_said(store: Store, methods: Sequence[str], *, count: Callable[[str], int | None]) -> DuplicatesUsed:
    """What an answer says where the cohorts themselves name one method or more.

    Args:
        store: the loaded reports.
        methods: that the cohorts name.
        count: how many reports a method sets aside, where that is known without the engine.
    """
    if len(methods) == 1:
        return duplicates_used(store, methods[0], reports=count(methods[0]))
    note = "Duplicates: as the cohorts say."
    return DuplicatesUsed(", ".join(methods), 0, note + "".join(_not_linked_yet(store, m) for m in methods[:1]))


def why_no_links(store: Store) -> str:
    """Why no links of the store hold for what is loaded now; empty where some do."""
    return "" if linked_by(store) else _why_off(store)


def _why_off(store: Store) -> str:
    states = [state for method in METHODS if (state := link_state(store, method)) is not None]
    if not states:
        return "the reports were never linked across case numbers (primum link does it)"
    if not any(state.still_holds(store) for state in states):
        return "archives were replaced after the reports were linked (primum link does it again)"
    return "reports of one event under several case numbers are all counted"


def _not_linked_yet(store: Store, method: str) -> str:
    state = None if method == OFF else link_state(store, _method(method))
    stale = state is not None and not state.is_of(store)
    return " The store has changed since it was linked: what is new is not linked yet (primum link)." if stale else ""


def _method(name: str) -> Method:
    return next(method for method in METHODS if method == name)
