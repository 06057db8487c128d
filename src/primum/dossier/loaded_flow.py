"""From the lines of the files to the reports that are counted: the same steps as a picture and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from primum.dossier.figures import Flow, FlowRow
from primum.dossier.loaded_numbers import Writer, slug
from primum.dossier.model import Cell, Column, Figure, Table

if TYPE_CHECKING:
    from primum.counts.flow import FlowStep


def flow_figure(writer: Writer, steps: Sequence[FlowStep]) -> Figure:
    """A line downwards of what stays, with what leaves beside it and why."""
    drawn: list[FlowRow] = []
    rows: list[tuple[Cell, ...]] = []
    for step in steps:
        name = f"flow.{slug(f'{step.step} {step.reason}')}"
        ref = writer.count(name, step.step, step.count, unit=step.unit)
        drawn.append(FlowRow(step.reason or step.step, ref.finding, leaves=bool(step.reason)))
        rows.append((step.step, ref, step.unit, step.reason))
    heads = (Column("Step"), Column("Number", number=True), Column("Of what"), Column("Why they leave"))
    return Figure(
        id="flow",
        title="From the files to the reports counted here",
        description="Steps from top to bottom; what stays is a full mark, what leaves is a hollow one with its reason.",
        drawing=Flow(tuple(drawn)),
        twin=Table("flow_twin", "From the files to the reports counted here", heads, tuple(rows)),
    )
