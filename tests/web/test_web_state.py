"""An address is the whole question: what is read from it is written back the same."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from primum.errors import PrimumError
from primum.web.state import COLUMNS, KNOWN_METHODS, State

STATES = st.builds(
    State,
    what=st.sampled_from(["", "anti-wrinkle", "ASPIRIN & CO", "=1+1"]),
    cohort=st.sampled_from(["", "sex:F", "sex:F age:18-64", 'reaction:"EYELID PTOSIS" | ~country:US']),
    versus=st.sampled_from(["", "*", "use:therapeutic"]),
    methods=st.lists(st.sampled_from(KNOWN_METHODS), unique=True).map(",".join),
    columns=st.lists(st.sampled_from(COLUMNS), unique=True).map(",".join),
    sort=st.sampled_from(["", "observed", "ror_lower"]),
    order=st.sampled_from(["down", "up"]),
    least=st.integers(0, 50),
    ic_lower=st.floats(-5, 5, allow_nan=False),
    show=st.sampled_from(["all", "out"]),
    find=st.sampled_from(["", "ptosis", "a b&c"]),
    limit=st.integers(1, 1_000),
)


@given(STATES)
def test_what_is_read_is_written_back_the_same(state: State) -> None:
    read = State.read(parse_qsl(state.query()[1:]))
    assert State.read(parse_qsl(read.query()[1:])) == read
    assert set(read.wanted) == set(state.wanted)
    assert (read.cohort, read.versus, read.least, read.order) == (
        state.cohort,
        state.versus,
        state.least,
        state.order,
    )


def test_the_fields_of_a_form_become_one_cohort() -> None:
    sent = [("cohort.sex", "F"), ("cohort.age", "18-64"), ("cohort", "country:US"), ("cohort.use", "")]
    assert State.read(sent).cohort == "country:US sex:F age:18-64"


def test_ticked_words_become_one_choice_and_the_usual_ones_are_left_out() -> None:
    ticked = [("methods", name) for name in ("fdr", "midp", "ic", "ror", "prr")]
    assert State.read(ticked).methods == ""
    assert State.read([*ticked, ("methods", "ebgm")]).methods == "fdr,midp,ic,ror,prr,ebgm"
    assert State.read([("columns", "none")]).shown == ()
    ticked_one = State.read([("columns", "none"), ("columns", "kind")])
    assert (ticked_one.columns, ticked_one.shown) == ("kind", ("kind",))


def test_three_reports_and_fifty_rows_are_usual_and_stand_in_no_address() -> None:
    assert State(what="aspirin", least=3, limit=50).query() == "?what=aspirin"
    assert State(what="aspirin", least=4, limit=51).query() == "?what=aspirin&least=4&limit=51"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ([("cohort.shape", "round")], 'No choice named "cohort.shape"'),
        ([("columns", "prize")], 'No column named "prize"'),
        ([("ic_lower", "nan")], "ic_lower is nan; expected a number of bits"),
        ([("least", "many")], 'least is "many"; expected a number'),
        ([("find", "x" * 3_000)], "find has 3,000 characters; expected at most 2,000"),
        ([("limit", "0")], "limit is 0; expected 1 to 1,000"),
    ],
)
def test_a_choice_that_cannot_be_is_told(query: list[tuple[str, str]], told: str) -> None:
    with pytest.raises(PrimumError, match=told.replace("(", r"\(")):
        State.read(query)
