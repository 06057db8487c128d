"""What stands on each page of the explorer beside the tables: plain data, the same for HTML and JSON."""

from __future__ import annotations

from dataclasses import asdict
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from primum.errors import StoreError
from primum.web.desk import Desk
from primum.web.question import question
from primum.web.state import State
from primum.web.tables import WARNING

if TYPE_CHECKING:
    from primum.study.reports import Reports
    from primum.treatments.load import Treatment


def index(desk: Desk) -> dict[str, Any]:
    """The treatments that can be asked about, and what is loaded."""
    from primum.store import default_folder
    from primum.treatments.load import about_treatment, known_treatments

    ids = list(known_treatments())
    about = [{key: about_treatment(name)[key] for key in ("id", "question", "name", "evidence_to")} for name in ids]
    folder = str(desk.folder or default_folder())
    answer = {"ok": True, "treatments": ids, "about": about, "store": folder, "loaded": desk.loaded, "fault": ""}
    if not desk.loaded:
        return answer
    try:
        found = status(desk)
    except StoreError as fault:  # the evidence stands without it
        return answer | {"loaded": False, "fault": str(fault)}
    return answer | {"holds": {name: found[name] for name in ("quarters", "rows", "snapshot", "synthetic")}}


@lru_cache(maxsize=16)
def treatment(name: str) -> Treatment:
    """A treatment that ships with the package, read once: its files do not change while the explorer runs.

    Raises:
        UnknownNameError: no treatment has that name; a folder of one's own is not opened by an address.
    """
    from primum.treatments.load import find_treatment, load_treatment

    return load_treatment(find_treatment(name))


def treatment_html(name: str, desk: Desk, reader: str = "") -> str:
    """The dossier as its page, or the brief of one kind of reader."""
    from primum.dossier.render import html

    answer = dossier(name, desk)
    return html.render_brief(answer, _reader(reader), home="/") if reader else html.render(answer, home="/")


def treatment_json(name: str, desk: Desk, reader: str = "") -> dict[str, Any]:
    """The dossier as data, the same object as `primum ask --json`."""
    from primum.dossier.render.json import as_json

    if reader:
        _reader(reader)
    return dict(as_json(dossier(name, desk)))


def _reader(name: str) -> str:
    from primum.dossier.model import READERS
    from primum.errors import UnknownNameError

    if name not in READERS:
        raise UnknownNameError.of("reader", name, READERS)
    return name


def dossier(name: str, desk: Desk) -> Any:
    """The whole answer on a treatment; where reports are loaded it is kept."""
    from primum.study.ask import ask

    known = treatment(name)
    if not desk.loaded:
        return ask(known, store=False)
    return desk.kept(("dossier", known.id), lambda reports: ask(known, store=reports))


def cases(desk: Desk, state: State) -> dict[str, Any]:
    """The reports behind a count, the last loaded first."""
    from primum.counts.cohort import condition

    def listed(reports: Reports) -> dict[str, Any]:
        cohort = reports.cohort(state.cohort)
        for field, value in (("drug", state.drug), ("reaction", state.event)):
            cohort = cohort & condition(field, value) if value else cohort
        total, found = reports.cases(state.what, cohort, duplicates=state.duplicates or None, most=state.limit)
        told = {"cohort": str(cohort), "reports": total, "synthetic": reports.store.synthetic()}
        return told | {"cases": [asdict(one) for one in found]}

    asked = (state.what, state.cohort, state.drug, state.event, state.duplicates, state.limit)
    told = {"state": state.as_json(), "question": question(desk, state), "warning": WARNING}
    return {"ok": True, **desk.kept(("cases", *asked), listed), **told}


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

    def steps(reports: Reports) -> dict[str, Any]:
        found = reports.flow(state.what, state.cohort or None, duplicates=state.duplicates or None)
        return {"synthetic": reports.store.synthetic(), "steps": [asdict(step) for step in found]}

    found = desk.kept(("flow", state.what, state.cohort, state.duplicates), steps)
    return {"ok": True, "state": state.as_json(), "question": question(desk, state), **found}


def status(desk: Desk) -> dict[str, Any]:
    """What is loaded, and where every line of it went."""
    return {"ok": True} | desk.kept(("status",), lambda reports: reports.status().to_json())


def evidence(name: str) -> dict[str, Any]:
    """The evidence tables of a treatment, as they stand, with their sources."""
    about = treatment(name)
    tables = {
        table.name: [{key: None if value is None else str(value) for key, value in row.cells.items()} for row in table]
        for table in about.tables.values()
        if table.rows
    }
    told = {"treatment": about.id, "name": about.name, "evidence_to": about.evidence_to}
    return {"ok": True, **told, "evidence_hash": about.evidence_hash, "tables": tables}
