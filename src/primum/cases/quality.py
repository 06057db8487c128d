"""How completely does a report tell what is needed to judge it: a score after vigiGrade?

For one drug of a report, C is the product over the dimensions of (1 - penalty), where a dimension that is told has the
penalty 0:

    C = (1 - p_1) (1 - p_2) ... (1 - p_n)

and a report's score is the mean over its suspect drugs. Seven of the ten dimensions are in FDA's files: time to onset,
indication, sex, age, dose, country and reporter. Three are not, and are left out rather than guessed: the outcome of
the event in the patient (the files name serious outcomes only), whether a report is spontaneous or from a study, and
the narrative. The score is therefore like vigiGrade's but no vigiGrade score; 1 is all seven told, 0.125 none.

Source:
    Bergvall, Noren, Lindquist 2014, Drug Saf 37(1):65-77, doi:10.1007/s40264-013-0131-x: dimensions,
    penalties and the product; the penalties as PMC9503115 tables them from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from primum.cases.onset import dated, first_day, last_day
from primum.cases.use import is_exposure
from primum.store import schema

if TYPE_CHECKING:
    import ibis

PENALTIES: Final[Mapping[str, float]] = {
    "onset": 0.5,
    "indication": 0.3,
    "sex": 0.3,
    "age": 0.3,
    "dose": 0.1,
    "country": 0.1,
    "reporter": 0.1,
}
"""Where a dimension is not told at all."""
OVER_A_MONTH: Final = 0.3
"""Onset: it is open whether the drug came before the event, and the dates are uncertain by more than a month."""
WITHIN_A_MONTH: Final = 0.1
"""Onset: as `OVER_A_MONTH`, with dates that are uncertain by a month or less."""
AGE_GROUP_ONLY: Final = 0.1
NOT_TOLD: Final = ("outcome of the event", "type of report", "narrative")
"""Dimensions of the source that FDA's files do not carry."""
NO_INDICATION: Final = ("PRODUCT USED FOR UNKNOWN INDICATION", "OFF LABEL USE")
"""Terms in the place of an indication that tell none."""


def drug_completeness(drugs: ibis.Table) -> ibis.Table:
    """Penalty of each dimension and the score, one row for every drug of a report.

    Args:
        drugs: rows as `primum.vocab.drugs.named_drugs` has them; those that are no exposure are left out. Rows of one
            substance are one drug, and a dimension is told where any of them tells it: one session is many rows.

    Returns:
        `report_key, substance`, a penalty named after each dimension, and `completeness` in (0, 1].
    """
    indications = schema.table("indications")
    suspect = drugs.filter(is_exposure(drugs.role))
    told = indications.filter(indications.term.notnull(), ~indications.term.isin(NO_INDICATION))
    told = told.select(told_report="report_key", told_seq="drug_seq").distinct()
    rows = dated(suspect.mutate(has_amount=_has_dose(suspect)))
    joined = rows.left_join(told, [rows.report_key == told.told_report, rows.drug_seq == told.told_seq])
    rows = joined.mutate(indicated=joined.told_report.notnull(), onset_penalty=_onset_penalty(joined))
    by_drug = rows.group_by("report_key", "substance").agg(
        onset=rows.onset_penalty.min(),
        indication=rows.indicated.any().ifelse(0.0, PENALTIES["indication"]),
        dose=rows.has_amount.any().ifelse(0.0, PENALTIES["dose"]),
    )
    of_report = _of_report()
    both = by_drug.join(of_report, "report_key")
    score: Any = 1.0
    for dimension in PENALTIES:
        score = score * (1 - both[dimension])
    return both.select("report_key", "substance", *PENALTIES, completeness=score)


def completeness(drugs: ibis.Table) -> ibis.Table:
    """The score of each report, the mean over its suspect drugs: `report_key, completeness`."""
    scored = drug_completeness(drugs)
    return scored.group_by("report_key").agg(completeness=scored.completeness.mean())


def _has_dose(drugs: ibis.Table) -> ibis.expr.types.BooleanColumn:
    """Whether a row tells how much was given: an amount with its unit, or a number in the text."""
    typed = drugs.dose_amount.notnull() & drugs.dose_unit.notnull()
    return typed | drugs.dose_text.fill_null("").re_search(r"\d")


def _onset_penalty(rows: ibis.Table) -> ibis.expr.types.FloatingColumn:
    """Nothing where the dates settle which came first, whichever it was; else by how far they are uncertain."""
    import ibis

    first_start, last_start = (end(rows.start_date, rows.start_precision) for end in (first_day, last_day))
    first_event, last_event = (end(rows.event_date, rows.event_precision) for end in (first_day, last_day))
    settled = (last_start <= first_event) | (last_event < first_start)
    return ibis.cases(
        (rows.start_date.isnull() | rows.event_date.isnull(), PENALTIES["onset"]),
        (settled, 0.0),
        ((rows.start_precision == "Y") | (rows.event_precision == "Y"), OVER_A_MONTH),
        else_=WITHIN_A_MONTH,
    )


def _of_report() -> ibis.Table:
    """Penalties of what a report tells once for all its drugs."""
    import ibis

    reports = schema.table("reports")
    country = ibis.coalesce(reports.occurrence_country, reports.reporter_country)
    return reports.select(
        "report_key",
        sex=reports.sex.notnull().ifelse(0.0, PENALTIES["sex"]),
        age=ibis.cases(
            (reports.age_years.notnull(), 0.0), (reports.age_group.notnull(), AGE_GROUP_ONLY), else_=PENALTIES["age"]
        ),
        country=country.notnull().ifelse(0.0, PENALTIES["country"]),
        reporter=reports.reporter_occupation.notnull().ifelse(0.0, PENALTIES["reporter"]),
    )
