"""One answer, three forms: terminal, HTML, JSON."""
