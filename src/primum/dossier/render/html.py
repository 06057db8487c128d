"""How does the answer look as a page? One self-contained file that asks nothing of the network."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import jinja2
from markupsafe import Markup, escape

from primum.dossier.caveats import letters
from primum.dossier.model import Cell, Cite, Dossier, Figure, Mark, Ref, Span, Table, Text, Verdict
from primum.dossier.render import charts, numbers
from primum.evidence.finding import Finding
from primum.provenance import GRADE_MEANING

_TEMPLATES: Final = Path(__file__).parents[1] / "templates"
_CODE: Final = re.compile(r"`([^`]+)`")
_SAFE_LINK: Final = re.compile(r"https?://", re.IGNORECASE)
_LONG: Final = 48  # letters in a cell from which on a table is stacked on a phone instead of scrolled
_POLICY: Final = re.compile(r'http-equiv="Content-Security-Policy" content="([^"]+)"')
_MOST_ON_PAPER: Final = 50  # rows of a folded table from which on it is left out on paper
_LONG_NUMBER: Final = 22  # letters up to which a number is never broken over two lines
VERDICT_MARKS: Final[Mapping[str, str]] = {
    "supported": "\N{BLACK CIRCLE}",
    "partly": "\N{CIRCLE WITH LEFT HALF BLACK}",
    "misleading": "\N{CIRCLE WITH UPPER HALF BLACK}",
    "not supported": "\N{WHITE CIRCLE}",
    "unverifiable": "\N{DOTTED CIRCLE}",
}


def render_brief(dossier: Dossier, reader: str, *, home: str = "") -> str:
    """The few pages for one kind of reader as one HTML document; sources keep the numbers of the dossier.

    Args:
        dossier: it holds the pages.
        reader: one of `primum.dossier.model.READERS`.
        home: address that the page leads back to where it is served; empty for a file.
    """
    brief = dossier.brief(reader)
    spans = list(brief.spans())
    named = {source for span in spans if isinstance(span, Cite) for source in span.sources}
    cited = [(n, source) for n, source in enumerate(dossier.sources, start=1) if source.id in named]
    return _document("brief.html.j2", dossier, brief=brief, cited=cited, home=home)


def render(dossier: Dossier, *, home: str = "") -> str:
    """The dossier as one HTML document; the same dossier gives the same bytes.

    Everything that came from data is escaped; links leave the page only when a reader follows them.

    Args:
        dossier: all of the answer.
        home: address that the page leads back to where it is served; empty for a file.
    """
    script = (_TEMPLATES / "page.js").read_text(encoding="utf-8")
    return _document(
        "dossier.html.j2",
        dossier,
        grades=GRADE_MEANING,
        findings=list(dossier.findings.values()),
        script=Markup(script),
        script_hash=_hash(script),
        home=home,
    )


def policy(page: str) -> str:
    """The content security policy that a page carries, for a server that sends it as a header too.

    Raises:
        ValueError: the text is no page of this module.
    """
    found = _POLICY.search(page)
    if found is None:
        raise ValueError("The text carries no content security policy; give a page as `render` makes it.")
    return found[1]


def _document(template: str, dossier: Dossier, **given: Any) -> str:
    page = _Page(dossier)
    style = (_TEMPLATES / "style.css").read_text(encoding="utf-8") + page.labels()
    return (
        _environment()
        .get_template(template)
        .render(dossier=dossier, page=page, style=Markup(style), style_hash=_hash(style), **given)
    )


def _hash(text: str) -> str:
    """How a content security policy names a style or a script that it allows."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def standalone(svg: str) -> str:
    """A picture of the page as a file of its own, with the page's colours and the rules for pictures inside it."""
    style = (_TEMPLATES / "style.css").read_text(encoding="utf-8")
    colours = style[: style.index("* {")]
    rules = "\n".join(line for line in style.splitlines() if line.startswith("svg "))
    opened = svg.index(">") + 1
    return f"{svg[:opened]}<style>{colours}{rules}\nsvg {{ background: var(--paper); }}</style>{svg[opened:]}\n"


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(
        is_text=_is(Text), is_table=_is(Table), is_figure=_is(Figure), most_on_paper=_MOST_ON_PAPER
    )
    return environment


def _is(kind: type) -> Callable[[Any], bool]:
    return lambda block: isinstance(block, kind)


class _Page:
    """What the templates ask for: cells, pictures, footnotes."""

    def __init__(self, dossier: Dossier) -> None:
        self._findings = dossier.findings
        self._numbers = {source.id: n for n, source in enumerate(dossier.sources, start=1)}
        self.methods = tuple({finding.method.id: finding.method for finding in dossier.findings.values()}.values())
        self._method_numbers = {method.id: n for n, method in enumerate(self.methods, start=1)}
        warnings = dict.fromkeys(warning for finding in dossier.findings.values() for warning in finding.warnings)
        self.all_caveats = tuple(warnings)
        self.groups = tuple(dict.fromkeys(_whom(finding) for finding in dossier.findings.values() if _whom(finding)))
        self._group_numbers = {group: n for n, group in enumerate(self.groups, start=1)}
        self._letters = dict(zip(self.all_caveats, letters(len(self.all_caveats)), strict=True))
        blocks = [block for part in dossier.parts for block in part.blocks]
        blocks += [block for brief in dossier.briefs for chapter in brief.chapters for block in chapter.blocks]
        tables = [b.twin if isinstance(b, Figure) else b for b in blocks if not isinstance(b, Text)]
        heads = dict.fromkeys(_heads(table) for table in tables if self._wordy(table))
        self._stacks = {head: f"k{n}" for n, head in enumerate(heads, start=1)}

    def spans(self, cell: Cell) -> Markup:
        """A cell or a line of prose as markup."""
        spans: Iterable[Span | Verdict] = cell if isinstance(cell, tuple) else (cell,)
        return Markup("").join(self._span(span) for span in spans)

    def _span(self, span: Span | Verdict) -> Markup:
        if isinstance(span, Ref):
            finding = self._findings[span.finding]
            said = numbers.show(finding, span.show)
            return (_TAG_WORDS if len(said) > _LONG_NUMBER else _TAG_NUMBER).format(finding.id, plain(said))
        if isinstance(span, Cite):
            return self.cite(span.sources)
        if isinstance(span, Mark):
            return (
                Markup('<sup class="mark">{}</sup>').format(",\u2009".join(span.letters))
                if span.letters
                else Markup("")
            )
        if isinstance(span, Verdict):
            kind = span.word.replace(" ", "-")
            mark = VERDICT_MARKS.get(span.word, "")
            return Markup('<span class="verdict {}"><span aria-hidden="true">{}</span> {}</span>').format(
                kind, mark, span.word
            )
        return plain(span)

    def cite(self, sources: Iterable[str]) -> Markup:
        """Footnote marks in the order of their numbers."""
        links = self.linked(sources)
        return Markup("<small>[{}]</small>").format(links) if links else links

    def linked(self, sources: Iterable[str]) -> Markup:
        """The same numbers without what makes a mark of them: the register has thousands, each byte of them counts."""
        marks = sorted({self._numbers[source] for source in sources})
        return Markup(", ").join(Markup('<a href="#source-{0}">{0}</a>').format(n) for n in marks)

    def svg(self, figure: Figure, *, narrow: bool) -> Markup:
        """The picture for a wide page or for a phone; the charts escape every word they set."""
        width = charts.NARROW if narrow else charts.WIDE
        return Markup("").join(map(Markup, charts.pictures(figure, self._findings, width=width)))

    def stacked(self, table: Table) -> str:
        """The classes of a table that a phone shows as cards, each line with the head of its column; else nothing."""
        return f"stack {self._stacks[_heads(table)]}" if self._wordy(table) else ""

    def labels(self) -> str:
        """The rules that write the heads into those cards; written once for all tables of the same heads."""
        rules = (
            f'  .{name} td:nth-child({n})::before {{ content: "{_css(head)}: "; }}'
            for heads, name in self._stacks.items()
            for n, head in enumerate(heads, start=1)
            if n > 1
        )
        return "\n".join(["@media (max-width: 40rem) {", *rules, "}", ""])

    def _wordy(self, table: Table) -> bool:
        return len(table.columns) >= 3 and any(self._letters_in(cell) > _LONG for row in table.rows for cell in row)

    def _letters_in(self, cell: Cell) -> int:
        """How long a cell is when it is shown."""
        spans: Iterable[Span | Verdict] = cell if isinstance(cell, tuple) else (cell,)
        shown = [numbers.show(self._findings[s.finding], s.show) if isinstance(s, Ref) else s for s in spans]
        return sum(len(text) if isinstance(text, str) else 6 for text in shown)

    def shown(self, finding: Finding) -> Markup:
        """The number of a finding with its interval, for the register of all numbers."""
        tail = numbers.interval(finding)
        said = numbers.show(finding, "quantity")
        return plain(f"{said} ({tail}, {numbers.level(finding)})" if tail else said)

    def counted(self, finding: Finding) -> str:
        """Numerator and denominator in words."""
        return numbers.show(finding, "counts") if None not in (finding.numerator, finding.denominator) else ""

    def method(self, finding: Finding) -> str:
        """The number of the method under the register."""
        return f"way {self._method_numbers[finding.method.id]}"

    def whom(self, finding: Finding) -> str:
        """The number of the people and the time under the register."""
        group = _whom(finding)
        return f"group {self._group_numbers[group]}" if group else ""

    def caveats(self, finding: Finding) -> str:
        """The letters of the caveats under the register."""
        return ", ".join(self._letters[warning] for warning in finding.warnings)

    def link(self, url: str) -> str:
        """The address if it is one that a browser may follow, else nothing."""
        return url if _SAFE_LINK.match(url) else ""

    def plain(self, text: str) -> Markup:
        """Text with commands between backticks set as code."""
        return plain(text)


def _heads(table: Table) -> tuple[str, ...]:
    return tuple(column.label for column in table.columns)


def _css(text: str) -> str:
    r"""Text as the inside of a CSS string: all but letters, digits and spaces by their number.

    Examples:
        >>> _css('95 % "</style>')
        '95 \\25  \\22 \\3c \\2f style\\3e '
    """
    return "".join(c if (c.isalnum() and c.isascii()) or c == " " else f"\\{ord(c):x} " for c in text)


def _whom(finding: Finding) -> str:
    """Whom a number speaks of, and over which time."""
    return "; ".join(text for text in (finding.population, finding.window) if text)


_TAG_NUMBER: Final = Markup('<span data-finding="{}">{}</span>')
_TAG_WORDS: Final = Markup('<span class="words" data-finding="{}">{}</span>')


def plain(text: str) -> Markup:
    """Escaped text; what stands between backticks is a command, a line break breaks the line.

    Examples:
        >>> str(plain("Run `primum status` & <wait>."))
        'Run <code>primum status</code> &amp; &lt;wait&gt;.'
    """
    clean = "".join(c for c in text if c in "\t\n" or ord(c) >= 32)
    pieces = _CODE.split(clean)
    marked = Markup("").join(
        Markup("<code>{}</code>").format(piece) if i % 2 else escape(piece) for i, piece in enumerate(pieces)
    )
    return marked.replace("\n", Markup("<br>"))
