"""What does the loader make of input that is bred to reach every branch? Coverage-guided fuzzing, with atheris.

Target `lines`: a header and damaged SYNTHETIC rows of any table and era through `clean_lines`. Whatever comes, the
account adds up, the cleaned text has as many rows as were counted and each row its fields, rejected lines are kept
byte for byte with their numbers, and nothing depends on where the blocks of the file are cut.

Target `archive`: the bytes of a damaged SYNTHETIC archive, or a whole archive of damaged members, names and headers,
through `read_archive`, `clean_member` and `read_deleted`: read, or refused in one line.

Not part of the tests: atheris is no dependency (33 MB, for some systems only), and its own memory grows with the runs.
`pip install atheris`, then
python tests/store/fuzz_with_coverage.py lines|archive [-max_total_time=180] [other flags of libFuzzer]
"""

from __future__ import annotations

import io
import sys
import tempfile
import warnings
import zipfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["primum.sources"]):
    from primum.errors import SourceError
    from primum.sources.faers import clean_member, read_archive, read_deleted
    from primum.sources.layouts import TABLES, layout_of, match_header
    from primum.sources.lines import Reject, Tally, clean_lines
    from primum.sources.repairs import QUOTE, Expected

from primum.terms import Quarter
from primum.testing.faers import write_archive

ERAS = tuple(map(Quarter.parse, ("2004q1", "2005q3", "2012q1", "2012q4", "2013q1", "2015q1", "2026q1")))
BETWEEN = b"\xfe\xfd"  # members of an archive
CASES = [(quarter, table, end) for quarter in ERAS for table in TABLES for end in (b"\r\n", b"\n")]


class Pieces:
    """A file that gives a few bytes at a time, however many are asked for."""

    def __init__(self, content: bytes, most: int) -> None:
        self._stream, self._most = io.BytesIO(content), most

    def read(self, size: int, /) -> bytes:
        return self._stream.read(min(size, self._most))


def cleaned(body: bytes, case: int, most: int) -> tuple[bytes, Tally, list[Reject]]:
    quarter, table, end = CASES[case]
    line = layout_of(table, quarter).header.encode() + end
    header = match_header(line, table=table, quarter=quarter, member="fuzzed")
    expected = Expected(
        quarter=quarter,
        table=table,
        width=len(header.columns),
        surplus=header.surplus,
        caseid=header.columns.index("caseid") if table == "DEMO" else None,
        known_key=lambda key: key.endswith(b"1"),
    )
    text, rejects = io.BytesIO(), list[Reject]()
    stream = Pieces(body, most)
    tally = clean_lines(stream, text, first=b"", header=header, expected=expected, reject=rejects.append)
    return text.getvalue(), tally, rejects


def fields_of(row: bytes) -> int:
    """Dollar signs between fields and one more; those between quote bytes are data."""
    return b"".join(row.split(QUOTE)[::2]).count(b"$") + 1


def check_lines(data: bytes) -> None:
    if len(data) < 2:
        return
    case, most, body = data[0] % len(CASES), 1 + 4 * data[1], data[2:]
    text, tally, rejects = cleaned(body, case, len(body) + 1)
    placed = tally.loaded + tally.rejected + 1 + tally.blank + tally.joins - tally.splits
    assert tally.lines == placed, f"{tally.lines} lines, {placed} placed"
    assert tally.lines - 1 == body.count(b"\n") + (not body.endswith(b"\n") and bool(body)), "lines are missing"
    rows = text.split(b"\n")
    assert rows.pop() == b""
    assert len(rows) == tally.loaded, f"{len(rows)} rows, {tally.loaded} counted"
    width = len(layout_of(CASES[case][1], CASES[case][0]).columns)
    assert all(fields_of(row) == width for row in rows), "a row has not its fields"
    lines = body.split(b"\n")
    assert all(lines[one.line_number - 2] == one.line and one.reason for one in rejects), "a reject is not as it stands"
    again, tally_again, rejects_again = cleaned(body, case, most)
    assert (again, rejects_again) == (text, rejects), f"other rows when {most} bytes are read at a time"
    # Only the counts of rows above ASCII hang on blocks: they are made of whole blocks.
    assert tally_again.repairs == tally.repairs, "other repairs when few bytes are read at a time"


def check_archive(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "faers_ascii_2015q1.zip")
        if data.startswith(b"PK"):
            path.write_bytes(data)
        else:
            write_members(path, data)
        try:
            archive = read_archive(path)
            for member in archive.tables:
                clean_member(archive, member, Path(folder, "rows"), reject=lambda _: None)
            for member in archive.deleted:
                read_deleted(archive, member)
        except SourceError as error:
            if "\n" in str(error):
                raise AssertionError(f"not one line: {error}") from error
        assert {entry.name for entry in Path(folder).iterdir()} <= {path.name, "text"}, "a file was left"


def write_members(path: Path, data: bytes) -> None:
    """A whole archive of what `data` names: each member its name, a line feed and its bytes."""
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings(action="ignore"):  # of names that come twice
        for member in data.split(BETWEEN):
            name, _, body = member.partition(b"\n")
            archive.writestr(name.decode("latin-1").replace("\0", "") or "empty", body)


def write_seeds(target: str, corpus: Path) -> None:
    for number, (quarter, table, end) in enumerate(CASES):
        path = write_archive(corpus, quarter=quarter, reports=6, seed=number, odd_share=0.3, deleted_share=0.5)
        if target == "archive":
            with zipfile.ZipFile(path) as archive:
                members = [name.encode() + b"\n" + archive.read(name)[:600] for name in archive.namelist()]
            (corpus / f"members {quarter}").write_bytes(BETWEEN.join(members))
            continue
        with zipfile.ZipFile(path) as archive:
            name = next(name for name in archive.namelist() if table in name)
            body = archive.read(name).replace(b"\r\n", b"\n").partition(b"\n")[2].replace(b"\n", end)
        (corpus / str(number)).write_bytes(bytes([number, 40]) + body)
        path.unlink()


def main() -> None:
    targets = {"lines": check_lines, "archive": check_archive}
    if sys.argv[1:2] not in [[name] for name in targets]:
        sys.exit(__doc__)
    target = sys.argv.pop(1)
    with tempfile.TemporaryDirectory() as corpus:
        write_seeds(target, Path(corpus))
        flags = ["-max_len=6000", "-rss_limit_mb=8192", "-timeout=20", "-dict=" + str(dictionary(Path(corpus)))]
        atheris.Setup([sys.argv[0], *flags, *sys.argv[1:], corpus], targets[target])
        atheris.Fuzz()


def dictionary(corpus: Path) -> Path:
    path = corpus.parent / f"{corpus.name}.dict"
    pieces = (b"$", b"\r\n", b"\n", b"\r", b"\x01", b"\x00", b"\xff", b"\xc3\xb1", b"8129732", b"1016572490", b"$$$$")
    path.write_text("".join('"' + "".join(f"\\x{byte:02x}" for byte in piece) + '"\n' for piece in pieces))
    return path


if __name__ == "__main__":
    main()
