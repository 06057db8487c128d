"""What does a study file ask? A question, its cohorts and comparators, methods and thresholds, before anything is run.

A study file is TOML. Its first analysis is the primary one; the others tell how far its answer depends on the choices
made (sensitivity). All faults of a file are told together, and nothing is counted before there is none.
"""

from __future__ import annotations

import hashlib
import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from primum.counts.cohort import EVERYTHING, Cohort, parse
from primum.counts.contingency import DRUG_LEVELS
from primum.counts.fields import DUPLICATES, USE_RULES, UseRuleSet
from primum.counts.incidence import DrugLevel
from primum.errors import CohortError, StudyError, nearest
from primum.signals.draft import COLUMNS_OF, columns_of
from primum.signals.table import DEFAULT_METHODS, MORE_METHODS
from primum.vocab.reactions import normal

KNOWN_METHODS: Final = (*DEFAULT_METHODS, *MORE_METHODS)
DEFAULT_THRESHOLDS: Final[Mapping[str, float]] = {"observed": 3, "ic_lower": 0.0}
"""At least so many reports, and the lower bound of IC above 0: as many reports as expected (Noren 2013)."""
DECLARED: Final[Mapping[str, str]] = {
    "background": "what is known of the drug, its use and the event",
    "funding": "who paid for this analysis",
    "conflicts": "conflicts of interest of those who did it",
    "ethics": "why no approval was needed, or which there is",
    "registration": "where it was registered beforehand",
    "case_review": "who read the cases, and by which method of causality",
    "validity": "for whom the result holds, and what it means at the bedside",
}
"""What only a person can tell; each is an item of READUS-PV."""
_COUNTS: Final = ("observed", "drug_reports", "event_reports", "total_reports")
_CHANCES: Final = ("p_midp", "fdr", "p_null", "bayes_fdr")
_OF_A_METHOD: Final = {column: method for method, columns in COLUMNS_OF.items() for column in columns}
_TOP: Final = ("title", "question", "treatment", "drug", "events", "methods", "thresholds", "declared", "analyses")
_OF_ANALYSIS: Final = ("id", "title", "cohort", "versus", "drug_level", "use_rules", "duplicates", "reason")
_ID: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """One cohort against one comparator.

    Args:
        id: short name; its files are called so.
        title: one line for the reader.
        cohort: which reports.
        versus: what they are compared with; None for everything else of the same population.
        drug_level: names that a row of the result has.
        use_rules: `strict` tells every use by strong rules alone.
        duplicates: method of linking by which reports of one event count once, or `off`; None: what the cohorts say,
            else the best links that the store has.
        reason: why it is asked; for a sensitivity analysis, which choice it puts to the test.
    """

    id: str
    title: str
    cohort: Cohort = EVERYTHING
    versus: Cohort | None = None
    drug_level: DrugLevel = "substance"
    use_rules: UseRuleSet = "all"
    duplicates: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """A question with everything that has to be decided before the reports are counted.

    Args:
        title: of the study.
        question: what it asks, in one sentence.
        about: id of a treatment, or a drug by any name.
        analyses: the primary one first.
        events: terms that the question is about, under their present names; empty: every term.
        methods: statistics to compute.
        thresholds: column of the signal table -> value that it must reach for a pair to stand out, in the way that
            `how_reached` tells; all must.
        declared: what only a person can tell, by item of `DECLARED`.
        sha256: of the file.
    """

    title: str
    question: str
    about: str
    analyses: tuple[Analysis, ...]
    events: tuple[str, ...] = ()
    methods: tuple[str, ...] = DEFAULT_METHODS
    thresholds: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_THRESHOLDS))
    declared: Mapping[str, str] = field(default_factory=dict)
    sha256: str = ""


def how_reached(column: str) -> Literal["at least", "at most", "above"]:
    """How a column reaches its threshold: a count by being as large, a chance by being as small, others from above.

    Examples:
        >>> how_reached("observed"), how_reached("fdr"), how_reached("ic_lower")
        ('at least', 'at most', 'above')
    """
    return "at least" if column in _COUNTS else "at most" if column in _CHANCES else "above"


def read_study(path: Path) -> Study:
    """Read a study file.

    Raises:
        StudyError: it cannot be read as TOML, or it holds faults; all of them are told.
    """
    try:
        content = path.read_bytes()
        given = tomllib.loads(content.decode("utf-8"))
    except OSError as error:
        raise StudyError.unreadable(str(path), error.strerror or str(error)) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StudyError.unreadable(str(path), str(error)) from error
    study, faults = _study(given, hashlib.sha256(content).hexdigest())
    if faults:
        raise StudyError.from_faults(str(path), faults)
    return study


def _study(given: Mapping[str, Any], sha256: str) -> tuple[Study, list[str]]:
    """The study that a file describes, and everything that is wrong with it."""
    faults = [f'unknown entry "{name}"{nearest(name, _TOP)}' for name in given if name not in _TOP]
    abouts = [name for name in ("treatment", "drug") if _text(given, name, faults)]
    if len(abouts) != 1:
        faults.append("expected treatment or drug, and one of them")
    title, question = (_text(given, name, faults) for name in ("title", "question"))
    faults += [f"{name} is missing" for name, text in (("title", title), ("question", question)) if not text]
    methods = tuple(_texts(given, "methods", faults)) or DEFAULT_METHODS
    for name in methods:
        if name not in KNOWN_METHODS:
            faults.append(
                f'methods: no method "{name}"{nearest(name, KNOWN_METHODS)}; known: {", ".join(KNOWN_METHODS)}'
            )
    study = Study(
        title=title,
        question=question,
        about=_text(given, abouts[0], []) if abouts else "",
        analyses=_analyses(given.get("analyses", []), faults),
        events=tuple(dict.fromkeys(normal(event) for event in _texts(given, "events", faults))),
        methods=methods,
        thresholds=_thresholds(given.get("thresholds", dict(DEFAULT_THRESHOLDS)), methods, faults),
        declared=_declared(given.get("declared", {}), faults),
        sha256=sha256,
    )
    return study, faults


def _text(given: Mapping[str, Any], name: str, faults: list[str]) -> str:
    value = given.get(name, "")
    if isinstance(value, str):
        return value.strip()
    faults.append(f"{name} is {value!r}; expected a text")
    return ""


def _texts(given: Mapping[str, Any], name: str, faults: list[str]) -> list[str]:
    value = given.get(name, [])
    if isinstance(value, list) and all(isinstance(one, str) and one.strip() for one in value):
        return value
    faults.append(f"{name} is {value!r}; expected a list of texts")
    return []


def _thresholds(given: Any, methods: tuple[str, ...], faults: list[str]) -> dict[str, float]:
    """The thresholds that can be reached: numbers of columns that are counted or that a method of the study fills."""
    if not isinstance(given, dict):
        faults.append(f"thresholds is {given!r}; expected a table such as ic_lower = 0.0")
        return {}
    filled = columns_of([name for name in methods if name in KNOWN_METHODS])
    told = {name: _threshold_fault(name, value, filled) for name, value in given.items()}
    faults += [f"thresholds: {fault}" for fault in told.values() if fault]
    return {name: given[name] for name, fault in told.items() if not fault}


def _threshold_fault(name: str, value: Any, filled: tuple[str, ...]) -> str:
    """What is wrong with a threshold; nothing where it can be reached."""
    columns = (*_COUNTS, "expected", *_OF_A_METHOD)
    if name not in columns:
        return f'no column "{name}"{nearest(name, columns)}'
    expected = "a number"
    if name in _COUNTS:
        expected = "a number of at least 0"
    elif name in _CHANCES:
        expected = "a number from 0 to 1"
    number = not isinstance(value, bool) and isinstance(value, int | float) and math.isfinite(value)
    if not number or (name in _COUNTS and value < 0) or (name in _CHANCES and not 0 <= value <= 1):
        return f"{name} is {value!r}; expected {expected}"
    if name in _OF_A_METHOD and name not in filled:
        return f"{name} is not computed; expected {_OF_A_METHOD[name]} among the methods, or other thresholds"
    return ""


def _declared(given: Any, faults: list[str]) -> dict[str, str]:
    if not isinstance(given, dict):
        faults.append(f"declared is {given!r}; expected a table of texts")
        return {}
    listed = ", ".join(DECLARED)
    unknown = [name for name in given if name not in DECLARED]
    faults += [f'declared: unknown entry "{name}"{nearest(name, DECLARED)}; known: {listed}' for name in unknown]
    return {name: text for name in DECLARED if (text := _text(given, name, faults))}


def _analyses(given: Any, faults: list[str]) -> tuple[Analysis, ...]:
    if not isinstance(given, list) or not given or not all(isinstance(one, dict) for one in given):
        faults.append("no analysis; expected at least one [[analyses]]")
        return ()
    found = tuple(_analysis(one, place, faults) for place, one in enumerate(given, start=1))
    names = [one.id for one in found]
    faults += [f'analyses: two are called "{name}"' for name in dict.fromkeys(names) if names.count(name) > 1]
    return found


def _analysis(given: Mapping[str, Any], place: int, faults: list[str]) -> Analysis:
    where = f"analysis {place}"
    own: list[str] = [
        f'unknown entry "{name}"{nearest(name, _OF_ANALYSIS)}' for name in given if name not in _OF_ANALYSIS
    ]
    name = _text(given, "id", own)
    if not _ID.fullmatch(name):
        own.append(f'id is "{name}"; expected a short name of a-z, 0-9 and _ that begins with a letter')
    level = _text(given, "drug_level", own) or "substance"
    if level not in DRUG_LEVELS:
        own.append(f'drug_level is "{level}"; expected one of {", ".join(DRUG_LEVELS)}')
    rules = _text(given, "use_rules", own) or "all"
    if rules not in USE_RULES:
        own.append(f'use_rules is "{rules}"; expected one of {", ".join(USE_RULES)}')
    duplicates = _text(given, "duplicates", own)
    if duplicates and duplicates not in DUPLICATES:
        own.append(f'duplicates is "{duplicates}"; expected one of {", ".join(DUPLICATES)}')
    versus = _text(given, "versus", own)
    analysis = Analysis(
        id=name,
        title=_text(given, "title", own) or name,
        cohort=_cohort(_text(given, "cohort", own), own),
        versus=_cohort(versus, own) if versus else None,
        drug_level=next((known for known in DRUG_LEVELS if known == level), "substance"),
        use_rules=next((known for known in USE_RULES if known == rules), "all"),
        duplicates=duplicates or None,
        reason=_text(given, "reason", own),
    )
    faults += [f"{where}: {fault}" for fault in own]
    return analysis


def _cohort(text: str, faults: list[str]) -> Cohort:
    try:
        return parse(text)
    except CohortError as error:
        faults.append(str(error))
        return EVERYTHING


def new_study(treatment: str, *, question: str, uses: Iterable[str]) -> str:
    """The text of a study file to begin with, every entry explained.

    Args:
        treatment: id of the treatment.
        question: what the treatment's own answer asks.
        uses: the uses that its rules tell apart; the first two are compared where there are two.
    """
    told = [use for use in uses if use not in ("mixed", "unknown")][:2]
    within = f"use:{told[0]}" if told else ""
    versus = f"use:{told[1]}" if len(told) == 2 else ""
    declared = "\n".join(f'{name} = ""  # {meaning}' for name, meaning in DECLARED.items())
    return _NEW.format(
        treatment=treatment,
        question=question.replace('"', "'"),
        cohort=within,
        versus=versus,
        beside=f"{within} " if within else "",
        declared=declared,
    )


_NEW: Final = """\
# A study file: primum study FILE.toml runs it. Fill it in before you look at the reports.
title = "Reports after {treatment}"
question = "{question}"
treatment = "{treatment}"  # or drug = "a drug by any of its names"

# The terms that the question is about. Leave the list empty to ask for every term.
events = []

# prr ror ic ebgm chi2 midp fdr, and on request rrr bcpnn. Each run names its sources in methods.md.
methods = ["prr", "ror", "ic", "ebgm"]

# A pair stands out where every column named here reaches its value: a count by being as large, p_midp and fdr by
# being as small, any other column by lying above. State it before you look.
[thresholds]
observed = 3
ic_lower = 0.0

# The first analysis is the primary one. An empty cohort is every report, an empty versus is everything else.
[[analyses]]
id = "primary"
title = "The question itself"
cohort = "{cohort}"
versus = "{versus}"

# The others put one choice each to the test.
[[analyses]]
id = "primary_suspect"
title = "As primary suspect only"
cohort = "{beside}role:PS"
versus = "{versus}"
reason = "does the role of the drug in the report matter?"

[[analyses]]
id = "professionals"
title = "Told by health professionals only"
cohort = "{beside}reporter:physician,pharmacist,nurse,professional,other-professional"
versus = "{versus}"
reason = "does it matter who reported?"

[[analyses]]
id = "against_all"
title = "Against everything else"
cohort = "{cohort}"
reason = "does the comparator matter?"

[[analyses]]
id = "every_number"
title = "Every case number for itself"
cohort = "{cohort}"
versus = "{versus}"
duplicates = "off"  # or exact or probabilistic; without it the best links that the store has
reason = "do reports of one event under several case numbers matter?"

[[analyses]]
id = "strict_uses"
title = "Uses told by strong rules alone"
cohort = "{cohort}"
versus = "{versus}"
use_rules = "strict"
reason = "does it matter how the use is told?"

# What only a person can tell. What stays empty is marked "not done" in the table of READUS-PV items.
[declared]
{declared}
"""
