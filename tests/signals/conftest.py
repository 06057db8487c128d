"""Counts that several signal tests share."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from primum.counts.table import CountTable


@dataclass(frozen=True)
class Caers:
    """R package openEBGM 0.9.1 on FDA CAERS reports: 17,189 pairs."""

    drug: np.ndarray
    event: np.ndarray
    observed: np.ndarray
    expected: np.ndarray
    column: dict[str, np.ndarray]


@pytest.fixture(scope="session")
def caers(shared: Path) -> Caers:
    with gzip.open(shared / "oracles" / "openebgm_caers_output.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    text = {name: np.array([r[name] for r in rows], dtype=object) for name in ("var1", "var2")}
    numbers = {name: np.array([float(r[name]) for r in rows]) for name in rows[0] if name not in text}
    return Caers(text["var1"], text["var2"], numbers["N"].astype(np.int64), numbers["E"], numbers)


def count_reports(rows: list[tuple[str, str, str]]) -> CountTable:
    """Count distinct reports of every pair, plainly: the second way of counting that tests need."""
    reports, drugs, events = (sorted({row[i] for row in rows}) for i in range(3))
    codes = [{name: code for code, name in enumerate(names)} for names in (reports, drugs, events)]
    report, drug, event = (np.array([codes[i][row[i]] for row in rows]) for i in range(3))
    drug_margin = np.bincount(np.unique(drug * len(reports) + report) // len(reports))
    event_margin = np.bincount(np.unique(event * len(reports) + report) // len(reports))
    both = drug * len(events) + event
    pairs, observed = np.unique(np.unique(both * len(reports) + report) // len(reports), return_counts=True)
    drug, event = np.divmod(pairs, len(events))
    return CountTable(
        drug=np.array(drugs, dtype=object)[drug],
        event=np.array(events, dtype=object)[event],
        observed=observed.astype(np.int64),
        drug_reports=drug_margin[drug].astype(np.int64),
        event_reports=event_margin[event].astype(np.int64),
        total_reports=len(reports),
    )


@pytest.fixture(scope="session")
def quarter(shared: Path) -> CountTable:
    """FAERS 2022Q3, primary suspects: 111,118 pairs of 215,867 cases."""
    with gzip.open(shared / "data" / "faers_2022q3_primary_suspect.csv.gz", "rt") as file:
        return count_reports([(r["CASEID"], r["DRUG"], r["AE"]) for r in csv.DictReader(file)])
