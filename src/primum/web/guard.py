"""Who is answered? Requests that name this explorer, bring its token and only read; and what its pages may do."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from fastapi import Request, Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
READS: Final = ["GET", "HEAD"]
HEADERS: Final = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
NOTHING: Final = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; img-src 'self' data:"
POLICY: Final = f"{NOTHING}; style-src 'self'; script-src 'self'; connect-src 'self'"


@dataclass(frozen=True, slots=True)
class Guard:
    """What a request must bring.

    Args:
        host: address the explorer listens on; a request must name it, or this machine.
        token: what every request must bring, as bearer or as password; empty: nothing.
    """

    host: str
    token: str

    def refusal(self, request: Request) -> tuple[int, str] | None:
        """The status and the message of a request that is not answered; None where it is."""
        named = re.sub(r":\d*$", "", request.headers.get("host", ""))
        names = {*LOOPBACK, self.host, f"[{self.host}]"}
        if self.host not in ("0.0.0.0", "::") and named not in names:
            return 400, f'Host "{named}" is none of this explorer; expected {", ".join(sorted(names))}.'
        if self.token and not _brought(request.headers.get("authorization", ""), self.token):
            return 401, "This explorer asks for its token, as password or as bearer."
        if request.method not in READS:
            return 405, f"{request.method} is not offered; the explorer only reads. Use GET."
        return None


class Guarded:
    """Every request through the guard, and what every response must say of itself.

    Starlette's own way to write this hands each response on through a task and a queue, which takes longer than to
    send a page that is kept.

    Args:
        app: answers the requests that the guard lets in.
        guard: refuses the others.
        error: tells a refusal.
    """

    def __init__(self, app: ASGIApp, *, guard: Guard, error: Callable[[Request, str, int], Response]) -> None:
        self._app, self._guard, self._error = app, guard, error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("Content-Security-Policy", POLICY)
                headers.setdefault("Cache-Control", "private, no-cache")
            await send(message)

        request = Request(scope)
        if refusal := self._guard.refusal(request):
            status, message = refusal
            response = self._error(request, message, status)
            if status == 401:
                response.headers["WWW-Authenticate"] = 'Basic realm="Primum"'
            await response(scope, receive, told)
        else:
            await self._app(scope, receive, told)


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
