"""What would a FAERS quarter look like whose truth we know? Archives in every layout since 2004, with planted signals.

Everything is invented and says so: every sender's name begins with SYNTHETIC, and so do the names of drugs and events
that the caller does not choose. Shape, missingness and names follow published figures (see `rows`, `people`, `law`);
duplicates and traps are planted by `duplicates`. The same arguments give the same bytes.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from primum.sources.faers import archive_name
from primum.sources.layouts import TABLES, Layout, layout_of
from primum.terms import SYNTHETIC, Quarter
from primum.testing import oddities
from primum.testing.draws import Draws, Keys
from primum.testing.duplicates import KINDS, DuplicatePlan, Reports, is_duplicate, told_reports
from primum.testing.law import DRUG_NAMES, EVENT_TERMS
from primum.testing.people import FIRST_FAERS, Teller, demographics
from primum.testing.planted import PlantedSignal
from primum.testing.rows import (
    MEAN_ROWS,
    Names,
    Rows,
    drug_columns,
    drug_rows,
    event_columns,
    event_rows,
    outcome_columns,
    source_columns,
    therapy_columns,
    use_columns,
)
from primum.testing.stories import (
    FIRST_QUARTER,
    LAST_QUARTER,
    MOST_REPORTS,
    Calendar,
    case_number,
    quarter_index,
    sightings,
    story_of,
)
from primum.testing.text import Column, lines

__all__ = ["MEAN_ROWS", "SYNTHETIC", "TRAPS", "TRUTH", "PlantedSignal", "write_archive"]

REPORTS_AT_ONCE: Final = 20_000
LAST_CRLF: Final = Quarter(2017, 3)
FIRST_LIST: Final = Quarter(2019, 1)  # of deleted cases
RENAMED: Final = Quarter(2018, 1)  # its DEMO file has a suffix
WITH_MARK: Final = Quarter(2012, 4)  # its DRUG file has a byte order mark
COMPRESSION: Final = 1  # of zlib: the fastest; a third more bytes than the usual one
TRUTH, TRAPS = "truth.csv", "traps.csv"


def write_archive(
    folder: Path,
    *,
    quarter: Quarter,
    reports: int,
    seed: int,
    signals: Sequence[PlantedSignal] = (),
    drugs: int = DRUG_NAMES,
    events: int = EVENT_TERMS,
    odd_share: float = 0.0,
    deleted_share: float = 0.0,
    duplicate_share: float = 0.0,
    trap_share: float | None = None,
    noise: float = 1.0,
    history: Mapping[Quarter, int] | None = None,
    at_once: int = REPORTS_AT_ONCE,
) -> Path:
    """Write one quarter's archive, 20,000 reports in memory at a time.

    Args:
        folder: where it goes; its name is that of FDA's archive.
        quarter: decides the layout, the line ends and the dates.
        reports: how many, at most 2,000,000.
        seed: same seed and arguments, same bytes.
        signals: what to plant.
        drugs: different names of drugs that could be drawn, besides the planted ones.
        events: different events besides the planted ones.
        odd_share: share of rows with a known oddity of their column, and of drug rows glued to the next.
        deleted_share: cases of earlier quarters that are named as deleted, as a share of `reports`; from 2019q1 on,
            where the lists begin.
        duplicate_share: share of reports that tell of the same event as another case; their truth goes to `truth.csv`.
        trap_share: share of reports that only look so, to `traps.csv`; as many as duplicates where not given.
        noise: how much duplicates differ from their originals (see `duplicates`).
        history: reports of the quarters written before into the folder, so that duplicates can have their originals
            there. Without it later versions belong to earlier quarters of the same size, duplicates to this quarter.
        at_once: reports in memory at a time; the bytes do not depend on it.

    Returns:
        The archive.

    Raises:
        ValueError: more reports than a quarter can hold, a share outside its range, or a quarter nobody can invent.

    Examples:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     path = write_archive(Path(folder), quarter=Quarter(2016, 1), reports=20, seed=1, duplicate_share=0.1)
        ...     path.name, sorted(other.name for other in Path(folder).iterdir() if other != path)
        ('faers_ascii_2016q1.zip', ['traps.csv', 'truth.csv'])
    """
    if not FIRST_QUARTER <= quarter <= LAST_QUARTER:
        raise ValueError(f"Quarter {quarter}: expected {FIRST_QUARTER} to {LAST_QUARTER}.")
    if not 0 <= reports <= MOST_REPORTS:
        raise ValueError(f"{reports:,} reports in {quarter}: expected 0 to {MOST_REPORTS:,}; take more quarters.")
    for name, share in (("odd_share", odd_share), ("deleted_share", deleted_share)):
        if not 0 <= share <= 1:
            raise ValueError(f"{name} {share}: expected 0 to 1.")
    if at_once < 1:
        raise ValueError(f"at_once {at_once}: expected at least 1 report in memory at a time.")
    plan = DuplicatePlan(
        share=duplicate_share, trap_share=duplicate_share if trap_share is None else trap_share, noise=noise
    )
    teller = Teller(Draws(seed), quarter, plan)
    calendar = _calendar(quarter, reports, history)
    names = Names(signals, drugs, events)
    path = folder / archive_name(quarter)

    def batches() -> Iterator[Reports]:
        for first in range(0, reports, at_once):
            slots = np.arange(first, min(first + at_once, reports))
            yield told_reports(teller.draws, calendar, sightings(calendar, slots), plan)

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION) as archive:
        for table in TABLES:
            layout = layout_of(table, quarter)
            # Opened by name the member has a fixed time, so that two runs give the same bytes.
            with archive.open(_member_name(table, quarter), "w", force_zip64=True) as member:
                mark = b"\xef\xbb\xbf" if (table, quarter) == ("DRUG", WITH_MARK) else b""
                member.write(mark + layout.header.encode() + _line_end(quarter))
                for batch in batches():
                    member.write(_text(teller, batch, names, layout, odd_share))
        if deleted_share and quarter >= FIRST_LIST and calendar.sizes[-2]:
            archive.writestr(zipfile.ZipInfo(_list_name(quarter)), _deleted(teller, calendar, deleted_share))
    if plan.share or plan.trap_share:
        _write_truth(folder, quarter, batches())
    return path


def _calendar(quarter: Quarter, reports: int, history: Mapping[Quarter, int] | None) -> Calendar:
    now = quarter_index(quarter)
    if history is None:
        return Calendar(np.full(now + 1, reports), known=np.arange(now + 1))
    sizes = np.zeros(now + 1, dtype=np.int64)
    for earlier, many in history.items():
        if earlier < quarter:
            sizes[quarter_index(earlier)] = many
    sizes[now] = reports
    gaps = np.where(sizes == 0, np.arange(now + 1), -1)
    return Calendar(sizes, known=np.maximum.accumulate(gaps) + 1)


_Columns = Callable[[Teller, Reports, Names], tuple[Rows, dict[str, Column]]]


def _demo(teller: Teller, reports: Reports, names: Names) -> tuple[Rows, dict[str, Column]]:
    none = np.zeros(len(reports.own), dtype=np.int64)
    return Rows(np.arange(len(none)), none, reports.own, none), demographics(teller, reports)


def _drug(teller: Teller, reports: Reports, names: Names) -> tuple[Rows, dict[str, Column]]:
    rows = drug_rows(teller, reports)
    return rows, drug_columns(teller, reports, rows, names)


def _reac(teller: Teller, reports: Reports, names: Names) -> tuple[Rows, dict[str, Column]]:
    rows = event_rows(teller, reports)
    return rows, event_columns(teller, reports, rows, names)


_TABLES: Final[Mapping[str, _Columns]] = {
    "DEMO": _demo,
    "DRUG": _drug,
    "REAC": _reac,
    "OUTC": lambda teller, reports, names: outcome_columns(teller, reports),
    "RPSR": lambda teller, reports, names: source_columns(teller, reports),
    "THER": lambda teller, reports, names: therapy_columns(teller, reports),
    "INDI": use_columns,
}


def _text(teller: Teller, reports: Reports, names: Names, layout: Layout, odd_share: float) -> bytes:
    rows, columns = _TABLES[layout.table](teller, reports, names)
    # In the older system rows end with a dollar sign more (Q01).
    line_end = (b"" if teller.is_faers else b"$") + _line_end(teller.quarter)
    end: Column = line_end
    if odd_share:
        own = reports.own[rows.owner]
        columns = oddities.with_oddities(
            columns,
            table=layout.table,
            quarter=teller.quarter,
            draws=teller.draws,
            keys=own,
            parts=rows.number,
            share=odd_share,
        )
        if layout.table == oddities.GLUED:
            end = np.where(oddities.glued(teller.draws, own, rows.number, odd_share), b"$", line_end)
    return lines([columns.get(name, b"") for name in layout.columns], end, rows=len(rows.owner))


def _deleted(teller: Teller, calendar: Calendar, share: float) -> bytes:
    """A list of deleted cases as FDA writes it: a blank line first, then numbers, one of them twice."""
    before = calendar.now - 1
    size = int(calendar.sizes[before])
    rng = np.random.default_rng([teller.draws.seed, calendar.now])
    slots = np.sort(rng.choice(size, size=min(max(1, round(share * calendar.sizes[-1])), size), replace=False))
    earlier = Calendar(calendar.sizes[:-1], calendar.known[:-1])
    cases = list(dict.fromkeys(case_number(sightings(earlier, slots).story).tolist()))
    return ("\r\n".join(map(str, [" ", *cases, *cases[:1]])) + "\r\n").encode()


def _write_truth(folder: Path, quarter: Quarter, batches: Iterator[Reports]) -> None:
    """Add the quarter to the tables of truth, in the place of what they said of it before."""
    duplicates: list[list[object]] = []
    traps: list[list[object]] = []
    now = story_of(quarter_index(quarter), np.zeros(1, dtype=np.int64))[0]
    for batch in batches:
        first = batch.take(batch.own >= now)  # later versions stand with their first
        twice = first.take(is_duplicate(first.kind))
        duplicates += _rows(quarter, twice, case_number(twice.told))
        alike = first.take((first.kind > 0) & ~is_duplicate(first.kind))
        traps += _rows(quarter, alike, alike.theme % 2**24 - MOST_REPORTS)
    _replace(folder / TRUTH, quarter, ["quarter", "caseid", "duplicate_of", "kind"], duplicates)
    _replace(folder / TRAPS, quarter, ["quarter", "caseid", "trap", "kind"], traps)


def _rows(quarter: Quarter, reports: Reports, other: Keys) -> list[list[object]]:
    kinds = [KINDS[kind] for kind in reports.kind.tolist()]
    cases = case_number(reports.own).tolist()
    return [[quarter, case, of, kind] for case, of, kind in zip(cases, other.tolist(), kinds, strict=True)]


def _replace(path: Path, quarter: Quarter, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    kept = path.read_text().splitlines(keepends=True)[1:] if path.exists() else []
    kept = [line for line in kept if not line.startswith(f"{quarter},")]
    path.write_text("".join([",".join(header) + "\n", *kept, text.getvalue()]))


def _member_name(table: str, quarter: Quarter) -> str:
    """Q34: folders and endings in either case; Q17: a suffix in 2018q1."""
    folder = "ASCII" if quarter.year >= 2019 else "ascii"
    ending = "txt" if quarter >= FIRST_FAERS else "TXT"
    suffix = "_new" if (table, quarter) == ("DEMO", RENAMED) else ""
    return f"{folder}/{table}{quarter.year % 100:02d}Q{quarter.number}{suffix}.{ending}"


def _list_name(quarter: Quarter) -> str:
    """Q18: the five kinds of name of a list of deleted cases."""
    short = f"{quarter.year % 100:02d}Q{quarter.number}"
    if quarter >= Quarter(2021, 4):
        return f"Deleted/DELETE{short}.txt"
    if quarter >= Quarter(2020, 4):
        return f"Deleted/{short}DeletedCases.txt"
    folder = "deleted" if quarter.year == 2019 else "DELETED" if quarter.number < 3 else "Deleted"
    return f"{folder}/ADR{short}DeletedCases.txt"


def _line_end(quarter: Quarter) -> bytes:
    return b"\r\n" if quarter <= LAST_CRLF else b"\n"
