"""What does a dose do, day by day? `primum simulate`: the dose-effect model, or its refusal."""

from __future__ import annotations

import csv
import io
import re
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

if TYPE_CHECKING:
    from primum.mechanism import EffectCurve, Models, Refusal
    from primum.treatments import Treatment

SCHEMA: Final = "primum.simulation/1"
_FIRST_DAYS: Final = (0, 1, 2, 3, 7, 14)  # while the effect sets in; from week 4 on, every four weeks


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("simulate")(simulate)


def simulate(
    treatment: Annotated[str, typer.Argument(help="A treatment, such as anti-wrinkle.")],
    *,
    product: Annotated[str, typer.Option("--product", help="The substance; without it: what can be asked.")] = "",
    units: Annotated[float | None, typer.Option("--units", help="Dose, in units of that product.")] = None,
    endpoint: Annotated[str, typer.Option("--endpoint", help="Endpoint; the first fitted one unless given.")] = "",
    until: Annotated[str, typer.Option("--until", help="Last day: 36w or 252d.")] = "36w",
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the answer as JSON; - for the screen.")
    ] = None,
    csv_file: Annotated[Path | None, typer.Option("--csv", help="Write the curve as CSV, one row a day.")] = None,
) -> None:
    """Share of people responding by day after a dose, with its interval; or why it is not told."""
    from primum.cli.output import write_json, write_text
    from primum.errors import ModelError
    from primum.mechanism import Refusal, curve, load_models
    from primum.treatments import load_treatment

    about = load_treatment(treatment)
    if not (about.folder / "model").is_dir():
        raise ModelError.of(f"treatment {about.id}, which has no dose-effect data", "a treatment with a model folder")
    models = load_models(about.folder / "model")
    answer: EffectCurve | Refusal | None = None
    if product or units is not None:
        if not product or units is None:
            raise ModelError.of("--product or --units alone", "both, such as --product NAME --units 50")
        key = _endpoint_key(about, models, product, endpoint)
        answer = curve(product, units, key, range(_days(until) + 1), models=models)
    if json_file is not None:
        write_json(json_file, {"schema": SCHEMA, "treatment": about.id, **_plain(models, answer)})
    if csv_file is not None:
        if answer is None or isinstance(answer, Refusal):
            raise ModelError.of(f"--csv {csv_file} where there is no curve", "a question that is answered by a curve")
        write_text(csv_file, _csv_text(answer))
    if str(json_file) != "-":
        typer.echo(_text(about, models, answer))


def _days(text: str) -> int:
    """Days of `36w`, `252d` or `252`."""
    from primum.errors import ModelError

    match = re.fullmatch(r"(\d{1,5})\s*([wd]?)", text.strip())
    if match is None:
        raise ModelError.of(f'--until "{text}"', "weeks or days since the treatment, such as 36w or 252d")
    return int(match[1]) * (7 if match[2] == "w" else 1)


def _endpoint_key(about: Treatment, models: Models, product: str, endpoint: str) -> str:
    """The key of an endpoint given by its key or its words; the first fitted one where none is given."""
    from primum.errors import ModelError

    if product not in models.products and product in about.substances:
        known = ", ".join(models.products)
        raise ModelError.of(f"{product}, for which no dose-effect data were found", f"one of {known}")
    keys = models.endpoints(product)
    if not endpoint:
        return keys[0]
    by_words = {models.labels[product, key].casefold(): key for key in keys}
    return by_words.get(endpoint.casefold(), endpoint)


def _plain(models: Models, answer: EffectCurve | Refusal | None) -> dict[str, Any]:
    """The answer as plain data."""
    from primum.mechanism import Refusal

    if answer is None:
        data = [
            {
                "product": product,
                "endpoint": endpoint,
                "label": label,
                "fitted": (product, endpoint) in models.fits,
                "reason": "" if (product, endpoint) in models.fits else models.unidentified[product, endpoint].reason,
            }
            for (product, endpoint), label in models.labels.items()
        ]
        return {"data": data, "refused": [refusal.as_json() for refusal in models.refusals.values()]}
    return {"refusal" if isinstance(answer, Refusal) else "curve": answer.as_json()}


def _csv_text(answer: EffectCurve) -> str:
    rows = answer.as_json()["days"]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _text(about: Treatment, models: Models, answer: EffectCurve | Refusal | None) -> str:
    """The answer for the screen, at most 80 columns."""
    from primum.mechanism import Refusal

    if answer is None:
        return "\n".join(_what_can_be_asked(models))
    titles = {key: source.title for key, source in {**models.sources, **about.sources}.items()}
    if isinstance(answer, Refusal):
        lines = [*_wrapped(f"Not answered: {answer.question}."), *_wrapped(answer.reason)]
    else:
        lines = _curve_lines(answer)
    return "\n".join([*lines, *_source_lines(answer.sources, titles)])


def _what_can_be_asked(models: Models) -> list[str]:
    lines = ["Answered, with --product and --units:"]
    for (product, endpoint), fit in models.fits.items():
        doses = f"{fit.doses_units[0]:g} to {fit.doses_units[-1]:g} U"
        lines += _wrapped(f"{product}, {endpoint} ({fit.label}): studied at {doses}", indent=2)
    lines += ["", "Data, but not enough for a curve:"]
    for (product, endpoint), refusal in models.unidentified.items():
        lines += _wrapped(f"{product}, {endpoint}: {refusal.reason}", indent=2)
    lines += ["", "Not answered:"]
    for refusal in models.refusals.values():
        lines += _wrapped(f"{refusal.question}: {refusal.reason}", indent=2)
    return lines


def _curve_lines(answer: EffectCurve) -> list[str]:
    level = f"{100 * answer.level:g} %"
    lines = _wrapped(f"{answer.dose_units:g} U of {answer.product}: share of people that is {answer.label}")
    lines += ["", f"      day   with it   {level} interval   placebo   rests on"]
    last = int(answer.days[-1])
    shown = [day for day in (*_FIRST_DAYS, *range(28, last + 1, 28)) if day <= last]
    for day in sorted({*shown, last}):
        share, placebo = 100 * answer.share[day], 100 * answer.placebo[day]
        interval = f"{100 * answer.lower[day]:.0f} to {100 * answer.upper[day]:.0f} %"
        lines.append(f"{day:>9}   {share:>5.0f} %   {interval:>13}   {placebo:>5.0f} %   {answer.basis[day]}")
    half, ends = answer.fit.half_life, {end.quantile: end for end in answer.ends}
    lines += [
        "",
        f"Half of the people have lost the effect by day {_with_interval(ends[0.5].day, ends[0.5].interval)};",
    ]
    lines += [f"a quarter by day {ends[0.25].day:.0f}, three quarters by day {ends[0.75].day:.0f}."]
    lines += [f"Twice the dose lasts {_with_interval(answer.fit.half_life_days, half)} days longer.", ""]
    return lines + [line for warning in answer.warnings for line in _wrapped(warning)]


def _with_interval(value: float, interval: Any) -> str:
    return f"{value:.0f} ({interval.lower:.0f} to {interval.upper:.0f})"


def _source_lines(sources: Iterable[str], titles: Mapping[str, str]) -> list[str]:
    return [line for source in sources for line in _wrapped(f"[{source}] {titles.get(source, source)}", indent=2)]


def _wrapped(text: str, *, indent: int = 0) -> list[str]:
    return textwrap.wrap(text, 80, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2 if indent else 0))
