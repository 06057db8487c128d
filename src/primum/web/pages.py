"""What stands on each page of the explorer: plain data from the library, the same for HTML and JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

LARGEST_TABLE: Final = 1_000  # rows on one page; `primum signals --csv` writes them all


def index(store: Path | None) -> dict[str, Any]:
    """The treatments that can be asked about, and what is loaded."""
    from primum.store import default_folder, exists
    from primum.treatments import known_treatments

    return {
        "ok": True,
        "treatments": list(known_treatments()),
        "store": str(store or default_folder()),
        "loaded": exists(store),
    }


def treatment_html(name: str, store: Path | None) -> str:
    """The dossier as its page."""
    from primum.dossier.render import html
    from primum.study.ask import ask

    return html.render(ask(name, store=_loaded(store)))


def treatment_json(name: str, store: Path | None) -> dict[str, Any]:
    """The dossier as data, the same object as `primum ask --json`."""
    from primum.dossier.render.json import as_json
    from primum.study.ask import ask

    return dict(as_json(ask(name, store=_loaded(store))))


def signals(what: str, store: Path | None, *, cohort: str, versus: str, limit: int) -> dict[str, Any]:
    """The signal table of a treatment or drug, the rows that stand out most first."""
    import numpy as np

    from primum.signals.write import as_json
    from primum.study.reports import open as open_reports

    with open_reports(store) as reports:
        table = reports.signals(what, cohort or None, versus or None).ranked()
    shown = min(max(limit, 1), LARGEST_TABLE, len(table))
    asked = {"what": what, "asked_cohort": cohort, "asked_versus": versus, "pairs": len(table), "shown": shown}
    return {"ok": True} | asked | as_json(table.take(np.arange(shown)))


def status(store: Path | None) -> dict[str, Any]:
    """What is loaded, and where every line of it went."""
    from primum.store import open_store

    with open_store(store, underived=True) as opened:
        return {"ok": True} | opened.status().to_json()


def _loaded(store: Path | None) -> Path | None:
    """The named store where it holds reports; a dossier is answered without one."""
    from primum.store import exists

    return store if exists(store) else None
