"""Section 10: which of the popular claims hold?"""

from __future__ import annotations

from primum.dossier.context import Context, part
from primum.dossier.figures import Meters
from primum.dossier.model import Cell, Cite, Claim, Column, Figure, Part, Ref, Span, Table, Text, Verdict, paragraph
from primum.treatments.claims import VERDICTS

_SHOWN = 4  # numbers beside one verdict; all stand in the rule and in `--json`
_SHORT = 24
_HOW = (
    "A claim is decided by a rule over the numbers of this dossier where a number can decide it, and by a stated human "
    "judgement where none can. A rule that no longer gives its verdict stops the dossier from being built."
)


def claims_of(context: Context) -> tuple[Claim, ...]:
    """The checked claims, as they stand in the dossier."""
    return tuple(
        Claim(
            id=result.claim.id,
            claim=result.claim.claim,
            verdict=result.claim.verdict,
            rule=result.claim.rule or result.claim.judgement,
            findings=result.findings,
            reason=result.claim.reason,
            judged=not result.claim.rule,
        )
        for result in context.treatment.claims
    )


def build(context: Context) -> Part:
    """The verdicts as one divided bar, then every claim with the numbers that decide it."""
    results = context.treatment.claims
    if not results:
        return part("claims", [], missing=["No claim stands in `claims.csv`."])
    counts = tuple((str(v), sum(result.claim.verdict == v for result in results)) for v in VERDICTS)
    twin = Table(
        id="verdicts_twin",
        title="Verdicts",
        columns=(Column("Verdict"), Column("Claims", number=True)),
        rows=tuple((Verdict(word), str(count)) for word, count in counts),
    )
    rows: list[tuple[Cell, ...]] = []
    for result in results:
        claim = result.claim
        by = f"Decided by rule {claim.id}." if claim.rule else f"A human judgement: {claim.judgement}"
        rows.append(
            (
                f"{claim.id}. {claim.claim}",
                Verdict(claim.verdict),
                (f"{claim.reason} ", Cite(result.sources), f" {by}", *_numbers(context, result.findings)),
            )
        )
    table = Table(
        id="claims",
        title=f"{len(results)} claims and what decides them",
        columns=(
            Column("Claim"),
            Column("Verdict"),
            Column("Why, who decided, and the numbers behind it"),
        ),
        rows=tuple(rows),
    )
    rules = Table(
        id="rules",
        title="The rules, as they are checked",
        columns=(Column("Rule"), Column("Condition over the findings")),
        rows=tuple((result.claim.id, f"`{result.claim.rule}`") for result in results if result.claim.rule),
        folded=True,
    )
    blocks: list[Text | Table | Figure] = [paragraph(text) for text in context.telling.text.get("claims", ())]
    blocks.append(paragraph(_HOW))
    description = "One bar divided by verdict: " + ", ".join(f"{word} {count}" for word, count in counts) + "."
    blocks.append(
        Figure("verdicts", "Verdicts, explained claim by claim in the table below", description, Meters(counts), twin)
    )
    return part("claims", [*blocks, table, rules], also=[context.findings[i] for r in results for i in r.findings])


def _numbers(context: Context, names: tuple[str, ...]) -> tuple[Span, ...]:
    spans: list[Span] = []
    short = [n for n in names if len(str(context.findings[n].value)) <= _SHORT]  # a statement stands in its own section
    for name in short[:_SHOWN]:
        spans += ["; "] if spans else ["\nNumbers: "]
        spans += [f"{context.findings[name].label}: ", Ref(name, "quantity_range")]
    if len(short) > _SHOWN:
        spans.append(f"; and {len(short) - _SHOWN} more in its rule")
    return tuple(spans)
