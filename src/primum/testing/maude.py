"""SYNTHETIC files of MAUDE, with one planted signal, to be loaded and found again.

Every report says SYNTHETIC as the first word of its maker and of its text. The files are written as FDA writes them: no
quotes, pipes and line breaks inside the text, `*` for nothing, keys such as ` 123.0`, layouts of two eras, Add and
Change files.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from primum.sources.maude import COLUMNS
from primum.terms import SYNTHETIC

DEVICES: Final = (  # brand, generic name, product code
    ("JUVEDERM VOLUMA XC", "IMPLANT, DERMAL, FOR AESTHETIC USE", "LMH"),
    ("RESTYLANE LYFT", "DERMAL FILLER", "LMH"),
    ("RADIESSE", "IMPLANT, DERMAL, FOR AESTHETIC USE", "LMH"),
    ("SYNTHOPUMP", "PUMP, INFUSION", "FRN"),
    ("SYNTHOHIP", "PROSTHESIS, HIP", "LPH"),
    ("*", "GLUCOSE METER", "NBW"),
)
PATIENT_PROBLEMS: Final = {
    "90001": "Nodule",
    "90002": "Swelling",
    "90003": "Pain",
    "90004": "Necrosis",
    "90005": "Urinary Tract Infection",
}
DEVICE_PROBLEMS: Final = {"80001": "Break", "80002": "Adverse Event Without Identified Device or Use Problem"}
PLANTED: Final = ("LMH", "Nodule")  # in six of ten reports on fillers, one in ten of the others
TEXT: Final = "SYNTHETIC, no person. A | B\r\nand on a second line, fièvre"
FIRST_KEY: Final = 9_000_001
_NEWER: Final = ("MFR_REPORT_TYPE", "REPORTER_STATE_CODE")  # of mdrfoi since 2024
_DEVICE_COLUMNS_BEFORE_2020: Final = 28


def write_maude(folder: Path, *, reports: int = 200, seed: int = 1, text: str = TEXT) -> Path:
    """Write the files of one folder: half of the reports in the older layout, one in twenty added and one changed.

    Args:
        folder: where to; it must exist.
        reports: distinct reports.
        seed: the same seed gives the same bytes.
        text: of each report.

    Returns:
        The folder.

    Examples:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     written = write_maude(Path(folder), reports=40)
        ...     sorted(path.name for path in written.glob("mdr*"))
        ['mdrfoi.txt', 'mdrfoiAdd.txt', 'mdrfoiChange.txt', 'mdrfoiThru2023.txt']
    """
    rng = np.random.default_rng(seed)
    keys = range(FIRST_KEY, FIRST_KEY + reports)
    older, newer = keys[: reports // 2], keys[reports // 2 :]
    added = newer[len(newer) - max(1, reports // 20) :]
    newer = newer[: len(newer) - len(added)]
    changed = older[: max(1, reports // 20)]
    for piece, part, old in (
        ("Thru2023", older, True),
        ("", newer, False),
        ("Add", added, False),
        ("Change", changed, False),
    ):
        _write_piece(folder, rng, piece, part, old=old, text=text)
    _write_problems(folder, rng, keys)
    return folder


def _write_piece(
    folder: Path, rng: np.random.Generator, piece: str, keys: Sequence[int], *, old: bool, text: str
) -> None:
    columns = [name for name in COLUMNS["MDRFOI"] if not (old and name in _NEWER)]
    device_columns = COLUMNS["DEVICE"][: _DEVICE_COLUMNS_BEFORE_2020 if old else None]
    changed = "2024/02/01" if piece == "Change" else ""
    _write(folder / f"mdrfoi{piece}.txt", columns, (_report(rng, key, changed) for key in keys))
    _write(folder / f"device{piece}.txt", device_columns, (_device(rng, key) for key in keys))
    _write(folder / f"patient{piece}.txt", COLUMNS["PATIENT"], (_patient(rng, key) for key in keys))
    texts = ({"MDR_REPORT_KEY": key, "MDR_TEXT_KEY": key, "TEXT_TYPE_CODE": "D", "FOI_TEXT": text} for key in keys)
    _write(folder / f"foitext{piece}.txt", COLUMNS["FOITEXT"], texts)


def _report(rng: np.random.Generator, key: int, changed: str) -> dict[str, object]:
    month, day = int(rng.integers(1, 13)), int(rng.integers(1, 29))
    return {
        "MDR_REPORT_KEY": f" {key}.0" if key % 50 == 0 else key,
        "REPORT_NUMBER": f"{SYNTHETIC}-{key}",
        "REPORT_SOURCE_CODE": "M",
        "DATE_RECEIVED": f"{month:02d}/{day:02d}/2023",
        "ADVERSE_EVENT_FLAG": "Y",
        "DATE_OF_EVENT": f"2022/{month:02d}/{day:02d}",
        "REPORTER_OCCUPATION_CODE": str(rng.choice(["001", "0LP", "*", "000"])),
        "EVENT_TYPE": str(rng.choice(["IN", "M", "IN", "D"])),
        "MANUFACTURER_NAME": f"{SYNTHETIC} MAKER",
        "TYPE_OF_REPORT": "I",
        "SOURCE_TYPE": "01,05" if rng.random() < 0.2 else "05",
        "DATE_CHANGED": changed,
        "REPORTER_COUNTRY_CODE": "US",
    }


def _device_of(key: int) -> tuple[str, str, str]:
    return DEVICES[(key * 2_654_435_761 >> 8) % len(DEVICES)]


def _device(rng: np.random.Generator, key: int) -> dict[str, object]:
    brand, generic, code = _device_of(key)
    return {
        "MDR_REPORT_KEY": key,
        "DEVICE_SEQUENCE_NO": 1,
        "BRAND_NAME": brand,
        "GENERIC_NAME": generic,
        "LOT_NUMBER": f"{SYNTHETIC}-{rng.integers(100, 999)}",
        "DEVICE_REPORT_PRODUCT_CODE": code,
        "IMPLANT_DATE_YEAR": "2022" if rng.random() < 0.3 else "",
    }


def _patient(rng: np.random.Generator, key: int) -> dict[str, object]:
    return {
        "MDR_REPORT_KEY": key,
        "PATIENT_SEQUENCE_NUMBER": 1,
        "SEQUENCE_NUMBER_OUTCOME": str(rng.choice(["1,H;", "1,L;2,R;", "", "*"])),
        "PATIENT_AGE": f"{rng.integers(20, 90)} YR",
        "PATIENT_SEX": str(rng.choice(["Female", "Male", "Unknown"])),
        "PATIENT_WEIGHT": f"{rng.integers(45, 110)} KG",
    }


def _write_problems(folder: Path, rng: np.random.Generator, keys: Sequence[int]) -> None:
    patient, device = [], []
    for key in keys:
        likely = 0.6 if _device_of(key)[2] == PLANTED[0] else 0.1
        given = [c for c, name in PATIENT_PROBLEMS.items() if rng.random() < (likely if name == PLANTED[1] else 0.3)]
        patient += [f"{key}|1|{code}" for code in given or [*PATIENT_PROBLEMS][1:2]]
        device.append(f"{key}|{rng.choice([*DEVICE_PROBLEMS])}")
    texts = {
        "patientproblemcode.txt": ["MDR_REPORT_KEY|PATIENT_SEQUENCE_NO|PROBLEM_CODE", *patient],
        "foidevproblem.txt": device,
        "patientproblemcodes.csv": [f'"{code}","{name}"' for code, name in PATIENT_PROBLEMS.items()],
        "deviceproblemcodes.csv": [f'"{code}","{name}"' for code, name in DEVICE_PROBLEMS.items()],
    }
    for name, lines in texts.items():
        (folder / name).write_bytes("".join(f"{line}\r\n" for line in lines).encode("latin-1"))


def _write(path: Path, columns: Sequence[str], rows: Iterable[dict[str, object]]) -> None:
    with path.open("w", encoding="latin-1", newline="") as stream:
        stream.write("|".join(columns) + "\r\n")
        for row in rows:
            stream.write("|".join(str(row.get(name, "")) for name in columns) + "\r\n")
