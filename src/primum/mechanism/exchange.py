"""How does someone else run the same simulation? SBML, SED-ML, a COMBINE archive, and rxode2 text with its events."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree

import numpy as np

from primum.errors import ModelError
from primum.mechanism.kpd import Core, check_dose, check_injections
from primum.mechanism.refusals import Refusal
from primum.mechanism.sbml import UNITS, constants, sbml_text
from primum.mechanism.slow import SlowLayer, course

_SEDML: Final = "http://sed-ml.org/sed-ml/level1/version4"
_OMEX: Final = "http://identifiers.org/combine.specifications/omex-manifest"
_FORMATS: Final = {
    "model.xml": "http://identifiers.org/combine.specifications/sbml.level-3.version-2",
    "simulation.sedml": "http://identifiers.org/combine.specifications/sed-ml.level-1.version-4",
    "model.rxode2.R": "http://purl.org/NET/mediatypes/text/plain",
    "events.csv": "http://purl.org/NET/mediatypes/text/csv",
    "course.csv": "http://purl.org/NET/mediatypes/text/csv",
}
_SHOWN: Final = ("depot", "light", "cleaved", "block", "force", "severity")


def export(
    layer: SlowLayer, core: Core, dose_units: float, last_day: int, injections: Sequence[float] = (0.0,)
) -> dict[str, bytes]:
    """Every file of the simulation by name; the archive `primum.omex` holds the others.

    Args:
        layer: the person, see `slow.constrained`.
        core: the core it agrees with.
        dose_units: dose of each injection, above 0.
        last_day: last day, one row a day.
        injections: days of the injections, 0 first.

    Returns:
        Bytes by name; the same question gives the same bytes.

    Raises:
        MissingExtraError: python-libsbml is not installed.
        ModelError: the solver failed, or libSBML finds fault with the model.
    """
    files = {
        "model.xml": sbml_text(layer, core, dose_units, injections),
        "simulation.sedml": sedml_text(last_day),
        "model.rxode2.R": rxode2_text(layer, core, dose_units),
        "events.csv": events_text(dose_units, injections),
        "course.csv": course_text(layer, dose_units, last_day, injections),
    }
    encoded = {name: text.encode("utf-8") for name, text in files.items()}
    return {**encoded, "primum.omex": _archive(encoded)}


def course_text(layer: SlowLayer, dose_units: float, last_day: int, injections: Sequence[float]) -> str:
    """Our own run, one row a day, to compare with."""
    found = course(layer, dose_units, np.arange(last_day + 1.0), injections=injections)
    if isinstance(found, Refusal):
        raise ModelError.of(found.reason, "a course that can be solved")
    rows = zip(found.days, *(getattr(found, name) for name in _SHOWN), strict=True)
    return _csv(("day", *_SHOWN), [[repr(float(value)) for value in row] for row in rows])


def events_text(dose_units: float, injections: Sequence[float]) -> str:
    """NONMEM-style events: each injection goes into the depot, and after the lag into what can be taken up."""
    dose, days = check_dose(dose_units), check_injections(injections)
    return _csv(
        ("ID", "TIME", "EVID", "AMT", "CMT"),
        [[1, f"{day:g}", 1, f"{dose:g}", cmt] for day in days for cmt in ("depot", "absorbable", "amount")],
    )


def _csv(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def rxode2_text(layer: SlowLayer, core: Core, dose_units: float) -> str:
    """The same equations as an rxode2 model; time in days, amounts in units of the product."""
    numbers = [
        f"  {name} <- {value!r}  # {unit}"
        for name, (value, unit) in constants(layer, core, dose_units).items()
        if name not in ("dose", "one_unit")
    ]
    return "\n".join(
        [
            "# Eqs. 8 to 12 of Primum's dose-effect model; doses in events.csv go to depot, absorbable and amount.",
            "library(rxode2)",
            "model <- rxode2({",
            *numbers,
            "  alag(absorbable) <- lag",
            "  d/dt(depot) <- -uptake * depot",
            "  d/dt(absorbable) <- -uptake * absorbable",
            "  d/dt(light) <- uptake * absorbable - fall * light",
            "  cleaved(0) <- 0",
            "  d/dt(cleaved) <- turnover * (light / half_cleaved * (1 - cleaved) - cleaved)",
            "  powered <- (cleaved / cleaved_for_block)^steepness",
            "  block <- powered / (1 + powered)",
            "  force <- 1 - block",
            "  severity(0) <- 1",
            "  d/dt(severity) <- (1 - block - severity) / skin_lag",
            "  d/dt(amount) <- -fall * amount",
            "  probit <- intercept + ln_dose_slope * log(amount)",
            "})",
            'events <- read.csv("events.csv")',
            "",
        ]
    )


def sedml_text(last_day: int) -> str:
    """One uniform time course of `model.xml`, a value a day, reported for every state."""
    root = ElementTree.Element("sedML", {"xmlns": _SEDML, "level": "1", "version": "4"})
    models = ElementTree.SubElement(root, "listOfModels")
    ElementTree.SubElement(
        models, "model", {"id": "model", "language": "urn:sedml:language:sbml.level-3.version-2", "source": "model.xml"}
    )
    simulations = ElementTree.SubElement(root, "listOfSimulations")
    days = str(last_day)
    run = ElementTree.SubElement(
        simulations,
        "uniformTimeCourse",
        {"id": "by_day", "initialTime": "0", "outputStartTime": "0", "outputEndTime": days, "numberOfSteps": days},
    )
    ElementTree.SubElement(run, "algorithm", {"kisaoID": "KISAO:0000019"})
    tasks = ElementTree.SubElement(root, "listOfTasks")
    ElementTree.SubElement(tasks, "task", {"id": "task", "modelReference": "model", "simulationReference": "by_day"})
    generators = ElementTree.SubElement(root, "listOfDataGenerators")
    outputs = ElementTree.SubElement(root, "listOfOutputs")
    report = ElementTree.SubElement(outputs, "report", {"id": "report"})
    sets = ElementTree.SubElement(report, "listOfDataSets")
    for name in ("time", *UNITS):
        _reported(generators, sets, name)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _reported(generators: ElementTree.Element, sets: ElementTree.Element, name: str) -> None:
    generator = ElementTree.SubElement(generators, "dataGenerator", {"id": f"data_{name}"})
    variables = ElementTree.SubElement(generator, "listOfVariables")
    what = (
        {"symbol": "urn:sedml:symbol:time"}
        if name == "time"
        else {"target": f"/sbml:sbml/sbml:model/sbml:listOfParameters/sbml:parameter[@id='{name}']"}
    )
    names = {"xmlns:sbml": "http://www.sbml.org/sbml/level3/version2/core"} if name != "time" else {}
    ElementTree.SubElement(variables, "variable", {"id": f"of_{name}", "taskReference": "task", **what, **names})
    math = ElementTree.SubElement(generator, "math", {"xmlns": "http://www.w3.org/1998/Math/MathML"})
    ElementTree.SubElement(math, "ci").text = f"of_{name}"
    ElementTree.SubElement(sets, "dataSet", {"id": f"set_{name}", "label": name, "dataReference": f"data_{name}"})


def _archive(files: dict[str, bytes]) -> bytes:
    """A COMBINE archive; its times are fixed, so that the same files give the same bytes."""
    root = ElementTree.Element("omexManifest", {"xmlns": _OMEX})
    ElementTree.SubElement(root, "content", {"location": ".", "format": f"{_OMEX.rsplit('-', 1)[0]}"})
    ElementTree.SubElement(root, "content", {"location": "./manifest.xml", "format": _OMEX})
    for name in files:
        master = {"master": "true"} if name == "simulation.sedml" else {}
        ElementTree.SubElement(root, "content", {"location": f"./{name}", "format": _FORMATS[name], **master})
    ElementTree.indent(root)
    manifest = '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {"manifest.xml": manifest.encode("utf-8"), **files}.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
