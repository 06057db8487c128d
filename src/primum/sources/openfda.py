"""Where does each report of an openFDA partition begin and end?

A partition of drug/event is one JSON document, `{meta, results: [...]}`, of up to 12,000 reports. It is read report by
report: each is one value of the list, so memory is that of a block and of one report. A report that is no JSON costs
itself alone: it is rejected whole, up to where its braces close.

openFDA is made from FDA's XML twins and keeps the latest version of each report, without the lists of deleted cases.

Source: FDA, openFDA drug adverse event API, download and reference pages (2026); RFC 8259 for JSON.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from primum.errors import SourceError
from primum.sources.icsr import Node, why_no_report
from primum.sources.lines import ByteStream
from primum.sources.records import Piece, RecordFile

BLOCK: Final = 4 * 1024**2  # bytes read at once
LONGEST_HEAD: Final = 4 * 1024**2  # bytes before the list of reports
LONGEST_RECORD: Final = 16 * 1024**2  # characters of one report
LAYOUT: Final = "openFDA drug/event"
WANTED: Final = 'a partition of drug/event, such as drug-event-0001-of-0030.json.zip, with "results": [...]'
_RESULTS: Final = re.compile(r'"results"\s*:\s*\[')
_OPENED: Final = re.compile(r"\{[ \t\r]*\n")
_BETWEEN: Final = re.compile(r"[\s,]*")
_STRUCTURE: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?|[{}\[\]]', re.DOTALL)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CONTROL_ESCAPE: Final = re.compile(r"\\[bfnrt]|\\u00(?:[01][0-9A-Fa-f]|7[Ff])")
_ESCAPED: Final = re.compile(r"[\udc80-\udcff]")  # bytes that are not UTF-8, as the decoder hands them on
_UTF8: Final = codecs.getincrementaldecoder("utf-8")
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


def read_runs(stream: ByteStream, file: RecordFile) -> Iterator[list[Node]]:
    """The reports of a partition, run by run, each as its elements by name.

    Args:
        stream: the bytes of the file.
        file: is told what becomes of its records.

    Raises:
        SourceError: it holds no list of reports.
    """
    file.layout = LAYOUT
    for run in file.runs(_Window(stream, file).pieces()):
        yield list(_reports_of(run, file))


def _reports_of(run: Sequence[Piece], file: RecordFile) -> Iterator[Node]:
    for piece in run:
        text, node = str(piece.record), piece.node
        if not piece.reason and not text.isascii() and _ESCAPED.search(text) is not None:
            node = json.loads(text.encode("utf-8", "surrogateescape").decode("latin-1"), strict=False)
            file.repairs["read_as_latin1"] += 1
        if reason := piece.reason or why_no_report(node):
            file.reject(text, reason)
            continue
        report: Node = node  # `why_no_report` found nothing wrong
        escapes = "\\" in text  # few reports hold one
        if _CONTROL.search(text) is not None or (escapes and _CONTROL_ESCAPE.search(text) is not None):
            file.repairs["strip_control_bytes"] += 1
        file.loaded += 1
        yield _without_halves(report, file) if escapes and _SURROGATE.search(text) is not None else report


@dataclass(slots=True)
class _Window:
    """What is in memory of a file."""

    stream: ByteStream
    file: RecordFile
    text: str = ""
    at: int = 0
    decoder: codecs.IncrementalDecoder = field(default_factory=lambda: _UTF8(errors="surrogateescape"))
    ended: bool = False

    def pieces(self) -> Iterator[Piece]:
        """Every value of the list with its text, and what is none with its reason.

        Raises:
            SourceError: there is no list.
        """
        self._find_list()
        parse = json.JSONDecoder(strict=False).raw_decode
        while self._at_a_value():
            try:
                value, end = parse(self.text, self.at)
            except (ValueError, RecursionError) as error:
                broken, goes_on = self._broken(error)
                yield from broken
                if not goes_on:
                    return
                continue
            begin, self.at = self.at, end
            yield Piece(self.text[begin:end], node=value)

    def _find_list(self) -> None:
        while (found := _RESULTS.search(self.text)) is None:
            if len(self.text) > LONGEST_HEAD or not self._more():
                raise SourceError.of(self.file.member, "no list of results", WANTED, "Check the file.")
        self.at = found.end()
        if self.text.startswith("\ufeff"):
            self.file.mend_whole("strip_byte_order_mark")

    def _at_a_value(self) -> bool:
        """Go to the next value; False at the end of the list."""
        while True:
            found = _BETWEEN.match(self.text, self.at)
            self.at = found.end() if found is not None else self.at
            if self.at < len(self.text):
                return self.text[self.at] not in "]}"
            if not self._more():
                self.file.mend_whole("accept_open_end")
                return False

    def _broken(self, error: Exception) -> tuple[list[Piece], bool]:
        """Read on where a value is not all there yet; where it is, it is a piece. Also whether the file goes on."""
        end = self._where_it_closes()
        if end < 0 and len(self.text) - self.at <= LONGEST_RECORD and self._more():
            return [], True
        whole = end >= 0
        reason = (
            f"no JSON ({error.msg})" if isinstance(error, json.JSONDecodeError) else "no JSON (too deep or too long)"
        )
        if not whole:
            end = min(len(self.text), self.at + LONGEST_RECORD)
            reason = "the file ends inside this report" if self.ended else f"longer than {LONGEST_RECORD:,} characters"
        begin, self.at = self.at, end
        return [Piece(self.text[begin:end], reason)], whole or not self.ended

    def _where_it_closes(self) -> int:
        """Behind the value that begins here: by its indentation where it is laid out in lines, else by its braces."""
        line = self.text.rfind("\n", 0, self.at) + 1
        indent = self.text[line : self.at]
        if line and not indent.strip() and _OPENED.match(self.text, self.at) is not None:
            close = self.text.find(f"\n{indent}}}", self.at)
            return close + len(indent) + 2 if close >= 0 else -1
        depth = 0
        for mark in _STRUCTURE.finditer(self.text, self.at):
            depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(mark[0], 0)
            if depth <= 0:
                return mark.end()
        return -1

    def _more(self) -> bool:
        """Read a block behind what is there, and let go what is done but for the line that is begun."""
        if self.ended:
            return False
        block = self.stream.read(BLOCK)
        self.ended = not block
        line = self.text.rfind("\n", 0, self.at)
        keep = line if line >= 0 and not self.text[line : self.at].strip() else self.at
        self.text = self.text[keep:] + self.decoder.decode(block, final=self.ended)
        self.at -= keep
        return True


def _without_halves(node: Node, file: RecordFile) -> Node:
    """A report without halves of characters that no text can hold."""
    text = json.dumps(node, ensure_ascii=False)
    whole = text.encode("utf-8", "replace")
    file.repairs["drop_half_character"] += whole != text.encode("utf-8", "surrogatepass")
    fresh: Node = json.loads(whole)
    return fresh
