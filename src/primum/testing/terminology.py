"""A terminology of MedAscii form, all of it SYNTHETIC: invented terms and codes; nothing of MedDRA stands here."""

from __future__ import annotations

from pathlib import Path

# code, name, primary class and every path (high level term, group, class): all invented.
TERMS = {
    "90000001": "Wobbly knee",
    "90000002": "Green elbow",
    "90000003": "Humming ear",
}
PATHS = [
    ("90000001", "Joints odd", "Limbs odd", "Limb disorders SYNTHETIC", "Y"),
    ("90000001", "Gait odd", "Moving odd", "Movement disorders SYNTHETIC", "N"),
    ("90000002", "Joints odd", "Limbs odd", "Limb disorders SYNTHETIC", "Y"),
    ("90000003", "Sounds odd", "Hearing odd", "Ear disorders SYNTHETIC", "Y"),
]
LOWEST = [("90000001", "Wobbly knee", "90000001"), ("90000011", "Knee that wobbles", "90000001")]
LOWEST += [(code, name, code) for code, name in list(TERMS.items())[1:]]
QUERIES = {"91000001": "Odd limbs (SMQ)", "91000002": "Odd knees (SMQ)", "91000003": "Oddest knees (SMQ)"}
CONTENT = [
    ("91000001", "90000002", "4", "2"),  # narrow
    ("91000001", "91000002", "0", "0"),  # a child query
    ("91000002", "91000003", "0", "0"),  # and a child of the child
    ("91000003", "90000001", "4", "2"),
    ("91000002", "90000003", "4", "1"),  # broad
]


def row(*fields: str, of: int) -> str:
    """A row of so many fields, each closed by `$`; the last ones empty."""
    return "$".join([*fields, *[""] * (of - len(fields))]) + "$\n"


def write_meddra(folder: Path, *, release: str = "99.1") -> Path:
    """Write a folder of MedAscii form; returns it.

    Args:
        folder: made where it is missing.
        release: what its files say; empty: nothing.
    """
    place = folder / "MedAscii"
    place.mkdir(parents=True, exist_ok=True)
    files = {
        "pt.asc": [row(code, name, "", "9", of=11) for code, name in TERMS.items()],
        "llt.asc": [row(*fields, of=11) for fields in LOWEST],
        "mdhier.asc": [
            row(code, "1", "2", "3", TERMS[code], hlt, hlgt, soc, "", "", "3", primary, of=12)
            for code, hlt, hlgt, soc, primary in PATHS
        ],
        "smq_list.asc": [
            row(code, name, "1", "Words over\ntwo lines", "", "", release, "A", "N", of=9)
            for code, name in QUERIES.items()
        ],
        "smq_content.asc": [row(*fields, "A", "0", "A", release, release, of=9) for fields in CONTENT],
    }
    for name, rows in files.items():
        (place / name).write_text("".join(rows), encoding="utf-8")
    return folder
