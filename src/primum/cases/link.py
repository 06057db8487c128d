"""Which reports under different case numbers are one event?

Two methods, side by side and never mixed. `exact`: three named rules of equality. `probabilistic`: a model that weighs
every agreement by how much it says. Both find pairs, and build clusters around masters; nothing is deleted, a cluster
only says which report speaks for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from primum.cases.link_blocks import BLOCKINGS, block_keys, blocks, pairs_within
from primum.cases.link_clusters import Clusters, star_clusters, unseen_pairs
from primum.cases.link_exact import RULES, exact_pairs
from primum.cases.link_model import LinkModel
from primum.cases.link_score import level_column, levels, paired, scored
from primum.terms import BoolArray, IntArray

if TYPE_CHECKING:
    import ibis

    from primum.store.engine import Engine

Method = Literal["exact", "probabilistic"]
METHODS: Final[tuple[Method, ...]] = ("exact", "probabilistic")
PROBABILISTIC: Final = "probabilistic"
THRESHOLD: Final = 0.5
"""Match probability from which two reports are one event; its argument is docs/decisions/0011."""
KEYS_AT_ONCE: Final = 20_000_000  # rows of block keys in one pass; more would not fit beside the rest in 2 GB
PAIRS_AT_ONCE: Final = 4_000_000
LARGEST_COMPONENT: Final = 40
Progress = Callable[[str], None]

# Levels up to which a comparison tells who, when or which report, not only what was taken and what happened.
_TWO_AGES, _TWO_SEXES, _ONE_SENDER_TWO_NUMBERS = 2, 1, 3  # levels of age (and above), sex and reference
_IDENTIFYING: Final = {"event date": 3, "age": 1, "weight": 0, "reference": 1}


@dataclass(frozen=True, slots=True, eq=False)
class Linked:
    """What a method found.

    Args:
        pairs: staged table of pairs in the workshop: `rule, left_key, right_key, used`, and for the probabilistic
            method the match weight and the levels.
        clusters: reports that are one event.
    """

    pairs: ibis.Table
    clusters: Clusters


@dataclass(frozen=True, slots=True)
class Before:
    """What was linked before, as tables that the workshop can read.

    Args:
        reports: the reports that were looked at: `report_key`.
        links: the pairs that were links: `left_key, right_key`.
    """

    reports: ibis.Table
    links: ibis.Table


def link_exactly(bench: Engine, features: ibis.Table) -> Linked:
    """Link by the named rules.

    Args:
        bench: workshop that holds the features.
        features: what `stage_features` made.
    """
    found: ibis.Table | None = None
    for rule in RULES:
        rows = exact_pairs(features, rule)
        if found is None:
            found = bench.stage_expression("exact_pairs", rows)
        else:
            bench.insert("exact_pairs", rows)
    assert found is not None
    keys = bench.run(found.select("left_key", "right_key").distinct().order_by("left_key", "right_key"))
    clusters = _clusters(bench, features, keys["left_key"], keys["right_key"])
    return Linked(_with_used(bench, "exact_links", found, keys, clusters.used), clusters)


def link_probabilistically(
    bench: Engine,
    features: ibis.Table,
    model: LinkModel,
    *,
    threshold: float = THRESHOLD,
    before: Before | None = None,
    progress: Progress | None = None,
) -> Linked:
    """Link by the model.

    Args:
        bench: workshop that holds the features.
        features: what `stage_features` made.
        model: its parameters.
        threshold: match probability from which a pair is a link, above 0 and below 1.
        before: what the same model with the same threshold found in a part of these reports; None: nothing.
        progress: told what is done now.
    """
    say = progress or (lambda _: None)
    least = float(np.log2(threshold / (1 - threshold)))
    candidates = _candidates(bench, features, before, say)
    found = _score(bench, features, model, candidates=candidates, least=least, say=say)
    keys = bench.run(found.select("left_key", "right_key"))
    left, right = unseen_pairs(keys["left_key"], keys["right_key"], most=LARGEST_COMPONENT)
    if len(left):
        say("comparing the members of clusters")
        more = bench.stage("unseen_pairs", {"left_key": left, "right_key": right})
        bench.insert(found.get_name(), _weighed(more, features, model, least))
        keys = bench.run(found.select("left_key", "right_key"))
    clusters = _clusters(bench, features, keys["left_key"], keys["right_key"])
    links = found.mutate(rule=_text(PROBABILISTIC))
    return Linked(_with_used(bench, "model_links", links, keys, clusters.used), clusters)


def _text(value: str) -> Any:
    import ibis

    return ibis.literal(value)


def _candidates(bench: Engine, features: ibis.Table, before: Before | None, say: Progress) -> ibis.Table:
    """The pairs of all blocks; of two reports that were linked before only those that were a link."""
    import ibis

    made = ibis.table({"left_key": "int64", "right_key": "int64"}, name="candidates")
    is_first = True
    for blocking in BLOCKINGS:
        say(f"blocks of {blocking.name}")
        keys = bench.stage_expression("block_keys", block_keys(features, blocking))
        chunks = -(-bench.count("block_keys") // KEYS_AT_ONCE)
        for chunk in range(chunks):
            some = keys if chunks == 1 else keys.filter((keys.first % chunks + keys.second % chunks) % chunks == chunk)
            pairs = pairs_within(blocks(some, blocking.most))
            if before is not None:
                pairs = _to_be_looked_at(pairs, before)
            if is_first:
                made, is_first = bench.stage_expression("candidates", pairs), False
            else:
                bench.insert("candidates", pairs)
    bench.unstage("block_keys")
    return made


def _to_be_looked_at(pairs: ibis.Table, before: Before) -> ibis.Table:
    """Pairs with a report that is new, and pairs that were a link: they are one still only if a block still says so."""
    old = before.reports
    both_old = pairs.left_key.isin(old.report_key) & pairs.right_key.isin(old.report_key)
    fresh = pairs.filter(~both_old)
    return fresh.union(pairs.semi_join(before.links, ["left_key", "right_key"]).filter(both_old))


def _weighed(pairs: ibis.Table, features: ibis.Table, model: LinkModel, least: float) -> ibis.Table:
    """Pairs with levels and weight, those that reach the threshold and say who, when or which report.

    Of one sender who numbered two reports apart and tells of two ages or sexes in them, no weight makes one person.
    """
    found = scored(levels(paired(pairs, features)), model)
    told = [found[level_column(name)].between(0, most) for name, most in _IDENTIFYING.items()]
    two_people = (found.age_level >= _TWO_AGES) | (found.sex_level == _TWO_SEXES)
    series = (found.reference_level == _ONE_SENDER_TWO_NUMBERS) & two_people
    return found.filter(found.match_weight >= least, reduce(lambda a, b: a | b, told), ~series)


def _score(
    bench: Engine, features: ibis.Table, model: LinkModel, *, candidates: ibis.Table, least: float, say: Progress
) -> ibis.Table:
    """Weigh every candidate once, some of them at a time; those that are links."""
    import ibis

    made = ibis.table({}, name="scored_pairs")
    chunks = max(1, -(-bench.count("candidates") // PAIRS_AT_ONCE))
    for chunk in range(chunks):
        say(f"comparing pairs, part {chunk + 1} of {chunks}")
        some = candidates.filter(candidates.left_key % chunks == chunk) if chunks > 1 else candidates
        weighed = _weighed(bench.stage_expression("some_pairs", some.distinct()), features, model, least)
        if chunk == 0:
            made = bench.stage_expression("scored_pairs", weighed)
        else:
            bench.insert("scored_pairs", weighed)
    bench.unstage("some_pairs")
    bench.unstage("candidates")
    return made


def _clusters(bench: Engine, features: ibis.Table, left: IntArray, right: IntArray) -> Clusters:
    """Clusters around the reports that tell most, then came first."""
    import ibis

    ends = bench.stage("linked_ends", {"report_key": np.unique(np.concatenate([left, right]).astype(np.int64))})
    order = ibis.window(order_by=[ibis.desc("filled"), ibis.asc("received"), ibis.asc("report_key")])
    some = features.semi_join(ends, "report_key").select("report_key", "filled", "received")
    ranked = some.select("report_key", rank=ibis.row_number().over(order)).order_by("report_key")
    rank = bench.run(ranked)["rank"].astype(np.int64)
    bench.unstage("linked_ends")
    return star_clusters(left.astype(np.int64), right.astype(np.int64), rank)


def _with_used(
    bench: Engine, name: str, pairs: ibis.Table, keys: Mapping[str, IntArray], used: BoolArray
) -> ibis.Table:
    """The pairs, each with whether it holds its cluster together."""
    told = bench.stage(f"{name}_used", {"left_key": keys["left_key"], "right_key": keys["right_key"], "used": used})
    return bench.stage_expression(name, pairs.join(told.distinct(), ["left_key", "right_key"]))
