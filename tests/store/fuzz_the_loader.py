"""What does the loader make of damaged lines and damaged archives? Loaded, rejected with a reason, or one clear line.

Lines: SYNTHETIC rows of every table and era, cut, glued, shifted, filled with control bytes, NULs, quotes, bytes above
0x7F and fields of up to 10 MB. Every file is cleaned and read back by the engine: the identity of the lines holds, the
engine sees as many rows as the cleaner counted, and a rejected line is kept byte for byte with its number.

Archives: truncated, bits turned, bombs by ratio and by count, members with traversing names, NUL bytes, UTF-16 text,
fields of 10 MB, missing and doubled tables, exchanged headers, sizes and checksums that lie. Each is loaded with every
line accounted for, or refused in one line with the store as it was and no file outside its folder.

Usage: python tests/store/fuzz_the_loader.py [--lines 1000000] [--archives 1000] [--seed 1]
"""

# ruff: noqa: T201 (a script that tells what it found)
from __future__ import annotations

import argparse
import random
import resource
import struct
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from primum.errors import SourceError
from primum.loading.faers import load_faers
from primum.sources.faers import Reject, clean_member, read_archive
from primum.sources.layouts import TABLES
from primum.store import DATABASE, Store, open_store
from primum.store.duckdb import DuckDBEngine
from primum.store.schema import tables
from primum.terms import Quarter
from primum.testing.faers import write_archive

ERAS = tuple(map(Quarter.parse, ("2004q1", "2005q3", "2012q4", "2013q1", "2015q1", "2026q1")))
LINES_OF_A_FILE = 5_000
LONG_FIELD = 10 * 1024**2
MOST_MEMORY = 2 * 1024**3  # bytes at the peak
NASTY = (
    *(b"$", b"$$$$", b"\r", b"\n", b"\r\n", b"\x00", b"\x01", b"\x7f", b"\x1a", b"\t", b"\x0c", b" ", b""),
    *(b"\xff", b"\xc3", b"\xc3\xb1", b"\xef\xbb\xbf", b"\xe2\x80\xa8"),
    *(b'"', b"'", b"\\", b",", b"7", b"-1", b"NULL", b"9" * 30),
)


def damaged_line(line: bytes, rng: random.Random) -> bytes:
    """A line with one to three wounds."""
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(line) + 1)
        match rng.randrange(8):
            case 0:
                line = line[:at]
            case 1:
                line = line[at:]
            case 2:
                line = line[:at] + rng.choice(NASTY) + line[at:]
            case 3:
                line = line[:at] + rng.choice(NASTY) + line[at + 1 :]
            case 4:
                line = line + line
            case 5:
                line = line[:at] + rng.randbytes(rng.randint(1, 12)) + line[at:]
            case 6:
                fields = line.split(b"$")
                rng.shuffle(fields)
                line = b"$".join(fields)
            case _:
                line = (
                    line[:at]
                    + b"x" * rng.choice((100, 5_000, 5_000, 499_000 if rng.random() < 0.01 else 1))
                    + line[at:]
                )
    return line


def texts_of(path: Path) -> dict[str, tuple[bytes, list[bytes]]]:
    """Header and lines of each table of an archive, without line ends."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            header, *lines = archive.read(name).replace(b"\r\n", b"\n").rstrip(b"\n").split(b"\n")
            found[Path(name).name[:4]] = (header, lines)
    return found


def member_name(table: str, quarter: Quarter) -> str:
    return f"ascii/{table}{quarter.year % 100:02d}Q{quarter.number}.txt"


def write(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return path


def fuzz_lines(folder: Path, wanted: int, rng: random.Random) -> Counter[str]:
    told: Counter[str] = Counter()
    sources = [(q, texts_of(write_archive(folder, quarter=q, reports=400, seed=1))) for q in ERAS]
    engine = DuckDBEngine(None)
    while told["lines"] < wanted:
        quarter, texts = rng.choice(sources)
        end = rng.choice((b"\r\n", b"\n"))
        bodies = {}
        for table, (header, lines) in texts.items():
            many = LINES_OF_A_FILE if lines else 0
            damaged = [damaged_line(rng.choice(lines), rng) for _ in range(many)]
            if damaged and rng.random() < 0.02:
                damaged[rng.randrange(many)] = b"1$" + b"y" * LONG_FIELD
            bodies[member_name(table, quarter)] = header + end + end.join(damaged) + rng.choice((end, b""))
        archive = read_archive(write(folder / "damaged.zip", bodies))
        known = {line.split(b"$")[0] for line in texts["DEMO"][1]}
        for member in archive.tables:
            rejects: list[Reject] = []
            rows = folder / "cleaned.rows"
            account = clean_member(archive, member, rows, reject=rejects.append, known_key=known.__contains__)
            check_file(engine, bodies[member.name], rows=rows, loaded=account.loaded, rejects=rejects)
            told["lines"] += account.lines - 1
            told["lines loaded"] += account.loaded - account.splits
            told["lines rejected"] += account.rejected
            told["lines joined to another"] += account.joins
            told["blank lines"] += account.blank_lines
            told["lines split in two"] += account.splits
    engine.close()
    return told


def check_file(engine: DuckDBEngine, body: bytes, *, rows: Path, loaded: int, rejects: list[Reject]) -> None:
    engine.stage_rows("fuzzed", rows)
    seen = engine.count("fuzzed")
    if seen != loaded:
        sys.exit(f"the engine reads {seen} rows where the cleaner counted {loaded}; see {rows}")
    engine.unstage("fuzzed")
    lines = body.split(b"\n")
    for reject in rejects:
        if lines[reject.line_number - 1] != reject.line or not reject.reason:
            sys.exit(f"line {reject.line_number} is not kept as it stands, or without a reason")


Damage = Callable[[dict[str, bytes], Path, random.Random], None]


def archive_damages(quarter: Quarter) -> dict[str, Damage]:
    """Ways to damage an archive, by name; each writes the damaged file."""

    def table(rng: random.Random) -> str:
        return member_name(rng.choice(TABLES), quarter)

    def truncated(members: dict[str, bytes], path: Path, rng: random.Random) -> None:
        whole = write(path, members).read_bytes()
        path.write_bytes(whole[: rng.randrange(len(whole))])

    def turned(members: dict[str, bytes], path: Path, rng: random.Random) -> None:
        whole = bytearray(write(path, members).read_bytes())
        for _ in range(rng.randint(1, 40)):
            whole[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        path.write_bytes(whole)

    def turned_directory(members: dict[str, bytes], path: Path, rng: random.Random) -> None:
        whole = bytearray(write(path, members).read_bytes())
        start = whole.index(b"PK\x01\x02")
        for _ in range(rng.randint(1, 8)):
            whole[rng.randrange(start, len(whole))] = rng.randrange(256)
        path.write_bytes(whole)

    def bomb_by_ratio(members: dict[str, bytes], path: Path, rng: random.Random) -> None:
        name = rng.choice([table(rng), "Deleted/DELETE15Q1.txt", "Readme.pdf"])
        write(path, members | {name: members.get(name, b"") + bytes([rng.choice((0, 10, 55))]) * (80 * 1024**2)})

    def bomb_by_count(members: dict[str, bytes], path: Path, rng: random.Random) -> None:
        write(path, members | {f"Deleted/DELETE{n}.txt": b"1\n" for n in range(rng.choice((2_000, 12_000)))})

    def traversing(members: dict[str, bytes], path: Path, rng: random.Random) -> None:
        before = rng.choice(("../../../", "/tmp/primum-fuzz-", "..\\..\\", "C:\\", "a/../../", "./"))
        write(path, {f"{before}{Path(name).name}": body for name, body in members.items()})

    def nul_bytes(members: dict[str, bytes], path: Path, rng: random.Random) -> None:
        name = table(rng)
        write(path, members | {name: members[name].replace(rng.choice((b"$", b"1", b"S")), b"\x00", 50)})

    def other_encoding(members: dict[str, bytes], path: Path, rng: random.Random) -> None:
        name, encoding = table(rng), rng.choice(("utf-16", "utf-32", "utf-8-sig", "cp037"))
        write(path, members | {name: members[name].decode().encode(encoding)})

    def long_field(members: dict[str, bytes], path: Path, rng: random.Random) -> None:
        name = table(rng)
        lines = members[name].split(b"\n")
        at = rng.randrange(len(lines))
        lines[at] += b"z" * rng.choice((LONG_FIELD, 600_000, 499_000))
        write(path, members | {name: b"\n".join(lines)})

    def missing_table(members: dict[str, bytes], path: Path, rng: random.Random) -> None:
        gone = table(rng)
        write(path, {name: body for name, body in members.items() if name != gone})

    def doubled_table(members: dict[str, bytes], path: Path, rng: random.Random) -> None:
        name = table(rng)
        write(path, members | {name.replace("ascii/", rng.choice(("", "ASCII/", "again/"))): members[name]})

    def exchanged_headers(members: dict[str, bytes], path: Path, rng: random.Random) -> None:
        one, two = rng.sample([member_name(name, quarter) for name in TABLES], 2)
        (head_one, _, body_one), (head_two, _, body_two) = (members[name].partition(b"\n") for name in (one, two))
        write(path, members | {one: head_two + b"\n" + body_one, two: head_one + b"\n" + body_two})

    def damaged_header(members: dict[str, bytes], path: Path, rng: random.Random) -> None:
        name = table(rng)
        head, _, body = members[name].partition(b"\n")
        write(path, members | {name: damaged_line(head, rng) + b"\n" + body})

    def lying_size(members: dict[str, bytes], path: Path, rng: random.Random) -> None:
        whole = bytearray(write(path, members).read_bytes())
        at = whole.index(b"PK\x01\x02") + rng.choice((16, 20, 24))  # checksum, packed size, size
        struct.pack_into("<I", whole, at, rng.choice((0, 1, 2**31, 2**32 - 2, rng.randrange(2**32))))
        path.write_bytes(whole)

    def damaged_lines(members: dict[str, bytes], path: Path, rng: random.Random) -> None:
        name = table(rng)
        lines = members[name].split(b"\n")
        for _ in range(rng.randint(1, 5)):
            at = rng.randrange(1, len(lines))
            lines[at] = damaged_line(lines[at], rng)
        write(path, members | {name: b"\n".join(lines)})

    def no_zip(members: dict[str, bytes], path: Path, rng: random.Random) -> None:
        path.write_bytes(rng.choice((b"", b"<html>", b"PK", b"PK\x05\x06" + bytes(18), rng.randbytes(5_000))))

    made = (
        *(truncated, turned, turned_directory, lying_size, no_zip, bomb_by_ratio, bomb_by_count, traversing),
        *(nul_bytes, other_encoding, long_field, damaged_lines),
        *(missing_table, doubled_table, exchanged_headers, damaged_header),
    )
    return {damage.__name__.replace("_", " "): damage for damage in made}


def fuzz_archives(folder: Path, wanted: int, rng: random.Random) -> Counter[str]:
    told: Counter[str] = Counter()
    inside = folder / "inside"
    inside.mkdir()
    quarter = Quarter(2015, 1)
    texts = texts_of(write_archive(folder, quarter=quarter, reports=20, seed=1))
    members = {member_name(t, quarter): b"\r\n".join([head, *lines, b""]) for t, (head, lines) in texts.items()}
    kept = write_archive(folder, quarter=Quarter(2014, 4), reports=20, seed=2)
    path = inside / "faers_ascii_2015q1.zip"
    damages = list(archive_damages(quarter).items())
    with open_store(inside / "store", write=True) as store:
        load_faers(store, kept)
        before = contents(store)
        for number in range(wanted):
            name, damage = damages[number % len(damages)]
            damage(members, path, rng)
            told[f"{name}: {load_damaged(store, path, before, seen=sorted(folder.iterdir()))}"] += 1
    if {entry.name for entry in inside.iterdir()} - {path.name, "store"}:
        sys.exit("a file was written outside the store")
    if [entry.name for entry in (inside / "store").iterdir()] != [DATABASE]:
        sys.exit("a file was left in the store")
    return told


def load_damaged(store: Store, path: Path, before: list[str], *, seen: list[Path]) -> str:
    """Load a damaged archive; loaded and accounted for, or refused in one line and without a trace."""
    try:
        load_faers(store, path)
    except SourceError as error:
        if "\n" in str(error) or len(str(error)) > 2_000:
            sys.exit(f"not one line: {error}")
        if contents(store) != before:
            sys.exit(f"refused ({error}), but the store has changed")
        outcome = "refused"
    else:
        status = store.status()
        if status.unaccounted or status.rows["rejects"] != sum(file.rejected for file in status.files):
            sys.exit("lines are not accounted for")
        outcome = "loaded" if status.rows["rejects"] == 0 else "loaded, lines rejected"
        from primum.loading.derive import derive
        from primum.sources.faers import part_number
        from primum.store.parts import remove_part

        remove_part(store.engine, part_number(Quarter(2015, 1)), "2015q1")
        derive(store)
        if contents(store) != before:
            changed = [s.name for s, a, b in zip(tables(), contents(store), before, strict=True) if a != b]
            sys.exit(f"taking the quarter out did not bring the store back: {changed}")
    if sorted(path.parent.parent.iterdir()) != seen:
        sys.exit("a file was written outside the folder")
    return outcome


def contents(store: Store) -> list[str]:
    return [store.engine.content_hash(schema.name) for schema in tables()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--archives", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    rng = random.Random(asked.seed)
    for fuzz, wanted in ((fuzz_lines, asked.lines), (fuzz_archives, asked.archives)):
        with tempfile.TemporaryDirectory() as folder:
            for what, count in sorted(fuzz(Path(folder), wanted, rng).items()):
                print(f"{count:10,}  {what}", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"{peak / 1e6:10,.0f}  MB of memory at the peak")
    if peak > MOST_MEMORY:
        sys.exit("too much memory")


if __name__ == "__main__":
    main()
