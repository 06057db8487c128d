"""What can be asked on the command line, and how does it end?

Exit 0: answered. Exit 1: a fault of the user's input or data, told in one line. Exit 2: wrong usage. Exit 130: stopped
by Ctrl-C. Never a traceback.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from typing import Annotated, Final

import typer

from primum.cli.output import say
from primum.cli.stopping import heard_by_queries
from primum.errors import PrimumError

# One module a command (or a family of commands), in the order in which --help lists them; each has `register(app)`.
COMMANDS: Final[tuple[str, ...]] = (
    "ask",
    "load",
    "demo",
    "status",
    "link",
    "signals",
    "together",
    "regress",
    "evaluate",
    "case",
    "study",
    "flow",
    "names",
    "terms",
    "export",
    "check",
    "evidence",
    "simulate",
    "pool",
    "serve",
)

STOPPED: Final = 130

app = typer.Typer(
    name="primum",
    help="Primum non nocere: is this treatment safe? Numbers that can be traced and rerun.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # rich's help screens cost a third of the start-up time
    pretty_exceptions_enable=False,
)
for _command in COMMANDS:
    importlib.import_module(f"primum.cli.{_command}").register(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        from primum import __version__

        say(f"primum {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Options that stand before every command."""


def main() -> None:
    """Run the command line; the entry point of the package."""
    _for_a_short_life()
    try:
        with heard_by_queries():
            app()
    except PrimumError as error:
        say(f"primum: {' '.join(str(error).split())}", err=True)
        sys.exit(1)
    except BrokenPipeError:  # the reader of a pipe, such as head, has seen enough
        sys.stderr.close()
        sys.exit(0)
    except SystemExit as end:
        if end.code == STOPPED:  # what Typer makes of a Ctrl-C, without a word
            say("primum: stopped. What was finished stays; run the command again to go on.", err=True)
        raise


def _for_a_short_life() -> None:
    """Leave out what costs a command a tenth of a second and gains it nothing.

    Importing makes many objects that stay: they are looked through for garbage every 50,000 instead of every 700 new
    ones. The threads of OpenBLAS, which NumPy and SciPy start, wait for work asleep and not awake on a core of ours.
    """
    gc.set_threshold(50_000, 20, 20)
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")  # 2^4 cycles; read when NumPy is imported
