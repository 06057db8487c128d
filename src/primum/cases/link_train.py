"""How are the parameters of the model estimated?

By Splink: u from pairs of reports drawn at random, which are nearly all of two events; m by expectation maximisation
over pairs that share so much that a good part of them are of one event, never told which. Levels are written once, as
the Ibis expressions of `link_model`; what Splink runs is their SQL.
"""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from primum.cases.link_features import FEATURES
from primum.cases.link_model import FEW, LEAST_U, VERSION, LinkModel, comparisons

if TYPE_CHECKING:
    import ibis

    from primum.store.engine import Engine
    from primum.terms import BoolArray, FloatArray

RANDOM_PAIRS: Final = 1_500_000
SEED: Final = 1
_ONE_DAY: Final = "l.event_date = r.event_date and l.event_known = 'D' and r.event_known = 'D'"
TIGHT: Final = (
    f"{_ONE_DAY} and l.reactions[1] = r.reactions[1] and l.reactions[2] = r.reactions[2]",
    f"{_ONE_DAY} and l.drugs[1] = r.drugs[1] and l.sex = r.sex and l.sender <> r.sender",
    "l.drugs[1] = r.drugs[1] and l.reactions[1] = r.reactions[1] and l.age = r.age and l.sex = r.sex",
)
"""Blocks of the three sessions of m; a comparison that a block speaks of is left out of its session."""
DUPLICATED: Final = 0.05
"""Share of reports that have another of the same event, behind the prior; the weight of one bit more is a factor 2."""


FEWEST: Final = 1_000_000
"""Reports up to which the prior stays that of a store of this size. Below it wrong links come from what people share
(twins of a trial, series), which grows as the reports and the duplicates do; only chance grows with their square."""


def prior_of(reports: int) -> float:
    """Probability that two reports drawn at random are of one event, were a share DUPLICATED of them twins.

    Examples:
        >>> f"{prior_of(20_000_000):.1e}", prior_of(500) == prior_of(50)
        ('2.5e-09', True)
    """
    return DUPLICATED / max(reports, FEWEST)


def measured_u(
    bench: Engine, features: ibis.Table, known: Mapping[str, tuple[float, ...]]
) -> dict[str, tuple[float, ...]]:
    """The u of a store, from random pairs of its reports; a level too rare to be met keeps what is known of it.

    Args:
        bench: the workshop that holds the features.
        features: the staged features.
        known: u of the shipped model, which weighs as much as FEW random pairs.
    """
    reports = bench.count(FEATURES)
    pairs = min(RANDOM_PAIRS, reports * (reports - 1) / 2)
    if pairs < FEW / 100:  # they would count for less than a hundredth
        return dict(known)
    with _linker(bench, _drawn(bench, features)) as linker:
        linker.training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, min_count_per_level=None, num_chunks=1)
        found = _parameters(linker, "u_probability")
    share = pairs / (pairs + FEW)
    return {
        name: tuple(
            max(share * (0.0 if seen is None else seen) + (1 - share) * before, LEAST_U)
            for seen, before in zip(found[name], levels, strict=True)
        )
        for name, levels in known.items()
    }


def _drawn(bench: Engine, features: ibis.Table) -> ibis.Table:
    """Features of so many reports, drawn at random, that all their pairs are RANDOM_PAIRS.

    Drawn here and not by Splink, which leaves it to the engine: the same reports on every engine and in every run.
    """
    keys = np.sort(bench.run(features.select("report_key"))["report_key"])
    most = (1 + math.isqrt(1 + 8 * RANDOM_PAIRS)) // 2
    if len(keys) > most:
        keys = np.random.default_rng(SEED).choice(keys, most, replace=False)
    some = bench.stage("drawn_reports", {"report_key": keys.astype(np.int64)})
    return bench.stage_expression("drawn_features", features.semi_join(some, "report_key"))


def train(bench: Engine, features: ibis.Table, *, trained_on: str, pairs: float = 2e6) -> LinkModel:
    """Estimate u and m from the reports of a store alone.

    Args:
        bench: the workshop that holds the features.
        features: the staged features.
        trained_on: what to say the parameters come from.
        pairs: pairs of reports that each estimate is made of, at most.
    """
    with _linker(bench, features) as linker:
        training = linker.training
        training.estimate_u_using_random_sampling(max_pairs=10 * pairs, min_count_per_level=None, num_chunks=5)
        for block in TIGHT:
            training.estimate_parameters_using_expectation_maximisation(_spelt(bench, block), max_pairs=pairs)
        m, u = _parameters(linker, "m_probability"), _parameters(linker, "u_probability")
    reports = bench.count(FEATURES)
    return LinkModel(
        m={name: tuple(max(p or 0.0, LEAST_M) for p in levels) for name, levels in m.items()},
        u={name: tuple(max(p or 0.0, LEAST_U) for p in levels) for name, levels in u.items()},
        prior=prior_of(reports),
        reports=reports,
        slope=1.0,
        offset=0.0,
        version=VERSION,
        trained_on=trained_on,
        u_from=trained_on,
    )


def calibrate(model: LinkModel, weight: FloatArray, right: BoolArray) -> LinkModel:
    """The model with its bits calibrated on pairs of which it is known whether they are of one event.

    Logistic regression of `right` on the weight, by maximum likelihood.

    Args:
        model: an uncalibrated model.
        weight: its match weights of pairs in bits; shape `(pairs,)`.
        right: whether each pair is of one event; shape `(pairs,)`.
    """
    from scipy.optimize import minimize

    def loss(line: FloatArray) -> float:
        logit = (line[0] + line[1] * weight) * math.log(2)
        return float(np.mean(np.logaddexp(0, logit) - right * logit))

    offset, slope = minimize(loss, np.array([0.0, 1.0])).x.tolist()
    return replace(model, offset=offset, slope=slope)


LEAST_M: Final = 0.004  # a level that no pair of one event was seen on is not impossible for one


def settings(bench: Engine, features: ibis.Table) -> dict[str, Any]:
    """The comparisons as Splink's settings."""
    import ibis

    types = {f"{name}_{side}": kind for name, kind in features.schema().items() for side in ("l", "r")}
    pair = ibis.table(types, name="pair")
    made = []
    for comparison in comparisons():
        levels = [
            {
                "sql_condition": _sql(bench, pair, comparison.missing(pair)),
                "is_null_level": True,
                "label_for_charts": "missing",
            }
        ]
        levels += [
            {
                "sql_condition": "ELSE" if level.holds is None else _sql(bench, pair, level.holds(pair)),
                "label_for_charts": level.meaning,
            }
            for level in comparison.levels
        ]
        made.append({"output_column_name": comparison.name.replace(" ", "_"), "comparison_levels": levels})
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "report_key",
        "comparisons": made,
        "blocking_rules_to_generate_predictions": [_spelt(bench, block) for block in TIGHT],
        "retain_intermediate_calculation_columns": True,
        "retain_matching_columns": False,
    }


def _sql(bench: Engine, pair: ibis.Table, condition: Any) -> str:
    """A condition on a pair as SQL with bare column names, as Splink reads it."""
    from sqlglot import exp, parse_one

    select: Any = parse_one(bench.sql(pair.select(holds=condition)), dialect=bench.dialect)
    chosen = select.selects[0].this
    for column in chosen.find_all(exp.Column):
        column.replace(exp.column(column.name))
    return str(chosen.sql(dialect=bench.dialect))


def _spelt(bench: Engine, block: str) -> str:
    """A blocking rule, written for DuckDB, in the SQL of an engine: Spark counts the places of a list from 0."""
    from sqlglot import transpile

    return transpile(block, read="duckdb", write=bench.dialect)[0]


@contextlib.contextmanager
def _linker(bench: Engine, features: ibis.Table) -> Iterator[Any]:
    """Splink over the features; its tables lie in the workshop and go with it."""
    from splink import Linker
    from splink.internals.exceptions import SplinkException  # no public module has it

    log = logging.getLogger("splink")
    before = log.level
    log.setLevel(logging.ERROR)  # it advises whoever builds a model in a notebook
    try:
        with bench.told():
            api = _api(bench)
            yield Linker(api.register(features.get_name()), settings(bench, features), log_level=None)
            api.delete_tables_created_by_splink_from_db()
    except SplinkException as error:
        with bench.told():
            raise (error.__cause__ or error) from error  # what the engine said, which Splink hides behind its SQL
    finally:
        log.setLevel(before)


def _api(bench: Engine) -> Any:
    """Splink's way to an engine. On Spark it offers functions from a Java archive; no comparison here asks for them."""
    if bench.dialect == "duckdb":
        from splink import DuckDBAPI

        return DuckDBAPI(bench.connection)
    from splink import SparkAPI

    made: Any = SparkAPI  # Splink says nothing of its types
    return made(spark_session=bench.connection, break_lineage_method="persist", register_udfs_automatically=False)


def _parameters(linker: Any, name: str) -> dict[str, tuple[float | None, ...]]:
    """M or u of every level, None where Splink could not estimate it."""
    plain = linker.misc.save_model_to_json()
    return {
        comparison.name: tuple(level.get(name) for level in told["comparison_levels"] if not level.get("is_null_level"))
        for comparison, told in zip(comparisons(), plain["comparisons"], strict=True)
    }
