"""How do I look around? `primum serve`: the explorer, on this machine unless a token guards it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from primum.cli.output import say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(serve)


def serve(
    *,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")] = 8177,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on; beyond this machine with a token.")
    ] = "127.0.0.1",
    token: Annotated[
        str,
        typer.Option("--token", envvar="PRIMUM_TOKEN", help="What every request must bring, as password or bearer."),
    ] = "",
    store: Annotated[Path | None, typer.Option("--store", metavar="DIR", help="Folder of the loaded reports.")] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Open SYNTHETIC reports, made at the first time, instead of loaded ones.")
    ] = False,
) -> None:
    """Open the explorer: dossiers, signals, cases and what is loaded, each page also as .json."""
    if demo and store is not None:
        raise typer.BadParameter("It opens a store of its own; leave out --store.", param_hint="--demo")
    from primum.errors import MissingExtraError, PrimumError

    try:
        import uvicorn

        from primum.web.app import create_app
        from primum.web.memory import keep_freed_memory
    except ModuleNotFoundError as error:
        raise MissingExtraError.of("The explorer", "explorer") from error
    if host not in ("127.0.0.1", "localhost", "::1") and not token:
        raise PrimumError(
            f"--host {host} is open to other machines, and there is no token; expected one. "
            "Set PRIMUM_TOKEN to a long random text, or leave --host out."
        )
    if not _free(host, port):
        raise PrimumError(f"Port {port} on {host} is in use; expected a free one. Name another with --port.")
    if demo:
        store = _demo()
    keep_freed_memory()
    shown = f"[{host}]" if ":" in host else host
    say(f"http://{shown}:{port}/  (Ctrl-C stops it)", err=True)
    uvicorn.run(create_app(store, host=host, token=token), host=host, port=port, log_level="warning")


def _demo() -> Path:
    """The store of invented reports; where it is made now, the terminal says so."""
    from primum.cli.progress import watched
    from primum.terms import SYNTHETIC
    from primum.testing.demo_store import demo_store

    with watched(f"{SYNTHETIC}:") as watcher:
        found = demo_store(watcher.say)
    say(f"{SYNTHETIC}: every report here is invented and tells nothing of a real drug ({found})", err=True)
    return found


def _free(host: str, port: int) -> bool:
    import socket

    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
