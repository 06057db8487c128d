"""How does the answer fit a screen? The same story in a screenful, readable at 80 columns, plain without colour."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from primum.dossier.model import Cite, Dossier, Ref, Span
from primum.dossier.render import numbers
from primum.evidence.finding import Finding
from primum.treatments.claims import VERDICTS

MARGIN: Final = "  "
_ESCAPES: Final = {"strong": "1", "soft": "2", "treated": "34", "untreated": "33"}
_BAR: Final = 15
_ASCII: Final = str.maketrans({"─": "-", "├": "|", "┤": "|", "●": "o", "│": ":", numbers.MINUS: "-", "·": "."})


@dataclass(frozen=True, slots=True)
class Screen:
    """What the terminal can show.

    Args:
        width: columns; at least 60 are used.
        colour: whether escapes for colour are wanted.
        unicode: whether lines and dots can be written, else ASCII stands for them.
    """

    width: int = 80
    colour: bool = False
    unicode: bool = True

    def paint(self, text: str, tone: str) -> str:
        """Text in a tone, or as it is where no colour is wanted."""
        return f"\033[{_ESCAPES[tone]}m{text}\033[0m" if self.colour and text else text


def render(dossier: Dossier, screen: Screen, *, html: str = "", written: str = "Full dossier") -> str:
    """The answer as text that ends with a line break.

    Args:
        dossier: the answer.
        screen: what the terminal can show.
        html: where the page was written; empty when it was not.
        written: what that page is.
    """
    width = max(60, min(screen.width, 100))
    warning = _wrapped(dossier.run.synthetic, width) if dossier.run.synthetic else []
    lines = [*warning, *_head(dossier, screen, width), "", *_facts(dossier, screen, width)]
    for spans in dossier.facts.lines:
        lines += _wrapped(_words(dossier, spans), width)
    lines += _claims(dossier, width)
    lines += ["", *_missing(dossier, screen, width)]
    if html:
        lines += _wrapped(f"{written}: {html}", width)
    lines += warning
    text = "\n".join(clean(line) for line in lines) + "\n"
    return text if screen.unicode else text.translate(_ASCII).encode("ascii", "replace").decode("ascii")


def clean(text: str) -> str:
    r"""Text without the control bytes that a terminal would obey; our own colours stay.

    Examples:
        >>> clean("a\x07b\x1b]0;title\x07c \x1b[1mbold\x1b[0m")
        'ab]0;titlec \x1b[1mbold\x1b[0m'
    """
    kept = []
    for place, letter in enumerate(text):
        ours = letter == "\033" and any(text.startswith(f"\033[{code}m", place) for code in ("0", *_ESCAPES.values()))
        if letter == "\t" or ours or (ord(letter) >= 32 and not 127 <= ord(letter) < 160):
            kept.append(letter)
    return "".join(kept)


def _head(dossier: Dossier, screen: Screen, width: int) -> list[str]:
    evidence = f"evidence to {dossier.run.evidence_to}"
    title = screen.paint(_harmless(dossier.question), "strong")
    room = width - len(dossier.question) - len(dossier.subtitle) - len(evidence)
    if room >= 6:
        return [f"{title}{' ' * (room // 2)}{_harmless(dossier.subtitle)}{' ' * (room - room // 2)}{evidence}"]
    under = f"{dossier.subtitle}; {evidence}"
    return [title, *(screen.paint(line, "soft") for line in textwrap.wrap(_harmless(under), width))]


def _facts(dossier: Dossier, screen: Screen, width: int) -> list[str]:
    """The facts box: numbers aligned, the interval drawn beside them."""
    if not dossier.facts.outcomes:
        return []
    known = dossier.findings
    found = [(label, known[a], known[b], known[gap]) for label, a, b, gap in dossier.facts.outcomes]
    name = min(26, max(len(label) for label, *_ in found))
    head = f"{MARGIN}{'Of 1,000 people':<{name}} {'treated':>8} {_other(dossier):>8}  more with treatment"
    scale = _Scale.over([gap for _, _, _, gap in found], max(9, min(_BAR, width - name - 45)))
    lines = [screen.paint(head, "soft")]
    for label, treated, untreated, gap in found:
        said = f"{numbers.show(gap, 'per_1000_signed'):>5} {_interval(gap):<15}"
        first, *rest = textwrap.wrap(_harmless(label), name) or [""]
        lines.append(
            f"{MARGIN}{first:<{name}} "
            + screen.paint(f"{numbers.show(treated, 'per_1000'):>8}", "treated")
            + " "
            + screen.paint(f"{numbers.show(untreated, 'per_1000'):>8}", "untreated")
            + f"  {said} {scale.bar(gap)}".rstrip()
        )
        lines += [f"{MARGIN}{more}" for more in rest]
    return [*lines, *_wrapped(_words(dossier, dossier.facts.basis), width), ""]


def _other(dossier: Dossier) -> str:
    """Head of the other column, short enough for it."""
    return dossier.facts.untreated if len(dossier.facts.untreated) <= 8 else "others"


def _interval(finding: Finding) -> str:
    text = numbers.show(finding, "per_1000_interval")
    return f"({text})" if text else ""


@dataclass(frozen=True, slots=True)
class _Scale:
    """A row of columns that holds all the intervals and zero."""

    low: float
    high: float
    columns: int

    @classmethod
    def over(cls, findings: Iterable[Finding], columns: int) -> _Scale:
        ends = [0.0]
        for finding in findings:
            value = float(finding.value or 0)
            ends += [finding.interval.lower, finding.interval.upper] if finding.interval else [value]
        return cls(min(ends), max(ends), columns)

    def place(self, value: float) -> int:
        if self.high == self.low:
            return 0
        return round((value - self.low) / (self.high - self.low) * (self.columns - 1))

    def bar(self, finding: Finding) -> str:
        """The interval from end to end with its middle, and the line of no difference."""
        cells = [" "] * self.columns
        cells[self.place(0.0)] = "│"
        value = float(finding.value or 0)
        if finding.interval is not None:
            first, last = self.place(finding.interval.lower), self.place(finding.interval.upper)
            cells[first : last + 1] = ["─"] * (last + 1 - first)
            cells[first], cells[last] = "├", "┤"
        cells[self.place(value)] = "●"
        return "".join(cells)


def _claims(dossier: Dossier, width: int) -> list[str]:
    """How many claims were checked, and how they came out; the table stands in the full dossier."""
    counts: dict[str, int] = dict.fromkeys(VERDICTS, 0)
    for claim in dossier.claims:
        counts[claim.verdict] = counts.get(claim.verdict, 0) + 1
    said = ", ".join(f"{word} {count}" for word, count in counts.items() if count)
    return _wrapped(f"Claims checked: {len(dossier.claims)}; {said}.", width) if dossier.claims else []


def _missing(dossier: Dossier, screen: Screen, width: int) -> list[str]:
    """What only a command brings, and which sections lack something."""
    lines: list[str] = []
    if dossier.run.store_hash is None:
        for text in dossier.part("reports").missing[:1]:
            lines += _wrapped(text.replace("`", ""), width)
    incomplete = [f"{part.number} {part.title.lower()}" for part in dossier.parts if part.status != "complete"]
    if incomplete:
        lines += _wrapped(f"Sections not complete, each says why: {'; '.join(incomplete)}.", width)
    return [screen.paint(line, "soft") for line in lines]


def _words(dossier: Dossier, spans: Sequence[Span]) -> str:
    """Spans as words; footnote marks by number."""
    said = []
    for span in spans:
        if isinstance(span, Ref):
            said.append(numbers.show(dossier.findings[span.finding], span.show))
        elif isinstance(span, Cite):
            said.append(f"[{', '.join(str(n) for n in sorted({dossier.source_number(s) for s in span.sources}))}]")
        elif isinstance(span, str):
            said.append(span.replace("`", ""))
    return _harmless("".join(said))


def _harmless(text: str) -> str:
    return clean(text.replace("\033", ""))


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent=MARGIN, subsequent_indent=MARGIN, break_on_hyphens=False)
