"""Which findings does each evidence table give? One module a family; none knows a treatment by name."""
