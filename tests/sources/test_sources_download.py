"""Does an archive arrive whole from a server that misbehaves as the real one does? Only 127.0.0.1 is asked."""

from __future__ import annotations

import errno
import hashlib
import json
import threading
import time

import pytest

from particular_server import Server
from primum.errors import SourceError
from primum.loading.faers import load_published
from primum.loading.fetch import ARCHIVES, fetch
from primum.sources.archive import read_archive
from primum.sources.download import (
    PARTIAL,
    REMEMBERED,
    NotPublishedError,
    Patience,
    Shelf,
    StoppedError,
    Watcher,
    base_address,
    check_address,
    download,
    published_names,
)
from primum.store import open_store
from primum.terms import Quarter
from primum.testing.faers import write_archive

QUARTER = Quarter(2019, 1)
NAME = "faers_ascii_2019Q1.zip"


@pytest.fixture
def server():
    made = Server()
    yield made
    made.close()


@pytest.fixture(scope="session")
def archives(tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    return {q: write_archive(folder, quarter=q, reports=60, seed=1).read_bytes() for q in (QUARTER, Quarter(2018, 4))}


@pytest.fixture
def waits():
    return []


@pytest.fixture
def patience(waits):
    return Patience(tries=3, timeout=5, sleep=lambda _, seconds: waits.append(seconds))


@pytest.fixture
def get(server, archives, tmp_path, patience):
    server.files[NAME] = archives[QUARTER]

    def call(quarter=QUARTER, **options):
        return download(quarter, Shelf(tmp_path), base=server.base, patience=patience, **options)

    return call


def test_an_archive_arrives_whole_and_is_remembered(get, archives, tmp_path):
    path = get()
    assert path.name == NAME
    assert path.read_bytes() == archives[QUARTER]
    known = json.loads((tmp_path / REMEMBERED).read_text())[NAME]
    assert known["size"] == len(archives[QUARTER])
    assert known["sha256"] == hashlib.sha256(archives[QUARTER]).hexdigest()
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([NAME, REMEMBERED])


@pytest.mark.parametrize(
    ("quarter", "name"),
    [
        ("2004q1", "aers_ascii_2004q1.zip"),
        ("2012q3", "aers_ascii_2012q3.zip"),
        ("2012q4", "faers_ascii_2012q4.zip"),
        ("2018q4", "faers_ascii_2018q4.zip"),
        ("2019q1", "faers_ascii_2019Q1.zip"),
        ("2021q4", "faers_ascii_2021Q4.zip"),
        ("2022q2", "faers_ascii_2022q2.zip"),
        ("2023q3", "faers_ascii_2023Q3.zip"),
        ("2026q2", "faers_ascii_2026q2.zip"),
    ],
)
def test_the_known_spelling_is_asked_first(quarter, name):
    assert published_names(Quarter.parse(quarter))[0] == name


def test_every_known_address_is_among_the_spellings_that_are_tried_first(shared):
    import csv

    with (shared / "formats/csv/zip_urls_sizes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        quarter = Quarter.parse(row["year"] + row["quarter"])
        assert row["ascii_url"].rpartition("/")[2] == published_names(quarter)[0]
    assert len(rows) == 82


def test_the_other_spelling_is_tried_where_the_known_one_is_not_found(get, server):
    other = published_names(QUARTER)[1]
    server.files[other] = server.files.pop(NAME)
    assert get().name == other
    assert [name for name, _ in server.requests] == [NAME, other]


def test_a_quarter_under_neither_spelling_is_not_published(get):
    with pytest.raises(NotPublishedError, match=r"neither faers_ascii_2026q1.zip nor faers_ascii_2026Q1.zip"):
        get(Quarter(2026, 1))


def test_a_body_cut_short_is_taken_up_where_it_stopped(get, server, archives, waits):
    server.misdeeds[NAME] = ["truncated", "truncated"]
    assert get().read_bytes() == archives[QUARTER]
    assert server.sent[NAME] == len(archives[QUARTER])  # no byte was sent twice
    ranges = [headers.get("Range") for _, headers in server.requests]
    assert ranges[0] is None
    assert None not in ranges[1:]
    assert {headers["Accept-Encoding"] for _, headers in server.requests} == {"identity"}
    assert len(waits) == 2


def test_a_file_published_anew_is_not_glued_to_the_half_of_the_old_one(get, server, archives, patience, tmp_path):
    server.misdeeds[NAME] = ["truncated", *["503"] * patience.tries]
    with pytest.raises(SourceError, match="the server answers 503"):
        get()
    assert (tmp_path / (NAME + PARTIAL)).stat().st_size == len(archives[QUARTER]) // 2
    fresh = write_archive(tmp_path / "..", quarter=QUARTER, reports=61, seed=2).read_bytes()
    server.files[NAME], server.editions[NAME] = fresh, '"2"'
    assert get().read_bytes() == fresh


@pytest.mark.parametrize("code", ["503", "500", "429"])
def test_a_busy_server_is_asked_again_after_longer_and_longer_waits(get, server, archives, waits, code):
    server.misdeeds[NAME] = [code, code]
    assert get().read_bytes() == archives[QUARTER]
    assert waits == [1.0, 2.0]


def test_a_server_that_stays_busy_is_given_up_in_one_line(get, server):
    server.misdeeds[NAME] = ["503"] * 50
    with pytest.raises(SourceError, match=r"answers 503; expected the archive. Run the command again later"):
        get()


def test_a_refusal_is_not_asked_again(get, server):
    server.misdeeds[NAME] = ["403"]
    with pytest.raises(SourceError, match="answers 403"):
        get()
    assert len(server.requests) == 1


def test_a_server_that_is_not_there_is_told_in_one_line(tmp_path, patience):
    with pytest.raises(SourceError, match="expected the archive") as caught:
        download(QUARTER, Shelf(tmp_path), base="http://127.0.0.1:9/", patience=patience)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["nonsense", "http://", "http://[bad", "http://x:port/", "http://x:99999/", "http://a b/", "ftp://x/", "http://é/"],
)
def test_what_is_not_an_address_is_told_before_anybody_is_asked(text):
    with pytest.raises(SourceError, match="it is not an address; expected one such as https://"):
        check_address(text)


def test_an_address_stays_as_it_was_given():
    for text in ("http://127.0.0.1:8000", "HTTPS://example.org/files/", "http://[::1]:80/"):
        assert check_address(text) == text


def test_a_shelf_that_cannot_be_written_is_told_at_once(get, server, tmp_path, waits, monkeypatch):
    def refused(shelf, name, what):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Shelf, "remember", refused)
    with pytest.raises(SourceError, match="Permission denied; expected a folder that can be written"):
        get()
    assert waits == []


def test_a_length_that_is_too_long_is_no_archive(get, server):
    server.misdeeds[NAME] = ["longer"] * 50
    with pytest.raises(SourceError, match=r"answers 416|ended after|it cannot be read"):
        get()


@pytest.mark.parametrize("misdeed", ["shorter", "flipped", "html"])
def test_what_is_no_whole_archive_is_fetched_again_from_the_start(get, server, archives, tmp_path, misdeed):
    server.misdeeds[NAME] = [misdeed]
    assert get().read_bytes() == archives[QUARTER]
    assert not list(tmp_path.glob(f"*{PARTIAL}"))


@pytest.mark.parametrize(("misdeed", "said"), [("html", "web page, not a zip"), ("flipped", "damaged|cannot be read")])
def test_what_stays_no_archive_is_refused_and_not_kept(get, server, tmp_path, misdeed, said):
    server.misdeeds[NAME] = [misdeed, misdeed]
    with pytest.raises(SourceError, match=said):
        get()
    assert not list(tmp_path.glob("*zip*"))


def test_an_archive_of_another_quarter_is_refused(get, server, archives):
    server.files[NAME] = archives[Quarter(2018, 4)]
    with pytest.raises(SourceError, match="18q4"):
        get()


def test_a_body_of_unannounced_length_is_read_to_its_end(get, server, archives):
    server.misdeeds[NAME] = ["unannounced"]
    assert get().read_bytes() == archives[QUARTER]


def test_a_file_that_is_here_is_not_kept_twice(get, server, tmp_path):
    before = get().stat().st_mtime_ns
    assert get().stat().st_mtime_ns == before
    assert not list(tmp_path.glob(f"*{PARTIAL}"))


def test_a_file_that_was_changed_since_is_fetched_anew(get, server, tmp_path):
    get()
    fresh = write_archive(tmp_path / "..", quarter=QUARTER, reports=62, seed=3).read_bytes()
    server.files[NAME], server.editions[NAME] = fresh, '"2"'
    assert get().read_bytes() == fresh


def test_a_file_damaged_on_the_shelf_is_fetched_anew(get, archives):
    path = get()
    path.write_bytes(b"x" * len(archives[QUARTER]))
    assert get().read_bytes() == archives[QUARTER]


def test_a_memory_that_cannot_be_read_costs_a_download_and_no_more(get, archives, tmp_path):
    get()
    (tmp_path / REMEMBERED).write_text("{not json")
    assert get().read_bytes() == archives[QUARTER]


def test_a_transfer_can_be_stopped_and_taken_up(get, server, archives, tmp_path):
    stop = threading.Event()

    class StopAtOnce(Watcher):
        def arrived(self, name, have):
            stop.set()

    with pytest.raises(StoppedError):
        get(watcher=StopAtOnce(), stop=stop)
    assert get().read_bytes() == archives[QUARTER]


def test_what_a_slow_server_has_sent_is_on_the_disk_before_a_piece_is_full(get, server, archives, tmp_path):
    server.misdeeds[NAME] = ["slow"]
    stop = threading.Event()

    class StopSoon(Watcher):
        def arrived(self, name, have):
            if have:
                stop.set()

    with pytest.raises(StoppedError):
        get(watcher=StopSoon(), stop=stop)
    part = (tmp_path / (NAME + PARTIAL)).read_bytes()
    assert 0 < len(part) < len(archives[QUARTER]) // 2
    assert archives[QUARTER].startswith(part)


@pytest.mark.parametrize("misdeed", ["hang", "silent"])
def test_who_leaves_a_silent_server_does_not_wait_and_nothing_is_written_any_more(
    server, archives, tmp_path, patience, misdeed
):
    server.files[NAME] = archives[QUARTER]
    server.misdeeds[NAME] = [misdeed]
    with fetch([QUARTER], tmp_path, base=server.base, patience=patience):
        assert server.asked.wait(5)
        part, half = tmp_path / (NAME + PARTIAL), len(archives[QUARTER]) // 2
        while misdeed == "silent" and not (part.exists() and part.stat().st_size == half):
            time.sleep(0.01)
        began = time.monotonic()
    assert time.monotonic() - began < patience.timeout / 2
    left = [thread for thread in threading.enumerate() if thread.name.startswith("download_")]
    assert left
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    server.released.set()  # now it answers, with all of it
    for thread in left:
        thread.join(5)
        assert not thread.is_alive()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_base_address_is_configuration(monkeypatch):
    monkeypatch.setenv("PRIMUM_FAERS_URL", "http://127.0.0.1:1/x")
    assert base_address() == "http://127.0.0.1:1/x"
    monkeypatch.delenv("PRIMUM_FAERS_URL")
    assert base_address() == "https://fis.fda.gov/content/Exports/"


def test_quarters_come_in_their_order_whatever_arrives_first(server, archives, tmp_path, patience):
    older = Quarter(2018, 4)
    server.files = {NAME: archives[QUARTER], published_names(older)[0]: archives[older]}
    server.misdeeds[published_names(older)[0]] = ["503"]
    wanted = [QUARTER, older, Quarter(2030, 1)]
    with fetch(wanted, tmp_path, base=server.base, jobs=3, patience=patience) as fetched:
        found = dict(fetched)
    assert list(found) == sorted(wanted)
    assert [read_archive(found[quarter]).quarter for quarter in (older, QUARTER)] == [older, QUARTER]
    assert isinstance(found[Quarter(2030, 1)], NotPublishedError)


def test_published_quarters_are_downloaded_loaded_and_noticed_when_they_change(server, archives, tmp_path, patience):
    older = Quarter(2018, 4)
    server.files = {NAME: archives[QUARTER], published_names(older)[0]: archives[older]}
    wanted = frozenset({older, QUARTER, Quarter(2030, 1)})
    with open_store(tmp_path / "store", write=True) as store:
        first = load_published(store, wanted, base=server.base, patience=patience)
        assert [(one.part, one.outcome) for one in first.loaded] == [("2018q4", "loaded"), ("2019q1", "loaded")]
        assert first.not_found == (Quarter(2030, 1),)
        assert store.is_derived()
        again = load_published(store, wanted, base=server.base, patience=patience)
        assert {one.outcome for one in again.loaded} == {"unchanged"}
        changed = write_archive(tmp_path, quarter=QUARTER, reports=63, seed=4).read_bytes()
        server.files[NAME], server.editions[NAME] = changed, '"2"'
        third = load_published(store, wanted, base=server.base, patience=patience)
        assert [one.outcome for one in third.loaded] == ["unchanged", "replaced"]
        assert store.engine.count("reports") == 123
    assert (tmp_path / "store" / ARCHIVES / NAME).is_file()


def test_nothing_published_is_an_error_that_names_the_quarters(server, tmp_path, patience):
    with (
        open_store(tmp_path / "store", write=True) as store,
        pytest.raises(SourceError, match="none of 2019q1 is published"),
    ):
        load_published(store, frozenset({QUARTER}), base=server.base, patience=patience)
