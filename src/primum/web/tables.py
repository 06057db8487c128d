"""Which pairs stand out, and what do two cohorts differ in? The tables of the explorer, ranked and filtered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from primum.signals.draft import COLUMNS_OF
from primum.terms import HARM, OF_HARM
from primum.web.desk import Desk
from primum.web.question import question, second_cohort
from primum.web.state import State

if TYPE_CHECKING:
    from primum.signals.table import Scores, SignalTable
    from primum.terms import BoolArray, IntArray

WARNING: Final = (
    "Counts are reports, never people harmed and never a rate. A pair that stands out is a question to look into, "
    "not a proof that the drug did it."
)
_RANKED_BY: Final = ("ic_lower", "eb05", "ror_lower", "prr_lower", "rrr_lower", "lrt", "observed")
SHARES_DRAWN: Final = 15  # events of the picture of a comparison
_OF_STATISTICS: Final = frozenset(column for columns in COLUMNS_OF.values() for column in columns)
MOST_IN_FILE: Final = 100_000  # rows of a download; the command line writes all of them


def signals(desk: Desk, state: State) -> dict[str, Any]:
    """Reactions, and apart from them what is no reaction: sorted, filtered, with what reaches the thresholds marked."""
    scores = desk.scores(state)
    ranked_by = _sorted_by(scores, state)
    out, shown = stands_out(scores, state), _wanted(scores, state)
    harm = scores.bins.where(*OF_HARM)
    parts: list[dict[str, Any]] = []
    for title, among in (("Reactions", harm), ("Not reactions, kept apart", ~harm)):
        if not (there := among & shown).any() and parts:
            continue  # nothing is kept apart
        rows = _ranked(scores, state, there, most=state.limit)
        parts.append(
            {
                "title": title,
                "all": int(among.sum()),
                "pairs": int(there.sum()),
                "rows": _rows(desk.rows(state, scores, rows), out[rows]),
            }
        )
    return {
        "ok": True,
        "state": state.as_json(),
        "question": question(desk, state),
        "sorted_by": ranked_by,
        "thresholds": {"observed": state.least, "ic_lower": state.ic_lower},
        "stand_out": int((out & harm).sum()),
        "reports": scores.counts.total_reports,
        "numbers": sorted({"observed", *scores.columns}),
        "warning": WARNING,
        **scores.metadata(),
        "parts": parts,
    }


def rank_column(scores: Scores) -> str:
    """What pairs are ranked by where nobody said: the lower bound of the first method that was asked for."""
    return next((name for name in _RANKED_BY if name in scores.columns), "observed")


def _sorted_by(scores: Scores, state: State) -> str:
    """The column asked for; of a statistic that is no longer ticked, what pairs are ranked by where nobody said."""
    unticked = state.sort in _OF_STATISTICS and state.sort not in scores.columns
    return rank_column(scores) if unticked or not state.sort else state.sort


def stands_out(scores: Scores, state: State) -> BoolArray:
    """Pairs that reach every threshold; without IC, those with enough reports."""
    reached: BoolArray = scores.counts.observed >= state.least
    if "ic_lower" in scores.columns:
        lower = scores.columns["ic_lower"]
        reached = reached & ((lower if scores.kinds is None else lower[scores.kinds.of_pair]) >= state.ic_lower)
    return reached


def _wanted(scores: Scores, state: State) -> BoolArray:
    """Pairs that the filters leave."""
    import numpy as np

    wanted = np.ones(len(scores), dtype=bool)
    if state.bin:
        wanted &= scores.bins.where(*(OF_HARM if state.bin == HARM else (state.bin,)))
    if state.show == "out":
        wanted &= stands_out(scores, state)
    if state.find:
        wanted &= np.char.find(np.char.lower(scores.counts.event.astype(str)), state.find.lower()) >= 0
    return wanted


def _ranked(scores: Scores, state: State, among: BoolArray, *, most: int | None) -> IntArray:
    """Places of the rows in the order asked for; empty values are last in both."""
    import numpy as np

    by = _sorted_by(scores, state)
    if state.order == "down":
        return scores.order(by, among=among, most=most)
    places = scores.order(by, among=among)
    filled = int((~np.isnan(np.asarray(scores.columns_of(places)[by], dtype=np.float64))).sum())
    return np.concatenate([places[:filled][::-1], places[filled:]])[:most]


def csv(desk: Desk, state: State) -> str:
    """Every row that the filters leave as CSV, in the order of the page; a text that would be a formula is harmless.

    Raises:
        PrimumError: more rows than a download holds.
    """
    from primum.errors import PrimumError
    from primum.signals.write import csv_text

    scores = desk.scores(state)
    wanted = _wanted(scores, state)
    if (rows := int(wanted.sum())) > MOST_IN_FILE:
        raise PrimumError(
            f"The table has {rows:,} rows; expected at most {MOST_IN_FILE:,} in a download. Filter it, or write all of "
            "it with primum signals --csv FILE."
        )
    return csv_text(desk.rows(state, scores, _ranked(scores, state, wanted, most=None)))


def _rows(table: SignalTable, out: BoolArray) -> list[dict[str, Any]]:
    from primum.signals.write import as_json

    told = as_json(table)["rows"]
    return [{**row, "stands_out": stands_out} for row, stands_out in zip(told, out.tolist(), strict=True)]


def cases_of(state: State, row: dict[str, Any]) -> str:
    """The query of the cases behind a row: the reports of the question that hold its drug and its event."""
    asked = {name: text for name in ("what", "cohort", "duplicates") if (text := getattr(state, name))}
    return f"?{urlencode(asked | {name: row[name] for name in ('drug', 'event')})}"  # fifty times a page


def compare(desk: Desk, state: State) -> dict[str, Any]:
    """Two cohorts side by side: of the reports of each, how many name an event.

    Without a second cohort there is the first alone.

    Raises:
        CohortError: the two share reports.
    """
    second = second_cohort(desk, state)
    if not state.versus:
        asked = {"state": state.as_json(), "question": question(desk, state), "second": second, "warning": WARNING}
        return {"ok": True, **asked, "sizes": [], "notes": [note for note in (desk.synthetic(),) if note], "parts": []}
    found = signals(desk, state)
    scores = desk.scores(state)
    first = int(scores.counts.drug_reports.max(initial=0))
    others = scores.counts.total_reports - first
    for part in found["parts"]:
        for row in part["rows"]:
            row["other"] = row["event_reports"] - row["observed"]
            row["share"] = row["observed"] / first if first else None
            row["other_share"] = row["other"] / others if others else None
    return found | {"second": second, "sizes": [first, others], "picture": _drawn(found["parts"][0]["rows"], state)}


def _drawn(rows: list[dict[str, Any]], state: State) -> dict[str, str] | None:
    """The shares of the events that differ most, as a picture; nothing where a cohort has no report."""
    from primum.dossier.render.signal_pictures import shares

    both = [
        (row["event"].capitalize(), row["share"], row["other_share"])
        for row in rows[:SHARES_DRAWN]
        if row["share"] is not None and row["other_share"] is not None
    ]
    if not both:
        return None
    first = " in ".join(text for text in (state.what, state.cohort) if text) or "every report"
    drawn = shares(both, "Two cohorts", first=first, second=state.versus)
    return {"name": drawn.name, "title": drawn.title, "svg": drawn.on_page, "narrow": drawn.on_phone}
