"""What do several studies say together, when events are rare?

One estimator a file; every one takes a table of counts and gives a `Pooled`. No estimator adds anything to a cell
unless asked to; a study that a model can learn nothing from is named with the reason.
"""

from primum.evidence.pooling.methods import DEFAULT_METHOD, METHODS, leave_one_out, methods_for, pool
from primum.evidence.pooling.network import Network, NetworkTrial, network, trial_from_counts
from primum.evidence.pooling.pooled import Diagnostic, Pooled
from primum.evidence.pooling.read import read_table
from primum.evidence.pooling.small_study import SmallStudyTest, small_study_test
from primum.evidence.pooling.tables import MEASURES, SCALES, Measure, OneArm, TwoArms, TwoRates, columns

__all__ = [
    "DEFAULT_METHOD",
    "MEASURES",
    "METHODS",
    "SCALES",
    "Diagnostic",
    "Measure",
    "Network",
    "NetworkTrial",
    "OneArm",
    "Pooled",
    "SmallStudyTest",
    "TwoArms",
    "TwoRates",
    "columns",
    "leave_one_out",
    "methods_for",
    "network",
    "pool",
    "read_table",
    "small_study_test",
    "trial_from_counts",
]
