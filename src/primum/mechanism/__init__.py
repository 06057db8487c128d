"""Could it be so? Dose, block and effect over time."""

from primum.mechanism.curve import EffectCurve, curve
from primum.mechanism.models import Fit, Models, load_models
from primum.mechanism.plausibility import Plausibility, onset_in_course, time_course
from primum.mechanism.refusals import Refusal

__all__ = [
    "EffectCurve",
    "Fit",
    "Models",
    "Plausibility",
    "Refusal",
    "curve",
    "load_models",
    "onset_in_course",
    "time_course",
]
