"""Clusters around masters: what must hold whatever the links are."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from primum.cases.link_clusters import connected, star_clusters, unseen_pairs

LINKS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)).filter(lambda pair: pair[0] < pair[1]), min_size=1)


def ends(links):
    distinct = sorted(set(links))
    return np.array([left for left, _ in distinct]), np.array([right for _, right in distinct])


def ranks(left, right, seed):
    return np.random.default_rng(seed).permutation(len(np.unique(np.concatenate([left, right]))))


@given(LINKS, st.integers(0, 2**32 - 1))
def test_clusters_partition_the_reports_around_masters_that_are_members(links, seed):
    left, right = ends(links)
    found = star_clusters(left, right, ranks(left, right, seed))
    master_of = dict(zip(found.report_key.tolist(), found.master.tolist(), strict=True))
    assert len(master_of) == len(found.report_key)  # each report once
    assert all(master_of[master] == master for master in master_of.values())
    assert all(list(master_of.values()).count(master) > 1 for master in master_of.values())


@given(LINKS, st.integers(0, 2**32 - 1))
def test_no_report_is_set_aside_for_one_that_it_shares_no_link_with(links, seed):
    left, right = ends(links)
    found = star_clusters(left, right, ranks(left, right, seed))
    pairs = set(zip(left.tolist(), right.tolist(), strict=True))
    for report, master in zip(found.report_key.tolist(), found.master.tolist(), strict=True):
        assert report == master or (min(report, master), max(report, master)) in pairs
    used = {
        pair
        for pair, is_used in zip(zip(left.tolist(), right.tolist(), strict=True), found.used, strict=True)
        if is_used
    }
    assert len(used) == int((found.report_key != found.master).sum())


@given(LINKS, st.integers(0, 2**32 - 1))
def test_the_order_of_the_links_does_not_matter(links, seed):
    left, right = ends(links)
    rank = ranks(left, right, seed)
    again = np.random.default_rng(seed).permutation(len(left))
    one, other = star_clusters(left, right, rank), star_clusters(left[again], right[again], rank)
    assert one.master.tolist() == other.master.tolist()
    assert one.used[again].tolist() == other.used.tolist()


def test_a_chain_is_not_drawn_into_one_event():
    """1-2-3-4, where 2 tells most: 4 was never judged alike to 2 and stands alone with nobody left to join it."""
    found = star_clusters(np.array([1, 2, 3]), np.array([2, 3, 4]), np.array([1, 0, 2, 3]))
    assert dict(zip(found.report_key.tolist(), found.master.tolist(), strict=True)) == {1: 2, 2: 2, 3: 2}
    assert found.used.tolist() == [True, True, False]


@given(LINKS)
def test_unseen_pairs_fill_every_component_up(links):
    left, right = ends(links)
    more_left, more_right = unseen_pairs(left, right, most=50)
    seen = set(zip(left.tolist(), right.tolist(), strict=True)) | set(
        zip(more_left.tolist(), more_right.tolist(), strict=True)
    )
    assert len(seen) == len(left) + len(more_left)
    reports, component = connected(left, right)
    sizes = np.bincount(component)
    assert len(seen) == int((sizes * (sizes - 1) // 2).sum())
    place = dict(zip(reports.tolist(), component.tolist(), strict=True))
    assert all(place[one] == place[other] for one, other in seen)


def test_a_component_that_is_too_large_is_left_as_it_is():
    left = np.arange(60)
    assert len(unseen_pairs(left, left + 1, most=40)[0]) == 0
