"""Does the whole way work, from archives to signals? Invent quarters whose truth is known, load them, look for it.

Everything here is SYNTHETIC: the archives, the store made from them and every answer that it gives say so. Where
reports are few, the planted share of them grows so that 25 reports of each pair are expected: fewer than ten come once
in some thousand times, and ten stand out by far.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from primum.errors import OutputError, SourceError
from primum.terms import SYNTHETIC, Quarter
from primum.testing.faers import PlantedSignal
from primum.testing.series import quarter_sizes, write_archives
from primum.testing.stories import FIRST_QUARTER, LAST_QUARTER, MOST_REPORTS

if TYPE_CHECKING:
    from primum.signals.table import SignalTable
    from primum.study.reports import Reports

# Two of them carry real names so that `primum ask anti-wrinkle` has something to count; what they say is invented.
PLANTED: Final = (
    PlantedSignal(
        drug="BOTOX COSMETIC", event="Eyelid ptosis", drug_share=0.01, event_share=0.2, indication="Skin wrinkling"
    ),
    PlantedSignal(drug="BOTOX", event="Dysphagia", drug_share=0.01, event_share=0.2, indication="Migraine"),
    PlantedSignal(drug="SYNTHETIC PLANTED", event="Synthetic event planted", drug_share=0.01, event_share=0.2),
)
CONTROLS: Final = ("SYNTHETIC D1", "SYNTHETIC D2", "SYNTHETIC D3")  # frequent; nothing was planted with them
LEAST_REPORTS: Final = 2_000  # with fewer, what is planted would be a third of all reports
EXPECTED_REPORTS: Final = 25  # of each planted pair, at least, among current cases
CURRENT: Final = 0.8  # of reports that are the last version of their case, at least
DUPLICATE_SHARE: Final = 0.01
FOUND_ABOVE: Final = 0.0  # lower bound of the information component, in bits: more reports than by chance


@dataclass(frozen=True, slots=True)
class Planted:
    """What became of a planted signal.

    Args:
        signal: what was planted.
        observed: reports with the drug and the event.
        expected: reports expected by chance.
        ic_lower: lower bound of the information component, in bits.
        rank: place among the pairs of the drug by that bound, from 1.
    """

    signal: PlantedSignal
    observed: int
    expected: float
    ic_lower: float
    rank: int

    @property
    def found(self) -> bool:
        """Whether it stands out, and before every other pair of its drug."""
        return self.ic_lower > FOUND_ABOVE and self.rank == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What a demonstration did.

    Args:
        store: folder of its store.
        quarters: what was invented.
        reports: how many reports of it.
        rejected: lines that the loader did not take.
        planted: the planted signals.
        others: pairs of the control drugs, that nobody planted.
        others_above: those of them that stand out nonetheless, by chance.
    """

    store: Path
    quarters: tuple[Quarter, ...]
    reports: int
    rejected: int
    planted: tuple[Planted, ...]
    others: int
    others_above: int


def run_demo(
    folder: Path,
    *,
    reports: int,
    quarters: Sequence[Quarter],
    seed: int,
    say: Callable[[str], None] = lambda _: None,
) -> Demo:
    """Invent archives in a folder, load them into a store of their own beside them, and look for what was planted.

    Args:
        folder: an empty or new folder; the archives and the store stay there.
        reports: in all quarters together, at least one a quarter.
        quarters: which; each in the layout of its time.
        seed: same seed, same archives.
        say: told what is done now.

    Raises:
        SourceError: the folder holds something already, so that real and invented reports could meet in one store; or
            there are too few reports to plant anything, or more than the quarters can hold.
        OutputError: the folder cannot be made or written.
    """
    from primum.loading.faers import load_archives
    from primum.store import open_store
    from primum.study.reports import Reports

    sizes = _sizes(quarters, reports)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SourceError.of(str(folder), "something is there already", "an empty or new folder", "Name another one.")
    archives = folder / "archives"
    planted = planted_in(reports)
    try:
        archives.mkdir(parents=True)
        write_archives(
            archives,
            quarters=list(sizes),
            reports=reports,
            seed=seed,
            signals=planted,
            duplicate_share=DUPLICATE_SHARE,
            watch=lambda quarter, many: say(f"inventing {quarter}, {many:,} reports"),
        )
    except OSError as error:
        raise OutputError.of(
            str(archives), error.strerror or str(error), "Name a folder that can be made, with room for them."
        ) from error
    with open_store(folder / "store", write=True) as store:
        loaded = load_archives(store, archives, progress=say).loaded
        say("looking for what was planted")
        found = Reports(store)
        tables = [found.signals(drug, drug_level="verbatim", methods=("ic",)) for drug in CONTROLS]
        looked_for = tuple(_look_for(signal, found) for signal in planted)
    return Demo(
        store=folder / "store",
        quarters=tuple(sizes),
        reports=sum(one.reports for one in loaded),
        rejected=sum(one.rejected for one in loaded),
        planted=looked_for,
        others=sum(len(table) for table in tables),
        others_above=sum(int((table.ic_lower > FOUND_ABOVE).sum()) for table in tables),
    )


def planted_in(reports: int) -> tuple[PlantedSignal, ...]:
    """What is planted in so many reports: enough of each pair to be found, and one drug report in a hundred at least.

    Examples:
        >>> [round(signal.drug_share, 3) for signal in planted_in(2_000)]
        [0.078, 0.078, 0.078]
        >>> planted_in(1_000_000) == PLANTED
        True
    """
    return tuple(
        replace(signal, drug_share=max(signal.drug_share, EXPECTED_REPORTS / (CURRENT * signal.event_share * reports)))
        for signal in PLANTED
    )


def _sizes(quarters: Sequence[Quarter], reports: int) -> dict[Quarter, int]:
    """Reports of each quarter, or the reason why there cannot be so many or so few, or not then."""
    beyond = [quarter for quarter in quarters if not FIRST_QUARTER <= quarter <= LAST_QUARTER]
    if beyond:
        raise SourceError.of(
            f"--quarters {beyond[0]}",
            "nobody knows what a file looked like then",
            f"quarters from {FIRST_QUARTER} to {LAST_QUARTER}",
            "Name others.",
        )
    if reports < LEAST_REPORTS:
        raise SourceError.of(
            f"--reports {reports}",
            "too few: chance would hide what is planted",
            f"at least {LEAST_REPORTS:,}",
            "Ask for more.",
        )
    sizes = quarter_sizes(quarters, reports)
    if max(sizes.values()) > MOST_REPORTS:
        raise SourceError.of(
            f"--reports {reports}",
            f"too many for {len(sizes)} quarter{'s' if len(sizes) > 1 else ''}",
            f"at most {MOST_REPORTS:,} in each",
            "Name more with --quarters.",
        )
    return sizes


def _look_for(signal: PlantedSignal, reports: Reports) -> Planted:
    table: SignalTable = reports.signals(signal.drug, drug_level="verbatim", methods=("ic",))
    pairs = [i for i in range(len(table)) if table.drug[i] == signal.drug]
    wanted = [i for i in pairs if table.event[i] == signal.event.upper()]
    if not wanted:
        return Planted(signal, 0, 0.0, float("-inf"), len(pairs) + 1)
    [i] = wanted
    lower = float(table.ic_lower[i])
    rank = 1 + sum(bool(table.ic_lower[j] > lower) for j in pairs)
    return Planted(signal, int(table.observed[i]), float(table.expected[i]), lower, rank)


def demo_lines(demo: Demo) -> list[str]:
    """What is told of a demonstration; the word SYNTHETIC stands on every line."""
    lines = [
        f"{demo.reports:,} invented reports of {', '.join(map(str, demo.quarters))}; {demo.rejected:,} lines rejected",
        "planted: reports with both, expected by chance, lower bound of IC in bits",
    ]
    for one in demo.planted:
        verdict = "found" if one.found else "NOT FOUND"
        numbers = f"{one.observed:,}, {one.expected:.1f}, {one.ic_lower:.2f}"
        lines += [f"{verdict}: {one.signal.drug} and {one.signal.event.lower()}", f"  {numbers}"]
    lines.append(
        f"not planted, {len(CONTROLS)} drugs: {demo.others:,} pairs, of which {demo.others_above:,} stand out by chance"
    )
    return [f"{SYNTHETIC}  {line}" for line in lines]
