"""The explorer: pages over the same functions, each with its JSON."""
