"""What we ask about: each treatment is a folder of data."""

from primum.treatments.load import Treatment, known_treatments, load_treatment

__all__ = ["Treatment", "known_treatments", "load_treatment"]
