"""Which drug-event pairs stand out in the loaded reports? `primum signals`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer

from primum.cli.options import (
    CsvFile,
    DuplicatesMethod,
    EngineName,
    JsonFile,
    ParquetFile,
    RowsShown,
    StorePlace,
    UseRulesName,
    XlsxFile,
)
from primum.cli.output import say
from primum.cli.result_files import Files

if TYPE_CHECKING:
    from primum.cli.footnotes import Footnotes
    from primum.signals.table import Scores, SignalTable
    from primum.study.reports import Question, Reports

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
        typer.Option("--over-time", help="By quarter, since when: IC of one drug's events; with --versus maxSPRT."),
    ] = False,
    limit: RowsShown = 20,
    store: StorePlace = None,
    engine: EngineName = "duckdb",
    json_file: JsonFile = None,
    csv_file: CsvFile = None,
    parquet_file: ParquetFile = None,
    xlsx_file: XlsxFile = None,
    strata_file: Annotated[
        Path | None,
        typer.Option("--strata", metavar="F", help="Write the strata of --by as CSV."),
    ] = None,
    svg_folder: Annotated[
        Path | None, typer.Option("--svg", metavar="DIR", help="Draw the pairs: SVG files, each with its table as CSV.")
    ] = None,
) -> None:
    """Count drug-event pairs in the loaded reports and say which stand out."""
    from primum.counts.fields import use_rules_named
    from primum.study import reports

    name, meant = drug_and_cohort(what, cohort or [])
    within, files = _listed(by), Files(json_file, csv_file, parquet_file, xlsx_file)
    question = reports.Question(
        name, meant, versus, reports.drug_level_named(drug_level), use_rules_named(use_rules), duplicates
    )
    more = Beside(_listed(methods), within, strata_file, svg_folder)
    _check(question, files, more, over_time=over_time)
    with reports.open(store, engine=engine) as opened:
        if over_time:
            lines = (_watched if versus else _over_time)(opened, question, files, limit)
        elif within == ("source",):
            lines = _by_source(opened, question, files, more, limit)
        else:
            lines = _pairs(opened, question, files, more, limit)
    if not files.on_screen:
        say("\n".join(lines))


class Beside(NamedTuple):
    """What else was asked for: statistics, strata, and files that only tables of pairs have."""

    methods: tuple[str, ...]
    within: tuple[str, ...]
    strata_file: Path | None
    svg_folder: Path | None


def _check(question: Question, files: Files, more: Beside, *, over_time: bool) -> None:
    """Refuse options that make no sense together."""
    if more.strata_file is not None and not more.within:
        raise typer.BadParameter("--strata writes the strata of --by, and there is none.")
    others = more.methods or more.within or more.svg_folder
    if over_time and question.versus is not None and (others or not (question.what or question.cohort)):
        raise typer.BadParameter(
            "--over-time with --versus compares a drug or cohort with another every quarter, by maxSPRT; leave out "
            "--methods, --by and --svg."
        )
    single = question.what and not question.cohort and question.duplicates is None and question.use_rules == "all"
    if over_time and question.versus is None and (others or not single or files.parquet or files.xlsx):
        raise typer.BadParameter("--over-time stands alone with one drug or treatment, and --csv or --json.")
    if more.within == ("source",) and (
        question.versus is not None or more.methods or files.parquet or files.xlsx or more.strata_file
    ):
        raise typer.BadParameter("--by source stands alone, with --csv, --json or --svg: ROR and IC in each system.")


def _pairs(opened: Reports, question: Question, files: Files, more: Beside, limit: int) -> list[str]:
    """Answer with the table of pairs, within strata where they are asked for."""
    from primum.cli import signal_files
    from primum.signals.table import DEFAULT_METHODS

    methods, strata = more.methods or DEFAULT_METHODS, None
    if more.within:
        both = opened.stratified(question, by=more.within, methods=methods)
        found, strata = both.scores, both.strata
    else:
        found = opened.scores(question, methods=methods)
    signal_files.write(found, strata, files, strata_csv=more.strata_file)
    told: tuple[str, ...] = ()
    if more.svg_folder is not None:
        told = signal_files.draw(more.svg_folder, opened, question, found, strata)
    return _lines(found, question.what, limit, told)


def _by_source(opened: Reports, question: Question, files: Files, more: Beside, limit: int) -> list[str]:
    """Answer `--by source`."""
    from primum.cli import signals_by_source
    from primum.study.side_by_side import side_by_side

    meant = str(question.cohort or "")
    sides = side_by_side(
        opened,
        question.what,
        meant,
        drug_level=question.drug_level,
        use_rules=question.use_rules,
        duplicates=question.duplicates,
    )
    signals_by_source.write(sides, csv=files.csv, json=files.json, svg=more.svg_folder)
    return signals_by_source.lines(sides, meant, limit)


def _over_time(opened: Reports, question: Question, files: Files, limit: int) -> list[str]:
    """Answer `--over-time` of one drug."""
    from primum.cli import signals_over_time
    from primum.study.over_time import trend

    found, synthetic = trend(opened, question.what), opened.store.synthetic()
    signals_over_time.write(found, question.what, csv=files.csv, json=files.json, synthetic=synthetic)
    return signals_over_time.lines(found, question.what, limit, synthetic)


def _watched(opened: Reports, question: Question, files: Files, limit: int) -> list[str]:
    """Answer `--over-time` against a comparator."""
    from primum.cli import result_files, signals_watched
    from primum.study.watched import watched

    found = watched(opened, question)
    if files.any():
        result_files.write(found.table(), files)
    return signals_watched.lines(found, limit)


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
    from primum.terms import OF_HARM, SYNTHETIC

    about, ranked_by = scores.about, rank_column(scores)
    within = "" if about.cohort == "*" else f" ({about.cohort})"
    lines = [line for note in about.notes[:1] if note.startswith(SYNTHETIC) for line in paragraph(note)]
    lines += paragraph(f"{what or 'Every drug'}{within}, against {about.comparator}:")
    lines += paragraph(f"{scores.counts.total_reports:,} reports, {len(scores):,} pairs of a drug and an event.")
    lines += paragraph(_WARNING)
    if (standing := scores.standing_out()) is not None:
        lines += paragraph(f"{standing:,} pairs stand out: {STANDS_OUT}.")
    is_harm = scores.bins.where(*OF_HARM)
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
    from primum.terms import OF_HARM

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
        kind = "" if table.bin[i] in OF_HARM else f" ({table.bin[i].replace('_', ' ')})"
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
