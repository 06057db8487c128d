"""How long does it take to say what the drug names of a quarter mean?

A quarter of 400,000 reports holds some 1.7 million drug rows and, as reporters write them, 60,000 to 140,000 different
pairs of name and ingredient. SYNTHETIC names with what is found in real ones (strengths, forms, brackets, makers,
several drugs in one field, rows with and without an ingredient, names of toxins among them) are mapped by the tables of
all installed treatments, by what the rows teach, and by a SYNTHETIC dictionary and reference list; the rows of the
table are built but not written.

Usage: python benchmarks/bench_names.py [--names 140000] [--entries 50000] [--write benchmarks/RESULTS.md]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from measuring import machine, measured, write_between
from primum.treatments.vocabulary import vocabularies
from primum.vocab.dictionary import Dictionary, Meaning
from primum.vocab.drugs import UNMAPPED, map_names

SYLLABLES = [
    "ba",
    "ce",
    "di",
    "fo",
    "gu",
    "ha",
    "jo",
    "ke",
    "li",
    "mo",
    "nu",
    "pa",
    "qui",
    "ro",
    "sa",
    "te",
    "ul",
    "vi",
    "xa",
    "ye",
    "zo",
    "tri",
    "met",
    "lor",
    "cin",
    "dex",
    "pro",
]
PATTERNS = (
    "{0}",
    "{0}.",
    "{0} {1} MG",
    "{0} {1}MG TABLETS",
    "{0} ({2})",
    "{0}   /0{1}587301/",
    "{0} {1} MG/ML SOLUTION FOR INJECTION",
    "{0} {2} PHARMA",
    "{0} ({2}) ({1} MILLIGRAM, CAPSULE",
    "{0}; {2}",
    "{0} AND {2}",
    "{0} {1} %, CREAM",
)
TOXINS = ("BOTOX", "botox {0} units,", "BOTOX COSMETIC {0}", "DYSPORT {0}", "BOTULINUM TOXIN TYPE A {0}", "XEOMIN {0}")

Names = list[tuple[str | None, str | None, int]]


def made_names(different: int, rng: np.random.Generator) -> Names:
    """SYNTHETIC pairs of name and ingredient with their drug rows, as skewed as real ones."""
    brands = ["".join(rng.choice(SYLLABLES, rng.integers(2, 5))).upper() for _ in range(different // 8)]
    found: dict[tuple[str, str | None], int] = {}
    rows = np.minimum(rng.zipf(1.8, 4 * different), 10_000)
    for n in rows:
        if len(found) == different:
            break
        one, other = brands[int(rng.zipf(1.2)) % len(brands)], brands[rng.integers(len(brands))]
        pattern = PATTERNS[rng.integers(len(PATTERNS))]
        name = pattern.format(one, rng.integers(1, 500), other)
        if rng.random() < 0.002:
            name = TOXINS[rng.integers(len(TOXINS))].format(rng.integers(1, 500))
        ingredient = (
            None if rng.random() < 0.35 else f"{one[:6]}INE" + ("\\" + f"{other[:6]}OL" if "AND" in name else "")
        )
        found.setdefault((name, ingredient), int(n))
    return [(name, ingredient, n) for (name, ingredient), n in found.items()]


def run(different: int, entries: int) -> list[str]:
    rng = np.random.default_rng(20261125)
    names = made_names(different, rng)
    listed = [f"{''.join(rng.choice(SYLLABLES, 4))}".upper() for _ in range(entries)]
    own = Dictionary("SYNTHETIC.csv", "csv", "", "0" * 64, {name: (Meaning(name + "INE"),) for name in listed[:1000]})
    reference = Dictionary("SYNTHETIC", "rxnorm", "", "1" * 64, {name: (Meaning(name + "INE"),) for name in listed})
    keys = list(range(1, len(names) + 1))
    tables = [words.names for words in vocabularies()]
    found: dict[str, list[object]] = {}

    def map_all() -> None:
        found.update(
            map_names(keys, names, teaching=[rows for *_, rows in names], tables=tables, dictionaries=(own, reference))
        )

    seconds = measured(map_all)
    rows = sum(many for *_, many in names)
    by_treatment = sum(treatment is not None for treatment in found["treatment"])
    return [
        f"{len(names):,} SYNTHETIC pairs of name and ingredient that stand in {rows:,} drug rows, a reference "
        f"list of {entries:,} names; {machine('duckdb')}.",
        "",
        "| work | CPU | wall | target |",
        "|---|---|---|---|",
        f"| learn from the rows and map every name | {seconds['cpu']:.1f} s | {seconds['wall']:.1f} s | 5 s |",
        "",
        f"{len(found['name_key']):,} meanings; {by_treatment:,} by a treatment's table, "
        f"{sum(method == UNMAPPED for method in found['method']):,} unmapped.",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", type=int, default=140_000)
    parser.add_argument("--entries", type=int, default=50_000)
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    lines = run(asked.names, asked.entries)
    print("\n".join(lines))
    if asked.write:
        called = f"`python benchmarks/bench_names.py {' '.join(sys.argv[1:])}`".replace(" `", "`")
        write_between(asked.write, "names", ["## Drug names", "", called, "", *lines])


if __name__ == "__main__":
    main()
