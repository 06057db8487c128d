"""In which order are reports linked, so that a kill leaves the links of before or those of after?

The features of all current reports are made in a workshop beside the store, pairs are found and weighed there, and one
transaction puts the links into the store with what they were made from. Links by the model are brought up to date where
that is possible: the model of before, the same threshold, and all that was linked still loaded as it was.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from primum.cases.link import (
    METHODS,
    PROBABILISTIC,
    THRESHOLD,
    Before,
    Linked,
    Method,
    Progress,
    link_exactly,
    link_probabilistically,
)
from primum.cases.link_exact import RULES
from primum.cases.link_features import FEATURES, KINDS, stage_features, term_counts
from primum.cases.link_model import LinkModel, comparisons, model_from_json, shipped_model
from primum.cases.link_train import calibrate, measured_u, prior_of, train
from primum.cases.linked import MODEL_FACT, LinkState, archives, keep_state, link_state
from primum.errors import LinkError
from primum.loading.workshop import workshop_of
from primum.store import Store, schema

if TYPE_CHECKING:
    from primum.store.engine import Engine

OUTGROWN: Final = 2.0  # a store so many times as large as the one a model was made on gets a new one
LOWEST: Final = 0.01  # match probability of an uncalibrated model from which pairs are looked at to calibrate it
Terms = dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class LinkRun:
    """What a run of linking did.

    Args:
        states: what each method came to.
        anew: whether the probabilistic links were sought among all reports, not only for new ones.
        model: hash of the model; empty where it was not asked for.
    """

    states: tuple[LinkState, ...]
    anew: bool
    model: str


def link_reports(
    store: Store,
    *,
    methods: Sequence[str] = METHODS,
    threshold: float = THRESHOLD,
    anew: bool = False,
    progress: Progress | None = None,
) -> LinkRun:
    """Link the current reports of a store.

    Args:
        store: open for writing, its derived tables made.
        methods: exact, probabilistic or both.
        threshold: match probability from which two reports are one event, above 0 and below 1.
        anew: measure the model again and look at all pairs, also where earlier links could be brought up to date.
        progress: told what is done now.

    Raises:
        LinkError: a method that does not exist, a threshold that is no probability, or no reports.
    """
    wanted = _methods(methods)
    if not 0 < threshold < 1:
        raise LinkError.of_threshold(threshold)
    say = progress or _say_nothing
    with workshop_of(store) as bench:
        before = None if anew else link_state(store, PROBABILISTIC)
        model, terms = _known_model(store, before) or (None, _count_terms(bench))
        say("what is compared of each report")
        reports = model.reports if model else _current_reports(bench)
        if not reports:
            raise LinkError.no_reports(str(store.folder))
        features = stage_features(bench, terms, frozen_reports=reports)
        found: dict[Method, Linked] = {}
        if "exact" in wanted:
            say("exact rules")
            found["exact"] = link_exactly(bench, features)
        extends = model is not None and before is not None and before.threshold == threshold
        if PROBABILISTIC in wanted:
            model = model or _new_model(bench, features, say)
            found[PROBABILISTIC] = link_probabilistically(
                bench, features, model, threshold=threshold, before=_before() if extends else None, progress=say
            )
        say("writing the links")
        with store.engine.transaction():
            states = tuple(_write(store, bench, m, linked, threshold) for m, linked in found.items())
            if PROBABILISTIC in found and model is not None:
                _write_model(store, features, model, terms)
    return LinkRun(states, not extends, model.digest() if model and PROBABILISTIC in found else "")


def train_model(store: Store, *, truth: Collection[tuple[int, int]], trained_on: str) -> LinkModel:
    """Estimate a model as the shipped one was: m and u from the reports alone, its calibration from planted truth.

    Args:
        store: open for writing, its derived tables made.
        truth: pairs of reports that are of one event, the smaller key first.
        trained_on: what to say the parameters come from.
    """
    with workshop_of(store) as bench:
        features = stage_features(bench, _count_terms(bench), frozen_reports=_current_reports(bench))
        model = train(bench, features, trained_on=trained_on)
        found = bench.run(link_probabilistically(bench, features, model, threshold=LOWEST).pairs)
    pairs = zip(found["left_key"].tolist(), found["right_key"].tolist(), strict=True)
    return calibrate(model, found["match_weight"], np.array([pair in truth for pair in pairs]))


def _methods(names: Sequence[str]) -> tuple[Method, ...]:
    for name in names:
        if name not in METHODS:
            raise LinkError.unknown_method(name, METHODS)
    if not names:
        raise LinkError.unknown_method("", METHODS)
    return tuple(method for method in METHODS if method in names)


def _current_reports(bench: Engine) -> int:
    current = schema.table("current_reports")
    return int(bench.rows(current.filter(current.current).count().as_table())[0][0])


def _count_terms(bench: Engine) -> Terms:
    return {kind: {str(term): int(n) for term, n in bench.rows(term_counts(kind))} for kind in KINDS}


def _known_model(store: Store, before: LinkState | None) -> tuple[LinkModel, Terms] | None:
    """The model of the links of before with its terms; None where it does not fit this store any more."""
    told = store.fact(MODEL_FACT)
    if before is None or told is None or not before.still_holds(store):
        return None
    try:
        model = model_from_json(json.loads(told))
    except ValueError:  # of another version of the comparisons
        return None
    if model.version != shipped_model().version or _current_reports(store.engine) > OUTGROWN * model.reports:
        return None
    terms: Terms = {kind: {} for kind in KINDS}
    for kind, term, reports in store.engine.read("link_terms", "kind", "term", "reports"):
        terms[kind][term] = reports
    return model, terms


def _new_model(bench: Engine, features: Any, say: Progress) -> LinkModel:
    """The shipped m with the u of this store."""
    say("how often reports agree by chance")
    shipped, reports = shipped_model(), bench.count(FEATURES)
    measured = replace(
        shipped,
        u=measured_u(bench, features, shipped.u),
        prior=prior_of(reports),
        reports=reports,
        u_from="random pairs of this store's reports",
    )
    return model_from_json(measured.as_json())  # with the digits that are stored, so that the next run weighs alike


def _before() -> Before:
    pairs = schema.table("link_pairs")
    return Before(
        schema.table("linked_reports"), pairs.filter(pairs.rule == PROBABILISTIC).select("left_key", "right_key")
    )


def _write(store: Store, bench: Engine, method: Method, linked: Linked, threshold: float) -> LinkState:
    """Put a method's links in the place of those it had."""
    engine = store.engine
    for rule in [PROBABILISTIC] if method == PROBABILISTIC else [rule.name for rule in RULES]:
        engine.delete("link_pairs", "rule", rule, rule)
    pairs = engine.insert("link_pairs", engine.workshop_table(linked.pairs).order_by("left_key", "right_key"))
    engine.delete("report_links", "method", method, method)
    keys, masters = linked.clusters.report_key, linked.clusters.master
    names, of, sizes = np.unique(masters, return_inverse=True, return_counts=True)
    if len(keys):
        engine.append(
            "report_links",
            {
                "report_key": keys,
                "method": np.full(len(keys), method, dtype=object),
                "master": masters,
                "reports": sizes[of].astype(np.int32),
            },
        )
    state = LinkState(
        method=method,
        snapshot=store.snapshot(),
        derivation=store.derivation(),
        archives=archives(store),
        threshold=threshold if method == PROBABILISTIC else None,
        reports=bench.count(FEATURES),
        pairs=pairs,
        clusters=len(names),
        set_aside=len(keys) - len(names),
    )
    keep_state(store, state)
    return state


def _write_model(store: Store, features: Any, model: LinkModel, terms: Terms) -> None:
    engine = store.engine
    store.tell_fact(MODEL_FACT, json.dumps(model.as_json(), sort_keys=True))
    rows = [(c.name, i, level.meaning) for c in comparisons() for i, level in enumerate(c.levels)]
    _replace(
        engine,
        "link_levels",
        {
            "comparison": _texts([name for name, *_ in rows]),
            "level": np.array([i for _, i, _ in rows], dtype=np.int16),
            "meaning": _texts([meaning for *_, meaning in rows]),
            "m": np.array([model.m[name][i] for name, i, _ in rows]),
            "u": np.array([model.u[name][i] for name, i, _ in rows]),
            "weight": np.array([model.weight(name, i) for name, i, _ in rows]),
        },
    )
    listed = [(kind, term, n) for kind, found in terms.items() for term, n in found.items()]
    _replace(
        engine,
        "link_terms",
        {
            "kind": _texts([kind for kind, *_ in listed]),
            "term": _texts([term for _, term, _ in listed]),
            "reports": np.array([n for *_, n in listed], dtype=np.int64),
        },
    )
    sought = engine.workshop_table(features).select("report_key").order_by("report_key")
    engine.replace_table("linked_reports", [sought])


def _replace(engine: Engine, name: str, columns: dict[str, np.ndarray]) -> None:
    engine.replace_table(name, [])
    if len(next(iter(columns.values()))):
        engine.append(name, columns)


def _texts(values: Sequence[str]) -> np.ndarray:
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made


def _say_nothing(_: str) -> None:
    """Progress that nobody watches."""
