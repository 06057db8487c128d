"""The answer as plain data: the same object that the page and the terminal show, unrounded."""

from __future__ import annotations

import dataclasses
from typing import Any

from primum.dossier.caveats import letters
from primum.dossier.model import Block, Cell, Cite, Claim, Dossier, Figure, Mark, Part, Ref, Span, Table, Text, Verdict
from primum.provenance import Run, Source


def as_json(dossier: Dossier) -> dict[str, Any]:
    """The whole dossier as JSON-ready data, in a fixed order."""
    return {
        "schema": dossier.schema,
        "treatment": dossier.treatment,
        "title": dossier.title,
        "question": dossier.question,
        "parts": [_part(part, dossier) for part in dossier.parts],
        "briefs": [
            {
                "reader": brief.reader,
                "title": brief.title,
                "chapters": [
                    {"id": chapter.id, "title": chapter.title, **_blocks(chapter.blocks)} for chapter in brief.chapters
                ],
            }
            for brief in dossier.briefs
        ],
        "claims": [_claim(claim) for claim in dossier.claims],
        "sources": [_source(source, number) for number, source in enumerate(dossier.sources, start=1)],
        "run": _run(dossier.run),
    }


def _part(part: Part, dossier: Dossier) -> dict[str, Any]:
    return {
        "id": part.id,
        "number": part.number,
        "title": part.title,
        "status": part.status,
        "missing": list(part.missing),
        "findings": [dossier.findings[name].as_json() for name in part.findings],
        **_blocks(part.blocks),
    }


def _blocks(blocks: tuple[Block, ...]) -> dict[str, Any]:
    return {
        "tables": [_table(block) for block in blocks if isinstance(block, Table)],
        "figures": [_figure(block) for block in blocks if isinstance(block, Figure)],
        "texts": [_text(block) for block in blocks if isinstance(block, Text)],
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "id": table.id,
        "title": table.title,
        "columns": [column.label for column in table.columns],
        "rows": [[_cell(cell) for cell in row] for row in table.rows],
        "note": table.note,
        "caveats": dict(zip(letters(len(table.caveats)), table.caveats, strict=True)),
    }


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "id": figure.id,
        "title": figure.title,
        "description": figure.description,
        "kind": type(figure.drawing).__name__.lower(),
        "findings": list(figure.drawing.findings()),
        "twin": _table(figure.twin),
    }


def _text(text: Text) -> dict[str, Any]:
    return {"kind": text.kind, "lines": [[_span(span) for span in line] for line in text.lines]}


def _cell(cell: Cell) -> Any:
    return [_span(span) for span in cell] if isinstance(cell, tuple) else _span(cell)


def _span(span: Span | Verdict) -> Any:
    if isinstance(span, Ref):
        return {"finding": span.finding, "show": span.show}
    if isinstance(span, Cite):
        return {"sources": list(span.sources)}
    if isinstance(span, Mark):
        return {"caveats": list(span.letters)}
    if isinstance(span, Verdict):
        return {"verdict": span.word}
    return span


def _claim(claim: Claim) -> dict[str, Any]:
    return {
        "id": claim.id,
        "claim": claim.claim,
        "verdict": claim.verdict,
        "rule": claim.rule,
        "findings": list(claim.findings),
        "reason": claim.reason,
        "judged": claim.judged,
    }


def _source(source: Source, number: int) -> dict[str, Any]:
    return {"number": number, **{f.name: getattr(source, f.name) for f in dataclasses.fields(source)}}


def _run(run: Run) -> dict[str, Any]:
    plain = {f.name: getattr(run, f.name) for f in dataclasses.fields(run)}
    return {**plain, "packages": dict(sorted(run.packages.items()))}
