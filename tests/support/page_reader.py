"""What a reader finds on a page: for tests of what is rendered."""

from __future__ import annotations

import re
from html.parser import HTMLParser


class Reader(HTMLParser):
    """What a reader finds: text by section, headings, findings marked, addresses."""

    VOID = frozenset({"meta", "link", "br", "img"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, str] = {}
        self.headings: list[int] = []
        self.marked: set[str] = set()
        self.tags: set[str] = set()
        self.asked: list[str] = []
        self.unclosed: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if given.get("data-finding"):
            self.marked.add(given["data-finding"] or "")
        self.asked += [value or "" for name, value in given.items() if name in ("src", "srcset", "data", "action")]
        if tag == "link":
            self.asked.append(given.get("href") or "")
        if tag not in self.VOID:
            self.open.append((tag, given))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1][0] == tag:
            self.open.pop()
        else:
            self.unclosed.append(tag)

    def handle_data(self, data: str) -> None:
        sections = [given.get("id") or "" for tag, given in self.open if tag == "section"]
        if sections:
            self.text[sections[0]] = self.text.get(sections[0], "") + data
