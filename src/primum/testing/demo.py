"""Does the whole way work, from archives to signals? Invent quarters whose truth is known, load them, look for it.

Everything here is SYNTHETIC: the archives, the store made from them and every answer that it gives say so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from primum.errors import SourceError
from primum.terms import SYNTHETIC, Quarter
from primum.testing.faers import PlantedSignal, write_archive

if TYPE_CHECKING:
    from primum.signals.table import SignalTable

# Two of them carry real names so that `primum ask anti-wrinkle` has something to count; what they say is invented.
PLANTED: Final = (
    PlantedSignal(
        drug="BOTOX COSMETIC", event="Eyelid ptosis", drug_share=0.01, event_share=0.2, indication="Skin wrinkling"
    ),
    PlantedSignal(drug="BOTOX", event="Dysphagia", drug_share=0.01, event_share=0.1, indication="Migraine"),
    PlantedSignal(drug="SYNTHETIC DRUG PLANTED", event="Synthetic event planted", drug_share=0.02, event_share=0.1),
)
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
        others: pairs that nobody planted.
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
        SourceError: the folder holds something already, so that real and invented reports could meet in one store.
    """
    from primum.store import open_store
    from primum.study.load import load_archives
    from primum.study.reports import Reports

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SourceError.of(str(folder), "something is there already", "an empty or new folder", "Name another one.")
    archives = folder / "archives"
    archives.mkdir(parents=True)
    wanted = sorted(set(quarters))
    for place, quarter in enumerate(wanted):
        say(f"inventing {quarter}")
        share = reports // len(wanted) + (place < reports % len(wanted))
        write_archive(archives, quarter=quarter, reports=share, seed=seed, signals=PLANTED)
    with open_store(folder / "store", write=True) as store:
        loaded = load_archives(store, archives, progress=say).loaded
        say("looking for what was planted")
        table = Reports(store).signals(drug_level="verbatim", methods=("ic",))
    planted = tuple(_look_for(signal, table) for signal in PLANTED)
    drugs = {signal.drug for signal in PLANTED}
    others = [i for i in range(len(table)) if table.drug[i] not in drugs]
    return Demo(
        store=folder / "store",
        quarters=tuple(wanted),
        reports=sum(one.reports for one in loaded),
        rejected=sum(one.rejected for one in loaded),
        planted=planted,
        others=len(others),
        others_above=sum(bool(table.ic_lower[i] > FOUND_ABOVE) for i in others),
    )


def _look_for(signal: PlantedSignal, table: SignalTable) -> Planted:
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
    lines.append(f"not planted: {demo.others:,} pairs, of which {demo.others_above:,} stand out by chance")
    return [f"{SYNTHETIC}  {line}" for line in lines]
