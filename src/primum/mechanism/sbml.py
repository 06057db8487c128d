"""How does the model read for other simulators? SBML Level 3 Version 2 with the unit of every number declared.

Needs the extra `exchange` (python-libsbml). The model is the slow layer with its injections (Eqs. 8 to 12), and beside
it the core's amount and probit (Eq. 1) for the same injections.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from primum.errors import MissingExtraError, ModelError
from primum.mechanism.kpd import Core, check_dose, check_injections
from primum.mechanism.slow import SlowLayer

# Name of each state or rule with its unit: as in `slow.Course`, and the core's two.
UNITS: Final[Mapping[str, str]] = {
    "depot": "product_unit",
    "absorbable": "product_unit",
    "light": "product_unit",
    "cleaved": "dimensionless",
    "block": "dimensionless",
    "force": "dimensionless",
    "severity": "dimensionless",
    "amount": "product_unit",
    "probit": "dimensionless",
}
_RATES: Final[Mapping[str, str]] = {
    "depot": "-uptake * depot",
    "absorbable": "-uptake * absorbable",
    "light": "uptake * absorbable - fall * light",
    "cleaved": "turnover * (light / half_cleaved * (1 dimensionless - cleaved) - cleaved)",
    "severity": "(1 dimensionless - block - severity) / skin_lag",
    "amount": "-fall * amount",
}
_RULES: Final[Mapping[str, str]] = {
    "block": "(cleaved / cleaved_for_block)^steepness / (1 dimensionless + (cleaved / cleaved_for_block)^steepness)",
    "force": "1 dimensionless - block",
    "probit": "intercept + ln_dose_slope * ln(amount / one_unit)",
}


def constants(layer: SlowLayer, core: Core, dose_units: float) -> dict[str, tuple[float, str]]:
    """Every number of the model with its unit, by name."""
    return {
        "dose": (dose_units, "product_unit"),
        "uptake": (layer.uptake_per_day, "per_day"),
        "fall": (layer.fall_per_day, "per_day"),
        "turnover": (layer.turnover_per_day, "per_day"),
        "half_cleaved": (layer.half_cleaved_units, "product_unit"),
        "cleaved_for_block": (layer.cleaved_for_block, "dimensionless"),
        "steepness": (layer.steepness, "dimensionless"),
        "skin_lag": (layer.skin_lag_days, "day"),
        "lag": (layer.lag_days, "day"),
        "intercept": (core.intercept, "dimensionless"),
        "ln_dose_slope": (core.ln_dose_slope, "dimensionless"),
        "one_unit": (1.0, "product_unit"),
    }


def sbml_text(layer: SlowLayer, core: Core, dose_units: float, injections: Sequence[float] = (0.0,)) -> str:
    """The model of one person with its injections.

    Args:
        layer: the person, see `slow.constrained`.
        core: the core it agrees with.
        dose_units: dose of each injection, above 0.
        injections: days of the injections, 0 first.

    Returns:
        The document.

    Raises:
        MissingExtraError: python-libsbml is not installed.
        ModelError: libSBML finds an error or a warning in what was written.
    """
    try:
        import libsbml
    except ModuleNotFoundError as error:
        raise MissingExtraError.of("Export of the model", "exchange") from error
    dose, days = check_dose(dose_units), check_injections(injections)
    document = libsbml.SBMLDocument(3, 2)
    model = document.createModel()
    model.setId("primum_slow_layer")
    model.setTimeUnits("day")
    _units(libsbml, model)
    for name, (value, unit) in constants(layer, core, dose).items():
        _parameter(model, name, unit, value, constant=True)
    begin = {"depot": dose, "absorbable": 0.0, "light": 0.0, "cleaved": 0.0, "severity": 1.0, "amount": dose}
    for name, unit in UNITS.items():
        _parameter(model, name, unit, begin.get(name), constant=False)
    for name, formula in _RATES.items():
        _formula(libsbml, model.createRateRule(), formula, variable=name)
    for name, formula in _RULES.items():
        _formula(libsbml, model.createAssignmentRule(), formula, variable=name)
    for number, day in enumerate(days):
        if day > 0:
            _event(libsbml, model, f"injection_{number}", f"{float(day)!r} day", {"depot": "dose", "amount": "dose"})
        _event(libsbml, model, f"uptake_begins_{number}", f"{float(day)!r} day + lag", {"absorbable": "dose"})
    faults = complaints(document)
    if faults:
        raise ModelError.of(f"a model in which libSBML finds: {'; '.join(faults)}", "none")
    return str(libsbml.writeSBMLToString(document))


def complaints(document: Any) -> list[str]:
    """What libSBML finds wrong with a document, units included; empty where nothing."""
    document.checkConsistency()
    return [document.getError(i).getShortMessage() for i in range(document.getNumErrors())]


def _units(libsbml: Any, model: Any) -> None:
    for name, kind, exponent, multiplier in (
        ("day", libsbml.UNIT_KIND_SECOND, 1, 86400.0),
        ("per_day", libsbml.UNIT_KIND_SECOND, -1, 86400.0),
        ("product_unit", libsbml.UNIT_KIND_ITEM, 1, 1.0),
    ):
        definition = model.createUnitDefinition()
        definition.setId(name)
        unit = definition.createUnit()
        unit.setKind(kind)
        unit.setExponent(exponent)
        unit.setScale(0)
        unit.setMultiplier(multiplier)


def _parameter(model: Any, name: str, unit: str, value: float | None, *, constant: bool) -> None:
    parameter = model.createParameter()
    parameter.setId(name)
    parameter.setUnits(unit)
    parameter.setConstant(constant)
    if value is not None:
        parameter.setValue(value)


def _formula(libsbml: Any, element: Any, formula: str, *, variable: str = "") -> None:
    if variable:
        element.setVariable(variable)
    element.setMath(libsbml.parseL3Formula(formula))


def _event(libsbml: Any, model: Any, name: str, when: str, added: Mapping[str, str]) -> None:
    """An event at a time that adds to states."""
    event = model.createEvent()
    event.setId(name)
    event.setUseValuesFromTriggerTime(True)
    trigger = event.createTrigger()
    trigger.setInitialValue(False)
    trigger.setPersistent(True)
    _formula(libsbml, trigger, f"time >= {when}")
    for state, amount in added.items():
        assignment = event.createEventAssignment()
        _formula(libsbml, assignment, f"{state} + {amount}", variable=state)
