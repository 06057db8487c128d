"""How does a section of the answer, a table or a picture of it stand alone, in a notebook?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from primum import notebook
from primum.dossier.caveats import letters
from primum.dossier.model import Block, Cell, Cite, Figure, Mark, Part, Ref, Table, Text, Verdict, spans_of
from primum.dossier.render import charts, numbers
from primum.dossier.render.html import standalone

if TYPE_CHECKING:
    from primum.dossier.model import Dossier


@dataclass(frozen=True, slots=True, repr=False)
class Shown:
    """A section, a table, a picture or a text, with the numbers and sources that it names.

    Args:
        dossier: the answer it is of.
        block: what is shown.
    """

    dossier: Dossier
    block: Part | Block

    def __repr__(self) -> str:
        name = "text" if isinstance(self.block, Text) else self.block.id
        return f"<{type(self.block).__name__} {name} of {self.dossier.treatment}>"

    def _repr_html_(self) -> str:
        blocks = self.block.blocks if isinstance(self.block, Part) else (self.block,)
        head = f"<h3>{notebook.said(self.block.title)}</h3>" if isinstance(self.block, Part) else ""
        made = notebook.paragraphs([self.dossier.run.synthetic])
        missing = notebook.paragraphs(self.block.missing) if isinstance(self.block, Part) else ""
        return made + head + "".join(map(self._html, blocks)) + missing + self._sources(blocks)

    def _repr_svg_(self) -> str | None:
        """The picture alone; None where this is none."""
        return self._svg(self.block) if isinstance(self.block, Figure) else None

    def _html(self, block: Block) -> str:
        if isinstance(block, Text):
            lines = [self._said(line) for line in block.lines]
            if block.kind in ("list", "boxes"):
                return f"<ul>{''.join(f'<li>{notebook.said(line)}</li>' for line in lines)}</ul>"
            return notebook.paragraphs(lines)
        if isinstance(block, Table):
            return self._table(block)
        drawn = notebook.picture(self._svg(block), f"{block.title}. {block.description}")
        return (
            f"<p><b>{notebook.said(block.title)}</b></p>{drawn}"
            f"<details><summary>The same as a table</summary>{self._table(block.twin)}</details>"
        )

    def _svg(self, figure: Figure) -> str:
        return standalone(charts.svg(figure, self.dossier.findings))

    def _table(self, table: Table) -> str:
        caveats = [f"{letter}: {line}" for letter, line in zip(letters(len(table.caveats)), table.caveats, strict=True)]
        return notebook.table(
            table.title,
            [column.label for column in table.columns],
            [[self._said(cell) for cell in row] for row in table.rows],
            below=[table.note, *caveats],
        )

    def _said(self, cell: Cell) -> str:
        """A cell or a line in words, its sources by their numbers."""
        words = []
        for span in cell if isinstance(cell, tuple) else (cell,):
            if isinstance(span, Ref):
                words.append(numbers.show(self.dossier.findings[span.finding], span.show))
            elif isinstance(span, Cite):
                named = sorted(self.dossier.source_number(name) for name in span.sources)
                words.append(f"[{', '.join(map(str, named))}]" if named else "")
            elif isinstance(span, Mark):
                words.append(f" {','.join(span.letters)}" if span.letters else "")
            else:
                words.append(span.word if isinstance(span, Verdict) else span)
        return "".join(words)

    def _sources(self, blocks: tuple[Block, ...]) -> str:
        """The sources that are named, under the numbers that they have in the dossier."""
        named = {name for block in blocks for s in spans_of(block) if isinstance(s, Cite) for name in s.sources}
        lines = [
            f"[{place}] {', '.join(filter(None, (source.title, str(source.year or ''))))}. "
            f"Funding: {source.funding}. {source.url}"
            for place, source in enumerate(self.dossier.sources, start=1)
            if source.id in named
        ]
        return f"<details><summary>Sources</summary>{notebook.paragraphs(lines)}</details>" if lines else ""
