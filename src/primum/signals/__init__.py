"""More than chance? One method a file, pure functions of arrays."""
