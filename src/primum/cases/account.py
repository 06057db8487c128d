"""What does a report tell of each suspect drug: onset, dose, what happened when it was stopped, and how completely?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from primum.cases.dose import dose_units
from primum.cases.onset import onsets
from primum.cases.quality import PENALTIES, completeness, drug_completeness
from primum.cases.use import is_exposure
from primum.store import schema
from primum.vocab.drugs import named_drugs

if TYPE_CHECKING:
    import ibis

    from primum.store import Store

# Codes of dechal and rechal: FDA, ASC_NTS, June 2016.
CHALLENGE: Final = {"Y": "positive", "N": "negative", "U": "unknown", "D": "does not apply"}


@dataclass(frozen=True, slots=True)
class DrugAccount:
    """What a report tells of one suspect drug, over all its rows.

    Args:
        substance: the drug.
        product: product where one is known; several are told apart by their rows.
        onset_days: days from the treatment to the event; None where it is not known to the day, or negative.
        onset: what is known of the onset, one of `primum.cases.onset.STATUSES`.
        dose_units: doses told in units of its own product, each once, rising.
        dechallenge: whether the event went when the drug was stopped, as coded; each once.
        rechallenge: whether it came again with the drug, as coded; each once.
        completeness: score of the drug, see `primum.cases.quality`.
        missing: dimensions that are not told, or not wholly.
    """

    substance: str
    product: str | None
    onset_days: int | None
    onset: str
    dose_units: tuple[float, ...]
    dechallenge: tuple[str, ...]
    rechallenge: tuple[str, ...]
    completeness: float
    missing: tuple[str, ...]


def drug_accounts(store: Store, key: int) -> tuple[DrugAccount, ...]:
    """The suspect drugs of a report, by substance."""
    rows = store.engine.rows
    drugs = _suspects(key)
    scores = {row[0]: row[1:] for row in rows(drug_completeness(drugs).select("substance", "completeness", *PENALTIES))}
    began = {row[0]: row[1:] for row in rows(onsets(drugs, by=["substance"]))}
    told: dict[str, list[tuple[str | None, float | None, str | None, str | None]]] = {}
    for substance, product, units, dechallenge, rechallenge in rows(_told(drugs, key)):
        told.setdefault(substance, []).append((product, units, dechallenge, rechallenge))
    found = []
    for substance, values in told.items():
        score, *penalties = scores[substance]
        products, doses, stopped, given_again = zip(*values, strict=True)
        found.append(
            DrugAccount(
                substance=substance,
                product=next((product for product in products if product), None),
                onset_days=began[substance][0],
                onset=began[substance][1],
                dose_units=tuple(sorted({units for units in doses if units is not None})),
                dechallenge=_in_words(stopped),
                rechallenge=_in_words(given_again),
                completeness=float(score),  # the engine may reckon with decimals
                missing=tuple(name for name, penalty in zip(PENALTIES, penalties, strict=True) if penalty),
            )
        )
    return tuple(found)


def report_completeness(store: Store, key: int) -> float | None:
    """The completeness score of a report; None where it names no suspect drug."""
    found = store.engine.rows(completeness(_suspects(key)).select("completeness"))
    return float(found[0][0]) if found else None


def _suspects(key: int) -> ibis.Table:
    drugs = named_drugs()
    return drugs.filter(drugs.report_key == key, is_exposure(drugs.role))


def _told(drugs: ibis.Table, key: int) -> ibis.Table:
    """What each row says; a row stands once for each substance that it names."""
    rows = schema.table("drugs_in_report")
    challenges = rows.filter(rows.report_key == key).select("drug_seq", "dechallenge", "rechallenge").distinct()
    told = drugs.select("drug_seq", "substance", "product", units=dose_units(drugs))
    joined = told.left_join(challenges, told.drug_seq == challenges.drug_seq)
    return joined.order_by(joined.drug_seq, joined.substance).select(
        "substance", "product", "units", "dechallenge", "rechallenge"
    )


def _in_words(codes: tuple[str | None, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(CHALLENGE.get(code, code) for code in codes if code))
