"""Telling it: data to parts, parts to terminal, HTML and JSON."""
