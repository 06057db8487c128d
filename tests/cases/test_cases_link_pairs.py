"""Which two reports are judged one, and which are not? Small cases, each with its reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from primum.cases import link_train
from primum.cases.link_exact import RULES, ExactRule, exact_pairs
from primum.cases.link_features import KINDS, article_key, stage_features, term_counts
from primum.cases.link_model import LEAST_U, MISSING, LinkModel, comparisons, shipped_model
from primum.cases.link_score import level_column, levels, paired, probability, scored
from primum.loading.link import link_reports
from primum.store import Store

DAY = dt.date(2016, 3, 17)
PERSON: dict[str, Any] = {
    "event_date": DAY,
    "event_date_precision": "D",
    "received_date": dt.date(2016, 4, 2),
    "age_years": 43.0,
    "sex": "F",
    "reporter_country": "FR",
    "weight_kg": 61.0,
    "sender": "SYNTHETIC ONE",
    "manufacturer_number": "FR-SYNTHETIC-0001",
    "literature_reference": "DOE J. SYNTHETIC EYELID PTOSIS AFTER INJECTION. J SYNTH. 2016;1:2-3",
}
DRUGS, TERMS = ("SYNTHETIC RARE DRUG", "SYNTHETIC OTHER DRUG"), ("EYELID PTOSIS", "DIPLOPIA", "DYSPHAGIA")
EMPTY = dict.fromkeys(PERSON)
ALONE = {"literature_reference": None, "weight_kg": None}
NUMBERED_APART = {"manufacturer_number": "US-SYNTHETIC-7777", "literature_reference": None}
Rows = dict[str, list[dict[str, Any]]]


def rows_of(*told: tuple[dict[str, Any], tuple[str, ...], tuple[str, ...]], others: int = 60) -> Rows:
    """The reports told, and others of other people, so that what is rare is rare."""
    rows: Rows = {"reports": [], "drugs_in_report": [], "reactions": []}
    background = [
        (
            {
                "sex": "FM"[i % 2], "age_years": float(20 + i), "reporter_country": "US",
                "sender": f"SYNTHETIC {i % 7}",
                "event_date": dt.date(2010, 1, 5) + dt.timedelta(days=31 * i), "event_date_precision": "D",
                "received_date": dt.date(2011, 1, 5) + dt.timedelta(days=41 * i),
                "manufacturer_number": f"US-SYNTHETIC-9{i:04d}",
            },
            (f"SYNTHETIC COMMON {i % 5}",),
            (f"SYNTHETIC EVENT {i % 4}",),
        )
        for i in range(others)
    ]  # fmt: skip
    for key, (fields, drugs, terms) in enumerate([*told, *background], start=1):
        report = {"report_key": key, "source": "faers", "quarter": "2016q2", "caseid": str(key), "primaryid": f"{key}1"}
        rows["reports"].append(report | {"fields_filled": sum(v is not None for v in fields.values())} | fields)
        rows["drugs_in_report"] += [
            {
                "report_key": key,
                "row_number": n,
                "drug_seq": n,
                "role": "PS",
                "drugname": drug,
                "active_ingredient": drug,
            }
            for n, drug in enumerate(drugs)
        ]
        rows["reactions"] += [{"report_key": key, "row_number": n, "term": term} for n, term in enumerate(terms)]
    return rows


MakeStore = Callable[..., Store]


@pytest.fixture
def linked_pairs(memory_store: MakeStore) -> Callable[..., dict[str, set[tuple[int, int]]]]:
    """Link reports; the pairs of each rule."""

    def link(*told: Any) -> dict[str, set[tuple[int, int]]]:
        store = memory_store(**rows_of(*told))
        link_reports(store)
        found: dict[str, set[tuple[int, int]]] = {}
        for rule, left, right in store.engine.read("link_pairs", "rule", "left_key", "right_key"):
            found.setdefault(rule, set()).add((left, right))
        store.close()
        return found

    return link


SAME_KEY = "same date, age, sex, country, drugs and reactions"
SAME_NUMBER = "same number of the manufacturer"
SAME_ARTICLE = "same article, drugs and reactions"


def test_a_report_sent_twice_meets_every_rule(linked_pairs):
    assert linked_pairs((PERSON, DRUGS, TERMS), (PERSON, DRUGS, TERMS)) == {
        SAME_KEY: {(1, 2)}, SAME_NUMBER: {(1, 2)}, SAME_ARTICLE: {(1, 2)}, "probabilistic": {(1, 2)},
    }  # fmt: skip


@pytest.mark.parametrize("emptied", ["event_date", "age_years", "sex", "reporter_country"])
def test_what_is_missing_in_both_is_not_equal(linked_pairs, emptied):
    fields = PERSON | NUMBERED_APART | {emptied: None}
    one = fields | {"manufacturer_number": "FR-SYNTHETIC-0001"}
    assert SAME_KEY not in linked_pairs((one, DRUGS, TERMS), (fields, DRUGS, TERMS))


def test_no_date_no_age_and_no_drug_are_never_linked_on_emptiness(linked_pairs):
    assert linked_pairs((EMPTY, (), ()), (EMPTY, (), ()), (EMPTY, (), TERMS), (EMPTY, (), TERMS)) == {}


def test_drugs_and_reactions_alone_say_what_happened_and_not_to_whom(linked_pairs):
    nobody = EMPTY | {"sex": "F", "reporter_country": "FR", "received_date": DAY}
    assert linked_pairs((nobody, DRUGS, TERMS), (nobody, DRUGS, TERMS)) == {}


def test_a_padded_first_of_january_is_no_day(linked_pairs):
    """Trap: everybody whose date was completed shares it."""
    padded = PERSON | NUMBERED_APART | {"event_date": dt.date(2016, 1, 1), "weight_kg": None}
    other = padded | {"age_years": 71.0, "manufacturer_number": "US-SYNTHETIC-8888"}
    found = linked_pairs((padded, DRUGS[:1], TERMS[:1]), (other, DRUGS[:1], TERMS[:1]))
    assert found == {}
    same_age = linked_pairs(
        (padded, DRUGS, TERMS), (padded | {"manufacturer_number": "US-SYNTHETIC-8888"}, DRUGS, TERMS)
    )
    assert SAME_KEY not in same_age


def test_one_senders_series_is_not_one_event(linked_pairs):
    """Trap: one drug, one reaction, one sender, one day; other people, whom the sender numbered apart."""
    series = [
        PERSON | ALONE | {"age_years": age, "manufacturer_number": f"FR-SYNTHETIC-{i:04d}"}
        for i, age in enumerate((30.0, 38.0, 47.0, 59.0))
    ]  # fmt: skip
    assert linked_pairs(*((person, DRUGS[:1], TERMS[:1]) for person in series)) == {}


def test_the_same_article_from_many_makers_is_one_event(linked_pairs):
    """Spelt differently, the drug under the maker's name, sex missing once: one person's case, told four times."""
    spelt = "Doe J.. Synthetic eyelid ptosis after injection. Journal of Synthetics 2016; 1 (2): 2-3"
    makers = [
        PERSON
        | {"manufacturer_number": f"FR-MAKER{i}-2016-00{i}", "sender": f"SYNTHETIC {i}", "literature_reference": text}
        for i, text in enumerate((PERSON["literature_reference"], spelt, spelt, spelt))
    ]  # fmt: skip
    makers[2] |= {"sex": None}
    found = linked_pairs(*((maker, DRUGS, TERMS) for maker in makers))
    everyone = {(a, b) for a in range(1, 5) for b in range(a + 1, 5)}
    assert found[SAME_ARTICLE] == found["probabilistic"] == everyone


def test_two_people_of_one_article_are_not_one(linked_pairs):
    other = PERSON | {
        "age_years": 67.0,
        "sex": "M",
        "manufacturer_number": "FR-MAKER2-2016-002",
        "sender": "SYNTHETIC TWO",
    }
    found = linked_pairs((PERSON, DRUGS, TERMS), (other | {"event_date": None, "weight_kg": 90.0}, DRUGS, TERMS))
    assert SAME_ARTICLE not in found


def test_twins_of_a_trial_are_two(linked_pairs):
    """Trap: one day, one site, one drug, ages within a year, one sponsor; other reactions, other numbers."""
    one = PERSON | ALONE
    other = one | {"age_years": 44.0, "manufacturer_number": "FR-SYNTHETIC-0002"}
    assert linked_pairs((one, DRUGS[:1], TERMS[:1]), (other, DRUGS[:1], ("NAUSEA",))) == {}


def test_consumer_and_physician_tell_one_event(linked_pairs):
    """Days apart, a year of age off, a reaction less, no weight: no exact rule sees it; the model does."""
    consumer = PERSON | NUMBERED_APART | {
        "event_date": DAY + dt.timedelta(days=3), "age_years": 44.0, "weight_kg": None, "sender": "SYNTHETIC TWO",
    }  # fmt: skip
    assert linked_pairs((PERSON, DRUGS, TERMS), (consumer, DRUGS, TERMS[:2])) == {"probabilistic": {(1, 2)}}


def test_a_number_that_two_people_share_links_nobody(linked_pairs):
    other = PERSON | {
        "sex": "M",
        "age_years": 71.0,
        "event_date": None,
        "weight_kg": 95.0,
        "literature_reference": None,
    }
    assert linked_pairs((PERSON, DRUGS, TERMS), (other, ("SYNTHETIC COMMON 1",), ("SYNTHETIC EVENT 1",))) == {}


def test_articles_too_short_to_tell_one_from_another_have_no_key():
    assert article_key("Unpublished. 2016") is None
    assert article_key("") is None


def staged(store: Store, bench: Any) -> Any:
    terms = {kind: {str(t): int(n) for t, n in bench.rows(term_counts(kind))} for kind in KINDS}
    return stage_features(bench, terms, frozen_reports=store.engine.count("reports"))


def test_weights_are_those_that_splink_computes_from_the_same_model(memory_store):
    """Oracle: Splink 5.0 predicts every pair of some reports under the uncalibrated model."""
    people = [
        (PERSON | {"age_years": age, "sex": sex, "event_date": day, "weight_kg": weight}, DRUGS[:n], TERMS[: n + 1])
        for age in (43.0, 43.9, None) for sex in ("F", None)
        for day, weight in ((DAY, 61.0), (None, 64.0)) for n in (1, 2)
    ]  # fmt: skip
    store = memory_store(**rows_of(*people, others=20))
    model = replace(shipped_model(), slope=1.0, offset=0.0, prior=1e-4)
    with store.engine.workshop(None) as bench:
        features = staged(store, bench)
        keys = np.array(sorted(int(row[0]) for row in bench.rows(features.select("report_key"))))
        one, other = np.triu_indices(len(keys), 1)
        pairs = bench.stage("every_pair", {"left_key": keys[one], "right_key": keys[other]})
        ours = bench.run(scored(levels(paired(pairs, features)), model))
        theirs = splink_weights(bench, features, model)
    mine = dict(
        zip(zip(ours["left_key"].tolist(), ours["right_key"].tolist(), strict=True), ours["match_weight"], strict=True)
    )
    assert len(mine) == len(theirs) > 500
    assert max(abs(mine[pair] - theirs[pair]) for pair in mine) < 1e-4
    assert len({round(weight, 6) for weight in mine.values()}) > 50
    store.close()


def exact(memory_store: MakeStore, rule: ExactRule, *told: Any) -> set[tuple[int, int]]:
    """The pairs of one exact rule alone."""
    with memory_store(**rows_of(*told, others=0)) as store, store.engine.workshop(None) as bench:
        found = bench.run(exact_pairs(staged(store, bench), rule))
    return set(zip(found["left_key"].tolist(), found["right_key"].tolist(), strict=True))


def test_of_more_than_fifty_alike_each_is_paired_with_the_fullest(memory_store):
    """Report 7 tells a weight, which the others do not."""
    alike = [PERSON | ALONE | {"manufacturer_number": f"FR-SYNTHETIC-{i:04d}"} for i in range(51)]
    alike[6] |= {"weight_kg": 61.0}
    found = exact(memory_store, RULES[0], *((person, DRUGS, TERMS) for person in alike))
    assert found == {(min(7, key), max(7, key)) for key in range(1, 52) if key != 7}
    fifty = exact(memory_store, RULES[0], *((person, DRUGS, TERMS) for person in alike[1:]))
    assert fifty == {(one, other) for other in range(1, 51) for one in range(1, other)}


@pytest.mark.parametrize(("age", "linked"), [(44.0, True), (45.0, False), (None, True)])
def test_ages_more_than_a_year_apart_contradict_a_number(memory_store, age, linked):
    pair = (PERSON, DRUGS, TERMS), (PERSON | {"age_years": age}, DRUGS, TERMS)
    assert exact(memory_store, RULES[1], *pair) == ({(1, 2)} if linked else set())


def splink_weights(bench: Any, features: Any, model: LinkModel) -> dict[tuple[int, int], float]:
    from splink import DuckDBAPI, Linker

    settings = link_train.settings(bench, features)
    for comparison, told in zip(comparisons(), settings["comparisons"], strict=True):
        told["comparison_levels"] = [told["comparison_levels"][0]] + [
            level | {"m_probability": m, "u_probability": u}
            for level, m, u in zip(
                told["comparison_levels"][1:], model.m[comparison.name], model.u[comparison.name], strict=True
            )
        ]
    settings |= {"probability_two_random_records_match": model.prior, "blocking_rules_to_generate_predictions": ["1=1"]}
    api = DuckDBAPI(bench.connection)
    predicted = Linker(api.register(features.get_name()), settings, log_level=None).inference.predict()
    return {
        tuple(sorted((row["report_key_l"], row["report_key_r"]))): row["match_weight"]
        for row in predicted.as_record_list()
    }


def test_a_model_weighs_agreement_up_disagreement_down_and_silence_not_at_all():
    model = shipped_model()
    for comparison in comparisons():
        assert model.weight(comparison.name, 0) > 0 > model.weight(comparison.name, len(comparison.levels) - 1)
        assert model.weight(comparison.name, MISSING) == 0
    assert all(u >= LEAST_U for levels_of in model.u.values() for u in levels_of)
    assert probability(model.prior_weight) < 1e-3


def test_a_model_of_other_comparisons_or_without_probabilities_is_refused():
    model = shipped_model()
    with pytest.raises(ValueError, match="train it again"):
        replace(model, m={"age": (0.5, 0.5)})
    with pytest.raises(ValueError, match="not between 0 and 1"):
        replace(model, u={**model.u, "sex": (0.0, 0.5)})
    with pytest.raises(ValueError, match="prior 1"):
        replace(model, prior=1.0)
    with pytest.raises(ValueError, match="slope 0"):
        replace(model, slope=0.0)


def test_calibration_finds_the_line_that_the_truth_was_drawn_from():
    rng = np.random.default_rng(5)
    weight = rng.uniform(-10, 30, 40_000)
    right = rng.random(len(weight)) < probability(-3 + 0.6 * weight)
    found = link_train.calibrate(shipped_model(), weight, right)
    assert found.offset == pytest.approx(-3, abs=0.15)
    assert found.slope == pytest.approx(0.6, abs=0.02)


def test_levels_have_columns_of_their_own_in_the_table_of_links():
    from primum.store.schema import schema_of

    columns = schema_of("link_pairs").column_names
    assert [name for name in columns if name.endswith("_level")] == [level_column(c.name) for c in comparisons()]
