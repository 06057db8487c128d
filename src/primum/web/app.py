"""The explorer's pages: the answers of the library on this machine, each page also as `.json`.

It only reads. It answers to this machine's own names, refuses every method but GET and HEAD, and forbids its pages,
by their content-security policy, to load anything from elsewhere.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from jinja2 import Environment, PackageLoader, select_autoescape
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from primum import __version__
from primum.errors import PrimumError, UnknownNameError
from primum.web import pages

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def create_app(store: Path | None = None) -> FastAPI:
    """The explorer over one store.

    Args:
        store: folder of the loaded reports; None means the default folder. It need not exist.
    """
    app = FastAPI(title="Primum", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]"])
    templates = Environment(
        loader=PackageLoader("primum.web"),
        autoescape=select_autoescape(default=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def html(template: str, answer: dict[str, Any], status: int = 200) -> HTMLResponse:
        return HTMLResponse(templates.get_template(template).render(answer=answer, version=__version__), status)

    def error(request: Request, message: str, status: int) -> Response:
        answer = {"ok": False, "error": message, "status": status}
        if request.url.path.endswith(".json"):
            return JSONResponse(answer, status)
        return html("error.html.j2", answer, status)

    @app.middleware("http")
    async def only_read(request: Request, handle: Callable[[Request], Awaitable[Response]]) -> Response:
        if request.method not in ("GET", "HEAD"):
            return error(request, f"{request.method} is not offered; the explorer only reads. Use GET.", 405)
        response = await handle(request)
        response.headers.update(_HEADERS)
        return response

    @app.exception_handler(PrimumError)
    async def told(request: Request, fault: PrimumError) -> Response:
        return error(request, str(fault), 404 if isinstance(fault, UnknownNameError) else 400)

    @app.exception_handler(HTTPException)
    async def missing(request: Request, fault: HTTPException) -> Response:
        return error(request, f"No page {request.url.path}. Start at /.", fault.status_code)

    # The functions are plain, not async: FastAPI runs them in threads, and a slow count holds up nobody else.
    @app.get("/index.json")
    def index_json() -> dict[str, Any]:
        return pages.index(store)

    @app.get("/", response_class=HTMLResponse)
    def index() -> HTMLResponse:
        return html("index.html.j2", pages.index(store))

    @app.get("/treatment/{name}.json")
    def treatment_json(name: str) -> dict[str, Any]:
        return pages.treatment_json(name, store)

    @app.get("/treatment/{name}", response_class=HTMLResponse)
    def treatment(name: str) -> str:
        return pages.treatment_html(name, store)

    @app.get("/signals/{what}.json")
    def signals_json(what: str, cohort: str = "", versus: str = "", limit: int = 50) -> dict[str, Any]:
        return pages.signals(what, store, cohort=cohort, versus=versus, limit=limit)

    @app.get("/signals/{what}", response_class=HTMLResponse)
    def signals(what: str, cohort: str = "", versus: str = "", limit: int = 50) -> HTMLResponse:
        return html("signals.html.j2", pages.signals(what, store, cohort=cohort, versus=versus, limit=limit))

    @app.get("/status.json")
    def status_json() -> dict[str, Any]:
        return pages.status(store)

    @app.get("/status", response_class=HTMLResponse)
    def status() -> HTMLResponse:
        return html("status.html.j2", pages.status(store))

    return app
