"""One question to the loaded reports, from start to end: what is meant, counted, scored and told."""
