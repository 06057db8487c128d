"""What stands on each page of the explorer: plain data from the library, the same for HTML and JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from primum.errors import CohortError
from primum.web.desk import Desk
from primum.web.state import State

if TYPE_CHECKING:
    from primum.signals.table import Scores
    from primum.terms import BoolArray

WARNING: Final = (
    "Counts are reports, never people harmed and never a rate. A pair that stands out is a question to look into, "
    "not a proof that the drug did it."
)
_RANKED_BY: Final = ("ic_lower", "eb05", "ror_lower", "prr_lower", "rrr_lower", "observed")


def index(desk: Desk) -> dict[str, Any]:
    """The treatments that can be asked about, and what is loaded."""
    from primum.store import default_folder
    from primum.treatments import known_treatments

    folder = str(desk.folder or default_folder())
    return {"ok": True, "treatments": list(known_treatments()), "store": folder, "loaded": desk.loaded}


def treatment_html(name: str, desk: Desk, reader: str = "") -> str:
    """The dossier as its page, or the brief of one kind of reader."""
    from primum.dossier.render import html

    dossier = _dossier(name, desk)
    return html.render_brief(dossier, _reader(reader)) if reader else html.render(dossier)


def treatment_json(name: str, desk: Desk, reader: str = "") -> dict[str, Any]:
    """The dossier as data, the same object as `primum ask --json`."""
    from primum.dossier.render.json import as_json

    if reader:
        _reader(reader)
    return dict(as_json(_dossier(name, desk)))


def _reader(name: str) -> str:
    from primum.dossier.model import READERS
    from primum.errors import UnknownNameError

    if name not in READERS:
        raise UnknownNameError.of("reader", name, READERS)
    return name


def _dossier(name: str, desk: Desk) -> Any:
    from primum.study.ask import ask

    if not desk.loaded:
        return ask(name, store=None)
    return desk.kept(("dossier", name), lambda _: ask(name, store=desk.folder))


def signals(desk: Desk, state: State) -> dict[str, Any]:
    """Reactions, and apart from them what is no reaction: sorted, filtered, with what reaches the thresholds marked."""
    scores = desk.scores(state)
    ranked_by = state.sort or _rank_column(scores)
    out, shown = _stands_out(scores, state), _wanted(scores, state)
    harm = scores.bins.where("harm", "")
    parts = []
    for title, among in (("Reactions", harm), ("Not reactions, kept apart", ~harm)):
        there = among & shown
        rows = scores.order(ranked_by, among=there, most=state.limit)
        parts.append({"title": title, "pairs": int(there.sum()), "rows": _rows(scores, rows, out)})
    return {
        "ok": True,
        "state": state.as_json(),
        "sorted_by": ranked_by,
        "thresholds": {"observed": state.least, "ic_lower": state.ic_lower},
        "stand_out": int((out & harm).sum()),
        "reports": scores.counts.total_reports,
        "numbers": sorted({"observed", *scores.columns}),
        "warning": WARNING,
        **scores.metadata(),
        "parts": parts,
    }


def _rank_column(scores: Scores) -> str:
    """What pairs are ranked by where nobody said: the lower bound of the first method that was asked for."""
    return next((name for name in _RANKED_BY if name in scores.columns), "observed")


def _stands_out(scores: Scores, state: State) -> BoolArray:
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
        wanted &= scores.bins.where(*({"harm", ""} if state.bin == "harm" else {state.bin}))
    if state.show == "out":
        wanted &= _stands_out(scores, state)
    if state.find:
        wanted &= np.char.find(np.char.lower(scores.counts.event.astype(str)), state.find.lower()) >= 0
    return wanted


def _rows(scores: Scores, places: Any, out: BoolArray) -> list[dict[str, Any]]:
    from primum.signals.write import as_json

    told = as_json(scores.table(places))["rows"]
    return [{**row, "stands_out": bool(out[place])} for row, place in zip(told, places.tolist(), strict=True)]


def compare(desk: Desk, state: State) -> dict[str, Any]:
    """Two cohorts side by side: of the reports of each, how many name an event.

    Raises:
        CohortError: no second cohort is named, or the two share reports.
    """
    if not state.versus:
        raise CohortError("A comparison has two cohorts; versus is empty. Give one, such as versus=use:therapeutic.")
    found = signals(desk, state)
    scores = desk.scores(state)
    first = int(scores.counts.drug_reports.max(initial=0))
    second = scores.counts.total_reports - first
    for part in found["parts"]:
        for row in part["rows"]:
            row["other"] = row["event_reports"] - row["observed"]
            row["share"] = row["observed"] / first if first else None
            row["other_share"] = row["other"] / second if second else None
    return found | {"sizes": [first, second]}


def cases(desk: Desk, state: State) -> dict[str, Any]:
    """The reports behind a count, the last loaded first."""
    from primum.counts.cohort import condition

    with desk.reports() as reports:
        cohort = reports.cohort(state.cohort)
        for field, value in (("drug", state.drug), ("reaction", state.event)):
            cohort = cohort & condition(field, value) if value else cohort
        total, found = reports.cases(state.what, cohort, duplicates=state.duplicates or None, most=state.limit)
        synthetic = reports.store.synthetic()
    told = {"state": state.as_json(), "cohort": str(cohort), "reports": total, "synthetic": synthetic}
    return {"ok": True, **told, "warning": WARNING, "cases": [asdict(one) for one in found]}


def case(desk: Desk, number: str) -> dict[str, Any]:
    """What is known of one case, the same object as `primum case --json`."""
    from primum.cases.quality import NOT_TOLD
    from primum.cases.story import case_story

    with desk.reports() as reports:
        story = case_story(reports.store, number)
        synthetic = reports.store.synthetic()
    return {"ok": True, "synthetic": synthetic, "not_told": list(NOT_TOLD), **story.as_json()}


def flow(desk: Desk, state: State) -> dict[str, Any]:
    """How the lines of the files come down to the reports of the cohort."""

    def steps(reports: Any) -> list[dict[str, Any]]:
        return [asdict(step) for step in reports.flow(state.what, state.cohort or None)]

    found = desk.kept(("flow", state.what, state.cohort), steps)
    with desk.reports() as reports:
        synthetic = reports.store.synthetic()
    return {"ok": True, "state": state.as_json(), "synthetic": synthetic, "steps": found}


def status(desk: Desk) -> dict[str, Any]:
    """What is loaded, and where every line of it went."""
    return {"ok": True} | desk.kept(("status",), lambda reports: reports.status().to_json())


def evidence(name: str) -> dict[str, Any]:
    """The evidence tables of a treatment, as they stand, with their sources."""
    from primum.treatments import load_treatment

    about = load_treatment(name)
    tables = {
        table.name: [{key: None if value is None else str(value) for key, value in row.cells.items()} for row in table]
        for table in about.tables.values()
        if table.rows
    }
    told = {"treatment": about.id, "name": about.name, "evidence_to": about.evidence_to}
    return {"ok": True, **told, "evidence_hash": about.evidence_hash, "tables": tables}


def study(state: State) -> str:
    """The present state as a study file.

    Raises:
        PrimumError: no treatment and no drug is named, or a cohort cannot be read.
    """
    from primum.counts.cohort import condition, parse
    from primum.treatments.vocabulary import treatment_named

    if not state.what:
        raise CohortError(
            "A study asks about a treatment or a drug; what is empty. Give one, such as what=anti-wrinkle."
        )
    kept = [parse(text) for text in (state.cohort, state.versus)]
    if state.duplicates:
        kept = [one & condition("duplicates", state.duplicates) for one in kept]
    cohort, versus = (str(one) if one != parse("*") else "" for one in kept)
    treatment = treatment_named(state.what)
    about = f"treatment = {_toml(treatment)}" if treatment else f"drug = {_toml(state.what)}"
    thresholds = [f"observed = {state.least}"]
    if "ic" in state.wanted:
        thresholds.append(f"ic_lower = {state.ic_lower}")
    return "\n".join(
        [
            "# Made by the explorer from what was on the page: primum study FILE.toml runs it.",
            f"title = {_toml(f'Reports after {state.what}')}",
            f"question = {_toml(f'Which events stand out among the reports of {state.what}?')}",
            about,
            f"methods = [{', '.join(_toml(name) for name in state.wanted)}]",
            "",
            "[thresholds]",
            *thresholds,
            "",
            "[[analyses]]",
            'id = "primary"',
            'title = "As it stood in the explorer"',
            f"cohort = {_toml(cohort)}",
            f"versus = {_toml(versus if state.versus else '')}",
            "",
        ]
    )


def _toml(text: str) -> str:
    """A text as a basic string of TOML, which is that of JSON but for one control character."""
    import json

    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
