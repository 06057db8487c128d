"""Which files does `primum signals` write, and what is in them? Tables of every pair, of the strata, and pictures."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from primum.cli import output
from primum.errors import CohortError, OutputError
from primum.terms import OF_HARM, SYNTHETIC

if TYPE_CHECKING:
    from primum.cli.result_files import Files
    from primum.counts.stratified import ByStratum
    from primum.dossier.render.signal_pictures import Picture
    from primum.signals.table import Scores, SignalTable
    from primum.study.question import Question
    from primum.study.reports import Reports
    from primum.terms import FloatArray, IntArray

_DRAWN, _ROWS_DRAWN, _TRENDS_DRAWN = 2_000, 20, 8  # pairs of the volcano, of forest and heat map, of the trend
_RANKED_BY: Final = ("ic_lower", "eb05", "ror_lower", "prr_lower", "rrr_lower", "lrt", "observed")
_STRATUM_COLUMNS: Final = (
    *("stratum", "drug", "event", "observed", "drug_reports", "event_reports", "total_reports"),
    *("ror", "ror_lower", "ror_upper"),
)


def rank_column(scores: Scores) -> str:
    """What pairs are ranked by: the lower bound of the first method that was asked for."""
    import numpy as np

    columns = scores.columns
    return next((name for name in _RANKED_BY if name in columns and np.isfinite(columns[name]).any()), "observed")


def write(scores: Scores, strata: ByStratum | None, files: Files, *, strata_csv: Path | None) -> None:
    """Write every pair in the forms asked for, and the strata.

    Raises:
        CohortError: the strata of every pair are asked for, which would be too many.
        OutputError: a file cannot be written.
    """
    from primum.signals import write as forms

    if files.parquet is not None:
        output.write_file(files.parquet, lambda fresh: forms.write_parquet(scores, fresh))
    if strata_csv is not None:
        if strata is None:
            raise CohortError("Every pair in every stratum is too much for a table. Name a drug or a treatment.")
        rows = strata_rows(scores, strata)
        output.write_file(strata_csv, lambda fresh: output.write_blocks(fresh, forms.csv_rows(rows)))
    if files.json is None and files.csv is None and files.xlsx is None:
        return
    order = scores.order(rank_column(scores))
    if files.csv is not None:
        output.write_file(files.csv, lambda fresh: output.write_blocks(fresh, forms.csv_blocks(scores, order)))
    if files.json is not None:
        answer = forms.as_json(scores.table(order))
        if strata is not None:
            heads, *told = strata_rows(scores, strata)
            answer["strata"] = [dict(zip(heads, row, strict=True)) for row in told]
        output.write_json(files.json, answer)
    if files.xlsx is not None:
        output.write_bytes(files.xlsx, forms.xlsx_bytes(scores.table(order)))


def draw(
    folder: Path, opened: Reports, question: Question, scores: Scores, strata: ByStratum | None
) -> tuple[str, ...]:
    """Write the pictures that there are numbers for, and the table of each.

    Returns:
        What has to be said of pictures that are missing, or that hold less than was asked for.

    Raises:
        OutputError: a statistic that the pictures show was not asked for, or the folder cannot be written.
    """
    from primum.dossier.render import signal_pictures as pictures
    from primum.signals.write import csv_rows

    ran = {method.id for method in scores.about.methods}
    if not {"ic", "ror", "midp", "fdr"} <= ran:
        what = "the pictures show ic, ror and fdr"
        raise OutputError.of(str(folder), what, "Add them to --methods, or leave it out.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError.of(str(folder), error.strerror or str(error), "Name a folder that can be made.") from error
    title = question.what or "Every drug"
    if any(note.startswith(SYNTHETIC) for note in scores.about.notes):
        title = f"{SYNTHETIC}: {title}"
    is_harm = scores.bins.where(*OF_HARM)
    ranked = scores.order(rank_column(scores), among=is_harm, most=_DRAWN)
    top = ranked[:_ROWS_DRAWN]
    shown = scores.table(top)
    made, told = [pictures.volcano(scores.table(ranked), title), pictures.forest(shown, title)], []
    apart = sum(bool(row[-1]) for row in made[1].rows[1:])
    if apart:
        told.append(f"Forest: {apart} of {len(top)} pairs have no interval; the reason stands in its place.")
    if strata is not None:
        names = [str(cohort) for cohort in strata.cohorts]
        made.append(pictures.heat_map(_events(shown), names, *_within(strata, top), title, drugs=shown.drug.tolist()))
    if question.what and question.versus is None:
        drawn, missing = _over_time(opened, question, title)
        made += [picture for picture in drawn if picture is not None]
        told += missing
    for picture in made:
        output.write_text(folder / f"{picture.name}.svg", picture.svg)
        output.write_text(folder / f"{picture.name}.csv", "".join(csv_rows(picture.rows)))
    return tuple(told)


def _over_time(opened: Reports, question: Question, title: str) -> tuple[list[Picture | None], list[str]]:
    """The trend over years and the days to onset of one drug, where reports have the dates for it."""
    from primum.dossier.render import signal_pictures as pictures

    made: list[Picture | None] = []
    told: list[str] = []
    try:
        by_year = opened.stratified(question, by=("year",), methods=("ic",))
    except CohortError:  # there are no strata: a long table has no dates
        told.append("No trend: no report that was counted has a day of receipt.")
    else:
        best = by_year.scores.order("ic_lower", among=by_year.scores.bins.where(*OF_HARM), most=_TRENDS_DRAWN)
        shown, inside = by_year.scores.table(best), cast("ByStratum", by_year.strata)
        years = [str(cohort).partition(":")[2] for cohort in inside.cohorts]
        value, observed = _within(inside, best)
        made.append(pictures.trend(_events(shown), years, observed, title, drugs=shown.drug.tolist(), ic=value))
    rules, duplicates = question.use_rules, question.duplicates
    found = opened.onsets(question.what, question.cohort, use_rules=rules, duplicates=duplicates)
    groups = [(one.use or question.what, one.days, one.onset) for one in found if one.days]
    made.append(pictures.onset(groups, title) if groups else None)
    return made, told


def _within(strata: ByStratum, rows: IntArray) -> tuple[FloatArray, IntArray]:
    """Information component and reports of some pairs in each stratum."""
    import numpy as np

    from primum.signals import ic

    observed = strata.observed[:, rows]
    expected = strata.drug_reports[:, rows] * strata.event_reports[:, rows] / np.maximum(strata.total_reports, 1)
    return ic(observed, expected).value, observed


def _events(table: SignalTable) -> list[str]:
    return [str(name).capitalize() for name in table.event.tolist()]


def strata_rows(scores: Scores, strata: ByStratum) -> list[tuple[Any, ...]]:
    """Counts and reporting odds ratio of each pair in each stratum, the heading first."""
    from primum.signals import ror

    counts = scores.counts
    rows: list[tuple[Any, ...]] = [_STRATUM_COLUMNS]
    for i, cohort in enumerate(strata.cohorts):
        n = int(strata.total_reports[i, 0])
        cells = (strata.observed[i], strata.drug_reports[i], strata.event_reports[i])
        ratio = ror(*cells, n)
        ends = (ratio.value, ratio.lower, ratio.upper)
        numbers = [[value if math.isfinite(value) else None for value in column.tolist()] for column in ends]
        columns = [counts.drug.tolist(), counts.event.tolist(), *(cell.tolist() for cell in cells), [n] * len(counts)]
        rows += [(str(cohort), *row) for row in zip(*columns, *numbers, strict=True)]
    return rows
