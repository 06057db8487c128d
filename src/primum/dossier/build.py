"""How do thirteen sections become one answer? Each is built from the same context, then sources are numbered once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from primum.dossier.context import Context
from primum.dossier.curves import model_of
from primum.dossier.loaded import LoadedReports, read
from primum.dossier.model import PARTS, Dossier, Part, cites
from primum.dossier.parts import (
    benefits,
    claims,
    clinician,
    dose,
    effects_table,
    mechanism,
    methods,
    patient,
    practice,
    resistance,
    short_answer,
    side_effects,
    trials,
    unknowns,
)
from primum.dossier.parts import reports as report_part
from primum.dossier.telling import read_telling
from primum.evidence.finding import Finding, by_id
from primum.provenance import Run, Source
from primum.treatments.load import Treatment

_BUILD: Final[Mapping[str, Callable[[Context], Part]]] = {
    "short_answer": short_answer.build,
    "mechanism": mechanism.build,
    "reports": report_part.build,
    "trials": trials.build,
    "benefits": benefits.build,
    "side_effects": side_effects.build,
    "dose": dose.build,
    "resistance": resistance.build,
    "practice": practice.build,
    "effects_table": effects_table.build,
    "claims": claims.build,
    "unknowns": unknowns.build,
    "methods": methods.build,
}


def build_dossier(
    treatment: Treatment, *, reports: LoadedReports | None, run: Run, weighed: Sequence[Finding] = ()
) -> Dossier:
    """The whole answer of a treatment.

    Args:
        treatment: the treatment, its tables checked and its numbers computed.
        reports: the loaded reports; None when there are none.
        run: what ran on what.
        weighed: the balance with a reader's own weights; empty where none were given.

    Raises:
        EvidenceError: `telling.toml` of the treatment names something that its tables do not give.
        ValueError: two numbers share an id, or a section refers to something that is not there.
    """
    context = _context(treatment, reports, run, weighed)
    built = tuple(_BUILD[name](context) for name, _ in PARTS)
    facts = short_answer.facts(context)
    return Dossier(
        treatment=treatment.id,
        title=treatment.name,
        question=treatment.question,
        subtitle=context.telling.subtitle or treatment.short_name,
        parts=built,
        findings=context.findings,
        claims=claims.claims_of(context),
        sources=_sources(context, built),
        run=run,
        facts=facts,
        briefs=(patient.brief(context), clinician.brief(context)),
    )


def _context(treatment: Treatment, reports: LoadedReports | None, run: Run, weighed: Sequence[Finding]) -> Context:
    telling = read_telling(treatment.folder, findings=treatment.findings, sources=treatment.sources)
    modelled = model_of(treatment.folder, telling.curve)
    loaded = None if reports is None else read(reports, window=modelled.window if modelled else None)
    numbers: Sequence[Finding] = (
        *treatment.findings.values(),
        *weighed,
        *(modelled.findings if modelled else ()),
        *(loaded.findings if loaded else ()),
    )
    return Context(
        treatment=treatment,
        findings=by_id(numbers),
        telling=telling,
        reports=loaded,
        modelled=modelled,
        run=run,
    )


def _sources(context: Context, built: Sequence[Part]) -> tuple[Source, ...]:
    """The sources in the order in which the answer first names them."""
    known = context.sources()
    return tuple(known[name] for name in dict.fromkeys(_named(context, built)))


def _named(context: Context, built: Sequence[Part]) -> Iterator[str]:
    for part in built:
        for mark in cites(part):
            yield from mark.sources
        for name in part.findings:
            yield from context.findings[name].sources
    for finding in context.findings.values():
        yield from finding.sources
