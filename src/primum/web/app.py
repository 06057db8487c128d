"""The explorer's pages: the answers of the library on this machine, each page also as `.json`.

It only reads. It answers to the names it was started for, refuses every method but GET and HEAD, and forbids its pages,
by their content-security policy, to run any script and to load anything from elsewhere.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.exceptions import HTTPException

from primum import __version__
from primum.errors import PrimumError, UnknownNameError
from primum.vocab.reactions import BINS
from primum.web import pages
from primum.web.desk import Desk
from primum.web.state import KNOWN_METHODS, State

LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_POLICY: Final = (
    "default-src 'none'; style-src {style}; img-src 'self' data:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_STYLE: Final = (Path(__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")


def shown(value: Any) -> Any:
    r"""A value of a page: text without what steers a terminal or turns the direction of writing.

    Examples:
        >>> ascii(shown("a\x1b[31mb"))
        "'a\\ufffd[31mb'"
    """
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", value) if type(value) is str else value


def create_app(store: Path | None = None, *, host: str = "127.0.0.1", token: str = "") -> FastAPI:
    """The explorer over one store.

    Args:
        store: folder of the loaded reports; None means the default folder. It need not exist.
        host: address it listens on; a request must name it, or this machine.
        token: what every request must bring, as bearer or as password; empty: nothing.
    """
    desk = Desk(store)
    names = None if host in ("0.0.0.0", "::") else {*LOOPBACK, host, f"[{host}]"}

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        yield
        desk.close()

    app = FastAPI(title="Primum", version=__version__, docs_url=None, redoc_url=None, openapi_url=None, lifespan=life)
    templates = _templates()

    def html(template: str, answer: dict[str, Any], status: int = 200, **given: Any) -> Response:
        return HTMLResponse(templates.get_template(template).render(answer=answer, **given), status)

    def error(request: Request, message: str, status: int) -> Response:
        answer = {"ok": False, "error": message, "status": status}
        if request.url.path.endswith(".json"):
            return JSONResponse(answer, status)
        return html("error.html.j2", answer, status)

    def refused(request: Request) -> Response | None:
        """Why a request is not answered; None where it is."""
        named = re.sub(r":\d*$", "", request.headers.get("host", ""))
        if names is not None and named not in names:
            return error(request, f'Host "{named}" is none of this explorer; expected {", ".join(sorted(names))}.', 400)
        if token and not _brought(request.headers.get("authorization", ""), token):
            response = error(request, "This explorer asks for its token, as password or as bearer.", 401)
            response.headers["WWW-Authenticate"] = 'Basic realm="Primum"'
            return response
        if request.method not in ("GET", "HEAD"):
            return error(request, f"{request.method} is not offered; the explorer only reads. Use GET.", 405)
        return None

    @app.middleware("http")
    async def guarded(request: Request, handle: Callable[[Request], Awaitable[Response]]) -> Response:
        response = refused(request) or await handle(request)
        response.headers.update(_HEADERS)
        response.headers.setdefault("Content-Security-Policy", _POLICY.format(style="'self'"))
        return response

    @app.exception_handler(PrimumError)
    async def told(request: Request, fault: PrimumError) -> Response:
        return error(request, str(fault), 404 if isinstance(fault, UnknownNameError) else 400)

    @app.exception_handler(HTTPException)
    async def missing(request: Request, fault: HTTPException) -> Response:
        return error(request, f"No page {request.url.path}. Start at /.", fault.status_code)

    def page(path: str, template: str, answer: Callable[[Request, State], dict[str, Any]]) -> None:
        """One page, and the same content as JSON. Plain functions: FastAPI runs them in threads."""

        def as_json(request: Request) -> Response:
            return JSONResponse(answer(request, State.read(request.query_params)))

        def as_html(request: Request) -> Response:
            state = State.read(request.query_params)
            return html(template, answer(request, state), state=state)

        app.get("/index.json" if path == "/" else f"{path}.json")(as_json)
        app.get(path)(as_html)

    _add_pages(page, desk)
    _add_documents(app, desk)
    return app


def _templates() -> Environment:
    """Templates in which every text is text, and a name that is missing is an error."""
    templates = Environment(
        loader=PackageLoader("primum.web"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals.update(version=__version__, bins=BINS, methods=KNOWN_METHODS)
    return templates


def _add_pages(page: Callable[[str, str, Callable[[Request, State], dict[str, Any]]], None], desk: Desk) -> None:
    """The pages that are made from a template, each also as JSON."""
    # A name in the path is asked for as .json first, so that no name can hide the other form.
    page("/", "index.html.j2", lambda _, __: pages.index(desk))
    page("/signals", "signals.html.j2", lambda _, state: pages.signals(desk, state))
    page("/compare", "compare.html.j2", lambda _, state: pages.compare(desk, state))
    page("/cases", "cases.html.j2", lambda _, state: pages.cases(desk, state))
    page("/case/{number}", "case.html.j2", lambda request, _: pages.case(desk, request.path_params["number"]))
    page("/flow", "flow.html.j2", lambda _, state: pages.flow(desk, state))
    page("/status", "status.html.j2", lambda _, __: pages.status(desk))
    page("/evidence/{name}", "evidence.html.j2", lambda request, _: pages.evidence(request.path_params["name"]))


def _add_documents(app: FastAPI, desk: Desk) -> None:
    """What comes as it is: dossiers, study files, the style."""

    @app.get("/treatment/{name}.json")
    def treatment_json(request: Request, name: str) -> dict[str, Any]:
        return pages.treatment_json(name, desk, request.query_params.get("for", ""))

    @app.get("/treatment/{name}")
    def treatment(request: Request, name: str) -> Response:
        text = pages.treatment_html(name, desk, request.query_params.get("for", ""))
        own_style = re.search(r"'sha256-[A-Za-z0-9+/=]+'", text)  # the document allows its own style by its hash
        response = HTMLResponse(text)
        if own_style:
            response.headers["Content-Security-Policy"] = _POLICY.format(style=own_style[0])
        return response

    @app.get("/study.toml")
    def study(request: Request) -> Response:
        text = pages.study(State.read(request.query_params))
        return PlainTextResponse(text, headers={"Content-Disposition": 'attachment; filename="study.toml"'})

    @app.get("/style.css")
    def style() -> Response:
        return Response(_STYLE, media_type="text/css")


def _brought(given: str, token: str) -> bool:
    """Whether an authorization header brings the token."""
    kind, _, value = given.partition(" ")
    if kind.casefold() == "basic":
        try:
            value = base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return False
    elif kind.casefold() != "bearer":
        return False
    return secrets.compare_digest(value.encode(), token.encode())
