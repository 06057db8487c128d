"""How do the archives of many quarters grow as FDA's do? A series of quarters that know of each other.

Sizes follow the published counts of reports, on a log scale between them: 65,902 in 2004q1, 327,848 in 2017q4 and
413,734 in 2019q1 (public log of a load of all quarters, October 2026), 135,784 in 2010q1 and 819,683 in 2026q1 and q2
together (faers-signal-pipeline, J. Ciesielski, August 2026). All 90 quarters have 24,812,425 reports, 7 % more than
this line gives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from primum.terms import Quarter
from primum.testing.faers import write_archive
from primum.testing.law import DRUG_NAMES, EVENT_TERMS
from primum.testing.planted import PlantedSignal
from primum.testing.stories import quarter_index

PUBLISHED: Final = (
    (Quarter(2004, 1), 65_902),
    (Quarter(2010, 1), 135_784),
    (Quarter(2017, 4), 327_848),
    (Quarter(2019, 1), 413_734),
    (Quarter(2026, 2), 409_842),
)


def quarter_sizes(quarters: Sequence[Quarter], reports: int) -> dict[Quarter, int]:
    """Share reports out among quarters as the real ones grew.

    Args:
        quarters: which; each once.
        reports: in all together.

    Returns:
        Reports of each quarter, oldest first; together `reports`.

    Examples:
        >>> quarter_sizes([Quarter(2004, 1), Quarter(2019, 1)], 1_000)
        {Quarter(year=2004, number=1): 137, Quarter(year=2019, number=1): 863}
    """
    wanted = sorted(set(quarters))
    at = [quarter_index(quarter) for quarter, _ in PUBLISHED]
    height = np.exp(np.interp([quarter_index(quarter) for quarter in wanted], at, np.log([n for _, n in PUBLISHED])))
    ends = np.rint(np.cumsum(height) / height.sum() * reports).astype(np.int64)
    return dict(zip(wanted, np.diff(ends, prepend=0).tolist(), strict=True))


def write_archives(
    folder: Path,
    *,
    quarters: Sequence[Quarter],
    reports: int,
    seed: int,
    signals: Sequence[PlantedSignal] = (),
    drugs: int = DRUG_NAMES,
    events: int = EVENT_TERMS,
    odd_share: float = 0.0,
    deleted_share: float = 0.0,
    duplicate_share: float = 0.0,
    trap_share: float | None = None,
    noise: float = 1.0,
    watch: Callable[[Quarter, int], None] = lambda quarter, reports: None,
) -> tuple[Path, ...]:
    """Write the archives of some quarters: later versions, deletions and duplicates refer to the quarters before.

    Args:
        folder: where they go, and `truth.csv` and `traps.csv` if duplicates are planted.
        quarters: which.
        reports: in all together.
        seed: same seed and arguments, same bytes.
        signals: see `write_archive`, as all that follows.
        drugs: different names that could be drawn.
        events: different events.
        odd_share: of rows.
        deleted_share: of reports.
        duplicate_share: of reports.
        trap_share: of reports.
        noise: of duplicates.
        watch: told each quarter and its reports before it is written.

    Returns:
        The archives, oldest quarter first.
    """
    sizes, written = quarter_sizes(quarters, reports), []
    for quarter, many in sizes.items():
        watch(quarter, many)
        written.append(
            write_archive(
                folder,
                quarter=quarter,
                reports=many,
                seed=seed,
                signals=signals,
                drugs=drugs,
                events=events,
                odd_share=odd_share,
                deleted_share=deleted_share,
                duplicate_share=duplicate_share,
                trap_share=trap_share,
                noise=noise,
                history=sizes,
            )
        )
    return tuple(written)
