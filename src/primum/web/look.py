"""How do pages look? Their templates, style and script; every text in them is text."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from primum import __version__
from primum.counts.fields import OUTCOMES, REPORTERS
from primum.treatments.load import known_treatments
from primum.vocab.reactions import BINS
from primum.web import drawn, printed, tables
from primum.web.state import COLUMNS, KNOWN_METHODS, METHOD_LABELS, STATISTICS

_HOME: Final = Path(__file__).parent / "static"
STATIC: Final = {name: (_HOME / name).read_text(encoding="utf-8") for name in ("style.css", "explorer.js")}
KINDS: Final = {"style.css": "text/css", "explorer.js": "text/javascript"}
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def shown(value: Any) -> Any:
    r"""A value of a page: text without what steers a terminal or turns the direction of writing.

    Examples:
        >>> ascii(shown("a\x1b[31mb"))
        "'a\\ufffd[31mb'"
    """
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", value) if type(value) is str else value


def templates() -> Environment:
    """Templates in which every text is text, and a name that is missing is an error."""
    made = Environment(
        loader=PackageLoader("primum.web"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(version=__version__, methods=KNOWN_METHODS, columns=COLUMNS)
    made.globals.update(first_treatment=known_treatments()[0], static=_address)
    made.globals.update(interval=drawn.interval, span=drawn.span, caveats=drawn.caveats, bits=drawn.bits, day=drawn.day)
    made.globals.update(number=printed.number, ends=printed.ends, percent=printed.percent, small=printed.small)
    made.globals.update(drawing=lambda svg: Markup(shown(svg)), statistics=STATISTICS, method_labels=METHOD_LABELS)
    made.globals.update(cases_of=tables.cases_of, kinds=[(name, name.replace("_", " ")) for name in BINS])
    made.globals.update(reporters=_words_of(REPORTERS), outcomes=_words_of(OUTCOMES))
    return made


def _words_of(codes: Mapping[str, str]) -> dict[str, str]:
    """What the codes of a field stand for."""
    return {code: word.replace("-", " ") for word, code in codes.items()}


def _address(name: str) -> str:
    """Where a file of the pages is fetched; another address where its content is another."""
    return f"/static/{hashlib.sha256(STATIC[name].encode()).hexdigest()[:12]}/{name}"
