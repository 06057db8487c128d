"""Is there a reason, and the right one, wherever there is no number?"""

from __future__ import annotations

import re

import numpy as np
import pytest

from primum.signals.columns import SignalTable
from primum.signals.mantel_haenszel import mantel_haenszel
from primum.signals.rrr import rrr
from primum.vocab.reactions import BINS


def test_where_nothing_is_expected_a_relative_rate_has_no_value_and_no_bounds() -> None:
    found = rrr([0, 3, 3], [0.0, 0.0, 1.5])
    for column in (found.lower, found.value, found.upper):
        assert np.isnan(column).tolist() == [True, True, False]
    assert [bool(reason) for reason in found.reason] == [True, True, False]


@pytest.mark.parametrize(
    ("strata", "told"),
    [
        # Of two strata one has no report without the drug: it says nothing.
        ([(8, 20, 40, 200), (5, 30, 5, 30)], "fewer than two strata"),
        # In both every report of the event holds the drug: the ratio has no upper limit.
        ([(8, 20, 8, 200), (5, 30, 5, 90)], "the pooled ratio has no value"),
        ([(8, 20, 40, 200), (4, 30, 15, 200)], ""),
    ],
)
def test_strata_that_cannot_be_compared_say_why(strata: list[tuple[int, ...]], told: str) -> None:
    found = mantel_haenszel(*(np.array(strata)[:, i : i + 1] for i in range(4)))
    name, (code,), reasons = found.why_no_test
    assert name == "p_heterogeneity"
    assert reasons[code].startswith(told)
    assert bool(reasons[code]) == bool(np.isnan(found.p_heterogeneity[0])) == bool(told)


def test_the_kinds_of_terms_that_a_signal_table_speaks_of_exist() -> None:
    said = re.search(r"^ +bin: .*$", SignalTable.__doc__ or "", re.MULTILINE)
    assert said is not None
    named = re.findall(r"`(\w+)`", said[0])
    assert named
    assert set(named) <= set(BINS)
