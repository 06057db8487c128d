"""Which reports are one event, and which of them speaks for it?

A report is set aside only for one that it was itself judged equal to: the master. Reports in the order of how much they
tell, then of how early they came, become masters and take the reports that they share a link with and that no master
has taken. So no chain of links joins reports that were never judged alike, and a link between two reports of different
masters joins nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from primum.terms import BoolArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Clusters of two reports or more.

    Args:
        report_key: reports, rising; shape `(members,)`.
        master: the report that speaks for each; a master speaks for itself.
        used: links that hold a cluster together; shape `(links,)`.
    """

    report_key: IntArray
    master: IntArray
    used: BoolArray


def star_clusters(left: IntArray, right: IntArray, rank: IntArray) -> Clusters:
    """Clusters around masters.

    Args:
        left: one report of each link; shape `(links,)`.
        right: the other.
        rank: for each report of `np.unique` over both, its place among them: 0 becomes a master first.

    Examples:
        >>> found = star_clusters(np.array([1, 2, 3]), np.array([2, 3, 4]), np.array([3, 0, 1, 2]))
        >>> found.report_key.tolist(), found.master.tolist(), found.used.tolist()
        ([1, 2, 3], [2, 2, 2], [True, True, False])
    """
    reports, places = np.unique(np.concatenate([left, right]), return_inverse=True)
    ends = places[: len(left)], places[len(left) :]
    source, target = np.concatenate(ends), np.concatenate(ends[::-1])
    order = np.argsort(source, kind="stable")
    neighbours = target[order]
    start = np.searchsorted(source[order], np.arange(len(reports) + 1))
    master = np.full(len(reports), -1, dtype=np.int64)
    for report in np.argsort(rank, kind="stable").tolist():
        if master[report] < 0:
            master[report] = report
            around = neighbours[start[report] : start[report + 1]]
            master[around[master[around] < 0]] = report
    used = (master[ends[0]] == ends[1]) | (master[ends[1]] == ends[0])
    size = np.bincount(master, minlength=len(reports))
    kept = size[master] > 1
    return Clusters(reports[kept], reports[master[kept]], used)


def connected(left: IntArray, right: IntArray) -> tuple[IntArray, NDArray[np.int64]]:
    """Reports that links join, directly or through others: `(reports, component of each)`.

    Examples:
        >>> reports, component = connected(np.array([5, 7, 1]), np.array([7, 9, 2]))
        >>> reports.tolist(), (component == component[2]).tolist()
        ([1, 2, 5, 7, 9], [False, False, True, True, True])
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    reports, places = np.unique(np.concatenate([left, right]), return_inverse=True)
    ends = places[: len(left)], places[len(left) :]
    joined = coo_array((np.ones(len(left), dtype=np.int8), ends), shape=(len(reports), len(reports)))
    component = connected_components(joined, directed=False)[1]
    return reports, np.asarray(component, dtype=np.int64)


def unseen_pairs(left: IntArray, right: IntArray, *, most: int) -> tuple[IntArray, IntArray]:
    """Pairs within a component that no link joins, so that a member can be compared with its master.

    Args:
        left: one report of each link.
        right: the other.
        most: reports of the largest component whose pairs are listed.

    Examples:
        >>> unseen_pairs(np.array([1, 2]), np.array([2, 3]), most=50)
        (array([1]), array([3]))
    """
    reports, component = connected(left, right)
    order = np.argsort(component, kind="stable")
    members, sizes = reports[order], np.bincount(component)
    first = np.concatenate([[0], np.cumsum(sizes)])[:-1]
    lefts, rights = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for size in np.unique(sizes[(sizes > 2) & (sizes <= most)]).tolist():
        one, other = np.triu_indices(size, 1)
        begins = first[sizes == size]
        lefts.append(members[begins[:, None] + one].ravel())
        rights.append(members[begins[:, None] + other].ravel())
    all_left, all_right = np.concatenate(lefts), np.concatenate(rights)
    low, high = np.minimum(all_left, all_right), np.maximum(all_left, all_right)
    seen = set(zip(np.minimum(left, right).tolist(), np.maximum(left, right).tolist(), strict=True))
    fresh = np.array([pair not in seen for pair in zip(low.tolist(), high.tolist(), strict=True)], dtype=bool)
    return low[fresh], high[fresh]
