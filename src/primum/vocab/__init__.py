"""What the words mean: drug names to substance and product, reaction terms, countries, units."""
