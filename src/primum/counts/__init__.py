"""From cases to numbers: cohorts, and counts of distinct reports."""
