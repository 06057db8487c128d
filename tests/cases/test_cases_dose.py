"""How many units does a drug row tell, and when does it tell none?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from primum.cases.dose import dose_units
from primum.store import Store
from primum.store.schema import table


@pytest.mark.parametrize(
    ("told", "units"),
    [
        ({"dose_amount": 0.5, "dose_unit": "IU"}, 0.5),
        ({"dose_amount": 0.0, "dose_unit": "UNITS"}, None),
        ({"dose_text": "0 UNITS"}, None),
        ({"dose_text": "1,500.5 units, once"}, 1500.5),
        ({"dose_text": "0,5 U"}, None),
        ({"dose_amount": 20.0, "dose_unit": "MG", "dose_text": "20 MG"}, None),
    ],
)
def test_a_dose_in_units_is_above_nothing(
    memory_store: Callable[..., Store], told: dict[str, Any], units: float | None
) -> None:
    row = {"report_key": 1, "row_number": 1, "drug_seq": 1, "drugname": "SYNTHETIC", **told}
    drugs = table("drugs_in_report")
    with memory_store(raw=True, drugs_in_report=[row]) as store:
        ((found,),) = store.engine.rows(drugs.select(units=dose_units(drugs)))
    assert found == units
