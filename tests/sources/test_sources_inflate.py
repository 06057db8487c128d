"""A deflated member read by ISA-L is what zipfile reads, or the archive is refused as zipfile refuses it."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from primum.sources.inflate import InflatedMember, is_inflatable


def archive_of(path, content, *, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("first.txt", b"something before")
        archive.writestr("member.txt", content)
    with zipfile.ZipFile(path) as archive:
        return archive.getinfo("member.txt")


def read_whole(stream, size):
    pieces = io.BytesIO()
    while piece := stream.read(size):
        assert len(piece) <= size
        pieces.write(piece)
    return pieces.getvalue()


@given(content=st.binary(max_size=4_000) | st.text("A$1\n", max_size=4_000).map(str.encode), size=st.integers(1, 5_000))
def test_every_content_is_read_in_pieces_of_any_size(tmp_path_factory, content, size):
    path = tmp_path_factory.mktemp("inflate") / "a.zip"
    info = archive_of(path, content)
    with InflatedMember(path, info) as stream:
        assert read_whole(stream, size) == content


def test_a_member_larger_than_what_is_read_at_once_is_read_whole(tmp_path):
    content = b"".join(b"%d$%d\n" % (n, n * 7919) for n in range(700_000))
    info = archive_of(tmp_path / "a.zip", content)
    assert info.compress_size > 2 * 1024**2
    with InflatedMember(tmp_path / "a.zip", info) as stream:
        assert read_whole(stream, 4 * 1024**2) == content


def test_a_stored_member_is_left_to_zipfile(tmp_path):
    assert not is_inflatable(archive_of(tmp_path / "a.zip", b"text", compression=zipfile.ZIP_STORED))


def test_an_encrypted_member_is_left_to_zipfile(tmp_path):
    info = archive_of(tmp_path / "a.zip", b"text")
    assert is_inflatable(info)
    info.flag_bits |= 1
    assert not is_inflatable(info)


def test_another_content_than_the_directory_tells_is_refused(tmp_path):
    info = archive_of(tmp_path / "a.zip", b"text" * 100)
    info.CRC ^= 1
    with InflatedMember(tmp_path / "a.zip", info) as stream, pytest.raises(zipfile.BadZipFile, match="Bad CRC-32"):
        read_whole(stream, 100)


def test_a_member_shorter_than_the_directory_tells_is_refused(tmp_path):
    info = archive_of(tmp_path / "a.zip", b"text" * 100)
    info.file_size += 1
    with InflatedMember(tmp_path / "a.zip", info) as stream, pytest.raises(EOFError, match="ends before its 401 bytes"):
        read_whole(stream, 1_000)


def test_a_member_longer_than_the_directory_tells_never_gives_more(tmp_path):
    info = archive_of(tmp_path / "a.zip", b"text" * 100)
    info.file_size -= 1
    with InflatedMember(tmp_path / "a.zip", info) as stream, pytest.raises(zipfile.BadZipFile, match="Bad CRC-32"):
        read_whole(stream, 1_000)


def test_an_archive_cut_short_is_refused(tmp_path):
    path = tmp_path / "a.zip"
    info = archive_of(path, bytes(range(256)) * 100)
    path.write_bytes(path.read_bytes()[: info.header_offset + 60])
    with InflatedMember(path, info) as stream, pytest.raises(EOFError, match="cut short"):
        read_whole(stream, 100_000)
    path.write_bytes(path.read_bytes()[: info.header_offset + 10])
    with pytest.raises(EOFError, match="no header"):
        InflatedMember(path, info)


def test_bytes_that_do_not_inflate_are_refused(tmp_path):
    path = tmp_path / "a.zip"
    info = archive_of(path, bytes(range(256)) * 100)
    whole = bytearray(path.read_bytes())
    start = info.header_offset + 30 + len("member.txt")
    whole[start : start + 20] = b"\xff" * 20
    path.write_bytes(whole)
    with InflatedMember(path, info) as stream, pytest.raises(zipfile.BadZipFile, match="does not inflate"):
        read_whole(stream, 100_000)


def test_a_directory_that_points_elsewhere_is_refused(tmp_path):
    info = archive_of(tmp_path / "a.zip", b"text")
    info.header_offset += 1
    with pytest.raises(zipfile.BadZipFile, match="where the directory says"):
        InflatedMember(tmp_path / "a.zip", info)
