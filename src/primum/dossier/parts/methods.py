"""Section 12: how was this computed, from which files, and which reporting items does it fulfil?"""

from __future__ import annotations

from primum.dossier.checklists import Item, ipdas, readus
from primum.dossier.context import Context, part
from primum.dossier.model import Cell, Column, Part, Table, Text, paragraph, sentence
from primum.provenance import Method


def build(context: Context) -> Part:
    """What ran, the methods really used with their citations, READUS-PV and IPDAS."""
    blocks: list[Text | Table] = [paragraph(text) for text in context.telling.text.get("methods", ())]
    blocks += [_run(context), _methods(context)]
    blocks += [
        *_checklist("readus", "READUS-PV items", readus(context)),
        *_checklist("ipdas", "IPDAS items", ipdas(context)),
    ]
    return part("methods", blocks)


def methods_used(context: Context) -> list[Method]:
    """The methods behind the numbers of this dossier and no others, in order of first use."""
    used = {finding.method.id: finding.method for finding in context.findings.values()}
    loaded = {method.id: method for method in context.reports.methods} if context.reports else {}
    return list({**used, **loaded}.values())


def _run(context: Context) -> Table:
    run = context.run
    rows: list[tuple[Cell, ...]] = [
        ("Version of Primum", run.version),
        ("Call", f"`{run.command}`"),
        ("Evidence read to", run.evidence_to),
        ("SHA-256 of the evidence tables", f"`{run.evidence_hash}`"),
        ("Reports loaded to", run.data_cut or "none loaded"),
        ("Snapshot of the loaded reports", f"`{run.store_hash}`" if run.store_hash else "none loaded"),
    ]
    rows += [(f"Version of {name}", version) for name, version in sorted(run.packages.items())]
    return Table(
        id="run",
        title="What ran on what",
        columns=(Column("Item"), Column("Value")),
        rows=tuple(rows),
        note="The same input and version give the same bytes; no clock time stands in this page.",
    )


def _methods(context: Context) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (method.label, f"`{method.formula}`" if method.formula else "", method.citation)
        for method in methods_used(context)
    ]
    return Table(
        id="methods",
        title="Methods used in this dossier, and no others",
        columns=(Column("Method"), Column("Formula"), Column("Citation")),
        rows=tuple(rows),
        folded=True,
    )


def _checklist(name: str, title: str, items: list[Item]) -> list[Text | Table]:
    """How many items are done, in a sentence; which, in a folded table."""
    open_items = [item.name for item in items if not item.done]
    told = f"{title}: {len(items) - len(open_items)} of {len(items)} done."
    rest = f" Not done: {'; '.join(open_items)}." if open_items else ""
    table = Table(
        id=name,
        title=title,
        columns=(Column("Item"), Column("Where or what"), Column("State")),
        rows=tuple((item.name, item.answer, "done" if item.done else "not done") for item in items),
        folded=True,
    )
    return [sentence(f"{told}{rest}"), table]
