"""The explorer's pages: the answers of the library on this machine, each page also as `.json`.

It only reads. It answers to the names it was started for, refuses every method but GET and HEAD, and allows its pages,
by their content-security policy, its own script and style and nothing from elsewhere.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from jinja2 import Environment
from starlette.exceptions import HTTPException

from primum import __version__
from primum.errors import CohortError, PrimumError, StoreError, UnknownNameError
from primum.treatments.load import known_treatments
from primum.web import pages, pictures, study_file, tables
from primum.web.desk import Desk
from primum.web.guard import HEADERS, NOTHING, POLICY, READS, Guard, Guarded
from primum.web.look import KINDS, STATIC, templates
from primum.web.memory import pass_over_what_stays
from primum.web.question import as_typed
from primum.web.sent import Page, Sender
from primum.web.state import State
from primum.web.suggest import suggestions

ASKING: Final = ("/signals", "/compare", "/pictures", "/onset", "/cases", "/flow")  # pages with the form of a question
WAITING: Final = 200  # requests that wait for an answer while others are still answered
_FOREVER: Final = "private, max-age=31536000, immutable"
log = logging.getLogger(__name__)

Answer = Callable[[Request, State], dict[str, Any]]


def create_app(store: Path | None = None, *, host: str = "127.0.0.1", token: str = "") -> FastAPI:
    """The explorer over one store.

    Args:
        store: folder of the loaded reports; None means the default folder. It need not exist.
        host: address it listens on; a request must name it, or this machine.
        token: what every request must bring, as bearer or as password; empty: nothing.
    """
    desk, guard, sender = Desk(store), Guard(host, token), Sender()
    look = templates()

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = WAITING
        warming = threading.Thread(target=_keep_warm, args=(desk, look), daemon=True)
        warming.start()
        yield
        _end(warming, desk)
        desk.close()

    app = FastAPI(title="Primum", version=__version__, docs_url=None, redoc_url=None, openapi_url=None, lifespan=life)

    app.add_middleware(Guarded, guard=guard, error=_faults_told(app, look))

    def page(path: str, template: str, answer: Answer) -> None:
        """One page, and the same content as JSON; made in a thread, or sent at once where it is kept."""

        def answered(request: Request, state: State) -> dict[str, Any]:
            with desk.page():
                return answer(request, state)

        async def as_json(request: Request) -> Response:
            state = State.read(request.query_params.multi_items())
            key = (desk.state(), request.url.path, state)
            return await sender.send(request, key, lambda: Page(_json(answered(request, state)), "application/json"))

        async def as_html(request: Request) -> Response:
            state, here = State.read(request.query_params.multi_items()), request.url.path
            if request.url.query != state.query().removeprefix("?"):  # one question, one address
                return RedirectResponse(quote(here) + state.query(), 303)

            def make() -> Page:
                told = {"answer": answered(request, state), "state": state, "path": here}
                return Page(look.get_template(template).render(told), "text/html")

            return await sender.send(request, (desk.state(), here, state), make)

        app.add_route("/index.json" if path == "/" else f"{path}.json", as_json, methods=READS)
        app.add_route(path, as_html, methods=READS)

    _add_pages(page, desk)
    _add_documents(app, desk, sender)
    _add_helpers(app, desk)
    return app


def _faults_told(app: FastAPI, look: Environment) -> Callable[[Request, str, int], Response]:
    """Tell every fault in one shape; on a page with the form of a question, beside the form as it was typed."""

    def error(request: Request, message: str, status: int) -> Response:
        answer = {"ok": False, "error": message, "status": status}
        path = request.url.path
        if path.endswith((".json", ".csv", ".toml")):
            return JSONResponse(answer, status)
        asked = [(name, text[:200]) for name, text in request.query_params.multi_items()]
        form, typed = as_typed(asked) if path in ASKING else None, dict(asked)
        second = as_typed(asked, "versus") if path == "/compare" else None
        kept = State(what=typed.get("what", ""), versus=typed.get("versus", ""))
        told = {"answer": {**answer, "question": form, "second": second}, "state": kept, "path": path}
        return HTMLResponse(look.get_template("error.html.j2").render(told), status)

    @app.exception_handler(PrimumError)
    async def told(request: Request, fault: PrimumError) -> Response:
        return error(request, str(fault), 404 if isinstance(fault, UnknownNameError) else 400)

    @app.exception_handler(HTTPException)
    async def missing(request: Request, fault: HTTPException) -> Response:
        return error(request, f"No page {request.url.path}. Start at /.", fault.status_code)

    @app.exception_handler(Exception)
    async def failed(request: Request, fault: Exception) -> Response:
        response = error(request, "This is a fault of Primum; the terminal that runs primum serve tells more.", 500)
        response.headers.update({**HEADERS, "Content-Security-Policy": POLICY, "Cache-Control": "no-store"})
        return response

    return error


def _end(warming: threading.Thread, desk: Desk) -> None:
    """Let the thread that prepares answers come to an end; whoever stops the explorer does not wait for them."""
    for _ in range(100):  # it may just be between two queries
        desk.stop()
        warming.join(0.1)
        if not warming.is_alive():
            return


def _keep_warm(desk: Desk, look: Environment) -> None:
    """Read beforehand what the first visitors ask for, and what those do that ask first after a load."""
    for template in look.list_templates():
        look.get_template(template)
    for name in known_treatments():
        pages.treatment(name)
    state = desk.state()
    _warm(desk)
    while desk.wait_for_another(state):
        state = desk.state()
        _warm(desk)


def _warm(desk: Desk) -> None:
    """Answer beforehand from the store as it is; tell on the terminal what visitors would be told."""
    try:
        if desk.loaded:
            _warm_reports(desk)
    except Exception as fault:
        if desk.stopped:  # in the middle of a query
            return
        if not isinstance(fault, StoreError):
            raise
        log.warning("primum: %s", fault)
    pass_over_what_stays()


def _warm_reports(desk: Desk) -> None:
    """Lay out what pages are read from, and answer once what is answered in each way."""
    what = known_treatments()[0]
    with suppress(CohortError):  # no report holds it
        tables.signals(desk, State(what=what))
    desk.prepare(known_treatments())
    with suppress(CohortError):
        tables.signals(desk, State(what=what, cohort="serious:yes"))
        tables.compare(desk, State(what=what, cohort="sex:F", versus="sex:M"))
    for name in known_treatments():
        pages.dossier(name, desk)
    desk.lay_out_onsets()


def _json(answer: dict[str, Any]) -> str:
    return json.dumps(answer, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _add_pages(page: Callable[[str, str, Answer], None], desk: Desk) -> None:
    """The pages that are made from a template, each also as JSON."""
    # A name in the path is asked for as .json first, so that no name can hide the other form.
    page("/", "index.html.j2", lambda _, __: pages.index(desk))
    page("/signals", "signals.html.j2", lambda _, state: tables.signals(desk, state))
    page("/compare", "compare.html.j2", lambda _, state: tables.compare(desk, state))
    page("/pictures", "pictures.html.j2", lambda _, state: pictures.pictures(desk, state))
    page("/onset", "onset.html.j2", lambda _, state: pictures.onset(desk, state))
    page("/cases", "cases.html.j2", lambda _, state: pages.cases(desk, state))
    page("/case/{number}", "case.html.j2", lambda request, _: pages.case(desk, request.path_params["number"]))
    page("/flow", "flow.html.j2", lambda _, state: pages.flow(desk, state))
    page("/status", "status.html.j2", lambda _, __: pages.status(desk))
    page("/evidence/{name}", "evidence.html.j2", lambda request, _: pages.evidence(request.path_params["name"]))


def _add_documents(app: FastAPI, desk: Desk, sender: Sender) -> None:
    """What comes as it is: dossiers, tables, study files."""

    @app.api_route("/treatment/{name}.json", methods=READS)
    async def treatment_json(request: Request, name: str) -> Response:
        reader = _reader(request)
        key = (desk.state(), request.url.path, reader)
        return await sender.send(
            request, key, lambda: Page(_json(pages.treatment_json(name, desk, reader)), "application/json")
        )

    @app.api_route("/treatment/{name}", methods=READS)
    async def treatment(request: Request, name: str) -> Response:
        reader = _reader(request)

        def make() -> Page:
            text = pages.treatment_html(name, desk, reader)
            from primum.dossier.render.html import policy as policy_of

            # The document allows its own style and its own script by their hashes.
            own = [one for one in policy_of(text).split("; ") if one.startswith(("style-src", "script-src"))]
            policy = "; ".join([NOTHING, *own])
            return Page(text, "text/html", {"Content-Security-Policy": policy})

        return await sender.send(request, (desk.state(), request.url.path, reader), make)

    @app.api_route("/signals.csv", methods=READS)
    def csv(request: Request) -> Response:
        text = tables.csv(desk, State.read(request.query_params.multi_items()))
        return Response(text, media_type="text/csv", headers=_saved_as("signals.csv"))

    @app.api_route("/study.toml", methods=READS)
    def study(request: Request) -> Response:
        text = study_file.study(State.read(request.query_params.multi_items()))
        return Response(text, media_type="text/plain", headers=_saved_as("study.toml"))


def _reader(request: Request) -> str:
    """For whom a dossier is asked for: the only choice of its page, whose reports are all that are loaded.

    Raises:
        UnknownNameError: another choice, such as a cohort, which the dossier would not be of.
    """
    for name in request.query_params:
        if name != "for":
            raise UnknownNameError.of("choice of a dossier", name, ("for",))
    return request.query_params.get("for", "")


def _saved_as(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _add_helpers(app: FastAPI, desk: Desk) -> None:
    """What pages ask for themselves: suggestions, the case somebody typed, style and script."""

    @app.api_route("/suggest.json", methods=READS)
    def suggest(request: Request) -> dict[str, Any]:
        asked = request.query_params
        return suggestions(desk, asked.get("field", ""), asked.get("text", ""))

    @app.api_route("/case", methods=READS)
    def case(request: Request) -> Response:
        number = request.query_params.get("number", "").strip()
        return RedirectResponse(f"/case/{quote(number, safe='')}" if number else "/cases", 303)

    @app.api_route("/static/{version}/{name}", methods=READS)
    def static(version: str, name: str) -> Response:
        if name not in STATIC:
            raise UnknownNameError.of("file of the pages", name, STATIC)
        return Response(STATIC[name], media_type=KINDS[name], headers={"Cache-Control": _FOREVER})
