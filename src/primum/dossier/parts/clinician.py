"""What does a clinician need before treating? A few pages of the same tables: screening and practice, then harm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from primum.dossier.caveats import Caveats
from primum.dossier.context import Context, cite
from primum.dossier.model import Block, Brief, Cell, Chapter, Column, Part, Ref, Table, Text

# Chapter, its title, the section its blocks come from, and their ids.
_CHAPTERS: Final = (
    ("ask", "Ask before treating", "practice", ("questions",)),
    ("labels", "What the labels warn of", "practice", ("screening",)),
    ("prepare", "How it is kept, mixed and spaced", "practice", ("preparation",)),
    ("harm", "Harm, of 1,000 people", "short_answer", ("facts",)),
    ("trials", "The trials, added up and by group", "trials", ("together_beside",)),
    ("times", "How soon and for how long", "side_effects", ("how_long",)),
    ("dose", "How far a dose is from a lethal one", "dose", ("margins",)),
    ("balance", "Benefit against harm", "effects_table", ("effects",)),
    ("incidents", "What happened where product or setting were wrong", "practice", ("incidents",)),
)


def brief(context: Context, built: Sequence[Part]) -> Brief:
    """The pages for a clinician, from blocks of the sections."""
    parts = {part.id: part for part in built}
    chapters = [Chapter(name, title, _blocks(parts[section], ids)) for name, title, section, ids in _CHAPTERS]
    chapters.append(Chapter("repeat", "Does it stop working?", _antibodies(context)))
    kept = tuple(chapter for chapter in chapters if chapter.blocks)
    return Brief(reader="clinician", title=f"For a clinician: {context.treatment.short_name}", chapters=kept)


def _blocks(part: Part, ids: tuple[str, ...]) -> tuple[Block, ...]:
    return tuple(block for block in part.blocks if not isinstance(block, Text) and block.id in ids)


def _antibodies(context: Context) -> tuple[Block, ...]:
    """Neutralising antibodies in the use that the question is about."""
    caveats = Caveats()
    rows: list[tuple[Cell, ...]] = []
    for row in context.rows("antibodies"):
        found = context.findings[f"resistance.antibody.{row['key']}"]
        if row["use"] == context.telling.use and found.interval is not None:
            share = (Ref(found.id, "with_interval"), caveats.of(found))
            rows.append((f"{row['indication']}, {row['product']}", row["timepoint"], share, cite(found)))
    if not rows:
        return ()
    return (
        Table(
            id="antibodies",
            title=f"People with neutralising antibodies, {context.telling.use} use",
            columns=(Column("Who"), Column("Tested when"), Column("Share (95 %)", number=True), Column("Source")),
            rows=tuple(rows),
            caveats=caveats.lines(),
        ),
    )
