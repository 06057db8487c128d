"""One simulation from start to end: curve, spread between people, the layers beneath, neighbours, picture, exchange."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from primum import notebook
from primum.errors import ModelError
from primum.mechanism.curve import EffectCurve, curve
from primum.mechanism.kpd import repeated
from primum.mechanism.models import Models, load_models
from primum.mechanism.population import Spread, draw_people, spreads
from primum.mechanism.refusals import Refusal
from primum.mechanism.slow import Course, Known, SlowLayer, constrained, course, load_slow
from primum.mechanism.space import Neighbour, neighbours
from primum.provenance import Source
from primum.treatments.load import Treatment, load_treatment

MODEL: Final = "model"
SEED: Final = 1
_SHOWN: Final = ("depot", "light", "cleaved", "force", "severity")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Simulation:
    """All that was asked of the model and what it answered.

    Args:
        treatment: id of the treatment.
        curve: share of people by day; or the refusal, and then nothing else is told.
        spreads: onset and end of one injection in a tenth, half and nine tenths of virtual people.
        layer: the slow layer of the median person; or why there is none.
        course: its states, one value a day; or why there are none.
        neighbours: ranges for muscles at the distances asked for.
        sources: the sources of all of it.
    """

    treatment: str
    curve: EffectCurve | Refusal
    spreads: tuple[Spread, ...] = ()
    layer: SlowLayer | Refusal
    course: Course | Refusal
    neighbours: tuple[Neighbour, ...] | Refusal = ()
    sources: tuple[Source, ...] = ()

    def _repr_html_(self) -> str:
        """In a notebook: the curve as a picture, or why there is none."""
        if isinstance(self.curve, Refusal):
            return notebook.paragraphs([f"Refused: {self.curve.reason}"])
        return notebook.picture(picture(self.curve), "Modelled share of people by day, with its interval")

    def _repr_svg_(self) -> str | None:
        """The picture alone; None where the model refuses."""
        return None if isinstance(self.curve, Refusal) else picture(self.curve)

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
            "sources": [source.id for source in self.sources],
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
    if not (about.folder / MODEL).is_dir():
        raise ModelError.of(f"treatment {about.id}, which has no dose-effect data", "a treatment with a model folder")
    return load_models(about.folder / MODEL)


def simulate(
    treatment: str,
    *,
    product: str,
    dose_units: float,
    endpoint: str = "",
    last_day: int = 252,
    interval_days: float | None = None,
    people: int = 10_000,
    distances_mm: Sequence[float] = (),
) -> Simulation:
    """Ask the dose-effect model of a treatment one question.

    Args:
        treatment: its id or an alias.
        product: substance injected.
        dose_units: dose of each injection in units of the product.
        endpoint: key or words of the endpoint; the product's most counted one where none is given.
        last_day: last day of the curve.
        interval_days: days between injections; None for one injection.
        people: virtual people for the spread, at least 1.
        distances_mm: distances of neighbouring muscles.

    Returns:
        The answer; its curve is a refusal with the reason where the data cannot tell.

    Raises:
        UnknownNameError: no such treatment, product or endpoint.
        ModelError: the treatment has no model, the product no data, or a number is not legal.

    Examples:
        >>> answer = simulate("anti-wrinkle", product="onabotulinumtoxinA", dose_units=20, last_day=30)
        >>> round(float(answer.curve.share[28]), 1)
        0.9
    """
    about = load_treatment(treatment)
    models = load(about)
    key = _endpoint_key(about, models, product, endpoint)
    injections = np.zeros(1) if interval_days is None else repeated(dose_units, interval_days, last_day)
    days = np.arange(last_day + 1.0)
    found = curve(product, dose_units, key, days, models=models, injections=injections)
    titles = {**models.sources, **about.sources}
    if isinstance(found, Refusal):
        cited = tuple(titles[name] for name in found.sources)
        return Simulation(treatment=about.id, curve=found, layer=found, course=found, sources=cited)
    draws, lag_days = found.fit.draws, found.fit.core.lag_days
    drawn = draw_people(draws, dose_units, lag_days=lag_days, people=people, rng=np.random.default_rng(SEED))
    known = load_slow(about.folder / MODEL)
    layer = _layer(found, known)
    names = dict.fromkeys([*found.sources, *(name for parameter in known.values() for name in parameter.sources)])
    return Simulation(
        treatment=about.id,
        curve=found,
        spreads=spreads(drawn, draws, dose_units, lag_days=lag_days),
        layer=layer,
        course=layer if isinstance(layer, Refusal) else course(layer, dose_units, days, injections=injections),
        neighbours=neighbours(product, dose_units, key, distances_mm, models=models, known=known),
        sources=tuple(titles[name] for name in names),
    )


def _layer(found: EffectCurve, known: Mapping[str, Known]) -> SlowLayer | Refusal:
    """The median person's slow layer; a dose that does not reach that person has none."""
    try:
        return constrained(found.fit.core, known, found.dose_units)
    except ModelError as error:
        return Refusal("no_course", f"the states of the median person after {found.dose_units:g} U", str(error))


def _endpoint_key(about: Treatment, models: Models, product: str, endpoint: str) -> str:
    """The key of an endpoint given by its key or its words; the product's most counted one where none is given."""
    if product not in models.products and product in about.substances:
        known = ", ".join(models.products)
        raise ModelError.of(f"{product}, for which no dose-effect data were found", f"one of {known}")
    keys = models.endpoints(product)
    if not endpoint:
        return keys[0]
    by_words = {label.casefold(): key for key, label in models.labels.items()}
    return by_words.get(endpoint.casefold(), endpoint)


def exported(answer: Simulation) -> dict[str, bytes]:
    """The same simulation of the median person for other simulators, by file name.

    Raises:
        MissingExtraError: the extra `exchange` is not installed.
        ModelError: there is no curve, or no course of the median person.
    """
    from primum.mechanism.exchange import export

    found, layer = answer.curve, answer.layer
    if isinstance(found, Refusal) or isinstance(layer, Refusal):
        raise ModelError.of("an export where there is no course", "a question that is answered by a curve and a course")
    return export(layer, found.fit.core, found.dose_units, int(found.days[-1]), found.injections)


def picture(found: EffectCurve) -> str:
    """The curve as one SVG file that needs no page around it."""
    from primum.dossier.curves import figure_of
    from primum.dossier.render import charts
    from primum.dossier.render.html import standalone

    figure, findings = figure_of(found)
    return standalone(charts.svg(figure, {finding.id: finding for finding in findings}))
