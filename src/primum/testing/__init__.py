"""Report archives with planted truth, for tests and demonstrations; everything made here is synthetic."""
