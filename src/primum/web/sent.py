"""How is a page sent? Packed once, kept while the store is the same, and not at all to whoever has it already."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Final

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool

from primum.web.keep import Keep

PAGES: Final = 64 * 2**20  # bytes of packed pages that are kept


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it is sent.

    Args:
        text: its content.
        kind: media type.
        headers: what else is said of it.
    """

    text: str
    kind: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Packed:
    content: bytes
    tag: str
    kind: str
    headers: dict[str, str]


class Sender:
    """Sends pages, and keeps them packed."""

    def __init__(self) -> None:
        self._kept: Keep[_Packed] = Keep(most=PAGES, weigh=lambda page: len(page.content))

    async def send(self, request: Request, key: Hashable, make: Callable[[], Page]) -> Response:
        """The page of a key; made in a thread where it is not kept.

        Args:
            request: what was asked.
            key: all that the page depends on.
            make: makes it.
        """
        page = self._kept.there(key)  # no thread is needed, so that whoever asks for little waits behind nobody
        if page is None:
            page = await run_in_threadpool(self._kept.get, key, lambda: _pack(make()))
        headers = {**page.headers, "ETag": page.tag, "Vary": "Accept-Encoding"}
        if page.tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(page.content, media_type=page.kind, headers={**headers, "Content-Encoding": "gzip"})
        return Response(gzip.decompress(page.content), media_type=page.kind, headers=headers)


def _pack(page: Page) -> _Packed:
    content = page.text.encode()
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    return _Packed(gzip.compress(content, 6, mtime=0), tag, page.kind, page.headers)
