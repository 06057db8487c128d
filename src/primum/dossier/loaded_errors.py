"""What do loaded reports tell of errors in giving a treatment, and of its quality? Apart from what the drug does."""

from __future__ import annotations

from typing import Final

from primum.dossier.loaded_like import LoadedReports
from primum.dossier.loaded_numbers import Writer, slug
from primum.dossier.loaded_signals import statistic
from primum.dossier.loaded_tables import BINS
from primum.dossier.model import Column, Table, Text, sentence

_KINDS: Final = ("medication_error", "product_quality")
_MOST: Final = 10
_NONE: Final = "No loaded report of the treatment names an error in giving it or a problem of the product."


def error_blocks(writer: Writer, answer: LoadedReports) -> list[Text | Table]:
    """The terms of errors and of quality that are reported most; a sentence where there is none.

    Args:
        writer: makes the numbers into findings.
        answer: the loaded reports.
    """
    table = answer.signals
    found = [] if table is None else [i for i in table.order("observed").tolist() if table.bin[i] in _KINDS][:_MOST]
    if table is None or not found:
        return [sentence(_NONE)]
    rows = tuple(
        (
            str(table.event[i]),
            BINS[str(table.bin[i])],
            writer.count(
                f"error.{slug(str(table.event[i]))}.observed",
                f"{table.event[i]}: reports",
                int(table.observed[i]),
                of=int(table.drug_reports[i]),
            ),
            statistic(
                writer, table, i, "ic", name=f"error.{slug(str(table.event[i]))}.ic", label=f"{table.event[i]}: IC"
            ),
        )
        for i in found
    )
    return [
        Table(
            id="errors",
            title="Errors in giving it and problems of the product, in loaded reports",
            columns=(
                Column("Term"),
                Column("What it is"),
                Column("Reports", number=True),
                Column("IC, bits (95 %)", number=True),
            ),
            rows=rows,
            note="Reports, not rates: of all reports of the treatment so many name it. An IC above 0 says that they do "
            "so more often than reports of other drugs.",
        )
    ]
