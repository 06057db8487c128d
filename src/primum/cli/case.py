"""What is known of one case? `primum case`: versions, drugs and their meaning, reactions, use, onset, completeness."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from primum.cli.options import EngineName, StorePlace
from primum.cli.output import say

if TYPE_CHECKING:
    from primum.cases.story import CaseStory

_TEXT_SHOWN: Final = 600  # characters of a text on the screen
SCHEMA: Final = "primum.case/1"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("case")(case)


def case(
    number: Annotated[str, typer.Argument(metavar="ID", help="Number of a case, or the id of one of its reports.")],
    *,
    store: StorePlace = None,
    engine: EngineName = "duckdb",
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="F", help="Write it as JSON; - for the screen.")
    ] = None,
) -> None:
    """Show one case: its versions and which is current, what its drug names mean, use, onset, dose and completeness."""
    from primum.cases.story import case_story
    from primum.cli.columns import paragraph
    from primum.cli.output import write_json
    from primum.loading.derive import open_derived

    with open_derived(store, engine=engine) as opened:
        story = case_story(opened, number)
        synthetic = opened.synthetic()
    if json_file is not None:
        write_json(json_file, {"schema": SCHEMA, "synthetic": synthetic, **story.as_json()})
    if str(json_file) != "-":
        say("\n".join([*(paragraph(synthetic) if synthetic else []), *_lines(story)]))


def _lines(story: CaseStory) -> list[str]:
    from primum.cli.columns import paragraph

    person = story.person
    age = "age unknown" if person.age_years is None else f"{person.age_years:g} years"
    about = [f"sex {person.sex or 'unknown'}", age, f"country {person.country or 'unknown'}"]
    about += [f"reported by {person.reporter or 'unknown'}", f"event {person.event_date or 'undated'}"]
    return [
        *paragraph(f"Case {story.case_id or 'without a number'}, report {story.shown}: {', '.join(about)}."),
        "",
        *_versions(story),
        *(paragraph(f"FDA named it as deleted in {', '.join(story.deleted)}.") if story.deleted else []),
        "",
        *_drugs(story),
        "",
        *paragraph(f"Reactions: {', '.join(story.reactions) or 'none'}."),
        *paragraph(f"Serious outcomes: {', '.join(story.outcomes) or 'none named'}."),
        *_uses(story),
        *_accounts(story),
        *_narratives(story),
        *_elsewhere(story),
        *_duplicates(story),
    ]


def _versions(story: CaseStory) -> list[str]:
    from primum.cli.columns import row_lines, rule

    widths = (9, 11, 8, 10, 7, 25)
    lines = row_lines(["quarter", "report", "version", "received", "current", "why"], widths)
    lines.append(rule(widths))
    for version in story.versions:
        cells = [version.quarter or version.source, version.report_id, str(version.version or 0)]
        cells += [str(version.received or "-"), "yes" if version.current else "no", version.reason]
        lines += row_lines(cells, widths)
    return lines


def _drugs(story: CaseStory) -> list[str]:
    """Drug rows; rows that say the same are one line with their numbers."""
    from primum.cli.columns import row_lines, rule

    widths = (5, 4, 17, 22, 24)
    lines = row_lines(["rows", "role", "written as", "means", "given for"], widths)
    lines.append(rule(widths))
    alike: dict[tuple[str, str, str, str], list[int]] = {}
    for drug in story.drugs:
        learned = f", share {drug.share:.2f} of {drug.support} rows" if drug.share is not None else ""
        meaning = f"{drug.substance}{f', product {drug.product}' if drug.product else ''} [{drug.method}{learned}]"
        key = (drug.role or "-", drug.drugname or "-", meaning, ", ".join(drug.indications) or "-")
        alike.setdefault(key, []).append(drug.drug_seq)
    for key, rows in alike.items():
        numbers = str(rows[0]) if len(rows) == 1 else f"{rows[0]}-{rows[-1]}"
        lines += row_lines([numbers if len(numbers) <= widths[0] else str(len(rows)), *key], widths)
    return lines


def _uses(story: CaseStory) -> list[str]:
    from primum.cli.columns import paragraph

    lines: list[str] = []
    for told in story.uses:
        confidence = f", {told.confidence}" if told.confidence else ""
        strict = "" if told.use_strict == told.use else f" By strong rules alone: {told.use_strict}."
        lines += paragraph(f"Use of {told.treatment}: {told.use} ({told.rule}{confidence}).{strict}")
    return lines or ["No treatment that Primum knows is a suspect drug of it, or the case is not current."]


def _accounts(story: CaseStory) -> list[str]:
    """What it tells of each suspect drug, and what is missing."""
    from primum.cases.quality import NOT_TOLD
    from primum.cli.columns import paragraph

    lines: list[str] = []
    for drug in story.accounts:
        days = f"{drug.onset_days} days, {drug.onset}" if drug.onset_days is not None else drug.onset
        units = ", ".join(f"{unit:g}" for unit in drug.dose_units)
        told = [f"onset: {days}", f"dose: {units} units of its own" if units else "dose: no units told"]
        told += [f"dechallenge: {', '.join(drug.dechallenge)}"] if drug.dechallenge else []
        told += [f"rechallenge: {', '.join(drug.rechallenge)}"] if drug.rechallenge else []
        missing = f", less for {', '.join(drug.missing)}" if drug.missing else ""
        lines += paragraph(f"{drug.substance}: {'; '.join(told)}; completeness {drug.completeness:.2f}{missing}.")
    if story.completeness is not None:
        lines += paragraph(
            f"Completeness {story.completeness:.2f} of 1, after vigiGrade without what FDA's files do not tell: "
            f"{', '.join(NOT_TOLD)}."
        )
    return lines


def _narratives(story: CaseStory) -> list[str]:
    """The beginning of each text; the whole stands in the JSON."""
    from primum.cli.columns import paragraph

    lines: list[str] = []
    for narrative in story.narratives:
        text = narrative.text or ""
        rest = f" [{len(text) - _TEXT_SHOWN:,} characters more: --json F]" if len(text) > _TEXT_SHOWN else ""
        lines += paragraph(f"Text ({narrative.kind or 'kind not told'}): {text[:_TEXT_SHOWN]}{rest}")
    return lines


def _elsewhere(story: CaseStory) -> list[str]:
    """Reports of the same event in other systems, and links that its own system tells."""
    from primum.cli.columns import paragraph

    lines: list[str] = []
    for one in story.elsewhere:
        told = f"under the sender's number {one.number}: case {one.case_id or '-'}, report {one.report_id}"
        lines += paragraph(f"Told to {one.source} too, {told}. Each system counts it.")
    for link in story.told_links:
        lines += paragraph(f"Its system links it with case {link.other or 'not told'} ({link.kind or 'not said how'}).")
    return lines


def _duplicates(story: CaseStory) -> list[str]:
    """The reports judged one with this one, each comparison with its weight."""
    from primum.cli.columns import paragraph, row_lines, rule

    lines = ["", "The same event under another case number", *paragraph(story.alone)]
    speaks = {
        "this report": "This report speaks for both.",
        "the other": "The other report speaks for both.",
        "neither": "Each belongs to another event's reports, so that this link joins nothing.",
    }
    widths = (12, 52, 8)
    for twin in story.duplicates:
        sure = "" if twin.probability is None else f", match probability {min(twin.probability, 0.9999):.4f}"
        lines += paragraph(f"Case {twin.case_id}, report {twin.report_id}: {twin.rule}{sure}. {speaks[twin.together]}")
        if twin.weight is None:
            continue
        told = [(one.comparison, one.level, one.weight) for one in twin.compared]
        prior = twin.weight - sum(weight for *_, weight in told)
        rows = [*told, ("prior", "two reports drawn at random", prior), ("together", "", twin.weight)]
        lines += [*row_lines(["compared", "found", "    bits"], widths), rule(widths)]
        for name, level, weight in rows:
            lines += row_lines([name, level, f"{weight:>+8.1f}"], widths)
    return lines
