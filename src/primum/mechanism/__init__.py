"""Could it be so? Dose, block and effect over time."""
