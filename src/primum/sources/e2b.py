"""Where does each report of an E2B file begin and end, and what stands in it?

A file of E2B(R2) (`ichicsr`, as in FDA's XML twins) or E2B(R3) (`MCCI_IN200100UV01`) is never parsed as a whole. Its
bytes are cut where a report begins and ends, and each report is parsed by itself, without the document type that stood
before it. So no entity can be expanded and no address fetched, memory is that of one report, and a report that is not
well-formed costs itself alone: it is rejected whole, with its place. A file that declares entities is refused.

Source: ICH M2 E2B(R2) message specification 2.3, E2B(R3) implementation guide; Extensible Markup Language 1.0, fifth
edition, sections 2.2 (characters) and 4.1 (references).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from xml.etree import ElementTree

from primum.errors import SourceError
from primum.sources import e2b_r3
from primum.sources.icsr import Node, why_no_report
from primum.sources.layouts import BOMS
from primum.sources.lines import ByteStream
from primum.sources.records import Piece, RecordFile
from primum.sources.repairs import CONTROLS
from primum.sources.utf16 import from_utf16

BLOCK: Final = 4 * 1024**2  # bytes read at once
PARSED_AT_ONCE: Final = 50
LONGEST_HEAD: Final = 1024**2  # bytes before the first report
LONGEST_RECORD: Final = 16 * 1024**2  # bytes of one report; the longest in FDA's twins have some 100,000
MOST_TAGS: Final = 500_000  # of one report; a tree of more would not stay within the bound on memory
DEEPEST: Final = 8  # elements within elements of R2; the specification has 5
WANTED: Final = "a file of E2B(R2) with the root ichicsr, or of E2B(R3) with MCCI_IN200100UV01"
REPEATED: Final = frozenset(
    {"primarysource", "reportduplicate", "reaction", "drug", "activesubstance", "drugrecurrence", "drugindication"}
)
Parsed = tuple[ElementTree.Element | None, str]  # a tree, or why there is none
_TAG: Final = re.compile(rb"<((?:[\w.-]+:)?)([A-Za-z_][\w.-]*)([^<>]*)>")
_ENTITY: Final = re.compile(rb"<!\s*ENTITY", re.IGNORECASE)
_NAMESPACE: Final = re.compile(rb"""xmlns:[\w.-]+\s*=\s*(?:"[^"<&]*"|'[^'<&]*')""")
_ENCODING: Final = re.compile(rb"""<\?xml[^>]*encoding\s*=\s*["']([\w.-]+)["']""")
_REFERENCE: Final = re.compile(rb"&#(?:([0-9]{1,7})|x([0-9A-Fa-f]{1,6}));")
_BARE_AMPERSAND: Final = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)")
_BARE_LESS_THAN: Final = re.compile(rb"<(?![A-Za-z_/!?])")
_FORBIDDEN: Final = bytes(n for n in CONTROLS if n not in b"\t\r\n\x7f")
_BY_ONE_BYTE: Final = {"iso-8859-1": "latin-1", "latin-1": "latin-1", "windows-1252": "cp1252", "iso-8859-15": "latin9"}


@dataclass(frozen=True, slots=True)
class Form:
    """A message form.

    Args:
        name: R2 or R3.
        root: its root element.
        record: the element of one report.
    """

    name: str
    root: bytes
    record: bytes


FORMS: Final = (
    Form("E2B(R2)", b"ichicsr", b"safetyreport"),
    Form("E2B(R3)", b"MCCI_IN200100UV01", b"PORR_IN049016UV"),
)


def read_runs(stream: ByteStream, file: RecordFile) -> Iterator[list[Node]]:
    """The reports of a file, run by run, each as its elements of E2B(R2) by name.

    Args:
        stream: the bytes of the file.
        file: is told what becomes of its records.

    Raises:
        SourceError: it is no such file, or declares entities.
    """
    recoded = _as_utf8(stream, file)
    head = _read_head(recoded, file)
    file.layout = head.form.name
    for run in file.runs(_Cutter(recoded, head.rest, head.tag).pieces()):
        yield list(_reports_of(run, head, file))


def _reports_of(run: Sequence[Piece], head: _Head, file: RecordFile) -> Iterator[Node]:
    """The reports of a run; what is none is rejected in its turn."""
    for first in range(0, len(run), PARSED_AT_ONCE):
        some = run[first : first + PARSED_AT_ONCE]
        for piece, (tree, reason) in zip(some, _parsed(some, head, file), strict=True):
            node = _node_of(tree, head.form, file) if tree is not None else None
            if node is None or (reason := why_no_report(node)):
                file.reject(piece.record, reason)
                continue
            file.loaded += 1
            yield node


@dataclass(frozen=True, slots=True)
class _Head:
    """What the beginning of a file tells about its reports.

    Args:
        form: the message form.
        tag: finds where a report begins and where it ends.
        wrapper: a start tag with the namespaces that the root has prefixes for; without the one that has none, names
            are read as they are printed.
        encoding: of its bytes, where it has one byte a character; empty for UTF-8.
        rest: what was read behind the head already.
    """

    form: Form
    tag: re.Pattern[bytes]
    wrapper: bytes
    encoding: str
    rest: bytes


def _read_head(stream: ByteStream, file: RecordFile) -> _Head:
    """Read up to the root element.

    Raises:
        SourceError: it is another one, or entities are declared before it.
    """
    read = b""
    while len(read) < LONGEST_HEAD and (block := stream.read(BLOCK)):
        read += block
    root = _first_tag(read[:LONGEST_HEAD])
    before = read[: root.start() if root else LONGEST_HEAD]
    if _ENTITY.search(before):
        raise SourceError.of(
            file.member,
            "it declares entities of its own, which can make a small file fill the memory or read other files",
            "a file without them",
            "Nothing of it was read; ask its sender for one without <!ENTITY.",
        )
    name = root[2] if root else b""
    form = next((form for form in FORMS if name in (form.root, form.record)), None)
    if root is None or form is None:
        given = f"the root element {name.decode(errors='replace')[:40]!r}" if name else "no root element"
        raise SourceError.of(file.member, given, WANTED, "Check the file.")
    told = _ENCODING.search(before)
    return _Head(
        form=form,
        tag=re.compile(rb"<(/?)" + re.escape(root[1]) + form.record + rb"(?=[\s/>])[^<>]*>|<!--"),
        wrapper=b"<r " + b" ".join(_NAMESPACE.findall(root[3])) + b">",
        encoding=_BY_ONE_BYTE.get(told[1].decode().lower(), "") if told else "",
        rest=read[root.start() if name == form.record else root.end() :],
    )


def _first_tag(text: bytes) -> re.Match[bytes] | None:
    """The first start tag behind declarations, comments and processing instructions."""
    at = 0
    while (at := text.find(b"<", at)) >= 0:
        ends = {b"<!--": b"-->", b"<?": b"?>"}
        mark = next((mark for mark in ends if text.startswith(mark, at)), None)
        if mark is not None:
            at = text.find(ends[mark], at + len(mark))
            if at < 0:
                return None
        elif (found := _TAG.match(text, at)) is not None:
            return found
        else:
            at += 1
    return None


@dataclass(slots=True)
class _Cutter:
    """Cuts a file into its reports, whatever stands between them."""

    stream: ByteStream
    buffer: bytes
    tag: re.Pattern[bytes]
    begin: int = -1  # where the report that is being read begins; -1 between reports
    behind: int = 0  # where the one before ended
    too_long: bool = False
    cut_short: bytes = b""  # what is kept of a report that is too long, until it is told
    comments: bool = True  # until one never ends

    def pieces(self) -> Iterator[Piece]:
        """The reports, whole, and what is none with its reason."""
        at = 0
        while True:
            found = self.tag.search(self.buffer, at)
            if found is None:
                at = self._more(max(at, self.buffer.rfind(b"<")))
                if self.cut_short:
                    yield Piece(self.cut_short, f"longer than {LONGEST_RECORD:,} bytes; those are kept")
                    self.cut_short = b""
                if at < 0:
                    break
            elif found[1] is None:
                at = self._behind_comment(found)
            elif found[1]:
                at = found.end()
                if self.begin >= 0:
                    yield Piece(self.buffer[self.begin : at])
                elif not self.too_long:
                    yield Piece(self.buffer[self.behind : at], "a report ends here that did not begin")
                self.begin, self.behind, self.too_long = -1, at, False
            else:
                at = found.end()
                if self.begin >= 0:
                    yield Piece(self.buffer[self.begin : found.start()], "another report begins before its end")
                self.begin, self.too_long = found.start(), False
                if found[0].endswith(b"/>"):
                    yield Piece(found[0])
                    self.begin, self.behind = -1, at
        if self.begin >= 0:
            yield Piece(self.buffer[self.begin :], "the file ends inside this report")

    def _behind_comment(self, found: re.Match[bytes]) -> int:
        """Where to go on behind the mark of a comment; comments between reports are passed over.

        Behind one that never ends no mark is looked at again: to seek the end of each would take a day.
        """
        if self.begin >= 0 or not self.comments:
            return found.end()
        start = found.start()
        while (end := self.buffer.find(b"-->", start + 4)) < 0:
            if len(self.buffer) - start > LONGEST_RECORD or (moved := self._more(start)) < 0:
                self.comments = False
                return start + 4
            start = moved
        return end

    def _more(self, at: int) -> int:
        """Read a block behind the buffer and let go what is done; where `at` is now, -1 at the end of the file."""
        block = self.stream.read(BLOCK)
        if not block:
            return -1
        keep = self.begin if self.begin >= 0 else self.behind
        if len(self.buffer) - keep > LONGEST_RECORD:
            if self.begin >= 0:
                self.cut_short = self.buffer[self.begin : self.begin + LONGEST_RECORD]
                self.too_long = True
            keep = len(self.buffer) if at <= keep else at
            self.begin = -1
        at = max(at, keep) if at >= 0 else len(self.buffer)
        self.buffer = self.buffer[keep:] + block
        self.begin, self.behind = (0 if self.begin >= 0 else -1), 0
        return at - keep


def _parsed(pieces: Sequence[Piece], head: _Head, file: RecordFile) -> Iterator[Parsed]:
    """Each piece as a tree, mended where it is not well-formed; else why it is none.

    Those that look well-formed are parsed together, which takes half the time: a parser learns each name once.
    """
    texts = [_text_of(piece, head, file) for piece in pieces]
    plain = [text is not None and _looks_well_formed(text) for text in texts]
    trees = iter(_trees(head.wrapper, [text for text, one in zip(texts, plain, strict=True) if one and text]))
    for piece, text, one in zip(pieces, texts, plain, strict=True):
        if text is None:
            yield None, piece.reason or f"more than {MOST_TAGS:,} tags"
        elif one and (tree := next(trees, None)) is not None:
            yield tree, ""
        else:
            yield _parse_alone(text, head, file)


def _text_of(piece: Piece, head: _Head, file: RecordFile) -> bytes | None:
    """A record in UTF-8; None where it is not worth to be parsed."""
    record = piece.record
    if piece.reason or not isinstance(record, bytes) or record.count(b"<") > MOST_TAGS:
        return None
    if record.isascii():
        return record
    if head.encoding:
        return record.decode(head.encoding, errors="replace").encode("utf-8")
    if _is_utf8(record):
        return record
    file.repairs["read_as_latin1"] += 1
    return record.decode("latin-1").encode("utf-8")


def _looks_well_formed(text: bytes) -> bool:
    """Whether it holds none of what is mended most; it may be broken for all that."""
    return len(text.translate(None, _FORBIDDEN)) == len(text) and _BARE_AMPERSAND.search(text) is None


def _parse_alone(text: bytes, head: _Head, file: RecordFile) -> Parsed:
    try:
        return _within(head.wrapper, text)[0], ""
    except ElementTree.ParseError:
        mended, repairs = _mend(text)
    try:
        tree = _within(head.wrapper, mended)[0]
    except ElementTree.ParseError as error:
        return None, f"not well-formed ({str(error).partition(':')[0]})"
    file.repairs += repairs
    return tree, ""


def _trees(wrapper: bytes, texts: Sequence[bytes]) -> Iterable[ElementTree.Element]:
    """The elements of some texts; none where they are not well-formed.

    Each text begins with the one start tag of a report that it holds, and ends with the one end tag. So where there are
    as many elements as texts, each text is one: a comment that runs from one into the next hides a start tag.
    """
    try:
        root = _within(wrapper, b"".join(texts))
    except ElementTree.ParseError:
        return ()
    return root if len(root) == len(texts) else ()


def _within(wrapper: bytes, text: bytes) -> ElementTree.Element:
    """What holds the elements of a text that cannot declare anything, because an element has begun before it."""
    parser = ElementTree.XMLParser()
    parser.feed(wrapper + text + b"</r>")
    root: ElementTree.Element = parser.close()
    return root


def _mend(text: bytes) -> tuple[bytes, Counter[str]]:
    """A text with what XML forbids taken out or escaped, and how often each was done (once a report)."""
    repairs: Counter[str] = Counter()
    steps = (
        ("strip_control_bytes", lambda given: given.translate(None, _FORBIDDEN)),
        ("drop_forbidden_reference", lambda given: _REFERENCE.sub(_allowed, given)),
        ("escape_bare_ampersand", lambda given: _BARE_AMPERSAND.sub(b"&amp;", given)),
        ("escape_bare_less_than", lambda given: _BARE_LESS_THAN.sub(b"&lt;", given)),
    )
    for name, step in steps:
        fresh = step(text)
        repairs[name] += fresh != text
        text = fresh
    return text, repairs


def _allowed(reference: re.Match[bytes]) -> bytes:
    """A reference to a character; nothing where XML has no such character."""
    number = int(reference[1]) if reference[1] else int(reference[2], 16)
    fine = number in (9, 10, 13) or 0x20 <= number <= 0xD7FF or 0xE000 <= number <= 0xFFFD
    return reference[0] if fine or 0x10000 <= number <= 0x10FFFF else b""


def _is_utf8(text: bytes) -> bool:
    if text.isascii():
        return True
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _node_of(tree: ElementTree.Element, form: Form, file: RecordFile) -> Node:
    return e2b_r3.read_message(tree) if form is FORMS[1] else _as_node(tree, file, 0)


def _as_node(element: ElementTree.Element, file: RecordFile, depth: int) -> dict[str, Any]:
    """Elements of R2 by name; those that may repeat as lists, of any other the first."""
    found: dict[str, Any] = {}
    for child in element:
        name = child.tag
        if name[0] == "{":
            name = name.rpartition("}")[2]
        value = _as_node(child, file, depth + 1) if len(child) and depth < DEEPEST else child.text
        if name in REPEATED:
            found.setdefault(name, []).append(value)
        elif name in found:
            file.repairs["leave_repeated_element"] += 1
        else:
            found[name] = value
    return found


def _as_utf8(stream: ByteStream, file: RecordFile) -> ByteStream:
    """The same bytes without a byte order mark; UTF-16 as UTF-8."""
    first = stream.read(BLOCK)
    if (recoded := from_utf16(stream, first)) is not None:
        return recoded
    while first.startswith(BOMS):
        first = first[len(next(bom for bom in BOMS if first.startswith(bom))) :]
        file.mend_whole("strip_byte_order_mark")
    return _Pushed(stream, first)


@dataclass(slots=True)
class _Pushed:
    """A stream, with bytes that were read of it already put back."""

    stream: ByteStream
    first: bytes

    def read(self, size: int, /) -> bytes:
        """As the stream's own."""
        first, self.first = self.first, b""
        return first or self.stream.read(size)
