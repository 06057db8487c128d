"""How do I look around? `primum serve`: the explorer, on this machine only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(serve)


def serve(
    *,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port on 127.0.0.1.")] = 8177,
    store: Annotated[Path | None, typer.Option("--store", help="Folder of the loaded reports.")] = None,
) -> None:
    """Open the explorer on 127.0.0.1: dossiers, signals and what is loaded, each page also as .json."""
    from primum.errors import MissingExtraError, PrimumError

    try:
        import uvicorn

        from primum.web.app import create_app
    except ModuleNotFoundError as error:
        raise MissingExtraError.of("The explorer", "explorer") from error
    if not _free(port):
        raise PrimumError(f"Port {port} on 127.0.0.1 is in use; expected a free one. Name another with --port.")
    typer.echo(f"http://127.0.0.1:{port}/  (Ctrl-C stops it)", err=True)
    uvicorn.run(create_app(store), host="127.0.0.1", port=port, log_level="warning")


def _free(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
