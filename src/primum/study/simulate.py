"""One simulation from start to end: curve, spread between people, the layers beneath, neighbours, picture, exchange."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from primum.errors import ModelError
from primum.mechanism.curve import EffectCurve, curve
from primum.mechanism.kpd import repeated
from primum.mechanism.models import Models, load_models
from primum.mechanism.population import Spread, draw_people, spreads
from primum.mechanism.refusals import Refusal
from primum.mechanism.slow import Course, constrained, course, load_slow
from primum.mechanism.space import Neighbour, neighbours
from primum.treatments import Treatment

SEED: Final = 1
_SHOWN: Final = ("depot", "light", "cleaved", "force", "severity")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Simulation:
    """All that was asked of the model and what it answered.

    Args:
        curve: share of people by day; or the refusal, and then nothing else is told.
        spreads: onset and end of one injection in a tenth, half and nine tenths of virtual people.
        course: the slow layer of the median person, one value a day; or why there is none.
        neighbours: ranges for muscles at the distances asked for.
        sources: ids of the sources of all of it.
    """

    curve: EffectCurve | Refusal
    spreads: tuple[Spread, ...] = ()
    course: Course | Refusal
    neighbours: tuple[Neighbour, ...] | Refusal = ()
    sources: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As plain data."""
        if isinstance(self.curve, Refusal):
            return {"refusal": self.curve.as_json()}
        return {
            "curve": self.curve.as_json(),
            "people": [spread.as_json() for spread in self.spreads],
            "median_person": _plain(self.course),
            "neighbours": self.neighbours.as_json()
            if isinstance(self.neighbours, Refusal)
            else [muscle.as_json() for muscle in self.neighbours],
            "sources": list(self.sources),
        }


def _plain(found: Course | Refusal) -> dict[str, Any]:
    if isinstance(found, Refusal):
        return {"refusal": found.as_json()}
    states = {name: [float(f"{value:.6g}") for value in getattr(found, name)] for name in _SHOWN}
    return {"days": [float(day) for day in found.days], **states}


def load(about: Treatment) -> Models:
    """The dose-effect model of a treatment.

    Raises:
        ModelError: the treatment has none.
    """
    if not (about.folder / "model").is_dir():
        raise ModelError.of(f"treatment {about.id}, which has no dose-effect data", "a treatment with a model folder")
    return load_models(about.folder / "model")


def run(
    about: Treatment,
    models: Models,
    *,
    product: str,
    dose_units: float,
    endpoint: str,
    last_day: int,
    interval_days: float | None = None,
    people: int = 10_000,
    distances_mm: Sequence[float] = (),
) -> Simulation:
    """Answer one question to the dose-effect model.

    Args:
        about: the treatment.
        models: its model, see `load`.
        product: substance injected.
        dose_units: dose of each injection in units of the product.
        endpoint: key of the endpoint.
        last_day: last day of the curve.
        interval_days: days between injections; None for one injection.
        people: virtual people for the spread.
        distances_mm: distances of neighbouring muscles.

    Raises:
        UnknownNameError: no such product or endpoint.
        ModelError: a number is not legal.
    """
    injections = np.zeros(1) if interval_days is None else repeated(dose_units, interval_days, last_day)
    days = np.arange(last_day + 1.0)
    found = curve(product, dose_units, endpoint, days, models=models, injections=injections)
    if isinstance(found, Refusal):
        return Simulation(curve=found, course=found)
    draws, lag_days = found.fit.draws, found.fit.core.lag_days
    drawn = draw_people(draws, dose_units, lag_days=lag_days, people=people, rng=np.random.default_rng(SEED))
    known = load_slow(about.folder / "model")
    try:
        layer = constrained(found.fit.core, known, dose_units)
        between: Course | Refusal = course(layer, dose_units, days, injections=injections)
    except ModelError as error:
        between = Refusal("no_course", f"the states of the median person after {dose_units:g} U", str(error))
    used = [source for parameter in known.values() for source in parameter.sources]
    return Simulation(
        curve=found,
        spreads=spreads(drawn, draws, dose_units, lag_days=lag_days),
        course=between,
        neighbours=neighbours(product, dose_units, endpoint, distances_mm, models=models, known=known),
        sources=tuple(dict.fromkeys([*found.sources, *used])),
    )


def exported(about: Treatment, answer: Simulation) -> dict[str, bytes]:
    """The same simulation of the median person for other simulators, by file name.

    Raises:
        MissingExtraError: the extra `exchange` is not installed.
        ModelError: there is no curve, or no course of the median person.
    """
    from primum.mechanism.exchange import export

    found = answer.curve
    if isinstance(found, Refusal):
        raise ModelError.of("an export where there is no curve", "a question that is answered by a curve")
    layer = constrained(found.fit.core, load_slow(about.folder / "model"), found.dose_units)
    return export(layer, found.fit.core, found.dose_units, int(found.days[-1]), found.injections)


def picture(found: EffectCurve) -> str:
    """The curve as one SVG file that needs no page around it."""
    from primum.dossier.curves import figure_of
    from primum.dossier.render import charts
    from primum.dossier.render.html import standalone

    figure, findings = figure_of(found)
    return standalone(charts.svg(figure, {finding.id: finding for finding in findings}))
