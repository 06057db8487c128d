"""What does the dose-effect model say of this treatment, and what does it refuse to say?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from primum.dossier.figures import Curve, CurvePoint, SeenPoint
from primum.dossier.model import Cell, Cite, Column, Figure, Ref, Table, Text, sentence
from primum.dossier.telling import CurveRequest
from primum.evidence.finding import Finding
from primum.mechanism.curve import EffectCurve, curve
from primum.mechanism.models import load_models
from primum.mechanism.plausibility import time_course
from primum.mechanism.posterior import FILE as POSTERIOR
from primum.mechanism.refusals import Refusal
from primum.provenance import Method, Source
from primum.terms import Interval

_FOLDER = "model"
_EXPLAINS = "The curve explains how the effect comes and goes; the safety answer rests on counted events."
MODEL = Method(
    "threshold_core",
    "share responding by the dose-effect model fitted to all trials together; median and 95 % interval for a new trial",
    "a person responds while dose * exp(-k t), once set in, exceeds a personal log-normal threshold",
)
HALF_LIFE = Method(
    "threshold_core_half_life", "half-life of the effect amount: median and 95 % interval of the posterior", "ln 2 / k"
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Modelled:
    """What the model gave for the curve asked for.

    Args:
        answer: the curve, or the refusal with its reason.
        findings: the shares at the visits studied and the half-life.
        refusals: the questions it refuses whatever the dose.
        window: first and last day on which the drug may act; None where the model cannot tell.
        sources: sources of the model that are not among the treatment's.
    """

    answer: EffectCurve | Refusal
    findings: tuple[Finding, ...]
    refusals: tuple[Refusal, ...]
    window: Interval | None
    sources: Mapping[str, Source]


def model_of(folder: Path, request: CurveRequest | None) -> Modelled | None:
    """The curve asked for, from the fits in a treatment's folder; None without fits or without a request."""
    home = folder / _FOLDER
    if request is None or not (home / POSTERIOR).is_file():
        return None
    models = load_models(home)
    days = np.arange(0.0, request.last_day + 0.5)
    answer = curve(request.product, request.dose_units, request.endpoint, days, models=models)
    findings = () if isinstance(answer, Refusal) else tuple(_findings(answer))
    refusals = tuple(models.refusals.values())
    course = time_course(request.product, request.dose_units, request.endpoint, models=models)
    window = None if isinstance(course, Refusal) else course
    return Modelled(answer=answer, findings=findings, refusals=refusals, window=window, sources=models.sources)


def _findings(answer: EffectCurve) -> list[Finding]:
    """Shares on days of the endpoint's visits and every twelve weeks, and the half-life."""
    who = f"{answer.label}; {answer.product}, {answer.dose_units:g} units"
    days = sorted({*answer.fit.days, *np.arange(84.0, answer.days[-1] + 1, 84.0)})
    found = [
        Finding(
            id=f"mechanism.curve.day_{day:g}",
            label=f"modelled share, {answer.label}, day {day:g} ({answer.basis[place]})",
            value=float(answer.share[place]),
            interval=Interval(float(answer.lower[place]), float(answer.upper[place]), level=answer.level),
            unit="proportion",
            population=who,
            window=f"day {day:g}",
            method=MODEL,
            sources=answer.sources,
            warnings=answer.warnings,
        )
        for day in days
        for place in np.flatnonzero(answer.days == day)
    ]
    found.append(
        Finding(
            id="mechanism.curve.half_life",
            label="half-life of the effect amount; a dose twice as large lasts longer by as much",
            value=answer.fit.half_life_days,
            interval=answer.fit.half_life,
            unit="days",
            population=who,
            method=HALF_LIFE,
            sources=answer.sources,
            warnings=answer.warnings[:1],
        )
    )
    return found


def curve_blocks(modelled: Modelled) -> list[Text | Figure | Table]:
    """The picture of the curve with its twin, and the table of refusals."""
    blocks: list[Text | Figure | Table] = []
    if isinstance(modelled.answer, EffectCurve):
        blocks.append(sentence(f"{_EXPLAINS} {' '.join(modelled.answer.warnings)}"))
        blocks.append(_figure(modelled.answer, modelled.findings))
    cells: list[tuple[Cell, ...]] = [
        (refusal.question, refusal.reason, Cite(refusal.sources) if refusal.sources else "")
        for refusal in (
            *((modelled.answer,) if isinstance(modelled.answer, Refusal) else ()),
            *modelled.refusals,
        )
    ]
    blocks.append(
        Table(
            id="refused",
            title="What the model is not asked, and why",
            columns=(Column("Question"), Column("Why it is refused"), Column("Source")),
            rows=tuple(cells),
            folded=True,
        )
    )
    return blocks


def figure_of(answer: EffectCurve) -> tuple[Figure, tuple[Finding, ...]]:
    """The picture of a curve with its twin, and the findings it shows."""
    findings = tuple(_findings(answer))
    return _figure(answer, findings), findings


def _figure(answer: EffectCurve, findings: tuple[Finding, ...]) -> Figure:
    shown = np.unique(np.append(np.arange(0, len(answer.days), 2), len(answer.days) - 1))
    points = tuple(
        CurvePoint(*(float(x[i]) for x in (answer.days, answer.lower, answer.share, answer.upper, answer.placebo)))
        for i in shown
    )
    seen = tuple(
        SeenPoint(visit.day, visit.responders / visit.people, visit.dose_units > 0)
        for visit in answer.fit.visits
        if visit.people and visit.responders is not None and visit.day <= answer.days[-1]
    )
    firm = [float(day) for day, basis in zip(answer.days, answer.basis, strict=True) if basis != "extrapolated"]
    rows: list[tuple[Cell, ...]] = [(f.label, Ref(f.id, "with_interval"), f.window, Cite(f.sources)) for f in findings]
    title = f"Modelled share of people, {answer.label}, after {answer.dose_units:g} units of {answer.product}, by day"
    return Figure(
        id="curve",
        title=title,
        description=(
            "A line with its 95 % band: the share rises within days, stays and falls off over months; dashed where it "
            "is extrapolated. Dots are shares that trials saw, full with the drug and hollow with placebo. "
            + " ".join(answer.warnings)
        ),
        drawing=Curve(
            points=points,
            seen=seen,
            x_axis="days after the treatment",
            y_axis="share of people",
            finding=findings[0].id,
            firm_to=firm[-1] if firm else 0.0,
        ),
        twin=Table(
            id="curve_twin",
            title="The curve on days that were studied, and every twelve weeks",
            columns=(Column("What"), Column("Number (95 % interval)", number=True), Column("When"), Column("Source")),
            rows=tuple(rows),
            note=" ".join(answer.warnings),
        ),
    )
