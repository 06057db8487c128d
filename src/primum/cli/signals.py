"""Which drug-event pairs stand out in the loaded reports? `primum signals`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from primum.cli.options import DuplicatesMethod, EngineName, StorePlace, UseRulesName
from primum.cli.output import say

if TYPE_CHECKING:
    from primum.cli.footnotes import Footnotes
    from primum.signals.table import Scores, SignalTable

# What is shown of each pair, the first three that were computed: heading, method, column.
_SHOWN: Final = (
    ("ROR MH", "mantel_haenszel", "mh_ror"),
    ("ROR", "ror", "ror"),
    ("IC low", "ic", "ic_lower"),
    ("EB05", "ebgm", "eb05"),
    ("PRR", "prr", "prr"),
    ("RRR", "rrr", "rrr"),
    ("chi2", "chi2", "chi2"),
    ("LRT p", "lrt", "p_lrt"),
    ("ZI p", "lrt_zero_inflated", "p_lrt_zero_inflated"),
)
_AT_MOST: Final = 3
_WARNING: Final = (
    "Counts are reports, never people harmed and never a rate. A pair that stands out is a question to look into, "
    "not a proof that the drug did it."
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("signals")(signals)


def signals(
    what: Annotated[
        str, typer.Argument(metavar="TREATMENT|DRUG", help="A treatment or a drug; none: every drug.")
    ] = "",
    cohort: Annotated[
        list[str] | None,
        typer.Argument(metavar="COHORT", help="Which reports, such as use:cosmetic sex:F age:18-64."),
    ] = None,
    *,
    versus: Annotated[
        str | None, typer.Option("--versus", metavar="COHORT", help="Compare with these reports, not everything else.")
    ] = None,
    drug_level: Annotated[
        str, typer.Option("--drug-level", metavar="LEVEL", help="verbatim, product, substance or treatment.")
    ] = "substance",
    methods: Annotated[
        str, typer.Option("--methods", metavar="LIST", help="Statistics by name, with commas between; all by default.")
    ] = "",
    use_rules: UseRulesName = "all",
    duplicates: DuplicatesMethod = None,
    by: Annotated[
        str,
        typer.Option(
            "--by", metavar="LIST", help="Within strata of sex, age, year, reporter; source alone: side by side."
        ),
    ] = "",
    over_time: Annotated[
        bool,
        typer.Option("--over-time", help="Of one drug: IC of every event by quarter, and since when it stands out."),
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Pairs shown on the screen.")] = 20,
    store: StorePlace = None,
    engine: EngineName = "duckdb",
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="F", help="Write every pair as JSON; - for the screen.")
    ] = None,
    csv_file: Annotated[Path | None, typer.Option("--csv", metavar="F", help="Write every pair as CSV.")] = None,
    parquet_file: Annotated[Path | None, typer.Option("--parquet", metavar="F", help="... as Parquet.")] = None,
    xlsx_file: Annotated[Path | None, typer.Option("--xlsx", metavar="F", help="... as a spreadsheet.")] = None,
    strata_file: Annotated[
        Path | None,
        typer.Option("--strata", metavar="F", help="Write the strata of --by as CSV."),
    ] = None,
    svg_folder: Annotated[
        Path | None, typer.Option("--svg", metavar="DIR", help="Draw the pairs: SVG files, each with its table as CSV.")
    ] = None,
) -> None:
    """Count drug-event pairs in the loaded reports and say which stand out."""
    from primum.cli import signal_files, signals_by_source
    from primum.counts.fields import use_rules_named
    from primum.signals.table import DEFAULT_METHODS
    from primum.study import reports
    from primum.study.side_by_side import side_by_side

    wanted, within = _listed(methods) or DEFAULT_METHODS, _listed(by)
    if strata_file is not None and not within:
        raise typer.BadParameter("--strata writes the strata of --by, and there is none.")
    name, meant = drug_and_cohort(what, cohort or [])
    if over_time:
        if not name or meant or versus is not None or methods or within or parquet_file or xlsx_file or svg_folder:
            raise typer.BadParameter("--over-time stands alone with one drug or treatment, and --csv or --json.")
        _over_time(name, store, engine, csv_file=csv_file, json_file=json_file, limit=limit)
        return
    level, rules = reports.drug_level_named(drug_level), use_rules_named(use_rules)
    question = reports.Question(name, meant, versus, level, rules, duplicates)
    if within == ("source",):
        if versus is not None or methods or parquet_file or xlsx_file or strata_file:
            raise typer.BadParameter(
                "--by source stands alone, with --csv, --json or --svg: ROR and IC in each system."
            )
        with reports.open(store, engine=engine) as opened:
            sides = side_by_side(opened, name, meant, drug_level=level, use_rules=rules, duplicates=duplicates)
        signals_by_source.write(sides, csv=csv_file, json=json_file, svg=svg_folder)
        if str(json_file) != "-":
            say("\n".join(signals_by_source.lines(sides, meant, limit)))
        return
    with reports.open(store, engine=engine) as opened:
        strata = None
        if within:
            both = opened.stratified(question, by=within, methods=wanted)
            found, strata = both.scores, both.strata
        else:
            found = opened.scores(question, methods=wanted)
        signal_files.write(
            found, strata, parquet=parquet_file, csv=csv_file, json=json_file, xlsx=xlsx_file, strata_csv=strata_file
        )
        told: tuple[str, ...] = ()
        if svg_folder is not None:
            told = signal_files.draw(svg_folder, opened, question, found, strata)
    if str(json_file) != "-":
        say("\n".join(_lines(found, name, limit, told)))


def _over_time(
    what: str, store: str | None, engine: str, *, csv_file: Path | None, json_file: Path | None, limit: int
) -> None:
    """Answer `--over-time`."""
    from primum.cli import signals_over_time
    from primum.study import reports
    from primum.study.over_time import trend

    with reports.open(store, engine=engine) as opened:
        found, synthetic = trend(opened, what), opened.store.synthetic()
    signals_over_time.write(found, what, csv=csv_file, json=json_file, synthetic=synthetic)
    if str(json_file) != "-":
        say("\n".join(signals_over_time.lines(found, what, limit, synthetic)))


def _listed(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def drug_and_cohort(what: str, cohort: list[str]) -> tuple[str, str]:
    """A first word that is a condition is part of the cohort, and every drug is meant."""
    from primum.counts.fields import FIELDS

    what = what.strip()
    first, colon, _ = what.lstrip("~(").partition(":")
    if (colon and first.casefold() in FIELDS) or what.startswith("~*"):
        return "", " ".join([what, *cohort])
    return what, " ".join(cohort)


def _lines(scores: Scores, what: str, limit: int, told: Sequence[str]) -> list[str]:
    """The table for the screen: reactions first, then what is no reaction."""
    from primum.cli.columns import paragraph
    from primum.cli.footnotes import Footnotes
    from primum.cli.signal_files import rank_column
    from primum.signals.columns import STANDS_OUT
    from primum.terms import SYNTHETIC

    about, ranked_by = scores.about, rank_column(scores)
    within = "" if about.cohort == "*" else f" ({about.cohort})"
    lines = [line for note in about.notes[:1] if note.startswith(SYNTHETIC) for line in paragraph(note)]
    lines += paragraph(f"{what or 'Every drug'}{within}, against {about.comparator}:")
    lines += paragraph(f"{scores.counts.total_reports:,} reports, {len(scores):,} pairs of a drug and an event.")
    lines += paragraph(_WARNING)
    if (standing := scores.standing_out()) is not None:
        lines += paragraph(f"{standing:,} pairs stand out: {STANDS_OUT}.")
    is_harm = scores.bins.where("harm", "")
    unseen = [method.id for method in about.methods if method.id not in _shown_methods(about)]
    notes = Footnotes([*unseen, "p_heterogeneity"])
    harm = int(is_harm.sum())
    other = len(scores) - harm
    if harm:
        shown = min(limit, harm)
        lines += ["", f"Reactions: {shown:,} of {harm:,} pairs, ranked by {ranked_by}"]
        lines += _rows(scores.table(scores.order(ranked_by, among=is_harm, most=shown)), notes)
    if other:
        few = min(max(limit // 3, 1), other)
        lines += ["", f"Not reactions, kept apart: {few:,} of {other:,} pairs"]
        lines += _rows(scores.table(scores.order(ranked_by, among=~is_harm, most=few)), notes)
    if len(scores) > limit:
        lines += ["", "All pairs and columns: --csv F, --json F, --parquet F or --xlsx F."]
    if notes.numbers:
        lines += ["", *notes.lines()]
    return lines + _footer(about, told)


def _shown_methods(table: SignalTable) -> dict[str, tuple[str, str]]:
    """Heading and column of each method that the screen shows."""
    ran = {method.id for method in table.methods}
    shown = [(method, (head, name)) for head, method, name in _SHOWN if method in ran]
    return dict(shown[:_AT_MOST])


def _rows(table: SignalTable, notes: Footnotes) -> list[str]:
    """Rows of the screen; the drug has no column of its own where there is only one."""
    from primum.cli.columns import number, row_lines, rule

    columns, shown = table.columns(), list(_shown_methods(table).values())
    drugs = bool((table.drug != table.drug[0]).any())
    widths = [*((18, 17) if drugs else (37,)), 7, 8, *[6] * len(shown)]
    texts = 2 if drugs else 1

    def line(cells: list[str]) -> list[str]:
        pairs = zip(cells, widths, strict=True)
        return row_lines([cell if i < texts else f"{cell:>{w}}" for i, (cell, w) in enumerate(pairs)], widths)

    heads = ["drug", "event"] if drugs else ["event"]
    lines = [*line([*heads, "reports", "expected", *(head for head, _ in shown)]), rule(widths)]
    for i in range(len(table)):
        kind = "" if table.bin[i] in ("harm", "") else f" ({table.bin[i].replace('_', ' ')})"
        names = [
            *([str(table.drug[i])] if drugs else []),
            f"{table.event[i]}{kind}{notes.mark(str(table.warnings[i]))}",
        ]
        numbers = [f"{table.observed[i]:,}", number(table.expected[i]), *(number(columns[n][i]) for _, n in shown)]
        lines += line([*names, *numbers])
    return lines


def _footer(table: SignalTable, told: Sequence[str]) -> list[str]:
    from primum.cli.columns import paragraph

    lines = [""]
    if (fit := table.ebgm_fit) is not None:
        lines += paragraph(
            f"EBGM prior: mean {fit.prior_mean:.2f}, {fit.starts_agreeing} of {fit.starts} starts agree."
        )
    for note in (*told, *table.notes):
        lines += paragraph(note)
    return lines + paragraph(f"Store {table.snapshot[:16]}.")
