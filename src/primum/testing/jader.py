"""SYNTHETIC publications of JADER, with one planted signal; every number of a case begins so."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

import numpy as np

from primum.sources.jader import PRINTED
from primum.terms import SYNTHETIC

DRUGS: Final = (("シンソ毒素", "シンソトックス"), ("シンソプリル", "ｼﾝｿﾌﾟﾘﾙ錠，１０ｍｇ"), ("シンソ酸", ""))
TERMS: Final = ("眼瞼下垂", "咳嗽", "頭痛", "悪心", "発疹")
PLANTED: Final = ("シンソ毒素", "眼瞼下垂")  # in six of ten reports of that drug, one in ten of the others


def write_jader(folder: Path, *, reports: int = 200, seed: int = 1) -> Path:
    """Write the four files in cp932; one case in ten has two counts of its report.

    Examples:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     sorted(path.name for path in write_jader(Path(folder), reports=3).iterdir())
        ['demo202311.csv', 'drug202311.csv', 'hist202311.csv', 'reac202311.csv']
    """
    rng = np.random.default_rng(seed)
    rows: dict[str, list[dict[str, object]]] = {table: [] for table in PRINTED}
    for number in range(1, reports + 1):
        for count in (1, 2) if number % 10 == 0 else (1,):
            _report(rng, rows, {"case_number": f"{SYNTHETIC}-{number:06d}", "report_count": count})
    for table, printed in PRINTED.items():
        name = f"{table.removeprefix('JADER_').lower()}202311.csv"
        with (folder / name).open("w", encoding="cp932", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\r\n")
            writer.writerow(head.replace("(", "（").replace(")", "）") for head in printed)
            writer.writerows([row.get(column, "") for column in printed.values()] for row in rows[table])
    return folder


def _report(rng: np.random.Generator, rows: dict[str, list[dict[str, object]]], case: dict[str, object]) -> None:
    generic, brand = DRUGS[int(rng.integers(len(DRUGS)))]
    likely = 0.6 if generic == PLANTED[0] else 0.1
    terms = [t for t in TERMS if rng.random() < (likely if t == PLANTED[1] else 0.35)] or [TERMS[2]]
    about = {
        "sex": str(rng.choice(["男性", "女性", "不明"])),
        "age": str(rng.choice(["60歳代", "10歳未満", "成人", "不明"])),
    }
    rows["JADER_DEMO"].append(
        case | about | {"weight": "50kg台", "quarter": "2023・第一", "report_type": "自発報告", "reporter": "医師"}
    )
    rows["JADER_DRUG"].append(
        case
        | {"drug_number": 1, "role": "被疑薬", "generic_name": generic, "brand_name": brand, "start_date": "20230401",
           "dose": "１０", "dose_unit": "ｍｇ", "reason": "高血圧"}
    )  # fmt: skip
    rows["JADER_REAC"] += [
        case | {"event_number": n, "event": term, "course": "回復", "event_date": "20230405"}
        for n, term in enumerate(terms, start=1)
    ]
    rows["JADER_HIST"].append(case | {"history_number": 1, "history": "高血圧"})
