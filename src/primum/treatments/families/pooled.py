"""What do the studies of an outcome say together, and does it depend on one of them or on how they are pooled?

Findings of a pool: `.study.K` (one study), `.crude` (added up), `.risk_difference` and `.risk_ratio` (Mantel-Haenszel,
within studies), `.another` (where one more study is expected), `.spread` (do the studies differ by more than chance?),
`.without.K` (the K-th study left out), and with a curve `.spec.SET.METHOD`, every estimator over every choice of
studies. Estimators that let effects vary stay out of pairs: two studies do not tell how far studies differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from primum.evidence.effects import risk_difference
from primum.evidence.finding import Finding
from primum.evidence.pooling import Pooled, TwoArms, leave_one_out, pool
from primum.evidence.pooling.tables import take
from primum.provenance import Method
from primum.treatments.families.caveats import from_effect, once
from primum.treatments.tables import EvidenceTable, Fault, Row, hint

COMMON: Final = ("mh", "iv")  # one effect in all studies
ESTIMATORS: Final = (*COMMON, "reml", "hksj")
CRUDE: Final = Method(
    "crude_risk_difference",
    "risk difference of all people added up, Wald interval",
    "sum(x1)/sum(n1) - sum(x0)/sum(n0)",
    "why not: Simpson, J R Stat Soc B 13:238-241 (1951), doi:10.1111/j.2517-6161.1951.tb00088.x",
)
SPREAD: Final = Method(
    "cochran_q",
    "Cochran's Q: chance of estimates as far apart where all studies share one difference",
    "P(chi2(k - 1) >= Q)",
    "Cochran, Biometrics 10:101-129 (1954), doi:10.2307/3001666",
)
_CONTROLS: Final = ("placebo", "untreated")
_FEW: Final = "few studies: the spread between them is poorly known"


@dataclass(frozen=True, slots=True)
class _Pool:
    """The rows of a pool and the counts behind them."""

    name: str
    rows: tuple[Row, ...]
    table: TwoArms
    arms: tuple[Finding, ...]

    def finding(self, last: str, answer: Pooled, what: str, *, level_of_all: bool = True) -> Finding:
        """One answer of the pool; `level_of_all` adds what holds for the whole pool."""
        natural, interval, _ = answer.natural
        reason = (answer.reason,) if answer.reason else ()
        warnings = (*answer.warnings, *(row["note"] for row in self.rows)) if level_of_all else answer.warnings
        return Finding(
            id=f"pooled.{self.name}.{last}",
            label=f"{self.rows[0]['label']}, {what}",
            value=natural,
            interval=interval,
            unit="proportion" if answer.measure == "RD" else "risk ratio",
            method=answer.method,
            warnings=once((*reason, *warnings)),
            population=f"{len(answer.used)} studies: {', '.join(answer.used)}",
            window=" and ".join(once(arm.window for arm in self.arms)),
            sources=self.sources,
        )

    @property
    def sources(self) -> tuple[str, ...]:
        """Everything that was counted in."""
        return once(source for arm in self.arms for source in arm.sources)


def pooled_findings(table: EvidenceTable, known: Mapping[str, Finding]) -> tuple[list[Finding], list[Fault]]:
    """What the pools say.

    Args:
        table: `pools`, its cells checked.
        known: findings under their ids.

    Returns:
        The findings, pool by pool; and a fault for each contrast whose arms were not counted, each pool of one study,
        and each arm that stands in two studies of a pool.
    """
    found: list[Finding] = []
    faults: list[Fault] = []
    pools: dict[str, list[Row]] = {}
    for row in table:
        pools.setdefault(row["pool"], []).append(row)
    for name, rows in pools.items():
        wrong = [fault for row in rows for fault in _uncounted(table, row, known)] + _shape(table, rows)
        faults += wrong
        if not wrong:
            found += _answers(_pool(name, rows, known))
    return found, faults


def _answers(of: _Pool) -> Iterator[Finding]:
    table = of.table
    mantel, spread = pool(table, measure="RD", method="mh"), pool(table, measure="RD", method="reml")
    yield _crude(of, table, "crude")
    for place, study in enumerate(table.study):
        alone = _difference(of, take(table, np.arange(len(table)) == place))
        yield replace(alone, id=f"pooled.{of.name}.study.{place}", label=f"{of.rows[0]['label']}, {study}")
    yield of.finding("risk_difference", mantel, "more with treatment, within studies")
    yield of.finding("risk_ratio", pool(table, measure="RR", method="mh"), "treated over not treated, within studies")
    further = of.finding("another", spread, "more with treatment where one more study is expected")
    few = (_FEW,) if len(table) < 5 else ()
    yield replace(further, interval=spread.prediction, warnings=once((*few, *further.warnings)))
    alike = of.finding("spread", spread, "chance that studies differ as much if all share one difference")
    yield replace(alike, value=spread.q_p, interval=None, unit="probability", method=SPREAD)
    without = leave_one_out(table, measure="RD", method="mh") if len(table) > 2 else []
    for place, (study, answer) in enumerate(without):
        yield of.finding(f"without.{place}", answer, f"more with treatment, without {study}", level_of_all=False)
    if of.rows[0]["curve"] == "yes":
        yield from _curve(of)


def _curve(of: _Pool) -> Iterator[Finding]:
    """Every estimator over all studies and over all but one."""
    choices = {"all": np.ones(len(of.table), dtype=bool)}
    if len(of.table) > 2:
        choices |= {f"without{place}": np.arange(len(of.table)) != place for place in range(len(of.table))}
    for name, kept in choices.items():
        part = take(of.table, kept)
        said = "all studies" if kept.all() else f"without {of.table.study[int(np.argmin(kept))]}"
        yield _crude(of, part, f"spec.{name}.crude", said)
        for method in ESTIMATORS if len(part) > 2 else COMMON:
            answer = pool(part, measure="RD", method=method)
            yield of.finding(f"spec.{name}.{method}", answer, f"{said}, {method}", level_of_all=False)


def _crude(of: _Pool, table: TwoArms, last: str, said: str = "") -> Finding:
    """The studies added up."""
    return replace(
        _difference(of, table),
        id=f"pooled.{of.name}.{last}",
        label=f"{of.rows[0]['label']}, {said or 'more with treatment'}, added up",
        method=CRUDE,
        warnings=("the studies are added up, not weighed: groups of unlike size can mislead",),
    )


def _difference(of: _Pool, table: TwoArms) -> Finding:
    """All people of a table as if they were of one study."""
    x1, n1, x0, n0 = (
        int(column.sum()) for column in (table.events_treated, table.n_treated, table.events_control, table.n_control)
    )
    return from_effect(
        risk_difference(x1, n1, x0, n0, method="wald"),
        id=f"pooled.{of.name}.all",
        label=of.rows[0]["label"],
        sources=of.sources,
        population=f"{len(table)} studies: {', '.join(table.study)}" if len(table) > 1 else table.study[0],
        window=" and ".join(once(arm.window for arm in of.arms)),
        warnings=(),
    )


def _pool(name: str, rows: list[Row], known: Mapping[str, Finding]) -> _Pool:
    treated = [[known[f"{contrast}.treated"] for contrast in row.items("treated")] for row in rows]
    control = [known[_control(row["control"], known)] for row in rows]
    return _Pool(
        name=name,
        rows=tuple(rows),
        table=TwoArms(
            study=tuple(row["study"] for row in rows),
            events_treated=np.array([sum(arm.numerator or 0 for arm in arms) for arms in treated]),
            n_treated=np.array([sum(arm.denominator or 0 for arm in arms) for arms in treated]),
            events_control=np.array([arm.numerator for arm in control]),
            n_control=np.array([arm.denominator for arm in control]),
        ),
        arms=(*(arm for arms in treated for arm in arms), *control),
    )


def _control(contrast: str, known: Mapping[str, Finding]) -> str:
    return next((f"{contrast}.{arm}" for arm in _CONTROLS if f"{contrast}.{arm}" in known), "")


def _uncounted(table: EvidenceTable, row: Row, known: Mapping[str, Finding]) -> Iterator[Fault]:
    """Contrasts without people and events in the arm that is asked for."""
    for column, ids in (
        ("treated", {contrast: f"{contrast}.treated" for contrast in row.items("treated")}),
        ("control", {row["control"]: _control(row["control"], known)}),
    ):
        for contrast, id in ids.items():
            if id not in known or known[id].numerator is None or known[id].denominator is None:
                compared = [name.rpartition(".")[0] for name in known if name.endswith(".treated")]
                expected = f"a contrast whose people and events are counted{hint(contrast, compared)}"
                yield Fault(table.file, row.line, column, contrast, expected)


def _shape(table: EvidenceTable, rows: list[Row]) -> list[Fault]:
    """A pool of one study, two names for one outcome, or an arm counted twice."""
    first, faults = rows[0], []
    if len(rows) < 2:
        faults.append(Fault(table.file, first.line, "study", f"{first['pool']}: one study", "two studies or more"))
    for column in ("label", "curve"):
        faults += [
            Fault(table.file, row.line, column, row[column], f'"{first[column]}", as in row {first.line}')
            for row in rows
            if row[column] != first[column]
        ]
    for column in ("treated", "control"):
        seen: dict[str, int] = {}
        for row in rows:
            for contrast in row.items(column):
                if contrast in seen:
                    given = f"{contrast} stands in row {seen[contrast]} as well"
                    faults.append(Fault(table.file, row.line, column, given, "each arm in one study of a pool"))
                seen.setdefault(contrast, row.line)
    return faults
