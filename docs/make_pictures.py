"""Write the pictures of the explanation pages, by the code that draws the dossier's.

Two come from the measurements in `benchmarks/RESULTS.md`, one from a SYNTHETIC archive that is invented, loaded and
counted here (about ten seconds). Usage: python docs/make_pictures.py [--check]. With --check it writes nothing, and
exits with 1 when a picture is stale.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from primum.dossier.figures import Bars, Forest, ForestRow, Tone
from primum.dossier.model import Column, Figure, Table
from primum.dossier.render import charts
from primum.dossier.render.html import standalone
from primum.evidence.finding import Finding
from primum.evidence.proportions import wilson
from primum.terms import Interval, Quarter

DOCS = Path(__file__).parent
RESULTS = DOCS.parent / "benchmarks/RESULTS.md"
PICTURES = DOCS / "pictures"
REPORTS = 20_000
# Invented reports of every way in which a use is told: name, indication (empty: an invented one, which no rule knows).
WAYS = (
    ("BOTOX COSMETIC", "Skin wrinkling", 0.004),
    ("VISTABEL", "", 0.003),
    ("BOTOX", "Migraine", 0.004),
    ("DYSPORT", "Blepharospasm", 0.002),
    ("ONABOTULINUMTOXINA", "", 0.006),
)


def share(name: str, label: str, right: int, of: int) -> Finding:
    """So many of so many, with its Wilson interval."""
    low, high = (float(end[0]) for end in wilson([right], [of]))
    return Finding(
        id=f"linkage.{name}", label=label, value=right / of, unit="proportion", interval=Interval(low, high),
        numerator=right, denominator=of, sources=("results",),
    )  # fmt: skip


def forest(name: str, title: str, described: str, rows: Sequence[tuple[Finding, Tone]], axis: str) -> str:
    """Shares with their intervals as a picture that stands alone."""
    drawn = tuple(ForestRow(finding.label, finding.id, tone=tone) for finding, tone in rows)
    twin = Table("twin", title, (Column("what"),), (("in the text",),))
    figure = Figure(name, title, described, Forest(drawn, axis, reference=None, unit="percent"), twin)
    return standalone(charts.svg(figure, {finding.id: finding for finding, _ in rows}))


def found_and_right() -> str:
    """Of planted duplicates how many are found, and of links how many are right."""
    text = RESULTS.read_text(encoding="utf-8")
    exact = re.search(r"\| exact \| ([\d,]+) of ([\d,]+) \| [\d.]+ \| ([\d.]+) ", text)
    model = re.search(r"\| probabilistic, from 0\.5 \| ([\d,]+) of ([\d,]+) \| [\d.]+ \| ([\d.]+) ", text)
    if exact is None or model is None:
        sys.exit(f"{RESULTS.name} holds no table of linking; expected rows `exact` and `probabilistic, from 0.5`")
    rows: list[tuple[Finding, Tone]] = []
    for name, found, tone in (("exact", exact, "untreated"), ("model", model, "treated")):
        right, links = (int(found[n].replace(",", "")) for n in (1, 2))
        planted = round(right / float(found[3]))
        words = "exact rules" if name == "exact" else "probabilistic, from 0.5"
        rows.append((share(f"{name}_right", f"{words}: links that are right", right, links), tone))
        rows.append((share(f"{name}_found", f"{words}: planted pairs that are found", right, planted), tone))
    return forest(
        "linkage", "What linking finds, and how much of it is right", "Four shares with their 95 % intervals.", rows,
        "% of pairs (95 % interval), held-out SYNTHETIC reports",
    )  # fmt: skip


def calibration() -> str:
    """What the model says of a pair, and how often it is so."""
    text = RESULTS.read_text(encoding="utf-8")
    bins = re.findall(r"^\| ([\d.]+)-([\d.]+) \| ([\d,]+) \| ([\d.]+) \| ([\d.]+) \|$", text, flags=re.MULTILINE)
    rows: list[tuple[Finding, Tone]] = []
    for low, high, pairs, mean, right in bins:
        of = int(pairs.replace(",", ""))
        label = f"said {low} to {high}, {float(mean):.3f} in the mean"
        rows.append((share(f"bin_{low.replace('.', '_')}", label, round(of * float(right)), of), "treated"))
    return forest(
        "calibration", "How often a pair is one event, by what the model says", "One share a range.", rows,
        "% of pairs that are one event (95 % interval), SYNTHETIC",
    )  # fmt: skip


def uses() -> str:
    """A SYNTHETIC archive with every way in which a use is told, counted by use."""
    from primum.loading.faers import load_archives
    from primum.store import open_store
    from primum.study.ask import ask
    from primum.testing.faers import PlantedSignal, write_archive

    planted = [
        PlantedSignal(drug=name, event="Headache", drug_share=often, event_share=0.1, indication=indication)
        for name, indication, often in WAYS
    ]
    with tempfile.TemporaryDirectory() as folder:
        archives, store = Path(folder) / "archives", Path(folder) / "store"
        archives.mkdir()
        write_archive(archives, quarter=Quarter(2026, 1), reports=REPORTS, seed=1, signals=planted)
        with open_store(store, write=True) as opened:
            load_archives(opened, archives)
        dossier = ask("anti-wrinkle", store=store)
    block = dossier.show("reports", "uses").block
    if not isinstance(block, Figure) or not isinstance(block.drawing, Bars):
        sys.exit("the section on reports holds no bars of uses; look at dossier/loaded_tables.py")
    drawing = replace(block.drawing, axis="SYNTHETIC reports")
    return standalone(charts.svg(replace(block, drawing=drawing), dossier.findings))


MADE = {"linkage.svg": found_and_right, "calibration.svg": calibration, "uses.svg": uses}


def main() -> None:
    """Write the pictures, or with --check compare them."""
    PICTURES.mkdir(exist_ok=True)
    made = {name: make() for name, make in MADE.items()}
    stale = [name for name, text in made.items() if not (f := PICTURES / name).exists() or f.read_text() != text]
    if "--check" in sys.argv[1:]:
        sys.exit(f"out of date: {', '.join(stale)}; run python docs/make_pictures.py" if stale else 0)
    for name in stale:
        (PICTURES / name).write_text(made[name], encoding="utf-8")


if __name__ == "__main__":
    main()
