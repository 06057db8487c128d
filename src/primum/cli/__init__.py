"""The command line: parse, call, print."""

from primum.cli.main import main

__all__ = ["main"]
