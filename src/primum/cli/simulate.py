"""What does a dose do, day by day? `primum simulate`: the dose-effect model, or its refusal."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from primum.cli.output import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from primum.mechanism import EffectCurve, Models
    from primum.study.simulate import Simulation

SCHEMA: Final = "primum.simulation/2"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("simulate")(simulate)


def simulate(
    treatment: Annotated[str, typer.Argument(help="A treatment, such as anti-wrinkle.")],
    *,
    product: Annotated[str, typer.Option("--product", help="The substance; without it: what can be asked.")] = "",
    units: Annotated[float | None, typer.Option("--units", help="Dose, in units of that product.")] = None,
    endpoint: Annotated[
        str, typer.Option("--endpoint", help="Endpoint, by key or words; the most counted one unless given.")
    ] = "",
    until: Annotated[str, typer.Option("--until", help="Last day: 36w or 252d.")] = "36w",
    repeat: Annotated[
        str, typer.Option("--repeat", help="The same dose again after each such interval: 12w or 84d.")
    ] = "",
    people: Annotated[
        int, typer.Option("--people", help="Virtual people for the spread of onset and end.", min=1000, max=1_000_000)
    ] = 10_000,
    distance: Annotated[
        list[float] | None,
        typer.Option("--distance", help="Range for a muscle so many mm away, prior only; may be given several times."),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the answer as JSON; - for the screen.")
    ] = None,
    csv_file: Annotated[Path | None, typer.Option("--csv", help="Write the curve as CSV, one row a day.")] = None,
    svg_file: Annotated[Path | None, typer.Option("--svg", help="Write the curve as a picture.")] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--export", help="Write SBML, SED-ML, OMEX and rxode2 into this folder (extra exchange)."),
    ] = None,
) -> None:
    """Share of people responding by day after a dose, with its interval; or why it is not told."""
    from primum.cli.output import write_bytes, write_json, write_text
    from primum.cli.simulate_text import what_can_be_asked, words
    from primum.errors import ModelError
    from primum.study.simulate import exported, load, picture
    from primum.study.simulate import simulate as ask
    from primum.treatments.load import load_treatment

    if not product and units is None:
        about = load_treatment(treatment)
        models = load(about)
        if json_file is not None:
            write_json(json_file, {"schema": SCHEMA, "treatment": about.id, **_listed(models)})
        if str(json_file) != "-":
            say("\n".join(what_can_be_asked(models)))
        return
    if not product or units is None:
        raise ModelError.of("--product or --units alone", "both, such as --product NAME --units 50")
    answer = ask(
        treatment,
        product=product,
        dose_units=units,
        endpoint=endpoint,
        last_day=_days("--until", until),
        interval_days=_days("--repeat", repeat) if repeat else None,
        people=people,
        distances_mm=tuple(distance or ()),
    )
    if json_file is not None:
        write_json(json_file, {"schema": SCHEMA, "treatment": answer.treatment, **answer.as_json()})
    if csv_file is not None:
        write_text(csv_file, _csv_text(_answered(answer, f"--csv {csv_file}")))
    if svg_file is not None:
        write_text(svg_file, picture(_answered(answer, f"--svg {svg_file}")))
    if folder is not None:
        _answered(answer, f"--export {folder}")
        files = exported(answer)
        _make(folder)
        for name, content in files.items():
            write_bytes(folder / name, content)
    if str(json_file) != "-":
        say(words(answer))


def _make(folder: Path) -> None:
    from primum.errors import OutputError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError.of(
            str(folder), error.strerror or str(error), "Name a folder that can be made and written."
        ) from error


def _answered(answer: Simulation, asked: str) -> EffectCurve:
    """The curve, where there is one to write."""
    from primum.errors import ModelError
    from primum.mechanism import Refusal

    if isinstance(answer.curve, Refusal):
        raise ModelError.of(f"{asked} where there is no curve", "a question that is answered by a curve")
    return answer.curve


def _days(option: str, text: str) -> int:
    """Days of `36w`, `252d` or `252`."""
    from primum.errors import ModelError

    match = re.fullmatch(r"(\d{1,5})\s*([wd]?)", text.strip())
    if match is None:
        raise ModelError.of(f'{option} "{text}"', "weeks or days, such as 36w or 252d")
    return int(match[1]) * (7 if match[2] == "w" else 1)


def _listed(models: Models) -> dict[str, Any]:
    """What can be asked, as plain data."""
    data = [
        {
            "product": product,
            "endpoint": endpoint,
            "label": fit.label,
            "doses_units": list(fit.doses_units),
            "own_days": list(fit.own_days),
            "endpoint_days": [fit.days[0], fit.days[-1]],
            "arm_visits": len(fit.visits),
            "alone": fit.alone,
        }
        for (product, endpoint), fit in models.fits.items()
    ]
    learned: Sequence[Any] = [dict(row) for row in models.posterior.learned]
    refused = [refusal.as_json() for refusal in models.refusals.values()]
    return {"data": data, "learned": learned, "fit": dict(models.posterior.certificate), "refused": refused}


def _csv_text(answer: EffectCurve) -> str:
    rows = answer.as_json()["days"]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
