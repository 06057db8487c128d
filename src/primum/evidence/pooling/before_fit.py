"""What is told of studies before anything is fitted to them: which count, and how far do they differ by themselves?"""

from __future__ import annotations

import numpy as np

from primum.evidence.pooling.heterogeneity import cochran_q
from primum.evidence.pooling.pooled import Pooled
from primum.evidence.pooling.study_effects import study_effects
from primum.evidence.pooling.tables import Measure, Table
from primum.provenance import Method
from primum.terms import BoolArray


def before_fit(
    table: Table,
    *,
    measure: Measure,
    method: Method,
    level: float,
    reason: str,
    silent: BoolArray | None = None,
    why: str = "",
) -> Pooled:
    """The answer without an estimate, which a fit that succeeds completes.

    Args:
        table: the studies.
        measure: of the answer.
        method: of the answer.
        level: of all intervals, in (0, 1).
        reason: why there is no estimate, as long as there is none.
        silent: studies that say nothing and are left out; shape `(studies,)`. None: all count.
        why: a study is silent.
    """
    out = np.zeros(len(table), dtype=bool) if silent is None else silent
    spread = cochran_q(study_effects(table, measure=measure))
    return Pooled(
        measure=measure,
        method=method,
        level=level,
        q=spread.q,
        q_df=spread.df,
        q_p=spread.p,
        i2=spread.i2,
        used=tuple(table.study[i] for i in np.nonzero(~out)[0]),
        left_out=tuple((table.study[i], why) for i in np.nonzero(out)[0]),
        reason=reason,
    )
