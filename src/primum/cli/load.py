"""primum load: bring report files into the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from primum.cli.options import StoreFolder
from primum.cli.output import say

if TYPE_CHECKING:
    from primum.loading.faers import Loaded
    from primum.store import Store


def register(app: typer.Typer) -> None:
    """Add the commands."""
    family = typer.Typer(help="Load report files into the store.", no_args_is_help=True, rich_markup_mode=None)
    family.command("faers")(load_faers)
    family.command("table")(load_table)
    family.command("vaers")(load_vaers)
    family.command("maude")(load_maude)
    family.command("caers")(load_caers)
    family.command("canada")(load_canada)
    family.command("jader")(load_jader)
    family.command("eudravigilance")(load_eudravigilance)
    family.command("e2b")(load_e2b)
    family.command("openfda")(load_openfda)
    family.command("altio")(load_altio)
    app.add_typer(family, name="load")


def load_faers(
    quarters: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[QUARTERS]", help="Such as 2014q3 or 2004q1..2017q2; without any, all that --from holds."
        ),
    ] = None,
    given: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="DIR|ZIP|URL",
            help="A zip, a folder of zips, or an address; PRIMUM_FAERS_URL or FDA's unless given.",
        ),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, max=8, help="Downloads at once.")] = 2,
    store: StoreFolder = None,
) -> None:
    """Load FAERS quarters from FDA's ASCII archives, downloaded or at hand; each quarter wholly or not at all.

    Stop it at any time and run it again: what has arrived and what is loaded stays.
    """
    from primum.cli.progress import watched
    from primum.loading import faers
    from primum.sources.download import base_address, is_address
    from primum.store import exists, open_store

    wanted = faers.read_quarters(quarters or [])
    at_hand = given is not None and not is_address(given)
    if not (wanted or at_hand or exists(store)):
        raise faers.no_quarters()
    with watched() as watcher, open_store(store, write=True) as opened:
        if given is not None and at_hand:
            answer = faers.load_archives(
                opened, Path(given), quarters=wanted, progress=watcher.say, watcher=watcher.archives
            )
        elif wanted:
            answer = faers.load_published(
                opened,
                wanted,
                base=given,
                jobs=jobs,
                progress=watcher.say,
                downloads=watcher.downloads,
                watcher=watcher.archives,
            )
        elif faers.finish(opened, progress=watcher.say):
            say("Finished what was left to do; the store is up to date.")
            return
        else:
            raise faers.no_quarters()
    for loaded in answer.loaded:
        _tell(loaded)
    if answer.not_found:
        say(f"not found in {given or base_address()}: {', '.join(map(str, answer.not_found))}")


def load_table(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, gzipped CSV or Parquet.")],
    store: StoreFolder = None,
) -> None:
    """Load a long table with the columns CASEID,DRUG,AE; every drug counts as primary suspect.

    A table is known by the name of its file: another file of that name, in whatever folder, replaces it.
    """
    from primum.cli.progress import watched
    from primum.loading.table import check_table_file, load_table
    from primum.store import open_store

    check_table_file(file)  # a wrong name makes no store
    with watched() as watcher, open_store(store, write=True) as opened:
        watcher.say(file.name)
        loaded = load_table(opened, file)
    _tell(loaded)
    if loaded.outcome == "replaced":
        say(f"It stands for the {file.name} loaded before; to keep both, give one another name.")


def load_vaers(
    files: Annotated[
        list[Path], typer.Argument(metavar="FOLDER_OR_FILES", help="DATA, VAX and SYMPTOMS of each year, as CSV.")
    ],
    store: StoreFolder = None,
) -> None:
    """Load yearly files of VAERS, such as 2021VAERSDATA.csv with its two companions; every vaccine is a suspect."""
    from primum.loading.vaers import load_vaers
    from primum.sources.vaers import find_sets

    sets = find_sets(files)  # what is not whole makes no store
    _load(store, lambda opened, say: load_vaers(opened, sets, progress=say))


def load_maude(
    folders: Annotated[
        list[Path], typer.Argument(metavar="FOLDER...", help="Unpacked files such as mdrfoi.txt and device2020.txt.")
    ],
    store: StoreFolder = None,
) -> None:
    """Load folders with files of MAUDE, the reports on devices; a device stands where a drug does."""
    from primum.loading.maude import load_maude
    from primum.sources.maude import find_folder

    found = [find_folder(folder) for folder in folders]  # what is not whole makes no store
    _load(store, lambda opened, say: load_maude(opened, found, progress=say))


def load_caers(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="CSV files of CAERS or HFCS.")],
    store: StoreFolder = None,
) -> None:
    """Load files of CAERS (HFCS), FDA's reports on foods, supplements and cosmetics."""
    from primum.loading.caers import check_caers_file, load_caers

    for file in files:
        check_caers_file(file)
    _load(store, lambda opened, say: load_caers(opened, files, progress=say))


def load_canada(
    folders: Annotated[list[Path], typer.Argument(metavar="FOLDER...", help="Unpacked extract_extrait.zip.")],
    store: StoreFolder = None,
) -> None:
    """Load extracts of Canada Vigilance."""
    from primum.loading.canada import load_canada
    from primum.sources.canada import find_extract

    found = [find_extract(folder) for folder in folders]
    _load(store, lambda opened, say: load_canada(opened, found, progress=say))


def load_jader(
    folders: Annotated[list[Path], typer.Argument(metavar="FOLDER...", help="Files such as demo202311.csv.")],
    store: StoreFolder = None,
) -> None:
    """Load publications of JADER, the reports on drugs in Japan; names and terms stay Japanese."""
    from primum.loading.jader import load_jader
    from primum.sources.jader import find_publication

    found = [find_publication(folder) for folder in folders]
    _load(store, lambda opened, say: load_jader(opened, found, progress=say))


def load_eudravigilance(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Line listings saved as CSV.")],
    store: StoreFolder = None,
) -> None:
    """Load line listings of EudraVigilance; each was fetched for one substance."""
    from primum.loading.eudravigilance import check_listing, load_eudravigilance

    for file in files:
        check_listing(file)
    _load(store, lambda opened, say: load_eudravigilance(opened, files, progress=say))


def load_e2b(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILES_OR_FOLDER", help="XML files, zips of them, or folders of these.")
    ],
    meddra: Annotated[
        Path | None,
        typer.Option("--meddra", metavar="DIR", help="A licensed MedAscii folder, to name terms given by code alone."),
    ] = None,
    store: StoreFolder = None,
) -> None:
    """Load case safety reports as XML, E2B(R2) such as FDA's XML twins or E2B(R3); every suspect is a primary one."""
    from primum.vocab.meddra import names_by_code

    _load_icsr("e2b", files, store, terms=names_by_code(meddra) if meddra else None)


def load_openfda(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILES_OR_FOLDER", help="Partitions of drug/event as zip or JSON, or folders of these."),
    ],
    store: StoreFolder = None,
) -> None:
    """Load partitions of openFDA's drug/event; give the folder above the quarters, whose files share their names."""
    _load_icsr("openfda", files, store)


def load_altio(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A release: manifest.json and parquet/.")],
    store: StoreFolder = None,
) -> None:
    """Load FDA's quarters from a release of Open Altio, as reports of FAERS; each replaces what is there of it."""
    from primum.loading.altio import load_altio
    from primum.sources.altio import find_release

    release = find_release(folder)  # what is no release makes no store
    _load(store, lambda opened, say: load_altio(opened, release, progress=say), unit="rows")


def _load_icsr(system: str, given: list[Path], store: Path | None, *, terms: Mapping[str, str] | None = None) -> None:
    from primum.loading.icsr import find_icsr_files, load_icsr

    files = find_icsr_files(system, given)  # a wrong name makes no store
    _load(
        store,
        lambda opened, say: load_icsr(opened, system, files, terms=terms, progress=say),
        unit="records",
        mended="repairs",
    )


def _load(
    store: Path | None,
    load: Callable[[Store, Callable[[str], None]], Iterable[Loaded]],
    *,
    unit: str = "lines",
    mended: str = "rows repaired",
) -> None:
    """Open the store for writing, load, and tell what became of each part."""
    from primum.cli.progress import watched
    from primum.store import open_store

    with watched() as watcher, open_store(store, write=True) as opened:
        answers = load(opened, watcher.say)
    for loaded in answers:
        _tell(loaded, unit=unit, mended=mended)


def _tell(loaded: Loaded, *, unit: str = "lines", mended: str = "rows repaired") -> None:
    if loaded.outcome == "unchanged":
        say(f"{loaded.part}: {loaded.archive} is loaded already ({loaded.reports:,} reports)")
        return
    say(
        f"{loaded.part}: {loaded.outcome} {loaded.reports:,} reports; {loaded.rejected:,} {unit} rejected, "
        f"{loaded.repaired:,} {mended}"
    )
