"""Requests that outlast short outages: repeated with patience, and safe to repeat."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import sleep
from typing import Any

import httpx

from .config import Access
from .errors import Refused, Unreachable

WAITS_SECONDS = (1, 2, 4, 8, 15)
BUSY = frozenset({429, 502, 503, 504})
MADE = "POST"  # the only method whose repetition makes a second thing


class Transport:
    """Sends requests to one portal, signed with its token."""

    def __init__(self, access: Access) -> None:
        self._http = httpx.Client(
            base_url=access.url.rstrip("/") + "/api/v1/",
            headers={"Authorization": f"Bearer {access.token}"},
            timeout=httpx.Timeout(60.0, connect=10.0),
        )
        self._known: dict[str, httpx.Response] = {}

    def close(self) -> None:
        self._http.close()

    def ask(self, method: str, path: str, **options: Any) -> Any:
        """The answer's JSON (None where it is empty). Raises Refused or Unreachable."""
        headers = dict(options.pop("headers", {}))
        if method == MADE:  # one key for all tries: the portal then does it once
            headers["Idempotency-Key"] = str(uuid.uuid4())
        response = self._patiently(method, path, headers=headers, **options)
        _refuse(response)
        return response.json() if response.content else None

    def look(self, path: str) -> Any:
        """GET what is asked for again and again; what did not change is not sent again."""
        known = self._known.get(path)
        headers = {"If-None-Match": known.headers["ETag"]} if known else {}
        response = self._patiently("GET", path, headers=headers)
        if response.status_code == httpx.codes.NOT_MODIFIED and known:
            return known.json()
        _refuse(response)
        if "ETag" in response.headers:
            self._known[path] = response
        return response.json()

    def pages(self, path: str, query: Mapping[str, Any]) -> Iterator[Any]:
        """Every item of a list, asked for page by page."""
        offset = 0
        while True:
            page = self.ask("GET", path, params={**query, "offset": offset})
            yield from page["items"]
            offset += len(page["items"])
            if not page["items"] or offset >= page["count"]:
                return

    @contextmanager
    def stream(self, path: str) -> Iterator[httpx.Response]:
        """A file, piece by piece."""
        try:
            with self._http.stream("GET", path) as response:
                if response.is_error:
                    response.read()
                _refuse(response)
                yield response
        except httpx.TransportError as failure:
            raise Unreachable(f"The download broke off: {failure}. Start it again.") from failure

    def _patiently(self, method: str, path: str, **options: Any) -> httpx.Response:
        failure: Exception | None = None
        for seconds in (*WAITS_SECONDS, None):
            wait: float | None = seconds
            try:
                response = self._http.request(method, path, **options)
                if seconds is None or not _is_busy(response):
                    return response
                wait = float(response.headers.get("Retry-After", seconds))
            except httpx.TransportError as lost:
                failure = lost
            if wait is not None:
                sleep(wait)
        raise Unreachable(f"{self._http.base_url.host} does not answer: {failure}") from failure


def _is_busy(response: httpx.Response) -> bool:
    """Whether the same request may be granted a little later."""
    # Of a request that was sent again: the first one, whose answer was lost, is still at work.
    return response.status_code in BUSY or b"problem:still-served" in response.content


def _refuse(response: httpx.Response) -> None:
    if not response.is_error:
        return
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    raise Refused(response.status_code, problem if isinstance(problem, dict) else {})
