"""One person, one story: versions, deletions, use, onset."""
