"""One question from start to end: the only room that knows the order of the work."""
