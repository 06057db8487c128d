"""Where is the effect of one more study expected, and is it told that few studies say little about it?"""

from __future__ import annotations

import numpy as np
import pytest

from primum.evidence.finding import Finding
from primum.evidence.pooling import TwoArms, pool
from primum.treatments.load import Treatment


def test_one_more_study_is_expected_where_the_studies_predict_it(findings: dict[str, Finding]) -> None:
    """Drooping eyelids, counts typed by hand: 16/665 and 0/236; 5/1,729 and 1/808; 17/1,037 and 1/315."""
    table = TwoArms(
        study=("frown lines", "crow's feet", "forehead"),
        events_treated=np.array([16, 5, 17]),
        n_treated=np.array([665, 1729, 1037]),
        events_control=np.array([0, 1, 1]),
        n_control=np.array([236, 808, 315]),
    )
    expected = pool(table, measure="RD", method="reml")
    found = findings["pooled.eyelid_ptosis.another"]
    assert found.value == pytest.approx(expected.estimate)
    assert expected.prediction is not None
    assert expected.interval is not None
    assert found.interval is not None
    assert (found.interval.lower, found.interval.upper) == pytest.approx(
        (expected.prediction.lower, expected.prediction.upper)
    )
    assert found.interval.upper > expected.interval.upper  # further than the mean's own


def test_every_pool_of_fewer_than_five_studies_says_that_their_spread_is_poorly_known(treatment: Treatment) -> None:
    studies: dict[str, int] = {}
    for row in treatment.tables["pools"]:
        studies[row["pool"]] = studies.get(row["pool"], 0) + 1
    assert set(studies.values()) == {3, 4}
    for name in studies:
        assert any("few studies" in text for text in treatment.findings[f"pooled.{name}.another"].warnings)
