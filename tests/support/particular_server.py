"""A server on this machine that misbehaves as the publisher's does, or worse."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

SIP: Final = 100  # bytes a tenth of a second


class Server:
    """A server with a list of misdeeds for each name, one for each request, then none.

    `hang` answers nothing before it is released, `silent` stops after a part, `slow` sends a few bytes at a time; a
    number is an answer's code.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.editions: dict[str, str] = {}
        self.misdeeds: dict[str, list[str]] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.sent: Counter[str] = Counter()
        self.asked = threading.Event()
        self.released = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                outer.answer(self)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self.server.server_address[1]}/content/Exports"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        name = handler.path.rpartition("/")[2]
        headers = dict(handler.headers.items())
        self.requests.append((name, headers))
        if "Range" in headers and headers.get("Accept-Encoding") != "identity":
            self.released.wait(20)  # the real one hangs
            return
        waiting = self.misdeeds.get(name, [])
        misdeed = waiting.pop(0) if waiting else ""
        if name not in self.files:  # the case of the name counts
            self.head(handler, 404)
            return
        self.asked.set()
        if misdeed == "hang":
            self.released.wait(60)
        if misdeed.isdigit():
            self.head(handler, int(misdeed))
            return
        body, first = self.files[name], 0
        if misdeed == "html":
            body = b"<!DOCTYPE html><html>Service is busy</html>"
        edition = self.editions.get(name, '"1"')
        if "Range" in headers and headers.get("If-Range") == edition and not misdeed.startswith("whole"):
            first = int(headers["Range"].removeprefix("bytes=").removesuffix("-"))
        length = len(body) - first + {"longer": 1_000, "shorter": -1_000}.get(misdeed, 0)
        more = {"ETag": edition, "Content-Length": str(length)}
        if misdeed == "unannounced":
            del more["Content-Length"]
        if first:
            more["Content-Range"] = f"bytes {first}-{len(body) - 1}/{len(body)}"
        self.head(handler, 206 if first else 200, more)
        self.send(handler, name, _spoiled(body[first:], misdeed), misdeed)

    def send(self, handler: BaseHTTPRequestHandler, name: str, body: bytes, misdeed: str) -> None:
        step = {"silent": len(body) // 2, "slow": SIP}.get(misdeed, len(body)) or 1
        try:
            for at in range(0, len(body), step):
                piece = body[at : at + step]
                handler.wfile.write(piece)
                self.sent[name] += len(piece)
                if step < len(body):
                    self.released.wait(60 if misdeed == "silent" else 0.1)
        except OSError:  # the client has seen enough
            pass

    @staticmethod
    def head(handler: BaseHTTPRequestHandler, code: int, headers: Mapping[str, object] | None = None) -> None:
        handler.send_response(code)
        for key, value in (headers or {}).items():
            handler.send_header(key, str(value))
        handler.end_headers()


def _spoiled(body: bytes, misdeed: str) -> bytes:
    if misdeed == "truncated":
        return body[: max(len(body) // 2, 1)]
    if misdeed == "flipped":
        return body[: len(body) // 2] + bytes([body[len(body) // 2] ^ 0xFF]) + body[len(body) // 2 + 1 :]
    return body
